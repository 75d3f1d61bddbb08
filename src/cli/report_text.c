/* The report for people: a verdict, the causes with their evidence and what to do, what recovered, and what could not be seen. */
#include "cli/report.h"
#include "base/utf8.h"

#include <ctype.h>

#define INDENT 4u
#define LABEL 10u
#define EVIDENCE_SHOWN 4u
#define LIST_SHOWN 5u
#define CAUSES_IN_FULL 10u /* further ones get a line each, so that the first screen keeps what matters */
#define FACT_COLUMNS 300u  /* a longer fact is cut, unless all are asked for */
#define NOTES_TOLD 3u      /* notes of one sort that get a line each */
#define NOTES_NAMED 12u    /* kinds that the line for all of them names */
#define SAME_TIME (5 * USEC_PER_SEC)

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

	if (!c->workloads.len && !c->pods_affected && (!c->entry || c->entry == c->root->object))
		return "";
	/* "where" has just said it. */
	if (c->workloads.len == 1 && c->workloads.items[0] == c->root->object && !c->entry && c->pods_affected <= 1)
		return "";
	if (!c->workloads.len && !c->pods_affected)
		return c->entry == c->root->object ? "" : report_object(a, c->entry);
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

/* A fact, cut in the middle when it is long: registries and webhooks write whole pages into events, in which the end says most. */
static const char *fact_text(struct arena *a, const struct evidence *e, usec_t now, bool where, bool whole)
{
	char *text = report_evidence(a, e, now, where), *end;
	size_t len = strlen(text), n = utf8_cut(text, len, FACT_COLUMNS / 3);

	if (whole || len <= FACT_COLUMNS)
		return text;
	end = text + len - FACT_COLUMNS * 2 / 3;
	while (((unsigned char)*end & 0xc0) == 0x80)
		end++;
	return arena_printf(a, "%.*s [...] %s", (int)n, text, end);
}

/* The object is named where it is not the one that the cause is about. */
static void evidence(struct term *t, struct arena *a, const struct finding *f, usec_t now, bool wide)
{
	uint32_t max = wide ? UINT32_MAX : EVIDENCE_SHOWN;

	for (uint32_t i = 0; i < f->evidence_count && i < max; i++)
		field(t, i ? "" : "evidence", fact_text(a, &f->evidence[i], now, f->evidence[i].object != f->object, wide));
	if (f->evidence_count > max)
		field(t, "", arena_printf(a, "and %u more", f->evidence_count - max));
}

/* Growing from nothing is part of being created. */
static bool is_part_of_creation(const struct cause *c, const struct change *change)
{
	for (uint32_t i = 0; i < c->changes.len; i++) {
		const struct change *other = &c->changes.items[i];

		if (change->type == CHANGE_SCALE && other->type == CHANGE_CREATED && other->object == change->object &&
		    change->when - other->when < SAME_TIME && other->when - change->when < SAME_TIME)
			return true;
	}
	return false;
}

static void changes(struct term *t, struct arena *a, const struct cause *c, usec_t now, uint32_t max)
{
	uint32_t shown = 0;

	for (uint32_t i = 0; i < c->changes.len && shown < max; i++) {
		const struct change *change = &c->changes.items[i];
		const char *by = change->by && *change->by ? arena_printf(a, " (by %s)", change->by) : "";
		const char *object = change->object ? report_object(a, change->object) : "";

		if (is_part_of_creation(c, change))
			continue;
		/* Some texts name the object themselves. */
		if (*object && !strstr(change->text, object))
			object = arena_printf(a, "%s: ", object);
		else
			object = "";
		field(t, shown++ ? "" : "changed", arena_printf(a, "%s: %s%s%s", report_ago(a, now, change->when), object, change->text, by));
	}
}

static void explains(struct term *t, struct arena *a, const struct cause *c)
{
	for (uint32_t i = 0; i < c->explained.len; i++)
		field(t, i ? "" : "explains", c->explained.items[i]->message);
}

