/* What containers use, by metrics.k8s.io, against their limits. */
#include "checks/pod.h"

bool pod_usage(struct check_run *run, const struct object *pod, const char *container, const char *resource, double *ret,
	       const struct object **ret_metrics, const char **ret_path)
{
	const struct object *metrics = inventory_find_custom(run->inv, "metrics.k8s.io", "PodMetrics", pod->ns, pod->name);
	uint32_t i = 0;
	for (value_each(c, metrics ? value_get(&metrics->root, "containers") : NULL)) {
		uint32_t index = i++;
		if (!str_eq(value_get_str(c, "name"), container) || !value_quantity(value_get(value_get(c, "usage"), resource), ret))
			continue;
		*ret_metrics = metrics;
		*ret_path = arena_printf(run->arena, "containers[%u].usage.%s", index, resource);
		return true;
	}
	return false;
}

static const char *amount(struct check_run *run, const char *resource, double q)
{
	char buf[32];
	return arena_strdup(run->arena, quantity_format(q, str_eq(resource, "memory"), buf));
}

/* A container that uses at least `share` of its limit; the finding is begun, or NULL. */
static struct finding *near_limit(struct check_run *run, const struct pod_view *v, const struct container_view *c, const char *resource, double share)
{
	double limit = 0, used = 0;
	const struct object *metrics;
	const char *path, *limit_path = arena_printf(run->arena, "resources.limits.%s", resource);
	if (c->state != CONTAINER_RUNNING || !value_quantity(value_at(c->spec, limit_path), &limit) || limit <= 0 ||
	    !pod_usage(run, v->object, c->name, resource, &used, &metrics, &path) || used < share * limit)
		return NULL;
	struct finding *f = pod_finding(run, v, c, "%s uses %s of %s%s, its limit (%.0f %%)", container_text(run, v, c), amount(run, resource, used),
					amount(run, resource, limit), str_eq(resource, "cpu") ? " CPU" : " of memory", 100 * used / limit);
	finding_field(run, f, metrics, path);
	finding_field(run, f, v->object, container_spec_path(run->arena, c, limit_path));
	return f;
}

/* Probes that fail now and then because the program got no turn. */
static const struct event *late_probe(struct check_run *run, const struct pod_view *v, const struct container_view *c)
{
	static const char *const words[] = {"context deadline exceeded", "Client.Timeout", "timed out"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct event *e = pod_event(run, v->object, c, "Unhealthy", words[i]);
		if (e && run_age(run, e->last) < USEC_PER_HOUR)
			return e;
	}
	return NULL;
}

static void run_cpu_at_limit(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++) {
		const struct container_view *c = &v->containers[i];
		const struct event *e = late_probe(run, v, c);
		struct finding *f = e || run->options->advice ? near_limit(run, v, c, "cpu", 0.95) : NULL;
		if (!f)
			continue;
		f->severity = e ? SEVERITY_WARNING : SEVERITY_INFO;
		f->message = arena_printf(run->arena, "%s: it is most likely throttled%s", f->message, e ? ", and its probes time out" : "");
		finding_event(run, f, e);
		finding_fix(run, f, "Raise resources.limits.cpu of container %s, or take the limit off and keep the request.", c->name);
	}
}

static void run_memory_near_limit(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++) {
		const struct container_view *c = &v->containers[i];
		struct container_failure failure = container_failure(run, v, c);
		struct finding *f = failure.what == FAILURE_OOM ? NULL : near_limit(run, v, c, "memory", 0.90);
		if (f)
			f->message = arena_printf(run->arena, "%s: above it the kernel kills it", f->message);
	}
}

const struct check check_pod_cpu_at_limit = {
	.id = "pod/cpu-at-limit",
	.kind = KIND_POD,
	.severity = SEVERITY_WARNING,
	.title = "Container uses all the CPU it may",
	.explain =
		"The container uses at least 95 % of its CPU limit (metrics.k8s.io): the kernel most likely throttles it, which shows as slow answers "
		"and probes that time out.\n\n"
		"A warning when probes of the container timed out within the hour; without such a sign it is told only with --advice. How long it was "
		"throttled is not in the API.",
	.fix = "Raise the CPU limit, or take it off and keep the request.",
	.run = run_cpu_at_limit,
};

const struct check check_pod_memory_near_limit = {
	.id = "pod/memory-near-limit",
	.kind = KIND_POD,
	.severity = SEVERITY_INFO,
	.title = "Container uses nearly all the memory it may",
	.explain =
		"The container uses at least 90 % of its memory limit (metrics.k8s.io). Part of it may be cache that the kernel gives back; what cannot be "
		"given back ends in an OOM kill at the limit.",
	.fix = "Raise resources.limits.memory, or make the program use less, before the kernel kills it.",
	.peers = "Popeye 110",
	.advice = true,
	.run = run_memory_near_limit,
};
