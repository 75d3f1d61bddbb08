/* The parts of a diagnosis by themselves: names resolved, log lines told apart, changes found, verdicts, and how long 5,000 pods take. */
#include "unit.h"

#include "diagnose/diagnose.h"
#include "diagnose/graph.h"
#include "diagnose/log_scan.h"
#include "format/json.h"

static struct inventory *inventory_of(const char *const *texts, size_t count)
{
	struct inventory *inv = inventory_new();
	struct err err;

	for (size_t i = 0; i < count; i++) {
		struct value v;

		if (json_parse(inventory_builder(inv), texts[i], strlen(texts[i]), NULL, &v, &err) < 0 || inventory_add(inv, NULL, &v, &err) < 0)
			fail_msg("%s: %s", err.message, texts[i]);
		inventory_mark_seen(inv, kind_by_gvk(value_get_str(&v, "apiVersion"), value_get_str(&v, "kind")), NULL);
	}
	inventory_seal(inv);
	return inv;
}

#define SERVICE(NS, NAME, IP)                                                                                                                        \
	"{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"" NAME "\",\"namespace\":\"" NS "\"},\"spec\":{\"clusterIP\":\"" IP    \
	"\",\"selector\":{\"app\":\"" NAME "\"}}}"

static const char *const shop[] = {
	SERVICE("shop", "orders-db", "10.96.0.7"),
	SERVICE("pay", "api", "10.96.0.8"),
	SERVICE("shop", "stock", "10.96.0.9"),
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-1\",\"namespace\":\"shop\",\"labels\":{\"app\":\"web\"}},\"spec\":{\"containers\":[{\"name\":\"c\","
	"\"image\":\"x\",\"env\":[{\"name\":\"DB_HOST\",\"value\":\"orders-db\"},{\"name\":\"PAY\",\"value\":\"https://api.pay.svc/v1\"},{\"name\":\"TITLE\",\"value\":\"stock\"}]}]},"
	"\"status\":{\"phase\":\"Running\",\"podIP\":\"10.244.1.9\"}}",
};

struct fixture {
	struct arena arena;
	struct inventory *inv;
	struct graph *graph;
};

static int set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	arena_init(&f->arena);
	f->inv = inventory_of(shop, ARRAY_LEN(shop));
	f->graph = graph_new(f->inv, &f->arena);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	inventory_unref(f->inv);
	arena_release(&f->arena);
	mem_free(f);
	return 0;
}

