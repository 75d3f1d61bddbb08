/* Deployments: fewer ready replicas than wanted, rollouts that do not end. */
#include "checks/workload.h"

static bool deadline_passed(const struct object *o, uint32_t *ret_index)
{
	const struct value *c = condition_find(o, "Progressing", ret_index);
	return str_eq(value_get_str(c, "status"), "False") && str_eq(value_get_str(c, "reason"), "ProgressDeadlineExceeded");
}

static void run_unavailable(struct check_run *run, const struct object *o)
{
	int64_t want = replicas_wanted(o), ready = value_get_int(o->status, "readyReplicas", 0);
	uint32_t index;
	if (o->deleted || ready >= want || deadline_passed(o, NULL) || workload_is_starting(run, o))
		return;
	const struct value *available = condition_find(o, "Available", &index);
	struct finding *f = finding_new(run, o, "%s has %lld of %lld replicas ready", run_text(run, o), (long long)ready, (long long)want);
	finding_field(run, f, o, value_get(o->spec, "replicas") ? "spec.replicas" : "metadata.name");
	if (value_get(o->status, "readyReplicas"))
		finding_field(run, f, o, "status.readyReplicas");
	if (available && str_eq(value_get_str(available, "status"), "False")) {
		finding_fieldf(run, f, o, "status.conditions[%u].message", index);
		f->since = value_get_time(available, "lastTransitionTime");
	}
	const struct object *pod = workload_unready_pod(run, o);
	if (pod)
		finding_fix(run, f, "See why %s is not ready.", run_text(run, pod));
	else if (value_get_int(o->status, "replicas", 0) < want)
		finding_fix(run, f, "See why its ReplicaSet creates too few pods.");
	else
		finding_fix(run, f, "See why its pods are not ready.");
	if (ready == 0)
		f->severity = SEVERITY_CRITICAL;
}

static void run_deadline(struct check_run *run, const struct object *o)
{
	uint32_t index;
	if (o->deleted || !deadline_passed(o, &index))
		return;
	int64_t want = replicas_wanted(o), ready = value_get_int(o->status, "readyReplicas", 0);
	int64_t updated = value_get_int(o->status, "updatedReplicas", 0), seconds = value_get_int(o->spec, "progressDeadlineSeconds", 600);
	struct finding *f = finding_new(run, o, "The rollout of %s has not gone on for more than %lld s: %lld of %lld replicas are new, %lld ready",
					run_text(run, o), (long long)seconds, (long long)updated, (long long)want, (long long)ready);
	finding_fieldf(run, f, o, "status.conditions[%u].reason", index);
	finding_fieldf(run, f, o, "status.conditions[%u].message", index);
	f->since = value_get_time(value_item(value_get(o->status, "conditions"), index), "lastUpdateTime");
	const struct object *pod = workload_unready_pod(run, o);
	if (pod)
		finding_fix(run, f, "See why %s is not ready; to go back meanwhile: kubectl rollout undo deployment/%s -n %s.", run_text(run, pod),
			    o->name, o->ns);
	const char *revision = value_get_str(o->annotations, "deployment.kubernetes.io/revision");
	if (strtoll(revision, NULL, 10) > 1)
		finding_propose_strings(run, f, "rollback", "medium", "revision", "previous", NULL);
	if (ready == 0)
		f->severity = SEVERITY_CRITICAL;
}

static usec_t last_change(const struct object *o)
{
	usec_t last = 0;
	for (value_each(m, value_get(o->metadata, "managedFields")))
		last = MAX(last, value_get_time(m, "time"));
	return last;
}

static void run_stale(struct check_run *run, const struct object *o)
{
	int64_t generation = value_get_int(o->metadata, "generation", 0), observed = value_get_int(o->status, "observedGeneration", 0);
	usec_t changed = last_change(o);
	/* The controller follows within moments: a change just made proves nothing. */
	if (o->deleted || generation == 0 || observed >= generation || (changed && run_age(run, changed) < run->options->startup_grace) ||
	    (o->created && run_age(run, o->created) < run->options->startup_grace))
		return;
	struct finding *f = finding_new(run, o, "The status of %s is of generation %lld, its spec of %lld: its controller does not follow",
					run_text(run, o), (long long)observed, (long long)generation);
	finding_field(run, f, o, "metadata.generation");
	finding_field(run, f, o, "status.observedGeneration");
	f->since = changed;
}

static void run_paused(struct check_run *run, const struct object *o)
{
	int64_t want = replicas_wanted(o), updated = value_get_int(o->status, "updatedReplicas", 0);
	if (!value_get_bool(o->spec, "paused", false) || o->deleted)
		return;
	bool waits = updated < want;
	const char *effect =
		waits ? arena_printf(run->arena, "in the middle of a rollout: %lld of %lld replicas are new", (long long)updated, (long long)want)
		      : "and changes of its template take no effect";
	struct finding *f = finding_new(run, o, "%s is paused, %s", run_text(run, o), effect);
	finding_field(run, f, o, "spec.paused");
	finding_fix(run, f, "When ready: kubectl rollout resume deployment/%s -n %s.", o->name, o->ns);
	f->severity = waits ? SEVERITY_WARNING : SEVERITY_INFO;
}

const struct check check_deployment_replicas_unavailable = {
	.id = "deployment/replicas-unavailable",
	.kind = KIND_DEPLOYMENT,
	.severity = SEVERITY_ERROR,
	.title = "Deployment has too few ready replicas",
	.explain = "status.readyReplicas is below spec.replicas. Critical when none is ready.\n\n"
		   "Not reported while every pod that is not ready is younger than startup_grace: then it is starting or rolling out. Usually a "
		   "symptom: its pods or its ReplicaSet say why.",
	.fix = "See why its pods are not ready.",
	.peers = "k8sgpt Deployment; Popeye 501, 1120",
	.run = run_unavailable,
};

const struct check check_deployment_progress_deadline = {
	.id = "deployment/progress-deadline",
	.kind = KIND_DEPLOYMENT,
	.severity = SEVERITY_ERROR,
	.title = "Rollout is stuck",
	.explain =
		"The rollout made no progress for progressDeadlineSeconds (condition Progressing is False, reason ProgressDeadlineExceeded). Kubernetes goes "
		"on trying and does not roll back by itself; the old pods usually still serve.",
	.fix = "See why the new pods are not ready, or roll back.",
	.peers = "k8sgpt Deployment",
	.run = run_deadline,
};

const struct check check_deployment_stale_status = {
	.id = "deployment/stale-status",
	.kind = KIND_DEPLOYMENT,
	.also = KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET) | KIND_BIT(KIND_REPLICA_SET),
	.severity = SEVERITY_ERROR,
	.title = "Controller does not follow",
	.explain =
		"metadata.generation is ahead of status.observedGeneration: nobody has acted on the last change of the spec. Several objects with this "
		"point at kube-controller-manager.",
	.fix = "See that kube-controller-manager runs and can reach the API server.",
	.peers = "k8sgpt Deployment",
	.run = run_stale,
};

const struct check check_deployment_paused = {
	.id = "deployment/paused",
	.kind = KIND_DEPLOYMENT,
	.severity = SEVERITY_INFO,
	.title = "Deployment is paused",
	.explain = "spec.paused is set: new templates are not rolled out. Scaling still works.",
	.fix = "kubectl rollout resume.",
	.run = run_paused,
};
