/* Why a container does not run: one answer per container, from its state, its last end and its events. */
#include "checks/pod.h"

bool pod_is_alive(const struct pod_view *v)
{
	return !v->ended && !v->object->deleted;
}

usec_t pod_age(const struct check_run *run, const struct object *pod)
{
	return run_age(run, pod->created);
}

const struct event *pod_event(struct check_run *run, const struct object *pod, const struct container_view *c, const char *reason, const char *part)
{
	const struct event_list *events = inventory_events_of(run->inv, pod);
	for (uint32_t i = 0; events && i < events->len; i++) {
		const struct event *e = events->items[i];
		if (str_eq(e->reason, reason) && (!c || event_is_about_container(e, c)) && (!part || strstr(e->message, part)))
			return e;
	}
	return NULL;
}

const char *container_text(struct check_run *run, const struct pod_view *v, const struct container_view *c)
{
	static const char *const role[] = {
		[CONTAINER_INIT] = "init container",
		[CONTAINER_SIDECAR] = "sidecar container",
		[CONTAINER_MAIN] = "container",
		[CONTAINER_EPHEMERAL] = "ephemeral container",
	};
	return arena_printf(run->arena, "%s %s of %s", role[c->role], c->name, run_text(run, v->object));
}

const char *exit_text(struct check_run *run, const struct termination *t)
{
	static const struct {
		int64_t code;
		const char *text;
	} known[] = {
		{126, "the command cannot be executed"},
		{127, "the command was not found"},
		{132, "illegal instruction"},
		{134, "aborted"},
		{137, "killed"},
		{139, "segmentation fault"},
		{143, "told to terminate"},
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].code == t->exit_code)
			return arena_printf(run->arena, "exit code %lld (%s)", (long long)t->exit_code, known[i].text);
	return arena_printf(run->arena, "exit code %lld", (long long)t->exit_code);
}

struct finding *pod_finding(struct check_run *run, const struct pod_view *v, const struct container_view *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(run->arena, fmt, ap);
	va_end(ap);
	if (*text >= 'a' && *text <= 'z')
		*text = (char)(*text - 'a' + 'A');
	struct finding *f = finding_new(run, v->object, "%s", text);
	f->container = c ? c->name : "";
	return f;
}

static bool is_one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(s, *list))
			return true;
	return false;
}

static enum failure waiting_failure(const struct container_view *c)
{
	static const char *const image[] = {"ErrImagePull",
					    "ImagePullBackOff",
					    "ImageInspectError",
					    "ErrImageNeverPull",
					    "RegistryUnavailable",
					    "SignatureValidationFailed",
					    NULL};
	static const char *const start[] = {"RunContainerError",  "CreateContainerError", "PostStartHookError", "PreStartHookError",
					    "PreCreateHookError", "StartError",           "ContainerCannotRun", NULL};
	const char *reason = c->waiting_reason;
	if (c->state != CONTAINER_WAITING || !*reason)
		return FAILURE_NONE;
	if (str_eq(reason, "InvalidImageName"))
		return FAILURE_IMAGE_NAME;
	if (is_one_of(reason, image))
		return FAILURE_IMAGE;
	if (str_eq(reason, "CreateContainerConfigError"))
		return strstr(c->waiting_message, "not found") || strstr(c->waiting_message, "find key") || !*c->waiting_message ? FAILURE_CONFIG
																 : FAILURE_RUN;
	return is_one_of(reason, start) ? FAILURE_RUN : FAILURE_NONE;
}

/* A running instance that has lived much longer than the ones before it has got over what killed them. */
static enum failure_when running_since_end(const struct check_run *run, const struct container_view *c)
{
	usec_t runs_for = run_age(run, c->running_since);
	usec_t last_run = c->last.started && c->last.finished > c->last.started ? c->last.finished - c->last.started : 0;
	bool outlived = runs_for >= USEC_PER_MINUTE && runs_for >= 2 * last_run;
	if (!outlived && c->restarts >= run->options->restart_threshold && c->last.finished && run_age(run, c->last.finished) < USEC_PER_HOUR &&
	    last_run > run->options->recovered_after / 2)
		return FAILURE_RECURRING;
	if (outlived || runs_for >= run->options->recovered_after || c->restarts < 2)
		return FAILURE_OVER;
	return FAILURE_NOW;
}

