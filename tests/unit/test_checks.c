/* The catalogue of checks and the pure parts that checks stand on: cron schedules, the line of a log that matters, pod views. */
#include "unit.h"

#include "checks/cron.h"
#include "checks/index.h"
#include "checks/peers.h"
#include "checks/pod.h"
#include "diagnose/diagnose.h"
#include "format/json.h"

static void catalogue_is_in_order_and_complete(void **state)
{
	for (size_t i = 0; i < check_count; i++) {
		const struct check *c = check_table[i];
		if (i)
			assert_true(strcmp(check_table[i - 1]->id, c->id) < 0);
		assert_ptr_equal(check_by_id(c->id), c);
		assert_non_null(strchr(c->id, '/'));
		assert_non_null(c->title);
		assert_non_null(c->explain);
		assert_non_null(c->fix);
		assert_non_null(c->run);
		assert_true(c->kind <= KIND_COUNT);
		/* A title is a few words, explanation and fix are sentences. */
		assert_true(strlen(c->title) <= 60 && c->title[strlen(c->title) - 1] != '.');
		assert_non_null(strchr(".?", c->explain[strlen(c->explain) - 1]));
		assert_non_null(strchr(".?", c->fix[strlen(c->fix) - 1]));
	}
	assert_null(check_by_id("pod/no-such-check"));
	assert_null(check_by_id(""));
}

/* Every name of a scanner is found by a check or left out for a reason, and checks name nothing else. */
static void every_check_of_the_peers_is_mapped(void **state)
{
	struct arena a;
	size_t count;
	arena_init(&a);
	const struct check **all = diagnose_catalogue(&a, &count);
	for (size_t i = 0; i < count; i++) {
		const char *unknown = peers_unknown(&a, all[i]->peers);
		if (unknown)
			fail_msg("%s: peers.def has no %s", all[i]->id, unknown);
		if (all[i]->advice && all[i]->severity != SEVERITY_INFO)
			fail_msg("%s advises, and is no info", all[i]->id);
	}
	for (size_t p = 0; p < peer_count; p++) {
		const struct peer *peer = &peer_table[p];
		const char *by = NULL;
		for (size_t i = 0; i < count && !by; i++)
			by = peers_name(all[i]->peers, peer) ? all[i]->id : NULL;
		bool open = peer->left_out && str_eq(peer->left_out, "not yet");
		if (!by && !peer->left_out)
			fail_msg("no check finds what %s %s does (%s)", peer->scanner, peer->name, peer->meaning);
		if (by && peer->left_out && !open)
			fail_msg("%s %s is left out, and %s finds it", peer->scanner, peer->name, by);
	}
	/* A name is compared whole. */
	assert_true(peers_name("k8sgpt Pod, Service; Popeye 10, 20", &(struct peer){"Popeye", "20", "", NULL}));
	assert_true(peers_name("k8sgpt Pod, Service; Popeye 10, 20", &(struct peer){"k8sgpt", "Service", "", NULL}));
	assert_false(peers_name("k8sgpt Pod, Service; Popeye 100, 20", &(struct peer){"Popeye", "10", "", NULL}));
	assert_false(peers_name("k8sgpt Pod; Popeye 10", &(struct peer){"k8sgpt", "10", "", NULL}));
	assert_false(peers_name(NULL, &peer_table[0]));
	assert_string_equal(peers_unknown(&a, "k8sgpt Pod; Popeye 204, 999"), "Popeye 999");
	arena_release(&a);
}

static void severities_have_names(void **state)
{
	enum severity s;
	assert_true(severity_parse("critical", &s));
	assert_int_equal(s, SEVERITY_CRITICAL);
	assert_string_equal(severity_text(SEVERITY_WARNING), "warning");
	assert_false(severity_parse("fatal", &s));
}

static usec_t at(const char *text)
{
	usec_t t;
	assert_true(clock_parse_rfc3339(text, strlen(text), &t));
	return t;
}

