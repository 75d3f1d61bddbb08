#include "cluster/kubeconfig_internal.h"

#include "base/file.h"
#include "format/yaml.h"

#include <errno.h>
#include <unistd.h>

#define FILES_MAX 64
#define ENTRIES_MAX 100000
#define EXEC_EXTENSION "client.authentication.k8s.io/exec"

static const struct {
	const char *list, *inner;
} sections[] = {{"clusters", "cluster"}, {"users", "user"}, {"contexts", "context"}};

struct loader {
	struct arena *a;
	struct config_file files[FILES_MAX];
	uint32_t count;
	const char *names;  /* the files, for messages */
	const char *looked; /* where was looked for files, for messages */
};

/* ---- reading and checking one file ---- */

static int check_section(struct arena *a, const struct config_file *f, const char *list, const char *inner, struct err *err)
{
	const struct value *v = value_get(f->root, list);
	if (!v || v->type == VALUE_NULL)
		return 0;
	if (v->type != VALUE_LIST)
		return err_set(err, ERR_INPUT, "%s: %s: a list is expected", f->path, list);
	if (v->len > ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "%s: %s: more than %d entries", f->path, list, ENTRIES_MAX);
	struct hash seen;
	hash_init(&seen);
	int r = 0;
	for (uint32_t i = 0; i < v->len && r == 0; i++) {
		const struct value *item = &v->items[i], *name = value_get(item, "name"), *body = value_get(item, inner);
		if (item->type != VALUE_MAP || !name || name->type != VALUE_STRING || !name->len)
			r = err_set(err, ERR_INPUT, "%s: %s[%u].name: a name is expected", f->path, list, i);
		else if (body && body->type != VALUE_MAP && body->type != VALUE_NULL)
			r = err_set(err, ERR_INPUT, "%s: %s[%u].%s: a map is expected", f->path, list, i, inner);
		else if (hash_put(&seen, name->s, name->len, (void *)(uintptr_t)name))
			r = err_set(err, ERR_INPUT, "%s: %s[%u].name: \"%s\" stands there twice", f->path, list, i, name->s);
	}
	hash_release(&seen);
	return r;
}

static int parse_file(struct arena *a, struct config_file *f, const char *text, size_t len, struct err *err)
{
	struct value_builder b;
	struct value root;
	value_builder_init(&b, a, NULL);
	int r = yaml_parse(&b, f->path, text, len, &root, err);
	if (r < 0)
		return r;
	if (root.type == VALUE_NULL)
		root = (struct value){.type = VALUE_MAP};
	if (root.type != VALUE_MAP)
		return err_set(err, ERR_INPUT, "%s: not a kubeconfig (a map with clusters, users and contexts is expected)", f->path);
	f->root = arena_memdup(a, &root, sizeof(root));
	const char *kind = value_get_str(f->root, "kind");
	if (*kind && !str_eq(kind, "Config"))
		return err_set(err, ERR_INPUT, "%s: kind: is \"%s\", not Config: not a kubeconfig", f->path, kind);
	for (size_t i = 0; i < ARRAY_LEN(sections) && r == 0; i++)
		r = check_section(a, f, sections[i].list, sections[i].inner, err);
	return r;
}

static int load_file(struct loader *l, const char *path, struct err *err)
{
	if (l->count == FILES_MAX)
		return err_set(err, ERR_LIMIT, "KUBECONFIG names more than %d files", FILES_MAX);
	_cleanup_(strbuf_release) struct strbuf text;
	strbuf_init(&text, KUBECONFIG_MAX);
	int r = file_read(path, &text, err);
	if (r < 0)
		return err_wrap(err, "kubeconfig");
	struct config_file *f = &l->files[l->count];
	*f = (struct config_file){.path = arena_strdup(l->a, path), .dir = path_dirname(l->a, path)};
	r = parse_file(l->a, f, text.buf, text.len, err);
	if (r < 0)
		return r;
	l->names = l->count ? arena_printf(l->a, "%s, %s", l->names, f->path) : f->path;
	l->count++;
	return 0;
}

