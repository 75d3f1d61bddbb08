#include "cluster/kubeconfig_internal.h"

#include "base/crypto.h"
#include "base/file.h"

#define LIST_MAX 256 /* args, env, groups, extra values */

const char *entry_field(const struct config_entry *e, const char *key)
{
	return arena_printf(e->a, "%s: %s[%u].%s%s%s", e->file->path, e->list, e->index, e->inner, key ? "." : "", key ? key : "");
}

static const char *type_text(const struct value *v)
{
	static const char *const names[] = {"null", "a boolean", "a number", "a number", "a string", "a time", "a list", "a map"};
	return v->type < ARRAY_LEN(names) ? names[v->type] : "something else";
}

static int wrong_type(const char *field, const char *expected, const struct value *v, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s: %s is expected, not %s%s", field, expected, type_text(v),
		       v->type == VALUE_INT || v->type == VALUE_BOOL || v->type == VALUE_DOUBLE ? " (quote it)" : "");
}

static int member_text(const char *field, const struct value *v, const char **ret, struct err *err)
{
	if (!v || v->type == VALUE_NULL) {
		*ret = NULL;
		return 0;
	}
	if (v->type != VALUE_STRING)
		return wrong_type(field, "a string", v, err);
	if (strlen(v->s) != v->len)
		return err_set(err, ERR_INPUT, "%s: holds a NUL byte", field);
	*ret = v->len ? v->s : NULL;
	return 0;
}

int entry_text(const struct config_entry *e, const char *key, const char **ret, struct err *err)
{
	return member_text(entry_field(e, key), value_get(e->v, key), ret, err);
}

int entry_bool(const struct config_entry *e, const char *key, bool *ret, struct err *err)
{
	const struct value *v = value_get(e->v, key);
	if (!v || v->type == VALUE_NULL) {
		*ret = false;
		return 0;
	}
	if (v->type != VALUE_BOOL)
		return wrong_type(entry_field(e, key), "true or false", v, err);
	*ret = v->b;
	return 0;
}

/* A list of strings as a NULL-terminated array; NULL when absent or empty. */
static int entry_texts(const struct config_entry *e, const char *key, const struct value *list, const char *const **ret, struct err *err)
{
	const char *field = entry_field(e, key);
	*ret = NULL;
	if (!list || list->type == VALUE_NULL || (list->type == VALUE_LIST && list->len == 0))
		return 0;
	if (list->type != VALUE_LIST)
		return wrong_type(field, "a list", list, err);
	if (list->len > LIST_MAX)
		return err_set(err, ERR_LIMIT, "%s: more than %d entries", field, LIST_MAX);
	const char **texts = arena_new_array(e->a, const char *, list->len + 1);
	for (uint32_t i = 0; i < list->len; i++) {
		int r = member_text(arena_printf(e->a, "%s[%u]", field, i), &list->items[i], &texts[i], err);
		if (r < 0)
			return r;
		if (!texts[i])
			texts[i] = "";
	}
	*ret = texts;
	return 0;
}

static int check_pem(const char *field, const struct http_pem *pem, bool is_key, struct err *err)
{
	if (!strstr(pem->data, "-----BEGIN "))
		return err_set(err, ERR_INPUT, "%s: not PEM (no \"-----BEGIN\" line)", field);
	if (is_key && strstr(pem->data, "ENCRYPTED"))
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: the key is encrypted with a passphrase; decrypt it (openssl pkey -in FILE -out NEW) or use an exec plugin",
			       field);
	return 0;
}

int pem_file_read(struct arena *a, const char *path, const char *field, bool is_key, struct http_pem *ret, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text;
	strbuf_init(&text, KUBECONFIG_MAX);
	int r = file_read(path, &text, err);
	if (r < 0)
		return err_wrap(err, "%s", field);
	struct http_pem pem = {.data = arena_strndup(a, text.buf, text.len), .len = text.len, .from = arena_printf(a, "%s, %s", field, path)};
	r = check_pem(field, &pem, is_key, err);
	if (r == 0)
		*ret = pem;
	return r;
}

static const char *beside_file(const struct config_entry *e, const char *path)
{
	return path[0] == '/' || !e->file->dir ? path : path_join(e->a, e->file->dir, path);
}