static void assert_next(const char *schedule, const char *from, const char *expected)
{
	struct cron c;
	char why[160], buf[CLOCK_TEXT_MAX];
	if (!cron_parse(schedule, &c, why, sizeof(why)))
		fail_msg("%s: %s", schedule, why);
	usec_t t = cron_next(&c, at(from));
	assert_string_equal(t ? clock_format_rfc3339(t, buf) : "never", expected);
}

static void cron_finds_the_next_run(void **state)
{
	assert_next("* * * * *", "2026-11-23T16:00:30Z", "2026-11-23T16:01:00Z");
	assert_next("*/15 * * * *", "2026-11-23T16:45:00Z", "2026-11-23T17:00:00Z");
	assert_next("30 4 * * 1", "2026-11-23T16:00:00Z", "2026-11-30T04:30:00Z"); /* a Monday */
	assert_next("0 0 29 2 *", "2026-11-23T16:00:00Z", "2028-02-29T00:00:00Z");
	assert_next("0 0 1 jan *", "2026-11-23T16:00:00Z", "2027-01-01T00:00:00Z");
	/* Both days given: either will do. */
	assert_next("0 12 13 * 5", "2026-11-23T16:00:00Z", "2026-11-27T12:00:00Z");
	assert_next("0 12 13 * *", "2026-11-23T16:00:00Z", "2026-12-13T12:00:00Z");
	assert_next("@hourly", "2026-11-23T16:00:00Z", "2026-11-23T17:00:00Z");
	assert_next("@every 90s", "2026-11-23T16:00:00Z", "2026-11-23T16:01:30Z");
	assert_next("5-10/5,50 1 * * MON-FRI", "2026-11-21T00:00:00Z", "2026-11-23T01:05:00Z");
}

static void cron_says_what_is_wrong(void **state)
{
	static const char *const bad[][2] = {
		{"* * * *", "4 fields"},        {"60 * * * *", "minute"},
		{"* 24 * * *", "hour"},         {"* * 0 * *", "day of month"},
		{"* * * 13 *", "month"},        {"* * * * 7", "day of week"},
		{"*/0 * * * *", "minute"},      {"a * * * *", "minute"},
		{"1, * * * *", "minute"},       {"5-1 * * * *", "minute"},
		{"30 4 31 2 *", "no such day"}, {"TZ=Europe/London 0 1 * * *", "spec.timeZone"},
		{"@every soon", "duration"},    {"", "0 fields"},
		{"@sometimes", "1 fields"},     {"* * * * * *", "6 fields"},
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct cron c;
		char why[160] = "";
		assert_false(cron_parse(bad[i][0], &c, why, sizeof(why)));
		if (!strstr(why, bad[i][1]))
			fail_msg("\"%s\": \"%s\" does not say \"%s\"", bad[i][0], why, bad[i][1]);
	}
}

static void assert_words(const char *log, uint32_t line, const char *expected)
{
	const char *start;
	size_t len;
	uint32_t found;
	assert_true(log_fatal_line(log, strlen(log), &found, &start, &len));
	char *got = mem_alloc(len + 1);
	memcpy(got, start, len);
	assert_string_equal(got, expected);
	assert_int_equal(found, line);
	mem_free(got);
}

static void last_words_are_picked_out_of_noise(void **state)
{
	assert_words("starting\nFATAL cannot connect to db\nbye\n", 2, "FATAL cannot connect to db");
	assert_words(
		"Traceback (most recent call last):\n  File \"app.py\", line 3, in <module>\n    main()\nKeyError: 'DB_URL'\nclosing error log\n", 4,
		"KeyError: 'DB_URL'");
	assert_words("panic: runtime error: index out of range\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:7 +0x1d error\n", 1,
		     "panic: runtime error: index out of range");
	assert_words(
		"Exception in thread \"main\" java.lang.RuntimeException: boot\n\tat A.b(A.java:1)\nCaused by: java.net.ConnectException: refused\n\tat "
		"C.d(C.java:2)\n",
		3, "Caused by: java.net.ConnectException: refused");
	assert_words("error: will retry\nconfig file missing\n", 2, "config file missing");
	assert_words("one\ntwo\r\n", 2, "two");
	assert_words("exec /app/run: exec format error\n", 1, "exec /app/run: exec format error");
	const char *start;
	size_t len;
	uint32_t line;
	assert_false(log_fatal_line("\n\n", 2, &line, &start, &len));
	assert_false(log_fatal_line("", 0, &line, &start, &len));
}

