/* JSON: whatever the bytes, the parser and the splitter come back; and three things hold that a crash would not show:
 * what was read, written and read again is the same; the splitter gives the same items however the bytes are cut; the place
 * that json_locate_error names is within the text. */
#include "cluster/schema.h"
#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeding byte by byte is slow; longer inputs are only parsed. */
#define SPLIT_MAX 20000

static void check_parse(const char *text, size_t len, const struct message *schema)
{
	struct value_builder b;
	struct arena a;
	struct value v, again;
	struct err err;

	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	if (json_parse(&b, text, len, schema, &v, &err) == 0) {
		_cleanup_(strbuf_release) struct strbuf out;
		struct json_writer w;

		strbuf_init(&out, SIZE_MAX / 2);
		json_writer_init(&w, &out, 0);
		json_value(&w, &v, true);
		if (!schema) {
			struct value_builder again_builder;

			value_builder_init(&again_builder, &a, NULL);
			if (json_parse(&again_builder, out.buf, out.len, NULL, &again, &err) < 0)
				abort();
		}
	} else if (!schema) {
		const char *what;

		if (json_locate_error(text, len, &what) > len)
			abort();
	}
	arena_release(&a);
}

/* What the splitter gave, one part a line. */
struct parts {
	struct strbuf text;
	bool valid; /* every part is JSON */
};

static int note_part(void *arg, const char *text, size_t len, struct err *err)
{
	struct parts *parts = arg;
	struct value_builder b;
	struct arena a;
	struct value v;

	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	parts->valid = parts->valid && json_parse(&b, text, len, NULL, &v, NULL) == 0;
	arena_release(&a);
	strbuf_add(&parts->text, text, len);
	strbuf_addch(&parts->text, '\n');
	return 0;
}

static void split(const char *text, size_t len, size_t step, struct parts *parts)
{
	struct json_split_handler handler = {.item = note_part, .envelope = note_part, .arg = parts};
	struct json_splitter *s = json_splitter_new(&handler, 1 << 20);
	struct err err;
	int r = 0;

	strbuf_init(&parts->text, SIZE_MAX / 2);
	parts->valid = true;
	for (size_t at = 0; at < len && r == 0; at += step)
		r = json_splitter_feed(s, text + at, MIN(step, len - at), &err);
	if (r == 0)
		r = json_splitter_finish(s, &err);
	parts->valid = parts->valid && r == 0;
	json_splitter_free(s);
}

/* The splitter looks only at brackets and quotes; where a part is no JSON, it may end at another byte when cut otherwise. */
static void check_split(const char *text, size_t len)
{
	struct parts whole, pieces;

	split(text, len, len, &whole);
	split(text, len, 1, &pieces);
	if (whole.valid != pieces.valid)
		abort();
	if (whole.valid && (whole.text.len != pieces.text.len || memcmp(whole.text.buf, pieces.text.buf, whole.text.len)))
		abort();
	strbuf_release(&whole.text);
	strbuf_release(&pieces.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	check_parse(text, size, NULL);
	check_parse(text, size, schema_find("k8s.io.api.core.v1.Pod"));
	if (size > 0 && size <= SPLIT_MAX)
		check_split(text, size);
	return 0;
}
