/* filter: the flags that choose causes: --kind, --since, --changed-since, -l.
 * Ownership: what it makes lies in the command's arena. Thread rule: the main thread only. */
#ifndef CLI_FILTER_H
#define CLI_FILTER_H

#include "cli/session.h"
#include "diagnose/filter.h"

/* Reads the flags of an open session. ERR_USAGE for an unknown kind or a wrong selector. */
int filter_read(struct session *s, struct cause_filter *ret, struct err *err);
/* Keeps in d's lists what passes, and returns how many active causes do not. The verdict stays. */
uint32_t filter_diagnosis(const struct cause_filter *filter, struct session *s, struct diagnosis *d);
/* "2 causes do not pass the filter (--kind, --since)."; nothing when all do. */
void filter_text(struct session *s, uint32_t hidden);

#endif
