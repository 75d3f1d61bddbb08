/* The report as Markdown, for issues and wikis. */
#include "cli/document.h"
#include "base/utf8.h"

#define NAMESPACES_SHOWN 500u

/* Outside text: whatever means something to Markdown or HTML is escaped, and so are mentions; it stays on its line. */
static void text(const struct document *d, const char *s)
{
	struct strbuf safe;

	strbuf_init(&safe, d->out->max);
	utf8_add_printable(&safe, s ? s : "", s ? strlen(s) : 0, true);
	for (size_t i = 0; i < safe.len; i++) {
		char c = safe.buf[i];

		if (c == '\n' || c == '\t')
			strbuf_addch(d->out, ' ');
		else if (c == '<' || c == '>' || c == '&' || c == '@')
			strbuf_addf(d->out, "&#%d;", c);
		else if (str_has("\\`*_[]|#~!", c))
			strbuf_addf(d->out, "\\%c", c);
		else
			strbuf_addch(d->out, c);
	}
	strbuf_release(&safe);
}

static void item(const struct document *d, const char *label, const char *s)
{
	if (!s || !*s)
		return;
	strbuf_addf(d->out, "- **%s** ", label);
	text(d, s);
	strbuf_addch(d->out, '\n');
}

static void sub_item(const struct document *d, const char *s)
{
	strbuf_addstr(d->out, "  - ");
	text(d, s);
	strbuf_addch(d->out, '\n');
}

static void chain(const struct document *d, const struct cause *c)
{
	if (c->chain_len < 2)
		return;
	strbuf_addstr(d->out, "- **chain** ");
	for (uint32_t i = 0; i < c->chain_len; i++) {
		if (i) {
			strbuf_addstr(d->out, " \xe2\x86\x92 ");
			text(d, c->chain[i - 1].relation);
			strbuf_addch(d->out, ' ');
		}
		text(d, report_name(&d->ctx->arena, &c->chain[i].what));
	}
	strbuf_addch(d->out, '\n');
}

static const char *affected(struct arena *a, const struct cause *c)
{
	const char *text = "";

	for (uint32_t i = 0; i < c->workloads.len && i < 10; i++)
		text = arena_printf(a, "%s%s%s", text, i ? ", " : "", report_object(a, c->workloads.items[i]));
	return c->workloads.len > 10 ? arena_printf(a, "%s and %u more workloads", text, c->workloads.len - 10) : text;
}

/* What a reader of a hundred causes begins with. */
static void index_of_causes(const struct document *d)
{
	const struct cause_list *list = &d->diagnosis->causes;

	if (list->len < 2)
		return;
	strbuf_addf(d->out, "%s\n\n", report_cause_counts(&d->ctx->arena, list));
	for (uint32_t i = 0; i < list->len; i++) {
		strbuf_addf(d->out, "%u. ", i + 1);
		text(d, list->items[i]->title);
		strbuf_addf(d->out, " (%s)\n", severity_text(list->items[i]->severity));
	}
	strbuf_addch(d->out, '\n');
}

static void cause(const struct document *d, const struct cause *c, unsigned number)
{
	struct arena *a = &d->ctx->arena;
	usec_t now = inventory_now(d->diagnosis->inv);

	strbuf_addf(d->out, "### %u. ", number);
	text(d, c->title);
	strbuf_addf(d->out, "\n\n- **severity** %s\n", severity_text(c->severity));
	item(d, "where", c->root->object ? report_object(a, c->root->object) : "");
	item(d, "since", report_ago(a, now, c->since));
	item(d, "because", report_behind(a, c));
	item(d, "affects", affected(a, c));
	chain(d, c);
	if (c->root->evidence_count)
		strbuf_addstr(d->out, "- **evidence**\n");
	for (uint32_t i = 0; i < c->root->evidence_count; i++)
		sub_item(d, report_evidence(a, &c->root->evidence[i], now, c->root->evidence[i].object != c->root->object));
	if (c->hypothesis_count > 1)
		strbuf_addstr(d->out, "- **asked**\n");
	for (uint32_t i = 1; i < c->hypothesis_count; i++)
		sub_item(d, report_hypothesis(a, &c->hypotheses[i]));
	if (c->changes.len)
		strbuf_addstr(d->out, "- **changed before**\n");
	for (uint32_t i = 0; i < c->changes.len && i < 10; i++)
		sub_item(d, arena_printf(a, "%s: %s", report_ago(a, now, c->changes.items[i].when), c->changes.items[i].text));
	item(d, "fix", c->fix);
	item(d, "next", c->next);
	item(d, "unseen", c->missing);
	item(d, "sure", arena_printf(a, "%d%%", c->confidence));
	strbuf_addch(d->out, '\n');
}

static void short_list(const struct document *d, const char *title, const struct cause_list *list)
{
	if (!list->len)
		return;
	strbuf_addf(d->out, "## %s\n\n", title);
	for (uint32_t i = 0; i < list->len; i++)
		item(d, severity_text(list->items[i]->severity), list->items[i]->title);
	strbuf_addch(d->out, '\n');
}

static void namespaces(const struct document *d)
{
	const struct scope_list *list = d->scopes;
	uint32_t n = MIN(list->len, NAMESPACES_SHOWN);

	if (!n)
		return;
	strbuf_addstr(d->out, "## Namespaces\n\n| namespace | verdict | why |\n|---|---|---|\n");
	for (uint32_t i = 0; i < n; i++) {
		strbuf_addstr(d->out, "| ");
		text(d, list->items[i].ns);
		strbuf_addf(d->out, " | %s | ", verdict_text(list->items[i].verdict));
		text(d, list->items[i].why);
		strbuf_addstr(d->out, " |\n");
	}
	strbuf_addch(d->out, '\n');
}

static void not_seen(const struct document *d)
{
	struct arena *a = &d->ctx->arena;
	const char *kinds[REPORT_UNSEEN_MAX];
	size_t unseen = report_unseen_kinds(d->cluster, kinds), count;
	const struct note *notes = inventory_notes(d->diagnosis->inv, &count);

	if (!count && !unseen)
		return;
	strbuf_addstr(d->out, "## What could not be seen\n\n");
	for (size_t i = 0; i < count; i++)
		item(d, "not seen:", arena_printf(a, "%s: %s", notes[i].what, notes[i].why));
	for (size_t i = 0; i < unseen; i++)
		item(d, "not in this recording:", kinds[i]);
	strbuf_addch(d->out, '\n');
}

void document_markdown(const struct document *d)
{
	const struct diagnosis *x = d->diagnosis;
	usec_t now = inventory_now(x->inv) / USEC_PER_SEC * USEC_PER_SEC;
	char when[CLOCK_TEXT_MAX];

	strbuf_addstr(d->out, "# ");
	text(d, report_cluster_title(d->cluster));
	strbuf_addf(d->out, ": %s\n\n", verdict_text(x->verdict));
	text(d, x->verdict_why);
	strbuf_addf(d->out, "\n\n%zu objects, as of %s.\n\n", inventory_object_count(x->inv),
		    now ? clock_format_rfc3339(now, when) : "an unknown time");
	index_of_causes(d);
	if (x->causes.len)
		strbuf_addf(d->out, "## Causes\n\n");
	for (uint32_t i = 0; i < x->causes.len; i++)
		cause(d, x->causes.items[i], i + 1);
	not_seen(d);
	namespaces(d);
	short_list(d, "Lesser findings", &x->lesser);
	short_list(d, "Recovered", &x->recovered);
}
