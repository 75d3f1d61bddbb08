/* What was added, removed and changed between two inventories: fields that somebody sets, not those that change by themselves. */
#include "diagnose/compare.h"
#include "diagnose/graph.h"
#include "mask/mask.h"

#include "base/utf8.h"

#define TEXT_MAX 120u /* bytes of a value that are quoted */
#define DEPTH_MAX 24  /* of a path */
#define ITEMS_MAX 500 /* of lists that are compared item by item, each with each */

struct walk {
	struct arena *arena;
	struct object_comparison *out;
};

const char *object_change_text(enum object_change c)
{
	static const char *const texts[] = {"added", "removed", "changed"};

	return texts[c];
}

static void add_field(struct walk *w, const char *what, const char *from, const char *to)
{
	if (w->out->len >= COMPARE_FIELDS_MAX) {
		w->out->more++;
		return;
	}
	*arena_push(w->arena, w->out) = (struct field_change){what, from, to};
}

/* A scalar, or how much there is of something that is not quoted. */
static const char *quote(struct arena *a, const struct value *v)
{
	const char *text = v ? value_text(a, v) : NULL;

	if (!v)
		return "";
	if (!text)
		return "";
	if (strlen(text) > TEXT_MAX)
		return arena_printf(a, "%.*s...", (int)utf8_cut(text, strlen(text), TEXT_MAX), text);
	return text;
}

static void add_values(struct walk *w, const char *path, const char *key, const struct value *x, const struct value *y)
{
	bool secret = mask_classify_name(key, strlen(key)) == MASK_NAME_STRONG;

	add_field(w, path, secret ? "" : quote(w->arena, x), secret ? "" : quote(w->arena, y));
}

/* A node that is lost has the same taint with two effects. */
static bool tells_apart(const struct value *list, const char *key)
{
	for (value_each(item, list))
		for (const struct value *other = list->items; other < item; other++)
			if (value_equal(value_get(other, key), value_get(item, key)))
				return false;
	return true;
}

/* What items of a list are told apart by: their first member of this name that no two share; NULL: nothing but the whole. */
static const char *list_key(const struct value *x, const struct value *y)
{
	static const char *const keys[] = {"name", "type", "key", "host", "port"};
	const struct value *lists[] = {x, y};

	for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
		bool all = true;

		for (size_t i = 0; i < ARRAY_LEN(lists); i++)
			for (value_each(item, lists[i]))
				all = all && value_get(item, keys[k]);
		if (all && tells_apart(x, keys[k]) && tells_apart(y, keys[k]))
			return keys[k];
	}
	return NULL;
}

static const struct value *item_with(const struct value *list, const char *key, const struct value *v)
{
	for (value_each(item, list))
		if (value_equal(value_get(item, key), v))
			return item;
	return NULL;
}

static bool has_item(const struct value *list, const struct value *v)
{
	for (value_each(item, list))
		if (value_equal(item, v))
			return true;
	return false;
}

static void walk(struct walk *w, const char *path, const char *key, const struct value *x, const struct value *y, unsigned depth);

static void walk_list(struct walk *w, const char *path, const struct value *x, const struct value *y, unsigned depth)
{
	const char *key;

	if (value_len(x) > ITEMS_MAX || value_len(y) > ITEMS_MAX) {
		add_field(w, path, "", "");
		return;
	}
	key = list_key(x, y);
	if (key) {
		for (value_each(item, y)) {
			const struct value *name = value_get(item, key);

			walk(w, arena_printf(w->arena, "%s[%s]", path, quote(w->arena, name)), "", item_with(x, key, name), item, depth + 1);
		}
		for (value_each(item, x))
			if (!item_with(y, key, value_get(item, key)))
				add_field(w, arena_printf(w->arena, "%s[%s]", path, quote(w->arena, value_get(item, key))), "there", "");
		return;
	}
	/* Without names: what is no longer there, and what is new. */
	for (value_each(item, x))
		if (!has_item(y, item))
			add_field(w, path, *quote(w->arena, item) ? quote(w->arena, item) : "an item", "");
	for (value_each(item, y))
		if (!has_item(x, item))
			add_field(w, path, "", *quote(w->arena, item) ? quote(w->arena, item) : "an item");
}

static void walk_map(struct walk *w, const char *path, const struct value *x, const struct value *y, unsigned depth)
{
	for (member_each(m, x))
		walk(w, arena_printf(w->arena, "%s%s%s", path, *path ? "." : "", m->key), m->key, &m->v, value_get_n(y, m->key, m->v.key_len),
		     depth + 1);
	for (member_each(n, y))
		if (!value_get_n(x, n->key, n->v.key_len))
			walk(w, arena_printf(w->arena, "%s%s%s", path, *path ? "." : "", n->key), n->key, NULL, &n->v, depth + 1);
}

