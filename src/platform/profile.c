/* What the specification asks for, out of data/platform/. */
#include "platform/profile.h"
#include "platform/embedded.h"
#include "platform/machine.h"

/* A number, or the lower end of a range {min, max}: what is enough to begin with. */
static double number(const struct value *map, const char *key)
{
	const struct value *v = value_get(map, key);

	return v && v->type == VALUE_MAP ? value_double(value_get(v, "min"), 0) : value_double(v, 0);
}

/* Adds what one row says; keys that it does not have leave the need as it was. */
static void add_need(struct need *n, const struct value *row)
{
	const struct {
		const char *key;
		double *number;
	} numbers[] = {{"cores", &n->cores},     {"clock_ghz", &n->clock_ghz}, {"memory_gb", &n->memory_gb},
		       {"nvme_gb", &n->nvme_gb}, {"more_gb", &n->more_gb},     {"ssd_gb", &n->more_gb},
		       {"iops", &n->iops},       {"vram_gb", &n->vram_gb},     {"nic_gbps", &n->nic_gbps}};
	const struct {
		const char *key;
		bool *flag;
	} flags[] = {{"ecc", &n->ecc}, {"more_ssd", &n->more_ssd}, {"wifi", &n->wifi}, {"redundant", &n->redundant}, {"optional", &n->gpu_optional}};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (value_get(row, numbers[i].key))
			*numbers[i].number = number(row, numbers[i].key);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (value_get(row, flags[i].key))
			*flags[i].flag = value_get_bool(row, flags[i].key, false);
	if (value_get(row, "ssd_gb"))
		n->more_ssd = true;
	if (value_get(row, "vram_gb")) {
		n->gpus = value_get_int(row, "gpus", 1);
		n->gpu_text = value_str(value_get(row, "gpu_text"), value_get_str(row, "text"));
	}
}

static struct need profile_need(const struct value *profile)
{
	struct need n = {.gpu_text = "", .source = value_get_str(profile, "source")};

	for (value_each(row, value_get(profile, "rows")))
		add_need(&n, row);
	return n;
}

static int no_row(struct err *err, const char *what, const char *id)
{
	return err_set(err, ERR_USAGE, "there is no %s \"%s\"", what, id);
}

int profile_read(struct ctx *ctx, const char *id, struct profile *ret, struct err *err)
{
	const struct value *list, *row, *better;
	struct value data;
	int r = embedded_read(ctx, "hardware", &data, err);

	if (r < 0)
		return r;
	list = value_get(&data, "profiles");
	row = value_item_with(list, "id", id);
	if (!row)
		return no_row(err, "profile", id);
	better = value_item_with(list, "id", value_get_str(row, "recommends"));
	*ret = (struct profile){.id = value_get_str(row, "id"),
				.title = value_get_str(row, "title"),
				.environment = spec_env_of(value_get_str(row, "environment")),
				.required = profile_need(row),
				.recommended = profile_need(better)};
	if (ret->environment == SPEC_ENVS)
		return err_set(err, ERR_INTERNAL, "hardware: %s is of no environment", id);
	return 0;
}

int role_read(struct ctx *ctx, const char *id, struct role *ret, struct err *err)
{
	const struct value *row;
	struct value data;
	int r = embedded_read(ctx, "agents", &data, err);

	if (r < 0)
		return r;
	row = value_item_with(value_get(&data, "agents"), "id", id);
	if (!row)
		return no_row(err, "role", id);
	*ret = (struct role){.id = value_get_str(row, "id"), .title = value_get_str(row, "title")};
	ret->required.gpu_text = ret->recommended.gpu_text = "";
	ret->required.source = value_get_str(row, "source");
	add_need(&ret->required, value_get(row, "minimum"));
	add_need(&ret->recommended, value_get(row, "recommended"));
	return 0;
}

