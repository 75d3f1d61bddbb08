/* scan: what is wrong in the cluster, causes first. */
#include "cli/filter.h"
#include "cli/report.h"
#include "cli/session.h"

static void print_json(struct cli *cli, struct session *s, const struct diagnosis *d, uint32_t hidden, const struct scope_list *scopes)
{
	struct arena *a = &cli->ctx.arena;
	struct json_writer w;

	json_writer_init(&w, &cli->out.buf, 2);
	json_object_begin(&w);
	json_key(&w, "format");
	json_string(&w, "auto-devops/scan/v1");
	report_cluster_json(&w, s->cluster);
	json_key(&w, "verdict");
	json_string(&w, verdict_text(d->verdict));
	json_key(&w, "why");
	json_string(&w, d->verdict_why);
	json_key(&w, "filteredOut");
	json_int(&w, hidden);
	report_scopes_json(&w, scopes);
	report_causes_json(&w, a, "causes", &d->causes);
	report_causes_json(&w, a, "lesser", &d->lesser);
	report_causes_json(&w, a, "recovered", &d->recovered);
	report_silenced_json(&w, a, d);
	report_log_reach_json(&w, &d->logs);
	report_notes_json(&w, d->inv);
	json_object_end(&w);
	term_addf(&cli->out, "\n");
}

/* Is there an active cause at least as severe as --fail-on says? */
static bool must_fail(const struct cli *cli, const struct diagnosis *d)
{
	const struct cause_list *const lists[] = {&d->causes, &d->lesser};
	enum severity level;

	if (!cli_has(cli, FLAG_FAIL_ON) || !severity_parse(cli->flags[FLAG_FAIL_ON], &level))
		return false;
	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		for (uint32_t i = 0; i < lists[k]->len; i++)
			if (lists[k]->items[i]->severity >= level)
				return true;
	return false;
}

/* A gate must not pass because it could not look: pods were asked for and not given, and nothing else is found. */
static int judge(const struct cli *cli, const struct session *s, const struct diagnosis *d, struct err *err)
{
	size_t count;
	const struct note *notes = inventory_notes(s->inv, &count);

	if (must_fail(cli, d))
		return 3;
	for (size_t i = 0; i < count && cli_has(cli, FLAG_FAIL_ON) && d->verdict == VERDICT_UNKNOWN; i++)
		if (notes[i].kind == KIND_POD)
			return err_set(err, ERR_FORBIDDEN, "--fail-on cannot tell: %s: %s", d->verdict_why, notes[i].why);
	return 0;
}

static int check_id(const struct cli *cli, struct err *err)
{
	const char *id = cli->flags[FLAG_CHECK];
	const char **ids;

	if (!id || check_by_id(id))
		return 0;
	for (size_t i = 0; i < check_count; i++)
		if (id[strlen(id) - 1] == '/' && strncmp(check_table[i]->id, id, strlen(id)) == 0)
			return 0;
	ids = arena_new_array(&((struct cli *)cli)->ctx.arena, const char *, check_count + 1);
	for (size_t i = 0; i < check_count; i++)
		ids[i] = check_table[i]->id;
	return cli_unknown(err, "check", id, ids);
}

static int run_scan(struct cli *cli, struct err *err)
{
	const char *format = cli_format(cli);
	struct report_options o = {
		.wide = str_eq(format, "wide"),
		.lesser = cli_has(cli, FLAG_ALL) || str_eq(format, "wide"),
		.history = cli_has(cli, FLAG_HISTORY),
		.silenced = cli_has(cli, FLAG_SILENCED),
		.scopes_only = cli_has(cli, FLAG_BY),
	};
	_cleanup_(session_release) struct session s = {0};
	struct cause_filter filter;
	struct scope_list scopes = {0};
	struct diagnosis d;
	uint32_t hidden;
	int r;

	if ((r = check_id(cli, err)) < 0 || (r = session_open(&s, cli, false, err)) < 0 || (r = filter_read(&s, &filter, err)) < 0 ||
	    (r = session_diagnose(&s, &d, err)) < 0)
		return r;
	if (o.wide || o.scopes_only || str_eq(format, "json"))
		scopes = diagnose_scopes(&d, &cli->ctx.arena);
	o.scopes = scopes.len && !session_namespace(cli) ? &scopes : NULL;
	hidden = filter_diagnosis(&filter, &s, &d);
	if (o.wide || str_eq(format, "json")) {
		diagnose_weigh(&d, &cli->ctx.arena, &d.causes);
		diagnose_weigh(&d, &cli->ctx.arena, &d.lesser);
	}
	if (str_eq(format, "json"))
		print_json(cli, &s, &d, hidden, &scopes);
	else if (str_eq(format, "lines"))
		report_scan_lines(&cli->out.buf, &cli->ctx.arena, &d);
	else
		report_scan_text(&cli->out, &cli->ctx.arena, s.cluster, &d, &o);
	if (d.logs.looked_at < d.logs.workloads && (str_eq(format, "text") || str_eq(format, "wide")))
		term_addf(&cli->out, "Logs of %u of %u running workloads were looked at.\n", d.logs.looked_at, d.logs.workloads);
	if (str_eq(format, "text") || str_eq(format, "wide")) {
		filter_text(&s, hidden);
		session_rules_text(&s);
	}
	return judge(cli, &s, &d, err);
}

const struct command command_scan = {
	.name = "scan",
	.arguments = "",
	.summary = "Find out what is wrong in the cluster, causes first",
	.description =
		"Reads the cluster (or, with --from, a recording), looks for everything that is wrong, follows each symptom to its cause, and prints the "
		"causes, the most important first: what it is, since when, what it affects, the evidence, and what to do.\n\n"
		"What has recovered is kept apart (--history), and so is what harms nothing now (--all). What could not be read is said, not guessed.\n\n"
		"--kind, -l, --since and --changed-since choose which causes are printed and looked at by --fail-on; the verdict stays that of the cluster. "
		"Rules (docs/rules.md) and the annotation auto-devops.io/ignore silence findings that are known.",
	.examples = (const struct example[]){{"scan", "the cluster that kubectl would use"},
					     {"scan -n shop", "one namespace"},
					     {"scan --kind node,pvc --since 2h", "what began to go wrong with nodes or claims in the last two hours"},
					     {"scan --rules rules.yaml --silenced", "with what the team knows, and what that silences"},
					     {"scan --from dump.json", "a recording: `kubectl get pods,deploy,events -A -o json > dump.json`"},
					     {"scan --by namespace", "a line for each namespace: how it does, and why"},
					     {"scan --fail-on error", "in a pipeline: exit 3 when something is broken"},
					     {"scan -o json | jq '.causes[].title'", "for a script"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_SCOPE | GROUP_CHECKS,
	.flags = (const enum flag_id[]){FLAG_ALL, FLAG_HISTORY, FLAG_SILENCED, FLAG_KIND, FLAG_SELECTOR, FLAG_SINCE, FLAG_CHANGED_SINCE, FLAG_FAIL_ON,
					FLAG_CHECK, FLAG_ADVICE, FLAG_BY, FLAG_COUNT},
	.formats = "text|wide|json|lines",
	.run = run_scan,
};
