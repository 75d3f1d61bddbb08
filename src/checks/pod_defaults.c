/* Requests and limits that a container did not ask for: a LimitRange filled them in when the pod was made. */
#include "checks/pod.h"

/* "LimitRanger plugin set: cpu, memory request for container app; memory limit for container app": the server's own note. */
static bool is_given(struct check_run *run, const struct object *pod, const struct container_view *c, const char *resource, const char *what)
{
	bool init = c->role == CONTAINER_INIT || c->role == CONTAINER_SIDECAR;
	const char *words = arena_printf(run->arena, " %s for %scontainer %s", what, init ? "init " : "", c->name);
	const char *note = value_get_str(pod->annotations, "kubernetes.io/limit-ranger");
	for (const char *p = note, *end; *p; p = *end ? end + 1 : end) {
		end = p + strcspn(p, ";");
		const char *part = arena_strndup(run->arena, p, (size_t)(end - p)), *found = strstr(part, words), *named = strstr(part, resource);
		if (found && !found[strlen(words)] && named && named < found)
			return true;
	}
	return false;
}

const struct object *pod_default_giver(struct check_run *run, const struct object *pod, const struct container_view *c, const char *resource,
				       const char *what)
{
	const struct object_list *list = inventory_list(run->inv, KIND_LIMIT_RANGE);
	bool limit = str_eq(what, "limit");
	double have = -1;
	value_quantity(value_get(value_at(c->spec, limit ? "resources.limits" : "resources.requests"), resource), &have);
	if (!is_given(run, pod, c, resource, what))
		return NULL;
	for (uint32_t i = 0; i < list->len; i++)
		for (value_each(item, str_eq(list->items[i]->ns, pod->ns) ? value_get(list->items[i]->spec, "limits") : NULL)) {
			double a = 0;
			const char *field = limit || !value_get(value_get(item, "defaultRequest"), resource) ? "default" : "defaultRequest";
			if (value_quantity(value_get(value_get(item, field), resource), &a) && a == have)
				return list->items[i];
		}
	return NULL;
}
