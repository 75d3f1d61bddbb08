/* diff: what broke, recovered and changed between two readings of a cluster. */
#include "cli/report.h"
#include "cli/session.h"
#include "diagnose/compare.h"

#define OBJECTS_SHOWN 15u
#define FIELDS_SHOWN 6u
#define BROKE_IN_FULL 8u

/* An info is told with --all only. */
static bool is_shown(const struct cli *cli, const struct cause *c)
{
	return cli_has(cli, FLAG_ALL) || c->severity > SEVERITY_INFO;
}

static const struct cause *cause_of(const struct cause_pair *p)
{
	return p->after ? p->after : p->before;
}

static uint32_t count_shown(const struct cli *cli, const struct cause_pairs *list)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < list->len; i++)
		n += is_shown(cli, cause_of(&list->items[i]));
	return n;
}

static void title(struct term *t, const char *text)
{
	term_add(t, STYLE_BOLD, text);
	term_addf(t, "\n");
}

static void print_causes(struct cli *cli, const char *heading, const struct cause_pairs *list, usec_t now, bool full)
{
	struct term *t = &cli->out;
	unsigned number = 0;

	if (!count_shown(cli, list))
		return;
	title(t, heading);
	for (uint32_t i = 0; i < list->len; i++) {
		const struct cause *c = cause_of(&list->items[i]);

		if (!is_shown(cli, c))
			continue;
		number++;
		if (full && (number <= BROKE_IN_FULL || cli_has(cli, FLAG_ALL)))
			report_cause_text(t, &cli->ctx.arena, c, number, now, false);
		else
			report_cause_title(t, &cli->ctx.arena, c, full ? number : 0);
	}
	term_addf(t, "\n");
}

static const char *field_text(struct arena *a, const struct term *t, const struct field_change *f)
{
	const char *arrow = t->ascii ? "->" : "\xe2\x86\x92";

	if (*f->from && *f->to)
		return arena_printf(a, "%s: %s %s %s", f->what, f->from, arrow, f->to);
	if (*f->to)
		return arena_printf(a, str_eq(f->to, "there") ? "%s was added" : "%s was set to %s", f->what, f->to);
	if (*f->from)
		return arena_printf(a, str_eq(f->from, "there") ? "%s was removed" : "%s was removed (it was %s)", f->what, f->from);
	/* Some say it themselves: "container x (new)". */
	return f->what[0] && f->what[strlen(f->what) - 1] == ')' ? f->what : arena_printf(a, "%s changed", f->what);
}

static void print_object(struct cli *cli, const struct object_comparison *o)
{
	static const enum style styles[] = {STYLE_GREEN, STYLE_RED, STYLE_YELLOW};
	struct arena *a = &cli->ctx.arena;
	struct term *t = &cli->out;
	uint32_t max = cli_has(cli, FLAG_ALL) ? UINT32_MAX : FIELDS_SHOWN, more = o->more + (o->len > max ? o->len - max : 0);

	term_addf(t, "  ");
	term_style(t, styles[o->change]);
	term_addf(t, "%-9s", object_change_text(o->change));
	term_style(t, STYLE_NONE);
	term_wrap_on(t, 11, STYLE_NONE, report_object(a, o->object));
	for (uint32_t i = 0; i < o->len && i < max; i++)
		term_wrap(t, 11, STYLE_DIM, "", 0, STYLE_NONE, field_text(a, t, &o->items[i]));
	if (more)
		term_wrap(t, 11, STYLE_DIM, "", 0, STYLE_DIM, arena_printf(a, "and %u more", more));
}

static void print_pods(struct cli *cli, const struct pod_turnover *p)
{
	struct arena *a = &cli->ctx.arena;
	const char *count = p->before == p->after ? arena_printf(a, "%u", p->after) : arena_printf(a, "%u, was %u", p->after, p->before);

	term_addf(&cli->out, "  %-9s", "pods");
	term_wrap_on(&cli->out, 11, STYLE_NONE, arena_printf(a, "%s: %s; %u new, %u gone", report_name(a, &p->owner), count, p->fresh, p->gone));
}

static void print_changes(struct cli *cli, const struct comparison *c)
{
	uint32_t objects = c->objects.len, pods = c->pods.len, max = cli_has(cli, FLAG_ALL) ? UINT32_MAX : OBJECTS_SHOWN;

	if (!objects && !pods)
		return;
	title(&cli->out, "Changed");
	for (uint32_t i = 0; i < objects && i < max; i++)
		print_object(cli, &c->objects.items[i]);
	for (uint32_t i = 0; i < pods && i < max; i++)
		print_pods(cli, &c->pods.items[i]);
	if (objects > max || pods > max)
		term_addf(&cli->out, "  and %u more: --all\n", (objects > max ? objects - max : 0) + (pods > max ? pods - max : 0));
	term_addf(&cli->out, "\n");
}

