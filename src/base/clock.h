/* Time: microseconds since 1970 in UTC, RFC 3339 text, and spans as people read them.
 *
 * Thread rule: pure, any thread. No local time zones: the caller passes an offset when it prints. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "err.h"

typedef int64_t usec_t; /* microseconds; 0 = unknown */

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC ((usec_t)1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)

usec_t clock_now(void);       /* wall clock */
usec_t clock_monotonic(void); /* for deadlines and measuring */

/* "2026-11-23T15:04:05Z", fractions and offsets allowed (RFC 3339). False when it is none. */
bool clock_parse_rfc3339(const char *s, size_t len, usec_t *ret);
/* The beginning of a day of the Gregorian calendar (month 1..12); false when there is no such day. And the year of a time. */
bool clock_date(int64_t year, int month, int day, usec_t *ret);
int64_t clock_year(usec_t t);
/* Writes "2026-11-23T15:04:05Z" (with ".123456" when there is a fraction) into buf[CLOCK_TEXT_MAX]. */
#define CLOCK_TEXT_MAX 40
char *clock_format_rfc3339(usec_t t, char buf[CLOCK_TEXT_MAX]);
/* "45 s", "12 min", "3 h 20 min", "5 days": a span, for people. Negative spans count as 0. */
char *clock_format_span(usec_t span, char buf[CLOCK_TEXT_MAX]);
/* "300ms", "10s", "5m", "2h", "3d", "1h30m" -> microseconds. False when it is none. */
bool clock_parse_span(const char *s, usec_t *ret);

#endif
