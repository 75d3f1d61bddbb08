/* What is kept of the custom kinds in known_kinds.def: the paths that something reads, within bounds. */
#include "base/utf8.h"
#include "cluster/inventory_internal.h"
#include "cluster/schema.h"

#define KEEP_PATH_MAX 256
#define KEEP_ITEMS_MAX 5000 /* of one list; what follows is dropped, so that positions stay true */
#define KEEP_TEXT_MAX 4096  /* bytes of one string */

const struct known_kind known_kinds[] = {
#define KNOWN(group, kind, message, keep, passed) {group, kind, message, keep, passed},
#include "cluster/known_kinds.def"
#undef KNOWN
};
const size_t known_kind_count = ARRAY_LEN(known_kinds);

const struct known_kind *known_kind_find(const char *group, const char *name)
{
	for (size_t i = 0; i < known_kind_count; i++)
		if (str_eq(known_kinds[i].group, group) && str_eq(known_kinds[i].name, name))
			return &known_kinds[i];
	return NULL;
}

enum keeping { KEEP_NOTHING, KEEP_PARTS, KEEP_ALL };

/* A path of the table that begins with this one keeps parts of it; one that this begins with, all of it. */
static enum keeping keeping_of(const char *keep, const char *path)
{
	size_t len = strlen(path);
	enum keeping best = *keep ? KEEP_NOTHING : KEEP_ALL;

	while (*keep && best != KEEP_ALL) {
		size_t n = strcspn(keep, " ");

		if (n <= len && strncmp(keep, path, n) == 0 && (path[n] == '.' || !path[n]))
			best = KEEP_ALL;
		else if (n > len && strncmp(keep, path, len) == 0 && keep[len] == '.')
			best = KEEP_PARTS;
		keep += n;
		keep += strspn(keep, " ");
	}
	return best;
}

struct keeper {
	struct inventory *inv;
	const struct known_kind *known;
};

static struct value keep_value(const struct keeper *k, const char *path, bool all, const struct value *v);

static bool has_passed(const struct value *item)
{
	const char *result = value_get_str(item, "result");

	return str_eq(result, "pass") || str_eq(result, "skip");
}

static struct value keep_list(const struct keeper *k, const char *path, bool all, const struct value *v)
{
	struct value out = {.type = VALUE_LIST};
	bool results = k->known->passed && str_eq(k->known->passed, path);

	out.items = arena_new_array(&k->inv->arena, struct value, MIN(value_len(v), (size_t)KEEP_ITEMS_MAX));
	for (value_each(item, v)) {
		if (out.len == KEEP_ITEMS_MAX)
			break;
		out.items[out.len++] = results && has_passed(item) ? (struct value){.type = VALUE_NULL} : keep_value(k, path, all, item);
	}
	return out;
}

static struct value keep_map(const struct keeper *k, const char *path, bool all, const struct value *v)
{
	struct value out = {.type = VALUE_MAP, .members = arena_new_array(&k->inv->arena, struct member, value_len(v))};
	char below[KEEP_PATH_MAX] = "";

	for (member_each(m, v)) {
		enum keeping keeping = KEEP_ALL;

		if (!all) {
			if ((size_t)snprintf(below, sizeof(below), "%s.%s", path, m->key) >= sizeof(below))
				continue;
			keeping = keeping_of(k->known->keep, below);
		}
		if (keeping == KEEP_NOTHING)
			continue;
		struct value kept = keep_value(k, below, keeping == KEEP_ALL, &m->v);

		kept.key_len = m->v.key_len;
		out.members[out.len++] = (struct member){.key = intern_add(&k->inv->strings, m->key, m->v.key_len), .v = kept};
	}
	return out;
}

static struct value keep_value(const struct keeper *k, const char *path, bool all, const struct value *v)
{
	if (v->type == VALUE_LIST)
		return keep_list(k, path, all, v);
	if (v->type == VALUE_MAP)
		return keep_map(k, path, all, v);
	struct value out;

	if (v->type == VALUE_STRING && v->len > KEEP_TEXT_MAX) {
		size_t len = utf8_cut(v->s, v->len, KEEP_TEXT_MAX);

		out = (struct value){.type = VALUE_STRING, .flags = VALUE_CUT, .len = (uint32_t)len, .s = arena_strndup(&k->inv->arena, v->s, len)};
	} else {
		out = value_copy(&k->inv->builder, v);
	}
	return out;
}

bool known_kind_keeps(const struct known_kind *known, const char *member)
{
	return str_eq(member, "apiVersion") || str_eq(member, "kind") || keeping_of(known->keep, member) != KEEP_NOTHING;
}

struct value known_kind_keep(struct inventory *inv, const struct known_kind *known, const char *member, const struct value *v)
{
	const struct keeper k = {.inv = inv, .known = known};
	bool all = keeping_of(known->keep, member) != KEEP_PARTS;

	return keep_value(&k, member, all, v);
}
