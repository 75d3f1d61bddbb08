/* Reading YAML: libyaml's events, built into values on tree.h's stack. Aliases share the tree they name; what they would be when written out
 * is counted, so that no reader of the tree meets more than the limits allow. */
#include "base/utf8.h"
#include "format/yaml.h"
#include "format/tree.h"
#include "format/yaml_scalar.h"

#include <yaml.h>

#define YAML_MAX_BYTES ((size_t)1 << 30)
/* Values that aliases may stand for, all together. */
#define YAML_MAX_ALIASED 1000000

/* An open list or map. */
struct frame {
	size_t mark;
	bool is_map, has_key, has_merge;
	const char *key; /* of the member whose value comes next */
	uint16_t key_len;
	const char *anchor; /* or NULL */
	size_t nodes_before;
	unsigned height; /* of the tallest value in it so far */
};

struct anchor {
	const char *name;
	struct value value;
	size_t nodes;    /* written out */
	unsigned height; /* 0 = scalar */
};

struct reader {
	const char *name;
	yaml_parser_t parser;
	struct tree tree;
	struct frame frames[VALUE_MAX_DEPTH + 1];
	unsigned depth;
	struct {
		struct anchor *items;
		uint32_t len, cap;
	} anchors;
	size_t nodes;   /* of the document, written out */
	size_t aliased; /* of these, how many by aliases */
	unsigned aliases, documents;
	unsigned line; /* where the document's content begins; 0 = not yet */
	bool has_value;
	struct value value; /* the document */
	int (*doc)(void *arg, struct value *v, unsigned line, struct err *err);
	void *arg;
	struct err *err;
};

static int refuse(struct reader *r, const yaml_event_t *e, enum err_code code, const char *what)
{
	return err_set(r->err, code, "%s:%zu:%zu: %s", r->name, e->start_mark.line + 1, e->start_mark.column + 1, what);
}

/* --- building --- */

/* Puts a finished value where it belongs. */
static int place(struct reader *r, const yaml_event_t *e, struct value v, unsigned height)
{
	struct frame *f = r->depth ? &r->frames[r->depth - 1] : NULL;

	if (!f) {
		r->value = v;
		r->has_value = true;
		return 0;
	}
	f->height = MAX(f->height, height + 1);
	if (!f->is_map)
		return tree_push(&r->tree, NULL, 0, v, r->err);
	if (!f->has_key)
		return refuse(r, e, ERR_INPUT, "a list or object cannot be a key");
	f->has_key = false;
	return tree_push(&r->tree, f->key, f->key_len, v, r->err);
}

static bool expects_key(const struct reader *r)
{
	return r->depth && r->frames[r->depth - 1].is_map && !r->frames[r->depth - 1].has_key;
}

static int set_key(struct reader *r, const yaml_event_t *e, const char *s, size_t len, bool is_plain)
{
	struct frame *f = &r->frames[r->depth - 1];
	int result = tree_key(&r->tree, s, len, &f->key, r->err);

	if (result < 0)
		return refuse(r, e, ERR_LIMIT, "a key that is too long");
	f->key_len = (uint16_t)len;
	f->has_key = true;
	f->has_merge |= is_plain && len == 2 && memcmp(s, "<<", 2) == 0;
	return 0;
}

static const char *keep_name(struct reader *r, const yaml_char_t *name)
{
	return name ? arena_strdup(r->tree.b->arena, (const char *)name) : NULL;
}

static void add_anchor(struct reader *r, const char *name, struct value v, size_t nodes, unsigned height)
{
	if (name)
		*arena_push(r->tree.b->arena, &r->anchors) = (struct anchor){.name = name, .value = v, .nodes = nodes, .height = height};
}

/* "str", "int", ... of a standard tag; "" for none and for others, which mean nothing here. */
static const char *standard_tag(const yaml_char_t *t)
{
	static const char prefix[] = "tag:yaml.org,2002:";
	static const char *const known[] = {"str", "int", "float", "bool", "null", "binary", NULL};
	const char *tag = (const char *)t;

	if (tag && str_eq(tag, "!"))
		return "str"; /* the non-specific tag */
	if (!tag || strncmp(tag, prefix, sizeof(prefix) - 1) != 0)
		return "";
	for (int i = 0; known[i]; i++)
		if (str_eq(known[i], tag + sizeof(prefix) - 1))
			return known[i];
	return "";
}

