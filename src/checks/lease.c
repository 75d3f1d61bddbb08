/* Leases: who leads, and whether they still do. Leader election of the control plane and of controllers; heartbeats of nodes. */
#include "checks/workload.h"

/* Longer than reading a big cluster takes: what is read last must not make what was read first look old. */
#define NODE_LEASES "kube-node-lease"

/* What stands still while nobody leads; of the control plane in kube-system. */
static const struct {
	const char *lease, *effect;
} control_plane[] = {
	{"kube-scheduler", "no pod gets a node"},
	{"kube-controller-manager", "no controller acts"},
	{"cloud-controller-manager", "no load balancer and no node of the cloud is looked after"},
};

/* When it was last renewed, if that is too long ago; 0 otherwise. */
static usec_t stale_since(struct check_run *run, const struct object *o)
{
	usec_t renewed = value_get_time(o->spec, "renewTime");
	int64_t seconds = MAX(MIN(value_get_int(o->spec, "leaseDurationSeconds", 15), 86400), 1);
	return renewed && run_age(run, renewed) >= MAX(4 * (usec_t)seconds * USEC_PER_SEC, run->options->leader_lost) ? renewed : 0;
}

/* "web-7d9f-x_5f0c..." -> "web-7d9f-x"; "" when nobody holds it. */
static const char *holder_of(struct check_run *run, const struct object *o)
{
	const char *identity = value_get_str(o->spec, "holderIdentity");
	return arena_strndup(run->arena, identity, strcspn(identity, "_"));
}

static size_t component_of(const struct object *o)
{
	size_t i = 0;
	while (i < ARRAY_LEN(control_plane) && (!str_eq(o->ns, "kube-system") || !str_eq(o->name, control_plane[i].lease)))
		i++;
	return i;
}

static void add_times(struct check_run *run, struct finding *f, const struct object *o)
{
	finding_field(run, f, o, "spec.renewTime");
	if (value_get(o->spec, "holderIdentity"))
		finding_field(run, f, o, "spec.holderIdentity");
	f->since = value_get_time(o->spec, "renewTime");
}

static void run_leader(struct check_run *run, const struct object *o)
{
	size_t c = component_of(o);
	usec_t since = stale_since(run, o);
	if (c == ARRAY_LEN(control_plane) || !since)
		return;
	const char *holder = holder_of(run, o), *last = *holder ? arena_printf(run->arena, "; the last was %s", holder) : "";
	struct finding *f = finding_new(run, o, "Nobody has been the active %s for %s%s", o->name, run_ago(run, since), last);
	add_times(run, f, o);
	finding_fix(run, f, "See the %s pod or process of the control plane: until it runs, %s.", o->name, control_plane[c].effect);
	/* A cluster may have had one once, and have left it behind. */
	if (str_eq(o->name, "cloud-controller-manager"))
		f->severity = SEVERITY_WARNING;
}

/* A kubelet that has gone quiet makes its node not ready within a minute; that it did not shows that nobody looks. */
static void run_node(struct check_run *run, const struct object *o)
{
	usec_t since = stale_since(run, o);
	const struct object *node = str_eq(o->ns, NODE_LEASES) ? inventory_find(run->inv, KIND_NODE, "", o->name) : NULL;
	uint32_t index;
	const struct value *ready = node ? condition_find(node, "Ready", &index) : NULL;
	usec_t heartbeat = value_get_time(ready, "lastHeartbeatTime");
	/* A node lives by either: some agents only write the status, every five minutes. */
	if (!since || !str_eq(value_get_str(ready, "status"), "True") || (heartbeat && run_age(run, heartbeat) < 2 * run->options->leader_lost))
		return;
	struct finding *f = finding_new(run, o, "The kubelet of Node %s has not been heard of for %s, and the node still counts as ready", o->name,
					run_ago(run, since));
	add_times(run, f, o);
	finding_fieldf(run, f, node, "status.conditions[%u].status", index);
	finding_subject_object(run, f, node);
	finding_fix(run, f, "See kube-controller-manager, which should have marked Node %s, and then the node's kubelet.", o->name);
}

/* The workload whose pod holds or held the lease: by the pod, or, when that is gone, by the name that its workload gave it. */
static const struct object *workload_of(struct check_run *run, const char *ns, const char *holder)
{
	static const struct {
		enum kind_id kind;
		int parts; /* that a pod's name has after its workload's */
	} kinds[] = {{KIND_DEPLOYMENT, 2}, {KIND_STATEFUL_SET, 1}, {KIND_DAEMON_SET, 1}};
	const struct object *pod = inventory_find(run->inv, KIND_POD, ns, holder);
	if (pod)
		return object_top_owner(pod);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		char *name = arena_strdup(run->arena, holder), *dash = NULL;
		for (int i = 0; i < kinds[k].parts && (dash = strrchr(name, '-')); i++)
			*dash = '\0';
		const struct object *o = dash ? inventory_find(run->inv, kinds[k].kind, ns, name) : NULL;
		if (o)
			return o;
	}
	return NULL;
}

