/* Advice from metrics.k8s.io: requests and limits against what is used, and nodes that are nearly full. */
#include "checks/advice.h"
#include "checks/pod.h"
#include "checks/usage.h"

/* Thresholds in cores or bytes. */
static double amount(enum usage_resource r, int64_t millicores, int64_t mebibytes)
{
	return r == USAGE_CPU ? (double)millicores / 1000 : (double)mebibytes * 1024 * 1024;
}

/* Is what is requested so far from what is used that it is worth a word? */
static bool is_off(const struct check_options *o, enum usage_resource r, bool above, double used, double requested, int share)
{
	if (above)
		return share >= o->usage_over_request && used - requested >= amount(r, o->usage_excess_cpu, o->usage_excess_memory);
	return share < o->usage_under_request && requested - used >= amount(r, o->usage_spare_cpu, o->usage_spare_memory);
}

static int percent(double part, double whole)
{
	double p = whole > 0 ? part * 100 / whole : 0;
	return p < 1e6 ? (int)p : 1000000;
}

static const struct usage *measured(struct check_run *run, const struct object *o)
{
	const char *path;
	return advice_template(o, &path) ? usage_of(run, o) : NULL;
}

/* Has it come to harm already? pod/oom-killed and pod/cpu-at-limit say so. */
static bool is_told(struct check_run *run, const struct usage_peak *peak, enum usage_resource r)
{
	const struct pod_view *v = run_pod(run, peak->pod);
	const struct container_view *c = pod_view_container(v, peak->container);
	return c && (r == USAGE_CPU ? pod_late_probe(run, v, c) != NULL : container_failure(run, v, c).what == FAILURE_OOM);
}

static void add_near_limit(struct check_run *run, const struct object *o, enum usage_resource r)
{
	const struct usage *u = measured(run, o);
	const struct usage_peak *peak = u ? &u->peak[r] : NULL;
	if (!peak || peak->limit <= 0 || percent(peak->used, peak->limit) < run->options->usage_near_limit || is_told(run, peak, r))
		return;
	struct finding *f = finding_new(run, o, "%s uses %d %% of a %s limit: container %s of pod %s uses %s of %s", run_text(run, o),
					percent(peak->used, peak->limit), usage_names[r], peak->container, peak->pod->name,
					run_quantity(run, peak->used, r == USAGE_MEMORY), run_quantity(run, peak->limit, r == USAGE_MEMORY));
	finding_fieldf(run, f, peak->metrics, "containers[%u].usage.%s", peak->metrics_index, usage_names[r]);
	finding_field(run, f, peak->pod, peak->limit_path);
}

static void add_request(struct check_run *run, const struct object *o, enum usage_resource r, bool above)
{
	const struct usage *u = measured(run, o);
	double used = u ? u->used[r] : 0, requested = u ? u->requested[r] : 0;
	if (requested <= 0)
		return;
	int share = percent(used, requested);
	if (!is_off(run->options, r, above, used, requested, share))
		return;
	struct finding *f = finding_new(run, o, "%s requests %s %s and uses %s (%d %%, %u pod%s measured)", run_text(run, o),
					run_quantity(run, requested, r == USAGE_MEMORY), usage_names[r], run_quantity(run, used, r == USAGE_MEMORY),
					share, u->pods, u->pods == 1 ? "" : "s");
	const char *path;
	(void)pod_spec_of(o, &path);
	finding_fieldf(run, f, u->example, "containers[0].usage.%s", usage_names[r]);
	finding_fieldf(run, f, o, "%s.containers[0].resources.requests.%s", path, usage_names[r]);
	finding_fix(run, f, "Request about %s %s for each pod, if it is so most of the time: this is one moment.",
		    run_quantity(run, used / u->pods, r == USAGE_MEMORY), usage_names[r]);
}

static void run_cpu_near_limit(struct check_run *run, const struct object *o)
{
	add_near_limit(run, o, USAGE_CPU);
}

static void run_memory_near_limit(struct check_run *run, const struct object *o)
{
	add_near_limit(run, o, USAGE_MEMORY);
}

static void run_cpu_over(struct check_run *run, const struct object *o)
{
	add_request(run, o, USAGE_CPU, true);
}

