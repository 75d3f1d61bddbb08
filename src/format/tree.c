#include "format/tree.h"
#include "base/crypto.h"
#include "base/hash.h"

#include <inttypes.h>

/* Longer strings are seldom equal; hashing them would cost more than it saves. */
#define INTERN_MAX 1024
/* Up to here repeated keys are looked for pair by pair. */
#define PAIRWISE_MAX 16
/* Longer lists and maps (bytes) are kept as they come. */
#define SHARE_MAX 1024

void tree_init(struct tree *t, struct value_builder *b)
{
	*t = (struct tree){.b = b};
}

void tree_release(struct tree *t)
{
	mem_free(t->stack);
	t->stack = NULL;
	t->len = t->cap = 0;
}

static int too_many(const struct tree *t, struct err *err)
{
	return err_set(err, ERR_LIMIT, "more than %zu values in one document", t->b->max_nodes);
}

int tree_grow(struct tree *t, struct err *err)
{
	size_t bigger = t->cap ? t->cap * 2 : 256;

	if (t->len > t->b->max_nodes)
		return too_many(t, err);
	t->stack = mem_realloc_array(t->stack, bigger, sizeof(*t->stack));
	t->cap = bigger;
	return 0;
}

static bool same_key(const struct member *a, const struct member *b)
{
	return a->v.key_len == b->v.key_len && (a->key == b->key || bytes_eq(a->key, b->key, a->v.key_len));
}

/* Orders pointers into one array by key, equal keys by place. */
static int compare_members(const void *x, const void *y)
{
	const struct member *a = *(const struct member *const *)x, *b = *(const struct member *const *)y;
	int order;

	if (a->v.key_len != b->v.key_len)
		return a->v.key_len < b->v.key_len ? -1 : 1;
	order = memcmp(a->key, b->key, a->v.key_len);
	if (order)
		return order;
	return a < b ? -1 : a > b;
}

/* Marks all but the last member of each key by a NULL key. */
static void mark_repeated(struct member *m, size_t n)
{
	struct member **order;

	if (n <= PAIRWISE_MAX) {
		for (size_t i = 0; i < n; i++)
			for (size_t j = i + 1; j < n && m[i].key; j++)
				if (same_key(&m[i], &m[j]))
					m[i].key = NULL;
		return;
	}
	order = mem_realloc_array(NULL, n, sizeof(struct member *));
	for (size_t i = 0; i < n; i++)
		order[i] = &m[i];
	qsort(order, n, sizeof(struct member *), compare_members);
	for (size_t i = 0; i + 1 < n; i++)
		if (same_key(order[i], order[i + 1]))
			order[i]->key = NULL;
	mem_free(order);
}

/* Go writes the entries of its maps ordered by key; only when they are not can one be there twice. */
static bool is_ordered(const struct member *m, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strcmp(m[i - 1].key, m[i].key) >= 0)
			return false;
	return true;
}

static size_t drop_repeated(struct member *m, size_t n)
{
	size_t kept = 0;

	if (is_ordered(m, n))
		return n;

	mark_repeated(m, n);
	for (size_t i = 0; i < n; i++)
		if (m[i].key)
			m[kept++] = m[i];
	return kept;
}

/* The items in the arena: a copy, or what an equal list or map has. Texts that are interned are equal by their pointers. */
static void *keep(struct tree *t, const void *items, size_t size)
{
	struct value_share *share = t->b->share;
	uint32_t hash;
	size_t slot;

	if (!share || size > SHARE_MAX)
		return arena_memdup(t->b->arena, items, size);
	hash = hash_bytes(items, size);
	slot = hash % VALUE_SHARE_SLOTS;
	if (share->slots[slot].hash == hash && share->slots[slot].size == size && bytes_eq(share->slots[slot].items, items, size))
		return (void *)(uintptr_t)share->slots[slot].items;
	share->slots[slot].items = arena_memdup(t->b->arena, items, size);
	share->slots[slot].hash = hash;
	share->slots[slot].size = (uint32_t)size;
	return (void *)(uintptr_t)share->slots[slot].items;
}

int tree_close_map(struct tree *t, size_t mark, bool keys_repeat, struct value *ret, struct err *err)
{
	size_t n = t->len - mark;
	struct member *m = t->stack ? t->stack + mark : NULL;

	t->b->nodes += n;
	if (t->b->nodes > t->b->max_nodes)
		return too_many(t, err);
	if (keys_repeat && n > 1)
		n = drop_repeated(m, n);
	*ret = (struct value){.type = VALUE_MAP, .len = (uint32_t)n};
	ret->members = n ? keep(t, m, n * sizeof(*m)) : NULL;
	t->len = mark;
	return 0;
}

