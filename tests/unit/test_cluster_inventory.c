/* The inventory: identity, order, owners, labels, events, logs, and that Secret values never get in. */
#include "cluster/inventory.h"

#include <setjmp.h>
#include <cmocka.h>

/* A map of the members given: key, value, key, value, ..., NULL. */
static struct value map_of(struct value_builder *b, ...)
{
	struct value map = {.type = VALUE_MAP};
	va_list ap;

	va_start(ap, b);
	for (const char *key; (key = va_arg(ap, const char *));)
		value_map_set(b, &map, key, va_arg(ap, struct value));
	va_end(ap);
	return map;
}

static struct value list_of_one(struct value_builder *b, struct value v)
{
	return (struct value){.type = VALUE_LIST, .len = 1, .items = arena_memdup(b->arena, &v, sizeof(v))};
}

#define S(text) value_of_str(text)

static struct value metadata(struct value_builder *b, const char *ns, const char *name, const char *uid)
{
	struct value m = map_of(b, "name", S(name), NULL);

	if (ns)
		value_map_set(b, &m, "namespace", S(ns));
	if (uid)
		value_map_set(b, &m, "uid", S(uid));
	return m;
}

static void add(struct inventory *inv, enum kind_id kind, struct value root)
{
	struct err err;

	assert_int_equal(inventory_add(inv, &kind_table[kind], &root, &err), 0);
}

static void add_pod(struct inventory *inv, const char *ns, const char *name, const char *app, const char *owner, const char *node)
{
	struct value_builder *b = inventory_builder(inv);
	struct value m = metadata(b, ns, name, NULL);

	value_map_set(b, &m, "labels", map_of(b, "app", S(app), "tier", S("front"), NULL));
	if (owner)
		value_map_set(b, &m, "ownerReferences",
			      list_of_one(b, map_of(b, "apiVersion", S("apps/v1"), "kind", S("ReplicaSet"), "name", S(owner), "controller",
						    value_of_bool(true), NULL)));
	add(inv, KIND_POD, map_of(b, "metadata", m, "spec", map_of(b, "nodeName", S(node), NULL), NULL));
}

static void add_replica_set(struct inventory *inv, const char *ns, const char *name, const char *owner)
{
	struct value_builder *b = inventory_builder(inv);
	struct value m = metadata(b, ns, name, NULL);

	value_map_set(b, &m, "ownerReferences",
		      list_of_one(b, map_of(b, "apiVersion", S("apps/v1"), "kind", S(owner ? "Deployment" : "ReplicaSet"), "name",
					    S(owner ? owner : name), "controller", value_of_bool(true), NULL)));
	add(inv, KIND_REPLICA_SET, map_of(b, "metadata", m, NULL));
}

static void test_order_and_identity(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();

	add_pod(inv, "b", "two", "web", NULL, "n1");
	add_pod(inv, "a", "one", "web", NULL, "n1");
	add_pod(inv, "b", "one", "web", NULL, "n2");
	add_pod(inv, "a", "one", "api", NULL, "n2");
	inventory_seal(inv);
	const struct object_list *pods = inventory_list(inv, KIND_POD);
	assert_int_equal(pods->len, 3);
	assert_string_equal(pods->items[0]->ns, "a");
	assert_string_equal(pods->items[1]->name, "one");
	assert_string_equal(pods->items[2]->name, "two");
	assert_int_equal(pods->items[2]->index, 2);
	/* The later object of the same name replaced the earlier one. */
	assert_string_equal(object_str(inventory_find(inv, KIND_POD, "a", "one"), "metadata.labels.app"), "api");
	assert_null(inventory_find(inv, KIND_POD, "a", "two"));
	assert_int_equal(inventory_pods_on(inv, "n2")->len, 2);
	assert_int_equal(inventory_pods_on(inv, "elsewhere")->len, 0);
	assert_int_equal(inventory_object_count(inv), 3);
}

static void test_owners(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	struct value_builder *b = inventory_builder(inv);
	struct arena a;

	arena_init(&a);
	add_pod(inv, "shop", "web-1", "web", "web", "n");
	add_pod(inv, "shop", "web-2", "web", "web", "n");
	add_replica_set(inv, "shop", "web", "web");
	add_replica_set(inv, "shop", "self", NULL);
	add(inv, KIND_DEPLOYMENT, map_of(b, "metadata", metadata(b, "shop", "web", NULL), NULL));
	inventory_seal(inv);
	const struct object *rs = inventory_find(inv, KIND_REPLICA_SET, "shop", "web");
	const struct object *pod = inventory_find(inv, KIND_POD, "shop", "web-2");
	assert_ptr_equal(pod->owner, rs);
	assert_int_equal(rs->child_count, 2);
	assert_ptr_equal(rs->children[1], pod);
	assert_string_equal(object_text(&a, object_top_owner(pod)), "Deployment shop/web");
	assert_string_equal(object_ref_text(&a, pod), "pod/web-2 -n shop");
	/* An object that claims to own itself has no owner. */
	assert_null(inventory_find(inv, KIND_REPLICA_SET, "shop", "self")->owner);
	arena_release(&a);
}

