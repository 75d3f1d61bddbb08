/* Rules about nodes and the machines that carry them. */
#include "platform/audit.h"

#include <math.h>

/* Memory of servers comes in modules; kind's nodes are containers, of any size. */
static double memory_step(enum spec_env env)
{
	return env == SPEC_DEV ? 1 : 8;
}

static const char *env_name(int e)
{
	return spec_env_id((enum spec_env)e);
}

/* The least that each of an environment's agents fits in: a repair of nodes heeds both, sums and pods, so that it is the cheapest for both. */
static void largest_pod(const struct audit *a, enum spec_env env, double *ret_cpu, double *ret_memory)
{
	const struct spec_budget *b = &a->spec->budgets[env];

	*ret_cpu = *ret_memory = 0;
	for (unsigned n = 0; n < b->component_count; n++)
		for (unsigned k = 0; k < b->components[n].agent_count; k++) {
			*ret_cpu = fmax(*ret_cpu, b->components[n].agents[k]->cores[0].min);
			*ret_memory = fmax(*ret_memory, b->components[n].agents[k]->memory_gb[0].min);
		}
}

/* The edits that give a cluster the cheapest workers. */
static void cheapest_workers(struct audit *a, enum spec_env env, struct issue *i)
{
	struct spec_cluster *c = &a->spec->clusters[env], better;
	double cpu, memory;

	largest_pod(a, env, &cpu, &memory);
	audit_nodes(a->spec, c, audit_worker_load(a->spec, env), cpu, memory, memory_step(env), &better);
	issue_repair(a, i, "%g workers of %g cores and %g GB: the cheapest that hold all of it and its largest pod.", better.workers, better.cpu,
		     better.memory_gb);
	issue_set(i, arena_printf(a->spec->arena, "%s: workers", c->title), &c->workers, better.workers, "");
	issue_set(i, arena_printf(a->spec->arena, "%s: cores of a worker", c->title), &c->cpu, better.cpu, "cores");
	issue_set(i, arena_printf(a->spec->arena, "%s: memory of a worker", c->title), &c->memory_gb, better.memory_gb, "GB");
}

void audit_worker_totals(struct audit *a)
{
	for (int e = 0; e < SPEC_ENVS; e++) {
		const struct spec_cluster *c = &a->spec->clusters[e];
		const struct spec_amount sum = spec_sum(&a->spec->budgets[e], false), inside = spec_sum(&a->spec->budgets[e], true);
		const struct spec_amount load = audit_worker_load(a->spec, (enum spec_env)e);
		double cpu = c->workers * c->cpu, memory = c->workers * c->memory_gb;
		struct issue *i;

		if (!audit_concerns(a, (enum spec_env)e) || (cpu >= load.cpu && memory >= load.memory_gb))
			continue;
		i = issue_addf(a, ISSUE_CONTRADICTION, "nodes/%s/%s", env_name(e), memory < load.memory_gb ? "memory" : "cpu");
		issue_title(a, i, "%s: %g workers have %g cores and %g GB, what runs on them gets %g and %g", c->title, c->workers, cpu, memory,
			    load.cpu, load.memory_gb);
		issue_why(
			a, i,
			"Inside of the cluster %g GB are allocated (%g with System Overhead), %.1f times what the workers have; with the %g control "
			"plane nodes there are %g cores and %g GB. %g GB are missing.",
			inside.memory_gb, sum.memory_gb, inside.memory_gb / memory, c->control_planes, cpu + c->control_planes * c->control_cpu,
			memory + c->control_planes * c->control_memory, load.memory_gb - memory);
		issue_source(i, c->source);
		issue_source(i, a->spec->budgets[e].source);
		issue_figure(i, "workers' memory", memory, "GB");
		issue_figure(i, "allocated on workers", load.memory_gb, "GB");
		issue_figure(i, "allocated in the cluster", inside.memory_gb, "GB");
		issue_figure(i, "allocated in all", sum.memory_gb, "GB");
		issue_figure(i, "missing", load.memory_gb - memory, "GB");
		issue_figure(i, "missing for all allocations", sum.memory_gb - memory, "GB");
		issue_figure(i, "workers' cores", cpu, "cores");
		issue_figure(i, "cores allocated on workers", load.cpu, "cores");
		cheapest_workers(a, (enum spec_env)e, i);
	}
}

