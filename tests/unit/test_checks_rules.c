/* Rules files, patterns, selectors as people write them, and what a silence does to a diagnosis. */
#include "unit.h"

#include "base/file.h"
#include "base/options.h"
#include "base/regex.h"
#include "checks/rules.h"
#include "cluster/cluster.h"
#include "diagnose/filter.h"
#include "format/yaml.h"

#define CASES SOURCE_ROOT "/tests/cases/"

static void globs_match_whole_texts(void **state)
{
	(void)state;
	assert_true(glob_matches("*", ""));
	assert_true(glob_matches("web-*", "web-1"));
	assert_true(glob_matches("*-prod-?", "a-prod-b-prod-c"));
	assert_false(glob_matches("web", "web-1"));
	assert_false(glob_matches("web-?", "web-"));
	assert_true(glob_matches("a*b*c", "aXbXbXc"));
	assert_false(glob_matches("a*b*c", "aXbXbX"));
}

static void expressions_have_limits(void **state)
{
	struct regex *r = NULL;
	struct err err;
	char text[64];

	(void)state;
	assert_int_equal(regex_compile("(a", &r, &err), ERR_USAGE);
	assert_non_null(strstr(err.message, "character 3"));
	assert_int_equal(regex_compile("^web-[0-9]+$", &r, &err), 0);
	assert_int_equal(regex_matches(r, "web-12", 6), 1);
	assert_int_equal(regex_matches(r, "web-x", 5), 0);
	/* Bytes that are no UTF-8 end no match. */
	assert_int_equal(regex_matches(r, "\xff\xfe", 2), 0);
	regex_free(r);
	assert_int_equal(regex_compile("^(a+)+$", &r, &err), 0);
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = 'b';
	assert_int_equal(regex_matches(r, text, sizeof(text)), ERR_LIMIT);
	regex_free(r);
}

static void selectors_read_as_kubectl_reads_them(void **state)
{
	static const struct {
		const char *text, *shown;
	} good[] = {
		{"app=web", "app in (web)"},
		{"app==web, tier != db", "app in (web),tier notin (db)"},
		{"env in (a, b),env2 notin (c)", "env in (a,b),env2 notin (c)"},
		{"!legacy,app.kubernetes.io/name", "!legacy,app.kubernetes.io/name"},
		{"n>5,m<3", "n>5,m<3"},
		{"in=a", "in in (a)"},
	};
	static const char *const bad[] = {"", ",", "=a", "a in b", "a in (b", "n>x", "a b", "a=b c", "!", "a=b,,c"};
	struct value_builder b;
	struct arena a;
	struct value v;
	struct err err;

	(void)state;
	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(selector_parse(&b, good[i].text, &v, &err), 0);
		assert_string_equal(selector_text(&a, &v, false), good[i].shown);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(selector_parse(&b, bad[i], &v, &err), ERR_USAGE);
	arena_release(&a);
}

static void lines_are_found(void **state)
{
	static const char text[] = "a: 1\nlist:\n  - x: 1\n    y:\n      z: 2\n  - {x: 3,\n     y: 4}\n\"b c\": 5\n";

	(void)state;
	assert_int_equal(yaml_line_of(text, sizeof(text) - 1, "a"), 1);
	assert_int_equal(yaml_line_of(text, sizeof(text) - 1, "list[0]"), 3);
	assert_int_equal(yaml_line_of(text, sizeof(text) - 1, "list[0].y.z"), 5);
	assert_int_equal(yaml_line_of(text, sizeof(text) - 1, "list[1].y"), 7);
	assert_int_equal(yaml_line_of(text, sizeof(text) - 1, "b c"), 8);
	assert_int_equal(yaml_line_of(text, sizeof(text) - 1, "list[2]"), 0);
	assert_int_equal(yaml_line_of("a: [", 4, "b"), 0);
}

static void wrong_rules_name_their_line(void **state)
{
	static const struct {
		const char *text, *wanted;
	} wrong[] = {
		{"ignore:\n- checks: pod/crash-lop", "r:2: unknown check \"pod/crash-lop\"; did you mean \"pod/crash-loop\"?"},
		{"ignore:\n- checks:\n  - pod/oom-killed\n  - crash-loop", "r:4: unknown check"},
		{"ignore:\n- chekcs: pod/", "did you mean \"checks\"?"},
		{"\nignore:\n- kinds: Pod\n  until: soon", "r:4: must be a date"},
		{"ignore:\n- kinds: Pod\n  until: 2026-02-31", "r:3: must be a date"},
		{"ignore:\n- kinds: Pdo", "did you mean \"Pod\"?"},
		{"ignore:\n- kinds: Pod\n  name-matches: \"[a\"", "r:3: \"[a\" is no regular expression"},
		{"ignore:\n- labels: a in b", "r:2: \"a in b\" is no label selector"},
		{"ignore:\n- reason: all of it", "would silence every finding"},
		{"ignore:\n- names: 5", "put it in quotes"},
		{"ignore:\n- names: []", "from 1 to 1000 items"},
		{"ignore: x", "must be a list"},
		{"thresholds:\n  restarts: 0", "r:2: must be a number from 1 to 1000000"},
		{"thresholds:\n  startup-grace: 5", "r:2: must be a span"},
		{"thresholds:\n  restart: 5", "did you mean \"restarts\"?"},
		{"target-version: 1.40", "in quotes"},
		{"- a", "must be an object"},
		{"ignroe: []", "r:1: unknown key \"ignroe\"; did you mean \"ignore\"?"},
		{"ignore: [", "r:2:"},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct rules *r = rules_new();
		int result = rules_parse(r, "r", wrong[i].text, strlen(wrong[i].text), check_table, check_count, &err);

		assert_true(result == ERR_USAGE || result == ERR_INPUT);
		if (!strstr(err.message, wrong[i].wanted))
			fail_msg("%s: %s", wrong[i].text, err.message);
		rules_free(r);
	}
}

