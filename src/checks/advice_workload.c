/* Advice about workloads as a whole: replicas, budgets, controllers, and how far autoscalers may go. */
#include "checks/advice.h"
#include "checks/index.h"

/* Budgets of its namespace that select the workload's pods. */
static uint32_t budgets_of(struct check_run *run, const struct object *o, const struct object **ret_first, const struct object **ret_second)
{
	const struct object_list *all = inventory_list(run->inv, KIND_POD_DISRUPTION_BUDGET);
	const struct value *labels = pod_labels_of(o, NULL);
	uint32_t lo = 0, hi = all->len, count = 0;
	*ret_first = *ret_second = NULL;
	while (lo < hi) { /* the list is ordered by namespace */
		uint32_t mid = (lo + hi) / 2;
		if (strcmp(all->items[mid]->ns, o->ns) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (uint32_t i = lo; i < all->len && str_eq(all->items[i]->ns, o->ns); i++) {
		const struct value *selector = value_get(all->items[i]->spec, "selector");
		if (all->items[i]->deleted || !selector || !selector_matches(selector, labels, false))
			continue;
		if (count == 0)
			*ret_first = all->items[i];
		else if (count == 1)
			*ret_second = all->items[i];
		count++;
	}
	return count;
}

static bool is_replicated(const struct object *o)
{
	return o->kind->id == KIND_DEPLOYMENT || o->kind->id == KIND_STATEFUL_SET || o->kind->id == KIND_REPLICA_SET ||
	       o->kind->id == KIND_REPLICATION_CONTROLLER;
}

static void run_no_budget(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct object *first, *second;
	/* With one replica a budget could only forbid every drain. */
	if (!is_replicated(o) || replicas_wanted(o) < 2 || !advice_template(o, &path) ||
	    !inventory_sees(run->inv, KIND_POD_DISRUPTION_BUDGET, o->ns) || budgets_of(run, o, &first, &second))
		return;
	struct finding *f = finding_new(run, o, "%s has %lld replicas and no PodDisruptionBudget: a drain may take all of them at a time",
					run_text(run, o), (long long)replicas_wanted(o));
	finding_field(run, f, o, "spec.replicas");
	finding_absence(run, f, "PodDisruptionBudget for", o->ns, o->name);
}

static void run_many_budgets(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct object *first, *second;
	/* What is scaled to zero has nothing to evict. */
	if (o->kind->id == KIND_JOB || o->kind->id == KIND_CRON_JOB || (is_replicated(o) && replicas_wanted(o) == 0) || !advice_template(o, &path))
		return;
	uint32_t count = budgets_of(run, o, &first, &second);
	if (count < 2)
		return;
	const char *labels;
	(void)pod_labels_of(o, &labels);
	struct finding *f = finding_new(run, o, "%s has %u disruption budgets (%s, %s%s): its pods cannot be evicted, and their nodes not be drained",
					run_text(run, o), count, first->name, second->name, count > 2 ? " ..." : "");
	finding_field(run, f, first, "spec.selector");
	finding_field(run, f, second, "spec.selector");
	finding_field(run, f, o, labels);
	finding_fix(run, f, "Delete one of %s and %s, or narrow its selector: the API server refuses to evict a pod with more than one budget.",
		    first->name, second->name);
}

static void run_zero(struct check_run *run, const struct object *o)
{
	const char *path;
	if (!is_replicated(o) || replicas_wanted(o) != 0 || !advice_template(o, &path))
		return;
	struct finding *f = finding_new(run, o, "%s is scaled to zero", run_text(run, o));
	finding_field(run, f, o, "spec.replicas");
}

static void run_unmanaged(struct check_run *run, const struct object *o)
{
	const char *path;
	if (!advice_template(o, &path) || value_len(value_get(o->metadata, "ownerReferences")) || !advice_is_service(o) ||
	    value_get(o->annotations, "kubernetes.io/config.mirror"))
		return;
	struct finding *f = finding_new(run, o, "%s has no controller: when its node goes, it is gone", run_text(run, o));
	finding_field(run, f, o, "metadata.ownerReferences");
}

/* ---- How far autoscalers may go -------------------------------------------------------------------------------------------------- */

static const char *const resources[] = {"cpu", "memory"};

/* What is free on nodes that take pods. False when that cannot be told. */
static bool cluster_room(struct check_run *run, double ret_free[2])
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	bool any = false;
	ret_free[0] = ret_free[1] = 0;
	if (!inventory_sees(run->inv, KIND_NODE, NULL) || !inventory_sees(run->inv, KIND_POD, NULL))
		return false;
	for (uint32_t i = 0; i < nodes->len; i++) {
		const struct node_room *room = index_node_room(run, nodes->items[i]);
		if (value_get_bool(nodes->items[i]->spec, "unschedulable", false))
			continue;
		any = any || room->cpu > 0;
		ret_free[0] += MAX(room->cpu - room->cpu_used, 0);
		ret_free[1] += MAX(room->memory - room->memory_used, 0);
	}
	return any;
}

/* More of a resource than now, should the autoscaler go to its maximum. */
static double burst_of(struct check_run *run, const struct object *o, const char *resource)
{
	const struct value *ref = value_get(o->spec, "scaleTargetRef");
	const struct kind *kind = kind_by_gvk(value_get_str(ref, "apiVersion"), value_get_str(ref, "kind"));
	const struct object *target = kind ? inventory_find(run->inv, kind->id, o->ns, value_get_str(ref, "name")) : NULL;
	int64_t most = value_get_int(o->spec, "maxReplicas", 0), now = target ? replicas_wanted(target) : 0;
	if (!target || o->deleted || most <= now || most > INT32_MAX)
		return 0;
	return (double)(most - now) * pod_request(pod_spec_of(target, NULL), resource);
}

static void run_burst(struct check_run *run, const struct object *o)
{
	double room[2];
	if (advice_is_system(o->ns) || !cluster_room(run, room))
		return;
	for (size_t r = 0; r < ARRAY_LEN(resources); r++) {
		double more = burst_of(run, o, resources[r]);
		if (more <= room[r])
			continue;
		struct finding *f = finding_new(run, o, "%s may go to %lld replicas, which takes %s %s more, and the nodes have %s free",
						run_text(run, o), (long long)value_get_int(o->spec, "maxReplicas", 0),
						run_quantity(run, more, r == 1), resources[r], run_quantity(run, room[r], r == 1));
		finding_field(run, f, o, "spec.maxReplicas");
		return;
	}
}

static void run_bursts(struct check_run *run, const struct object *none)
{
	const struct object_list *all = inventory_list(run->inv, KIND_HORIZONTAL_POD_AUTOSCALER);
	double room[2];
	if (all->len < 2 || !cluster_room(run, room))
		return;
	for (size_t r = 0; r < ARRAY_LEN(resources); r++) {
		const struct object *biggest = NULL;
		double sum = 0, most = 0;
		for (uint32_t i = 0; i < all->len; i++) {
			double more = burst_of(run, all->items[i], resources[r]);
			sum += more;
			if (more > most) {
				most = more;
				biggest = all->items[i];
			}
		}
		if (sum <= room[r] || most > room[r]) /* one alone is too much: hpa/burst-over-capacity */
			continue;
		struct finding *f =
			finding_new(run, biggest,
				    "If all autoscalers went to their maximum, that would take %s %s more (most of it for %s), and the nodes "
				    "have %s free",
				    run_quantity(run, sum, r == 1), resources[r], run_text(run, biggest), run_quantity(run, room[r], r == 1));
		finding_field(run, f, biggest, "spec.maxReplicas");
		return;
	}
}

const struct check check_workload_no_budget = {
	.id = "workload/no-budget",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Workload has no disruption budget",
	.explain =
		"A Deployment, StatefulSet or ReplicaSet of several replicas, and no PodDisruptionBudget selects its pods: draining nodes for an upgrade may take "
		"all replicas at a time. One replica needs no budget.",
	.fix = "Make a PodDisruptionBudget with maxUnavailable: 1 that selects its pods.",
	.peers = "Popeye 206",
	.advice = true,
	.run = run_no_budget,
};

const struct check check_workload_many_budgets = {
	.id = "workload/many-budgets",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_WARNING,
	.title = "Workload has several disruption budgets",
	.explain =
		"More than one PodDisruptionBudget selects the workload's pods. The API server then refuses every eviction of them, so that no node with one of "
		"them can be drained.",
	.fix = "Leave one budget for each pod.",
	.peers = "Popeye 209",
	.run = run_many_budgets,
};

const struct check check_workload_zero_replicas = {
	.id = "workload/zero-replicas",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Workload is scaled to zero",
	.explain = "spec.replicas is 0. That is a way to switch a program off; one that is off for good is forgotten.",
	.fix = "Scale it up again, or delete it when it is not needed.",
	.peers = "Popeye 500",
	.advice = true,
	.run = run_zero,
};

const struct check check_pod_unmanaged = {
	.id = "pod/unmanaged",
	.kind = KIND_POD,
	.severity = SEVERITY_INFO,
	.title = "Pod has no controller",
	.explain =
		"Nobody owns the pod, so that nobody makes it anew when it is evicted or its node is lost. Pods that are to end (restartPolicy Never or OnFailure) "
		"and static pods are not reported.",
	.fix = "Make a Deployment of it.",
	.peers = "Popeye 208",
	.advice = true,
	.run = run_unmanaged,
};

const struct check check_hpa_burst_over_capacity = {
	.id = "hpa/burst-over-capacity",
	.kind = KIND_HORIZONTAL_POD_AUTOSCALER,
	.severity = SEVERITY_INFO,
	.title = "Autoscaler may ask for more than there is",
	.explain =
		"At spec.maxReplicas the target would request more CPU or memory, above what it has now, than is free on all nodes that take pods: the last "
		"replicas would stay pending, unless nodes are added.",
	.fix = "Lower maxReplicas, or see that the cluster's own autoscaler may add nodes.",
	.peers = "Popeye 602, 603",
	.advice = true,
	.run = run_burst,
};

const struct check check_hpa_bursts_over_capacity = {
	.id = "hpa/bursts-over-capacity",
	.kind = KIND_COUNT,
	.severity = SEVERITY_INFO,
	.title = "All autoscalers may ask for more than there is",
	.explain =
		"Each autoscaler could go to its maximum alone, but all of them together would request more CPU or memory than is free on all nodes that take "
		"pods.",
	.fix = "Add room for the case that all are busy, or lower what is less important.",
	.peers = "Popeye 604, 605",
	.advice = true,
	.run = run_bursts,
};
