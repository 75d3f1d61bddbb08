/* Running the rules, the parts that rules share, and repairing. */
#include "platform/audit.h"

#include <math.h>

const char *issue_kind_text(enum issue_kind kind)
{
	static const char *const texts[] = {"contradiction", "gap", "note"};

	return texts[kind];
}

bool audit_concerns(const struct audit *a, enum spec_env env)
{
	return a->options->envs & (1u << env);
}

struct issue *issue_add(struct audit *a, enum issue_kind kind, const char *id)
{
	struct issue *i = arena_new(a->spec->arena, struct issue);

	*i = (struct issue){.id = id, .kind = kind, .title = "", .why = "", .repair = ""};
	for (unsigned n = 0; n < a->options->accepted_count; n++)
		i->accepted |= str_eq(a->options->accepted[n], id);
	*arena_push(a->spec->arena, &a->issues) = i;
	return i;
}

struct issue *issue_addf(struct audit *a, enum issue_kind kind, const char *fmt, ...)
{
	va_list ap;
	const char *id;

	va_start(ap, fmt);
	id = arena_vprintf(a->spec->arena, fmt, ap);
	va_end(ap);
	return issue_add(a, kind, id);
}

/* The three texts of an issue are set alike. */
#define ISSUE_TEXT(name, field)                                                                                                                      \
	void name(struct audit *a, struct issue *i, const char *fmt, ...)                                                                            \
	{                                                                                                                                            \
		va_list ap;                                                                                                                          \
                                                                                                                                                     \
		va_start(ap, fmt);                                                                                                                   \
		i->field = arena_vprintf(a->spec->arena, fmt, ap);                                                                                   \
		va_end(ap);                                                                                                                          \
	}
ISSUE_TEXT(issue_title, title)
ISSUE_TEXT(issue_why, why)
ISSUE_TEXT(issue_repair, repair)

void issue_source(struct issue *i, const char *source)
{
	if (*source && i->source_count < ISSUE_SOURCES)
		i->sources[i->source_count++] = source;
}

void issue_figure(struct issue *i, const char *what, double value, const char *unit)
{
	if (i->figure_count < ISSUE_FIGURES)
		i->figures[i->figure_count++] = (struct figure){what, value, unit};
}

void issue_set(struct issue *i, const char *what, double *number, double to, const char *unit)
{
	if (i->edit_count < ISSUE_EDITS)
		i->edits[i->edit_count++] = (struct spec_edit){.what = what, .number = number, .from = *number, .to = to, .unit = unit};
}

void issue_say(struct issue *i, const char *what, const char **text, const char *to)
{
	if (i->edit_count < ISSUE_EDITS)
		i->edits[i->edit_count++] = (struct spec_edit){.what = what, .text = text, .text_from = *text, .text_to = to, .unit = ""};
}

double audit_at(const struct audit *a, struct range r)
{
	return r.min + (r.max - r.min) * a->options->growth;
}

double audit_tenants(const struct audit *a)
{
	return a->options->tenants > 0 ? a->options->tenants : 3;
}

double audit_parallel(const struct audit *a, enum spec_env env)
{
	double users = a->options->users / (env == SPEC_TENANT ? audit_tenants(a) : 1);
	double n = ceil(users * spec_fact(a->spec, "parallel_per_user.share", 0));

	return n > 1 ? n : 1;
}

double audit_model_vram(const struct audit *a, enum spec_env env, const struct spec_model *m, double *ret_kv)
{
	double context = a->options->context > 0 ? a->options->context : spec_fact(a->spec, "context_tokens.tokens", 0);
	double kv = m->kv_bytes_per_token * context * audit_parallel(a, env) / 1e9;
	double computed = m->weights_gb + kv + spec_fact(a->spec, "vram_overhead_gb.gb", 0);

	*ret_kv = kv;
	return m->vram_gb > computed ? m->vram_gb : computed;
}

void audit_run(struct specification *spec, const struct audit_options *options, struct audit *ret)
{
	static void (*const rules[])(struct audit * a) = {
#define AUDIT_RULE(name) audit_##name,
#include "platform/audit_rules.def"
#undef AUDIT_RULE
	};

	*ret = (struct audit){.spec = spec, .options = options};
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		rules[i](ret);
}

