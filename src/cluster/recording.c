/* One stream of bytes into an inventory: what it holds, and object after object by its kind's schema. */
#include "cluster/recording.h"

#include "base/log.h"
#include "cluster/inventory_internal.h"
#include "cluster/schema.h"
#include "format/yaml.h"

#define PIECE ((size_t)64 << 10)
#define SHARE_FROM ((size_t)256 << 10)

void recording_init(struct recording *r, struct ctx *ctx, struct inventory *inv, const char *from)
{
	*r = (struct recording){.ctx = ctx, .inv = inv, .from = from, .parser = json_parser_new()};
}

void recording_release(struct recording *r)
{
	json_parser_free(r->parser);
	mem_free(r->snapshot.cluster);
	mem_free(r->snapshot.ns);
}

int recording_tolerate(struct recording *r, const char *file, struct err *err)
{
	size_t n = strlen(file);
	bool too_much = r->files > RECORDING_FILES_MAX || r->bytes > RECORDING_BYTES_MAX;

	if (!r->many || err->code == ERR_CANCELLED || err->code == ERR_TIMEOUT || too_much)
		return err->code;
	log_debug("%s: %s", file, err->message);
	if (r->broken++ < RECORDING_NOTES_MAX)
		inventory_add_note(r->inv, file, err->message + (strncmp(err->message, file, n) == 0 ? n + strspn(err->message + n, ": ") : 0),
				   KIND_COUNT, NULL);
	return 0;
}

static const struct message *schema_of(const struct kind *k, const char *api_version, const char *kind)
{
	if (k && k->id == KIND_EVENT && strncmp(api_version, "events.k8s.io/", 14) == 0)
		return schema_find("k8s.io.api.events.v1.Event");
	if (k)
		return schema_find(k->id == KIND_SECRET ? SCHEMA_SECRET : k->message);
	if (strncmp(api_version, "apiextensions.k8s.io/", 21) == 0 && str_eq(kind, "CustomResourceDefinition"))
		return schema_find(SCHEMA_CRD);
	return NULL;
}

/* "PodList" -> Pod; the plain List says nothing. NULL when it is no list, or one of a kind this program has no type for. */
static const struct kind *kind_of_list(const char *api_version, const char *kind)
{
	char name[RECORDING_NAME_MAX];
	size_t len = strlen(kind);

	if (len <= 4 || len >= sizeof(name) || !str_eq(kind + len - 4, "List"))
		return NULL;
	snprintf(name, sizeof(name), "%.*s", (int)(len - 4), kind);
	return kind_by_gvk(api_version, name);
}

static bool is_list(const char *kind)
{
	size_t len = strlen(kind);

	return len >= 4 && str_eq(kind + len - 4, "List");
}

static void mark_present(struct recording *r, const struct kind *k)
{
	r->objects++;
	r->present[k ? k->id : KIND_CUSTOM] = true;
}

/* A list that holds nothing tells that this kind was looked for everywhere and is not there. k NULL: a custom kind, or any ("v1 List"). */
static void mark_empty(struct recording *r, const struct kind *k, const char *api_version, const char *name)
{
	const char *slash = strchr(api_version, '/');
	char group[RECORDING_NAME_MAX];
	size_t len = strlen(name);

	if (!k && slash && len > 4) { /* longer than "List" */
		snprintf(group, sizeof(group), "%.*s", (int)(slash - api_version), api_version);
		char kind[RECORDING_NAME_MAX];
		snprintf(kind, sizeof(kind), "%.*s", (int)(len - 4), name);
		if (custom_kind_is_possible(group, slash + 1, kind, NULL))
			k = inventory_custom_kind(r->inv, group, slash + 1, kind, NULL, true);
	}
	if (!k)
		return;
	r->present[k->id] = true;
	inventory_mark_seen(r->inv, k, NULL);
}

static void copy_name(char out[RECORDING_NAME_MAX], const char *s, size_t len)
{
	size_t n = s ? strnlen(s, MIN(len, (size_t)RECORDING_NAME_MAX - 1)) : 0;

	memcpy(out, s ? s : "", n);
	out[n] = '\0';
}

/* Folders hold other files too (a chart's values, a package list): those are passed over. */
static int no_kind(const struct recording *r, struct err *err)
{
	return r->many ? 0
		       : err_set(err, ERR_INPUT, "not a Kubernetes object: it has no kind (kubectl get -o json or -o yaml writes what is read here)");
}

