/* Advice about NetworkPolicies: who is under none, and peers that select nobody. */
#include "checks/advice.h"
#include "checks/index.h"

enum way { WAY_INGRESS = 1, WAY_EGRESS = 2 };

/* The directions that a policy restricts: without policyTypes ingress, and egress when it has rules for it. */
static unsigned ways_of(const struct object *policy)
{
	const struct value *types = value_get(policy->spec, "policyTypes");
	unsigned ways = value_len(types) ? 0 : WAY_INGRESS | (value_len(value_get(policy->spec, "egress")) ? WAY_EGRESS : 0);
	for (value_each(t, types))
		ways |= str_eq(value_str(t, ""), "Ingress") ? WAY_INGRESS : str_eq(value_str(t, ""), "Egress") ? WAY_EGRESS : 0;
	return ways;
}

/* The policies of a namespace; NULL when it has none. */
static const struct object_list *policies_in(struct check_run *run, const char *ns)
{
	struct hash *table = index_table(run, INDEX_POLICED);
	if (!index_is_filled(run, INDEX_POLICED)) {
		const struct object_list *all = inventory_list(run->inv, KIND_NETWORK_POLICY);
		for (uint32_t i = 0; i < all->len; i++) {
			const char *key = all->items[i]->ns;
			struct object_list *list = hash_get(table, key, strlen(key));
			if (!list) {
				list = arena_new(run->arena, struct object_list);
				hash_put(table, key, strlen(key), list);
			}
			*arena_push(run->arena, list) = all->items[i];
		}
	}
	return hash_get(table, ns, strlen(ns));
}

static void run_workload(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = advice_template(o, &path), *labels = pod_labels_of(o, NULL);
	const struct object_list *policies = spec ? policies_in(run, o->ns) : NULL;
	unsigned ways = 0;
	/* A namespace without any is told of once (namespace/no-network-policy); policies do not hold for the node's own network. */
	if (!policies || value_get_bool(spec, "hostNetwork", false) || !inventory_sees(run->inv, KIND_NETWORK_POLICY, o->ns))
		return;
	for (uint32_t i = 0; i < policies->len && ways != (WAY_INGRESS | WAY_EGRESS); i++)
		if (selector_matches(value_get(policies->items[i]->spec, "podSelector"), labels, false))
			ways |= ways_of(policies->items[i]);
	if (ways == (WAY_INGRESS | WAY_EGRESS))
		return;
	const char *what = ways == 0             ? "no NetworkPolicy selects its pods: they may talk to everyone, and everyone to them"
			   : ways == WAY_INGRESS ? "no NetworkPolicy restricts whom its pods talk to (egress)"
						 : "no NetworkPolicy restricts who talks to its pods (ingress)";
	struct finding *f = finding_new(run, o, "%s: %s", run_text(run, o), what);
	const char *labels_path;
	(void)pod_labels_of(o, &labels_path);
	finding_field(run, f, o, labels_path);
	f->fix = ways == 0 ? NULL : "Add a policy for the other direction; for egress, allow DNS (port 53 of kube-system's DNS pods) in it.";
}

static void run_namespace(struct check_run *run, const struct object *o)
{
	if (o->deleted || advice_is_system(o->name) || !inventory_sees(run->inv, KIND_NETWORK_POLICY, o->name) || policies_in(run, o->name))
		return;
	/* An empty namespace needs none. */
	if (inventory_select(run->inv, run->arena, KIND_POD, o->name, NULL, false).len == 0)
		return;
	struct finding *f = finding_new(run, o, "%s has pods and no NetworkPolicy: everyone may talk to them", run_text(run, o));
	finding_field(run, f, o, "metadata.name");
	finding_absence(run, f, "NetworkPolicy in", "", o->name);
}

/* ---- Peers that select nobody ---------------------------------------------------------------------------------------------------- */

#define NAMESPACES_TRIED 200 /* of those that match: one that has the pods is most likely among them */

enum peer_fault { PEER_WELL, PEER_NO_NAMESPACE, PEER_NO_POD };