static void run_memory_over(struct check_run *run, const struct object *o)
{
	add_request(run, o, USAGE_MEMORY, true);
}

static void run_cpu_unused(struct check_run *run, const struct object *o)
{
	add_request(run, o, USAGE_CPU, false);
}

static void run_memory_unused(struct check_run *run, const struct object *o)
{
	add_request(run, o, USAGE_MEMORY, false);
}

/* ---- Nodes ------------------------------------------------------------------------------------------------------------------------ */

static void run_node_busy(struct check_run *run, const struct object *o)
{
	const int64_t high[USAGE_RESOURCES] = {run->options->node_cpu_percent, run->options->node_memory_percent};
	const struct object *metrics = usage_of_node(run, o);
	for (int r = 0; metrics && r < USAGE_RESOURCES; r++) {
		double used = 0, have = 0;
		value_quantity(value_get(value_get(&metrics->root, "usage"), usage_names[r]), &used);
		value_quantity(value_get(value_get(o->status, "allocatable"), usage_names[r]), &have);
		if (have <= 0 || percent(used, have) < high[r])
			continue;
		struct finding *f = finding_new(run, o, "%s uses %d %% of its %s: %s of %s", run_text(run, o), percent(used, have), usage_names[r],
						run_quantity(run, used, r == USAGE_MEMORY), run_quantity(run, have, r == USAGE_MEMORY));
		finding_fieldf(run, f, metrics, "usage.%s", usage_names[r]);
		finding_fieldf(run, f, o, "status.allocatable.%s", usage_names[r]);
	}
}

static void run_node_unmeasured(struct check_run *run, const struct object *o)
{
	/* What has just joined, or does not report, has no metrics yet or any more. */
	bool young = o->created && run_age(run, o->created) < run->options->recovered_after;
	if (o->deleted || young || !usage_is_seen(run) || usage_of_node(run, o) || !str_eq(condition_status(o, "Ready"), "True"))
		return;
	struct finding *f = finding_new(run, o, "%s is ready, and metrics-server has no metrics of it", run_text(run, o));
	finding_absence(run, f, "NodeMetrics", "", o->name);
}

/* Is the API of metrics known not to be served? From a server's answer, or from the list of all APIs. */
static bool metrics_are_missing(struct check_run *run)
{
	size_t count;
	const struct note *notes = inventory_notes(run->inv, &count);
	bool listed = false;
	for (size_t i = 0; i < count; i++)
		if (str_eq(notes[i].what, "nodes.metrics.k8s.io"))
			return strstr(notes[i].why, "does not have this kind") != NULL;
	const struct object_list *all = inventory_list(run->inv, KIND_CUSTOM);
	for (uint32_t i = 0; i < all->len; i++) {
		if (!str_eq(all->items[i]->kind->name, "APIService"))
			continue;
		listed = listed || str_eq(all->items[i]->name, "v1.apps"); /* there in every cluster: all of them were listed */
		if (str_eq(value_get_str(all->items[i]->spec, "group"), "metrics.k8s.io"))
			return false;
	}
	return listed;
}

static void run_no_metrics(struct check_run *run, const struct object *none)
{
	const struct object *ns = inventory_find(run->inv, KIND_NAMESPACE, "", "kube-system");
	if (!ns || usage_is_seen(run) || !metrics_are_missing(run))
		return;
	struct finding *f =
		finding_new(run, ns,
			    "%s runs no metrics-server: nobody serves metrics.k8s.io, so that kubectl top and autoscalers by CPU or memory "
			    "do not work",
			    run_text(run, ns));
	finding_absence(run, f, "APIService", "", "v1beta1.metrics.k8s.io");
}

const struct check check_workload_cpu_near_limit = {
	.id = "workload/cpu-near-limit",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Container is close to its CPU limit",
	.explain = "By metrics.k8s.io a container uses 80 % (threshold usage-near-limit) of its CPU limit or more: it is held back in bursts, which "
		   "makes it slow. The worst pod is named.",
	.fix = "Raise the limit, or take it away: the request already keeps its share safe.",
	.peers = "Popeye 111",
	.advice = true,
	.run = run_cpu_near_limit,
};

