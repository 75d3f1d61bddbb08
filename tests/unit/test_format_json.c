/* Reading JSON: whole documents, with and without a schema, and lists in pieces. */
#include "reading.h"

#include "cluster/schema.h"

static int parse(const char *json, const char *schema, struct value *ret)
{
	return json_parse(&builder, json, strlen(json), schema ? schema_find(schema) : NULL, ret, &err);
}

static void everything_is_kept_without_a_schema(void **state)
{
	static const char json[] = "{\"a\":[1,-2,1.5,true,null,\"x\\u0041\"],\"b\":{\"c\":{}}}";
	struct value v;

	(void)state;
	assert_int_equal(parse(json, NULL, &v), 0);
	assert_string_equal(text(&v), "{\"a\":[1,-2,1.5,true,null,\"xA\"],\"b\":{\"c\":{}}}");
	assert_int_equal(parse("  7 ", NULL, &v), 0);
	assert_int_equal(value_int(&v, 0), 7);
}

static void the_last_of_equal_keys_wins(void **state)
{
	struct value v;

	(void)state;
	assert_int_equal(parse("{\"a\":1,\"b\":2,\"a\":3}", NULL, &v), 0);
	assert_int_equal(value_len(&v), 2);
	assert_int_equal(value_get_int(&v, "a", 0), 3);
	/* beyond the number that is compared pair by pair */
	strbuf_reset(&out);
	strbuf_addch(&out, '{');
	for (int i = 0; i < 40; i++)
		strbuf_addf(&out, "%s\"k%d\":%d", i ? "," : "", (i * 7) % 20, i);
	strbuf_addch(&out, '}');
	assert_int_equal(json_parse(&builder, out.buf, out.len, NULL, &v, &err), 0);
	assert_int_equal(value_len(&v), 20);
	assert_int_equal(value_get_int(&v, "k0", 0), 20);
	assert_int_equal(parse("{\"kind\":\"Pod\",\"kind\":\"Node\"}", "k8s.io.api.core.v1.Pod", &v), 0);
	assert_string_equal(text(&v), "{\"kind\":\"Node\"}");
}

static void big_integers_become_floating_point(void **state)
{
	struct value v;

	(void)state;
	assert_int_equal(parse("[9223372036854775807,9223372036854775808,-99999999999999999999,123456789012345678901234567890,"
			       "\"9999999999999999999999\",1.5]",
			       NULL, &v),
			 0);
	assert_int_equal(value_item(&v, 0)->type, VALUE_INT);
	assert_true(value_item(&v, 0)->i == INT64_MAX);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(value_item(&v, i)->type, VALUE_DOUBLE);
	assert_true(value_item(&v, 3)->d > 1.2e29 && value_item(&v, 3)->d < 1.3e29);
	assert_true(value_item(&v, 2)->d < -9.9e19);
	assert_string_equal(value_item(&v, 4)->s, "9999999999999999999999");
}

static void strings_may_hold_nul_bytes(void **state)
{
	struct value v;

	(void)state;
	assert_int_equal(parse("[\"a\\u0000b\"]", NULL, &v), 0);
	assert_int_equal(value_item(&v, 0)->len, 3);
	assert_memory_equal(value_item(&v, 0)->s, "a\0b", 4);
}

static void errors_say_where(void **state)
{
	static const struct {
		const char *json, *message;
	} cases[] = {
		{"{\"a\":1,}", "expected a quoted name at byte 7"},
		{"{\"a\" 1}", "expected ':' at byte 5"},
		{"[1 2]", "expected ',' or ']' at byte 3"},
		{"{\"a\":tru}", "expected a value at byte 5"},
		{"{\"a\":\"\\q\"}", "unknown escape in a string at byte 7"},
		{"{\"a\":\"b\nc\"}", "control character in a string at byte 7"},
		{"[\"ab\xff\"]", "invalid UTF-8 at byte 4"},
		{"{\"a\":[1,2", "ends in the middle at byte 9"},
		{"[01]", "expected ',' or ']' at byte 2"},
		{"1 2", "after the end of the document at byte 2"},
		{"", "the text ends where a value belongs at byte 0"},
		{"[1e999]", "not JSON"},
	};
	struct value v = {.type = VALUE_BOOL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(cases[i].json, NULL, &v), ERR_INPUT);
		if (!strstr(err.message, cases[i].message))
			fail_msg("%s: got \"%s\", expected \"%s\"", cases[i].json, err.message, cases[i].message);
	}
	assert_int_equal(v.type, VALUE_BOOL); /* untouched */
}