/* KEY-data (base64) wins over KEY (a file), as with kubectl. */
static int entry_pem(const struct config_entry *e, const char *key, bool is_key, struct http_pem *ret, struct err *err)
{
	const char *data_key = arena_printf(e->a, "%s-data", key), *data, *path;
	int r;
	if ((r = entry_text(e, data_key, &data, err)) < 0 || (r = entry_text(e, key, &path, err)) < 0)
		return r;
	if (!data)
		return path && e->file->dir ? pem_file_read(e->a, beside_file(e, path), entry_field(e, key), is_key, ret, err) : 0;
	const char *field = entry_field(e, data_key);
	_cleanup_(strbuf_release) struct strbuf text;
	strbuf_init(&text, KUBECONFIG_MAX);
	if ((r = crypto_base64_decode(data, strlen(data), &text, err)) < 0)
		return err_wrap(err, "%s", field);
	struct http_pem pem = {.data = arena_strndup(e->a, text.buf, text.len), .len = text.len, .from = field};
	if ((r = check_pem(field, &pem, is_key, err)) == 0)
		*ret = pem;
	return r;
}

int cluster_entry_read(const struct config_entry *e, struct kubeconfig *ret, struct err *err)
{
	int r;
	if ((r = entry_text(e, "server", &ret->server, err)) < 0 || (r = entry_text(e, "tls-server-name", &ret->tls_server_name, err)) < 0 ||
	    (r = entry_text(e, "proxy-url", &ret->proxy_url, err)) < 0 || (r = entry_bool(e, "insecure-skip-tls-verify", &ret->insecure, err)) < 0 ||
	    (r = entry_bool(e, "disable-compression", &ret->disable_compression, err)) < 0 ||
	    (r = entry_pem(e, "certificate-authority", false, &ret->ca, err)) < 0)
		return r;
	if (ret->proxy_url && strncmp(ret->proxy_url, "http://", 7) != 0 && strncmp(ret->proxy_url, "https://", 8) != 0 &&
	    strncmp(ret->proxy_url, "socks5://", 9) != 0 && strncmp(ret->proxy_url, "socks5h://", 10) != 0)
		return err_set(err, ERR_INPUT, "%s: %s is no http://, https:// or socks5:// URL", entry_field(e, "proxy-url"),
			       strchr(ret->proxy_url, '@') ? "it"
							   : arena_printf(e->a, "\"%s\"", ret->proxy_url)); /* a password may stand before the '@' */
	return 0;
}

/* exec.env: [{name, value}] */
static int exec_env(const struct config_entry *e, const struct value *list, const char *const **ret, struct err *err)
{
	const char *field = entry_field(e, "env");
	*ret = NULL;
	if (!list || list->type == VALUE_NULL)
		return 0;
	if (list->type != VALUE_LIST)
		return wrong_type(field, "a list", list, err);
	if (list->len > LIST_MAX)
		return err_set(err, ERR_LIMIT, "%s: more than %d entries", field, LIST_MAX);
	const char **env = arena_new_array(e->a, const char *, list->len + 1);
	for (uint32_t i = 0; i < list->len; i++) {
		const char *name, *text;
		const struct value *item = &list->items[i];
		int r;
		if ((r = member_text(arena_printf(e->a, "%s[%u].name", field, i), value_get(item, "name"), &name, err)) < 0 ||
		    (r = member_text(arena_printf(e->a, "%s[%u].value", field, i), value_get(item, "value"), &text, err)) < 0)
			return r;
		if (!name || strchr(name, '='))
			return err_set(err, ERR_INPUT, "%s[%u].name: a variable's name is expected", field, i);
		env[i] = arena_printf(e->a, "%s=%s", name, text ? text : "");
	}
	*ret = env;
	return 0;
}

static int exec_mode(const struct config_entry *e, struct exec_plugin *p, struct err *err)
{
	bool is_v1 = str_eq(p->api_version, "client.authentication.k8s.io/v1");
	const char *mode;
	int r = entry_text(e, "interactiveMode", &mode, err);
	if (r < 0)
		return r;
	if (!mode && is_v1)
		return err_set(err, ERR_INPUT, "%s: must be given (Never, IfAvailable or Always) with %s", entry_field(e, "interactiveMode"),
			       p->api_version);
	if (!mode || str_eq(mode, "IfAvailable"))
		p->interactive = EXEC_IF_AVAILABLE;
	else if (str_eq(mode, "Never"))
		p->interactive = EXEC_NEVER;
	else if (str_eq(mode, "Always"))
		p->interactive = EXEC_ALWAYS;
	else
		return err_set(err, ERR_INPUT, "%s: \"%s\" is none of Never, IfAvailable, Always", entry_field(e, "interactiveMode"), mode);
	return 0;
}