static struct value read_json(struct inventory *inv, const char *text)
{
	struct value v;
	struct err err = {0};
	if (json_parse(inventory_builder(inv), text, strlen(text), NULL, &v, &err))
		fail_msg("%s", err.message);
	return v;
}

static void add(struct inventory *inv, const char *text)
{
	struct value v = read_json(inv, text);
	struct err err = {0};
	if (inventory_add(inv, NULL, &v, &err))
		fail_msg("%s", err.message);
	inventory_mark_seen(inv, kind_by_gvk(value_get_str(&v, "apiVersion"), value_get_str(&v, "kind")), NULL);
}

static const char pod_text[] =
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"},\"spec\":{\"nodeName\":\"n1\","
	"\"initContainers\":[{\"name\":\"setup\",\"image\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"2\"}}},"
	"{\"name\":\"proxy\",\"image\":\"p\",\"restartPolicy\":\"Always\",\"resources\":{\"requests\":{\"cpu\":\"100m\"}}}],"
	"\"containers\":[{\"name\":\"app\",\"image\":\"a\",\"env\":[{\"name\":\"K\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"db\",\"key\":\"password\"}}}],"
	"\"envFrom\":[{\"configMapRef\":{\"name\":\"settings\",\"optional\":true}}],\"resources\":{\"limits\":{\"cpu\":\"1\"}}}],"
	"\"volumes\":[{\"name\":\"v\",\"projected\":{\"sources\":[{\"configMap\":{\"name\":\"ca\",\"items\":[{\"key\":\"x\"},{\"key\":\"y\"}]}}]}},"
	"{\"name\":\"d\",\"persistentVolumeClaim\":{\"claimName\":\"data\"}}],\"imagePullSecrets\":[{\"name\":\"pull\"}],\"serviceAccountName\":\"robot\"},"
	"\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"True\"},{\"type\":\"Ready\",\"status\":\"False\"}],"
	"\"initContainerStatuses\":[{\"name\":\"proxy\",\"ready\":true,\"restartCount\":0,\"state\":{\"running\":{\"startedAt\":\"2026-11-23T16:00:00Z\"}}}],"
	"\"containerStatuses\":[{\"name\":\"app\",\"restartCount\":4,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},"
	"\"lastState\":{\"terminated\":{\"exitCode\":3,\"reason\":\"Error\",\"finishedAt\":\"2026-11-23T16:05:00Z\"}}}]}}";

static void pods_are_read_into_views(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	struct arena a;
	struct pod_view v = {0};
	arena_init(&a);
	add(inv, pod_text);
	inventory_seal(inv);
	pod_view_read(&v, &a, inventory_find(inv, KIND_POD, "shop", "web"));
	assert_int_equal(v.count, 3);
	assert_false(v.ready);
	const struct container_view *app = pod_view_container(&v, "app"), *proxy = pod_view_container(&v, "proxy");
	assert_int_equal(app->state, CONTAINER_WAITING);
	assert_int_equal(app->restarts, 4);
	assert_int_equal(app->last.exit_code, 3);
	assert_int_equal(proxy->role, CONTAINER_SIDECAR);
	/* Second in the spec, first in the status: paths follow each list. */
	assert_string_equal(container_spec_path(&a, proxy, "image"), "spec.initContainers[1].image");
	assert_string_equal(container_status_path(&a, proxy, "ready"), "status.initContainerStatuses[0].ready");
	assert_int_equal(pod_view_container(&v, "setup")->state, CONTAINER_UNKNOWN);
	/* 1 (limit) + 0.1 (sidecar) against the init container's 2 before the sidecar starts. */
	assert_true(pod_request(v.object->spec, "cpu") == 2.0);
	arena_release(&a);
}

