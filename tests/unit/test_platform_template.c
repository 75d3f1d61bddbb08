/* Templates: places keep types, outside values never become syntax, directions do what they say. */
#include "unit.h"

#include "format/yaml.h"
#include "platform/template.h"

static struct arena arena;
static struct value_builder b;

static struct value parse(const char *text)
{
	struct value v;
	struct err err;

	assert_int_equal(yaml_parse(&b, "test", text, strlen(text), &v, &err), 0);
	return v;
}

static void assert_filled(const char *template, const char *data, const char *expected)
{
	struct value t = parse(template), d = parse(data), v;
	const struct scope scope = {NULL, "in", &d};
	struct strbuf sb;
	struct err err;
	bool left_out;

	strbuf_init(&sb, STRBUF_MAX_LINE);
	assert_int_equal(template_fill(&b, &t, &scope, &v, &left_out, &err), 0);
	if (!left_out)
		yaml_write(&sb, &v);
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
}

static void places_keep_types(void **state)
{
	assert_filled("a: ${in.n}\nb: '${in.n}Gi'\nc: ${in.l}\n'${in.s}': 1\n", "{n: 4, l: [x], s: key}", "a: 4\nb: 4Gi\nc:\n- x\nkey: 1\n");
	assert_filled("a: '$${x} $labels'\n", "{}", "a: ${x} $labels\n");
	assert_filled("a: ${in.s}\nb: 'x ${in.s}'\n", "{s: \"1: [\\n- evil: true\"}",
		      "a: |-\n  1: [\n  - evil: true\nb: |-\n  x 1: [\n  - evil: true\n");
	assert_filled("a: ${in.s}\n", "{s: \"true\"}", "a: \"true\"\n");
}

static void directions(void **state)
{
	assert_filled("l:\n- {$for: x in in.l, a: '${x.n}', i: '${x_index}'}\n- {$if: in.no, z: 1}\n- {$if: '!in.no', q: 1}\n",
		      "{l: [{n: a}, {n: b}]}", "l:\n- a: a\n  i: 0\n- a: b\n  i: 1\n- q: 1\n");
	assert_filled("l:\n- {$for: x in in.l, $value: 'v${x}'}\nm: {$if: in.no, a: 1}\n", "{l: [1, 2]}", "l:\n- v1\n- v2\n");
	assert_filled("m: {a: 1, $merge: in.m}\n", "{m: {b: 2}}", "m:\n  a: 1\n  b: 2\n");
	assert_filled("$if: in.no\na: 1\n", "{no: 0}", "");
}

static void what_is_missing_is_told(void **state)
{
	struct value t = parse("a: [x, '${in.absent}']\n"), d = parse("{n: 1}"), v;
	const struct scope scope = {NULL, "in", &d};
	struct err err;
	bool left_out;

	assert_int_equal(template_fill(&b, &t, &scope, &v, &left_out, &err), ERR_INTERNAL);
	assert_non_null(strstr(err.message, "in.absent"));
}

static int set_up(void **state)
{
	arena_init(&arena);
	value_builder_init(&b, &arena, NULL);
	return 0;
}

static int tear_down(void **state)
{
	arena_release(&arena);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
RUN_TESTS(TEST(places_keep_types), TEST(directions), TEST(what_is_missing_is_told))
