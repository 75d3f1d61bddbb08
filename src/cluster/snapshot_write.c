/* Writing a snapshot: everything in the inventory, masked, as compressed lines of JSON. Format: docs/snapshot-format.md. */
#include "cluster/inventory_internal.h"
#include "cluster/recording.h"

#include "base/file.h"
#include "format/archive.h"
#include "mask/mask.h"

#include <errno.h>
#include <unistd.h>

#define SNAPSHOT_MAX ((size_t)1 << 30) /* compressed bytes */
#define LINE_MAX_BYTES ((size_t)256 << 20)
#define SCRATCH_MAX ((size_t)4 << 20)

struct snapshot_writer {
	struct inventory *inv;
	struct masker masker;
	struct arena arena; /* of the object being written */
	struct strbuf line;
	struct json_writer json;
	struct zstd_writer *zstd;
	uint64_t objects, logs;
};

static int collect(void *arg, const void *data, size_t len, struct err *err)
{
	struct strbuf *file = arg;

	strbuf_add(file, data, len);
	return strbuf_check(file, "snapshot (SNAPSHOT_MAX)", err);
}

static void begin(struct snapshot_writer *w, const char *api_version, const char *kind)
{
	strbuf_reset(&w->line);
	json_writer_init(&w->json, &w->line, 0);
	json_object_begin(&w->json);
	json_key(&w->json, "apiVersion");
	json_string(&w->json, api_version);
	json_key(&w->json, "kind");
	json_string(&w->json, kind);
}

static int end(struct snapshot_writer *w, struct err *err)
{
	int code;

	json_object_end(&w->json);
	strbuf_addch(&w->line, '\n');
	code = strbuf_check(&w->line, "snapshot record", err);
	if (code == 0)
		code = zstd_writer_add(w->zstd, w->line.buf, w->line.len, err);
	if (w->arena.total > SCRATCH_MAX) {
		arena_release(&w->arena);
		arena_init(&w->arena);
	}
	return code;
}

/* Texts go in as masked_text only: nothing else here writes what a cluster said. */
static void put_masked(struct snapshot_writer *w, const char *key, struct masked_text t)
{
	json_key(&w->json, key);
	json_string_n(&w->json, t.text, t.len);
}

static void put_text(struct snapshot_writer *w, const char *key, const char *s)
{
	if (s && *s)
		put_masked(w, key, mask_text(&w->masker, &w->arena, s, strlen(s)));
}

static void put_time(struct snapshot_writer *w, const char *key, usec_t t)
{
	if (!t)
		return;
	json_key(&w->json, key);
	json_time(&w->json, t);
}

static void put_int(struct snapshot_writer *w, const char *key, int64_t i)
{
	json_key(&w->json, key);
	json_int(&w->json, i);
}

static void put_bool(struct snapshot_writer *w, const char *key, bool b)
{
	if (!b)
		return;
	json_key(&w->json, key);
	json_bool(&w->json, b);
}

static int write_header(struct snapshot_writer *w, const struct cluster *c, struct err *err)
{
	begin(w, SNAPSHOT_API, "Snapshot");
	put_int(w, "version", SNAPSHOT_VERSION);
	put_text(w, "program", AUTO_DEVOPS_VERSION);
	put_time(w, "time", inventory_now(w->inv));
	put_text(w, "cluster", c->name);
	if (c->live)
		put_text(w, "server", c->server);
	put_text(w, "namespace", c->ns);
	put_text(w, "serverVersion", w->inv->server_version);
	return end(w, err);
}

static void put_kind(struct snapshot_writer *w, enum kind_id id)
{
	json_key(&w->json, "name");
	json_string(&w->json, id == KIND_CUSTOM ? "*" : kind_table[id].name);
	json_key(&w->json, "group");
	json_string(&w->json, id == KIND_CUSTOM ? "" : kind_table[id].group);
}

