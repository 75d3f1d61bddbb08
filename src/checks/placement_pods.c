/* Required affinity to other pods, anti-affinity against them, and host ports: which pods, on which nodes, are in the way. */
#include "base/hash.h"
#include "checks/index.h"
#include "checks/placement.h"

/* Domains ("key\0value") that pods of a term are in, each with one such pod. */
struct taken {
	struct check_run *run;
	struct hash domains;
	uint32_t running, waiting; /* pods of the term with and without a node */
	const struct object *first;
};

static const char *domain_key(struct check_run *run, const struct object *node, const char *key, size_t *ret_len)
{
	const char *value = value_get_str(node->labels, key);
	if (!*value)
		return NULL;
	*ret_len = strlen(key) + 1 + strlen(value);
	char *text = arena_alloc(run->arena, *ret_len + 1);
	memcpy(text, key, strlen(key) + 1);
	memcpy(text + strlen(key) + 1, value, strlen(value) + 1);
	return text;
}

static const struct object *taken_by(const struct taken *t, const struct object *node, const char *key)
{
	size_t len;
	const char *text = domain_key(t->run, node, key, &len);
	return text ? hash_get(&t->domains, text, len) : NULL;
}

static bool has_ended(const struct object *pod)
{
	const char *phase = value_get_str(pod->status, "phase");
	return str_eq(phase, "Succeeded") || str_eq(phase, "Failed");
}

static void take(struct taken *t, const struct object *pod, const char *key)
{
	const struct object *node = inventory_find(t->run->inv, KIND_NODE, "", value_get_str(pod->spec, "nodeName"));
	size_t len;
	if (has_ended(pod))
		return;
	if (!node) {
		t->waiting++;
		return;
	}
	t->running++;
	t->first = t->first ? t->first : pod;
	const char *text = domain_key(t->run, node, key, &len);
	if (text && !hash_get(&t->domains, text, len))
		hash_put(&t->domains, text, len, (void *)pod);
}

/* Is a term of `owner` about pods in namespace ns? */
static bool term_takes_namespace(struct check_run *run, const struct value *term, const struct object *owner, const char *ns)
{
	const struct value *names = value_get(term, "namespaces"), *selector = value_get(term, "namespaceSelector");
	if (value_list_has(names, ns))
		return true;
	if (selector) {
		const struct object *o = inventory_find(run->inv, KIND_NAMESPACE, "", ns);
		return selector_matches(selector, o ? o->labels : NULL, false);
	}
	return value_len(names) == 0 && str_eq(owner->ns, ns);
}

static void take_term(struct taken *t, const struct value *term, const struct object *pod)
{
	bool own = !value_get(term, "namespaceSelector") && value_len(value_get(term, "namespaces")) == 0;
	struct object_list pods =
		inventory_select(t->run->inv, t->run->arena, KIND_POD, own ? pod->ns : NULL, value_get(term, "labelSelector"), false);
	for (uint32_t i = 0; i < pods.len; i++)
		if (pods.items[i] != pod && term_takes_namespace(t->run, term, pod, pods.items[i]->ns))
			take(t, pods.items[i], value_get_str(term, "topologyKey"));
}

static const struct value *terms_of(const struct object *pod, const char *which)
{
	return value_get(value_get(value_get(pod->spec, "affinity"), which), "requiredDuringSchedulingIgnoredDuringExecution");
}

static const char *term_text(struct check_run *run, const struct value *term)
{
	const struct value *selector = value_get(term, "labelSelector");
	return selector ? selector_text(run->arena, selector, false) : "nothing";
}

/* "node", "zone", else the key as it is. */
static const char *domain_word(const char *key)
{
	const char *last = strrchr(key, '/');
	return str_eq(key, "kubernetes.io/hostname") ? "node" : last && str_eq(last, "/zone") ? "zone" : key;
}

static const char *term_path(struct check_run *run, const char *which, uint32_t index)
{
	return arena_printf(run->arena, "spec.affinity.%s.requiredDuringSchedulingIgnoredDuringExecution[%u].topologyKey", which, index);
}

/* Nodes that a rule closes, of those that the pod may use. open: one that is closed only by something else. */
struct closed {
	uint32_t usable, closed;
	const struct object *node, *by; /* the first closed one, and the pod that closes it */
	const struct object *other;     /* a node with an obstacle of its own */
	const char *obstacle;
	bool open; /* a node is left that nothing seen speaks against */
};

static void close_node(struct check_run *run, struct closed *c, const struct object *pod, const struct object *node, const struct object *by)
{
	if (!placement_usable(pod, node))
		return;
	c->usable++;
	if (by) {
		c->closed++;
		if (!c->node) {
			c->node = node;
			c->by = by;
		}
		return;
	}
	const char *obstacle = placement_obstacle(run, pod, node);
	c->open = c->open || !obstacle;
	if (obstacle && !c->other) {
		c->other = node;
		c->obstacle = obstacle;
	}
}

