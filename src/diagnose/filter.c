/* Choosing causes by what they touch and when they began. */
#include "diagnose/filter.h"

/* Calls fn for every object that the cause touches until it returns true: findings' objects, the chain's steps, workloads. */
static bool any_object(const struct cause *c, bool (*fn)(const void *arg, const struct object *o), const void *arg)
{
	for (uint32_t i = 0; i <= c->explained.len; i++) {
		const struct finding *f = i ? c->explained.items[i - 1] : c->root;

		if ((f->object && fn(arg, f->object)) || (f->subject.object && fn(arg, f->subject.object)))
			return true;
	}
	for (uint32_t i = 0; i < c->chain_len; i++)
		if (c->chain[i].what.object && fn(arg, c->chain[i].what.object))
			return true;
	for (uint32_t i = 0; i < c->workloads.len; i++)
		if (fn(arg, c->workloads.items[i]))
			return true;
	return false;
}

static bool is_of_kind(const void *arg, const struct object *o)
{
	return strcasecmp(arg, o->kind->name) == 0;
}

/* What does not exist has a kind too: a missing ConfigMap. */
static bool touches_kind(const struct cause *c, const char *kind)
{
	if (any_object(c, is_of_kind, kind) || (c->root->subject.kind_text && strcasecmp(c->root->subject.kind_text, kind) == 0))
		return true;
	for (uint32_t i = 0; i < c->chain_len; i++)
		if (strcasecmp(c->chain[i].what.kind_text, kind) == 0)
			return true;
	return false;
}

static bool touches_kinds(const struct cause *c, const char *const *kinds)
{
	for (; *kinds; kinds++)
		if (touches_kind(c, *kinds))
			return true;
	return false;
}

/* The labels of what it makes count as well as its own: people know a workload by the labels of its pods. */
static bool has_labels(const void *arg, const struct object *o)
{
	return selector_matches(arg, o->labels, false) || (pod_labels_of(o, NULL) && selector_matches(arg, pod_labels_of(o, NULL), false));
}

/* Was it made, or its spec or data written? Its status is written all the time. */
static bool is_written_since(const void *arg, const struct object *o)
{
	usec_t since = *(const usec_t *)arg;

	if (o->created >= since)
		return true;
	for (value_each(e, value_get(o->metadata, "managedFields")))
		if (!*value_get_str(e, "subresource") && value_get_time(e, "time") >= since)
			return true;
	return false;
}

static bool is_changed_since(const struct inventory *inv, struct arena *a, const struct cause *c, usec_t since)
{
	if (any_object(c, is_written_since, &since))
		return true;
	for (uint32_t i = 0; i < c->workloads.len; i++)
		if (changes_of(inv, a, c->workloads.items[i], since, inventory_now(inv)).len)
			return true;
	return false;
}

bool cause_passes(const struct cause_filter *filter, const struct inventory *inv, struct arena *a, const struct cause *cause)
{
	if (filter->began && cause->since && cause->since < filter->began)
		return false;
	if (filter->kinds && !touches_kinds(cause, filter->kinds))
		return false;
	if (filter->selector && !any_object(cause, has_labels, filter->selector))
		return false;
	return !filter->changed || is_changed_since(inv, a, cause, filter->changed);
}

struct cause_list causes_filter(const struct cause_filter *filter, const struct inventory *inv, struct arena *a, const struct cause_list *causes)
{
	struct cause_list ret = {0};

	for (uint32_t i = 0; i < causes->len; i++)
		if (cause_passes(filter, inv, a, causes->items[i]))
			*arena_push(a, &ret) = causes->items[i];
	return ret;
}