static void print_side(struct cli *cli, const char *label, struct session *s, const struct diagnosis *d)
{
	usec_t now = inventory_now(d->inv) / USEC_PER_SEC * USEC_PER_SEC;
	char text[CLOCK_TEXT_MAX];

	term_addf(&cli->out, "%-7s", label);
	term_style(&cli->out, report_verdict_style(d->verdict));
	term_addf(&cli->out, "%-10s", verdict_text(d->verdict));
	term_style(&cli->out, STYLE_NONE);
	term_wrap_on(&cli->out, 17, STYLE_NONE,
		     arena_printf(&cli->ctx.arena, "%s, %zu objects, as of %s", report_cluster_title(s->cluster), inventory_object_count(d->inv),
				  now ? clock_format_rfc3339(now, text) : "an unknown time"));
}

static void print_text(struct cli *cli, struct session s[2], const struct comparison *c)
{
	struct term *t = &cli->out;
	uint32_t broke = count_shown(cli, &c->broke), recovered = count_shown(cli, &c->recovered), stays = count_shown(cli, &c->stays);

	print_side(cli, "before", &s[0], c->before);
	print_side(cli, "after", &s[1], c->after);
	if (c->other_cluster)
		term_add(t, STYLE_YELLOW, "These are two different clusters.\n");
	if (broke || recovered || stays)
		term_addf(t, "%u broke, %u recovered, %u %s; ", broke, recovered, stays, stays == 1 ? "stays" : "stay");
	term_addf(t, "%u object%s changed\n\n", c->objects.len, c->objects.len == 1 ? "" : "s");
	print_causes(cli, "Broke", &c->broke, inventory_now(c->after->inv), true);
	print_causes(cli, "Recovered", &c->recovered, inventory_now(c->before->inv), false);
	print_causes(cli, "Stays", &c->stays, inventory_now(c->after->inv), false);
	print_causes(cli, "Cannot tell: only one of the two could see it", &c->untold, 0, false);
	print_changes(cli, c);
	if (c->uncompared.len) {
		const char *kinds = "";

		for (uint32_t i = 0; i < c->uncompared.len; i++)
			kinds = arena_printf(&cli->ctx.arena, "%s%s%s", kinds, i ? ", " : "", c->uncompared.items[i]);
		term_wrap(t, 0, STYLE_DIM, "", 0, STYLE_DIM, arena_printf(&cli->ctx.arena, "In only one of the two, so not compared: %s.", kinds));
	}
}

static void pairs_json(struct json_writer *w, struct arena *a, const char *key, const struct cause_pairs *list)
{
	json_key(w, key);
	json_array_begin(w);
	for (uint32_t i = 0; i < list->len; i++)
		report_cause_json(w, a, cause_of(&list->items[i]), i + 1);
	json_array_end(w);
}

static void objects_json(struct json_writer *w, const struct comparison *c)
{
	json_key(w, "objects");
	json_array_begin(w);
	for (uint32_t i = 0; i < c->objects.len; i++) {
		const struct object_comparison *o = &c->objects.items[i];
		const struct object_name name = name_of_object(o->object);

		json_object_begin(w);
		json_member_text(w, "change", object_change_text(o->change));
		json_key(w, "object");
		report_object_json(w, &name);
		json_key(w, "fields");
		json_array_begin(w);
		for (uint32_t k = 0; k < o->len; k++) {
			json_object_begin(w);
			json_member_text(w, "what", o->items[k].what);
			json_member_text(w, "from", o->items[k].from);
			json_member_text(w, "to", o->items[k].to);
			json_object_end(w);
		}
		json_array_end(w);
		json_member_int(w, "moreFields", o->more);
		json_key(w, "involved");
		json_bool(w, o->involved);
		json_object_end(w);
	}
	json_array_end(w);
	json_key(w, "pods");
	json_array_begin(w);
	for (uint32_t i = 0; i < c->pods.len; i++) {
		const struct pod_turnover *p = &c->pods.items[i];

		json_object_begin(w);
		json_key(w, "owner");
		report_object_json(w, &p->owner);
		json_member_int(w, "before", p->before);
		json_member_int(w, "after", p->after);
		json_member_int(w, "gone", p->gone);
		json_member_int(w, "new", p->fresh);
		json_object_end(w);
	}
	json_array_end(w);
}

static void side_json(struct json_writer *w, const char *key, struct session *s, const struct diagnosis *d)
{
	json_key(w, key);
	json_object_begin(w);
	report_cluster_json(w, s->cluster);
	json_member_text(w, "verdict", verdict_text(d->verdict));
	json_member_text(w, "why", d->verdict_why);
	report_notes_json(w, d->inv);
	json_object_end(w);
}