static int exec_read(const struct config_entry *user, const struct value *v, const struct exec_plugin **ret, struct err *err)
{
	struct config_entry e = *user;
	e.inner = "user.exec";
	e.v = v;
	if (v->type != VALUE_MAP)
		return wrong_type(entry_field(&e, NULL), "a map", v, err);
	struct exec_plugin *p = arena_new(e.a, struct exec_plugin);
	p->from = entry_field(&e, NULL);
	int r;
	if ((r = entry_text(&e, "apiVersion", &p->api_version, err)) < 0 || (r = entry_text(&e, "command", &p->command, err)) < 0 ||
	    (r = entry_text(&e, "installHint", &p->install_hint, err)) < 0 ||
	    (r = entry_bool(&e, "provideClusterInfo", &p->provide_cluster_info, err)) < 0 ||
	    (r = entry_texts(&e, "args", value_get(v, "args"), &p->args, err)) < 0 || (r = exec_env(&e, value_get(v, "env"), &p->env, err)) < 0)
		return r;
	if (!p->command)
		return err_set(err, ERR_INPUT, "%s: must be given", entry_field(&e, "command"));
	if (!p->api_version)
		return err_set(err, ERR_INPUT, "%s: must be given", entry_field(&e, "apiVersion"));
	if (!str_eq(p->api_version, "client.authentication.k8s.io/v1") && !str_eq(p->api_version, "client.authentication.k8s.io/v1beta1"))
		return err_set(err, ERR_UNSUPPORTED, "%s: %s is not supported (v1 and v1beta1 are); update the plugin and its kubeconfig entry",
			       entry_field(&e, "apiVersion"), p->api_version);
	if (strchr(p->command, '/'))
		p->command = beside_file(&e, p->command);
	*ret = p;
	return exec_mode(&e, p, err);
}

/* as-user-extra: {key: [values]} -> key, value, key, value ... NULL */
static int extra_read(const struct config_entry *e, const struct value *map, const char *const **ret, struct err *err)
{
	*ret = NULL;
	if (!map || map->type == VALUE_NULL)
		return 0;
	if (map->type != VALUE_MAP)
		return wrong_type(entry_field(e, "as-user-extra"), "a map", map, err);
	struct {
		const char **items;
		uint32_t len, cap;
	} pairs = {0};
	for (member_each(m, map)) {
		const char *const *values;
		int r = entry_texts(e, arena_printf(e->a, "as-user-extra.%s", m->key), &m->v, &values, err);
		if (r < 0)
			return r;
		for (; values && *values; values++) {
			if (pairs.len >= 2 * LIST_MAX)
				return err_set(err, ERR_LIMIT, "%s: more than %d values", entry_field(e, "as-user-extra"), LIST_MAX);
			*arena_push(e->a, &pairs) = m->key;
			*arena_push(e->a, &pairs) = *values;
		}
	}
	if (pairs.len) {
		*arena_push(e->a, &pairs) = NULL;
		*ret = pairs.items;
	}
	return 0;
}

static int impersonation_read(const struct config_entry *e, struct kubeconfig *ret, struct err *err)
{
	int r;
	if ((r = entry_text(e, "as", &ret->as, err)) < 0 || (r = entry_text(e, "as-uid", &ret->as_uid, err)) < 0 ||
	    (r = entry_texts(e, "as-groups", value_get(e->v, "as-groups"), &ret->as_groups, err)) < 0 ||
	    (r = extra_read(e, value_get(e->v, "as-user-extra"), &ret->as_extra, err)) < 0)
		return r;
	return 0;
}

int user_entry_read(const struct config_entry *e, struct kubeconfig *ret, struct err *err)
{
	const struct value *exec = value_get(e->v, "exec"), *provider = value_get(e->v, "auth-provider");
	int r;
	if ((r = entry_text(e, "token", &ret->token, err)) < 0 || (r = entry_text(e, "tokenFile", &ret->token_file, err)) < 0 ||
	    (r = entry_text(e, "username", &ret->username, err)) < 0 || (r = entry_text(e, "password", &ret->password, err)) < 0 ||
	    (r = entry_pem(e, "client-certificate", false, &ret->cert, err)) < 0 || (r = entry_pem(e, "client-key", true, &ret->key, err)) < 0 ||
	    (r = impersonation_read(e, ret, err)) < 0)
		return r;
	if (ret->token_file)
		ret->token_file = beside_file(e, ret->token_file);
	if (e->file->dir && !ret->cert.data != !ret->key.data)
		return err_set(err, ERR_INPUT, "%s: must be given together with %s",
			       entry_field(e, ret->cert.data ? "client-key" : "client-certificate"),
			       ret->cert.data ? "client-certificate" : "client-key");
	if (provider && provider->type != VALUE_NULL)
		return err_set(
			err, ERR_UNSUPPORTED,
			"%s: the auth-provider \"%s\" was removed from Kubernetes clients in 1.26; use an exec plugin (gke-gcloud-auth-plugin, kubelogin ...)",
			entry_field(e, "auth-provider"), value_get_str(provider, "name"));
	return exec && exec->type != VALUE_NULL ? exec_read(e, exec, &ret->exec, err) : 0;
}
