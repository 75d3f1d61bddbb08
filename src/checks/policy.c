/* PodDisruptionBudgets and NetworkPolicies: rules about pods that select none, or allow too little or too much. */
#include "checks/nearest.h"
#include "checks/workload.h"

static bool is_empty(const struct value *selector)
{
	return value_len(value_get(selector, "matchLabels")) == 0 && value_len(value_get(selector, "matchExpressions")) == 0;
}

/* Pods without a controller that can be scaled cannot be counted: then no eviction is allowed, whatever the numbers say. */
static bool add_uncountable(struct check_run *run, const struct object *o)
{
	uint32_t index;
	const struct value *c = condition_find(o, "DisruptionAllowed", &index);
	if (!str_eq(value_get_str(c, "status"), "False") || !str_eq(value_get_str(c, "reason"), "SyncFailed"))
		return false;
	struct finding *f =
		finding_new(run, o, "%s allows no disruption: its pods cannot be counted: %s", run_text(run, o), value_get_str(c, "message"));
	finding_fieldf(run, f, o, "status.conditions[%u].message", index);
	finding_fix(run, f,
		    "Give the budget a whole number as minAvailable (it then needs no controller), or pods that a controller with replicas owns.");
	f->since = value_get_time(c, "lastTransitionTime");
	return true;
}

/* A drain that waits for it now: pods of the budget on a node that is cordoned. */
static void add_drain(struct check_run *run, struct finding *f, const struct object *o)
{
	struct object_list pods = inventory_select(run->inv, run->arena, KIND_POD, o->ns, value_get(o->spec, "selector"), false);
	for (uint32_t i = 0; i < pods.len; i++) {
		const struct object *node = inventory_find(run->inv, KIND_NODE, "", value_get_str(pods.items[i]->spec, "nodeName"));
		if (!node || !value_get_bool(node->spec, "unschedulable", false))
			continue;
		f->message = arena_printf(run->arena, "%s; node %s is cordoned, and %s cannot be moved off it", f->message, node->name,
					  run_text(run, pods.items[i]));
		finding_field(run, f, node, "spec.unschedulable");
		finding_field(run, f, pods.items[i], "spec.nodeName");
		return;
	}
}

static void run_no_disruptions(struct check_run *run, const struct object *o)
{
	int64_t allowed = value_get_int(o->status, "disruptionsAllowed", 0), expected = value_get_int(o->status, "expectedPods", 0);
	int64_t healthy = value_get_int(o->status, "currentHealthy", 0), desired = value_get_int(o->status, "desiredHealthy", 0);
	if (o->deleted || !o->status || allowed > 0 || add_uncountable(run, o) || expected == 0)
		return;
	const char *field = value_get(o->spec, "maxUnavailable") ? "maxUnavailable" : "minAvailable";
	const char *value = value_text(run->arena, value_get(o->spec, field));
	const char *words = selector_text(run->arena, value_get(o->spec, "selector"), false);
	struct finding *f;
	if (healthy < desired) {
		f = finding_new(run, o, "%s allows no disruption: %lld of %lld pods (%s) are healthy, and %lld must be", run_text(run, o),
				(long long)healthy, (long long)expected, words, (long long)desired);
		finding_fix(run, f, "See why pods with %s are not ready; meanwhile none of them can be evicted, and their nodes cannot be drained.",
			    words);
	} else if (desired >= expected) {
		f = finding_new(run, o, "%s never allows a disruption: %s is %s, and %lld pods are expected (%s)", run_text(run, o), field,
				value ? value : "?", (long long)expected, words);
		finding_fix(run, f,
			    "Set maxUnavailable to 1 instead of %s %s, or run one more replica: until then no node with these pods can be drained.",
			    field, value ? value : "?");
	} else {
		return; /* a disruption is going on: allowed again in a moment */
	}
	if (value)
		finding_fieldf(run, f, o, "spec.%s", field);
	finding_field(run, f, o, "status.expectedPods");
	if (value_get(o->status, "currentHealthy"))
		finding_field(run, f, o, "status.currentHealthy");
	add_drain(run, f, o);
}

static void add_nearest(struct check_run *run, struct finding *f, const struct nearest *near)
{
	const char *path;
	if (!near->workload || !near->has)
		return;
	pod_labels_of(near->workload, &path);
	finding_field(run, f, near->workload, path);
	finding_fix(run, f, "Select %s=%s, if the pods of %s are meant.", near->want->key, near->has, run_text(run, near->workload));
}

