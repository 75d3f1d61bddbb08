#include "cluster/discovery.h"
#include "cluster/inventory_internal.h"
#include "cluster/live_internal.h"

#define ACCEPT_AGGREGATED                                                                                                                            \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"                                                                      \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

struct reader {
	struct api_client *client;
	struct ctx *ctx;
	struct arena *a;
	struct discovery *out;
	bool known_only; /* only groups of known_kinds.def */
};

static bool is_wanted(const struct reader *r, const char *group)
{
	for (size_t i = 0; r->known_only && i < known_kind_count; i++)
		if (str_eq(known_kinds[i].group, group))
			return true;
	return !r->known_only;
}

static void add_kind(struct reader *r, const char *group, const char *version, const char *name, const char *plural, bool namespaced)
{
	if (!*plural || !custom_kind_is_possible(group, version, name, plural))
		return; /* names become parts of URLs. Subresources ("pods/log") fall out here too */
	struct kind *k = arena_push(r->a, &r->out->kinds);
	*k = (struct kind){.id = KIND_CUSTOM,
			   .group = arena_strdup(r->a, group),
			   .version = arena_strdup(r->a, version),
			   .name = arena_strdup(r->a, name),
			   .plural = arena_strdup(r->a, plural),
			   .shorts = "",
			   .namespaced = namespaced};
}

static void add_failure(struct reader *r, const char *group, const char *why)
{
	struct discovery_failure *f = arena_push(r->a, &r->out->failed);
	*f = (struct discovery_failure){.group = arena_strdup(r->a, group), .why = arena_strdup(r->a, why)};
}

/* APIGroupDiscovery {metadata.name, versions: [{version, freshness, resources: [{resource, responseKind.kind, scope, verbs}]}]} */
static void read_aggregated_group(struct reader *r, const struct value *group)
{
	const char *name = value_get_str(value_get(group, "metadata"), "name");
	const struct value *preferred = value_item(value_get(group, "versions"), 0);
	if (!is_wanted(r, name))
		return;
	if (str_eq(value_get_str(preferred, "freshness"), "Stale"))
		add_failure(r, name, "its API service does not answer");
	for (value_each(resource, value_get(preferred, "resources")))
		if (value_list_has(value_get(resource, "verbs"), "list"))
			add_kind(r, name, value_get_str(preferred, "version"), value_get_str(value_get(resource, "responseKind"), "kind"),
				 value_get_str(resource, "resource"), str_eq(value_get_str(resource, "scope"), "Namespaced"));
}

/* APIResourceList {resources: [{name, kind, namespaced, verbs}]} of one group version: servers older than aggregated discovery. */
static int read_plain_group(struct reader *r, const char *group, const char *version, struct err *err)
{
	struct value_builder b;
	struct value list;
	value_builder_init(&b, r->a, NULL);
	const char *path = *group ? arena_printf(r->a, "/apis/%s/%s", group, version) : arena_printf(r->a, "/api/%s", version);
	int rc = api_get_json(r->client, r->ctx, path, NULL, DISCOVERY_MAX, &b, &list, err);
	if (rc < 0)
		return rc;
	for (value_each(resource, value_get(&list, "resources")))
		if (value_list_has(value_get(resource, "verbs"), "list"))
			add_kind(r, group, version, value_get_str(resource, "kind"), value_get_str(resource, "name"),
				 value_get_bool(resource, "namespaced", false));
	return 0;
}

static int read_plain_groups(struct reader *r, const struct value *groups, struct err *err)
{
	for (value_each(group, value_get(groups, "groups"))) {
		const char *name = value_get_str(group, "name"), *version = value_get_str(value_get(group, "preferredVersion"), "version");
		struct err failure = {0};
		if (!kind_name_is_possible(name) || !kind_name_is_possible(version) || !is_wanted(r, name))
			continue;
		int rc = read_plain_group(r, name, version, &failure);
		if (rc == ERR_CANCELLED || rc == ERR_UNAUTHENTICATED) {
			if (err)
				*err = failure;
			return rc;
		}
		if (rc < 0)
			add_failure(r, name, failure.message);
	}
	return 0;
}