static const char *closed_text(struct check_run *run, const struct closed *c)
{
	const char *of = c->closed == c->usable && c->usable == 1 ? "the only node"
			 : c->closed == c->usable                 ? arena_printf(run->arena, "all %u nodes", c->usable)
								  : arena_printf(run->arena, "%u of the %u nodes", c->closed, c->usable);
	return arena_printf(run->arena, "%s it may use%s%s%s%s", of, c->other ? "; node " : "", c->other ? c->other->name : "", c->other ? " " : "",
			    c->other ? c->obstacle : "");
}

/* "; 5 replicas are wanted, and there are nodes for 3" when one per node was asked for. */
static const char *too_many_replicas(struct check_run *run, const struct object *pod, const struct closed *c, const char *key)
{
	const struct object *top = object_top_owner(pod);
	int64_t want = top == pod ? 0 : value_get_int(top->spec, "replicas", 0);
	if (!str_eq(key, "kubernetes.io/hostname") || want <= c->usable || !c->by || object_top_owner(c->by) != top)
		return "";
	return arena_printf(run->arena, "; %s wants %lld replicas, one per node", run_text(run, top), (long long)want);
}

bool placement_anti_affinity_note(struct check_run *run, const struct object *pod, struct placement_note *ret)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	uint32_t index = 0;
	bool found = false;
	for (value_each(term, terms_of(pod, "podAntiAffinity"))) {
		struct taken t = {.run = run};
		struct closed c = {0};
		const char *key = value_get_str(term, "topologyKey");
		hash_init(&t.domains);
		take_term(&t, term, pod);
		for (uint32_t i = 0; i < nodes->len; i++)
			close_node(run, &c, pod, nodes->items[i], taken_by(&t, nodes->items[i], key));
		found = c.closed && !c.open;
		if (found) {
			memset(ret, 0, sizeof(*ret));
			ret->why = arena_printf(run->arena,
						"its anti-affinity keeps it off every %s with a pod %s, and that rules out %s (%s is on node %s)%s",
						domain_word(key), term_text(run, term), closed_text(run, &c), c.by->name,
						value_get_str(c.by->spec, "nodeName"), too_many_replicas(run, pod, &c, key));
			ret->fix = "Add a node, run fewer replicas, or make the anti-affinity preferred instead of required.";
			placement_evidence(ret, pod, term_path(run, "podAntiAffinity", index));
			placement_evidence(ret, c.by, "spec.nodeName");
		}
		hash_release(&t.domains);
		if (found)
			return true;
		index++;
	}
	return false;
}

/* The anti-affinity of pods that are there already holds against new ones, too. The topology keys of the terms that do: */
struct existing {
	const char *keys[8];
	uint32_t key_count;
};

static void take_siblings(struct taken *t, const struct object *pod, const char *key)
{
	if (!pod->owner)
		take(t, pod, key);
	for (uint32_t i = 0; pod->owner && i < pod->owner->child_count; i++)
		if (pod->owner->children[i]->kind->id == KIND_POD)
			take(t, pod->owner->children[i], key);
}

static void take_existing(struct taken *t, struct existing *x, const struct object *other, const struct object *pod)
{
	for (value_each(term, terms_of(other, "podAntiAffinity"))) {
		const char *key = value_get_str(term, "topologyKey");
		if (!term_takes_namespace(t->run, term, other, pod->ns) || !value_get(term, "labelSelector") ||
		    !selector_matches(value_get(term, "labelSelector"), pod->labels, false))
			continue;
		uint32_t i = 0;
		while (i < x->key_count && !str_eq(x->keys[i], key))
			i++;
		if (i == ARRAY_LEN(x->keys))
			continue;
		if (i == x->key_count)
			x->keys[x->key_count++] = key;
		take_siblings(t, other, key);
	}
}

bool placement_existing_note(struct check_run *run, const struct object *pod, struct placement_note *ret)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE), *pods = index_anti_affinity(run);
	struct taken t = {.run = run};
	struct existing x = {0};
	struct closed c = {0};
	hash_init(&t.domains);
	for (uint32_t i = 0; i < pods->len; i++)
		take_existing(&t, &x, pods->items[i], pod);
	for (uint32_t i = 0; i < nodes->len; i++) {
		const struct object *by = NULL;
		for (uint32_t k = 0; k < x.key_count && !by; k++)
			by = taken_by(&t, nodes->items[i], x.keys[k]);
		close_node(run, &c, pod, nodes->items[i], by);
	}
	hash_release(&t.domains);
	if (!c.closed || c.open)
		return false;
	ret->why = arena_printf(run->arena, "the anti-affinity of pods that run already keeps it off %s (%s on node %s)", closed_text(run, &c),
				run_text(run, c.by), value_get_str(c.by->spec, "nodeName"));
	ret->fix = arena_printf(run->arena, "Add a node, or loosen the required pod anti-affinity of %s.", run_text(run, object_top_owner(c.by)));
	placement_evidence(ret, c.by, "spec.affinity.podAntiAffinity");
	placement_evidence(ret, c.by, "spec.nodeName");
	return true;
}

