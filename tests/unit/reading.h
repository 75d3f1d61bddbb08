/* What the tests of a reader of text share: a fresh arena and builder for each test, and a value as JSON. */
#ifndef TESTS_READING_H
#define TESTS_READING_H

#include "unit.h"

#include "format/json.h"

static struct arena arena;
static struct intern strings;
static struct value_builder builder;
static struct err err;
static struct strbuf out;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	intern_init(&strings);
	value_builder_init(&builder, &arena, &strings);
	memset(&err, 0, sizeof(err));
	strbuf_init(&out, STRBUF_MAX_OUTPUT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	intern_release(&strings);
	strbuf_release(&out);
	return 0;
}

static const char *text(const struct value *v)
{
	struct json_writer w;

	strbuf_reset(&out);
	json_writer_init(&w, &out, 0);
	json_value(&w, v, false);
	return out.buf;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
