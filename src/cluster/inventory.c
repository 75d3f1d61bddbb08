/* Building an inventory: adding objects, notes and logs. Indexes are made in seal.c, questions answered in query.c. */
#include "cluster/inventory_internal.h"
#include "cluster/schema.h"

#define SECRET_KEYS_MAX 10000       /* a Secret is at most 1 MiB */
#define KIND_NAME_MAX ((size_t)253) /* of a group; names of kinds are shorter */

void *inventory_grow(void *items, uint32_t len, uint32_t *cap, size_t item_size)
{
	if (len < *cap)
		return items;
	*cap = *cap ? *cap + *cap / 2 : 8;
	return mem_realloc_array(items, *cap, item_size);
}

struct inventory *inventory_new(void)
{
	struct inventory *inv = mem_alloc(sizeof(*inv));
	inv->refs = 1;
	arena_init(&inv->arena);
	intern_init(&inv->strings);
	value_builder_init(&inv->builder, &inv->arena, &inv->strings);
	inv->builder.share = mem_alloc(sizeof(*inv->builder.share));
	arena_init(&inv->scratch);
	value_builder_init(&inv->scratch_builder, &inv->scratch, NULL);
	inv->server_version = "";
	hash_init(&inv->by_name);
	hash_init(&inv->by_uid);
	hash_init(&inv->custom_kinds);
	hash_init(&inv->events_by_name);
	hash_init(&inv->events_by_object);
	hash_init(&inv->pods_on);
	hash_init(&inv->logs_by_pod);
	return inv;
}

struct inventory *inventory_ref(struct inventory *inv)
{
	__atomic_add_fetch(&inv->refs, 1, __ATOMIC_RELAXED);
	return inv;
}

