/* Label selectors as people write them ("app=web,tier in (a,b),!legacy"), read as kubectl -l reads them. */
#include "cluster/inventory.h"

#include <ctype.h>

#define TERMS_MAX 100

struct parser {
	struct value_builder *b;
	const char *text, *at;
	struct err *err;
};

static int refuse(const struct parser *p, const char *wanted)
{
	return err_set(p->err, ERR_USAGE, "\"%s\" is no label selector: at character %zu there should be %s", p->text, (size_t)(p->at - p->text) + 1,
		       wanted);
}

static void skip_space(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
}

/* The characters of keys and values; what each must look like is the server's business. */
static const char *word(struct parser *p)
{
	const char *from;

	skip_space(p);
	from = p->at;
	while (isalnum((unsigned char)*p->at) || str_has("-_./", *p->at))
		p->at++;
	return p->at > from ? arena_strndup(p->b->arena, from, (size_t)(p->at - from)) : NULL;
}

static bool take(struct parser *p, const char *s)
{
	size_t n = strlen(s);

	skip_space(p);
	if (strncmp(p->at, s, n) != 0)
		return false;
	p->at += n;
	return true;
}

/* "in" and "notin" are operators only as whole words. */
static bool take_word(struct parser *p, const char *s)
{
	const char *before = p->at;

	if (take(p, s) && (*p->at == ' ' || *p->at == '('))
		return true;
	p->at = before;
	return false;
}

struct values {
	struct value *items;
	uint32_t len, cap;
};

static int read_set(struct parser *p, struct values *values)
{
	if (!take(p, "("))
		return refuse(p, "a list in brackets");
	do {
		const char *s = word(p);

		*arena_push(p->b->arena, values) = value_of_str(s ? s : "");
		if (values->len > TERMS_MAX)
			return err_set(p->err, ERR_LIMIT, "more than %d values in one label selector", TERMS_MAX);
	} while (take(p, ","));
	return take(p, ")") ? 0 : refuse(p, "\",\" or \")\"");
}

static int read_value(struct parser *p, bool is_number, struct values *values)
{
	const char *s = word(p);

	if (is_number && (!s || s[strspn(s, "0123456789")]))
		return refuse(p, "a whole number");
	*arena_push(p->b->arena, values) = value_of_str(s ? s : "");
	return 0;
}

static int read_operator(struct parser *p, const char **ret_operator, struct values *values)
{
	bool is_in = take_word(p, "in");

	if (is_in || take_word(p, "notin")) {
		*ret_operator = is_in ? "In" : "NotIn";
		return read_set(p, values);
	}
	if (take(p, "!=")) {
		*ret_operator = "NotIn";
		return read_value(p, false, values);
	}
	if (take(p, "==") || take(p, "=")) {
		*ret_operator = "In";
		return read_value(p, false, values);
	}
	if (take(p, ">") || take(p, "<")) {
		*ret_operator = p->at[-1] == '>' ? "Gt" : "Lt";
		return read_value(p, true, values);
	}
	*ret_operator = "Exists";
	return 0;
}

static int read_term(struct parser *p, struct value *ret)
{
	bool absent = take(p, "!");
	const char *key = word(p), *op = "DoesNotExist";
	struct values values = {0};
	int r;

	if (!key)
		return refuse(p, "a label's name");
	if (!absent && (r = read_operator(p, &op, &values)) < 0)
		return r;
	*ret = (struct value){.type = VALUE_MAP};
	value_map_set(p->b, ret, "key", value_of_str(key));
	value_map_set(p->b, ret, "operator", value_of_str(op));
	value_map_set(p->b, ret, "values", (struct value){.type = VALUE_LIST, .len = values.len, .items = values.items});
	return 0;
}

int selector_parse(struct value_builder *b, const char *text, struct value *ret, struct err *err)
{
	struct parser p = {.b = b, .text = text, .at = text, .err = err};
	struct values terms = {0};
	int r;

	do {
		struct value term;

		if ((r = read_term(&p, &term)) < 0)
			return r;
		*arena_push(b->arena, &terms) = term;
		if (terms.len > TERMS_MAX)
			return err_set(err, ERR_LIMIT, "more than %d terms in one label selector", TERMS_MAX);
	} while (take(&p, ","));
	skip_space(&p);
	if (*p.at)
		return refuse(&p, "\",\" or the end");
	*ret = (struct value){.type = VALUE_MAP};
	value_map_set(b, ret, "matchExpressions", (struct value){.type = VALUE_LIST, .len = terms.len, .items = terms.items});
	return 0;
}
