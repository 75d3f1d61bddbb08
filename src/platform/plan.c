/* Computing a plan from the specification, its audit and what was asked. */
#include "platform/plan.h"
#include "base/near.h"
#include "platform/embedded.h"

#include <math.h>

#define DAYS_PER_MONTH 30.4375
#define HOURS_PER_MONTH 730.5
/* Sizes of volumes come in tens of GB. */
#define SIZE_STEP 10

static double number(const struct value *row, const char *key)
{
	return value_double(value_get(row, key), 0);
}

static double round_up(double gb)
{
	return ceil(gb / SIZE_STEP - 1e-9) * SIZE_STEP;
}

static void add_part(struct plan *p, enum spec_env env, double count)
{
	struct plan_part *part = &p->parts[p->part_count++];

	*part = (struct plan_part){.env = env,
				   .count = count,
				   .cluster = &p->spec.clusters[env],
				   .budget = &p->spec.budgets[env],
				   .sum = spec_sum(&p->spec.budgets[env], false)};
}

/* A tenant's cluster has its own observability and Jamie's memory; the rest is shared. */
static bool has_volume(enum spec_env env, const struct spec_volume *v)
{
	return env != SPEC_TENANT || v->in_observability || str_eq(v->id, "conversations") || str_eq(v->id, "model-cache");
}

static double model_bytes(const struct plan *p, enum spec_env env)
{
	const struct value *serves = value_item_with(value_get(&p->spec.facts, "serves"), "id", spec_env_id(env));
	double gb = 0;

	for (value_each(m, value_get(serves, "models"))) {
		const struct spec_model *model = spec_model(&p->spec, value_str(m, ""));

		gb += model ? model->weights_gb : 0;
	}
	return gb;
}

static void when_full(const struct plan *p, struct plan_volume *v)
{
	double keeps = v->retention_days > 0 ? v->retention_days * v->growth_gb_day : INFINITY;

	v->full_days = -1;
	v->full_date[0] = 0;
	if (v->growth_gb_day <= 0 || keeps <= v->size_gb * (1 + 1e-9))
		return;
	v->full_days = v->size_gb / v->growth_gb_day;
	if (v->full_days < 365 * 200.0) {
		char text[CLOCK_TEXT_MAX];

		snprintf(v->full_date, sizeof(v->full_date), "%.10s",
			 clock_format_rfc3339(p->options->start + (usec_t)(v->full_days * (double)USEC_PER_DAY), text));
	}
}

static void add_volumes(struct ctx *ctx, struct plan *p, enum spec_env env)
{
	const struct plan_options *o = p->options;

	for (unsigned n = 0; n < p->spec.volume_count; n++) {
		const struct spec_volume *v = &p->spec.volumes[n];
		const struct range growth = v->growth_gb_day, keep = v->retention_days;
		struct plan_volume out = {.volume = v, .env = env};
		double days = o->months * DAYS_PER_MONTH;

		if (!has_volume(env, v))
			continue;
		out.growth_gb_day = (growth.min + (growth.max - growth.min) * o->growth) * o->factor;
		out.retention_days = env == SPEC_DEV ? keep.min : keep.max;
		out.end_gb = out.growth_gb_day * (out.retention_days > 0 ? fmin(days, out.retention_days) : days);
		if (v->each)
			out.end_gb = model_bytes(p, env);
		/* The smallest size of the range that holds it for so long. */
		out.size_gb = round_up(fmax(v->size_gb.min, out.end_gb));
		if (!v->each)
			out.size_gb = fmin(out.size_gb, v->size_gb.max);
		when_full(p, &out);
		out.end_gb = fmin(out.end_gb, out.size_gb);
		*arena_push(&ctx->arena, &p->volumes) = out;
	}
}

static void add_models(struct ctx *ctx, struct plan *p, enum spec_env env)
{
	const struct value *serves = value_item_with(value_get(&p->spec.facts, "serves"), "id", spec_env_id(env));

	for (value_each(m, value_get(serves, "models"))) {
		struct plan_model out = {.env = env, .model = spec_model(&p->spec, value_str(m, "")), .parallel = audit_parallel(&p->audit, env)};

		if (!out.model)
			continue;
		out.need_gb = audit_model_vram(&p->audit, env, out.model, &out.kv_gb);
		*arena_push(&ctx->arena, &p->models) = out;
	}
}

