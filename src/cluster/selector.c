/* Label selectors, as apimachinery's labels.Selector reads them, and choosing objects by them. */
#include "cluster/inventory_internal.h"

static bool text_equal(const struct value *a, const struct value *b)
{
	return a && b && a->type == VALUE_STRING && b->type == VALUE_STRING && a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static bool all_equal(const struct value *wanted, const struct value *labels)
{
	for (member_each(m, wanted))
		if (!text_equal(&m->v, value_get_n(labels, m->key, m->v.key_len)))
			return false;
	return true;
}

static bool one_of(const struct value *label, const struct value *values)
{
	for (value_each(v, values))
		if (text_equal(v, label))
			return true;
	return false;
}

/* Gt and Lt of node selectors: both sides must be whole numbers. */
static bool compare_numbers(const struct value *label, const struct value *values, bool greater)
{
	const char *a = value_str(label, ""), *b = value_str(value_item(values, 0), "");
	char *end_a, *end_b;
	long long x = strtoll(a, &end_a, 10), y = strtoll(b, &end_b, 10);
	if (!*a || !*b || *end_a || *end_b || value_len(values) != 1)
		return false;
	return greater ? x > y : x < y;
}

static bool expression_matches(const struct value *e, const struct value *labels)
{
	const struct value *key = value_get(e, "key"), *values = value_get(e, "values");
	const char *op = value_get_str(e, "operator");
	if (!key || key->type != VALUE_STRING)
		return false;
	const struct value *label = value_get_n(labels, key->s, key->len);
	if (str_eq(op, "In"))
		return label && one_of(label, values);
	if (str_eq(op, "NotIn"))
		return !label || !one_of(label, values);
	if (str_eq(op, "Exists"))
		return label != NULL;
	if (str_eq(op, "DoesNotExist"))
		return label == NULL;
	if (str_eq(op, "Gt") || str_eq(op, "Lt"))
		return label && compare_numbers(label, values, str_eq(op, "Gt"));
	return false;
}

bool selector_matches(const struct value *selector, const struct value *labels, bool plain)
{
	if (plain)
		return value_len(selector) > 0 && selector->type == VALUE_MAP && all_equal(selector, labels);
	if (!all_equal(value_get(selector, "matchLabels"), labels))
		return false;
	for (value_each(e, value_get(selector, "matchExpressions")))
		if (!expression_matches(e, labels))
			return false;
	return true;
}

/* The rarest label that the selector demands, by the pods of ns that carry it. False: no pod can match. */
static bool rarest_label(const struct inventory *inv, const char *ns, const struct value *wanted, const struct label_group **ret)
{
	*ret = NULL;
	for (member_each(m, wanted)) {
		const struct label_group *g = m->v.type == VALUE_STRING ? label_index_find(inv, ns, m) : NULL;
		if (!g)
			return false;
		if (!*ret || g->len < (*ret)->len)
			*ret = g;
	}
	return true;
}

struct object_list inventory_select(const struct inventory *inv, struct arena *a, enum kind_id kind, const char *ns, const struct value *selector,
				    bool plain)
{
	struct object_list result = {0};
	uint32_t from, to;
	inventory_namespace_range(inv, kind, ns, &from, &to);
	struct object *const *candidates = inv->lists[kind].items;
	if (plain && value_len(selector) == 0)
		return result;
	if (kind == KIND_POD && ns) {
		const struct label_group *g;
		if (!rarest_label(inv, ns, plain ? selector : value_get(selector, "matchLabels"), &g))
			return result;
		if (g) {
			candidates = inv->labels.pods;
			from = g->start;
			to = g->start + g->len;
		}
	}
	for (uint32_t i = from; i < to; i++) {
		struct object *o = candidates[i];
		if ((!ns || kind != KIND_CUSTOM || str_eq(o->ns, ns)) && selector_matches(selector, o->labels, plain))
			*arena_push(a, &result) = o;
	}
	return result;
}

static int compare_members(const void *a, const void *b)
{
	return strcmp((*(const struct member *const *)a)->key, (*(const struct member *const *)b)->key);
}

static void separate(struct strbuf *out)
{
	if (out->len)
		strbuf_addch(out, ',');
}

/* Maps have no order: people and tests get the keys sorted. */
static void add_labels_text(struct strbuf *out, struct arena *a, const struct value *labels)
{
	size_t count = labels && labels->type == VALUE_MAP ? labels->len : 0, n = 0;
	const struct member **sorted = arena_new_array(a, const struct member *, count + 1);
	for (member_each(m, labels))
		sorted[n++] = m;
	if (n)
		qsort(sorted, n, sizeof(*sorted), compare_members);
	for (size_t i = 0; i < n; i++) {
		separate(out);
		strbuf_addf(out, "%s=%s", sorted[i]->key, value_str(&sorted[i]->v, ""));
	}
}

static void add_expression_text(struct strbuf *out, const struct value *e)
{
	const char *key = value_get_str(e, "key"), *op = value_get_str(e, "operator");
	const struct value *values = value_get(e, "values");
	separate(out);
	if (str_eq(op, "Exists") || str_eq(op, "DoesNotExist")) {
		strbuf_addf(out, "%s%s", str_eq(op, "Exists") ? "" : "!", key);
		return;
	}
	if (str_eq(op, "Gt") || str_eq(op, "Lt")) {
		strbuf_addf(out, "%s%c%s", key, str_eq(op, "Gt") ? '>' : '<', value_str(value_item(values, 0), ""));
		return;
	}
	strbuf_addf(out, "%s %s (", key, str_eq(op, "In") ? "in" : str_eq(op, "NotIn") ? "notin" : op);
	for (value_each(v, values))
		strbuf_addf(out, "%s%s", v == values->items ? "" : ",", value_str(v, ""));
	strbuf_addch(out, ')');
}

char *selector_text(struct arena *a, const struct value *selector, bool plain)
{
	_cleanup_(strbuf_release) struct strbuf out;
	strbuf_init(&out, STRBUF_MAX_LINE);
	add_labels_text(&out, a, plain ? selector : value_get(selector, "matchLabels"));
	if (!plain)
		for (value_each(e, value_get(selector, "matchExpressions")))
			add_expression_text(&out, e);
	return arena_strndup(a, out.buf, out.len);
}
