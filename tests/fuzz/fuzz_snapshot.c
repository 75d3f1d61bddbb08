/* Snapshots: whatever could be read can be recorded, and what was recorded reads back: as many objects of each kind, events and logs.
 * The first line is the file's path inside of a bundle, the rest its bytes. */
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

static void compare(struct inventory *a, struct inventory *b)
{
	const struct container_log *const *logs;

	for (size_t k = 0; k < KIND_COUNT; k++) {
		const struct object_list *x = inventory_list(a, (enum kind_id)k), *y = inventory_list(b, (enum kind_id)k);

		if (x->len != y->len || inventory_sees(a, k, NULL) != inventory_sees(b, k, NULL))
			abort();
	}
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
