/* The end of a recording: what was there to be seen, and what people must be told. */
#include "cluster/inventory_internal.h"
#include "cluster/recording.h"

/* The namespaces in which something was recorded. */
static void collect_namespaces(const struct inventory *inv, struct hash *ret)
{
	for (size_t k = 0; k < KIND_COUNT; k++)
		for (uint32_t i = 0; i < inv->lists[k].len; i++)
			if (*inv->lists[k].items[i]->ns)
				hash_put_ptr(ret, inv->lists[k].items[i]->ns, inv->lists[k].items[i]);
	for (uint32_t i = 0; i < inv->events.len; i++)
		if (*inv->events.items[i]->ns)
			hash_put_ptr(ret, inv->events.items[i]->ns, ret);
}

/* Each custom kind of which there is an object: once for each namespace in which something was recorded, or once everywhere. */
static void mark_seen_custom(struct inventory *inv, bool everywhere, const struct hash *namespaces)
{
	const struct object_list *list = &inv->lists[KIND_CUSTOM];
	const struct kind *before = NULL;

	for (uint32_t i = 0; i < list->len; i++) {
		const struct kind *kind = list->items[i]->kind;
		const struct custom_kind *c = kind == before ? NULL : inventory_custom_of(inv, kind);

		before = kind;
		if (!c || c->seen_all || c->seen_ns.len)
			continue;
		if (everywhere || !kind->namespaced)
			inventory_mark_seen(inv, kind, NULL);
		for (uint32_t n = 0; !c->seen_all && n <= namespaces->mask; n++)
			if (namespaces->slots[n].value)
				inventory_mark_seen(inv, kind, namespaces->slots[n].key);
	}
}

/* Files do not say what was asked for. A kind that is there was asked for; where? Everywhere when the recording has the Namespaces and
 * objects of several of them, else in the namespaces that occur: a dump of one namespace tells nothing about the others. */
static void mark_seen_kinds(struct recording *r)
{
	struct inventory *inv = r->inv;
	struct hash namespaces;
	bool everywhere;

	hash_init(&namespaces);
	collect_namespaces(inv, &namespaces);
	everywhere = namespaces.count == 0 || (namespaces.count >= 2 && inv->lists[KIND_NAMESPACE].len > 0);
	for (size_t k = 0; k < KIND_CUSTOM; k++) {
		if (!r->present[k])
			continue;
		if (everywhere || !kind_table[k].namespaced) {
			inventory_mark_seen(inv, &kind_table[k], NULL);
			continue;
		}
		for (uint32_t i = 0; i <= namespaces.mask; i++)
			if (namespaces.slots[i].value)
				inventory_mark_seen(inv, &kind_table[k], namespaces.slots[i].key);
	}
	mark_seen_custom(inv, everywhere, &namespaces);
	inv->seen_all[KIND_CUSTOM] |= r->present[KIND_CUSTOM];
	hash_release(&namespaces);
}

int recording_finish(struct recording *r, struct err *err)
{
	char what[64];

	if (r->snapshot.is_snapshot && !r->snapshot.ended)
		return err_set(err, ERR_INPUT, "%s: the snapshot ends early: it was cut off while being written or copied", r->from);
	if (r->objects == 0 && !r->snapshot.is_snapshot) {
		bool any = false;

		for (size_t k = 0; k < KIND_COUNT; k++)
			any |= r->present[k];
		if (!any)
			return err_set(err, ERR_INPUT,
				       r->files > 1 ? "%s: no Kubernetes objects in %zu files, %zu of which could not be read"
						    : "%s: no Kubernetes objects in it",
				       r->from, r->files, r->broken);
	}
	if (r->broken > RECORDING_NOTES_MAX) {
		snprintf(what, sizeof(what), "%zu more files", r->broken - RECORDING_NOTES_MAX);
		inventory_add_note(r->inv, what, "they could not be read", KIND_COUNT, NULL);
	}
	if (r->links) {
		snprintf(what, sizeof(what), "%zu symbolic links", r->links);
		inventory_add_note(r->inv, what, "they are not followed", KIND_COUNT, NULL);
	}
	if (r->snapshot.is_snapshot)
		return 0; /* it says itself what was seen */
	mark_seen_kinds(r);
	return 0;
}
