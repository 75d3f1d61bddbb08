/* report: the whole diagnosis as one document: a page, a wiki text, or what other tools read. */
#include "base/file.h"
#include "cli/document.h"
#include "cli/session.h"

#include <sys/stat.h>

const struct cause *document_cause_of(const struct document *d, const struct finding *f, unsigned *ret_rank)
{
	*ret_rank = d->ranks[f->id];
	return d->causes[f->id];
}

/* Every finding is in one cause at most: looked up by its id. */
static void index_findings(struct document *d)
{
	const struct cause_list *lists[] = {&d->diagnosis->causes, &d->diagnosis->lesser};
	const struct cause **causes = arena_new_array(&d->ctx->arena, const struct cause *, d->diagnosis->findings.len + 1);
	unsigned *ranks = arena_new_array(&d->ctx->arena, unsigned, d->diagnosis->findings.len + 1), rank = 0;

	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		for (uint32_t i = 0; i < lists[k]->len; i++) {
			const struct cause *c = lists[k]->items[i];

			rank++;
			causes[c->root->id] = c;
			ranks[c->root->id] = rank;
			for (uint32_t n = 0; n < c->explained.len; n++) {
				causes[c->explained.items[n]->id] = c;
				ranks[c->explained.items[n]->id] = rank;
			}
		}
	}
	d->causes = causes;
	d->ranks = ranks;
}

static void print_document(struct cli *cli, struct session *s, const struct diagnosis *d)
{
	static const struct {
		const char *format;
		void (*print)(const struct document *d);
	} forms[] = {
		{"html", document_html}, {"md", document_markdown}, {"json", document_json}, {"sarif", document_sarif}, {"junit", document_junit}};
	const struct scope_list scopes = diagnose_scopes(d, &cli->ctx.arena);
	struct document doc = {.out = &cli->out.buf,
			       .ctx = &cli->ctx,
			       .cluster = s->cluster,
			       .diagnosis = d,
			       .scopes = &scopes,
			       .advice = cli_has(cli, FLAG_ADVICE)};

	diagnose_weigh(d, &cli->ctx.arena, &d->causes);
	diagnose_weigh(d, &cli->ctx.arena, &d->lesser);
	index_findings(&doc);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (str_eq(forms[i].format, cli_format(cli)))
			forms[i].print(&doc);
}

static int write_file(struct cli *cli, const char *path, struct err *err)
{
	int r = strbuf_check(&cli->out.buf, "the report", err);

	if (r < 0 || (r = file_write_atomic(path, cli->out.buf.buf, cli->out.buf.len, 0644, err)) < 0)
		return r;
	strbuf_reset(&cli->out.buf);
	term_safe(&cli->out, STYLE_BOLD, path);
	term_addf(&cli->out, "\n");
	return 0;
}

static int run_report(struct cli *cli, struct err *err)
{
	_cleanup_(session_release) struct session s = {0};
	const char *path = cli->arg_count ? cli->args[0] : NULL;
	struct diagnosis d;
	struct stat st;
	int r;

	/* Before reading a big cluster for nothing. */
	if (path && !cli_has(cli, FLAG_FORCE) && stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "%s exists already; --force replaces it", path);
	if ((r = session_open(&s, cli, false, err)) < 0 || (r = session_diagnose(&s, &d, err)) < 0)
		return r;
	print_document(cli, &s, &d);
	return path ? write_file(cli, path, err) : 0;
}

const struct command command_report = {
	.name = "report",
	.arguments = "[FILE]",
	.summary = "Write the diagnosis as a page, Markdown, JSON, SARIF or JUnit",
	.description =
		"Everything that `scan --all` finds, as one document, into FILE or to standard output. html is one page that needs nothing else, no "
		"network and no script: causes with their evidence and a drawing of how they reach what people notice, a verdict for each namespace, all "
		"findings, and what could not be seen. md is the same for an issue or a wiki. json is scan's JSON with every finding. sarif (2.1.0) and junit "
		"are for tools that show the results of checks.\n\n"
		"A file that is there is not replaced without --force.",
	.examples = (const struct example[]){{"report cluster.html", "a page to look at or to send"},
					     {"report --from incident.snapshot -o md", "for the issue"},
					     {"report -o junit causes.xml --force", "for a pipeline"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_SCOPE | GROUP_CHECKS,
	.flags = (const enum flag_id[]){FLAG_FORCE, FLAG_CHECK, FLAG_ADVICE, FLAG_COUNT},
	.formats = "html|md|json|sarif|junit",
	.complete = COMPLETE_FILE,
	.max_args = 1,
	.run = run_report,
};
