/* Pods that ended, that cannot end, and pods whose node is gone. */
#include "checks/pod.h"

/* Has whoever made the pod replaced it? Then its end is history. */
static bool is_replaced(const struct object *pod)
{
	const struct object *owner = pod->owner;
	if (!owner)
		return false;
	switch (owner->kind->id) {
	case KIND_REPLICA_SET:
	case KIND_REPLICATION_CONTROLLER:
	case KIND_STATEFUL_SET:
		return value_get_int(owner->status, "readyReplicas", 0) >= value_get_int(owner->spec, "replicas", 1);
	case KIND_DAEMON_SET:
		return value_get_int(owner->status, "numberReady", 0) >= value_get_int(owner->status, "desiredNumberScheduled", 0);
	case KIND_JOB:
		return value_get_int(owner->status, "succeeded", 0) > 0;
	default:
		return false;
	}
}

static usec_t end_of(const struct pod_view *v)
{
	usec_t end = 0;
	for (uint32_t i = 0; i < v->count; i++)
		end = MAX(end, v->containers[i].now.finished);
	return end;
}

/* kubelet's words for pods that went over a limit of their own: the node is not to blame. */
static bool evicted_by_own_limit(const char *message)
{
	return strstr(message, "exceeds the total limit of containers") || strstr(message, "local ephemeral storage limit") ||
	       strstr(message, "exceeds the limit");
}

/* "Container app was using 5Gi, request is 0, has larger consumption of ephemeral-storage." */
static void add_eviction_user(struct check_run *run, struct finding *f, const struct pod_view *v)
{
	const char *low = strstr(v->message, "low on resource: "), *who = strstr(v->message, "Container "), *used = strstr(v->message, " was using ");
	if (!low)
		return;
	low += strlen("low on resource: ");
	const char *resource = arena_strndup(run->arena, low, strcspn(low, ". ")), *request = strstr(v->message, ", request is ");
	if (!who || !used || !request || used < who || request < used) {
		finding_fix(run, f, "Find what uses the %s of node %s, and give its pods requests and limits for it.", resource, v->node);
		return;
	}
	who += strlen("Container ");
	used += strlen(" was using ");
	request += strlen(", request is ");
	const char *container = arena_strndup(run->arena, who, strcspn(who, " "));
	for (uint32_t i = 0; i < v->count; i++)
		if (str_eq(v->containers[i].name, container))
			f->container = v->containers[i].name;
	finding_fix(run, f,
		    "Give container %s a request for %s near the %.*s that it used (it requests %.*s), and a limit: pods far over their request go "
		    "first.",
		    container, resource, (int)strcspn(used, ","), used, (int)strcspn(request, ",. "), request);
}

static void run_evicted(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	if (o->deleted || !str_eq(v->reason, "Evicted"))
		return;
	const char *where = *v->node ? arena_printf(run->arena, " from node %s", v->node) : "";
	struct finding *f = finding_new(run, o, "%s was evicted%s: %s", run_text(run, o), where, *v->message ? v->message : "no reason is recorded");
	finding_field(run, f, o, "status.reason");
	if (*v->message)
		finding_field(run, f, o, "status.message");
	finding_event(run, f, pod_event(run, o, NULL, "Evicted", NULL));
	if (evicted_by_own_limit(v->message))
		finding_fix(run, f, "Raise the limit that the message names (ephemeral-storage, or sizeLimit of the emptyDir), or write less there.");
	else
		add_eviction_user(run, f, v);
	if (*v->node && !evicted_by_own_limit(v->message))
		finding_subject(run, f, KIND_NODE, "", v->node);
	f->since = end_of(v);
	if (is_replaced(o))
		finding_recovered(f, 0);
}

/* The main container that failed, if one did. */
static const struct container_view *failed_container(const struct pod_view *v)
{
	for (uint32_t i = 0; i < v->count; i++)
		if (v->containers[i].now.present && v->containers[i].now.exit_code != 0)
			return &v->containers[i];
	return NULL;
}

