#include "base/clock.h"

static usec_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (usec_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

usec_t clock_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

usec_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the leap day is the
 * last of its year; 400 years have 146097 days. */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400, year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

static int days_in_month(int64_t year, int month)
{
	static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Exactly `digits` decimal digits at *s; -1 when they are none. */
static int take(const char **s, const char *end, int digits)
{
	int n = 0;

	if (end - *s < digits)
		return -1;
	for (; digits; digits--, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		n = n * 10 + (**s - '0');
	}
	return n;
}

static bool skip(const char **s, const char *end, char c)
{
	if (*s < end && (**s == c || (c == 'T' && (**s == 't' || **s == ' ')))) {
		(*s)++;
		return true;
	}
	return false;
}

static bool take_fraction(const char **s, const char *end, usec_t *ret)
{
	usec_t unit = USEC_PER_SEC / 10;

	*ret = 0;
	if (!skip(s, end, '.'))
		return true;
	if (*s == end || **s < '0' || **s > '9')
		return false;
	for (; *s < end && **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		*ret += (**s - '0') * unit;
	return true;
}

/* "Z" or "+hh:mm" up to the end. */
static bool take_offset(const char **s, const char *end, usec_t *ret)
{
	int sign, hours, minutes;

	*ret = 0;
	if (*s < end && (**s == 'Z' || **s == 'z'))
		return ++*s == end;
	if (*s == end || (**s != '+' && **s != '-'))
		return false;
	sign = *(*s)++ == '-' ? -1 : 1;
	if ((hours = take(s, end, 2)) < 0 || hours > 23 || !skip(s, end, ':') || (minutes = take(s, end, 2)) < 0 || minutes > 59)
		return false;
	*ret = sign * (hours * USEC_PER_HOUR + minutes * USEC_PER_MINUTE);
	return *s == end;
}

/* "2026-11-25T02:37:38Z", as Kubernetes writes nearly every time. False: some other form, or none. */
static bool parse_plain(const char *s, usec_t *ret)
{
	static const unsigned char at[] = {0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18};
	unsigned d[ARRAY_LEN(at)], worst = 0, month, day, hour, minute, second;
	int year;

	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		d[i] = (unsigned)(unsigned char)s[at[i]] - '0';
		worst = MAX(worst, d[i]);
	}
	if (worst > 9 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z')
		return false;
	year = (int)(d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3]);
	month = d[4] * 10 + d[5];
	day = d[6] * 10 + d[7];
	hour = d[8] * 10 + d[9];
	minute = d[10] * 10 + d[11];
	second = d[12] * 10 + d[13];
	if (month < 1 || month > 12 || day < 1 || (day > 28 && (int)day > days_in_month(year, (int)month)) || hour > 23 || minute > 59 || second > 60)
		return false;
	*ret = days_of(year, (int)month, (int)day) * USEC_PER_DAY + (usec_t)(hour * 3600 + minute * 60 + second) * USEC_PER_SEC;
	return true;
}

bool clock_parse_rfc3339(const char *s, size_t len, usec_t *ret)
{
	const char *end = s + len;
	int year, month, day, hour, minute, second;
	usec_t fraction, offset;

	if (len == 20 && parse_plain(s, ret))
		return true;
	if ((year = take(&s, end, 4)) < 0 || !skip(&s, end, '-') || (month = take(&s, end, 2)) < 1 || month > 12 || !skip(&s, end, '-') ||
	    (day = take(&s, end, 2)) < 1 || day > days_in_month(year, month) || !skip(&s, end, 'T') || (hour = take(&s, end, 2)) < 0 || hour > 23 ||
	    !skip(&s, end, ':') || (minute = take(&s, end, 2)) < 0 || minute > 59 || !skip(&s, end, ':') || (second = take(&s, end, 2)) < 0 ||
	    second > 60 || !take_fraction(&s, end, &fraction) || !take_offset(&s, end, &offset))
		return false;
	*ret = days_of(year, month, day) * USEC_PER_DAY + hour * USEC_PER_HOUR + minute * USEC_PER_MINUTE + second * USEC_PER_SEC + fraction - offset;
	return true;
}

bool clock_date(int64_t year, int month, int day, usec_t *ret)
{
	if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return false;
	*ret = days_of(year, month, day) * USEC_PER_DAY;
	return true;
}

int64_t clock_year(usec_t t)
{
	int64_t year;
	int month, day;

	date_of(t / USEC_PER_DAY - (t % USEC_PER_DAY < 0), &year, &month, &day);
	return year;
}

char *clock_format_rfc3339(usec_t t, char buf[CLOCK_TEXT_MAX])
{
	int64_t days = t / USEC_PER_DAY, rest = t % USEC_PER_DAY, year;
	int month, day, n, seconds, fraction;

	if (rest < 0) {
		days--;
		rest += USEC_PER_DAY;
	}
	date_of(days, &year, &month, &day);
	seconds = (int)(rest / USEC_PER_SEC);
	fraction = (int)(rest % USEC_PER_SEC);
	n = snprintf(buf, CLOCK_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, month, day, seconds / 3600, seconds / 60 % 60, seconds % 60);
	if (fraction)
		n += snprintf(buf + n, (size_t)(CLOCK_TEXT_MAX - n), ".%06d", fraction);
	snprintf(buf + n, (size_t)(CLOCK_TEXT_MAX - n), "Z");
	return buf;
}

char *clock_format_span(usec_t span, char buf[CLOCK_TEXT_MAX])
{
	long long minutes = span / USEC_PER_MINUTE, hours = span / USEC_PER_HOUR, days = span / USEC_PER_DAY;

	if (span <= 0)
		snprintf(buf, CLOCK_TEXT_MAX, "0 s");
	else if (span < USEC_PER_SEC)
		snprintf(buf, CLOCK_TEXT_MAX, "%lld ms", (long long)(span / USEC_PER_MSEC));
	else if (span < 2 * USEC_PER_MINUTE)
		snprintf(buf, CLOCK_TEXT_MAX, "%lld s", (long long)(span / USEC_PER_SEC));
	else if (hours < 1)
		snprintf(buf, CLOCK_TEXT_MAX, "%lld min", minutes);
	else if (hours < 24 && minutes % 60)
		snprintf(buf, CLOCK_TEXT_MAX, "%lld h %lld min", hours, minutes % 60);
	else if (hours < 48)
		snprintf(buf, CLOCK_TEXT_MAX, "%lld h", hours);
	else
		snprintf(buf, CLOCK_TEXT_MAX, "%lld days", days);
	return buf;
}

static usec_t span_unit(const char **s)
{
	static const struct {
		const char *name;
		usec_t unit;
	} units[] = {{"ms", USEC_PER_MSEC}, {"us", 1}, {"s", USEC_PER_SEC}, {"m", USEC_PER_MINUTE}, {"h", USEC_PER_HOUR}, {"d", USEC_PER_DAY}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(*s, units[i].name, n) == 0) {
			*s += n;
			return units[i].unit;
		}
	}
	return 0;
}

bool clock_parse_span(const char *s, usec_t *ret)
{
	double total = 0;

	if (str_eq(s, "0")) {
		*ret = 0;
		return true;
	}
	if (!*s)
		return false;
	while (*s) {
		char *end;
		double n;
		usec_t unit;

		/* strtod also takes signs, "inf" and hexadecimal. */
		if ((*s < '0' || *s > '9') && *s != '.')
			return false;
		n = strtod(s, &end);
		if (end == s || memchr(s, 'x', (size_t)(end - s)) || memchr(s, 'X', (size_t)(end - s)))
			return false;
		s = end;
		unit = span_unit(&s);
		if (!unit)
			return false;
		total += n * (double)unit;
	}
	if (!(total < 9e18))
		return false;
	*ret = (usec_t)(total + 0.5);
	return true;
}