static const struct spec_port *port_by_id(const struct plan *p, const char *id)
{
	for (unsigned n = 0; n < p->spec.port_count; n++)
		if (str_eq(p->spec.ports[n].id, id))
			return &p->spec.ports[n];
	return NULL;
}

static void add_flow(struct ctx *ctx, struct plan *p, const char *from, const char *to, const char *port_id)
{
	const struct spec_port *port = port_by_id(p, port_id);

	if (port && port->port > 0)
		*arena_push(&ctx->arena, &p->flows) = (struct plan_flow){.from = from, .to = to, .what = port->text, .port = port->port};
}

/* Who may ask whom: the table that `generate` writes policies from (data/platform/generate.yaml). A namespace that the environment has not is not
 * shown, though the table names it. */
static int add_flows(struct ctx *ctx, struct plan *p, struct err *err)
{
	const unsigned envs = 1u << p->parts[0].env;
	struct value data;
	int r = embedded_read(ctx, "generate", &data, err);

	if (r < 0)
		return r;
	for (value_each(service, value_get(&data, "services")))
		for (value_each(from, value_get(service, "from"))) {
			const char *name = value_str(from, "");
			bool known = str_eq(name, "ingress") || str_eq(name, "tenants");

			for (value_each(ns, value_get(&data, "namespaces")))
				known |= str_eq(value_get_str(ns, "name"), name) && spec_in(ns, envs);
			for (value_each(port, value_get(service, "ports")))
				if (known && spec_in(service, envs))
					add_flow(ctx, p, name, value_get_str(service, "app"), value_str(port, ""));
		}
	for (value_each(flow, value_get(&p->spec.facts, "flows")))
		if (spec_in(flow, envs))
			add_flow(ctx, p, value_get_str(flow, "from"), value_get_str(flow, "to"), value_get_str(flow, "port"));
	for (value_each(reach, value_get(&data, "reaches"))) {
		if (!spec_in(reach, envs))
			continue;
		for (value_each(port, value_get(reach, "to")))
			add_flow(ctx, p, value_get_str(reach, "namespace"), "observability", value_str(port, ""));
		for (value_each(port, value_get(reach, "outside")))
			add_flow(ctx, p, value_get_str(reach, "namespace"), "outside", value_str(port, ""));
	}
	return 0;
}

static double card_watts(const struct plan *p, double vram)
{
	for (value_each(card, value_get(&p->spec.facts, "gpus")))
		if (number(card, "vram_gb") >= vram)
			return number(card, "watts");
	return 0;
}

static void add_totals(struct plan *p)
{
	const struct specification *s = &p->spec;
	const struct value *prices = p->options->prices;

	for (unsigned n = 0; n < p->part_count; n++) {
		const struct plan_part *part = &p->parts[n];
		const struct spec_cluster *c = part->cluster;
		double nodes = c->workers + c->control_planes, cores = c->workers * c->cpu + c->control_planes * c->control_cpu;
		double memory = c->workers * c->memory_gb + c->control_planes * c->control_memory;

		p->nodes += part->count * nodes;
		p->cores += part->count * cores;
		p->memory_gb += part->count * memory;
		p->gpus += part->count * part->budget->gpus;
		p->watts +=
			part->count * (cores * spec_fact(s, "power.core_watts", 0) + memory * spec_fact(s, "power.memory_gb_watts", 0) +
				       nodes * spec_fact(s, "power.node_watts", 0) + part->budget->gpus * card_watts(p, part->budget->vram_gb.min));
		for (uint32_t k = 0; k < p->volumes.len; k++)
			if (p->volumes.items[k].env == part->env) {
				p->storage_gb += part->count * p->volumes.items[k].size_gb;
				p->growth_mbit_second += part->count * p->volumes.items[k].growth_gb_day * 8000 / 86400;
			}
	}
	p->download_minutes = model_bytes(p, p->parts[0].env) * 8 / s->bandwidth[p->parts[0].env].internet_gbps / 60;
	if (!prices)
		return;
	p->money = (struct plan_money){.currency = value_get_str(prices, "currency"),
				       .machines = p->cores * number(prices, "core_month") + p->memory_gb * number(prices, "memory_gb_month"),
				       .storage = p->storage_gb * number(prices, "storage_gb_month"),
				       .gpus = p->gpus * number(prices, "gpu_month"),
				       .energy = p->watts / 1000 * HOURS_PER_MONTH * number(prices, "kwh")};
}

