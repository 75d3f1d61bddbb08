/* Containers that were started and did not stay up. */
#include "checks/index.h"
#include "checks/pod.h"

static void add_end(struct check_run *run, struct finding *f, const struct container_view *c, const struct container_failure *failure)
{
	if (c->state == CONTAINER_WAITING && *c->waiting_reason)
		finding_field(run, f, f->object, container_status_path(run->arena, c, "state.waiting.reason"));
	if (c->restarts)
		finding_field(run, f, f->object, container_status_path(run->arena, c, "restartCount"));
	if (failure->end) {
		const char *base = container_status_path(run->arena, c, failure->end_path);
		finding_fieldf(run, f, f->object, "%s.exitCode", base);
		if (*failure->end->reason)
			finding_fieldf(run, f, f->object, "%s.reason", base);
		f->evidence[f->evidence_count - 1].when = failure->end->finished;
	}
}

static const char *times(struct check_run *run, int64_t n)
{
	return n == 1 ? "once" : arena_printf(run->arena, "%lld times", (long long)n);
}

/* ", last 40 s ago" when it is known. */
static const char *last_ago(struct check_run *run, const struct termination *end)
{
	return end && end->finished ? arena_printf(run->arena, ", last %s ago", run_ago(run, end->finished)) : "";
}

/* The first back-off tells best when it began: a pod may have run for weeks before. Without that event, no later than it was made. */
static usec_t since_of(struct check_run *run, const struct pod_view *v, const struct container_view *c, const struct container_failure *failure)
{
	const struct event *back_off = pod_event(run, v->object, c, "BackOff", NULL);
	if (back_off && back_off->first > v->object->created)
		return back_off->first;
	return c->restarts == 0 && failure->end ? failure->end->finished : v->object->created;
}

static const char *crash_fix(struct check_run *run, const struct object *pod, const struct container_view *c, const struct container_failure *failure,
			     const char *words)
{
	int64_t code = failure->end ? failure->end->exit_code : 1;
	if (failure->end && code == 0)
		return "The main process ends by itself, as if its work were done: start it in the foreground, or use a Job if it is meant to end.";
	if (words)
		return arena_printf(run->arena, "Mend what its last words name: \"%s\"", words);
	if (code == 137)
		return arena_printf(run->arena,
				    "Nothing here says that memory was short (the reason is not OOMKilled): container %s was killed from outside, by "
				    "its node, a probe or a user, most likely because it did not end within %lld s of SIGTERM.",
				    c->name, (long long)value_get_int(pod->spec, "terminationGracePeriodSeconds", 30));
	if (code == 127)
		return arena_printf(run->arena, "The shell of container %s did not find a command: check command, args and the image %s.", c->name,
				    c->image);
	return NULL;
}

/* The runtime says the same of a program for another processor and of a script that does not name its interpreter. */
static void add_format(struct check_run *run, struct finding *f, const struct pod_view *v, const struct container_view *c)
{
	if (pod_add_arch(run, f, v, c))
		finding_fix(run, f, "%s A script whose first line is not #! and its interpreter fails the same way.", f->fix);
}

static void add_crash(struct check_run *run, const struct pod_view *v, const struct container_view *c, const struct container_failure *failure)
{
	const struct container_log *log = NULL;
	uint32_t line = 0;
	const char *words = pod_last_words(run, v, c, &log, &line);
	const char *why = failure->end ? arena_printf(run->arena, " with %s", exit_text(run, failure->end)) : "";
	const char *quote = words ? arena_printf(run->arena, ": \"%s\"", words) : "";
	const char *did = failure->end && failure->end->exit_code == 0 ? "exited" : "crashed";
	bool stays = c->state == CONTAINER_TERMINATED && str_eq(v->restart_policy, "Never");
	struct finding *f;
	if (stays)
		f = pod_finding(run, v, c, "%s has ended%s and is not restarted (restartPolicy Never)%s", container_text(run, v, c), why, quote);
	else
		f = pod_finding(run, v, c, "%s has %s %s%s%s%s", container_text(run, v, c), did,
				times(run, c->restarts + (c->state == CONTAINER_TERMINATED || c->restarts == 0 ? 1 : 0)), last_ago(run, failure->end),
				why, quote);
	add_end(run, f, c, failure);
	pod_add_last_words(run, f, words, log, line);
	finding_event(run, f, pod_event(run, v->object, c, "BackOff", NULL));
	f->fix = crash_fix(run, v->object, c, failure, words);
	if (words && strstr(words, "exec format error"))
		add_format(run, f, v, c);
	f->since = since_of(run, v, c, failure);
	pod_add_older_revision(run, f);
}