static int add_snapshot_record(struct recording *r, const char *text, size_t len, struct err *err)
{
	struct arena a;
	struct value_builder b;
	struct value v;
	int code;

	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	code = json_parser_parse(r->parser, &b, text, len, NULL, &v, err);
	if (code == 0)
		code = snapshot_record(r, &v, err);
	arena_release(&a);
	return code;
}

/* What t says, with names as C strings; valid until the next call. */
static const struct recorded_type *type_of(struct recording *r, const struct json_type *t)
{
	struct recorded_type *last = &r->last_type;
	size_t api_len = MIN(t->api_version_len, sizeof(last->api_version) - 1), len = MIN(t->kind_len, sizeof(last->name) - 1);

	if (len && api_len && bytes_eq(last->api_version, t->api_version, api_len) && !last->api_version[api_len] &&
	    bytes_eq(last->name, t->kind, len) && !last->name[len])
		return last;
	copy_name(last->api_version, t->api_version, t->api_version_len);
	copy_name(last->name, t->kind, t->kind_len);
	last->kind = *last->name ? kind_by_gvk(last->api_version, last->name) : NULL;
	last->schema = schema_of(last->kind, last->api_version, last->name);
	return last;
}

/* Is the tree what the glance at its text said? */
static bool is_of_type(const struct value *root, const struct recorded_type *type)
{
	return str_eq(value_get_str(root, "apiVersion"), type->api_version) && str_eq(value_get_str(root, "kind"), type->name);
}

static int add_json(struct recording *r, const char *text, size_t len, const struct json_type *t, const struct kind *kind, struct err *err)
{
	const struct recorded_type *type = type_of(r, t);
	const char *api_version = type->api_version, *name = type->name;
	const struct message *schema = type->schema;
	struct value root;
	const struct kind *k;
	int code;

	if (str_eq(api_version, SNAPSHOT_API))
		return add_snapshot_record(r, text, len, err);
	if (is_list(name)) { /* its items are null: the splitter took it for one object */
		mark_empty(r, kind_of_list(api_version, name), api_version, name);
		return 0;
	}
	k = *name ? type->kind : kind;
	if (!k && !*name)
		return no_kind(r, err);
	if (!*name)
		schema = schema_of(k, api_version, name);
	code = json_parser_parse(r->parser, inventory_builder_for(r->inv, k), text, len, schema, &root, err);
	if (code == 0 && *name && !is_of_type(&root, type) && kind_by_gvk(value_get_str(&root, "apiVersion"), value_get_str(&root, "kind")) != k) {
		/* The glance was wrong: escapes in the kind, or the same key twice. What the parser read counts, and it decides where the tree lives. */
		type = type_of(r, &(struct json_type){.api_version = value_get_str(&root, "apiVersion"),
						      .api_version_len = strlen(value_get_str(&root, "apiVersion")),
						      .kind = value_get_str(&root, "kind"),
						      .kind_len = strlen(value_get_str(&root, "kind"))});
		k = type->kind;
		code = json_parser_parse(r->parser, inventory_builder_for(r->inv, k), text, len, type->schema, &root, err);
	}
	if (code == 0)
		code = inventory_add(r->inv, k, &root, err);
	if (code == 0)
		mark_present(r, k);
	return code;
}

int recording_add_json(struct recording *r, const char *text, size_t len, const struct kind *kind, struct err *err)
{
	struct json_type t = json_peek_type(text, len);

	return add_json(r, text, len, &t, kind, err);
}

/* --- JSON, in pieces ------------------------------------------------------------------------------------------------------------ */

#define BARE_LIST_BEGIN "{\"items\":"

struct json_stream {
	struct recording *r;
	struct json_splitter *splitter;
	const struct kind *kind; /* by the layout */
	char ns[RECORDING_NAME_MAX];
	size_t items_of_list;
	size_t shift; /* bytes put before the input */
	/* Items that do not say their kind, of a list that says it only behind them (sorted keys): each its length, then its text. */
	struct strbuf waiting;
};

static bool is_typeless(const char *text, size_t len)
{
	return !json_peek_type(text, len).kind;
}

static int add_waiting(struct json_stream *s, const struct kind *kind, struct err *err)
{
	int code = 0;

	for (size_t at = 0; at < s->waiting.len && code == 0;) {
		size_t len;

		memcpy(&len, s->waiting.buf + at, sizeof(len));
		at += sizeof(len);
		code = recording_add_json(s->r, s->waiting.buf + at, len, kind, err);
		at += len;
	}
	strbuf_reset(&s->waiting);
	return code;
}