static void print_json(struct cli *cli, struct session s[2], const struct comparison *c)
{
	struct arena *a = &cli->ctx.arena;
	struct json_writer w;

	json_writer_init(&w, &cli->out.buf, 2);
	json_object_begin(&w);
	json_member_text(&w, "format", "auto-devops/diff/v1");
	side_json(&w, "before", &s[0], c->before);
	side_json(&w, "after", &s[1], c->after);
	json_key(&w, "otherCluster");
	json_bool(&w, c->other_cluster);
	pairs_json(&w, a, "broke", &c->broke);
	pairs_json(&w, a, "recovered", &c->recovered);
	pairs_json(&w, a, "stays", &c->stays);
	pairs_json(&w, a, "cannotTell", &c->untold);
	objects_json(&w, c);
	json_key(&w, "notCompared");
	json_array_begin(&w);
	for (uint32_t i = 0; i < c->uncompared.len; i++)
		json_string(&w, c->uncompared.items[i]);
	json_array_end(&w);
	json_object_end(&w);
	term_addf(&cli->out, "\n");
}

/* What is there now and was not before; also what before could not see: a gate must not pass for that. */
static bool must_fail(const struct cli *cli, const struct comparison *c)
{
	const struct cause_pairs *const lists[] = {&c->broke, &c->untold};
	enum severity level;

	if (!cli_has(cli, FLAG_DIFF_FAIL_ON) || !severity_parse(cli->flags[FLAG_DIFF_FAIL_ON], &level))
		return false;
	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		for (uint32_t i = 0; i < lists[k]->len; i++)
			if (lists[k]->items[i].after && lists[k]->items[i].after->severity >= level)
				return true;
	return false;
}

/* A gate must not pass because the later reading could not look. */
static int judge(const struct cli *cli, const struct comparison *c, struct err *err)
{
	if (must_fail(cli, c))
		return 3;
	if (cli_has(cli, FLAG_DIFF_FAIL_ON) && !inventory_sees(c->after->inv, KIND_POD, session_namespace(cli)) &&
	    !inventory_list(c->after->inv, KIND_POD)->len)
		return err_set(err, ERR_FORBIDDEN, "--fail-on cannot tell: the later reading has no pods");
	return 0;
}

static int run_diff(struct cli *cli, struct err *err)
{
	_cleanup_(session_release) struct session before = {0};
	_cleanup_(session_release) struct session after = {0};
	const char *then = cli->args[0], *now = cli->arg_count > 1 ? cli->args[1] : cli->flags[FLAG_FROM];
	struct diagnosis d[2];
	struct comparison c;
	int r;

	if (cli->arg_count > 1 && cli_has(cli, FLAG_FROM))
		return err_set(err, ERR_USAGE, "diff: AFTER is given twice: \"%s\" and --from %s", cli->args[1], cli->flags[FLAG_FROM]);
	if (now && str_eq(then, "-") && str_eq(now, "-"))
		return err_set(err, ERR_USAGE, "diff: standard input cannot be both");
	if ((r = session_open_from(&before, cli, then, false, err)) < 0)
		return r;
	/* A live cluster's custom objects are only read when there are some to compare them with. */
	r = session_open_from(&after, cli, now, inventory_list(before.inv, KIND_CUSTOM)->len > 0, err);
	if (r < 0 || (r = session_diagnose(&before, &d[0], err)) < 0 || (r = session_diagnose(&after, &d[1], err)) < 0)
		return r;
	compare_diagnoses(&d[0], &d[1], &cli->ctx.arena, session_namespace(cli), &c);
	if (str_eq(cli_format(cli), "json"))
		print_json(cli, (struct session[]){before, after}, &c);
	else
		print_text(cli, (struct session[]){before, after}, &c);
	return judge(cli, &c, err);
}

const struct command command_diff = {
	.name = "diff",
	.arguments = "BEFORE [AFTER]",
	.summary = "Compare two recordings: what broke, recovered, was changed",
	.description =
		"Diagnoses an earlier recording and a later one (or, without AFTER, the live cluster), and tells what is wrong now and was not before, what has "
		"recovered, what stays, and which objects were added, removed or changed, field by field. Causes are matched by what they are about, whatever "
		"their pods are called now; what changes by itself (versions, heartbeats, counters) is left out, and pods are counted per workload.\n\n"
		"What only one of the two could see is not called broken or recovered. Values of ConfigMaps, Secrets and variables are never printed, only "
		"which of them changed.",
	.examples = (const struct example[]){{"diff before.snapshot after.snapshot", "two recordings"},
					     {"diff yesterday.snapshot", "the live cluster against a recording"},
					     {"diff before.snapshot -n shop --fail-on error",
					      "after a deployment, in a pipeline: exit 3 when it broke something"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_SCOPE | GROUP_CHECKS,
	.flags = (const enum flag_id[]){FLAG_ALL, FLAG_DIFF_FAIL_ON, FLAG_ADVICE, FLAG_COUNT},
	.formats = "text|json",
	.complete = COMPLETE_FILE,
	.min_args = 1,
	.max_args = 2,
	.run = run_diff,
};
