#include "checks/nearest.h"

#include "base/near.h"

const char *nearest_name(struct check_run *run, enum kind_id kind, const char *ns, const char *name)
{
	const struct object_list *list = inventory_list(run->inv, kind);
	struct near near;
	near_init(&near, name);
	for (uint32_t i = 0; i < list->len; i++)
		if (str_eq(list->items[i]->ns, ns) && !list->items[i]->deleted)
			near_try(&near, list->items[i]->name);
	return near.best;
}

const char *nearest_hint(struct check_run *run, const char *near)
{
	return near ? arena_printf(run->arena, " (did you mean %s?)", near) : "";
}

static void compare(const struct object *o, const char *name, const struct value *wanted, struct nearest *best, size_t *best_distance)
{
	const struct value *labels = pod_labels_of(o, NULL);
	struct nearest n = {.workload = o};
	size_t distance = near_distance(o->name, name, 20);
	for (member_each(m, wanted)) {
		const struct value *have = value_get_n(labels, m->key, m->v.key_len);
		if (have && value_equal(have, &m->v))
			continue;
		n.differences++;
		n.want = m;
		n.has = have ? value_str(have, "") : NULL;
		distance += n.has ? near_distance(n.has, value_str(&m->v, ""), 20) : 10;
	}
	if (n.differences < best->differences || (n.differences == best->differences && distance < *best_distance)) {
		*best = n;
		*best_distance = distance;
	}
}

static bool is_slip(const struct nearest *n)
{
	return n->has && near_distance(n->has, value_str(&n->want->v, ""), 20) <= near_limit(n->has);
}

struct nearest nearest_workload(struct check_run *run, const char *ns, const char *name, const struct value *selector, bool plain)
{
	static const enum kind_id kinds[] = {KIND_DEPLOYMENT, KIND_STATEFUL_SET, KIND_DAEMON_SET, KIND_POD};
	const struct value *wanted = plain ? selector : value_get(selector, "matchLabels");
	struct nearest best = {.differences = UINT32_MAX};
	size_t best_distance = SIZE_MAX;
	if (value_len(wanted) == 0 || (!plain && value_len(value_get(selector, "matchExpressions"))))
		return (struct nearest){0};
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list list = inventory_select(run->inv, run->arena, kinds[k], ns, NULL, false);
		for (uint32_t i = 0; i < list.len; i++)
			if (kinds[k] != KIND_POD || !list.items[i]->owner)
				compare(list.items[i], name, wanted, &best, &best_distance);
	}
	/* Sharing nothing at all with the selector, and having nothing like its values, is not near. */
	bool near = best.workload && best.want && (best.differences < value_len(wanted) || is_slip(&best) || str_eq(best.workload->name, name));
	return near ? best : (struct nearest){0};
}

const char *nearest_words(struct check_run *run, const struct nearest *near)
{
	if (!near->workload)
		return "";
	const char *who = run_text(run, near->workload);
	if (!near->has)
		return arena_printf(run->arena, "; the pods of %s lack the label %s", who, near->want->key);
	if (near->differences == 1 && is_slip(near))
		return arena_printf(run->arena, "; the pods of %s have %s=%s (did you mean that?)", who, near->want->key, near->has);
	return arena_printf(run->arena, "; the pods of %s have %s=%s", who, near->want->key, near->has);
}
