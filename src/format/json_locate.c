/* Finds where a text stops being JSON. Only runs after the parser has refused it, so it is simple rather than fast. */
#include "base/utf8.h"
#include "format/json.h"

#define NESTING_MAX 1024

struct locator {
	const char *text;
	size_t len, at;
	const char *what;
};

static bool fail(struct locator *l, const char *what)
{
	l->what = what;
	return false;
}

static int peek(const struct locator *l)
{
	return l->at < l->len ? (unsigned char)l->text[l->at] : -1;
}

static void skip_space(struct locator *l)
{
	while (l->at < l->len && str_has(" \t\r\n", l->text[l->at]))
		l->at++;
}

static bool escape(struct locator *l)
{
	int c = (l->at++, peek(l));

	if (c < 0)
		return fail(l, "the string does not end");
	if (c == 'u') {
		for (int i = 0; i < 4; i++) {
			l->at++;
			c = peek(l);
			if (c < 0 || !str_has("0123456789abcdefABCDEF", c))
				return fail(l, "\\u needs four hexadecimal digits");
		}
	} else if (!str_has("\"\\/bfnrt", c)) {
		return fail(l, "an unknown escape in a string");
	}
	l->at++;
	return true;
}

static bool string(struct locator *l)
{
	l->at++;
	for (;;) {
		int c = peek(l);

		if (c < 0)
			return fail(l, "the string does not end");
		if (c == '"') {
			l->at++;
			return true;
		}
		if (c < 0x20)
			return fail(l, "a control character in a string");
		if (c == '\\') {
			if (!escape(l))
				return false;
		} else {
			l->at++;
		}
	}
}

static bool digits(struct locator *l)
{
	size_t start = l->at;

	while (peek(l) >= '0' && peek(l) <= '9')
		l->at++;
	return l->at > start || fail(l, "a digit is missing");
}

static bool number(struct locator *l)
{
	if (peek(l) == '-')
		l->at++;
	if (peek(l) == '0')
		l->at++;
	else if (!digits(l))
		return false;
	if (peek(l) == '.') {
		l->at++;
		if (!digits(l))
			return false;
	}
	if (peek(l) == 'e' || peek(l) == 'E') {
		l->at++;
		if (peek(l) == '+' || peek(l) == '-')
			l->at++;
		return digits(l);
	}
	return true;
}

static bool word(struct locator *l, const char *w)
{
	size_t n = strlen(w);

	if (l->len - l->at < n || memcmp(l->text + l->at, w, n) != 0)
		return fail(l, "expected a value");
	l->at += n;
	return true;
}

static bool scalar(struct locator *l)
{
	switch (peek(l)) {
	case -1:
		return fail(l, "the text ends where a value belongs");
	case '"':
		return string(l);
	case 't':
		return word(l, "true");
	case 'f':
		return word(l, "false");
	case 'n':
		return word(l, "null");
	default:
		return peek(l) == '-' || (peek(l) >= '0' && peek(l) <= '9') ? number(l) : fail(l, "expected a value");
	}
}

/* A member's name and colon. */
static bool key(struct locator *l)
{
	skip_space(l);
	if (peek(l) != '"')
		return fail(l, peek(l) < 0 ? "the object does not end" : "expected a quoted name");
	if (!string(l))
		return false;
	skip_space(l);
	if (peek(l) != ':')
		return fail(l, "expected ':'");
	l->at++;
	return true;
}

/* Walks without recursion: nested[i] is what closes level i. */
static bool document(struct locator *l)
{
	char nested[NESTING_MAX];
	size_t depth = 0;

	for (;;) {
		skip_space(l);
		int c = peek(l);

		if (c == '{' || c == '[') {
			if (depth == NESTING_MAX)
				return fail(l, JSON_TOO_DEEP);
			nested[depth++] = c == '{' ? '}' : ']';
			l->at++;
			skip_space(l);
			if (peek(l) != nested[depth - 1]) {
				if (c == '{' && !key(l))
					return false;
				continue;
			}
			l->at++;
			depth--;
		} else if (!scalar(l)) {
			return false;
		}
		/* A value has ended: close what ends with it, or go on to the next. */
		for (;; depth--, l->at++) {
			skip_space(l);
			if (depth == 0)
				return l->at == l->len || fail(l, "text after the end of the document");
			if (peek(l) != nested[depth - 1])
				break;
		}
		if (peek(l) != ',')
			return fail(l, peek(l) < 0                ? "the text ends in the middle"
				       : nested[depth - 1] == '}' ? "expected ',' or '}'"
								  : "expected ',' or ']'");
		l->at++;
		if (nested[depth - 1] == '}' && !key(l))
			return false;
	}
}

size_t json_locate_error(const char *text, size_t len, const char **ret_what)
{
	struct locator l = {.text = text, .len = len};

	*ret_what = "";
	if (!document(&l)) {
		*ret_what = l.what;
		return l.at;
	}
	if (!utf8_valid(text, len)) {
		/* The longest valid beginning, by halving: prefixes are cut at character starts first. */
		size_t good = 0, bad = len;

		while (bad - good > 1) {
			size_t middle = utf8_cut(text, len, good + (bad - good) / 2);

			if (middle <= good)
				middle = good + (bad - good) / 2;
			if (utf8_valid(text, middle))
				good = middle;
			else
				bad = middle;
		}
		*ret_what = "invalid UTF-8";
		return good;
	}
	return len;
}
