/* What the forms of report share: names, times, facts; and the lines for scripts. */
#include "cli/report.h"
#include "base/utf8.h"

char *report_name(struct arena *a, const struct object_name *n)
{
	const char *key = n->key && *n->key ? n->key : NULL;

	if (!n->name)
		return arena_strdup(a, "");
	return arena_printf(a, "%s %s%s%s%s%s", n->kind_text ? n->kind_text : "", n->ns ? n->ns : "", n->ns && *n->ns ? "/" : "", n->name,
			    key ? " key " : "", key ? key : "");
}

char *report_object(struct arena *a, const struct object *o)
{
	const struct object_name n = name_of_object(o);

	return report_name(a, &n);
}

char *report_ago(struct arena *a, usec_t now, usec_t t)
{
	char span[CLOCK_TEXT_MAX];

	if (!t)
		return arena_strdup(a, "");
	if (t > now + USEC_PER_SEC)
		return arena_printf(a, "in %s", clock_format_span(t - now, span));
	return now - t < USEC_PER_SEC ? arena_strdup(a, "just now") : arena_printf(a, "%s ago", clock_format_span(now - t, span));
}

enum style report_severity_style(enum severity s)
{
	static const enum style styles[] = {STYLE_DIM, STYLE_YELLOW, STYLE_RED, STYLE_RED_BOLD};

	return styles[s];
}

enum style report_verdict_style(enum verdict v)
{
	switch (v) {
	case VERDICT_HEALTHY:
	case VERDICT_RECOVERED:
		return STYLE_GREEN;
	case VERDICT_DEGRADED:
		return STYLE_YELLOW;
	case VERDICT_FAILING:
		return STYLE_RED_BOLD;
	case VERDICT_UNKNOWN:
		return STYLE_CYAN;
	}
	return STYLE_NONE;
}

static char *event_text(struct arena *a, const struct evidence *e, usec_t now, const char *about)
{
	const struct event *event = e->event;
	usec_t when = e->when ? e->when : event ? event->last : 0;
	const char *times = event && event->count > 1 ? arena_printf(a, ", %lld times", (long long)event->count) : "";

	return arena_printf(a, "%s%sevent %s%s%s%s: %s", about, *about ? " " : "", event && event->reason ? event->reason : "", when ? ", " : "",
			    report_ago(a, now, when), times, e->text ? e->text : "");
}

static char *log_text(struct arena *a, const struct evidence *e, const char *about)
{
	const char *lines = e->last_line > e->first_line ? arena_printf(a, "lines %u-%u", e->first_line, e->last_line)
			    : e->first_line              ? arena_printf(a, "line %u", e->first_line)
							 : "log";

	return arena_printf(a, "%s%slog of %s%s, %s: %s", about, *about ? " " : "", e->path && *e->path ? e->path : "the container",
			    e->previous ? " before its restart" : "", lines, e->text ? e->text : "");
}

char *report_evidence(struct arena *a, const struct evidence *e, usec_t now, bool where)
{
	const char *about = where && e->object ? report_object(a, e->object) : "";

	switch (e->type) {
	case EVIDENCE_FIELD:
		return arena_printf(a, "%s%s%s: %s", about, *about ? " " : "", e->path ? e->path : "", e->text ? e->text : "");
	case EVIDENCE_EVENT:
		return event_text(a, e, now, about);
	case EVIDENCE_LOG:
		return log_text(a, e, about);
	case EVIDENCE_ABSENCE:
		return arena_printf(a, "%s does not exist", e->path ? e->path : "it");
	case EVIDENCE_EXTERNAL:
		break;
	}
	return arena_printf(a, "%s%s%s", e->path ? e->path : "", e->path && *e->path ? ": " : "", e->text ? e->text : "");
}

size_t report_unseen_kinds(struct cluster *c, const char *ret[REPORT_UNSEEN_MAX])
{
	static const enum kind_id kinds[] = {KIND_POD,
					     KIND_NODE,
					     KIND_EVENT,
					     KIND_DEPLOYMENT,
					     KIND_STATEFUL_SET,
					     KIND_DAEMON_SET,
					     KIND_SERVICE,
					     KIND_INGRESS,
					     KIND_CONFIG_MAP,
					     KIND_SECRET,
					     KIND_PERSISTENT_VOLUME_CLAIM,
					     KIND_JOB};
	const struct inventory *inv = cluster_inventory(c);
	size_t n = 0;

	_Static_assert(ARRAY_LEN(kinds) <= REPORT_UNSEEN_MAX, "room for all");
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !cluster_is_live(c); i++)
		if (!inventory_sees(inv, kinds[i], NULL) && !inventory_list(inv, kinds[i])->len &&
		    (kinds[i] != KIND_EVENT || !inventory_events(inv)->len))
			ret[n++] = kind_table[kinds[i]].plural;
	return n;
}

/* Columns are separated by tabs and names hold none; a hostile one is made visible. */
static void add_column(struct strbuf *out, const char *s, char end)
{
	utf8_add_printable(out, *s ? s : "-", strlen(*s ? s : "-"), false);
	strbuf_addch(out, end);
}

static const char *object_column(struct arena *a, const struct finding *f)
{
	return f->object ? report_object(a, f->object) : "";
}

static void cause_lines(struct strbuf *out, struct arena *a, const char *state, const struct cause_list *causes)
{
	for (uint32_t i = 0; i < causes->len; i++) {
		const struct cause *c = causes->items[i];

		strbuf_addf(out, "cause\t%s\t%s\t", state, c->root->check->id);
		add_column(out, object_column(a, c->root), '\t');
		strbuf_addf(out, "explains=%u\t", c->explained.len);
		add_column(out, report_name(a, &c->root->subject), '\n');
	}
}

/* What could not be read: a script must not take silence for health. */
static void note_lines(struct strbuf *out, const struct inventory *inv)
{
	size_t count;
	const struct note *notes = inventory_notes(inv, &count);

	for (size_t i = 0; i < count; i++) {
		strbuf_addstr(out, "note\t");
		add_column(out, notes[i].what, '\t');
		add_column(out, notes[i].why, '\n');
	}
}

void report_scan_lines(struct strbuf *out, struct arena *a, const struct diagnosis *d)
{
	for (uint32_t i = 0; i < d->findings.len; i++) {
		const struct finding *f = d->findings.items[i];

		strbuf_addf(out, "finding\t%s\t%s\t%s\t",
			    f->silence                   ? "silenced"
			    : f->state == FINDING_ACTIVE ? "active"
							 : "recovered",
			    severity_text(f->severity), f->check->id);
		add_column(out, object_column(a, f), '\t');
		add_column(out, f->container ? f->container : "", '\t');
		add_column(out, report_name(a, &f->subject), '\n');
	}
	cause_lines(out, a, "active", &d->causes);
	cause_lines(out, a, "lesser", &d->lesser);
	cause_lines(out, a, "recovered", &d->recovered);
	note_lines(out, d->inv);
}
