/* Judging values: what is certainly no secret, what looks made by a machine. */
#include "mask/mask_internal.h"

#define WORD(c) [c] = CHAR_WORD | CHAR_NAME
#define D (CHAR_WORD | CHAR_DIGIT | CHAR_B64URL | CHAR_B64 | CHAR_NAME)
#define U (CHAR_WORD | CHAR_UPPER | CHAR_B64URL | CHAR_B64 | CHAR_NAME)
#define L (CHAR_WORD | CHAR_LOWER | CHAR_B64URL | CHAR_B64 | CHAR_NAME)
const uint8_t mask_chars[256] = {
	['0' ... '9'] = D,
	['A' ... 'Z'] = U,
	['a' ... 'z'] = L,
	['_'] = CHAR_WORD | CHAR_B64URL | CHAR_NAME,
	['-'] = CHAR_B64URL | CHAR_NAME,
	['.'] = CHAR_NAME,
	['+'] = CHAR_B64,
	['/'] = CHAR_B64,
	['='] = CHAR_B64,
	[' '] = CHAR_SPACE,
	['\t'] = CHAR_SPACE,
	['\r'] = CHAR_SPACE,
	['\n'] = CHAR_SPACE,
};

static bool equals(const char *s, size_t len, const char *text)
{
	return strlen(text) == len && memcmp(s, text, len) == 0;
}

static bool begins(const char *s, size_t len, const char *text)
{
	return len >= strlen(text) && memcmp(s, text, strlen(text)) == 0;
}

bool mask_value_is_harmless(const char *s, size_t len)
{
	static const char *const words[] = {"true",  "false",     "yes", "no", "null", "nil", "none", "None", "True",
					    "False", "undefined", "[]",  "{}", "~",    "|",   ">",    "|-",   ">-"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (equals(s, len, words[i]))
			return true;
	if (len == 0 || begins(s, len, MASK_OPEN))
		return true;
	/* References, to be filled in by someone else, and what others masked. */
	if (begins(s, len, "$(") || begins(s, len, "${") || begins(s, len, "{{") || begins(s, len, "%(") || begins(s, len, "<"))
		return true;
	for (size_t i = 0; i < len; i++)
		if (s[i] != '*' && s[i] != 'x' && s[i] != 'X' && s[i] != '.')
			return false;
	return true;
}

bool mask_value_is_random(const char *s, size_t len)
{
	size_t digits = 0, upper = 0, lower = 0, hex = 0, other = 0, base64 = 0;

	if (len < 16)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		digits += char_is(c, CHAR_DIGIT);
		upper += char_is(c, CHAR_UPPER);
		lower += char_is(c, CHAR_LOWER);
		hex += char_is(c, CHAR_DIGIT) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
		base64 += char_is(c, CHAR_B64 | CHAR_B64URL);
		other += !char_is(c, CHAR_B64 | CHAR_B64URL) && c != '.';
	}
	if (other || digits == 0 || digits == len)
		return false;
	if (hex == len)
		return len >= 32;
	/* Words joined by hyphens have few digits and no capitals among them. */
	return base64 + 2 >= len && upper > 0 && lower > 0 && digits * 20 >= len;
}

bool mask_value_is_path(const char *s, size_t len)
{
	size_t start = 0, slashes = 0;

	if (len < 2 || (s[0] != '/' && !begins(s, len, "./") && !begins(s, len, "~/")))
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && s[i] != '/') {
			if (!char_is(s[i], CHAR_NAME))
				return false;
			continue;
		}
		slashes += i < len;
		if (mask_value_is_random(s + start, i - start))
			return false;
		start = i + 1;
	}
	return slashes >= 2 || len < 16;
}

bool mask_value_is_plain(const char *s, size_t len, bool allow_digits)
{
	for (size_t i = 0; i < len; i++)
		if (!char_is(s[i], CHAR_LOWER) && !(allow_digits && char_is(s[i], CHAR_DIGIT)) && !memchr("-./'", s[i], 4))
			return false;
	return true;
}

static bool is_number(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!char_is(s[i], CHAR_DIGIT))
			return false;
	return len > 0;
}

bool mask_value_is_secret(enum mask_name name, const char *s, size_t len)
{
	if (name == MASK_NAME_PLAIN || mask_value_is_harmless(s, len))
		return false;
	if (name == MASK_NAME_WEAK)
		return mask_value_is_random(s, len);
	/* Small numbers are limits and counts ("tokens: 4096"), not secrets. */
	return !mask_value_is_path(s, len) && !(is_number(s, len) && len < 5);
}
