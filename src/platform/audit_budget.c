/* Rules about allocations: sums over budgets, agents that do not fit what they are given, Kamaji's own needs. */
#include "platform/audit.h"

#include <math.h>

static const struct {
	const char *id, *what, *unit;
	size_t at;
} resources[] = {{"cpu", "CPU", "cores", offsetof(struct spec_amount, cpu)},
		 {"memory", "memory", "GB", offsetof(struct spec_amount, memory_gb)},
		 {"storage", "storage", "GB", offsetof(struct spec_amount, storage_gb)}};

static double *amount(struct spec_amount *a, size_t at)
{
	return (double *)(void *)((char *)a + at);
}

static const char *component_source(struct audit *a, const struct spec_budget *b, const struct spec_component *c)
{
	return arena_printf(a->spec->arena, "%s > %s", b->source, c->title);
}

void audit_budget_sums(struct audit *a)
{
	for (int e = 0; e < SPEC_ENVS; e++) {
		struct spec_budget *b = &a->spec->budgets[e];
		struct spec_amount sum = spec_sum(b, false);
		bool tight = true;

		if (!audit_concerns(a, (enum spec_env)e))
			continue;
		for (size_t r = 0; r < ARRAY_LEN(resources); r++) {
			double *total = amount(&b->total, resources[r].at), used = *amount(&sum, resources[r].at);
			struct issue *i;

			tight &= used == *total;
			if (used <= *total)
				continue;
			i = issue_addf(a, ISSUE_CONTRADICTION, "budget/%s/%s", spec_env_id((enum spec_env)e), resources[r].id);
			issue_title(a, i, "%s: the parts get %g %s of %s, the whole has %g", b->title, used, resources[r].unit, resources[r].what,
				    *total);
			issue_why(a, i, "The component allocations add up to %.4g %% of the budget that stands above them: %g %s too much.",
				  100 * used / *total, used - *total, resources[r].unit);
			issue_source(i, b->source);
			issue_figure(i, "sum of allocations", used, resources[r].unit);
			issue_figure(i, "budget", *total, resources[r].unit);
			issue_figure(i, "over by", used - *total, resources[r].unit);
			issue_repair(a, i, "Raise the budget to %g %s.", used, resources[r].unit);
			issue_set(i, arena_printf(a->spec->arena, "%s: budget of %s", b->title, resources[r].what), total, used, resources[r].unit);
		}
		if (tight) {
			struct issue *i = issue_addf(a, ISSUE_NOTE, "budget/%s/headroom", spec_env_id((enum spec_env)e));

			issue_title(a, i, "%s: the parts get exactly all there is", b->title);
			issue_why(
				a, i,
				"Nothing is left for a second replica during an update or for a peak. (With 1 TB = 1024 GB %g GB of storage would be spare.)",
				b->total.storage_gb * 0.024);
			issue_source(i, b->source);
			issue_figure(i, "CPU", b->total.cpu, "cores");
			issue_figure(i, "memory", b->total.memory_gb, "GB");
			issue_figure(i, "storage", b->total.storage_gb, "GB");
		}
	}
}

/* One resource of the agents of a component: do their minimum and recommended sizes fit? level 0 minimum, 1 recommended. */
static void agent_fit(struct audit *a, enum spec_env env, struct spec_component *c, bool memory)
{
	struct spec_budget *b = &a->spec->budgets[env];
	struct range need[2] = {{0, 0}, {0, 0}};
	double *has = memory ? &c->has.memory_gb : &c->has.cpu;
	const char *unit = memory ? "GB" : "cores", *what = memory ? "memory" : "cpu";
	struct issue *i;
	bool is_short;

	for (unsigned n = 0; n < c->agent_count; n++)
		for (int level = 0; level < 2; level++) {
			const struct range *r = memory ? &c->agents[n]->memory_gb[level] : &c->agents[n]->cores[level];

			need[level].min += r->min;
			need[level].max += r->max;
		}
	is_short = need[0].min > *has;
	if (!is_short && need[0].max <= *has && need[1].max <= *has)
		return;
	i = issue_addf(a, is_short || need[1].min > *has ? ISSUE_CONTRADICTION : ISSUE_NOTE, "agents/%s/%s/%s", spec_env_id(env), c->id, what);
	issue_title(a, i, "%s, %s: %g %s for %s%s%s%s", b->title, c->title, *has, unit, c->agents[0]->title, c->agent_count > 1 ? " and " : "",
		    c->agent_count > 1 ? c->agents[1]->title : "",
		    is_short             ? ", less than their minimum"
		    : need[1].min > *has ? ", less than is recommended"
					 : ", enough for the lower end only");
	issue_why(a, i, "They ask for %g to %g %s at least%s.", need[0].min, need[0].max, unit,
		  need[1].max > 0 ? arena_printf(a->spec->arena, " and %g to %g recommended", need[1].min, need[1].max) : "");
	issue_source(i, component_source(a, b, c));
	for (unsigned n = 0; n < c->agent_count; n++)
		issue_source(i, c->agents[n]->source);
	issue_figure(i, "allocated", *has, unit);
	issue_figure(i, "minimum, from", need[0].min, unit);
	issue_figure(i, "minimum, to", need[0].max, unit);
	issue_figure(i, "recommended, from", need[1].min, unit);
	issue_figure(i, "recommended, to", need[1].max, unit);
	if (i->kind == ISSUE_NOTE)
		return;
	issue_repair(a, i, "Allocate %g %s, where %s begins.", is_short ? need[0].min : need[1].min, unit,
		     is_short ? "the minimum" : "what is recommended");
	issue_set(i, arena_printf(a->spec->arena, "%s: %s of %s", b->title, memory ? "memory" : "CPU", c->title), has,
		  is_short ? need[0].min : need[1].min, unit);
}