static void registries_are_compared_by_full_name(void **state)
{
	static const char text[] = "registries: [registry.example.com/shop, docker.io/library, \"*.local:5000/*\"]";
	struct rules *r = rules_new();
	struct check_options o;

	(void)state;
	assert_true(rules_allow_image(NULL, "anything"));
	assert_true(rules_allow_image(r, "anything"));
	assert_int_equal(rules_parse(r, "r", text, sizeof(text) - 1, check_table, check_count, NULL), 0);
	check_options_init(&o);
	rules_set_options(r, &o);
	assert_ptr_equal(o.rules, r);
	assert_true(rules_allow_image(r, "nginx:1.27"));
	assert_true(rules_allow_image(r, "registry.example.com/shop/web@sha256:00"));
	assert_true(rules_allow_image(r, "cache.local:5000/a/b"));
	assert_false(rules_allow_image(r, "bitnami/nginx"));
	assert_false(rules_allow_image(r, "registry.example.com/shopping/web"));
	assert_false(rules_allow_image(r, "localhost/web"));
	rules_free(r);
}

/* The same number stands in the settings and in the table of thresholds. */
static void defaults_agree(void **state)
{
	struct check_options o;
	struct options settings;

	(void)state;
	check_options_init(&o);
	options_init(&settings);
	assert_int_equal(o.restart_threshold, options_int(&settings, OPTION_RESTART_THRESHOLD));
	assert_int_equal(o.recovered_after, options_span(&settings, OPTION_RECOVERED_AFTER));
	assert_int_equal(o.startup_grace, options_span(&settings, OPTION_STARTUP_GRACE));
	options_release(&settings);
}

static bool docs_have(const char *text, const char *name, const char *type, int64_t value, const char *help)
{
	char span[CLOCK_TEXT_MAX], row[512];
	int64_t n = value * USEC_PER_MSEC;

	if (str_eq(type, "SPAN"))
		snprintf(span, sizeof(span), "%lld%c", (long long)(n % USEC_PER_DAY ? n / USEC_PER_MINUTE : n / USEC_PER_DAY),
			 n % USEC_PER_DAY ? 'm' : 'd');
	else
		snprintf(span, sizeof(span), "%lld", (long long)value);
	snprintf(row, sizeof(row), "| `%s` | %s | %s |", name, span, help);
	return strstr(text, row) != NULL;
}

