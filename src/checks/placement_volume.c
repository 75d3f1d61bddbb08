/* Volumes that only some nodes reach: a disk of one zone, a directory of one node. */
#include "checks/placement.h"

struct walk {
	struct check_run *run;
	const struct object *pod;
	struct placement_volumes found;
};

static const char *const zone_labels[] = {"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"};

static const struct value *terms_of(const struct object *volume)
{
	return value_at(volume->spec, "nodeAffinity.required.nodeSelectorTerms");
}

/* Old volumes have their zone as a label instead ("a" or "a__b"). */
static const char *zone_of(const struct object *o)
{
	for (size_t i = 0; i < ARRAY_LEN(zone_labels); i++)
		if (*value_get_str(o->labels, zone_labels[i]))
			return value_get_str(o->labels, zone_labels[i]);
	return "";
}

static bool zone_listed(const char *list, const char *zone)
{
	size_t n = strlen(zone);
	for (const char *p = list; (p = strstr(p, zone)); p += n)
		if ((p == list || (p - list >= 2 && strncmp(p - 2, "__", 2) == 0)) && (!p[n] || strncmp(p + n, "__", 2) == 0))
			return true;
	return false;
}

static int add_volume(void *arg, const struct pod_ref *ref)
{
	struct walk *w = arg;
	if (ref->kind != KIND_PERSISTENT_VOLUME_CLAIM)
		return 0;
	const struct object *claim = inventory_find(w->run->inv, KIND_PERSISTENT_VOLUME_CLAIM, w->pod->ns, ref->name);
	const char *name = claim ? value_get_str(claim->spec, "volumeName") : "";
	const struct object *volume = *name ? inventory_find(w->run->inv, KIND_PERSISTENT_VOLUME, "", name) : NULL;
	if (!volume || (value_len(terms_of(volume)) == 0 && !*zone_of(volume)))
		return 0;
	typeof(w->found.items) item = arena_push(w->run->arena, &w->found);
	item->claim = claim;
	item->volume = volume;
	return 0;
}

struct placement_volumes placement_volumes(struct check_run *run, const struct object *pod)
{
	struct walk w = {.run = run, .pod = pod};
	pod_refs_each(pod->spec, "spec", NULL, add_volume, &w);
	return w.found;
}

static bool reaches(const struct object *volume, const struct object *node)
{
	if (value_len(terms_of(volume)))
		return node_terms_match(terms_of(volume), node);
	const char *zone = zone_of(node);
	return *zone && zone_listed(zone_of(volume), zone);
}

const struct object *placement_unreached(const struct placement_volumes *volumes, const struct object *node)
{
	for (uint32_t i = 0; i < volumes->len; i++)
		if (!reaches(volumes->items[i].volume, node))
			return volumes->items[i].volume;
	return NULL;
}

const char *placement_volume_place(struct check_run *run, const struct object *volume)
{
	const struct value *e = value_item(value_get(value_item(terms_of(volume), 0), "matchExpressions"), 0), *values = value_get(e, "values");
	const char *key = value_get_str(e, "key"), *value = value_str(value_item(values, 0), "?"), *last = strrchr(key, '/');
	const char *more = value_len(values) > 1 ? " and others" : "";
	if (value_len(terms_of(volume)) == 0)
		return arena_printf(run->arena, "in zone %s", zone_of(volume));
	if (str_eq(key, "kubernetes.io/hostname") || str_eq(key, "topology.hostpath.csi/node"))
		return arena_printf(run->arena, "on node %s%s", value, more);
	if (last && (str_eq(last, "/zone") || str_eq(last, "/region")))
		return arena_printf(run->arena, "in %s %s%s", last + 1, value, more);
	return arena_printf(run->arena, "on nodes with %s=%s%s", key, value, more);
}

/* Why none of the nodes that reach the volume can be used: the first of them, by name, and its obstacle. */
static const char *near_volume(struct check_run *run, const struct object *pod, const struct object *volume, const struct object **ret_node)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	for (uint32_t i = 0; i < nodes->len; i++) {
		if (!reaches(volume, nodes->items[i]))
			continue;
		*ret_node = nodes->items[i];
		return placement_obstacle(run, pod, nodes->items[i]);
	}
	*ret_node = NULL;
	return NULL;
}

bool placement_volume_note(struct check_run *run, const struct object *pod, struct placement_note *ret)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	struct placement_volumes volumes = placement_volumes(run, pod);
	const struct object *blame = NULL, *near = NULL;
	uint32_t usable = 0;
	for (uint32_t i = 0; i < nodes->len && volumes.len; i++) {
		if (!placement_usable(pod, nodes->items[i]))
			continue;
		usable++;
		const struct object *volume = placement_unreached(&volumes, nodes->items[i]);
		if (!volume)
			return false;
		blame = blame ? blame : volume;
	}
	if (!blame)
		return false;
	const struct object *claim = NULL;
	for (uint32_t i = 0; i < volumes.len; i++)
		if (volumes.items[i].volume == blame)
			claim = volumes.items[i].claim;
	const char *place = placement_volume_place(run, blame), *obstacle = near_volume(run, pod, blame, &near);
	const char *why_not = !near      ? "; no node of the cluster is there"
			      : obstacle ? arena_printf(run->arena, "; node %s is there, but %s", near->name, obstacle)
					 : "";
	ret->why = arena_printf(run->arena,
				"its volume %s (PersistentVolumeClaim %s) can only be used %s, and none of the %u node%s it may use is there%s",
				blame->name, claim->name, place, usable, usable == 1 ? "" : "s", why_not);
	ret->fix = near ? arena_printf(run->arena,
				       "Let the pod run on node %s (its selector, affinity, tolerations, room), or move the data to "
				       "a volume that the other nodes reach.",
				       near->name)
			: arena_printf(run->arena, "Add (or bring back) a node %s, or restore the data to a volume that the nodes reach.", place);
	bool cordoned = near && value_get_bool(near->spec, "unschedulable", false);
	ret->blame = cordoned ? near : blame;
	placement_evidence(ret, claim, "spec.volumeName");
	placement_evidence(ret, blame,
			   value_len(terms_of(blame)) ? "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]"
						      : "metadata.labels");
	if (cordoned)
		placement_evidence(ret, near, "spec.unschedulable");
	return true;
}