/* What repairs change has a price in cores' worth, so that two plans can be compared: nodes, or the machines, are what is bought. */
static double cost_of(const struct specification *s, unsigned envs, double tenants)
{
	double core = spec_fact(s, "cost.core", 1), memory = spec_fact(s, "cost.memory_gb", 0), storage = spec_fact(s, "cost.storage_gb", 0);
	double sum = 0;

	for (int e = 0; e < SPEC_ENVS; e++) {
		const struct spec_cluster *c = &s->clusters[e];
		double times = e == SPEC_TENANT ? tenants : 1;

		if (!(envs & (1u << e)))
			continue;
		sum += times * (c->workers * (c->cpu * core + c->memory_gb * memory + spec_fact(s, "cost.node", 0)) +
				c->control_planes * (c->control_cpu * core + c->control_memory * memory + spec_fact(s, "cost.node", 0)) +
				s->budgets[e].total.storage_gb * storage);
		for (value_each(gpu, value_get(&s->facts, "gpus")))
			if (value_double(value_get(gpu, "vram_gb"), 0) >= s->budgets[e].vram_gb.min) {
				sum += times * s->budgets[e].gpus * value_double(value_get(gpu, "cost"), 0);
				break;
			}
	}
	return sum;
}

static struct issue *next_to_mend(const struct audit *a)
{
	for (uint32_t i = 0; i < a->issues.len; i++)
		if (a->issues.items[i]->edit_count && !a->issues.items[i]->accepted)
			return a->issues.items[i];
	return NULL;
}

/* Every edit makes its rule hold, and what a later rule raises can at most wake an earlier one a few times: the bound is never met by the
 * program's own data (a test proves it), and without it a mistake in a rule would never end. */
#define REPAIR_MAX 1000u

void audit_repair(struct specification *spec, const struct audit_options *options, struct repair *ret, struct audit *ret_after)
{
	struct issue *i;

	*ret = (struct repair){.cost_before = cost_of(spec, options->envs, options->tenants > 0 ? options->tenants : 3)};
	audit_run(spec, options, ret_after);
	while (ret->len < REPAIR_MAX && (i = next_to_mend(ret_after))) {
		for (unsigned n = 0; n < i->edit_count; n++) {
			struct spec_edit *e = &i->edits[n];

			if (e->number)
				*e->number = e->to;
			else
				*e->text = e->text_to;
			*arena_push(spec->arena, ret) = (struct repair_step){.issue = i, .edit = e, .order = ret->len};
		}
		audit_run(spec, options, ret_after);
	}
	ret->cost_after = cost_of(spec, options->envs, options->tenants > 0 ? options->tenants : 3);
}

struct spec_amount audit_worker_load(const struct specification *s, enum spec_env env)
{
	const struct spec_component *base = spec_component(&s->budgets[env], "kubernetes");
	const struct spec_cluster *c = &s->clusters[env];
	struct spec_amount load = spec_sum(&s->budgets[env], true);

	if (base) {
		load.cpu -= fmin(base->has.cpu, c->control_planes * c->control_cpu);
		load.memory_gb -= fmin(base->has.memory_gb, c->control_planes * c->control_memory);
	}
	return load;
}

/* How many more workers are looked at than there have to be. */
#define NODES_MORE 256

void audit_nodes(const struct specification *s, const struct spec_cluster *c, struct spec_amount need, double pod_cpu, double pod_memory, double step,
		 struct spec_cluster *ret)
{
	double core = spec_fact(s, "cost.core", 1), memory = spec_fact(s, "cost.memory_gb", 0), node = spec_fact(s, "cost.node", 0), best = 0;
	const double reserved = spec_fact(s, "node_reserved.memory_gb", 0);
	/* No node is larger than the machine under it. */
	const double fewest = fmax(c->workers, ceil(fmax(need.cpu / c->largest_cpu, need.memory_gb / c->largest_memory)));

	*ret = *c;
	for (int more = 0; more <= NODES_MORE; more++) {
		double n = fewest + more, cost;
		double cpu = fmax(fmax(c->cpu, pod_cpu), ceil(need.cpu / n));
		double gb = fmax(fmax(c->memory_gb, pod_memory > 0 ? pod_memory + reserved : 0), need.memory_gb / n);

		gb = ceil(gb / step) * step;
		cost = n * (cpu * core + gb * memory + node);
		if (more == 0 || cost < best) {
			best = cost;
			ret->workers = n;
			ret->cpu = cpu;
			ret->memory_gb = gb;
		}
	}
}
