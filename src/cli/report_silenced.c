/* What rules and annotations silence: it is not lost, and who silenced it says why. */
#include "checks/rules.h"
#include "cli/report.h"

char *report_silence(struct arena *a, const struct silence *s)
{
	char text[CLOCK_TEXT_MAX];
	char *by = arena_printf(a, "silenced by %s", s->by);

	if (s->until)
		by = arena_printf(a, "%s until %.10s", by, clock_format_rfc3339(s->until, text));
	return *s->reason ? arena_printf(a, "%s: %s", by, s->reason) : by;
}

void report_silenced_text(struct term *t, struct arena *a, const struct diagnosis *d, bool listed)
{
	uint32_t n = d->silenced.len;

	if (!n)
		return;
	if (!listed) {
		term_addf(t, "%u finding%s silenced: --silenced shows %s.\n", n, n == 1 ? " is" : "s are", n == 1 ? "it" : "them");
		return;
	}
	term_add(t, STYLE_BOLD, "Silenced");
	term_addf(t, "\n");
	for (uint32_t i = 0; i < n; i++) {
		const struct finding *f = d->silenced.items[i];

		term_wrap(t, 2, STYLE_DIM, "- ", 2, STYLE_NONE, arena_printf(a, "%s %s: %s", severity_text(f->severity), f->check->id, f->message));
		term_wrap(t, 4, STYLE_DIM, "", 0, STYLE_DIM, report_silence(a, f->silence));
	}
}

void report_silenced_json(struct json_writer *w, struct arena *a, const struct diagnosis *d)
{
	json_key(w, "silenced");
	json_array_begin(w);
	for (uint32_t i = 0; i < d->silenced.len; i++) {
		const struct finding *f = d->silenced.items[i];

		json_object_begin(w);
		json_key(w, "by");
		json_string(w, f->silence->by);
		json_key(w, "reason");
		json_string(w, *f->silence->reason ? f->silence->reason : NULL);
		json_key(w, "until");
		json_time(w, f->silence->until);
		json_key(w, "finding");
		report_finding_json(w, a, f);
		json_object_end(w);
	}
	json_array_end(w);
}