static void names_resolve_as_in_a_pod(void **state)
{
	static const struct {
		const char *host, *expected; /* NULL = is no name of this cluster */
		int port;
	} cases[] = {
		{"orders-db", "Service shop/orders-db", 0},
		{"ORDERS-DB:5432", "Service shop/orders-db", 5432},
		{"orders-db.shop.svc.cluster.local", "Service shop/orders-db", 0},
		{"orders-db.shop.svc.cluster.local.", "Service shop/orders-db", 0},
		{"api.pay", "Service pay/api", 0},
		{"api", NULL, 0},
		{"gone.pay.svc", "Service pay/gone", 0},
		{"www.example.com", NULL, 0},
		{"10.96.0.8:443", "Service pay/api", 443},
		{"10.244.1.9", "Pod shop/web-1", 0},
		{"10.0.0.1", NULL, 0},
		{"", NULL, 0},
		{":80", NULL, 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct object_name name;
		int port = -1;
		bool found = graph_resolve(f->graph, "shop", cases[i].host, strlen(cases[i].host), &name, &port);

		assert_int_equal(found, cases[i].expected != NULL);
		if (!found)
			continue;
		assert_string_equal(name_text(&f->arena, &name), cases[i].expected);
		assert_int_equal(port, cases[i].port);
	}
}

static void a_pod_calls_what_its_environment_names(void **state)
{
	struct fixture *f = *state;
	const struct edge_list *edges = graph_edges(f->graph, inventory_find(f->inv, KIND_POD, "shop", "web-1"));
	unsigned calls = 0;

	for (uint32_t i = 0; i < edges->len; i++)
		calls += edges->items[i].relation == REL_CALLS;
	/* TITLE is no host by its name, and a bare word is no address: that it is also a Service's name means nothing. */
	assert_int_equal(calls, 2);
}

static void the_line_that_says_why(void **state)
{
	static const struct {
		const char *log, *check, *peer;
		uint32_t line;
	} cases[] = {
		{"ok\nFATAL dial tcp: lookup orders-db on 10.96.0.10:53: no such host\n", "log/name-lookup-failed", "orders-db", 2},
		{"psycopg2.OperationalError: could not translate host name \"orders-db\" to address\n", "log/name-lookup-failed", "orders-db", 1},
		{"Error: connect ECONNREFUSED 10.96.0.7:5432\n", "log/connection-refused", "10.96.0.7:5432", 1},
		{"WARN tracing: collector:4317 connection refused, will retry\nready\nKeyError: 'API_TOKEN'", "log/missing-setting", "", 3},
		{"open /etc/app/conf.yaml: no such file or directory\n", "log/missing-file", "", 1},
		{"write /data/x: no space left on device\nexiting\n", "log/disk-full", "", 1},
		{"FATAL: password authentication failed for user \"shop\" at orders-db:5432\n", "log/authentication-failed", "orders-db:5432", 1},
		{"listen tcp :8080: bind: address already in use\n", "log/port-in-use", "", 1},
		{"15:04:05 GET /cart 200\nall good\n", NULL, NULL, 0},
		{"", NULL, NULL, 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct log_match m;
		bool found = log_match_text(f->graph, &f->arena, "shop", cases[i].log, strlen(cases[i].log), &m);

		assert_int_equal(found, cases[i].check != NULL);
		if (!found)
			continue;
		assert_string_equal(m.check->id, cases[i].check);
		assert_string_equal(m.peer_text, cases[i].peer);
		assert_int_equal(m.number, cases[i].line);
	}
}

#define REVISION(NAME, NUMBER, CREATED, IMAGE, MEMORY)                                                                                               \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"metadata\":{\"name\":\"" NAME "\",\"namespace\":\"shop\",\"uid\":\"" NAME             \
	"\",\"creationTimestamp\":\"" CREATED "\",\"annotations\":{\"deployment.kubernetes.io/revision\":\"" NUMBER                                  \
	"\"},\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"web\",\"uid\":\"d\",\"controller\":true}]},"        \
	"\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"" IMAGE "\",\"resources\":{\"limits\":{\"memory\":\"" MEMORY  \
	"\"}},\"env\":[{\"name\":\"TOKEN\",\"value\":\"hunter2-" NUMBER "\"}]}]}}}}"

static void changes_between_revisions(void **state)
{
	static const char *const texts[] = {
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\"d\"},\"spec\":{}}",
		REVISION("web-b", "10", "2026-11-20T13:00:00Z", "web:2", "64Mi"),
		REVISION("web-a", "9", "2026-11-19T13:00:00Z", "web:1", "128Mi"),
		REVISION("web-0", "2", "2026-11-18T13:00:00Z", "web:0", "32Mi"),
	};
	struct inventory *inv = inventory_of(texts, ARRAY_LEN(texts));
	struct arena a;
	struct change_list list;
	bool image = false, memory = false;

	(void)state;
	arena_init(&a);
	list = changes_of(graph_new(inv, &a), &a, inventory_find(inv, KIND_DEPLOYMENT, "shop", "web"), 0, 0);
	for (uint32_t i = 0; i < list.len; i++) {
		image = image || str_eq(list.items[i].text, "image of container c changed from web:1 to web:2");
		memory = memory || str_eq(list.items[i].text, "memory limit of container c changed from 128Mi to 64Mi");
		/* Values of variables may be secrets. */
		assert_null(strstr(list.items[i].text, "hunter2"));
	}
	assert_true(image);
	assert_true(memory);
	inventory_unref(inv);
	arena_release(&a);
}

static enum verdict verdict_of_inventory(struct inventory *inv)
{
	struct diagnose_options options;
	struct diagnosis d;
	struct arena a;
	enum verdict v;

	arena_init(&a);
	diagnose_options_init(&options);
	diagnose_inventory(inv, &a, &options, &d);
	v = d.verdict;
	inventory_unref(inv);
	arena_release(&a);
	return v;
}

static enum verdict verdict_of_texts(const char *const *texts, size_t count)
{
	return verdict_of_inventory(inventory_of(texts, count));
}

/* What a list that broke off after its first page leaves: objects, and no word that they are all. */
static void part_of_the_pods_is_not_healthy(void **state)
{
	static const char *const texts[] = {
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\"},\"spec\":{},\"status\":{\"phase\":\"Running\","
		"\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}",
		/* A warning that hurts nothing changes nothing. */
		"{\"apiVersion\":\"policy/v1\",\"kind\":\"PodDisruptionBudget\",\"metadata\":{\"name\":\"b\",\"namespace\":\"shop\"},"
		"\"spec\":{\"maxUnavailable\":0},\"status\":{\"expectedPods\":1,\"currentHealthy\":1,\"desiredHealthy\":1,\"disruptionsAllowed\":0}}",
	};

	(void)state;
	for (size_t count = 1; count <= ARRAY_LEN(texts); count++) {
		struct inventory *inv = inventory_new();

		for (size_t i = 0; i < count; i++) {
			struct value v;
			struct err err;

			assert_int_equal(json_parse(inventory_builder(inv), texts[i], strlen(texts[i]), NULL, &v, &err), 0);
			assert_int_equal(inventory_add(inv, NULL, &v, &err), 0);
		}
		inventory_seal(inv);
		assert_int_equal(verdict_of_inventory(inv), VERDICT_UNKNOWN);
	}
}

/* Only "container x of" a pod's one container may be left out of a title. */
static void titles_keep_init_containers(void **state)
{
	static const char *const texts[] = {
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\"},\"spec\":{\"nodeName\":\"n\","
		"\"initContainers\":[{\"name\":\"mig\",\"image\":\"bad\"}],\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]},\"status\":{\"phase\":\"Pending\","
		"\"initContainerStatuses\":[{\"name\":\"mig\",\"state\":{\"waiting\":{\"reason\":\"ErrImagePull\",\"message\":\"manifest unknown\"}}}]}}",
	};
	struct inventory *inv = inventory_of(texts, ARRAY_LEN(texts));
	struct diagnose_options options;
	struct diagnosis d;
	struct arena a;

	(void)state;
	arena_init(&a);
	diagnose_options_init(&options);
	diagnose_inventory(inv, &a, &options, &d);
	assert_int_equal(d.causes.len, 1);
	assert_string_equal(d.causes.items[0]->title, "Image bad for init container mig of Pod shop/p cannot be pulled: there is no such tag");
	inventory_unref(inv);
	arena_release(&a);
}

static void what_cannot_be_seen_is_not_healthy(void **state)
{
	static const char *const pods[] = {
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]},\"status\":{"
		"\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}",
	};

	(void)state;
	assert_int_equal(verdict_of_texts(shop, 3), VERDICT_UNKNOWN);
	assert_int_equal(verdict_of_texts(pods, 1), VERDICT_HEALTHY);
}

