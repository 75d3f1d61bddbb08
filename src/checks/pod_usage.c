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

#define AT_LIMIT 0.95

/* A container that uses nearly all the CPU it may; the finding is begun, or NULL. */
static struct finding *at_limit(struct check_run *run, const struct pod_view *v, const struct container_view *c)
{
	double limit = 0, used = 0;
	const struct object *metrics;
	const char *path;
	if (c->state != CONTAINER_RUNNING || !value_quantity(value_at(c->spec, "resources.limits.cpu"), &limit) || limit <= 0 ||
	    !pod_usage(run, v->object, c->name, "cpu", &used, &metrics, &path) || used < AT_LIMIT * limit)
		return NULL;
	struct finding *f =
		pod_finding(run, v, c, "%s uses %s of %s CPU, its limit (%.0f %%): it is most likely throttled, and its probes time out",
			    container_text(run, v, c), run_quantity(run, used, false), run_quantity(run, limit, false), 100 * used / limit);
	finding_field(run, f, metrics, path);
	finding_field(run, f, v->object, container_spec_path(run->arena, c, "resources.limits.cpu"));
	return f;
}

/* Probes that fail now and then because the program got no turn. */
const struct event *pod_late_probe(struct check_run *run, const struct pod_view *v, const struct container_view *c)
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
		const struct value *limits = value_get(value_get(c->spec, "resources"), "limits");
		const struct event *e = value_get(limits, "cpu") ? pod_late_probe(run, v, c) : NULL;
		struct finding *f = e ? at_limit(run, v, c) : NULL;
		if (!f)
			continue;
		finding_event(run, f, e);
		finding_fix(run, f, "Raise resources.limits.cpu of container %s, or take the limit off and keep the request.", c->name);
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
		"Reported when probes of the container timed out within the hour; without such a sign it is advice (workload/cpu-near-limit). How long it "
		"was throttled is not in the API.",
	.fix = "Raise the CPU limit, or take it off and keep the request.",
	.peers = "Popeye 111",
	.run = run_cpu_at_limit,
};
