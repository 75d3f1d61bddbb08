/* Changes between the revisions of a workload: the pod template of the newest one against the one before it, field by field. */
#include "diagnose/changes_internal.h"

struct diff {
	struct arena *arena;
	struct change_list *list;
	const struct object *object;
	const char *container; /* that is being compared; "" = none */
	usec_t when;
};

static const char *short_text(struct arena *a, const struct value *v)
{
	char buf[CLOCK_TEXT_MAX];

	if (!v)
		return "";
	switch (v->type) {
	case VALUE_STRING:
		return arena_strndup(a, v->s, MIN(v->len, 200u));
	case VALUE_INT:
		return arena_printf(a, "%lld", (long long)v->i);
	case VALUE_BOOL:
		return v->b ? "true" : "false";
	case VALUE_TIME:
		return arena_strdup(a, clock_format_rfc3339(v->t, buf));
	default:
		return "";
	}
}

static void add_change(struct diff *d, enum change_type type, const char *what, const char *from, const char *to)
{
	struct change *c = arena_push(d->arena, d->list);
	const char *text;

	if (from[0] && to[0])
		text = arena_printf(d->arena, "%s changed from %s to %s", what, from, to);
	else if (to[0])
		text = arena_printf(d->arena, "%s was set to %s", what, to);
	else if (from[0])
		text = arena_printf(d->arena, "%s was removed (it was %s)", what, from);
	else
		text = arena_printf(d->arena, "%s changed", what);
	*c = (struct change){.type = type,
			     .object = d->object,
			     .container = d->container,
			     .what = what,
			     .from = from,
			     .to = to,
			     .by = "",
			     .text = text,
			     .when = d->when};
}

static const struct value *named(const struct value *list, const char *name)
{
	for (value_each(v, list))
		if (str_eq(value_get_str(v, "name"), name))
			return v;
	return NULL;
}

/* Values of variables may be secrets: only that they changed is told, and where a reference points. */
static const char *env_text(struct arena *a, const struct value *env)
{
	const struct value *from = value_get(env, "valueFrom");
	const struct value *ref = value_get(from, "configMapKeyRef");

	if (!env)
		return "";
	if (ref)
		return arena_printf(a, "key %s of ConfigMap %s", value_get_str(ref, "key"), value_get_str(ref, "name"));
	ref = value_get(from, "secretKeyRef");
	if (ref)
		return arena_printf(a, "key %s of Secret %s", value_get_str(ref, "key"), value_get_str(ref, "name"));
	return "";
}

static void diff_env(struct diff *d, const char *container, const struct value *old, const struct value *new)
{
	for (value_each(e, new)) {
		const char *name = value_get_str(e, "name");
		const struct value *before = named(old, name);
		const char *what = arena_printf(d->arena, "variable %s of container %s", name, container);

		if (!before)
			add_change(d, CHANGE_ENV, arena_printf(d->arena, "%s (new)", what), "", env_text(d->arena, e));
		else if (!value_equal(before, e))
			add_change(d, CHANGE_ENV, what, env_text(d->arena, before), env_text(d->arena, e));
	}
	for (value_each(e, old)) {
		if (!named(new, value_get_str(e, "name")))
			add_change(d, CHANGE_ENV,
				   arena_printf(d->arena, "variable %s of container %s (removed)", value_get_str(e, "name"), container), "", "");
	}
}

static void diff_resource(struct diff *d, const char *part, const char *name, const struct value *old, const struct value *new)
{
	const char *from = value_get_str(old, name), *to = value_get_str(new, name);

	/* "memory limit", "cpu request" */
	if (!str_eq(from, to))
		add_change(d, CHANGE_RESOURCES, arena_printf(d->arena, "%s %.*s of container %s", name, (int)strlen(part) - 1, part, d->container),
			   from, to);
}

static void diff_resources(struct diff *d, const struct value *old, const struct value *new)
{
	static const char *const parts[] = {"limits", "requests"};

	for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
		const struct value *a = value_get(old, parts[p]), *b = value_get(new, parts[p]);

		for (member_each(m, b))
			diff_resource(d, parts[p], m->key, a, b);
		for (member_each(m, a))
			if (!value_get(b, m->key))
				diff_resource(d, parts[p], m->key, a, b);
	}
}

static bool differ(const struct value *a, const struct value *b, const char *key)
{
	const struct value *x = value_get(a, key), *y = value_get(b, key);

	return x != y && (!x || !y || !value_equal(x, y));
}