static const char *sure_text(struct arena *a, const struct cause *c)
{
	const char *why = c->confidence_why ? c->confidence_why : "";

	return arena_printf(a, "%d%%%s%s", c->confidence, *why ? ": " : "", why);
}

/* The reason that somebody has silenced, and that has to be known all the same to understand what follows from it. */
const char *report_behind(struct arena *a, const struct cause *c)
{
	return c->behind ? arena_printf(a, "%s (%s)", c->behind->message, report_silence(a, c->behind->silence)) : "";
}

/* "It runs out of memory? No: last exit code is 1, not 137" */
const char *report_hypothesis(struct arena *a, const struct hypothesis *h)
{
	static const char *const answers[] = {"Yes", "Possibly", "No", "Cannot tell"};

	return arena_printf(a, "%c%s? %s: %s", toupper((unsigned char)h->text[0]), h->text[0] ? h->text + 1 : "", answers[h->status],
			    h->why ? h->why : "");
}

static void hypotheses(struct term *t, struct arena *a, const struct cause *c)
{
	for (uint32_t i = 1; i < c->hypothesis_count; i++)
		field(t, i == 1 ? "asked" : "", report_hypothesis(a, &c->hypotheses[i]));
}

void report_cause_title(struct term *t, struct arena *a, const struct cause *c, unsigned number)
{
	const char *mark = number ? arena_printf(a, "%2u. ", number) : "  - ";

	term_add(t, STYLE_BOLD, mark);
	term_style(t, report_severity_style(c->severity));
	term_addf(t, "%-9s", severity_text(c->severity));
	term_style(t, STYLE_NONE);
	/* The rest of the line, and those after it beside it. */
	term_wrap_on(t, (unsigned)strlen(mark) + 9, STYLE_BOLD, c->title);
}

void report_cause_text(struct term *t, struct arena *a, const struct cause *c, unsigned number, usec_t now, bool wide)
{
	report_cause_title(t, a, c, number);
	field(t, "where", c->root->object ? report_object(a, c->root->object) : "");
	field(t, c->state == FINDING_RECOVERED ? "when" : "since", since_text(a, c, now));
	field(t, "because", report_behind(a, c));
	field(t, "affects", affects_text(a, c));
	/* A workload, its pod and what that lacks are in the lines around already. */
	if (wide || c->chain_len > 3)
		field(t, "chain", chain_text(t, a, c));
	evidence(t, a, c->root, now, wide);
	changes(t, a, c, now, wide ? UINT32_MAX : 2);
	if (wide) {
		explains(t, a, c);
		hypotheses(t, a, c);
	}
	field(t, "fix", c->fix);
	field(t, "next", c->next);
	field(t, "unseen", c->missing);
	if (wide)
		field(t, "sure", sure_text(a, c));
}

/* A line of the tree below a step: the trunk or a branch, then the text beside it. */
static void tree_line(struct term *t, unsigned indent, const char *branch, bool trunk, const char *mark, enum style mark_style, enum style style,
		      const char *text)
{
	term_style(t, STYLE_DIM);
	term_addf(t, "%*s%s", (int)indent, "", branch);
	term_style(t, STYLE_NONE);
	term_add(t, mark_style, mark);
	t->bar = trunk ? t->ascii ? "|" : "\xe2\x94\x82" : NULL;
	t->bar_at = indent;
	term_wrap_on(t, indent + 5, style, text);
	t->bar = NULL;
}

static void tree_facts(struct term *t, struct arena *a, unsigned indent, bool trunk, const struct finding *f, usec_t now, uint32_t max)
{
	const char *branch = !trunk ? "   " : t->ascii ? "|  " : "\xe2\x94\x82  ";

	for (uint32_t i = 0; i < f->evidence_count && i < max; i++) {
		const struct evidence *e = &f->evidence[i];

		tree_line(t, indent, branch, trunk, t->ascii ? "- " : "\xc2\xb7 ", STYLE_DIM, STYLE_DIM,
			  fact_text(a, e, now, e->object != f->object, max == UINT32_MAX));
	}
	if (f->evidence_count > max)
		tree_line(t, indent, branch, trunk, "  ", STYLE_DIM, STYLE_DIM,
			  arena_printf(a, "and %u more fact%s: -o wide", f->evidence_count - max, f->evidence_count == max + 1 ? "" : "s"));
}

