/* Sizes of the components: the specification's ranges, held to what the environment's budget and nodes can carry. */
#include "platform/generation.h"

#include <math.h>

static struct value app_labels(struct generation *g, const char *name)
{
	struct value labels = {.type = VALUE_MAP};

	value_map_set(&g->b, &labels, "app.kubernetes.io/name", value_of_str(name));
	value_map_set(&g->b, &labels, "app.kubernetes.io/managed-by", value_of_str("auto-devops"));
	value_map_set(&g->b, &labels, "app.kubernetes.io/part-of", *value_get(&g->site, "name"));
	return labels;
}

static double get(const struct value *v, const char *path)
{
	return value_double(value_at(v, path), 0);
}

/* The laptop takes the least of each range, the others the most. */
static double of_range(const struct generation *g, const struct value *range)
{
	return value_double(value_get(range, g->env_bit == ENV_DEV ? "min" : "max"), 0);
}

static const char *class_for(const struct generation *g, const char *production)
{
	return g->env_bit == ENV_DEV ? "local-path" : production;
}

static void add_size(struct generation *g, struct value *sizes, const struct value *storage, const char *name, const char *class, double memory)
{
	const struct value *row = value_get(storage, name);
	double gb = of_range(g, value_get(row, "storage_gb")), days = of_range(g, value_get(row, "retention_days"));
	struct value v = {.type = VALUE_MAP};

	value_map_set(&g->b, &v, "storage", text_of(g, "%.0fG", gb));
	value_map_set(&g->b, &v, "class", value_of_str(class_for(g, class)));
	if (days > 0) {
		/* Prometheus takes days, Loki and Tempo hours. */
		value_map_set(&g->b, &v, "retention", str_eq(name, "prometheus") ? text_of(g, "%.0fd", days) : text_of(g, "%.0fh", days * 24));
		/* In units of 2^30, a tenth left for the write-ahead log and compaction. */
		value_map_set(&g->b, &v, "retention_size", text_of(g, "%.0fGB", floor(gb * 0.9 * 1e9 / 0x1p30)));
	}
	value_map_set(&g->b, &v, "memory", text_of(g, "%.0fMi", floor(memory * 1024)));
	value_map_set(&g->b, &v, "cpu", value_of_str(g->env_bit == ENV_DEV ? "500m" : "4"));
	value_map_set(&g->b, sizes, name, v);
}

static void name_sizes(struct generation *g, const struct value *spec)
{
	const struct value *storage = value_get(spec, "storage"), *nodes = scope_find(g->scope, "nodes", 5);
	double budget = get(value_get(value_get(spec, "allocations"), g->env), "observability.memory_gb"), node = get(nodes, "memory_gib");
	struct value sizes = {.type = VALUE_MAP};

	/* Prometheus: half of the allocation, as long as it fits beside others on a node. */
	add_size(g, &sizes, storage, "prometheus", "fast-ssd", fmin(budget / 2, node / 2));
	add_size(g, &sizes, storage, "loki", "standard", 2);
	add_size(g, &sizes, storage, "tempo", "standard", 2);
	add_size(g, &sizes, storage, "grafana", "standard", 0.5);
	add_size(g, &sizes, storage, "opik", "fast-ssd", 4);
	generation_name(g, "sizes", sizes);
}

static const struct value *namespace_of(const struct generation *g, const char *name)
{
	const char *path = "budgeted_namespaces";

	for (value_each(ns, scope_find(g->scope, path, strlen(path))))
		if (str_eq(value_get_str(ns, "name"), name))
			return ns;
	return NULL;
}

static double budget_of(const struct generation *g, const char *namespace, const char *what)
{
	double q = 0;

	value_quantity(value_get(value_get(namespace_of(g, namespace), "budget"), what), &q);
	return q;
}

static void name_databases(struct generation *g)
{
	const struct value *m = value_get(&g->data, "mongodb");
	double members = value_double(value_get(value_get(m, "members"), g->env), 1), share = value_double(value_get(m, "share"), 0);
	struct value mongodb = {.type = VALUE_MAP}, redis = {.type = VALUE_MAP};
	double memory = budget_of(g, "data", "memory"), node = get(scope_find(g->scope, "nodes", 5), "memory_gib") * 0x1p30;

	value_map_set(&g->b, &mongodb, "labels", app_labels(g, "mongodb"));
	value_map_set(&g->b, &mongodb, "members", value_of_int((int64_t)members));
	value_map_set(&g->b, &mongodb, "version", *value_get(m, "version"));
	value_map_set(&g->b, &mongodb, "cpu", text_of(g, "%.0fm", floor(budget_of(g, "data", "cpu") * share / members * 1000)));
	value_map_set(&g->b, &mongodb, "memory", text_of(g, "%.0fMi", floor(fmin(memory * share / members, node / 2) / 0x1p20)));
	value_map_set(&g->b, &mongodb, "storage", text_of(g, "%.0fG", floor(budget_of(g, "data", "storage") * share / members / 1e9)));
	value_map_set(&g->b, &mongodb, "storage_class", value_of_str(class_for(g, "ai-vector")));
	generation_name(g, "mongodb", mongodb);
	value_map_set(&g->b, &redis, "labels", app_labels(g, "redis"));
	value_map_set(&g->b, &redis, "memory", value_of_str(g->env_bit == ENV_DEV ? "512Mi" : "4Gi"));
	value_map_set(&g->b, &redis, "maxmemory", value_of_str(g->env_bit == ENV_DEV ? "384mb" : "3gb"));
	value_map_set(&g->b, &redis, "storage", value_of_str(g->env_bit == ENV_DEV ? "2G" : "10G"));
	value_map_set(&g->b, &redis, "storage_class", value_of_str(class_for(g, "fast-ssd")));
	generation_name(g, "redis", redis);
}

