/* Pods that get no node. The scheduler's message says how many nodes fall out for which reason; the nodes themselves say which reason
 * matters: one that falls on nodes the pod could never use (a control plane's taint) is no news. */
#include "checks/index.h"
#include "checks/pod.h"

#define SCHEDULING_GRACE (15 * USEC_PER_SEC)

struct nodes_seen {
	uint32_t all, selected, tolerated, usable; /* usable: selected, tolerated and not cordoned */
	const struct object *tainted;              /* the selected node whose taint is the likeliest reason */
	const struct value *taint;
	const struct object *cordoned;
};

/* What the nodes that a pod may use have of one resource. */
struct room {
	const char *resource;
	const struct object *best; /* where most is free; NULL when it may use no node */
	double free, of;           /* there */
	double biggest;            /* the most that any of them has, used or not */
};

/* What was found out for one pod holds for its siblings: hundreds of replicas wait for the same reason. */
struct placement {
	struct nodes_seen nodes;
	struct room room;
};

/* Pods already there that do not tolerate the taint either: a sign that it was put on after them. */
static uint32_t strangers_on(struct check_run *run, const struct object *node, const struct value *taint)
{
	const struct object_list *pods = inventory_pods_on(run->inv, node->name);
	uint32_t n = 0;
	for (uint32_t i = 0; i < pods->len; i++)
		n += !taint_tolerated(value_get(pods->items[i]->spec, "tolerations"), taint);
	return n;
}

static const struct value *untolerated_taint(const struct object *pod, const struct object *node)
{
	for (value_each(t, value_get(node->spec, "taints"))) {
		bool prefer = str_eq(value_get_str(t, "effect"), "PreferNoSchedule");
		bool cordon = str_eq(value_get_str(t, "key"), "node.kubernetes.io/unschedulable");
		if (!prefer && !cordon && !taint_tolerated(value_get(pod->spec, "tolerations"), t))
			return t;
	}
	return NULL;
}

static struct nodes_seen look_at_nodes(struct check_run *run, const struct object *pod)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	struct nodes_seen seen = {.all = nodes->len};
	uint32_t most = 0;
	for (uint32_t i = 0; i < nodes->len; i++) {
		const struct object *node = nodes->items[i];
		const struct value *taint = untolerated_taint(pod, node);
		bool selected = node_selected(pod->spec, node), cordoned = value_get_bool(node->spec, "unschedulable", false);
		seen.selected += selected;
		seen.tolerated += !taint;
		seen.usable += selected && !taint && !cordoned;
		if (selected && cordoned && !taint)
			seen.cordoned = node;
		uint32_t strangers = selected && taint ? strangers_on(run, node, taint) : 0;
		if (selected && taint && (!seen.taint || strangers > most)) {
			seen.tainted = node;
			seen.taint = taint;
			most = strangers;
		}
	}
	return seen;
}

static struct placement *placement_of(struct check_run *run, const struct object *pod)
{
	struct hash *all = index_placements(run);
	const struct object *key = pod->owner ? pod->owner : pod;
	struct placement *p = hash_get_ptr(all, key);
	if (!p) {
		p = arena_new(run->arena, struct placement);
		p->nodes = look_at_nodes(run, pod);
		hash_put_ptr(all, key, p);
	}
	return p;
}

static struct finding *start(struct check_run *run, const struct pod_view *v, const char *why)
{
	usec_t since = value_get_time(v->scheduled_condition, "lastTransitionTime");
	const char *span = since ? arena_printf(run->arena, " for %s", run_ago(run, since)) : "";
	struct finding *f = finding_new(run, v->object, "%s has had no node%s: %s", run_text(run, v->object), span, why);
	finding_fieldf(run, f, v->object, "status.conditions[%u].message", v->scheduled_index);
	finding_event(run, f, pod_event(run, v->object, NULL, "FailedScheduling", NULL));
	f->since = since ? since : v->object->created;
	return f;
}