static void depth_and_nodes_are_limits(void **state)
{
	struct value v;

	(void)state;
	strbuf_addn(&out, '[', 5000);
	assert_int_equal(json_parse(&builder, out.buf, out.len, NULL, &v, &err), ERR_LIMIT);
	strbuf_reset(&out);
	strbuf_addn(&out, '[', 66);
	strbuf_addn(&out, ']', 66);
	assert_int_equal(json_parse(&builder, out.buf, out.len, NULL, &v, &err), ERR_LIMIT);
	strbuf_reset(&out);
	strbuf_addn(&out, '[', 64);
	strbuf_addn(&out, ']', 64);
	assert_int_equal(json_parse(&builder, out.buf, out.len, NULL, &v, &err), 0);
	builder.max_nodes = builder.nodes + 2;
	assert_int_equal(parse("[1,2,3]", NULL, &v), ERR_LIMIT);
	builder.max_nodes = VALUE_MAX_NODES;
	strbuf_reset(&out);
	strbuf_addstr(&out, "{\"");
	strbuf_addn(&out, 'k', 70000);
	strbuf_addstr(&out, "\":1}");
	assert_int_equal(json_parse(&builder, out.buf, out.len, NULL, &v, &err), ERR_LIMIT);
}

static void a_schema_keeps_its_fields_and_types(void **state)
{
	static const char json[] =
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"unknown\":{\"deep\":[1]},\"metadata\":{\"name\":\"a\",\"namespace\":\"\","
		"\"creationTimestamp\":\"2026-11-23T10:00:00Z\",\"selfLink\":\"x\",\"labels\":{},\"annotations\":"
		"{\"kubectl.kubernetes.io/last-applied-configuration\":\"{}\",\"note\":\"n\"},"
		"\"managedFields\":[{\"manager\":\"m\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:data\":{}}}]},"
		"\"spec\":{\"hostNetwork\":false,\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}],\"containers\":[{\"name\":\"c\","
		"\"resources\":{\"limits\":{\"cpu\":2,\"memory\":\"1Gi\"}},\"livenessProbe\":{\"httpGet\":{\"port\":\"web\"}}}]},"
		"\"status\":null}";
	struct value v;

	(void)state;
	assert_int_equal(parse(json, "k8s.io.api.core.v1.Pod", &v), 0);
	assert_string_equal(text(&v),
			    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"2026-11-23T10:00:00Z\","
			    "\"annotations\":{\"note\":\"n\"},\"managedFields\":[{\"manager\":\"m\"}]},"
			    "\"spec\":{\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}],\"containers\":[{\"name\":\"c\",\"resources\":{\"limits\":"
			    "{\"cpu\":\"2\",\"memory\":\"1Gi\"}},\"livenessProbe\":{\"httpGet\":{\"port\":\"web\"}}}]}}");
	assert_int_equal(value_at(&v, "metadata.creationTimestamp")->type, VALUE_TIME);
}

static void a_tree_is_projected_like_json(void **state)
{
	static const char json[] = "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"annotations\":{\"x\":null}},\"data\":{\"k\":\"abc\","
				   "\"l\":null},\"binaryData\":{\"b\":\"YWJjZA==\"},\"extra\":1}";
	struct value whole, parsed, projected;

	(void)state;
	assert_int_equal(parse(json, "k8s.io.api.core.v1.ConfigMap", &parsed), 0);
	assert_int_equal(parse(json, NULL, &whole), 0);
	assert_int_equal(schema_project(&builder, &whole, schema_find("k8s.io.api.core.v1.ConfigMap"), &projected, &err), 0);
	assert_true(value_equal(&parsed, &projected));
	assert_int_equal(value_get_int(&parsed, "dataSize", 0), 5);
	assert_int_equal(value_int(value_at(&parsed, "binaryData.b"), 0), 4);
	/* What was projected once is not changed by a second time. */
	strbuf_reset(&out);
	assert_int_equal(parse("{\"dataSize\":999,\"data\":{\"k\":\"abc\"},\"binaryData\":{\"b\":4}}", "k8s.io.api.core.v1.ConfigMap", &parsed), 0);
	assert_int_equal(value_get_int(&parsed, "dataSize", 0), 999);
	assert_int_equal(value_int(value_at(&parsed, "binaryData.b"), 0), 4);
}

