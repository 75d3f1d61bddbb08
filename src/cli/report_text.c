/* The report for people: a verdict, the causes with their evidence and what to do, what recovered, and what could not be seen. */
#include "cli/report.h"

#include <ctype.h>

#define INDENT 3u
#define LABEL 10u
#define EVIDENCE_SHOWN 4u
#define LIST_SHOWN 5u

static void field(struct term *t, const char *label, const char *text)
{
	if (text && *text)
		term_wrap(t, INDENT, STYLE_DIM, label, LABEL, STYLE_NONE, text);
}

static void add_upper(struct term *t, enum style style, const char *s)
{
	char text[32];
	size_t n = 0;

	for (; s[n] && n + 1 < sizeof(text); n++)
		text[n] = (char)toupper((unsigned char)s[n]);
	text[n] = 0;
	term_add(t, style, text);
}

/* "Deployment shop/web, Deployment shop/api and 3 more" */
static char *objects_text(struct arena *a, const struct object_list *list)
{
	char *text = arena_strdup(a, "");

	for (uint32_t i = 0; i < list->len && i < LIST_SHOWN; i++)
		text = arena_printf(a, "%s%s%s", text, i ? ", " : "", report_object(a, list->items[i]));
	if (list->len > LIST_SHOWN)
		text = arena_printf(a, "%s and %u more", text, list->len - LIST_SHOWN);
	return text;
}

static const char *affects_text(struct arena *a, const struct cause *c)
{
	const char *entry = c->entry ? arena_printf(a, "; in front of it: %s", report_object(a, c->entry)) : "";
	const char *pods = c->pods_affected ? arena_printf(a, " (%u pod%s)", c->pods_affected, c->pods_affected == 1 ? "" : "s") : "";

	if (!c->workloads.len && !c->pods_affected && !c->entry)
		return "";
	if (!c->workloads.len)
		return arena_printf(a, "%u pod%s%s", c->pods_affected, c->pods_affected == 1 ? "" : "s", entry);
	return arena_printf(a, "%s%s%s", objects_text(a, &c->workloads), pods, entry);
}

static const char *since_text(struct arena *a, const struct cause *c, usec_t now)
{
	char since[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];

	if (c->state == FINDING_RECOVERED && c->until)
		return c->since ? arena_printf(a, "from %s until %s (%s)", clock_format_rfc3339(c->since, since),
					       clock_format_rfc3339(c->until, until), report_ago(a, now, c->until))
				: arena_printf(a, "until %s (%s)", clock_format_rfc3339(c->until, until), report_ago(a, now, c->until));
	return c->since ? arena_printf(a, "%s (%s)", report_ago(a, now, c->since), clock_format_rfc3339(c->since, since)) : "";
}

/* "Ingress shop/web -> routes to Service shop/api -> ...": from what people notice down to the root. */
static const char *chain_text(struct term *t, struct arena *a, const struct cause *c)
{
	const char *arrow = t->ascii ? "->" : "\xe2\x86\x92";
	char *text;

	if (c->chain_len < 2)
		return "";
	text = report_name(a, &c->chain[0].what);
	for (uint32_t i = 1; i < c->chain_len; i++) {
		const char *relation = c->chain[i - 1].relation;

		text = arena_printf(a, "%s %s %s%s%s", text, arrow, relation ? relation : "", relation && *relation ? " " : "",
				    report_name(a, &c->chain[i].what));
	}
	return text;
}

static void evidence(struct term *t, struct arena *a, const struct finding *f, usec_t now, uint32_t max)
{
	for (uint32_t i = 0; i < f->evidence_count && i < max; i++)
		field(t, i ? "" : "evidence", report_evidence(a, &f->evidence[i], now, true));
	if (f->evidence_count > max)
		field(t, "", arena_printf(a, "and %u more", f->evidence_count - max));
}

static void changes(struct term *t, struct arena *a, const struct cause *c, usec_t now, uint32_t max)
{
	for (uint32_t i = 0; i < c->changes.len && i < max; i++) {
		const struct change *change = &c->changes.items[i];
		const char *by = change->by && *change->by ? arena_printf(a, " (by %s)", change->by) : "";

		field(t, i ? "" : "changed",
		      arena_printf(a, "%s: %s, %s%s", report_ago(a, now, change->when), change->object ? report_object(a, change->object) : "",
				   change->text, by));
	}
}

