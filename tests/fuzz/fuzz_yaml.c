/* YAML: any text is documents or an error; what was read, written and read again is the same. */
#include "format/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_document(void *arg, struct value *v, unsigned line, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf out;
	struct value_builder b;
	struct arena a;
	struct value again;
	struct err again_err;

	strbuf_init(&out, SIZE_MAX / 2);
	yaml_write(&out, v);
	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	if (yaml_parse(&b, "again", out.buf, out.len, &again, &again_err) < 0 || !value_equal(v, &again)) {
		fprintf(stderr, "written as:\n%.*s\n", (int)out.len, out.buf);
		abort();
	}
	arena_release(&a);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct value_builder b;
	struct arena a;
	struct err err;

	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	yaml_parse_all(&b, "fuzz", (const char *)data, size, on_document, NULL, &err);
	arena_release(&a);
	return 0;
}
