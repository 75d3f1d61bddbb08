/* Advice about nodes: taints, versions, the control plane. */
#include "checks/advice.h"

static bool is_control_plane(const struct object *o)
{
	return value_get(o->labels, "node-role.kubernetes.io/control-plane") || value_get(o->labels, "node-role.kubernetes.io/master");
}

static void run_one_control_plane(struct check_run *run, const struct object *none)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	const struct object *only = NULL;
	uint32_t count = 0;
	for (uint32_t i = 0; i < nodes->len; i++) {
		if (!is_control_plane(nodes->items[i]))
			continue;
		only = nodes->items[i];
		count++;
	}
	/* A cluster of one node is not meant to outlive it. */
	if (count != 1 || nodes->len < 2 || !inventory_sees(run->inv, KIND_NODE, NULL))
		return;
	const char *label = value_get(only->labels, "node-role.kubernetes.io/control-plane") ? "node-role.kubernetes.io/control-plane"
											     : "node-role.kubernetes.io/master";
	struct finding *f = finding_new(run, only, "%s is the only control plane node: when it is away, nothing in the cluster can be changed",
					run_text(run, only));
	finding_fieldf(run, f, only, "metadata.labels['%s']", label);
}

/* ---- Taints ------------------------------------------------------------------------------------------------------------------------ */

/* Set by Kubernetes itself and by cloud controllers, for a while or for the control plane: not for pods to tolerate. */
static bool is_own_taint(const char *key)
{
	return strncmp(key, "node.kubernetes.io/", 19) == 0 || strncmp(key, "node.cloudprovider.kubernetes.io/", 33) == 0 ||
	       strncmp(key, "node-role.kubernetes.io/", 24) == 0;
}

/* A toleration of everything (DaemonSets of the cluster have it) is not meant for this taint. */
static bool tolerates_by_name(const struct value *tolerations, const struct value *taint)
{
	const char *key = value_get_str(taint, "key");
	for (value_each(t, tolerations))
		if (str_eq(value_get_str(t, "key"), key))
			return taint_tolerated(tolerations, taint);
	return false;
}

static bool anyone_tolerates(struct check_run *run, const struct value *taint)
{
	static const enum kind_id kinds[] = {KIND_DEPLOYMENT, KIND_STATEFUL_SET, KIND_DAEMON_SET, KIND_CRON_JOB, KIND_JOB, KIND_POD};
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *list = inventory_list(run->inv, kinds[k]);
		const void *last = NULL; /* replicas share their tolerations */
		for (uint32_t i = 0; i < list->len; i++) {
			const struct value *tolerations = value_get(pod_spec_of(list->items[i], NULL), "tolerations");
			if (!tolerations || tolerations->items == last)
				continue;
			last = tolerations->items;
			if (tolerates_by_name(tolerations, taint))
				return true;
		}
	}
	return false;
}

#define TAINTS_MAX 32 /* different ones; more are a system of their own */

struct taint_use {
	const struct value *taint;
	const struct object *node;
	uint32_t index, nodes;
};

static struct taint_use *find_taint(struct taint_use *known, uint32_t count, const struct value *taint)
{
	for (uint32_t i = 0; i < count; i++)
		if (str_eq(value_get_str(known[i].taint, "key"), value_get_str(taint, "key")) &&
		    str_eq(value_get_str(known[i].taint, "value"), value_get_str(taint, "value")) &&
		    str_eq(value_get_str(known[i].taint, "effect"), value_get_str(taint, "effect")))
			return &known[i];
	return NULL;
}

static uint32_t collect_taints(struct check_run *run, struct taint_use *ret)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	uint32_t count = 0;
	for (uint32_t i = 0; i < nodes->len; i++) {
		uint32_t t = 0;
		for (value_each(taint, value_get(nodes->items[i]->spec, "taints"))) {
			uint32_t index = t++;
			struct taint_use *known = find_taint(ret, count, taint);
			if (is_own_taint(value_get_str(taint, "key")) || str_eq(value_get_str(taint, "effect"), "PreferNoSchedule"))
				continue;
			if (known)
				known->nodes++;
			else if (count < TAINTS_MAX)
				ret[count++] = (struct taint_use){taint, nodes->items[i], index, 1};
		}
	}
	return count;
}

