/* logs_report: how a mined log and a count are printed, for people and as JSON (auto-devops/logs/v1).
 * Thread rule: the main thread only. */
#ifndef CLI_LOGS_REPORT_H
#define CLI_LOGS_REPORT_H

#include "cli/term.h"
#include "diagnose/log_mine.h"
#include "diagnose/log_query.h"
#include "diagnose/log_scan.h"

struct logs_report {
	struct arena *arena;
	const char *const *names; /* of the logs that were read */
	uint32_t name_count;
	struct graph *graph; /* to look up who was called; NULL = no cluster is at hand */
	const char *ns;
	bool all;        /* every shape, not only the first few */
	bool asked_time; /* what is new was asked for since a given time, not since the first error */
};

void logs_report_text(struct term *t, const struct logs_report *r, const struct log_mining *g);
void logs_report_json(struct term *t, const struct logs_report *r, const struct log_mining *g);
void logs_count_text(struct term *t, const struct logs_report *r, const struct log_counting *g, bool grouped);
void logs_count_json(struct term *t, const struct logs_report *r, const struct log_counting *g, const struct log_query *q);

#endif
