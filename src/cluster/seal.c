/* Sealing an inventory: order, owners and every index, made once when all objects are there. */
#include "cluster/inventory_internal.h"

/* Owners above owners in real clusters: Pod, Job, CronJob, and a few operators' kinds. Longer chains are cut. */
#define OWNER_DEPTH_MAX 16

static int compare_objects(const void *a, const void *b)
{
	const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;
	if (x->kind != y->kind) {
		int c = strcmp(x->kind->group, y->kind->group);
		return c ? c : strcmp(x->kind->name, y->kind->name);
	}
	int c = x->ns == y->ns ? 0 : strcmp(x->ns, y->ns);
	return c ? c : strcmp(x->name, y->name);
}

static void sort_list(struct object_list *list)
{
	/* A server lists in this order already: look before sorting. */
	bool sorted = true;
	for (uint32_t i = 1; i < list->len && sorted; i++)
		sorted = compare_objects(&list->items[i - 1], &list->items[i]) < 0;
	if (!sorted)
		qsort(list->items, list->len, sizeof(*list->items), compare_objects);
	for (uint32_t i = 0; i < list->len; i++)
		list->items[i]->index = i;
}

static struct object *find_owner(const struct inventory *inv, const struct object *o)
{
	const struct value *ref = o->controller;
	if (!ref)
		return NULL;
	const char *uid = value_get_str(ref, "uid");
	struct object *owner = *uid ? inventory_find_uid(inv, uid) : NULL;
	if (owner)
		return owner;
	/* Hand-written cases have no uids. A namesake with another uid is not the owner. */
	const char *api_version = value_get_str(ref, "apiVersion"), *kind = value_get_str(ref, "kind"), *name = value_get_str(ref, "name");
	const struct kind *k = kind_by_gvk(api_version, kind);
	if (k) {
		owner = inventory_find(inv, k->id, o->ns, name);
	} else {
		char group[256];
		const char *slash = strchr(api_version, '/');
		snprintf(group, sizeof(group), "%.*s", slash ? (int)MIN(slash - api_version, 255) : 0, api_version);
		owner = inventory_find_custom(inv, group, kind, o->ns, name);
	}
	return owner && (!*uid || !*owner->uid) ? owner : NULL;
}

/* Whether making `owner` the owner of o would close a circle (or a chain no real cluster has). */
static bool would_loop(const struct object *o, const struct object *owner)
{
	for (int depth = 0; owner; owner = owner->owner, depth++)
		if (owner == o || depth >= OWNER_DEPTH_MAX)
			return true;
	return false;
}

static void link_owners(struct inventory *inv)
{
	for (size_t k = 0; k < KIND_COUNT; k++) {
		for (uint32_t i = 0; i < inv->lists[k].len; i++) {
			struct object *o = inv->lists[k].items[i], *owner = find_owner(inv, o);
			if (owner && !would_loop(o, owner)) {
				o->owner = owner;
				owner->child_count++;
			}
		}
	}
	/* Second pass: room for each owner's children, filled in list order. */
	for (size_t k = 0; k < KIND_COUNT; k++) {
		for (uint32_t i = 0; i < inv->lists[k].len; i++) {
			struct object *owner = inv->lists[k].items[i]->owner;
			if (!owner)
				continue;
			if (!owner->children) {
				owner->children = arena_new_array(&inv->arena, struct object *, owner->child_count);
				owner->child_count = 0;
			}
			owner->children[owner->child_count++] = inv->lists[k].items[i];
		}
	}
}

static void index_uids(struct inventory *inv)
{
	for (size_t k = 0; k < KIND_COUNT; k++) {
		for (uint32_t i = 0; i < inv->lists[k].len; i++) {
			struct object *o = inv->lists[k].items[i];
			if (*o->uid)
				hash_put(&inv->by_uid, o->uid, intern_len(o->uid), o);
		}
	}
}

static void index_nodes(struct inventory *inv)
{
	const struct object_list *pods = &inv->lists[KIND_POD];
	for (uint32_t i = 0; i < pods->len; i++) {
		const struct value *node = value_get(pods->items[i]->spec, "nodeName");
		if (!node || node->type != VALUE_STRING || node->len == 0)
			continue;
		const char *name = intern_add(&inv->strings, node->s, node->len);
		struct object_list *list = hash_get_ptr(&inv->pods_on, name);
		if (!list) {
			list = arena_new(&inv->arena, struct object_list);
			hash_put_ptr(&inv->pods_on, name, list);
		}
		*arena_push(&inv->arena, list) = pods->items[i];
	}
}