static int count_node(struct reader *r, const yaml_event_t *e)
{
	if (++r->nodes > r->tree.b->max_nodes)
		return refuse(r, e, ERR_LIMIT, "too many values in one document");
	return 0;
}

static int on_scalar(struct reader *r, const yaml_event_t *e)
{
	const char *tag = standard_tag(e->data.scalar.tag), *s = (const char *)e->data.scalar.value;
	bool is_plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	size_t len = e->data.scalar.length;
	struct value v;
	int result = count_node(r, e);

	if (result < 0)
		return result;
	if (len > UINT32_MAX)
		return refuse(r, e, ERR_LIMIT, "a scalar that is too long");
	if (expects_key(r) && !e->data.scalar.anchor)
		return set_key(r, e, s, len, is_plain);
	if (!(is_plain || *tag) || str_eq(tag, "str") || str_eq(tag, "binary") || !yaml_resolve(s, len, &v))
		v = tree_string(&r->tree, s, len, false);
	add_anchor(r, keep_name(r, e->data.scalar.anchor), v, 1, 0);
	return expects_key(r) ? set_key(r, e, s, len, is_plain) : place(r, e, v, 0);
}

static int on_alias(struct reader *r, const yaml_event_t *e)
{
	const struct anchor *a = NULL;
	const char *name = (const char *)e->data.alias.anchor;

	if (++r->aliases > YAML_MAX_ALIASES)
		return refuse(r, e, ERR_LIMIT, "more aliases than YAML_MAX_ALIASES (100) in one document");
	for (uint32_t i = r->anchors.len; i > 0 && !a; i--)
		if (str_eq(r->anchors.items[i - 1].name, name))
			a = &r->anchors.items[i - 1];
	if (!a)
		return refuse(r, e, ERR_INPUT, "an alias to an anchor that is not defined before it");
	r->nodes += a->nodes;
	r->aliased += a->nodes;
	if (r->aliased > YAML_MAX_ALIASED)
		return refuse(r, e, ERR_LIMIT, "aliases stand for too many values");
	if (r->depth + a->height > r->tree.b->max_depth)
		return refuse(r, e, ERR_LIMIT, "nested too deeply");
	if (expects_key(r)) {
		if (a->value.type != VALUE_STRING)
			return refuse(r, e, ERR_INPUT, "only a string can be a key");
		return set_key(r, e, a->value.s, a->value.len, false);
	}
	return place(r, e, a->value, a->height);
}

static int on_open(struct reader *r, const yaml_event_t *e, bool is_map, const yaml_char_t *anchor)
{
	int result = count_node(r, e);

	if (result < 0)
		return result;
	if (expects_key(r))
		return refuse(r, e, ERR_INPUT, "a list or object cannot be a key");
	if (r->depth >= MIN(r->tree.b->max_depth, (unsigned)VALUE_MAX_DEPTH))
		return refuse(r, e, ERR_LIMIT, "nested too deeply");
	r->frames[r->depth++] = (struct frame){
		.mark = r->tree.len,
		.is_map = is_map,
		.anchor = keep_name(r, anchor),
		.nodes_before = r->nodes,
	};
	return 0;
}

static int push_members(struct reader *r, const struct value *map, const struct value *but)
{
	int result = 0;

	for (member_each(m, map))
		if (result == 0 && &m->v != but)
			result = tree_push(&r->tree, m->key, m->v.key_len, m->v, r->err);
	return result;
}

/* "<<: map" or "<<: [map, map]": members that the map itself does not have. The last of equal keys stays, so the map's own go last, and
 * the first map of the list just before them. */
static int apply_merge(struct reader *r, const yaml_event_t *e, struct value *map)
{
	const struct value *found = value_get(map, "<<"), *from = found;
	size_t mark = r->tree.len;
	uint32_t count = 1;
	int result = 0;

	if (found && found->type == VALUE_LIST) {
		from = found->items;
		count = found->len;
	}
	for (uint32_t i = count; i > 0 && result == 0; i--)
		result = from && from[i - 1].type == VALUE_MAP ? push_members(r, &from[i - 1], NULL)
							       : refuse(r, e, ERR_INPUT, "\"<<\" needs an object");
	if (result == 0)
		result = push_members(r, map, found);
	return result < 0 ? result : tree_close_map(&r->tree, mark, true, map, r->err);
}