const struct check check_workload_memory_near_limit = {
	.id = "workload/memory-near-limit",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Container is close to its memory limit",
	.explain = "By metrics.k8s.io a container uses 80 % (threshold usage-near-limit) of its memory limit or more: at the limit it is killed. "
		   "The worst pod is named.",
	.fix = "Raise the limit, or find what holds the memory before the container is killed for it.",
	.peers = "Popeye 112",
	.advice = true,
	.run = run_memory_near_limit,
};

const struct check check_workload_cpu_over_request = {
	.id = "workload/cpu-over-request",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Workload uses more CPU than it requests",
	.explain = "By metrics.k8s.io the workload's pods use 120 % (threshold usage-over-request) of the CPU that they request, or more, and 100 "
		   "millicores (usage-excess-cpu) above it: on a busy node they would get only what they request.",
	.fix = "Raise the request to what is used.",
	.peers = "Popeye 109, 503",
	.advice = true,
	.run = run_cpu_over,
};

const struct check check_workload_memory_over_request = {
	.id = "workload/memory-over-request",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Workload uses more memory than it requests",
	.explain = "By metrics.k8s.io the workload's pods use 120 % (threshold usage-over-request) of the memory that they request, or more, and 64 "
		   "MiB (usage-excess-memory) above it: when a node runs short, they are among the first to be evicted.",
	.fix = "Raise the request to what is used.",
	.peers = "Popeye 110, 505",
	.advice = true,
	.run = run_memory_over,
};

const struct check check_workload_cpu_unused = {
	.id = "workload/cpu-unused",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Workload requests more CPU than it uses",
	.explain = "By metrics.k8s.io the workload's pods use less than half of the CPU that they request (threshold usage-under-request), and half "
		   "a core (usage-spare-cpu) or more could be had by others. Metrics are of one moment: look at a busy one.",
	.fix = "Lower the request to what is used at a busy time.",
	.peers = "Popeye 504",
	.advice = true,
	.run = run_cpu_unused,
};

const struct check check_workload_memory_unused = {
	.id = "workload/memory-unused",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Workload requests more memory than it uses",
	.explain = "By metrics.k8s.io the workload's pods use less than half of the memory that they request (threshold usage-under-request), and "
		   "half a gibibyte (usage-spare-memory) or more could be had by others. Metrics are of one moment: look at a busy one.",
	.fix = "Lower the request to what is used at a busy time.",
	.peers = "Popeye 506",
	.advice = true,
	.run = run_memory_unused,
};

const struct check check_node_busy = {
	.id = "node/busy",
	.kind = KIND_NODE,
	.severity = SEVERITY_INFO,
	.title = "Node is nearly full",
	.explain = "By metrics.k8s.io the node uses 90 % of its allocatable CPU (threshold node-cpu) or 80 % of its allocatable memory "
		   "(node-memory), or more.",
	.fix = "Move pods away, add nodes, or see which pod uses that much (kubectl top pods -A).",
	.peers = "Popeye 709, 710",
	.advice = true,
	.run = run_node_busy,
};

const struct check check_node_no_metrics = {
	.id = "node/no-metrics",
	.kind = KIND_NODE,
	.severity = SEVERITY_INFO,
	.title = "Node has no metrics",
	.explain = "Other nodes have metrics, and this one, which has been ready for some time, has none: metrics-server cannot reach its kubelet.",
	.fix = "See metrics-server's log for the node's name: most often its kubelet's certificate or port 10250.",
	.peers = "Popeye 708",
	.advice = true,
	.run = run_node_unmeasured,
};

const struct check check_cluster_no_metrics = {
	.id = "cluster/no-metrics",
	.kind = KIND_COUNT,
	.severity = SEVERITY_INFO,
	.title = "Cluster has no metrics-server",
	.explain = "The API server does not have the kind NodeMetrics of metrics.k8s.io: kubectl top does not work, and autoscalers cannot scale by "
		   "CPU or memory.",
	.fix = "Install metrics-server.",
	.peers = "Popeye 402",
	.advice = true,
	.run = run_no_metrics,
};
