/* Reading recordings: what kubectl and others write, and what is broken in it. */
#include "base/file.h"
#include "open_files.h"

#include <ftw.h>
#include <unistd.h>

static char folder[64];

static int make_folder(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/test_recorded.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static int remove_folder(void **state)
{
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file of the folder, making the folders above it; returns its path (one at a time). */
static const char *put(const char *name, const char *text)
{
	static char path[256];
	struct arena a;

	arena_init(&a);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(dir_make(path_dirname(&a, path), 0700, NULL), 0);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600, NULL), 0);
	arena_release(&a);
	return path;
}

#define POD(ns, name) "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" ns "\"}}"
#define BARE_POD(ns, name) "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" ns "\"}}"

static void test_kubectl_list(void **state)
{
	_cleanup_(cluster_freep) struct cluster *c =
		open_ok(put("list.json", "{\"apiVersion\":\"v1\",\"items\":[" POD("a", "x") "," POD("b", "y") "],\"kind\":\"List\"}"));
	struct inventory *inv = cluster_inventory(c);

	assert_int_equal(inventory_list(inv, KIND_POD)->len, 2);
	assert_true(inventory_sees(inv, KIND_POD, "a"));
	assert_false(inventory_sees(inv, KIND_POD, "c"));
	assert_false(inventory_sees(inv, KIND_SERVICE, "a"));
	assert_false(cluster_is_live(c));
}

static void test_other_shapes(void **state)
{
	struct {
		const char *text;
		unsigned pods;
	} cases[] = {
		{POD("a", "x"), 1},
		{POD("a", "x") "\n" POD("a", "y") "\n", 2},
		{"{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[" BARE_POD(
			 "a", "x") "]}\n"
				   "{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"items\":[" BARE_POD("a", "s") "]}",
		 1},
		{"\xef\xbb\xbf\n [" POD("a", "x") "," POD("a", "y") "]", 2},
		{"{\"apiVersion\":\"v1\",\"items\":[" BARE_POD("a", "x") "," BARE_POD("a", "y") "],\"kind\":\"PodList\"}", 2},
		{"{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":null}", 0},
		{"{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[]}", 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(cluster_freep) struct cluster *c = open_ok(put("shape.json", cases[i].text));

		assert_int_equal(inventory_list(cluster_inventory(c), KIND_POD)->len, cases[i].pods);
		assert_true(inventory_sees(cluster_inventory(c), KIND_POD, "a"));
	}
}

static void test_yaml(void **state)
{
	_cleanup_(cluster_freep) struct cluster *c = open_ok(
		put("case.yaml",
		    "# now: 2026-11-23T15:00:00Z\n"
		    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: shop\n  creationTimestamp: \"2026-11-23T14:00:00Z\"\n"
		    "spec:\n  containers:\n  - name: app\n    resources: {limits: {memory: 64Mi, cpu: 1}}\n---\n---\n"
		    "apiVersion: v1\nkind: ConfigMapList\nitems: []\n---\n"
		    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: web, namespace: shop}\n---\n"
		    "apiVersion: acme.io/v1\nkind: Thing\nmetadata: {name: t, managedFields: [{manager: x, fieldsV1: {a: 1}}]}\nspec: {a: [1]}\n"));
	struct inventory *inv = cluster_inventory(c);
	const struct object *pod = inventory_find(inv, KIND_POD, "shop", "web");

	assert_non_null(pod);
	assert_int_equal(inventory_now(inv) / USEC_PER_SEC, 1795446000);
	assert_int_equal(inventory_now(inv) - pod->created, USEC_PER_HOUR);
	assert_string_equal(object_str(pod, "spec.containers[0].resources.limits.cpu"), "1");
	assert_non_null(inventory_find(inv, KIND_SERVICE, "shop", "web"));
	assert_true(inventory_sees(inv, KIND_CONFIG_MAP, "shop"));
	assert_true(inventory_sees(inv, KIND_CONFIG_MAP, NULL));
	assert_false(inventory_sees(inv, KIND_SECRET, "shop"));
	const struct object *thing = inventory_find_custom(inv, "acme.io", "Thing", "", "t");
	assert_non_null(thing);
	assert_null(value_at(&thing->root, "metadata.managedFields[0].fieldsV1"));
	assert_int_equal(object_int(thing, "spec.a[0]", 0), 1);
	open_fails(put("bad.yaml", "a: b\n---\napiVersion: v1\nkind: Pod\n"), "bad.yaml:1: not a Kubernetes object");
	open_fails(put("bad.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n---\napiVersion: v1\nkind: Pod\n"), "bad.yaml:5: ");
	open_fails(put("bad.yaml", "apiVersion: v1\nkind: Pod\nmetadata: [\n"), "bad.yaml:");
}

