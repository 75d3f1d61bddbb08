/* Objects that somebody writes with a version of an API that Kubernetes deprecates or removes: after the upgrade the same manifest is refused. */
#include "checks/check.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static const struct deprecation {
	const char *group, *version, *kind;
	int deprecated, removed; /* in 1.N; removed 0 = not planned */
	const char *instead;
} table[] = {
#define DEPRECATED(group, version, kind, deprecated, removed, instead) {group, version, kind, deprecated, removed, instead},
#include "checks/deprecated.def"
#undef DEPRECATED
};

/* A version that somebody uses for an object. */
struct use {
	const struct deprecation *d;
	const char *api_version, *by; /* by "": it is what was read */
	const char *path, *text;      /* where that is seen */
};

static const struct deprecation *find(const char *api_version, const char *kind)
{
	const char *slash = strchr(api_version, '/'), *version = slash ? slash + 1 : api_version;
	size_t group = slash ? (size_t)(slash - api_version) : 0;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strlen(table[i].group) == group && strncmp(table[i].group, api_version, group) == 0 && str_eq(table[i].version, version) &&
		    str_eq(table[i].kind, kind))
			return &table[i];
	return NULL;
}

/* They are upgraded with the cluster. */
static bool is_part_of_kubernetes(const char *manager)
{
	static const char *const names[] = {"kube-", "kubelet", "kubeadm", "cloud-controller-manager", "api-priority-and-fairness"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(manager, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* kubectl keeps what it applied, apiVersion first; only that is read, and only of prerelease versions (format/schema.h). */
static bool use_applied(struct check_run *run, const struct object *o, struct use *ret)
{
	static const char before[] = "{\"apiVersion\":\"";
	const char *text = value_get_str(o->annotations, LAST_APPLIED);
	if (strncmp(text, before, sizeof(before) - 1) != 0)
		return false;
	text += sizeof(before) - 1;
	*ret = (struct use){.api_version = arena_strndup(run->arena, text, strcspn(text, "\"")),
			    .by = "kubectl apply",
			    .path = "metadata.annotations['" LAST_APPLIED "']"};
	ret->text = arena_printf(run->arena, "{\"apiVersion\":\"%s\"...", ret->api_version);
	ret->d = find(ret->api_version, o->kind->name);
	return true;
}

/* A manager has an entry for each version that it has ever written with: only its newest one says what it does now. */
static bool is_newest_of_manager(const struct value *entries, const struct value *entry)
{
	usec_t when = value_get_time(entry, "time");
	for (value_each(e, entries))
		if (e != entry && str_eq(value_get_str(e, "manager"), value_get_str(entry, "manager")) && value_get_time(e, "time") > when)
			return false;
	return true;
}

static bool use_managed(struct check_run *run, const struct object *o, bool has_applied, struct use *ret)
{
	const struct value *entries = value_get(o->metadata, "managedFields");
	uint32_t i = 0;
	for (value_each(e, entries)) {
		const char *manager = value_get_str(e, "manager"), *version = value_get_str(e, "apiVersion");
		uint32_t index = i++;
		if (!*version || is_part_of_kubernetes(manager) || *value_get_str(e, "subresource") ||
		    (has_applied && strncmp(manager, "kubectl", 7) == 0))
			continue;
		const struct deprecation *d = find(version, o->kind->name);
		if (!d || !is_newest_of_manager(entries, e))
			continue;
		*ret = (struct use){.d = d,
				    .api_version = version,
				    .by = manager,
				    .path = arena_printf(run->arena, "metadata.managedFields[%u].apiVersion", index),
				    .text = version};
		return true;
	}
	return false;
}

/* What the server itself prefers, when it has nothing newer: no one needs to have written with it. */
static bool use_served(const struct object *o, struct use *ret)
{
	const struct deprecation *d = NULL;
	for (size_t i = 0; i < ARRAY_LEN(table) && !d; i++)
		if (o->kind->id == KIND_CUSTOM && str_eq(table[i].kind, o->kind->name) && str_eq(table[i].group, o->kind->group) &&
		    str_eq(table[i].version, o->kind->version))
			d = &table[i];
	*ret = (struct use){.d = d, .by = "", .path = "apiVersion", .text = value_get_str(&o->root, "apiVersion")};
	ret->api_version = ret->text;
	for (value_each(e, value_get(o->metadata, "managedFields")))
		if (!is_part_of_kubernetes(value_get_str(e, "manager")))
			return d && *ret->text;
	return d && *ret->text && value_len(value_get(o->metadata, "managedFields")) == 0;
}

static bool find_use(struct check_run *run, const struct object *o, struct use *ret)
{
	bool applied;
	if (o->deleted || o->owner || value_len(value_get(o->metadata, "ownerReferences")))
		return false;
	applied = use_applied(run, o, ret);
	if (applied && ret->d)
		return true;
	return use_managed(run, o, applied, ret) || use_served(o, ret);
}

/* Does the coming upgrade remove it? What this server has removed already nobody can be using. */
static bool goes_away(const struct check_run *run, const struct deprecation *d)
{
	return d->removed && d->removed <= run_target_minor(run) && d->removed > run_server_minor(run);
}

static void add(struct check_run *run, const struct object *o, const struct use *u, const char *text)
{
	const char *by = *u->by ? arena_printf(run->arena, "is written by %s as %s", u->by, u->api_version)
				: arena_printf(run->arena, "is %s", u->api_version);
	struct finding *f = finding_new(run, o, "%s %s, which %s", run_text(run, o), by, text);
	finding_field_text(run, f, o, u->path, u->text);
	/* However many objects there are of it: one thing to do. */
	finding_subject_text(run, f, "API", arena_printf(run->arena, "%s %s", u->api_version, u->d->kind));
	if (*u->d->instead)
		finding_fix(run, f,
			    "Change apiVersion to %s in the manifest or chart from which it comes (its fields may differ), and apply it again.",
			    u->d->instead);
}

static void run_removed(struct check_run *run, const struct object *o)
{
	struct use u;
	if (find_use(run, o, &u) && goes_away(run, u.d))
		add(run, o, &u, arena_printf(run->arena, "Kubernetes 1.%d does not serve any more", u.d->removed));
}

static void run_deprecated(struct check_run *run, const struct object *o)
{
	int server = run_server_minor(run), target = run_target_minor(run);
	struct use u;
	if (!find_use(run, o, &u) || goes_away(run, u.d) || (target && u.d->deprecated > target))
		return;
	if (u.d->removed && server && u.d->removed <= server)
		add(run, o, &u,
		    arena_printf(run->arena, "Kubernetes 1.%d has removed: the manifest from which it came cannot be applied any more",
				 u.d->removed));
	else if (u.d->removed)
		add(run, o, &u, arena_printf(run->arena, "is deprecated since Kubernetes 1.%d and removed in 1.%d", u.d->deprecated, u.d->removed));
	else
		add(run, o, &u, arena_printf(run->arena, "is deprecated since Kubernetes 1.%d", u.d->deprecated));
}

/* Pods, events, nodes, leases and slices come from Kubernetes itself, and there are many. */
#define WRITTEN_BY_PEOPLE                                                                                                                            \
	.kind = KIND_CUSTOM,                                                                                                                         \
	.also = KIND_BIT(KIND_CUSTOM) - 1 -                                                                                                          \
		(KIND_BIT(KIND_POD) | KIND_BIT(KIND_EVENT) | KIND_BIT(KIND_NODE) | KIND_BIT(KIND_LEASE) | KIND_BIT(KIND_ENDPOINT_SLICE))

const struct check check_object_api_removed = {
	.id = "object/api-removed",
	WRITTEN_BY_PEOPLE,
	.severity = SEVERITY_WARNING,
	.title = "The next Kubernetes version refuses it",
	.explain =
		"Somebody writes the object with a version of its API that the target version of Kubernetes (--target-version; else the one after the server's) no longer "
		"serves. The object itself stays, but its manifest, chart or program is refused after the upgrade.\n\n"
		"Seen in what kubectl applied last and in metadata.managedFields, newest entry of each manager; Kubernetes' own managers are not looked "
		"at. When versions are deprecated and removed is in src/checks/deprecated.def, from the Go module k8s.io/api and the deprecation guide.",
	.fix = "Change the apiVersion in the manifest or chart from which it comes, and apply it again before the upgrade.",
	.peers = "Popeye 403",
	.run = run_removed,
};

const struct check check_object_api_deprecated = {
	.id = "object/api-deprecated",
	WRITTEN_BY_PEOPLE,
	.severity = SEVERITY_INFO,
	.advice = true,
	.title = "Written with a deprecated API",
	.explain =
		"Somebody writes the object with a version of its API that is deprecated, or wrote it with one that this server has removed, so that its manifest could "
		"not be applied again. As object/api-removed, for what the coming upgrade does not remove.",
	.fix = "Change the apiVersion in the manifest or chart from which it comes.",
	.peers = "Popeye 403",
	.run = run_deprecated,
};