/* Of a Job that could not be read: it may have tried again since, with success. */
static bool is_of_unseen_job(const struct check_run *run, const struct object *o)
{
	for (value_each(ref, value_get(o->metadata, "ownerReferences")))
		if (!o->owner && str_eq(value_get_str(ref, "kind"), "Job"))
			return !inventory_sees(run->inv, KIND_JOB, o->ns);
	return false;
}

static void run_failed(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	const struct container_log *log = NULL;
	uint32_t line = 0;
	/* A Job counts its failures and says when they are too many. */
	if (o->deleted || !str_eq(v->phase, "Failed") || str_eq(v->reason, "Evicted") || (o->owner && o->owner->kind->id == KIND_JOB))
		return;
	bool try = is_of_unseen_job(run, o);
	const struct container_view *c = failed_container(v);
	const char *words = c ? pod_last_words(run, v, c, &log, &line) : NULL;
	const char *why = *v->reason ? arena_printf(run->arena, " (%s%s%s)", v->reason, *v->message ? ": " : "", v->message) : "";
	const char *how = c ? arena_printf(run->arena, ": container %s ended with %s%s", c->name,
					   str_eq(c->now.reason, "OOMKilled") ? "OOMKilled, " : "", exit_text(run, &c->now))
			    : "";
	struct finding *f =
		finding_new(run, o, "%s has failed%s%s%s", try ? arena_printf(run->arena, "One try (%s)", run_text(run, o)) : run_text(run, o), why,
			    how, words ? arena_printf(run->arena, ": \"%s\"", words) : "");
	finding_field(run, f, o, "status.phase");
	if (*v->reason)
		finding_field(run, f, o, "status.reason");
	if (c) {
		f->container = c->name;
		finding_field(run, f, o, container_status_path(run->arena, c, "state.terminated.exitCode"));
	}
	pod_add_last_words(run, f, words, log, line);
	if (words)
		finding_fix(run, f, "Mend what its last words name: \"%s\"", words);
	f->since = end_of(v);
	if (try)
		f->severity = SEVERITY_WARNING;
	if (is_replaced(o))
		finding_recovered(f, 0);
}

static void run_terminating(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	/* deletionTimestamp already includes the grace period. */
	if (!o->deleted || run_age(run, o->deleted) < run->options->startup_grace)
		return;
	const struct value *finalizers = value_get(o->metadata, "finalizers");
	const struct object *node = inventory_find(run->inv, KIND_NODE, "", v->node);
	const char *node_ready = node ? condition_status(node, "Ready") : "";
	bool node_gone = *v->node && !node && inventory_sees(run->inv, KIND_NODE, NULL);
	const struct event *e = pod_event(run, o, NULL, "FailedKillPod", NULL);
	const char *why = value_len(finalizers) ? arena_printf(run->arena, "it waits for finalizer %s", value_str(value_item(finalizers, 0), "?"))
			  : node_gone           ? arena_printf(run->arena, "its node %s no longer exists", v->node)
			  : *node_ready && !str_eq(node_ready, "True") ? arena_printf(run->arena, "its node %s does not answer", v->node)
			  : e                                          ? e->message
								       : "no reason is recorded";
	struct finding *f = finding_new(run, o, "%s should have been gone %s ago: %s", run_text(run, o), run_ago(run, o->deleted), why);
	finding_field(run, f, o, "metadata.deletionTimestamp");
	if (value_len(finalizers)) {
		finding_field(run, f, o, "metadata.finalizers");
		finding_fix(
			run, f,
			"See why the controller behind finalizer %s does not finish; only when that controller is gone for good, remove the finalizer.",
			value_str(value_item(finalizers, 0), "?"));
	} else if (node_gone || (*node_ready && !str_eq(node_ready, "True"))) {
		if (node_gone)
			finding_absence(run, f, "Node", "", v->node);
		finding_subject(run, f, KIND_NODE, "", v->node);
		finding_fix(run, f, "Bring node %s back. Only if it is certainly gone: kubectl delete pod --grace-period=0 --force.", v->node);
	}
	finding_event(run, f, e);
	f->since = o->deleted;
}

