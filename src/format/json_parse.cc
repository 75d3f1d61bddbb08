// JSON reading: simdjson's DOM walked into a value tree. The only includer of simdjson, and the only C++ file; nothing here throws.
#define SIMDJSON_EXCEPTIONS 0
#include <new>
#include <simdjson.h>

extern "C" {
#include "format/json.h"
#include "format/tree.h"
}

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

// simdjson refuses what is nested deeper than this before anything is built, also in parts that the schema skips.
static const size_t nesting_max = 1024;
// Buffers above this size are given back after the document.
static const size_t keep_max = (size_t)4 << 20;

struct json_parser {
	simdjson::dom::parser *dom;
	size_t capacity; // of dom
	char *padded;    // the document with the bytes that simdjson reads past its end
	size_t padded_cap;
};

namespace
{

struct walker {
	struct tree tree;
	struct err *err;
};

// The type has been looked at: these conversions cannot fail.
inline void ignore(simdjson::error_code)
{
}

int walk(walker *w, const element &e, unsigned depth, struct value *ret);
int walk_message(walker *w, const object &o, const struct message *m, unsigned depth, struct value *ret);

// A string's bytes stay where simdjson put them: valid until the next parse.
struct value scalar_of(const element &e)
{
	struct value v = {};
	std::string_view s;