static int read_root(struct reader *r, const char *path, struct err *err)
{
	struct value_builder b;
	struct value root;
	value_builder_init(&b, r->a, NULL);
	int rc = api_get_json(r->client, r->ctx, path, ACCEPT_AGGREGATED, DISCOVERY_MAX, &b, &root, err);
	if (rc < 0)
		return err_wrap(err, "discovery");
	const char *kind = value_get_str(&root, "kind");
	if (str_eq(kind, "APIGroupDiscoveryList")) {
		for (value_each(group, value_get(&root, "items")))
			read_aggregated_group(r, group);
		return 0;
	}
	if (str_eq(kind, "APIGroupList"))
		return read_plain_groups(r, &root, err);
	if (str_eq(kind, "APIVersions"))
		return read_plain_group(r, "", "v1", err);
	return err_set(err, ERR_INPUT, "discovery: %s answered with kind \"%.60s\", which is no API discovery", path, kind);
}

int discovery_read(struct api_client *c, struct ctx *ctx, struct arena *a, struct discovery *ret, struct err *err)
{
	struct discovery found = {0};
	struct reader r = {.client = c, .ctx = ctx, .a = a, .out = &found};
	int rc;
	if ((rc = read_root(&r, "/api", err)) < 0 || (rc = read_root(&r, "/apis", err)) < 0)
		return rc;
	*ret = found;
	return 0;
}

int discovery_read_known(struct api_client *c, struct ctx *ctx, struct arena *a, struct discovery *ret, struct err *err)
{
	struct discovery found = {0};
	struct reader r = {.client = c, .ctx = ctx, .a = a, .out = &found, .known_only = true};
	int rc = read_root(&r, "/apis", err);
	if (rc == 0)
		*ret = found;
	return rc;
}

/* Read otherwise (typed, metrics), the same objects under a second name, or (component statuses) answered by asking etcd each time. */
static bool read_elsewhere(const struct kind *k)
{
	static const char *const names[][2] = {
		{"", "Endpoints"},
		{"", "ComponentStatus"},
		{"events.k8s.io", "Event"},
		{"metrics.k8s.io", "PodMetrics"},
		{"metrics.k8s.io", "NodeMetrics"},
	};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(k->group, names[i][0]) && str_eq(k->name, names[i][1]))
			return true;
	for (size_t i = 0; i < KIND_CUSTOM; i++)
		if (str_eq(k->group, kind_table[i].group) && str_eq(k->name, kind_table[i].name))
			return true;
	return false;
}

int discovery_add_custom(struct live_reading *reading, struct ctx *ctx, struct arena *a, struct job_list *jobs, struct err *err)
{
	struct discovery found;
	struct err failure = {0};
	int r = discovery_read(reading->client, ctx, a, &found, &failure);
	if (r == ERR_CANCELLED || r == ERR_UNAUTHENTICATED) {
		if (err)
			*err = failure;
		return r;
	}
	if (r < 0) { /* the typed kinds do not need it */
		inventory_add_note(reading->inv, "custom kinds", failure.message, KIND_COUNT, "");
		return 0;
	}
	for (uint32_t i = 0; i < found.failed.len; i++)
		inventory_add_note(reading->inv, arena_printf(a, "kinds of %s", found.failed.items[i].group), found.failed.items[i].why, KIND_COUNT,
				   "");
	for (uint32_t i = 0; i < found.kinds.len; i++) {
		const struct known_kind *known = known_kind_find(found.kinds.items[i].group, found.kinds.items[i].name);
		if (read_elsewhere(&found.kinds.items[i]))
			continue;
		found.kinds.items[i].message = known ? known->message : NULL;
		struct list_job *job = arena_push(a, jobs);
		*job = (struct list_job){.reading = reading, .kind = &found.kinds.items[i]};
	}
	return 0;
}
