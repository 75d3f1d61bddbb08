/* Reading a rules file. Whatever is wrong in it is an error with its line: a rule that is passed over would silence too little or too much. */
#include "base/file.h"
#include "base/near.h"
#include "checks/rules_internal.h"
#include "format/yaml.h"

#define LIST_MAX 1000

struct reader {
	struct rules *rules;
	const char *name, *text;
	size_t len;
	const struct check *const *catalogue;
	size_t count;
	struct value_builder builder;
	struct err *err;
};

static const struct threshold {
	const char *name, *type;
	int64_t min, max;
} thresholds[] = {
#define THRESHOLD(field, name, type, value, min, max, help) {name, #type, INT64_C(min), INT64_C(max)},
#include "checks/thresholds.def"
#undef THRESHOLD
};

/* "rules.yaml:12" */
static const char *where(struct reader *rd, const char *path)
{
	unsigned line = yaml_line_of(rd->text, rd->len, path);
	return line ? arena_printf(&rd->rules->arena, "%s:%u", rd->name, line) : rd->name;
}

static int PRINTF_LIKE(3, 4) refuse(struct reader *rd, const char *path, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *text = arena_vprintf(&rd->rules->arena, fmt, ap);
	va_end(ap);
	return err_set(rd->err, ERR_USAGE, "%s: %s", where(rd, path), text);
}

static const char *path_in(struct reader *rd, const char *path, const char *key)
{
	return arena_printf(&rd->rules->arena, "%s%s%s", path, *path ? "." : "", key);
}

/* An unknown word, with the nearest of those known. */
static int unknown(struct reader *rd, const char *path, const char *what, const struct near *near)
{
	if (near->best)
		return refuse(rd, path, "unknown %s \"%s\"; did you mean \"%s\"?", what, near->word, near->best);
	return refuse(rd, path, "unknown %s \"%s\"", what, near->word);
}

static int read_text(struct reader *rd, const char *path, const struct value *v, const char **ret)
{
	if (v->type != VALUE_STRING || v->len == 0)
		return refuse(rd, path, "must be a text%s",
			      v->type == VALUE_INT || v->type == VALUE_DOUBLE || v->type == VALUE_BOOL ? ": put it in quotes" : "");
	if (strlen(v->s) != v->len)
		return refuse(rd, path, "a NUL in a text");
	*ret = v->s;
	return 0;
}

/* One text, or a list of them. each may refuse one. */
static int read_words(struct reader *rd, const char *path, const struct value *v, int (*each)(struct reader *rd, const char *path, const char *word),
		      struct words *ret)
{
	bool is_list = v->type == VALUE_LIST;
	size_t count = is_list ? v->len : 1;
	if (is_list && (count == 0 || count > LIST_MAX))
		return refuse(rd, path, "must have from 1 to %d items", LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *at = is_list ? arena_printf(&rd->rules->arena, "%s[%zu]", path, i) : path, *word = NULL;
		int r = read_text(rd, at, is_list ? &v->items[i] : v, &word);
		if (r == 0 && each)
			r = each(rd, at, word);
		if (r < 0)
			return r;
		*arena_push(&rd->rules->arena, ret) = word;
	}
	return 0;
}

static int check_word(struct reader *rd, const char *path, const char *word)
{
	struct near near;
	size_t n = strlen(word);
	near_init(&near, word);
	if (str_eq(word, "all") || str_eq(word, "advice"))
		return 0;
	for (size_t i = 0; i < rd->count; i++) {
		if (rule_word_names(word, n, rd->catalogue[i]))
			return 0;
		near_try(&near, rd->catalogue[i]->id);
		/* A right name in the wrong family. */
		const char *slash = strchr(word, '/'), *name = strchr(rd->catalogue[i]->id, '/');
		if (!near.best && slash && slash[1] && str_eq(slash, name))
			near.best = rd->catalogue[i]->id;
	}
	return unknown(rd, path, "check", &near);
}

/* Any kind may be a custom one: only what is one slip away from a known one is refused. */
static int kind_word(struct reader *rd, const char *path, const char *word)
{
	struct near near;
	near_init(&near, word);
	if (kind_by_name(word) || strchr(word, '.'))
		return 0;
	for (int k = 0; k < KIND_CUSTOM; k++)
		near_try(&near, kind_table[k].name);
	return near.best && near.distance <= 1 ? unknown(rd, path, "kind", &near) : 0;
}

