/* The names that templates use: what the specification's numbers come to in one environment. */
#include "platform/generation.h"

#include <math.h>

/* What the kubelet keeps from pods besides the reservations: its own default for memory. */
#define EVICTION_MIB 100
/* A quota without one lets a loop fill etcd. */
#define NAMESPACE_PODS 500

static struct value map_of(struct generation *g, const char *name, const struct value *v)
{
	struct value map = {.type = VALUE_MAP};

	value_map_set(&g->b, &map, name, *v);
	return map;
}

/* versions.yaml as maps from id to what a template writes. */
static int name_versions(struct generation *g, struct err *err)
{
	static const struct {
		const char *list, *member;
	} lists[] = {{"tools", "version"}, {"images", "image"}};
	struct value versions, charts = {.type = VALUE_MAP};
	int r = embedded_value(&g->b, "versions", &versions, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct value map = {.type = VALUE_MAP};

		for (value_each(row, value_get(&versions, lists[i].list)))
			value_map_set(&g->b, &map, value_get_str(row, "id"), *value_get(row, lists[i].member));
		generation_name(g, lists[i].list, map);
	}
	for (value_each(row, value_get(&versions, "charts")))
		value_map_set(&g->b, &charts, value_get_str(row, "id"), *row);
	generation_name(g, "charts", charts);
	return 0;
}

static void name_labels(struct generation *g)
{
	struct value labels = {.type = VALUE_MAP}, retry = {.type = VALUE_MAP}, backoff = {.type = VALUE_MAP};

	value_map_set(&g->b, &labels, "app.kubernetes.io/managed-by", value_of_str("auto-devops"));
	value_map_set(&g->b, &labels, "app.kubernetes.io/part-of", *value_get(&g->site, "name"));
	generation_name(g, "labels", labels);
	/* What a wave needs may come a little later than the wave: trying again is how Argo CD waits. */
	value_map_set(&g->b, &backoff, "duration", value_of_str("10s"));
	value_map_set(&g->b, &backoff, "factor", value_of_int(2));
	value_map_set(&g->b, &backoff, "maxDuration", value_of_str("5m"));
	value_map_set(&g->b, &retry, "limit", value_of_int(-1));
	value_map_set(&g->b, &retry, "backoff", backoff);
	generation_name(g, "retry", retry);
}

static struct value port_mapping(struct generation *g, int64_t container, int64_t host)
{
	struct value m = {.type = VALUE_MAP};

	value_map_set(&g->b, &m, "containerPort", value_of_int(container));
	value_map_set(&g->b, &m, "hostPort", value_of_int(host));
	value_map_set(&g->b, &m, "listenAddress", value_of_str("127.0.0.1"));
	value_map_set(&g->b, &m, "protocol", value_of_str("TCP"));
	return m;
}

static struct value worker(struct generation *g, bool has_models)
{
	struct value w = {.type = VALUE_MAP}, mounts = {.type = VALUE_LIST}, mount = {.type = VALUE_MAP},
		     pool = value_of_str(has_models ? "ai" : "general");

	value_map_set(&g->b, &w, "labels", map_of(g, "auto-devops.io/pool", &pool));
	value_map_set(&g->b, &mount, "hostPath", value_of_str("/var/lib/auto-devops/models"));
	value_map_set(&g->b, &mount, "containerPath", value_of_str("/var/lib/auto-devops/models"));
	if (has_models)
		list_add(g, &mounts, mount);
	value_map_set(&g->b, &w, "mounts", mounts);
	return w;
}