static const struct event *probe_kill(struct check_run *run, const struct pod_view *v, const struct container_view *c, const char *kill,
				      const char *probe, const struct termination *end)
{
	const struct event *killed = pod_event(run, v->object, c, "Killing", kill);
	const struct event *unhealthy = pod_event(run, v->object, c, "Unhealthy", probe);
	/* The order to stop comes up to a grace period before the end. */
	usec_t margin = 5 * USEC_PER_MINUTE;
	if (killed && (!end->finished || killed->last >= end->finished - margin))
		return unhealthy ? unhealthy : killed;
	bool was_stopped = end->exit_code == 137 || end->exit_code == 143;
	if (!killed && unhealthy && was_stopped && end->finished && unhealthy->last >= end->finished - margin &&
	    unhealthy->last <= end->finished + margin)
		return unhealthy;
	return NULL;
}

static enum failure ended_failure(struct check_run *run, const struct pod_view *v, const struct container_view *c, struct container_failure *ret)
{
	const struct termination *end = ret->end;
	if (str_eq(end->reason, "OOMKilled"))
		return FAILURE_OOM;
	if (str_eq(end->reason, "StartError") || str_eq(end->reason, "ContainerCannotRun") || strstr(end->message, "exec format error"))
		return FAILURE_RUN;
	if ((ret->event = probe_kill(run, v, c, "failed liveness probe", "Liveness probe", end)))
		return FAILURE_LIVENESS;
	if ((ret->event = probe_kill(run, v, c, "failed startup probe", "Startup probe", end)))
		return FAILURE_STARTUP;
	if ((ret->event = pod_event(run, v->object, c, "FailedPostStartHook", NULL)) && ret->event->last >= end->finished - USEC_PER_MINUTE)
		return FAILURE_RUN;
	ret->event = NULL;
	return FAILURE_CRASH;
}

/* Sidecars are stopped, not crashed, once the containers that they stand by have ended. */
static bool is_stopped_sidecar(const struct pod_view *v, const struct container_view *c)
{
	if (c->role != CONTAINER_SIDECAR || c->state != CONTAINER_TERMINATED)
		return false;
	for (uint32_t i = 0; i < v->count; i++)
		if (v->containers[i].role == CONTAINER_MAIN && v->containers[i].state != CONTAINER_TERMINATED)
			return false;
	return true;
}

struct container_failure container_failure(struct check_run *run, const struct pod_view *v, const struct container_view *c)
{
	struct container_failure f = {.what = waiting_failure(c), .end_path = "lastState.terminated"};
	bool stays_ended = str_eq(v->restart_policy, "Never") || c->role == CONTAINER_EPHEMERAL;
	f.end = c->last.present ? &c->last : NULL;
	if (f.what != FAILURE_NONE || c->role == CONTAINER_EPHEMERAL || is_stopped_sidecar(v, c))
		return f;
	if (c->state == CONTAINER_TERMINATED) {
		bool restarts = !stays_ended && c->role != CONTAINER_INIT && str_eq(v->restart_policy, "Always");
		if (c->now.exit_code == 0 && (!restarts || c->restarts == 0)) {
			if (c->restarts == 0 || !f.end)
				return f;
			f.when = FAILURE_OVER; /* an init container that succeeded at last */
		} else {
			f.end = &c->now;
			f.end_path = "state.terminated";
		}
	} else if (c->state == CONTAINER_RUNNING) {
		if (c->restarts == 0 || !f.end)
			return f;
		f.when = running_since_end(run, c);
	} else if (!str_eq(c->waiting_reason, "CrashLoopBackOff")) {
		return f;
	}
	if (!f.end) {
		f.what = FAILURE_CRASH; /* in back-off, and its last end was not recorded */
		return f;
	}
	f.what = ended_failure(run, v, c, &f);
	/* Asked to stop and stopped: a restart of the node or by hand, over. */
	if (f.when == FAILURE_OVER && f.what == FAILURE_CRASH && f.end->exit_code == 0)
		f.what = FAILURE_NONE;
	return f;
}

bool pod_has_failure(struct check_run *run, const struct pod_view *v)
{
	for (uint32_t i = 0; i < v->count; i++) {
		struct container_failure f = container_failure(run, v, &v->containers[i]);
		if (f.what != FAILURE_NONE && f.when == FAILURE_NOW)
			return true;
	}
	return false;
}