static void test_select(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	struct value_builder *b = inventory_builder(inv);
	struct arena a;

	arena_init(&a);
	add_pod(inv, "shop", "web-1", "web", NULL, "n");
	add_pod(inv, "shop", "api-1", "api", NULL, "n");
	add_pod(inv, "test", "web-1", "web", NULL, "n");
	struct value web = map_of(b, "app", S("web"), NULL), both = map_of(b, "app", S("web"), "tier", S("back"), NULL);
	struct value values = list_of_one(b, S("web"));
	struct value not_web =
		map_of(b, "matchExpressions", list_of_one(b, map_of(b, "key", S("app"), "operator", S("NotIn"), "values", values, NULL)), NULL);
	inventory_seal(inv);
	assert_int_equal(inventory_select(inv, &a, KIND_POD, "shop", &web, true).len, 1);
	assert_int_equal(inventory_select(inv, &a, KIND_POD, NULL, &web, true).len, 2);
	assert_int_equal(inventory_select(inv, &a, KIND_POD, "shop", &both, true).len, 0);
	assert_int_equal(inventory_select(inv, &a, KIND_POD, "shop", NULL, true).len, 0);
	assert_int_equal(inventory_select(inv, &a, KIND_POD, "shop", NULL, false).len, 2);
	struct object_list found = inventory_select(inv, &a, KIND_POD, "shop", &not_web, false);
	assert_int_equal(found.len, 1);
	assert_string_equal(found.items[0]->name, "api-1");
	assert_string_equal(selector_text(&a, &both, true), "app=web,tier=back");
	assert_string_equal(selector_text(&a, &not_web, false), "app notin (web)");
	arena_release(&a);
}

static void add_event(struct inventory *inv, const char *name, const char *kind, const char *about, const char *uid, usec_t last)
{
	struct value_builder *b = inventory_builder_for(inv, &kind_table[KIND_EVENT]);
	struct value involved = map_of(b, "kind", S(kind), "namespace", S("shop"), "name", S(about), "uid", S(uid), NULL);

	add(inv, KIND_EVENT,
	    map_of(b, "metadata", metadata(b, "shop", name, NULL), "involvedObject", involved, "reason", S("BackOff"), "lastTimestamp",
		   value_of_time(last), "firstTimestamp", value_of_time(5), NULL));
}

static void test_events(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	struct value_builder *b = inventory_builder(inv);

	add(inv, KIND_POD, map_of(b, "metadata", metadata(b, "shop", "web-0", "new"), NULL));
	add(inv, KIND_NODE, map_of(b, "metadata", metadata(b, NULL, "n1", "uid-of-n1"), NULL));
	add_event(inv, "e1", "Pod", "web-0", "new", 10);
	add_event(inv, "e2", "Pod", "web-0", "new", 30);
	add_event(inv, "e3", "Pod", "web-0", "old", 20);
	add_event(inv, "e4", "Node", "n1", "n1", 40);
	inventory_seal(inv);
	const struct object *pod = inventory_find(inv, KIND_POD, "shop", "web-0");
	const struct event_list *of_pod = inventory_events_of(inv, pod);
	assert_int_equal(of_pod->len, 2);
	assert_string_equal(of_pod->items[0]->name, "e2");
	assert_int_equal(of_pod->items[0]->first, 5);
	assert_int_equal(inventory_events_of(inv, inventory_find(inv, KIND_NODE, NULL, "n1"))->len, 1);
	assert_int_equal(inventory_events(inv)->len, 4);
	assert_null(inventory_events(inv)->items[2]->about);
	/* Nothing said when this was read: the youngest event does. */
	assert_int_equal(inventory_now(inv), 40);
}

