/* Two diagnoses compared: what is the same trouble, what is a change, and what is only noise. */
#include "unit.h"

#include "diagnose/compare.h"
#include "format/json.h"

struct side {
	struct inventory *inv;
	struct diagnosis d;
};

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* Objects as JSON, then NULL. */
static void read_side(struct side *s, const char *const *texts)
{
	static const struct kind custom = {.id = KIND_CUSTOM};
	struct diagnose_options o;
	struct err err;

	s->inv = inventory_new();
	for (; *texts; texts++) {
		const struct kind *kind;
		struct value v;

		if (json_parse(inventory_builder(s->inv), *texts, strlen(*texts), NULL, &v, &err) < 0 || inventory_add(s->inv, NULL, &v, &err) < 0)
			fail_msg("%s: %s", err.message, *texts);
		kind = kind_by_gvk(value_get_str(&v, "apiVersion"), value_get_str(&v, "kind"));
		inventory_mark_seen(s->inv, kind ? kind : &custom, NULL);
	}
	inventory_seal(s->inv);
	diagnose_options_init(&o);
	diagnose_inventory(s->inv, &arena, &o, &s->d);
}

static void compare(const char *const *before, const char *const *after, struct side sides[2], struct comparison *ret)
{
	read_side(&sides[0], before);
	read_side(&sides[1], after);
	compare_diagnoses(&sides[0].d, &sides[1].d, &arena, NULL, ret);
}

static void release(struct side sides[2])
{
	inventory_unref(sides[0].inv);
	inventory_unref(sides[1].inv);
}

#define CRASHING(NAME, UID, RESTARTS)                                                                                                                    \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" NAME "\",\"namespace\":\"shop\",\"uid\":\"" UID                              \
	"\",\"resourceVersion\":\"" UID                                                                                                                  \
	"\",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"name\":\"web\",\"uid\":\"s\","                                   \
	"\"controller\":true}]},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]},\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{" \
	"\"name\":\"c\",\"ready\":false,\"restartCount\":" RESTARTS ",\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},\"lastState\":{"         \
	"\"terminated\":{\"exitCode\":1,\"reason\":\"Error\"}}}]}}"
#define RUNNING(NAME, UID)                                                                                                                              \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" NAME "\",\"namespace\":\"shop\",\"uid\":\"" UID                             \
	"\",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"name\":\"web\",\"uid\":\"s\",\"controller\":true}]},\"spec\":{" \
	"\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]},\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}"
#define STATEFUL_SET(VERSION, SPEC)                                                                                                                               \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\"s\",\"resourceVersion\":\"" VERSION \
	"\"},\"spec\":{\"replicas\":1,\"selector\":{\"matchLabels\":{\"app\":\"web\"}}," SPEC                                                                     \
	"},\"status\":{\"replicas\":1,\"readyReplicas\":1,\"observedGeneration\":" VERSION "}}"
#define TEMPLATE(IMAGE) "\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"" IMAGE "\"}]}}"
#define CONFIG(DATA) "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"settings\",\"namespace\":\"shop\"},\"data\":" DATA "}"

static void the_same_trouble_in_another_pod_stays(void **state)
{
	static const char *const before[] = {STATEFUL_SET("1", TEMPLATE("x")), CRASHING("web-0", "a", "5"), NULL};
	static const char *const after[] = {STATEFUL_SET("1", TEMPLATE("x")), CRASHING("web-7", "b", "9"), NULL};
	struct side sides[2];
	struct comparison c;

	(void)state;
	compare(before, after, sides, &c);
	assert_int_equal(c.broke.len, 0);
	assert_int_equal(c.recovered.len, 0);
	assert_true(c.stays.len >= 1);
	assert_int_equal(c.pods.len, 1);
	assert_string_equal(c.pods.items[0].owner.name, "web");
	assert_int_equal(c.pods.items[0].fresh, 1);
	assert_int_equal(c.pods.items[0].gone, 1);
	assert_int_equal(c.objects.len, 0); /* pods of a workload are no objects that came and went */
	release(sides);
}

static void what_broke_and_what_recovered(void **state)
{
	static const char *const well[] = {STATEFUL_SET("1", TEMPLATE("x")), RUNNING("web-0", "a"), NULL};
	static const char *const ill[] = {STATEFUL_SET("2", TEMPLATE("x")), CRASHING("web-0", "a", "5"), NULL};
	struct side sides[2];
	struct comparison c;

	(void)state;
	compare(well, ill, sides, &c);
	assert_int_equal(c.broke.len, 1);
	assert_string_equal(c.broke.items[0].after->root->check->id, "pod/crash-loop");
	assert_int_equal(c.objects.len, 0); /* versions and counters are no change */
	release(sides);
	compare(ill, well, sides, &c);
	assert_int_equal(c.recovered.len, 1);
	assert_int_equal(c.broke.len, 0);
	release(sides);
}

/* The pods may well crash still: the later reading has none. */
static void what_was_not_read_has_not_recovered(void **state)
{
	static const char *const before[] = {CRASHING("web-0", "a", "5"), NULL};
	static const char *const after[] = {CONFIG("{}"), NULL};
	struct side sides[2];
	struct comparison c;

	(void)state;
	compare(before, after, sides, &c);
	assert_int_equal(c.recovered.len, 0);
	assert_true(c.untold.len >= 1);
	assert_true(c.uncompared.len >= 1);
	assert_int_equal(c.objects.len, 0);
	assert_int_equal(c.pods.len, 0);
	release(sides);
}

