/* The time of a log line, in the formats that programs write it: where a log has its times is learnt once, and then looked at first. */
#include "diagnose/log_line.h"

#include <ctype.h>

enum where { WHERE_UNKNOWN, WHERE_ISO, WHERE_KEY, WHERE_BRACKET, WHERE_KLOG, WHERE_SYSLOG, WHERE_EPOCH, WHERE_CLOCK, WHERE_COUNT };

#define MISSES_MAX 64    /* lines without a time after which only one in TRY_EVERY is searched everywhere */
#define TRY_EVERY 32u    /* a log that has no times must not cost a search for each line */
#define SEARCH_BYTES 512 /* of a line */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static int two(const char *s)
{
	unsigned a = (unsigned char)s[0] - '0', b = (unsigned char)s[1] - '0';

	return a > 9 || b > 9 ? -1 : (int)(a * 10 + b);
}

static int month_of(const char *s)
{
	for (int m = 0; m < 12; m++)
		if (memcmp(months + 3 * m, s, 3) == 0)
			return m + 1;
	return 0;
}

static usec_t now_of(const struct log_clock *c)
{
	return c->now ? c->now : clock_now();
}

/* "HH:MM:SS" with a fraction after '.' or ','. Returns the bytes it takes, 0 = it is none. */
static size_t day_time(const char *s, size_t len, usec_t *ret)
{
	int hour, minute, second;
	usec_t unit = USEC_PER_SEC / 10;
	size_t n = 8;

	if (len < 8 || s[2] != ':' || s[5] != ':')
		return 0;
	hour = two(s), minute = two(s + 3), second = two(s + 6);
	if (hour < 0 || minute < 0 || second < 0 || hour > 23 || minute > 59 || second > 60)
		return 0;
	*ret = hour * USEC_PER_HOUR + minute * USEC_PER_MINUTE + second * USEC_PER_SEC;
	if (n + 1 < len && (s[n] == '.' || s[n] == ',') && isdigit((unsigned char)s[n + 1]))
		for (n++; n < len && isdigit((unsigned char)s[n]); n++, unit /= 10)
			*ret += (s[n] - '0') * unit;
	return n;
}

/* "Z", "+02:00", "+0200", " +0200" */
static size_t zone(const char *s, size_t len, usec_t *ret)
{
	size_t at = len && s[0] == ' ', n;
	int hours, minutes;

	*ret = 0;
	if (len && (s[0] == 'Z' || s[0] == 'z'))
		return 1;
	if (len < at + 5 || (s[at] != '+' && s[at] != '-'))
		return 0;
	n = s[at + 3] == ':' ? 6 : 5;
	if (len < at + n || (hours = two(s + at + 1)) < 0 || (minutes = two(s + at + n - 2)) < 0 || hours > 14 || minutes > 59)
		return 0;
	*ret = (s[at] == '-' ? -1 : 1) * (hours * USEC_PER_HOUR + minutes * USEC_PER_MINUTE);
	return at + n;
}

/* "2026-11-25T10:00:00.123Z", "2026-11-25 10:00:00,123", "2026/11/25 10:00:00". Returns the bytes it takes. */
static size_t iso(struct log_clock *c, const char *s, size_t len, usec_t *ret)
{
	usec_t day, rest, offset = 0;
	size_t n;

	if (len < 19)
		return 0;
	if (c->minute && memcmp(s, c->minute_text, 16) == 0 && s[16] == ':') {
		/* The same minute as before: nearly always. */
		int second = two(s + 17);
		usec_t unit = USEC_PER_SEC / 10;

		if (second < 0 || second > 60)
			return 0;
		*ret = c->minute + second * USEC_PER_SEC;
		n = 19;
		if (len > 20 && (s[19] == '.' || s[19] == ',') && isdigit((unsigned char)s[20]))
			for (n = 20; n < len && isdigit((unsigned char)s[n]); n++, unit /= 10)
				*ret += (s[n] - '0') * unit;
	} else {
		int high = two(s), low = two(s + 2), month = two(s + 5), date = two(s + 8);

		if (high < 0 || low < 0 || (s[4] != '-' && s[4] != '/') || s[7] != s[4] || (s[10] != 'T' && s[10] != ' ' && s[10] != 't') ||
		    !clock_date(high * 100 + low, month, date, &day))
			return 0;
		n = day_time(s + 11, len - 11, &rest);
		if (!n)
			return 0;
		n += 11;
		*ret = day + rest;
		memcpy(c->minute_text, s, 16);
		c->minute_text[16] = '\0';
		c->minute = day + rest / USEC_PER_MINUTE * USEC_PER_MINUTE;
	}
	n += zone(s + n, len - n, &offset);
	*ret -= offset;
	return n;
}

