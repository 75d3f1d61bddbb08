#include "cluster/exec_plugin.h"

#include "base/crypto.h"
#include "base/process.h"
#include "base/utf8.h"
#include "format/json.h"

#include <unistd.h>

#define STDERR_KEPT ((size_t)4 << 10)

/* spec.cluster: what the plugin may need to know about the cluster it gives credentials for. */
static void write_cluster(struct json_writer *w, const struct kubeconfig *k)
{
	json_key(w, "cluster");
	json_object_begin(w);
	json_key(w, "server");
	json_string(w, k->server);
	if (k->tls_server_name) {
		json_key(w, "tls-server-name");
		json_string(w, k->tls_server_name);
	}
	if (k->insecure) {
		json_key(w, "insecure-skip-tls-verify");
		json_bool(w, true);
	}
	if (k->ca.data) {
		_cleanup_(strbuf_release) struct strbuf text;
		strbuf_init(&text, 2 * KUBECONFIG_MAX);
		crypto_base64_encode(k->ca.data, k->ca.len, &text);
		json_key(w, "certificate-authority-data");
		json_string_n(w, text.buf, text.len);
	}
	if (k->proxy_url) {
		json_key(w, "proxy-url");
		json_string(w, k->proxy_url);
	}
	if (k->disable_compression) {
		json_key(w, "disable-compression");
		json_bool(w, true);
	}
	json_key(w, "config");
	if (k->exec->cluster_config)
		json_value(w, k->exec->cluster_config, false);
	else
		json_null(w);
	json_object_end(w);
}

static const char *exec_info(struct arena *a, const struct kubeconfig *k, bool interactive)
{
	_cleanup_(strbuf_release) struct strbuf text;
	strbuf_init(&text, 4 * KUBECONFIG_MAX);
	strbuf_addstr(&text, "KUBERNETES_EXEC_INFO=");
	struct json_writer w;
	json_writer_init(&w, &text, 0);
	json_object_begin(&w);
	json_key(&w, "kind");
	json_string(&w, "ExecCredential");
	json_key(&w, "apiVersion");
	json_string(&w, k->exec->api_version);
	json_key(&w, "spec");
	json_object_begin(&w);
	json_key(&w, "interactive");
	json_bool(&w, interactive);
	if (k->exec->provide_cluster_info)
		write_cluster(&w, k);
	json_object_end(&w);
	json_object_end(&w);
	return arena_strndup(a, text.buf, text.len);
}

static int read_credential(struct arena *a, const struct exec_plugin *p, const struct strbuf *out, struct exec_credential *ret, struct err *err)
{
	struct value_builder b;
	struct value root;
	struct err why = {0};
	value_builder_init(&b, a, NULL);
	int r = json_parse(&b, out->buf, out->len, NULL, &root, &why);
	if (r < 0)
		return err_set(err, ERR_UNAUTHENTICATED, "%s: %s printed no ExecCredential: %s", p->from, p->command, why.message);
	const char *version = value_get_str(&root, "apiVersion"), *kind = value_get_str(&root, "kind");
	if (!str_eq(kind, "ExecCredential") || !str_eq(version, p->api_version))
		return err_set(err, ERR_UNAUTHENTICATED, "%s: %s printed %s %s, not ExecCredential %s", p->from, p->command,
			       *version ? version : "(no apiVersion)", *kind ? kind : "(no kind)", p->api_version);
	const struct value *status = value_get(&root, "status");
	const char *token = value_get_str(status, "token"), *cert = value_get_str(status, "clientCertificateData"),
		   *key = value_get_str(status, "clientKeyData");
	if (!*token && !*cert)
		return err_set(err, ERR_UNAUTHENTICATED, "%s: %s printed neither a token nor a client certificate", p->from, p->command);
	if (!*cert != !*key)
		return err_set(err, ERR_UNAUTHENTICATED, "%s: %s printed a client certificate without its key, or the other way round", p->from,
			       p->command);
	*ret = (struct exec_credential){.token = *token ? token : NULL, .expires = value_get_time(status, "expirationTimestamp")};
	if (*cert) {
		ret->cert = (struct http_pem){.data = cert, .len = strlen(cert), .from = p->from};
		ret->key = (struct http_pem){.data = key, .len = strlen(key), .from = p->from};
	}
	return 0;
}

static int plugin_failed(const struct exec_plugin *p, const char *what, struct strbuf *errors, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text;
	strbuf_init(&text, STDERR_KEPT);
	while (errors->len && strchr(" \r\n\t", errors->buf[errors->len - 1]))
		strbuf_truncate(errors, errors->len - 1);
	utf8_add_printable(&text, errors->buf, errors->len, false);
	return err_set(err, ERR_UNAUTHENTICATED, "%s: credential plugin %s %s%s%s%s%s", p->from, p->command, what, text.len ? ": " : "", text.buf,
		       p->install_hint ? "; " : "", p->install_hint ? p->install_hint : "");
}

int exec_plugin_run(const struct ctx *ctx, struct arena *a, const struct kubeconfig *k, struct exec_credential *ret, struct err *err)
{
	const struct exec_plugin *p = k->exec;
	bool terminal = p->interactive != EXEC_NEVER && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (p->interactive == EXEC_ALWAYS && !terminal)
		return err_set(err, ERR_UNAUTHENTICATED, "%s: %s needs a terminal (interactiveMode: Always) and there is none", p->from, p->command);
	struct {
		const char **items;
		uint32_t len, cap;
	} argv = {0}, env = {0};
	*arena_push(a, &argv) = p->command;
	for (const char *const *s = p->args; s && *s; s++)
		*arena_push(a, &argv) = *s;
	*arena_push(a, &argv) = NULL;
	for (const char *const *s = p->env; s && *s; s++)
		*arena_push(a, &env) = *s;
	*arena_push(a, &env) = exec_info(a, k, terminal);
	*arena_push(a, &env) = NULL;

	_cleanup_(strbuf_release) struct strbuf out, errors;
	strbuf_init(&out, EXEC_PLUGIN_MAX_OUTPUT);
	strbuf_init(&errors, STDERR_KEPT);
	int status = 0;
	struct process run = {.argv = argv.items, .env = env.items, .terminal = terminal, .timeout = terminal ? 0 : EXEC_PLUGIN_TIMEOUT};
	int r = process_run(ctx, &run, &out, &errors, &status, err);
	if (r == ERR_NOT_FOUND)
		return plugin_failed(p, "is not installed", &errors, err);
	if (r < 0)
		return err_wrap(err, "%s", p->from);
	if (status != 0) {
		char what[64];
		snprintf(what, sizeof(what), "ended with exit code %d", status);
		return plugin_failed(p, what, &errors, err);
	}
	return read_credential(a, p, &out, ret, err);
}
