/* Which line of a dying program's log says why. Scores are ordered by how seldom such a line is noise. */
#include "checks/pod.h"

#include <strings.h>

#define LOG_LOOK_BACK ((size_t)64 << 10) /* bytes from the end that are looked at */

struct pattern {
	const char *text;
	int score;
};

static const struct pattern patterns[] = {
	{"exec format error", 7},
	{"caused by:", 6},
	{"panic:", 6},
	{"segmentation fault", 6},
	{"outofmemoryerror", 6},
	{"fatal", 5},
	{"critical", 5},
	{"uncaught", 5},
	{"unhandled", 5},
	{"exception in thread", 5},
	{"terminate called", 5},
	{"assertion", 5},
	{"error", 4},
	{"exception", 4},
	{"emerg", 4},
	{"cannot ", 3},
	{"can't ", 3},
	{"unable to ", 3},
	{"failed", 3},
	{"refused", 3},
	{"denied", 3},
	{"not found", 3},
	{"no such ", 3},
	{"missing", 3},
	{"invalid", 3},
	{"is required", 3},
	{"must be set", 3},
	{"not permitted", 3},
	{"timed out", 3},
	{"timeout", 3},
	{"unknown ", 3},
	{"already in use", 3},
};

static bool has_word(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(s + i, word, n) == 0)
			return true;
	return false;
}

/* Lines that stand inside a stack trace or that wrappers print whatever happened. */
static bool is_frame(const char *s, size_t len)
{
	static const char *const starts[] = {"at ",      "goroutine ", "File \"", "created by ", "... ", "npm ERR! A complete log",
					     "runtime.", "main.main("};
	size_t blank = 0;
	while (blank < len && (s[blank] == ' ' || s[blank] == '\t'))
		blank++;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		size_t n = strlen(starts[i]);
		if (len - blank >= n && strncmp(s + blank, starts[i], n) == 0)
			return true;
	}
	return blank > 0 && (s[0] == '\t' || blank >= 4);
}

static int score_line(const char *s, size_t len, bool after_traceback)
{
	int best = 1;
	if (is_frame(s, len))
		return 0;
	if (after_traceback)
		return 7;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (patterns[i].score > best && has_word(s, len, patterns[i].text))
			best = patterns[i].score;
	if (best <= 4 && (has_word(s, len, "retry") || has_word(s, len, "warn") || has_word(s, len, "deprecat") || has_word(s, len, "level=info") ||
			  has_word(s, len, "[info]") || has_word(s, len, "no error") || has_word(s, len, " info ")))
		best = MIN(best, 2);
	return best;
}

bool log_fatal_line(const char *text, size_t len, uint32_t *ret_line, const char **ret_start, size_t *ret_len)
{
	const char *p = text, *end = text + len;
	uint32_t line = 0;
	int best = 0;
	bool in_traceback = false;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p), trimmed = n;
		line++;
		while (trimmed && (p[trimmed - 1] == '\r' || p[trimmed - 1] == ' '))
			trimmed--;
		if (trimmed && (size_t)(end - p) <= LOG_LOOK_BACK) {
			/* Python: the exception is the first line after the traceback that is not indented. */
			bool ends_traceback = in_traceback && p[0] != ' ' && p[0] != '\t';
			int score = score_line(p, trimmed, ends_traceback);
			if (ends_traceback)
				in_traceback = false;
			if (trimmed >= 9 && strncmp(p, "Traceback", 9) == 0) {
				in_traceback = true;
				score = 0;
			}
			if (score && score >= best) {
				best = score;
				*ret_line = line;
				*ret_start = p;
				*ret_len = trimmed;
			}
		}
		p += n + 1;
	}
	return best > 0;
}