const char *pod_words(struct check_run *run, const char *text, size_t len, uint32_t *ret_line)
{
	const char *start;
	size_t n;
	if (!log_fatal_line(text, len, ret_line, &start, &n))
		return NULL;
	return arena_printf(run->arena, "%.*s%s", (int)MIN(n, 240), start, n > 240 ? "..." : "");
}

const char *pod_last_words(struct check_run *run, const struct pod_view *v, const struct container_view *c, const struct container_log **ret_log,
			   uint32_t *ret_line)
{
	/* While it waits or has ended, the log at hand is the dead instance's; while it runs, the previous one is. */
	bool dead = c->state != CONTAINER_RUNNING;
	const struct termination *end = c->state == CONTAINER_TERMINATED ? &c->now : &c->last;
	for (int i = 0; i < 2; i++) {
		const struct container_log *log = inventory_log(run->inv, v->object, c->name, i == 0 ? !dead : dead);
		const char *words = log && log->text ? pod_words(run, log->text, log->len, ret_line) : NULL;
		if (words) {
			*ret_log = log;
			return words;
		}
	}
	*ret_log = NULL;
	return end->present && *end->message ? pod_words(run, end->message, strlen(end->message), ret_line) : NULL;
}

void pod_add_last_words(struct check_run *run, struct finding *f, const char *words, const struct container_log *log, uint32_t line)
{
	if (words && log)
		finding_log(run, f, log, line, line, words);
}

static int64_t revision_of(const struct object *set)
{
	return strtoll(value_get_str(set->annotations, "deployment.kubernetes.io/revision"), NULL, 10);
}

const char *pod_previous_image(struct check_run *run, const struct pod_view *v, const struct container_view *c, const char **ret_revision)
{
	const struct object *set = v->object->owner, *deployment = set ? set->owner : NULL;
	const char *best = NULL;
	int64_t best_revision = -1, own = set ? revision_of(set) : 0;
	if (!deployment || deployment->kind->id != KIND_DEPLOYMENT)
		return NULL;
	for (uint32_t i = 0; i < deployment->child_count; i++) {
		const struct object *other = deployment->children[i];
		const char *revision = value_get_str(other->annotations, "deployment.kubernetes.io/revision");
		int64_t number = strtoll(revision, NULL, 10);
		if (other == set || other->kind->id != KIND_REPLICA_SET || number <= best_revision || (own && number > own))
			continue;
		for (value_each(o, value_get(pod_spec_of(other, NULL), "containers"))) {
			if (!str_eq(value_get_str(o, "name"), c->name))
				continue;
			best = value_get_str(o, "image");
			best_revision = number;
			*ret_revision = revision;
		}
	}
	return best && *best && !str_eq(best, c->image) ? best : NULL;
}

void pod_propose_rollback(struct check_run *run, struct finding *f, const struct object *pod, const char *revision)
{
	const struct object *top = object_top_owner(pod);
	finding_propose_strings(run, f, "rollback", "medium", "revision", revision, NULL);
	f->proposal->target =
		(struct object_name){.kind = top->kind->id, .kind_text = top->kind->name, .ns = top->ns, .name = top->name, .object = top};
}

void pod_add_older_revision(struct check_run *run, struct finding *f)
{
	const struct object *set = f->object->owner, *deployment = set ? set->owner : NULL, *best = NULL;
	if (!deployment || deployment->kind->id != KIND_DEPLOYMENT || f->proposal || f->state != FINDING_ACTIVE)
		return;
	for (uint32_t i = 0; i < deployment->child_count; i++) {
		const struct object *other = deployment->children[i];
		bool ready = other->kind->id == KIND_REPLICA_SET && value_get_int(other->status, "readyReplicas", 0) > 0;
		if (ready && revision_of(other) < revision_of(set) && (!best || revision_of(other) > revision_of(best)))
			best = other;
	}
	if (!best)
		return;
	const char *revision = value_get_str(best->annotations, "deployment.kubernetes.io/revision");
	finding_field(run, f, best, "status.readyReplicas");
	finding_fix(run, f, "%s The pods of revision %s are ready: kubectl rollout undo deployment/%s -n %s --to-revision=%s goes back to it.",
		    f->fix ? f->fix : f->check->fix, revision, deployment->name, deployment->ns, revision);
	pod_propose_rollback(run, f, f->object, revision);
}
