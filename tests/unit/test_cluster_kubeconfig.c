/* kubeconfig as kubectl reads it: merging, choosing, paths, credentials, messages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"
#include "cluster/kubeconfig.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct arena arena;

static int set_up(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/kubeconfig-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
	arena_init(&arena);
	setenv("HOME", dir, 1);
	unsetenv("KUBECONFIG");
	unsetenv("KUBERNETES_SERVICE_HOST");
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"a", "b", "token", "ca.crt", "namespace", ".kube/config", "ca.pem", "key.pem"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(path_join(&arena, dir, names[i]));
	rmdir(path_join(&arena, dir, ".kube"));
	rmdir(dir);
	arena_release(&arena);
	return 0;
}

static const char *put(const char *name, const char *text)
{
	const char *path = path_join(&arena, dir, name);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600, NULL), 0);
	return path;
}

static struct err err;

static int load(const struct cluster_options *o, struct kubeconfig *k)
{
	static const struct cluster_options none;
	err = (struct err){0};
	return kubeconfig_load(&arena, o ? o : &none, dir, k, &err);
}

static void assert_message(const char *part)
{
	if (!strstr(err.message, part))
		fail_msg("\"%s\" is not in \"%s\"", part, err.message);
}

#define CLUSTER_A "clusters:\n- name: c\n  cluster: {server: 'https://a:6443/'}\n"
#define CONTEXT_A "contexts:\n- name: x\n  context: {cluster: c, user: u, namespace: shop}\n"

static void test_first_file_wins(void **state)
{
	const char *a = put("a", CLUSTER_A "users:\n- name: u\n  user: {token: first}\n");
	const char *b = put("b", "current-context: x\nclusters:\n- name: c\n  cluster: {server: 'https://b', tls-server-name: n}\n"
				 "users:\n- name: u\n  user: {token: second, username: me}\n" CONTEXT_A);
	setenv("KUBECONFIG", arena_printf(&arena, "%s/missing:%s::%s", dir, a, b), 1);
	struct kubeconfig k;
	assert_int_equal(load(NULL, &k), 0);
	assert_string_equal(k.server, "https://a:6443"); /* without the trailing slash */
	assert_string_equal(k.token, "first");
	assert_string_equal(k.ns, "shop");
	assert_null(k.tls_server_name); /* an entry wins whole, it is not mixed */
	assert_null(k.username);
	assert_string_equal(k.context, "x");
}

static void test_home_and_options(void **state)
{
	assert_int_equal(mkdir(path_join(&arena, dir, ".kube"), 0700), 0);
	put(".kube/config",
	    CLUSTER_A CONTEXT_A "current-context: x\nusers:\n- name: u\n  user: {token: t}\n- name: v\n  user: {username: me, password: p}\n");
	struct kubeconfig k;
	assert_int_equal(load(NULL, &k), 0);
	assert_string_equal(k.token, "t");
	const char *groups[] = {"ops", NULL};
	struct cluster_options o = {.user = "v", .server = "https://other", .as = "jane", .as_groups = groups, .insecure = true};
	assert_int_equal(load(&o, &k), 0);
	assert_string_equal(k.server, "https://other");
	assert_string_equal(k.username, "me");
	assert_null(k.token);
	assert_string_equal(k.as, "jane");
	assert_string_equal(k.as_groups[0], "ops");
	assert_true(k.insecure);
	o = (struct cluster_options){.token = "mine"};
	assert_int_equal(load(&o, &k), 0);
	assert_string_equal(k.token, "mine");
}

static void test_names_that_do_not_exist(void **state)
{
	struct cluster_options o = {.kubeconfig = put("a", CLUSTER_A CONTEXT_A "users: []\n")};
	struct kubeconfig k;
	assert_int_equal(load(&o, &k), ERR_USAGE);
	assert_message("choose one with --context (there are: x)");
	o.context = "y";
	assert_int_equal(load(&o, &k), ERR_USAGE);
	assert_message("context \"y\" is not in");
	assert_message("contexts there: x");
	o.context = "x";
	assert_int_equal(load(&o, &k), ERR_USAGE);
	assert_message("names the user \"u\", which is not in");
	o.kubeconfig = "/nonexistent/config";
	assert_int_equal(load(&o, &k), ERR_NOT_FOUND);
	assert_message("/nonexistent/config");
}