static int on_close(struct reader *r, const yaml_event_t *e)
{
	struct frame f = r->frames[--r->depth];
	struct value v;
	int result;

	if (f.is_map)
		result = tree_close_map(&r->tree, f.mark, true, &v, r->err);
	else
		result = tree_close_list(&r->tree, f.mark, &v, r->err);
	if (result == 0 && f.has_merge)
		result = apply_merge(r, e, &v);
	if (result < 0)
		return result;
	add_anchor(r, f.anchor, v, r->nodes - f.nodes_before + 1, MAX(f.height, 1U));
	return place(r, e, v, MAX(f.height, 1U));
}

static int on_document_end(struct reader *r)
{
	bool is_empty = !r->has_value || r->value.type == VALUE_NULL;
	struct value v = r->value;
	unsigned line = r->line;

	r->anchors.items = NULL;
	r->anchors.len = r->anchors.cap = 0;
	r->nodes = r->aliased = r->aliases = r->line = 0;
	r->has_value = false;
	if (is_empty)
		return 0;
	if (++r->documents > YAML_MAX_DOCUMENTS)
		return err_set(r->err, ERR_LIMIT, "%s: more than %d documents", r->name, YAML_MAX_DOCUMENTS);
	return r->doc(r->arg, &v, line, r->err);
}

