#include "base/utf8.h"
#include "format/json.h"

#include <math.h>

void json_writer_init(struct json_writer *w, struct strbuf *out, int indent)
{
	*w = (struct json_writer){.out = out, .indent = indent};
}

static void new_line(struct json_writer *w)
{
	if (w->indent) {
		strbuf_addch(w->out, '\n');
		strbuf_addn(w->out, ' ', (size_t)w->indent * w->depth);
	}
}

/* Before any value or key: the comma and the line it stands on. */
static void separate(struct json_writer *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->need_comma)
		strbuf_addch(w->out, ',');
	if (w->depth)
		new_line(w);
}

static void begin(struct json_writer *w, char c)
{
	separate(w);
	strbuf_addch(w->out, c);
	w->depth++;
	w->need_comma = false;
}

static void end(struct json_writer *w, char c)
{
	w->depth--;
	if (w->need_comma)
		new_line(w);
	strbuf_addch(w->out, c);
	w->need_comma = true;
}

void json_object_begin(struct json_writer *w)
{
	begin(w, '{');
}

void json_object_end(struct json_writer *w)
{
	end(w, '}');
}

void json_array_begin(struct json_writer *w)
{
	begin(w, '[');
}

void json_array_end(struct json_writer *w)
{
	end(w, ']');
}

/* Bytes at s that need no escape. */
static size_t plain_run(const unsigned char *s, size_t len)
{
	size_t i = 0;

	while (i < len && s[i] >= 0x20 && s[i] < 0x7f && s[i] != '"' && s[i] != '\\')
		i++;
	return i;
}

/* The character at s, of at least two bytes: its length, 0 when it is none. */
static size_t take_char(const char *s, size_t len, uint32_t *ret)
{
	for (size_t n = 2; n <= 4 && n <= len; n++) {
		if (!utf8_valid(s, n))
			continue;
		*ret = (unsigned char)s[0] & (0xffu >> (n + 1));
		for (size_t i = 1; i < n; i++)
			*ret = *ret << 6 | ((unsigned char)s[i] & 0x3fu);
		return n;
	}
	return 0;
}

/* Valid in JSON, but it acts on a terminal (C1 controls) or reorders and hides text there: escaped, which readers undo. */
static bool is_treacherous(uint32_t c)
{
	return c < 0xa0 || c == 0x61c || (c >= 0x200b && c <= 0x200f && c != 0x200c && c != 0x200d) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Writes one character that may not stand plainly; returns its bytes. */
static size_t add_escaped(struct strbuf *out, const char *s, size_t len)
{
	static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	unsigned char c = (unsigned char)*s;
	const char *name = c ? strchr(named, c) : NULL;
	uint32_t wide;
	size_t n;

	if (c >= 0x80) {
		n = take_char(s, len, &wide);
		if (n && is_treacherous(wide))
			strbuf_addf(out, "\\u%04x", wide);
		else
			strbuf_add(out, n ? s : "\xef\xbf\xbd", n ? n : 3);
		return n ? n : 1;
	}
	if (name) {
		strbuf_addch(out, '\\');
		strbuf_addch(out, letters[name - named]);
	} else {
		strbuf_addf(out, "\\u%04x", c);
	}
	return 1;
}

static void add_quoted(struct strbuf *out, const char *s, size_t len)
{
	strbuf_addch(out, '"');
	for (size_t i = 0; i < len;) {
		size_t n = plain_run((const unsigned char *)s + i, len - i);

		if (n)
			strbuf_add(out, s + i, n);
		else
			n = add_escaped(out, s + i, len - i);
		i += n;
	}
	strbuf_addch(out, '"');
}

static void key_n(struct json_writer *w, const char *key, size_t len)
{
	separate(w);
	add_quoted(w->out, key, len);
	strbuf_addstr(w->out, w->indent ? ": " : ":");
	w->after_key = true;
}

void json_key(struct json_writer *w, const char *key)
{
	key_n(w, key, strlen(key));
}

static void literal(struct json_writer *w, const char *text)
{
	separate(w);
	strbuf_addstr(w->out, text);
	w->need_comma = true;
}

void json_string_n(struct json_writer *w, const char *s, size_t len)
{
	separate(w);
	add_quoted(w->out, s, len);
	w->need_comma = true;
}

void json_string(struct json_writer *w, const char *s)
{
	if (s)
		json_string_n(w, s, strlen(s));
	else
		json_null(w);
}

void json_int(struct json_writer *w, int64_t i)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)i);
	literal(w, text);
}