static void secrets_lose_their_values(void **state)
{
	static const char json[] =
		"{\"kind\":\"Secret\",\"data\":{\"password\":\"aHVudGVyMg==\"},\"stringData\":{\"token\":\"hunter2\"},\"type\":\"Opaque\","
		"\"metadata\":{\"managedFields\":[{\"manager\":\"m\",\"fieldsV1\":{\"f:data\":{\"f:password\":{}},\"f:type\":{}}}]}}";
	struct value v;

	(void)state;
	assert_int_equal(parse(json, SCHEMA_SECRET, &v), 0);
	assert_string_equal(text(&v),
			    "{\"kind\":\"Secret\",\"data\":{\"password\":null},\"stringData\":{\"token\":null},\"type\":\"Opaque\",\"metadata\":"
			    "{\"managedFields\":[{\"manager\":\"m\",\"fieldsV1\":{\"f:data\":{\"f:password\":null}}}]}}");
}

static void wrong_types_name_the_field(void **state)
{
	static const struct {
		const char *json, *message;
	} cases[] = {
		{"{\"spec\":{\"replicas\":\"three\"}}", "spec: replicas: a string where a number belongs"},
		{"{\"spec\":{\"replicas\":1.5}}", "spec: replicas: a number where a number belongs"},
		{"{\"spec\":[]}", "spec: a list where an object belongs"},
		{"{\"metadata\":{\"labels\":{\"a\":1}}}", "metadata: labels: a number where a string belongs"},
		{"{\"metadata\":{\"finalizers\":\"x\"}}", "metadata: finalizers: a string where a list belongs"},
		{"[]", "a JSON object is expected"},
	};
	struct value v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct value whole;

		assert_int_equal(parse(cases[i].json, "k8s.io.api.apps.v1.Deployment", &v), ERR_INPUT);
		if (i != 1)
			assert_string_equal(err.message, cases[i].message);
		assert_int_equal(parse(cases[i].json, NULL, &whole), 0);
		assert_int_equal(schema_project(&builder, &whole, schema_find("k8s.io.api.apps.v1.Deployment"), &v, &err), ERR_INPUT);
	}
}

static const struct message *choose(void *arg, const char *api_version, const char *kind)
{
	strbuf_addf(arg, "%s/%s", api_version, kind);
	return schema_find("k8s.io.api.core.v1.Node");
}

static void the_schema_may_be_chosen_by_kind(void **state)
{
	struct json_parser *p = json_parser_new();
	static const char json[] = "{\"metadata\":{},\"spec\":{\"unschedulable\":true,\"x\":1},\"kind\":\"Node\",\"apiVersion\":\"v1\"}";
	struct value v;

	(void)state;
	assert_int_equal(json_parser_parse_object(p, &builder, json, sizeof(json) - 1, choose, &out, &v, &err), 0);
	assert_string_equal(out.buf, "v1/Node");
	assert_int_equal(value_len(value_get(&v, "spec")), 1);
	strbuf_reset(&out);
	assert_int_equal(json_parser_parse_object(p, &builder, "[1]", 3, choose, &out, &v, &err), ERR_INPUT);
	assert_string_equal(out.buf, "/");
	json_parser_free(p);
}

/* --- the splitter --- */

static int add_item(void *arg, const char *json, size_t len, struct err *e)
{
	(void)e;
	strbuf_addf(arg, "<%.*s>", (int)len, json);
	return 0;
}

static int add_envelope(void *arg, const char *json, size_t len, struct err *e)
{
	(void)e;
	strbuf_addf(arg, "(%.*s)", (int)len, json);
	return 0;
}

static int split(const char *json, size_t piece, size_t max_item)
{
	struct json_split_handler h = {add_item, add_envelope, &out};
	struct json_splitter *s = json_splitter_new(&h, max_item);
	size_t len = strlen(json);
	int r = 0;

	strbuf_reset(&out);
	for (size_t at = 0; at < len && r == 0; at += piece)
		r = json_splitter_feed(s, json + at, MIN(piece, len - at), &err);
	if (r == 0)
		r = json_splitter_finish(s, &err);
	json_splitter_free(s);
	return r;
}