/* Plurals and short names become the kind's own name. */
static void name_kinds(struct words *kinds)
{
	for (uint32_t i = 0; i < kinds->len; i++) {
		const struct kind *k = kind_by_name(kinds->items[i]);
		if (k)
			kinds->items[i] = k->name;
	}
}

static int read_expression(struct reader *rd, const char *path, const struct value *v, struct regex **ret)
{
	const char *text = NULL;
	struct err why;
	int r = read_text(rd, path, v, &text);
	if (r == 0 && (r = regex_compile(text, ret, &why)) < 0)
		return refuse(rd, path, "%s", why.message);
	return r;
}

static int read_labels(struct reader *rd, const char *path, const struct value *v, const struct value **ret)
{
	struct value *selector = arena_new(&rd->rules->arena, struct value);
	const char *text = NULL;
	struct err why;
	int r = read_text(rd, path, v, &text);
	if (r == 0 && selector_parse(&rd->builder, text, selector, &why) < 0)
		return refuse(rd, path, "%s", why.message);
	*ret = selector;
	return r;
}

/* "2026-12-01" (the beginning of that day, UTC) or a whole RFC 3339 time. */
static int read_date(struct reader *rd, const char *path, const struct value *v, usec_t *ret)
{
	char text[32];
	const char *s = v->type == VALUE_STRING ? v->s : "";
	snprintf(text, sizeof(text), "%.10sT00:00:00Z", s);
	if (v->type == VALUE_TIME)
		*ret = v->t;
	else if (!clock_parse_rfc3339(s, strlen(s), ret) && (strlen(s) != 10 || !clock_parse_rfc3339(text, strlen(text), ret)))
		return refuse(rd, path, "must be a date like 2026-12-01");
	return 0;
}

enum rule_key { CHECKS, KINDS, LABELS, MESSAGE, NAME, NAMES, NAMESPACES, REASON, UNTIL };
static const char *const members[] = {"checks", "kinds", "labels", "message-matches", "name-matches", "names", "namespaces", "reason", "until"};

static int find_word(struct reader *rd, const char *path, const char *what, const char *word, const char *const *known, size_t count)
{
	struct near near;
	near_init(&near, word);
	for (size_t i = 0; i < count; i++) {
		if (str_eq(known[i], word))
			return (int)i;
		near_try(&near, known[i]);
	}
	return unknown(rd, path, what, &near);
}

static int read_member(struct reader *rd, const char *path, const struct member *m, struct exclusion *e)
{
	const char *at = path_in(rd, path, m->key);
	int r = find_word(rd, at, "key", m->key, members, ARRAY_LEN(members));
	if (r < 0)
		return r;
	switch ((enum rule_key)r) {
	case CHECKS:
		return read_words(rd, at, &m->v, check_word, &e->checks);
	case KINDS:
		r = read_words(rd, at, &m->v, kind_word, &e->kinds);
		name_kinds(&e->kinds);
		return r;
	case LABELS:
		return read_labels(rd, at, &m->v, &e->labels);
	case MESSAGE:
		return read_expression(rd, at, &m->v, &e->message);
	case NAME:
		return read_expression(rd, at, &m->v, &e->name);
	case NAMES:
		return read_words(rd, at, &m->v, NULL, &e->names);
	case NAMESPACES:
		return read_words(rd, at, &m->v, NULL, &e->namespaces);
	case REASON:
		return read_text(rd, at, &m->v, &e->silence.reason);
	case UNTIL:
		return read_date(rd, at, &m->v, &e->silence.until);
	}
	return 0;
}

static int read_exclusion(struct reader *rd, const char *path, const struct value *v)
{
	struct exclusion *e;
	if (v->type != VALUE_MAP)
		return refuse(rd, path, "must be an object with checks, kinds, namespaces, names ...");
	e = arena_new(&rd->rules->arena, struct exclusion);
	/* First, so that rules_free finds its expressions whatever comes. */
	*arena_push(&rd->rules->arena, &rd->rules->exclusions) = e;
	e->silence = (struct silence){.by = where(rd, path), .reason = ""};
	for (member_each(m, v)) {
		int r = read_member(rd, path, m, e);
		if (r < 0)
			return r;
	}
	if (!e->checks.len && !e->kinds.len && !e->namespaces.len && !e->names.len && !e->name && !e->message && !e->labels)
		return refuse(rd, path, "this would silence every finding: say which (checks, kinds, namespaces, names, labels ...)");
	return 0;
}

