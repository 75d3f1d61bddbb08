/* DaemonSets. */
#include "checks/placement.h"
#include "checks/workload.h"

static void run_not_ready(struct check_run *run, const struct object *o)
{
	int64_t want = value_get_int(o->status, "desiredNumberScheduled", 0), ready = value_get_int(o->status, "numberReady", 0);
	if (o->deleted || ready >= want || workload_is_starting(run, o))
		return;
	const struct object *pod = workload_unready_pod(run, o);
	struct finding *f = finding_new(run, o, "%s is ready on %lld of %lld nodes%s%s", run_text(run, o), (long long)ready, (long long)want,
					pod ? "; not on " : "", pod ? value_get_str(pod->spec, "nodeName") : "");
	finding_field(run, f, o, "status.desiredNumberScheduled");
	if (value_get(o->status, "numberReady"))
		finding_field(run, f, o, "status.numberReady");
	if (pod)
		finding_fix(run, f, "See why %s is not ready.", run_text(run, pod));
	if (ready == 0)
		f->severity = SEVERITY_CRITICAL;
}

static void run_misscheduled(struct check_run *run, const struct object *o)
{
	int64_t n = value_get_int(o->status, "numberMisscheduled", 0);
	if (o->deleted || n <= 0)
		return;
	struct finding *f = finding_new(run, o, "%s runs on %lld node%s where it should not", run_text(run, o), (long long)n, n == 1 ? "" : "s");
	finding_field(run, f, o, "status.numberMisscheduled");
}

/* Nodes, other than control planes, that only a taint of theirs keeps it off. */
static void run_left_out(struct check_run *run, const struct object *o)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	const struct value *spec = pod_spec_of(o, NULL), *taint = NULL;
	const struct object *first = NULL;
	uint32_t count = 0;
	for (uint32_t i = 0; i < nodes->len && !o->deleted; i++) {
		const struct object *node = nodes->items[i];
		const struct value *keeps = NULL;
		for (value_each(t, value_get(node->spec, "taints"))) {
			const char *key = value_get_str(t, "key");
			bool passing = strncmp(key, "node.kubernetes.io/", 19) == 0 || strncmp(key, "node-role.kubernetes.io/", 24) == 0;
			if (!passing && !str_eq(value_get_str(t, "effect"), "PreferNoSchedule") &&
			    !taint_tolerated(value_get(spec, "tolerations"), t))
				keeps = t;
		}
		if (!keeps || !node_selected(spec, node))
			continue;
		taint = taint ? taint : keeps;
		first = first ? first : node;
		count++;
	}
	if (!first)
		return;
	struct finding *f = finding_new(run, o, "%s does not run on %u of %u nodes (%s for one): it does not tolerate taint %s", run_text(run, o),
					count, nodes->len, first->name, placement_taint_text(run, taint));
	finding_field(run, f, first, "spec.taints");
	finding_fix(run, f, "Give its template a toleration for %s, if it is meant for every node.", placement_taint_text(run, taint));
}

const struct check check_daemonset_left_out = {
	.id = "daemonset/left-out",
	.kind = KIND_DAEMON_SET,
	.severity = SEVERITY_INFO,
	.title = "DaemonSet leaves nodes out",
	.explain =
		"Its node selector fits more nodes than it runs on: the others have a taint that its pods do not tolerate. Control planes and nodes in trouble "
		"are not counted. Agents (logs, metrics, networking) usually belong on every node.",
	.fix = "Give its template a toleration, if it is meant for every node.",
	.advice = true,
	.run = run_left_out,
};

struct pull_walk {
	struct check_run *run;
	const struct object *object;
};

/* With its image on the node, or public, the secret is not needed at the moment. */
static bool is_whole(const struct object *o)
{
	if (o->kind->id == KIND_DAEMON_SET)
		return value_get_int(o->status, "numberReady", 0) >= value_get_int(o->status, "desiredNumberScheduled", 0);
	return o->kind->id == KIND_CRON_JOB || value_get_int(o->status, "readyReplicas", 0) >= replicas_wanted(o);
}

static int missing_pull_secret(void *arg, const struct pod_ref *ref)
{
	struct pull_walk *w = arg;
	struct check_run *run = w->run;
	const struct object *o = w->object;
	if (ref->use != REF_PULL_SECRET || inventory_find(run->inv, KIND_SECRET, o->ns, ref->name))
		return 0;
	struct finding *f = finding_new(run, o, "%s pulls its images with Secret %s/%s, which does not exist", run_text(run, o), o->ns, ref->name);
	finding_field(run, f, o, ref->path);
	finding_absence(run, f, "Secret", o->ns, ref->name);
	finding_subject(run, f, KIND_SECRET, o->ns, ref->name);
	f->severity = is_whole(o) ? SEVERITY_INFO : SEVERITY_WARNING;
	finding_fix(run, f, "Create the pull secret %s in namespace %s (kubectl create secret docker-registry), or take it out.", ref->name, o->ns);
	return 0;
}

static void run_pull_secret(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = pod_spec_of(o, &path);
	struct pull_walk w = {run, o};
	if (!o->deleted && value_get(spec, "imagePullSecrets") && inventory_sees(run->inv, KIND_SECRET, o->ns))
		pod_refs_each(spec, path, run->arena, missing_pull_secret, &w);
}

const struct check check_daemonset_not_ready = {
	.id = "daemonset/not-ready",
	.kind = KIND_DAEMON_SET,
	.severity = SEVERITY_ERROR,
	.title = "DaemonSet is not ready on every node",
	.explain =
		"status.numberReady is below status.desiredNumberScheduled. Not reported while all pods that are not ready are younger than startup_grace.",
	.fix = "See why its pods are not ready.",
	.run = run_not_ready,
};

const struct check check_daemonset_misscheduled = {
	.id = "daemonset/misscheduled",
	.kind = KIND_DAEMON_SET,
	.severity = SEVERITY_WARNING,
	.title = "DaemonSet runs where it should not",
	.explain =
		"Pods of the DaemonSet run on nodes that its node selector or tolerations no longer allow (status.numberMisscheduled). They stay until deleted "
		"or until the taint has effect NoExecute.",
	.fix = "Delete those pods, or correct the node selector, the tolerations or the nodes' labels.",
	.run = run_misscheduled,
};

const struct check check_daemonset_pull_secret_missing = {
	.id = "daemonset/pull-secret-missing",
	.kind = KIND_DAEMON_SET,
	.also = KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_CRON_JOB),
	.severity = SEVERITY_WARNING,
	.title = "Pull secret of a workload does not exist",
	.explain =
		"The pod template names an imagePullSecrets entry that is no Secret of the namespace. Pods start all the same when the image is public or "
		"already on the node, and fail on the first node where it is not: information while the workload is whole, a warning otherwise.",
	.fix = "Create the pull secret, or take it out of the template.",
	.run = run_pull_secret,
};