static bool tell_affinity(struct check_run *run, const struct object *pod, const struct value *term, const struct taken *t,
			  struct placement_note *ret)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	const char *key = value_get_str(term, "topologyKey"), *obstacle = NULL;
	const struct object *near = NULL;
	if (t->running == 0) {
		ret->why = arena_printf(run->arena, "it has to be near pods %s, and %s", term_text(run, term),
					t->waiting ? "those have no node themselves" : "there is no such pod");
		ret->fix =
			arena_printf(run->arena, "Start pods with %s, or correct the required pod affinity of its template.", term_text(run, term));
		return true;
	}
	for (uint32_t i = 0; i < nodes->len; i++) {
		if (!taken_by(t, nodes->items[i], key))
			continue;
		const char *words = placement_obstacle(run, pod, nodes->items[i]);
		if (!words)
			return false;
		if (!near) {
			near = nodes->items[i];
			obstacle = words;
		}
	}
	if (near)
		ret->why = arena_printf(run->arena, "it has to be in one %s with a pod %s (%s is on node %s), and no node there takes it: %s %s",
					domain_word(key), term_text(run, term), t->first->name, value_get_str(t->first->spec, "nodeName"), near->name,
					obstacle);
	else
		ret->why = arena_printf(run->arena, "it has to be in one %s with a pod %s, and node %s, where %s is, has no such label", key,
					term_text(run, term), value_get_str(t->first->spec, "nodeName"), t->first->name);
	ret->fix = near ? "Make room where those pods are, or make the pod affinity preferred instead of required."
			: arena_printf(run->arena, "Label the nodes with %s, or correct the topologyKey.", key);
	placement_evidence(ret, t->first, "spec.nodeName");
	return true;
}

bool placement_affinity_note(struct check_run *run, const struct object *pod, struct placement_note *ret)
{
	uint32_t index = 0;
	for (value_each(term, terms_of(pod, "podAffinity"))) {
		struct taken t = {.run = run};
		bool self = value_get(term, "labelSelector") && selector_matches(value_get(term, "labelSelector"), pod->labels, false) &&
			    term_takes_namespace(run, term, pod, pod->ns);
		memset(ret, 0, sizeof(*ret));
		placement_evidence(ret, pod, term_path(run, "podAffinity", index++));
		hash_init(&t.domains);
		take_term(&t, term, pod);
		/* The first of a group that wants to be together may go anywhere. */
		bool first = self && t.running == 0,
		     found = !first && inventory_sees(run->inv, KIND_POD, NULL) && tell_affinity(run, pod, term, &t, ret);
		hash_release(&t.domains);
		if (found)
			return true;
	}
	return false;
}

/* A pod on the node that holds a host port which this one wants; NULL when none does. */
static const struct object *port_holder(struct check_run *run, const struct object *node, int64_t port, const char *protocol)
{
	const struct object_list *pods = inventory_pods_on(run->inv, node->name);
	for (uint32_t i = 0; pods && i < pods->len; i++)
		for (value_each(c, value_get(pods->items[i]->spec, "containers")))
			for (value_each(p, value_get(c, "ports")))
				if (value_get_int(p, "hostPort", 0) == port && !has_ended(pods->items[i]) &&
				    str_eq(value_str(value_get(p, "protocol"), "TCP"), protocol))
					return pods->items[i];
	return NULL;
}

static bool try_port(struct check_run *run, const struct object *pod, int64_t port, const char *protocol, struct placement_note *ret)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	struct closed c = {0};
	for (uint32_t i = 0; i < nodes->len && !c.open; i++)
		close_node(run, &c, pod, nodes->items[i], port_holder(run, nodes->items[i], port, protocol));
	if (!c.closed || c.open)
		return false;
	ret->why = arena_printf(run->arena, "its host port %lld/%s is taken on %s (by %s on node %s)", (long long)port, protocol,
				closed_text(run, &c), run_text(run, c.by), c.node->name);
	ret->fix = "Drop hostPort (a Service does not need it), run at most one such pod per node, or take another port.";
	placement_evidence(ret, c.by, "spec.nodeName");
	return true;
}

bool placement_port_note(struct check_run *run, const struct object *pod, struct placement_note *ret)
{
	uint32_t container = 0;
	for (value_each(c, value_get(pod->spec, "containers"))) {
		uint32_t index = 0;
		for (value_each(p, value_get(c, "ports"))) {
			int64_t port = value_get_int(p, "hostPort", 0);
			memset(ret, 0, sizeof(*ret));
			placement_evidence(ret, pod, arena_printf(run->arena, "spec.containers[%u].ports[%u].hostPort", container, index++));
			if (port > 0 && try_port(run, pod, port, value_str(value_get(p, "protocol"), "TCP"), ret))
				return true;
		}
		container++;
	}
	return false;
}
