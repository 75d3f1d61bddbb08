#include "diagnose/changes.h"
#include "diagnose/graph.h"

struct diff {
	struct arena *arena;
	struct change_list *list;
	const struct object *object;
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
	*c = (struct change){.type = type, .object = d->object, .what = what, .from = from, .to = to, .by = "", .text = text, .when = d->when};
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

static void diff_resources(struct diff *d, const char *container, const struct value *old, const struct value *new)
{
	static const char *const parts[] = {"limits", "requests"}, *const names[] = {"memory", "cpu"};

	for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
		for (size_t n = 0; n < ARRAY_LEN(names); n++) {
			const char *from = value_get_str(value_get(old, parts[p]), names[n]);
			const char *to = value_get_str(value_get(new, parts[p]), names[n]);

			if (!str_eq(from, to))
				add_change(
					d, CHANGE_RESOURCES,
					arena_printf(d->arena, "%s %.*s of container %s", names[n], (int)strlen(parts[p]) - 1, parts[p], container),
					from, to);
		}
	}
}

static bool differ(const struct value *a, const struct value *b, const char *key)
{
	const struct value *x = value_get(a, key), *y = value_get(b, key);

	return x != y && (!x || !y || !value_equal(x, y));
}

static void diff_container(struct diff *d, const struct value *old, const struct value *new)
{
	static const char *const probes[] = {"livenessProbe", "readinessProbe", "startupProbe"};
	const char *name = value_get_str(new, "name");

	if (differ(old, new, "image"))
		add_change(d, CHANGE_IMAGE, arena_printf(d->arena, "image of container %s", name), short_text(d->arena, value_get(old, "image")),
			   short_text(d->arena, value_get(new, "image")));
	diff_env(d, name, value_get(old, "env"), value_get(new, "env"));
	if (differ(old, new, "envFrom"))
		add_change(d, CHANGE_ENV, arena_printf(d->arena, "envFrom of container %s", name), "", "");
	diff_resources(d, name, value_get(old, "resources"), value_get(new, "resources"));
	for (size_t i = 0; i < ARRAY_LEN(probes); i++)
		if (differ(old, new, probes[i]))
			add_change(d, CHANGE_PROBE, arena_printf(d->arena, "%s of container %s", probes[i], name), "", "");
	if (differ(old, new, "command") || differ(old, new, "args"))
		add_change(d, CHANGE_COMMAND, arena_printf(d->arena, "command of container %s", name), "", "");
	if (differ(old, new, "volumeMounts"))
		add_change(d, CHANGE_CONFIG, arena_printf(d->arena, "volume mounts of container %s", name), "", "");
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

static void diff_templates(struct diff *d, const struct value *old, const struct value *new)
{
	static const char *const placing[] = {"nodeSelector",      "affinity",        "tolerations",     "serviceAccountName",
					      "priorityClassName", "securityContext", "imagePullSecrets"};
	static const char *const restarted = "metadata.annotations['kubectl.kubernetes.io/restartedAt']";
	const struct value *a = value_get(old, "spec"), *b = value_get(new, "spec");
	uint32_t before = d->list->len;

	diff_containers(d, value_get(a, "initContainers"), value_get(b, "initContainers"));
	diff_containers(d, value_get(a, "containers"), value_get(b, "containers"));
	if (differ(a, b, "volumes"))
		add_change(d, CHANGE_CONFIG, "the list of volumes", "", "");
	for (size_t i = 0; i < ARRAY_LEN(placing); i++)
		if (differ(a, b, placing[i]))
			add_change(d, CHANGE_TEMPLATE, placing[i], short_text(d->arena, value_get(a, placing[i])),
				   short_text(d->arena, value_get(b, placing[i])));
	if (d->list->len == before && value_at(new, restarted))
		add_change(d, CHANGE_TEMPLATE, "a restart was asked for: the pod template", "", "");
	else if (d->list->len == before)
		add_change(d, CHANGE_TEMPLATE, "the pod template", "", "");
}

void changes_between(struct arena *a, const struct object *o, const struct value *before, const struct value *after, struct change_list *list)
{
	struct diff d = {.arena = a, .list = list, .object = o};

	diff_templates(&d, before, after);
}

static int64_t revision_of(const struct object *rs)
{
	return strtoll(value_get_str(rs->annotations, "deployment.kubernetes.io/revision"), NULL, 10);
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

static void revision_changes(const struct inventory *inv, struct arena *a, const struct object *o, struct change_list *list)
{
	const struct object *newest = NULL, *previous = NULL;
	struct diff d = {.arena = a, .list = list, .object = o};

	for (uint32_t i = 0; i < o->child_count; i++) {
		const struct object *rs = o->children[i];

		if (rs->kind->id != KIND_REPLICA_SET)
			continue;
		if (!newest || revision_of(rs) > revision_of(newest)) {
			previous = newest;
			newest = rs;
		} else if (!previous || revision_of(rs) > revision_of(previous)) {
			previous = rs;
		}
	}
	if (!newest || !previous)
		return;
	d.when = rollout_time(inv, o, newest, previous);
	diff_templates(&d, value_get(previous->spec, "template"), value_get(newest->spec, "template"));
}

/* Writes recorded in managedFields. Controllers that keep a status are not people or pipelines that change things. */
static void write_changes(struct arena *a, const struct object *o, struct change_list *list)
{
	const struct value *best = NULL;
	usec_t when = 0;

	for (value_each(m, value_get(o->metadata, "managedFields"))) {
		const char *manager = value_get_str(m, "manager");
		usec_t t = value_get_time(m, "time");

		if (value_get_str(m, "subresource")[0] || strstr(manager, "controller-manager") || str_eq(manager, "kubelet") ||
		    str_eq(manager, "kube-scheduler"))
			continue;
		if (t > when) {
			when = t;
			best = m;
		}
	}
	/* The write that created it is no change. */
	if (best && when > o->created + 2 * USEC_PER_SEC) {
		const char *by = arena_strdup(a, value_get_str(best, "manager"));

		*arena_push(a, list) = (struct change){.type = CHANGE_WRITE,
						       .object = o,
						       .what = object_text(a, o),
						       .from = "",
						       .to = "",
						       .by = by,
						       .text = arena_printf(a, "%s was written", object_text(a, o)),
						       .when = when};
	}
	if (o->created)
		*arena_push(a, list) = (struct change){.type = CHANGE_CREATED,
						       .object = o,
						       .what = object_text(a, o),
						       .from = "",
						       .to = "",
						       .by = "",
						       .text = arena_printf(a, "%s was created", object_text(a, o)),
						       .when = o->created};
}

static void scale_changes(const struct inventory *inv, struct arena *a, const struct object *o, struct change_list *list)
{
	const struct event_list *events = inventory_events_of(inv, o);
	uint32_t revisions = 0;

	for (uint32_t i = 0; i < o->child_count; i++)
		revisions += o->children[i]->kind->id == KIND_REPLICA_SET;
	for (uint32_t i = 0; i < events->len; i++) {
		const struct event *e = events->items[i];

		/* The first pods of a new workload are its creation, not a change of scale. */
		if (strstr(e->message, " from 0 to") && e->last < o->created + USEC_PER_MINUTE)
			continue;
		if (str_eq(e->reason, "SuccessfulRescale") || (str_eq(e->reason, "ScalingReplicaSet") && revisions < 2 && strstr(e->message, "from")))
			*arena_push(a, list) = (struct change){.type = CHANGE_SCALE,
							       .object = o,
							       .what = "replicas",
							       .from = "",
							       .to = "",
							       .by = e->source,
							       .text = arena_printf(a, "%s: %s", object_text(a, o), e->message),
							       .when = e->last};
	}
}

static void node_changes(const struct inventory *inv, struct arena *a, struct change_list *list)
{
	static const char *const reasons[] = {"NodeNotReady",        "NodeNotSchedulable",        "Rebooted",        "RemovingNode",
					      "NodeHasDiskPressure", "NodeHasInsufficientMemory", "NodeSchedulable", "NodeReady"};
	const struct event_list *events = inventory_events(inv);

	for (uint32_t i = 0; i < events->len; i++) {
		const struct event *e = events->items[i];

		if (!str_eq(e->about_kind, "Node"))
			continue;
		for (size_t r = 0; r < ARRAY_LEN(reasons); r++)
			if (str_eq(e->reason, reasons[r]))
				*arena_push(a, list) = (struct change){.type = CHANGE_NODE,
								       .object = e->about,
								       .what = "node",
								       .from = "",
								       .to = "",
								       .by = e->source,
								       .text = arena_printf(a, "Node %s: %s", e->about_name, e->message),
								       .when = e->last};
	}
}

static int compare_change(const void *x, const void *y)
{
	const struct change *a = x, *b = y;

	if (a->when != b->when)
		return a->when > b->when ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return strcmp(a->text, b->text);
}

/* Drops what lies outside the time and orders newest first. What has no time is kept only when no bound was asked for. */
static void finish(struct change_list *list, usec_t since, usec_t until, unsigned max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < list->len; i++) {
		usec_t t = list->items[i].when;

		if ((!since || t >= since) && (!until || (t && t <= until)))
			list->items[n++] = list->items[i];
	}
	list->len = n;
	if (n)
		qsort(list->items, n, sizeof(*list->items), compare_change);
	if (max && list->len > max)
		list->len = max;
}

static void changes_of_workload(const struct inventory *inv, struct arena *a, const struct object *o, struct change_list *list)
{
	revision_changes(inv, a, o, list);
	scale_changes(inv, a, o, list);
	write_changes(a, o, list);
}

struct change_list changes_of(const struct inventory *inv, struct arena *a, const struct object *o, usec_t since, usec_t until)
{
	struct change_list list = {0};
	struct graph *g = graph_new(inv, a);
	const struct edge_list *edges = graph_edges(g, o);

	changes_of_workload(inv, a, o, &list);
	for (uint32_t i = 0; i < edges->len; i++) {
		const struct object *used = edges->items[i].to.object;
		bool again = false;

		for (uint32_t j = 0; j < i; j++)
			again = again || edges->items[j].to.object == used;
		if (used && !again && (used->kind->id == KIND_CONFIG_MAP || used->kind->id == KIND_SECRET))
			write_changes(a, used, &list);
	}
	finish(&list, since, until, 0);
	return list;
}

struct change_list changes_in(const struct inventory *inv, struct arena *a, const char *ns, usec_t since, usec_t until, unsigned max)
{
	static const enum kind_id kinds[] = {KIND_DEPLOYMENT, KIND_STATEFUL_SET, KIND_DAEMON_SET, KIND_CRON_JOB,       KIND_CONFIG_MAP,
					     KIND_SECRET,     KIND_SERVICE,      KIND_INGRESS,    KIND_NETWORK_POLICY, KIND_RESOURCE_QUOTA};
	struct change_list list = {0};

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *all = inventory_list(inv, kinds[k]);

		for (uint32_t i = 0; i < all->len; i++) {
			const struct object *o = all->items[i];

			/* Every namespace's own kube-root-ca.crt is Kubernetes' business. */
			if ((ns && !str_eq(o->ns, ns)) || o->owner || str_eq(o->name, "kube-root-ca.crt"))
				continue;
			changes_of_workload(inv, a, o, &list);
		}
	}
	if (!ns)
		node_changes(inv, a, &list);
	finish(&list, since, until, max);
	return list;
}