static enum peer_fault judge_peer(struct check_run *run, const struct object *o, const struct value *peer)
{
	const struct value *namespaces = value_get(peer, "namespaceSelector"), *pods = value_get(peer, "podSelector");
	if (value_get(peer, "ipBlock"))
		return PEER_WELL;
	if (!namespaces)
		return !pods || workload_or_pod_selected(run, o->ns, pods) ? PEER_WELL : PEER_NO_POD;
	if (!inventory_sees(run->inv, KIND_NAMESPACE, NULL))
		return PEER_WELL;
	struct object_list found = inventory_select(run->inv, run->arena, KIND_NAMESPACE, NULL, namespaces, false);
	if (found.len == 0)
		return PEER_NO_NAMESPACE;
	if (!pods || !inventory_sees(run->inv, KIND_POD, NULL))
		return PEER_WELL;
	for (uint32_t i = 0; i < found.len; i++)
		if (i == NAMESPACES_TRIED || workload_or_pod_selected(run, found.items[i]->name, pods))
			return PEER_WELL;
	return PEER_NO_POD;
}

static void add_peer(struct check_run *run, const struct object *o, const struct value *peer, enum peer_fault fault, const char *path)
{
	const struct value *namespaces = value_get(peer, "namespaceSelector"), *pods = value_get(peer, "podSelector");
	const char *where = namespaces ? selector_text(run->arena, namespaces, false) : o->ns;
	struct finding *f;
	if (fault == PEER_NO_NAMESPACE)
		f = finding_new(run, o, "%s allows traffic with namespaces that have %s, which none has", run_text(run, o), where);
	else
		f = finding_new(run, o, "%s allows traffic with pods that have %s in %s%s, which no pod and no workload there has", run_text(run, o),
				selector_text(run->arena, pods, false), namespaces ? "namespaces with " : "namespace ", where);
	finding_fieldf(run, f, o, "%s.%s", path, fault == PEER_NO_NAMESPACE ? "namespaceSelector" : "podSelector");
	if (fault == PEER_NO_NAMESPACE)
		finding_fix(run, f, "Correct the selector; every namespace has the label kubernetes.io/metadata.name with its own name.");
}

static void run_peers(struct check_run *run, const struct object *o)
{
	static const char *const ways[][2] = {{"ingress", "from"}, {"egress", "to"}};
	if (o->deleted || advice_is_system(o->ns) || !inventory_sees(run->inv, KIND_POD, o->ns) || workloads_unread(run, NULL))
		return;
	for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
		uint32_t r = 0;
		for (value_each(rule, value_get(o->spec, ways[w][0]))) {
			uint32_t p = 0;
			for (value_each(peer, value_get(rule, ways[w][1]))) {
				enum peer_fault fault = judge_peer(run, o, peer);
				if (fault != PEER_WELL)
					add_peer(run, o, peer, fault, arena_printf(run->arena, "spec.%s[%u].%s[%u]", ways[w][0], r, ways[w][1], p));
				p++;
			}
			r++;
		}
	}
}

const struct check check_workload_no_network_policy = {
	.id = "workload/no-network-policy",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Workload is under no network policy",
	.explain =
		"The namespace has NetworkPolicies, and none selects the workload's pods for traffic to them, from them, or both: that traffic is open to all. Pods "
		"on their node's network are not reported, for policies do not hold for them.",
	.fix = "Add a policy that denies all in the namespace, and one that allows what the workload needs.",
	.peers = "Popeye 1204, 1205",
	.advice = true,
	.run = run_workload,
};

const struct check check_namespace_no_network_policy = {
	.id = "namespace/no-network-policy",
	.kind = KIND_NAMESPACE,
	.severity = SEVERITY_INFO,
	.title = "Namespace has no network policy",
	.explain = "The namespace has pods and not one NetworkPolicy: every pod of the cluster may talk to them, and they to everyone.",
	.fix = "Add a policy that denies all ingress in the namespace, and policies that allow what is needed.",
	.peers = "Popeye 1204, 1205",
	.advice = true,
	.run = run_namespace,
};

const struct check check_networkpolicy_peer_selects_nothing = {
	.id = "networkpolicy/peer-selects-nothing",
	.kind = KIND_NETWORK_POLICY,
	.severity = SEVERITY_INFO,
	.title = "Peer of a network policy is nobody",
	.explain =
		"A from or to of the policy selects namespaces or pods by labels that none has: it allows no traffic. Either what it is for is not there yet, or "
		"a label is misspelt. Address blocks are not judged: they are for addresses outside of the cluster.",
	.fix = "Correct the selector, or take the peer out.",
	.peers = "Popeye 1201, 1202, 1208",
	.advice = true,
	.run = run_peers,
};