static const struct field_change *field(const struct comparison *c, const char *what)
{
	for (uint32_t i = 0; i < c->objects.len; i++)
		for (uint32_t k = 0; k < c->objects.items[i].len; k++)
			if (str_eq(c->objects.items[i].items[k].what, what))
				return &c->objects.items[i].items[k];
	fail_msg("no change of %s", what);
	return NULL;
}

static void fields_that_matter(void **state)
{
	static const char *const before[] = {
		STATEFUL_SET("1", TEMPLATE("x:1")), CONFIG("{\"a\":\"hunter2\",\"b\":\"1\"}"),
		"{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"labels\":{"
		"\"team\":\"a\"}},\"spec\":{\"selector\":{\"app\":\"web\"},\"ports\":[{\"name\":\"x\",\"port\":1},{\"name\":\"http\","
		"\"port\":80}]}}",
		"{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"},\"status\":{\"conditions\":[{\"type\":"
		"\"Ready\",\"status\":\"True\",\"lastHeartbeatTime\":\"2026-11-20T11:00:00Z\"}]}}",
		NULL};
	static const char *const after[] = {
		STATEFUL_SET("2", TEMPLATE("x:2")), CONFIG("{\"a\":\"hunter3\",\"c\":\"1\"}"),
		"{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"labels\":{"
		"\"team\":\"b\"}},\"spec\":{\"selector\":{\"app\":\"webb\"},\"ports\":[{\"name\":\"http\",\"port\":81},{\"name\":\"x\","
		"\"port\":1}]}}",
		"{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"},\"status\":{\"conditions\":[{\"type\":"
		"\"Ready\",\"status\":\"False\",\"lastHeartbeatTime\":\"2026-11-20T12:00:00Z\"}]}}",
		NULL};
	struct side sides[2];
	struct comparison c;

	(void)state;
	compare(before, after, sides, &c);
	assert_string_equal(field(&c, "image of container c")->to, "x:2");
	assert_string_equal(field(&c, "key a")->from, ""); /* that it changed, not what it is */
	assert_string_equal(field(&c, "key a")->to, "");
	assert_string_equal(field(&c, "key b")->from, "there");
	assert_string_equal(field(&c, "key c")->to, "there");
	assert_string_equal(field(&c, "metadata.labels.team")->from, "a");
	assert_string_equal(field(&c, "spec.selector.app")->to, "webb");
	assert_string_equal(field(&c, "spec.ports[http].port")->to, "81");
	assert_string_equal(field(&c, "condition Ready")->to, "False");
	for (uint32_t i = 0; i < c.objects.len; i++)
		for (uint32_t k = 0; k < c.objects.items[i].len; k++)
			assert_null(strstr(c.objects.items[i].items[k].what, "Heartbeat"));
	assert_int_equal(c.objects.len, 4);
	release(sides);
}

#define NODE(TAINTS) "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"},\"spec\":{\"taints\":[" TAINTS "]}}"
#define TAINT(EFFECT) "{\"key\":\"node.kubernetes.io/unreachable\",\"effect\":\"" EFFECT "\"}"

/* A second taint of the same key is new; the first has not changed. */
static void items_that_share_a_key_are_compared_whole(void **state)
{
	static const char *const before[] = {NODE(TAINT("NoSchedule")), NULL};
	static const char *const after[] = {NODE(TAINT("NoSchedule") "," TAINT("NoExecute")), NULL};
	struct side sides[2];
	struct comparison c;

	(void)state;
	compare(before, after, sides, &c);
	assert_int_equal(c.objects.len, 1);
	assert_int_equal(c.objects.items[0].len, 1);
	assert_string_equal(c.objects.items[0].items[0].what, "spec.taints");
	assert_string_equal(c.objects.items[0].items[0].from, "");
	assert_string_equal(c.objects.items[0].items[0].to, "key=node.kubernetes.io/unreachable, effect=NoExecute");
	release(sides);
}

static void secrets_of_custom_objects_are_not_quoted(void **state)
{
	static const char *const before[] = {
		"{\"apiVersion\":\"x.io/v1\",\"kind\":\"Db\",\"metadata\":{\"name\":\"d\",\"namespace\":\"shop\"},\"spec\":{"
		"\"password\":\"hunter2\",\"size\":1}}",
		NULL};
	static const char *const after[] = {
		"{\"apiVersion\":\"x.io/v1\",\"kind\":\"Db\",\"metadata\":{\"name\":\"d\",\"namespace\":\"shop\"},\"spec\":{"
		"\"password\":\"hunter3\",\"size\":2}}",
		NULL};
	struct side sides[2];
	struct comparison c;

	(void)state;
	/* Custom objects are seen as soon as one is there. */
	compare(before, after, sides, &c);
	assert_string_equal(field(&c, "spec.size")->to, "2");
	assert_string_equal(field(&c, "spec.password")->to, "");
	assert_string_equal(field(&c, "spec.password")->from, "");
	release(sides);
}

static void other_clusters_are_told_apart(void **state)
{
	static const char *const before[] = {"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"kube-system\",\"uid\":\"1\"}}",
					     NULL};
	static const char *const after[] = {"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"kube-system\",\"uid\":\"2\"}}",
					    NULL};
	struct side sides[2];
	struct comparison c;

	(void)state;
	compare(before, after, sides, &c);
	assert_true(c.other_cluster);
	release(sides);
	compare(before, before, sides, &c);
	assert_false(c.other_cluster);
	release(sides);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_trouble_in_another_pod_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_broke_and_what_recovered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_not_read_has_not_recovered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fields_that_matter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(items_that_share_a_key_are_compared_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(secrets_of_custom_objects_are_not_quoted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_clusters_are_told_apart, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