static const char *amount(struct check_run *run, const char *resource, double q)
{
	char buf[32];
	bool bytes = str_eq(resource, "memory") || str_eq(resource, "ephemeral-storage");
	return arena_strdup(run->arena, quantity_format(q, bytes, buf));
}

static struct room find_room(struct check_run *run, const struct object *pod, const char *resource)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	struct room room = {.resource = resource};
	for (uint32_t i = 0; i < nodes->len; i++) {
		const struct object *node = nodes->items[i];
		double have, left;
		if (!node_selected(pod->spec, node) || untolerated_taint(pod, node) || value_get_bool(node->spec, "unschedulable", false))
			continue;
		left = index_node_free(run, node, resource, &have);
		room.biggest = MAX(room.biggest, have);
		if (!room.best || left > room.free) {
			room.best = node;
			room.free = left;
			room.of = have;
		}
	}
	return room;
}

/* The scheduler's own words up to what it says of preemption. */
static const char *said(struct check_run *run, const struct pod_view *v)
{
	const char *message = value_get_str(v->scheduled_condition, "message"), *end = strstr(message, " preemption:");
	size_t n = end ? (size_t)(end - message) : strlen(message);
	while (n && (message[n - 1] == '.' || message[n - 1] == ' '))
		n--;
	return arena_printf(run->arena, "%.*s", (int)n, message);
}

/* "Insufficient cpu": with the numbers of the node that comes nearest. False when there is room: then other reasons matter more. */
static bool add_shortage(struct check_run *run, const struct pod_view *v, const char *resource)
{
	struct placement *p = placement_of(run, v->object);
	double want = pod_request(v->object->spec, resource);
	if (!p->room.resource || !str_eq(p->room.resource, resource))
		p->room = find_room(run, v->object, resource);
	const struct room *room = &p->room;
	if (room->best && room->free >= want)
		return false;
	const char *unit = str_eq(resource, "cpu") ? " CPU" : str_eq(resource, "memory") ? " of memory" : arena_printf(run->arena, " %s", resource);
	const char *why;
	if (!room->best) /* no node was seen that it may use: then only the scheduler knows how many lack it */
		why = said(run, v);
	else if (want > room->biggest)
		why = arena_printf(run->arena, "it requests %s%s, and the biggest node it may use has %s", amount(run, resource, want), unit,
				   amount(run, resource, room->biggest));
	else
		why = arena_printf(run->arena, "it requests %s%s, and the most that is free on a node it may use is %s of %s (node %s)",
				   amount(run, resource, want), unit, amount(run, resource, MAX(room->free, 0)), amount(run, resource, room->of),
				   room->best->name);
	struct finding *f = start(run, v, why);
	for (uint32_t i = 0; i < v->count; i++) {
		const struct value *requests = value_at(v->containers[i].spec, "resources.requests");
		const char *list = value_get(requests, resource) ? "requests" : "limits";
		if (value_get(value_at(v->containers[i].spec, list[0] == 'r' ? "resources.requests" : "resources.limits"), resource))
			finding_fieldf(run, f, v->object, "%s.%s['%s']", container_spec_path(run->arena, &v->containers[i], "resources"), list,
				       resource);
	}
	if (room->best)
		finding_fieldf(run, f, room->best, "status.allocatable['%s']", resource);
	if (room->best && want > room->biggest)
		finding_fix(run, f, "Request at most %s%s, or add a node that has %s.", amount(run, resource, room->biggest), unit,
			    amount(run, resource, want));
	else
		finding_fix(run, f, "Request less, free %s on a node (what runs there may request more than it uses), or add a node.", resource);
	return true;
}

static const char *selector_words(struct check_run *run, const struct object *pod, const char **ret_path)
{
	const struct value *plain = value_get(pod->spec, "nodeSelector");
	*ret_path = value_len(plain) ? "spec.nodeSelector" : "spec.affinity.nodeAffinity";
	return value_len(plain) ? value_text(run->arena, plain) : NULL;
}