static void run_crashes(struct check_run *run, const struct object *o, bool init)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++) {
		const struct container_view *c = &v->containers[i];
		struct container_failure failure = container_failure(run, v, c);
		if (failure.what == FAILURE_CRASH && failure.when == FAILURE_NOW && (c->role == CONTAINER_INIT) == init)
			add_crash(run, v, c, &failure);
	}
}

static void run_crash_loop(struct check_run *run, const struct object *o)
{
	run_crashes(run, o, false);
}

static void run_init_failing(struct check_run *run, const struct object *o)
{
	run_crashes(run, o, true);
}

/* A Service that a text names ("db", "db:5432", "db.shop.svc") and that has no ready endpoint; NULL when there is none. */
static const struct object *dead_service_in(struct check_run *run, const char *ns, const char *text)
{
	static const char host_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	while (*(text += strcspn(text, host_chars))) {
		size_t len = strspn(text, host_chars), name_len = strcspn(text, ".");
		char name[64], other[64] = "";
		snprintf(name, sizeof(name), "%.*s", (int)MIN(MIN(name_len, len), sizeof(name) - 1), text);
		if (name_len < len)
			snprintf(other, sizeof(other), "%.*s", (int)MIN(strcspn(text + name_len + 1, "."), len - name_len - 1), text + name_len + 1);
		const struct object *service = inventory_find(run->inv, KIND_SERVICE, *other ? other : ns, name);
		uint32_t ready = 1, not_ready;
		if (service && value_len(value_get(service->spec, "selector")))
			index_endpoints(run, service, &ready, &not_ready);
		if (!ready && inventory_sees(run->inv, KIND_ENDPOINT_SLICE, service->ns))
			return service;
		text += len;
	}
	return NULL;
}

static const struct object *waited_for(struct check_run *run, const struct object *pod, const struct container_view *c)
{
	static const char *const lists[] = {"command", "args"};
	const struct object *found = NULL;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (value_each(word, value_get(c->spec, lists[i])))
			if (!found)
				found = dead_service_in(run, pod->ns, value_str(word, ""));
	for (value_each(e, value_get(c->spec, "env")))
		if (!found)
			found = dead_service_in(run, pod->ns, value_get_str(e, "value"));
	return found;
}

/* A port of this pod's own main containers that a text names ("localhost:8080"); 0 when none. */
static int64_t own_port_in(const struct pod_view *v, const char *text)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1"};
	for (size_t h = 0; h < ARRAY_LEN(hosts); h++) {
		const char *p = strstr(text, hosts[h]);
		if (!p || (p[strlen(hosts[h])] != ':' && p[strlen(hosts[h])] != ' '))
			continue;
		long long port = strtoll(p + strlen(hosts[h]) + 1, NULL, 10);
		for (uint32_t i = 0; i < v->count; i++)
			for (value_each(have, v->containers[i].role == CONTAINER_MAIN ? value_get(v->containers[i].spec, "ports") : NULL))
				if (value_get_int(have, "containerPort", 0) == port)
					return port;
	}
	return 0;
}