static void explains(struct term *t, struct arena *a, const struct cause *c, uint32_t max)
{
	for (uint32_t i = 0; i < c->explained.len && i < max; i++) {
		const struct finding *f = c->explained.items[i];

		field(t, i ? "" : "explains", f->object ? arena_printf(a, "%s: %s", report_object(a, f->object), f->message) : f->message);
	}
	if (c->explained.len > max)
		field(t, "", arena_printf(a, "and %u more", c->explained.len - max));
}

static void title_line(struct term *t, struct arena *a, const struct cause *c, unsigned number)
{
	const char *mark = number ? arena_printf(a, "%u.", number) : "-";
	unsigned label = (unsigned)strlen(mark) + 1 + 10;

	term_add(t, STYLE_BOLD, mark);
	term_addf(t, " ");
	term_style(t, report_severity_style(c->severity));
	term_addf(t, "%-9s", severity_text(c->severity));
	term_style(t, STYLE_NONE);
	/* The rest of the line, and those after it beside it. */
	term_wrap_on(t, label, STYLE_BOLD, c->title);
}

void report_cause_text(struct term *t, struct arena *a, const struct cause *c, unsigned number, usec_t now, bool wide)
{
	title_line(t, a, c, number);
	field(t, "where", c->root->object ? report_object(a, c->root->object) : "");
	field(t, c->state == FINDING_RECOVERED ? "when" : "since", since_text(a, c, now));
	field(t, "affects", affects_text(a, c));
	field(t, "chain", chain_text(t, a, c));
	evidence(t, a, c->root, now, wide ? UINT32_MAX : EVIDENCE_SHOWN);
	changes(t, a, c, now, wide ? UINT32_MAX : 2);
	if (wide)
		explains(t, a, c, UINT32_MAX);
	field(t, "fix", c->fix);
	field(t, "next", c->next);
	field(t, "unseen", c->missing);
	if (wide)
		field(t, "sure",
		      arena_printf(a, "%d%%%s%s", c->confidence, c->confidence_why ? ": " : "", c->confidence_why ? c->confidence_why : ""));
}

static void tree_facts(struct term *t, struct arena *a, unsigned indent, const struct finding *f, usec_t now, uint32_t max)
{
	for (uint32_t i = 0; i < f->evidence_count && i < max; i++) {
		const struct evidence *e = &f->evidence[i];

		term_wrap(t, indent, STYLE_DIM, t->ascii ? "- " : "\xc2\xb7 ", 2, STYLE_DIM, report_evidence(a, e, now, e->object != f->object));
	}
	if (f->evidence_count > max)
		term_wrap(t, indent, STYLE_DIM, "", 2, STYLE_DIM, arena_printf(a, "and %u more facts: -o wide", f->evidence_count - max));
}

/* The chain as a tree: what people notice on top, each line depends on the one below it, the root cause last. */
void report_cause_tree(struct term *t, struct arena *a, const struct cause *c, unsigned number, usec_t now, bool wide)
{
	title_line(t, a, c, number);
	for (uint32_t i = 0; i < c->chain_len; i++) {
		const struct chain_step *step = &c->chain[i];
		unsigned indent = INDENT + (i ? 3 * (i - 1) : 0), left = INDENT + 3 * i;
		const char *branch = !i ? "" : t->ascii ? "`- " : "\xe2\x94\x94\xe2\x94\x80 ", *relation = i ? c->chain[i - 1].relation : "";
		bool last = i + 1 == c->chain_len;

		term_wrap(t, indent, STYLE_DIM, branch, i ? 3 : 0, last ? STYLE_BOLD : STYLE_NONE,
			  arena_printf(a, "%s%s%s%s%s", relation ? relation : "", relation && *relation ? " " : "", report_name(a, &step->what),
				       step->finding ? ": " : "", step->finding ? step->finding->message : ""));
		if (step->finding)
			tree_facts(t, a, left, step->finding, now, wide ? UINT32_MAX : EVIDENCE_SHOWN);
	}
	if (!c->chain_len)
		evidence(t, a, c->root, now, wide ? UINT32_MAX : EVIDENCE_SHOWN);
	term_addf(t, "\n");
	field(t, c->state == FINDING_RECOVERED ? "when" : "since", since_text(a, c, now));
	field(t, "affects", affects_text(a, c));
	changes(t, a, c, now, wide ? UINT32_MAX : 3);
	if (wide)
		explains(t, a, c, UINT32_MAX);
	field(t, "sure", arena_printf(a, "%d%%%s%s", c->confidence, c->confidence_why ? ": " : "", c->confidence_why ? c->confidence_why : ""));
	field(t, "fix", c->fix);
	field(t, "next", c->next);
	field(t, "unseen", c->missing);
}

