/* The lines of a fitness check as text, JSON and JUnit. */
#include "cli/check_report.h"
#include "base/utf8.h"
#include "format/json.h"
#include "format/markup.h"

/* Facts may come from a file, and versions from any program: all texts of a line are outside text. */

static const struct look {
	const char *mark, *ascii;
	enum style style;
} looks[] = {
	[FIT_PASS] = {"√", "+", STYLE_GREEN},
	[FIT_WARN] = {"‼", "!", STYLE_YELLOW},
	[FIT_FAIL] = {"×", "x", STYLE_RED_BOLD},
	[FIT_UNKNOWN] = {"?", "?", STYLE_CYAN},
};
static const struct look look_ignored = {"·", ".", STYLE_DIM}, look_not_asked = {"-", "-", STYLE_DIM};

static const struct look *look_of(const struct fit_line *line)
{
	return line->ignored ? &look_ignored : line->not_asked ? &look_not_asked : &looks[line->verdict];
}

static bool is_well(const struct fit_line *line)
{
	return line->ignored || line->not_asked || line->verdict == FIT_PASS;
}

static void add_mark(struct term *t, const struct fit_line *line)
{
	const struct look *look = look_of(line);

	term_add(t, look->style, t->ascii ? look->ascii : look->mark);
	term_addf(t, " ");
}

static void add_heading(struct term *t, const char *category, bool first)
{
	size_t width = utf8_width(category, strlen(category));

	term_addf(t, first ? "" : "\n");
	term_safe(t, STYLE_BOLD, category);
	term_addf(t, "\n");
	strbuf_addn(&t->buf, '-', width);
	term_addf(t, "\n");
}

static void detail(struct term *t, const char *label, const char *text)
{
	if (*text)
		term_wrap(t, 4, STYLE_DIM, label, 12, STYLE_NONE, text);
}

static void add_line(struct term *t, const struct fit_line *line)
{
	add_mark(t, line);
	term_safe(t, STYLE_NONE, line->title);
	term_addf(t, ": ");
	term_safe(t, is_well(line) ? STYLE_NONE : STYLE_BOLD, line->measured);
	if (line->ignored)
		term_addf(t, " (%s, ignored)", fit_text(line->verdict));
	if (is_well(line) && !line->ignored && !line->not_asked && *line->required && !str_eq(line->required, line->measured)) {
		term_addf(t, "  ");
		term_style(t, STYLE_DIM);
		term_addf(t, "[");
		term_safe(t, STYLE_NONE, line->required);
		if (*line->recommended) {
			term_addf(t, "; better ");
			term_safe(t, STYLE_NONE, line->recommended);
		}
		term_addf(t, "]");
		term_style(t, STYLE_NONE);
	}
	term_addf(t, "\n");
	if (line->ignored)
		return;
	if (!is_well(line)) {
		detail(t, "required", line->required);
		detail(t, "recommended", line->recommended);
	}
	detail(t, "because", line->why);
	if (line->verdict != FIT_PASS)
		detail(t, line->not_asked ? "to ask" : "to do", line->remedy);
	if (!is_well(line))
		detail(t, "id", line->id);
}

static const char *verdict_of(const struct fitness_counts *c, bool strict)
{
	if (c->fail)
		return "not fit";
	if (strict && (c->warn || c->unknown))
		return "not fit under --strict";
	return c->unknown ? "incomplete" : c->warn ? "fit, with warnings" : "fit";
}

static void add_counts(struct term *t, const struct fitness *f, bool strict)
{
	const struct fitness_counts c = fitness_count(f);
	const struct {
		uint32_t n;
		const char *what;
	} parts[] = {{c.pass, "ok"},         {c.warn, "warnings"},       {c.fail, "failed"},
		     {c.unknown, "unknown"}, {c.not_asked, "not asked"}, {c.ignored, "ignored"}};
	const char *separator = "";

	term_add(t, c.fail ? STYLE_RED_BOLD : c.warn || c.unknown ? STYLE_YELLOW : STYLE_GREEN, verdict_of(&c, strict));
	term_addf(t, ": ");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!parts[i].n)
			continue;
		term_addf(t, "%s%u %s", separator, parts[i].n, parts[i].n == 1 && str_eq(parts[i].what, "warnings") ? "warning" : parts[i].what);
		separator = ", ";
	}
	term_addf(t, "\n");
}

void check_report_text(struct term *t, const struct fitness *f, const struct check_subject *s)
{
	const char *category = "";

	term_safe(t, STYLE_BOLD, s->what);
	term_addf(t, ", against ");
	term_safe(t, STYLE_NONE, s->against);
	if (s->recorded && *s->time) {
		term_addf(t, ", as of ");
		term_safe(t, STYLE_NONE, s->time);
	}
	term_addf(t, "\n\n");
	for (uint32_t i = 0; i < f->len; i++) {
		const struct fit_line *line = &f->items[i];

		if (!str_eq(category, line->category))
			add_heading(t, line->category, !*category);
		category = line->category;
		add_line(t, line);
	}
	term_addf(t, "\n");
	add_counts(t, f, s->strict);
}

