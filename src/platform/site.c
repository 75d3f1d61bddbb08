/* The site: the embedded defaults with the team's own values over them, checked before anything is made of them. */
#include "platform/generation.h"
#include "base/ip.h"
#include "base/near.h"
#include "format/yaml.h"

#define NAME_MAX_LEN 40
#define TEXT_MAX_LEN 512

struct merging {
	struct generation *g;
	struct err *err;
};

static const char *type_text(const struct value *v)
{
	switch ((enum value_type)v->type) {
	case VALUE_MAP:
		return "a map";
	case VALUE_LIST:
		return "a list";
	case VALUE_INT:
	case VALUE_DOUBLE:
		return "a number";
	case VALUE_BOOL:
		return "true or false";
	case VALUE_STRING:
	case VALUE_TIME:
	case VALUE_NULL:
		return "a text";
	}
	return "a text";
}

static int refuse(const struct merging *m, const char *path, const char *what)
{
	const struct generate_options *o = m->g->options;

	return err_set(m->err, ERR_INPUT, "%s:%u: %s %s", o->site_name, yaml_line_of(o->site_text, o->site_len, path), path, what);
}

static int unknown(const struct merging *m, const struct value *defaults, const char *key, const char *path)
{
	struct near near;

	near_init(&near, key);
	for (member_each(d, defaults))
		near_try(&near, d->key);
	return refuse(m, path,
		      near.best ? arena_printf(m->g->b.arena, "is no setting of a site; did you mean %s?", near.best)
				: "is no setting of a site (data/platform/site.yaml has them all)");
}

/* Texts of a site become parts of manifests, whole: one line, printable. */
static int check_text(const struct merging *m, const struct value *v, const char *path)
{
	if (v->type != VALUE_STRING)
		return 0;
	if (v->len == 0 || v->len > TEXT_MAX_LEN)
		return refuse(m, path, "has to be a text of 1 to 512 bytes");
	for (uint32_t i = 0; i < v->len; i++)
		if ((unsigned char)v->s[i] < 0x20 || (unsigned char)v->s[i] >= 0x7f)
			return refuse(m, path, "holds a character that is not printable ASCII");
	return 0;
}

static int merge(const struct merging *m, const struct value *defaults, const struct value *own, const char *path, struct value *ret)
{
	struct value merged;

	if (own->type != defaults->type)
		return refuse(m, path, arena_printf(m->g->b.arena, "has to be %s, not %s", type_text(defaults), type_text(own)));
	*ret = *own;
	/* The spec of an infrastructure provider is its own. */
	if (own->type != VALUE_MAP || str_ends(path, ".spec"))
		return check_text(m, own, path);
	merged = value_copy(&m->g->b, defaults);
	for (member_each(o, own)) {
		const struct value *d = value_get(defaults, o->key);
		const char *inner = *path ? arena_printf(m->g->b.arena, "%s.%s", path, o->key) : o->key;
		struct value v;
		int r;

		if (!d)
			return unknown(m, defaults, o->key, inner);
		if ((r = merge(m, d, &o->v, inner, &v)) < 0)
			return r;
		value_map_set(&m->g->b, &merged, o->key, v);
	}
	*ret = merged;
	return 0;
}

static bool is_label(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n == 0 || n > max || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-'))
			return false;
	return true;
}