static int compare_texts(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Ordered: some readers collect them in a hash, and the same cluster has to give the same bytes. */
static void put_seen_namespaces(struct snapshot_writer *w, const struct seen_namespaces *seen)
{
	const char **items = arena_new_array(&w->arena, const char *, seen->len);

	memcpy(items, seen->items, seen->len * sizeof(*items));
	qsort(items, seen->len, sizeof(*items), compare_texts);
	json_key(&w->json, "namespaces");
	json_array_begin(&w->json);
	for (uint32_t i = 0; i < seen->len; i++)
		json_string(&w->json, items[i]);
	json_array_end(&w->json);
}

/* Not masked, as the apiVersion and kind of its objects are not: a long name that looks like a token has to be found again. */
static void put_kind_name(struct snapshot_writer *w, const char *key, const char *name)
{
	if (!*name)
		return;
	json_key(&w->json, key);
	json_string(&w->json, name);
}

static void put_custom_kind(struct snapshot_writer *w, const struct kind *k)
{
	put_kind_name(w, "group", k->group);
	put_kind_name(w, "version", k->version);
	put_kind_name(w, "name", k->name);
	put_kind_name(w, "plural", k->plural);
	json_key(&w->json, "namespaced");
	json_bool(&w->json, k->namespaced);
}

static int compare_custom_kinds(const void *x, const void *y)
{
	const struct custom_kind *a = *(const struct custom_kind *const *)x, *b = *(const struct custom_kind *const *)y;
	int c = strcmp(a->group, b->group);

	return c ? c : strcmp(a->name, b->name);
}

/* The custom kinds that could be listed, in the order of their names: a hash has none. */
static void put_seen_custom(struct snapshot_writer *w)
{
	const struct hash *kinds = &w->inv->custom_kinds;
	const struct custom_kind **seen = arena_new_array(&w->arena, const struct custom_kind *, kinds->count + 1);
	uint32_t count = 0;

	for (uint32_t i = 0; kinds->slots && i <= kinds->mask; i++) {
		const struct custom_kind *c = kinds->slots[i].value;

		if (c && (c->seen_all || c->seen_ns.len))
			seen[count++] = c;
	}
	if (count)
		qsort(seen, count, sizeof(const struct custom_kind *), compare_custom_kinds);
	json_key(&w->json, "customKinds");
	json_array_begin(&w->json);
	for (uint32_t i = 0; i < count; i++) {
		json_object_begin(&w->json);
		put_custom_kind(w, &seen[i]->kind);
		if (!seen[i]->seen_all)
			put_seen_namespaces(w, &seen[i]->seen_ns);
		json_object_end(&w->json);
	}
	json_array_end(&w->json);
}

static int write_seen(struct snapshot_writer *w, struct err *err)
{
	begin(w, SNAPSHOT_API, "Seen");
	json_key(&w->json, "kinds");
	json_array_begin(&w->json);
	for (size_t k = 0; k < KIND_COUNT; k++) {
		const struct seen_namespaces *seen = &w->inv->seen_ns[k];

		if (!w->inv->seen_all[k] && seen->len == 0)
			continue;
		json_object_begin(&w->json);
		put_kind(w, (enum kind_id)k);
		if (!w->inv->seen_all[k])
			put_seen_namespaces(w, seen);
		json_object_end(&w->json);
	}
	json_array_end(&w->json);
	put_seen_custom(w);
	return end(w, err);
}

static int write_notes(struct snapshot_writer *w, struct err *err)
{
	int code = 0;

	for (uint32_t i = 0; i < w->inv->notes.len && code == 0; i++) {
		const struct note *n = &w->inv->notes.items[i];

		begin(w, SNAPSHOT_API, "Note");
		put_text(w, "what", n->what);
		put_text(w, "why", n->why);
		put_text(w, "namespace", n->ns);
		if (n->kind != KIND_COUNT) {
			json_key(&w->json, "about");
			json_object_begin(&w->json);
			put_kind(w, n->kind);
			json_object_end(&w->json);
		}
		code = end(w, err);
	}
	return code;
}

static int write_custom_kind(struct snapshot_writer *w, const struct kind *k, struct err *err)
{
	begin(w, SNAPSHOT_API, "CustomKind");
	put_custom_kind(w, k);
	return end(w, err);
}

static int write_object(struct snapshot_writer *w, const struct object *o, struct err *err)
{
	const struct kind *k = o->kind;
	struct value root = mask_object(&w->masker, &w->arena, k->name, k->id == KIND_CUSTOM, &o->root);

	begin(w, *k->group ? arena_printf(&w->arena, "%s/%s", k->group, k->version) : k->version, k->name);
	for (member_each(m, &root)) {
		if (str_eq(m->key, "apiVersion") || str_eq(m->key, "kind"))
			continue;
		json_key(&w->json, m->key);
		json_value(&w->json, &m->v, false);
	}
	w->objects++;
	return end(w, err);
}

static int write_objects(struct snapshot_writer *w, const struct ctx *ctx, struct err *err)
{
	int code = 0;

	for (size_t k = 0; k < KIND_COUNT && code == 0; k++) {
		const struct object_list *list = &w->inv->lists[k];
		const struct kind *before = NULL;

		code = ctx_check(ctx, err);
		for (uint32_t i = 0; i < list->len && code == 0; i++) {
			const struct object *o = list->items[i];

			if (k == KIND_CUSTOM && o->kind != before)
				code = write_custom_kind(w, o->kind, err);
			before = o->kind;
			if (code == 0)
				code = write_object(w, o, err);
		}
	}
	return code;
}

/* As a core/v1 Event, of the fields that struct event has. */
static int write_event(struct snapshot_writer *w, const struct event *e, struct err *err)
{
	begin(w, "v1", "Event");
	json_key(&w->json, "metadata");
	json_object_begin(&w->json);
	put_text(w, "name", e->name);
	put_text(w, "namespace", e->ns);
	json_object_end(&w->json);
	json_key(&w->json, "involvedObject");
	json_object_begin(&w->json);
	put_text(w, "kind", e->about_kind);
	put_text(w, "namespace", e->about_ns);
	put_text(w, "name", e->about_name);
	put_text(w, "uid", e->about_uid);
	put_text(w, "fieldPath", e->about_field);
	json_object_end(&w->json);
	put_text(w, "type", e->type);
	put_text(w, "reason", e->reason);
	put_text(w, "message", e->message);
	json_key(&w->json, "source");
	json_object_begin(&w->json);
	put_text(w, "component", e->source);
	json_object_end(&w->json);
	put_time(w, "firstTimestamp", e->first);
	put_time(w, "lastTimestamp", e->last);
	put_int(w, "count", e->count);
	w->objects++;
	return end(w, err);
}

static int write_log(struct snapshot_writer *w, const struct container_log *log, struct err *err)
{
	begin(w, SNAPSHOT_API, "Log");
	put_text(w, "namespace", log->pod->ns);
	put_text(w, "pod", log->pod->name);
	put_text(w, "container", log->container);
	put_bool(w, "previous", log->previous);
	put_bool(w, "truncated", log->truncated);
	put_text(w, "error", log->error);
	put_masked(w, "text", mask_text(&w->masker, &w->arena, log->text, log->len));
	w->logs++;
	return end(w, err);
}

static int write_end(struct snapshot_writer *w, struct err *err)
{
	begin(w, SNAPSHOT_API, "End");
	put_int(w, "objects", (int64_t)w->objects);
	put_int(w, "logs", (int64_t)w->logs);
	return end(w, err);
}

static int write_all(struct snapshot_writer *w, const struct cluster *c, const struct ctx *ctx, struct err *err)
{
	const struct event_list *events = inventory_events(w->inv);
	int code = write_header(w, c, err);

	if (code == 0)
		code = write_seen(w, err);
	if (code == 0)
		code = write_notes(w, err);
	if (code == 0)
		code = write_objects(w, ctx, err);
	for (uint32_t i = 0; i < events->len && code == 0; i++)
		code = write_event(w, events->items[i], err);
	for (uint32_t i = 0; i < w->inv->logs.len && code == 0; i++)
		code = write_log(w, &w->inv->logs.items[i]->log, err);
	if (code == 0)
		code = write_end(w, err);
	return code == 0 ? zstd_writer_finish(w->zstd, err) : code;
}

/* A frame that every zstd reader skips, so that the file says what it is to anyone who looks at its beginning. */
static void add_signature(struct strbuf *file)
{
	static const char text[] = "auto-devops snapshot\n";
	const uint32_t len = sizeof(text) - 1;
	const unsigned char head[8] = {0x50, 0x2a, 0x4d, 0x18, len, 0, 0, 0};

	strbuf_add(file, head, sizeof(head));
	strbuf_add(file, text, len);
}

static int write_stdout(const struct strbuf *file, struct err *err)
{
	for (size_t done = 0; done < file->len;) {
		ssize_t n = write(STDOUT_FILENO, file->buf + done, file->len - done);

		if (n < 0 && errno != EINTR)
			return err_set_errno(err, errno, "cannot write to standard output");
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int snapshot_encode(struct cluster *c, const struct ctx *ctx, struct strbuf *file, struct err *err)
{
	struct snapshot_writer w = {.inv = c->inv};
	int code = masker_init(&w.masker, err);

	if (code < 0)
		return code;
	arena_init(&w.arena);
	strbuf_init(&w.line, LINE_MAX_BYTES);
	add_signature(file);
	code = zstd_writer_new(collect, file, &w.zstd, err);
	if (code == 0)
		code = write_all(&w, c, ctx, err);
	zstd_writer_free(w.zstd);
	strbuf_release(&w.line);
	arena_release(&w.arena);
	return code;
}

int snapshot_write(struct cluster *c, struct ctx *ctx, const char *path, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf file;
	int code;

	strbuf_init(&file, SNAPSHOT_MAX);
	code = snapshot_encode(c, ctx, &file, err);
	if (code < 0)
		return code;
	return str_eq(path, "-") ? write_stdout(&file, err) : file_write_atomic(path, file.buf, file.len, 0600, err);
}