static int on_event(struct reader *r, const yaml_event_t *e)
{
	if (r->line == 0 && (e->type == YAML_SCALAR_EVENT || e->type == YAML_MAPPING_START_EVENT || e->type == YAML_SEQUENCE_START_EVENT))
		r->line = (unsigned)e->start_mark.line + 1;
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(r, e);
	case YAML_ALIAS_EVENT:
		return on_alias(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(r, e, false, e->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return on_open(r, e, true, e->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_close(r, e);
	case YAML_DOCUMENT_END_EVENT:
		return on_document_end(r);
	default:
		return 0;
	}
}

/* --- reading --- */

static int syntax_error(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return err_set(r->err, ERR_LIMIT, "%s: no memory to read YAML", r->name);
	if (p->error == YAML_READER_ERROR)
		return err_set(r->err, ERR_INPUT, "%s: %s at byte %zu", r->name, p->problem ? p->problem : "not YAML", p->problem_offset);
	return err_set(r->err, ERR_INPUT, "%s:%zu:%zu: %s%s%s", r->name, p->problem_mark.line + 1, p->problem_mark.column + 1,
		       p->problem ? p->problem : "not YAML", p->context ? " " : "", p->context ? p->context : "");
}

static int check_bytes(const char *name, const char *text, size_t len, struct err *err)
{
	const char *nul = memchr(text, 0, len);

	if (len > YAML_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "%s: %zu bytes of YAML: the limit is %zu", name, len, YAML_MAX_BYTES);
	if (len >= 2 && ((text[0] == '\xff' && text[1] == '\xfe') || (text[0] == '\xfe' && text[1] == '\xff')))
		return err_set(err, ERR_INPUT, "%s: UTF-16 text; save it as UTF-8", name);
	if (nul)
		return err_set(err, ERR_INPUT, "%s: a NUL byte at byte %zu: not YAML", name, (size_t)(nul - text));
	if (!utf8_valid(text, len))
		return err_set(err, ERR_INPUT, "%s: not UTF-8", name);
	return 0;
}

static int read_events(struct reader *r)
{
	bool is_end = false;
	yaml_event_t e;
	int result = 0;

	while (result == 0 && !is_end) {
		if (!yaml_parser_parse(&r->parser, &e))
			return syntax_error(r);
		is_end = e.type == YAML_STREAM_END_EVENT;
		result = on_event(r, &e);
		yaml_event_delete(&e);
	}
	return result;
}

int yaml_parse_all(struct value_builder *b, const char *name, const char *text, size_t len,
		   int (*doc)(void *arg, struct value *v, unsigned line, struct err *err), void *arg, struct err *err)
{
	struct reader *r;
	int result = check_bytes(name, text, len, err);

	if (result < 0)
		return result;
	r = mem_alloc(sizeof(*r));
	r->name = name;
	r->doc = doc;
	r->arg = arg;
	r->err = err;
	tree_init(&r->tree, b);
	if (yaml_parser_initialize(&r->parser)) {
		yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
		result = read_events(r);
	} else {
		result = err_set(err, ERR_LIMIT, "%s: no memory to read YAML", name);
	}
	yaml_parser_delete(&r->parser);
	tree_release(&r->tree);
	mem_free(r);
	return result;
}

/* Stops after the first document. */
enum { STOP = 1 };

static int take_first(void *arg, struct value *v, unsigned line, struct err *err)
{
	(void)line;
	(void)err;
	*(struct value *)arg = *v;
	return STOP;
}

int yaml_parse(struct value_builder *b, const char *name, const char *text, size_t len, struct value *ret, struct err *err)
{
	struct value v = {.type = VALUE_NULL};
	int r = yaml_parse_all(b, name, text, len, take_first, &v, err);

	if (r >= 0)
		*ret = v;
	return r < 0 ? r : 0;
}

/* --- where something is written --- */

struct place {
	size_t path_len; /* of the container itself */
	bool is_map, has_key;
	unsigned index;
};

struct finder {
	struct strbuf path; /* of the value that comes next */
	struct place places[VALUE_MAX_DEPTH + 1];
	unsigned depth;
};

/* The path of the value that this event begins; false when it is a key, whose path is then known. */
static bool begins_value(struct finder *f, const yaml_event_t *e)
{
	struct place *p = f->depth ? &f->places[f->depth - 1] : NULL;

	if (!p)
		return true;
	if (p->is_map && p->has_key) {
		p->has_key = false;
		return true;
	}
	strbuf_truncate(&f->path, p->path_len);
	if (!p->is_map) {
		strbuf_addf(&f->path, "[%u]", p->index++);
		return true;
	}
	p->has_key = true;
	strbuf_addf(&f->path, "%s%s", p->path_len ? "." : "", e->type == YAML_SCALAR_EVENT ? (const char *)e->data.scalar.value : "?");
	return false;
}

/* 1: this event is what is looked for; 0: not yet; -1: it is not there. */
static int find_event(struct finder *f, const yaml_event_t *e, const char *path)
{
	bool is_open = e->type == YAML_MAPPING_START_EVENT || e->type == YAML_SEQUENCE_START_EVENT, is_value;

	if (e->type == YAML_DOCUMENT_END_EVENT || e->type == YAML_STREAM_END_EVENT)
		return -1;
	if (e->type == YAML_MAPPING_END_EVENT || e->type == YAML_SEQUENCE_END_EVENT) {
		f->depth -= f->depth > 0;
		return 0;
	}
	if (!is_open && e->type != YAML_SCALAR_EVENT && e->type != YAML_ALIAS_EVENT)
		return 0;
	is_value = begins_value(f, e);
	if (f->depth && str_eq(f->path.buf, path))
		return 1;
	if (is_open && (!is_value || f->depth == ARRAY_LEN(f->places)))
		return -1;
	if (is_open)
		f->places[f->depth++] = (struct place){.path_len = f->path.len, .is_map = e->type == YAML_MAPPING_START_EVENT};
	return 0;
}

unsigned yaml_line_of(const char *text, size_t len, const char *path)
{
	yaml_parser_t parser;
	struct finder *f = mem_alloc(sizeof(*f));
	unsigned line = 0;
	yaml_event_t e;
	int found = 0;

	strbuf_init(&f->path, STRBUF_MAX_LINE);
	if (yaml_parser_initialize(&parser)) {
		yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
		while (found == 0 && yaml_parser_parse(&parser, &e)) {
			found = find_event(f, &e, path);
			line = (unsigned)e.start_mark.line + 1;
			yaml_event_delete(&e);
		}
	}
	yaml_parser_delete(&parser);
	strbuf_release(&f->path);
	mem_free(f);
	return found == 1 ? line : 0;
}
