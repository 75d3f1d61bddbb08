/* Weighing explanations that lie in the place: nodes, the scheduler's words, quotas, volumes and their classes. */
#include "diagnose/weigh.h"

static const char *const pressures[] = {"MemoryPressure", "DiskPressure", "PIDPressure"};

/* The condition as evidence; true when it has that status. */
static bool has_condition(struct inquiry *q, bool is_for, const struct object *node, const char *type, const char *status)
{
	uint32_t i;

	if (!condition_find(node, type, &i) || !str_eq(condition_status(node, type), status))
		return false;
	weigh_field(q, is_for, node, arena_printf(q->run->arena, "status.conditions[%u].status", i));
	return true;
}

static const char *pressure_of(struct inquiry *q, const struct object *node)
{
	for (size_t i = 0; i < ARRAY_LEN(pressures); i++)
		if (has_condition(q, true, node, pressures[i], "True"))
			return pressures[i];
	return NULL;
}

/* NULL after having said why; that it does not exist (any more) may be the cause. */
static const struct object *find_or_say(struct inquiry *q, enum kind_id kind, const char *name, const char *any_more)
{
	const struct object *o = inventory_find(q->run->inv, kind, "", name);

	if (!o && !weigh_unseen(q, kind)) {
		finding_absence(q->run, &q->pro, kind_table[kind].name, "", name);
		weigh_possible(q, "%s %s does not exist%s", kind_table[kind].name, name, any_more);
	}
	return o;
}

/* The node of the symptom; NULL after having said why there is none. */
static const struct object *node_of(struct inquiry *q)
{
	const struct object *o = q->symptom->object;
	const char *name = q->pod ? value_get_str(q->pod->spec, "nodeName") : "";

	if (o && o->kind->id == KIND_NODE)
		return o;
	if (!q->pod) {
		weigh_unknown(q, "none of its pods was read");
		return NULL;
	}
	if (!name[0]) {
		weigh_out(q, "%s is on no node yet", object_text(q->run->arena, q->pod));
		return NULL;
	}
	return find_or_say(q, KIND_NODE, name, " any more");
}

void weigh_node_ill(struct inquiry *q)
{
	const struct object *node = node_of(q);
	const char *pressure;

	if (!node)
		return;
	pressure = pressure_of(q, node);
	if (pressure)
		weigh_possible(q, "Node %s has %s", node->name, pressure);
	else if (has_condition(q, false, node, "Ready", "True"))
		weigh_out(q, "Node %s is Ready and has no pressure", node->name);
	else if (condition_status(node, "Ready")[0])
		weigh_possible(q, "Node %s is not Ready", node->name);
	else
		weigh_unknown(q, "Node %s says nothing of its state", node->name);
}

void weigh_node_pressure(struct inquiry *q)
{
	const struct object *node = node_of(q);
	const char *pressure;

	if (!node)
		return;
	pressure = pressure_of(q, node);
	if (pressure)
		weigh_possible(q, "Node %s has %s", node->name, pressure);
	else if (has_condition(q, false, node, "MemoryPressure", "False"))
		weigh_out(q, "Node %s has no pressure now", node->name);
	else
		weigh_unknown(q, "Node %s no longer says", node->name);
}

void weigh_kubelet(struct inquiry *q)
{
	const struct object *node = node_of(q);

	if (!node)
		return;
	if (has_condition(q, true, node, "Ready", "Unknown"))
		weigh_possible(q, "the Ready condition of Node %s is Unknown", node->name);
	else if (has_condition(q, false, node, "Ready", "False") || has_condition(q, false, node, "Ready", "True"))
		weigh_out(q, "kubelet of Node %s reports: Ready is %s", node->name, condition_status(node, "Ready"));
	else
		weigh_unknown(q, "Node %s says nothing of its state", node->name);
}

void weigh_node_network(struct inquiry *q)
{
	const char *words = weigh_words(q), *message;
	const struct object *node;

	if (strcasestr(words, "cni") || strcasestr(words, "network plugin") || strcasestr(words, "NetworkUnavailable")) {
		weigh_possible(q, "the message speaks of the network plugin");
		return;
	}
	node = node_of(q);
	if (!node)
		return;
	message = value_get_str(condition_find(node, "Ready", NULL), "message");
	if (strcasestr(message, "cni") || strcasestr(message, "network plugin") || has_condition(q, true, node, "NetworkUnavailable", "True"))
		weigh_possible(q, "Node %s says that its network is not ready", node->name);
	else if (has_condition(q, false, node, "NetworkUnavailable", "False") || has_condition(q, false, node, "Ready", "True"))
		weigh_out(q, "Node %s does not complain of its network", node->name);
	else
		weigh_unknown(q, "Node %s no longer says", node->name);
}

