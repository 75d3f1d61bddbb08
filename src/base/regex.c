/* Regular expressions (PCRE2, loaded on first use) and globs. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/module.h"
#include "base/regex.h"

/* clang-format off */
#define SYMBOLS(X) \
	X(pcre2_compile_8) X(pcre2_code_free_8) X(pcre2_get_error_message_8) X(pcre2_match_8) X(pcre2_match_context_create_8) \
	X(pcre2_match_context_free_8) X(pcre2_match_data_create_8) X(pcre2_match_data_free_8) X(pcre2_set_match_limit_8) X(pcre2_set_heap_limit_8)
/* clang-format on */

MODULE(SYMBOLS, "libpcre2-8.so.0", "libpcre2-8-0", true);

struct regex {
	pcre2_code_8 *code;
	pcre2_match_context_8 *limits;
	pcre2_match_data_8 *data;
};

void regex_free(struct regex *r)
{
	if (!r)
		return;
	if (r->data)
		lib.pcre2_match_data_free_8(r->data);
	if (r->limits)
		lib.pcre2_match_context_free_8(r->limits);
	if (r->code)
		lib.pcre2_code_free_8(r->code);
	mem_free(r);
}

int regex_compile(const char *pattern, struct regex **ret, struct err *err)
{
	size_t len = strlen(pattern), at = 0;
	PCRE2_UCHAR8 text[128];
	struct regex *r;
	int code = 0;

	if (len > REGEX_PATTERN_MAX)
		return err_set(err, ERR_USAGE, "a regular expression of %zu bytes: the limit is %zu", len, REGEX_PATTERN_MAX);
	if (lib_ready(err) < 0)
		return lib_result;
	r = mem_alloc(sizeof(*r));
	/* Neither \C, which splits characters, nor a pattern's own word about its limits. */
	r->code = lib.pcre2_compile_8((PCRE2_SPTR8)pattern, len, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_INVALID_UTF, &code, &at, NULL);
	if (!r->code) {
		lib.pcre2_get_error_message_8(code, text, sizeof(text));
		regex_free(r);
		return err_set(err, ERR_USAGE, "\"%s\" is no regular expression: %s at character %zu", pattern, (const char *)text, at + 1);
	}
	r->limits = lib.pcre2_match_context_create_8(NULL);
	r->data = lib.pcre2_match_data_create_8(1, NULL);
	if (!r->limits || !r->data) {
		regex_free(r);
		return err_set(err, ERR_LIMIT, "no memory for a regular expression");
	}
	lib.pcre2_set_match_limit_8(r->limits, REGEX_MATCH_LIMIT);
	lib.pcre2_set_heap_limit_8(r->limits, REGEX_HEAP_KIB);
	*ret = r;
	return 0;
}

int regex_matches(struct regex *r, const char *text, size_t len)
{
	int n = lib.pcre2_match_8(r->code, (PCRE2_SPTR8)text, len, 0, 0, r->data, r->limits);

	if (n >= 0)
		return 1;
	return n == PCRE2_ERROR_NOMATCH ? 0 : ERR_LIMIT;
}

/* On a mismatch the last star takes one byte more; earlier ones need not be tried again. */
bool glob_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
