#include "cli/target.h"
#include "base/near.h"

#include <strings.h>

/* Kinds in the order in which people mean them when they say only a name; the rest follow in the order of kinds.def. */
static const enum kind_id order[] = {
	KIND_DEPLOYMENT, KIND_STATEFUL_SET,           KIND_DAEMON_SET, KIND_CRON_JOB, KIND_JOB, KIND_POD, KIND_SERVICE, KIND_INGRESS, KIND_NODE,
	KIND_NAMESPACE,  KIND_PERSISTENT_VOLUME_CLAIM};

/* Position of a kind in that order: smaller is meant more often. */
static unsigned rank(const struct object *o)
{
	for (unsigned i = 0; i < ARRAY_LEN(order); i++)
		if (order[i] == o->kind->id)
			return i;
	return ARRAY_LEN(order) + o->kind->id;
}

struct search {
	const struct inventory *inv;
	struct arena *arena;
	const struct kind *kind; /* NULL = any */
	const char *custom;      /* name of a custom kind, or NULL */
	const char *name, *ns;   /* ns NULL = any */
	struct object_list found;
	struct near near; /* over "name" */
	const struct object *near_object;
};

static void look_at(struct search *s, struct object *o)
{
	if (s->custom && strcasecmp(o->kind->name, s->custom) != 0 && strcasecmp(o->kind->plural, s->custom) != 0)
		return;
	if (s->ns && *o->ns && !str_eq(o->ns, s->ns))
		return;
	if (str_eq(o->name, s->name)) {
		*arena_push(s->arena, &s->found) = o;
	} else {
		const char *best = s->near.best;

		near_try(&s->near, o->name);
		if (s->near.best != best)
			s->near_object = o;
	}
}

static void search_kind(struct search *s, enum kind_id k)
{
	const struct object_list *list = inventory_list(s->inv, k);

	for (uint32_t i = 0; i < list->len; i++)
		look_at(s, list->items[i]);
}

static bool is_in_order(enum kind_id k)
{
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (order[i] == k)
			return true;
	return false;
}

