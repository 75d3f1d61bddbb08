/* The list of changes: what is collected, from when to when, in which order. */
#include "diagnose/changes_internal.h"
#include "diagnose/graph.h"
#include "diagnose/ptr_map.h"

struct change *change_add(struct arena *a, struct change_list *list, enum change_type type, const struct object *o, const char *what,
			  const char *text, usec_t when)
{
	struct change *c = arena_push(a, list);

	*c = (struct change){.type = type, .object = o, .container = "", .what = what, .from = "", .to = "", .by = "", .text = text, .when = when};
	return c;
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
	if (best && when > o->created + 2 * USEC_PER_SEC)
		change_add(a, list, CHANGE_WRITE, o, object_text(a, o), arena_printf(a, "%s was written", object_text(a, o)), when)->by =
			arena_strdup(a, value_get_str(best, "manager"));
	if (o->created)
		change_add(a, list, CHANGE_CREATED, o, object_text(a, o), arena_printf(a, "%s was created", object_text(a, o)), o->created);
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
			change_add(a, list, CHANGE_SCALE, o, "replicas", arena_printf(a, "%s: %s", object_text(a, o), e->message), e->last)->by =
				e->source;
	}
}

/* What an autoscaler did to its target: its events say how far and why; when they have expired its status still says when. */
static void autoscaler_changes(const struct inventory *inv, struct arena *a, const struct object *scaler, struct change_list *list)
{
	usec_t last = value_get_time(scaler->status, "lastScaleTime");
	uint32_t before = list->len;

	scale_changes(inv, a, scaler, list);
	for (uint32_t i = before; i < list->len; i++)
		if (list->items[i].when + USEC_PER_MINUTE > last)
			return;
	if (last)
		change_add(a, list, CHANGE_SCALE, scaler, "replicas",
			   arena_printf(a, "%s changed the number of replicas, to %lld in the end", object_text(a, scaler),
					(long long)object_int(scaler, "status.desiredReplicas", 0)),
			   last);
}

static bool is_node_reason(const char *reason)
{
	static const char *const reasons[] = {"NodeNotReady",        "NodeNotSchedulable",        "Rebooted",        "RemovingNode",
					      "NodeHasDiskPressure", "NodeHasInsufficientMemory", "NodeSchedulable", "NodeReady"};

	for (size_t r = 0; r < ARRAY_LEN(reasons); r++)
		if (str_eq(reason, reasons[r]))
			return true;
	return false;
}

/* Becoming ready when it joins is its creation. */
static bool is_joining(const struct object *node, usec_t when)
{
	return node && when <= node->created + 5 * USEC_PER_MINUTE;
}

static void node_event(struct arena *a, const struct event *e, struct change_list *list)
{
	const char *name = arena_printf(a, "Node %s", e->about_name);
	bool named = strncmp(e->message, name, strlen(name)) == 0;

	if (!str_eq(e->about_kind, "Node") || !is_node_reason(e->reason) || (str_eq(e->reason, "NodeReady") && is_joining(e->about, e->last)))
		return;
	change_add(a, list, CHANGE_NODE, e->about, "node", arena_printf(a, "%s%s%s", named ? "" : name, named ? "" : ": ", e->message), e->last)->by =
		e->source;
}

/* What a node says itself about when it changed: events expire after an hour, conditions and taints keep their times. */
static void node_state(const struct inventory *inv, struct arena *a, const struct object *node, struct change_list *list)
{
	const struct value *ready = condition_find(node, "Ready", NULL);
	usec_t when = value_get_time(ready, "lastTransitionTime");
	const struct event_list *events = inventory_events_of(inv, node);
	bool told = false;

	for (uint32_t i = 0; i < events->len; i++)
		told = told || is_node_reason(events->items[i]->reason);
	if (!told && !is_joining(node, when))
		change_add(a, list, CHANGE_NODE, node, "node",
			   arena_printf(a, "Node %s became %s", node->name, str_eq(value_get_str(ready, "status"), "True") ? "ready" : "not ready"),
			   when);
	for (value_each(taint, value_get(node->spec, "taints")))
		if (str_eq(value_get_str(taint, "key"), "node.kubernetes.io/unschedulable"))
			change_add(a, list, CHANGE_NODE, node, "node", arena_printf(a, "Node %s was cordoned", node->name),
				   value_get_time(taint, "timeAdded"));
	if (node->created)
		change_add(a, list, CHANGE_CREATED, node, object_text(a, node), arena_printf(a, "Node %s joined the cluster", node->name),
			   node->created);
}

static void node_changes(const struct inventory *inv, struct arena *a, const struct object *node, struct change_list *list)
{
	const struct event_list *events = inventory_events_of(inv, node);

	for (uint32_t i = 0; i < events->len; i++)
		node_event(a, events->items[i], list);
	node_state(inv, a, node, list);
}

