/* How each namespace does, as a table for people and as JSON. */
#include "cli/report.h"
#include "base/utf8.h"

#define HEALTHY_NAMED 8u /* healthy namespaces that the line about them names, unless all are asked for */

static unsigned name_width(const struct scope_list *scopes)
{
	size_t width = strlen("NAMESPACE");

	for (uint32_t i = 0; i < scopes->len; i++)
		width = MAX(width, utf8_width(scopes->items[i].ns, strlen(scopes->items[i].ns)));
	return (unsigned)MIN(width, (size_t)40);
}

static void row(struct term *t, struct arena *a, const struct scope *s, unsigned width)
{
	unsigned used = (unsigned)utf8_width(s->ns, strlen(s->ns));
	const char *pods = s->pods ? arena_printf(a, "%u/%u", s->ready, s->pods) : "-";

	term_safe(t, STYLE_NONE, s->ns);
	term_addf(t, "%*s", (int)(used < width ? width - used : 0) + 2, "");
	term_style(t, report_verdict_style(s->verdict));
	term_addf(t, "%-10s", verdict_text(s->verdict));
	term_style(t, STYLE_NONE);
	term_addf(t, "%9u  %9s  ", s->workloads, pods);
	term_wrap_on(t, MAX(used, width) + 34, STYLE_NONE, s->why);
}

/* Those that are well fit on one line. */
static void healthy_line(struct term *t, struct arena *a, const struct scope_list *scopes)
{
	const char *text = "";
	uint32_t n = 0;

	for (uint32_t i = 0; i < scopes->len; i++) {
		if (scopes->items[i].verdict != VERDICT_HEALTHY)
			continue;
		if (n++ < HEALTHY_NAMED)
			text = arena_printf(a, "%s%s%s", text, n > 1 ? ", " : "", scopes->items[i].ns);
	}
	if (n > HEALTHY_NAMED)
		text = arena_printf(a, "%s and %u more", text, n - HEALTHY_NAMED);
	if (n)
		term_wrap(t, 0, STYLE_GREEN, "healthy: ", 9, STYLE_NONE, text);
}

void report_scopes_text(struct term *t, struct arena *a, const struct scope_list *scopes, bool all)
{
	unsigned width = name_width(scopes);
	bool any = false;

	for (uint32_t i = 0; i < scopes->len; i++) {
		if (!all && scopes->items[i].verdict == VERDICT_HEALTHY)
			continue;
		if (!any)
			term_addf(t, "%-*s  %-10s%9s  %9s  %s\n", (int)width, "NAMESPACE", "VERDICT", "WORKLOADS", "PODS", "WHY");
		any = true;
		row(t, a, &scopes->items[i], width);
	}
	if (!all)
		healthy_line(t, a, scopes);
	if (scopes->len)
		term_addf(t, "\n");
}

void report_scopes_json(struct json_writer *w, const struct scope_list *scopes)
{
	json_key(w, "namespaces");
	json_array_begin(w);
	for (uint32_t i = 0; i < scopes->len; i++) {
		const struct scope *s = &scopes->items[i];

		json_object_begin(w);
		json_key(w, "name");
		json_string(w, s->ns);
		json_key(w, "verdict");
		json_string(w, verdict_text(s->verdict));
		json_key(w, "why");
		json_string(w, s->why);
		json_key(w, "workloads");
		json_int(w, s->workloads);
		json_key(w, "pods");
		json_int(w, s->pods);
		json_key(w, "podsReady");
		json_int(w, s->ready);
		json_object_end(w);
	}
	json_array_end(w);
}
