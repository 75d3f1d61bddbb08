/* Who selects whom, by labels: looked up by one pair of a selector, so that a namespace of thousands is not walked for each question. */
#include "diagnose/graph_internal.h"

static int compare_pair(const struct label_entry *a, const char *ns, const char *key, const char *value)
{
	int c = strcmp(a->ns, ns);

	if (!c)
		c = strcmp(a->key, key);
	return c ? c : strcmp(a->value, value);
}

static int compare_entry(const void *x, const void *y)
{
	const struct label_entry *a = x, *b = y;
	int c = compare_pair(a, b->ns, b->key, b->value);

	return c ? c : a->order < b->order ? -1 : a->order > b->order;
}

static void add_entry(struct graph *g, struct label_index *index, const struct object *o, const struct member *m, uint32_t order)
{
	*arena_push(g->arena, index) = (struct label_entry){.ns = o->ns, .key = m->key, .value = value_str(&m->v, ""), .object = o, .order = order};
}

static void sort_index(struct label_index *index)
{
	if (index->len)
		qsort(index->items, index->len, sizeof(*index->items), compare_entry);
}

/* The first entry that does not come before the pair; after: the first that comes after it. */
static uint32_t bound(const struct label_index *index, const char *ns, const struct member *pair, bool after)
{
	uint32_t from = 0, to = index->len;

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;
		int c = compare_pair(&index->items[mid], ns, pair->key, value_str(&pair->v, ""));

		if (c < 0 || (after && c == 0))
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* How many entries one pair has; *ret_from is where they begin. */
static uint32_t find_pair(const struct label_index *index, const char *ns, const struct member *pair, uint32_t *ret_from)
{
	*ret_from = bound(index, ns, pair, false);
	return bound(index, ns, pair, true) - *ret_from;
}

/* What has an owner is spoken for by it: the owner's template carries the same labels. */
static void load_workloads(struct graph *g)
{
	uint32_t order = 0;

	g->labels_loaded = true;
	for (size_t k = 0; k < graph_workload_kind_count; k++) {
		const struct object_list *all = inventory_list(g->inv, graph_workload_kinds[k]);

		for (uint32_t i = 0; i < all->len; i++) {
			const struct object *o = all->items[i];

			order++;
			if (!o->owner)
				for (member_each(m, pod_labels(o)))
					add_entry(g, &g->workloads_by_label, o, m, order);
		}
	}
	sort_index(&g->workloads_by_label);
}

/* The pair of a selector that the fewest workloads carry; NULL when it has none. */
static const struct member *rarest_pair(const struct graph *g, const char *ns, const struct value *pairs, uint32_t *ret_from, uint32_t *ret_count)
{
	const struct member *best = NULL;

	for (member_each(m, pairs)) {
		uint32_t from, count = find_pair(&g->workloads_by_label, ns, m, &from);

		if (!best || count < *ret_count) {
			best = m;
			*ret_from = from;
			*ret_count = count;
		}
	}
	return best;
}

/* Each Service stands under one pair of its selector only. */
static void load_services(struct graph *g)
{
	const struct object_list *all = inventory_list(g->inv, KIND_SERVICE);

	g->services_loaded = true;
	for (uint32_t i = 0; i < all->len; i++) {
		uint32_t from, count;
		const struct member *m = rarest_pair(g, all->items[i]->ns, value_get(all->items[i]->spec, "selector"), &from, &count);

		if (m)
			add_entry(g, &g->services_by_label, all->items[i], m, i);
	}
	sort_index(&g->services_by_label);
}

bool graph_selected_by_pair(struct graph *g, const struct object *o, const struct value *selector, bool plain, struct object_list *ret)
{
	uint32_t from, count;

	if (!g->labels_loaded)
		load_workloads(g);
	if (!rarest_pair(g, o->ns, plain ? selector : value_get(selector, "matchLabels"), &from, &count))
		return false;
	for (uint32_t i = from; i < from + count; i++) {
		const struct object *w = g->workloads_by_label.items[i].object;

		if (selector_matches(selector, pod_labels(w), plain))
			*arena_push(g->arena, ret) = (struct object *)(uintptr_t)w;
	}
	return true;
}

static int compare_index(const void *x, const void *y)
{
	const struct object *a = *(const struct object *const *)x, *b = *(const struct object *const *)y;

	return a->index < b->index ? -1 : a->index > b->index;
}

struct object_list graph_services_in_front(struct graph *g, const struct object *o)
{
	struct object_list ret = {0};

	if (!g->labels_loaded)
		load_workloads(g);
	if (!g->services_loaded)
		load_services(g);
	for (member_each(m, pod_labels(o))) {
		uint32_t from, count = find_pair(&g->services_by_label, o->ns, m, &from);

		for (uint32_t i = from; i < from + count; i++) {
			const struct object *service = g->services_by_label.items[i].object;

			if (selector_matches(value_get(service->spec, "selector"), pod_labels(o), true))
				*arena_push(g->arena, &ret) = (struct object *)(uintptr_t)service;
		}
	}
	if (ret.len)
		qsort(ret.items, ret.len, sizeof(*ret.items), compare_index);
	return ret;
}
