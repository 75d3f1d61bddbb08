/* The tables of data/platform/ read into figures. */
#include "platform/specification.h"
#include "platform/embedded.h"

const char *spec_env_id(enum spec_env env)
{
	static const char *const ids[] = {"dev", "production", "kamaji", "tenant"};

	return ids[env];
}

bool spec_in(const struct value *row, unsigned envs)
{
	const struct value *list = value_get(row, "environments");

	for (int e = 0; e < SPEC_ENVS; e++)
		if ((envs & (1u << e)) && value_list_has(list, spec_env_id((enum spec_env)e)))
			return true;
	return !list;
}

double spec_fact(const struct specification *s, const char *path, double otherwise)
{
	return value_double(value_at(&s->facts, path), otherwise);
}

static double number(const struct value *row, const char *key)
{
	return value_double(value_get(row, key), 0);
}

static struct range range(const struct value *v)
{
	if (value_len(v))
		return (struct range){number(v, "min"), number(v, "max")};
	return (struct range){value_double(v, 0), value_double(v, 0)};
}

const char *const spec_table_names[SPEC_TABLES] = {"agents", "alerts",  "budgets", "clusters", "hardware",
						   "models", "network", "slack",   "software", "storage"};

static const struct value *table(const struct specification *s, const char *name)
{
	for (size_t i = 0; i < SPEC_TABLES; i++)
		if (str_eq(spec_table_names[i], name))
			return &s->tables[i];
	return NULL;
}

/* The rows of a list, no more than there is room for: the program's own tables, so that more of them is a defect. */
static int count_rows(const struct value *rows, unsigned room, const char *what, struct err *err)
{
	if (value_len(rows) == 0 || value_len(rows) > room)
		return err_set(err, ERR_INTERNAL, "data/platform: %zu %s, there is room for 1 to %u", value_len(rows), what, room);
	return 0;
}

enum spec_env spec_env_of(const char *id)
{
	for (int e = 0; e < SPEC_ENVS; e++)
		if (str_eq(id, spec_env_id((enum spec_env)e)))
			return (enum spec_env)e;
	return SPEC_ENVS;
}

static int read_agents(struct specification *s, struct err *err)
{
	const struct value *data = table(s, "agents");
	unsigned n = 0;
	int r = count_rows(value_get(data, "agents"), SPEC_AGENTS, "agents", err);

	if (r < 0)
		return r;
	for (value_each(row, value_get(data, "agents"))) {
		struct spec_agent *a = &s->agents[n++];
		const struct value *levels[] = {value_get(row, "minimum"), value_get(row, "recommended")};

		a->id = value_get_str(row, "id");
		a->title = value_get_str(row, "title");
		a->source = value_get_str(row, "source");
		for (int i = 0; i < 2; i++) {
			a->cores[i] = range(value_get(levels[i], "cores"));
			a->memory_gb[i] = range(value_get(levels[i], "memory_gb"));
			a->vram_gb[i] = range(value_get(levels[i], "vram_gb"));
		}
		a->storage_gb = range(value_get(levels[0], value_get(levels[0], "ssd_gb") ? "ssd_gb" : "nvme_gb"));
	}
	return 0;
}

static int read_component(struct specification *s, const struct value *row, struct spec_component *c, struct err *err)
{
	c->id = value_get_str(row, "id");
	c->title = value_get_str(row, "title");
	c->has = (struct spec_amount){number(row, "cpu"), number(row, "memory_gb"), number(row, "storage_gb")};
	c->outside = value_get_bool(row, "outside", false);
	for (value_each(agent, value_get(row, "agents"))) {
		const struct spec_agent *a = spec_agent(s, value_str(agent, ""));

		if (!a || c->agent_count == SPEC_AGENTS)
			return err_set(err, ERR_INTERNAL, "budgets: %s has an agent that there is not", c->id);
		c->agents[c->agent_count++] = a;
	}
	return 0;
}