static void lists_are_split_whatever_the_pieces(void **state)
{
	static const struct {
		const char *json, *expected;
	} cases[] = {
		{"{\"kind\":\"PodList\",\"metadata\":{\"x\":\"]}\"},\"items\":[{\"a\":\"}\\\"]\"},{\"b\":[[],{}]}]}",
		 "<{\"a\":\"}\\\"]\"}><{\"b\":[[],{}]}>({\"kind\":\"PodList\",\"metadata\":{\"x\":\"]}\"},\"items\":[]})"},
		{" { \"items\" : [ ] , \"kind\" : \"List\" } ", "({\"items\":[],\"kind\":\"List\"})"},
		{"{\"items\":null}", "({\"items\":null})"},
		{"{\"items\":[1, \"a\\\\\",null ,[2]]}{\"kind\":\"Pod\"}\n7 [1,{\"items\":[3]}] \"s\"",
		 "<1><\"a\\\\\"><null><[2]>({\"items\":[]})<{\"kind\":\"Pod\"}><7><[1,{\"items\":[3]}]><\"s\">"},
		{"\xef\xbb\xbf{\"metadata\":{\"items\":[1]}}", "<{\"metadata\":{\"items\":[1]}}>"},
		{"{\"items\":[{\"long\":\"0123456789012345678901234567890123456789012345678901234567890123456789\\\\\\\\\\\\\\\"{{{[[[\","
		 "\"next\":[[[[{\"a\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}]]]]},{}]}",
		 "<{\"long\":\"0123456789012345678901234567890123456789012345678901234567890123456789\\\\\\\\\\\\\\\"{{{[[[\","
		 "\"next\":[[[[{\"a\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}]]]]}><{}>({\"items\":[]}"
		 ")"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t piece = 1; piece <= strlen(cases[i].json) + 1; piece++) {
			/* The mark at the beginning is only looked for in a whole first piece. */
			if (cases[i].json[0] == '\xef' && piece < 3)
				continue;
			assert_int_equal(split(cases[i].json, piece, 1000), 0);
			assert_string_equal(out.buf, cases[i].expected);
		}
}

static void cut_and_malformed_lists_are_noticed(void **state)
{
	static const char whole[] = "{\"kind\":\"L\",\"items\":[{\"a\":\"b\"},[1]],\"n\":12}";
	static const char *const bad[] = {"<html>",    "{\"a\" 1}", "{\"items\":[1 2]}", "{\"items\":[1,,2]}", "{,}",
					  "{\"a\":,}", "}",         "{\"a\":1 \"b\":2}", "{\"items\":[}"};

	(void)state;
	for (size_t len = 1; len < sizeof(whole) - 1; len++) {
		char cut[64];

		snprintf(cut, sizeof(cut), "%.*s", (int)len, whole);
		assert_int_equal(split(cut, 7, 1000), ERR_INPUT);
		assert_non_null(strstr(err.message, "in the middle of"));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(split(bad[i], 1, 1000), ERR_INPUT);
		assert_non_null(strstr(err.message, "not JSON"));
	}
}

static void items_have_a_maximum(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		assert_int_equal(split("{\"items\":[\"0123456789\",\"0123456789012345678901234567890\"]}", piece, 30), ERR_LIMIT);
		assert_string_equal(out.buf, "<\"0123456789\">");
		assert_int_equal(split("{\"kind\":\"0123456789012345678901234567890\"}", piece, 30), ERR_LIMIT);
	}
}

RUN_TESTS(T(everything_is_kept_without_a_schema), T(the_last_of_equal_keys_wins), T(big_integers_become_floating_point),
	  T(strings_may_hold_nul_bytes), T(errors_say_where), T(depth_and_nodes_are_limits), T(a_schema_keeps_its_fields_and_types),
	  T(a_tree_is_projected_like_json), T(secrets_lose_their_values), T(wrong_types_name_the_field), T(the_schema_may_be_chosen_by_kind),
	  T(lists_are_split_whatever_the_pieces), T(cut_and_malformed_lists_are_noticed), T(items_have_a_maximum))