/* What else was thought of, a branch each; the chosen explanation is the step below. */
static void tree_hypotheses(struct term *t, struct arena *a, unsigned indent, bool trunk, const struct cause *c)
{
	static const char *const marks[] = {"+ ", "? ", "x ", "- "}, *const fine[] = {"\xe2\x9c\x93 ", "? ", "\xe2\x9c\x97 ", "- "};
	static const enum style styles[] = {STYLE_GREEN, STYLE_YELLOW, STYLE_DIM, STYLE_CYAN};

	for (uint32_t i = 1; i < c->hypothesis_count; i++) {
		const struct hypothesis *h = &c->hypotheses[i];
		bool last = !trunk && i + 1 == c->hypothesis_count;
		const char *branch = last ? (t->ascii ? "`- " : "\xe2\x94\x94\xe2\x94\x80 ") : t->ascii ? "|- " : "\xe2\x94\x9c\xe2\x94\x80 ";

		tree_line(t, indent, branch, !last, t->ascii ? marks[h->status] : fine[h->status], styles[h->status],
			  h->status == HYPOTHESIS_POSSIBLE ? STYLE_NONE : STYLE_DIM, report_hypothesis(a, h));
	}
}

/* Messages quote others' sentences, which then go on: "posting node status.; 2 pods". */
static const char *without_stops(struct arena *a, const char *message)
{
	char *text = strstr(message, ".;") ? arena_strdup(a, message) : NULL;

	for (char *stop = text ? strstr(text, ".;") : NULL; stop; stop = strstr(stop, ".;"))
		memmove(stop, stop + 1, strlen(stop));
	return text ? text : message;
}

/* "Deployment shop/web has 0 of 1 replicas ready", or "Pod shop/web-1: container main has crashed": the step's object with its finding, which
 * need not name the object a second time. */
static const char *step_text(struct arena *a, const struct chain_step *step, bool first, const char *title)
{
	const char *name = report_name(a, &step->what), *message, *of, *again;
	size_t len = strlen(name);

	if (!step->finding)
		return name;
	message = without_stops(a, step->finding->message);
	if (first && str_eq(message, title))
		return name; /* just said */
	if (strncmp(message, name, len) == 0 && message[len] == ' ')
		return first ? message : arena_printf(a, "%s, which%s", name, message + len);
	of = arena_printf(a, " of %s", name);
	again = strstr(message, of);
	if (again)
		return arena_printf(a, "%s: %.*s%s", name, (int)(again - message), message, again + strlen(of));
	return arena_printf(a, "%s: %s", name, message);
}

/* The step that shows what the hypotheses explain, else the last one. */
static uint32_t symptom_step(const struct cause *c)
{
	for (uint32_t i = 0; c->symptom && i < c->chain_len; i++)
		if (c->chain[i].finding == c->symptom)
			return i;
	for (uint32_t i = 0; c->symptom && i < c->chain_len; i++)
		if (c->chain[i].what.object && c->chain[i].what.object == c->symptom->object)
			return i;
	return c->chain_len - 1;
}

/* The chain as a tree: what people notice on top, each line depends on the one below it, the root cause last. What else might have been the
 * reason stands as branches where the question came up. */
