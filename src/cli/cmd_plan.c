/* plan: an environment of the platform in figures, and whether they hold. */
#include "base/file.h"
#include "cli/cli.h"
#include "cli/plan_report.h"
#include "format/yaml.h"

#include <math.h>

#define PRICES_MAX ((size_t)64 << 10)
#define DEFAULT_MONTHS 12

/* low, mid and high are places in the specification's ranges; a number is times the middle. */
static int read_growth(struct cli *cli, struct plan_options *o, struct err *err)
{
	static const char *const words[] = {"low", "mid", "high"};
	const char *text = cli->flags[FLAG_GROWTH];
	char *end;

	o->growth = 0.5;
	o->factor = 1;
	if (!text)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(text, words[i])) {
			o->growth = (double)i / 2;
			return 0;
		}
	o->factor = strtod(text, &end);
	if (!*text || *end || !isfinite(o->factor) || o->factor < 0.01 || o->factor > 1000)
		return err_set(err, ERR_USAGE, "--growth: \"%.40s\" is neither low, mid or high nor a factor from 0.01 to 1000", text);
	return 0;
}

static int read_prices(struct cli *cli, struct value *prices, struct plan_options *o, struct err *err)
{
	static const char *const known[] = {"currency", "core_month", "memory_gb_month", "storage_gb_month", "gpu_month", "kwh", NULL};
	_cleanup_(strbuf_release) struct strbuf text;
	const char *path = cli->flags[FLAG_PRICES];
	struct value_builder b;
	int r;

	strbuf_init(&text, PRICES_MAX);
	if (!path)
		return 0;
	value_builder_init(&b, &cli->ctx.arena, NULL);
	if ((r = file_read(path, &text, err)) < 0 || (r = yaml_parse(&b, path, text.buf, text.len, prices, err)) < 0)
		return r;
	if (prices->type != VALUE_MAP)
		return err_set(err, ERR_INPUT, "%s: is no map of prices", path);
	for (member_each(m, prices)) {
		unsigned k = 0;

		while (known[k] && !str_eq(known[k], m->key))
			k++;
		if (!known[k])
			return cli_unknown(err, "price", m->key, known);
		if (k > 0 && value_double(&m->v, -1) < 0)
			return err_set(err, ERR_INPUT, "%s: %s is no price", path, m->key);
	}
	o->prices = prices;
	return 0;
}

static int read_options(struct cli *cli, struct value *prices, struct plan_options *o, struct err *err)
{
	const char *start = cli->flags[FLAG_START];
	int r;

	*o = (struct plan_options){.environment = cli->args[0],
				   .months = DEFAULT_MONTHS,
				   .repair = cli_has(cli, FLAG_REPAIR),
				   .accepted = cli->accepted.items,
				   .accepted_count = cli->accepted.count,
				   .start = clock_now()};
	if (start && !clock_parse_rfc3339(start, strlen(start), &o->start))
		return err_set(err, ERR_USAGE, "--start: \"%.40s\" is no time like 2026-11-23T00:00:00Z", start);
	if ((r = cli_number(cli, FLAG_TENANTS, PLAN_MAX_TENANTS, &o->tenants, err)) < 0 ||
	    (r = cli_number(cli, FLAG_USERS, PLAN_MAX_USERS, &o->users, err)) < 0 ||
	    (r = cli_number(cli, FLAG_MONTHS, PLAN_MAX_MONTHS, &o->months, err)) < 0 ||
	    (r = cli_number(cli, FLAG_TOKENS, PLAN_MAX_CONTEXT, &o->context, err)) < 0 || (r = read_growth(cli, o, err)) < 0 ||
	    (r = read_prices(cli, prices, o, err)) < 0)
		return r;
	if (o->tenants && !str_eq(o->environment, "kamaji"))
		return err_set(err, ERR_USAGE, "--tenants goes with kamaji: %.40s has none", o->environment);
	return 0;
}

static const char *const words[] = {"dev", "production", "kamaji", NULL};

static int run_plan(struct cli *cli, struct err *err)
{
	const char *format = cli_format(cli);
	struct plan *p = arena_new(&cli->ctx.arena, struct plan);
	struct plan_options o;
	struct value prices;
	bool known = false;
	int r;

	for (unsigned n = 0; words[n]; n++)
		known |= str_eq(words[n], cli->args[0]);
	if (!known)
		return cli_unknown(err, "environment", cli->args[0], words);
	if ((r = read_options(cli, &prices, &o, err)) < 0 || (r = plan_make(&cli->ctx, &o, p, err)) < 0)
		return r;
	if (str_eq(format, "json"))
		plan_report_json(&cli->out.buf, p);
	else if (str_eq(format, "md"))
		plan_report_markdown(&cli->out.buf, p, &cli->ctx.arena);
	else if (str_eq(format, "svg"))
		plan_report_svg(&cli->out.buf, p, &cli->ctx.arena);
	else
		plan_report_text(&cli->out, p);
	return p->open ? 3 : 0;
}

const struct command command_plan = {
	.name = "plan",
	.arguments = "dev|production|kamaji",
	.summary = "See an environment of the platform in figures, and whether they hold",
	.description =
		"Nodes, what each component is allocated, volumes and the date on which each is full, models and their GPU memory, ports and who talks to whom, "
		"power and, with --prices, money: computed from the platform's specification. An audit then tells where the specification contradicts itself "
		"or leaves something out that has to be known: each with an id, the figures, both places and a repair.\n\n"
		"--repair makes a plan of which the audit finds nothing more, at least cost: it lowers what was measured to be too much, raises budgets, takes "
		"the cheapest nodes and cards that hold what they have to, and tells each change with its reason. --accept ID keeps one as it is.\n\n"
		"--prices FILE is YAML: currency, core_month, memory_gb_month, storage_gb_month, gpu_month, kwh; what is not said costs nothing.\n\n"
		"Exit codes: 0 the plan holds, 3 contradictions or gaps are open, 2 wrong use, 1 failed.",
	.examples = (const struct example[]){{"plan production", "as specified, with its audit"},
					     {"plan production --repair", "the cheapest plan that holds"},
					     {"plan production --repair --accept budget/production/storage", "but the storage budget stays"},
					     {"plan kamaji --tenants 20 --users 500 --months 24", "twenty tenants, two years"},
					     {"plan dev --growth high -o md", "for a wiki"},
					     {"plan kamaji -o svg", "a drawing of components and flows"},
					     {NULL, NULL}},
	.flags = (const enum flag_id[]){FLAG_TENANTS, FLAG_USERS, FLAG_GROWTH, FLAG_MONTHS, FLAG_START, FLAG_TOKENS, FLAG_PRICES, FLAG_REPAIR,
					FLAG_ACCEPT, FLAG_COUNT},
	.formats = "text|json|md|svg",
	.complete = COMPLETE_WORD,
	.words = words,
	.min_args = 1,
	.max_args = 1,
	.run = run_plan,
};
