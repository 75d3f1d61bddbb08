/* Snapshots: what goes in comes out, nothing secret goes in, and what is damaged is refused. */
#include "base/file.h"
#include "format/json.h"
#include "open_files.h"

#include <sys/stat.h>
#include <unistd.h>

static char source[64], written[64], again[64];

static int setup(void **state)
{
	snprintf(source, sizeof(source), "/tmp/test_snapshot.%d.json", (int)getpid());
	snprintf(written, sizeof(written), "/tmp/test_snapshot.%d.snap", (int)getpid());
	snprintf(again, sizeof(again), "/tmp/test_snapshot.%d.snap2", (int)getpid());
	return 0;
}

static int teardown(void **state)
{
	unlink(source);
	unlink(written);
	unlink(again);
	return 0;
}

static void write_ok(struct cluster *c, const char *path)
{
	struct ctx ctx;
	struct err err = {0};

	ctx_init(&ctx);
	if (snapshot_write(c, &ctx, path, &err) < 0)
		fail_msg("%s", err.message);
	ctx_release(&ctx);
}

static void put(const char *path, const void *data, size_t len)
{
	assert_int_equal(file_write_atomic(path, data, len, 0600, NULL), 0);
}

/* Everything that an inventory tells, as text. */
static char *dump(struct cluster *c)
{
	struct inventory *inv = cluster_inventory(c);
	const struct event_list *events = inventory_events(inv);
	const struct container_log *const *logs;
	size_t count = inventory_logs(inv, &logs), notes;
	const struct note *note = inventory_notes(inv, &notes);
	struct json_writer w;
	struct strbuf out;

	strbuf_init(&out, STRBUF_MAX_OUTPUT);
	for (size_t k = 0; k < KIND_COUNT; k++) {
		const struct object_list *list = inventory_list(inv, (enum kind_id)k);

		strbuf_addf(&out, "%d%d%d", inventory_sees(inv, k, NULL), inventory_sees(inv, k, "shop"), inventory_sees(inv, k, "no"));
		for (uint32_t i = 0; i < list->len; i++) {
			const struct object *o = list->items[i];
			struct value root = o->root;

			strbuf_addf(&out, "\n%s %s %s %s/%s %s %lld owner=%s ", o->kind->group, o->kind->name, o->kind->plural, o->ns, o->name,
				    o->uid, (long long)o->created, o->owner ? o->owner->name : "");
			json_writer_init(&w, &out, 0);
			for (member_each(m, &root)) {
				if (str_eq(m->key, "apiVersion") || str_eq(m->key, "kind"))
					continue;
				strbuf_addf(&out, " %s=", m->key);
				json_writer_init(&w, &out, 0);
				json_value(&w, &m->v, true);
				if (str_eq(m->key, "data"))
					strbuf_addf(&out, "%zu", value_len(&m->v));
			}
		}
	}
	for (uint32_t i = 0; i < events->len; i++) {
		const struct event *e = events->items[i];

		strbuf_addf(&out, "\nevent %s/%s %s %s %s %s %lld %lld %lld about %s %s/%s %s %s %d", e->ns, e->name, e->type, e->reason, e->message,
			    e->source, (long long)e->first, (long long)e->last, (long long)e->count, e->about_kind, e->about_ns, e->about_name,
			    e->about_uid, e->about_field, e->about != NULL);
	}
	for (size_t i = 0; i < count; i++)
		strbuf_addf(&out, "\nlog %s %s %d %d %s %s", logs[i]->pod->name, logs[i]->container, logs[i]->previous, logs[i]->truncated,
			    logs[i]->error ? logs[i]->error : "-", logs[i]->text);
	for (size_t i = 0; i < notes; i++)
		strbuf_addf(&out, "\nnote %s %s %d %s", note[i].what, note[i].why, note[i].kind, note[i].ns);
	strbuf_addf(&out, "\n%lld %s", (long long)inventory_now(inv), inventory_server_version(inv));
	return strbuf_detach(&out, NULL);
}

#define META(ns, name, uid)                                                                                                                          \
	"\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" ns "\",\"uid\":\"" uid "\",\"creationTimestamp\":\"2026-11-23T10:00:00Z\"}"
