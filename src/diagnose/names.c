#include "diagnose/graph.h"

const char *relation_text(enum relation r)
{
	static const char *const texts[REL_COUNT] = {
		[REL_SAME] = "is the same as",
		[REL_OWNS] = "runs",
		[REL_OWNED] = "is run by",
		[REL_SELECTS] = "sends its traffic to",
		[REL_ROUTES] = "routes to",
		[REL_RUNS_ON] = "runs on",
		[REL_USES] = "uses",
		[REL_STORAGE] = "is provided by",
		[REL_SCALES] = "scales",
		[REL_WEBHOOK] = "calls",
		[REL_CALLS] = "calls",
		[REL_SUBJECT] = "needs",
		[REL_ENDPOINTS] = "is answered by",
		[REL_GRANTS] = "has its rights from",
		[REL_LIMITS] = "limits the traffic of",
		[REL_REFUSED] = "is kept from its peer by",
	};
	return r < REL_COUNT ? texts[r] : "";
}

struct object_name name_of(const struct inventory *inv, enum kind_id kind, const char *ns, const char *name)
{
	struct object_name n = {.kind = kind, .ns = ns ? ns : "", .name = name};

	n.kind_text = kind < KIND_CUSTOM ? kind_table[kind].name : "";
	if (kind < KIND_CUSTOM) {
		if (!kind_table[kind].namespaced)
			n.ns = "";
		n.object = inventory_find(inv, kind, n.ns, name);
	}
	return n;
}

struct object_name name_of_object(const struct object *o)
{
	return (struct object_name){.kind = o->kind->id, .kind_text = o->kind->name, .ns = o->ns, .name = o->name, .object = o};
}

bool name_equal(const struct object_name *a, const struct object_name *b)
{
	if (a->kind == KIND_COUNT || b->kind == KIND_COUNT)
		return false;
	if (a->object && b->object)
		return a->object == b->object;
	return a->kind == b->kind && str_eq(a->kind_text, b->kind_text) && str_eq(a->ns, b->ns) && str_eq(a->name, b->name);
}

char *name_text(struct arena *a, const struct object_name *n)
{
	if (n->kind == KIND_COUNT)
		return arena_strdup(a, "");
	return n->ns[0] ? arena_printf(a, "%s %s/%s", n->kind_text, n->ns, n->name) : arena_printf(a, "%s %s", n->kind_text, n->name);
}

struct object_name owner_name(const struct inventory *inv, struct arena *a, const struct object *o)
{
	const struct object *top = object_top_owner(o);

	for (value_each(ref, value_get(top->metadata, "ownerReferences"))) {
		const char *kind_text = value_get_str(ref, "kind");
		const char *name = value_get_str(ref, "name");
		const struct kind *kind;

		if (!value_get_bool(ref, "controller", false) || !name[0] || str_eq(kind_text, "Node"))
			continue;
		kind = kind_by_gvk(value_get_str(ref, "apiVersion"), kind_text);
		/* The owner was not read (a dump of pods alone): its name still tells which pods belong together. */
		return (struct object_name){.kind = kind ? kind->id : KIND_CUSTOM,
					    .kind_text = arena_strdup(a, kind_text),
					    .ns = !kind || kind->namespaced ? top->ns : "",
					    .name = arena_strdup(a, name)};
	}
	(void)inv;
	return name_of_object(top);
}
