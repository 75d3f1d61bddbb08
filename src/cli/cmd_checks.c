/* checks: the catalogue. */
#include "checks/peers.h"
#include "cli/cli.h"
#include "cli/report.h"
#include "diagnose/diagnose.h"
#include "format/json.h"

static const char *const words[] = {"list", "explain", NULL};

static const char *kind_name(struct cli *cli, const struct check *c)
{
	return check_kinds_text(&cli->ctx.arena, c);
}

static void list_text(struct cli *cli)
{
	size_t count;
	const struct check **all = diagnose_catalogue(&cli->ctx.arena, &count);

	for (size_t i = 0; i < count; i++) {
		const struct check *c = all[i];

		term_addf(&cli->out, "%-34s ", c->id);
		term_style(&cli->out, report_severity_style(c->severity));
		term_addf(&cli->out, "%-9s", c->advice ? "advice" : severity_text(c->severity));
		term_style(&cli->out, STYLE_NONE);
		term_addf(&cli->out, " %s\n", c->title);
	}
}

static void list_json(struct cli *cli)
{
	size_t count;
	const struct check **all = diagnose_catalogue(&cli->ctx.arena, &count);
	struct json_writer w;

	json_writer_init(&w, &cli->out.buf, 2);
	json_object_begin(&w);
	json_key(&w, "checks");
	json_array_begin(&w);
	for (size_t i = 0; i < count; i++) {
		const struct check *c = all[i];
		const char *const members[][2] = {{"id", c->id},       {"kind", kind_name(cli, c)}, {"severity", severity_text(c->severity)},
						  {"title", c->title}, {"explain", c->explain},     {"fix", c->fix}};

		json_object_begin(&w);
		for (size_t k = 0; k < ARRAY_LEN(members); k++) {
			json_key(&w, members[k][0]);
			json_string(&w, members[k][1]);
		}
		json_key(&w, "advice");
		json_bool(&w, c->advice);
		if (c->peers) {
			json_key(&w, "peers");
			json_string(&w, c->peers);
		}
		json_object_end(&w);
	}
	json_array_end(&w);
	json_object_end(&w);
	term_addf(&cli->out, "\n");
}

/* What other scanners look for, and where it is found here. */
static void markdown_peers(struct term *t, const struct check **all, size_t count)
{
	term_addf(t, "\n## What other scanners look for\n\nEach analyzer of k8sgpt and each code of Popeye, and the checks that find the same.\n\n"
		     "| scanner | name | means | checks |\n|---|---|---|---|\n");
	for (size_t p = 0; p < peer_count; p++) {
		const struct peer *peer = &peer_table[p];
		const char *separator = "";

		term_addf(t, "| %s | %s | %s | ", peer->scanner, peer->name, peer->meaning);
		for (size_t i = 0; i < count; i++) {
			if (!peers_name(all[i]->peers, peer))
				continue;
			term_addf(t, "%s[%s](#%s)", separator, all[i]->id, all[i]->id);
			separator = ", ";
		}
		if (peer->left_out && !*separator)
			term_addf(t, "left out: %s", peer->left_out);
		term_addf(t, " |\n");
	}
}

static const char *severity_words(const struct check *c)
{
	return c->advice ? "advice, with `--advice`" : severity_text(c->severity);
}

static void markdown(struct cli *cli)
{
	size_t count;
	const struct check **all = diagnose_catalogue(&cli->ctx.arena, &count);
	struct term *t = &cli->out;
	size_t advice = 0;

	for (size_t i = 0; i < count; i++)
		advice += all[i]->advice;
	term_addf(
		t,
		"# Checks\n\nWritten by `auto-devops checks --markdown`; do not edit.\n\n"
		"%zu checks: %zu of what is wrong, and %zu that only advise (`scan --all --advice`). Below the table each is explained, and at the end stands "
		"[what other scanners look for](#what-other-scanners-look-for) and which checks find the same.\n\n"
		"| check | kind | severity | finds |\n|---|---|---|---|\n",
		count, count - advice, advice);
	for (size_t i = 0; i < count; i++)
		term_addf(t, "| [%s](#%s) | %s | %s | %s |\n", all[i]->id, all[i]->id, kind_name(cli, all[i]), severity_words(all[i]), all[i]->title);
	for (size_t i = 0; i < count; i++) {
		const struct check *c = all[i];

		term_addf(t, "\n<a id=\"%s\"></a>\n## %s\n\n%s (%s)\n\n%s\n\n**Fix.** %s\n", c->id, c->id, c->title, severity_words(c), c->explain,
			  c->fix);
		if (c->peers)
			term_addf(t, "\n**Elsewhere.** %s\n", c->peers);
	}
	markdown_peers(t, all, count);
}

static int explain(struct cli *cli, struct err *err)
{
	const struct check *c = NULL;
	struct term *t = &cli->out;
	const char **ids;
	size_t count;
	const struct check **all = diagnose_catalogue(&cli->ctx.arena, &count);

	if (cli->arg_count < 2)
		return err_set(err, ERR_USAGE, "checks explain needs the id of a check; `checks list` lists them");
	for (size_t i = 0; i < count && !c; i++)
		if (str_eq(all[i]->id, cli->args[1]))
			c = all[i];
	if (!c) {
		ids = arena_new_array(&cli->ctx.arena, const char *, count + 1);
		for (size_t i = 0; i < count; i++)
			ids[i] = all[i]->id;
		return cli_unknown(err, "check", cli->args[1], ids);
	}
	term_add(t, STYLE_BOLD, c->id);
	term_addf(t, "  ");
	term_add(t, report_severity_style(c->severity), c->advice ? "advice (only with --advice)" : severity_text(c->severity));
	term_addf(t, "\n");
	term_wrap(t, 0, STYLE_NONE, "", 0, STYLE_NONE, c->title);
	term_addf(t, "\n");
	term_wrap(t, 0, STYLE_NONE, "", 0, STYLE_NONE, c->explain);
	term_addf(t, "\n");
	term_wrap(t, 0, STYLE_BOLD, "Fix: ", 5, STYLE_NONE, c->fix);
	if (c->peers)
		term_wrap(t, 0, STYLE_BOLD, "Peers: ", 7, STYLE_NONE, c->peers);
	return 0;
}

static int run_checks(struct cli *cli, struct err *err)
{
	const char *word = cli->arg_count ? cli->args[0] : "list";

	if (cli_has(cli, FLAG_MARKDOWN)) {
		markdown(cli);
		return 0;
	}
	if (str_eq(word, "explain"))
		return explain(cli, err);
	if (!str_eq(word, "list"))
		return cli_unknown(err, "checks command", word, words);
	if (cli->arg_count > 1)
		return err_set(err, ERR_USAGE, "checks list: unexpected \"%s\"", cli->args[1]);
	if (str_eq(cli_format(cli), "json"))
		list_json(cli);
	else
		list_text(cli);
	return 0;
}

const struct command command_checks = {
	.name = "checks",
	.arguments = "[list | explain ID]",
	.summary = "List the checks, or explain one",
	.description =
		"Lists what this program looks for, with severities, or explains one check: what it means, how it is found, what usually causes it, and what "
		"to do.",
	.examples = (const struct example[]){{"checks", "the catalogue"},
					     {"checks explain pod/crash-loop", "one check"},
					     {"checks --markdown", "everything, as a document"},
					     {NULL, NULL}},
	.flags = (const enum flag_id[]){FLAG_MARKDOWN, FLAG_COUNT},
	.formats = "text|json",
	.complete = COMPLETE_WORD,
	.words = words,
	.max_args = 2,
	.without_config = true,
	.run = run_checks,
};