void report_notes_text(struct term *t, const struct inventory *inv)
{
	size_t count;
	const struct note *notes = inventory_notes(inv, &count);

	for (size_t i = 0; i < count; i++) {
		struct strbuf line;

		strbuf_init(&line, STRBUF_MAX_LINE);
		strbuf_addf(&line, "%s: %s", notes[i].what, notes[i].why);
		term_wrap(t, 0, STYLE_YELLOW, i ? "" : "cannot see ", 11, STYLE_NONE, line.buf);
		strbuf_release(&line);
	}
	if (count)
		term_addf(t, "\n");
}

static void header(struct term *t, struct arena *a, struct cluster *c, const struct diagnosis *d)
{
	const char *version = inventory_server_version(d->inv), *name = cluster_name(c);
	char now[CLOCK_TEXT_MAX];

	add_upper(t, report_verdict_style(d->verdict), verdict_text(d->verdict));
	term_addf(t, "  ");
	term_safe(t, STYLE_BOLD, name && *name ? name : "cluster");
	term_style(t, STYLE_DIM);
	term_safe(t, STYLE_NONE,
		  arena_printf(a, "%s%s, %zu objects, as of %s", *version ? " " : "", version, inventory_object_count(d->inv),
			       inventory_now(d->inv) ? clock_format_rfc3339(inventory_now(d->inv), now) : "an unknown time"));
	term_style(t, STYLE_NONE);
	term_addf(t, "\n");
	if (d->verdict_why && *d->verdict_why)
		term_wrap(t, 0, STYLE_NONE, "", 0, STYLE_NONE, d->verdict_why);
	term_addf(t, "\n");
}

static void short_list(struct term *t, struct arena *a, const char *title, const struct cause_list *list, const struct report_options *o, usec_t now)
{
	if (!list->len)
		return;
	term_add(t, STYLE_BOLD, title);
	term_addf(t, "\n");
	for (uint32_t i = 0; i < list->len; i++) {
		const struct cause *c = list->items[i];

		if (o->wide) {
			report_cause_text(t, a, c, 0, now, true);
			continue;
		}
		title_line(t, a, c, 0);
		if (c->state == FINDING_RECOVERED)
			field(t, "when", since_text(a, c, now));
		else
			field(t, "fix", c->fix);
	}
	term_addf(t, "\n");
}

static void footer(struct term *t, const struct diagnosis *d, const struct report_options *o)
{
	if (d->lesser.len && !o->lesser)
		term_addf(t, "%u lesser finding%s: --all shows %s.\n", d->lesser.len, d->lesser.len == 1 ? "" : "s",
			  d->lesser.len == 1 ? "it" : "them");
	if (d->recovered.len && !o->history)
		term_addf(t, "%u problem%s recovered: --history shows %s.\n", d->recovered.len, d->recovered.len == 1 ? " has" : "s have",
			  d->recovered.len == 1 ? "it" : "them");
}

void report_scan_text(struct term *t, struct arena *a, struct cluster *c, const struct diagnosis *d, const struct report_options *o)
{
	usec_t now = inventory_now(d->inv);

	header(t, a, c, d);
	for (uint32_t i = 0; i < d->causes.len; i++) {
		report_cause_text(t, a, d->causes.items[i], i + 1, now, o->wide);
		term_addf(t, "\n");
	}
	if (o->lesser)
		short_list(t, a, "Lesser findings", &d->lesser, o, now);
	if (o->history)
		short_list(t, a, "Recovered", &d->recovered, o, now);
	report_notes_text(t, d->inv);
	footer(t, d, o);
}
