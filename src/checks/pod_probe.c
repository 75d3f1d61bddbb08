/* Containers that run and do not answer their probes. */
#include "base/near.h"
#include "checks/nearest.h"
#include "checks/pod.h"

/* "Readiness probe failed: HTTP probe failed with statuscode: 503" -> what comes after the first colon, up to the end of the line. */
static const char *probe_words(struct check_run *run, const struct event *e)
{
	if (!e)
		return NULL;
	/* A probe that runs a command gives all that it printed: the first line says most. */
	const char *colon = strstr(e->message, "failed: "), *words = colon ? colon + 8 : e->message;
	return arena_strndup(run->arena, words, strcspn(words, "\r\n"));
}

static const char *probe_port_path(const struct value *probe, const struct value **ret)
{
	static const char *const handlers[] = {"httpGet", "tcpSocket", "grpc"};
	static const char *const paths[] = {"httpGet.port", "tcpSocket.port", "grpc.port"};
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		*ret = value_get(value_get(probe, handlers[i]), "port");
		if (*ret)
			return paths[i];
	}
	return NULL;
}

static bool declares_port(const struct container_view *c, const struct value *port)
{
	const struct value *ports = value_get(c->spec, "ports");
	for (value_each(p, ports)) {
		if (port->type == VALUE_STRING ? str_eq(value_get_str(p, "name"), value_str(port, ""))
					       : value_get_int(p, "containerPort", 0) == value_int(port, -1))
			return true;
	}
	/* A container need not declare its ports: only where it declares some does an unknown one mean anything. */
	return value_len(ports) == 0 && port->type != VALUE_STRING;
}

/* A port that the container does not declare is the likeliest reason why nobody answers. Adds evidence; returns what to say or "". */
static const char *port_doubt(struct check_run *run, struct finding *f, const struct container_view *c, const char *probe_key)
{
	const struct value *port, *probe = value_get(c->spec, probe_key);
	const char *path = probe_port_path(probe, &port);
	if (!path || declares_port(c, port))
		return "";
	const char *declared = value_text(run->arena, value_at(c->spec, "ports[0].containerPort"));
	finding_fieldf(run, f, f->object, "%s.%s", container_spec_path(run->arena, c, probe_key), path);
	finding_field(run, f, f->object, container_spec_path(run->arena, c, declared ? "ports[0].containerPort" : "name"));
	return arena_printf(run->arena, " (it asks port %s; the container declares %s)", value_text(run->arena, port), declared ? declared : "none");
}

static void probe_evidence(struct check_run *run, struct finding *f, const struct container_view *c, const char *probe_key)
{
	static const char *const handlers[] = {"httpGet", "tcpSocket", "grpc", "exec"};
	const struct value *probe = value_get(c->spec, probe_key);
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++)
		if (value_get(probe, handlers[i]))
			finding_fieldf(run, f, f->object, "%s.%s", container_spec_path(run->arena, c, probe_key), handlers[i]);
}

/* What the probe asks for: "/healthz". */
static const char *probe_path(struct check_run *run, const struct container_view *c, const char *probe_key)
{
	const char *path = value_text(run->arena, value_at(value_get(c->spec, probe_key), "httpGet.path"));
	return path && *path ? path : "/";
}

static void set_probe_fix(struct check_run *run, struct finding *f, const struct container_view *c, const char *probe_key, const char *doubt,
			  const char *words)
{
	const char *declared = value_text(run->arena, value_at(c->spec, "ports[0].containerPort"));
	if (*doubt && declared)
		finding_fix(run, f, "Point %s of container %s at port %s, where the container listens.", probe_key, c->name, declared);
	else if (words && strstr(words, "statuscode: 404"))
		finding_fix(run, f, "Correct the path of %s of container %s: the program answers %s with 404.", probe_key, c->name,
			    probe_path(run, c, probe_key));
	else if (words && strstr(words, "connection refused"))
		finding_fix(run, f, "See whether container %s listens on the probe's port yet (its log), or correct the port of %s.", c->name,
			    probe_key);
	else if (words && (strstr(words, "deadline exceeded") || strstr(words, "timed out") || strstr(words, "Timeout")))
		finding_fix(run, f, "Container %s does not answer within the probe's timeoutSeconds: find what slows it, or raise it.", c->name);
	else
		finding_fix(run, f, "Find out what makes container %s answer its %s so: read its log, or correct the probe.", c->name, probe_key);
}

