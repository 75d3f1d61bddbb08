/* Rules about volumes: sizes that are said twice, what is kept for how long, classes. */
#include "platform/audit.h"

#include <math.h>

#define SIZING "Storage Requirements > Data Retention & Sizing"

static const char *volume_source(struct audit *a, const struct spec_volume *v)
{
	return arena_printf(a->spec->arena, "%s > %s > %s", SIZING, v->in_observability ? "Traditional Observability Stack" : "AI/ML Components",
			    v->title);
}

static struct spec_volume *volume(struct audit *a, const char *id)
{
	for (unsigned n = 0; n < a->spec->volume_count; n++)
		if (str_eq(a->spec->volumes[n].id, id))
			return &a->spec->volumes[n];
	return NULL;
}

static void vectors_twice(struct audit *a)
{
	struct spec_agent *db = (struct spec_agent *)spec_agent(a->spec, "mongodb");
	struct spec_volume *v = volume(a, "vectors");
	struct issue *i;

	if (!db || !v || (v->size_gb.min == db->storage_gb.min && v->size_gb.max == db->storage_gb.max))
		return;
	i = issue_add(a, ISSUE_CONTRADICTION, "storage/vectors/two-sizes");
	issue_title(a, i, "MongoDB's storage is %g to %g GB in one place and %g to %g GB in another", v->size_gb.min, v->size_gb.max,
		    db->storage_gb.min, db->storage_gb.max);
	issue_why(a, i, "The sizing table and the agents' hardware speak of the same volume.");
	issue_source(i, volume_source(a, v));
	issue_source(i, db->source);
	issue_figure(i, "sizing table, from", v->size_gb.min, "GB");
	issue_figure(i, "sizing table, to", v->size_gb.max, "GB");
	issue_figure(i, "hardware, from", db->storage_gb.min, "GB");
	issue_figure(i, "hardware, to", db->storage_gb.max, "GB");
	issue_repair(a, i, "What both allow: %g to %g GB.", fmax(v->size_gb.min, db->storage_gb.min), fmin(v->size_gb.max, db->storage_gb.max));
	issue_set(i, "vectors: smallest size", &v->size_gb.min, fmax(v->size_gb.min, db->storage_gb.min), "GB");
	issue_set(i, "vectors: largest size", &v->size_gb.max, fmin(v->size_gb.max, db->storage_gb.max), "GB");
	issue_set(i, "MongoDB: smallest storage", &db->storage_gb.min, fmax(v->size_gb.min, db->storage_gb.min), "GB");
	issue_set(i, "MongoDB: largest storage", &db->storage_gb.max, fmin(v->size_gb.max, db->storage_gb.max), "GB");
}

static void model_sizes(struct audit *a)
{
	struct spec_volume *v = volume(a, "models");

	for (unsigned n = 0; v && n < a->spec->model_count; n++) {
		const struct spec_model *m = &a->spec->models[n];
		struct issue *i;

		if (m->weights_gb <= v->size_gb.max)
			continue;
		i = issue_addf(a, ISSUE_CONTRADICTION, "storage/models/%s", m->id);
		issue_title(a, i, "\"%s\", and %s is %g GB (%s)", v->text, m->name, m->weights_gb, m->format);
		issue_why(a, i, "The specification gives it %g GB of GPU memory itself.", m->vram_gb);
		issue_source(i, volume_source(a, v));
		issue_source(i, arena_printf(a->spec->arena, "AI/ML Requirements > Model Requirements > %s > %s", m->heading, m->name));
		issue_figure(i, "per model, at most", v->size_gb.max, "GB");
		issue_figure(i, "weights", m->weights_gb, "GB");
		issue_figure(i, "GPU memory, as specified", m->vram_gb, "GB");
		issue_repair(a, i, "Count up to %g GB for a model.", ceil(m->weights_gb));
		issue_set(i, "models: largest size of one", &v->size_gb.max, ceil(m->weights_gb), "GB");
	}
}

