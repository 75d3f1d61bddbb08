#include "format/value.h"

#include <math.h>

/* This map's array was made by value_map_set and has room for the next power of two of members. */
#define FLAG_GROWABLE 1

void value_builder_init(struct value_builder *b, struct arena *arena, struct intern *strings)
{
	*b = (struct value_builder){.arena = arena, .strings = strings, .max_depth = VALUE_MAX_DEPTH, .max_nodes = VALUE_MAX_NODES};
}

const struct value *value_get_n(const struct value *map, const char *key, size_t key_len)
{
	if (!map || map->type != VALUE_MAP || map->len == 0)
		return NULL;
	for (const struct member *m = map->members, *end = m + map->len; m < end; m++)
		if (m->v.key_len == key_len && bytes_eq(m->key, key, key_len))
			return &m->v;
	return NULL;
}

/* One "[...]" step: a number of a list, or a quoted key of a map. *path stands after the "[". */
static const struct value *at_bracket(const struct value *v, const char **path)
{
	const char *p = *path, *end;
	size_t i = 0;

	if (*p == '\'' || *p == '"') {
		end = strchr(p + 1, *p);
		if (!end || end[1] != ']')
			return NULL;
		*path = end + 2;
		return value_get_n(v, p + 1, (size_t)(end - p - 1));
	}
	end = strchr(p, ']');
	if (!end || end == p || end - p > 9)
		return NULL;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return NULL;
		i = i * 10 + (size_t)(*p - '0');
	}
	*path = end + 1;
	return value_item(v, i);
}

const struct value *value_at(const struct value *v, const char *path)
{
	while (v && *path) {
		if (*path == '[') {
			path++;
			v = at_bracket(v, &path);
		} else {
			size_t n;

			if (*path == '.')
				path++;
			n = strcspn(path, ".[");
			v = value_get_n(v, path, n);
			path += n;
		}
	}
	return v;
}

const char *value_str(const struct value *v, const char *otherwise)
{
	return v && v->type == VALUE_STRING ? v->s : otherwise;
}

int64_t value_int(const struct value *v, int64_t otherwise)
{
	if (v && v->type == VALUE_INT)
		return v->i;
	/* Below 2^63 the cast is defined; a double that big has no fraction to lose. */
	if (v && v->type == VALUE_DOUBLE && v->d >= -0x1p63 && v->d < 0x1p63 && v->d == floor(v->d))
		return (int64_t)v->d;
	return otherwise;
}

double value_double(const struct value *v, double otherwise)
{
	if (v && v->type == VALUE_DOUBLE)
		return v->d;
	return v && v->type == VALUE_INT ? (double)v->i : otherwise;
}

bool value_bool(const struct value *v, bool otherwise)
{
	return v && v->type == VALUE_BOOL ? v->b : otherwise;
}

usec_t value_time(const struct value *v)
{
	usec_t t;

	if (v && v->type == VALUE_TIME)
		return v->t;
	return v && v->type == VALUE_STRING && clock_parse_rfc3339(v->s, v->len, &t) ? t : 0;
}

const struct value *value_item_with(const struct value *list, const char *key, const char *text)
{
	for (value_each(item, list))
		if (str_eq(value_get_str(item, key), text))
			return item;
	return NULL;
}

bool value_list_has(const struct value *list, const char *text)
{
	for (value_each(item, list))
		if (str_eq(value_str(item, ""), text))
			return true;
	return false;
}

static bool maps_equal(const struct value *a, const struct value *b)
{
	for (member_each(m, a)) {
		const struct value *other = value_get_n(b, m->key, m->v.key_len);

		if (!other || !value_equal(&m->v, other))
			return false;
	}
	return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (!a || !b)
		return a == b;
	if (a->type != b->type)
		return false;
	switch ((enum value_type)a->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return a->b == b->b;
	case VALUE_INT:
		return a->i == b->i;
	case VALUE_DOUBLE:
		return a->d == b->d || (isnan(a->d) && isnan(b->d));
	case VALUE_STRING:
		return a->len == b->len && (a->s == b->s || memcmp(a->s, b->s, a->len) == 0);
	case VALUE_TIME:
		return a->t == b->t;
	case VALUE_LIST:
		if (a->len != b->len)
			return false;
		for (uint32_t i = 0; i < a->len; i++)
			if (!value_equal(&a->items[i], &b->items[i]))
				return false;
		return true;
	case VALUE_MAP:
		return a->len == b->len && maps_equal(a, b);
	}
	return false;
}

struct value value_of_str(const char *s)
{
	return s ? (struct value){.type = VALUE_STRING, .len = (uint32_t)strlen(s), .s = s} : (struct value){0};
}

struct value value_of_int(int64_t i)
{
	return (struct value){.type = VALUE_INT, .i = i};
}

struct value value_of_bool(bool b)
{
	return (struct value){.type = VALUE_BOOL, .b = b};
}

struct value value_of_time(usec_t t)
{
	return (struct value){.type = VALUE_TIME, .t = t};
}

/* Room for one more member: doubled at each power of two from 4 on, so that no capacity needs to be kept. */
static void make_room(struct value_builder *b, struct value *map)
{
	uint32_t cap = 4;
	struct member *bigger;

	while (cap <= map->len)
		cap *= 2;
	if ((map->flags & FLAG_GROWABLE) && map->len && !(map->len >= 4 && (map->len & (map->len - 1)) == 0))
		return;
	bigger = arena_alloc(b->arena, sizeof(*bigger) * cap);
	if (map->len)
		memcpy(bigger, map->members, sizeof(*bigger) * map->len);
	map->members = bigger;
	map->flags |= FLAG_GROWABLE;
}

void value_map_set(struct value_builder *b, struct value *map, const char *key, struct value v)
{
	size_t key_len = strlen(key);
	struct value *old;

	if (map->type != VALUE_MAP)
		*map = (struct value){.type = VALUE_MAP, .key_len = map->key_len};
	old = (struct value *)value_get_n(map, key, key_len);
	v.key_len = (uint16_t)key_len;
	if (old && !(map->flags & FLAG_GROWABLE)) {
		/* A parsed map's members may be those of another map too. */
		map->members = arena_memdup(b->arena, map->members, sizeof(*map->members) * map->len);
		old = (struct value *)value_get_n(map, key, key_len);
	}
	if (old) {
		*old = v;
		return;
	}
	make_room(b, map);
	map->members[map->len++] = (struct member){.key = key, .v = v};
	b->nodes++;
}

struct value value_copy(struct value_builder *b, const struct value *v)
{
	struct value copy = *v;

	copy.flags &= VALUE_CUT;
	b->nodes++;
	switch ((enum value_type)v->type) {
	case VALUE_STRING:
		copy.s = arena_strndup(b->arena, v->s, v->len);
		break;
	case VALUE_LIST:
		copy.items = arena_alloc(b->arena, sizeof(*v->items) * v->len);
		for (uint32_t i = 0; i < v->len; i++)
			copy.items[i] = value_copy(b, &v->items[i]);
		break;
	case VALUE_MAP:
		copy.members = arena_alloc(b->arena, sizeof(*v->members) * v->len);
		for (uint32_t i = 0; i < v->len; i++) {
			const struct member *m = &v->members[i];

			copy.members[i].v = value_copy(b, &m->v);
			copy.members[i].key =
				b->strings ? intern_add(b->strings, m->key, m->v.key_len) : arena_strndup(b->arena, m->key, m->v.key_len);
		}
		break;
	default:
		break;
	}
	return copy;
}
