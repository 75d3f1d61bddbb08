/* Filling the places of a template. */
#include "platform/template.h"
#include "format/json.h"
#include "format/yaml.h"

#include <inttypes.h>

struct filling {
	struct value_builder *b;
	unsigned depth;
	struct err *err;
};

static int fill(struct filling *f, const struct value *t, const struct scope *scope, struct value *ret, bool *ret_left_out);

const struct value *scope_find(const struct scope *scope, const char *path, size_t len)
{
	size_t head = 0;

	while (head < len && path[head] != '.' && path[head] != '[')
		head++;
	for (const struct scope *s = scope; s; s = s->outer) {
		char rest[256];

		if (strlen(s->name) != head || strncmp(s->name, path, head) != 0)
			continue;
		if (len - head >= sizeof(rest))
			return NULL;
		memcpy(rest, path + head, len - head);
		rest[len - head] = 0;
		return value_at(s->v, rest);
	}
	return NULL;
}

bool template_text(const struct value *v, struct strbuf *out)
{
	switch ((enum value_type)v->type) {
	case VALUE_STRING:
		strbuf_add(out, v->s, v->len);
		return true;
	case VALUE_INT:
		strbuf_addf(out, "%" PRId64, v->i);
		return true;
	case VALUE_DOUBLE:
		strbuf_addf(out, "%.10g", v->d);
		return true;
	case VALUE_BOOL:
		strbuf_addstr(out, v->b ? "true" : "false");
		return true;
	case VALUE_NULL:
	case VALUE_TIME:
	case VALUE_LIST:
	case VALUE_MAP:
		return false;
	}
	return false;
}

static int no_value(const struct filling *f, const char *path, size_t len)
{
	return err_set(f->err, ERR_INTERNAL, "nothing fills ${%.*s}", (int)MIN(len, 100), path);
}

static int fill_string(struct filling *f, const struct value *t, const struct scope *scope, struct value *ret)
{
	_cleanup_(strbuf_release) struct strbuf out;
	const char *s = t->s, *end = t->s + t->len, *place = strstr(t->s, "${");

	strbuf_init(&out, STRBUF_MAX_LINE * 16);
	*ret = *t;
	ret->flags = 0;
	if (!place)
		return 0;
	for (; place; place = strstr(s, "${")) {
		const char *close = strchr(place, '}');
		const struct value *v;

		if (place > s && place[-1] == '$') {
			strbuf_add(&out, s, (size_t)(place - 1 - s));
			strbuf_addstr(&out, "${");
			s = place + 2;
			continue;
		}
		if (!close)
			return err_set(f->err, ERR_INTERNAL, "no } after ${%.40s", place + 2);
		v = scope_find(scope, place + 2, (size_t)(close - place - 2));
		if (!v)
			return no_value(f, place + 2, (size_t)(close - place - 2));
		if (place == t->s && close + 1 == end) {
			*ret = *v;
			ret->flags = 0;
			return 0;
		}
		strbuf_add(&out, s, (size_t)(place - s));
		if (!template_text(v, &out))
			return err_set(f->err, ERR_INTERNAL, "${%.*s} is no text", (int)MIN(close - place - 2, 100), place + 2);
		s = close + 1;
	}
	strbuf_add(&out, s, (size_t)(end - s));
	ret->s = arena_strndup(f->b->arena, out.buf, out.len);
	ret->len = (uint32_t)out.len;
	return strbuf_check(&out, "a filled text", f->err);
}

static bool is_set(const struct value *v)
{
	if (!v)
		return false;
	switch ((enum value_type)v->type) {
	case VALUE_NULL:
		return false;
	case VALUE_BOOL:
		return v->b;
	case VALUE_INT:
		return v->i != 0;
	case VALUE_DOUBLE:
	case VALUE_TIME:
		return true;
	case VALUE_STRING:
	case VALUE_LIST:
	case VALUE_MAP:
		return v->len != 0;
	}
	return false;
}

static bool holds(const struct value *map, const struct scope *scope)
{
	const char *condition = value_str(value_get(map, "$if"), NULL);
	bool negated;

	if (!condition)
		return true;
	negated = *condition == '!';
	return is_set(scope_find(scope, condition + negated, strlen(condition + negated))) != negated;
}

struct items {
	struct value *items;
	uint32_t len, cap;
};

static int add_item(struct filling *f, const struct value *t, const struct scope *scope, struct items *out)
{
	struct value v;
	bool left_out;
	int r = fill(f, t, scope, &v, &left_out);

	if (r == 0 && !left_out)
		*arena_push(f->b->arena, out) = v;
	return r;
}

static int add_each(struct filling *f, const struct value *t, const char *what, const struct scope *scope, struct items *out)
{
	const char *in = strstr(what, " in ");
	const struct value *list;
	char name[64], index[72];
	int64_t n = 0;

	if (!in || (size_t)(in - what) >= sizeof(name))
		return err_set(f->err, ERR_INTERNAL, "$for: \"%.80s\" is not \"name in path\"", what);
	snprintf(name, sizeof(name), "%.*s", (int)(in - what), what);
	snprintf(index, sizeof(index), "%s_index", name);
	list = scope_find(scope, in + 4, strlen(in + 4));
	if (!list || list->type != VALUE_LIST)
		return no_value(f, in + 4, strlen(in + 4));
	for (value_each(item, list)) {
		const struct value number = value_of_int(n++);
		const struct scope counted = {scope, index, &number}, inner = {&counted, name, item};
		int r = add_item(f, t, &inner, out);

		if (r < 0)
			return r;
	}
	return 0;
}