static void test_secret_values_never_stay(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	struct value_builder *b = inventory_builder_for(inv, &kind_table[KIND_SECRET]);
	struct value m = metadata(b, "shop", "db", NULL);

	value_map_set(b, &m, "annotations", map_of(b, "kubectl.kubernetes.io/last-applied-configuration", S("hunter2"), "note", S("x"), NULL));
	add(inv, KIND_SECRET,
	    map_of(b, "metadata", m, "type", S("Opaque"), "data", map_of(b, "password", S("aHVudGVyMg=="), NULL), "stringData",
		   map_of(b, "user", S("hunter2"), NULL), "unknown", S("hunter2"), NULL));
	inventory_seal(inv);
	const struct object *o = inventory_find(inv, KIND_SECRET, "shop", "db");
	assert_string_equal(object_str(o, "type"), "Opaque");
	assert_int_equal(value_len(value_get(&o->root, "data")), 2);
	assert_int_equal(value_at(&o->root, "data.password")->type, VALUE_NULL);
	assert_int_equal(value_at(&o->root, "data.user")->type, VALUE_NULL);
	assert_null(value_get(&o->root, "unknown"));
	assert_null(value_get(&o->root, "stringData"));
	assert_int_equal(value_len(o->annotations), 1);
}

static void test_logs(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	size_t count;

	add_pod(inv, "shop", "web-1", "web", NULL, "n");
	inventory_add_log(inv, "shop", "web-1", "app", false, "hello\n", 6, false, NULL);
	inventory_add_log(inv, "shop", "gone", "app", false, "x\n", 2, false, NULL);
	inventory_seal(inv);
	const struct object *pod = inventory_find(inv, KIND_POD, "shop", "web-1");
	assert_string_equal(inventory_log(inv, pod, "app", false)->text, "hello\n");
	assert_null(inventory_log(inv, pod, "app", true));
	inventory_add_log(inv, "shop", "web-1", "app", true, NULL, 0, false, "previous terminated container not found");
	assert_non_null(inventory_log(inv, pod, "app", true)->error);
	const struct container_log *const *logs;
	assert_int_equal(inventory_logs(inv, &logs), 2);
	assert_string_equal(logs[0]->container, "app");
	inventory_notes(inv, &count);
	assert_int_equal(count, 1);
}

static void test_seen(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();

	inventory_mark_seen(inv, &kind_table[KIND_POD], "shop");
	inventory_mark_seen(inv, &kind_table[KIND_NODE], NULL);
	assert_true(inventory_sees(inv, KIND_POD, "shop"));
	assert_false(inventory_sees(inv, KIND_POD, "test"));
	assert_false(inventory_sees(inv, KIND_POD, NULL));
	assert_true(inventory_sees(inv, KIND_NODE, NULL));
	assert_false(inventory_sees(inv, KIND_SECRET, "shop"));
}

static void test_kinds(void **state)
{
	assert_int_equal(kind_by_name("deploy")->id, KIND_DEPLOYMENT);
	assert_int_equal(kind_by_name("Deployments.apps")->id, KIND_DEPLOYMENT);
	assert_int_equal(kind_by_name("ingress")->id, KIND_INGRESS);
	assert_null(kind_by_name("deployments.batch"));
	assert_null(kind_by_name("po d"));
	assert_null(kind_by_name(""));
	assert_int_equal(kind_by_gvk("v1", "Pod")->id, KIND_POD);
	assert_int_equal(kind_by_gvk("batch/v1beta1", "CronJob")->id, KIND_CRON_JOB);
	assert_int_equal(kind_by_gvk("events.k8s.io/v1", "Event")->id, KIND_EVENT);
	assert_null(kind_by_gvk("networking.k8s.io/v1beta1", "Ingress"));
	assert_null(kind_by_gvk("apps/v1", "Pod"));
}

static void test_definitions_keep_no_schemas(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	struct value_builder *b = inventory_builder_for(inv, NULL);
	struct value version =
		map_of(b, "name", S("v1"), "served", value_of_bool(true), "schema", map_of(b, "openAPIV3Schema", S("long"), NULL), NULL);
	struct value crd = map_of(b, "apiVersion", S("apiextensions.k8s.io/v1"), "kind", S("CustomResourceDefinition"), "metadata",
				  metadata(b, NULL, "things.acme.io", "u"), "spec",
				  map_of(b, "group", S("acme.io"), "versions", list_of_one(b, version), NULL), NULL);
	const struct object *o;

	assert_int_equal(inventory_add(inv, NULL, &crd, NULL), 0);
	inventory_seal(inv);
	o = inventory_find_custom(inv, "apiextensions.k8s.io", "CustomResourceDefinition", "", "things.acme.io");
	assert_string_equal(object_str(o, "spec.versions[0].name"), "v1");
	assert_null(value_at(&o->root, "spec.versions[0].schema"));
}