/* The page has each threshold with its default and words. */
static void the_page_has_every_threshold(void **state)
{
	_cleanup_(strbuf_release) struct strbuf text;

	(void)state;
	strbuf_init(&text, RULES_FILE_MAX);
	assert_int_equal(file_read(SOURCE_ROOT "/docs/rules.md", &text, NULL), 0);
#define THRESHOLD(field, name, type, value, min, max, help)                                                                                          \
	if (!docs_have(text.buf, name, #type, INT64_C(value), help))                                                                                 \
		fail_msg("docs/rules.md: %s", name);
#include "checks/thresholds.def"
#undef THRESHOLD
}

/* ---- What a silence does ---------------------------------------------------------------------------------------------------- */

struct scan {
	struct ctx ctx;
	struct cluster *cluster;
	struct rules *rules;
	struct diagnosis d;
};

static void scan(struct scan *s, const char *file, const char *rules)
{
	const char *path;
	struct cluster_options options = {0};
	struct diagnose_options diagnose;
	const struct check **catalogue;
	struct err err = {0};
	size_t count;

	ctx_init(&s->ctx);
	path = arena_printf(&s->ctx.arena, CASES "%s", file);
	options.from = path;
	s->rules = rules_new();
	catalogue = diagnose_catalogue(&s->ctx.arena, &count);
	if (cluster_open(&s->ctx, &options, &s->cluster, &err) || rules_parse(s->rules, "r", rules, strlen(rules), catalogue, count, &err))
		fail_msg("%s: %s", file, err.message);
	diagnose_options_init(&diagnose);
	rules_set_options(s->rules, &diagnose.checks);
	diagnose_inventory(cluster_inventory(s->cluster), &s->ctx.arena, &diagnose, &s->d);
}

static void scan_release(struct scan *s)
{
	cluster_free(s->cluster);
	rules_free(s->rules);
	ctx_release(&s->ctx);
}

static void what_follows_is_one_cause_with_its_reason(void **state)
{
	struct scan s;

	(void)state;
	scan(&s, "diagnose/one_node_many_pods.yaml", "ignore:\n- checks: node/\n  reason: being repaired");
	assert_int_equal(s.d.silenced.len, 1);
	assert_string_equal(s.d.silenced.items[0]->silence->by, "r:2");
	assert_string_equal(s.d.silenced.items[0]->silence->reason, "being repaired");
	/* Three workloads suffer from it: that is still told, as one cause, with the reason that is known. */
	assert_int_equal(s.d.causes.len, 1);
	assert_int_equal(s.d.causes.items[0]->workloads.len, 3);
	assert_ptr_equal(s.d.causes.items[0]->behind, s.d.silenced.items[0]);
	assert_ptr_not_equal(s.d.causes.items[0]->root, s.d.silenced.items[0]);
	for (uint32_t i = 0; i < s.d.causes.items[0]->explained.len; i++)
		assert_null(s.d.causes.items[0]->explained.items[i]->silence);
	assert_int_not_equal(s.d.verdict, VERDICT_HEALTHY);
	scan_release(&s);
}

static void what_a_workload_says_of_its_own_is_silenced_with_it(void **state)
{
	struct scan s;

	(void)state;
	scan(&s, "checks/pod/crash_loop.yaml", "ignore:\n- checks: [pod/crash-loop, log/]\n");
	assert_int_equal(s.d.causes.len, 0);
	assert_true(s.d.silenced.len >= 1);
	assert_int_equal(s.d.verdict, VERDICT_HEALTHY);
	scan_release(&s);
}

static void a_date_that_is_over_silences_nothing(void **state)
{
	struct scan s;

	(void)state;
	scan(&s, "diagnose/one_node_many_pods.yaml", "ignore:\n- checks: node/\n  until: 2026-11-20\n- kinds: Node\n  until: 2026-11-20T14:00:01Z\n");
	assert_int_equal(s.d.silenced.len, 1);
	assert_string_equal(s.d.silenced.items[0]->silence->by, "r:4");
	assert_string_equal(rules_expired(s.rules, &s.ctx.arena, inventory_now(s.d.inv), 0), "r:2 (until 2026-11-20)");
	assert_null(rules_expired(s.rules, &s.ctx.arena, inventory_now(s.d.inv), 1));
	scan_release(&s);
}

static void every_part_must_hold(void **state)
{
	static const struct {
		const char *rules;
		bool silences;
	} cases[] = {
		{"ignore: [{checks: node, names: n*}]", true},
		{"ignore: [{checks: node, names: m*}]", false},
		{"ignore: [{kinds: no, name-matches: \"^n[0-9]$\"}]", true},
		{"ignore: [{kinds: Pod, name-matches: \"^n[0-9]$\"}]", false},
		{"ignore: [{checks: node/not-ready, message-matches: \"Kubelet stopped\"}]", true},
		{"ignore: [{checks: node/not-ready, message-matches: \"kubelet stopped\"}]", false},
		{"ignore: [{checks: node/not-ready, namespaces: \"*\"}]", true},
		{"ignore: [{checks: node/not-ready, namespaces: \"?*\"}]", false},
		{"ignore: [{checks: node/not-ready, labels: \"!none\"}]", true},
		{"ignore: [{checks: node/not-ready, labels: none}]", false},
		{"ignore: [{checks: all, kinds: Node}]", true},
		{"ignore: [{checks: advice, kinds: Node}]", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scan s;

		scan(&s, "diagnose/one_node_many_pods.yaml", cases[i].rules);
		if ((s.d.silenced.len > 0) != cases[i].silences)
			fail_msg("%s", cases[i].rules);
		scan_release(&s);
	}
}

RUN_TESTS(cmocka_unit_test(globs_match_whole_texts), cmocka_unit_test(expressions_have_limits),
	  cmocka_unit_test(selectors_read_as_kubectl_reads_them), cmocka_unit_test(lines_are_found), cmocka_unit_test(wrong_rules_name_their_line),
	  cmocka_unit_test(registries_are_compared_by_full_name), cmocka_unit_test(defaults_agree), cmocka_unit_test(the_page_has_every_threshold),
	  cmocka_unit_test(what_follows_is_one_cause_with_its_reason), cmocka_unit_test(what_a_workload_says_of_its_own_is_silenced_with_it),
	  cmocka_unit_test(a_date_that_is_over_silences_nothing), cmocka_unit_test(every_part_must_hold))