static int fill_list(struct filling *f, const struct value *t, const struct scope *scope, struct value *ret)
{
	struct items out = {0};

	for (value_each(item, t)) {
		const char *what = value_str(value_get(item, "$for"), NULL);
		int r = what ? add_each(f, item, what, scope, &out) : add_item(f, item, scope, &out);

		if (r < 0)
			return r;
	}
	*ret = (struct value){.type = VALUE_LIST, .len = out.len, .items = out.items};
	return 0;
}

static bool is_direction(const char *key)
{
	return str_eq(key, "$if") || str_eq(key, "$for");
}

static int merge(struct filling *f, const struct value *path, const struct scope *scope, struct value *map)
{
	const char *p = value_str(path, "");
	const struct value *v = scope_find(scope, p, strlen(p));

	if (!v || v->type != VALUE_MAP)
		return no_value(f, p, strlen(p));
	for (member_each(m, v))
		value_map_set(f->b, map, m->key, m->v);
	return 0;
}

static int fill_key(struct filling *f, const struct member *m, const struct scope *scope, const char **ret)
{
	struct value key = {.type = VALUE_STRING, .len = m->v.key_len, .s = m->key}, filled;
	int r = fill_string(f, &key, scope, &filled);

	if (r < 0)
		return r;
	if (filled.type != VALUE_STRING)
		return err_set(f->err, ERR_INTERNAL, "the key %s is filled with what is no text", m->key);
	*ret = filled.s;
	return 0;
}

/* A document inside a text: written after its places are filled, so that it holds together whatever fills them. */
static int fill_nested(struct filling *f, const struct value *t, bool as_yaml, const struct scope *scope, struct value *ret)
{
	_cleanup_(strbuf_release) struct strbuf out;
	struct value v;
	bool left_out;
	int r = fill(f, t, scope, &v, &left_out);

	strbuf_init(&out, TEMPLATE_MAX_NESTED);
	if (r < 0)
		return r;
	if (as_yaml) {
		yaml_write(&out, &v);
	} else {
		struct json_writer w;

		json_writer_init(&w, &out, 2);
		json_value(&w, &v, false);
		strbuf_addch(&out, '\n');
	}
	*ret = (struct value){.type = VALUE_STRING, .len = (uint32_t)out.len, .s = arena_strndup(f->b->arena, out.buf, out.len)};
	return strbuf_check(&out, "a document in a text", f->err);
}

static int fill_map(struct filling *f, const struct value *t, const struct scope *scope, struct value *ret, bool *ret_left_out)
{
	const struct value *instead = value_get(t, "$value"), *as_yaml = value_get(t, "$yaml");

	if (!holds(t, scope)) {
		*ret_left_out = true;
		return 0;
	}
	if (instead)
		return fill(f, instead, scope, ret, ret_left_out);
	if (as_yaml || value_get(t, "$json"))
		return fill_nested(f, as_yaml ? as_yaml : value_get(t, "$json"), as_yaml != NULL, scope, ret);
	*ret = (struct value){.type = VALUE_MAP};
	for (member_each(m, t)) {
		const char *key = "";
		struct value v;
		bool left_out;
		int r;

		if (is_direction(m->key))
			continue;
		if (str_eq(m->key, "$merge"))
			r = merge(f, &m->v, scope, ret);
		else if ((r = fill_key(f, m, scope, &key)) == 0 && (r = fill(f, &m->v, scope, &v, &left_out)) == 0 && !left_out)
			value_map_set(f->b, ret, key, v);
		if (r < 0)
			return r;
	}
	return 0;
}

static int fill(struct filling *f, const struct value *t, const struct scope *scope, struct value *ret, bool *ret_left_out)
{
	int r = 0;

	*ret_left_out = false;
	*ret = (struct value){0};
	if (++f->depth > VALUE_MAX_DEPTH)
		return err_set(f->err, ERR_LIMIT, "a template is nested deeper than %d", VALUE_MAX_DEPTH);
	if (++f->b->nodes > f->b->max_nodes)
		return err_set(f->err, ERR_LIMIT, "filled templates have more than %zu values", f->b->max_nodes);
	if (t->type == VALUE_STRING)
		r = fill_string(f, t, scope, ret);
	else if (t->type == VALUE_LIST)
		r = fill_list(f, t, scope, ret);
	else if (t->type == VALUE_MAP)
		r = fill_map(f, t, scope, ret, ret_left_out);
	else
		*ret = *t;
	f->depth--;
	return r;
}

int template_fill(struct value_builder *b, const struct value *template, const struct scope *scope, struct value *ret, bool *ret_left_out,
		  struct err *err)
{
	struct filling f = {.b = b, .err = err};

	return fill(&f, template, scope, ret, ret_left_out);
}