static int read_budgets(struct specification *s, struct err *err)
{
	const struct value *data = table(s, "budgets");
	int r = 0;

	for (int e = 0; r == 0 && e < SPEC_ENVS; e++) {
		const struct value *row = value_item_with(value_get(data, "budgets"), "id", spec_env_id((enum spec_env)e)),
				   *total = value_get(row, "total");
		struct spec_budget *b = &s->budgets[e];

		if ((r = count_rows(value_get(row, "components"), SPEC_COMPONENTS, "components", err)) < 0)
			return r;
		b->title = value_get_str(row, "title");
		b->source = value_get_str(row, "source");
		b->total = (struct spec_amount){number(total, "cpu"), number(total, "memory_gb"), number(total, "storage_gb")};
		b->gpus = number(total, "gpus");
		b->vram_gb = range(value_get(total, "vram_gb"));
		b->gpu_text = value_get_str(total, "gpu");
		for (value_each(c, value_get(row, "components")))
			if (r == 0)
				r = read_component(s, c, &b->components[b->component_count++], err);
	}
	return r;
}

static int read_clusters(struct specification *s, struct err *err)
{
	const struct value *data = table(s, "clusters"), *network = table(s, "network");
	int r;

	for (int e = 0; e < SPEC_ENVS; e++) {
		const struct value *row = value_item_with(value_get(data, "clusters"), "id", spec_env_id((enum spec_env)e));
		/* A tenant's cluster is of the "Kamaji Multi-Cluster" row. */
		const struct value *wide =
			value_item_with(value_get(network, "bandwidth"), "id", spec_env_id(e == SPEC_TENANT ? SPEC_KAMAJI : (enum spec_env)e));
		struct spec_cluster *c = &s->clusters[e];

		*c = (struct spec_cluster){.title = value_get_str(row, "title"),
					   .source = value_get_str(row, "source"),
					   .control_planes = number(row, "control_planes"),
					   .workers = number(row, "workers"),
					   .cpu = number(row, "cpu"),
					   .memory_gb = number(row, "memory_gb"),
					   .namespaces = value_get(row, "namespaces")};
		c->control_cpu = c->cpu;
		c->control_memory = c->memory_gb;
		s->bandwidth[e] = (struct spec_bandwidth){number(wide, "internet_gbps"), number(wide, "internal_gbps")};
	}
	if ((r = count_rows(value_get(network, "ports"), SPEC_PORTS, "ports", err)) < 0)
		return r;
	for (value_each(row, value_get(network, "ports")))
		s->ports[s->port_count++] = (struct spec_port){.id = value_get_str(row, "id"),
							       .text = value_get_str(row, "text"),
							       .group = value_get_str(row, "group"),
							       .program = value_get_str(row, "program"),
							       .port = number(row, "port"),
							       .to = number(row, "to"),
							       .development = value_get_bool(row, "development", false),
							       .note = ""};
	return 0;
}

static int read_machines(struct specification *s, struct err *err)
{
	const struct value *data = table(s, "hardware");
	int r = count_rows(value_get(data, "profiles"), SPEC_MACHINES, "profiles", err);

	if (r < 0)
		return r;
	for (value_each(row, value_get(data, "profiles"))) {
		struct spec_machine *m = &s->machines[s->machine_count++];
		const struct value *rows = value_get(row, "rows"), *storage = value_item_with(rows, "id", "storage"),
				   *gpu = value_item_with(rows, "id", "gpu");

		*m = (struct spec_machine){.id = value_get_str(row, "id"),
					   .title = value_get_str(row, "title"),
					   .source = value_get_str(row, "source"),
					   .env = spec_env_of(value_get_str(row, "environment")),
					   .cores = number(value_item_with(rows, "id", "cpu"), "cores"),
					   .memory_gb = number(value_item_with(rows, "id", "memory"), "memory_gb"),
					   .storage_gb = number(storage, "nvme_gb") + number(storage, "more_gb"),
					   .nic_gbps = number(value_item_with(rows, "id", "network"), "nic_gbps"),
					   .gpus = number(gpu, "gpus"),
					   .vram_gb = number(gpu, "vram_gb"),
					   .gpu_text = value_get_str(gpu, "text"),
					   .count = 1,
					   .meaning = ""};
		if (m->env == SPEC_ENVS)
			return err_set(err, ERR_INTERNAL, "hardware: %s is of no environment", m->id);
		s->clusters[m->env].largest_cpu = MAX(s->clusters[m->env].largest_cpu, m->cores);
		s->clusters[m->env].largest_memory = MAX(s->clusters[m->env].largest_memory, m->memory_gb);
	}
	return 0;
}