static int read_exclusions(struct reader *rd, const char *path, const struct value *v)
{
	if (v->type != VALUE_LIST)
		return refuse(rd, path, "must be a list");
	if (v->len > RULES_EXCLUSIONS_MAX)
		return refuse(rd, path, "more than %d exclusions", RULES_EXCLUSIONS_MAX);
	for (uint32_t i = 0; i < v->len; i++) {
		int r = read_exclusion(rd, arena_printf(&rd->rules->arena, "%s[%u]", path, i), &v->items[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_threshold(struct reader *rd, const char *path, const struct member *m)
{
	const char *names[ARRAY_LEN(thresholds)];
	char low[CLOCK_TEXT_MAX], high[CLOCK_TEXT_MAX];
	for (size_t i = 0; i < ARRAY_LEN(thresholds); i++)
		names[i] = thresholds[i].name;
	int i = find_word(rd, path, "threshold", m->key, names, ARRAY_LEN(names));
	if (i < 0)
		return i;
	const struct threshold *t = &thresholds[i];
	struct threshold_value *ret = &rd->rules->thresholds[i];
	bool is_span = str_eq(t->type, "SPAN");
	int64_t unit = is_span ? USEC_PER_MSEC : 1, n = value_int(&m->v, INT64_MIN);
	if (is_span && (m->v.type != VALUE_STRING || !clock_parse_span(m->v.s, &n)))
		n = INT64_MIN;
	if (n < t->min * unit || n > t->max * unit) {
		if (is_span)
			return refuse(rd, path, "must be a span like 30s, 5m, 2h or 30d, from %s to %s", clock_format_span(t->min * unit, low),
				      clock_format_span(t->max * unit, high));
		return refuse(rd, path, "must be a %s from %lld to %lld", str_eq(t->type, "PERCENT") ? "percentage" : "number", (long long)t->min,
			      (long long)t->max);
	}
	*ret = (struct threshold_value){.given = true, .value = n};
	return 0;
}

static int read_thresholds(struct reader *rd, const char *path, const struct value *v)
{
	if (v->type != VALUE_MAP)
		return refuse(rd, path, "must be an object of thresholds");
	for (member_each(m, v)) {
		int r = read_threshold(rd, path_in(rd, path, m->key), m);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_version(struct reader *rd, const char *path, const struct value *v)
{
	/* Unquoted, YAML takes 1.40 for the number 1.4. */
	if (v->type != VALUE_STRING || !version_parse(v->s, &rd->rules->target_minor))
		return refuse(rd, path, "must be a Kubernetes version in quotes, like \"1.40\"");
	return 0;
}

static int read_top(struct reader *rd, const struct member *m)
{
	static const char *const keys[] = {"ignore", "registries", "target-version", "thresholds"};
	int i = find_word(rd, m->key, "key", m->key, keys, ARRAY_LEN(keys));
	if (i < 0 || m->v.type == VALUE_NULL)
		return i < 0 ? i : 0;
	switch (i) {
	case 0:
		return read_exclusions(rd, m->key, &m->v);
	case 1:
		return read_words(rd, m->key, &m->v, NULL, &rd->rules->registries);
	case 2:
		return read_version(rd, m->key, &m->v);
	default:
		return read_thresholds(rd, m->key, &m->v);
	}
}

int rules_parse(struct rules *r, const char *name, const char *text, size_t len, const struct check *const *catalogue, size_t count, struct err *err)
{
	struct reader rd = {
		.rules = r, .name = arena_strdup(&r->arena, name), .text = text, .len = len, .catalogue = catalogue, .count = count, .err = err};
	struct value root;
	value_builder_init(&rd.builder, &r->arena, NULL);
	rd.builder.max_nodes = RULES_FILE_MAX;
	int result = yaml_parse(&rd.builder, rd.name, text, len, &root, err);
	if (result < 0)
		return result;
	if (root.type != VALUE_MAP && root.type != VALUE_NULL)
		result = err_set(err, ERR_USAGE, "%s: must be an object with ignore, registries, target-version or thresholds", rd.name);
	for (member_each(m, &root))
		result = result == 0 ? read_top(&rd, m) : result;
	return result;
}

int rules_read(struct rules *r, const char *path, const struct check *const *catalogue, size_t count, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text;
	strbuf_init(&text, RULES_FILE_MAX);
	int result = file_read(path, &text, err);
	return result < 0 ? result : rules_parse(r, path, text.buf, text.len, catalogue, count, err);
}