static void add_selector(struct check_run *run, const struct pod_view *v)
{
	const char *path, *words = selector_words(run, v->object, &path);
	uint32_t nodes = inventory_list(run->inv, KIND_NODE)->len;
	struct finding *f = start(run, v,
				  words ? arena_printf(run->arena, "no node of %u has the labels it selects (%s)", nodes, words)
					: arena_printf(run->arena, "no node of %u fits its required node affinity", nodes));
	finding_field(run, f, v->object, path);
	finding_fix(run, f, "Label a node with what the pod selects, or correct %s of its workload.", words ? "nodeSelector" : "the node affinity");
}

static void add_taint(struct check_run *run, const struct pod_view *v, const struct nodes_seen *seen)
{
	const char *key = value_get_str(seen->taint, "key"), *val = value_get_str(seen->taint, "value"),
		   *effect = value_get_str(seen->taint, "effect");
	const char *text = arena_printf(run->arena, "%s%s%s:%s", key, *val ? "=" : "", val, effect);
	bool lost = str_eq(key, "node.kubernetes.io/not-ready") || str_eq(key, "node.kubernetes.io/unreachable");
	bool condition = strncmp(key, "node.kubernetes.io/", 19) == 0;
	struct finding *f = start(run, v,
				  lost ? arena_printf(run->arena, "the node it could use, %s, is not ready", seen->tainted->name)
				       : arena_printf(run->arena, "every node it could use has a taint it does not tolerate (%s on node %s)", text,
						      seen->tainted->name));
	uint32_t i = 0;
	for (value_each(t, value_get(seen->tainted->spec, "taints"))) {
		if (t == seen->taint)
			break;
		i++;
	}
	finding_fieldf(run, f, seen->tainted, "spec.taints[%u]", i);
	if (condition)
		finding_subject_object(run, f, seen->tainted);
	else
		finding_subject_text(run, f, "Taint", key);
	if (condition)
		finding_fix(run, f, "Mend node %s: Kubernetes takes the taint %s away when the node is well.", seen->tainted->name, key);
	else
		finding_fix(run, f, "Give the pods a toleration for %s if they belong there, or take the taint off node %s.", text,
			    seen->tainted->name);
}

static void add_cordoned(struct check_run *run, const struct pod_view *v, const struct object *node)
{
	struct finding *f = start(run, v, arena_printf(run->arena, "the node it could use, %s, is cordoned", node->name));
	finding_field(run, f, node, "spec.unschedulable");
	finding_subject_object(run, f, node);
	finding_fix(run, f, "Uncordon node %s once its maintenance is over, or add a node.", node->name);
	finding_propose(run, f, "uncordon", "low", "{}");
	f->proposal->target = f->subject;
}

/* The claim that holds the pod up: one that does not exist, else one that is not bound. */
struct claim_walk {
	struct check_run *run;
	const struct object *pod;
	struct pod_ref ref;
	bool missing;
	uint32_t unseen; /* claims that were not read: with only one it must be that one */
};

static int find_claim(void *arg, const struct pod_ref *ref)
{
	struct claim_walk *w = arg;
	if (ref->kind != KIND_PERSISTENT_VOLUME_CLAIM)
		return 0;
	const struct object *claim = inventory_find(w->run->inv, KIND_PERSISTENT_VOLUME_CLAIM, w->pod->ns, ref->name);
	if (!claim && inventory_sees(w->run->inv, KIND_PERSISTENT_VOLUME_CLAIM, w->pod->ns)) {
		w->ref = *ref;
		w->missing = true;
		return 1;
	}
	if (!claim && w->unseen++ == 0)
		w->ref = *ref;
	if (claim && !w->ref.name && !str_eq(value_get_str(claim->status, "phase"), "Bound"))
		w->ref = *ref;
	return 0;
}