static bool is_container(const struct value *v)
{
	return v && (v->type == VALUE_MAP || v->type == VALUE_LIST);
}

static void walk(struct walk *w, const char *path, const char *key, const struct value *x, const struct value *y, unsigned depth)
{
	if ((!x && !y) || (x && y && value_equal(x, y)) || (!x && is_container(y) && !value_len(y)) || (!y && is_container(x) && !value_len(x)))
		return;
	if (depth >= DEPTH_MAX || !is_container(x) || !is_container(y) || x->type != y->type) {
		if (!x && is_container(y))
			add_field(w, path, "", "there");
		else if (!y && is_container(x))
			add_field(w, path, "there", "");
		else
			add_values(w, path, key, x, y);
		return;
	}
	if (x->type == VALUE_MAP)
		walk_map(w, path, x, y, depth);
	else
		walk_list(w, path, x, y, depth);
}

/* Keys of a ConfigMap or Secret: which, never what they hold. */
static void walk_keys(struct walk *w, const char *what, const struct value *x, const struct value *y)
{
	for (member_each(m, y)) {
		const struct value *old = value_get_n(x, m->key, m->v.key_len);

		if (!old)
			add_field(w, arena_printf(w->arena, "%s %s", what, m->key), "", "there");
		else if (!value_equal(old, &m->v))
			add_field(w, arena_printf(w->arena, "%s %s", what, m->key), "", "");
	}
	for (member_each(n, x))
		if (!value_get_n(y, n->key, n->v.key_len))
			add_field(w, arena_printf(w->arena, "%s %s", what, n->key), "there", "");
}

static void walk_template(struct walk *w, const struct object *o, const struct value *x, const struct value *y)
{
	struct change_list list = {0};

	walk(w, "labels of the pods", "", value_at(x, "metadata.labels"), value_at(y, "metadata.labels"), 0);
	if (x && y && value_get(x, "spec") && value_get(y, "spec") && !value_equal(value_get(x, "spec"), value_get(y, "spec")))
		changes_between(w->arena, o, x, y, &list);
	for (uint32_t i = 0; i < list.len; i++)
		add_field(w, list.items[i].what, list.items[i].from, list.items[i].to);
}

/* Spec without its pod template, which is compared in more words. */
static void walk_spec(struct walk *w, const struct object *o, const struct value *x, const struct value *y)
{
	static const char *const apart[] = {"template", "jobTemplate"};
	const struct value *sides[] = {x, y};

	for (size_t s = 0; s < ARRAY_LEN(sides); s++) {
		for (member_each(m, sides[s])) {
			bool skip = false;

			for (size_t i = 0; i < ARRAY_LEN(apart); i++)
				skip = skip || str_eq(m->key, apart[i]);
			if (skip || (s == 1 && value_get_n(x, m->key, m->v.key_len)))
				continue;
			walk(w, arena_printf(w->arena, "spec.%s", m->key), m->key, value_get_n(x, m->key, m->v.key_len),
			     value_get_n(y, m->key, m->v.key_len), 1);
		}
	}
	walk_template(w, o, value_get(x, "template"), value_get(y, "template"));
	walk_template(w, o, value_at(x, "jobTemplate.spec.template"), value_at(y, "jobTemplate.spec.template"));
}

/* Conditions by type: their status alone; times and messages move with every heartbeat. */
static void walk_conditions(struct walk *w, const struct object *x, const struct object *y)
{
	for (value_each(c, value_get(y->status, "conditions"))) {
		const char *type = value_get_str(c, "type"), *old = condition_status(x, type);

		if (!str_eq(old, value_get_str(c, "status")))
			add_field(w, arena_printf(w->arena, "condition %s", type), old, value_get_str(c, "status"));
	}
}

static void walk_node(struct walk *w, const struct object *x, const struct object *y)
{
	static const char *const parts[] = {"capacity", "allocatable"}, *const info[] = {"kubeletVersion", "kernelVersion", "osImage",
											 "containerRuntimeVersion", "architecture"};

	walk_conditions(w, x, y);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		walk(w, arena_printf(w->arena, "status.%s", parts[i]), "", value_get(x->status, parts[i]), value_get(y->status, parts[i]), 1);
	for (size_t i = 0; i < ARRAY_LEN(info); i++)
		walk(w, arena_printf(w->arena, "status.nodeInfo.%s", info[i]), "", value_get(value_get(x->status, "nodeInfo"), info[i]),
		     value_get(value_get(y->status, "nodeInfo"), info[i]), 1);
}