int tree_close_list(struct tree *t, size_t mark, struct value *ret, struct err *err)
{
	struct value small[SHARE_MAX / sizeof(struct value)], *items = small;
	size_t n = t->len - mark;

	t->b->nodes += n;
	if (t->b->nodes > t->b->max_nodes)
		return too_many(t, err);
	if (n > ARRAY_LEN(small))
		items = arena_alloc(t->b->arena, n * sizeof(*items));
	for (size_t i = 0; i < n; i++)
		items[i] = t->stack[mark + i].v;
	*ret = (struct value){.type = VALUE_LIST, .len = (uint32_t)n};
	if (n)
		ret->items = items == small ? keep(t, small, n * sizeof(*small)) : items;
	t->len = mark;
	return 0;
}

/* An interned string of this field (NULL: a key), which mostly is one that it had lately. Lengths and ends tell most of a field's few values apart. */
static const char *repeated_string(struct tree *t, const struct field *f, const char *s, size_t len)
{
	size_t at = (uintptr_t)f / sizeof(*f) + len * 37 + (unsigned char)s[len - 1] * 5u;
	const char **last = &t->b->share->strings[at % VALUE_SHARE_STRINGS];

	return *last = intern_add_like(t->b->strings, *last, s, len);
}

int tree_key(struct tree *t, const char *s, size_t len, const char **ret, struct err *err)
{
	if (len > UINT16_MAX)
		return err_set(err, ERR_LIMIT, "a key of %zu bytes: keys may have up to %d", len, UINT16_MAX);
	if (t->b->strings && t->b->share && len && len <= INTERN_MAX)
		*ret = repeated_string(t, NULL, s, len);
	else
		*ret = t->b->strings && len <= INTERN_MAX ? intern_add(t->b->strings, s, len) : arena_strndup(t->b->arena, s, len);
	return 0;
}

struct value tree_string(struct tree *t, const char *s, size_t len, bool unique)
{
	struct value v = {.type = VALUE_STRING, .len = (uint32_t)len};

	if (len == 0)
		v.s = "";
	else if (unique || !t->b->strings || len > INTERN_MAX)
		v.s = arena_strndup(t->b->arena, s, len);
	else
		v.s = intern_add(t->b->strings, s, len);
	return v;
}

struct value tree_repeated(struct tree *t, const struct field *f, const char *s, size_t len)
{
	if (!t->b->share || !t->b->strings || len == 0 || len > INTERN_MAX || (f->flags & FIELD_UNIQUE))
		return tree_string(t, s, len, f->flags & FIELD_UNIQUE);
	return (struct value){.type = VALUE_STRING, .len = (uint32_t)len, .s = repeated_string(t, f, s, len)};
}

/* The most of len bytes that fit in FIELD_CAP without cutting a character. */
static size_t cap_length(const char *s, size_t len)
{
	if (len <= FIELD_CAP)
		return len;
	len = FIELD_CAP;
	while (len > FIELD_CAP - 4 && ((unsigned char)s[len] & 0xc0) == 0x80)
		len--;
	return len;
}

struct value tree_field_text(struct tree *t, const struct field *f, const char *s, size_t len)
{
	struct value v;
	size_t kept;

	switch (f->type) {
	case FIELD_PRESENT:
		return (struct value){.type = VALUE_NULL};
	case FIELD_STRING_SIZE:
		return value_of_int((int64_t)len);
	case FIELD_STRING_CAPPED:
		kept = cap_length(s, len);
		v = tree_string(t, s, kept, f->flags & FIELD_UNIQUE);
		if (kept < len)
			v.flags |= VALUE_CUT;
		return v;
	default:
		return tree_repeated(t, f, s, len);
	}
}

/* A size that was in the input stays: it was taken before values were cut. */
static bool is_on_stack(const struct tree *t, const char *key)
{
	for (size_t i = t->len; i > 0; i--)
		if (t->stack[i - 1].key == key)
			return true;
	return false;
}

int tree_push_size(struct tree *t, const struct message *m, const struct field *f, int64_t size, struct err *err)
{
	for (unsigned i = 0; i < m->field_count; i++) {
		const struct field *g = &m->fields[i];

		if (g->name_len == f->name_len + 4 && memcmp(g->name, f->name, f->name_len) == 0 && str_eq(g->name + f->name_len, "Size"))
			return is_on_stack(t, g->name) ? 0 : tree_push(t, g->name, g->name_len, value_of_int(size), err);
	}
	return 0;
}

/* Bytes that base64 text of this length stands for. */
static int64_t base64_size(const char *s, size_t len)
{
	while (len && s[len - 1] == '=')
		len--;
	return (int64_t)(len / 4 * 3 + len % 4 * 6 / 8);
}

static struct value number_text(struct tree *t, const struct value *v)
{
	char buf[40];
	int n;

