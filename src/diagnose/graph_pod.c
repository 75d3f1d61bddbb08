/* Edges of pods and pod templates: what they mount, read into their environment, run as, and call by name. */
#include "diagnose/graph_internal.h"

#include <ctype.h>

struct pod_walk {
	struct graph *g;
	const struct object *o;
	struct edge_list *list;
};

static void file_edges(struct pod_walk *w, const struct object *map, const char *key);

static int add_ref(void *arg, const struct pod_ref *ref)
{
	struct pod_walk *w = arg;
	struct edge *e = graph_add(w->g, w->list, REL_USES, ref->kind, w->o->ns, ref->name, ref->path);

	e->optional = ref->optional;
	e->key = ref->key;
	if (ref->kind == KIND_CONFIG_MAP && (ref->use == REF_VOLUME || ref->use == REF_PROJECTED) && e->to.object)
		file_edges(w, e->to.object, ref->key);
	return 0;
}

/* Variables whose whole value may be a bare Service name. Anything else must look like host:port or a URL to count. */
static bool names_a_host(const char *variable)
{
	static const char *const hints[] = {"HOST",   "ADDR", "URL",    "URI", "ENDPOINT", "SERVICE", "SERVER", "UPSTREAM", "BACKEND",
					    "TARGET", "DSN",  "BROKER", "_DB", "DATABASE", "CACHE",   "REDIS",  "API"};

	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (strcasestr(variable, hints[i]))
			return true;
	return false;
}

static bool host_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '.';
}

static void calls(struct pod_walk *w, const struct object_name *to, int port, const char *via)
{
	struct edge *e;

	if (to->kind != KIND_SERVICE)
		return;
	for (uint32_t i = 0; i < w->list->len; i++)
		if (w->list->items[i].relation == REL_CALLS && name_equal(&w->list->items[i].to, to))
			return;
	e = arena_push(w->g->arena, w->list);
	*e = (struct edge){.relation = REL_CALLS, .to = *to, .via = via, .port = port};
}

/* Finds hosts in text: "http://api.shop/x", "orders-db:5432", "a:1,b:2", or (whole) just "orders-db". */
static void hosts_in(struct pod_walk *w, const char *text, bool whole, const char *via)
{
	size_t len = strlen(text);
	bool has_url = strstr(text, "://") != NULL; /* once: a file may be a megabyte of addresses with an "@" */

	for (const char *p = text; *p;) {
		const char *start = p;
		struct object_name to;
		int port = 0;
		bool url, ported;

		while (host_char(*p))
			p++;
		if (p == start) {
			p++;
			continue;
		}
		url = start - text >= 3 && strncmp(start - 3, "://", 3) == 0;
		url = url || (start > text && start[-1] == '@' && has_url);
		ported = *p == ':' && isdigit((unsigned char)p[1]);
		if (!url && !ported && !(whole && (size_t)(p - start) == len) && !memmem(start, (size_t)(p - start), ".svc", 4))
			continue;
		if (graph_resolve(w->g, w->o->ns, start, (size_t)(p - start) + (ported ? strspn(p + 1, "0123456789") + 1 : 0), &to, &port))
			calls(w, &to, port, via);
	}
}

static const struct value *config_data(struct pod_walk *w, const struct value *ref)
{
	const struct object *map = ref ? inventory_find(w->g->inv, KIND_CONFIG_MAP, w->o->ns, value_get_str(ref, "name")) : NULL;

	return map ? value_get(&map->root, "data") : NULL;
}

/* Files that are mounted: only what looks like an address counts. key NULL = all of them. */
static void file_edges(struct pod_walk *w, const struct object *map, const char *key)
{
	for (member_each(m, value_get(&map->root, "data")))
		if (!key || str_eq(m->key, key))
			hosts_in(w, value_str(&m->v, ""), false, arena_printf(w->g->arena, "key %s of ConfigMap %s", m->key, map->name));
}

static void env_edges(struct pod_walk *w, const struct value *c)
{
	const char *container = value_get_str(c, "name");

	for (value_each(env, value_get(c, "env"))) {
		const char *name = value_get_str(env, "name");
		const struct value *ref = value_get(value_get(env, "valueFrom"), "configMapKeyRef");
		const char *text = ref ? value_get_str(config_data(w, ref), value_get_str(ref, "key")) : value_get_str(env, "value");

		hosts_in(w, text, names_a_host(name), arena_printf(w->g->arena, "env %s of container %s", name, container));
	}
	for (value_each(from, value_get(c, "envFrom"))) {
		const struct value *ref = value_get(from, "configMapRef");

		for (member_each(m, config_data(w, ref)))
			hosts_in(w, value_str(&m->v, ""), names_a_host(m->key),
				 arena_printf(w->g->arena, "key %s of ConfigMap %s", m->key, value_get_str(ref, "name")));
	}
}