/* An agent with a namespace and no allocation. */
static void unbudgeted(struct audit *a, enum spec_env env)
{
	struct spec_budget *b = &a->spec->budgets[env];

	for (value_each(ns, a->spec->clusters[env].namespaces))
		for (unsigned n = 0; n < SPEC_AGENTS; n++) {
			const struct spec_agent *agent = &a->spec->agents[n];
			bool found = false;
			struct issue *i;

			if (strncmp(value_get_str(ns, "name"), agent->id, strlen(agent->id)) != 0)
				continue;
			for (unsigned k = 0; k < b->component_count; k++)
				for (unsigned m = 0; m < b->components[k].agent_count; m++)
					found |= b->components[k].agents[m] == agent;
			if (found || *a->spec->scarlet_dev)
				continue;
			i = issue_addf(a, ISSUE_GAP, "agents/%s/%s/unbudgeted", spec_env_id(env), agent->id);
			issue_title(a, i, "%s has the namespace %s and no allocation", agent->title, value_get_str(ns, "name"));
			issue_why(a, i, "The budget's AI stack is Jamie's; %s asks for %g cores and %g GB at least.", agent->title,
				  agent->cores[0].min, agent->memory_gb[0].min);
			issue_source(i, a->spec->clusters[env].source);
			issue_source(i, b->source);
			issue_figure(i, "minimum memory", agent->memory_gb[0].min, "GB");
			issue_repair(a, i, "Let it share Jamie's allocation here: this program needs no model of its own for either.");
			issue_say(i, arena_printf(a->spec->arena, "%s: allocation of %s", b->title, agent->title), &a->spec->scarlet_dev,
				  "shares AI Stack (Jamie)");
		}
}

void audit_agents_in_budget(struct audit *a)
{
	for (int e = 0; e < SPEC_ENVS; e++) {
		if (!audit_concerns(a, (enum spec_env)e))
			continue;
		for (unsigned n = 0; n < a->spec->budgets[e].component_count; n++)
			if (a->spec->budgets[e].components[n].agent_count) {
				agent_fit(a, (enum spec_env)e, &a->spec->budgets[e].components[n], false);
				agent_fit(a, (enum spec_env)e, &a->spec->budgets[e].components[n], true);
			}
		unbudgeted(a, (enum spec_env)e);
	}
}