/* Kinds that people mean first come first, so that among equally near names theirs is offered. */
static void search(struct search *s)
{
	if (s->kind || s->custom) {
		search_kind(s, s->kind ? s->kind->id : KIND_CUSTOM);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		search_kind(s, order[i]);
	for (int k = 0; k < KIND_COUNT; k++)
		if (!is_in_order((enum kind_id)k) && k != KIND_EVENT && k != KIND_LEASE)
			search_kind(s, (enum kind_id)k);
}

/* Is it the name of a custom kind that was read? */
static bool is_custom_kind(const struct inventory *inv, const char *word)
{
	const struct object_list *list = inventory_list(inv, KIND_CUSTOM);

	for (uint32_t i = 0; i < list->len; i++)
		if (strcasecmp(list->items[i]->kind->name, word) == 0 || strcasecmp(list->items[i]->kind->plural, word) == 0)
			return true;
	return false;
}

bool target_is_custom(struct arena *a, const char *const *words, int count)
{
	const char *slash = strchr(words[0], '/');

	if (count < 2 && !slash)
		return false;
	return !kind_by_name(count == 2 ? words[0] : arena_strndup(a, words[0], (size_t)(slash - words[0])));
}

static int unknown_kind(const char *word, struct err *err)
{
	struct near near;

	near_init(&near, word);
	for (size_t i = 0; i < ARRAY_LEN(kind_table); i++) {
		near_try(&near, kind_table[i].name);
		near_try(&near, kind_table[i].plural);
	}
	if (near.best)
		return err_set(err, ERR_USAGE, "unknown kind \"%s\"; did you mean \"%s\"?", word, near.best);
	return err_set(err, ERR_USAGE, "there is nothing of a kind \"%s\"", word);
}

int target_kind(const struct inventory *inv, const char *word, const char **ret, struct err *err)
{
	const struct kind *kind = kind_by_name(word);

	if (!kind && !is_custom_kind(inv, word))
		return unknown_kind(word, err);
	*ret = kind ? kind->name : word;
	return 0;
}

/* Splits the words into kind, namespace and name. */
static int split(struct search *s, const char *const *words, int count, struct err *err)
{
	const char *slash = strchr(words[0], '/'), *kind = NULL;

	if (count == 2) {
		kind = words[0];
		s->name = words[1];
	} else if (slash) {
		kind = arena_strndup(s->arena, words[0], (size_t)(slash - words[0]));
		s->name = slash + 1;
	} else {
		s->name = words[0];
	}
	if (!*s->name)
		return err_set(err, ERR_USAGE, "\"%s\" names a kind but no object of it", words[0]);
	near_init(&s->near, s->name);
	if (!kind)
		return 0;
	s->kind = kind_by_name(kind);
	if (s->kind)
		return 0;
	if (is_custom_kind(s->inv, kind)) {
		s->custom = kind;
		return 0;
	}
	/* "shop/web": a namespace is often written before a name. */
	if (count == 1 && !s->ns && inventory_find(s->inv, KIND_NAMESPACE, "", kind)) {
		s->ns = kind;
		return 0;
	}
	return unknown_kind(kind, err);
}

static const char *hint_of(const struct search *s)
{
	return s->near_object ? arena_printf(s->arena, "; did you mean %s?", object_text(s->arena, s->near_object)) : "";
}

static int not_found(struct search *s, struct err *err)
{
	const char *what = s->kind ? s->kind->name : s->custom ? s->custom : "object";
	const char *where = s->ns ? arena_printf(s->arena, " in namespace %s", s->ns) : "";
	const char *hint = hint_of(s);

	if (!s->kind && !s->custom && !strchr(s->name, '/') && kind_by_name(s->name))
		return err_set(err, ERR_USAGE, "\"%s\" names a kind but no object of it", s->name);
	if (s->kind && !inventory_sees(s->inv, s->kind->id, s->ns)) {
		/* What belongs to it may be there: the pods of a StatefulSet, in a dump that has no StatefulSets. */
		s->kind = NULL;
		search(s);
		hint = s->found.len ? arena_printf(s->arena, "; there is %s", object_text(s->arena, s->found.items[0])) : hint_of(s);
		return err_set(err, ERR_NOT_FOUND, "cannot tell whether there is a %s \"%s\"%s: objects of this kind could not be read%s", what,
			       s->name, where, hint);
	}
	return err_set(err, ERR_NOT_FOUND, "there is no %s \"%s\"%s%s", what, s->name, where, hint);
}

static int ambiguous(const struct search *s, struct err *err)
{
	char *text = arena_strdup(s->arena, "");

	for (uint32_t i = 0; i < s->found.len && i < TARGET_OTHERS; i++)
		text = arena_printf(s->arena, "%s%s%s", text, i ? ", " : "", object_text(s->arena, s->found.items[i]));
	return err_set(err, ERR_USAGE, "\"%s\" is in several namespaces; say which with -n: %s", s->name, text);
}

static int by_rank(const void *x, const void *y)
{
	const struct object *a = *(const struct object *const *)x, *b = *(const struct object *const *)y;

	return (int)rank(a) - (int)rank(b);
}

static bool has_namespace(const struct object_list *list, const char *ns)
{
	for (uint32_t i = 0; i < list->len; i++)
		if (str_eq(list->items[i]->ns, ns))
			return true;
	return false;
}

int target_find(const struct inventory *inv, struct arena *a, const char *const *words, int count, const char *ns, const char *prefer,
		struct target *ret, struct err *err)
{
	struct search s = {.inv = inv, .arena = a, .ns = ns};
	const char *in;
	int r = split(&s, words, count, err);

	if (r < 0)
		return r;
	search(&s);
	if (!s.found.len)
		return not_found(&s, err);
	qsort(s.found.items, s.found.len, sizeof(*s.found.items), by_rank);
	/* Without a namespace: the one that kubectl would use, else the only one. */
	in = prefer && has_namespace(&s.found, prefer) ? prefer : s.found.items[0]->ns;
	if (in != prefer)
		for (uint32_t i = 0; i < s.found.len; i++)
			if (rank(s.found.items[i]) == rank(s.found.items[0]) && !str_eq(s.found.items[i]->ns, in))
				return ambiguous(&s, err);
	*ret = (struct target){0};
	for (uint32_t i = 0; i < s.found.len; i++) {
		if (!str_eq(s.found.items[i]->ns, in))
			continue;
		if (!ret->object)
			ret->object = s.found.items[i];
		else
			*arena_push(a, &ret->others) = s.found.items[i];
	}
	return 0;
}