static int json_item(void *arg, const char *text, size_t len, struct err *err)
{
	struct json_stream *s = arg;
	const struct kind *kind = s->kind;
	size_t envelope_len;
	const char *envelope = json_splitter_envelope(s->splitter, &envelope_len);
	struct json_type t = json_peek_type(envelope, envelope_len);
	int code = ctx_check(s->r->ctx, err);

	if (code < 0)
		return code;
	s->items_of_list++;
	if (t.kind) {
		/* Items of a typed list need not repeat what they are. */
		char api_version[RECORDING_NAME_MAX], name[RECORDING_NAME_MAX];

		copy_name(api_version, t.api_version, t.api_version_len);
		copy_name(name, t.kind, t.kind_len);
		const struct kind *of_list = kind_of_list(api_version, name);
		kind = of_list ? of_list : kind;
	} else if (!kind && text != envelope && is_typeless(text, len)) { /* a document without items comes as its own envelope */
		strbuf_add(&s->waiting, &len, sizeof(len));
		strbuf_add(&s->waiting, text, len);
		return strbuf_check(&s->waiting, "items of a list that names its kind behind them (RECORDING_WAITING_MAX)", err);
	}
	code = recording_add_json(s->r, text, len, kind, err);
	if (code < 0)
		s->r->error_offset = json_splitter_item_offset(s->splitter) - s->shift;
	return code;
}

static int json_envelope(void *arg, const char *text, size_t len, struct err *err)
{
	struct json_stream *s = arg;
	struct json_type t = json_peek_type(text, len);
	char api_version[RECORDING_NAME_MAX], name[RECORDING_NAME_MAX];
	const struct kind *k;
	bool empty = s->items_of_list == 0;

	s->items_of_list = 0;
	copy_name(api_version, t.api_version, t.api_version_len);
	copy_name(name, t.kind, t.kind_len);
	k = kind_of_list(api_version, name);
	if (!k)
		k = s->kind;
	if (k && k == s->kind && *s->ns) {
		s->r->present[k->id] = true;
		inventory_mark_seen(s->r->inv, k, s->ns);
	} else if (empty) {
		mark_empty(s->r, k, api_version, is_list(name) ? name : "");
	}
	return add_waiting(s, k, err);
}

/* A line of a snapshot is a record, and needs no splitting. False: it is none that can be read on its own, so the splitter has to look at it, and to say
 * what is wrong with it. */
static bool add_line(struct json_stream *s, const char *line, size_t len)
{
	struct json_type t;

	if (*line != '{' || line[len - 2] != '}' || !json_splitter_skip(s->splitter, 0))
		return false;
	t = json_peek_type(line, len);
	if (!t.kind || (t.kind_len >= 4 && memcmp(t.kind + t.kind_len - 4, "List", 4) == 0) || ctx_check(s->r->ctx, NULL) < 0 ||
	    add_json(s->r, line, len - 1, &t, s->kind, NULL) < 0)
		return false;
	return json_splitter_skip(s->splitter, len);
}

static int feed(struct json_stream *s, const char *p, size_t len, struct err *err)
{
	const char *end = p + len, *newline;
	int code = 0;

	if (!s->r->snapshot.is_snapshot)
		return json_splitter_feed(s->splitter, p, len, err);
	for (; code == 0 && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1)
		if (newline == p || !add_line(s, p, (size_t)(newline + 1 - p)))
			code = json_splitter_feed(s->splitter, p, (size_t)(newline + 1 - p), err);
	return code == 0 && p < end ? json_splitter_feed(s->splitter, p, (size_t)(end - p), err) : code;
}

static int feed_rest(struct json_stream *s, struct source *src, const char *first, size_t first_len, struct err *err)
{
	_cleanup_(mem_freep) char *buf = mem_alloc(PIECE);
	ssize_t n;
	int code = json_splitter_feed(s->splitter, first, first_len, err);

	while (code == 0) {
		n = src->read(src, buf, PIECE, err);
		if (n <= 0)
			return (int)n;
		s->r->bytes += (size_t)n;
		if (s->r->bytes > RECORDING_BYTES_MAX)
			return err_set(err, ERR_LIMIT, "more than %llu bytes altogether (RECORDING_BYTES_MAX)",
				       (unsigned long long)RECORDING_BYTES_MAX);
		code = feed(s, buf, (size_t)n, err);
	}
	return code;
}

