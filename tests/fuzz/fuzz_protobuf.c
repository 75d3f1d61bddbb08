/* Protobuf: whatever the bytes, the decoders come back, and a list gives the same items however its bytes are cut. */
#include "cluster/schema.h"
#include "format/json.h"
#include "format/protobuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SPLIT_MAX 20000

static int parse(const void *data, size_t len, const struct message *schema)
{
	struct value_builder b;
	struct arena a;
	struct value v;
	struct err err;
	int r;

	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	r = protobuf_parse(&b, data, len, schema, &v, &err);
	if (r == 0) {
		_cleanup_(strbuf_release) struct strbuf out;
		struct json_writer w;
		struct value again;

		strbuf_init(&out, SIZE_MAX / 2);
		json_writer_init(&w, &out, 0);
		json_value(&w, &v, true);
		if (json_parse(&b, out.buf, out.len, NULL, &again, &err) < 0)
			abort();
	}
	arena_release(&a);
	return r;
}

static int note_item(void *arg, const void *data, size_t len, struct err *err)
{
	struct strbuf *out = arg;

	strbuf_add(out, data, len);
	strbuf_addch(out, '\n');
	return 0;
}

static int list(const uint8_t *data, size_t len, size_t step, struct strbuf *out)
{
	struct protobuf_list_handler handler = {.item = note_item, .arg = out};
	struct protobuf_list *l = protobuf_list_new(&handler, 1 << 20);
	const char *version, *more;
	struct err err;
	int r = 0;

	for (size_t at = 0; at < len && r == 0; at += step)
		r = protobuf_list_feed(l, data + at, MIN(step, len - at), &err);
	if (r == 0)
		r = protobuf_list_finish(l, &version, &more, &err);
	if (r == 0)
		strbuf_addf(out, "%s %s", version, more);
	protobuf_list_free(l);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(strbuf_release) struct strbuf whole;
	_cleanup_(strbuf_release) struct strbuf pieces;
	const void *raw;
	size_t raw_len;
	struct err err;

	if (protobuf_unwrap(data, size, &raw, &raw_len, &err) < 0) {
		raw = data;
		raw_len = size;
	}
	parse(raw, raw_len, schema_find("k8s.io.api.core.v1.Pod"));
	parse(raw, raw_len, schema_find("k8s.io.api.apps.v1.Deployment"));
	parse(raw, raw_len, schema_find(SCHEMA_PARTIAL_METADATA));
	strbuf_init(&whole, SIZE_MAX / 2);
	strbuf_init(&pieces, SIZE_MAX / 2);
	if (size > SPLIT_MAX)
		return 0;
	if (list(data, size, size ? size : 1, &whole) != list(data, size, 1, &pieces))
		abort();
	if (whole.len != pieces.len || (whole.len && memcmp(whole.buf, pieces.buf, whole.len)))
		abort();
	return 0;
}
