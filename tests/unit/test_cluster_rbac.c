/* RBAC as the API server's authorizer decides it, and its words when it refuses. */
#include "unit.h"

#include "cluster/rbac.h"
#include "format/json.h"

#define API "'apiVersion':'rbac.authorization.k8s.io/v1',"
#define ROLE(NS, NAME, RULES) "{" API "'kind':'Role','metadata':{'name':'" NAME "','namespace':'" NS "'},'rules':[" RULES "]}"
#define CLUSTER_ROLE(NAME, RULES) "{" API "'kind':'ClusterRole','metadata':{'name':'" NAME "'},'rules':[" RULES "]}"
#define BINDING(NS, NAME, KIND, ROLE, SUBJECTS)                                                                                                      \
	"{" API "'kind':'RoleBinding','metadata':{'name':'" NAME "','namespace':'" NS "'},'roleRef':{'kind':'" KIND "','name':'" ROLE                \
	"'},'subjects':[" SUBJECTS "]}"
#define CLUSTER_BINDING(NAME, ROLE, SUBJECTS)                                                                                                        \
	"{" API "'kind':'ClusterRoleBinding','metadata':{'name':'" NAME "'},'roleRef':{'kind':'ClusterRole','name':'" ROLE                           \
	"'},'subjects':[" SUBJECTS "]}"
#define ACCOUNT(NS, NAME) "{'kind':'ServiceAccount','namespace':'" NS "','name':'" NAME "'}"

static const char *const objects[] = {
	ROLE("shop", "read-pods", "{'verbs':['get','list'],'apiGroups':[''],'resources':['pods','pods/log']}"),
	ROLE("shop", "one-map", "{'verbs':['get','update'],'apiGroups':[''],'resources':['configmaps'],'resourceNames':['settings']}"),
	ROLE("shop", "deploy-all", "{'verbs':['*'],'apiGroups':['apps'],'resources':['*']}"),
	CLUSTER_ROLE("node-reader", "{'verbs':['get','list','watch'],'apiGroups':[''],'resources':['nodes']}"),
	CLUSTER_ROLE("scalers", "{'verbs':['update'],'apiGroups':['*'],'resources':['*/scale']}"),
	CLUSTER_ROLE("admin-all", "{'verbs':['*'],'apiGroups':['*'],'resources':['*']},{'verbs':['*'],'nonResourceURLs':['*']}"),
	CLUSTER_ROLE("metrics", "{'verbs':['get'],'nonResourceURLs':['/metrics','/healthz/*']}"),
	CLUSTER_ROLE("system:secret-reader", "{'verbs':['get'],'apiGroups':[''],'resources':['secrets']}"),
	"{" API "'kind':'ClusterRole','metadata':{'name':'part','labels':{'to':'whole'}},'rules':[{'verbs':['get'],'apiGroups':['example.com'],"
	"'resources':['things']}]}",
	"{" API "'kind':'ClusterRole','metadata':{'name':'whole'},'aggregationRule':{'clusterRoleSelectors':[{'matchLabels':{'to':'whole'}}]}}",
	BINDING("shop", "web", "Role", "read-pods", ACCOUNT("shop", "web")),
	BINDING("shop", "web-map", "Role", "one-map", "{'kind':'ServiceAccount','name':'web'}"),
	BINDING("shop", "ci", "Role", "deploy-all", ACCOUNT("ci", "runner")),
	BINDING("shop", "nodes-in-ns", "ClusterRole", "node-reader", ACCOUNT("shop", "web")),
	BINDING("shop", "lost", "Role", "gone", ACCOUNT("shop", "lost")),
	CLUSTER_BINDING("all-accounts-scale", "scalers", "{'kind':'Group','name':'system:serviceaccounts:shop'}"),
	CLUSTER_BINDING("everyone-metrics", "metrics", "{'kind':'Group','name':'system:authenticated'}"),
	CLUSTER_BINDING("jane", "admin-all", "{'kind':'User','name':'jane'}"),
	CLUSTER_BINDING("things", "whole", ACCOUNT("shop", "web")),
	CLUSTER_BINDING("ops", "node-reader", "{'kind':'Group','name':'ops'}"),
};

static struct inventory *make(void)
{
	struct inventory *inv = inventory_new();
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		char copy[1024];
		struct value v;
		struct err err;
		size_t n = strlen(objects[i]);
		assert_true(n < sizeof(copy));
		for (size_t c = 0; c <= n; c++)
			copy[c] = objects[i][c] == '\'' ? '"' : objects[i][c];
		if (json_parse(inventory_builder(inv), copy, n, NULL, &v, &err) < 0 || inventory_add(inv, NULL, &v, &err) < 0)
			fail_msg("%s: %s", err.message, copy);
	}
	inventory_seal(inv);
	return inv;
}