/* All other members: rules, roleRef, webhooks, provisioner ... */
static void walk_rest(struct walk *w, const struct object *x, const struct object *y)
{
	static const char *const apart[] = {"apiVersion", "kind", "metadata", "spec", "status", "data", "stringData", "binaryData", "dataSize"};
	const struct value *sides[] = {&x->root, &y->root};

	for (size_t s = 0; s < ARRAY_LEN(sides); s++) {
		for (member_each(m, sides[s])) {
			bool skip = s == 1 && value_get(&x->root, m->key);

			for (size_t i = 0; i < ARRAY_LEN(apart); i++)
				skip = skip || str_eq(m->key, apart[i]);
			if (!skip)
				walk(w, m->key, m->key, value_get(&x->root, m->key), value_get(&y->root, m->key), 1);
		}
	}
}

static void compare_object(struct arena *a, const struct object *x, const struct object *y, struct object_comparison *out)
{
	struct walk w = {.arena = a, .out = out};

	*out = (struct object_comparison){.change = OBJECT_CHANGED, .object = y};
	if (*x->uid && *y->uid && !str_eq(x->uid, y->uid))
		add_field(&w, "the whole object: deleted and made anew", "", "");
	if (!x->deleted && y->deleted)
		add_field(&w, "metadata.deletionTimestamp", "", quote(a, value_get(y->metadata, "deletionTimestamp")));
	walk(&w, "metadata.labels", "", x->labels, y->labels, 1);
	if (y->kind->id == KIND_POD)
		walk_template(&w, y, &x->root, &y->root);
	else
		walk_spec(&w, y, x->spec, y->spec);
	walk_keys(&w, "key", value_get(&x->root, "data"), value_get(&y->root, "data"));
	walk_keys(&w, "key", value_get(&x->root, "binaryData"), value_get(&y->root, "binaryData"));
	walk_rest(&w, x, y);
	if (y->kind->id == KIND_NODE)
		walk_node(&w, x, y);
	else if (y->kind->id != KIND_POD)
		walk(&w, "status.phase", "", value_get(x->status, "phase"), value_get(y->status, "phase"), 1);
	if (y->kind->id == KIND_SERVICE)
		walk(&w, "status.loadBalancer", "", value_get(x->status, "loadBalancer"), value_get(y->status, "loadBalancer"), 1);
}

/* Comes and goes by itself, or follows from something that is compared. */
static bool is_derived(const struct object *o)
{
	switch (o->kind->id) {
	case KIND_EVENT:
	case KIND_LEASE:
	case KIND_ENDPOINT_SLICE:
	case KIND_VOLUME_ATTACHMENT:
		return true;
	case KIND_POD:
	case KIND_REPLICA_SET:
	case KIND_JOB:
		return value_len(value_get(o->metadata, "ownerReferences")) > 0;
	case KIND_CONFIG_MAP:
		return str_eq(o->name, "kube-root-ca.crt");
	case KIND_SERVICE_ACCOUNT:
		return str_eq(o->name, "default");
	case KIND_CUSTOM:
		return str_eq(o->kind->group, "metrics.k8s.io") || str_eq(o->kind->name, "ControllerRevision");
	default:
		return false;
	}
}

/* The same object in another inventory: kinds of custom objects are each inventory's own. */
static const struct object *find_in(const struct inventory *inv, const struct object *o)
{
	if (o->kind->id == KIND_CUSTOM)
		return inventory_find_custom(inv, o->kind->group, o->kind->name, o->ns, o->name);
	return inventory_find(inv, o->kind->id, o->ns, o->name);
}

static bool outside(const struct object *o, const char *ns)
{
	return ns && !str_eq(o->ns, ns);
}

static void compare_kind(struct comparison *c, struct arena *a, enum kind_id kind, const char *ns)
{
	const struct inventory *before = c->before->inv, *after = c->after->inv;
	const struct object_list *x = inventory_list(before, kind), *y = inventory_list(after, kind);

	for (uint32_t i = 0; i < y->len; i++) {
		const struct object *now = y->items[i], *then;
		struct object_comparison found;

		if (outside(now, ns) || is_derived(now))
			continue;
		then = find_in(before, now);
		if (then)
			compare_object(a, then, now, &found);
		else
			found = (struct object_comparison){.change = OBJECT_ADDED, .object = now};
		if (then ? found.len > 0 : inventory_sees(before, kind, now->kind->namespaced ? now->ns : NULL))
			*arena_push(a, &c->objects) = found;
	}
	for (uint32_t i = 0; i < x->len; i++) {
		const struct object *then = x->items[i];

		if (!outside(then, ns) && !is_derived(then) && !find_in(after, then) &&
		    inventory_sees(after, kind, then->kind->namespaced ? then->ns : NULL))
			*arena_push(a, &c->objects) = (struct object_comparison){.change = OBJECT_REMOVED, .object = then};
	}
}

