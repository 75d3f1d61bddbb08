#include "checks/index.h"

struct check_index {
	bool rooms_built, slices_built, maps_built, claims_built;
	struct node_room *rooms; /* by node index */
	struct hash slices;      /* interned "ns/service" -> struct object_list */
	struct hash maps;        /* ConfigMap object -> itself, when a pod spec refers to it */
	struct hash claims;      /* claim object -> a pod that uses it */
	struct hash placements;  /* owner -> struct placement */
	bool anti_built;
	struct object_list anti; /* pods with anti-affinity, one per owner */
	struct hash strings;     /* string values in custom objects and container arguments, "ns\0text" */
};

void check_index_init(struct check_run *run)
{
	struct check_index *x = arena_new(run->arena, struct check_index);
	hash_init(&x->slices);
	hash_init(&x->maps);
	hash_init(&x->strings);
	hash_init(&x->claims);
	hash_init(&x->placements);
	run->index = x;
}

void check_index_release(struct check_run *run)
{
	hash_release(&run->index->slices);
	hash_release(&run->index->maps);
	hash_release(&run->index->strings);
	hash_release(&run->index->claims);
	hash_release(&run->index->placements);
	run->index = NULL;
}

static bool pod_counts(const struct object *pod)
{
	const char *phase = value_get_str(pod->status, "phase");
	return !str_eq(phase, "Succeeded") && !str_eq(phase, "Failed");
}

const struct node_room *index_node_room(struct check_run *run, const struct object *node)
{
	struct check_index *x = run->index;
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	if (!x->rooms_built) {
		x->rooms_built = true;
		x->rooms = arena_new_array(run->arena, struct node_room, nodes->len);
		for (uint32_t i = 0; i < nodes->len; i++) {
			struct node_room *room = &x->rooms[i];
			const struct value *have = value_get(nodes->items[i]->status, "allocatable");
			const struct object_list *pods = inventory_pods_on(run->inv, nodes->items[i]->name);
			room->node = nodes->items[i];
			value_quantity(value_get(have, "cpu"), &room->cpu);
			value_quantity(value_get(have, "memory"), &room->memory);
			value_quantity(value_get(have, "pods"), &room->pods);
			for (uint32_t p = 0; pods && p < pods->len; p++) {
				if (!pod_counts(pods->items[p]))
					continue;
				room->pods_used++;
				room->cpu_used += pod_request(pods->items[p]->spec, "cpu");
				room->memory_used += pod_request(pods->items[p]->spec, "memory");
			}
		}
	}
	return node->index < nodes->len && nodes->items[node->index] == node ? &x->rooms[node->index] : NULL;
}

double index_node_free(struct check_run *run, const struct object *node, const char *resource, double *ret_allocatable)
{
	const struct node_room *room = index_node_room(run, node);
	double have = 0, used = 0;
	if (room && str_eq(resource, "cpu")) {
		have = room->cpu;
		used = room->cpu_used;
	} else if (room && str_eq(resource, "memory")) {
		have = room->memory;
		used = room->memory_used;
	} else {
		const struct object_list *pods = inventory_pods_on(run->inv, node->name);
		value_quantity(value_get(value_get(node->status, "allocatable"), resource), &have);
		for (uint32_t i = 0; pods && i < pods->len; i++)
			if (pod_counts(pods->items[i]))
				used += pod_request(pods->items[i]->spec, resource);
	}
	if (ret_allocatable)
		*ret_allocatable = have;
	return have - used;
}

static const char *slice_key(struct arena *a, const char *ns, const char *name)
{
	return arena_printf(a, "%s/%s", ns, name);
}