static void one_pod(struct audit *a, enum spec_env env, const struct spec_component *on, const struct spec_agent *agent)
{
	const struct spec_cluster *c = &a->spec->clusters[env];
	double room = c->memory_gb - spec_fact(a->spec, "node_reserved.memory_gb", 0), pod = agent->memory_gb[0].min, cpu = agent->cores[0].min;
	bool fits = pod <= room && cpu <= c->cpu;
	struct issue *i;

	if (fits && agent->memory_gb[1].max <= room)
		return;
	i = issue_addf(a, fits ? ISSUE_NOTE : ISSUE_CONTRADICTION, "pod/%s/%s", env_name((int)env), agent->id);
	issue_title(a, i, "%s: a node of %g cores and %g GB has no room for %s (%g cores and %g GB %s)", c->title, c->cpu, c->memory_gb, agent->title,
		    fits ? agent->cores[1].max : cpu, fits ? agent->memory_gb[1].max : pod, fits ? "as the upper end recommended" : "at least");
	issue_why(a, i, "A pod runs on one node; of its memory pods get %g GB. %s gets %g GB of the budget, which no node has either.", room,
		  on->title, on->has.memory_gb);
	issue_source(i, c->source);
	issue_source(i, agent->source);
	issue_figure(i, "node's memory", c->memory_gb, "GB");
	issue_figure(i, "of it for pods", room, "GB");
	issue_figure(i, "minimum, from", pod, "GB");
	issue_figure(i, "minimum, to", agent->memory_gb[0].max, "GB");
	issue_figure(i, "recommended, from", agent->memory_gb[1].min, "GB");
	issue_figure(i, "recommended, to", agent->memory_gb[1].max, "GB");
	if (fits)
		return;
	cheapest_workers(a, env, i);
}

void audit_largest_pod(struct audit *a)
{
	for (int e = 0; e < SPEC_ENVS; e++) {
		const struct spec_budget *b = &a->spec->budgets[e];

		for (unsigned n = 0; audit_concerns(a, (enum spec_env)e) && n < b->component_count; n++)
			for (unsigned k = 0; k < b->components[n].agent_count; k++)
				one_pod(a, (enum spec_env)e, &b->components[n], b->components[n].agents[k]);
	}
}

static const char *hardware_source(struct audit *a, const struct spec_machine *m, const char *row)
{
	return arena_printf(a->spec->arena, "%s > %s", m->source, row);
}

/* Does a machine (or so many of them) carry what its environment is allocated? Workers of a tenant are judged by their nodes. */
static void budget_on(struct audit *a, struct spec_machine *m)
{
	const struct spec_budget *b = &a->spec->budgets[m->env];
	const double needs[] = {b->total.cpu, b->total.memory_gb, b->total.storage_gb}, has[] = {m->cores, m->memory_gb, m->storage_gb};
	double *const fields[] = {&m->cores, &m->memory_gb, &m->storage_gb};
	static const char *const ids[] = {"cpu", "memory", "storage"}, *const rows[] = {"CPU", "RAM", "Storage"},
				 *const units[] = {"cores", "GB", "GB"};

	for (size_t r = 0; r < ARRAY_LEN(needs); r++) {
		struct issue *i;
		double count = ceil(needs[r] / has[r]);

		if (has[r] * m->count >= needs[r] || *m->meaning)
			continue;
		i = issue_addf(a, ISSUE_CONTRADICTION, "hardware/%s/%s", m->id, ids[r]);
		issue_title(a, i, "%s: %g %s, its environment is allocated %g", m->title, has[r] * m->count, units[r], needs[r]);
		issue_why(a, i, "The machine has %.0f %% of the budget that the same document allocates to the environment it is for.",
			  100 * has[r] * m->count / needs[r]);
		issue_source(i, hardware_source(a, m, rows[r]));
		issue_source(i, b->source);
		issue_figure(i, "machine", has[r], units[r]);
		issue_figure(i, "budget", needs[r], units[r]);
		if (m->env == SPEC_DEV && m->cores >= a->spec->clusters[m->env].largest_cpu) {
			/* There is one laptop: it has to be larger ("+"). */
			issue_repair(a, i, "A machine of %g %s.", needs[r], units[r]);
			issue_set(i, arena_printf(a->spec->arena, "%s: %s", m->title, rows[r]), fields[r], needs[r], units[r]);
		} else if (m->env == SPEC_DEV) {
			issue_repair(
				a, i,
				"Read it as the machine for a part of the budget (without Scarlet and the larger models); the whole needs the recommended laptop.");
			issue_say(i, arena_printf(a->spec->arena, "%s: what it is for", m->title), &m->meaning, "a part of the budget");
		} else {
			issue_repair(a, i, "Take %g of them.", count);
			issue_set(i, arena_printf(a->spec->arena, "%s: machines", m->title), &m->count, count, "");
		}
	}
}