bool plan_has_port(const struct plan *p, const struct spec_port *port)
{
	if (port->port == 0 || (port->development && p->parts[0].env != SPEC_DEV))
		return false;
	return p->parts[0].env == SPEC_KAMAJI ||
	       (!str_eq(port->program, "konnectivity") && !(str_eq(port->program, "etcd") && p->parts[0].env == SPEC_DEV));
}

/* Every id that may be accepted is one that the audit finds in the specification as it is. */
static int check_accepted(struct ctx *ctx, const struct plan *p, struct err *err)
{
	struct audit found;
	struct specification s;
	int r = specification_read(ctx, &s, err);

	if (r < 0)
		return r;
	audit_run(&s, &p->audit_options, &found);
	for (unsigned n = 0; n < p->options->accepted_count; n++) {
		const char *id = p->options->accepted[n];
		struct near near;
		bool known = false;

		near_init(&near, id);
		for (uint32_t i = 0; i < found.issues.len; i++) {
			known |= str_eq(found.issues.items[i]->id, id);
			near_try(&near, found.issues.items[i]->id);
		}
		if (!known && near.best)
			return err_set(err, ERR_USAGE, "--accept: the audit of %s finds no \"%.80s\"; did you mean %s?", p->options->environment, id,
				       near.best);
		if (!known)
			return err_set(err, ERR_USAGE, "--accept: the audit of %s finds no \"%.80s\"", p->options->environment, id);
	}
	return 0;
}

static void count_open(struct plan *p)
{
	for (uint32_t i = 0; i < p->audit.issues.len; i++)
		p->open += p->audit.issues.items[i]->kind != ISSUE_NOTE && !p->audit.issues.items[i]->accepted;
}

static void judge(struct ctx *ctx, struct plan *p)
{
	const struct issue *last = NULL;

	if (!p->options->repair) {
		audit_run(&p->spec, &p->audit_options, &p->audit);
		count_open(p);
		return;
	}
	audit_repair(&p->spec, &p->audit_options, &p->repair, &p->audit);
	for (uint32_t n = 0; n < p->repair.len; n++) {
		if (p->repair.items[n].issue != last)
			*arena_push(&ctx->arena, &p->answered) = (struct issue *)p->repair.items[n].issue;
		last = p->repair.items[n].issue;
	}
	count_open(p);
}

int plan_make(struct ctx *ctx, const struct plan_options *o, struct plan *ret, struct err *err)
{
	enum spec_env env = str_eq(o->environment, "dev") ? SPEC_DEV : str_eq(o->environment, "production") ? SPEC_PRODUCTION : SPEC_KAMAJI;
	struct plan *p = ret;
	int r;

	if (!str_eq(o->environment, spec_env_id(env)))
		return err_set(err, ERR_USAGE, "there is no environment \"%.40s\"", o->environment);
	*p = (struct plan){.options = o};
	if ((r = specification_read(ctx, &p->spec, err)) < 0)
		return r;
	p->audit_options = (struct audit_options){.envs = env == SPEC_KAMAJI ? 1u << SPEC_KAMAJI | 1u << SPEC_TENANT : 1u << env,
						  .tenants = o->tenants,
						  .users = o->users,
						  .growth = o->growth,
						  .context = o->context,
						  .accepted = o->accepted,
						  .accepted_count = o->accepted_count};
	if ((r = check_accepted(ctx, p, err)) < 0)
		return r;
	judge(ctx, p);
	p->title = p->spec.budgets[env].title;
	p->context = o->context ? o->context : spec_fact(&p->spec, "context_tokens.tokens", 0);
	add_part(p, env, 1);
	if (env == SPEC_KAMAJI) {
		add_part(p, SPEC_TENANT, audit_tenants(&p->audit));
		p->datastores = ceil(audit_tenants(&p->audit) / spec_fact(&p->spec, "tenants_per_datastore.tenants", 1));
	}
	for (unsigned n = 0; n < p->part_count; n++) {
		add_volumes(ctx, p, p->parts[n].env);
		add_models(ctx, p, p->parts[n].env);
	}
	if ((r = add_flows(ctx, p, err)) < 0)
		return r;
	add_totals(p);
	return 0;
}
