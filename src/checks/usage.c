/* Usage: what metrics.k8s.io says that each workload's containers use, against what they request and may use. */
#include "checks/usage.h"

#include "checks/index.h"

#define METRICS_GROUP "metrics.k8s.io"

const char *const usage_names[USAGE_RESOURCES] = {"cpu", "memory"};

static const struct value *find_container(const struct object *pod, const char *name, const char **ret_list, uint32_t *ret_index)
{
	static const char *const lists[] = {"containers", "initContainers"};
	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		*ret_index = 0;
		*ret_list = lists[l];
		for (value_each(c, value_get(pod->spec, lists[l]))) {
			if (str_eq(value_get_str(c, "name"), name))
				return c;
			(*ret_index)++;
		}
	}
	return NULL;
}

/* A limit without a request is its own request. */
static double asked(const struct value *c, const char *list, const char *resource)
{
	const struct value *all = value_get(c, "resources");
	double q = 0;
	value_quantity(value_get(value_get(all, list), resource), &q);
	return q;
}

static void add_container(struct check_run *run, struct usage *u, const struct object *pod, const struct object *metrics, const struct value *m,
			  uint32_t index)
{
	const char *list;
	uint32_t spec_index;
	const struct value *c = find_container(pod, value_get_str(m, "name"), &list, &spec_index);
	for (int r = 0; c && r < USAGE_RESOURCES; r++) {
		double used = 0, limit = asked(c, "limits", usage_names[r]), request = asked(c, "requests", usage_names[r]);
		if (!value_quantity(value_get(value_get(m, "usage"), usage_names[r]), &used))
			continue;
		request = request > 0 ? request : limit;
		if (request > 0) {
			u->used[r] += used;
			u->requested[r] += request;
		}
		struct usage_peak *peak = &u->peak[r];
		if (limit > 0 && (peak->limit <= 0 || used / limit > peak->used / peak->limit))
			*peak = (struct usage_peak){
				.used = used,
				.limit = limit,
				.pod = pod,
				.metrics = metrics,
				.container = value_get_str(c, "name"),
				.metrics_index = index,
				.limit_path = arena_printf(run->arena, "spec.%s[%u].resources.limits.%s", list, spec_index, usage_names[r]),
			};
	}
}

static void build(struct check_run *run)
{
	struct hash *table = index_table(run, INDEX_USAGE);
	const struct object_list *all = inventory_list(run->inv, KIND_CUSTOM);
	for (uint32_t i = 0; i < all->len; i++) {
		const struct object *metrics = all->items[i];
		if (!str_eq(metrics->kind->group, METRICS_GROUP))
			continue;
		if (str_eq(metrics->kind->name, "NodeMetrics"))
			hash_put(table, "nodes", 5, all->items[i]);
		const struct object *pod =
			str_eq(metrics->kind->name, "PodMetrics") ? inventory_find(run->inv, KIND_POD, metrics->ns, metrics->name) : NULL;
		if (!pod || pod->deleted)
			continue;
		const struct object *top = object_top_owner(pod);
		struct usage *u = hash_get_ptr(table, top);
		if (!u) {
			u = arena_new(run->arena, struct usage);
			u->example = metrics;
			hash_put_ptr(table, top, u);
		}
		u->pods++;
		uint32_t index = 0;
		for (value_each(m, value_get(&metrics->root, "containers")))
			add_container(run, u, pod, metrics, m, index++);
	}
}

static struct hash *usages(struct check_run *run)
{
	if (!index_is_filled(run, INDEX_USAGE))
		build(run);
	return index_table(run, INDEX_USAGE);
}

const struct usage *usage_of(struct check_run *run, const struct object *workload)
{
	return hash_get_ptr(usages(run), workload);
}

const struct object *usage_of_node(struct check_run *run, const struct object *node)
{
	return inventory_find_custom(run->inv, METRICS_GROUP, "NodeMetrics", "", node->name);
}

bool usage_is_seen(struct check_run *run)
{
	return hash_get(usages(run), "nodes", 5) != NULL;
}