void weigh_cordon(struct inquiry *q)
{
	const struct object_list *all = inventory_list(q->run->inv, KIND_NODE);
	const struct object *o = q->symptom->object;
	bool one = o && o->kind->id == KIND_NODE;
	unsigned cordoned = 0;

	if (!one && weigh_unseen(q, KIND_NODE))
		return;
	for (uint32_t i = 0; i < all->len; i++) {
		if ((one && all->items[i] != o) || !value_get_bool(all->items[i]->spec, "unschedulable", false))
			continue;
		if (!cordoned++)
			weigh_field(q, true, all->items[i], "spec.unschedulable");
	}
	if (one && cordoned)
		weigh_possible(q, "it is cordoned");
	else if (one)
		weigh_out(q, "it is not cordoned");
	else if (cordoned)
		weigh_possible(q, "%u of %u node%s %s cordoned", cordoned, all->len, all->len == 1 ? "" : "s", cordoned == 1 ? "is" : "are");
	else
		weigh_out(q, "none of the %u node%s is cordoned", all->len, all->len == 1 ? "" : "s");
}

/* ---- What the scheduler said: "0/3 nodes are available: 1 node(s) had untolerated taint {a: b}, 2 Insufficient cpu. preemption: ..." ---------- */

/* A clause ends with a comma or a full stop before a blank; those inside names do not end it. */
static size_t clause_len(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != '\n' && !((s[n] == ',' || s[n] == '.') && (s[n + 1] == ' ' || s[n + 1] == '\n' || !s[n + 1])))
		n++;
	return n;
}

static void weigh_scheduler(struct inquiry *q, const char *what, const char *const *words, size_t n)
{
	const char *text = weigh_words(q), *all = strstr(text, "nodes are available: "), *at = NULL, *from, *end;

	if (!all) {
		weigh_unknown(q, "no word of the scheduler was read");
		return;
	}
	all += strlen("nodes are available: ");
	end = all + strcspn(all, "\n");
	for (size_t i = 0; i < n && (!at || at >= end); i++)
		at = strcasestr(all, words[i]);
	if (!at || at >= end) {
		weigh_out(q, "the scheduler names no %s", what);
		return;
	}
	/* The clause around the words. */
	for (from = at; from > all && !(from[-1] == ' ' && from - 2 >= all && (from[-2] == ',' || from[-2] == ':' || from[-2] == '.'));)
		from--;
	weigh_possible(q, "the scheduler says: %.*s", (int)clause_len(from), from);
}

void weigh_room(struct inquiry *q)
{
	static const char *const words[] = {"Insufficient", "Too many pods"};

	weigh_scheduler(q, "lack of a resource", words, ARRAY_LEN(words));
}

void weigh_taint(struct inquiry *q)
{
	static const char *const words[] = {"taint"};

	weigh_scheduler(q, "taint", words, ARRAY_LEN(words));
}

void weigh_affinity(struct inquiry *q)
{
	static const char *const words[] = {"node affinity", "node selector", "affinity", "topology spread"};

	weigh_scheduler(q, "selector or affinity", words, ARRAY_LEN(words));
}

/* ---- Quotas ----------------------------------------------------------------------------------------------------------------- */

struct fullest {
	const struct object *quota;
	const char *resource, *hard, *used;
	double ratio;
};

static void look_at_quota(const struct object *quota, struct fullest *f)
{
	for (member_each(m, value_get(quota->status, "hard"))) {
		const struct value *used = value_get(value_get(quota->status, "used"), m->key);
		double hard, have;

		if (!value_quantity(&m->v, &hard) || !used || !value_quantity(used, &have) || hard <= 0)
			continue;
		if (!f->quota || have / hard > f->ratio)
			*f = (struct fullest){quota, m->key, value_str(&m->v, "?"), value_str(used, "?"), have / hard};
	}
}