static struct value map_with(struct generation *g, const char *key, struct value v)
{
	struct value map = {.type = VALUE_MAP};

	value_map_set(&g->b, &map, key, v);
	return map;
}

static struct value engine(struct generation *g, const struct value *row, struct err *err)
{
	const char *images = "images";
	const struct value *image = value_get(scope_find(g->scope, images, strlen(images)), value_get_str(row, "image")),
			   *port = value_get(value_get(&g->ports, value_get_str(row, "port")), "port");
	double node = get(scope_find(g->scope, "nodes", 5), "memory_gib"),
	       memory = fmin(budget_of(g, "ai-models", "memory") / 0x1p30 * 0.8, node * 0.75);
	struct value e = value_copy(&g->b, row), requests = {.type = VALUE_MAP}, limits = {.type = VALUE_MAP}, resources = {.type = VALUE_MAP};
	int64_t gpus = value_get_int(row, "gpus", 0);

	if (!image || !port) {
		err_set(err, ERR_INTERNAL, "the engine %s has no image or port", value_get_str(row, "name"));
		return (struct value){0};
	}
	value_map_set(&g->b, &e, "image", *image);
	value_map_set(&g->b, &e, "port", *port);
	value_map_set(&g->b, &e, "labels", app_labels(g, value_get_str(row, "name")));
	value_map_set(&g->b, &requests, "cpu", text_of(g, "%.0fm", floor(budget_of(g, "ai-models", "cpu") * 500)));
	value_map_set(&g->b, &requests, "memory", text_of(g, "%.0fMi", floor(memory * 1024)));
	value_map_set(&g->b, &limits, "memory", text_of(g, "%.0fMi", floor(memory * 1024)));
	if (gpus)
		value_map_set(&g->b, &limits, "nvidia.com/gpu", value_of_int(gpus));
	if (gpus)
		value_map_set(&g->b, &requests, "nvidia.com/gpu", value_of_int(gpus));
	value_map_set(&g->b, &resources, "requests", requests);
	value_map_set(&g->b, &resources, "limits", limits);
	value_map_set(&g->b, &e, "resources", resources);
	return e;
}

static int name_serving(struct generation *g, struct err *err)
{
	const struct value rows = generation_rows(g, "engines");
	struct value serving = {.type = VALUE_MAP}, engines = {.type = VALUE_LIST}, tolerations = {.type = VALUE_LIST},
		     toleration = {.type = VALUE_MAP};
	bool gpu = g->env_bit != ENV_DEV;

	for (value_each(row, &rows)) {
		struct value e = engine(g, row, err);

		if (e.type != VALUE_MAP)
			return err->code;
		list_add(g, &engines, e);
	}
	value_map_set(&g->b, &toleration, "key", value_of_str("nvidia.com/gpu"));
	value_map_set(&g->b, &toleration, "operator", value_of_str("Exists"));
	value_map_set(&g->b, &toleration, "effect", value_of_str("NoSchedule"));
	if (gpu)
		list_add(g, &tolerations, toleration);
	value_map_set(&g->b, &serving, "engines", engines);
	value_map_set(&g->b, &serving, "tolerations", tolerations);
	value_map_set(&g->b, &serving, "node_selector",
		      map_with(g, value_str(value_at(&g->site, "gpu.pool_label"), ""), value_of_str(gpu ? "gpu" : "ai")));
	value_map_set(&g->b, &serving, "storage", text_of(g, "%.0fG", floor(budget_of(g, "ai-models", "storage") / 1e9 * 0.8)));
	value_map_set(&g->b, &serving, "storage_class", value_of_str(class_for(g, "ai-fast")));
	generation_name(g, "serving", serving);
	return 0;
}

static void name_classes(struct generation *g, const struct value *spec)
{
	const struct value *classes = value_get(spec, "classes");
	struct value list = {.type = VALUE_LIST};

	for (value_each(class, classes)) {
		struct value c = value_copy(&g->b, class), annotations = {.type = VALUE_MAP};
		const char *reclaim = "Delete";

		for (value_each(more, value_get(&g->data, "classes"))) {
			if (!str_eq(value_get_str(more, "name"), value_get_str(class, "name")))
				continue;
			reclaim = value_get_str(more, "reclaim");
			value_map_set(&g->b, &annotations, "auto-devops.io/media", *value_get(more, "media"));
			if (str_eq(value_get_str(class, "name"), "standard"))
				value_map_set(&g->b, &annotations, "storageclass.kubernetes.io/is-default-class", value_of_str("true"));
		}
		value_map_set(&g->b, &c, "annotations", annotations);
		value_map_set(&g->b, &c, "reclaim", value_of_str(reclaim));
		list_add(g, &list, c);
	}
	generation_name(g, "storage_classes", list);
}

int names_components(struct generation *g, const struct value *spec, struct err *err)
{
	const char *endpoint = value_str(value_at(&g->site, "control_plane.endpoint"), ""), *colon = strrchr(endpoint, ':');
	struct value e = {.type = VALUE_MAP};

	value_map_set(&g->b, &e, "host", text_of(g, "%.*s", colon ? (int)(colon - endpoint) : (int)strlen(endpoint), endpoint));
	value_map_set(&g->b, &e, "port", colon ? value_of_str(colon + 1) : value_of_str("6443"));
	generation_name(g, "endpoint", e);
	name_classes(g, spec);
	name_sizes(g, spec);
	name_databases(g);
	return name_serving(g, err);
}