static void test_nothing_at_all(void **state)
{
	struct kubeconfig k;
	assert_int_equal(load(NULL, &k), ERR_NOT_FOUND);
	assert_message("give --kubeconfig FILE, set KUBECONFIG");
}

static void test_in_cluster(void **state)
{
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
	put("token", "abc\n");
	put("ca.crt", "-----BEGIN CERTIFICATE-----\n");
	put("namespace", "tools");
	struct kubeconfig k;
	assert_int_equal(load(NULL, &k), 0);
	assert_true(k.in_cluster);
	assert_string_equal(k.server, "https://[fd00::1]:6443");
	assert_string_equal(k.ns, "tools");
	assert_non_null(strstr(k.token_file, "/token"));
	assert_non_null(k.ca.data);
}

static void test_relative_files(void **state)
{
	put("ca.pem", "-----BEGIN CERTIFICATE-----\nx\n");
	struct cluster_options o = {.kubeconfig = put("a", "clusters:\n- name: c\n  cluster: {server: 'https://a', certificate-authority: ca.pem}\n"
							   "users:\n- name: u\n  user: {tokenFile: token}\n" CONTEXT_A "current-context: x\n")};
	struct kubeconfig k;
	assert_int_equal(load(&o, &k), 0);
	assert_non_null(strstr(k.ca.data, "CERTIFICATE"));
	assert_string_equal(k.token_file, path_join(&arena, dir, "token"));
}

static void user_error(const char *user, enum err_code code, const char *part)
{
	struct cluster_options o = {
		.kubeconfig = put("a", arena_printf(&arena, CLUSTER_A CONTEXT_A "current-context: x\nusers:\n- name: u\n  user:\n%s", user))};
	struct kubeconfig k;
	assert_int_equal(load(&o, &k), code);
	assert_message(part);
}

static void test_messages_name_file_and_field(void **state)
{
	user_error("    token: 12345\n", ERR_INPUT, "/a: users[0].user.token: a string is expected, not a number (quote it)");
	user_error("    client-certificate-data: '!!'\n", ERR_INPUT, "users[0].user.client-certificate-data");
	user_error("    client-certificate-data: aGVsbG8=\n", ERR_INPUT, "not PEM");
	user_error("    client-certificate-data: LS0tLS1CRUdJTiBYLS0tLS0K\n", ERR_INPUT, "must be given together with client-certificate");
	user_error("    client-key: /nonexistent\n", ERR_NOT_FOUND, "users[0].user.client-key");
	user_error("    auth-provider: {name: gcp}\n", ERR_UNSUPPORTED, "auth-provider \"gcp\" was removed");
	user_error("    exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}\n", ERR_UNSUPPORTED, "v1alpha1 is not supported");
	user_error("    exec: {command: x, apiVersion: client.authentication.k8s.io/v1}\n", ERR_INPUT, "interactiveMode: must be given");
	user_error("    exec: {apiVersion: client.authentication.k8s.io/v1beta1}\n", ERR_INPUT, "users[0].user.exec.command: must be given");
	user_error("    as-groups: [a]\n", ERR_USAGE, "without a user to impersonate");
}

