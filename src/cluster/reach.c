#include "cluster/reach.h"

#include "base/ip.h"
#include "cluster/inventory_internal.h"
#include "cluster/views.h"

/* A question about one direction of one end. */
struct question {
	const struct inventory *inv;
	enum reach_side side;
	const char *ns; /* of the policies asked */
	const struct reach_end *peer;
	const struct object *called; /* whose container ports a port's name means; NULL = an address */
	const char *protocol;
	int port;
	bool unsure;
};

static bool on_host_network(const struct object *o)
{
	return o && value_get_bool(pod_spec_of(o, NULL), "hostNetwork", false);
}

/* An address outside, of which nothing is known, may lie in any block: what is asked is whether anyone out there is admitted. */
static bool block_matches(struct question *q, const struct value *block)
{
	const char *cidr = value_get_str(block, "cidr");
	const char *address = q->peer->object ? value_get_str(q->peer->object->status, "podIP") : q->peer->address;
	if (!address)
		return true;
	if (!*address) { /* a template's pods have no address yet */
		q->unsure = true;
		return true;
	}
	if (!ip_in_block(address, cidr))
		return false;
	for (value_each(e, value_get(block, "except")))
		if (ip_in_block(address, value_str(e, "")))
			return false;
	return true;
}

#define NAME_LABEL "kubernetes.io/metadata.name"
#define MAX_NS_LABELS 64

/* The API server gives every namespace the label with its name; a recording may lack the Namespace. */
static bool namespace_matches(struct question *q, const struct value *selector, const char *ns)
{
	const struct object *o = inventory_find(q->inv, KIND_NAMESPACE, "", ns);
	struct member members[MAX_NS_LABELS];
	struct value labels = {.type = VALUE_MAP, .members = members};
	bool named = false;
	if (value_len(value_get(selector, "matchLabels")) == 0 && value_len(value_get(selector, "matchExpressions")) == 0)
		return true;
	for (member_each(m, o ? o->labels : NULL)) {
		if (labels.len < MAX_NS_LABELS - 1)
			members[labels.len++] = *m;
		named = named || str_eq(m->key, NAME_LABEL);
	}
	if (!named) {
		members[labels.len] = (struct member){.key = NAME_LABEL, .v = value_of_str(ns)};
		members[labels.len++].v.key_len = sizeof(NAME_LABEL) - 1;
	}
	if (selector_matches(selector, &labels, false))
		return true;
	if (o)
		return false;
	bool by_name = value_len(value_get(selector, "matchExpressions")) == 0;
	for (member_each(m, value_get(selector, "matchLabels")))
		by_name = by_name && str_eq(m->key, NAME_LABEL);
	q->unsure = q->unsure || !by_name;
	return !by_name;
}

static bool peer_matches(struct question *q, const struct value *rule_peer)
{
	const struct value *block = value_get(rule_peer, "ipBlock");
	const struct value *pods = value_get(rule_peer, "podSelector"), *namespaces = value_get(rule_peer, "namespaceSelector");
	const struct object *o = q->peer->object;
	if (block)
		return block_matches(q, block);
	if (!o || (!pods && !namespaces))
		return false;
	if (namespaces ? !namespace_matches(q, namespaces, o->ns) : !str_eq(o->ns, q->ns))
		return false;
	return !pods || selector_matches(pods, pod_labels_of(o, NULL), false);
}

static const struct value *find_port(const struct object *pod, const char *name, const char *protocol)
{
	static const char *const lists[] = {"containers", "initContainers"};
	const struct value *spec = pod ? pod_spec_of(pod, NULL) : NULL;
	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		for (value_each(c, value_get(spec, lists[k])))
			for (value_each(p, value_get(c, "ports")))
				if (str_eq(value_get_str(p, "name"), name) && str_eq(value_str(value_get(p, "protocol"), "TCP"), protocol))
					return p;
	return NULL;
}

static bool port_matches(const struct question *q, const struct value *rule_port)
{
	const struct value *port = value_get(rule_port, "port");
	if (!str_eq(value_str(value_get(rule_port, "protocol"), "TCP"), q->protocol))
		return false;
	if (!port || q->port == 0)
		return true;
	if (port->type == VALUE_STRING) {
		const struct value *declared = find_port(q->called, port->s, q->protocol);
		return declared && value_get_int(declared, "containerPort", 0) == q->port;
	}
	int64_t first = value_int(port, 0), last = value_get_int(rule_port, "endPort", first);
	return q->port >= first && q->port <= last;
}

static bool rule_admits(struct question *q, const struct value *rule)
{
	const struct value *ports = value_get(rule, "ports"), *peers = value_get(rule, q->side == REACH_EGRESS ? "to" : "from");
	bool port_ok = value_len(ports) == 0, peer_ok = value_len(peers) == 0;
	for (value_each(p, ports))
		port_ok = port_ok || port_matches(q, p);
	for (value_each(p, peers))
		peer_ok = peer_ok || (port_ok && peer_matches(q, p));
	return port_ok && peer_ok;
}

bool policy_has_side(const struct object *policy, enum reach_side side)
{
	const struct value *types = value_get(policy->spec, "policyTypes");
	if (value_len(types) == 0) /* what the API server fills in */
		return side == REACH_INGRESS || value_len(value_get(policy->spec, "egress")) > 0;
	return value_list_has(types, side == REACH_EGRESS ? "Egress" : "Ingress");
}