void report_cause_tree(struct term *t, struct arena *a, const struct cause *c, unsigned number, usec_t now, bool wide)
{
	report_cause_title(t, a, c, number);
	for (uint32_t i = 0; i < c->chain_len; i++) {
		const struct chain_step *step = &c->chain[i];
		unsigned indent = INDENT + (i ? 3 * (i - 1) : 0), left = INDENT + 3 * i;
		const char *branch = !i ? "" : t->ascii ? "`- " : "\xe2\x94\x94\xe2\x94\x80 ", *relation = i ? c->chain[i - 1].relation : "";
		bool more = i + 1 < c->chain_len, asked = i == symptom_step(c) && c->hypothesis_count > 1;

		term_wrap(
			t, indent, STYLE_DIM, branch, i ? 3 : 0, more ? STYLE_NONE : STYLE_BOLD,
			arena_printf(a, "%s%s%s", relation ? relation : "", relation && *relation ? " " : "", step_text(a, step, i == 0, c->title)));
		if (step->finding)
			tree_facts(t, a, left, more || asked, step->finding, now, wide ? UINT32_MAX : EVIDENCE_SHOWN);
		if (asked)
			tree_hypotheses(t, a, left, more, c);
	}
	if (!c->chain_len) {
		evidence(t, a, c->root, now, wide);
		hypotheses(t, a, c);
	}
	term_addf(t, "\n");
	field(t, c->state == FINDING_RECOVERED ? "when" : "since", since_text(a, c, now));
	field(t, "because", report_behind(a, c));
	field(t, "affects", affects_text(a, c));
	changes(t, a, c, now, wide ? UINT32_MAX : 3);
	if (wide)
		explains(t, a, c);
	field(t, "sure", sure_text(a, c));
	field(t, "fix", c->fix);
	field(t, "next", c->next);
	field(t, "unseen", c->missing);
}

static void note_line(struct term *t, struct arena *a, bool first, const char *what, const char *why)
{
	term_wrap(t, 0, STYLE_YELLOW, first ? "cannot see " : "", 11, STYLE_NONE, arena_printf(a, "%s: %s", what, why));
}

/* Notes of one sort say the same but for the kind. */
static bool same_sort(const struct note *a, const struct note *b)
{
	return str_eq(a->why, b->why) || (strstr(a->why, "forbidden") && strstr(b->why, "forbidden"));
}

/* "nodes, secrets and 3 more", of the sort of notes[first], with their number; NULL when an earlier note is of it. */
static const char *names_of_sort(struct arena *a, const struct note *notes, size_t count, size_t first, size_t *ret_number)
{
	const char *names = "";
	bool told = false;

	*ret_number = 0;
	for (size_t i = 0; i < count; i++) {
		if (!same_sort(&notes[i], &notes[first]))
			continue;
		told |= i < first;
		if (++*ret_number <= NOTES_NAMED)
			names = arena_printf(a, "%s%s%s", names, *names ? ", " : "", notes[i].what);
	}
	if (told)
		return NULL;
	return *ret_number > NOTES_NAMED ? arena_printf(a, "%s and %zu more", names, *ret_number - NOTES_NAMED) : names;
}

/* Someone with few rights gets a note per kind, all saying the same: those are told in one line, with the first reason as an example. */
void report_notes_text(struct term *t, struct arena *a, const struct inventory *inv, bool wide)
{
	size_t count, number;
	const struct note *notes = inventory_notes(inv, &count);

	for (size_t i = 0; i < count; i++) {
		const char *names = names_of_sort(a, notes, count, i, &number);

		if (wide || number <= NOTES_TOLD)
			note_line(t, a, i == 0, notes[i].what, notes[i].why);
		else if (names)
			note_line(t, a, i == 0, names, arena_printf(a, "%s (each: -o wide)", notes[i].why));
	}
	if (count)
		term_addf(t, "\n");
}

const char *report_cluster_title(struct cluster *c)
{
	const char *name = cluster_name(c), *server = cluster_server(c), *slash;

	if (name && *name)
		return name;
	slash = server ? strrchr(server, '/') : NULL;
	return slash && slash[1] ? slash + 1 : server && *server ? server : "cluster";
}

const char *report_cause_counts(struct arena *a, const struct cause_list *causes)
{
	static const enum severity order[] = {SEVERITY_CRITICAL, SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_INFO};
	char *text = arena_printf(a, "%u cause%s:", causes->len, causes->len == 1 ? "" : "s");
	const char *separator = " ";

	for (size_t k = 0; k < ARRAY_LEN(order); k++) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < causes->len; i++)
			n += causes->items[i]->severity == order[k];
		if (n) {
			text = arena_printf(a, "%s%s%u %s", text, separator, n, severity_text(order[k]));
			separator = ", ";
		}
	}
	return text;
}