static int read_json(struct recording *r, struct source *src, const char *first, size_t skipped, size_t len, struct err *err)
{
	struct json_stream s = {.r = r};
	const struct json_split_handler handler = {.item = json_item, .envelope = json_envelope, .arg = &s};
	bool bare_list = *first == '[';
	int code = 0;

	if (r->many)
		s.kind = layout_kind(src->name, s.ns);
	strbuf_init(&s.waiting, RECORDING_WAITING_MAX);
	s.splitter = json_splitter_new(&handler, JSON_ITEM_MAX);
	/* A bare list, as older support bundles have them, is read as the items of a List. */
	s.shift = bare_list ? strlen(BARE_LIST_BEGIN) : 0;
	if (bare_list)
		code = json_splitter_feed(s.splitter, BARE_LIST_BEGIN, s.shift, err);
	s.shift -= skipped; /* may wrap: offset - shift is right all the same */
	if (code == 0)
		code = feed_rest(&s, src, first, len, err);
	if (code == 0 && bare_list)
		code = json_splitter_feed(s.splitter, "}", 1, err);
	if (code == 0)
		code = json_splitter_finish(s.splitter, err);
	json_splitter_free(s.splitter);
	strbuf_release(&s.waiting);
	return code;
}

/* --- YAML, whole ---------------------------------------------------------------------------------------------------------------- */

static int add_tree(struct recording *r, const struct value *v, const struct kind *kind, struct err *err);

static int add_items(struct recording *r, const struct value *list, const struct kind *of_list, struct err *err)
{
	const struct value *items = list->type == VALUE_LIST ? list : value_get(list, "items");
	int code = 0;

	if (value_len(items) == 0)
		mark_empty(r, of_list, value_get_str(list, "apiVersion"), value_get_str(list, "kind"));
	for (value_each(item, items)) {
		code = add_tree(r, item, of_list, err);
		if (code < 0)
			return err_wrap(err, "items[%zu]", (size_t)(item - items->items));
	}
	return 0;
}

static int add_tree(struct recording *r, const struct value *v, const struct kind *kind, struct err *err)
{
	const char *api_version = value_get_str(v, "apiVersion"), *name = value_get_str(v, "kind");
	const struct kind *k = *name ? kind_by_gvk(api_version, name) : kind;
	const struct message *schema = schema_of(k, api_version, name);
	struct value root;
	int code;

	if (is_list(name) || v->type == VALUE_LIST)
		return add_items(r, v, v->type == VALUE_LIST ? kind : kind_of_list(api_version, name), err);
	if (str_eq(api_version, SNAPSHOT_API))
		return snapshot_record(r, v, err);
	if (!k && !*name)
		return no_kind(r, err);
	code = schema ? schema_project(inventory_builder_for(r->inv, k), v, schema, &root, err) : 0;
	if (code < 0)
		return err_wrap(err, "%s %s", name, value_str(value_at(v, "metadata.name"), ""));
	/* Without a schema it is a custom object, and inventory_add copies it. */
	code = inventory_add(r->inv, k, schema ? &root : v, err);
	if (code == 0)
		mark_present(r, k);
	return code;
}

static int yaml_document(void *arg, struct value *v, unsigned line, struct err *err)
{
	struct source *src = arg;
	struct recording *r = src->arg;
	char ns[RECORDING_NAME_MAX];
	int code = ctx_check(r->ctx, err);

	if (code == 0)
		code = add_tree(r, v, r->many ? layout_kind(src->name, ns) : NULL, err);
	return code == ERR_INPUT ? err_wrap(err, "%s:%u", src->name, line) : code;
}

/* A case file may say what time it is in it: "# now: 2026-11-23T15:00:00Z" on its first line. */
static void take_now(struct recording *r, const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	usec_t now;

	if (len < 7 || strncmp(text, "# now: ", 7) != 0)
		return;
	size_t line = end ? (size_t)(end - text) : len;
	if (line && text[line - 1] == '\r')
		line--;
	if (clock_parse_rfc3339(text + 7, line - 7, &now))
		inventory_set_now(r->inv, now);
}