/* A workload that renews another lease leads by that one: this one is from an older version. */
static bool leads_elsewhere(struct check_run *run, const struct object *o, const struct object *workload)
{
	struct object_list list = inventory_select(run->inv, run->arena, KIND_LEASE, o->ns, NULL, false);
	for (uint32_t i = 0; i < list.len; i++)
		if (list.items[i] != o && !stale_since(run, list.items[i]) && workload_of(run, o->ns, holder_of(run, list.items[i])) == workload)
			return true;
	return false;
}

static bool is_elected(const struct object *o)
{
	return !o->deleted && !str_eq(o->ns, NODE_LEASES) && component_of(o) == ARRAY_LEN(control_plane) &&
	       !value_get(o->labels, "apiserver.kubernetes.io/identity");
}

static void run_no_leader(struct check_run *run, const struct object *o)
{
	usec_t since = is_elected(o) ? stale_since(run, o) : 0;
	const char *holder = since ? holder_of(run, o) : "";
	const struct object *workload = *holder ? workload_of(run, o->ns, holder) : NULL;
	int64_t ready = workload ? value_get_int(workload->status, workload->kind->id == KIND_DAEMON_SET ? "numberReady" : "readyReplicas", 0) : 0;
	if (!workload || workload->kind->id == KIND_POD || ready == 0 || leads_elsewhere(run, o, workload))
		return;
	bool gone = !inventory_find(run->inv, KIND_POD, o->ns, holder) && inventory_sees(run->inv, KIND_POD, o->ns);
	struct finding *f = finding_new(run, o, "No pod of %s has led for %s though %lld %s ready: %s is held by Pod %s, which %s",
					run_text(run, workload), run_ago(run, since), (long long)ready, ready == 1 ? "is" : "are", run_text(run, o),
					holder, gone ? "does not exist any more" : "does not renew it");
	add_times(run, f, o);
	finding_field(run, f, workload, "status");
	finding_subject_object(run, f, workload);
	finding_fix(run, f, "See the log of %s: its pods may lack the right to update the Lease, or hang; restart them if it says nothing.",
		    run_text(run, workload));
}

static void run_leftover(struct check_run *run, const struct object *o)
{
	usec_t since = is_elected(o) ? stale_since(run, o) : 0;
	const char *holder = since ? holder_of(run, o) : "";
	if (!*holder || run_age(run, since) < 24 * USEC_PER_HOUR || !inventory_sees(run->inv, KIND_POD, o->ns) ||
	    !inventory_sees(run->inv, KIND_DEPLOYMENT, o->ns))
		return;
	const struct object *workload = workload_of(run, o->ns, holder);
	if (workload && !leads_elsewhere(run, o, workload))
		return;
	struct finding *f = finding_new(run, o, "%s was last renewed %s ago, by %s, which %s", run_text(run, o), run_ago(run, since), holder,
					workload ? "leads by another lease now" : "does not exist any more");
	add_times(run, f, o);
	finding_fix(run, f, "Delete %s, if the program that used it is gone for good.", run_text(run, o));
}

const struct check check_lease_leader_lost = {
	.id = "lease/leader-lost",
	.kind = KIND_LEASE,
	.severity = SEVERITY_CRITICAL,
	.title = "Part of the control plane does not run",
	.explain =
		"The lease of kube-scheduler, kube-controller-manager or cloud-controller-manager has not been renewed for five minutes: no instance of it works. Pods "
		"then get no node, or nothing reacts to changes.",
	.fix = "See the control plane's pods or processes.",
	.run = run_leader,
};

const struct check check_lease_node_silent = {
	.id = "lease/node-silent",
	.kind = KIND_LEASE,
	.severity = SEVERITY_ERROR,
	.title = "A silent node still counts as ready",
	.explain =
		"A kubelet renews the Lease of its node every few seconds. This one has not for five minutes, and the node's condition is still Ready: the node "
		"controller, which should have marked it after 40 seconds, does not act. Nodes that are marked are reported by node/not-ready.",
	.fix = "See kube-controller-manager, then the node.",
	.run = run_node,
};

const struct check check_lease_no_leader = {
	.id = "lease/no-leader",
	.kind = KIND_LEASE,
	.severity = SEVERITY_WARNING,
	.title = "A controller has ready pods and no leader",
	.explain =
		"The leader-election lease of a controller has not been renewed for five minutes and four of its durations, though pods of the controller are ready: "
		"they run and do nothing. The workload is found by the pod that held the lease, or by that pod's name.\n\n"
		"Not reported when the controller renews another lease: then this one is left over.",
	.fix = "See the log of the controller's pods.",
	.run = run_no_leader,
};

const struct check check_lease_leftover = {
	.id = "lease/leftover",
	.kind = KIND_LEASE,
	.severity = SEVERITY_INFO,
	.title = "Lease of a program that is gone",
	.explain = "A leader-election lease that nobody has renewed for a day, whose holder does not exist or uses another lease by now.",
	.fix = "Delete the Lease.",
	.advice = true,
	.run = run_leftover,
};