void json_double(struct json_writer *w, double d)
{
	char text[40];

	if (!isfinite(d)) {
		json_null(w);
		return;
	}
	/* The shortest of these that reads back as the same number. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	literal(w, text);
}

void json_bool(struct json_writer *w, bool b)
{
	literal(w, b ? "true" : "false");
}

void json_null(struct json_writer *w)
{
	literal(w, "null");
}

void json_time(struct json_writer *w, usec_t t)
{
	char text[CLOCK_TEXT_MAX];

	json_string(w, t ? clock_format_rfc3339(t, text) : NULL);
}

void json_member_text(struct json_writer *w, const char *key, const char *s)
{
	json_key(w, key);
	json_string(w, s && *s ? s : NULL);
}

void json_member_int(struct json_writer *w, const char *key, int64_t i)
{
	json_key(w, key);
	json_int(w, i);
}

void json_member_time(struct json_writer *w, const char *key, usec_t t)
{
	json_key(w, key);
	json_time(w, t);
}

/* Says nothing that its absence would not say. */
static bool is_empty(const struct value *v)
{
	switch ((enum value_type)v->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return !v->b;
	case VALUE_INT:
		return v->i == 0;
	case VALUE_DOUBLE:
		return v->d == 0;
	case VALUE_TIME:
		return v->t == 0;
	case VALUE_STRING:
	case VALUE_LIST:
		return v->len == 0;
	case VALUE_MAP:
		for (member_each(m, v))
			if (!is_empty(&m->v))
				return false;
		return true;
	}
	return true;
}

static int compare_members(const void *a, const void *b)
{
	const struct member *x = *(const struct member *const *)a, *y = *(const struct member *const *)b;
	int r = memcmp(x->key, y->key, MIN(x->v.key_len, y->v.key_len));

	return r ? r : (int)x->v.key_len - (int)y->v.key_len;
}

static void write_map(struct json_writer *w, const struct value *v, bool canonical)
{
	_cleanup_(mem_freep) const struct member **order = NULL;
	uint32_t n = 0;

	json_object_begin(w);
	if (canonical)
		order = mem_realloc_array(NULL, v->len, sizeof(struct member *));
	for (member_each(m, v)) {
		if (canonical) {
			if (!is_empty(&m->v))
				order[n++] = m;
		} else {
			key_n(w, m->key, m->v.key_len);
			json_value(w, &m->v, false);
		}
	}
	if (canonical)
		qsort(order, n, sizeof(*order), compare_members);
	for (uint32_t i = 0; i < n; i++) {
		key_n(w, order[i]->key, order[i]->v.key_len);
		json_value(w, &order[i]->v, true);
	}
	json_object_end(w);
}

void json_value(struct json_writer *w, const struct value *v, bool canonical)
{
	switch (v ? (enum value_type)v->type : VALUE_NULL) {
	case VALUE_NULL:
		json_null(w);
		return;
	case VALUE_BOOL:
		json_bool(w, v->b);
		return;
	case VALUE_INT:
		json_int(w, v->i);
		return;
	case VALUE_DOUBLE:
		json_double(w, v->d);
		return;
	case VALUE_STRING:
		json_string_n(w, v->s, v->len);
		return;
	case VALUE_TIME:
		json_time(w, v->t);
		return;
	case VALUE_LIST:
		json_array_begin(w);
		for (value_each(item, v))
			json_value(w, item, canonical);
		json_array_end(w);
		return;
	case VALUE_MAP:
		write_map(w, v, canonical);
		return;
	}
}
