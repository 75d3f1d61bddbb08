/* Pods that get no node. The scheduler's message says how many nodes fall out for which reason; the nodes themselves say which reason
 * matters: one that falls on nodes the pod could never use (a control plane's taint) is no news. */
#include "checks/index.h"
#include "checks/placement.h"
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
	uint32_t unreached;        /* nodes left out because a volume of the pod cannot be used there */
};

/* What was found out for one pod holds for its siblings: hundreds of replicas wait for the same reason. */
struct placement {
	struct nodes_seen nodes;
	struct room room;
	struct placement_volumes volumes;
	struct placement_note note; /* of the rule that leaves no node */
	bool note_known;
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

static struct nodes_seen look_at_nodes(struct check_run *run, const struct object *pod)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	struct nodes_seen seen = {.all = nodes->len};
	uint32_t most = 0;
	for (uint32_t i = 0; i < nodes->len; i++) {
		const struct object *node = nodes->items[i];
		const struct value *taint = placement_taint(pod, node);
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
	/* Pods of a StatefulSet differ in their volumes. */
	bool own_volumes = pod->owner && pod->owner->kind->id == KIND_STATEFUL_SET && placement_volumes(run, pod).len > 0;
	const struct object *key = pod->owner && !own_volumes ? pod->owner : pod;
	struct placement *p = hash_get_ptr(all, key);
	if (!p) {
		p = arena_new(run->arena, struct placement);
		p->nodes = look_at_nodes(run, pod);
		p->volumes = placement_volumes(run, pod);
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

static struct room find_room(struct check_run *run, const struct object *pod, const struct placement_volumes *volumes, const char *resource)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	struct room room = {.resource = resource};
	for (uint32_t i = 0; i < nodes->len; i++) {
		const struct object *node = nodes->items[i];
		double have, left;
		if (!placement_usable(pod, node))
			continue;
		if (placement_unreached(volumes, node)) {
			room.unreached++;
			continue;
		}
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

static void add_requests(struct check_run *run, struct finding *f, const struct pod_view *v, const char *resource)
{
	for (uint32_t i = 0; i < v->count; i++) {
		const struct value *requests = value_at(v->containers[i].spec, "resources.requests");
		const char *list = value_get(requests, resource) ? "requests" : "limits";
		if (value_get(value_at(v->containers[i].spec, list[0] == 'r' ? "resources.requests" : "resources.limits"), resource))
			finding_fieldf(run, f, v->object, "%s.%s['%s']", container_spec_path(run->arena, &v->containers[i], "resources"), list,
				       resource);
	}
}

/* The DaemonSet that most likely offers such a device: "nvidia.com/gpu" comes from one with "nvidia" and "device-plugin" in its name. */
static const struct object *device_plugin(struct check_run *run, const char *resource)
{
	const struct object_list *sets = inventory_list(run->inv, KIND_DAEMON_SET);
	char vendor[64];
	snprintf(vendor, sizeof(vendor), "%.*s", (int)MIN(strcspn(resource, "./"), sizeof(vendor) - 1), resource);
	for (uint32_t i = 0; i < sets->len; i++)
		if (strstr(sets->items[i]->name, vendor) && strstr(sets->items[i]->name, "device-plugin"))
			return sets->items[i];
	return NULL;
}

/* A device that no node the pod may use offers: another node may, or none does, or the plug-in found none healthy. */
static bool add_device(struct check_run *run, const struct pod_view *v, const char *resource, double want)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	const struct object *has = NULL, *broken = NULL, *plugin = device_plugin(run, resource);
	for (uint32_t i = 0; i < nodes->len; i++) {
		double have = 0, built = 0;
		value_quantity(value_get(value_get(nodes->items[i]->status, "allocatable"), resource), &have);
		value_quantity(value_get(value_get(nodes->items[i]->status, "capacity"), resource), &built);
		if (have > 0 && !has)
			has = nodes->items[i];
		if (have == 0 && built > 0 && !broken)
			broken = nodes->items[i];
	}
	const char *plugin_text = plugin ? arena_printf(run->arena, "; %s is ready on %lld of %lld nodes", run_text(run, plugin),
							(long long)value_get_int(plugin->status, "numberReady", 0),
							(long long)value_get_int(plugin->status, "desiredNumberScheduled", 0))
					 : "";
	const char *obstacle = has ? placement_obstacle(run, v->object, has) : NULL;
	const char *why =
		has      ? arena_printf(run->arena, "node %s has %s, but %s", has->name, resource, obstacle ? obstacle : "cannot be used")
		: broken ? arena_printf(run->arena, "node %s has %s, and reports none of them as healthy%s", broken->name, resource, plugin_text)
			 : arena_printf(run->arena, "it requests %s %s, and no node of %u offers any%s", placement_amount(run, resource, want),
					resource, nodes->len, plugin_text);
	struct finding *f = start(run, v, why);
	add_requests(run, f, v, resource);
	if (has) {
		finding_fieldf(run, f, has, "status.allocatable['%s']", resource);
		finding_subject_object(run, f, has);
		finding_fix(run, f, "Make node %s fit for the pod, or the pod for it: it %s.", has->name, obstacle ? obstacle : "cannot be used now");
	} else if (broken) {
		finding_fieldf(run, f, broken, "status.capacity['%s']", resource);
		finding_subject_object(run, f, broken);
		finding_fix(run, f, "See the log of the device plug-in on node %s, and the driver there.", broken->name);
	} else {
		if (plugin)
			finding_subject_object(run, f, plugin);
		finding_fix(run, f, "Add a node with %s, and see that its device plug-in runs there%s%s: without it the node does not offer them.",
			    resource, plugin ? " " : "", plugin ? arena_printf(run->arena, "(%s)", run_text(run, plugin)) : "");
	}
	return true;
}

/* A LimitRange that made the request: then the pod's author may not know of it. */
static const struct object *add_giver(struct check_run *run, struct finding *f, const struct pod_view *v, const char *resource)
{
	for (uint32_t i = 0; i < v->count; i++) {
		const struct object *giver = pod_default_giver(run, v->object, &v->containers[i], resource, "request");
		if (!giver)
			continue;
		f->message = arena_printf(run->arena, "%s; LimitRange %s gives container %s that request, it has none of its own", f->message,
					  giver->name, v->containers[i].name);
		finding_field(run, f, v->object, "metadata.annotations['kubernetes.io/limit-ranger']");
		finding_subject_object(run, f, giver);
		return giver;
	}
	return NULL;
}

/* Who requests most of a resource on the roomiest node: where to look first. */
static const char *biggest_request(struct check_run *run, const struct room *room, const char *resource)
{
	const struct object_list *pods = room->best ? inventory_pods_on(run->inv, room->best->name) : NULL;
	const struct object *most = NULL;
	double sum = 0;
	for (uint32_t i = 0; pods && i < pods->len; i++) {
		double q = pod_request(pods->items[i]->spec, resource);
		if (q > sum && !str_eq(value_get_str(pods->items[i]->status, "phase"), "Succeeded") &&
		    !str_eq(value_get_str(pods->items[i]->status, "phase"), "Failed")) {
			most = pods->items[i];
			sum = q;
		}
	}
	if (!most)
		return "what runs there may request more than it uses";
	return arena_printf(run->arena, "%s requests most on %s, %s", run_text(run, most), room->best->name, placement_amount(run, resource, sum));
}

/* "Insufficient cpu": with the numbers of the node that comes nearest. False when there is room: then other reasons matter more. */
static bool add_shortage(struct check_run *run, const struct pod_view *v, const char *resource)
{
	struct placement *p = placement_of(run, v->object);
	double want = pod_request(v->object->spec, resource);
	if (!p->room.resource || !str_eq(p->room.resource, resource))
		p->room = find_room(run, v->object, &p->volumes, resource);
	const struct room *room = &p->room;
	if (room->best && placement_fits(want, room->free))
		return false;
	const char *unit = placement_unit(run, resource);
	const char *why;
	if (!room->best) /* no node was seen that it may use: then only the scheduler knows how many lack it */
		why = said(run, v);
	else if (room->biggest == 0 && strchr(resource, '/'))
		return add_device(run, v, resource, want);
	else if (want > room->biggest)
		why = arena_printf(run->arena, "it requests %s%s, and the biggest node it may use has %s", placement_amount(run, resource, want),
				   unit, placement_amount(run, resource, room->biggest));
	else
		why = arena_printf(run->arena, "it requests %s%s, and the most that is free on a node it may use is %s of %s (node %s)",
				   placement_amount(run, resource, want), unit, placement_amount(run, resource, MAX(room->free, 0)),
				   placement_amount(run, resource, room->of), room->best->name);
	if (room->best && room->unreached)
		why = arena_printf(run->arena, "%s; its volume %s can only be used %s, which leaves out %u node%s", why,
				   p->volumes.items[0].volume->name, placement_volume_place(run, p->volumes.items[0].volume), room->unreached,
				   room->unreached == 1 ? "" : "s");
	struct finding *f = start(run, v, why);
	add_requests(run, f, v, resource);
	const struct object *giver = add_giver(run, f, v, resource);
	if (room->best)
		finding_fieldf(run, f, room->best, "status.allocatable['%s']", resource);
	if (giver)
		finding_fix(run, f, "Give the containers %s requests of their own, or lower the default of LimitRange %s.", resource, giver->name);
	else if (room->best && want > room->biggest)
		finding_fix(run, f, "Request at most %s%s, or add a node that has %s.", placement_amount(run, resource, room->biggest), unit,
			    placement_amount(run, resource, want));
	else
		finding_fix(run, f, "Request less, free %s on a node (%s), or add a node.", resource, biggest_request(run, room, resource));
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
	const char *path, *words = selector_words(run, v->object, &path), *near = placement_near_label(run, v->object);
	const char *instead = near ? arena_printf(run->arena, "; did you mean %s?", near) : "";
	uint32_t nodes = inventory_list(run->inv, KIND_NODE)->len;
	struct finding *f = start(run, v,
				  words ? arena_printf(run->arena, "no node of %u has the labels it selects (%s)%s", nodes, words, instead)
					: arena_printf(run->arena, "no node of %u fits its required node affinity%s%s", nodes,
						       placement_affinity_text(run, v->object), instead));
	finding_field(run, f, v->object, path);
	finding_fix(run, f, "Label a node with what the pod selects, or correct %s of its workload%s%s.",
		    words ? "nodeSelector" : "the node affinity", near ? " to " : "", near ? near : "");
}

/* A workload, no DaemonSet, that is on the node and tolerates its taint: the node may be reserved for it. */
static const struct object *reserved_for(struct check_run *run, const struct nodes_seen *seen)
{
	const struct object_list *pods = inventory_pods_on(run->inv, seen->tainted->name);
	for (uint32_t i = 0; i < pods->len; i++) {
		const struct object *top = object_top_owner(pods->items[i]);
		if (top->kind->id != KIND_DAEMON_SET && top->kind->id != KIND_NODE &&
		    taint_tolerated(value_get(pods->items[i]->spec, "tolerations"), seen->taint) &&
		    !value_get(pods->items[i]->annotations, "kubernetes.io/config.mirror"))
			return top;
	}
	return NULL;
}

static void add_taint(struct check_run *run, const struct pod_view *v, const struct nodes_seen *seen)
{
	const char *key = value_get_str(seen->taint, "key");
	const char *text = placement_taint_text(run, seen->taint);
	bool lost = str_eq(key, "node.kubernetes.io/not-ready") || str_eq(key, "node.kubernetes.io/unreachable");
	bool condition = strncmp(key, "node.kubernetes.io/", 19) == 0;
	const struct object *owner = condition ? NULL : reserved_for(run, seen);
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
		finding_fix(run, f, "Give the pods a toleration for %s if they belong there, or take the taint off node %s%s.", text,
			    seen->tainted->name,
			    owner ? arena_printf(run->arena, " (%s tolerates it: the node may be reserved for that)", run_text(run, owner)) : "");
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
	const struct object *user; /* who has a claim that only one pod may have */
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

/* A volume that one pod at a time may use, and the pod that does. */
static int find_used(void *arg, const struct pod_ref *ref)
{
	struct claim_walk *w = arg;
	const struct object *claim =
		ref->kind == KIND_PERSISTENT_VOLUME_CLAIM ? inventory_find(w->run->inv, KIND_PERSISTENT_VOLUME_CLAIM, w->pod->ns, ref->name) : NULL;
	const struct object *user = claim ? index_claim_user(w->run, claim) : NULL;
	if (!user || user == w->pod || !str_eq(value_str(value_at(claim->spec, "accessModes[0]"), ""), "ReadWriteOncePod"))
		return 0;
	w->ref = *ref;
	w->user = user;
	return 1;
}

static bool add_once_pod(struct check_run *run, const struct pod_view *v, const char *message)
{
	struct claim_walk w = {.run = run, .pod = v->object};
	if (!strstr(message, "ReadWriteOncePod") || !pod_refs_each(v->object->spec, "spec", run->arena, find_used, &w))
		return false;
	struct finding *f = start(run, v,
				  arena_printf(run->arena, "its PersistentVolumeClaim %s is for one pod at a time (ReadWriteOncePod), and %s uses it",
					       w.ref.name, run_text(run, w.user)));
	finding_field(run, f, v->object, w.ref.path);
	finding_field(run, f, w.user, "spec.nodeName");
	if (w.user->deleted)
		finding_subject_object(run, f, w.user);
	finding_fix(run, f, "Wait until %s has ended, run one replica, or use a claim with another access mode.", run_text(run, w.user));
	return true;
}

static void add_claim(struct check_run *run, const struct pod_view *v, const char *said)
{
	if (add_once_pod(run, v, said))
		return;
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

/* A rule of the pod that leaves no node, said with names; only rules that the scheduler speaks of. */
static bool add_rule(struct check_run *run, const struct pod_view *v, const char *message)
{
	static const struct {
		const char *part;
		bool (*find)(struct check_run *run, const struct object *pod, struct placement_note *ret);
	} rules[] = {
		{"volume node affinity conflict", placement_volume_note},
		{"no available volume zone", placement_volume_note},
		{"existing pods anti-affinity", placement_existing_note},
		{"pod anti-affinity rules", placement_anti_affinity_note},
		{"pod affinity rules", placement_affinity_note},
		{"topology spread", placement_spread_note},
		{"free ports", placement_port_note},
	};
	struct placement *p = placement_of(run, v->object);
	for (size_t i = 0; i < ARRAY_LEN(rules) && !p->note_known; i++) {
		struct placement_note note = {0};
		if (strstr(message, rules[i].part) && rules[i].find(run, v->object, &note)) {
			p->note = note;
			p->note_known = true;
		}
	}
	p->note_known = true;
	if (!p->note.why)
		return false;
	struct finding *f = start(run, v, p->note.why);
	for (uint32_t i = 0; i < p->note.count; i++) {
		/* What was found out for a sibling is true of this pod's own fields. */
		const struct object *o = p->note.evidence[i].object;
		bool sibling = o->kind->id == KIND_POD && o->owner && o->owner == v->object->owner && !*value_get_str(o->spec, "nodeName");
		finding_field(run, f, sibling ? v->object : o, p->note.evidence[i].path);
	}
	f->fix = p->note.fix;
	if (p->note.blame)
		finding_subject_object(run, f, p->note.blame);
	return true;
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

/* A rollout that may take no old pod away before a new one is ready needs room for one more. */
static void add_rollout(struct check_run *run, const struct pod_view *v)
{
	const struct object *set = v->object->owner, *deployment = set ? set->owner : NULL;
	struct finding *f = run->findings.len ? run->findings.items[run->findings.len - 1] : NULL;
	if (!f || f->object != v->object || !deployment || deployment->kind->id != KIND_DEPLOYMENT)
		return;
	const char *most = value_text(run->arena, value_at(deployment->spec, "strategy.rollingUpdate.maxUnavailable"));
	if (!most || (!str_eq(most, "0") && !str_eq(most, "0%")))
		return;
	for (uint32_t i = 0; i < deployment->child_count; i++) {
		const struct object *old = deployment->children[i];
		if (old == set || old->kind->id != KIND_REPLICA_SET || value_get_int(old->status, "readyReplicas", 0) == 0)
			continue;
		f->message = arena_printf(run->arena, "%s; the rollout waits for it, for maxUnavailable is %s: no pod of %s goes before it is ready",
					  f->message, most, old->name);
		finding_field(run, f, deployment, "spec.strategy.rollingUpdate.maxUnavailable");
		finding_fix(run, f, "%s Or let the rollout end an old pod first: maxUnavailable 1 in %s.", f->fix ? f->fix : f->check->fix,
			    run_text(run, deployment));
		return;
	}
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
	} else if ((!resource || !add_shortage(run, v, resource)) && !(sees && add_rule(run, v, message))) {
		const char *each = sees ? placement_summary(run, v->object, &placement_of(run, v->object)->volumes) : NULL;
		struct finding *f = start(run, v, each ? each : message);
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
		add_rollout(run, v);
		add_scale_up(run, v);
		return;
	}
	if (v->scheduled_condition || !o->created || pod_age(run, o) < run->options->startup_grace ||
	    value_len(value_get(o->spec, "schedulingGates")))
		return;
	pod_add_no_scheduler(run, o);
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