	switch (e.type()) {
	case element_type::STRING:
		v.type = VALUE_STRING;
		ignore(e.get_string().get(s));
		v.s = s.data();
		v.len = (uint32_t)s.size();
		break;
	case element_type::INT64:
		v.type = VALUE_INT;
		ignore(e.get_int64().get(v.i));
		break;
	case element_type::UINT64: /* only what is beyond 63 bits */
	case element_type::DOUBLE:
		v.type = VALUE_DOUBLE;
		ignore(e.get_double().get(v.d));
		break;
	case element_type::BOOL:
		v.type = VALUE_BOOL;
		ignore(e.get_bool().get(v.b));
		break;
	case element_type::OBJECT:
		v.type = VALUE_MAP;
		break;
	case element_type::ARRAY:
		v.type = VALUE_LIST;
		break;
	default:
		v.type = VALUE_NULL;
		break;
	}
	return v;
}

int check_depth(walker *w, unsigned depth)
{
	if (depth <= w->tree.b->max_depth)
		return 0;
	return err_set(w->err, ERR_LIMIT, "JSON nested deeper than %u levels", w->tree.b->max_depth);
}

int wrong_type(walker *w, const element &e, const char *expected)
{
	struct value v = scalar_of(e);

	return err_set(w->err, ERR_INPUT, "%s where %s belongs", tree_type_text(&v), expected);
}

int walk_any_map(walker *w, const object &o, unsigned depth, struct value *ret)
{
	size_t mark = w->tree.len;

	for (auto m : o) {
		std::string_view name = m.key;
		const char *key;
		struct value v;
		int r = walk(w, m.value, depth + 1, &v);

		if (r == 0)
			r = tree_key(&w->tree, name.data(), name.size(), &key, w->err);
		if (r == 0)
			r = tree_push(&w->tree, key, name.size(), v, w->err);
		if (r < 0)
			return r;
	}
	return tree_close_map(&w->tree, mark, true, ret, w->err);
}

int walk_any_list(walker *w, const array &a, unsigned depth, struct value *ret)
{
	size_t mark = w->tree.len;

	for (element item : a) {
		struct value v;
		int r = walk(w, item, depth + 1, &v);

		if (r == 0)
			r = tree_push(&w->tree, NULL, 0, v, w->err);
		if (r < 0)
			return r;
	}
	return tree_close_list(&w->tree, mark, ret, w->err);
}

// Everything, as it is.
int walk(walker *w, const element &e, unsigned depth, struct value *ret)
{
	int r = check_depth(w, depth);
	struct value v;
	object o;
	array a;

	if (r < 0)
		return r;
	if (!e.get_object().get(o))
		return walk_any_map(w, o, depth, ret);
	if (!e.get_array().get(a))
		return walk_any_list(w, a, depth, ret);
	v = scalar_of(e);
	*ret = v.type == VALUE_STRING ? tree_string(&w->tree, v.s, v.len, false) : v;
	return 0;
}

// One value of field f, a list's item or a map's entry included.
int walk_one(walker *w, const struct field *f, const element &e, unsigned depth, struct value *ret)
{
	struct value v;

	if (f->message) {
		object o;

		if (e.get_object().get(o))
			return wrong_type(w, e, "an object");
		return walk_message(w, o, f->message, depth + 1, ret);
	}
	if (f->type == FIELD_RAW_JSON)
		return walk(w, e, depth + 1, ret);
	if (f->type == FIELD_STRING && e.is_string()) {
		std::string_view s;

		ignore(e.get_string().get(s));
		*ret = tree_repeated(&w->tree, f, s.data(), s.size());
		return 0;
	}
	v = scalar_of(e);
	return tree_field_scalar(&w->tree, f, &v, ret) ? 0 : wrong_type(w, e, tree_expected_text(f));
}

int walk_list(walker *w, const struct field *f, const array &a, unsigned depth, struct value *ret)
{
	size_t mark = w->tree.len;

	for (element item : a) {
		struct value v = {};
		int r = item.is_null() ? 0 : walk_one(w, f, item, depth, &v);

		if (r == 0)
			r = tree_push(&w->tree, NULL, 0, v, w->err);
		if (r < 0)
			return r;
	}
	return tree_close_list(&w->tree, mark, ret, w->err);
}

int walk_map(walker *w, const struct message *m, const struct field *f, const object &o, unsigned depth, struct value *ret)
{
	size_t mark = w->tree.len;
	int64_t size = 0;
	int r;

	for (auto entry : o) {
		std::string_view name = entry.key;
		struct value v = value_of_str("");
		const char *key;

		std::string_view text;
		bool is_text = !entry.value.get_string().get(text);
		r = tree_push_annotation(&w->tree, f, name.data(), name.size(), text.data(), text.size(), w->err);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (!entry.value.is_null() || f->type == FIELD_PRESENT) {
			r = walk_one(w, f, entry.value, depth, &v);
			if (r < 0)
				return r;
		}
		if (is_text)
			size += (int64_t)text.size();
		size += (int64_t)name.size();
		r = tree_key(&w->tree, name.data(), name.size(), &key, w->err);
		if (r == 0)
			r = tree_push(&w->tree, key, name.size(), v, w->err);
		if (r < 0)
			return r;
	}
	r = tree_close_map(&w->tree, mark, true, ret, w->err);
	if (r == 0 && (f->flags & FIELD_SIZED) && ret->len)
		r = tree_push_size(&w->tree, m, f, size, w->err);
	return r;
}

// Pushes a known member; nulls, empty lists and maps, and zeros that Go leaves out are absent.
int walk_field(walker *w, const struct message *m, const struct field *f, const element &e, unsigned depth)
{
	struct value v = {};
	int r;

	if (e.is_null())
		return 0;
	if (f->flags & FIELD_REPEATED) {
		array a;

		r = e.get_array().get(a) ? wrong_type(w, e, "a list") : walk_list(w, f, a, depth + 1, &v);
	} else if (f->flags & FIELD_MAP) {
		object o;

		r = e.get_object().get(o) ? wrong_type(w, e, "an object") : walk_map(w, m, f, o, depth + 1, &v);
	} else {
		r = walk_one(w, f, e, depth, &v);
		if (r < 0 || ((f->flags & FIELD_OMIT_ZERO) && tree_is_zero(&v)))
			return r;
		return tree_push(&w->tree, f->name, f->name_len, v, w->err);
	}
	if (r < 0 || v.len == 0)
		return r;
	return tree_push(&w->tree, f->name, f->name_len, v, w->err);
}

// Which fields of a message were there, so that nothing has to be looked for twice where none can be there twice.
struct seen_fields {
	uint64_t mask;
	bool repeat; // a field may be there twice
};

inline void see_field(struct seen_fields *seen, const struct message *m, const struct field *f)
{
	size_t i = f >= m->fields ? (size_t)(f - m->fields) : SIZE_MAX;
	uint64_t bit = (uint64_t)1 << (i & 63);

	// The members of inlined messages, and sizes that are put beside a map, are no fields of this table's own.
	if (i >= m->field_count || i >= 64 || (f->flags & FIELD_SIZED) || (seen->mask & bit))
		seen->repeat = true;
	seen->mask |= bit;
}

int walk_message(walker *w, const object &o, const struct message *m, unsigned depth, struct value *ret)
{
	size_t mark = w->tree.len;
	int r = check_depth(w, depth);
	const struct field *f, *before = NULL;
	struct seen_fields seen = {};

	if (r < 0)
		return r;
	for (auto member : o) {
		std::string_view name = member.key;

		f = schema_field_after(m, before, name.data(), name.size());
		if (!f || (depth && schema_only_at_top(f)))
			continue;
		before = f;
		see_field(&seen, m, f);
		r = walk_field(w, m, f, member.value, depth);
		if (r < 0)
			return err_wrap(w->err, "%s", f->name);
	}
	return tree_close_map(&w->tree, mark, seen.repeat, ret, w->err);
}

int describe(simdjson::error_code code, const char *text, size_t len, struct err *err)
{
	const char *what;
	size_t at;

	if (code == simdjson::CAPACITY)
		return err_set(err, ERR_LIMIT, "a JSON document of %zu bytes is too big", len);
	if (code == simdjson::DEPTH_ERROR)
		return err_set(err, ERR_LIMIT, "JSON nested deeper than %zu levels", nesting_max);
	if (code == simdjson::MEMALLOC)
		return err_set(err, ERR_LIMIT, "no memory for a JSON document of %zu bytes", len);
	at = json_locate_error(text, len, &what);
	if (str_eq(what, JSON_TOO_DEEP))
		return err_set(err, ERR_LIMIT, "JSON nested deeper than %zu levels", nesting_max);
	if (*what)
		return err_set(err, ERR_INPUT, "not JSON: %s at byte %zu", what, at);
	return err_set(err, ERR_INPUT, "not JSON: %s", simdjson::error_message(code));
}

bool fits_64_bits(const char *digits, size_t n, bool negative)
{
	return n < 19 || (n == 19 && (!negative || memcmp(digits, "9223372036854775808", 19) <= 0));
}

// Makes integers that no 64 bits hold into floating point numbers ("123...789" -> "123...789e0"), which simdjson reads. Returns the new
// length, or 0 when there is none; out has room for len * 5 / 4.
size_t widen_integers(const char *text, size_t len, char *out)
{
	size_t n = 0;
	bool any = false, in_string = false;

	for (size_t i = 0; i < len;) {
		size_t start = i;

		if (in_string || text[i] < '0' || text[i] > '9') {
			if (in_string && text[i] == '\\' && i + 1 < len)
				out[n++] = text[i++];
			else if (text[i] == '"')
				in_string = !in_string;
			out[n++] = text[i++];
			continue;
		}
		while (i < len && text[i] >= '0' && text[i] <= '9')
			out[n++] = text[i++];
		if (fits_64_bits(text + start, i - start, start > 0 && text[start - 1] == '-'))
			continue;
		if (start > 0 && memchr(".eE+", text[start - 1], 4))
			continue;
		if (i < len && (text[i] == '.' || text[i] == 'e' || text[i] == 'E'))
			continue;
		out[n++] = 'e';
		out[n++] = '0';
		any = true;
	}
	return any ? n : 0;
}

int reserve(struct json_parser *p, size_t len, struct err *err)
{
	size_t capacity = p->capacity ? p->capacity : (size_t)16 << 10;

	if (len > simdjson::SIMDJSON_MAXSIZE_BYTES)
		return err_set(err, ERR_LIMIT, "a JSON document of %zu bytes is too big", len);
	while (capacity < len)
		capacity *= 2;
	if (capacity > p->capacity) {
		simdjson::error_code code = p->dom->allocate(capacity, nesting_max);

		if (code)
			return describe(code, NULL, len, err);
		p->capacity = capacity;
	}
	if (len + simdjson::SIMDJSON_PADDING > p->padded_cap) {
		mem_free(p->padded);
		p->padded_cap = capacity + simdjson::SIMDJSON_PADDING;
		p->padded = (char *)mem_alloc(p->padded_cap);
	}
	return 0;
}

// Gives back what an unusually large document needed.
void shrink(struct json_parser *p)
{
	if (p->capacity <= keep_max)
		return;
	delete p->dom;
	p->dom = new (std::nothrow) simdjson::dom::parser();
	mem_free(p->padded);
	p->padded = NULL;
	p->padded_cap = p->capacity = 0;
}

simdjson::error_code parse_padded(struct json_parser *p, size_t len, element *ret)
{
	memset(p->padded + len, 0, simdjson::SIMDJSON_PADDING);
	return p->dom->parse(p->padded, len, false).get(*ret);
}

// Releases of simdjson differ in the code for an integer beyond 64 bits; these are certainly something else.
bool may_be_big_integer(simdjson::error_code code)
{
	return code && code != simdjson::CAPACITY && code != simdjson::MEMALLOC && code != simdjson::DEPTH_ERROR && code != simdjson::UTF8_ERROR;
}

int parse_dom(struct json_parser *p, const char *text, size_t len, element *ret, struct err *err)
{
	simdjson::error_code code;
	int r;

	if (!p->dom)
		return err_set(err, ERR_LIMIT, "no memory for a JSON parser");
	r = reserve(p, len, err);
	if (r < 0)
		return r;
	// A copy of some kilobytes costs less than finding out whether the bytes behind the text may be read.
	if (len)
		memcpy(p->padded, text, len);
	code = parse_padded(p, len, ret);
	if (may_be_big_integer(code)) {
		size_t wide;

		r = reserve(p, len + len / 4 + 8, err);
		if (r < 0)
			return r;
		wide = widen_integers(text, len, p->padded);
		if (wide)
			code = parse_padded(p, wide, ret);
	}
	return code ? describe(code, text, len, err) : 0;
}

int walk_document(struct value_builder *b, const element &e, const struct message *schema, struct value *ret, struct err *err)
{
	walker w = {};
	struct value v;
	object o;
	int r;

	w.err = err;
	tree_init(&w.tree, b);
	if (!schema)
		r = walk(&w, e, 0, &v);
	else if (e.get_object().get(o))
		r = err_set(err, ERR_INPUT, "a JSON object is expected");
	else
		r = walk_message(&w, o, schema, 0, &v);
	tree_release(&w.tree);
	if (r == 0)
		*ret = v;
	return r;
}

// A top-level string, "" when absent; valid until the next parse.
const char *top_string(const element &e, const char *name)
{
	object o;
	std::string_view s;

	return !e.get_object().get(o) && !o[name].get_string().get(s) ? s.data() : "";
}

} // namespace