static void test_refused(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	struct value_builder *b = inventory_builder(inv);
	struct err err;
	struct value text = S("no map"), bare = map_of(b, "kind", S("Pod"), "apiVersion", S("v1"), NULL);
	struct value nameless = map_of(b, "metadata", map_of(b, "namespace", S("x"), NULL), "kind", S("Pod"), "apiVersion", S("v1"), NULL);

	assert_int_equal(inventory_add(inv, NULL, &text, &err), ERR_INPUT);
	assert_int_equal(inventory_add(inv, NULL, &bare, &err), ERR_INPUT);
	assert_int_equal(inventory_add(inv, NULL, &nameless, &err), ERR_INPUT);
	assert_non_null(strstr(err.message, "Pod without metadata.name"));
	struct value custom =
		map_of(b, "apiVersion", S("cert-manager.io/v1"), "kind", S("Certificate"), "metadata", metadata(b, "shop", "tls", NULL), NULL);
	assert_int_equal(inventory_add(inv, NULL, &custom, &err), 0);
	inventory_seal(inv);
	const struct object *o = inventory_find_custom(inv, "cert-manager.io", "Certificate", "shop", "tls");
	assert_non_null(o);
	assert_string_equal(o->kind->plural, "certificates");
	assert_null(inventory_find_custom(inv, "other.io", "Certificate", "shop", "tls"));
}

/* Two epochs of an informer: what did not change is one tree in both, and outlives the first. */
static void test_shared_trees(void **state)
{
	struct inventory *first = inventory_new();
	_cleanup_(inventory_unrefp) struct inventory *second = inventory_new();
	struct arena a;
	struct value_builder b;
	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	struct value pod = map_of(&b, "metadata", metadata(&b, "shop", "web-1", "u1"), "spec", map_of(&b, "nodeName", S("n"), NULL), NULL);
	struct value secret = map_of(&b, "metadata", metadata(&b, "shop", "db", NULL), "data", map_of(&b, "password", S("hunter2"), NULL), NULL);
	struct value nameless = map_of(&b, "metadata", map_of(&b, "namespace", S("shop"), NULL), NULL);
	size_t size = 0;
	struct shared_tree *p = shared_tree_new(&kind_table[KIND_POD], &pod, &size), *q = shared_tree_new(&kind_table[KIND_SECRET], &secret, NULL);
	assert_true(size > 0);
	assert_null(shared_tree_new(&kind_table[KIND_POD], &nameless, NULL));
	arena_release(&a); /* what it was read from is gone */
	inventory_add_shared(first, &kind_table[KIND_POD], p);
	inventory_add_shared(first, &kind_table[KIND_SECRET], q);
	inventory_add_shared(second, &kind_table[KIND_POD], p);
	inventory_add_shared(second, &kind_table[KIND_SECRET], q);
	inventory_seal(first);
	inventory_seal(second);
	const struct object *then = inventory_find(first, KIND_POD, "shop", "web-1"), *now = inventory_find(second, KIND_POD, "shop", "web-1");
	assert_ptr_equal(then->root.members, now->root.members);
	assert_int_equal(p->refs, 3);
	inventory_unref(first);
	assert_int_equal(p->refs, 2);
	shared_tree_unref(p);
	shared_tree_unref(q);
	assert_string_equal(object_str(now, "spec.nodeName"), "n");
	assert_ptr_equal(inventory_find_uid(second, "u1"), now);
	assert_int_equal(value_at(&inventory_find(second, KIND_SECRET, "shop", "db")->root, "data.password")->type, VALUE_NULL);
}

/* Two million events must not fill the memory: what is kept has a bound, and people are told. */
static void test_events_have_a_bound(void **state)
{
	_cleanup_(inventory_unrefp) struct inventory *inv = inventory_new();
	char name[32];
	size_t count;

	for (unsigned i = 0; i < INVENTORY_EVENTS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "e%u", i);
		add_event(inv, name, "Pod", "web-0", "", 1000);
	}
	add_event(inv, "e5", "Pod", "web-0", "", 2000); /* one that is there is brought up to date all the same */
	inventory_seal(inv);
	assert_int_equal(inventory_events(inv)->len, INVENTORY_EVENTS_MAX);
	assert_string_equal(inventory_events(inv)->items[0]->name, "e5");
	const struct note *notes = inventory_notes(inv, &count);
	assert_int_equal(count, 1);
	assert_string_equal(notes[0].what, "10 events");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_identity),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_events_have_a_bound),
		cmocka_unit_test(test_secret_values_never_stay),
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_definitions_keep_no_schemas),
		cmocka_unit_test(test_shared_trees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