void audit_two_sizes(struct audit *a)
{
	vectors_twice(a);
	model_sizes(a);
}

static void overflows(struct audit *a, struct spec_volume *v)
{
	double most = v->retention_days.max * v->growth_gb_day.max, days = floor(v->size_gb.max / v->growth_gb_day.max);
	struct issue *i;

	if (most <= v->size_gb.max * (1 + 1e-9))
		return;
	i = issue_addf(a, ISSUE_CONTRADICTION, "storage/%s/retention", v->id);
	issue_title(a, i, "%s: %g days of %g GB are %g GB, the largest volume has %g: full in %g days", v->title, v->retention_days.max,
		    v->growth_gb_day.max, most, v->size_gb.max, days);
	issue_why(a, i, "Retention x growth is %g to %g GB; sizes are %g to %g GB.", v->retention_days.min * v->growth_gb_day.min, most,
		  v->size_gb.min, v->size_gb.max);
	issue_source(i, volume_source(a, v));
	issue_figure(i, "retention, at most", v->retention_days.max, "days");
	issue_figure(i, "growth, at most", v->growth_gb_day.max, "GB a day");
	issue_figure(i, "kept then", most, "GB");
	issue_figure(i, "size, at most", v->size_gb.max, "GB");
	issue_figure(i, "full in", days, "days");
	if (days >= v->retention_days.min) {
		issue_repair(a, i, "Keep %g days at most, which is within the range and costs nothing; %g GB would hold all %g.", days, most,
			     v->retention_days.max);
		issue_set(i, arena_printf(a->spec->arena, "%s: longest retention", v->title), &v->retention_days.max, days, "days");
	} else {
		issue_repair(a, i, "Give it %g GB.", ceil(most));
		issue_set(i, arena_printf(a->spec->arena, "%s: largest size", v->title), &v->size_gb.max, ceil(most), "GB");
	}
}

static void kept_for_ever(struct audit *a, struct spec_volume *v)
{
	double soonest = v->size_gb.max / v->growth_gb_day.max, latest = v->size_gb.max / v->growth_gb_day.min;
	double fits = floor(soonest + 1e-9), days = fits;
	struct issue *i = issue_addf(a, ISSUE_GAP, "storage/%s/retention", v->id);

	/* Traces are looked at for a while; a memory is kept as long as there is room. */
	if (str_eq(v->id, "opik"))
		days = fmin(days, spec_fact(a->spec, "retention_default_days.days", days));
	issue_title(a, i, "%s: grows by %s and nothing says for how long it is kept: %g GB are full in %.0f to %.0f days", v->title, v->growth_text,
		    v->size_gb.max, soonest, latest);
	issue_why(a, i, "The smallest size of %g GB is full in %.0f to %.0f days.", v->size_gb.min, v->size_gb.min / v->growth_gb_day.max,
		  v->size_gb.min / v->growth_gb_day.min);
	issue_source(i, volume_source(a, v));
	issue_figure(i, "growth, at least", v->growth_gb_day.min, "GB a day");
	issue_figure(i, "growth, at most", v->growth_gb_day.max, "GB a day");
	issue_figure(i, "largest size", v->size_gb.max, "GB");
	issue_figure(i, "full in, at the soonest", floor(soonest + 0.5), "days");
	issue_figure(i, "full in, at the latest", floor(latest + 0.5), "days");
	issue_figure(i, "above the smallest size, at the soonest", floor((v->size_gb.max - v->size_gb.min) / v->growth_gb_day.max + 0.5), "days");
	issue_repair(a, i, "Keep %g days.", days);
	issue_set(i, arena_printf(a->spec->arena, "%s: shortest retention", v->title), &v->retention_days.min, days, "days");
	issue_set(i, arena_printf(a->spec->arena, "%s: longest retention", v->title), &v->retention_days.max, days, "days");
}

