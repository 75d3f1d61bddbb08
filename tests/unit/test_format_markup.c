/* Markup and drawings: outside text stays text; a graph of any shape is drawn within its bounds. And trees in one block of memory. */
#include "unit.h"

#include "format/json.h"
#include "format/markup.h"
#include "format/svg.h"

static void text_is_never_markup(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"a < b & c > \"d\" 'e'", "a &lt; b &amp; c &gt; &quot;d&quot; &#39;e&#39;"},
		{"</title><script>alert(1)</script>", "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"},
		{"\x1b[31mred", "\\x1b[31mred"},
		{"bad \xff byte", "bad \xef\xbf\xbd byte"},
		{"\xef\xbf\xbf", "\xef\xbf\xbd"},
		{"two\nlines", "two\nlines"},
		{"na\xc3\xafve \xe2\x86\x92", "na\xc3\xafve \xe2\x86\x92"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf sb;

		strbuf_init(&sb, STRBUF_MAX_LINE);
		markup_text(&sb, cases[i].in);
		/* U+FFFF is either repaired or made visible; never passed on. */
		if (str_eq(cases[i].in, "\xef\xbf\xbf"))
			assert_null(strstr(sb.buf, "\xef\xbf\xbf"));
		else
			assert_string_equal(sb.buf, cases[i].out);
		strbuf_release(&sb);
	}
}

static size_t count(const char *s, const char *what)
{
	size_t n = 0;

	for (; (s = strstr(s, what)); s++)
		n++;
	return n;
}

static void a_chain_runs_from_left_to_right(void **state)
{
	const struct svg_node nodes[] = {{"Service", "shop/web", "symptom"}, {"Pod", "shop/web-1", ""}, {"Secret", "shop/<b>", "root"}};
	const struct svg_edge edges[] = {{0, 1, "sends its traffic to", false}, {1, 2, "uses", false}};
	const struct svg_graph g = {nodes, 3, edges, 2, "why & what", 7};
	struct strbuf sb;

	(void)state;
	strbuf_init(&sb, STRBUF_MAX_LINE);
	svg_graph_add(&sb, &g);
	assert_int_equal(count(sb.buf, "<rect "), 3);
	assert_int_equal(count(sb.buf, "url(#arrow7)"), 2);
	assert_non_null(strstr(sb.buf, "why &amp; what"));
	assert_non_null(strstr(sb.buf, "shop/&lt;b&gt;"));
	assert_null(strstr(sb.buf, "<b>"));
	assert_true(strstr(sb.buf, "rect x=\"8\"") != NULL); /* the symptom */
	strbuf_release(&sb);
}

static void any_shape_comes_to_an_end(void **state)
{
	struct svg_node nodes[100];
	struct svg_edge edges[300];
	struct svg_graph g = {nodes, 100, edges, 300, "cycles", 1};
	struct strbuf sb;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		nodes[i] = (struct svg_node){"Kind", "a-very-long-name-that-does-not-fit-into-any-box-at-all", ""};
	for (uint32_t i = 0; i < 300; i++)
		edges[i] = (struct svg_edge){i * 7 % 100, i * 13 % 100, "e", i % 2 == 0};
	strbuf_init(&sb, STRBUF_MAX_OUTPUT);
	svg_graph_add(&sb, &g);
	assert_int_equal(count(sb.buf, "<rect "), SVG_NODES_MAX);
	g.node_count = g.edge_count = 0;
	svg_graph_add(&sb, &g);
	strbuf_release(&sb);
}

static void a_packed_tree_is_the_same_tree(void **state)
{
	static const char text[] = "{\"a\":[1,2.5,true,null,\"x\",{\"b\":\"\",\"c\":[]}],\"long key\":{\"d\":[{},[[\"deep\"]]]}}";
	struct arena a;
	struct value_builder b;
	struct value v, *packed;
	struct err err;
	size_t size = 0;

	(void)state;
	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	assert_int_equal(json_parse(&b, text, strlen(text), NULL, &v, &err), 0);
	packed = value_pack(&v, &size);
	assert_true(value_equal(&v, packed));
	arena_release(&a); /* nothing of the first one is needed */
	assert_string_equal(value_str(value_at(packed, "a[4]"), ""), "x");
	assert_string_equal(value_str(value_at(packed, "['long key'].d[1][0][0]"), ""), "deep");
	assert_true(size > sizeof(struct value) && size < 2000);
	mem_free(packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_never_markup),
		cmocka_unit_test(a_chain_runs_from_left_to_right),
		cmocka_unit_test(any_shape_comes_to_an_end),
		cmocka_unit_test(a_packed_tree_is_the_same_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