/* The amount is twice what was measured (facts: margin), in whole units. */
void audit_kamaji_operator(struct audit *a)
{
	struct spec_budget *b = &a->spec->budgets[SPEC_KAMAJI];
	struct spec_component *c = (struct spec_component *)spec_component(b, "kamaji-operator");
	double tenants = audit_tenants(a), margin = spec_fact(a->spec, "kamaji_operator.margin", 1), cpu, memory;
	struct issue *i;

	if (!audit_concerns(a, SPEC_KAMAJI) || !c)
		return;
	/* Sized for the largest number that was measured, so that a few tenants more change nothing. */
	tenants = fmax(tenants, spec_fact(a->spec, "tenants_per_datastore.tenants", 100));
	cpu = ceil(margin * fmax(spec_fact(a->spec, "kamaji_operator.cpu", 0), tenants * spec_fact(a->spec, "kamaji_operator.cpu_each", 0)));
	memory = ceil(margin *
		      fmax(spec_fact(a->spec, "kamaji_operator.memory_gb", 0), tenants * spec_fact(a->spec, "kamaji_operator.memory_gb_each", 0)));
	if (c->has.cpu <= 2 * cpu && c->has.memory_gb <= 2 * memory && c->has.cpu >= cpu && c->has.memory_gb >= memory)
		return;
	i = issue_add(a, ISSUE_CONTRADICTION, "kamaji/operator/size");
	issue_title(a, i, "Kamaji's operator gets %g cores and %g GB; for %g tenants it uses %.3g and %.2g", c->has.cpu, c->has.memory_gb, tenants,
		    cpu / margin, memory / margin);
	issue_why(a, i, "Measured at 100 tenants: 1.2 cores and 600 MiB; its chart asks for 100 to 200 m and 20 to 100 Mi. %s",
		  c->has.cpu < cpu ? "So many tenants need more than is allocated." : "What is allocated beyond that is missing elsewhere.");
	issue_source(i, component_source(a, b, c));
	issue_source(i, value_get_str(value_get(&a->spec->facts, "kamaji_operator"), "source"));
	issue_figure(i, "allocated", c->has.cpu, "cores");
	issue_figure(i, "allocated", c->has.memory_gb, "GB");
	issue_figure(i, "needed, with margin", cpu, "cores");
	issue_figure(i, "needed, with margin", memory, "GB");
	issue_repair(a, i, "Give it %g cores and %g GB: twice what was measured.", cpu, memory);
	issue_set(i, "Kamaji: CPU of the operator", &c->has.cpu, cpu, "cores");
	issue_set(i, "Kamaji: memory of the operator", &c->has.memory_gb, memory, "GB");
}

void audit_hosted_planes(struct audit *a)
{
	struct spec_budget *b = &a->spec->budgets[SPEC_KAMAJI];
	struct spec_component *c = (struct spec_component *)spec_component(b, "tenant-control-planes");
	const struct range cpu = {spec_fact(a->spec, "hosted_plane.cpu.min", 1), spec_fact(a->spec, "hosted_plane.cpu.max", 1)};
	const struct range memory = {spec_fact(a->spec, "hosted_plane.memory_gb.min", 1), spec_fact(a->spec, "hosted_plane.memory_gb.max", 1)};
	double fewest, most, tenants = audit_tenants(a);
	struct issue *i;

	if (!audit_concerns(a, SPEC_KAMAJI) || !c)
		return;
	fewest = floor(c->has.cpu / cpu.max + 1e-9);
	most = floor(c->has.cpu / cpu.min + 1e-9);
	if (tenants > fewest || c->has.memory_gb < ceil(tenants * memory.max)) {
		double need = fmax(c->has.cpu, ceil(tenants * cpu.max)), gb = fmax(c->has.memory_gb, ceil(tenants * memory.max));

		i = issue_add(a, ISSUE_CONTRADICTION, "kamaji/tenant-control-planes/capacity");
		issue_title(a, i, "%g cores hold %g to %g hosted control planes, %g are planned", c->has.cpu, fewest, most, tenants);
		issue_repair(a, i, "Allocate %g cores and %g GB.", need, gb);
		issue_set(i, "Kamaji: CPU of the tenants' control planes", &c->has.cpu, need, "cores");
		issue_set(i, "Kamaji: memory of the tenants' control planes", &c->has.memory_gb, gb, "GB");
	} else if (c->has.memory_gb > ceil(4 * most * memory.max)) {
		double gb = ceil(4 * most * memory.max);

		i = issue_add(a, ISSUE_CONTRADICTION, "kamaji/tenant-control-planes/memory");
		issue_title(a, i, "%g GB for the %g to %g hosted control planes that %g cores hold: %.0f to %.0f times what they use",
			    c->has.memory_gb, fewest, most, c->has.cpu, c->has.memory_gb / (most * memory.max),
			    c->has.memory_gb / (fewest * memory.min));
		issue_repair(a, i, "Allocate %g GB: four times what %g of them use.", gb, most);
		issue_set(i, "Kamaji: memory of the tenants' control planes", &c->has.memory_gb, gb, "GB");
	} else {
		return;
	}
	issue_why(a, i, "Measured: %g to %g cores and %g to %g GB for each at 100.", cpu.min, cpu.max, memory.min, memory.max);
	issue_source(i, component_source(a, b, c));
	issue_source(i, value_get_str(value_get(&a->spec->facts, "hosted_plane"), "source"));
	issue_figure(i, "allocated", c->has.cpu, "cores");
	issue_figure(i, "allocated", c->has.memory_gb, "GB");
	issue_figure(i, "hosted control planes, at least", fewest, "");
	issue_figure(i, "hosted control planes, at most", most, "");
	issue_figure(i, "planned", tenants, "");
}