static void add_claim(struct check_run *run, const struct pod_view *v, const char *said)
{
	struct claim_walk w = {.run = run, .pod = v->object};
	pod_refs_each(v->object->spec, "spec", run->arena, find_claim, &w);
	if (w.unseen > 1)
		w.ref.name = NULL;
	const char *why = !w.ref.name ? said
			  : w.missing ? arena_printf(run->arena, "its PersistentVolumeClaim %s does not exist", w.ref.name)
				      : arena_printf(run->arena, "its PersistentVolumeClaim %s is not bound", w.ref.name);
	struct finding *f = start(run, v, why);
	if (!w.ref.name)
		return;
	finding_field(run, f, v->object, w.ref.path);
	finding_subject(run, f, KIND_PERSISTENT_VOLUME_CLAIM, v->object->ns, w.ref.name);
	if (w.missing)
		finding_absence(run, f, "PersistentVolumeClaim", v->object->ns, w.ref.name);
	else if (f->subject.object)
		finding_field(run, f, f->subject.object, "status.phase");
	if (w.missing)
		finding_fix(run, f, "Create PersistentVolumeClaim %s in namespace %s, or correct %s.", w.ref.name, v->object->ns, w.ref.path);
	else
		finding_fix(run, f, "See why PersistentVolumeClaim %s is not bound.", w.ref.name);
}

/* "2 Insufficient cpu, 1 Insufficient nvidia.com/gpu.": the first resource named. */
static const char *short_resource(struct check_run *run, const char *message)
{
	const char *p = strstr(message, "Insufficient ");
	if (!p)
		return NULL;
	p += strlen("Insufficient ");
	size_t n = strcspn(p, ", ");
	while (n && p[n - 1] == '.')
		n--;
	return arena_strndup(run->arena, p, n);
}

static const char *words_fix(const char *message)
{
	if (strstr(message, "topology spread"))
		return "Loosen the topology spread constraint (maxSkew, whenUnsatisfiable), or add nodes in the domains that lack pods.";
	if (strstr(message, "anti-affinity"))
		return "Add a node, run fewer replicas, or make the pod anti-affinity preferred instead of required.";
	if (strstr(message, "pod affinity"))
		return "The pods it wants to be near are on no node it may use: start them, or loosen the pod affinity.";
	if (strstr(message, "volume node affinity conflict"))
		return "Its volume lives on a node or in a zone that the pod may not use: let it run there, or make the volume elsewhere.";
	if (strstr(message, "max volume count"))
		return "The nodes have as many volumes attached as they can: add a node.";
	if (strstr(message, "free ports"))
		return "Another pod holds the same hostPort on every node: drop hostPort, or run at most one per node.";
	if (strstr(message, "Too many pods"))
		return "The nodes hold as many pods as they may (maxPods): add a node or remove pods.";
	return NULL;
}

/* A cluster autoscaler that is at it: the trouble may be over in minutes. */
static void add_scale_up(struct check_run *run, const struct pod_view *v)
{
	const struct event *e = pod_event(run, v->object, NULL, "TriggeredScaleUp", NULL);
	struct finding *f = run->findings.len ? run->findings.items[run->findings.len - 1] : NULL;
	if (!e || run_age(run, e->last) > run->options->recovered_after || !f || f->object != v->object)
		return;
	f->message = arena_printf(run->arena, "%s; a new node was asked for %s ago", f->message, run_ago(run, e->last));
	f->severity = SEVERITY_WARNING;
	finding_event(run, f, e);
}