struct ref_log {
	struct arena *a;
	char *text;
};

static int log_ref(void *arg, const struct pod_ref *ref)
{
	struct ref_log *l = arg;
	l->text = arena_printf(l->a, "%s%s%s%s%s@%s ", l->text, ref->name, ref->key ? "." : "", ref->key ? ref->key : "", ref->optional ? "?" : "",
			       ref->path);
	return 0;
}

static void references_are_walked_once_each(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	struct arena a;
	arena_init(&a);
	add(inv, pod_text);
	inventory_seal(inv);
	const struct object *pod = inventory_find(inv, KIND_POD, "shop", "web");
	struct ref_log l = {&a, arena_strdup(&a, "")};
	pod_refs_each(pod->spec, "spec", &a, log_ref, &l);
	assert_string_equal(
		l.text, "ca.x@spec.volumes[0].projected.sources[0].configMap.name ca.y@spec.volumes[0].projected.sources[0].configMap.name "
			"data@spec.volumes[1].persistentVolumeClaim.claimName "
			"db.password@spec.containers[0].env[0].valueFrom.secretKeyRef.name settings?@spec.containers[0].envFrom[0].configMapRef.name "
			"pull?@spec.imagePullSecrets[0].name robot@spec.serviceAccountName ");
	arena_release(&a);
}

static void taints_and_selectors_are_judged_as_the_scheduler_does(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	add(inv, "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\",\"labels\":{\"zone\":\"a\",\"size\":\"8\"}}}");
	struct value taint = read_json(inv, "{\"key\":\"gpu\",\"value\":\"yes\",\"effect\":\"NoSchedule\"}");
	struct value equal = read_json(inv, "[{\"key\":\"gpu\",\"value\":\"yes\"}]"), other = read_json(inv, "[{\"key\":\"gpu\",\"value\":\"no\"}]");
	struct value exists = read_json(inv, "[{\"operator\":\"Exists\"}]"),
		     effect = read_json(inv, "[{\"key\":\"gpu\",\"operator\":\"Exists\",\"effect\":\"NoExecute\"}]");
	struct value plain = read_json(inv, "{\"nodeSelector\":{\"zone\":\"b\"}}");
	struct value affinity =
		read_json(inv, "{\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":["
			       "{\"matchExpressions\":[{\"key\":\"zone\",\"operator\":\"In\",\"values\":[\"a\",\"b\"]},"
			       "{\"key\":\"size\",\"operator\":\"Gt\",\"values\":[\"4\"]},{\"key\":\"old\",\"operator\":\"DoesNotExist\"}]}]}}}}");
	inventory_seal(inv);
	const struct object *node = inventory_find(inv, KIND_NODE, "", "n1");
	assert_true(taint_tolerated(&equal, &taint));
	assert_false(taint_tolerated(&other, &taint));
	assert_true(taint_tolerated(&exists, &taint));
	assert_false(taint_tolerated(&effect, &taint));
	assert_false(taint_tolerated(NULL, &taint));
	assert_false(node_selected(&plain, node));
	assert_true(node_selected(&affinity, node));
	assert_true(node_selected(NULL, node));
}

static void options_choose_checks(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	struct check_options options;
	struct check_run run;
	struct arena a;
	arena_init(&a);
	add(inv, pod_text);
	inventory_set_now(inv, at("2026-11-23T16:06:00Z"));
	inventory_seal(inv);
	check_options_init(&options);
	check_run_all(&run, inv, &a, &options);
	uint32_t all = run.findings.len;
	options.only_check = "pod/crash-loop";
	check_run_all(&run, inv, &a, &options);
	assert_int_equal(run.findings.len, 1);
	assert_string_equal(run.findings.items[0]->message, "Container app of Pod shop/web has crashed 4 times, last 60 s ago with exit code 3");
	options.only_check = "node/";
	check_run_all(&run, inv, &a, &options);
	assert_int_equal(run.findings.len, 0);
	assert_true(all >= 1);
	arena_release(&a);
}

/* A cluster of bare pods could do with a hundred thousand pieces of advice. */
static void advice_comes_to_an_end(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	struct check_options options;
	struct check_run run;
	struct arena a;
	arena_init(&a);
	for (int i = 0; i < 1100; i++) {
		char text[200];
		snprintf(
			text, sizeof(text),
			"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-%04d\",\"namespace\":\"shop\"},\"spec\":{\"containers\":["
			"{\"name\":\"app\",\"image\":\"app\"}]}}",
			i);
		add(inv, text);
	}
	inventory_seal(inv);
	check_options_init(&options);
	options.only_check = "container/image-untagged";
	check_run_all(&run, inv, &a, &options);
	assert_int_equal(run.findings.len, 1000);
	assert_null(strstr(run.findings.items[998]->message, "only"));
	assert_non_null(strstr(run.findings.items[999]->message, "web-0999"));
	assert_non_null(strstr(run.findings.items[999]->message, "first 1000 objects only"));
	arena_release(&a);
}

static void config_maps_close_to_the_limit_are_told(void **state)
{
	static const size_t sizes[] = {900000, 1000000};
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
		_cleanup_(mem_freep) char *text = mem_alloc(sizes[i] + 200);
		struct check_options options;
		struct check_run run;
		struct arena a;
		arena_init(&a);
		int n = snprintf(
			text, 200,
			"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"big\",\"namespace\":\"shop\"},\"data\":{\"blob\":\"");
		memset(text + n, 'x', sizes[i]);
		snprintf(text + n + sizes[i], 10, "\"}}");
		add(inv, text);
		inventory_seal(inv);
		check_options_init(&options);
		options.only_check = "configmap/too-large";
		check_run_all(&run, inv, &a, &options);
		assert_int_equal(run.findings.len, i);
		arena_release(&a);
	}
}