static int reserve(struct generation *g, struct value *nodes, struct err *err)
{
	int64_t cpu = value_int(value_at(&g->site, "host.cpu"), 0), memory = value_int(value_at(&g->site, "host.memory_gib"), 0),
		node_cpu = value_get_int(nodes, "cpu", 0), node_memory = value_get_int(nodes, "memory_gib", 0),
		reserved = (memory - node_memory) * 1024 - EVICTION_MIB;

	if (cpu <= node_cpu || reserved <= 0)
		return err_set(
			err, ERR_INPUT,
			"a machine of %lld CPU and %lld GiB is not larger than one node (%lld CPU, %lld GiB); say its real size with --host-cpu and "
			"--host-memory",
			(long long)cpu, (long long)memory, (long long)node_cpu, (long long)node_memory);
	if (cpu > 4096 || memory > (1 << 20))
		return err_set(err, ERR_INPUT, "a machine of %lld CPU and %lld GiB is none that this can be meant for", (long long)cpu,
			       (long long)memory);
	value_map_set(&g->b, nodes, "reserved_cpu", value_of_int(cpu - node_cpu));
	value_map_set(&g->b, nodes, "reserved_memory_mib", value_of_int(reserved));
	value_map_set(&g->b, nodes, "eviction_mib", value_of_int(EVICTION_MIB));
	return 0;
}

static int name_nodes(struct generation *g, const struct value *spec, struct err *err)
{
	struct value nodes = value_copy(&g->b, value_get(value_get(spec, "nodes"), g->env)), planes = {.type = VALUE_LIST},
		     workers = {.type = VALUE_LIST}, ports = {.type = VALUE_LIST};
	int64_t count = value_get_int(&nodes, "workers", 0);

	/* Memory of machines is sold in units of 2^30 whatever the label says. */
	value_map_set(&g->b, &nodes, "memory_gib", *value_get(&nodes, "memory_gb"));
	for (int64_t i = 0; i < value_get_int(&nodes, "control_planes", 0); i++)
		list_add(g, &planes, value_of_int(i));
	for (int64_t i = 0; i < count; i++)
		list_add(g, &workers, worker(g, i == 0));
	for (value_each(p, value_get(&g->data, "kind_ports")))
		list_add(g, &ports, port_mapping(g, value_get_int(p, "node", 0), value_get_int(p, "host", 0)));
	value_map_set(&g->b, &nodes, "control_plane_count", value_of_int(planes.len));
	value_map_set(&g->b, &nodes, "control_planes", planes);
	value_map_set(&g->b, &nodes, "workers", workers);
	value_map_set(&g->b, &nodes, "ports", ports);
	if (g->env_bit == ENV_DEV && reserve(g, &nodes, err) < 0)
		return err->code;
	generation_name(g, "nodes", nodes);
	return 0;
}

/* Rounded down: parts never come to more than the whole. */
static double part(const struct value *allocation, const char *what, double share)
{
	return floor(value_double(value_get(allocation, what), 0) * share + 1e-6);
}

/* A share of an allocation as quantities: CPU in thousandths, memory in MiB, storage in GB (10^9, as the specification counts). */
struct value generation_budget(struct generation *g, const struct value *allocation, double share, int64_t gpus)
{
	struct value b = {.type = VALUE_MAP};

	value_map_set(&g->b, &b, "cpu", text_of(g, "%.0fm", part(allocation, "cpu", share * 1000)));
	value_map_set(&g->b, &b, "memory", text_of(g, "%.0fMi", part(allocation, "memory_gb", share * 1024)));
	value_map_set(&g->b, &b, "storage", text_of(g, "%.0fG", part(allocation, "storage_gb", share)));
	value_map_set(&g->b, &b, "gpu", value_of_int(gpus));
	value_map_set(&g->b, &b, "pods", value_of_int(NAMESPACE_PODS));
	value_map_set(&g->b, &b, "source", *value_get(allocation, "source"));
	return b;
}

static int64_t gpus_of(const struct generation *g, const char *namespace)
{
	for (value_each(row, value_get(&g->data, "gpus")))
		if (generation_has(g, row) && str_eq(value_get_str(row, "namespace"), namespace))
			return value_get_int(row, "count", 0);
	return 0;
}

