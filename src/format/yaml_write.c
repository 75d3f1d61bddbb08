/* Writing YAML: block style, two spaces, lists at their key's column as kubectl writes them. */
#include "format/yaml.h"
#include "format/yaml_scalar.h"

#include <inttypes.h>
#include <math.h>

#define LONG_KEY 128

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

/* A plain scalar would read back as something else, or as no scalar at all. */
static bool needs_quotes(const char *s, size_t len)
{
	if (len == 0 || yaml_is_ambiguous(s, len) || s[0] == ' ' || s[len - 1] == ' ')
		return true;
	if (str_has("-?:,[]{}#&*!|>'\"%@`", s[0]) && !(s[0] == '-' && len > 1 && s[1] != ' ' && s[1] != '-'))
		return true;
	if ((s[0] == '-' || s[0] == '.') && len >= 3 && s[1] == s[0] && s[2] == s[0])
		return true;
	for (size_t i = 0; i < len; i++) {
		if (is_control((unsigned char)s[i]) || (unsigned char)s[i] >= 0x80)
			return true;
		if ((s[i] == ':' && (i + 1 == len || s[i + 1] == ' ')) || (s[i] == '#' && s[i - 1] == ' '))
			return true;
	}
	return false;
}

static void double_quoted(struct strbuf *out, const char *s, size_t len)
{
	strbuf_addch(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			strbuf_addf(out, "\\%c", c);
		else if (c == '\n')
			strbuf_addstr(out, "\\n");
		else if (c == '\t')
			strbuf_addstr(out, "\\t");
		else if (is_control(c))
			strbuf_addf(out, "\\x%02x", c);
		else if (c == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] < 0xa0)
			strbuf_addf(out, "\\x%02x", (unsigned char)s[++i]); /* a C1 control character; 0x85 would be a line break */
		else if (c == 0xe2 && i + 2 < len && (unsigned char)s[i + 1] == 0x80 && ((unsigned char)s[i + 2] & 0xfe) == 0xa8)
			strbuf_addf(out, "\\u20%02x", 0x28 + ((unsigned char)s[i += 2] & 1)); /* line and paragraph separator */
		else if (c == 0xef && i + 2 < len && (unsigned char)s[i + 1] == 0xbb && (unsigned char)s[i + 2] == 0xbf)
			strbuf_addstr(out, "\\ufeff"), i += 2;
		else
			strbuf_addch(out, (char)c);
	}
	strbuf_addch(out, '"');
}

/* Text of several lines that a block scalar can hold as it is. */
static bool is_block_text(const char *s, size_t len)
{
	if (!memchr(s, '\n', len) || s[0] == ' ' || s[0] == '\n' || s[0] == '\t')
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((is_control((unsigned char)s[i]) && s[i] != '\n') || (unsigned char)s[i] >= 0x80)
			return false;
		/* Blanks at a line's end are lost on many a way. */
		if (s[i] == '\n' && i > 0 && s[i - 1] == ' ')
			return false;
	}
	return s[len - 1] != ' ' && !(len > 1 && s[len - 1] == '\n' && s[len - 2] == '\n');
}

static void block_text(struct strbuf *out, const char *s, size_t len, unsigned indent)
{
	strbuf_addstr(out, s[len - 1] == '\n' ? "|" : "|-");
	while (len) {
		const char *end = memchr(s, '\n', len);
		size_t n = end ? (size_t)(end - s) : len;

		strbuf_addch(out, '\n');
		if (n) {
			strbuf_addn(out, ' ', indent);
			strbuf_add(out, s, n);
		}
		s += n + (end ? 1 : 0);
		len -= n + (end ? 1 : 0);
	}
}

static void string(struct strbuf *out, const char *s, size_t len, unsigned indent, bool is_key)
{
	if (!is_key && len && is_block_text(s, len))
		block_text(out, s, len, indent);
	else if (needs_quotes(s, len))
		double_quoted(out, s, len);
	else
		strbuf_add(out, s, len);
}

/* The shortest text that reads back as d, and as floating point. */
static void number(struct strbuf *out, double d)
{
	char text[40];

	if (!isfinite(d)) {
		strbuf_addstr(out, "null"); /* as in JSON */
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	strbuf_addstr(out, text);
	if (!strpbrk(text, ".e"))
		strbuf_addstr(out, ".0");
}

static void scalar(struct strbuf *out, const struct value *v, unsigned indent)
{
	char buf[CLOCK_TEXT_MAX];

	switch ((enum value_type)v->type) {
	case VALUE_NULL:
		strbuf_addstr(out, "null");
		break;
	case VALUE_BOOL:
		strbuf_addstr(out, v->b ? "true" : "false");
		break;
	case VALUE_INT:
		strbuf_addf(out, "%" PRId64, v->i);
		break;
	case VALUE_DOUBLE:
		number(out, v->d);
		break;
	case VALUE_STRING:
		string(out, v->s, v->len, indent, false);
		break;
	case VALUE_TIME:
		strbuf_addf(out, "\"%s\"", clock_format_rfc3339(v->t, buf));
		break;
	case VALUE_LIST:
		strbuf_addstr(out, "[]");
		break;
	case VALUE_MAP:
		strbuf_addstr(out, "{}");
		break;
	}
}

static void write_value(struct strbuf *out, const struct value *v, unsigned indent, bool at_line_start);

/* What follows "key:" or "-". */
static void write_child(struct strbuf *out, const struct value *v, unsigned indent, bool in_list)
{
	if (value_len(v) == 0) {
		strbuf_addch(out, ' ');
		scalar(out, v, indent + 2);
		strbuf_addch(out, '\n');
	} else if (in_list) {
		strbuf_addch(out, ' ');
		write_value(out, v, indent + 2, false);
	} else {
		strbuf_addch(out, '\n');
		write_value(out, v, v->type == VALUE_LIST ? indent : indent + 2, true);
	}
}

/* A key and its colon. Readers look for the colon in 1,024 bytes only, unless the key is marked as one. */
static void write_key(struct strbuf *out, const struct member *m, unsigned indent)
{
	bool is_long = m->v.key_len > LONG_KEY;

	if (is_long)
		strbuf_addstr(out, "? ");
	string(out, m->key, m->v.key_len, indent, true);
	if (is_long) {
		strbuf_addch(out, '\n');
		strbuf_addn(out, ' ', indent);
	}
	strbuf_addch(out, ':');
}

/* A list or map that is not empty; without at_line_start its first line continues the current one. */
static void write_value(struct strbuf *out, const struct value *v, unsigned indent, bool at_line_start)
{
	for (uint32_t i = 0; i < v->len; i++) {
		if (at_line_start || i > 0)
			strbuf_addn(out, ' ', indent);
		if (v->type == VALUE_LIST) {
			strbuf_addch(out, '-');
			write_child(out, &v->items[i], indent, true);
		} else {
			write_key(out, &v->members[i], indent);
			write_child(out, &v->members[i].v, indent, false);
		}
	}
}

void yaml_write(struct strbuf *out, const struct value *v)
{
	if (value_len(v)) {
		write_value(out, v, 0, true);
	} else {
		scalar(out, v, 2);
		strbuf_addch(out, '\n');
	}
}
