/* Snapshots: whatever could be read can be recorded, and what was recorded reads back: as many objects of each kind, built in or custom,
 * events and logs, and the same kinds seen in the same namespaces.
 * The first line is the file's path inside of a bundle, the rest its bytes. */
#include "base/utf8.h"
#include "cluster/inventory_internal.h"
#include "cluster/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	const char *data;
	size_t left;
};

static ssize_t read_memory(struct source *s, void *buf, size_t len, struct err *err)
{
	struct memory *m = s->arg;
	size_t n = MIN(len, m->left);

	if (n)
		memcpy(buf, m->data, n);
	m->data += n;
	m->left -= n;
	return (ssize_t)n;
}

static int read_all(struct cluster *c, struct ctx *ctx, const char *name, const char *data, size_t size, bool many, struct err *err)
{
	struct memory memory = {data, size};
	struct source source = {.name = name, .read = read_memory, .arg = &memory};
	struct recording r;
	int code;

	recording_init(&r, ctx, c->inv, name);
	r.many = many;
	code = recording_read_file(&r, &source, err);
	if (code == 0)
		code = recording_finish(&r, err);
	if (code == 0)
		inventory_seal(c->inv);
	recording_release(&r);
	return code;
}

/* In any order. Names that are not UTF-8 (of a file's path) are written with replacements. */
static void compare_seen(const struct seen_namespaces *a, const struct seen_namespaces *b)
{
	if (a->len != b->len)
		abort();
	for (uint32_t i = 0; i < a->len; i++) {
		bool found = !utf8_valid(a->items[i], strlen(a->items[i]));

		for (uint32_t k = 0; k < b->len && !found; k++)
			found = str_eq(a->items[i], b->items[k]);
		if (!found)
			abort();
	}
}

/* Every custom kind that was listed, or of which there are objects, is the same in b. */
static void compare_custom(const struct inventory *a, const struct inventory *b)
{
	for (uint32_t i = 0; a->custom_kinds.slots && i <= a->custom_kinds.mask; i++) {
		const struct custom_kind *x = a->custom_kinds.slots[i].value, *y;

		if (!x || (!x->seen_all && !x->seen_ns.len && !x->list.len))
			continue;
		y = inventory_custom_of(b, &x->kind);
		if (!y || x->seen_all != y->seen_all || x->list.len != y->list.len || x->kind.namespaced != y->kind.namespaced ||
		    !str_eq(x->kind.version, y->kind.version) || !str_eq(x->kind.plural, y->kind.plural))
			abort();
		if (!x->seen_all)
			compare_seen(&x->seen_ns, &y->seen_ns);
	}
}

static void compare(struct inventory *a, struct inventory *b)
{
	const struct container_log *const *logs;

	for (size_t k = 0; k < KIND_COUNT; k++) {
		const struct object_list *x = inventory_list(a, (enum kind_id)k), *y = inventory_list(b, (enum kind_id)k);

		if (x->len != y->len || inventory_sees(a, k, NULL) != inventory_sees(b, k, NULL))
			abort();
		if (!a->seen_all[k])
			compare_seen(&a->seen_ns[k], &b->seen_ns[k]);
	}
	compare_custom(a, b);
	compare_custom(b, a);
	if (inventory_events(a)->len != inventory_events(b)->len || inventory_logs(a, &logs) != inventory_logs(b, &logs) ||
	    inventory_now(a) != inventory_now(b))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *line = memchr(data, '\n', size);
	struct cluster first = {0}, second = {0};
	char name[300];
	struct strbuf file;
	struct ctx ctx;
	struct err err = {0};

	if (!line || line - text > 250)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(line - text), text);
	size -= (size_t)(line + 1 - text);
	ctx_init(&ctx);
	strbuf_init(&file, (size_t)256 << 20);
	first.inv = inventory_new();
	second.inv = inventory_new();
	cluster_set_names(&first, "fuzz", "fuzz", NULL);
	if (read_all(&first, &ctx, name, line + 1, size, *name != 0, &err) == 0) {
		if (snapshot_encode(&first, &ctx, &file, &err) < 0 || read_all(&second, &ctx, "again", file.buf, file.len, false, &err) < 0) {
			fprintf(stderr, "%s\n", err.message);
			abort();
		}
		compare(first.inv, second.inv);
	}
	strbuf_release(&file);
	inventory_unref(first.inv);
	inventory_unref(second.inv);
	mem_free(first.name);
	mem_free(first.server);
	mem_free(first.ns);
	ctx_release(&ctx);
	return 0;
}
