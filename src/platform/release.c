/* Version numbers: found in a program's output, taken apart, compared. */
#include "platform/release.h"

#include <ctype.h>

#define DIGITS_MAX 9 /* of one number: the rest would not fit */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* What may follow the numbers: "-rc.1", "+k3s1", "rc1", "~ubuntu". */
static bool is_suffix(char c)
{
	return isalnum((unsigned char)c) || str_has(".-+~_", c);
}

/* Takes "1.32.0" apart; returns its length, 0 when there is no number or one that is too large. */
static size_t read_numbers(const char *s, size_t len, struct release *ret)
{
	size_t at = 0;

	while (at < len && is_digit(s[at])) {
		uint32_t number = 0;
		size_t digits = 0;

		for (; at < len && is_digit(s[at]); at++, digits++) {
			if (digits == DIGITS_MAX)
				return 0;
			number = number * 10 + (uint32_t)(s[at] - '0');
		}
		if (ret->count < RELEASE_PARTS)
			ret->parts[ret->count] = number;
		ret->count++;
		if (at + 1 >= len || s[at] != '.' || !is_digit(s[at + 1]))
			break;
		at++;
	}
	return at;
}

/* "-rc.1", "rc1", "-alpha", "a2" (Python): made before the release. "-eks-12ab" and "+k3s1" are builds of it. */
static bool is_early(const char *s, size_t len)
{
	static const char *const words[] = {"alpha", "beta", "rc", "dev", "pre"};

	if (len && (*s == '-' || *s == '~' || *s == '.')) {
		s++;
		len--;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (len >= strlen(words[i]) && strncmp(s, words[i], strlen(words[i])) == 0)
			return true;
	return len >= 2 && (*s == 'a' || *s == 'b') && is_digit(s[1]);
}

bool release_parse(const char *text, size_t len, struct release *ret)
{
	struct release r = {0};
	size_t skip = len && (*text == 'v' || *text == 'V'), n = read_numbers(text + skip, len - skip, &r);

	if (!n)
		return false;
	r.early = is_early(text + skip + n, len - skip - n);
	r.count = MIN(r.count, RELEASE_PARTS);
	*ret = r;
	return true;
}

/* May a version begin at text[at]? Not within a word, but "v1.2" may. */
static bool may_begin(const char *text, size_t at)
{
	char before = at ? text[at - 1] : ' ';

	if (!is_digit(text[at]) || before == '.')
		return false;
	if ((before == 'v' || before == 'V') && (at == 1 || !is_word(text[at - 2])))
		return true;
	return !is_word(before);
}

const char *release_find(const char *text, size_t len, const char *marker, size_t *ret_len)
{
	size_t begin = 0;

	if (marker) {
		const char *found = memmem(text, len, marker, strlen(marker));

		if (!found)
			return NULL;
		begin = (size_t)(found - text) + strlen(marker);
	}
	for (size_t at = begin; at < len; at++) {
		struct release r = {0};
		size_t n;

		/* The marker may end in the word itself: "go version go" 1.24.1. */
		if (!(at == begin && marker && is_digit(text[at])) && !may_begin(text, at))
			continue;
		n = read_numbers(text + at, len - at, &r);
		if (n && r.count >= 2 && r.count <= RELEASE_PARTS && !(at + n < len && text[at + n] == ':')) {
			while (at + n < len && n < RELEASE_MAX - 1 && is_suffix(text[at + n]))
				n++;
			while (str_has(".-+~_", text[at + n - 1]))
				n--;
			*ret_len = n;
			return text + at;
		}
		at += n ? n - 1 : 0;
	}
	return NULL;
}

int release_compare(const struct release *a, const struct release *b)
{
	for (size_t i = 0; i < RELEASE_PARTS; i++)
		if (a->parts[i] != b->parts[i])
			return a->parts[i] < b->parts[i] ? -1 : 1;
	return (int)b->early - (int)a->early;
}