static int name_namespaces(struct generation *g, const struct value *spec, struct err *err)
{
	const struct value *allocations = value_get(value_get(spec, "allocations"), g->env);
	struct value all = generation_rows(g, "namespaces"), bounded = {.type = VALUE_LIST}, budgeted = {.type = VALUE_LIST};

	for (value_each(row, &all)) {
		const char *of = value_get_str(row, "of"), *name = value_get_str(row, "name");
		const struct value *allocation = value_get(allocations, of);
		struct value with = value_copy(&g->b, row);

		if (*of && !allocation)
			return err_set(err, ERR_INTERNAL, "the namespace %s takes part of \"%s\", which %s does not allocate", name, of, g->env);
		if (allocation) {
			value_map_set(&g->b, &with, "budget",
				      generation_budget(g, allocation, value_double(value_get(row, "share"), 0), gpus_of(g, name)));
			list_add(g, &budgeted, with);
		}
		if (value_list_has(value_get(&g->data, "bounded"), name))
			list_add(g, &bounded, *row);
	}
	generation_name(g, "namespaces", all);
	generation_name(g, "bounded_namespaces", bounded);
	generation_name(g, "budgeted_namespaces", budgeted);
	return 0;
}

/* What Argo CD's project may read from and write to. */
static struct value name_env(struct generation *g)
{
	const struct value rows = generation_rows(g, "charts");
	const struct value *charts = scope_find(g->scope, "charts", 6);
	struct value env = {.type = VALUE_MAP}, pools = {.type = VALUE_LIST}, repositories = {.type = VALUE_LIST},
		     destinations = {.type = VALUE_LIST}, here = {.type = VALUE_MAP}, tenants = {.type = VALUE_MAP};

	list_add(g, &pools, value_of_str("platform"));
	if (g->env_bit == ENV_KAMAJI)
		list_add(g, &pools, value_of_str("tenants"));
	list_add(g, &repositories, *value_at(&g->site, "repository.url"));
	for (value_each(row, &rows))
		list_add_once(g, &repositories, value_get(value_get(charts, value_get_str(row, "name")), "repository"));
	value_map_set(&g->b, &here, "server", value_of_str("https://kubernetes.default.svc"));
	value_map_set(&g->b, &here, "namespace", value_of_str("*"));
	list_add(g, &destinations, here);
	/* A tenant's cluster is one that Argo CD knows by name; jamie is the only namespace that it needs there. */
	value_map_set(&g->b, &tenants, "name", value_of_str("*"));
	value_map_set(&g->b, &tenants, "namespace", value_of_str("jamie"));
	if (g->env_bit == ENV_KAMAJI)
		list_add(g, &destinations, tenants);
	value_map_set(&g->b, &env, "id", value_of_str(g->env));
	value_map_set(&g->b, &env, "is_kamaji", value_of_bool(g->env_bit == ENV_KAMAJI));
	value_map_set(&g->b, &env, "pools", pools);
	value_map_set(&g->b, &env, "repositories", repositories);
	value_map_set(&g->b, &env, "destinations", destinations);
	return env;
}

int names_make(struct generation *g, struct err *err)
{
	struct value spec;
	int r = spec_read(g, &spec, err);

	if (r < 0)
		return r;
	g->ports = *value_get(&spec, "ports");
	generation_name(g, "site", g->site);
	generation_name(g, "ports", g->ports);
	name_labels(g);
	if ((r = name_versions(g, err)) < 0)
		return r;
	generation_name(g, "env", name_env(g));
	if ((r = name_nodes(g, &spec, err)) < 0 || (r = name_namespaces(g, &spec, err)) < 0)
		return r;
	generation_name(g, "priorities", generation_rows(g, "priorities"));
	generation_name(g, "disruptions", generation_rows(g, "disruptions"));
	generation_name(g, "secrets", generation_rows(g, "secrets"));
	if ((r = names_components(g, &spec, err)) < 0 || (r = names_network(g, err)) < 0 || (r = names_observability(g, err)) < 0)
		return r;
	return g->env_bit == ENV_KAMAJI ? names_tenants(g, &spec, err) : 0;
}
