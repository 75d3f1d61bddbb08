/* References of a pod that lead nowhere. Only kinds that were read are judged. */
#include "checks/pod.h"

struct collect {
	struct check_run *run;
	const struct object *pod;
	struct missing_ref_list list;
};

static bool same_ref(const struct pod_ref *a, const struct pod_ref *b)
{
	return a->kind == b->kind && str_eq(a->name, b->name) && (a->key == b->key || (a->key && b->key && str_eq(a->key, b->key)));
}

static int collect_ref(void *arg, const struct pod_ref *ref)
{
	struct collect *c = arg;
	const struct object *holder = NULL;
	if (ref->optional || !inventory_sees(c->run->inv, ref->kind, c->pod->ns))
		return 0;
	holder = inventory_find(c->run->inv, ref->kind, c->pod->ns, ref->name);
	if (holder && (!ref->key || object_has_key(holder, ref->key) != 0))
		return 0;
	for (uint32_t i = 0; i < c->list.len; i++) {
		const struct missing_ref *had = &c->list.items[i];
		/* An object that is missing altogether is said once, whatever keys are wanted of it. */
		if (same_ref(&had->ref, ref) || (!holder && had->ref.kind == ref->kind && str_eq(had->ref.name, ref->name)))
			return 0;
	}
	*arena_push(c->run->arena, &c->list) = (struct missing_ref){.ref = *ref, .holder = holder};
	return 0;
}

struct missing_ref_list pod_missing_refs(struct check_run *run, const struct object *pod)
{
	struct collect c = {.run = run, .pod = pod};
	pod_refs_each(pod->spec, "spec", run->arena, collect_ref, &c);
	return c.list;
}
