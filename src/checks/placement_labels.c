/* Labels that a pod wants of its node and no node has: what was probably meant. */
#include "base/near.h"
#include "checks/placement.h"

/* What nodes have instead of a label: a like value, a like key. NULL when a node has it, or nothing is near. */
static const char *near_label(struct check_run *run, const char *key, const char *value)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	struct near values, keys;
	bool has_key = false;
	near_init(&values, value);
	near_init(&keys, key);
	for (uint32_t i = 0; i < nodes->len; i++) {
		const struct value *have = value_get(nodes->items[i]->labels, key);
		if (have && str_eq(value_str(have, ""), value))
			return NULL;
		has_key = has_key || have;
		if (have)
			near_try(&values, value_str(have, ""));
		for (member_each(m, nodes->items[i]->labels))
			near_try(&keys, m->key);
	}
	if (has_key)
		return values.best ? arena_printf(run->arena, "%s=%s", key, values.best) : NULL;
	return keys.best ? arena_printf(run->arena, "%s=%s", keys.best, value) : NULL;
}

const char *placement_near_label(struct check_run *run, const struct object *pod)
{
	const char *found = NULL;
	for (member_each(m, value_get(pod->spec, "nodeSelector")))
		found = found ? found : near_label(run, m->key, value_str(&m->v, ""));
	const struct value *terms = value_at(pod->spec, "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
	for (value_each(term, terms))
		for (value_each(e, value_get(term, "matchExpressions")))
			if (!found && str_eq(value_get_str(e, "operator"), "In"))
				found = near_label(run, value_get_str(e, "key"), value_str(value_item(value_get(e, "values"), 0), ""));
	return found;
}

const char *placement_affinity_text(struct check_run *run, const struct object *pod)
{
	const struct value *term = value_at(pod->spec, "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]");
	const char *text = "";
	for (value_each(e, value_get(term, "matchExpressions"))) {
		const char *values = value_text(run->arena, value_get(e, "values"));
		text = arena_printf(run->arena, "%s%s%s %s%s%s", text, *text ? ", " : "", value_get_str(e, "key"), value_get_str(e, "operator"),
				    values ? " " : "", values ? values : "");
	}
	return *text ? arena_printf(run->arena, " (%s)", text) : "";
}