void weigh_quota(struct inquiry *q)
{
	const struct object *o = q->pod ? q->pod : q->symptom->object;
	const struct object_list *all = inventory_list(q->run->inv, KIND_RESOURCE_QUOTA);
	struct fullest f = {0};
	const char *path;

	if (!o || !o->ns[0]) {
		weigh_unknown(q, "which namespace is meant is not known");
		return;
	}
	for (uint32_t i = 0; i < all->len; i++)
		if (str_eq(all->items[i]->ns, o->ns))
			look_at_quota(all->items[i], &f);
	if (!f.quota) {
		if (!weigh_unseen(q, KIND_RESOURCE_QUOTA))
			weigh_out(q, "namespace %s has no quota", o->ns);
		return;
	}
	path = arena_printf(q->run->arena, "status.used['%s']", f.resource);
	weigh_field(q, f.ratio >= 1, f.quota, path);
	if (f.ratio >= 1)
		weigh_possible(q, "quota %s has %s of %s %s used", f.quota->name, f.used, f.hard, f.resource);
	else
		weigh_out(q, "quota %s has %s of %s %s used", f.quota->name, f.used, f.hard, f.resource);
}

/* ---- Volumes ---------------------------------------------------------------------------------------------------------------- */

struct claims {
	struct inquiry *q;
	unsigned bound;
	const char *bad;
	const struct object *bad_claim;
	const char *name;
	bool unseen;
};

static int look_at_claim(void *arg, const struct pod_ref *ref)
{
	struct claims *c = arg;
	const struct object *claim;

	if (ref->kind != KIND_PERSISTENT_VOLUME_CLAIM)
		return 0;
	c->name = ref->name;
	claim = inventory_find(c->q->run->inv, ref->kind, c->q->pod->ns, ref->name);
	if (!claim && !inventory_sees(c->q->run->inv, ref->kind, c->q->pod->ns)) {
		c->unseen = true;
	} else if (!claim) {
		c->bad = arena_printf(c->q->run->arena, "its claim %s does not exist", ref->name);
	} else if (!str_eq(object_str(claim, "status.phase"), "Bound")) {
		c->bad_claim = claim;
		c->bad = arena_printf(c->q->run->arena, "its claim %s is %s", ref->name, object_str(claim, "status.phase"));
	} else {
		c->bound++;
		weigh_field(c->q, false, claim, "status.phase");
	}
	return 0;
}

void weigh_volume(struct inquiry *q)
{
	struct claims c = {.q = q};

	if (!q->pod) {
		weigh_unknown(q, "none of its pods was read");
		return;
	}
	pod_refs_each(pod_spec(q->pod), "spec", q->run->arena, look_at_claim, &c);
	if (c.bad) {
		weigh_field(q, true, c.bad_claim, "status.phase");
		weigh_possible(q, "%s", c.bad);
	} else if (c.unseen) {
		weigh_unknown(q, "persistentvolumeclaims were not read");
	} else if (!c.bound) {
		weigh_out(q, "it mounts no PersistentVolumeClaim");
	} else if (c.bound == 1) {
		weigh_out(q, "its claim %s is Bound", c.name);
	} else {
		weigh_out(q, "its %u claims are Bound", c.bound);
	}
}

/* NULL after having said why. */
static const struct object *class_of(struct inquiry *q)
{
	const struct object *claim = q->symptom->object;
	const char *name = claim && claim->kind->id == KIND_PERSISTENT_VOLUME_CLAIM ? value_get_str(claim->spec, "storageClassName") : "";

	if (!name[0]) {
		weigh_unknown(q, "it names no storage class");
		return NULL;
	}
	return find_or_say(q, KIND_STORAGE_CLASS, name, "");
}

void weigh_storage_class(struct inquiry *q)
{
	const struct object *class = class_of(q);

	if (!class)
		return;
	weigh_field(q, false, class, "metadata.name");
	weigh_out(q, "StorageClass %s exists", class->name);
}

void weigh_first_consumer(struct inquiry *q)
{
	const struct object *class = class_of(q);
	const char *mode;

	if (!class)
		return;
	mode = value_get_str(&class->root, "volumeBindingMode");
	weigh_field(q, str_eq(mode, "WaitForFirstConsumer"), class, "volumeBindingMode");
	if (str_eq(mode, "WaitForFirstConsumer"))
		weigh_possible(q, "StorageClass %s waits for the first pod that uses the claim", class->name);
	else
		weigh_out(q, "StorageClass %s makes volumes at once", class->name);
}
