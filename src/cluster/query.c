/* Questions to a sealed inventory. Nothing here changes it: any thread. */
#include "cluster/inventory_internal.h"

usec_t inventory_now(const struct inventory *inv)
{
	return inv->now;
}

const char *inventory_server_version(const struct inventory *inv)
{
	return inv->server_version;
}

bool inventory_sees(const struct inventory *inv, enum kind_id kind, const char *ns)
{
	if (inv->seen_all[kind])
		return true;
	if (!ns)
		return false;
	for (uint32_t i = 0; i < inv->seen_ns[kind].len; i++)
		if (str_eq(inv->seen_ns[kind].items[i], ns))
			return true;
	return false;
}

static const struct custom_kind *custom_kind_find(const struct inventory *inv, const char *group, const char *kind)
{
	const struct kind k = {.group = group, .name = kind};
	return inventory_custom_of(inv, &k);
}

bool inventory_sees_custom(const struct inventory *inv, const char *group, const char *kind, const char *ns)
{
	const struct custom_kind *c = custom_kind_find(inv, group, kind);
	if (!c || c->seen_all)
		return c != NULL;
	for (uint32_t i = 0; ns && i < c->seen_ns.len; i++)
		if (str_eq(c->seen_ns.items[i], ns))
			return true;
	return false;
}

const struct object_list *inventory_list_custom(const struct inventory *inv, const char *group, const char *kind)
{
	static const struct object_list none;
	const struct custom_kind *c = custom_kind_find(inv, group, kind);
	return c ? &c->list : &none;
}

const struct note *inventory_notes(const struct inventory *inv, size_t *ret_count)
{
	*ret_count = inv->notes.len;
	return inv->notes.items;
}

const struct object_list *inventory_list(const struct inventory *inv, enum kind_id kind)
{
	return &inv->lists[kind];
}

struct object *inventory_find_key(const struct inventory *inv, const struct kind *kind, const char *ns, const char *name)
{
	/* Zeroed first and compared as bytes: three pointers leave no padding. */
	struct object_key key = {
		.kind = kind, .ns = intern_find(&inv->strings, ns, strlen(ns)), .name = intern_find(&inv->strings, name, strlen(name))};
	return key.ns && key.name ? hash_get(&inv->by_name, &key, OBJECT_KEY_LEN) : NULL;
}

struct object *inventory_find(const struct inventory *inv, enum kind_id kind, const char *ns, const char *name)
{
	if (kind >= KIND_CUSTOM || !name)
		return NULL;
	const struct kind *k = &kind_table[kind];
	return inventory_find_key(inv, k, k->namespaced && ns ? ns : "", name);
}

struct object *inventory_find_uid(const struct inventory *inv, const char *uid)
{
	return hash_get(&inv->by_uid, uid, strlen(uid));
}

struct object *inventory_find_custom(const struct inventory *inv, const char *group, const char *kind, const char *ns, const char *name)
{
	const struct custom_kind *c = custom_kind_find(inv, group, kind);
	if (c) {
		struct object *o = inventory_find_key(inv, &c->kind, ns ? ns : "", name);
		return o || !ns || !*ns ? o : inventory_find_key(inv, &c->kind, "", name);
	}
	for (size_t i = 0; i < KIND_CUSTOM; i++)
		if (str_eq(kind_table[i].group, group) && str_eq(kind_table[i].name, kind))
			return inventory_find(inv, kind_table[i].id, ns, name);
	return NULL;
}

const struct object_list *inventory_pods_on(const struct inventory *inv, const char *node)
{
	static const struct object_list none;
	const char *name = intern_find(&inv->strings, node, strlen(node));
	const struct object_list *list = name ? hash_get_ptr(&inv->pods_on, name) : NULL;
	return list ? list : &none;
}

uint32_t object_list_from(const struct object_list *list, const char *ns, const char *name)
{
	uint32_t from = 0, to = list->len;
	while (from < to) {
		uint32_t mid = from + (to - from) / 2;
		int c = strcmp(list->items[mid]->ns, ns);
		if (c < 0 || (c == 0 && strcmp(list->items[mid]->name, name) < 0))
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static uint32_t lower_bound(const struct object_list *list, const char *ns, bool after)
{
	uint32_t from = 0, to = list->len;
	while (from < to) {
		uint32_t mid = from + (to - from) / 2;
		int c = strcmp(list->items[mid]->ns, ns);
		if (c < 0 || (after && c == 0))
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

void inventory_namespace_range(const struct inventory *inv, enum kind_id kind, const char *ns, uint32_t *ret_from, uint32_t *ret_to)
{
	const struct object_list *list = &inv->lists[kind];
	/* Custom objects are ordered by kind before namespace, cluster-scoped ones have none: no range to cut. */
	bool whole = !ns || kind == KIND_CUSTOM || !kind_table[kind].namespaced;
	*ret_from = whole ? 0 : lower_bound(list, ns, false);
	*ret_to = whole ? list->len : lower_bound(list, ns, true);
}

const struct container_log *inventory_log(const struct inventory *inv, const struct object *pod, const char *container, bool previous)
{
	const struct log_node *n = inventory_find_log(inv, pod, container, previous);
	return n ? &n->log : NULL;
}

size_t inventory_logs(const struct inventory *inv, const struct container_log *const **ret)
{
	/* A log_node begins with its container_log, so that the list of one is a list of the other. */
	*ret = (const struct container_log *const *)(const void *)inv->logs.items;
	return inv->logs.len;
}
_Static_assert(offsetof(struct log_node, log) == 0, "inventory_logs relies on it");

size_t inventory_object_count(const struct inventory *inv)
{
	return inv->object_count;
}

static size_t hash_memory(const struct hash *h)
{
	return h->slots ? ((size_t)h->mask + 1) * sizeof(*h->slots) : 0;
}

size_t inventory_memory(const struct inventory *inv)
{
	size_t total = sizeof(*inv) + inv->arena.total + inv->scratch.total + inv->strings.arena.total;
	/* The slots of the string table: a pointer and a hash each. */
	total += inv->strings.slots ? ((size_t)inv->strings.mask + 1) * 16 : 0;
	for (size_t k = 0; k < KIND_COUNT; k++)
		total += inv->lists[k].cap * sizeof(void *) + inv->seen_ns[k].cap * sizeof(void *);
	total += inv->events.cap * sizeof(void *) + inv->logs.cap * sizeof(void *) + inv->notes.cap * sizeof(struct note);
	const struct hash *const tables[] = {&inv->by_name,          &inv->by_uid,  &inv->custom_kinds, &inv->events_by_name,
					     &inv->events_by_object, &inv->pods_on, &inv->logs_by_pod};
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		total += hash_memory(tables[i]);
	total += inv->labels.group_cap * sizeof(struct label_group) + inv->labels.pod_count * sizeof(void *);
	return total + (inv->labels.slots ? ((size_t)inv->labels.mask + 1) * sizeof(uint32_t) : 0);
}
