/* value, quantity and the JSON writer. */
#include "unit.h"

#include "format/json.h"

struct fixture {
	struct arena arena;
	struct intern strings;
	struct value_builder b;
};

static void setup(struct fixture *f)
{
	arena_init(&f->arena);
	intern_init(&f->strings);
	value_builder_init(&f->b, &f->arena, &f->strings);
}

static void teardown(struct fixture *f)
{
	intern_release(&f->strings);
	arena_release(&f->arena);
}

static struct value list_of(struct fixture *f, uint32_t n, const struct value *items)
{
	return (struct value){.type = VALUE_LIST, .len = n, .items = arena_memdup(&f->arena, items, n * sizeof(*items))};
}

/* {"metadata":{"labels":{"app.kubernetes.io/name":"web"}},"spec":{"containers":[{"image":"a"},{"image":"b"}]}} */
static struct value pod(struct fixture *f)
{
	struct value root = {0}, metadata = {0}, labels = {0}, spec = {0}, containers[2] = {{0}, {0}};

	value_map_set(&f->b, &labels, "app.kubernetes.io/name", value_of_str("web"));
	value_map_set(&f->b, &metadata, "labels", labels);
	value_map_set(&f->b, &containers[0], "image", value_of_str("a"));
	value_map_set(&f->b, &containers[1], "image", value_of_str("b"));
	value_map_set(&f->b, &spec, "containers", list_of(f, 2, containers));
	value_map_set(&f->b, &root, "metadata", metadata);
	value_map_set(&f->b, &root, "spec", spec);
	return root;
}

static void paths_lead_to_values(void **state)
{
	static const char *const nowhere[] = {
		"spec.containers[2]",   "spec.containers[-1]",  "spec.containers[x]", "spec.containers[0", "spec.containers.image",
		"metadata.labels[app]", "metadata.labels['app", "spec.nothing.more",  "spec.containers[]", "spec.containers[99999999999999999999]"};
	struct fixture f;
	struct value v;

	setup(&f);
	v = pod(&f);
	assert_string_equal(value_str(value_at(&v, "spec.containers[1].image"), ""), "b");
	assert_string_equal(value_str(value_at(&v, "metadata.labels['app.kubernetes.io/name']"), ""), "web");
	assert_ptr_equal(value_at(&v, ""), &v);
	for (size_t i = 0; i < ARRAY_LEN(nowhere); i++)
		assert_null(value_at(&v, nowhere[i]));
	assert_null(value_at(NULL, "a"));
	teardown(&f);
}

static void wrong_types_give_the_default(void **state)
{
	struct value s = value_of_str("x"), d = {.type = VALUE_DOUBLE, .d = 2.5}, whole = {.type = VALUE_DOUBLE, .d = 3};
	struct value huge = {.type = VALUE_DOUBLE, .d = 1e300}, t = value_of_str("1970-01-01T00:00:01Z");

	assert_int_equal(value_int(&s, 7), 7);
	assert_int_equal(value_int(&d, 7), 7);
	assert_int_equal(value_int(&whole, 7), 3);
	assert_int_equal(value_int(&huge, 7), 7);
	assert_int_equal(value_len(&s), 0);
	assert_string_equal(value_str(NULL, "none"), "none");
	assert_int_equal(value_time(&t), USEC_PER_SEC);
	assert_int_equal(value_time(&s), 0);
	assert_true(value_bool(&s, true));
	for (value_each(it, &s))
		fail();
	for (member_each(m, (const struct value *)NULL))
		fail();
}

static void maps_grow_and_replace(void **state)
{
	struct fixture f;
	struct value map = {0};
	struct member two[2] = {{"a", {.type = VALUE_INT, .key_len = 1, .i = 1}}, {"b", {.type = VALUE_INT, .key_len = 1, .i = 2}}};
	struct value parsed = {.type = VALUE_MAP, .len = 2, .members = two};

	setup(&f);
	for (int64_t i = 0; i < 100; i++) {
		value_map_set(&f.b, &map, arena_printf(&f.arena, "k%d", (int)i), value_of_int(i));
		for (int64_t k = 0; k <= i; k++)
			assert_int_equal(value_get_int(&map, arena_printf(&f.arena, "k%d", (int)k), -1), k);
	}
	value_map_set(&f.b, &map, "k5", value_of_str("new"));
	assert_int_equal(map.len, 100);
	assert_string_equal(value_get_str(&map, "k5"), "new");
	/* An array that value_map_set did not make has no room and is left as it was. */
	value_map_set(&f.b, &parsed, "c", value_of_int(3));
	assert_ptr_not_equal(parsed.members, two);
	assert_int_equal(value_get_int(&parsed, "b", 0), 2);
	assert_int_equal(value_get_int(&parsed, "c", 0), 3);
	teardown(&f);
}

static void copies_are_equal(void **state)
{
	struct fixture f, g;
	struct value v, copy, other = {0};

	setup(&f);
	setup(&g);
	v = pod(&f);
	copy = value_copy(&g.b, &v);
	assert_true(value_equal(&v, &copy));
	value_map_set(&g.b, &copy, "extra", value_of_bool(true));
	assert_false(value_equal(&v, &copy));
	teardown(&f);
	assert_string_equal(value_str(value_at(&copy, "spec.containers[0].image"), ""), "a");
	/* Maps compare as sets. */
	copy = (struct value){0};
	value_map_set(&g.b, &copy, "a", value_of_int(1));
	value_map_set(&g.b, &copy, "b", value_of_int(2));
	value_map_set(&g.b, &other, "b", value_of_int(2));
	value_map_set(&g.b, &other, "a", value_of_int(1));
	assert_true(value_equal(&copy, &other));
	assert_true(value_equal(NULL, NULL));
	assert_false(value_equal(NULL, &copy));
	teardown(&g);
}

