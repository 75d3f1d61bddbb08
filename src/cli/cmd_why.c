/* why: what is wrong with one object, down to the cause. */
#include "cli/filter.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/target.h"

/* What a good verdict rests on; nothing when something is wrong. */
static struct text_list checked_of(struct cli *cli, const struct diagnosis *d, const struct object *o, enum verdict verdict)
{
	bool ill = verdict == VERDICT_FAILING || verdict == VERDICT_DEGRADED;

	struct text_list none = {0};

	return ill || o->kind->id == KIND_NAMESPACE ? none : diagnose_checked(d, &cli->ctx, o);
}

static void print_json(struct cli *cli, struct session *s, const struct object *o, enum verdict verdict, const char *why,
		       const struct cause_list *causes, const struct text_list *checked)
{
	const struct object_name name = name_of_object(o);
	struct json_writer w;

	json_writer_init(&w, &cli->out.buf, 2);
	json_object_begin(&w);
	json_key(&w, "format");
	json_string(&w, "auto-devops/why/v1");
	report_cluster_json(&w, s->cluster);
	json_key(&w, "object");
	report_object_json(&w, &name);
	json_key(&w, "verdict");
	json_string(&w, verdict_text(verdict));
	json_key(&w, "why");
	json_string(&w, why);
	report_causes_json(&w, &cli->ctx.arena, "causes", causes);
	json_key(&w, "checked");
	json_array_begin(&w);
	for (uint32_t i = 0; i < checked->len; i++)
		json_string(&w, checked->items[i]);
	json_array_end(&w);
	report_notes_json(&w, s->inv);
	json_object_end(&w);
	term_addf(&cli->out, "\n");
}

static void print_text(struct cli *cli, struct session *s, const struct target *target, enum verdict verdict, const char *why,
		       const struct cause_list *causes, const struct text_list *checked)
{
	struct arena *a = &cli->ctx.arena;
	struct term *t = &cli->out;
	usec_t now = inventory_now(s->inv);
	bool wide = str_eq(cli_format(cli), "wide") || cli_has(cli, FLAG_ALL);

	term_safe(t, STYLE_BOLD, object_text(a, target->object));
	term_addf(t, " is ");
	term_add(t, report_verdict_style(verdict), verdict == VERDICT_UNKNOWN ? "in an unknown state" : verdict_text(verdict));
	if (why && *why) {
		term_addf(t, "\n");
		term_wrap(t, 0, STYLE_NONE, "", 0, STYLE_NONE, why);
	} else {
		term_addf(t, ".\n");
	}
	for (uint32_t i = 0; i < target->others.len; i++)
		term_wrap(t, 0, STYLE_DIM, i ? "" : "see also ", 9, STYLE_DIM, object_text(a, target->others.items[i]));
	if (checked->len)
		term_addf(t, "\n");
	for (uint32_t i = 0; i < checked->len; i++)
		term_wrap(t, 4, STYLE_GREEN, t->ascii ? "+ " : "\xe2\x9c\x93 ", 2, STYLE_NONE, checked->items[i]);
	for (uint32_t i = 0; i < causes->len; i++) {
		term_addf(t, "\n");
		report_cause_tree(t, a, causes->items[i], i + 1, now, wide);
	}
	/* Who is told that all is well must know what was not looked at. */
	if (verdict != VERDICT_FAILING) {
		term_addf(t, "\n");
		report_notes_text(t, a, s->inv, wide);
		report_unseen_text(t, a, s->cluster);
	}
}

static int run_why(struct cli *cli, struct err *err)
{
	_cleanup_(session_release) struct session s = {0};
	struct cause_list all, causes;
	struct cause_filter filter;
	struct text_list checked;
	struct target target;
	struct diagnosis d;
	enum verdict verdict;
	const char *why = NULL, *ns = session_namespace(cli);
	int r;

	if ((r = session_open(&s, cli, target_is_custom(&cli->ctx.arena, cli->args, cli->arg_count), err)) < 0)
		return r;
	r = target_find(s.inv, &cli->ctx.arena, cli->args, cli->arg_count, ns, cluster_is_live(s.cluster) ? cluster_namespace(s.cluster) : NULL,
			&target, err);
	if (r < 0 || (r = filter_read(&s, &filter, err)) < 0 || (r = session_diagnose_about(&s, target.object, &d, err)) < 0)
		return r;
	all = diagnose_object(&d, &cli->ctx, target.object);
	causes = causes_filter(&filter, &d, &cli->ctx.arena, &all);
	diagnose_weigh(&d, &cli->ctx.arena, &causes);
	verdict = diagnose_verdict(&d, &cli->ctx, target.object, NULL, &why);
	checked = checked_of(cli, &d, target.object, verdict);
	if (str_eq(cli_format(cli), "json"))
		print_json(cli, &s, target.object, verdict, why, &causes, &checked);
	else
		print_text(cli, &s, &target, verdict, why, &causes, &checked);
	if (!str_eq(cli_format(cli), "json"))
		filter_text(&s, all.len - causes.len);
	return 0;
}

const struct command command_why = {
	.name = "why",
	.arguments = "KIND/NAME",
	.summary = "Explain what is wrong with one object, down to the cause",
	.description =
		"Follows what is wrong with an object, step by step and with the evidence for each, down to the cause: from what people notice at the top to the root "
		"at the bottom. Says so when nothing is wrong, and what it would need to see when it cannot tell.\n\n"
		"KIND may be a kind, its plural or its short name. A name alone is looked for among all kinds, and NAMESPACE/NAME works too.",
	.examples = (const struct example[]){{"why pod/checkout-7d9f -n shop", "one pod"},
					     {"why deploy checkout", "as kubectl writes it"},
					     {"why checkout", "whatever is called so"},
					     {"why node/worker-1 --from incident.snapshot", "in a recording"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_SCOPE | GROUP_CHECKS,
	.flags = (const enum flag_id[]){FLAG_ALL, FLAG_KIND, FLAG_SINCE, FLAG_CHANGED_SINCE, FLAG_ADVICE, FLAG_COUNT},
	.formats = "text|wide|json",
	.complete = COMPLETE_OBJECT,
	.min_args = 1,
	.max_args = 2,
	.run = run_why,
};