void audit_machine_budgets(struct audit *a)
{
	for (unsigned n = 0; n < a->spec->machine_count; n++)
		if (audit_concerns(a, a->spec->machines[n].env) && a->spec->machines[n].env != SPEC_TENANT)
			budget_on(a, &a->spec->machines[n]);
}

/* Six workers of 8 cores, or six machines of 24? The row does not say which. */
static void tenant_machine(struct audit *a, struct spec_machine *m, const struct spec_cluster *c)
{
	double cores = c->workers * m->cores, memory = c->workers * m->memory_gb;
	double count = ceil(fmax(c->workers * c->cpu / m->cores, c->workers * c->memory_gb / m->memory_gb));
	struct issue *i;

	if (*m->meaning && m->count >= count)
		return;
	i = issue_addf(a, ISSUE_CONTRADICTION, "machines/tenant/%s", m->id);
	issue_title(a, i, "%s: %g cores and %g GB \"per tenant cluster\", six workers have %g and %g", m->title, m->cores, m->memory_gb, c->cpu,
		    c->memory_gb);
	issue_why(a, i,
		  "Of each node, %g of them have %g cores and %g GB, %.1f times the tenant's budget; of the whole tenant, the workers do not fit.",
		  c->workers, cores, memory, cores / a->spec->budgets[SPEC_TENANT].total.cpu);
	issue_source(i, m->source);
	issue_source(i, c->source);
	issue_figure(i, "machine", m->cores, "cores");
	issue_figure(i, "worker", c->cpu, "cores");
	issue_figure(i, "if each worker were one", cores, "cores");
	issue_figure(i, "budget", a->spec->budgets[SPEC_TENANT].total.cpu, "cores");
	issue_repair(a, i, "Read it as a machine that carries several workers: for the %g of them it takes %g.", c->workers, count);
	issue_say(i, arena_printf(a->spec->arena, "%s: meaning", m->title), &m->meaning, "a machine that carries several workers");
	issue_set(i, arena_printf(a->spec->arena, "%s: machines", m->title), &m->count, count, "");
}

void audit_machine_nodes(struct audit *a)
{
	for (unsigned n = 0; n < a->spec->machine_count; n++) {
		struct spec_machine *m = &a->spec->machines[n];
		const struct spec_cluster *c = &a->spec->clusters[m->env];
		double cores = c->workers * c->cpu + c->control_planes * c->control_cpu;
		double memory = c->workers * c->memory_gb + c->control_planes * c->control_memory;
		double count = fmax(ceil(memory / m->memory_gb), m->env == SPEC_DEV ? 1 : ceil(cores / m->cores));
		struct issue *i;

		if (!audit_concerns(a, m->env))
			continue;
		if (m->env == SPEC_TENANT) {
			tenant_machine(a, m, c);
			continue;
		}
		/* Three control planes on one machine all fail with it. */
		count = fmax(count, c->control_planes);
		if (m->count >= count || *m->meaning)
			continue;
		i = issue_addf(a, ISSUE_CONTRADICTION, "machines/%s/%s", env_name((int)m->env), m->id);
		issue_title(a, i, "%s: one of %g cores and %g GB is to carry %g nodes of %g cores and %g GB in all", m->title, m->cores, m->memory_gb,
			    c->workers + c->control_planes, cores, memory);
		issue_why(
			a, i,
			"The hardware section speaks of one server, the cluster section of %g control planes (HA) and %g workers: %.1f times its cores, and "
			"control planes on one machine all fail with it.",
			c->control_planes, c->workers, cores / m->cores);
		issue_source(i, m->source);
		issue_source(i, c->source);
		issue_figure(i, "machine", m->cores, "cores");
		issue_figure(i, "machine", m->memory_gb, "GB");
		issue_figure(i, "nodes", cores, "cores");
		issue_figure(i, "nodes", memory, "GB");
		issue_repair(a, i, m->env == SPEC_DEV ? "Read it as the machine for a part of the environment." : "Take %g of them.", count);
		if (m->env == SPEC_DEV)
			issue_say(i, arena_printf(a->spec->arena, "%s: what it is for", m->title), &m->meaning, "a part of the budget");
		else
			issue_set(i, arena_printf(a->spec->arena, "%s: machines", m->title), &m->count, count, "");
	}
}