/* Logs were added by name: now their pods are known. Those of pods that were not recorded cannot be asked for. */
static void link_logs(struct inventory *inv)
{
	uint32_t count = inv->logs.len, lost = 0;
	inv->logs.len = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct log_node *n = inv->logs.items[i];
		n->log.pod = inventory_find(inv, KIND_POD, n->ns, n->pod_name);
		if (!n->log.pod) {
			lost++;
			continue;
		}
		struct log_node *before = inventory_find_log(inv, n->log.pod, n->log.container, n->log.previous);
		if (before)
			before->log = n->log;
		else
			inventory_link_log(inv, n);
	}
	if (lost) {
		char what[64];
		snprintf(what, sizeof(what), "%u logs", lost);
		inventory_add_note(inv, what, "their pods are not among what was read", KIND_COUNT, NULL);
	}
}

static void latest_in(const struct value *v, usec_t *latest, unsigned depth)
{
	if (v->type == VALUE_TIME && v->t > *latest)
		*latest = v->t;
	if (depth >= VALUE_MAX_DEPTH)
		return;
	for (value_each(item, v))
		latest_in(item, latest, depth + 1);
	for (member_each(m, v))
		latest_in(&m->v, latest, depth + 1);
}

/* The youngest time that the objects themselves report, for recordings that do not say when they were made. Only statuses, creation,
 * renewals and events: elsewhere times lie in the future (deletion, expiry). */
static usec_t latest_time(const struct inventory *inv)
{
	usec_t latest = 0;
	for (size_t k = 0; k < KIND_COUNT; k++) {
		for (uint32_t i = 0; i < inv->lists[k].len; i++) {
			const struct object *o = inv->lists[k].items[i];
			latest = MAX(latest, o->created);
			if (k == KIND_LEASE)
				latest = MAX(latest, value_get_time(o->spec, "renewTime"));
			if (o->status)
				latest_in(o->status, &latest, 0);
		}
	}
	return inv->events.len ? MAX(latest, inv->events.items[0]->last) : latest;
}

/* Custom objects are ordered by kind: each kind's list is a part of theirs. */
static void slice_custom_kinds(struct inventory *inv)
{
	const struct object_list *all = &inv->lists[KIND_CUSTOM];
	for (uint32_t i = 0, end; i < all->len; i = end) {
		struct custom_kind *c = inventory_custom_of(inv, all->items[i]->kind);
		for (end = i + 1; end < all->len && all->items[end]->kind == all->items[i]->kind;)
			end++;
		if (c)
			c->list = (struct object_list){.items = all->items + i, .len = end - i, .cap = end - i};
	}
}

static int by_kind_and_words(const void *x, const void *y)
{
	const struct note *a = x, *b = y;
	int r = (int)a->kind - (int)b->kind;

	r = r ? r : strcmp(a->what, b->what);
	r = r ? r : strcmp(a->ns, b->ns);
	return r ? r : strcmp(a->why, b->why);
}

/* Lists are read side by side and end in any order; the same cluster must give the same answer. */
static void sort_notes(struct inventory *inv)
{
	if (inv->notes.len)
		qsort(inv->notes.items, inv->notes.len, sizeof(*inv->notes.items), by_kind_and_words);
}

void inventory_seal(struct inventory *inv)
{
	if (inv->sealed)
		return;
	for (size_t k = 0; k < KIND_COUNT; k++) {
		struct object_list *list = &inv->lists[k];
		sort_list(list);
		if (list->len < list->cap) {
			list->items = mem_realloc_array(list->items, list->len, sizeof(*list->items));
			list->cap = list->len;
		}
	}
	slice_custom_kinds(inv);
	index_uids(inv);
	link_owners(inv);
	index_nodes(inv);
	label_index_build(inv);
	events_seal(inv);
	if (inv->events_left_out) {
		char why[160];
		snprintf(why, sizeof(why), "only the first %u warnings and as many other events are kept (INVENTORY_EVENTS_MAX)",
			 INVENTORY_EVENTS_MAX);
		inventory_add_note(inv, arena_printf(&inv->arena, "%llu events", (unsigned long long)inv->events_left_out), why, KIND_COUNT, "");
	}
	link_logs(inv);
	sort_notes(inv);
	if (!inv->now)
		inv->now = latest_time(inv);
	arena_release(&inv->scratch);
	arena_init(&inv->scratch);
	mem_free(inv->builder.share);
	inv->builder.share = NULL;
	inv->sealed = true;
}
