/* Which causes of a later diagnosis are those of an earlier one. */
#include "diagnose/compare.h"
#include "diagnose/graph.h"

/* A pod's workload outlives it. Mirror pods belong to their node, and are each a thing of their own. */
static const char *lasting_name(const struct inventory *inv, struct arena *a, const struct object *o)
{
	struct object_name owner = owner_name(inv, a, o);

	if (!owner.name || owner.kind == KIND_NODE)
		owner = name_of_object(o);
	return name_text(a, &owner);
}

const char *cause_identity(const struct inventory *inv, struct arena *a, const struct cause *c)
{
	const struct finding *f = c->root;
	const char *object = f->object ? lasting_name(inv, a, f->object) : "";
	const char *subject = f->subject.object ? lasting_name(inv, a, f->subject.object) : f->subject.name ? name_text(a, &f->subject) : "";

	return arena_printf(a, "%s %s %s", f->check->id, object, subject);
}

/* Could this diagnosis have found what the other one found? */
static bool could_see(const struct diagnosis *d, const struct cause *c)
{
	const struct object *o = c->root->object;

	return !o || inventory_sees(d->inv, o->kind->id, o->kind->namespaced ? o->ns : NULL);
}

static void add_pair(struct arena *a, struct cause_pairs *list, const struct cause *before, const struct cause *after)
{
	*arena_push(a, list) = (struct cause_pair){before, after};
}

/* The active causes of d, lesser ones last. */
static struct cause_list active_causes(const struct diagnosis *d, struct arena *a)
{
	struct cause_list all = {0};

	for (uint32_t i = 0; i < d->causes.len; i++)
		*arena_push(a, &all) = d->causes.items[i];
	for (uint32_t i = 0; i < d->lesser.len; i++)
		*arena_push(a, &all) = d->lesser.items[i];
	return all;
}

/* Two causes may have one identity (two containers of a pod): each is matched once, in rank order. */
struct waiting {
	const struct cause *cause;
	struct waiting *next;
	bool matched;
};

static void compare_causes(struct comparison *c, struct arena *a)
{
	struct cause_list before = active_causes(c->before, a), after = active_causes(c->after, a);
	struct waiting *nodes = arena_new_array(a, struct waiting, before.len);
	struct hash by_identity;

	hash_init(&by_identity);
	for (uint32_t i = before.len; i-- > 0;) {
		const char *key = cause_identity(c->before->inv, a, before.items[i]);

		nodes[i].cause = before.items[i];
		nodes[i].next = hash_put(&by_identity, key, strlen(key), &nodes[i]);
	}
	for (uint32_t i = 0; i < after.len; i++) {
		const char *key = cause_identity(c->after->inv, a, after.items[i]);
		struct waiting *n = hash_get(&by_identity, key, strlen(key));

		while (n && n->matched)
			n = n->next;
		if (n) {
			n->matched = true;
			add_pair(a, &c->stays, n->cause, after.items[i]);
		} else {
			add_pair(a, could_see(c->before, after.items[i]) ? &c->broke : &c->untold, NULL, after.items[i]);
		}
	}
	for (uint32_t i = 0; i < before.len; i++)
		if (!nodes[i].matched)
			add_pair(a, could_see(c->after, before.items[i]) ? &c->recovered : &c->untold, before.items[i], NULL);
	hash_release(&by_identity);
}

/* The namespace kube-system is made with a cluster and lives as long. */
static bool are_other_clusters(const struct diagnosis *before, const struct diagnosis *after)
{
	const struct object *x = inventory_find(before->inv, KIND_NAMESPACE, "", "kube-system");
	const struct object *y = inventory_find(after->inv, KIND_NAMESPACE, "", "kube-system");

	return x && y && *x->uid && *y->uid && !str_eq(x->uid, y->uid);
}

void compare_diagnoses(const struct diagnosis *before, const struct diagnosis *after, struct arena *a, const char *ns, struct comparison *ret)
{
	*ret = (struct comparison){.before = before, .after = after, .other_cluster = are_other_clusters(before, after)};
	compare_causes(ret, a);
	compare_inventories(ret, a, ns);
}