static void all_node_changes(const struct inventory *inv, struct arena *a, struct change_list *list)
{
	const struct event_list *events = inventory_events(inv);
	const struct object_list *nodes = inventory_list(inv, KIND_NODE);

	for (uint32_t i = 0; i < events->len; i++)
		node_event(a, events->items[i], list);
	for (uint32_t i = 0; i < nodes->len; i++)
		node_state(inv, a, nodes->items[i], list);
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

#define SAME_WRITE (10 * USEC_PER_SEC)

/* A write that made a new revision is told by what the revision changed; who wrote it is kept. */
static void fold_write(struct change_list *list, uint32_t from, const struct object *o)
{
	struct change *write = NULL;
	bool told = false;

	for (uint32_t i = from; i < list->len; i++)
		if (list->items[i].type == CHANGE_WRITE && list->items[i].object == o)
			write = &list->items[i];
	for (uint32_t i = from; write && i < list->len; i++) {
		struct change *c = &list->items[i];
		bool of_revision = c->object == o && c->type <= CHANGE_TEMPLATE;

		if (of_revision && c->when && c->when < write->when + SAME_WRITE && write->when < c->when + SAME_WRITE) {
			c->by = write->by;
			told = true;
		}
	}
	if (told)
		*write = list->items[--list->len];
}

static void changes_of_object(const struct inventory *inv, struct arena *a, const struct object *o, struct change_list *list)
{
	uint32_t from = list->len;

	if (o->kind->id == KIND_NODE) {
		node_changes(inv, a, o, list);
		return;
	}
	changes_of_revisions(inv, a, o, list);
	scale_changes(inv, a, o, list);
	write_changes(a, o, list);
	fold_write(list, from, o);
}

struct change_list changes_of(struct graph *g, struct arena *a, const struct object *o, usec_t since, usec_t until)
{
	const struct inventory *inv = graph_inventory(g);
	const struct edge_list *edges = graph_edges(g, o);
	struct object_list scalers = {0};
	struct change_list list = {0};
	struct ptr_map told = {0}; /* each once, however many containers use it */

	if (pod_spec(o))
		scalers = graph_dependents(g, o, REL_SCALES);
	changes_of_object(inv, a, o, &list);
	changes_of_releases(inv, a, o, &list);
	for (uint32_t i = 0; i < scalers.len; i++)
		autoscaler_changes(inv, a, scalers.items[i], &list);
	for (uint32_t i = 0; i < edges->len; i++) {
		const struct object *used = edges->items[i].to.object;

		/* Every pod has its namespace's kube-root-ca.crt: a write to it is no change of a workload. */
		if (!used || (used->kind->id != KIND_CONFIG_MAP && used->kind->id != KIND_SECRET) || str_eq(used->name, "kube-root-ca.crt") ||
		    ptr_map_get(&told, used))
			continue;
		ptr_map_put(a, &told, used, (void *)(uintptr_t)used);
		write_changes(a, used, &list);
	}
	finish(&list, since, until, 0);
	return list;
}

struct change_list changes_in(const struct inventory *inv, struct arena *a, const char *ns, usec_t since, usec_t until, unsigned max)
{
	static const enum kind_id kinds[] = {KIND_DEPLOYMENT, KIND_STATEFUL_SET, KIND_DAEMON_SET, KIND_CRON_JOB,       KIND_CONFIG_MAP,
					     KIND_SECRET,     KIND_SERVICE,      KIND_INGRESS,    KIND_NETWORK_POLICY, KIND_RESOURCE_QUOTA};
	const struct object_list *scalers = inventory_list(inv, KIND_HORIZONTAL_POD_AUTOSCALER);
	struct change_list list = {0};

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *all = inventory_list(inv, kinds[k]);

		for (uint32_t i = 0; i < all->len; i++) {
			const struct object *o = all->items[i];

			/* Every namespace's own kube-root-ca.crt is Kubernetes' business; a record of Helm's is told as the release. */
			if ((ns && !str_eq(o->ns, ns)) || o->owner || str_eq(o->name, "kube-root-ca.crt") ||
			    str_eq(value_get_str(o->labels, "owner"), "helm"))
				continue;
			changes_of_object(inv, a, o, &list);
		}
	}
	for (uint32_t i = 0; i < scalers->len; i++)
		if (!ns || str_eq(scalers->items[i]->ns, ns))
			autoscaler_changes(inv, a, scalers->items[i], &list);
	changes_of_all_releases(inv, a, ns, &list);
	if (!ns)
		all_node_changes(inv, a, &list);
	finish(&list, since, until, max);
	return list;
}
