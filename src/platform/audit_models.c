/* Rules about models, the cards they run on, and what they are called. */
#include "platform/audit.h"

#include <math.h>

#define MODELS_SOURCE "AI/ML Requirements > Model Requirements > Llama 4 Models"

/* The cheapest cards, no smaller than what is asked now, whose memory together holds so much. Engines split a model over 1, 2, 4 or 8. */
static const struct value *cheapest_cards(const struct specification *s, double least, double need, double *ret_count)
{
	const struct value *best = NULL;
	double best_cost = 0;

	for (value_each(card, value_get(&s->facts, "gpus")))
		for (int count = 1; count <= 8; count *= 2) {
			double vram = value_double(value_get(card, "vram_gb"), 0), cost = count * value_double(value_get(card, "cost"), 0);

			if (vram < least || count * vram < need || (best && cost >= best_cost))
				continue;
			best = card;
			best_cost = cost;
			*ret_count = count;
		}
	return best;
}

static void environment_vram(struct audit *a, enum spec_env env)
{
	struct spec_budget *b = &a->spec->budgets[env];
	const struct value *serves = value_item_with(value_get(&a->spec->facts, "serves"), "id", spec_env_id(env)), *card;
	double need = 0, has = b->gpus * b->vram_gb.min, kv, count = 1;
	const char *names = "", *id = "";
	struct issue *i;

	for (value_each(m, value_get(serves, "models"))) {
		const struct spec_model *model = spec_model(a->spec, value_str(m, ""));

		if (!model)
			continue;
		need += audit_model_vram(a, env, model, &kv);
		names = arena_printf(a->spec->arena, "%s%s%s", names, *names ? " and " : "", model->name);
		id = model->id;
	}
	if (need <= has)
		return;
	i = issue_addf(a, ISSUE_CONTRADICTION, "vram/%s", spec_env_id(env));
	issue_title(a, i, "%s: %s need %.0f GB of GPU memory, \"%s\" may mean %g", b->title, names, need, b->gpu_text, has);
	issue_why(
		a, i,
		"Weights, cache of %g requests at the same time and buffers of all models that are served here. The upper end of what the text allows has %g GB.",
		audit_parallel(a, env), b->gpus * b->vram_gb.max);
	issue_source(i, b->source);
	issue_source(i, MODELS_SOURCE);
	issue_figure(i, "needed", ceil(need * 10) / 10, "GB");
	issue_figure(i, arena_printf(a->spec->arena, "of it %s, as the specification says", id), spec_model(a->spec, id)->vram_gb, "GB");
	issue_figure(i, "smallest choice", has, "GB");
	issue_figure(i, "largest choice", b->gpus * b->vram_gb.max, "GB");
	card = cheapest_cards(a->spec, b->vram_gb.min, need, &count);
	if (!card) {
		issue_repair(a, i, "No eight cards hold that: serve it from more than one machine.");
		return;
	}
	issue_repair(a, i, "%g x %s, the cheapest that hold it.", count, value_get_str(card, "title"));
	issue_set(i, arena_printf(a->spec->arena, "%s: GPUs", b->title), &b->gpus, count, "");
	issue_set(i, arena_printf(a->spec->arena, "%s: memory of a GPU", b->title), &b->vram_gb.min, value_double(value_get(card, "vram_gb"), 0),
		  "GB");
	issue_say(i, arena_printf(a->spec->arena, "%s: GPU", b->title), &b->gpu_text,
		  arena_printf(a->spec->arena, "%g x %s", count, value_get_str(card, "title")));
}

