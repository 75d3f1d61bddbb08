#include "format/yaml_scalar.h"

#include <errno.h>

/* Longer than any number that anybody writes. */
#define NUMBER_MAX 64

static bool is_one_of(const char *s, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == len && memcmp(*words, s, len) == 0)
			return true;
	return false;
}

static const char *const null_words[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const true_words[] = {"true", "True", "TRUE", NULL};
static const char *const false_words[] = {"false", "False", "FALSE", NULL};

/* Digits of a base after a prefix of skip bytes; beyond 64 bits it becomes floating point. */
static bool digits_value(const char *s, size_t skip, int base, bool negative, struct value *ret)
{
	const char *digits = s + skip;
	unsigned long long u;
	char *end;

	if (!*digits || digits[0] == '-' || digits[0] == '+')
		return false;
	errno = 0;
	u = strtoull(digits, &end, base);
	if (*end)
		return false;
	if (errno == 0 && u <= (unsigned long long)INT64_MAX + negative) {
		*ret = value_of_int(negative ? (int64_t)(0 - u) : (int64_t)u);
		return true;
	}
	if (base != 10)
		return false;
	*ret = (struct value){.type = VALUE_DOUBLE, .d = strtod(digits, NULL)};
	if (negative)
		ret->d = -ret->d;
	return true;
}

static bool integer_value(const char *s, struct value *ret)
{
	bool negative = *s == '-';

	if (*s == '-' || *s == '+')
		s++;
	if (*s < '0' || *s > '9')
		return false;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		return digits_value(s, 2, 16, negative, ret);
	if (s[0] == '0' && (s[1] == 'o' || s[1] == 'O'))
		return digits_value(s, 2, 8, negative, ret);
	if (s[0] == '0' && (s[1] == 'b' || s[1] == 'B'))
		return digits_value(s, 2, 2, negative, ret);
	return digits_value(s, 0, s[0] == '0' && s[1] ? 8 : 10, negative, ret);
}

/* [-+]? ( . digits | digits ( . digits? )? ) ( e [-+]? digits )? */
static bool is_float(const char *s)
{
	size_t before, after = 0;

	s += *s == '-' || *s == '+';
	before = strspn(s, "0123456789");
	s += before;
	if (*s == '.') {
		after = strspn(++s, "0123456789");
		s += after;
	}
	if (before + after == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		if (!strspn(s, "0123456789"))
			return false;
		s += strspn(s, "0123456789");
	}
	return *s == 0;
}

static bool number_value(const char *s, size_t len, struct value *ret)
{
	char text[NUMBER_MAX];
	size_t n = 0;

	if (len >= sizeof(text) || !str_has("+-.0123456789", s[0]))
		return false;
	/* "_" separates digits; it does not begin a number and no number has it alone. */
	for (size_t i = 0; i < len; i++)
		if (s[i] != '_')
			text[n++] = s[i];
	text[n] = 0;
	if (strlen(text) != n)
		return false;
	if (integer_value(text, ret))
		return true;
	if (!is_float(text))
		return false;
	*ret = (struct value){.type = VALUE_DOUBLE, .d = strtod(text, NULL)};
	/* Overflow is no number that JSON could say. */
	return ret->d - ret->d == 0;
}

bool yaml_resolve(const char *s, size_t len, struct value *ret)
{
	*ret = (struct value){.type = VALUE_NULL};
	if (is_one_of(s, len, null_words))
		return true;
	if (is_one_of(s, len, true_words) || is_one_of(s, len, false_words)) {
		*ret = value_of_bool(s[0] == 't' || s[0] == 'T');
		return true;
	}
	return number_value(s, len, ret);
}

bool yaml_is_ambiguous(const char *s, size_t len)
{
	static const char *const words[] = {"y",  "Y",  "yes",   "Yes",   "YES",   "n",     "N",     "no",    "No",   "NO",   "on",
					    "On", "ON", "off",   "Off",   "OFF",   ".inf",  ".Inf",  ".INF",  ".nan", ".NaN", ".NAN",
					    "=",  "<<", "+.inf", "-.inf", "+.Inf", "-.Inf", "+.INF", "-.INF", NULL};
	struct value ignored;

	if (yaml_resolve(s, len, &ignored) || is_one_of(s, len, words))
		return true;
	/* Dates, times and base-60 numbers begin with a digit or sign and hold nothing but digits and a few signs. */
	if (!str_has("+-0123456789.", s[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!str_has("+-.:_0123456789eETZtz ", s[i]))
			return false;
	return true;
}
