/* Trees that several inventories share: what has not changed is in the next inventory without being read or copied again. */
#include "cluster/inventory_internal.h"

struct shared_tree *shared_tree_ref(struct shared_tree *t)
{
	__atomic_add_fetch(&t->refs, 1, __ATOMIC_RELAXED);
	return t;
}

void shared_tree_unref(struct shared_tree *t)
{
	if (!t || __atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	mem_free(t->root);
	mem_free(t);
}

struct shared_tree *shared_tree_new(const struct kind *kind, const struct value *root, size_t *ret_size)
{
	const struct value *name = value_at(root, "metadata.name"), *kept = root;
	struct inventory *reduced = NULL;
	struct shared_tree *t;

	if (!name || name->type != VALUE_STRING || !name->len)
		return NULL;
	/* What an inventory does to a Secret or a custom object before it keeps it is done by one. */
	if (kind->id == KIND_SECRET || kind->id == KIND_CUSTOM) {
		reduced = inventory_new();
		if (inventory_add(reduced, kind, root, NULL) < 0 || !reduced->lists[kind->id].len) {
			inventory_unref(reduced);
			return NULL;
		}
		kept = &reduced->lists[kind->id].items[0]->root;
	}
	t = mem_alloc(sizeof(*t));
	t->refs = 1;
	t->root = value_pack(kept, ret_size);
	inventory_unref(reduced);
	return t;
}

void inventory_add_shared(struct inventory *inv, const struct kind *kind, struct shared_tree *tree)
{
	const struct value *metadata = value_get(tree->root, "metadata");

	if (kind->id == KIND_EVENT) { /* copied into a struct event: its tree is not needed */
		inventory_put_event(inv, tree->root);
		return;
	}
	if (kind->id == KIND_CUSTOM)
		kind = inventory_custom_kind(inv, kind->group, kind->version, kind->name, kind->plural, kind->namespaced);
	inventory_put(inv, kind, tree->root, metadata);
	*heap_push(&inv->shared) = shared_tree_ref(tree);
}