static void run_probe_kills(struct check_run *run, const struct object *o, enum failure what, const char *probe_key, const char *probe_name)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++) {
		const struct container_view *c = &v->containers[i];
		struct container_failure failure = container_failure(run, v, c);
		if (failure.what != what || failure.when != FAILURE_NOW)
			continue;
		const char *words = failure.event && str_eq(failure.event->reason, "Unhealthy") ? probe_words(run, failure.event) : NULL;
		int64_t kills = MAX(c->restarts, 1);
		struct finding *f = pod_finding(run, v, c, "%s was killed %lld time%s by its %s probe", container_text(run, v, c), (long long)kills,
						kills == 1 ? "" : "s", probe_name);
		finding_field(run, f, o, container_status_path(run->arena, c, "restartCount"));
		probe_evidence(run, f, c, probe_key);
		const char *doubt = port_doubt(run, f, c, probe_key);
		f->message = arena_printf(run->arena, "%s%s%s%s", f->message, words ? ": " : "", words ? words : "", doubt);
		finding_event(run, f, failure.event);
		set_probe_fix(run, f, c, probe_key, doubt, words);
		f->since = failure.event ? failure.event->first : o->created;
		pod_add_older_revision(run, f);
	}
}

static void run_liveness(struct check_run *run, const struct object *o)
{
	run_probe_kills(run, o, FAILURE_LIVENESS, "livenessProbe", "liveness");
}

static void run_startup(struct check_run *run, const struct object *o)
{
	run_probe_kills(run, o, FAILURE_STARTUP, "startupProbe", "startup");
}

static bool node_is_lost(struct check_run *run, const struct pod_view *v)
{
	const struct object *node = inventory_find(run->inv, KIND_NODE, "", v->node);
	if (!node)
		return inventory_sees(run->inv, KIND_NODE, NULL);
	const char *ready = condition_status(node, "Ready");
	return *ready && !str_eq(ready, "True");
}

/* A program that answers its probe with 404 or 403 is up, and will not answer otherwise by and by. */
static bool is_refused(struct check_run *run, const struct pod_view *v, const struct container_view *c)
{
	const struct event *e = pod_event(run, v->object, c, "Unhealthy", "Readiness probe");
	return e && e->count >= 5 && strstr(e->message, "statuscode: 4");
}

/* The container that keeps the pod from being ready, or NULL when all of them are. still_starting: none is to blame yet. */
static const struct container_view *unready_container(struct check_run *run, const struct pod_view *v, bool *ret_still_starting)
{
	*ret_still_starting = false;
	for (uint32_t i = 0; i < v->count; i++) {
		const struct container_view *c = &v->containers[i];
		if (c->role == CONTAINER_INIT || c->role == CONTAINER_EPHEMERAL || c->ready || c->state != CONTAINER_RUNNING)
			continue;
		bool young = c->running_since && run_age(run, c->running_since) < run->options->startup_grace;
		bool was_ready = v->ready_condition && value_get_time(v->ready_condition, "lastTransitionTime") > c->running_since + USEC_PER_MINUTE;
		*ret_still_starting = (young && !was_ready && !is_refused(run, v, c)) || (value_get(c->spec, "startupProbe") && !c->started);
		return c;
	}
	return NULL;
}

static void add_unready(struct check_run *run, const struct pod_view *v, const struct container_view *c)
{
	const struct object *o = v->object;
	const struct event *e = pod_event(run, o, c, "Unhealthy", "Readiness probe");
	const char *words = probe_words(run, e);
	usec_t since = value_get_time(v->ready_condition, "lastTransitionTime");
	const char *span = since ? arena_printf(run->arena, " for %s", run_ago(run, since)) : "";
	struct finding *f = pod_finding(run, v, c, "%s runs and has not been ready%s", container_text(run, v, c), span);
	finding_field(run, f, o, container_status_path(run->arena, c, "ready"));
	probe_evidence(run, f, c, "readinessProbe");
	const char *doubt = port_doubt(run, f, c, "readinessProbe");
	f->message = arena_printf(run->arena, "%s%s%s%s", f->message, words ? ": " : "", words ? words : "", doubt);
	finding_event(run, f, e);
	set_probe_fix(run, f, c, "readinessProbe", doubt, words);
	f->since = since;
	pod_add_older_revision(run, f);
}

/* Every container is ready and the pod is not: a readiness gate, or a condition that someone else sets. */
static void add_gated(struct check_run *run, const struct pod_view *v)
{
	const char *why = value_get_str(v->ready_condition, "message");
	struct finding *f =
		pod_finding(run, v, NULL, "%s is not ready though its containers are%s%s", run_text(run, v->object), *why ? ": " : "", why);
	finding_fieldf(run, f, v->object, "status.conditions[%u].status", v->ready_index);
	if (*why)
		finding_fieldf(run, f, v->object, "status.conditions[%u].message", v->ready_index);
	finding_fix(run, f, "See who should set the missing condition (spec.readinessGates), often a load balancer's controller.");
	f->since = value_get_time(v->ready_condition, "lastTransitionTime");
}

static bool all_running(const struct pod_view *v)
{
	for (uint32_t i = 0; i < v->count; i++)
		if (v->containers[i].role == CONTAINER_MAIN && v->containers[i].state != CONTAINER_RUNNING)
			return false;
	return v->count > 0;
}

