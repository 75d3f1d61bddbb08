/* Pods by label: which pods of a namespace carry key=value, without looking at every pod.
 *
 * Thousands of Services select among tens of thousands of pods; comparing each with each would take seconds. One pass counts how
 * many pods each (namespace, key, value) has, a second fills their slices of one array. */
#include "cluster/inventory_internal.h"

static uint32_t group_hash(const char *ns, const char *key, const char *value)
{
	const char *const k[3] = {ns, key, value};
	return hash_bytes(k, sizeof(k));
}

static uint32_t *find_slot(const struct label_index *ix, const char *ns, const char *key, const char *value)
{
	for (uint32_t i = group_hash(ns, key, value);; i++) {
		uint32_t *slot = &ix->slots[i & ix->mask];
		const struct label_group *g = *slot ? &ix->groups[*slot - 1] : NULL;
		if (!g || (g->ns == ns && g->key == key && g->value == value))
			return slot;
	}
}

static void grow_slots(struct label_index *ix)
{
	uint32_t size = ix->mask ? (ix->mask + 1) * 2 : 256;
	mem_free(ix->slots);
	ix->slots = mem_alloc(size * sizeof(*ix->slots));
	ix->mask = size - 1;
	for (uint32_t i = 0; i < ix->group_count; i++)
		*find_slot(ix, ix->groups[i].ns, ix->groups[i].key, ix->groups[i].value) = i + 1;
}

static struct label_group *find_or_add(struct label_index *ix, const char *ns, const char *key, const char *value)
{
	if (!ix->slots || ix->group_count >= ix->mask / 4 * 3)
		grow_slots(ix);
	uint32_t *slot = find_slot(ix, ns, key, value);
	if (*slot)
		return &ix->groups[*slot - 1];
	ix->groups = inventory_grow(ix->groups, ix->group_count, &ix->group_cap, sizeof(*ix->groups));
	ix->groups[ix->group_count] = (struct label_group){.ns = ns, .key = key, .value = value};
	*slot = ++ix->group_count;
	return &ix->groups[ix->group_count - 1];
}

/* The groups of the pod's labels. Pods of one workload stand side by side and share their labels' tree: what the last one had needs no looking up. */
struct pod_groups {
	const char *ns;
	const struct member *labels;
	uint32_t *items, len, cap; /* places in ix->groups */
};

static void find_groups(struct inventory *inv, const struct object *pod, struct pod_groups *ret)
{
	const struct member *labels = value_len(pod->labels) ? pod->labels->members : NULL;
	if (labels && labels == ret->labels && pod->ns == ret->ns)
		return;
	ret->ns = pod->ns;
	ret->labels = labels;
	ret->len = 0;
	for (member_each(m, pod->labels)) {
		if (m->v.type != VALUE_STRING)
			continue;
		const char *key = intern_add(&inv->strings, m->key, m->v.key_len), *value = intern_add(&inv->strings, m->v.s, m->v.len);
		*heap_push(ret) = (uint32_t)(find_or_add(&inv->labels, pod->ns, key, value) - inv->labels.groups);
	}
}

static void count_pods(struct inventory *inv, const struct object_list *pods, struct pod_groups *groups)
{
	struct label_index *ix = &inv->labels;
	for (uint32_t i = 0; i < pods->len; i++) {
		find_groups(inv, pods->items[i], groups);
		for (uint32_t g = 0; g < groups->len; g++)
			ix->groups[groups->items[g]].len++;
		ix->pod_count += groups->len;
	}
}

static void place_pods(struct inventory *inv, const struct object_list *pods, struct pod_groups *groups)
{
	struct label_index *ix = &inv->labels;
	uint32_t start = 0;
	ix->pods = mem_alloc(ix->pod_count * sizeof(*ix->pods));
	for (uint32_t i = 0; i < ix->group_count; i++) {
		ix->groups[i].start = start;
		start += ix->groups[i].len;
		ix->groups[i].len = 0;
	}
	for (uint32_t i = 0; i < pods->len; i++) {
		find_groups(inv, pods->items[i], groups);
		for (uint32_t n = 0; n < groups->len; n++) {
			struct label_group *g = &ix->groups[groups->items[n]];
			ix->pods[g->start + g->len++] = pods->items[i];
		}
	}
}

void label_index_build(struct inventory *inv)
{
	const struct object_list *pods = &inv->lists[KIND_POD];
	struct pod_groups groups = {0};
	count_pods(inv, pods, &groups);
	if (inv->labels.pod_count)
		place_pods(inv, pods, &groups);
	mem_free(groups.items);
}

void label_index_release(struct label_index *ix)
{
	mem_free(ix->groups);
	mem_free(ix->slots);
	mem_free(ix->pods);
}

const struct label_group *label_index_find(const struct inventory *inv, const char *ns, const struct member *label)
{
	const struct label_index *ix = &inv->labels;
	const char *key = intern_find(&inv->strings, label->key, label->v.key_len);
	const char *value = intern_find(&inv->strings, label->v.s, label->v.len);
	const char *in = intern_find(&inv->strings, ns, strlen(ns));
	if (!key || !value || !in || !ix->slots)
		return NULL;
	const uint32_t *slot = find_slot(ix, in, key, value);
	return *slot ? &ix->groups[*slot - 1] : NULL;
}