static void add_unschedulable(struct check_run *run, const struct pod_view *v)
{
	const char *message = said(run, v), *resource = short_resource(run, message);
	const struct nodes_seen *seen = &placement_of(run, v->object)->nodes;
	bool sees = inventory_sees(run->inv, KIND_NODE, NULL) && seen->all > 0;
	if (strstr(message, "persistentvolumeclaim") || strstr(message, "PersistentVolumeClaim") || strstr(message, "pvc(s)") ||
	    strstr(message, "persistent volumes to bind")) {
		add_claim(run, v, message);
	} else if (sees && seen->selected == 0) {
		add_selector(run, v);
	} else if (sees && seen->usable == 0 && seen->cordoned) {
		add_cordoned(run, v, seen->cordoned);
	} else if (sees && seen->usable == 0 && seen->taint) {
		add_taint(run, v, seen);
	} else if (!resource || !add_shortage(run, v, resource)) {
		struct finding *f = start(run, v, message);
		f->fix = words_fix(message);
	}
}

static void run_unschedulable(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	const char *reason = value_get_str(v->scheduled_condition, "reason");
	if (!pod_is_alive(v) || *v->node || str_eq(v->phase, "Running") || str_eq(reason, "SchedulingGated"))
		return;
	if (o->created && pod_age(run, o) < SCHEDULING_GRACE)
		return;
	if (v->scheduled_condition && str_eq(value_get_str(v->scheduled_condition, "status"), "False")) {
		add_unschedulable(run, v);
		add_scale_up(run, v);
		return;
	}
	if (v->scheduled_condition || !o->created || pod_age(run, o) < run->options->startup_grace ||
	    value_len(value_get(o->spec, "schedulingGates")))
		return;
	const char *scheduler = value_str(value_get(o->spec, "schedulerName"), "default-scheduler");
	struct finding *f = finding_new(run, o, "%s has had no node for %s: no scheduler has looked at it (it asks for %s)", run_text(run, o),
					run_ago(run, o->created), scheduler);
	finding_field(run, f, o, "spec.schedulerName");
	finding_field(run, f, o, "status.phase");
	finding_fix(run, f, "See that the scheduler %s runs, or correct spec.schedulerName.", scheduler);
	f->since = o->created;
}

static void run_gated(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	const struct value *gates = value_get(o->spec, "schedulingGates");
	bool gated = value_len(gates) > 0 || str_eq(value_get_str(v->scheduled_condition, "reason"), "SchedulingGated");
	if (!pod_is_alive(v) || *v->node || !gated || (o->created && pod_age(run, o) < run->options->startup_grace))
		return;
	const char *gate = value_get_str(value_item(gates, 0), "name");
	struct finding *f = finding_new(run, o, "%s has been held back by scheduling gate %s for %s", run_text(run, o), *gate ? gate : "(unnamed)",
					run_ago(run, o->created));
	if (*gate)
		finding_field(run, f, o, "spec.schedulingGates[0].name");
	if (v->scheduled_condition)
		finding_fieldf(run, f, o, "status.conditions[%u].reason", v->scheduled_index);
	f->since = o->created;
}

const struct check check_pod_unschedulable = {
	.id = "pod/unschedulable",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Pod gets no node",
	.explain =
		"The scheduler finds no node for the pod.\n\n"
		"Its message counts the nodes that fall out for each reason; the nodes, their taints, labels and the requests of the pods on them tell which "
		"reason matters: a claim that is missing or not bound, labels that no node has, a taint, a cordoned node, too little CPU, memory or "
		"other resource (with the request and the most that is free), spread and affinity rules, volumes, ports.",
	.fix = "Change what the pod asks for, or give the cluster a node that has it.",
	.run = run_unschedulable,
};

const struct check check_pod_scheduling_gated = {
	.id = "pod/scheduling-gated",
	.kind = KIND_POD,
	.severity = SEVERITY_WARNING,
	.title = "Pod is held back by a scheduling gate",
	.explain = "spec.schedulingGates keeps the pod from being scheduled until a controller removes the gate (queueing systems use this).",
	.fix = "See whether the controller that owns the gate runs, or whether the pod simply waits for its turn.",
	.run = run_gated,
};