static void run_pdb_nothing(struct check_run *run, const struct object *o)
{
	const struct value *selector = value_get(o->spec, "selector");
	if (o->deleted || !inventory_sees(run->inv, KIND_POD, o->ns) || value_get_int(o->status, "expectedPods", 0) > 0 ||
	    workload_or_pod_selected(run, o->ns, selector) || !inventory_sees(run->inv, KIND_DEPLOYMENT, o->ns) || workloads_unread(run, o->ns))
		return;
	struct nearest near = nearest_workload(run, o->ns, o->name, selector, false);
	struct finding *f =
		finding_new(run, o, "%s protects nothing: no pod or workload in namespace %s has the labels it selects (%s)%s", run_text(run, o),
			    o->ns, selector ? selector_text(run->arena, selector, false) : "none", nearest_words(run, &near));
	finding_field(run, f, o, selector ? "spec.selector" : "spec");
	add_nearest(run, f, &near);
}

static void run_policy_nothing(struct check_run *run, const struct object *o)
{
	const struct value *selector = value_get(o->spec, "podSelector");
	if (o->deleted || is_empty(selector) || !inventory_sees(run->inv, KIND_POD, o->ns) || workload_or_pod_selected(run, o->ns, selector) ||
	    workloads_unread(run, o->ns))
		return;
	struct nearest near = nearest_workload(run, o->ns, o->name, selector, false);
	struct finding *f = finding_new(run, o, "%s has no effect: no pod or workload in namespace %s has the labels it selects (%s)%s",
					run_text(run, o), o->ns, selector_text(run->arena, selector, false), nearest_words(run, &near));
	finding_field(run, f, o, "spec.podSelector");
	add_nearest(run, f, &near);
}

static bool has_type(const struct object *o, const char *type)
{
	return value_list_has(value_get(o->spec, "policyTypes"), type);
}

static void run_allows_all(struct check_run *run, const struct object *o)
{
	static const struct {
		const char *list, *peers, *type, *words;
	} ways[] = {{"ingress", "from", "Ingress", "from anywhere"}, {"egress", "to", "Egress", "to anywhere"}};
	const struct value *selector = value_get(o->spec, "podSelector");
	for (size_t w = 0; w < ARRAY_LEN(ways) && !o->deleted; w++) {
		uint32_t i = 0;
		for (value_each(rule, value_get(o->spec, ways[w].list))) {
			uint32_t index = i++;
			if (value_len(value_get(rule, ways[w].peers)) || value_len(value_get(rule, "ports")) ||
			    !(has_type(o, ways[w].type) || w == 0))
				continue;
			const char *pods = is_empty(selector) ? arena_printf(run->arena, "every pod of namespace %s", o->ns)
							      : arena_printf(run->arena, "pods with %s", selector_text(run->arena, selector, false));
			struct finding *f = finding_new(run, o, "%s allows all traffic %s for %s", run_text(run, o), ways[w].words, pods);
			finding_fieldf(run, f, o, "spec.%s[%u]", ways[w].list, index);
			break;
		}
	}
}

const struct check check_pdb_no_disruptions = {
	.id = "pdb/no-disruptions",
	.kind = KIND_POD_DISRUPTION_BUDGET,
	.severity = SEVERITY_WARNING,
	.title = "Budget allows no disruption",
	.explain =
		"No pod of the budget may be evicted, so that nodes with its pods cannot be drained: either too few of the pods are healthy, or the budget never allows "
		"one (minAvailable equals the replicas, or maxUnavailable is 0).",
	.fix = "Mend the pods, or give the budget room.",
	.peers = "k8sgpt PodDisruptionBudget; Popeye 901",
	.run = run_no_disruptions,
};

const struct check check_pdb_selects_nothing = {
	.id = "pdb/selects-nothing",
	.kind = KIND_POD_DISRUPTION_BUDGET,
	.severity = SEVERITY_WARNING,
	.title = "Budget selects no pod",
	.explain = "No pod and no pod template in the namespace has the labels that the budget selects.",
	.fix = "Correct spec.selector, or delete the budget.",
	.peers = "Popeye 900",
	.run = run_pdb_nothing,
};

const struct check check_networkpolicy_selects_nothing = {
	.id = "networkpolicy/selects-nothing",
	.kind = KIND_NETWORK_POLICY,
	.severity = SEVERITY_WARNING,
	.title = "Network policy selects no pod",
	.explain = "No pod and no pod template in the namespace has the labels that the policy selects: it protects nothing.",
	.fix = "Correct spec.podSelector, or delete the policy.",
	.peers = "k8sgpt NetworkPolicy; Popeye 1200",
	.run = run_policy_nothing,
};

const struct check check_networkpolicy_allows_all = {
	.id = "networkpolicy/allows-all",
	.kind = KIND_NETWORK_POLICY,
	.severity = SEVERITY_INFO,
	.title = "Network policy allows all traffic",
	.explain =
		"A rule of the policy names neither peers nor ports, and thus allows all traffic. Policies add up: no other policy can take that away.",
	.fix = "Name the peers and ports that are meant.",
	.peers = "k8sgpt NetworkPolicy; Popeye 1203",
	.run = run_allows_all,
};