#define WEB "system:serviceaccount:shop:web"

static void decides_as_the_server_does(void **state)
{
	static const struct {
		const char *user, *verb, *group, *resource, *name, *ns;
		const char *by; /* the binding; NULL = refused */
	} cases[] = {
		{WEB, "list", "", "pods", "", "shop", "web"},
		{WEB, "delete", "", "pods", "", "shop", NULL},    /* verb */
		{WEB, "list", "apps", "pods", "", "shop", NULL},  /* group */
		{WEB, "list", "", "pods", "", "data", NULL},      /* namespace */
		{WEB, "list", "", "pods", "", "", NULL},          /* a Role allows nothing cluster-wide */
		{WEB, "get", "", "pods/log", "x", "shop", "web"}, /* subresource, named */
		{WEB, "get", "", "pods/exec", "x", "shop", NULL},
		{WEB, "get", "", "configmaps", "settings", "shop", "web-map"}, /* a subject without a namespace is of the binding's */
		{WEB, "get", "", "configmaps", "other", "shop", NULL},
		{WEB, "list", "", "configmaps", "", "shop", NULL}, /* resourceNames never match a list */
		{WEB, "update", "", "configmaps", "settings", "shop", "web-map"},
		{"system:serviceaccount:ci:runner", "patch", "apps", "deployments", "web", "shop", "ci"}, /* wildcards */
		{"system:serviceaccount:ci:runner", "patch", "apps", "deployments/scale", "web", "shop", "ci"},
		{"system:serviceaccount:ci:runner", "patch", "batch", "jobs", "", "shop", NULL},
		{WEB, "get", "", "nodes", "n1", "", NULL}, /* a ClusterRole bound in a namespace stays there */
		{WEB, "update", "apps", "deployments/scale", "web", "data", "all-accounts-scale"}, /* "star/scale", by group of accounts */
		{WEB, "update", "apps", "deployments", "web", "data", NULL},
		{"system:serviceaccount:shopping:web", "update", "apps", "deployments/scale", "web", "shop", NULL},
		{"jane", "delete", "example.com", "things", "x", "", "jane"},
		{"janet", "delete", "example.com", "things", "x", "", NULL},
		{WEB, "get", "example.com", "things", "x", "data", "things"},             /* aggregated, not filled in yet */
		{"system:serviceaccount:shop:lost", "get", "", "pods", "", "shop", NULL}, /* its Role is gone */
	};
	struct inventory *inv = make();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rbac_request q = {.user = cases[i].user,
					 .verb = cases[i].verb,
					 .group = cases[i].group,
					 .resource = cases[i].resource,
					 .name = cases[i].name,
					 .ns = cases[i].ns};
		struct rbac_grant grant;
		bool allowed = rbac_allows(inv, &q, &grant);
		const char *by = allowed ? grant.binding->name : "nobody";
		if (!str_eq(by, cases[i].by ? cases[i].by : "nobody"))
			fail_msg("case %zu: by %s, expected %s", i, by, cases[i].by ? cases[i].by : "nobody");
		assert_true(allowed == (grant.role != NULL));
	}
	inventory_unref(inv);
}

static void urls_and_groups(void **state)
{
	static const char *const ops[] = {"ops"};
	struct inventory *inv = make();
	struct rbac_request url = {.user = WEB, .verb = "get", .group = "", .resource = "", .name = "", .ns = "", .path = "/metrics"};
	assert_true(rbac_allows(inv, &url, NULL));
	url.path = "/healthz/etcd";
	assert_true(rbac_allows(inv, &url, NULL));
	url.path = "/debug";
	assert_false(rbac_allows(inv, &url, NULL));
	url.path = "/metrics";
	url.user = "system:anonymous";
	assert_false(rbac_allows(inv, &url, NULL));
	struct rbac_request nodes = {.user = "joe", .verb = "list", .group = "", .resource = "nodes", .name = "", .ns = ""};
	assert_false(rbac_allows(inv, &nodes, NULL));
	nodes.groups = ops;
	nodes.group_count = 1;
	assert_true(rbac_allows(inv, &nodes, NULL));
	inventory_unref(inv);
}

