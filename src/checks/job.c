/* Jobs. */
#include "checks/workload.h"

/* The pod of a Job that failed last, and its container. */
static const struct object *last_failed_pod(const struct object *job)
{
	const struct object *last = NULL;
	for (uint32_t i = 0; i < job->child_count; i++) {
		const struct object *pod = job->children[i];
		if (pod->kind->id == KIND_POD && str_eq(value_get_str(pod->status, "phase"), "Failed") && (!last || pod->created >= last->created))
			last = pod;
	}
	return last;
}

/* Quotes how the last pod ended; returns ": ..." for the message, or "". */
static const char *add_last_pod(struct check_run *run, struct finding *f, const struct object *job)
{
	const struct object *pod = last_failed_pod(job);
	const struct container_log *log = NULL;
	uint32_t line = 0;
	if (!pod)
		return "";
	const struct pod_view *v = run_pod(run, pod);
	for (uint32_t i = 0; i < v->count; i++) {
		const struct container_view *c = &v->containers[i];
		const struct termination *end = c->now.present ? &c->now : &c->last;
		if (!end->present || end->exit_code == 0)
			continue;
		const char *words = pod_last_words(run, v, c, &log, &line);
		finding_field(run, f, pod,
			      container_status_path(run->arena, c, c->now.present ? "state.terminated.exitCode" : "lastState.terminated.exitCode"));
		pod_add_last_words(run, f, words, log, line);
		if (words)
			finding_fix(run, f, "Mend what its last words name: \"%s\"", words);
		const char *how = str_eq(end->reason, "OOMKilled") ? "ran out of memory," : "ended with";
		return arena_printf(run->arena, "; the last pod %s %s%s%s%s", how, exit_text(run, end), words ? ": \"" : "", words ? words : "",
				    words ? "\"" : "");
	}
	return "";
}

static bool condition_true(const struct object *o, const char *type)
{
	return str_eq(condition_status(o, type), "True");
}

/* The CronJob's Job after this one that has come to an end; NULL when this is the newest. */
static const struct object *newer_job(const struct object *job)
{
	const struct object *cron = job->owner, *best = NULL;
	if (!cron || cron->kind->id != KIND_CRON_JOB)
		return NULL;
	for (uint32_t i = 0; i < cron->child_count; i++) {
		const struct object *other = cron->children[i];
		bool ended = condition_true(other, "Complete") || condition_true(other, "Failed");
		if (other->kind->id == KIND_JOB && ended && other->created > job->created && (!best || other->created > best->created))
			best = other;
	}
	return best;
}

static void run_failed(struct check_run *run, const struct object *o)
{
	uint32_t index;
	const struct value *c = condition_find(o, "Failed", &index);
	if (o->deleted || !str_eq(value_get_str(c, "status"), "True"))
		return;
	const struct object *newer = newer_job(o);
	if (newer && !condition_true(newer, "Complete"))
		return; /* the newest failure of a CronJob speaks for the older ones */
	const char *reason = value_get_str(c, "reason");
	long long limit = value_get_int(o->spec, "backoffLimit", 6);
	long long seconds = value_get_int(o->spec, "activeDeadlineSeconds", 0), failed = value_get_int(o->status, "failed", 0);
	const char *why = str_eq(reason, "BackoffLimitExceeded")
				  ? arena_printf(run->arena, "%lld pod%s failed, and its backoffLimit is %lld", failed, failed == 1 ? "" : "s", limit)
			  : str_eq(reason, "DeadlineExceeded") ? arena_printf(run->arena, "it ran longer than its deadline of %lld s", seconds)
							       : arena_printf(run->arena, "%s: %s", reason, value_get_str(c, "message"));
	struct finding *f = finding_new(run, o, "%s has failed: %s", run_text(run, o), why);
	finding_fieldf(run, f, o, "status.conditions[%u].reason", index);
	if (value_get(o->status, "failed"))
		finding_field(run, f, o, "status.failed");
	f->message = arena_printf(run->arena, "%s%s", f->message, add_last_pod(run, f, o));
	finding_event(run, f, recent_event(run, o, reason, 0));
	f->since = value_get_time(c, "lastTransitionTime");
	if (newer)
		finding_recovered(f, value_get_time(newer->status, "completionTime"));
}

static void run_retrying(struct check_run *run, const struct object *o)
{
	int64_t failed = value_get_int(o->status, "failed", 0), limit = value_get_int(o->spec, "backoffLimit", 6);
	/* Suspended, it tries nothing. */
	if (o->deleted || failed == 0 || value_get_bool(o->spec, "suspend", false) || condition_true(o, "Failed") || condition_true(o, "Complete") ||
	    condition_true(o, "FailureTarget") || condition_true(o, "SuccessCriteriaMet"))
		return;
	struct finding *f =
		value_get(o->spec, "backoffLimitPerIndex") /* then backoffLimit is no limit, but INT32_MAX */
			? finding_new(run, o, "%s goes on after %lld failure%s", run_text(run, o), (long long)failed, failed == 1 ? "" : "s")
			: finding_new(run, o, "%s is trying again after %lld of %lld allowed failures", run_text(run, o), (long long)failed,
				      (long long)limit);
	finding_field(run, f, o, "status.failed");
	f->message = arena_printf(run->arena, "%s%s", f->message, add_last_pod(run, f, o));
}

