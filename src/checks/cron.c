#include "checks/cron.h"

#include <strings.h>

struct field {
	const char *name;
	unsigned low, high;
	const char *names; /* three letters each, from low */
};

static const struct field fields[5] = {
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of month", 1, 31, ""},
	{"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
	{"day of week", 0, 6, "SUNMONTUEWEDTHUFRISAT"},
};

static bool parse_number(const struct field *f, const char **s, unsigned *ret)
{
	const char *p = *s;
	unsigned n = 0;
	for (const char *name = f->names; *name; name += 3) {
		if (strncasecmp(p, name, 3) == 0) {
			*ret = f->low + (unsigned)(name - f->names) / 3;
			*s = p + 3;
			return true;
		}
	}
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9' && n < 100000; p++)
		n = n * 10 + (unsigned)(*p - '0');
	*ret = n;
	*s = p;
	return true;
}

/* One of a list: "*", "*" "/5", "3", "1-5", "1-5/2". */
static bool parse_range(const struct field *f, const char *s, uint64_t *bits, bool *star, char *why, size_t why_len)
{
	unsigned from = f->low, to = f->high, step = 1;
	const char *begin = s;
	if (*s == '*' || *s == '?') {
		s++;
		*star = true;
	} else {
		if (!parse_number(f, &s, &from))
			goto bad;
		to = from;
		if (*s == '-') {
			s++;
			if (!parse_number(f, &s, &to))
				goto bad;
		} else if (*s == '/') {
			to = f->high;
		}
	}
	if (*s == '/') {
		static const struct field step_field = {"step", 1, 100000, ""};
		s++;
		if (!parse_number(&step_field, &s, &step) || step == 0)
			goto bad;
		*star = *star && step == 1;
	}
	if (*s)
		goto bad;
	if (from < f->low || to > f->high || from > to) {
		snprintf(why, why_len, "the %s \"%s\" is outside %u to %u", f->name, begin, f->low, f->high);
		return false;
	}
	for (unsigned i = from; i <= to; i += step)
		*bits |= UINT64_C(1) << i;
	return true;
bad:
	snprintf(why, why_len, "the %s \"%s\" is not understood", f->name, begin);
	return false;
}

static bool parse_field(const struct field *f, const char *text, uint64_t *bits, bool *star, char *why, size_t why_len)
{
	char part[64];
	*bits = 0;
	*star = false;
	for (;;) {
		size_t n = strcspn(text, ",");
		if (n == 0 || n >= sizeof(part)) {
			snprintf(why, why_len, "the %s \"%.60s\" is not understood", f->name, text);
			return false;
		}
		memcpy(part, text, n);
		part[n] = 0;
		if (!parse_range(f, part, bits, star, why, why_len))
			return false;
		if (!text[n])
			return true;
		text += n + 1;
	}
}

static const char *expand_name(const char *s)
{
	static const char *const names[][2] = {
		{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
		{"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"},
	};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(s, names[i][0]))
			return names[i][1];
	return s;
}

static unsigned days_in(unsigned month, unsigned year)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

/* "30 4 31 2 *": every field is fine, and no such day comes. Only when a weekday does not offer another way. */
static bool has_a_day(const struct cron *c)
{
	if (!c->any_weekday)
		return true;
	for (unsigned m = 1; m <= 12; m++)
		for (unsigned d = 1; d <= days_in(m, 2024); d++)
			if ((c->months >> m & 1) && (c->days >> d & 1))
				return true;
	return false;
}

bool cron_parse(const char *schedule, struct cron *ret, char *why, size_t why_len)
{
	char words[5][80];
	unsigned n = 0;
	bool star[5];
	uint64_t bits[5];
	memset(ret, 0, sizeof(*ret));
	if (strncmp(schedule, "TZ=", 3) == 0 || strncmp(schedule, "CRON_TZ=", 8) == 0) {
		snprintf(why, why_len, "a time zone belongs in spec.timeZone, not in the schedule");
		return false;
	}
	if (strncmp(schedule, "@every ", 7) == 0) {
		if (clock_parse_span(schedule + 7, &ret->every) && ret->every > 0 && ret->every < 3660 * USEC_PER_DAY)
			return true;
		snprintf(why, why_len, "\"%.60s\" is no duration", schedule + 7);
		return false;
	}
	for (const char *s = expand_name(schedule); *(s += strspn(s, " \t")); n++) {
		size_t len = strcspn(s, " \t");
		if (n < 5)
			snprintf(words[n], sizeof(words[n]), "%.*s", (int)MIN(len, sizeof(words[n]) - 1), s);
		s += len;
	}
	if (n != 5) {
		snprintf(why, why_len, "it has %u fields instead of 5 (minute, hour, day of month, month, day of week)", n);
		return false;
	}
	for (unsigned i = 0; i < 5; i++)
		if (!parse_field(&fields[i], words[i], &bits[i], &star[i], why, why_len))
			return false;
	*ret = (struct cron){.minutes = bits[0],
			     .hours = bits[1],
			     .days = bits[2],
			     .months = bits[3],
			     .weekdays = bits[4],
			     .any_day = star[2],
			     .any_weekday = star[4]};
	if (!has_a_day(ret)) {
		snprintf(why, why_len, "no such day ever comes");
		return false;
	}
	return true;
}

/* Days since 1970 to year, month, day (Howard Hinnant's civil_from_days, public domain algorithm). */
static void civil_from_days(int64_t z, unsigned *y, unsigned *m, unsigned *d)
{
	z += 719468;
	int64_t era = z / 146097;
	unsigned doe = (unsigned)(z - era * 146097), yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = (unsigned)(yoe + era * 400) + (*m <= 2);
}

static bool day_matches(const struct cron *c, int64_t day)
{
	unsigned y, m, d, weekday = (unsigned)((day + 4) % 7); /* 1970-01-01 was a Thursday */
	civil_from_days(day, &y, &m, &d);
	bool day_ok = c->days >> d & 1, weekday_ok = c->weekdays >> weekday & 1;
	if (!(c->months >> m & 1))
		return false;
	return c->any_day || c->any_weekday ? day_ok && weekday_ok : day_ok || weekday_ok;
}

usec_t cron_next(const struct cron *c, usec_t t)
{
	if (c->every)
		return t + c->every;
	int64_t minute = t / USEC_PER_MINUTE + 1, day = minute / 1440, last = day + 5 * 366;
	for (unsigned at = (unsigned)(minute % 1440); day < last; day++, at = 0) {
		if (!day_matches(c, day))
			continue;
		for (unsigned i = at; i < 1440; i++)
			if ((c->hours >> (i / 60) & 1) && (c->minutes >> (i % 60) & 1))
				return (day * 1440 + i) * USEC_PER_MINUTE;
	}
	return 0;
}
