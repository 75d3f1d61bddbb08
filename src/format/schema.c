#include "format/schema.h"
#include "format/tree.h"

#include <ctype.h>

static const struct field *find_linear(const struct message *m, const char *name, size_t len)
{
	for (unsigned i = 0; i < m->field_count; i++) {
		const struct field *f = &m->fields[i];

		if (f->name_len == len && !(f->flags & FIELD_INLINE) && bytes_eq(f->name, name, len))
			return f;
	}
	return NULL;
}

static const struct field *find_slot(const struct message *m, const char *name, size_t len)
{
	for (unsigned at = schema_name_hash(name, len) & m->slot_mask;; at = (at + 1) & m->slot_mask) {
		const struct field *f;

		if (m->slots[at] == SCHEMA_NO_FIELD)
			return NULL;
		f = &m->fields[m->slots[at]];
		if (f->name_len == len && bytes_eq(f->name, name, len))
			return f;
	}
}

const struct field *schema_field(const struct message *m, const char *name, size_t len)
{
	const struct field *f = m->slots ? find_slot(m, name, len) : find_linear(m, name, len);

	for (unsigned i = 0; !f && m->has_inline && i < m->field_count; i++)
		if (m->fields[i].flags & FIELD_INLINE)
			f = schema_field(m->fields[i].message, name, len);
	return f;
}

#define API_VERSION_MAX 64

size_t schema_annotation_kept(const char *key, size_t key_len, const char *value, size_t len)
{
	static const char last_applied[] = "kubectl.kubernetes.io/last-applied-configuration", before[] = "{\"apiVersion\":\"";
	size_t n = sizeof(before) - 1, from = n;

	if (key_len != sizeof(last_applied) - 1 || memcmp(key, last_applied, key_len) != 0)
		return SIZE_MAX;
	if (len < n || memcmp(value, before, n) != 0)
		return 0;
	while (n < len && n - from < API_VERSION_MAX && (isalnum((unsigned char)value[n]) || str_has("./-", value[n])))
		n++;
	if (n == len || value[n] != '"' || !(memmem(value + from, n - from, "alpha", 5) || memmem(value + from, n - from, "beta", 4)))
		return 0;
	return n + 1;
}

/* --- projection of trees --- */

static int project_message(struct tree *t, const struct value *v, const struct message *m, unsigned depth, struct value *ret, struct err *err);

/* A whole tree with nothing left out, in b's arena. */
static int project_any(struct tree *t, const struct value *v, struct value *ret)
{
	*ret = v->type == VALUE_STRING ? tree_string(t, v->s, v->len, false) : value_copy(t->b, v);
	return 0;
}

static int project_one(struct tree *t, const struct field *f, const struct value *v, unsigned depth, struct value *ret, struct err *err)
{
	if (f->message)
		return project_message(t, v, f->message, depth + 1, ret, err);
	if (f->type == FIELD_RAW_JSON)
		return project_any(t, v, ret);
	if (tree_field_scalar(t, f, v, ret))
		return 0;
	return err_set(err, ERR_INPUT, "%s where %s belongs", tree_type_text(v), tree_expected_text(f));
}

static int project_list(struct tree *t, const struct field *f, const struct value *v, unsigned depth, struct value *ret, struct err *err)
{
	size_t mark = t->len;

	for (value_each(item, v)) {
		struct value kept = {0};
		int r = item->type == VALUE_NULL ? 0 : project_one(t, f, item, depth, &kept, err);

		if (r == 0)
			r = tree_push(t, NULL, 0, kept, err);
		if (r < 0)
			return r;
	}
	return tree_close_list(t, mark, ret, err);
}

static int project_map(struct tree *t, const struct message *m, const struct field *f, const struct value *v, unsigned depth, struct value *ret,
		       struct err *err)
{
	size_t mark = t->len;
	int64_t size = 0;
	int r;

	for (member_each(entry, v)) {
		struct value kept = value_of_str("");
		const char *key;

		r = tree_push_annotation(t, f, entry->key, entry->v.key_len, value_str(&entry->v, ""),
					 entry->v.type == VALUE_STRING ? entry->v.len : 0, err);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (entry->v.type != VALUE_NULL || f->type == FIELD_PRESENT) {
			r = project_one(t, f, &entry->v, depth, &kept, err);
			if (r < 0)
				return r;
		}
		size += entry->v.key_len + (entry->v.type == VALUE_STRING ? entry->v.len : 0);
		r = tree_key(t, entry->key, entry->v.key_len, &key, err);
		if (r == 0)
			r = tree_push(t, key, entry->v.key_len, kept, err);
		if (r < 0)
			return r;
	}
	r = tree_close_map(t, mark, false, ret, err);
	if (r == 0 && (f->flags & FIELD_SIZED) && ret->len)
		r = tree_push_size(t, m, f, size, err);
	return r;
}

static int project_field(struct tree *t, const struct message *m, const struct field *f, const struct value *v, unsigned depth, struct err *err)
{
	struct value kept = {0};
	int r;

	if (v->type == VALUE_NULL)
		return 0;
	if (f->flags & FIELD_REPEATED) {
		if (v->type != VALUE_LIST)
			return err_set(err, ERR_INPUT, "%s where a list belongs", tree_type_text(v));
		r = project_list(t, f, v, depth + 1, &kept, err);
	} else if (f->flags & FIELD_MAP) {
		if (v->type != VALUE_MAP)
			return err_set(err, ERR_INPUT, "%s where an object belongs", tree_type_text(v));
		r = project_map(t, m, f, v, depth + 1, &kept, err);
	} else {
		r = project_one(t, f, v, depth, &kept, err);
		if (r < 0 || ((f->flags & FIELD_OMIT_ZERO) && tree_is_zero(&kept)))
			return r;
		return tree_push(t, f->name, f->name_len, kept, err);
	}
	return r < 0 || kept.len == 0 ? r : tree_push(t, f->name, f->name_len, kept, err);
}

static int project_message(struct tree *t, const struct value *v, const struct message *m, unsigned depth, struct value *ret, struct err *err)
{
	size_t mark = t->len;

	if (v->type != VALUE_MAP)
		return err_set(err, ERR_INPUT, "%s where an object belongs", tree_type_text(v));
	if (depth > t->b->max_depth)
		return err_set(err, ERR_LIMIT, "nested deeper than %u levels", t->b->max_depth);
	for (member_each(member, v)) {
		const struct field *f = schema_field(m, member->key, member->v.key_len);
		int r = f && !(depth && schema_only_at_top(f)) ? project_field(t, m, f, &member->v, depth, err) : 0;

		if (r < 0)
			return err_wrap(err, "%s", f->name);
	}
	/* A tree's keys differ, but the size beside a map may have been in it already: the earlier reader's, which saw all bytes. */
	return tree_close_map(t, mark, true, ret, err);
}

int schema_project(struct value_builder *b, const struct value *v, const struct message *m, struct value *ret, struct err *err)
{
	struct value kept;
	struct tree t;
	int r;

	tree_init(&t, b);
	r = m ? project_message(&t, v, m, 0, &kept, err) : project_any(&t, v, &kept);
	tree_release(&t);
	if (r == 0)
		*ret = kept;
	return r;
}
