/* value: an immutable tree of data, what every reader (protobuf, JSON, YAML) makes and everything else reads.
 *
 * Invariants: maps keep no order that means anything; keys are unique (the last one read wins). Strings are
 * NUL-terminated besides their length and may hold NUL bytes. Times of Kubernetes objects are VALUE_TIME whichever
 * wire format they came in. Accessors accept NULL and the wrong type and then return NULL / the default, so that a
 * chain of lookups needs no checks between.
 * Ownership: a tree lives in the arena of the builder that made it. Thread rule: immutable, so any thread. */
#ifndef FORMAT_VALUE_H
#define FORMAT_VALUE_H

#include "base/clock.h"
#include "base/intern.h"
#include "base/strbuf.h"

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_DOUBLE,
	VALUE_STRING,
	VALUE_TIME, /* microseconds since 1970 */
	VALUE_LIST,
	VALUE_MAP,
};

/* flags of a string: only its beginning was kept (FIELD_STRING_CAPPED). Other bits are value.c's own. */
#define VALUE_CUT 2

struct value {
	uint8_t type; /* enum value_type */
	uint8_t flags;
	uint16_t key_len; /* used when this value is a map member's */
	uint32_t len;     /* bytes of a string, items of a list, members of a map */
	union {
		bool b;
		int64_t i;
		double d;
		const char *s;
		usec_t t;
		struct value *items;
		struct member *members;
	};
};

struct member {
	const char *key; /* NUL-terminated; length in v.key_len */
	struct value v;
};

/* Equal lists and maps that parsers make one soon after the other are kept once: pods of one Deployment differ in little. A cache of
 * fixed size: what is forgotten is made anew. Shared parts are the reason why no part of a parsed tree may be changed. */
#define VALUE_SHARE_SLOTS 8192
/* And the strings that a field of them had last, which its next ones mostly have too. */
#define VALUE_SHARE_STRINGS 1024
struct value_share {
	const char *strings[VALUE_SHARE_STRINGS]; /* interned */
	struct {
		const void *items;
		uint32_t hash, size; /* bytes */
	} slots[VALUE_SHARE_SLOTS];
};

/* Where a tree is built, and how much may be built. */
struct value_builder {
	struct arena *arena;
	struct intern *strings;    /* keys and repeated strings are interned here; may be NULL */
	struct value_share *share; /* zeroed by its owner, who may free it when nothing is built any more; may be NULL */
	unsigned max_depth;        /* VALUE_MAX_DEPTH unless set */
	size_t max_nodes;          /* VALUE_MAX_NODES unless set */
	size_t nodes;              /* made so far */
};

#define VALUE_MAX_DEPTH 64
#define VALUE_MAX_NODES ((size_t)64 << 20)

void value_builder_init(struct value_builder *b, struct arena *arena, struct intern *strings);

const struct value *value_get_n(const struct value *map, const char *key, size_t key_len);
static inline const struct value *value_get(const struct value *map, const char *key)
{
	return value_get_n(map, key, __builtin_strlen(key));
}
/* "spec.containers[0].image", "metadata.labels['app.kubernetes.io/name']"; NULL when a step is missing. */
const struct value *value_at(const struct value *v, const char *path);

static inline const struct value *value_item(const struct value *list, size_t i)
{
	return list && list->type == VALUE_LIST && i < list->len ? &list->items[i] : NULL;
}
/* The first item of a list of maps whose member `key` is this text: the row of an id, the container of a name. NULL when there is none. */
const struct value *value_item_with(const struct value *list, const char *key, const char *text);
/* Is this text one of the list's items? */
bool value_list_has(const struct value *list, const char *text);
/* Items of a list or members of a map; 0 for anything else. */
static inline size_t value_len(const struct value *v)
{
	return v && (v->type == VALUE_LIST || v->type == VALUE_MAP) ? v->len : 0;
}
const char *value_str(const struct value *v, const char *otherwise); /* VALUE_STRING only */
int64_t value_int(const struct value *v, int64_t otherwise);         /* INT, or DOUBLE without fraction */
double value_double(const struct value *v, double otherwise);
bool value_bool(const struct value *v, bool otherwise);
usec_t value_time(const struct value *v); /* 0 when none; RFC 3339 strings are parsed */

/* Shorthands for the commonest chain: a member of a map. */
#define value_get_str(v, key) value_str(value_get((v), (key)), "")
#define value_get_int(v, key, otherwise) value_int(value_get((v), (key)), (otherwise))
#define value_get_bool(v, key, otherwise) value_bool(value_get((v), (key)), (otherwise))
#define value_get_time(v, key) value_time(value_get((v), (key)))

/* for (value_each(item, list)) { ... } over a list; for (member_each(m, map)) { ... } over a map. */
#define value_each(it, list)                                                                                                                         \
	const struct value *it = value_len(list) && (list)->type == VALUE_LIST ? (list)->items : NULL, *it##_end = it ? it + (list)->len : NULL;     \
	it < it##_end;                                                                                                                               \
	it++
#define member_each(m, map)                                                                                                                          \
	const struct member *m = value_len(map) && (map)->type == VALUE_MAP ? (map)->members : NULL, *m##_end = m ? m + (map)->len : NULL;           \
	m < m##_end;                                                                                                                                 \
	m++

/* Deep equality; maps compare as sets. */
bool value_equal(const struct value *a, const struct value *b);
/* Constructors for builders of trees. */
struct value value_of_str(const char *s);
struct value value_of_int(int64_t i);
struct value value_of_bool(bool b);
struct value value_of_time(usec_t t);
/* Adds or replaces a member of a map under construction; key must outlive the tree. */
void value_map_set(struct value_builder *b, struct value *map, const char *key, struct value v);
/* Copies a tree into another arena. */
struct value value_copy(struct value_builder *b, const struct value *v);
/* Copies a tree into one block of heap memory, of *ret_size bytes (may be NULL): mem_free of the result frees all of it. */
struct value *value_pack(const struct value *v, size_t *ret_size);

/* Kubernetes quantities ("100m", "1.5Gi", "1e3"): the number in units of 1, or false. (apimachinery resource.Quantity) */
bool value_quantity(const struct value *v, double *ret);
bool quantity_parse(const char *s, double *ret);
/* "1.5 GiB", "250m" style text for people: bytes when is_bytes. */
char *quantity_format(double q, bool is_bytes, char buf[32]);

#endif