/* A policy for pods of a Job that runs at night must not be called useless because Jobs may not be listed. */
static void nothing_is_concluded_from_workloads_that_may_not_be_read(void **state)
{
	for (int forbidden = 0; forbidden < 2; forbidden++) {
		_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
		struct check_options options;
		struct check_run run;
		struct arena a;
		arena_init(&a);
		add(inv, "{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"NetworkPolicy\",\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\"},"
			 "\"spec\":{\"podSelector\":{\"matchLabels\":{\"app\":\"batch\"}}}}");
		inventory_mark_seen(inv, &kind_table[KIND_POD], NULL);
		inventory_mark_seen(inv, &kind_table[KIND_DEPLOYMENT], NULL);
		if (forbidden)
			inventory_add_note(inv, "jobs", "forbidden", KIND_JOB, NULL);
		inventory_seal(inv);
		check_options_init(&options);
		options.only_check = "networkpolicy/selects-nothing";
		check_run_all(&run, inv, &a, &options);
		assert_int_equal(run.findings.len, !forbidden);
		arena_release(&a);
	}
}

RUN_TESTS(cmocka_unit_test(catalogue_is_in_order_and_complete), cmocka_unit_test(every_check_of_the_peers_is_mapped),
	  cmocka_unit_test(severities_have_names), cmocka_unit_test(cron_finds_the_next_run), cmocka_unit_test(cron_says_what_is_wrong),
	  cmocka_unit_test(last_words_are_picked_out_of_noise), cmocka_unit_test(pods_are_read_into_views),
	  cmocka_unit_test(references_are_walked_once_each), cmocka_unit_test(taints_and_selectors_are_judged_as_the_scheduler_does),
	  cmocka_unit_test(options_choose_checks), cmocka_unit_test(advice_comes_to_an_end),
	  cmocka_unit_test(config_maps_close_to_the_limit_are_told), cmocka_unit_test(nothing_is_concluded_from_workloads_that_may_not_be_read))