extern "C" {

struct json_parser *json_parser_new(void)
{
	struct json_parser *p = (struct json_parser *)mem_alloc(sizeof(*p));

	p->dom = new (std::nothrow) simdjson::dom::parser();
	return p;
}

void json_parser_free(struct json_parser *p)
{
	if (!p)
		return;
	delete p->dom;
	mem_free(p->padded);
	mem_free(p);
}

void json_parser_freep(struct json_parser **p)
{
	json_parser_free(*p);
}

int json_parser_parse(struct json_parser *p, struct value_builder *b, const char *text, size_t len, const struct message *schema, struct value *ret,
		      struct err *err)
{
	element e;
	int r = parse_dom(p, text, len, &e, err);

	if (r == 0)
		r = walk_document(b, e, schema, ret, err);
	shrink(p);
	return r;
}

int json_parser_parse_object(struct json_parser *p, struct value_builder *b, const char *text, size_t len,
			     const struct message *(*choose)(void *arg, const char *api_version, const char *kind), void *arg, struct value *ret,
			     struct err *err)
{
	element e;
	int r = parse_dom(p, text, len, &e, err);

	if (r == 0)
		r = walk_document(b, e, choose(arg, top_string(e, "apiVersion"), top_string(e, "kind")), ret, err);
	shrink(p);
	return r;
}

int json_parse(struct value_builder *b, const char *text, size_t len, const struct message *schema, struct value *ret, struct err *err)
{
	struct json_parser *p = json_parser_new();
	int r = json_parser_parse(p, b, text, len, schema, ret, err);

	json_parser_free(p);
	return r;
}
}
