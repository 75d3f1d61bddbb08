/* YAML: what is read, what is refused, and that what is written reads back. */
#include "reading.h"

#include "format/yaml.h"

static int parse(const char *yaml, struct value *ret)
{
	return yaml_parse(&builder, "x.yaml", yaml, strlen(yaml), ret, &err);
}

static void expect(const char *yaml, const char *json)
{
	struct value v;

	if (parse(yaml, &v) != 0)
		fail_msg("%s: %s", yaml, err.message);
	assert_string_equal(text(&v), json);
}

static void expect_refused(const char *yaml, int code, const char *message)
{
	struct value v = {.type = VALUE_BOOL};
	int r = parse(yaml, &v);

	if (r != code || !strstr(err.message, message))
		fail_msg("%s: got %d \"%s\", expected %d \"%s\"", yaml, r, r ? err.message : "", code, message);
	assert_int_equal(v.type, VALUE_BOOL);
}

static void plain_scalars_mean_what_kubectl_says(void **state)
{
	(void)state;
	expect("[null, ~, Null, NULL, '', nul]", "[null,null,null,null,\"\",\"nul\"]");
	expect("[true, True, TRUE, false, yes, no, on, y, 'true', \"false\"]",
	       "[true,true,true,false,\"yes\",\"no\",\"on\",\"y\",\"true\",\"false\"]");
	expect("[0, -1, +12, 0x1F, 0o17, 0644, 0b101, 1_000, 08, 1a, 0x, -x]", "[0,-1,12,31,15,420,5,1000,8,\"1a\",\"0x\",\"-x\"]");
	expect("[9223372036854775807, -9223372036854775808]", "[9223372036854775807,-9223372036854775808]");
	expect("[1.5, .5, 1., 1e3, -2.5E-1, 1.2.3, ., e1, .inf, 1e999]", "[1.5,0.5,1,1000,-0.25,\"1.2.3\",\".\",\"e1\",\".inf\",\"1e999\"]");
	expect("[2026-11-23, 10:30, 1.2.3.4, v1]", "[\"2026-11-23\",\"10:30\",\"1.2.3.4\",\"v1\"]");
	expect("[!!str 12, !!int 3, !local x, ! 7]", "[\"12\",3,\"x\",\"7\"]");
}

static void blocks_and_keys(void **state)
{
	(void)state;
	expect("a:\n- b: 1\n  c: [x, {y: z}]\n- null\n- |\n  one\n   two\n- >\n  f\n  g\nd: # comment\n  e:\n",
	       "{\"a\":[{\"b\":1,\"c\":[\"x\",{\"y\":\"z\"}]},"
	       "null,\"one\\n two\\n\",\"f g\\n\"],\"d\":{\"e\":null}}");
	expect("1: a\ntrue: b\n? c\n: d\n\"e f\": g\n", "{\"1\":\"a\",\"true\":\"b\",\"c\":\"d\",\"e f\":\"g\"}");
	expect("a: 1\nb: 2\na: 3\n", "{\"b\":2,\"a\":3}");
	expect("", "null");
	expect("# nothing\n", "null");
	expect("a:\n-\n- x\nb:\n  -\n", "{\"a\":[null,\"x\"],\"b\":[null]}");
	expect("a: |\n  x\n\n    y\n\n", "{\"a\":\"x\\n\\n  y\\n\"}");
	expect("{\"json\": [1, \"\\u00e9\"]}", "{\"json\":[1,\"é\"]}");
}

static void aliases_and_merges(void **state)
{
	(void)state;
	expect("a: &x [1, 2]\nb: *x\nc: &y name\n*y : 3\n", "{\"a\":[1,2],\"b\":[1,2],\"c\":\"name\",\"name\":3}");
	expect("base: &b {cpu: 1, mem: 2}\nuse:\n  <<: *b\n  mem: 3\n", "{\"base\":{\"cpu\":1,\"mem\":2},\"use\":{\"cpu\":1,\"mem\":3}}");
	expect("use:\n  mem: 3\n  <<: [{mem: 1, a: 2}, {a: 5, b: 6}]\n", "{\"use\":{\"b\":6,\"a\":2,\"mem\":3}}");
	expect("'<<': {a: 1}\n", "{\"<<\":{\"a\":1}}");
	expect_refused("a: *x\n", ERR_INPUT, "x.yaml:1:");
	expect_refused("a: &x [*x]\n", ERR_INPUT, "not defined before");
	expect_refused("a: {<<: 3}\n", ERR_INPUT, "needs an object");
	expect_refused("a: {<<: [{b: 1}, [c]]}\n", ERR_INPUT, "needs an object");
	expect("a: {<<: []}\n", "{\"a\":{}}");
}