static bool is_domain(const char *s)
{
	char part[64];

	if (strlen(s) > 200)
		return false;
	for (;;) {
		size_t n = strcspn(s, ".");

		if (n >= sizeof(part))
			return false;
		snprintf(part, sizeof(part), "%.*s", (int)n, s);
		if (!is_label(part, sizeof(part) - 1))
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

/* "a-b", or a block. */
static bool is_addresses(const char *s)
{
	const char *dash = strchr(s, '-'), *slash = strchr(s, '/');
	unsigned char bytes[16];
	char first[64];

	if (dash)
		return ip_parse(s, (size_t)(dash - s), bytes) && ip_parse(dash + 1, strlen(dash + 1), bytes);
	if (!slash || (size_t)(slash - s) >= sizeof(first))
		return false;
	snprintf(first, sizeof(first), "%.*s", (int)(slash - s), s);
	return ip_in_block(first, s);
}

static int check_tenants(struct generation *g, struct err *err)
{
	const struct value *names = value_at(&g->site, "tenants.names");
	struct hash seen;
	int r = 0;

	if (value_len(names) > GENERATE_MAX_TENANTS)
		return err_set(err, ERR_LIMIT, "more than %d tenants", GENERATE_MAX_TENANTS);
	hash_init(&seen);
	for (value_each(name, names)) {
		const char *s = value_str(name, "");

		if (!is_label(s, NAME_MAX_LEN)) {
			r = err_set(err, ERR_INPUT, "tenants.names: \"%.60s\" is no name of a tenant: up to %d of a-z, 0-9 and -", s, NAME_MAX_LEN);
			break;
		}
		if (hash_put(&seen, s, strlen(s), (void *)s)) {
			r = err_set(err, ERR_INPUT, "tenants.names: %s is there twice", s);
			break;
		}
	}
	hash_release(&seen);
	return r;
}

static int check(struct generation *g, struct err *err)
{
	static const struct {
		const char *path;
		int max;
	} numbers[] = {{"tenants.per_datastore", 10000}, {"tenants.control_plane_replicas", 9}, {"host.cpu", 4096}, {"host.memory_gib", 1 << 20}};
	const struct value *site = &g->site;

	if (!is_label(value_get_str(site, "name"), 20))
		return err_set(err, ERR_INPUT, "name: \"%.60s\" has to be up to 20 of a-z, 0-9 and -", value_get_str(site, "name"));
	if (!is_domain(value_get_str(site, "domain")))
		return err_set(err, ERR_INPUT, "domain: \"%.60s\" is no domain", value_get_str(site, "domain"));
	for (size_t i = 0; i < 2; i++) {
		const char *path = i ? "load_balancer.tenants" : "load_balancer.addresses", *s = value_str(value_at(site, path), "");

		if (!is_addresses(s))
			return err_set(err, ERR_INPUT, "%s: \"%.60s\" is no range like 10.0.0.10-10.0.0.20 and no block like 10.0.0.0/24", path, s);
	}
	if (!str_eq(value_str(value_at(site, "tenants.made_by"), ""), "control-plane") &&
	    !str_eq(value_str(value_at(site, "tenants.made_by"), ""), "cluster-api"))
		return err_set(err, ERR_INPUT, "tenants.made_by has to be control-plane or cluster-api");
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		int64_t n = value_int(value_at(site, numbers[i].path), -1);

		if (n < 1 || n > numbers[i].max)
			return err_set(err, ERR_INPUT, "%s has to be a whole number from 1 to %d", numbers[i].path, numbers[i].max);
	}
	return check_tenants(g, err);
}

/* What the command line says goes before the file. */
static void override(struct generation *g)
{
	const struct generate_options *o = g->options;
	struct value host = *value_get(&g->site, "host"), tenants = *value_get(&g->site, "tenants"), names = {.type = VALUE_LIST};

	if (o->host_cpu)
		value_map_set(&g->b, &host, "cpu", value_of_int(o->host_cpu));
	if (o->host_memory_gib)
		value_map_set(&g->b, &host, "memory_gib", value_of_int(o->host_memory_gib));
	value_map_set(&g->b, &g->site, "host", host);
	for (int i = 0; i < o->tenants; i++)
		list_add(g, &names, text_of(g, "tenant-%03d", i + 1));
	if (o->tenants)
		value_map_set(&g->b, &tenants, "names", names);
	value_map_set(&g->b, &g->site, "tenants", tenants);
}

int site_read(struct generation *g, struct err *err)
{
	const struct generate_options *o = g->options;
	const struct merging m = {g, err};
	struct value defaults, own;
	int r = embedded_value(&g->b, "site", &defaults, err);

	if (r < 0)
		return r;
	g->site = defaults;
	if (o->site_text) {
		r = yaml_parse(&g->b, o->site_name, o->site_text, o->site_len, &own, err);
		if (r == 0 && own.type != VALUE_NULL)
			r = merge(&m, &defaults, &own, "", &g->site);
		if (r < 0)
			return r;
	}
	override(g);
	return check(g, err);
}
