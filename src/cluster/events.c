/* Events: one shape out of core/v1 and events.k8s.io/v1, ordered and linked to what they are about. */
#include "cluster/inventory_internal.h"

/* like: the same member of the event before, which it mostly repeats; interned or NULL. */
static const char *intern_member(struct inventory *inv, const struct value *map, const char *key, const char *like)
{
	const struct value *v = value_get(map, key);
	bool text = v && v->type == VALUE_STRING;
	return intern_add_like(&inv->strings, like, text ? v->s : "", text ? v->len : 0);
}

/* The first of two members that has a text: core/v1's name, then events.k8s.io's. */
static const char *either_member(struct inventory *inv, const struct value *map, const char *key, const char *other, const char *like)
{
	const char *s = intern_member(inv, map, key, like);
	return *s ? s : intern_member(inv, map, other, like);
}

static usec_t latest_of(usec_t a, usec_t b)
{
	return a > b ? a : b;
}

void event_from_value(struct inventory *inv, const struct value *root, struct event *e)
{
	const struct value *metadata = value_get(root, "metadata");
	const struct value *about = value_get(root, "involvedObject");
	if (!about)
		about = value_get(root, "regarding");
	const struct value *source = value_get(root, "source");
	if (!source)
		source = value_get(root, "deprecatedSource");
	const struct value *series = value_get(root, "series");
	static const struct event none;
	const struct event *like = inv->events.len ? inv->events.items[inv->events.len - 1] : &none;

	e->type = intern_member(inv, root, "type", like->type);
	e->reason = intern_member(inv, root, "reason", like->reason);
	e->message = either_member(inv, root, "message", "note", like->message);
	e->source = intern_member(inv, source, "component", like->source);
	if (!*e->source)
		e->source = either_member(inv, root, "reportingComponent", "reportingController", like->source);
	e->ns = intern_member(inv, metadata, "namespace", like->ns);
	e->name = intern_member(inv, metadata, "name", like->name);
	e->about_kind = intern_member(inv, about, "kind", like->about_kind);
	e->about_ns = intern_member(inv, about, "namespace", like->about_ns);
	e->about_name = intern_member(inv, about, "name", like->about_name);
	e->about_uid = intern_member(inv, about, "uid", like->about_uid);
	e->about_field = intern_member(inv, about, "fieldPath", like->about_field);

	usec_t created = value_get_time(metadata, "creationTimestamp"), event_time = value_get_time(root, "eventTime");
	e->first = latest_of(value_get_time(root, "firstTimestamp"), value_get_time(root, "deprecatedFirstTimestamp"));
	if (!e->first)
		e->first = event_time ? event_time : created;
	e->last = latest_of(value_get_time(root, "lastTimestamp"), value_get_time(root, "deprecatedLastTimestamp"));
	e->last = latest_of(e->last, value_get_time(series, "lastObservedTime"));
	e->last = latest_of(e->last, latest_of(event_time, e->first));
	e->count = MAX(value_get_int(root, "count", 1), value_get_int(root, "deprecatedCount", 1));
	e->count = MAX(e->count, value_get_int(series, "count", 1));
	e->count = MAX(e->count, 1);
}

/* What an event is about, if that very object is still there. Custom objects are found by uid only. */
static const struct object *find_about(const struct inventory *inv, const struct event *e)
{
	const struct object *o = *e->about_uid ? inventory_find_uid(inv, e->about_uid) : NULL;
	for (size_t i = 0; i < KIND_CUSTOM && !o; i++)
		if (str_eq(kind_table[i].name, e->about_kind))
			o = inventory_find(inv, kind_table[i].id, e->about_ns, e->about_name);
	if (!o)
		return NULL;
	/* Same name, other uid: its predecessor. The kubelet puts the node's name where a Node's uid belongs. */
	bool same = !*e->about_uid || !*o->uid || str_eq(o->uid, e->about_uid) || o->kind->id == KIND_NODE;
	return same ? o : NULL;
}

static int compare_newest_first(const void *a, const void *b)
{
	const struct event *x = *(const struct event *const *)a, *y = *(const struct event *const *)b;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	int c = strcmp(x->ns, y->ns);
	return c ? c : strcmp(x->name, y->name);
}

/* The list of one object; made when it is first asked for. */
static struct event_list *list_of(struct inventory *inv, const struct object *o)
{
	struct event_list *list = hash_get_ptr(&inv->events_by_object, o);

	if (!list) {
		list = arena_new(&inv->arena, struct event_list);
		hash_put_ptr(&inv->events_by_object, o, list);
	}
	return list;
}

/* Two passes over the events: the first counts (in cap), the second fills arrays of just that size. */
static void list_add(struct inventory *inv, struct event_list *list, const struct event *e, bool count)
{
	if (count) {
		list->cap++;
		return;
	}
	if (!list->items)
		list->items = arena_new_array(&inv->arena, const struct event *, list->cap);
	list->items[list->len++] = e;
}

static void index_add(struct inventory *inv, const struct event *e, bool count)
{
	if (e->about)
		list_add(inv, list_of(inv, e->about), e, count);
}

void events_seal(struct inventory *inv)
{
	struct event_list *all = &inv->events;
	if (all->len)
		qsort(all->items, all->len, sizeof(*all->items), compare_newest_first);
	for (uint32_t i = 0; i < all->len; i++) {
		/* The events are this inventory's own until it is sealed. */
		struct event *e = (struct event *)(uintptr_t)all->items[i];
		e->about = find_about(inv, e);
		index_add(inv, e, true);
	}
	for (uint32_t i = 0; i < all->len; i++)
		index_add(inv, all->items[i], false);
	hash_release(&inv->events_by_name);
	hash_init(&inv->events_by_name);
}

const struct event_list *inventory_events(const struct inventory *inv)
{
	return &inv->events;
}

const struct event_list *inventory_events_of(const struct inventory *inv, const struct object *o)
{
	static const struct event_list none;
	const struct event_list *list = hash_get_ptr(&inv->events_by_object, o);
	return list ? list : &none;
}