static void run_taint(struct check_run *run, const struct object *none)
{
	struct taint_use taints[TAINTS_MAX];
	if (!inventory_sees(run->inv, KIND_POD, NULL) || workloads_unread(run, NULL))
		return;
	uint32_t count = collect_taints(run, taints);
	for (uint32_t i = 0; i < count; i++) {
		const struct taint_use *u = &taints[i];
		if (anyone_tolerates(run, u->taint))
			continue;
		const char *value = value_get_str(u->taint, "value");
		const char *others = u->nodes > 1 ? arena_printf(run->arena, " and %u more", u->nodes - 1) : "";
		struct finding *f = finding_new(run, u->node, "%s%s %s the taint %s%s%s:%s, which no pod and no workload tolerates",
						run_text(run, u->node), others, u->nodes > 1 ? "have" : "has", value_get_str(u->taint, "key"),
						*value ? "=" : "", value, value_get_str(u->taint, "effect"));
		finding_fieldf(run, f, u->node, "spec.taints[%u].key", u->index);
	}
}

/* ---- Versions ---------------------------------------------------------------------------------------------------------------------- */

/* Each minor release is supported for fourteen months, and they come every four (kubernetes.io/releases): the last day of the month in which
 * support of 1.MINOR ends. 1.35's is February 2027. */
static usec_t end_of_support(int minor)
{
	int month = 2027 * 12 + 1 + (minor - 35) * 4 + 1; /* the month after, counted from year 0 */
	char text[CLOCK_TEXT_MAX];
	usec_t t;
	snprintf(text, sizeof(text), "%04d-%02d-01T00:00:00Z", month / 12, month % 12 + 1);
	return clock_parse_rfc3339(text, strlen(text), &t) ? t : 0;
}

static void run_version(struct check_run *run, const struct object *none)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	const struct object *oldest = NULL;
	int minor = 0;
	uint32_t count = 0;
	for (uint32_t i = 0; i < nodes->len; i++) {
		int m = version_minor(value_str(value_at(nodes->items[i]->status, "nodeInfo.kubeletVersion"), ""));
		usec_t end = m > 0 ? end_of_support(m) : 0;
		if (!end || end > inventory_now(run->inv))
			continue;
		count++;
		if (!oldest || m < minor) {
			oldest = nodes->items[i];
			minor = m;
		}
	}
	if (!oldest)
		return;
	const char *others = count > 1 ? arena_printf(run->arena, "; %u more of %u nodes are too old", count - 1, nodes->len) : "";
	struct finding *f =
		finding_new(run, oldest, "%s runs kubelet %s, which has not been supported for %s%s", run_text(run, oldest),
			    value_str(value_at(oldest->status, "nodeInfo.kubeletVersion"), ""), run_ago(run, end_of_support(minor)), others);
	finding_field(run, f, oldest, "status.nodeInfo.kubeletVersion");
	f->since = end_of_support(minor);
}

const struct check check_node_one_control_plane = {
	.id = "node/one-control-plane",
	.kind = KIND_COUNT,
	.severity = SEVERITY_INFO,
	.title = "Only one control plane node",
	.explain =
		"One of several nodes has the control plane's label: while it is away, pods run on, and nothing can be changed, scheduled or replaced. A managed "
		"control plane shows no nodes, and is not reported.",
	.fix = "Run three control plane nodes where the cluster matters.",
	.peers = "Popeye 712",
	.advice = true,
	.run = run_one_control_plane,
};

const struct check check_node_taint_untolerated = {
	.id = "node/taint-untolerated",
	.kind = KIND_COUNT,
	.severity = SEVERITY_INFO,
	.title = "Taint that nobody tolerates",
	.explain =
		"Nodes have a taint that no pod and no pod template tolerates by its key: they stay empty but for what tolerates everything. Taints that Kubernetes "
		"itself sets are not reported.",
	.fix = "Take the taint off (kubectl taint nodes NAME KEY-), or give the pods that the nodes are for a toleration.",
	.peers = "Popeye 700",
	.advice = true,
	.run = run_taint,
};

const struct check check_node_version_unsupported = {
	.id = "node/version-unsupported",
	.kind = KIND_COUNT,
	.severity = SEVERITY_INFO,
	.title = "Kubernetes version is no longer supported",
	.explain =
		"A node's kubelet is of a release that gets no more corrections, also none of security: each minor release is supported for fourteen months. A "
		"provider may support it for longer.",
	.fix = "Upgrade the control plane one minor release at a time, then the nodes.",
	.peers = "Popeye 405",
	.advice = true,
	.run = run_version,
};