static void header(struct term *t, struct arena *a, struct cluster *c, const struct diagnosis *d)
{
	const char *version = inventory_server_version(d->inv);
	usec_t now = inventory_now(d->inv) / USEC_PER_SEC * USEC_PER_SEC;
	char text[CLOCK_TEXT_MAX];

	add_upper(t, report_verdict_style(d->verdict), verdict_text(d->verdict));
	term_addf(t, "  ");
	term_safe(t, STYLE_BOLD, report_cluster_title(c));
	term_style(t, STYLE_DIM);
	term_safe(t, STYLE_NONE,
		  arena_printf(a, "%s%s, %zu object%s, as of %s", *version ? " " : "", version, inventory_object_count(d->inv),
			       inventory_object_count(d->inv) == 1 ? "" : "s", now ? clock_format_rfc3339(now, text) : "an unknown time"));
	term_style(t, STYLE_NONE);
	term_addf(t, "\n");
	if (d->causes.len)
		term_wrap(t, 0, STYLE_NONE, "", 0, STYLE_NONE, report_cause_counts(a, &d->causes));
	else if (d->verdict_why && *d->verdict_why)
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
		report_cause_title(t, a, c, 0);
		if (c->state == FINDING_RECOVERED)
			field(t, "when", since_text(a, c, now));
		else
			field(t, "fix", c->fix);
	}
	term_addf(t, "\n");
}

void report_unseen_text(struct term *t, struct arena *a, struct cluster *c)
{
	const char *kinds[REPORT_UNSEEN_MAX], *text = "";
	size_t n = report_unseen_kinds(c, kinds);

	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s%s%s", text, !i ? "" : i + 1 == n ? " and " : ", ", kinds[i]);
	if (n)
		term_wrap(t, 0, STYLE_DIM, "", 0, STYLE_DIM, arena_printf(a, "Not in this recording, so not checked: %s.", text));
}

static void footer(struct term *t, struct arena *a, const struct diagnosis *d, const struct report_options *o)
{
	if (d->lesser.len && !o->lesser)
		term_addf(t, "%u lesser finding%s: --all shows %s.\n", d->lesser.len, d->lesser.len == 1 ? "" : "s",
			  d->lesser.len == 1 ? "it" : "them");
	if (d->recovered.len && !o->history)
		term_addf(t, "%u problem%s recovered: --history shows %s.\n", d->recovered.len, d->recovered.len == 1 ? " has" : "s have",
			  d->recovered.len == 1 ? "it" : "them");
	report_silenced_text(t, a, d, o->silenced);
}

static void causes_text(struct term *t, struct arena *a, const struct diagnosis *d, const struct report_options *o)
{
	usec_t now = inventory_now(d->inv);
	uint32_t full = o->lesser || d->causes.len <= CAUSES_IN_FULL + 2 ? d->causes.len : CAUSES_IN_FULL;

	for (uint32_t i = 0; i < full; i++) {
		report_cause_text(t, a, d->causes.items[i], i + 1, now, o->wide);
		term_addf(t, "\n");
	}
	for (uint32_t i = full; i < d->causes.len; i++)
		report_cause_title(t, a, d->causes.items[i], i + 1);
	if (full < d->causes.len)
		term_addf(t, "\nMore about these: --all, or `why KIND/NAME` about one.\n");
}

void report_scan_text(struct term *t, struct arena *a, struct cluster *c, const struct diagnosis *d, const struct report_options *o)
{
	usec_t now = inventory_now(d->inv);

	header(t, a, c, d);
	if (o->scopes)
		report_scopes_text(t, a, o->scopes, o->scopes_only);
	if (!o->scopes_only)
		causes_text(t, a, d, o);
	if (o->lesser)
		short_list(t, a, "Lesser findings", &d->lesser, o, now);
	if (o->history)
		short_list(t, a, "Recovered", &d->recovered, o, now);
	report_notes_text(t, a, d->inv, o->wide);
	report_unseen_text(t, a, c);
	footer(t, a, d, o);
}
