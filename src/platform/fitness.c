/* Fitness: the lines, their counts, and the order in which a machine is judged. */
#include "platform/fitness_internal.h"

#include <math.h>

const char *fit_text(enum fit fit)
{
	static const char *const texts[] = {"pass", "warn", "fail", "unknown"};

	return texts[fit];
}

/* What a family of ids is called above its lines. */
static const char *category_of(struct fitness *f, const char *id)
{
	static const char *const names[][2] = {{"cpu", "processor"},    {"memory", "memory"},  {"disk", "storage"},  {"gpu", "graphics processor"},
					       {"network", "network"},  {"dns", "system"},     {"os", "system"},     {"kernel", "system"},
					       {"clock", "system"},     {"port", "ports"},     {"tool", "software"}, {"python", "Python packages"},
					       {"service", "services"}, {"cluster", "cluster"}};
	size_t len = strcspn(id, "/");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i][0]) == len && strncmp(names[i][0], id, len) == 0)
			return names[i][1];
	return arena_strndup(f->arena, id, len); /* a role */
}

struct fit_line *fit_add(struct fitness *f, const char *id, const char *title)
{
	struct fit_line *line = arena_push(f->arena, f);

	*line = (struct fit_line){.id = id,
				  .category = category_of(f, id),
				  .title = title,
				  .measured = "unknown",
				  .required = "",
				  .recommended = "",
				  .why = "",
				  .source = "",
				  .remedy = "",
				  .verdict = FIT_UNKNOWN};
	return line;
}

void fit_source(struct fitness *f, struct fit_line *line, const struct need *required, const char *row)
{
	if (required->source && *required->source)
		line->source = fit_printf(f, "%s > %s", required->source, row);
}

const char *fit_gb(struct fitness *f, double gb)
{
	if (gb >= 1000)
		return fit_printf(f, "%g TB", round(gb / 100) / 10);
	return fit_printf(f, "%g GB", gb < 10 ? round(gb * 10) / 10 : round(gb));
}

const char *fit_cores(struct fitness *f, double cores)
{
	return fit_printf(f, "%g core%s", round(cores * 100) / 100, cores == 1 ? "" : "s");
}

enum fit fit_size(double have, double need)
{
	return have >= need ? FIT_PASS : have >= need * (1 - FIT_NOMINAL) ? FIT_WARN : FIT_FAIL;
}

bool fit_number(const struct value *map, const char *key, double *ret)
{
	double d = value_double(value_get(map, key), 0);

	if (!(d > 0) || isinf(d))
		return false;
	*ret = d;
	return true;
}

void fitness_machine(struct fitness *f, const struct value *facts, const struct fitness_options *o)
{
	static const struct need nothing = {0};
	const struct need *required = o->profile ? &o->profile->required : &nothing;
	const struct need *recommended = o->profile ? &o->profile->recommended : &nothing;

	fitness_hardware(f, facts, "", required, recommended);
	if (o->role)
		fitness_hardware(f, facts, o->role->id, &o->role->required, &o->role->recommended);
	fitness_system(f, facts, o);
	fitness_ports(f, facts, o);
	fitness_tools(f, facts, o);
	fitness_services(f, facts);
}

bool fitness_ignore(struct fitness *f, const char *id)
{
	size_t len = strlen(id);
	bool family = len && id[len - 1] == '/', found = false;

	for (uint32_t i = 0; i < f->len; i++) {
		if (family ? strncmp(f->items[i].id, id, len) != 0 : !str_eq(f->items[i].id, id))
			continue;
		f->items[i].ignored = found = true;
	}
	return found;
}

struct fitness_counts fitness_count(const struct fitness *f)
{
	struct fitness_counts c = {0};

	for (uint32_t i = 0; i < f->len; i++) {
		const struct fit_line *line = &f->items[i];

		if (line->ignored)
			c.ignored++;
		else if (line->verdict == FIT_PASS)
			c.pass++;
		else if (line->verdict == FIT_WARN)
			c.warn++;
		else if (line->verdict == FIT_FAIL)
			c.fail++;
		else if (line->not_asked)
			c.not_asked++;
		else
			c.unknown++;
	}
	return c;
}