/* "25/Nov/2026:10:00:00 +0000" */
static size_t common_log(struct log_clock *c, const char *s, size_t len, usec_t *ret)
{
	usec_t day, rest, offset;
	size_t n;

	if (len < 20)
		return 0;
	if (c->minute && memcmp(s, c->minute_text, 16) == 0 && s[16] == c->minute_text[16] && s[17] == ':' && two(s + 18) >= 0) {
		*ret = c->minute + two(s + 18) * USEC_PER_SEC;
		n = 20 + zone(s + 20, len - 20, &offset);
		*ret -= offset;
		return n;
	}
	if (s[2] != '/' || s[6] != '/' || s[11] != ':' || two(s + 7) < 0 || two(s + 9) < 0 ||
	    !clock_date(two(s + 7) * 100 + two(s + 9), month_of(s + 3), two(s), &day) || !(n = day_time(s + 12, len - 12, &rest)))
		return 0;
	memcpy(c->minute_text, s, 17);
	c->minute = day + rest / USEC_PER_MINUTE * USEC_PER_MINUTE;
	n += 12;
	n += zone(s + n, len - n, &offset);
	*ret = day + rest - offset;
	return n;
}

/* A date without a year is the latest one before now, a day's grace for clocks that differ. */
static bool without_year(const struct log_clock *c, int month, int date, usec_t rest, usec_t *ret)
{
	usec_t now = now_of(c), day;
	int64_t year = clock_year(now);

	if (clock_date(year, month, date, &day) && day + rest <= now + USEC_PER_DAY) {
		*ret = day + rest;
		return true;
	}
	if (!clock_date(year - 1, month, date, &day))
		return false;
	*ret = day + rest;
	return true;
}

/* "Nov 25 10:00:00", "Nov  5 10:00:00", and Apache's "Wed Nov 25 10:00:00.123456 2026" */
static size_t syslog_time(const struct log_clock *c, const char *s, size_t len, usec_t *ret)
{
	size_t week = len > 4 && s[3] == ' ' && !isdigit((unsigned char)s[4]) && s[4] != ' ' ? 4 : 0, n;
	usec_t rest, day;
	int month, date;

	if (len < week + 15 || !(month = month_of(s + week)) || s[week + 3] != ' ' || s[week + 6] != ' ')
		return 0;
	date = s[week + 4] == ' ' ? s[week + 5] - '0' : two(s + week + 4);
	if (date < 1 || !(n = day_time(s + week + 7, len - week - 7, &rest)))
		return 0;
	n += week + 7;
	if (week && len >= n + 5 && s[n] == ' ' && two(s + n + 1) >= 0 && two(s + n + 3) >= 0 &&
	    clock_date(two(s + n + 1) * 100 + two(s + n + 3), month, date, &day)) {
		*ret = day + rest;
		return n + 5;
	}
	return without_year(c, month, date, rest, ret) ? n : 0;
}

/* "E1125 10:00:00.123456" */
static size_t klog_time(const struct log_clock *c, const char *s, size_t len, usec_t *ret)
{
	usec_t rest;
	size_t n;

	if (len < 14 || !str_has("IWEF", s[0]) || s[5] != ' ' || two(s + 1) < 1 || two(s + 3) < 1 || !(n = day_time(s + 6, len - 6, &rest)) ||
	    !without_year(c, two(s + 1), two(s + 3), rest, ret))
		return 0;
	return n + 6;
}

/* Seconds, milli-, micro- or nanoseconds since 1970, by the number of digits; years 2001 to 2286. */
static size_t epoch(const char *s, size_t len, usec_t *ret)
{
	usec_t t = 0, unit = USEC_PER_SEC / 10;
	size_t n = 0;

	while (n < len && n < 20 && isdigit((unsigned char)s[n]))
		t = n < 18 ? t * 10 + (s[n] - '0') : t, n++;
	if (n == 10) {
		t *= USEC_PER_SEC;
		if (n + 1 < len && s[n] == '.' && isdigit((unsigned char)s[n + 1]))
			for (n++; n < len && isdigit((unsigned char)s[n]); n++, unit /= 10)
				t += (s[n] - '0') * unit;
	} else if (n == 13) {
		t *= USEC_PER_MSEC;
	} else if (n == 19) {
		t /= 100; /* 18 digits were read */
	} else if (n != 16) {
		return 0;
	}
	if (t < 1000000000 * USEC_PER_SEC || t > 9999999999 * USEC_PER_SEC)
		return 0;
	*ret = t;
	return n;
}