static void run_suspended(struct check_run *run, const struct object *o)
{
	if (o->deleted || !value_get_bool(o->spec, "suspend", false))
		return;
	struct finding *f = finding_new(run, o, "%s is suspended: it runs no pods", run_text(run, o));
	finding_field(run, f, o, "spec.suspend");
}

/* Names that say that a container only stands by: nothing else tells it from one that works longer. */
static bool is_side_name(const char *name)
{
	static const char *const parts[] = {"proxy", "sidecar", "envoy", "agent", "daprd", "fluent", "filebeat", "exporter"};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

static void look_for_sidecar(struct check_run *run, const struct object *job, const struct object *pod)
{
	const struct pod_view *v = run_pod(run, pod);
	const struct container_view *done = NULL, *side = NULL;
	for (uint32_t i = 0; i < v->count; i++) {
		const struct container_view *c = &v->containers[i];
		if (c->role != CONTAINER_MAIN)
			continue;
		if (c->state == CONTAINER_TERMINATED && c->now.exit_code == 0)
			done = c;
		else if (c->state == CONTAINER_RUNNING && is_side_name(c->name))
			side = c;
		else
			return;
	}
	if (!done || !side || run_age(run, done->now.finished) < run->options->startup_grace)
		return;
	struct finding *f = finding_new(run, job, "%s does not end: container %s of %s ended well %s ago, and container %s still runs beside it",
					run_text(run, job), done->name, run_text(run, pod), run_ago(run, done->now.finished), side->name);
	finding_field(run, f, pod, container_status_path(run->arena, done, "state.terminated.finishedAt"));
	finding_field(run, f, pod, container_status_path(run->arena, side, "state.running.startedAt"));
	finding_fix(run, f, "Make %s a sidecar (an init container with restartPolicy Always): those are stopped when the main containers have ended.",
		    side->name);
	f->container = side->name;
	f->since = job->created; /* since it runs: whoever waits for its end has waited that long */
}

static void run_sidecar(struct check_run *run, const struct object *o)
{
	if (o->deleted || value_get_int(o->status, "active", 0) == 0 || condition_true(o, "Failed") || condition_true(o, "Complete"))
		return;
	for (uint32_t i = 0; i < o->child_count; i++)
		if (o->children[i]->kind->id == KIND_POD && str_eq(value_get_str(o->children[i]->status, "phase"), "Running"))
			look_for_sidecar(run, o, o->children[i]);
}

const struct check check_job_held_by_sidecar = {
	.id = "job/held-by-sidecar",
	.kind = KIND_JOB,
	.severity = SEVERITY_WARNING,
	.title = "A sidecar keeps the Job from ending",
	.explain =
		"The containers of the Job's pod that do its work have ended well, and one that only stands by (a proxy, an agent) still runs. A pod ends "
		"when all its main containers have, so the Job never completes, and a CronJob with concurrencyPolicy Forbid starts no other.\n\n"
		"Which container stands by is told by its name.",
	.fix = "Make the container a sidecar (an init container with restartPolicy Always), or let it end with the others.",
	.run = run_sidecar,
};

const struct check check_job_failed = {
	.id = "job/failed",
	.kind = KIND_JOB,
	.severity = SEVERITY_ERROR,
	.title = "Job has failed",
	.explain =
		"The Job has given up: too many of its pods failed (BackoffLimitExceeded), it ran too long (DeadlineExceeded), or a failure policy ended it. How its "
		"last pod ended is quoted.\n\n"
		"Of a CronJob's Jobs only the newest failure counts; once a later Job succeeded it is history.",
	.fix = "Read the log of its last pod and mend what it names; then create the Job anew.",
	.run = run_failed,
};

const struct check check_job_retrying = {
	.id = "job/retrying",
	.kind = KIND_JOB,
	.severity = SEVERITY_WARNING,
	.title = "Job is trying again",
	.explain = "Pods of the Job have failed, and it has tries left (backoffLimit).",
	.fix = "Read the log of its last failed pod.",
	.run = run_retrying,
};

const struct check check_job_suspended = {
	.id = "job/suspended",
	.kind = KIND_JOB,
	.severity = SEVERITY_INFO,
	.title = "Job is suspended",
	.explain = "spec.suspend is true: the Job runs no pods until someone (or a queueing system) sets it to false.",
	.fix = "Set spec.suspend to false when it should run.",
	.run = run_suspended,
};