void check_report_short(struct term *t, const struct fitness *f, const struct check_subject *s)
{
	for (uint32_t i = 0; i < f->len; i++) {
		const struct fit_line *line = &f->items[i];

		if (is_well(line))
			continue;
		add_mark(t, line);
		term_safe(t, STYLE_NONE, line->id);
		term_addf(t, ": ");
		term_safe(t, STYLE_NONE, line->measured);
		if (*line->required) {
			term_addf(t, "; required: ");
			term_safe(t, STYLE_NONE, line->required);
		}
		if (*line->recommended && line->verdict == FIT_WARN) {
			term_addf(t, "; recommended: ");
			term_safe(t, STYLE_NONE, line->recommended);
		}
		term_addf(t, "\n");
	}
	add_counts(t, f, s->strict);
}

void check_report_json(struct strbuf *out, const struct fitness *f, const struct check_subject *s)
{
	const struct fitness_counts c = fitness_count(f);
	struct json_writer w;

	json_writer_init(&w, out, 2);
	json_object_begin(&w);
	json_member_text(&w, "format", "auto-devops/check/v1");
	json_member_text(&w, "subject", s->what);
	json_member_text(&w, "against", s->against);
	json_member_text(&w, "time", s->time);
	json_member_text(&w, "verdict", verdict_of(&c, s->strict));
	json_member_int(&w, "pass", c.pass);
	json_member_int(&w, "warn", c.warn);
	json_member_int(&w, "fail", c.fail);
	json_member_int(&w, "unknown", c.unknown);
	json_member_int(&w, "notAsked", c.not_asked);
	json_member_int(&w, "ignored", c.ignored);
	json_key(&w, "lines");
	json_array_begin(&w);
	for (uint32_t i = 0; i < f->len; i++) {
		const struct fit_line *line = &f->items[i];
		const char *const members[][2] = {{"id", line->id},
						  {"category", line->category},
						  {"title", line->title},
						  {"verdict", fit_text(line->verdict)},
						  {"measured", line->measured},
						  {"required", line->required},
						  {"recommended", line->recommended},
						  {"why", line->why},
						  {"source", line->source},
						  {"remedy", line->verdict == FIT_PASS ? "" : line->remedy}};

		json_object_begin(&w);
		for (size_t k = 0; k < ARRAY_LEN(members); k++)
			json_member_text(&w, members[k][0], members[k][1]);
		json_key(&w, "asked");
		json_bool(&w, !line->not_asked);
		json_key(&w, "ignored");
		json_bool(&w, line->ignored);
		json_object_end(&w);
	}
	json_array_end(&w);
	json_object_end(&w);
	strbuf_addch(out, '\n');
}

/* Under --strict a warning, and what could not be told, fails. */
static bool fails(const struct fit_line *line, bool strict)
{
	if (line->ignored || line->not_asked)
		return false;
	return line->verdict == FIT_FAIL || (strict && line->verdict != FIT_PASS);
}

static const char *skipped(const struct fit_line *line)
{
	return line->ignored ? "ignored" : line->not_asked ? "not asked" : line->verdict == FIT_UNKNOWN ? "unknown" : NULL;
}

static void junit_case(struct strbuf *out, const struct fit_line *line, bool strict)
{
	const char *skip = skipped(line);

	strbuf_addstr(out, "    <testcase");
	markup_attribute(out, "classname", line->id);
	markup_attribute(out, "name", line->title);
	strbuf_addstr(out, " time=\"0\">");
	if (fails(line, strict)) {
		strbuf_addstr(out, "\n      <failure");
		markup_attribute(out, "type", fit_text(line->verdict));
		markup_attribute(out, "message", line->measured);
		strbuf_addch(out, '>');
		if (*line->required) {
			strbuf_addstr(out, "required: ");
			markup_text(out, line->required);
			strbuf_addch(out, '\n');
		}
		markup_text(out, line->remedy);
		strbuf_addstr(out, "</failure>\n    ");
	} else if (skip) {
		strbuf_addstr(out, "<skipped");
		markup_attribute(out, "message", skip);
		strbuf_addstr(out, "/>");
	} else if (line->verdict == FIT_WARN) {
		strbuf_addstr(out, "<system-out>");
		markup_text(out, line->measured);
		strbuf_addstr(out, "\n");
		markup_text(out, line->remedy);
		strbuf_addstr(out, "</system-out>");
	}
	strbuf_addstr(out, "</testcase>\n");
}

void check_report_junit(struct strbuf *out, const struct fitness *f, const struct check_subject *s)
{
	uint32_t failures = 0, left_out = 0;

	for (uint32_t i = 0; i < f->len; i++) {
		failures += fails(&f->items[i], s->strict);
		left_out += !fails(&f->items[i], s->strict) && skipped(&f->items[i]);
	}
	strbuf_addstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	markup_attribute(out, "name", "auto-devops check");
	strbuf_addf(out, " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n  <testsuite", f->len, failures, left_out);
	markup_attribute(out, "name", s->against);
	strbuf_addf(out, " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"0\">\n", f->len, failures, left_out);
	for (uint32_t i = 0; i < f->len; i++)
		junit_case(out, &f->items[i], s->strict);
	strbuf_addstr(out, "  </testsuite>\n</testsuites>\n");
}

int check_exit_code(const struct fitness *f, bool strict)
{
	const struct fitness_counts c = fitness_count(f);

	return c.fail ? 3 : strict && (c.warn || c.unknown) ? 4 : 0;
}
