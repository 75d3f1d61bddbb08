/* Changes that came through Helm and Argo CD: releases (the Secrets that Helm keeps, by their labels alone) and syncs. */
#include "diagnose/changes_internal.h"

#define RECORD "sh.helm.release.v1." /* what the names of Helm's records begin with */
#define SYNCS_TOLD 10                /* of one Application's history, the newest */

static const char *release_status_text(const char *status)
{
	if (str_eq(status, "superseded"))
		return "was deployed, and replaced since";
	if (str_eq(status, "failed"))
		return "failed";
	if (strncmp(status, "pending", 7) == 0)
		return "was begun and is not finished";
	if (strncmp(status, "uninstall", 9) == 0)
		return "is being uninstalled";
	return "was deployed";
}

/* A Secret or ConfigMap that Helm keeps about one revision of a release: name NAME = that release's, NULL = any. */
static void add_release(struct arena *a, const struct object *record, const char *release, const struct object *about, struct change_list *list)
{
	const char *name = value_get_str(record->labels, "name"), *version = value_get_str(record->labels, "version");

	if (!str_eq(value_get_str(record->labels, "owner"), "helm") || !name[0] || (release && !str_eq(name, release)))
		return;
	change_add(a, list, CHANGE_RELEASE, about ? about : record, "Helm release",
		   arena_printf(a, "Helm release %s: revision %s %s", name, version, release_status_text(value_get_str(record->labels, "status"))),
		   record->created)
		->by = "helm";
}

static void releases_in(const struct inventory *inv, struct arena *a, const char *ns, const char *release, const struct object *about,
			struct change_list *list)
{
	static const enum kind_id kinds[] = {KIND_SECRET, KIND_CONFIG_MAP};

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *all = inventory_list(inv, kinds[k]);
		/* Ordered by namespace, then name: of one release only its own records are looked at. */
		uint32_t i = ns ? object_list_from(all, ns, release ? arena_printf(a, RECORD "%s.", release) : RECORD) : 0;

		for (; i < all->len; i++) {
			bool is_record = strncmp(all->items[i]->name, RECORD, strlen(RECORD)) == 0;

			if (ns && (!is_record || !str_eq(all->items[i]->ns, ns)))
				break;
			if (is_record)
				add_release(a, all->items[i], release, about, list);
		}
	}
}

/* ---- Argo CD ---------------------------------------------------------------------------------------------------------------- */

static bool is_application(const struct object *o)
{
	return str_eq(o->kind->name, "Application") && str_eq(o->kind->group, "argoproj.io");
}

static const char *short_revision(struct arena *a, const char *revision)
{
	bool hash = strlen(revision) == 40 && strspn(revision, "0123456789abcdef") == 40;

	return hash ? arena_strndup(a, revision, 8) : revision;
}

static void add_syncs(struct arena *a, const struct object *app, const struct object *about, struct change_list *list)
{
	const struct value *history = value_get(app->status, "history"), *operation = value_get(app->status, "operationState");
	size_t n = value_len(history);

	for (size_t i = n > SYNCS_TOLD ? n - SYNCS_TOLD : 0; i < n; i++) {
		const struct value *sync = value_item(history, i);
		const char *to = value_get_str(sync, "revision"), *from = i ? value_get_str(value_item(history, i - 1), "revision") : "";
		struct change *c = change_add(
			a, list, CHANGE_RELEASE, about ? about : app, "Argo CD sync",
			arena_printf(a, "Argo CD synced Application %s%s%s", app->name, to[0] ? " to revision " : "", short_revision(a, to)),
			value_get_time(sync, "deployedAt"));

		c->from = arena_strdup(a, from);
		c->to = arena_strdup(a, to);
		c->by = "argocd";
	}
	if (str_eq(value_get_str(operation, "phase"), "Failed") || str_eq(value_get_str(operation, "phase"), "Error"))
		change_add(a, list, CHANGE_RELEASE, about ? about : app, "Argo CD sync",
			   arena_printf(a, "Argo CD could not sync Application %s: %s", app->name, value_get_str(operation, "message")),
			   value_get_time(operation, "finishedAt"))
			->by = "argocd";
}

static bool application_lists(const struct object *app, const struct object *o)
{
	for (value_each(r, value_get(app->status, "resources")))
		if (str_eq(value_get_str(r, "name"), o->name) && str_eq(value_get_str(r, "kind"), o->kind->name) &&
		    str_eq(value_get_str(r, "namespace"), o->ns))
			return true;
	return false;
}

/* Is o tracked as part of this Application: by annotation, by label, or by the Application's own list? */
static bool is_part_of(const struct object *o, const struct object *app)
{
	const char *id = value_get_str(o->annotations, "argocd.argoproj.io/tracking-id");
	size_t n = strlen(app->name);

	if (id[0])
		return strncmp(id, app->name, n) == 0 && id[n] == ':';
	return str_eq(value_get_str(o->labels, "argocd.argoproj.io/instance"), app->name) || application_lists(app, o);
}

void changes_of_releases(const struct inventory *inv, struct arena *a, const struct object *o, struct change_list *list)
{
	const char *release = value_get_str(o->annotations, "meta.helm.sh/release-name");
	const char *ns = value_get_str(o->annotations, "meta.helm.sh/release-namespace");
	const struct object_list *custom = inventory_list(inv, KIND_CUSTOM);

	if (release[0])
		releases_in(inv, a, ns[0] ? ns : o->ns, release, o, list);
	for (uint32_t i = 0; i < custom->len; i++)
		if (is_application(custom->items[i]) && is_part_of(o, custom->items[i]))
			add_syncs(a, custom->items[i], o, list);
}

void changes_of_all_releases(const struct inventory *inv, struct arena *a, const char *ns, struct change_list *list)
{
	const struct object_list *custom = inventory_list(inv, KIND_CUSTOM);

	releases_in(inv, a, ns, NULL, NULL, list);
	for (uint32_t i = 0; i < custom->len; i++)
		if (is_application(custom->items[i]) &&
		    (!ns || str_eq(custom->items[i]->ns, ns) || str_eq(object_str(custom->items[i], "spec.destination.namespace"), ns)))
			add_syncs(a, custom->items[i], NULL, list);
}