static void the_narrowest_role(void **state)
{
	struct inventory *inv = make();
	struct rbac_request q = {.user = "x", .verb = "list", .group = "", .resource = "pods", .name = "", .ns = "shop"};
	assert_string_equal(rbac_narrowest_role(inv, &q)->name, "read-pods");
	q.ns = "data"; /* only what rules everything is left */
	assert_string_equal(rbac_narrowest_role(inv, &q)->name, "admin-all");
	assert_true(rbac_role_width(rbac_narrowest_role(inv, &q)) >= RBAC_WILDCARD);
	q.resource = "nodes";
	assert_string_equal(rbac_narrowest_role(inv, &q)->name, "node-reader");
	q.resource = "secrets"; /* the server's own are not for others */
	q.verb = "get";
	assert_string_equal(rbac_narrowest_role(inv, &q)->name, "admin-all");
	assert_true(rbac_binds_account(inventory_find(inv, KIND_ROLE_BINDING, "shop", "web-map"), "shop", "web"));
	assert_false(rbac_binds_account(inventory_find(inv, KIND_ROLE_BINDING, "shop", "ci"), "shop", "runner"));
	inventory_unref(inv);
}

static void refusals_are_read(void **state)
{
	static const struct {
		const char *text;
		const char *expected; /* user|verb|group|resource|name|ns|path; NULL = none */
	} cases[] = {
		{"pods is forbidden: User \"" WEB "\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"",
		 WEB "|list||pods||shop|"},
		{"E1123 reflector.go:150] Failed to watch *v1.Node: nodes is forbidden: User \"" WEB
		 "\" cannot watch resource \"nodes\" in API group \"\" at the cluster scope",
		 WEB "|watch||nodes|||"},
		{"deployments.apps \"web\" is forbidden: User \"jane\" cannot get resource \"deployments\" in API group \"apps\" in the namespace \"shop\": RBAC",
		 "jane|get|apps|deployments|web|shop|"},
		{"{\"level\":\"error\",\"error\":\"pods \\\"web-1\\\" is forbidden: User \\\"" WEB
		 "\\\" cannot get resource \\\"pods/log\\\" in API group \\\"\\\" in the namespace \\\"shop\\\"\"}",
		 WEB "|get||pods/log|web-1|shop|"},
		{"forbidden: User \"system:anonymous\" cannot get path \"/metrics\"", "system:anonymous|get||||||/metrics"},
		{"x is forbidden: User \"a\" cannot fly; pods is forbidden: User \"b\" cannot get resource \"pods\" in API group \"\" in the namespace \"n\"",
		 "b|get||pods||n|"},
		{"pods is forbidden: User \"a\" cannot get resource \"pods\" in API group \"\" in the name", NULL},
		{"pods \"x\" is forbidden: exceeded quota: q", NULL},
		{"is forbidden: User \"", NULL},
		{"is forbidden: User \"\\", NULL},
		{"", NULL},
	};
	_cleanup_(arena_release) struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rbac_request q;
		const char *end = NULL;
		bool found = rbac_parse_refusal(&a, cases[i].text, strlen(cases[i].text), &q, &end);
		assert_true(found == (cases[i].expected != NULL));
		if (!found)
			continue;
		const char *got = q.path ? arena_printf(&a, "%s|%s||||||%s", q.user, q.verb, q.path)
					 : arena_printf(&a, "%s|%s|%s|%s|%s|%s|", q.user, q.verb, q.group, q.resource, q.name, q.ns);
		assert_string_equal(got, cases[i].expected);
		assert_true(end > cases[i].text && end <= cases[i].text + strlen(cases[i].text));
	}
}

static void accounts_of_users(void **state)
{
	_cleanup_(arena_release) struct arena a;
	const char *ns, *name;
	arena_init(&a);
	assert_true(rbac_account(&a, WEB, &ns, &name));
	assert_string_equal(ns, "shop");
	assert_string_equal(name, "web");
	assert_false(rbac_account(&a, "jane", &ns, &name));
	assert_false(rbac_account(&a, "system:serviceaccount:shop", &ns, &name));
	assert_false(rbac_account(&a, "system:serviceaccount::x", &ns, &name));
	assert_false(rbac_account(&a, "system:serviceaccount:x:", &ns, &name));
}

RUN_TESTS(cmocka_unit_test(decides_as_the_server_does), cmocka_unit_test(urls_and_groups), cmocka_unit_test(the_narrowest_role),
	  cmocka_unit_test(refusals_are_read), cmocka_unit_test(accounts_of_users))
