/* Custom kinds: each is listed and seen on its own, and of the known ones only what is read is kept. */
#include "base/file.h"
#include "open_files.h"

#include <unistd.h>

static char source[64], written[64];

static int setup(void **state)
{
	snprintf(source, sizeof(source), "/tmp/test_custom.%d.yaml", (int)getpid());
	snprintf(written, sizeof(written), "/tmp/test_custom.%d.snap", (int)getpid());
	return 0;
}

static int teardown(void **state)
{
	unlink(source);
	unlink(written);
	return 0;
}

static struct cluster *open_text(const char *text)
{
	assert_int_equal(file_write_atomic(source, text, strlen(text), 0600, NULL), 0);
	return open_ok(source);
}

/* The same after it was written as a snapshot and read back. */
static struct cluster *through_snapshot(struct cluster *c)
{
	struct ctx ctx;
	struct err err = {0};

	ctx_init(&ctx);
	if (snapshot_write(c, &ctx, written, &err) < 0)
		fail_msg("%s", err.message);
	ctx_release(&ctx);
	cluster_free(c);
	return open_ok(written);
}

#define GATEWAY "gateway.networking.k8s.io"

static const char several[] =
	"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: b, namespace: shop}\nspec: {hostnames: [x]}\n"
	"---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: envoy}\nspec: {controllerName: c}\n"
	"---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, namespace: shop}\nspec: {}\n"
	"---\napiVersion: example.com/v1\nkind: HTTPRoute\nmetadata: {name: c, namespace: other}\nspec: {}\n"
	"---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrantList\nitems: []\n";

static void assert_several(struct cluster *c)
{
	const struct inventory *inv = cluster_inventory(c);
	const struct object_list *routes = inventory_list_custom(inv, GATEWAY, "HTTPRoute");

	assert_int_equal(routes->len, 2);
	assert_string_equal(routes->items[0]->name, "a");
	assert_string_equal(routes->items[1]->name, "b");
	assert_int_equal(inventory_list_custom(inv, "example.com", "HTTPRoute")->len, 1);
	assert_int_equal(inventory_list_custom(inv, GATEWAY, "Gateway")->len, 0);
	assert_int_equal(inventory_list(inv, KIND_CUSTOM)->len, 4);
	/* No Namespaces in it: what is there was looked for where something is; an empty list, everywhere. */
	assert_true(inventory_sees_custom(inv, GATEWAY, "HTTPRoute", "shop"));
	assert_false(inventory_sees_custom(inv, GATEWAY, "HTTPRoute", "elsewhere"));
	assert_false(inventory_sees_custom(inv, GATEWAY, "HTTPRoute", NULL));
	assert_true(inventory_sees_custom(inv, GATEWAY, "GatewayClass", NULL));
	assert_true(inventory_sees_custom(inv, GATEWAY, "ReferenceGrant", "elsewhere"));
	assert_false(inventory_sees_custom(inv, GATEWAY, "Gateway", "shop"));
	assert_false(inventory_sees_custom(inv, "no.such.group", "Gateway", "shop"));
}

static void test_each_kind_is_its_own(void **state)
{
	struct cluster *c = open_text(several);

	assert_several(c);
	c = through_snapshot(c);
	assert_several(c);
	cluster_free(c);
}

static const char application[] =
	"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web, namespace: argocd, labels: {team: a}}\n"
	"spec: {project: default, source: {repoURL: 'https://g/x.git', helm: {values: 'secret: things'}}, destination: {name: in-cluster}}\n"
	"status:\n  sync: {status: Synced, comparedTo: {source: {helm: {values: again}}}}\n  history: [{id: 1}, {id: 2}]\n"
	"  resources: [{kind: Service, name: web, health: {status: Healthy}}]\n";

static void test_a_known_kind_keeps_what_is_read(void **state)
{
	struct cluster *c = through_snapshot(open_text(application));
	const struct object *o = inventory_list_custom(cluster_inventory(c), "argoproj.io", "Application")->items[0];

	assert_string_equal(object_str(o, "spec.source.repoURL"), "https://g/x.git");
	assert_string_equal(object_str(o, "spec.destination.name"), "in-cluster");
	assert_string_equal(object_str(o, "status.sync.status"), "Synced");
	assert_string_equal(object_str(o, "status.resources[0].health.status"), "Healthy");
	assert_string_equal(object_str(o, "metadata.labels.team"), "a");
	assert_null(value_at(&o->root, "spec.source.helm"));
	assert_null(value_at(&o->root, "status.sync.comparedTo"));
	assert_null(value_at(&o->root, "status.history[0].id"));
	cluster_free(c);
}

/* Thousands of results that passed take little room, and do not move those that failed. */
static void test_results_that_passed_are_forgotten(void **state)
{
	struct strbuf text;
	struct cluster *c;
	const struct object *o;

	strbuf_init(&text, STRBUF_MAX_OUTPUT);
	strbuf_addstr(&text,
		      "{\"apiVersion\":\"wgpolicyk8s.io/v1alpha2\",\"kind\":\"PolicyReport\",\"metadata\":{\"name\":\"r\",\"namespace\":\"shop\"},"
		      "\"results\":[");
	for (int i = 0; i < 7000; i++)
		strbuf_addf(&text,
			    "%s{\"policy\":\"p%d\",\"result\":\"%s\",\"message\":\"a long message that says in many words that number %d is well\"}",
			    i ? "," : "", i, i == 4000 ? "fail" : "pass", i);
	strbuf_addstr(&text, "]}");
	c = through_snapshot(open_text(text.buf));
	strbuf_release(&text);
	o = inventory_list_custom(cluster_inventory(c), "wgpolicyk8s.io", "PolicyReport")->items[0];
	assert_int_equal(value_len(value_get(&o->root, "results")), 5000);
	assert_string_equal(object_str(o, "results[4000].policy"), "p4000");
	assert_int_equal(value_at(&o->root, "results[3999]")->type, VALUE_NULL);
	assert_true(inventory_memory(cluster_inventory(c)) < ((size_t)1 << 20));
	cluster_free(c);
}

static void test_a_long_text_is_cut(void **state)
{
	struct strbuf text;
	struct cluster *c;
	const struct value *v;

	strbuf_init(&text, STRBUF_MAX_OUTPUT);
	strbuf_addstr(&text, "{\"apiVersion\":\"keda.sh/v1alpha1\",\"kind\":\"ScaledObject\",\"metadata\":{\"name\":\"r\",\"namespace\":\"shop\"},"
			     "\"spec\":{\"query\":\"");
	for (int i = 0; i < 5000; i++)
		strbuf_addstr(&text, "\xc3\xa9");
	strbuf_addstr(&text, "\"}}");
	c = open_text(text.buf);
	strbuf_release(&text);
	v = value_at(&inventory_list_custom(cluster_inventory(c), "keda.sh", "ScaledObject")->items[0]->root, "spec.query");
	assert_int_equal(v->len, 4096);
	assert_true(v->flags & VALUE_CUT);
	cluster_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind_is_its_own),
		cmocka_unit_test(test_a_known_kind_keeps_what_is_read),
		cmocka_unit_test(test_results_that_passed_are_forgotten),
		cmocka_unit_test(test_a_long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
