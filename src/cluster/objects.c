/* What one object says about itself. */
#include "cluster/inventory.h"

char *object_text(struct arena *a, const struct object *o)
{
	return *o->ns ? arena_printf(a, "%s %s/%s", o->kind->name, o->ns, o->name) : arena_printf(a, "%s %s", o->kind->name, o->name);
}

/* "deployment", or "certificates.cert-manager.io" where the short form would be ambiguous. */
static char *kind_argument(struct arena *a, const struct kind *k)
{
	char *name = arena_strdup(a, k->name);
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return k->id == KIND_CUSTOM && *k->group ? arena_printf(a, "%s.%s", name, k->group) : name;
}

char *object_ref_text(struct arena *a, const struct object *o)
{
	const char *kind = kind_argument(a, o->kind);
	return *o->ns ? arena_printf(a, "%s/%s -n %s", kind, o->name, o->ns) : arena_printf(a, "%s/%s", kind, o->name);
}

const struct object *object_top_owner(const struct object *o)
{
	/* inventory_seal leaves no cycles among owners. A Node owns its static pods and its lease in name only: what goes wrong in
	 * kube-apiserver is not the node's trouble, nor that of the other static pods there. */
	while (o->owner && o->owner->kind->id != KIND_NODE) {
		/* A Deployment that an operator made for its custom object is still the workload: whether that object was read must not matter. */
		if (o->owner->kind->id == KIND_CUSTOM && o->kind->id != KIND_CUSTOM && o->kind->id != KIND_POD)
			break;
		o = o->owner;
	}
	return o;
}

const char *object_str(const struct object *o, const char *path)
{
	return value_str(value_at(&o->root, path), "");
}

int64_t object_int(const struct object *o, const char *path, int64_t otherwise)
{
	return value_int(value_at(&o->root, path), otherwise);
}