/* "Software Prerequisites > Required Tools > Go v1.24+" */
static const char *source_of(struct ctx *ctx, const struct value *heading, const char *row)
{
	const char *text = value_str(heading, "");

	return *text && *row ? arena_printf(&ctx->arena, "%s > %s", text, row) : text;
}

static void add_software(struct ctx *ctx, struct software_list *list, const struct value *row, const char *id, const struct value *heading)
{
	*arena_push(&ctx->arena, list) =
		(struct software){.id = id,
				  .title = value_str(value_get(row, "title"), id),
				  .source = source_of(ctx, heading, value_str(value_get(row, "text"), value_get_str(row, "id"))),
				  .minimum = value_str(value_get(row, "minimum"), NULL),
				  .optional = value_get_bool(row, "optional", false),
				  .development = value_get_bool(row, "development", false)};
}

/* What data/platform/facts.yaml knows of programs that need more than the specification says, in one of its environments ("" = in any). */
static const struct value *floor_of(const struct value *facts, const char *id, const char *environment)
{
	const struct value *row = value_item_with(value_get(facts, "floors"), "id", id);

	return row && (!*environment || value_list_has(value_get(row, "environments"), environment)) ? row : NULL;
}

int profile_tools(struct ctx *ctx, struct software_list *ret, struct err *err)
{
	struct software_list list = {0};
	struct value data, facts;
	int r;

	if ((r = embedded_read(ctx, "software", &data, err)) < 0 || (r = embedded_read(ctx, "facts", &facts, err)) < 0)
		return r;
	for (value_each(row, value_get(&data, "tools"))) {
		const struct value *floor;
		const char *id = value_get_str(row, "id"), *runs = value_get_str(row, "runs");

		/* What only runs in a cluster, and APIs of others, are no programs of a machine. */
		if (str_eq(runs, "python") || str_eq(runs, "service") || !machine_asks_tool(id))
			continue;
		add_software(ctx, &list, row, id, value_get(&data, "tools_source"));
		if (str_eq(runs, "cluster"))
			list.items[list.len - 1].elsewhere = "it may run in the cluster";
		/* Of Kubernetes it is the cluster's environment that decides. */
		floor = str_eq(id, "kubernetes") ? NULL : floor_of(&facts, id, "");
		list.items[list.len - 1].better = value_str(value_get(floor, "minimum"), NULL);
		list.items[list.len - 1].better_why = value_get_str(floor, "of");
	}
	*ret = list;
	return 0;
}

int profile_packages(struct ctx *ctx, struct software_list *ret, struct err *err)
{
	struct software_list list = {0};
	struct value data;
	int r = embedded_read(ctx, "software", &data, err);

	if (r < 0)
		return r;
	for (value_each(row, value_get(&data, "packages"))) {
		const char *id = value_get_str(row, "id"), *instead = value_get_str(row, "instead");
		const struct value *tool;

		/* A name that PyPI does not have stands for another, or for a part of Python itself. */
		if (!value_get_bool(row, "exists", true))
			id = strchr(instead, ' ') ? "" : instead;
		if (!*id)
			continue;
		tool = value_item_with(value_get(&data, "tools"), "id", id);
		if (tool && str_eq(value_get_str(tool, "runs"), "python"))
			add_software(ctx, &list, tool, id, value_get(&data, "tools_source"));
		else
			add_software(ctx, &list, row, id, value_get(&data, "packages_source"));
	}
	*ret = list;
	return 0;
}

int profile_ports(struct ctx *ctx, struct port_list *ret, struct err *err)
{
	struct port_list list = {0};
	struct value data;
	int r = embedded_read(ctx, "network", &data, err);

	if (r < 0)
		return r;
	for (value_each(row, value_get(&data, "ports"))) {
		int64_t first = value_get_int(row, "port", 0), last = value_get_int(row, "to", first);

		for (int64_t n = first; n > 0 && n <= last && n <= UINT16_MAX; n++)
			*arena_push(&ctx->arena, &list) =
				(struct port){.number = (uint16_t)n,
					      .what = value_get_str(row, "text"),
					      .source = source_of(ctx, value_get(&data, "ports_source"), value_get_str(row, "text")),
					      .external = str_eq(value_get_str(row, "group"), "External Access"),
					      .development = value_get_bool(row, "development", false)};
	}
	*ret = list;
	return 0;
}