/* "10:00:00.123": the latest one before now. */
static size_t clock_only(const struct log_clock *c, const char *s, size_t len, usec_t *ret)
{
	usec_t now = now_of(c), rest;
	size_t n = day_time(s, len, &rest);

	if (!n)
		return 0;
	*ret = now - now % USEC_PER_DAY + rest;
	if (*ret > now + USEC_PER_HOUR)
		*ret -= USEC_PER_DAY;
	return n;
}

usec_t log_time_value(struct log_clock *c, struct log_span text)
{
	usec_t t;
	size_t n;

	if (iso(c, text.at, text.len, &t))
		return t;
	n = epoch(text.at, text.len, &t);
	return n && n + 3 >= text.len ? t : 0;
}

/* At the beginning of the line, an opening bracket allowed. *ret_prefix takes the closing one and one blank with it. */
static usec_t leading(struct log_clock *c, enum where where, const char *line, size_t len, size_t *ret_prefix)
{
	size_t open = len && (line[0] == '[' || line[0] == '(' || line[0] == '"' || line[0] == '<'), n = 0;
	const char *s = line + open;
	usec_t t = 0;

	switch (where) {
	case WHERE_ISO:
		n = iso(c, s, len - open, &t);
		break;
	case WHERE_KLOG:
		/* The letter in front is the level: it stays. */
		return klog_time(c, line, len, &t) ? t : 0;
	case WHERE_SYSLOG:
		n = syslog_time(c, s, len - open, &t);
		break;
	case WHERE_EPOCH:
		n = epoch(s, len - open, &t);
		break;
	default:
		n = clock_only(c, s, len - open, &t);
		break;
	}
	if (!n)
		return 0;
	n += open;
	if (open && n < len && str_has("])\">", line[n]))
		n++;
	if (n < len && (line[n] == ' ' || line[n] == '\t'))
		n++;
	*ret_prefix = n;
	return t;
}

/* "[25/Nov/2026:10:00:00 +0000]" or "[2026-11-25T10:00:00.123Z]" somewhere in the line. */
static usec_t bracketed(struct log_clock *c, const char *line, size_t len)
{
	const char *end = line + MIN(len, (size_t)SEARCH_BYTES), *p = line;
	usec_t t;

	while ((p = memchr(p, '[', (size_t)(end - p)))) {
		p++;
		if (common_log(c, p, (size_t)(line + len - p), &t) || iso(c, p, (size_t)(line + len - p), &t) ||
		    syslog_time(c, p, (size_t)(line + len - p), &t))
			return t;
	}
	return 0;
}

/* time=, ts=, timestamp=, t=, time="...": of logfmt */
static usec_t keyed(struct log_clock *c, const char *line, size_t len)
{
	const char *end = line + MIN(len, (size_t)SEARCH_BYTES), *p = line;

	while ((p = memchr(p, '=', (size_t)(end - p)))) {
		const char *key = p;
		struct log_span v;
		usec_t t;

		while (key > line && isalpha((unsigned char)key[-1]))
			key--;
		v = (struct log_span){key, (size_t)(p - key)};
		p++;
		if (!span_is(v, "ts") && !span_is(v, "time") && !span_is(v, "t") && !span_is(v, "timestamp") && !span_is(v, "datetime"))
			continue;
		p += p < end && *p == '"';
		v = (struct log_span){p, 0};
		while (p + v.len < line + len && !str_has(v.len == 10 ? "\"" : "\" ", p[v.len]))
			v.len++;
		t = log_time_value(c, v);
		if (t)
			return t;
	}
	return 0;
}

static usec_t look(struct log_clock *c, enum where where, const char *line, size_t len, size_t *ret_prefix)
{
	if (where == WHERE_KEY)
		return keyed(c, line, len);
	if (where == WHERE_BRACKET)
		return bracketed(c, line, len);
	return leading(c, where, line, len, ret_prefix);
}

usec_t log_time_of(struct log_clock *c, const char *line, size_t len, size_t *ret_prefix)
{
	usec_t t;

	*ret_prefix = 0;
	if (c->where != WHERE_UNKNOWN && (t = look(c, (enum where)c->where, line, len, ret_prefix))) {
		c->misses = 0;
		return t;
	}
	if (c->misses++ >= MISSES_MAX && c->misses % TRY_EVERY)
		return 0;
	for (unsigned where = WHERE_ISO; where < WHERE_COUNT; where++) {
		if (where != c->where && (t = look(c, (enum where)where, line, len, ret_prefix))) {
			c->where = where;
			c->misses = 0;
			return t;
		}
	}
	return 0;
}
