/* tree: how this room's parsers build values. Internal to format/.
 *
 * Members and items of the containers that are still open lie on one stack; closing a container copies them to the arena at
 * their exact number. The stack is heap memory that grows with the largest open containers only.
 * Thread rule: one thread at a time per tree. */
#ifndef FORMAT_TREE_H
#define FORMAT_TREE_H

#include "format/schema.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tree {
	struct value_builder *b;
	struct member *stack;
	size_t len, cap;
};

void tree_init(struct tree *t, struct value_builder *b);
void tree_release(struct tree *t);

/* Makes room for one more; ERR_LIMIT past b->max_nodes. */
int tree_grow(struct tree *t, struct err *err);

/* Adds a member (or, with key NULL, an item) to the innermost open container. key must outlive the tree. */
static inline int tree_push(struct tree *t, const char *key, size_t key_len, struct value v, struct err *err)
{
	struct member *m;

	if (t->len == t->cap) {
		int r = tree_grow(t, err);

		if (r < 0)
			return r;
	}
	m = &t->stack[t->len++];
	m->key = key;
	m->v = v;
	m->v.key_len = (uint16_t)key_len;
	return 0;
}

/* Close the container that was opened when t->len was mark. keys_repeat: the same key may be there twice, the last one wins. */
int tree_close_map(struct tree *t, size_t mark, bool keys_repeat, struct value *ret, struct err *err);
int tree_close_list(struct tree *t, size_t mark, struct value *ret, struct err *err);

/* A map's key, interned or copied: ERR_LIMIT when longer than a key can be. */
int tree_key(struct tree *t, const char *s, size_t len, const char **ret, struct err *err);
/* A string for the tree; unique ones are copied rather than interned. len must fit in 32 bits. */
struct value tree_string(struct tree *t, const char *s, size_t len, bool unique);

/* A string of field f, interned unless its values are unique: as tree_string, but faster where it is one that f had lately. */
struct value tree_repeated(struct tree *t, const struct field *f, const char *s, size_t len);

/* What a field of a text type keeps of a string: whole, its beginning, its size, that it is there. */
struct value tree_field_text(struct tree *t, const struct field *f, const char *s, size_t len);
/* Absent as far as FIELD_OMIT_ZERO goes. */
static inline bool tree_is_zero(const struct value *v)
{
	switch (v->type) {
	case VALUE_STRING:
		return v->len == 0;
	case VALUE_INT:
		return v->i == 0;
	case VALUE_BOOL:
		return !v->b;
	case VALUE_DOUBLE:
		return !(v->d < 0 || v->d > 0);
	default:
		return v->type == VALUE_NULL;
	}
}
/* The "<name>Size" member of a FIELD_SIZED map, put beside it. */
int tree_push_size(struct tree *t, const struct message *m, const struct field *f, int64_t size, struct err *err);

/* Pushes an annotation of which schema_annotation_kept keeps a part or nothing: 0 when it was one, 1 when f or the annotation is another. */
int tree_push_annotation(struct tree *t, const struct field *f, const char *key, size_t key_len, const char *text, size_t len, struct err *err);

/* One already typed scalar (of JSON, YAML) as field f keeps it; containers are the caller's business. False: an impossible type. */
bool tree_field_scalar(struct tree *t, const struct field *f, const struct value *v, struct value *ret);
/* "a string", "a number", "an object" for messages. */
const char *tree_type_text(const struct value *v);
const char *tree_expected_text(const struct field *f);

#ifdef __cplusplus
}
#endif

#endif