static int64_t own_port_of(const struct pod_view *v, const struct container_view *c)
{
	static const char *const lists[] = {"command", "args"};
	int64_t port = 0;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (value_each(word, value_get(c->spec, lists[i])))
			port = port ? port : own_port_in(v, value_str(word, ""));
	return port;
}

/* What an init container waits for, as far as its command tells: a Service, or, in vain, its own pod. */
static void add_waited_for(struct check_run *run, struct finding *f, const struct pod_view *v, const struct container_view *c)
{
	const struct object *o = v->object, *service = waited_for(run, o, c);
	int64_t port = own_port_of(v, c);
	if (service && selector_matches(value_get(service->spec, "selector"), o->labels, true)) {
		f->message = arena_printf(run->arena, "%s; it waits for %s, whose pods are this workload's own: they only start when it has ended",
					  f->message, run_text(run, service));
		finding_field(run, f, service, "spec.selector");
		f->severity = SEVERITY_ERROR;
		finding_fix(run, f, "Do not wait for %s in an init container of its own pods: move the step into the main container or a Job.",
			    run_text(run, service));
	} else if (service) {
		f->message = arena_printf(run->arena, "%s; it names %s, which has no ready endpoint", f->message, run_text(run, service));
		finding_subject_object(run, f, service);
		finding_fix(run, f, "See why %s has no ready pods.", run_text(run, service));
	} else if (port) {
		f->message = arena_printf(
			run->arena, "%s; it waits for port %lld of its own pod, which a main container serves: that only starts when it has ended",
			f->message, (long long)port);
		f->severity = SEVERITY_ERROR;
		finding_fix(
			run, f,
			"Make the container that serves port %lld a sidecar (an init container with restartPolicy Always, before %s), or move the "
			"step out of the init container.",
			(long long)port, c->name);
	}
}

static void run_init_waiting(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++) {
		const struct container_view *c = &v->containers[i];
		usec_t age = run_age(run, c->running_since);
		/* A sidecar lets the next containers start once it has started itself: when its startup probe, if any, has succeeded. */
		bool holds = c->role == CONTAINER_INIT || (c->role == CONTAINER_SIDECAR && !c->started && value_get(c->spec, "startupProbe"));
		if (!holds || c->state != CONTAINER_RUNNING || age < run->options->startup_grace)
			continue;
		/* A migration may take its time; what waits for a Service that nothing is behind waits in vain. */
		if (age < run->options->recovered_after && !waited_for(run, o, c))
			continue;
		const struct container_log *log = inventory_log(run->inv, o, c->name, false);
		uint32_t line = 0;
		const char *words = log && log->text ? pod_words(run, log->text, log->len, &line) : NULL;
		struct finding *f =
			pod_finding(run, v, c, "%s has been running for %s, and the pod's own containers wait for it%s%s%s",
				    container_text(run, v, c), run_span(run, age), words ? ": \"" : "", words ? words : "", words ? "\"" : "");
		finding_field(run, f, o, container_status_path(run->arena, c, "state.running.startedAt"));
		if (value_get(c->spec, "command"))
			finding_field(run, f, o, container_spec_path(run->arena, c, "command"));
		pod_add_last_words(run, f, words, log, line);
		finding_fix(run, f, "See what init container %s waits for (kubectl logs %s -c %s -n %s).", c->name, o->name, c->name, o->ns);
		f->since = c->running_since;
		add_waited_for(run, f, v, c);
	}
}

static void run_restarts_many(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++) {
		const struct container_view *c = &v->containers[i];
		struct container_failure failure = container_failure(run, v, c);
		bool mine = failure.what == FAILURE_CRASH || failure.what == FAILURE_LIVENESS || failure.what == FAILURE_STARTUP;
		if (!mine || failure.when == FAILURE_NOW)
			continue;
		bool recurs = failure.when == FAILURE_RECURRING;
		struct finding *f = pod_finding(run, v, c, "%s has restarted %s%s with %s%s", container_text(run, v, c), times(run, c->restarts),
						last_ago(run, failure.end), exit_text(run, failure.end),
						recurs                          ? ", and will likely do so again"
						: c->state == CONTAINER_RUNNING ? ", and runs now"
										: ", and has succeeded since");
		add_end(run, f, c, &failure);
		finding_event(run, f, failure.event);
		if (!recurs) {
			f->severity = c->restarts >= run->options->restart_threshold ? SEVERITY_WARNING : SEVERITY_INFO;
			finding_recovered(f, c->state == CONTAINER_RUNNING ? c->running_since : failure.end->finished);
		}
	}
}