/* 5,000 pods of 50 workloads, 400 of them crash looping. */
static struct inventory *big_cluster(void)
{
	struct inventory *inv = inventory_new();
	struct arena a;
	struct err err;

	arena_init(&a);
	for (unsigned w = 0; w < 50; w++) {
		for (unsigned p = 0; p < 100; p++) {
			const char *bad =
				"\"ready\":false,\"restartCount\":9,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},\"lastState\":{\"terminated\":{\"exitCode\":1}}";
			const char *good = "\"ready\":true,\"restartCount\":0,\"state\":{\"running\":{}}";
			const char *text = arena_printf(
				&a,
				"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"app%u-%u\",\"namespace\":\"ns%u\",\"labels\":{\"app\":\"app%u\"},"
				"\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"name\":\"app%u\",\"uid\":\"s%u\",\"controller\":true}]},"
				"\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]},\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"c\",%s}]}}",
				w, p, w % 10, w, w, w, p < 8 ? bad : good);
			struct value v;

			assert_int_equal(json_parse(inventory_builder(inv), text, strlen(text), NULL, &v, &err), 0);
			assert_int_equal(inventory_add(inv, NULL, &v, &err), 0);
		}
	}
	inventory_mark_seen(inv, &kind_table[KIND_POD], NULL);
	inventory_seal(inv);
	arena_release(&a);
	return inv;
}

static void a_big_sick_cluster_takes_milliseconds(void **state)
{
	struct inventory *inv = big_cluster();
	struct diagnose_options options;
	struct diagnosis d;
	struct arena a;
	usec_t began = clock_monotonic(), took;

	(void)state;
	arena_init(&a);
	diagnose_options_init(&options);
	diagnose_inventory(inv, &a, &options, &d);
	took = clock_monotonic() - began;
	print_message("%u findings, %u causes in %.1f ms\n", d.findings.len, d.causes.len, (double)took / 1000);
	/* Many pods of one workload are one cause. */
	assert_int_equal(d.causes.len, 50);
	assert_int_equal(d.causes.items[0]->pods_affected, 8);
	/* Generous: sanitizers and busy machines. What grows with the square of the pods takes minutes. */
	assert_true(took < 5 * USEC_PER_SEC);
	inventory_unref(inv);
	arena_release(&a);
}

#define WITH_SHOP(TEST) cmocka_unit_test_setup_teardown(TEST, set_up, tear_down)

RUN_TESTS(WITH_SHOP(names_resolve_as_in_a_pod), WITH_SHOP(a_pod_calls_what_its_environment_names), WITH_SHOP(the_line_that_says_why),
	  cmocka_unit_test(changes_between_revisions), cmocka_unit_test(what_cannot_be_seen_is_not_healthy),
	  cmocka_unit_test(part_of_the_pods_is_not_healthy), cmocka_unit_test(titles_keep_init_containers),
	  cmocka_unit_test(a_big_sick_cluster_takes_milliseconds))