/* Its numbers, its path and its port one by one; what else there is as a whole. */
static void diff_probe(struct diff *d, const char *probe, const struct value *old, const struct value *new)
{
	static const char *const paths[] = {"httpGet.path",        "httpGet.port",  "httpGet.scheme", "tcpSocket.port",   "grpc.port",
					    "initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold"};
	uint32_t before = d->list->len;
	const char *of = arena_printf(d->arena, "%s of container %s", probe, d->container);

	if (!old || !new) {
		add_change(d, CHANGE_PROBE, arena_printf(d->arena, "%s (%s)", of, new ? "new" : "removed"), "", "");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const struct value *a = value_at(old, paths[i]), *b = value_at(new, paths[i]);

		if (a != b && (!a || !b || !value_equal(a, b)))
			add_change(d, CHANGE_PROBE, arena_printf(d->arena, "%s of %s", paths[i], of), short_text(d->arena, a),
				   short_text(d->arena, b));
	}
	if (d->list->len == before)
		add_change(d, CHANGE_PROBE, of, "", "");
}

static void diff_container(struct diff *d, const struct value *old, const struct value *new)
{
	static const char *const probes[] = {"livenessProbe", "readinessProbe", "startupProbe"};
	static const struct {
		const char *field, *what;
		enum change_type type;
	} others[] = {
		{"envFrom", "envFrom", CHANGE_ENV},
		{"command", "command", CHANGE_COMMAND},
		{"args", "arguments", CHANGE_COMMAND},
		{"volumeMounts", "volume mounts", CHANGE_CONFIG},
		{"ports", "ports", CHANGE_TEMPLATE},
		{"securityContext", "securityContext", CHANGE_TEMPLATE},
		{"lifecycle", "lifecycle hooks", CHANGE_TEMPLATE},
	};

	d->container = value_get_str(new, "name");
	if (differ(old, new, "image"))
		add_change(d, CHANGE_IMAGE, arena_printf(d->arena, "image of container %s", d->container),
			   short_text(d->arena, value_get(old, "image")), short_text(d->arena, value_get(new, "image")));
	diff_env(d, d->container, value_get(old, "env"), value_get(new, "env"));
	diff_resources(d, value_get(old, "resources"), value_get(new, "resources"));
	for (size_t i = 0; i < ARRAY_LEN(probes); i++)
		if (differ(old, new, probes[i]))
			diff_probe(d, probes[i], value_get(old, probes[i]), value_get(new, probes[i]));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (differ(old, new, others[i].field))
			add_change(d, others[i].type, arena_printf(d->arena, "%s of container %s", others[i].what, d->container), "", "");
	d->container = "";
}

static void diff_containers(struct diff *d, const struct value *old, const struct value *new)
{
	for (value_each(c, new)) {
		const struct value *before = named(old, value_get_str(c, "name"));

		if (before)
			diff_container(d, before, c);
		else
			add_change(d, CHANGE_TEMPLATE, arena_printf(d->arena, "container %s (new)", value_get_str(c, "name")), "", "");
	}
	for (value_each(c, old))
		if (!named(new, value_get_str(c, "name")))
			add_change(d, CHANGE_TEMPLATE, arena_printf(d->arena, "container %s (removed)", value_get_str(c, "name")), "", "");
}

/* "ConfigMap settings", "claim data", "emptyDir"; "" for no volume. */
static const char *volume_text(struct arena *a, const struct value *volume)
{
	static const struct {
		const char *source, *name, *text;
	} sources[] = {
		{"configMap", "name", "ConfigMap"},
		{"secret", "secretName", "Secret"},
		{"persistentVolumeClaim", "claimName", "claim"},
	};

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		const char *name = value_get_str(value_get(volume, sources[i].source), sources[i].name);

		if (name[0])
			return arena_printf(a, "%s %s", sources[i].text, name);
	}
	for (member_each(m, volume))
		if (!str_eq(m->key, "name"))
			return m->key;
	return "";
}

static void diff_volumes(struct diff *d, const struct value *old, const struct value *new)
{
	for (value_each(v, new)) {
		const char *name = value_get_str(v, "name");
		const struct value *before = named(old, name);
		const char *from = volume_text(d->arena, before), *to = volume_text(d->arena, v);

		if (!before)
			add_change(d, CHANGE_CONFIG, arena_printf(d->arena, "volume %s (new)", name), "", to);
		else if (!value_equal(before, v))
			add_change(d, CHANGE_CONFIG, arena_printf(d->arena, "volume %s", name), str_eq(from, to) ? "" : from,
				   str_eq(from, to) ? "" : to);
	}
	for (value_each(v, old))
		if (!named(new, value_get_str(v, "name")))
			add_change(d, CHANGE_CONFIG, arena_printf(d->arena, "volume %s (removed)", value_get_str(v, "name")), "", "");
}