void inventory_unref(struct inventory *inv)
{
	if (!inv || __atomic_sub_fetch(&inv->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		mem_free(inv->lists[i].items);
		mem_free(inv->seen_ns[i].items);
	}
	for (uint32_t i = 0; i < inv->shared.len; i++)
		shared_tree_unref(inv->shared.items[i]);
	mem_free(inv->shared.items);
	for (uint32_t i = 0; inv->custom_kinds.slots && i <= inv->custom_kinds.mask; i++) {
		struct custom_kind *c = inv->custom_kinds.slots[i].value;

		if (c)
			mem_free(c->seen_ns.items);
	}
	mem_free(inv->builder.share);
	mem_free(inv->events.items);
	mem_free(inv->logs.items);
	mem_free(inv->notes.items);
	label_index_release(&inv->labels);
	hash_release(&inv->by_name);
	hash_release(&inv->by_uid);
	hash_release(&inv->custom_kinds);
	hash_release(&inv->events_by_name);
	hash_release(&inv->events_by_object);
	hash_release(&inv->pods_on);
	hash_release(&inv->logs_by_pod);
	arena_release(&inv->scratch);
	intern_release(&inv->strings);
	arena_release(&inv->arena);
	mem_free(inv);
}

void inventory_unrefp(struct inventory **inv)
{
	inventory_unref(*inv);
	*inv = NULL;
}

struct value_builder *inventory_builder(struct inventory *inv)
{
	return &inv->builder;
}

struct value_builder *inventory_builder_for(struct inventory *inv, const struct kind *kind)
{
	bool as_it_is = kind && kind->id != KIND_EVENT && kind->id != KIND_SECRET && kind->id != KIND_CUSTOM;

	return as_it_is ? &inv->builder : &inv->scratch_builder;
}

static void scratch_reset(struct inventory *inv)
{
	arena_reset(&inv->scratch);
	inv->scratch_builder.nodes = 0;
}

static const char *intern_text(struct inventory *inv, const struct value *v)
{
	return v && v->type == VALUE_STRING ? intern_add(&inv->strings, v->s, v->len) : intern_str(&inv->strings, "");
}

bool kind_name_is_possible(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
	return len > 0 && len <= KIND_NAME_MAX && !s[len];
}

bool custom_kind_is_possible(const char *group, const char *version, const char *name, const char *plural)
{
	return (!*group || kind_name_is_possible(group)) && kind_name_is_possible(version) && kind_name_is_possible(name) &&
	       (!plural || !*plural || kind_name_is_possible(plural));
}

const struct kind *inventory_custom_kind(struct inventory *inv, const char *group, const char *version, const char *name, const char *plural,
					 bool namespaced)
{
	const char *key[2] = {intern_str(&inv->strings, group), intern_str(&inv->strings, name)};
	struct custom_kind *c = hash_get(&inv->custom_kinds, key, sizeof(key));
	if (c)
		return &c->kind;
	c = arena_new(&inv->arena, struct custom_kind);
	c->group = key[0];
	c->name = key[1];
	c->kind = (struct kind){.id = KIND_CUSTOM,
				.group = key[0],
				.version = intern_str(&inv->strings, version),
				.name = key[1],
				.plural = plural ? intern_str(&inv->strings, plural) : NULL,
				.shorts = "",
				.namespaced = namespaced};
	c->known = known_kind_find(group, name);
	if (!plural) {
		/* Not told: the regular plural is right for nearly every custom resource, and only shown to people. */
		char *text = arena_printf(&inv->arena, "%ss", key[1]);
		for (char *p = text; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
		c->kind.plural = text;
	}
	hash_put(&inv->custom_kinds, c, sizeof(key), c);
	return &c->kind;
}

struct custom_kind *inventory_custom_of(const struct inventory *inv, const struct kind *kind)
{
	const char *key[2] = {intern_find(&inv->strings, kind->group, strlen(kind->group)),
			      intern_find(&inv->strings, kind->name, strlen(kind->name))};

	return key[0] && key[1] ? hash_get(&inv->custom_kinds, key, sizeof(key)) : NULL;
}

static const struct kind *kind_of_root(struct inventory *inv, const struct value *root, const struct value *metadata, struct err *err)
{
	const char *api_version = value_get_str(root, "apiVersion"), *name = value_get_str(root, "kind");
	if (!*api_version || !*name) {
		err_set(err, ERR_INPUT, "not a Kubernetes object: %s is missing", *name ? "apiVersion" : "kind");
		return NULL;
	}
	const struct kind *k = kind_by_gvk(api_version, name);
	if (k)
		return k;
	const char *slash = strchr(api_version, '/');
	char *group = arena_strndup(&inv->scratch, api_version, slash ? (size_t)(slash - api_version) : 0);
	if (!custom_kind_is_possible(group, slash ? slash + 1 : api_version, name, NULL)) {
		err_set(err, ERR_INPUT, "not a Kubernetes object: no server has a kind \"%.60s\" of apiVersion \"%.60s\"", name, api_version);
		return NULL;
	}
	return inventory_custom_kind(inv, group, slash ? slash + 1 : api_version, name, NULL, value_get(metadata, "namespace") != NULL);
}

/* A map with room for as many members as the one it is copied from. */
static struct value map_like(struct inventory *inv, const struct value *v)
{
	return (struct value){.type = VALUE_MAP, .members = arena_new_array(&inv->arena, struct member, value_len(v))};
}

/* Adds what m is to hold in the copy; m's key is not there yet. */
static void map_append(struct inventory *inv, struct value *map, const struct member *m, struct value v)
{
	v.key_len = m->v.key_len;
	map->members[map->len++] = (struct member){.key = intern_add(&inv->strings, m->key, m->v.key_len), .v = v};
}

/* Who changed something and when, without the list of fields: half of the bytes of an object. */
static struct value reduced_managed(struct inventory *inv, const struct value *v)
{
	static const char *const kept[] = {"manager", "operation", "apiVersion", "time", "subresource"};
	struct value out = {.type = VALUE_LIST};

	out.items = arena_new_array(&inv->arena, struct value, value_len(v));
	for (value_each(entry, v)) {
		struct value reduced = {.type = VALUE_MAP};

		for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
			const struct value *m = value_get(entry, kept[i]);

			if (m)
				value_map_set(&inv->builder, &reduced, kept[i], value_copy(&inv->builder, m));
		}
		out.items[out.len++] = reduced;
	}
	return out;
}

static struct value reduced_annotations(struct inventory *inv, const struct value *v)
{
	struct value out = map_like(inv, v);

	for (member_each(m, v)) {
		size_t kept = schema_annotation_kept(m->key, m->v.key_len, value_str(&m->v, ""), m->v.type == VALUE_STRING ? m->v.len : 0);

		if (kept == SIZE_MAX)
			map_append(inv, &out, m, value_copy(&inv->builder, &m->v));
		else if (kept)
			map_append(inv, &out, m, value_of_str(arena_strndup(&inv->arena, value_str(&m->v, ""), kept)));
	}
	return out;
}

/* Metadata without what repeats the object: kubectl apply keeps all of it, a Secret's values too, in an annotation. */
static struct value reduced_metadata(struct inventory *inv, const struct value *metadata)
{
	struct value out = map_like(inv, metadata);

	for (member_each(m, metadata)) {
		if (str_eq(m->key, "annotations") && m->v.type == VALUE_MAP)
			map_append(inv, &out, m, reduced_annotations(inv, &m->v));
		else if (str_eq(m->key, "managedFields"))
			map_append(inv, &out, m, reduced_managed(inv, &m->v));
		else
			map_append(inv, &out, m, value_copy(&inv->builder, &m->v));
	}
	return out;
}

/* Which keys there are, never what they hold. */
static void add_key_name(struct inventory *inv, struct value *keys, const char *key, size_t len)
{
	if (keys->len < SECRET_KEYS_MAX)
		value_map_set(&inv->builder, keys, intern_add(&inv->strings, key, len), (struct value){.type = VALUE_NULL});
}

/* Keys of a Secret that was read without its data: the field sets in managedFields name them ("f:data": {"f:password": {}}). */
static void add_managed_keys(struct inventory *inv, struct value *keys, const struct value *managed)
{
	for (value_each(entry, managed))
		for (member_each(m, value_get(value_get(entry, "fieldsV1"), "f:data")))
			if (strncmp(m->key, "f:", 2) == 0)
				add_key_name(inv, keys, m->key + 2, m->v.key_len - 2u);
}

/* A Secret keeps its type, its metadata and the names of its keys. Built anew by copying what may stay, so that nothing is kept by
 * oversight. Without "data" nobody knows its keys. */
static struct value secret_without_values(struct inventory *inv, const struct value *root)
{
	static const char *const kept[] = {"apiVersion", "kind", "type", "immutable"}, *const holders[] = {"data", "stringData"};
	struct value_builder *b = &inv->builder;
	struct value out = {.type = VALUE_MAP}, keys = {.type = VALUE_MAP};
	/* A Secret that was asked for as metadata only calls itself so, when it comes as JSON. */
	bool partial = str_eq(value_get_str(root, "kind"), "PartialObjectMetadata");
	const struct value *metadata = value_get(root, "metadata");
	bool known = false;

	value_map_set(b, &out, "metadata", reduced_metadata(inv, metadata));
	for (size_t i = partial ? 2 : 0; i < ARRAY_LEN(kept); i++) {
		const struct value *v = value_get(root, kept[i]);

		if (v && (v->type == VALUE_STRING || v->type == VALUE_BOOL))
			value_map_set(b, &out, kept[i], value_copy(b, v));
	}
	for (size_t i = 0; i < ARRAY_LEN(holders); i++) {
		known |= value_get(root, holders[i]) != NULL;
		for (member_each(m, value_get(root, holders[i])))
			add_key_name(inv, &keys, m->key, m->v.key_len);
	}
	add_managed_keys(inv, &keys, value_get(metadata, "managedFields"));
	if (known || keys.len)
		value_map_set(b, &out, "data", keys);
	return out;
}

/* A custom object keeps everything but the bulk of its metadata; one of a known kind only what is read of it. The definitions of custom kinds would keep schemas of megabytes, which
 * nothing here reads: they are projected, whichever way they came. */
static struct value custom_reduced(struct inventory *inv, const struct kind *kind, const struct value *root)
{
	const struct custom_kind *custom = inventory_custom_of(inv, kind);
	const struct known_kind *known = custom && custom->known && *custom->known->keep ? custom->known : NULL;
	const struct message *definition = schema_find(SCHEMA_CRD);
	struct value projected;

	if (str_eq(kind->group, "apiextensions.k8s.io") && str_eq(kind->name, "CustomResourceDefinition") &&
	    schema_project(&inv->builder, root, definition, &projected, NULL) == 0)
		return projected;
	struct value out = map_like(inv, root);

	for (member_each(m, root)) {
		if (str_eq(m->key, "metadata"))
			map_append(inv, &out, m, reduced_metadata(inv, &m->v));
		else if (!known)
			map_append(inv, &out, m, value_copy(&inv->builder, &m->v));
		else if (known_kind_keeps(known, m->key))
			map_append(inv, &out, m, known_kind_keep(inv, known, m->key, &m->v));
	}
	return out;
}

static const struct value *map_member(const struct value *map, const char *key)
{
	const struct value *v = value_get(map, key);
	return v && v->type == VALUE_MAP ? v : NULL;
}

static const struct value *controller_reference(const struct value *metadata)
{
	for (value_each(ref, value_get(metadata, "ownerReferences")))
		if (value_get_bool(ref, "controller", false))
			return ref;
	return NULL;
}

static void object_fill(struct inventory *inv, struct object *o, const struct value *root)
{
	o->root = *root;
	o->metadata = map_member(&o->root, "metadata");
	o->labels = map_member(o->metadata, "labels");
	o->annotations = map_member(o->metadata, "annotations");
	o->spec = map_member(&o->root, "spec");
	o->status = map_member(&o->root, "status");
	o->controller = controller_reference(o->metadata);
	o->uid = intern_text(inv, value_get(o->metadata, "uid"));
	o->resource_version = value_get_str(o->metadata, "resourceVersion");
	o->created = value_get_time(o->metadata, "creationTimestamp");
	o->deleted = value_get_time(o->metadata, "deletionTimestamp");
}

/* One more than are kept, and none that is there already? */
static bool is_one_too_many(struct inventory *inv, const struct value *root, bool warning)
{
	if (inv->event_counts[warning] < INVENTORY_EVENTS_MAX)
		return false;
	const struct value *metadata = value_get(root, "metadata");
	const char *ns = value_get_str(metadata, "namespace"), *name = value_get_str(metadata, "name");
	/* The two lie side by side as in struct event. Nothing is interned for what is not kept. */
	const char *key[2] = {intern_find(&inv->strings, ns, strlen(ns)), intern_find(&inv->strings, name, strlen(name))};

	return !(key[0] && key[1] && hash_get(&inv->events_by_name, key, EVENT_KEY_LEN));
}

void inventory_put_event(struct inventory *inv, const struct value *root)
{
	struct event fresh = {0};
	bool warning = str_eq(value_get_str(root, "type"), "Warning");
	if (is_one_too_many(inv, root, warning)) {
		inv->events_left_out++;
		scratch_reset(inv);
		return;
	}
	event_from_value(inv, root, &fresh);
	struct event *e = hash_get(&inv->events_by_name, &fresh.ns, EVENT_KEY_LEN);
	if (!e) {
		e = arena_new(&inv->arena, struct event);
		inv->event_counts[warning]++;
		*heap_push(&inv->events) = e;
		*e = fresh;
		hash_put(&inv->events_by_name, &e->ns, EVENT_KEY_LEN, e);
	}
	*e = fresh;
	scratch_reset(inv);
}

struct object *inventory_put(struct inventory *inv, const struct kind *kind, const struct value *root, const struct value *metadata)
{
	struct object_key key = {.kind = kind, .name = intern_text(inv, value_get(metadata, "name"))};
	/* What kubectl would do with a manifest that names no namespace. */
	bool built_in = kind->id != KIND_CUSTOM;
	const char *ns = value_get_str(metadata, "namespace");
	key.ns = intern_str(&inv->strings, built_in && !kind->namespaced ? "" : built_in && !*ns ? "default" : ns);
	struct object *o = hash_get(&inv->by_name, &key, OBJECT_KEY_LEN);
	if (!o) {
		o = arena_new(&inv->arena, struct object);
		o->kind = kind;
		o->ns = key.ns;
		o->name = key.name;
		hash_put(&inv->by_name, o, OBJECT_KEY_LEN, o);
		*heap_push(&inv->lists[kind->id]) = o;
		inv->object_count++;
	}
	object_fill(inv, o, root);
	return o;
}

static void add_object(struct inventory *inv, const struct kind *kind, const struct value *root, const struct value *metadata)
{
	struct value kept = kind->id == KIND_SECRET   ? secret_without_values(inv, root)
			    : kind->id != KIND_CUSTOM ? *root
						      : custom_reduced(inv, kind, root);
	inventory_put(inv, kind, &kept, metadata);
	scratch_reset(inv);
}

int inventory_add(struct inventory *inv, const struct kind *kind, const struct value *root, struct err *err)
{
	if (!root || root->type != VALUE_MAP)
		return err_set(err, ERR_INPUT, "not a Kubernetes object: it is not a map");
	const struct value *metadata = value_get(root, "metadata");
	if (!metadata || metadata->type != VALUE_MAP)
		return err_set(err, ERR_INPUT, "not a Kubernetes object: metadata is missing");
	if (kind && kind->id == KIND_CUSTOM)
		kind = inventory_custom_kind(inv, kind->group, kind->version, kind->name, kind->plural, kind->namespaced);
	else if (!kind)
		kind = kind_of_root(inv, root, metadata, err);
	if (!kind)
		return ERR_INPUT;
	const struct value *name = value_get(metadata, "name");
	if (!name || name->type != VALUE_STRING || name->len == 0)
		return err_set(err, ERR_INPUT, "%s without metadata.name", kind->name);
	if (kind->id == KIND_EVENT)
		inventory_put_event(inv, root);
	else
		add_object(inv, kind, root, metadata);
	return 0;
}

void inventory_mark_seen(struct inventory *inv, const struct kind *kind, const char *ns)
{
	struct custom_kind *custom = NULL;
	if (kind->id == KIND_CUSTOM && kind->name) {
		inventory_custom_kind(inv, kind->group, kind->version, kind->name, kind->plural, kind->namespaced);
		custom = inventory_custom_of(inv, kind);
	}
	if (!ns || !*ns || !kind->namespaced) {
		inv->seen_all[kind->id] = true;
		if (custom)
			custom->seen_all = true;
		return;
	}
	struct seen_namespaces *seen = custom ? &custom->seen_ns : &inv->seen_ns[kind->id];
	const char *key = intern_str(&inv->strings, ns);
	for (uint32_t i = 0; i < seen->len; i++)
		if (seen->items[i] == key)
			return;
	*heap_push(seen) = key;
}

void inventory_add_note(struct inventory *inv, const char *what, const char *why, enum kind_id kind, const char *ns)
{
	*heap_push(&inv->notes) = (struct note){.what = arena_strdup(&inv->arena, what),
						.why = arena_strdup(&inv->arena, why),
						.kind = kind,
						.ns = arena_strdup(&inv->arena, ns ? ns : "")};
}

struct log_node *inventory_find_log(const struct inventory *inv, const struct object *pod, const char *container, bool previous)
{
	struct log_node *n = pod ? hash_get_ptr(&inv->logs_by_pod, pod) : NULL;
	while (n && (n->log.previous != previous || !str_eq(n->log.container, container)))
		n = n->next;
	return n;
}

void inventory_link_log(struct inventory *inv, struct log_node *n)
{
	n->next = hash_get_ptr(&inv->logs_by_pod, n->log.pod);
	hash_put_ptr(&inv->logs_by_pod, n->log.pod, n);
	*heap_push(&inv->logs) = n;
}

void inventory_add_log(struct inventory *inv, const char *ns, const char *pod, const char *container, bool previous, const char *text, size_t len,
		       bool truncated, const char *error)
{
	/* Before seal the pod may not be there yet: the log waits in the list without its pod. */
	const struct object *o = inv->sealed ? inventory_find(inv, KIND_POD, ns, pod) : NULL;
	if (inv->sealed && !o)
		return;
	struct log_node *n = inventory_find_log(inv, o, container, previous);
	bool fresh = !n;
	if (fresh) {
		n = arena_new(&inv->arena, struct log_node);
		n->ns = arena_strdup(&inv->arena, ns);
		n->pod_name = arena_strdup(&inv->arena, pod);
		n->log.container = arena_strdup(&inv->arena, container);
		n->log.previous = previous;
		n->log.pod = o;
	}
	n->log.text = arena_strndup(&inv->arena, text ? text : "", text ? len : 0);
	n->log.len = text ? len : 0;
	n->log.truncated = truncated;
	n->log.error = error ? arena_strdup(&inv->arena, error) : NULL;
	if (fresh && o)
		inventory_link_log(inv, n);
	else if (fresh)
		*heap_push(&inv->logs) = n;
}

void inventory_set_now(struct inventory *inv, usec_t now)
{
	inv->now = now;
}

void inventory_set_server_version(struct inventory *inv, const char *git_version)
{
	inv->server_version = arena_strdup(&inv->arena, git_version);
}