static struct range per_day(const struct value *row)
{
	struct range day = range(value_get(row, "growth_gb_day")), week = range(value_get(row, "growth_gb_week"));

	return day.max > 0 ? day : (struct range){week.min / 7, week.max / 7};
}

static int read_storage(struct specification *s, struct err *err)
{
	const struct value *data = table(s, "storage");
	int r;

	if ((r = count_rows(value_get(data, "volumes"), SPEC_VOLUMES, "volumes", err)) < 0 ||
	    (r = count_rows(value_get(data, "classes"), SPEC_ROWS, "classes", err)) < 0)
		return r;
	for (value_each(row, value_get(data, "volumes")))
		s->volumes[s->volume_count++] =
			(struct spec_volume){.id = value_get_str(row, "id"),
					     .title = value_get_str(row, "title"),
					     .text = value_get_str(row, "text"),
					     .growth_text = value_get_str(row, "growth"),
					     .type = value_get_str(row, "type"),
					     .size_gb = range(value_get(row, "storage_gb")),
					     .growth_gb_day = per_day(row),
					     .retention_days = range(value_get(row, "retention_days")),
					     .each = value_get_bool(row, "each", false),
					     .in_observability = str_eq(value_get_str(row, "table"), "Traditional Observability Stack")};
	for (value_each(row, value_get(data, "classes"))) {
		struct spec_class *c = &s->classes[s->class_count++];

		*c = (struct spec_class){.id = value_get_str(row, "id"),
					 .default_of = value_get_str(row, "default_of"),
					 .needs = value_get_str(row, "needs"),
					 .note = ""};
		for (int e = 0; e < SPEC_ENVS; e++)
			c->envs |= spec_in(row, 1u << e) ? 1u << e : 0;
	}
	return 0;
}

static int read_models(struct specification *s, struct err *err)
{
	const struct value *data = table(s, "models");
	int r = count_rows(value_get(data, "models"), SPEC_MODELS, "models", err);

	if (r < 0)
		return r;
	for (value_each(row, value_get(data, "models"))) {
		const struct value *facts = value_get(&s->facts, "models"), *fact = value_item_with(facts, "id", value_get_str(row, "id"));

		if (value_get(fact, "as"))
			fact = value_item_with(facts, "id", value_get_str(fact, "as"));
		s->models[s->model_count++] = (struct spec_model){
			.id = value_get_str(row, "id"),
			.name = value_get_str(row, "name"),
			.heading = value_get_str(row, "heading"),
			.use = value_get_str(row, "use"),
			.format = value_get_str(fact, "format"),
			.vram_gb = number(row, "vram_gb"),
			.weights_gb = number(fact, "weights_gb"),
			/* Keys and values, of two bytes each. */
			.kv_bytes_per_token = 2 * number(fact, "layers") * number(fact, "kv_heads") * number(fact, "head_dim") * 2,
			.custom = value_get_bool(row, "custom", false),
		};
	}
	return 0;
}