static const char objects[] =
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-1\",\"namespace\":\"shop\",\"uid\":\"u1\",\"ownerReferences\":[{"
	"\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":\"web\",\"uid\":\"u2\",\"controller\":true}]},\"spec\":{\"containers\":[{\"name\":"
	"\"app\",\"image\":\"shop/web@sha256:0d17b565c37bcbd895e9d92315a05c1c3c9a29f762b011a10c54a66cd53c9b31\",\"resources\":{\"limits\":{\"cpu\":1}},"
	"\"livenessProbe\":{\"httpGet\":{\"port\":8080,\"path\":\"/\"}}}]},\"status\":{\"phase\":\"Running\",\"startTime\":\"2026-11-23T10:00:05Z\"}}\n"
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\"," META(
		"shop", "web",
		"u2") ",\"spec\":{\"replicas\":0,\"selector\":{}}}\n"
		      "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"," META(
			      "shop", "settings",
			      "u3") ",\"data\":{\"mode\":\"prod\"},\"binaryData\":{\"x\":\"AAECAw==\"}}\n"
				    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\"," META(
					    "shop", "db",
					    "u4") ",\"type\":\"Opaque\",\"data\":{\"password\":\"aHVudGVyMg==\"}}\n"
						  "{\"apiVersion\":\"acme.io/v1\",\"kind\":\"Thing\"," META(
							  "shop", "t",
							  "u5") ",\"spec\":{\"list\":[1,2.5,\"a\",null,true,{}]}}\n"
								"{\"apiVersion\":\"admissionregistration.k8s.io/v1\",\"kind\":\"ValidatingWebhookConfiguration\",\"metadata\":{\"name\":\"hook\"},\"webhooks\":[{"
								"\"name\":\"a.b.c\",\"clientConfig\":{\"caBundle\":\"AAECAwQF\"}}]}\n"
								"{\"apiVersion\":\"v1\",\"kind\":\"ServiceList\",\"items\":[]}\n"
								"{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"e1\",\"namespace\":\"shop\"},\"involvedObject\":{\"kind\":\"Pod\",\"namespace\":"
								"\"shop\",\"name\":\"web-1\",\"uid\":\"u1\",\"fieldPath\":\"spec.containers{app}\"},\"reason\":\"BackOff\",\"message\":\"it's \\\"back\\\" \\u00e9\","
								"\"type\":\"Warning\",\"count\":7,\"firstTimestamp\":\"2026-11-23T10:01:00Z\",\"lastTimestamp\":\"2026-11-23T10:05:00.5Z\",\"source\":{\"component\":"
								"\"kubelet\"}}\n";