static void run_pre_stop(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && !v->ended; i++) {
		const struct container_view *c = &v->containers[i];
		const struct event *e = pod_event(run, o, c, "FailedPreStopHook", NULL);
		if (!e || run_age(run, e->last) > USEC_PER_HOUR || !value_at(c->spec, "lifecycle.preStop"))
			continue;
		struct finding *f = pod_finding(run, v, c, "The preStop hook of %s fails: %s", container_text(run, v, c), e->message);
		finding_event(run, f, e);
		finding_field(run, f, o, container_spec_path(run->arena, c, "lifecycle.preStop"));
		finding_fix(run, f, "Correct lifecycle.preStop of container %s: its command has to exist in image %s and end within %lld s.", c->name,
			    c->image, (long long)value_get_int(o->spec, "terminationGracePeriodSeconds", 30));
		f->since = e->first;
	}
}

static void run_node_lost(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	if (!pod_is_alive(v) || !*v->node || v->ready || !inventory_sees(run->inv, KIND_NODE, NULL))
		return;
	const struct object *node = inventory_find(run->inv, KIND_NODE, "", v->node);
	const char *ready = node ? condition_status(node, "Ready") : "";
	bool lost = !node || (*ready && !str_eq(ready, "True")) || str_eq(v->reason, "NodeLost");
	/* Pods that were in trouble before keep their own finding; here only what the node explains. */
	if (!lost || pod_has_failure(run, v))
		return;
	struct finding *f =
		finding_new(run, o, "%s is not ready because its node %s %s", run_text(run, o), v->node, node ? "is not ready" : "does not exist");
	finding_field(run, f, o, "spec.nodeName");
	if (v->ready_condition)
		finding_fieldf(run, f, o, "status.conditions[%u].status", v->ready_index);
	if (!node)
		finding_absence(run, f, "Node", "", v->node);
	finding_subject(run, f, KIND_NODE, "", v->node);
	f->since = value_get_time(v->ready_condition, "lastTransitionTime");
}

const struct check check_pod_evicted = {
	.id = "pod/evicted",
	.kind = KIND_POD,
	.severity = SEVERITY_WARNING,
	.title = "Pod was evicted",
	.explain =
		"kubelet ended the pod because its node ran short of memory, disk or process ids, or because the pod used more scratch space than it "
		"may.\n\nHistory as soon as its controller has replaced it.",
	.fix = "Give the pod requests that match what it uses, limit its scratch space, or free the node.",
	.run = run_evicted,
};

const struct check check_pod_failed = {
	.id = "pod/failed",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Pod has failed",
	.explain =
		"The pod has ended and will not be restarted: a container of a pod with restartPolicy Never ended with an error, or the node refused "
		"the pod (OutOfcpu, NodeAffinity, UnexpectedAdmissionError ...).\n\nPods of Jobs are judged by job/failed.",
	.fix = "Read the pod's log and its status.message; delete it once understood.",
	.run = run_failed,
};

const struct check check_pod_terminating_stuck = {
	.id = "pod/terminating-stuck",
	.kind = KIND_POD,
	.severity = SEVERITY_WARNING,
	.title = "Pod does not go away",
	.explain = "The pod was deleted, its grace period is over, and it is still there: a finalizer is not removed, its node does not answer, or a "
		   "volume or container cannot be stopped.",
	.fix = "See the pod's finalizers, node and FailedKillPod events.",
	.run = run_terminating,
};

const struct check check_pod_node_lost = {
	.id = "pod/node-lost",
	.kind = KIND_POD,
	.severity = SEVERITY_WARNING,
	.title = "Node of a pod is lost",
	.explain = "The pod is not ready, and its node is not ready or no longer exists. Kubernetes replaces it after about five minutes.",
	.fix = "Bring the node back; see node/not-ready.",
	.run = run_node_lost,
};

const struct check check_pod_pre_stop_failed = {
	.id = "pod/pre-stop-failed",
	.kind = KIND_POD,
	.severity = SEVERITY_WARNING,
	.title = "Hook before the stop fails",
	.explain =
		"The container's preStop hook failed within the hour (event FailedPreStopHook): the container is stopped without what the hook was for, such "
		"as finishing open requests.",
	.fix = "Correct lifecycle.preStop.",
	.run = run_pre_stop,
};