/* kubelet's word that the node itself, not a container, ran out of memory about that time. */
static const struct event *node_oom(struct check_run *run, const struct object *node, const struct termination *end)
{
	const struct event_list *events = node ? inventory_events_of(run->inv, node) : NULL;
	for (uint32_t i = 0; events && end && i < events->len; i++) {
		const struct event *e = events->items[i];
		if (str_eq(e->reason, "SystemOOM") && e->last + USEC_PER_MINUTE >= end->finished && e->first <= end->finished + USEC_PER_MINUTE)
			return e;
	}
	return NULL;
}

/* Who set the limit, whether it was the node that ran out, and what is used now. */
static void add_oom_reason(struct check_run *run, struct finding *f, const struct pod_view *v, const struct container_view *c,
			   const struct container_failure *failure, const char *limit, const struct event *short_node)
{
	const struct object *giver = limit && !short_node ? pod_default_giver(run, v->object, c, "memory", "limit") : NULL, *metrics;
	const char *path;
	double used;
	if (giver) {
		f->message =
			arena_printf(run->arena, "%s; LimitRange %s sets that limit, the container has none of its own", f->message, giver->name);
		finding_field(run, f, v->object, "metadata.annotations['kubernetes.io/limit-ranger']");
		finding_subject_object(run, f, giver);
		finding_fix(run, f, "Set resources.limits.memory of container %s to what it needs: the default of LimitRange %s, %s, is too little.",
			    c->name, giver->name, limit);
	} else if (short_node) {
		finding_event(run, f, short_node);
		finding_subject_object(run, f, short_node->about);
		finding_fix(run, f, "Give the pods of node %s memory requests that match what they use, so that fewer are put there, or add memory.",
			    v->node);
	}
	if (failure->when != FAILURE_OVER && pod_usage(run, v->object, c->name, "memory", &used, &metrics, &path)) {
		char buf[32];
		f->message = arena_printf(run->arena, "%s; it uses %s now", f->message, quantity_format(used, true, buf));
		finding_field(run, f, metrics, path);
	}
}

static void add_oom(struct check_run *run, const struct pod_view *v, const struct container_view *c, const struct container_failure *failure)
{
	const char *limit = value_text(run->arena, value_at(c->spec, "resources.limits.memory"));
	const char *state = failure->when == FAILURE_OVER ? ", and runs now" : failure->when == FAILURE_RECURRING ? ", and will likely be again" : "";
	int64_t count = MAX(c->restarts, 1) + (c->state == CONTAINER_TERMINATED && c->restarts ? 1 : 0);
	const struct object *node = inventory_find(run->inv, KIND_NODE, "", v->node);
	const struct event *short_node = node_oom(run, node, failure->end);
	const char *cap = short_node ? arena_printf(run->arena, "because its node %s ran out of memory (its own limit is %s)", v->node,
						    limit ? limit : "not set")
			  : limit    ? arena_printf(run->arena, "for going over its memory limit of %s", limit)
				     : "because its node ran out of memory (it has no memory limit)";
	struct finding *f = pod_finding(run, v, c, "%s was killed %s %s%s%s", container_text(run, v, c), times(run, count), cap,
					last_ago(run, failure->end), state);
	add_end(run, f, c, failure);
	if (limit) {
		finding_field(run, f, v->object, container_spec_path(run->arena, c, "resources.limits.memory"));
		finding_fix(run, f, "Give container %s more than %s of memory, or make it need less: look at what it holds before raising the limit.",
			    c->name, limit);
	} else {
		finding_fix(run, f, "Set a memory request and limit on container %s, and look at which pods fill node %s.", c->name, v->node);
	}
	add_oom_reason(run, f, v, c, failure, limit, short_node);
	f->since = since_of(run, v, c, failure);
	if (failure->when == FAILURE_OVER)
		finding_recovered(f, c->running_since);
	pod_add_older_revision(run, f);
}