static void test_encrypted_key(void **state)
{
	put("key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
	user_error("    client-key: key.pem\n", ERR_UNSUPPORTED, "encrypted with a passphrase");
}

static void test_exec(void **state)
{
	struct cluster_options o = {
		.kubeconfig = put(
			"a",
			"clusters:\n- name: c\n  cluster:\n    server: https://a\n    extensions:\n"
			"    - {name: client.authentication.k8s.io/exec, extension: {audience: x}}\n" CONTEXT_A
			"current-context: x\nusers:\n- name: u\n"
			"  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: ./bin/plugin\n      args: [get, token]\n"
			"      env: [{name: A, value: b}]\n      interactiveMode: Never\n      provideClusterInfo: true\n")};
	struct kubeconfig k;
	assert_int_equal(load(&o, &k), 0);
	assert_string_equal(k.exec->command, path_join(&arena, dir, "./bin/plugin"));
	assert_string_equal(k.exec->args[1], "token");
	assert_string_equal(k.exec->env[0], "A=b");
	assert_int_equal(k.exec->interactive, EXEC_NEVER);
	assert_string_equal(value_get_str(k.exec->cluster_config, "audience"), "x");
}

static void file_error(const char *text, enum err_code code, const char *part)
{
	struct cluster_options o = {.kubeconfig = put("a", text)};
	struct kubeconfig k;
	assert_int_equal(load(&o, &k), code);
	assert_message(part);
}

static void test_broken_files(void **state)
{
	file_error("clusters: 7\n", ERR_INPUT, "clusters: a list is expected");
	file_error("- a\n", ERR_INPUT, "not a kubeconfig");
	file_error("kind: Pod\n", ERR_INPUT, "not Config");
	file_error("clusters: [{cluster: {}}]\n", ERR_INPUT, "clusters[0].name");
	file_error("clusters: [{name: a}, {name: a}]\n", ERR_INPUT, "stands there twice");
	file_error("a: [\n", ERR_INPUT, "/a:");
	file_error(CONTEXT_A "current-context: x\n", ERR_USAGE, "names the cluster \"c\", which is not in");
	file_error("clusters: [{name: c, cluster: {server: 'ftp://a'}}]\nusers: [{name: u}]\n" CONTEXT_A "current-context: x\n", ERR_INPUT,
		   "no http:// or https://");
	file_error("clusters: [{name: c, cluster: {server: 'https://me:secret@a'}}]\nusers: [{name: u}]\n" CONTEXT_A "current-context: x\n",
		   ERR_INPUT, "holds a user name");
	assert_null(strstr(err.message, "secret"));
	file_error("clusters: [{name: c, cluster: {server: 'ftp://me:secret@a?b'}}]\nusers: [{name: u}]\n" CONTEXT_A "current-context: x\n",
		   ERR_INPUT, "holds a user name");
	assert_null(strstr(err.message, "secret"));
	file_error("clusters: [{name: c, cluster: {server: 'https://a', proxy-url: 'me:secret@b:3128'}}]\nusers: [{name: u}]\n" CONTEXT_A
		   "current-context: x\n",
		   ERR_INPUT, "proxy-url");
	assert_null(strstr(err.message, "secret"));
	file_error("clusters: [{name: c, cluster: {}}]\nusers: [{name: u}]\n" CONTEXT_A "current-context: x\n", ERR_USAGE, "has no server");
	file_error("clusters: [{name: c, cluster: {server: 'https://a', proxy-url: 'ssh://b'}}]\nusers: [{name: u}]\n" CONTEXT_A
		   "current-context: x\n",
		   ERR_INPUT, "proxy-url");
}

static void test_nothing_secret_over_http(void **state)
{
	struct cluster_options o = {
		.kubeconfig = put("a", "clusters:\n- name: c\n  cluster: {server: 'a:8080'}\nusers:\n- name: u\n  user: {token: t}\n" CONTEXT_A
				       "current-context: x\n")};
	struct kubeconfig k;
	assert_int_equal(load(&o, &k), 0);
	assert_string_equal(k.server, "http://a:8080");
	assert_null(k.token);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_first_file_wins),
		T(test_home_and_options),
		T(test_names_that_do_not_exist),
		T(test_nothing_at_all),
		T(test_in_cluster),
		T(test_relative_files),
		T(test_messages_name_file_and_field),
		T(test_encrypted_key),
		T(test_exec),
		T(test_broken_files),
		T(test_nothing_secret_over_http),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