/* An agent's own figures against the model it speaks through. */
static void agent_vram(struct audit *a, unsigned n)
{
	/* Of one of it: the smallest cluster that is planned. */
	const enum spec_env one = audit_concerns(a, SPEC_TENANT) ? SPEC_TENANT : audit_concerns(a, SPEC_DEV) ? SPEC_DEV : SPEC_PRODUCTION;
	const struct spec_agent *agent = &a->spec->agents[n];
	const struct value *row = value_item_with(value_get(&a->spec->facts, "agent_models"), "id", agent->id);
	const struct spec_model *model = spec_model(a->spec, value_get_str(row, "model"));
	double kv, need = model ? audit_model_vram(a, one, model, &kv) : 0;
	struct issue *i;

	if (!model || *a->spec->agent_vram[n] || (agent->vram_gb[0].min >= need && agent->vram_gb[1].min >= need))
		return;
	i = issue_addf(a, ISSUE_CONTRADICTION, "vram/agent/%s", agent->id);
	issue_title(a, i, "%s: %g to %g GB of GPU memory at least, %g to %g recommended; %s needs %.0f", agent->title, agent->vram_gb[0].min,
		    agent->vram_gb[0].max, agent->vram_gb[1].min, agent->vram_gb[1].max, model->name, need);
	issue_why(a, i, "The lower ends do not hold the model that the same document gives this agent.");
	issue_source(i, agent->source);
	issue_source(i, MODELS_SOURCE);
	issue_figure(i, "minimum, from", agent->vram_gb[0].min, "GB");
	issue_figure(i, "recommended, to", agent->vram_gb[1].max, "GB");
	issue_figure(i, "model", ceil(need * 10) / 10, "GB");
	issue_repair(a, i, "Ask for %.0f GB, or a smaller model.", ceil(need));
	issue_say(i, arena_printf(a->spec->arena, "%s: GPU memory", agent->title), &a->spec->agent_vram[n],
		  arena_printf(a->spec->arena, "%.0f GB at least", ceil(need)));
}

void audit_vram(struct audit *a)
{
	for (int e = 0; e < SPEC_ENVS; e++)
		if (audit_concerns(a, (enum spec_env)e))
			environment_vram(a, (enum spec_env)e);
	for (unsigned n = 0; n < SPEC_AGENTS; n++)
		agent_vram(a, n);
}

static void card_choice(struct audit *a, struct spec_machine *m)
{
	const struct spec_budget *b = &a->spec->budgets[m->env];
	struct issue *i;

	if ((m->env == SPEC_DEV && *m->meaning) || (m->vram_gb >= b->vram_gb.min && m->gpus >= b->gpus))
		return;
	i = issue_addf(a, ISSUE_CONTRADICTION, "gpu/%s", m->id);
	issue_title(a, i, "%s: \"%s\", its environment counts on %g x %g GB", m->title, m->gpu_text, b->gpus, b->vram_gb.min);
	issue_why(a, i, "The row asks for %g, and the smallest card that it allows has %g GB.", m->gpus, m->vram_gb);
	issue_source(i, arena_printf(a->spec->arena, "%s > GPU", m->source));
	issue_source(i, b->source);
	issue_figure(i, "machine", m->vram_gb, "GB");
	issue_figure(i, "budget", b->vram_gb.min, "GB");
	if (m->env == SPEC_DEV) {
		issue_repair(a, i, "Read it as the machine for a part of the budget: an 8B model on the processor, slowly.");
		issue_say(i, arena_printf(a->spec->arena, "%s: what it is for", m->title), &m->meaning, "a part of the budget");
		return;
	}
	issue_repair(a, i, "%g x %g GB in one of them: a model is not split over machines.", b->gpus, b->vram_gb.min);
	issue_set(i, arena_printf(a->spec->arena, "%s: GPUs", m->title), &m->gpus, fmax(m->gpus, b->gpus), "");
	issue_set(i, arena_printf(a->spec->arena, "%s: memory of a GPU", m->title), &m->vram_gb, fmax(m->vram_gb, b->vram_gb.min), "GB");
}