static void bombs_do_not_go_off(void **state)
{
	struct strbuf bomb;
	struct value v;

	(void)state;
	strbuf_init(&bomb, STRBUF_MAX_OUTPUT);
	strbuf_addstr(&bomb, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 10; i++) {
		strbuf_addf(&bomb, "a%d: &a%d [", i, i);
		for (int k = 0; k < 9; k++)
			strbuf_addf(&bomb, "*a%d,", i - 1);
		strbuf_addstr(&bomb, "1]\n");
	}
	assert_int_equal(parse(bomb.buf, &v), ERR_LIMIT);
	assert_non_null(strstr(err.message, "aliases"));
	strbuf_reset(&bomb);
	/* each alias is small, but one nests in the next */
	strbuf_addstr(&bomb, "a0: &a0 [x]\n");
	for (int i = 1; i < 90; i++)
		strbuf_addf(&bomb, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	assert_int_equal(parse(bomb.buf, &v), ERR_LIMIT);
	assert_non_null(strstr(err.message, "deep"));
	strbuf_reset(&bomb);
	strbuf_addstr(&bomb, "- &a x\n");
	for (int i = 0; i < 101; i++)
		strbuf_addstr(&bomb, "- *a\n");
	assert_int_equal(parse(bomb.buf, &v), ERR_LIMIT);
	strbuf_reset(&bomb);
	strbuf_addn(&bomb, '[', 100000);
	assert_int_not_equal(parse(bomb.buf, &v), 0);
	strbuf_reset(&bomb);
	for (int i = 0; i < 5000; i++)
		strbuf_addstr(&bomb, "- ");
	assert_int_not_equal(parse(bomb.buf, &v), 0);
	strbuf_release(&bomb);
}

struct seen {
	char docs[256];
	unsigned lines[8], count;
};

static int take(void *arg, struct value *v, unsigned line, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	snprintf(s->docs + strlen(s->docs), sizeof(s->docs) - strlen(s->docs), "%s;", text(v));
	s->lines[s->count++] = line;
	return s->count == 4 ? -77 : 0;
}

static void streams_have_documents(void **state)
{
	static const char yaml[] = "---\na: 1\n---\n# empty\n---\n- b\n...\n---\n\nc\n";
	struct seen s = {.count = 0};

	(void)state;
	assert_int_equal(yaml_parse_all(&builder, "x", yaml, sizeof(yaml) - 1, take, &s, &err), 0);
	assert_string_equal(s.docs, "{\"a\":1};[\"b\"];\"c\";");
	assert_int_equal(s.lines[0], 2);
	assert_int_equal(s.lines[1], 6);
	assert_int_equal(s.lines[2], 10);
	/* An anchor does not reach into the next document; a handler may stop. */
	assert_int_equal(yaml_parse_all(&builder, "x", "a: &x 1\n---\nb: *x\n", 18, take, &(struct seen){.count = 0}, &err), ERR_INPUT);
	assert_int_equal(yaml_parse_all(&builder, "x", "1\n---\n2\n", 8, take, &(struct seen){.count = 3}, &err), -77);
}

static void malformed_text_is_refused_with_its_place(void **state)
{
	(void)state;
	expect_refused("a: [1, 2\nb: 3\n", ERR_INPUT, "x.yaml:");
	expect_refused("a: b: c\n", ERR_INPUT, "x.yaml:1:");
	expect_refused("a:\n\t- b\n", ERR_INPUT, "x.yaml:2:");
	expect_refused("? [a]\n: b\n", ERR_INPUT, "cannot be a key");
	expect_refused("a: \"x\n", ERR_INPUT, "x.yaml:");
	expect_refused("a: \xff\n", ERR_INPUT, "UTF-8");
	expect_refused("\xff\xfe"
		       "a",
		       ERR_INPUT, "UTF-16");
	assert_int_equal(yaml_parse(&builder, "x", "a\0b", 3, &(struct value){0}, &err), ERR_INPUT);
	assert_non_null(strstr(err.message, "NUL"));
}

static void what_is_written_reads_back(void **state)
{
	static const char *const values[] = {
		"{\"a\":[1,-2,1.5,3.0,0.1,1e300,-2.5e-9,37950370734892832.0,123456789012345680.0,-0.0,true,null,[],{},[[1],[{\"x\":\"y\"}]]],\"b\":{\"c\":{\"d\":\"e\"}}}",
		"[\"\",\" \",\"a \",\"true\",\"no\",\"null\",\"~\",\"12\",\"1.5\",\"0x1\",\"1e3\",\"2026-11-23\",\"10:30\",\"- a\",\"a: b\",\"a:\",\"#x\",\"a #b\","
		"\"a#b\",\"-\",\"--\",\"---\",\"...\",\"-x\",\"&a\",\"*a\",\"!t\",\"%d\",\"@at\",\"`\",\"'q'\",\"\\\"q\\\"\",\"[x\",\"{x\",\"x]\",\"a,b\",\"?\",\"? a\",\"|\",\">\","
		"\"a\\tb\",\"a\\u0001b\",\"caf\\u00e9\",\"\\u0085\\u2028\\ufeff\",\"yes\",\"<<\",\"=\",\"1_000\",\".5\",\"+1\",\"-.inf\",\"y\",\"http://x/y\",\"=~\"]",
		"[\"one\\ntwo\",\"one\\ntwo\\n\",\"one\\n\\n\",\"\\none\",\" one\\ntwo\",\"one \\ntwo\",\"a\\n\\nb\\n\",\"\\n\",\"a\\n  b\\n c\",\"#x\\ny\\n\",\"---\\na\\n\",\"a\\t\\nb\"]",
		"{\"\":1,\"a b\":2,\"true\":3,\"12\":4,\"a: b\":5,\"x\\ny\":6,\"- z\":7,\"app.kubernetes.io/name\":\"web\",\"k\":\"line\\nline\\n\",\"l\":[\"p\\nq\",{\"m\":\"r\\ns\\n\"}]}",
		"\"lonely\"",
		"[]",
		"7",
		"\"a\\nb\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct value v, again;

		assert_int_equal(json_parse(&builder, values[i], strlen(values[i]), NULL, &v, &err), 0);
		strbuf_reset(&out);
		yaml_write(&out, &v);
		if (yaml_parse(&builder, "written", out.buf, out.len, &again, &err) != 0)
			fail_msg("%s\n%s", err.message, out.buf);
		if (!value_equal(&v, &again))
			fail_msg("%s\nread back as\n%s", values[i], text(&again));
	}
}

static void long_keys_read_back(void **state)
{
	(void)state;
	for (size_t len = 100; len < 3000; len += 300) {
		struct value v, again;
		struct strbuf json;

		strbuf_init(&json, STRBUF_MAX_OUTPUT);
		strbuf_addstr(&json, "[{\"a\":1,\"");
		strbuf_addn(&json, 'k', len);
		strbuf_addstr(&json, "\":{\"b\":[1]}},{\"");
		strbuf_addn(&json, '"' + 1, len);
		strbuf_addstr(&json, "\":[\"x\"],\"c\":2}]");
		assert_int_equal(json_parse(&builder, json.buf, json.len, NULL, &v, &err), 0);
		strbuf_reset(&out);
		yaml_write(&out, &v);
		if (yaml_parse(&builder, "written", out.buf, out.len, &again, &err) != 0)
			fail_msg("%s\n%s", err.message, out.buf);
		assert_true(value_equal(&v, &again));
		strbuf_release(&json);
	}
}

static void writing_looks_like_kubectl(void **state)
{
	static const char json[] = "{\"a\":{\"b\":[{\"c\":1,\"d\":\"x\"},\"z\"],\"e\":[],\"f\":\"l1\\nl2\\n\"},\"g\":\"yes\"}";
	struct value v;

	(void)state;
	assert_int_equal(json_parse(&builder, json, sizeof(json) - 1, NULL, &v, &err), 0);
	strbuf_reset(&out);
	yaml_write(&out, &v);
	assert_string_equal(out.buf, "a:\n  b:\n  - c: 1\n    d: x\n  - z\n  e: []\n  f: |\n    l1\n    l2\ng: \"yes\"\n");
}

RUN_TESTS(T(plain_scalars_mean_what_kubectl_says), T(blocks_and_keys), T(aliases_and_merges), T(bombs_do_not_go_off), T(streams_have_documents),
	  T(malformed_text_is_refused_with_its_place), T(what_is_written_reads_back), T(long_keys_read_back), T(writing_looks_like_kubectl))
