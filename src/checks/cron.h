/* Cron schedules as the CronJob controller reads them (five fields, names, ranges, steps, lists, @daily, @every 1h; Sunday is 0 only).
 *
 * Thread rule: pure, any thread. Times are UTC. */
#ifndef CHECKS_CRON_H
#define CHECKS_CRON_H

#include "base/clock.h"

struct cron {
	uint64_t minutes, hours, days, months, weekdays; /* bit n = value n */
	bool any_day, any_weekday;                       /* the field was a star */
	usec_t every;                                    /* @every; else 0 */
};

/* False with what is wrong in why (at most why_len bytes). */
bool cron_parse(const char *schedule, struct cron *ret, char *why, size_t why_len);
/* The first run after t; 0 when there is none within five years. */
usec_t cron_next(const struct cron *c, usec_t t);

#endif
