/* What kind of object a JSON text is, seen from its first bytes: the kind decides by which schema the rest is read.
 *
 * Serialisers write apiVersion and kind early, so that this looks at a few dozen bytes of each object. It judges nothing: the
 * parser finds what is malformed. */
#include "cluster/recording.h"

struct cursor {
	const char *p, *end;
};

static void skip_space(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t' || *c->p == '\r'))
		c->p++;
}

/* A string's raw contents; the cursor stands on its opening quote. False at the end of the text. */
static bool take_string(struct cursor *c, const char **ret, size_t *ret_len)
{
	const char *start = ++c->p;

	while (c->p < c->end && *c->p != '"')
		c->p += *c->p == '\\' ? 2 : 1;
	if (c->p >= c->end)
		return false;
	*ret = start;
	*ret_len = (size_t)(c->p++ - start);
	return true;
}

static bool skip_value(struct cursor *c)
{
	size_t depth = 0, len;
	const char *s;

	for (; c->p < c->end; c->p++) {
		switch (*c->p) {
		case '"':
			if (!take_string(c, &s, &len))
				return false;
			c->p--;
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return true; /* the end of what this value is in */
			depth--;
			break;
		case ',':
			if (depth == 0)
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}

struct json_type json_peek_type(const char *text, size_t len)
{
	struct json_type t = {0};
	struct cursor c = {text, text + len};

	skip_space(&c);
	if (c.p >= c.end || *c.p++ != '{')
		return t;
	while (!t.api_version || !t.kind) {
		const char *key, *s = NULL;
		size_t key_len, n;

		skip_space(&c);
		if (c.p >= c.end || *c.p != '"' || !take_string(&c, &key, &key_len))
			break;
		skip_space(&c);
		if (c.p >= c.end || *c.p++ != ':')
			break;
		skip_space(&c);
		if (c.p < c.end && *c.p == '"' && !take_string(&c, &s, &n))
			break;
		if (s && key_len == 4 && memcmp(key, "kind", 4) == 0) {
			t.kind = s;
			t.kind_len = n;
		} else if (s && key_len == 10 && memcmp(key, "apiVersion", 10) == 0) {
			t.api_version = s;
			t.api_version_len = n;
		}
		if (!skip_value(&c) || *c.p++ != ',')
			break;
	}
	return t;
}