const struct object_list *index_slices(struct check_run *run, const struct object *service)
{
	struct check_index *x = run->index;
	if (!x->slices_built) {
		const struct object_list *all = inventory_list(run->inv, KIND_ENDPOINT_SLICE);
		x->slices_built = true;
		for (uint32_t i = 0; all && i < all->len; i++) {
			const char *name = value_get_str(all->items[i]->labels, "kubernetes.io/service-name");
			const char *key = slice_key(run->arena, all->items[i]->ns, name);
			struct object_list *list = hash_get(&x->slices, key, strlen(key));
			if (!*name)
				continue;
			if (!list) {
				list = arena_new(run->arena, struct object_list);
				hash_put(&x->slices, key, strlen(key), list);
			}
			*arena_push(run->arena, list) = all->items[i];
		}
	}
	const char *key = slice_key(run->arena, service->ns, service->name);
	return hash_get(&x->slices, key, strlen(key));
}

void index_endpoints(struct check_run *run, const struct object *service, uint32_t *ret_ready, uint32_t *ret_not_ready)
{
	const struct object_list *slices = index_slices(run, service);
	uint32_t ready = 0, not_ready = 0;
	for (uint32_t i = 0; slices && i < slices->len; i++) {
		for (value_each(e, value_get(&slices->items[i]->root, "endpoints"))) {
			const struct value *conditions = value_get(e, "conditions");
			uint32_t addresses = (uint32_t)value_len(value_get(e, "addresses"));
			if (value_get_bool(conditions, "ready", true))
				ready += addresses;
			else if (!value_get_bool(conditions, "terminating", false))
				not_ready += addresses;
		}
	}
	*ret_ready = ready;
	*ret_not_ready = not_ready;
}

struct map_walk {
	struct check_run *run;
	const char *ns;
	const struct object *pod;
};

static int mark_map(void *arg, const struct pod_ref *ref)
{
	struct map_walk *w = arg;
	struct object *o = ref->kind == KIND_CONFIG_MAP ? inventory_find(w->run->inv, KIND_CONFIG_MAP, w->ns, ref->name) : NULL;
	if (o)
		hash_put_ptr(&w->run->index->maps, o, o);
	return 0;
}

struct hash *index_placements(struct check_run *run)
{
	return &run->index->placements;
}

const struct object_list *index_anti_affinity(struct check_run *run)
{
	struct check_index *x = run->index;
	const struct object_list *pods = inventory_list(run->inv, KIND_POD);
	_cleanup_(hash_release) struct hash owners;
	hash_init(&owners);
	for (uint32_t i = 0; i < pods->len && !x->anti_built; i++) {
		struct object *pod = pods->items[i];
		const struct value *terms = value_at(pod->spec, "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution");
		if (!value_len(terms) || !*value_get_str(pod->spec, "nodeName") || !pod_counts(pod) ||
		    (pod->owner && hash_get_ptr(&owners, pod->owner)))
			continue;
		if (pod->owner)
			hash_put_ptr(&owners, pod->owner, pod);
		*arena_push(run->arena, &x->anti) = pod;
	}
	x->anti_built = true;
	return &x->anti;
}

static int mark_claim(void *arg, const struct pod_ref *ref)
{
	struct map_walk *w = arg;
	bool is_claim = ref->kind == KIND_PERSISTENT_VOLUME_CLAIM;
	struct object *o = is_claim ? inventory_find(w->run->inv, KIND_PERSISTENT_VOLUME_CLAIM, w->ns, ref->name) : NULL;
	const struct object *known = o ? hash_get_ptr(&w->run->index->claims, o) : NULL;
	if (o && (!known || !*value_get_str(known->spec, "nodeName")))
		hash_put_ptr(&w->run->index->claims, o, (void *)w->pod);
	return 0;
}

const struct object *index_claim_user(struct check_run *run, const struct object *claim)
{
	const struct object_list *pods = inventory_list(run->inv, KIND_POD);
	for (uint32_t i = 0; !run->index->claims_built && i < pods->len; i++) {
		struct map_walk w = {run, pods->items[i]->ns, pods->items[i]};
		const char *phase = value_get_str(pods->items[i]->status, "phase");
		if (!str_eq(phase, "Succeeded") && !str_eq(phase, "Failed")) /* one that has ended wants no volume any more */
			pod_refs_each(pods->items[i]->spec, "", NULL, mark_claim, &w);
	}
	run->index->claims_built = true;
	return hash_get_ptr(&run->index->claims, claim);
}