void audit_gpu_choices(struct audit *a)
{
	for (unsigned n = 0; n < a->spec->machine_count; n++)
		if (audit_concerns(a, a->spec->machines[n].env))
			card_choice(a, &a->spec->machines[n]);
	if (audit_concerns(a, SPEC_DEV) && !*a->spec->apple) {
		struct issue *i;

		for (unsigned n = 0; n < a->spec->machine_count; n++)
			if (strstr(a->spec->machines[n].gpu_text, "Apple"))
				return;
		i = issue_add(a, ISSUE_GAP, "gpu/apple");
		issue_title(a, i, "macOS with Apple Silicon is supported, and every GPU that is named is NVIDIA's");
		issue_why(a, i, "No row says what an Apple GPU has to have; its memory is the machine's.");
		issue_source(i, "Software Prerequisites > Operating System Support > macOS");
		issue_source(i, "Hardware Requirements > Laptop Workstation (Development)");
		issue_repair(a, i, "Count the machine's memory beyond what the cluster takes as GPU memory.");
		issue_say(i, "Apple's GPUs", &a->spec->apple, "unified memory beyond the cluster's share counts as GPU memory");
	}
}

/* "Llama 4 Models" -> "llama4": what names under such a heading begin with. */
static void heading_prefix(const char *heading, char *buf, size_t size)
{
	size_t n = 0;

	for (const char *p = heading; *p && strncmp(p, " Models", 7) != 0 && n + 1 < size; p++)
		if (*p != ' ')
			buf[n++] = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
	buf[n] = 0;
}

static void family(struct audit *a)
{
	const struct spec_model *first = &a->spec->models[0];
	char prefix[32];
	struct issue *i;

	heading_prefix(first->heading, prefix, sizeof(prefix));
	if (*a->spec->models_name)
		return;
	for (unsigned n = 0; n < a->spec->model_count; n++)
		if (strncmp(a->spec->models[n].name, prefix, strlen(prefix)) == 0)
			return;
	i = issue_add(a, ISSUE_CONTRADICTION, "names/models");
	issue_title(a, i, "\"%s\": none of its models is one (%s, %s, ...)", first->heading, first->name, a->spec->models[1].name);
	issue_why(a, i, "Every name under the heading is of another family; so is the storage table's row of that title.");
	issue_source(i, MODELS_SOURCE);
	issue_source(i, "Storage Requirements > Data Retention & Sizing > AI/ML Components > Llama 4 Models");
	issue_figure(i, "models listed", a->spec->model_count, "");
	issue_repair(a, i, "Call them what they are: Llama 3.1. The sizes of this document are those of Llama 3.1.");
	issue_say(i, "the models' heading", &a->spec->models_name, "Llama 3.1 models");
}

void audit_names(struct audit *a)
{
	family(a);
	for (unsigned n = 0; n < a->spec->model_count; n++)
		if (a->spec->models[n].custom) {
			struct issue *i = issue_addf(a, ISSUE_NOTE, "names/%s", a->spec->models[n].id);

			issue_title(a, i, "%s is nobody's: it has to be trained first", a->spec->models[n].name);
			issue_why(a, i, "Until it is, the model that it comes from answers in its place.");
			issue_source(i, MODELS_SOURCE);
		}
	for (unsigned n = 0; n < a->spec->package_count; n++) {
		struct spec_package *p = &a->spec->packages[n];
		struct issue *i;

		if (p->exists || !str_eq(p->name, p->id))
			continue;
		i = issue_addf(a, ISSUE_CONTRADICTION, "names/pip/%s", p->id);
		issue_title(a, i, "pip install %s: there is no such package", p->id);
		issue_why(a, i, "What is meant is %s.", p->instead);
		issue_source(i, arena_printf(a->spec->arena, "Software Prerequisites > Python Dependencies for AI Agents > %s", p->id));
		issue_repair(a, i, "Install %s.", p->instead);
		issue_say(i, arena_printf(a->spec->arena, "package %s", p->id), &p->name, p->instead);
	}
}