int profile_systems(struct ctx *ctx, struct system_list *ret, struct err *err)
{
	static const char *const lists[] = {"systems", "equivalents"};
	struct system_list list = {0};
	struct value data;
	int r = embedded_read(ctx, "software", &data, err);

	if (r < 0)
		return r;
	list.source = value_get_str(&data, "systems_source");
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (value_each(row, value_get(&data, lists[i])))
			/* Windows is a distribution in WSL2: that row is judged as the distribution, and os/wsl says the rest. */
			if (!value_get(row, "distribution"))
				*arena_push(&ctx->arena, &list) = (struct system_need){.id = value_get_str(row, "id"),
										       .title = value_get_str(row, "title"),
										       .minimum = value_get_str(row, "minimum"),
										       .as = value_str(value_get(row, "as"), NULL),
										       .development_only = value_get_bool(row, "development", false)};
	*ret = list;
	return 0;
}

static int cluster_classes(struct ctx *ctx, const char *environment, const struct value *row, struct cluster_need *n, struct err *err)
{
	const struct value *own = value_get(row, "storage_classes");
	struct value data;
	int r = embedded_read(ctx, "storage", &data, err);

	if (r < 0)
		return r;
	n->classes_source = value_get_str(&data, "classes_source");
	for (value_each(class, value_get(&data, "classes"))) {
		const char *name = value_get_str(class, "id");

		if (value_list_has(value_get(class, "environments"), environment))
			*arena_push(&ctx->arena, &n->storage_classes) =
				(struct storage_class_need){.name = name, .required = !own || value_list_has(own, name)};
	}
	return 0;
}

int profile_cluster(struct ctx *ctx, enum spec_env environment, struct cluster_need *ret, struct err *err)
{
	const char *id = spec_env_id(environment);
	struct value clusters, software, facts;
	const struct value *row, *kubernetes, *floor;
	struct cluster_need n;
	int r;

	if ((r = embedded_read(ctx, "clusters", &clusters, err)) < 0 || (r = embedded_read(ctx, "software", &software, err)) < 0 ||
	    (r = embedded_read(ctx, "facts", &facts, err)) < 0)
		return r;
	row = value_item_with(value_get(&clusters, "clusters"), "id", id);
	if (!row)
		return no_row(err, "cluster", id);
	kubernetes = value_item_with(value_get(&software, "tools"), "id", "kubernetes");
	n = (struct cluster_need){.title = value_get_str(row, "title"),
				  .source = value_get_str(row, "source"),
				  .version = value_get_str(kubernetes, "minimum"),
				  .version_source = source_of(ctx, value_get(&software, "tools_source"), value_get_str(kubernetes, "text")),
				  .control_planes = value_get_int(row, "control_planes", 0),
				  .workers = value_get_int(row, "workers", 0),
				  .node_cores = number(row, "cpu"),
				  .node_memory_gb = number(row, "memory_gb"),
				  .network = value_get_str(row, "network"),
				  .load_balancer = *value_get_str(row, "load_balancer"),
				  .gpu = value_get_bool(row, "gpu_operator", false),
				  .quotas = value_get_bool(row, "quotas", false),
				  .kamaji = environment == SPEC_KAMAJI};
	floor = floor_of(&facts, "kubernetes", id);
	if (floor) {
		n.version = value_get_str(floor, "minimum");
		n.version_source = value_get_str(floor, "source");
	}
	if ((r = cluster_classes(ctx, id, row, &n, err)) < 0)
		return r;
	*ret = n;
	return 0;
}