static int read_yaml(struct recording *r, struct source *src, struct strbuf *text, struct err *err)
{
	struct source with_recording = {.name = src->name, .arg = r};
	struct value_builder b;
	struct intern strings;
	struct arena a;
	ssize_t n = 1;
	int code = 0;
	_cleanup_(mem_freep) char *buf = mem_alloc(PIECE);
	_cleanup_(mem_freep) struct value_share *share = NULL;

	while (code == 0 && (n = src->read(src, buf, PIECE, err)) > 0) {
		r->bytes += (size_t)n;
		strbuf_add(text, buf, (size_t)n);
		code = strbuf_check(text, "YAML file", err);
	}
	if (n < 0 || code < 0)
		return n < 0 ? (int)n : code;
	take_now(r, text->buf, text->len);
	arena_init(&a);
	intern_init(&strings);
	value_builder_init(&b, &a, &strings);
	/* A whole List is one document: what repeats in a big one is kept once here too. */
	if (text->len > SHARE_FROM)
		b.share = share = mem_alloc(sizeof(*share));
	code = yaml_parse_all(&b, src->name, text->buf, text->len, yaml_document, &with_recording, err);
	arena_release(&a);
	intern_release(&strings);
	return code;
}

/* --- which of the two ----------------------------------------------------------------------------------------------------------- */

/* Fills `text` until it holds something else than white space, or the stream ends. */
static int read_beginning(struct source *src, struct strbuf *text, size_t *ret_start, struct err *err)
{
	_cleanup_(mem_freep) char *buf = mem_alloc(PIECE);
	size_t start = 0;

	for (;;) {
		ssize_t n = src->read(src, buf, PIECE, err);

		if (n < 0)
			return (int)n;
		strbuf_add(text, buf, (size_t)n);
		if (text->len >= 3 && memcmp(text->buf, "\xef\xbb\xbf", 3) == 0)
			start = MAX(start, (size_t)3);
		while (start < text->len && strchr(" \t\r\n", text->buf[start]) && text->buf[start])
			start++;
		if (n == 0 || start < text->len) {
			*ret_start = start;
			return strbuf_check(text, "YAML file", err);
		}
	}
}

/* Among many files: one named as data, or one that begins as data. Others (notes, pictures, scripts) are not worth a complaint. */
static bool looks_like_objects(const char *name, const char *text)
{
	static const char *const extensions[] = {".json", ".yaml", ".yml", ".jsonl"};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (len > strlen(extensions[i]) && str_eq(name + len - strlen(extensions[i]), extensions[i]))
			return true;
	return *text == '{' || *text == '[' || strncmp(text, "apiVersion:", 11) == 0 || strncmp(text, "kind:", 5) == 0 ||
	       strstr(text, "\napiVersion:");
}

static int read_text(struct recording *r, struct source *src, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text;
	size_t start = 0;
	int code;

	strbuf_init(&text, RECORDING_YAML_MAX);
	code = read_beginning(src, &text, &start, err);
	if (code < 0)
		return code;
	r->bytes += text.len;
	if (start == text.len)
		return r->many ? 0 : err_set(err, ERR_INPUT, "it is empty");
	if (text.len >= 2 && (memcmp(text.buf, "\xff\xfe", 2) == 0 || memcmp(text.buf, "\xfe\xff", 2) == 0))
		return err_set(err, ERR_INPUT, "it is UTF-16 (PowerShell's \">\" writes that): save it as UTF-8");
	if (r->many && !looks_like_objects(src->name, text.buf + start))
		return 0;
	if (text.buf[start] == '{' || text.buf[start] == '[')
		return read_json(r, src, text.buf + start, start, text.len - start, err);
	if (memchr(text.buf, '\0', text.len))
		return err_set(err, ERR_INPUT, "it is neither JSON nor YAML");
	return read_yaml(r, src, &text, err);
}

int recording_read(struct recording *r, struct source *src, struct err *err)
{
	int code = layout_read(r, src, err);
	unsigned line;

	if (code > 0)
		return 0;
	r->error_offset = UINT64_MAX;
	if (code == 0)
		code = read_text(r, src, err);
	line = code < 0 && r->error_offset != UINT64_MAX && src->line_of ? src->line_of(src, r->error_offset) : 0;
	if (line)
		code = err_wrap(err, "%s:%u", src->name, line);
	else if (code < 0 && strncmp(err->message, src->name, strlen(src->name)) != 0)
		code = err_wrap(err, "%s", src->name);
	return code < 0 ? recording_tolerate(r, src->name, err) : 0;
}