static void test_round_trip(void **state)
{
	_cleanup_(cluster_freep) struct cluster *first = NULL, *second = NULL, *third = NULL;
	_cleanup_(mem_freep) char *a = NULL, *b = NULL, *c = NULL;
	struct stat st;

	put(source, objects, strlen(objects));
	first = open_ok(source);
	inventory_add_log(cluster_inventory(first), "shop", "web-1", "app", true, "one\ntwo\n", 8, true, NULL);
	inventory_add_log(cluster_inventory(first), "shop", "web-1", "app", false, NULL, 0, false, "gone");
	inventory_add_note(cluster_inventory(first), "nodes", "forbidden", KIND_NODE, NULL);
	write_ok(first, written);
	assert_int_equal(stat(written, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	second = open_ok(written);
	a = dump(first);
	b = dump(second);
	assert_string_equal(a, b);
	write_ok(second, again);
	third = open_ok(again);
	c = dump(third);
	assert_string_equal(b, c);
}

static const char secrets[] = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"," META(
	"shop", "web",
	"u1") ",\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"x\",\"env\":[{\"name\":"
	      "\"DB_PASSWORD\",\"value\":\"hunter2a\"}],\"args\":[\"--token\",\"hunter2b\",\"--dsn=postgres://a:hunter2c@db/x\"]}]}}\n"
	      "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"," META(
		      "shop", "c",
		      "u2") ",\"data\":{\"application.yaml\":\"db:\\n  password: hunter2d\\n\"}}\n"
			    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"namespace\":\"shop\",\"annotations\":{"
			    "\"kubectl.kubernetes.io/last-applied-configuration\":\"hunter2e\"}},\"data\":{\"k\":\"hunter2f\"},\"stringData\":{\"k\":\"hunter2g\"}}\n"
			    "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"e1\",\"namespace\":\"shop\"},\"involvedObject\":{\"kind\":\"Pod\",\"namespace\":"
			    "\"shop\",\"name\":\"web\"},\"message\":\"Get http://u:hunter2h@h/: refused\"}\n";

static void test_no_secret_is_written(void **state)
{
	_cleanup_(cluster_freep) struct cluster *first = NULL, *second = NULL;
	_cleanup_(mem_freep) char *text = NULL;
	static const char log[] = "login with password=hunter2i\n";

	put(source, secrets, strlen(secrets));
	first = open_ok(source);
	inventory_add_log(cluster_inventory(first), "shop", "web", "app", false, log, strlen(log), false, NULL);
	write_ok(first, written);
	second = open_ok(written);
	text = dump(second);
	if (strstr(text, "hunter2"))
		fail_msg("%s", strstr(text, "hunter2"));
	assert_non_null(strstr(text, "login with password=\xc2\xabmasked:secret:"));
}

/* Its names look like a token; masked they would be another kind's, which has no objects. */
static void test_kind_is_found_again(void **state)
{
	_cleanup_(cluster_freep) struct cluster *first = NULL, *second = NULL;
	static const char text[] = "{\"apiVersion\":\"acme.io/v1\",\"kind\":\"AKIAIOSFODNN7EXAMPLE\"," META(
		"shop", "a", "u1") "}\n"
				   "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"," META("other", "b", "u2") "}\n";

	put(source, text, strlen(text));
	first = open_ok(source);
	write_ok(first, written);
	second = open_ok(written);
	assert_true(inventory_sees_custom(cluster_inventory(first), "acme.io", "AKIAIOSFODNN7EXAMPLE", "shop"));
	assert_true(inventory_sees_custom(cluster_inventory(second), "acme.io", "AKIAIOSFODNN7EXAMPLE", "shop"));
	assert_int_equal(inventory_list_custom(cluster_inventory(second), "acme.io", "AKIAIOSFODNN7EXAMPLE")->len, 1);
}

static void test_damage_is_refused(void **state)
{
	_cleanup_(cluster_freep) struct cluster *first = NULL;
	_cleanup_(strbuf_release) struct strbuf data;
	static const char newer[] = "{\"apiVersion\":\"auto-devops/v1\",\"kind\":\"Snapshot\",\"version\":2,\"program\":\"9.0\"}\n";
	static const char unended[] = "{\"apiVersion\":\"auto-devops/v1\",\"kind\":\"Snapshot\",\"version\":1}\n";
	static const char wrong[] = "{\"apiVersion\":\"auto-devops/v1\",\"kind\":\"Snapshot\",\"version\":1}\n"
				    "{\"apiVersion\":\"auto-devops/v1\",\"kind\":\"End\",\"objects\":3,\"logs\":0}\n";

	put(source, objects, strlen(objects));
	first = open_ok(source);
	write_ok(first, written);
	strbuf_init(&data, (size_t)1 << 20);
	assert_int_equal(file_read(written, &data, NULL), 0);
	for (size_t cut = 40; cut < data.len; cut += data.len / 7) {
		put(again, data.buf, cut);
		open_fails(again, "cut");
	}
	data.buf[data.len / 2] ^= 0x10;
	put(again, data.buf, data.len);
	open_fails(again, again);
	put(again, newer, strlen(newer));
	open_fails(again, "use a newer one");
	put(again, unended, strlen(unended));
	open_fails(again, "ends early");
	put(again, wrong, strlen(wrong));
	open_fails(again, "damaged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_secret_is_written),
		cmocka_unit_test(test_kind_is_found_again),
		cmocka_unit_test(test_damage_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