static void container_edges(struct pod_walk *w, const struct value *containers)
{
	for (value_each(c, containers)) {
		const char *via = arena_printf(w->g->arena, "arguments of container %s", value_get_str(c, "name"));

		env_edges(w, c);
		for (value_each(arg, value_get(c, "command")))
			hosts_in(w, value_str(arg, ""), false, via);
		for (value_each(arg, value_get(c, "args")))
			hosts_in(w, value_str(arg, ""), false, via);
	}
}

void graph_pod_edges(struct graph *g, const struct object *o, struct edge_list *list)
{
	struct pod_walk w = {.g = g, .o = o, .list = list};
	const char *path;
	const struct value *spec = pod_spec_of(o, &path);

	pod_refs_each(spec, path, g->arena, add_ref, &w);
	container_edges(&w, value_get(spec, "initContainers"));
	container_edges(&w, value_get(spec, "containers"));
	if (value_get_str(spec, "priorityClassName")[0])
		graph_add(g, list, REL_USES, KIND_PRIORITY_CLASS, "", value_get_str(spec, "priorityClassName"), "spec.priorityClassName");
	if (o->kind->id == KIND_POD && value_get_str(spec, "nodeName")[0])
		graph_add(g, list, REL_RUNS_ON, KIND_NODE, "", value_get_str(spec, "nodeName"), "spec.nodeName");
	if (o->kind->id == KIND_STATEFUL_SET && value_get_str(o->spec, "serviceName")[0])
		graph_add(g, list, REL_USES, KIND_SERVICE, o->ns, value_get_str(o->spec, "serviceName"), "spec.serviceName");
}

/* ---- Names and addresses ---------------------------------------------------------------------------------------------------- */

static int compare_address(const void *a, const void *b)
{
	const struct address *x = a, *y = b;

	return strcmp(x->ip, y->ip);
}

static void load_addresses(struct graph *g)
{
	const struct object_list *services = inventory_list(g->inv, KIND_SERVICE), *pods = inventory_list(g->inv, KIND_POD);

	g->addresses = arena_new_array(g->arena, struct address, services->len + pods->len + 1);
	for (uint32_t i = 0; i < services->len; i++) {
		const char *ip = value_get_str(services->items[i]->spec, "clusterIP");

		if (ip[0] && !str_eq(ip, "None"))
			g->addresses[g->address_count++] = (struct address){ip, services->items[i]};
	}
	for (uint32_t i = 0; i < pods->len; i++) {
		const char *ip = value_get_str(pods->items[i]->status, "podIP");

		/* Pods on the host's network share the node's address: it names none of them. */
		if (ip[0] && !value_get_bool(pods->items[i]->spec, "hostNetwork", false))
			g->addresses[g->address_count++] = (struct address){ip, pods->items[i]};
	}
	qsort(g->addresses, g->address_count, sizeof(*g->addresses), compare_address);
}

static const struct object *find_address(struct graph *g, const char *ip)
{
	const struct address key = {.ip = ip};
	const struct address *found;

	if (!g->addresses)
		load_addresses(g);
	found = bsearch(&key, g->addresses, g->address_count, sizeof(key), compare_address);
	return found ? found->object : NULL;
}

static bool is_ipv4(const char *s)
{
	return strspn(s, "0123456789.") == strlen(s) && strchr(s, '.');
}

bool graph_resolve(struct graph *g, const char *ns, const char *host, size_t len, struct object_name *ret, int *ret_port)
{
	char name[254], *dot, *rest = NULL, *colon;
	const struct object *o;
	int port = 0;

	if (!len || len >= sizeof(name))
		return false;
	for (size_t i = 0; i <= len; i++)
		name[i] = i < len ? (char)tolower((unsigned char)host[i]) : '\0';
	colon = strchr(name, ':');
	if (colon) {
		long number = strtol(colon + 1, NULL, 10);

		port = number > 0 && number <= UINT16_MAX ? (int)number : 0;
		*colon = '\0';
	}
	len = strlen(name);
	if (len && name[len - 1] == '.')
		name[--len] = '\0';
	if (!len)
		return false;
	if (is_ipv4(name)) {
		o = find_address(g, name);
		if (!o)
			return false;
		*ret = name_of_object(o);
		*ret_port = port;
		return true;
	}
	dot = strchr(name, '.');
	if (dot) {
		*dot = '\0';
		rest = strchr(dot + 1, '.');
		if (rest)
			*rest++ = '\0';
		if (rest && strncmp(rest, "svc", 3) != 0)
			return false;
		ns = dot + 1;
	}
	o = inventory_find(g->inv, KIND_SERVICE, ns, name);
	if (!o && !rest)
		return false;
	*ret = o ? name_of_object(o) : name_of(g->inv, KIND_SERVICE, arena_strdup(g->arena, ns), arena_strdup(g->arena, name));
	*ret_port = port;
	return true;
}