bool policy_selects(const struct object *policy, const struct object *pod)
{
	return str_eq(policy->ns, pod->ns) && !on_host_network(pod) &&
	       selector_matches(value_get(policy->spec, "podSelector"), pod_labels_of(pod, NULL), false);
}

const struct object *reach_isolated(const struct inventory *inv, enum reach_side side, const struct object *pod)
{
	uint32_t i, to;
	for (inventory_namespace_range(inv, KIND_NETWORK_POLICY, pod->ns, &i, &to); i < to; i++) {
		const struct object *policy = inventory_list(inv, KIND_NETWORK_POLICY)->items[i];
		if (policy_has_side(policy, side) && policy_selects(policy, pod))
			return policy;
	}
	return NULL;
}

static bool policy_admits(struct question *q, const struct object *policy)
{
	for (value_each(rule, value_get(policy->spec, q->side == REACH_EGRESS ? "egress" : "ingress")))
		if (rule_admits(q, rule))
			return true;
	return false;
}

bool reach_side_allows(const struct inventory *inv, enum reach_side side, const struct reach_end *pod, const struct reach_end *peer,
		       const char *protocol, int port, struct reach_answer *ret)
{
	uint32_t i, to;
	*ret = (struct reach_answer){.allowed = true, .side = side};
	/* Policies do not apply to pods on their node's network; how such a pod looks to others differs between plugins. */
	if (!pod->object || on_host_network(pod->object))
		return true;
	struct question q = {inv, side, pod->object->ns, peer, side == REACH_EGRESS ? peer->object : pod->object, protocol, port, false};
	bool blurred = on_host_network(peer->object);
	for (inventory_namespace_range(inv, KIND_NETWORK_POLICY, q.ns, &i, &to); i < to; i++) {
		const struct object *policy = inventory_list(inv, KIND_NETWORK_POLICY)->items[i];
		if (!policy_has_side(policy, side) || !policy_selects(policy, pod->object))
			continue;
		ret->policies++;
		if (blurred || policy_admits(&q, policy)) {
			*ret = (struct reach_answer){.allowed = true, .side = side, .unsure = q.unsure || blurred};
			return true;
		}
		if (!ret->policy)
			ret->policy = policy;
	}
	ret->allowed = ret->policies == 0;
	return ret->allowed;
}

bool reach_allows(const struct inventory *inv, const struct reach_end *from, const struct reach_end *to, const char *protocol, int port,
		  struct reach_answer *ret)
{
	*ret = (struct reach_answer){.allowed = true};
	if (from->object && from->object == to->object && from->object->kind->id == KIND_POD)
		return true; /* a pod always reaches itself */
	if (!reach_side_allows(inv, REACH_EGRESS, from, to, protocol, port, ret))
		return false;
	bool unsure = ret->unsure;
	if (!reach_side_allows(inv, REACH_INGRESS, to, from, protocol, port, ret))
		return false;
	ret->unsure = ret->unsure || unsure;
	return true;
}

int service_target_port(const struct value *service_port, const struct object *pod)
{
	const struct value *target = value_get(service_port, "targetPort");
	if (target && target->type == VALUE_STRING) {
		const struct value *p = find_port(pod, target->s, value_str(value_get(service_port, "protocol"), "TCP"));
		return (int)value_get_int(p, "containerPort", 0);
	}
	int64_t number = value_int(target, 0);
	return (int)(number ? number : value_get_int(service_port, "port", 0));
}

static bool reach_pod(const struct inventory *inv, const struct reach_end *from, const struct object *service, const struct object *pod, int port,
		      struct reach_answer *ret)
{
	struct reach_answer first = {.allowed = true, .unsure = true};
	bool refused = false;
	for (value_each(p, value_get(service->spec, "ports"))) {
		int target = service_target_port(p, pod);
		if ((port && value_get_int(p, "port", 0) != port) || !target)
			continue;
		if (reach_allows(inv, from, &(struct reach_end){pod, NULL}, value_str(value_get(p, "protocol"), "TCP"), target, ret))
			return true;
		if (!refused)
			first = *ret;
		refused = true;
	}
	*ret = first;
	return ret->allowed;
}

bool reach_service(const struct inventory *inv, struct arena *a, const struct reach_end *from, const struct object *service, int port,
		   struct reach_answer *ret)
{
	struct reach_answer first = {.allowed = true, .unsure = true};
	struct object_list pods = inventory_select(inv, a, KIND_POD, service->ns, value_get(service->spec, "selector"), true);
	bool refused = false;
	for (uint32_t i = 0, seen = 0; i < pods.len && seen < REACH_MAX_PODS; i++) {
		const char *phase = value_get_str(pods.items[i]->status, "phase");
		if (pods.items[i]->deleted || str_eq(phase, "Succeeded") || str_eq(phase, "Failed"))
			continue;
		seen++;
		if (reach_pod(inv, from, service, pods.items[i], port, ret))
			return true;
		if (!refused)
			first = *ret;
		refused = true;
	}
	*ret = first;
	return ret->allowed;
}
