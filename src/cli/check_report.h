/* check_report: how the lines of a fitness check are printed. Ownership: nothing is kept. Thread rule: the main thread only. */
#ifndef CLI_CHECK_REPORT_H
#define CLI_CHECK_REPORT_H

#include "cli/term.h"
#include "platform/fitness.h"

/* What was looked at, for the head of a report. */
struct check_subject {
	const char *what;    /* "this machine", "the machine of facts.yaml", "cluster kind-dev" */
	const char *against; /* "laptop-min: the minimum laptop workstation" */
	const char *time;    /* when, RFC 3339; "" = not told */
	bool strict;
	bool recorded; /* it is not looked at now: say when it was */
};

void check_report_text(struct term *t, const struct fitness *f, const struct check_subject *s);
/* Only what is not well, a line each, and the counts: to paste somewhere. */
void check_report_short(struct term *t, const struct fitness *f, const struct check_subject *s);
void check_report_json(struct strbuf *out, const struct fitness *f, const struct check_subject *s);
void check_report_junit(struct strbuf *out, const struct fitness *f, const struct check_subject *s);
/* 0, 3 (something fails) or 4 (strict, and there are warnings or things that could not be told). */
int check_exit_code(const struct fitness *f, bool strict);

#endif