static void run_not_ready(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	bool still_starting;
	if (!pod_is_alive(v) || v->ready || !str_eq(v->phase, "Running") || pod_has_failure(run, v) || node_is_lost(run, v))
		return;
	const struct container_view *c = unready_container(run, v, &still_starting);
	if (c && !still_starting)
		add_unready(run, v, c);
	else if (!c && v->ready_condition && all_running(v) &&
		 run_age(run, value_get_time(v->ready_condition, "lastTransitionTime")) >= run->options->startup_grace)
		add_gated(run, v);
}

/* kubelet looks a name up among the container's own ports, of whatever protocol; a name made of digits is a number. */
static bool names_no_port(const struct container_view *c, const struct value *port)
{
	const char *name = port && port->type == VALUE_STRING ? value_str(port, "") : "";
	return *name && strspn(name, "0123456789") != strlen(name) && !declares_port(c, port);
}

static void add_unserved(struct check_run *run, const struct pod_view *v, const struct container_view *c, const char *probe_key, const char *path,
			 const struct value *port)
{
	struct near near;
	near_init(&near, value_str(port, ""));
	for (value_each(p, value_get(c->spec, "ports")))
		near_try(&near, value_get_str(p, "name"));
	bool liveness = str_eq(probe_key, "livenessProbe");
	struct finding *f =
		pod_finding(run, v, c, "%s has a %s that asks the port named %s, which it does not declare%s: %s", container_text(run, v, c),
			    probe_key, value_str(port, ""), nearest_hint(run, near.best), liveness ? "it is never checked" : "it can never pass");
	finding_fieldf(run, f, v->object, "%s.%s", container_spec_path(run->arena, c, probe_key), path);
	finding_field(run, f, v->object, container_spec_path(run->arena, c, value_get(c->spec, "ports") ? "ports" : "name"));
	finding_fix(run, f, "Point %s of container %s at %s, or declare a port named %s.", probe_key, c->name,
		    near.best ? near.best : "a port that it declares", value_str(port, ""));
	f->since = v->object->created;
	if (liveness)
		f->severity = SEVERITY_WARNING;
}

static void run_port_unserved(struct check_run *run, const struct object *o)
{
	static const char *const probes[] = {"startupProbe", "readinessProbe", "livenessProbe"};
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++) {
		for (size_t k = 0; k < ARRAY_LEN(probes); k++) {
			const struct value *port = NULL;
			const char *path = probe_port_path(value_get(v->containers[i].spec, probes[k]), &port);
			if (path && names_no_port(&v->containers[i], port)) {
				add_unserved(run, v, &v->containers[i], probes[k], path, port);
				break; /* the probes of one container mostly share the slip */
			}
		}
	}
}

const struct check check_pod_probe_port_unserved = {
	.id = "pod/probe-port-unserved",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Probe asks a port that does not exist",
	.explain =
		"A probe names a port that its container does not declare. kubelet cannot resolve the name, so that the probe neither passes nor fails: a readiness "
		"or startup probe then never passes, and a liveness probe never restarts anything (a warning).\n\n"
		"A port given as a number is not judged here: the program may serve it all the same. When such a probe fails, pod/not-ready, pod/liveness-failing and "
		"pod/startup-failing compare it with the ports that are declared.",
	.fix = "Name a port that the container declares, or give the probe a number.",
	.run = run_port_unserved,
};

const struct check check_pod_liveness_failing = {
	.id = "pod/liveness-failing",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Liveness probe kills a container",
	.explain =
		"kubelet kills and restarts the container because its liveness probe fails. To the container this looks like a crash with exit code "
		"137 or 143.\n\n"
		"Found by the Killing and Unhealthy events around the end of the last instance. The probe's port is compared with the ports that the "
		"container declares.\n\n"
		"Usual causes: a wrong port or path, a probe that starts before the program is up (use a startupProbe), a program that hangs.",
	.fix = "Correct the probe, or find out why the program does not answer it.",
	.run = run_liveness,
};

const struct check check_pod_startup_failing = {
	.id = "pod/startup-failing",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Startup probe kills a container",
	.explain = "The container does not pass its startup probe within failureThreshold times periodSeconds, and is killed each time.",
	.fix = "Give the program more time (failureThreshold), correct the probe, or find out why it starts so slowly.",
	.run = run_startup,
};

const struct check check_pod_not_ready = {
	.id = "pod/not-ready",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Pod runs and is not ready",
	.explain = "All containers run, and the pod still gets no traffic: its readiness probe fails, or a readiness gate is not met.\n\n"
		   "Containers younger than startup_grace, or still within their startup probe, are starting and not reported; neither are pods on a "
		   "node that is itself not ready.",
	.fix = "Look at what the readiness probe says.",
	.run = run_not_ready,
};
