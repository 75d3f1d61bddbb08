/* How bad a line says it is. */
#include "diagnose/log_line.h"

#include <ctype.h>
#include <strings.h>

#define LEVEL_WITHIN 160 /* bytes from the beginning of a line in which its level stands */

static const struct {
	const char *word;
	enum line_level level;
} words[] = {
	{"trace", LINE_TRACE},     {"debug", LINE_DEBUG},     {"info", LINE_INFO},      {"information", LINE_INFO}, {"notice", LINE_INFO},
	{"warn", LINE_WARNING},    {"warning", LINE_WARNING}, {"error", LINE_ERROR},    {"err", LINE_ERROR},        {"severe", LINE_ERROR},
	{"fatal", LINE_FATAL},     {"critical", LINE_FATAL},  {"crit", LINE_FATAL},     {"panic", LINE_FATAL},      {"emerg", LINE_FATAL},
	{"emergency", LINE_FATAL}, {"alert", LINE_FATAL},     {"dpanic", LINE_FATAL},   {"log", LINE_INFO},         {"fail", LINE_ERROR},
	{"dbug", LINE_DEBUG},      {"verbose", LINE_DEBUG},   {"statement", LINE_INFO},
};

const char *line_level_text(enum line_level l)
{
	static const char *const texts[LINE_LEVELS] = {"unknown", "trace", "debug", "info", "warning", "error", "fatal"};

	return l < LINE_LEVELS ? texts[l] : "";
}

bool line_level_parse(const char *word, size_t len, enum line_level *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i].word) == len && strncasecmp(words[i].word, word, len) == 0) {
			*ret = words[i].level;
			return true;
		}
	}
	/* pino and bunyan count: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal */
	if (len == 2 && word[0] >= '1' && word[0] <= '6' && word[1] == '0') {
		*ret = (enum line_level)(LINE_TRACE + (word[0] - '1'));
		return true;
	}
	return false;
}

static bool is_klog(const char *s, size_t len)
{
	return len > 6 && strchr("IWEF", s[0]) && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) && isdigit((unsigned char)s[3]) &&
	       isdigit((unsigned char)s[4]) && s[5] == ' ';
}

/* A level is written in capitals, between brackets, or as the value of a key: "an error of 5 %" is no level. */
static bool stands_out(const char *text, size_t at, size_t len, size_t n)
{
	char before = at ? text[at - 1] : '\0', after = at + n < len ? text[at + n] : '\0';
	bool capitals = true;

	for (size_t i = 0; i < n; i++)
		capitals = capitals && isupper((unsigned char)text[at + i]);
	if (capitals)
		return before != '_' && before != '-' && after != '_' && after != '-';
	if (before == '=' || (before == '[' && (after == ']' || after == ':')) || (before == '"' && after == '"') || (before == '<' && after == '>'))
		return true;
	return after == ':' && (at == 0 || before == ' ') && at < 40;
}

static enum line_level by_word(const char *text, size_t len)
{
	len = MIN(len, (size_t)LEVEL_WITHIN);
	for (size_t i = 0; i < len;) {
		size_t n = 0;
		enum line_level level;

		while (i + n < len && isalpha((unsigned char)text[i + n]))
			n++;
		if (n >= 3 && n <= 11 && line_level_parse(text + i, n, &level) && stands_out(text, i, len, n))
			return level;
		i += n + 1;
	}
	return LINE_UNKNOWN;
}

static enum line_level by_form(const char *text, size_t len)
{
	static const struct {
		const char *start;
		enum line_level level;
	} forms[] = {{"panic: ", LINE_FATAL},
		     {"fatal error: ", LINE_FATAL},
		     {"Traceback (", LINE_ERROR},
		     {"Exception in thread", LINE_ERROR},
		     {"Unhandled exception", LINE_FATAL},
		     {"Uncaught ", LINE_FATAL},
		     {"thread '", LINE_FATAL},
		     {"PHP Fatal", LINE_FATAL},
		     {"Segmentation fault", LINE_FATAL},
		     {"npm ERR!", LINE_ERROR}};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		size_t n = strlen(forms[i].start);

		if (len >= n && memcmp(text, forms[i].start, n) == 0)
			return forms[i].level;
	}
	/* Ruby: "app.rb:3:in `call': no route (RuntimeError)" */
	if (len > 6 && memcmp(text + len - 6, "Error)", 6) == 0 && memmem(text, len, ":in ", 4))
		return LINE_ERROR;
	/* "java.lang.IllegalStateException: ...", "KeyError: 'X'", "requests.exceptions.ConnectionError: ..." */
	for (size_t i = 0; i < MIN(len, (size_t)LEVEL_WITHIN) && text[i] != ' '; i++) {
		if (text[i] == ':' && i + 1 < len && text[i + 1] == ' ')
			return (i > 5 && memcmp(text + i - 5, "Error", 5) == 0) || (i > 9 && memcmp(text + i - 9, "Exception", 9) == 0)
				       ? LINE_ERROR
				       : LINE_UNKNOWN;
	}
	return LINE_UNKNOWN;
}

enum line_level line_level_of(const char *line, size_t len, const struct log_shape *shape)
{
	struct log_span text = shape->message;
	enum line_level level = LINE_UNKNOWN;

	if (shape->level.at && line_level_parse(shape->level.at, shape->level.len, &level))
		return level;
	if (!text.at)
		text = (struct log_span){line, len};
	if (is_klog(text.at, text.len))
		return text.at[0] == 'I' ? LINE_INFO : text.at[0] == 'W' ? LINE_WARNING : text.at[0] == 'E' ? LINE_ERROR : LINE_FATAL;
	level = by_word(text.at, text.len);
	if (level == LINE_UNKNOWN)
		level = by_form(text.at, text.len);
	if (level == LINE_UNKNOWN && shape->status >= 500)
		level = LINE_ERROR;
	return level;
}