/* Annotations of the template are how charts make pods follow their configuration ("checksum/config") and how kubectl restarts. */
static void diff_annotations(struct diff *d, const struct value *old, const struct value *new)
{
	for (member_each(m, new)) {
		const struct value *before = value_get(old, m->key);

		if (before && value_equal(before, &m->v))
			continue;
		if (str_eq(m->key, "kubectl.kubernetes.io/restartedAt"))
			add_change(d, CHANGE_TEMPLATE, "a restart was asked for: the pod template", "", "");
		else
			add_change(d, CHANGE_TEMPLATE, arena_printf(d->arena, "annotation %s of the pod template", m->key), "", "");
	}
}

static void diff_templates(struct diff *d, const struct value *old, const struct value *new)
{
	static const char *const placing[] = {"nodeSelector",      "affinity",        "tolerations",      "serviceAccountName",
					      "priorityClassName", "securityContext", "imagePullSecrets", "hostNetwork",
					      "dnsPolicy",         "dnsConfig",       "runtimeClassName", "topologySpreadConstraints"};
	const struct value *a = value_get(old, "spec"), *b = value_get(new, "spec");
	uint32_t before = d->list->len;

	diff_containers(d, value_get(a, "initContainers"), value_get(b, "initContainers"));
	diff_containers(d, value_get(a, "containers"), value_get(b, "containers"));
	diff_volumes(d, value_get(a, "volumes"), value_get(b, "volumes"));
	for (size_t i = 0; i < ARRAY_LEN(placing); i++)
		if (differ(a, b, placing[i]))
			add_change(d, CHANGE_TEMPLATE, placing[i], short_text(d->arena, value_get(a, placing[i])),
				   short_text(d->arena, value_get(b, placing[i])));
	if (d->list->len == before)
		diff_annotations(d, value_at(old, "metadata.annotations"), value_at(new, "metadata.annotations"));
	if (d->list->len == before)
		add_change(d, CHANGE_TEMPLATE, "the pod template", "", "");
}

void changes_between(struct arena *a, const struct object *o, const struct value *before, const struct value *after, struct change_list *list)
{
	struct diff d = {.arena = a, .list = list, .object = o, .container = ""};

	diff_templates(&d, before, after);
}

int64_t change_revision(const struct object *o)
{
	if (o->kind->id == KIND_CONTROLLER_REVISION)
		return value_get_int(&o->root, "revision", 0);
	return strtoll(value_get_str(o->annotations, "deployment.kubernetes.io/revision"), NULL, 10);
}

static const struct value *template_of(const struct object *revision)
{
	const struct value *data = value_get(&revision->root, "data");

	return value_get(data ? value_get(data, "spec") : revision->spec, "template");
}

/* When the newest revision began to be rolled out: a roll-back reuses an old ReplicaSet, and only an event tells when. */
static usec_t rollout_time(const struct inventory *inv, const struct object *o, const struct object *newest, const struct object *previous)
{
	const struct event_list *events = inventory_events_of(inv, o);

	if (newest->created >= previous->created)
		return newest->created;
	for (uint32_t i = 0; i < events->len; i++)
		if (strstr(events->items[i]->message, newest->name) && strstr(events->items[i]->message, "up"))
			return events->items[i]->last;
	return 0;
}

bool change_last_revisions(const struct object *o, const struct object **ret_newest, const struct object **ret_previous)
{
	const struct object *newest = NULL, *previous = NULL;

	for (uint32_t i = 0; i < o->child_count; i++) {
		const struct object *rs = o->children[i];

		if (rs->kind->id != KIND_REPLICA_SET && rs->kind->id != KIND_CONTROLLER_REVISION)
			continue;
		if (!newest || change_revision(rs) > change_revision(newest)) {
			previous = newest;
			newest = rs;
		} else if (!previous || change_revision(rs) > change_revision(previous)) {
			previous = rs;
		}
	}
	if (!newest || !previous)
		return false;
	*ret_newest = newest;
	*ret_previous = previous;
	return true;
}

void changes_of_revisions(const struct inventory *inv, struct arena *a, const struct object *o, struct change_list *list)
{
	const struct object *newest, *previous;
	struct diff d = {.arena = a, .list = list, .object = o, .container = ""};

	if (!change_last_revisions(o, &newest, &previous))
		return;
	d.when = rollout_time(inv, o, newest, previous);
	diff_templates(&d, template_of(previous), template_of(newest));
}