static void run_oom(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++) {
		struct container_failure failure = container_failure(run, v, &v->containers[i]);
		if (failure.what == FAILURE_OOM)
			add_oom(run, v, &v->containers[i], &failure);
	}
}

/* What the runtime says is long; the end names the matter: 'exec: "nosuch": executable file not found in $PATH'. */
static const char *run_error_words(struct check_run *run, const char *message)
{
	static const char *const starts[] = {"exec: \"",          "exec format error",         "error mounting",
					     "permission denied", "no such file or directory", "executable file not found"};
	const char *end = strstr(message, ": unknown");
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		const char *p = strstr(message, starts[i]);
		if (p && p[0] == 'e')
			return arena_printf(run->arena, "%.*s", (int)(end && end > p ? end - p : (ptrdiff_t)strlen(p)), p);
	}
	return message;
}

static const char *run_error_fix(struct check_run *run, const struct container_view *c, const char *message)
{
	if (strstr(message, "executable file not found") || strstr(message, "no such file or directory"))
		return arena_printf(run->arena, "Correct command or args of container %s, or use an image that has the program: %s does not.",
				    c->name, c->image);
	if (strstr(message, "exec format error"))
		return arena_printf(run->arena, "Image %s was built for another processor (or its script lacks a #! line): build it for the node's.",
				    c->image);
	if (strstr(message, "permission denied"))
		return arena_printf(run->arena, "Make the program of container %s executable in image %s, or correct its command.", c->name,
				    c->image);
	if (strstr(message, "runAsNonRoot") || strstr(message, "non-numeric user"))
		return arena_printf(run->arena, "Set securityContext.runAsUser of container %s to a number other than 0, or build image %s with one.",
				    c->name, c->image);
	return NULL;
}

static void run_run_error(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++) {
		const struct container_view *c = &v->containers[i];
		struct container_failure failure = container_failure(run, v, c);
		if (failure.what != FAILURE_RUN || failure.when != FAILURE_NOW)
			continue;
		bool waiting = c->state == CONTAINER_WAITING && !str_eq(c->waiting_reason, "CrashLoopBackOff");
		const char *message = waiting && *c->waiting_message         ? c->waiting_message
				      : failure.end && *failure.end->message ? failure.end->message
				      : failure.event                        ? failure.event->message
									     : c->waiting_reason;
		const char *command = value_text(run->arena, value_get(c->spec, "command"));
		bool hook = (waiting && str_eq(c->waiting_reason, "PostStartHookError")) || failure.event;
		struct finding *f =
			pod_finding(run, v, c, "%s cannot be started: %s%s", container_text(run, v, c),
				    hook && !strstr(message, "PostStartHook") ? "its PostStartHook fails: " : "", run_error_words(run, message));
		if (waiting && *c->waiting_message)
			finding_field(run, f, o, container_status_path(run->arena, c, "state.waiting.message"));
		else if (failure.end && *failure.end->message)
			finding_fieldf(run, f, o, "%s.message", container_status_path(run->arena, c, failure.end_path));
		else
			finding_field(run, f, o, container_status_path(run->arena, c, "state.waiting.reason"));
		if (command)
			finding_field(run, f, o, container_spec_path(run->arena, c, "command"));
		finding_event(run, f, failure.event ? failure.event : pod_event(run, o, c, "Failed", NULL));
		f->fix = run_error_fix(run, c, message);
		if (strstr(message, "exec format error"))
			add_format(run, f, v, c);
		f->since = o->created;
		pod_add_older_revision(run, f);
	}
}