void audit_retention(struct audit *a)
{
	for (unsigned n = 0; n < a->spec->volume_count; n++) {
		struct spec_volume *v = &a->spec->volumes[n];

		if (v->growth_gb_day.max > 0 && v->retention_days.min > 0 && v->retention_days.max > 0)
			overflows(a, v);
		else if (v->growth_gb_day.max > 0)
			kept_for_ever(a, v);
	}
}

void audit_storage_in_budget(struct audit *a)
{
	struct range sum = {0};

	for (unsigned n = 0; n < a->spec->volume_count; n++)
		if (a->spec->volumes[n].in_observability) {
			sum.min += a->spec->volumes[n].size_gb.min;
			sum.max += a->spec->volumes[n].size_gb.max;
		}
	for (int e = 0; e < SPEC_ENVS; e++) {
		struct spec_budget *b = &a->spec->budgets[e];
		struct spec_component *c = (struct spec_component *)spec_component(b, "observability");
		struct issue *i;

		if (!c || !audit_concerns(a, (enum spec_env)e) || c->has.storage_gb >= sum.max)
			continue;
		i = issue_addf(a, c->has.storage_gb < sum.min ? ISSUE_CONTRADICTION : ISSUE_NOTE, "storage/%s/observability",
			       spec_env_id((enum spec_env)e));
		issue_title(a, i, "%s: %g GB for Prometheus, Loki, Tempo and Grafana, whose sizes are %g to %g GB", b->title, c->has.storage_gb,
			    sum.min, sum.max);
		issue_why(a, i, "The lower ends of the sizing table fit, the upper ends do not.");
		issue_source(i, arena_printf(a->spec->arena, "%s > %s", b->source, c->title));
		issue_source(i, SIZING " > Traditional Observability Stack");
		issue_figure(i, "allocated", c->has.storage_gb, "GB");
		issue_figure(i, "sizes, at least", sum.min, "GB");
		issue_figure(i, "sizes, at most", sum.max, "GB");
		if (i->kind == ISSUE_NOTE)
			continue;
		issue_repair(a, i, "Allocate %g GB.", sum.min);
		issue_set(i, arena_printf(a->spec->arena, "%s: storage of %s", b->title, c->title), &c->has.storage_gb, sum.min, "GB");
	}
}

void audit_storage_classes(struct audit *a)
{
	const struct value *kind = value_get(&a->spec->facts, "kind");

	for (unsigned n = 0; n < a->spec->class_count; n++) {
		struct spec_class *c = &a->spec->classes[n];
		bool other = str_eq(c->default_of, "kind") && !str_eq(c->id, value_get_str(kind, "default_class"));
		bool no_gpu = str_eq(c->needs, "gpu") && !value_get_bool(kind, "gpu", false);
		struct issue *i;

		if (*c->note || !(a->options->envs & c->envs) || (!other && !no_gpu))
			continue;
		i = issue_addf(a, ISSUE_CONTRADICTION, "storage-class/%s", c->id);
		if (other)
			issue_title(a, i, "%s is called kind's default, which is named %s", c->id, value_get_str(kind, "default_class"));
		else
			issue_title(a, i, "%s is storage of GPU nodes, and kind's nodes have no GPU", c->id);
		issue_why(a, i,
			  other ? "A claim that names it waits for ever on a cluster as kind makes it."
				: "Nothing can be scheduled where such a volume would be.");
		issue_source(i, arena_printf(a->spec->arena, "Storage Requirements > Storage Classes Required > %s", c->id));
		issue_source(i, value_get_str(kind, "source"));
		issue_repair(a, i, other ? "Make a class of that name beside it, with the same provisioner." : "Leave it out of dev.");
		issue_say(i, arena_printf(a->spec->arena, "storage class %s", c->id), &c->note,
			  other ? "made beside kind's own, same provisioner" : "left out");
	}
}