static int load_files(struct loader *l, const struct cluster_options *o, struct err *err)
{
	if (o->kubeconfig) {
		l->looked = o->kubeconfig;
		return load_file(l, path_expand_home(l->a, o->kubeconfig), err);
	}
	const char *list = getenv("KUBECONFIG");
	if (!list || !*list) {
		l->looked = path_expand_home(l->a, "~/.kube/config");
		return access(l->looked, F_OK) == 0 ? load_file(l, l->looked, err) : 0;
	}
	l->looked = arena_printf(l->a, "KUBECONFIG=%s", list);
	for (const char *p = list; p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL) {
		const char *path = arena_strndup(l->a, p, strcspn(p, ":"));
		if (!*path || access(path, F_OK) != 0)
			continue; /* as kubectl: a missing file of the list is no error */
		int r = load_file(l, path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- choosing ---- */

/* The first file that has the name wins, with its whole entry. */
static bool find_entry(struct loader *l, size_t section, const char *name, struct config_entry *ret)
{
	for (uint32_t f = 0; f < l->count; f++) {
		const struct value *list = value_get(l->files[f].root, sections[section].list);
		for (uint32_t i = 0; i < value_len(list); i++)
			if (str_eq(value_get_str(&list->items[i], "name"), name)) {
				*ret = (struct config_entry){.a = l->a,
							     .file = &l->files[f],
							     .list = sections[section].list,
							     .inner = sections[section].inner,
							     .name = name,
							     .index = i,
							     .v = value_get(&list->items[i], sections[section].inner)};
				return true;
			}
	}
	return false;
}

/* "a, b, c" of a section, cut after a few. */
static const char *names_of(struct loader *l, size_t section)
{
	const char *text = "";
	unsigned n = 0;
	for (uint32_t f = 0; f < l->count; f++)
		for (value_each(item, value_get(l->files[f].root, sections[section].list)))
			if (n++ < 10)
				text = arena_printf(l->a, "%s%s%s", text, *text ? ", " : "", value_get_str(item, "name"));
	return n > 10 ? arena_printf(l->a, "%s and %u more", text, n - 10) : n ? text : "none";
}

static const char *current_context(const struct loader *l)
{
	for (uint32_t f = 0; f < l->count; f++) {
		const char *name = value_get_str(l->files[f].root, "current-context");
		if (*name)
			return name;
	}
	return "";
}

static int choose_context(struct loader *l, const struct cluster_options *o, struct kubeconfig *k, struct err *err)
{
	struct config_entry e;
	k->context = o->context ? arena_strdup(l->a, o->context) : current_context(l);
	k->cluster = k->user = NULL;
	if (*k->context) {
		if (!find_entry(l, 2, k->context, &e))
			return err_set(err, ERR_USAGE, "%s \"%s\" is not in %s; contexts there: %s", o->context ? "context" : "current-context",
				       k->context, l->names ? l->names : l->looked, names_of(l, 2));
		int r;
		if ((r = entry_text(&e, "cluster", &k->cluster, err)) < 0 || (r = entry_text(&e, "user", &k->user, err)) < 0 ||
		    (r = entry_text(&e, "namespace", &k->ns, err)) < 0)
			return r;
	} else if (!o->cluster_name && !o->server) {
		return err_set(err, ERR_USAGE, "%s sets no current-context: choose one with --context (there are: %s)", l->names, names_of(l, 2));
	}
	if (o->cluster_name)
		k->cluster = arena_strdup(l->a, o->cluster_name);
	if (o->user)
		k->user = arena_strdup(l->a, o->user);
	return 0;
}

static int choose_entries(struct loader *l, struct kubeconfig *k, struct err *err)
{
	struct config_entry e;
	int r;
	if (k->cluster) {
		if (!find_entry(l, 0, k->cluster, &e))
			return err_set(err, ERR_USAGE, "context \"%s\" names the cluster \"%s\", which is not in %s (there are: %s)", k->context,
				       k->cluster, l->names, names_of(l, 0));
		if ((r = cluster_entry_read(&e, k, err)) < 0)
			return r;
	}
	if (k->user) {
		struct config_entry u;
		if (!find_entry(l, 1, k->user, &u))
			return err_set(err, ERR_USAGE, "context \"%s\" names the user \"%s\", which is not in %s (there are: %s)", k->context,
				       k->user, l->names, names_of(l, 1));
		if ((r = user_entry_read(&u, k, err)) < 0)
			return r;
	}
	if (k->exec && k->cluster)
		for (value_each(x, value_get(e.v, "extensions")))
			if (str_eq(value_get_str(x, "name"), EXEC_EXTENSION))
				((struct exec_plugin *)(uintptr_t)k->exec)->cluster_config = value_get(x, "extension");
	return 0;
}

/* ---- a pod's service account ---- */

static int in_cluster(struct arena *a, const char *dir, struct kubeconfig *k, struct err *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
	k->from = dir;
	k->context = "in-cluster";
	k->in_cluster = true;
	k->server = arena_printf(a, strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port && *port ? port : "443");
	k->token_file = path_join(a, dir, "token");
	_cleanup_(strbuf_release) struct strbuf ns;
	strbuf_init(&ns, STRBUF_MAX_LINE);
	const char *ca = path_join(a, dir, "ca.crt");
	if (access(ca, F_OK) == 0) {
		int r = pem_file_read(a, ca, "service account", false, &k->ca, err);
		if (r < 0)
			return r;
	}
	if (file_read(path_join(a, dir, "namespace"), &ns, NULL) == 0 && ns.len)
		k->ns = arena_strndup(a, ns.buf, strcspn(ns.buf, "\r\n"));
	return 0;
}

static bool service_account_there(struct arena *a, const char *dir)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	return host && *host && access(path_join(a, dir, "token"), R_OK) == 0;
}

/* ---- overrides and the last checks ---- */

static void apply_options(struct arena *a, const struct cluster_options *o, struct kubeconfig *k)
{
	if (o->server)
		k->server = arena_strdup(a, o->server);
	if (o->token) { /* it replaces every other way of authenticating that the file gives */
		k->token = arena_strdup(a, o->token);
		k->token_file = k->username = k->password = NULL;
		k->exec = NULL;
	}
	if (o->insecure) {
		k->insecure = true;
		k->ca = (struct http_pem){0};
	}
	if (o->as) {
		k->as = arena_strdup(a, o->as);
		k->as_uid = NULL;
		k->as_groups = k->as_extra = NULL;
	}
	if (o->as_groups && o->as_groups[0])
		k->as_groups = o->as_groups;
}

static int finish_server(struct arena *a, struct kubeconfig *k, struct err *err)
{
	if (!k->server)
		return err_set(err, ERR_USAGE, "%s: cluster \"%s\" has no server", k->from, k->cluster ? k->cluster : "");
	const char *scheme = strstr(k->server, "://"), *host = scheme ? scheme + 3 : k->server;
	if (memchr(host, '@', strcspn(host, "/"))) /* it would stand in every message, those below among them */
		return err_set(err, ERR_INPUT, "%s: the server's URL holds a user name: put it into the user entry (username, password)", k->from);
	bool https = strncmp(k->server, "https://", 8) == 0, http = strncmp(k->server, "http://", 7) == 0;
	if (!https && !http) {
		if (strstr(k->server, "://"))
			return err_set(err, ERR_INPUT, "%s: server \"%s\" is no http:// or https:// URL", k->from, k->server);
		https = k->ca.data || k->cert.data || k->insecure; /* client-go's rule for a server without a scheme */
		k->server = arena_printf(a, "%s://%s", https ? "https" : "http", k->server);
	}
	size_t len = strlen(k->server);
	while (len && k->server[len - 1] == '/')
		len--;
	k->server = arena_strndup(a, k->server, len);
	for (const char *p = k->server; *p; p++)
		if ((unsigned char)*p <= ' ' || strchr("?#\"<>\\", *p))
			return err_set(err, ERR_INPUT, "%s: server \"%s\" is not a plain URL", k->from, k->server);
	if (k->insecure && k->ca.data)
		return err_set(err, ERR_INPUT, "%s: insecure-skip-tls-verify and a certificate-authority exclude each other", k->ca.from);
	if (!https) { /* as kubectl: nothing secret over a readable connection */
		k->token = k->token_file = k->username = k->password = NULL;
		k->exec = NULL;
	}
	return 0;
}

int kubeconfig_load(struct arena *a, const struct cluster_options *o, const char *service_account_dir, struct kubeconfig *ret, struct err *err)
{
	struct loader l = {.a = a};
	struct kubeconfig k = {0};
	const char *account = service_account_dir ? service_account_dir : SERVICE_ACCOUNT_DIR;
	int r = load_files(&l, o, err);
	if (r < 0)
		return r;
	bool empty = true;
	for (uint32_t i = 0; i < l.count; i++)
		empty = empty && !value_len(value_get(l.files[i].root, "clusters")) && !value_len(value_get(l.files[i].root, "contexts"));
	if (empty && !o->server && !o->context && service_account_there(a, account)) {
		r = in_cluster(a, account, &k, err);
	} else if (empty && !o->server) {
		return err_set(err, ERR_NOT_FOUND,
			       "no cluster to read: %s %s; give --kubeconfig FILE, set KUBECONFIG, or read a recording with --from FILE", l.looked,
			       l.count ? "names no cluster" : "does not exist");
	} else {
		k.from = l.names ? l.names : "options";
		r = choose_context(&l, o, &k, err);
		if (r == 0)
			r = choose_entries(&l, &k, err);
	}
	if (r < 0)
		return r;
	apply_options(a, o, &k);
	if ((k.as_groups || k.as_uid || k.as_extra) && !k.as)
		return err_set(err, ERR_USAGE, "%s: impersonated groups, uid or extra without a user to impersonate (as)", k.from);
	if (!k.ns)
		k.ns = "default";
	r = finish_server(a, &k, err);
	if (r == 0)
		*ret = k;
	return r;
}

int kubeconfig_check_text(struct arena *a, const char *name, const char *text, size_t len, struct err *err)
{
	struct loader l = {.a = a, .count = 1, .names = name, .looked = name};
	struct kubeconfig k = {0};
	l.files[0] = (struct config_file){.path = name};
	int r = parse_file(a, &l.files[0], text, len, err);
	for (size_t s = 0; s < 2 && r == 0; s++)
		for (value_each(item, value_get(l.files[0].root, sections[s].list))) {
			struct config_entry e;
			if (!find_entry(&l, s, value_get_str(item, "name"), &e))
				continue;
			k = (struct kubeconfig){0};
			r = s == 0 ? cluster_entry_read(&e, &k, err) : user_entry_read(&e, &k, err);
			if (r < 0)
				break;
		}
	return r;
}
