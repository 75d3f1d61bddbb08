/* The records that only our own snapshots have. Objects and events in them are ordinary Kubernetes objects and are read as such.
 * Format: docs/snapshot-format.md. */
#include "cluster/inventory_internal.h"
#include "cluster/recording.h"

static int read_header(struct recording *r, const struct value *v, struct err *err)
{
	struct snapshot_state *s = &r->snapshot;
	int64_t version = value_get_int(v, "version", 0);

	if (r->objects || s->is_snapshot)
		return err_set(err, ERR_INPUT, "a snapshot begins in the middle of other data");
	if (version < 1)
		return err_set(err, ERR_INPUT, "a snapshot without a format version");
	if (version > SNAPSHOT_VERSION)
		return err_set(err, ERR_INPUT,
			       "the snapshot was written by auto-devops %s in format %lld; this program reads formats up to %d: use a newer one",
			       value_get_str(v, "program"), (long long)version, SNAPSHOT_VERSION);
	s->is_snapshot = true;
	s->cluster = mem_strdup(value_get_str(v, "cluster"));
	s->ns = mem_strdup(value_get_str(v, "namespace"));
	inventory_set_server_version(r->inv, value_get_str(v, "serverVersion"));
	inventory_set_now(r->inv, value_get_time(v, "time"));
	return 0;
}

static const struct kind *named_kind(const struct value *v)
{
	static const struct kind custom = {.id = KIND_CUSTOM, .namespaced = true};
	const char *name = value_get_str(v, "name");

	for (size_t i = 0; i < KIND_CUSTOM; i++)
		if (str_eq(kind_table[i].name, name) && str_eq(kind_table[i].group, value_get_str(v, "group")))
			return &kind_table[i];
	return str_eq(name, "*") ? &custom : NULL;
}

static void mark_seen(struct recording *r, const struct kind *kind, const struct value *namespaces)
{
	if (!namespaces)
		inventory_mark_seen(r->inv, kind, NULL);
	for (value_each(ns, namespaces))
		if (*value_str(ns, ""))
			inventory_mark_seen(r->inv, kind, value_str(ns, ""));
}

static const struct kind *read_custom_kind(struct recording *r, const struct value *v)
{
	const char *group = value_get_str(v, "group"), *version = value_get_str(v, "version"), *name = value_get_str(v, "name"),
		   *plural = value_get_str(v, "plural");

	return custom_kind_is_possible(group, version, name, plural)
		       ? inventory_custom_kind(r->inv, group, version, name, plural, value_get_bool(v, "namespaced", true))
		       : NULL;
}

/* {"kinds": [{"group": "", "name": "Pod"}, {"group": "apps", "name": "Deployment", "namespaces": ["shop"]}]}; "*" = custom kinds */
static void read_seen(struct recording *r, const struct value *v)
{
	for (value_each(k, value_get(v, "kinds"))) {
		const struct kind *kind = named_kind(k);

		if (kind)
			mark_seen(r, kind, value_get(k, "namespaces"));
	}
	/* Custom kinds one by one: older versions of this program neither write nor read them. */
	for (value_each(k, value_get(v, "customKinds"))) {
		const struct kind *kind = read_custom_kind(r, k);

		if (kind)
			mark_seen(r, kind, value_get(k, "namespaces"));
	}
}

static void read_note(struct recording *r, const struct value *v)
{
	const struct value *about = value_get(v, "about");
	const struct kind *k = about ? named_kind(about) : NULL;

	inventory_add_note(r->inv, value_get_str(v, "what"), value_get_str(v, "why"), k ? k->id : KIND_COUNT, value_get_str(v, "namespace"));
}

static int read_log(struct recording *r, const struct value *v, struct err *err)
{
	const struct value *text = value_get(v, "text"), *error = value_get(v, "error");

	if (!*value_get_str(v, "pod") || !*value_get_str(v, "container"))
		return err_set(err, ERR_INPUT, "a log without pod or container");
	inventory_add_log(r->inv, value_get_str(v, "namespace"), value_get_str(v, "pod"), value_get_str(v, "container"),
			  value_get_bool(v, "previous", false), value_str(text, NULL), text && text->type == VALUE_STRING ? text->len : 0,
			  value_get_bool(v, "truncated", false), value_str(error, NULL));
	r->snapshot.logs++;
	return 0;
}

static int read_end(struct recording *r, const struct value *v, struct err *err)
{
	int64_t objects = value_get_int(v, "objects", -1), logs = value_get_int(v, "logs", -1);

	if (objects != (int64_t)r->objects || logs != (int64_t)r->snapshot.logs)
		return err_set(err, ERR_INPUT, "the snapshot says it holds %lld objects and %lld logs, but %zu and %llu were in it: it is damaged",
			       (long long)objects, (long long)logs, r->objects, (unsigned long long)r->snapshot.logs);
	r->snapshot.ended = true;
	return 0;
}

int snapshot_record(struct recording *r, const struct value *v, struct err *err)
{
	const char *kind = value_get_str(v, "kind");

	if (str_eq(kind, "Snapshot"))
		return read_header(r, v, err);
	if (!r->snapshot.is_snapshot)
		return err_set(err, ERR_INPUT, "a %s record outside of a snapshot", kind);
	if (r->snapshot.ended)
		return err_set(err, ERR_INPUT, "data after the end of the snapshot");
	if (str_eq(kind, "Seen"))
		read_seen(r, v);
	else if (str_eq(kind, "CustomKind"))
		read_custom_kind(r, v);
	else if (str_eq(kind, "Note"))
		read_note(r, v);
	else if (str_eq(kind, "Log"))
		return read_log(r, v, err);
	else if (str_eq(kind, "End"))
		return read_end(r, v, err);
	/* Records of other kinds may be added without a new format version: what an old reader does not know it can do without. */
	return 0;
}