static void quantities(void **state)
{
	static const struct {
		const char *text;
		double q;
	} good[] = {{"0", 0},      {"100m", 0.1},   {"1.5Gi", 1.5 * (1 << 30)},
		    {"1e3", 1000}, {"1E3", 1000},   {"1E", 1e18},
		    {"-5", -5},    {"+2k", 2000},   {".5", 0.5},
		    {"5.", 5},     {"12Ki", 12288}, {"3n", 3e-9},
		    {"7u", 7e-6},  {"2e-2", 0.02}};
	static const char *const bad[] = {"", "m", "1x", "1 Gi", "1e", "1ee", "--1", "0x10", "1Kib", "nan", "1e+"};
	char text[32];
	double q;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(quantity_parse(good[i].text, &q));
		assert_true(q > good[i].q - 1e-12 - good[i].q * 1e-12 * (good[i].q > 0 ? 1 : -1) &&
			    q < good[i].q + 1e-12 + (good[i].q > 0 ? good[i].q : -good[i].q) * 1e-12);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(quantity_parse(bad[i], &q));
	assert_string_equal(quantity_format(0.25, false, text), "250m");
	assert_string_equal(quantity_format(4, false, text), "4");
	assert_string_equal(quantity_format(1.5 * (1 << 30), true, text), "1.5 GiB");
	assert_string_equal(quantity_format(512, true, text), "512 B");
	assert_string_equal(quantity_format(128.0 * (1 << 20), true, text), "128 MiB");
}

static void writes_json(void **state)
{
	struct json_writer w;
	struct strbuf out;

	strbuf_init(&out, STRBUF_MAX_LINE);
	json_writer_init(&w, &out, 0);
	json_object_begin(&w);
	json_key(&w, "s");
	json_string_n(&w, "q\"\\\n\x01\xff\xc3\xbc\0z", 10);
	json_key(&w, "list");
	json_array_begin(&w);
	json_int(&w, INT64_MIN);
	json_double(&w, 0.1);
	json_double(&w, 1.0 / 0.0);
	json_bool(&w, true);
	json_string(&w, NULL);
	json_array_begin(&w);
	json_array_end(&w);
	json_array_end(&w);
	json_key(&w, "t");
	json_time(&w, USEC_PER_SEC);
	json_object_end(&w);
	assert_string_equal(out.buf,
			    "{\"s\":\"q\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xbc\\u0000z\",\"list\":[-9223372036854775808,0.1,null,true,null,[]],"
			    "\"t\":\"1970-01-01T00:00:01Z\"}");
	strbuf_reset(&out);
	json_writer_init(&w, &out, 0);
	json_string(&w, "\xc2\x9b"
			"31m \xe2\x80\xae \xe2\x80\x8d \xf0\x9f\x91\x8d");
	assert_string_equal(out.buf, "\"\\u009b31m \\u202e \xe2\x80\x8d \xf0\x9f\x91\x8d\"");
	strbuf_reset(&out);
	json_writer_init(&w, &out, 2);
	json_object_begin(&w);
	json_key(&w, "a");
	json_array_begin(&w);
	json_int(&w, 1);
	json_int(&w, 2);
	json_array_end(&w);
	json_key(&w, "b");
	json_object_begin(&w);
	json_object_end(&w);
	json_object_end(&w);
	assert_string_equal(out.buf, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
	strbuf_release(&out);
}

static void canonical_json(void **state)
{
	struct fixture f;
	struct json_writer w;
	struct strbuf out;
	struct value v = {0}, empty = {0}, nested = {0};

	setup(&f);
	strbuf_init(&out, STRBUF_MAX_LINE);
	value_map_set(&f.b, &empty, "zero", value_of_int(0));
	value_map_set(&f.b, &nested, "empty", empty);
	value_map_set(&f.b, &nested, "off", value_of_bool(false));
	value_map_set(&f.b, &v, "zz", value_of_str("last"));
	value_map_set(&f.b, &v, "nested", nested);
	value_map_set(&f.b, &v, "ab", value_of_int(2));
	value_map_set(&f.b, &v, "a", list_of(&f, 1, &empty));
	value_map_set(&f.b, &v, "none", value_of_str(""));
	json_writer_init(&w, &out, 0);
	json_value(&w, &v, true);
	assert_string_equal(out.buf, "{\"a\":[{}],\"ab\":2,\"zz\":\"last\"}");
	strbuf_reset(&out);
	json_writer_init(&w, &out, 0);
	json_value(&w, &empty, false);
	assert_string_equal(out.buf, "{\"zero\":0}");
	strbuf_release(&out);
	teardown(&f);
}

RUN_TESTS(cmocka_unit_test(paths_lead_to_values), cmocka_unit_test(wrong_types_give_the_default), cmocka_unit_test(maps_grow_and_replace),
	  cmocka_unit_test(copies_are_equal), cmocka_unit_test(quantities), cmocka_unit_test(writes_json), cmocka_unit_test(canonical_json))