	if (v->type == VALUE_INT)
		n = snprintf(buf, sizeof(buf), "%" PRId64, v->i);
	else
		n = snprintf(buf, sizeof(buf), "%.15g", v->d);
	return tree_string(t, buf, (size_t)n, false);
}

static bool scalar_number(const struct field *f, const struct value *v, struct value *ret)
{
	int64_t i;

	if (f->type == FIELD_DOUBLE) {
		*ret = (struct value){.type = VALUE_DOUBLE, .d = value_double(v, 0)};
		return v->type == VALUE_INT || v->type == VALUE_DOUBLE;
	}
	/* Differing defaults tell "no integer" from any integer. */
	i = value_int(v, 0);
	*ret = value_of_int(i);
	return i != 0 || value_int(v, 1) == 0;
}

static bool scalar_time(struct tree *t, const struct value *v, struct value *ret)
{
	usec_t when;

	*ret = *v;
	if (v->type == VALUE_TIME)
		return true;
	if (v->type != VALUE_STRING)
		return false;
	/* What is no time stays visible as the text it is. */
	*ret = clock_parse_rfc3339(v->s, v->len, &when) ? value_of_time(when) : tree_string(t, v->s, v->len, true);
	return true;
}

bool tree_field_scalar(struct tree *t, const struct field *f, const struct value *v, struct value *ret)
{
	bool is_text = v->type == VALUE_STRING, is_number = v->type == VALUE_INT || v->type == VALUE_DOUBLE;
	char buf[CLOCK_TEXT_MAX];

	switch ((enum field_type)f->type) {
	case FIELD_INT:
	case FIELD_DOUBLE:
		return scalar_number(f, v, ret);
	case FIELD_BOOL:
		*ret = *v;
		return v->type == VALUE_BOOL;
	case FIELD_TIME:
		return scalar_time(t, v, ret);
	case FIELD_BYTES_SIZE:
	case FIELD_STRING_SIZE:
		/* A number is a size that was taken before: the file is one of our own. */
		*ret = is_text ? value_of_int(f->type == FIELD_BYTES_SIZE ? base64_size(v->s, v->len) : (int64_t)v->len) : *v;
		return is_text || v->type == VALUE_INT;
	case FIELD_PRESENT:
		*ret = (struct value){.type = VALUE_NULL};
		return true;
	case FIELD_QUANTITY:
		*ret = is_number ? number_text(t, v) : tree_field_text(t, f, v->s, is_text ? v->len : 0);
		return is_text || is_number;
	case FIELD_INT_OR_STRING:
		*ret = is_text ? tree_field_text(t, f, v->s, v->len) : *v;
		return is_text || v->type == VALUE_INT;
	case FIELD_STRING:
	case FIELD_STRING_CAPPED:
	case FIELD_BYTES:
	case FIELD_DURATION:
		/* YAML resolves a timestamp only when asked to; a tree of ours may hold one where Kubernetes has a string. */
		if (v->type == VALUE_TIME) {
			clock_format_rfc3339(v->t, buf);
			*ret = tree_field_text(t, f, buf, strlen(buf));
			return true;
		}
		*ret = tree_field_text(t, f, v->s, is_text ? v->len : 0);
		return is_text;
	case FIELD_RAW_JSON:
	case FIELD_MESSAGE:
		break;
	}
	return false;
}

const char *tree_type_text(const struct value *v)
{
	switch ((enum value_type)v->type) {
	case VALUE_NULL:
		return "null";
	case VALUE_BOOL:
		return "true or false";
	case VALUE_INT:
	case VALUE_DOUBLE:
		return "a number";
	case VALUE_STRING:
		return "a string";
	case VALUE_TIME:
		return "a time";
	case VALUE_LIST:
		return "a list";
	case VALUE_MAP:
		return "an object";
	}
	return "?";
}

const char *tree_expected_text(const struct field *f)
{
	switch ((enum field_type)f->type) {
	case FIELD_INT:
	case FIELD_DOUBLE:
		return "a number";
	case FIELD_BOOL:
		return "true or false";
	case FIELD_TIME:
		return "a time";
	case FIELD_QUANTITY:
		return "a quantity";
	case FIELD_INT_OR_STRING:
		return "a number or a string";
	default:
		return "a string";
	}
}

int tree_push_annotation(struct tree *t, const struct field *f, const char *key, size_t key_len, const char *text, size_t len, struct err *err)
{
	size_t kept = f->flags & FIELD_ANNOTATIONS ? schema_annotation_kept(key, key_len, text, len) : SIZE_MAX;
	const char *own;
	int r;

	if (kept == SIZE_MAX)
		return 1;
	if (kept == 0)
		return 0;
	r = tree_key(t, key, key_len, &own, err);
	return r < 0 ? r : tree_push(t, own, key_len, tree_string(t, text, kept, false), err);
}
