/* What a node says to a pod: taints, labels, cordon, room. */
#include "checks/placement.h"
#include "checks/index.h"

const struct value *placement_taint(const struct object *pod, const struct object *node)
{
	for (value_each(t, value_get(node->spec, "taints"))) {
		bool prefer = str_eq(value_get_str(t, "effect"), "PreferNoSchedule");
		bool cordon = str_eq(value_get_str(t, "key"), "node.kubernetes.io/unschedulable");
		if (!prefer && !cordon && !taint_tolerated(value_get(pod->spec, "tolerations"), t))
			return t;
	}
	return NULL;
}

const char *placement_taint_text(struct check_run *run, const struct value *taint)
{
	const char *value = value_get_str(taint, "value");
	return arena_printf(run->arena, "%s%s%s:%s", value_get_str(taint, "key"), *value ? "=" : "", value, value_get_str(taint, "effect"));
}

bool placement_usable(const struct object *pod, const struct object *node)
{
	return node_selected(pod->spec, node) && !placement_taint(pod, node) && !value_get_bool(node->spec, "unschedulable", false);
}

const char *placement_amount(struct check_run *run, const char *resource, double q)
{
	char buf[32];
	bool bytes = str_eq(resource, "memory") || str_eq(resource, "ephemeral-storage");
	return arena_strdup(run->arena, quantity_format(q, bytes, buf));
}

const char *placement_unit(struct check_run *run, const char *resource)
{
	return str_eq(resource, "cpu") ? " CPU" : str_eq(resource, "memory") ? " of memory" : arena_printf(run->arena, " %s", resource);
}

bool placement_fits(double want, double left)
{
	return want <= left + 1e-9 * (want + 1);
}

static const char *short_of(struct check_run *run, const struct object *pod, const struct object *node, const char *resource)
{
	double have, want = pod_request(pod->spec, resource), left = index_node_free(run, node, resource, &have);
	/* An allocatable amount that is not told is not zero. */
	if (placement_fits(want, left) || have == 0)
		return NULL;
	return arena_printf(run->arena, "has %s of %s%s free, and it requests %s", placement_amount(run, resource, MAX(left, 0)),
			    placement_amount(run, resource, have), placement_unit(run, resource), placement_amount(run, resource, want));
}

const char *placement_obstacle(struct check_run *run, const struct object *pod, const struct object *node)
{
	const struct value *taint = placement_taint(pod, node);
	if (!node_selected(pod->spec, node))
		return "does not have the labels it selects";
	if (taint)
		return arena_printf(run->arena, "has taint %s, which it does not tolerate", placement_taint_text(run, taint));
	if (value_get_bool(node->spec, "unschedulable", false))
		return "is cordoned";
	const char *words = short_of(run, pod, node, "cpu");
	if (!words)
		words = short_of(run, pod, node, "memory");
	const struct node_room *room = index_node_room(run, node);
	if (!words && room && room->pods > 0 && room->pods_used >= room->pods)
		words = arena_printf(run->arena, "holds %.0f of %.0f pods", room->pods_used, room->pods);
	return words;
}

void placement_evidence(struct placement_note *note, const struct object *o, const char *path)
{
	if (note->count == PLACEMENT_EVIDENCE)
		return;
	note->evidence[note->count].object = o;
	note->evidence[note->count++].path = path;
}

#define NODES_TOLD 4

const char *placement_summary(struct check_run *run, const struct object *pod, const struct placement_volumes *volumes)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	const char *text = "";
	uint32_t told = 0;
	for (uint32_t i = 0; i < nodes->len; i++) {
		const struct object *volume = placement_unreached(volumes, nodes->items[i]);
		const char *obstacle = placement_obstacle(run, pod, nodes->items[i]);
		if (!obstacle && volume)
			obstacle = arena_printf(run->arena, "cannot reach its volume %s", volume->name);
		if (!obstacle)
			return NULL;
		if (told++ < NODES_TOLD)
			text = arena_printf(run->arena, "%s%snode %s %s", text, *text ? "; " : "", nodes->items[i]->name, obstacle);
	}
	return told > NODES_TOLD ? arena_printf(run->arena, "%s; and %u nodes more", text, told - NODES_TOLD) : *text ? text : NULL;
}