const struct check check_pod_crash_loop = {
	.id = "pod/crash-loop",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Container keeps crashing",
	.explain = "A container ends soon after each start, and kubelet waits longer before each new try (CrashLoopBackOff, up to 5 minutes).\n\n"
		   "Found in status.containerStatuses: state, restartCount and how the last instance ended. A container that has by now run much "
		   "longer than its previous instance counts as recovered. When its log was read, the line that most likely says why is quoted.\n\n"
		   "Usual causes: a wrong setting, a dependency that cannot be reached at start, a missing file, a defect of the program.",
	.fix = "Read the log of the previous instance (kubectl logs --previous) and mend what it names.",
	.peers = "k8sgpt Pod; Popeye 203, 204",
	.run = run_crash_loop,
};

const struct check check_pod_init_failing = {
	.id = "pod/init-failing",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Init container fails",
	.explain =
		"An init container ends with an error; the pod's own containers are not started until it succeeds.\n\n"
		"Found in status.initContainerStatuses. Init containers whose restartPolicy is Always (sidecars) are judged as ordinary containers.",
	.fix = "Read the init container's log (kubectl logs -c NAME) and mend what it names.",
	.peers = "k8sgpt Pod; Popeye 203",
	.run = run_init_failing,
};

const struct check check_pod_init_waiting = {
	.id = "pod/init-waiting",
	.kind = KIND_POD,
	.severity = SEVERITY_WARNING,
	.title = "Init container does not end",
	.explain =
		"An init container has been running for longer than recovered_after, or than startup_grace when its command names a Service without ready endpoints; the pod's own containers are not started until it ends. The "
		"same holds for a sidecar whose startup probe has not succeeded.\n\n"
		"Often it waits in a loop for something that does not come (a database, a certificate). A long migration looks the same.",
	.fix = "See what the init container waits for: its command and its log say it.",
	.peers = "Popeye 203",
	.run = run_init_waiting,
};

const struct check check_pod_restarts_many = {
	.id = "pod/restarts-many",
	.kind = KIND_POD,
	.severity = SEVERITY_WARNING,
	.title = "Container restarts now and then",
	.explain = "A container has ended badly and was restarted, but is no crash loop: it lives for minutes between.\n\n"
		   "Active when it restarted at least restart_threshold times, last within the hour, and has not yet outlived its previous instance. "
		   "Otherwise it is kept as history.",
	.fix = "Read the log of the previous instance (kubectl logs --previous), and look at its memory and probes.",
	.peers = "Popeye 205",
	.run = run_restarts_many,
};

const struct check check_pod_oom_killed = {
	.id = "pod/oom-killed",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Container is killed for its memory",
	.explain = "The kernel killed the container because it used more memory than its limit (or, without one, because the node had none left).\n\n"
		   "Found as the reason OOMKilled of its last end. Kubernetes emits no event of its own for it.\n\n"
		   "Usual causes: a limit below what the program needs (a Java heap larger than the limit, a cache without bound), or a leak.",
	.fix = "Raise resources.limits.memory, or make the program use less.",
	.peers = "k8sgpt Pod; Popeye 205",
	.run = run_oom,
};

const struct check check_pod_run_error = {
	.id = "pod/run-error",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Container cannot be started",
	.explain =
		"The image is there, but the runtime cannot start the container: the command does not exist or cannot be executed, it is for "
		"another processor, a mount inside the image fails, or a post-start hook fails.\n\n"
		"Found as RunContainerError, CreateContainerError, a StartError of the last instance, or a CreateContainerConfigError that is about "
		"the user to run as.",
	.fix = "Correct the container's command, args, user or mounts as the message says.",
	.peers = "k8sgpt Pod; Popeye 203",
	.run = run_run_error,
};