static void test_bad_input(void **state)
{
	struct {
		const char *text, *message;
	} cases[] = {
		{"", "empty"},
		{"{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[" POD("a", "x"), "ends"},
		{"{\"a\":1}", "no kind"},
		{"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{}}", "without metadata.name"},
		{"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"},\"spec\":7}", "spec"},
		{"[" POD("a", "x") ",\n" POD("a", "x") ",\n{\"kind\":\"Pod\",}]", ":3: "},
		{"{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[]}", "no Kubernetes objects"},
		{"{\"kind\":\"Two words\",\"apiVersion\":\"acme.io/v1\",\"metadata\":{\"name\":\"x\"}}", "no server has a kind \"Two words\""},
		{"{\"kind\":\"Thing\",\"apiVersion\":\"acme\\u0001io/v1\",\"metadata\":{\"name\":\"x\"}}", "no server has a kind"},
		{"\xff\xfe{", "UTF-16"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		open_fails(put("bad.json", cases[i].text), cases[i].message);
	open_fails("/does/not/exist", "/does/not/exist");
}

static void test_dump_folder(void **state)
{
	put("dump/nodes.json", "{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"items\":[{\"metadata\":{\"name\":\"n1\"}}]}");
	put("dump/shop/pods.json", "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[" BARE_POD("shop", "web") "]}");
	put("dump/shop/services.json", "{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"items\":null}");
	put("dump/shop/broken.json", "{\"kind\":");
	put("dump/README.md", "# not data\n");
	char link[160];
	snprintf(link, sizeof(link), "%s/dump/round", folder);
	assert_int_equal(symlink(".", link), 0);
	put("dump/shop/web/logs.txt", "==== START logs for container app of pod shop/web ====\none\ntwo\n"
				      "==== END logs for container app of pod shop/web ====\n"
				      "==== START logs for container side of pod shop/web ====\nthree\n"
				      "==== END logs for container side of pod shop/web ====\n");
	char path[128];
	snprintf(path, sizeof(path), "%s/dump", folder);
	_cleanup_(cluster_freep) struct cluster *c = open_ok(path);
	struct inventory *inv = cluster_inventory(c);
	const struct object *pod = inventory_find(inv, KIND_POD, "shop", "web");
	size_t notes;

	assert_non_null(pod);
	assert_non_null(inventory_find(inv, KIND_NODE, NULL, "n1"));
	assert_string_equal(inventory_log(inv, pod, "app", false)->text, "one\ntwo\n");
	assert_string_equal(inventory_log(inv, pod, "side", false)->text, "three\n");
	assert_true(inventory_sees(inv, KIND_SERVICE, "shop"));
	assert_false(inventory_sees(inv, KIND_SERVICE, "test"));
	const struct note *note = inventory_notes(inv, &notes);
	assert_int_equal(notes, 2);
	assert_non_null(strstr(note->what, "broken.json"));
	assert_string_equal(note[1].what, "1 symbolic links");
}

static void test_support_bundle_folder(void **state)
{
	put("bundle/cluster-resources/pods/shop.json", "[" BARE_POD("shop", "web") "]");
	put("bundle/cluster-resources/pvcs/shop.json", "[]");
	put("bundle/cluster-resources/nodes.json", "[{\"metadata\":{\"name\":\"n1\"}}]");
	put("bundle/cluster-resources/services-errors.json", "{\"shop\":\"services is forbidden\"}");
	put("bundle/cluster-resources/auth-cani-list/shop.json", "[{\"verbs\":[]}]");
	put("bundle/cluster-resources/pods/logs/shop/web/app.log", "now\n");
	put("bundle/cluster-resources/pods/logs/shop/web/app-previous.log", "before\n");
	put("bundle/cluster-info/cluster_version.json", "{\"info\":{\"gitVersion\":\"v1.30.1\"},\"string\":\"v1.30.1\"}");
	char path[128];
	snprintf(path, sizeof(path), "%s/bundle", folder);
	_cleanup_(cluster_freep) struct cluster *c = open_ok(path);
	struct inventory *inv = cluster_inventory(c);
	const struct object *pod = inventory_find(inv, KIND_POD, "shop", "web");
	size_t notes;

	assert_non_null(pod);
	assert_string_equal(inventory_log(inv, pod, "app", true)->text, "before\n");
	assert_string_equal(inventory_log(inv, pod, "app", false)->text, "now\n");
	assert_string_equal(inventory_server_version(inv), "v1.30.1");
	assert_true(inventory_sees(inv, KIND_PERSISTENT_VOLUME_CLAIM, "shop"));
	assert_false(inventory_sees(inv, KIND_SERVICE, "shop"));
	assert_string_equal(inventory_notes(inv, &notes)->why, "services is forbidden");
	assert_int_equal(notes, 1);
}

static void test_secret_in_dump(void **state)
{
	_cleanup_(cluster_freep) struct cluster *c = open_ok(
		put("secret.json",
		    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"type\":\"Opaque\",\"data\":{\"password\":\"aHVudGVyMg==\"},\"metadata\":"
		    "{\"name\":\"db\",\"namespace\":\"shop\",\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"x\"}}}"));
	const struct object *o = inventory_find(cluster_inventory(c), KIND_SECRET, "shop", "db");

	assert_non_null(value_at(&o->root, "data.password"));
	assert_int_equal(value_at(&o->root, "data.password")->type, VALUE_NULL);
	assert_int_equal(value_len(o->annotations), 0);
}

/* A glance at the text says another kind than the parser reads. */
static void test_kind_twice(void **state)
{
	static const char *const texts[] = {
		"{\"apiVersion\":\"v1\",\"kind\":\"Other\",\"metadata\":{\"name\":\"x\",\"namespace\":\"a\"},\"spec\":{\"nodeName\":\"n\"},\"kind\":\"Pod\"}",
		"{\"apiVersion\":\"v1\",\"kind\":\"P\\u006fd\",\"metadata\":{\"name\":\"x\",\"namespace\":\"a\"},\"spec\":{\"nodeName\":\"n\"}}",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_(cluster_freep) struct cluster *c = open_ok(put("twice.json", texts[i]));
		const struct object_list *pods = inventory_list(cluster_inventory(c), KIND_POD);

		assert_int_equal(pods->len, 1);
		assert_string_equal(object_str(pods->items[0], "spec.nodeName"), "n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kubectl_list),   cmocka_unit_test(test_other_shapes), cmocka_unit_test(test_yaml),
		cmocka_unit_test(test_bad_input),      cmocka_unit_test(test_dump_folder),  cmocka_unit_test(test_support_bundle_folder),
		cmocka_unit_test(test_secret_in_dump), cmocka_unit_test(test_kind_twice),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
