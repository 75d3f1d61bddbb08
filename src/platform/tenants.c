/* Tenants: one address, one place in a datastore and three folders each. */
#include "platform/generation.h"
#include "base/ip.h"
#include "format/json.h"

#include <math.h>

/* The first addresses of the block are left for gateways and the like. */
#define FIRST_ADDRESS 10

/* The n-th address of the tenants' block or range. */
static int address_of(const struct generation *g, uint32_t n, char ret[16], struct err *err)
{
	const char *block = value_str(value_at(&g->site, "load_balancer.tenants"), "");
	size_t first = strcspn(block, "/-");
	unsigned char bytes[16], last[16];
	uint64_t address, end;

	if (ip_parse(block, first, bytes) != 4)
		return err_set(err, ERR_INPUT, "load_balancer.tenants: %.60s is no IPv4 block or range", block);
	address = (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
	if (block[first] == '/') {
		end = (address | (UINT32_MAX >> MIN(strtoul(block + first + 1, NULL, 10), 31ul))) - 1;
		address += FIRST_ADDRESS + n;
	} else {
		if (ip_parse(block + first + 1, strlen(block + first + 1), last) != 4)
			return err_set(err, ERR_INPUT, "load_balancer.tenants: %.60s is no IPv4 range", block);
		end = (uint64_t)last[0] << 24 | (uint64_t)last[1] << 16 | (uint64_t)last[2] << 8 | last[3];
		address += n;
	}
	if (address > end)
		return err_set(err, ERR_INPUT, "load_balancer.tenants: %.60s has no address for tenant number %u", block, n + 1);
	snprintf(ret, 16, "%u.%u.%u.%u", (unsigned)(address >> 24 & 255), (unsigned)(address >> 16 & 255), (unsigned)(address >> 8 & 255),
		 (unsigned)(address & 255));
	return 0;
}

static struct value endpoints(struct generation *g, const char *name)
{
	struct value list = {.type = VALUE_LIST};

	for (int i = 0; i < 3; i++)
		list_add(g, &list, text_of(g, "%s-%d.%s.kamaji-system.svc.cluster.local:2379", name, i, name));
	return list;
}

static void name_datastores(struct generation *g, uint32_t tenants)
{
	const uint32_t each = (uint32_t)value_int(value_at(&g->site, "tenants.per_datastore"), 100);
	struct value list = {.type = VALUE_LIST}, kamaji = {.type = VALUE_MAP};

	for (uint32_t i = 0; i == 0 || i * each < tenants; i++) {
		struct value store = {.type = VALUE_MAP};
		const char *name = arena_printf(g->b.arena, "etcd-%u", i);

		value_map_set(&g->b, &store, "name", value_of_str(name));
		value_map_set(&g->b, &store, "endpoints", endpoints(g, name));
		value_map_set(&g->b, &store, "tenants", value_of_int(tenants - i * each < each ? tenants - i * each : each));
		list_add(g, &list, store);
	}
	generation_name(g, "datastores", list);
	/* docs/content/reference/benchmark.md: about 12 mCPU and 6 MiB a tenant; the limits are twice that. */
	value_map_set(&g->b, &kamaji, "cpu", text_of(g, "%um", 100 + 12 * tenants));
	value_map_set(&g->b, &kamaji, "memory", text_of(g, "%uMi", 64 + 6 * tenants));
	value_map_set(&g->b, &kamaji, "cpu_limit", text_of(g, "%um", 200 + 24 * tenants));
	value_map_set(&g->b, &kamaji, "memory_limit", text_of(g, "%uMi", 128 + 12 * tenants));
	generation_name(g, "kamaji", kamaji);
}

/* The specification's allocation holds so many control planes, by what their containers ask for. */
static void note_room(struct generation *g, const struct value *spec, uint32_t tenants)
{
	const struct value *budget = value_get(value_get(value_get(spec, "allocations"), "kamaji"), "tenant-control-planes");
	const double replicas = value_double(value_at(&g->site, "tenants.control_plane_replicas"), 1);
	double cpu = 0, memory = 0, room;

	for (member_each(m, value_get(&g->data, "control_plane_resources"))) {
		double q;

		cpu += value_quantity(value_at(&m->v, "requests.cpu"), &q) ? q * replicas : 0;
		memory += value_quantity(value_at(&m->v, "requests.memory"), &q) ? q * replicas : 0;
	}
	room = floor(fmin(value_double(value_get(budget, "cpu"), 0) / cpu, value_double(value_get(budget, "memory_gb"), 0) * 0x1p30 / memory));
	if (tenants > room)
		g->note = arena_printf(
			g->b.arena,
			"%u tenants' control planes ask for %.0f CPU and %.0f GiB; the specification gives them %.0f and %.0f, enough for %.0f: the "
			"quota of the namespace tenants refuses the rest until it is raised",
			tenants, ceil(cpu * tenants), ceil(memory * tenants / 0x1p30), value_double(value_get(budget, "cpu"), 0),
			value_double(value_get(budget, "memory_gb"), 0), room);
}

int names_tenants(struct generation *g, const struct value *spec, struct err *err)
{
	const struct value *local = value_get(value_get(value_get(spec, "allocations"), "tenant"), "jamie");
	struct value priorities = {.type = VALUE_LIST};

	if (!local)
		return err_set(err, ERR_INTERNAL, "nothing is allocated to a tenant's Jamie");
	name_datastores(g, (uint32_t)value_len(value_at(&g->site, "tenants.names")));
	note_room(g, spec, (uint32_t)value_len(value_at(&g->site, "tenants.names")));
	generation_name(g, "tenant_nodes", *value_get(value_get(spec, "nodes"), "tenant"));
	generation_name(g, "control_plane_resources", *value_get(&g->data, "control_plane_resources"));
	generation_name(g, "edge_budget", generation_budget(g, local, 1, 0));
	for (value_each(p, value_get(&g->data, "priorities")))
		if (str_eq(value_get_str(p, "name"), "agents"))
			list_add(g, &priorities, *p);
	generation_name(g, "agent_priorities", priorities);
	return 0;
}

static int make_tenant(struct generation *g, uint32_t n, const char *name, struct value *ret, struct err *err)
{
	const uint32_t each = (uint32_t)value_int(value_at(&g->site, "tenants.per_datastore"), 100);
	struct value labels = {.type = VALUE_MAP};
	char *schema = arena_printf(g->b.arena, "tenants_%s", name), address[16];
	int r = address_of(g, n, address, err);

	if (r < 0)
		return r;
	for (char *p = schema; *p; p++)
		if (*p == '-')
			*p = '_';
	*ret = (struct value){.type = VALUE_MAP};
	value_map_set(&g->b, &labels, "app.kubernetes.io/managed-by", value_of_str("auto-devops"));
	value_map_set(&g->b, &labels, "auto-devops.io/tenant", value_of_str(name));
	value_map_set(&g->b, ret, "name", value_of_str(name));
	value_map_set(&g->b, ret, "labels", labels);
	value_map_set(&g->b, ret, "schema", value_of_str(schema));
	value_map_set(&g->b, ret, "address", text_of(g, "%s", address));
	value_map_set(&g->b, ret, "datastore", text_of(g, "etcd-%u", n / each));
	return 0;
}

/* One folder each, with what makes the cluster in two ways, and what runs inside it. */
static int add_tenant(struct generation *g, const struct value *tenant, const struct value *edge, struct err *err)
{
	const struct scope scope = {g->scope, "tenant", tenant};
	const char *folder = arena_printf(g->b.arena, "tenants/%s", value_get_str(tenant, "name"));
	struct value docs = {.type = VALUE_LIST};
	int r;

	if ((r = generation_add(g, "tenant_control_plane", path_join(g->b.arena, folder, "control-plane.yaml"), &scope, err)) < 0 ||
	    (r = generation_add(g, "tenant_cluster", path_join(g->b.arena, folder, "cluster-api.yaml"), &scope, err)) < 0 ||
	    (r = generation_fill(g, "tenant_edge", &scope, &docs, err)) < 0 || (r = generation_agent(g, edge, &scope, &docs, err)) < 0)
		return r;
	return generation_add_values(g, path_join(g->b.arena, folder, "edge.yaml"), &docs, err);
}

int generate_tenants(struct generation *g, struct err *err)
{
	const struct value *edge = value_get(&g->data, "edge_agent");
	char common[SHA256_HEX_LEN + 1];
	uint32_t n = 0;
	int r = 0;

	memcpy(common, g->inputs, sizeof(common));
	for (value_each(name, value_at(&g->site, "tenants.names"))) {
		_cleanup_(strbuf_release) struct strbuf sb;
		struct json_writer w;
		struct value tenant;

		strbuf_init(&sb, STRBUF_MAX_LINE);
		if ((r = ctx_check(g->ctx, err)) < 0 || (r = make_tenant(g, n++, value_str(name, ""), &tenant, err)) < 0)
			break;
		/* Only this tenant's own input besides the common one: a further tenant changes no other tenant's files. */
		strbuf_addstr(&sb, common);
		json_writer_init(&w, &sb, 0);
		json_value(&w, &tenant, true);
		crypto_sha256_hex(sb.buf, sb.len, g->inputs);
		if ((r = add_tenant(g, &tenant, edge, err)) < 0)
			break;
	}
	memcpy(g->inputs, common, sizeof(common));
	return r;
}