static int read_software(struct specification *s, struct err *err)
{
	const struct value *data = table(s, "software");
	int r;

	if ((r = count_rows(value_get(data, "tools"), SPEC_ROWS, "tools", err)) < 0 ||
	    (r = count_rows(value_get(data, "packages"), SPEC_ROWS, "packages", err)) < 0)
		return r;
	for (value_each(row, value_get(data, "tools")))
		s->tools[s->tool_count++] = (struct spec_tool){.id = value_get_str(row, "id"),
							       .title = value_get_str(row, "title"),
							       .text = value_get_str(row, "text"),
							       .minimum = value_get_str(row, "minimum"),
							       .runs = value_get_str(row, "runs"),
							       .pinned = ""};
	for (value_each(row, value_get(data, "packages")))
		s->packages[s->package_count++] = (struct spec_package){.id = value_get_str(row, "id"),
									.instead = value_get_str(row, "instead"),
									.exists = value_get_bool(row, "exists", true),
									.name = value_get_str(row, "id")};
	return 0;
}

static int read_slack_and_alerts(struct specification *s, struct err *err)
{
	const struct value *slack = table(s, "slack"), *alerts = table(s, "alerts");
	int r;

	if ((r = count_rows(value_get(slack, "events"), SPEC_ROWS, "events", err)) < 0 ||
	    (r = count_rows(value_get(alerts, "alerts"), SPEC_ROWS, "alerts", err)) < 0)
		return r;
	s->scopes = value_get(slack, "scopes");
	for (value_each(row, value_get(slack, "events")))
		s->events[s->event_count++] =
			(struct spec_event){.id = value_get_str(row, "id"), .needs = value_get_str(row, "needs"), .granted = ""};
	for (value_each(row, value_get(alerts, "alerts"))) {
		const struct value *over = value_get(row, "over"), *under = value_get(row, "under");

		s->alert_rows[s->alert_count++] = (struct spec_alert){.id = value_get_str(row, "id"),
								      .text = value_get_str(row, "text"),
								      .measure = value_get_str(row, "measure"),
								      .has_number = over || under,
								      .number = value_double(over ? over : under, 0),
								      .otherwise = value_get(row, "default"),
								      .note = ""};
	}
	return 0;
}

int specification_read(struct ctx *ctx, struct specification *ret, struct err *err)
{
	static int (*const readers[])(struct specification * s, struct err * err) = {
		read_agents, read_budgets, read_clusters, read_machines, read_storage, read_models, read_software, read_slack_and_alerts};
	int r;

	*ret = (struct specification){.arena = &ctx->arena,
				      .redis_in = "",
				      .models_name = "",
				      .apple = "",
				      .extra_ports = "",
				      .python = "",
				      .scarlet_dev = "",
				      .vllm_measure = "",
				      .agent_vram = {"", "", ""}};
	if ((r = embedded_read(ctx, "facts", &ret->facts, err)) < 0)
		return r;
	for (size_t i = 0; i < SPEC_TABLES; i++)
		if ((r = embedded_read(ctx, spec_table_names[i], &ret->tables[i], err)) < 0)
			return r;
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if ((r = readers[i](ret, err)) < 0)
			return r;
	return 0;
}

struct spec_amount spec_sum(const struct spec_budget *b, bool in_cluster)
{
	struct spec_amount sum = {0};

	for (unsigned i = 0; i < b->component_count; i++) {
		const struct spec_component *c = &b->components[i];

		if (in_cluster && c->outside)
			continue;
		sum.cpu += c->has.cpu;
		sum.memory_gb += c->has.memory_gb;
		sum.storage_gb += c->has.storage_gb;
	}
	return sum;
}

const struct spec_component *spec_component(const struct spec_budget *b, const char *id)
{
	for (unsigned i = 0; i < b->component_count; i++)
		if (str_eq(b->components[i].id, id))
			return &b->components[i];
	return NULL;
}

const struct spec_model *spec_model(const struct specification *s, const char *id)
{
	for (unsigned i = 0; i < s->model_count; i++)
		if (str_eq(s->models[i].id, id))
			return &s->models[i];
	return NULL;
}

const struct spec_agent *spec_agent(const struct specification *s, const char *id)
{
	for (unsigned i = 0; i < SPEC_AGENTS; i++)
		if (s->agents[i].id && str_eq(s->agents[i].id, id))
			return &s->agents[i];
	return NULL;
}