static void add_string(struct check_run *run, const char *ns, const char *s, size_t len)
{
	if (len == 0 || len > 253 * 2)
		return;
	size_t ns_len = strlen(ns);
	char *key = arena_alloc(run->arena, ns_len + 1 + len + 1);
	memcpy(key, ns, ns_len + 1);
	memcpy(key + ns_len + 1, s, len);
	key[ns_len + 1 + len] = 0;
	hash_put(&run->index->strings, key, ns_len + 1 + len, run);
}

/* Names in free text: each run of name characters of an argument such as "--config=shop/settings". */
static void add_words(struct check_run *run, const char *ns, const char *s)
{
	static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	while (*(s += strcspn(s, name_chars))) {
		size_t n = strspn(s, name_chars);
		while (n && *s == '-') { /* "--flag" */
			s++;
			n--;
		}
		add_string(run, ns, s, n);
		s += n;
	}
}

static void add_strings(struct check_run *run, const char *ns, const struct value *v, unsigned depth)
{
	if (v->type == VALUE_STRING)
		add_string(run, ns, v->s, v->len);
	if (depth > 16)
		return;
	for (value_each(item, v))
		add_strings(run, ns, item, depth + 1);
	for (member_each(m, v))
		add_strings(run, ns, &m->v, depth + 1);
}

static void build_maps(struct check_run *run)
{
	static const enum kind_id kinds[] = {KIND_POD,          KIND_DEPLOYMENT, KIND_REPLICA_SET,
					     KIND_STATEFUL_SET, KIND_DAEMON_SET, KIND_REPLICATION_CONTROLLER,
					     KIND_JOB,          KIND_CRON_JOB};
	static const char *const texts[] = {"command", "args"};
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *list = inventory_list(run->inv, kinds[k]);
		for (uint32_t i = 0; list && i < list->len; i++) {
			const struct object *o = list->items[i];
			const struct value *spec = pod_spec_of(o, NULL);
			struct map_walk w = {run, o->ns, NULL};
			pod_refs_each(spec, "", NULL, mark_map, &w);
			if (o->owner)
				continue; /* its owner has the same words */
			for (value_each(c, value_get(spec, "containers"))) {
				for (size_t t = 0; t < ARRAY_LEN(texts); t++)
					for (value_each(arg, value_get(c, texts[t])))
						add_words(run, o->ns, value_str(arg, ""));
				for (value_each(e, value_get(c, "env")))
					add_words(run, o->ns, value_get_str(e, "value"));
			}
		}
	}
	/* Operators are told of their ConfigMaps by name somewhere in their own objects. */
	const struct object_list *custom = inventory_list(run->inv, KIND_CUSTOM);
	for (uint32_t i = 0; custom && i < custom->len; i++)
		if (custom->items[i]->spec)
			add_strings(run, custom->items[i]->ns, custom->items[i]->spec, 0);
	const struct object_list *classes = inventory_list(run->inv, KIND_INGRESS_CLASS);
	for (uint32_t i = 0; classes && i < classes->len; i++)
		if (classes->items[i]->spec)
			add_strings(run, "", classes->items[i]->spec, 0);
}

bool index_config_map_is_used(struct check_run *run, const struct object *map)
{
	struct check_index *x = run->index;
	if (!x->maps_built) {
		x->maps_built = true;
		build_maps(run);
	}
	if (hash_get_ptr(&x->maps, map))
		return true;
	size_t ns_len = strlen(map->ns), len = strlen(map->name);
	char *key = arena_alloc(run->arena, ns_len + 1 + len + 1);
	memcpy(key, map->ns, ns_len + 1);
	memcpy(key + ns_len + 1, map->name, len + 1);
	/* Cluster-wide custom objects may name it too. */
	return hash_get(&x->strings, key, ns_len + 1 + len) || hash_get(&x->strings, key + ns_len, 1 + len);
}