static struct pod_turnover *turnover_of(struct comparison *c, struct arena *a, struct hash *by_owner, const struct inventory *inv,
					const struct object *pod)
{
	struct object_name owner = owner_name(inv, a, pod);
	const char *key = name_text(a, &owner);
	uintptr_t at = (uintptr_t)hash_get(by_owner, key, strlen(key));

	if (!at) {
		*arena_push(a, &c->pods) = (struct pod_turnover){.owner = owner};
		at = c->pods.len;
		hash_put(by_owner, key, strlen(key), (void *)at); /* position + 1: the array moves */
	}
	return &c->pods.items[at - 1];
}

static int by_owner_name(const void *x, const void *y)
{
	const struct pod_turnover *a = x, *b = y;
	int r = strcmp(a->owner.ns ? a->owner.ns : "", b->owner.ns ? b->owner.ns : "");

	return r ? r : strcmp(a->owner.name, b->owner.name);
}

/* Pods with an owner, counted per workload: replaced ones are the workload's business. */
static void compare_pods(struct comparison *c, struct arena *a, const char *ns)
{
	const struct inventory *sides[] = {c->before->inv, c->after->inv};
	struct hash by_owner;
	uint32_t kept = 0;

	hash_init(&by_owner);
	for (size_t s = 0; s < ARRAY_LEN(sides); s++) {
		const struct object_list *pods = inventory_list(sides[s], KIND_POD);

		for (uint32_t i = 0; i < pods->len; i++) {
			const struct object *pod = pods->items[i], *other;
			struct pod_turnover *t;

			if (outside(pod, ns) || !is_derived(pod) || !inventory_sees(sides[1 - s], KIND_POD, pod->ns))
				continue;
			t = turnover_of(c, a, &by_owner, sides[s], pod);
			other = find_in(sides[1 - s], pod);
			if (other && *other->uid && *pod->uid && !str_eq(other->uid, pod->uid))
				other = NULL; /* a StatefulSet's pod made anew under its old name */
			*(s ? &t->after : &t->before) += 1;
			*(s ? &t->fresh : &t->gone) += !other;
		}
	}
	for (uint32_t i = 0; i < c->pods.len; i++)
		if (c->pods.items[i].gone || c->pods.items[i].fresh)
			c->pods.items[kept++] = c->pods.items[i];
	c->pods.len = kept;
	if (kept)
		qsort(c->pods.items, kept, sizeof(*c->pods.items), by_owner_name);
	hash_release(&by_owner);
}

/* Is there anything of the kind that can be told, at least in one namespace? */
static bool has_kind(const struct inventory *inv, enum kind_id kind, const char *ns)
{
	return inventory_sees(inv, kind, ns) || inventory_list(inv, kind)->len > 0;
}

static void involve(struct hash *set, const struct object *o)
{
	if (o)
		hash_put_ptr(set, o, (void *)(uintptr_t)o);
}

/* What is on the way of a cause that is new: the steps of its chain, what it blames, the workloads that it affects. */
static void mark_involved(struct comparison *c)
{
	struct hash set;

	hash_init(&set);
	for (uint32_t i = 0; i < c->broke.len; i++) {
		const struct cause *cause = c->broke.items[i].after;

		involve(&set, cause->root->subject.object);
		involve(&set, cause->root->object ? object_top_owner(cause->root->object) : NULL);
		for (uint32_t k = 0; k < cause->chain_len; k++)
			involve(&set, cause->chain[k].what.object);
		for (uint32_t k = 0; k < cause->workloads.len; k++)
			involve(&set, cause->workloads.items[k]);
	}
	for (uint32_t i = 0; i < c->objects.len; i++)
		c->objects.items[i].involved = hash_get_ptr(&set, c->objects.items[i].object) != NULL;
	hash_release(&set);
}

/* What a new cause is about comes first: it may well be why. Otherwise the order stays. */
static void involved_first(struct comparison *c, struct arena *a)
{
	struct object_comparison *sorted = arena_new_array(a, struct object_comparison, c->objects.len);
	uint32_t n = 0;

	for (int involved = 1; involved >= 0; involved--)
		for (uint32_t i = 0; i < c->objects.len; i++)
			if (c->objects.items[i].involved == (bool)involved)
				sorted[n++] = c->objects.items[i];
	c->objects.items = sorted;
	c->objects.cap = c->objects.len;
}

void compare_inventories(struct comparison *c, struct arena *a, const char *ns)
{
	for (int k = 0; k <= KIND_CUSTOM; k++) {
		enum kind_id kind = (enum kind_id)k;
		bool before = has_kind(c->before->inv, kind, ns), after = has_kind(c->after->inv, kind, ns);

		if (before != after && (inventory_list(before ? c->before->inv : c->after->inv, kind)->len > 0))
			*arena_push(a, &c->uncompared) = kind == KIND_CUSTOM ? "custom objects" : kind_table[k].plural;
		else
			compare_kind(c, a, kind, ns);
	}
	mark_involved(c);
	involved_first(c, a);
	compare_pods(c, a, ns);
}
