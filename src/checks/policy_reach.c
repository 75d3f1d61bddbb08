/* NetworkPolicies that forbid what pods cannot do without: looking names up, being reached from outside. */
#include "checks/policy_reach.h"

#include "checks/index.h"
#include "checks/ingress.h"
#include "checks/workload.h"
#include "cluster/reach.h"

/* ---- DNS -------------------------------------------------------------------------------------------------------------------- */

#define DNS_NS "kube-system"

static const struct object *dns_service(struct check_run *run)
{
	static const char *const names[] = {"kube-dns", "coredns", "rke2-coredns-rke2-coredns"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct object *o = inventory_find(run->inv, KIND_SERVICE, DNS_NS, names[i]);
		if (o)
			return o;
	}
	return NULL;
}

/* Pods that do not ask the cluster's DNS, or ask a cache on their own node, which policies do not speak of. */
static bool asks_cluster_dns(struct check_run *run, const struct object *pod)
{
	const char *policy = value_str(value_get(pod_spec_of(pod, NULL), "dnsPolicy"), "ClusterFirst");
	return strncmp(policy, "ClusterFirst", 12) == 0 && !inventory_find(run->inv, KIND_DAEMON_SET, DNS_NS, "node-local-dns");
}

static bool has_rules(const struct object *policy)
{
	return value_len(value_get(policy->spec, "egress")) > 0;
}

/* Can any rule be meant for DNS, whoever serves it? */
static bool may_admit_dns(const struct object *policy)
{
	for (value_each(rule, value_get(policy->spec, "egress"))) {
		if (value_len(value_get(rule, "ports")) == 0)
			return true;
		for (value_each(p, value_get(rule, "ports")))
			if (str_eq(value_get_str(p, "protocol"), "UDP"))
				return true;
	}
	return false;
}

/* Where the DNS pods are not seen, only policies that let no UDP out at all are sure. */
static const struct object *forbids_udp(struct check_run *run, const struct object *pod)
{
	const struct object_list list = inventory_select(run->inv, run->arena, KIND_NETWORK_POLICY, pod->ns, NULL, false);
	const struct object *first = NULL;
	for (uint32_t i = 0; i < list.len; i++) {
		if (!policy_has_side(list.items[i], REACH_EGRESS) || !policy_selects(list.items[i], pod))
			continue;
		if (may_admit_dns(list.items[i]))
			return NULL;
		if (!first)
			first = list.items[i];
	}
	return first;
}

const struct object *policy_forbids_dns(struct check_run *run, const struct object *pod)
{
	const struct object *service = dns_service(run);
	if (!asks_cluster_dns(run, pod) || !reach_isolated(run->inv, REACH_EGRESS, pod))
		return NULL;
	struct object_list pods = {0};
	if (service)
		pods = inventory_select(run->inv, run->arena, KIND_POD, DNS_NS, value_get(service->spec, "selector"), true);
	if (pods.len == 0)
		return forbids_udp(run, pod);
	struct reach_answer answer = {0};
	for (uint32_t i = 0; i < pods.len && i < REACH_MAX_PODS; i++) {
		int port = 53;
		for (value_each(p, value_get(service->spec, "ports")))
			if (str_eq(value_get_str(p, "protocol"), "UDP"))
				port = service_target_port(p, pods.items[i]);
		const struct reach_end from = {pod, NULL}, to = {pods.items[i], NULL};
		if (!port || reach_side_allows(run->inv, REACH_EGRESS, &from, &to, "UDP", port, &answer))
			return NULL;
	}
	return answer.policy;
}

struct finding *policy_dns_finding(struct check_run *run, const struct object *policy, const struct object *workload, uint32_t further)
{
	const char *more = further ? arena_printf(run->arena, " and %u more", further) : "";
	const char *path;
	struct finding *f = finding_new(run, policy, "%s lets %s%s look up no names: no egress rule allows UDP port 53 to the cluster's DNS",
					run_text(run, policy), run_text(run, workload), more);
	finding_field(run, f, policy, has_rules(policy) ? "spec.egress" : "spec.policyTypes");
	pod_labels_of(workload, &path);
	finding_field(run, f, workload, path);
	const struct object *service = dns_service(run);
	if (service)
		finding_field(run, f, service, "spec.selector");
	finding_fix(run, f, "Add an egress rule to %s: UDP and TCP port 53 to the DNS pods (namespaceSelector kubernetes.io/metadata.name: %s).",
		    run_text(run, policy), DNS_NS);
	finding_propose(
		run, f, "patch", "medium",
		"{\"path\":\"spec.egress\",\"append\":{\"ports\":[{\"port\":53,\"protocol\":\"UDP\"},{\"port\":53,\"protocol\":\"TCP\"}],\"to\":["
		"{\"namespaceSelector\":{\"matchLabels\":{\"kubernetes.io/metadata.name\":\"" DNS_NS "\"}}}]}}");
	f->since = policy->created;
	return f;
}

/* The first policy with egress rules that selects the pods: the one that someone wrote for them, and forgot DNS in. Pods that may send
 * nothing at all are meant to be shut in. */
static bool is_theirs(struct check_run *run, const struct object *policy, const struct object *workload)
{
	const struct object_list list = inventory_select(run->inv, run->arena, KIND_NETWORK_POLICY, policy->ns, NULL, false);
	for (uint32_t i = 0; i < list.len; i++)
		if (policy_has_side(list.items[i], REACH_EGRESS) && has_rules(list.items[i]) && policy_selects(list.items[i], workload))
			return list.items[i] == policy;
	return false;
}

struct held {
	const struct object *first;
	uint32_t count;
};

static void look_at(struct check_run *run, const struct object *policy, const struct object *workload, struct held *held)
{
	if (workload->owner || workload->deleted || !policy_selects(policy, workload) || !is_theirs(run, policy, workload) ||
	    !policy_forbids_dns(run, workload))
		return;
	if (held->count++ == 0)
		held->first = workload;
}

static void run_dns(struct check_run *run, const struct object *o)
{
	struct held held = {0};
	if (o->deleted || !policy_has_side(o, REACH_EGRESS) || !has_rules(o))
		return;
	for (size_t k = 0; k < template_kind_count; k++) {
		struct object_list list = inventory_select(run->inv, run->arena, template_kinds[k], o->ns, NULL, false);
		for (uint32_t i = 0; i < list.len; i++)
			look_at(run, o, list.items[i], &held);
	}
	struct object_list pods = inventory_select(run->inv, run->arena, KIND_POD, o->ns, value_get(o->spec, "podSelector"), false);
	for (uint32_t i = 0; i < pods.len; i++)
		look_at(run, o, pods.items[i], &held);
	if (held.first)
		policy_dns_finding(run, o, held.first, held.count - 1);
}

/* ---- From outside ----------------------------------------------------------------------------------------------------------- */

/* How the pods of known ingress controllers are labelled by their own manifests and charts. */
static const struct {
	const char *controller; /* IngressClass spec.controller */
	const char *name;       /* label app.kubernetes.io/name */
	const char *component;  /* label app.kubernetes.io/component; NULL = any */
} controllers[] = {
	{"k8s.io/ingress-nginx", "ingress-nginx", "controller"},
	{"nginx.org/ingress-controller", "nginx-ingress", NULL},
	{"traefik.io/ingress-controller", "traefik", NULL},
	{"haproxy.org/ingress-controller", "kubernetes-ingress", NULL},
	{"haproxy-ingress.github.io/controller", "haproxy-ingress", NULL},
	{"ingress-controllers.konghq.com/kong", "kong", NULL},
	{"projectcontour.io/ingress-controller", "contour", "envoy"},
};

static bool is_controller(const struct object *o, size_t c)
{
	const struct value *labels = pod_labels_of(o, NULL);
	return str_eq(value_get_str(labels, "app.kubernetes.io/name"), controllers[c].name) &&
	       (!controllers[c].component || str_eq(value_get_str(labels, "app.kubernetes.io/component"), controllers[c].component));
}

static const struct object *find_controller(struct check_run *run, const char *class)
{
	static const enum kind_id kinds[] = {KIND_DEPLOYMENT, KIND_DAEMON_SET};
	const struct object *o = inventory_find(run->inv, KIND_INGRESS_CLASS, "", class), *found = NULL;
	const char *controller = o ? value_get_str(o->spec, "controller") : "";
	size_t c = 0;
	while (c < ARRAY_LEN(controllers) && !str_eq(controllers[c].controller, controller))
		c++;
	for (size_t k = 0; k < ARRAY_LEN(kinds) && c < ARRAY_LEN(controllers); k++) {
		const struct object_list *list = inventory_list(run->inv, kinds[k]);
		for (uint32_t i = 0; i < list->len; i++) {
			if (!is_controller(list->items[i], c))
				continue;
			if (found)
				return NULL;
			found = list->items[i];
		}
	}
	return found;
}

struct controller {
	const struct object *workload;
};

/* The workload that serves an IngressClass; NULL when it cannot be told, or when there are two. Looked for once: it may be any workload of the
 * cluster, and thousands of Ingresses ask for the same. */
static const struct object *controller_of(struct check_run *run, const char *class)
{
	const char *key = arena_printf(run->arena, "ingress controller %s", class);
	struct controller *known = hash_get(index_table(run, INDEX_MEMO), key, strlen(key));
	if (!known) {
		known = arena_new(run->arena, struct controller);
		known->workload = find_controller(run, class);
		hash_put(index_table(run, INDEX_MEMO), key, strlen(key), known);
	}
	return known->workload;
}

/* Most Services stand before pods that no policy speaks of: asked first, since the rest costs more. */
static bool is_isolated(struct check_run *run, const struct object *service)
{
	struct object_list pods = inventory_select(run->inv, run->arena, KIND_POD, service->ns, value_get(service->spec, "selector"), true);
	return pods.len && reach_isolated(run->inv, REACH_INGRESS, pods.items[0]);
}

static int backend_port(const struct object *service, const struct value *backend)
{
	const struct value *port = value_get(backend, "port");
	const char *name = value_get_str(port, "name");
	for (value_each(p, value_get(service->spec, "ports")))
		if (*name && str_eq(value_get_str(p, "name"), name))
			return (int)value_get_int(p, "port", 0);
	return (int)value_get_int(port, "number", 0);
}

static void set_blame(struct check_run *run, struct finding *f, const struct reach_answer *answer)
{
	bool out = answer->side == REACH_EGRESS;
	const char *path = out ? "spec.egress" : "spec.ingress";
	finding_field(run, f, answer->policy, value_get(answer->policy->spec, out ? "egress" : "ingress") ? path : "spec.podSelector");
	finding_subject_object(run, f, answer->policy);
}

static void check_backend(struct backends *b, const struct value *backend, const char *path)
{
	struct check_run *run = b->run;
	const char *where, *name = value_get_str(backend, "name");
	const struct object *service = inventory_find(run->inv, KIND_SERVICE, b->o->ns, name);
	if (!service || !is_isolated(run, service))
		return;
	const struct reach_end from = {controller_of(run, ingress_class(b->o, &where)), NULL};
	struct reach_answer answer;
	if (!from.object || reach_service(run->inv, run->arena, &from, service, backend_port(service, backend), &answer) ||
	    finding_is_said(run, b->o, answer.policy->name, NULL))
		return;
	struct finding *f = finding_new(run, b->o, "%s gets no answer from %s: %s does not admit its controller, %s", run_text(run, b->o),
					run_text(run, service), run_text(run, answer.policy), run_text(run, from.object));
	finding_fieldf(run, f, b->o, "%s.name", path);
	set_blame(run, f, &answer);
	finding_fix(run, f, "Let %s admit pods of namespace %s (namespaceSelector kubernetes.io/metadata.name: %s) on the port of %s.",
		    run_text(run, answer.policy), from.object->ns, from.object->ns, run_text(run, service));
}

static void check_outside(struct check_run *run, const struct object *o)
{
	const char *type = value_get_str(o->spec, "type");
	const struct reach_end outside = {NULL, NULL};
	struct reach_answer answer;
	if (!str_eq(type, "LoadBalancer") || !is_isolated(run, o) || reach_service(run->inv, run->arena, &outside, o, 0, &answer))
		return;
	struct finding *f = finding_new(run, o, "%s is a load balancer, and %s admits no address from outside to its pods", run_text(run, o),
					run_text(run, answer.policy));
	finding_field(run, f, o, "spec.type");
	set_blame(run, f, &answer);
	finding_fix(run, f, "Add an ingress rule with an ipBlock of those who may call to %s, or make %s a ClusterIP Service.",
		    run_text(run, answer.policy), run_text(run, o));
}

static void run_blocks_ingress(struct check_run *run, const struct object *o)
{
	struct backends b = {run, o, check_backend};
	if (o->deleted)
		return;
	if (o->kind->id == KIND_SERVICE)
		check_outside(run, o);
	else
		ingress_each_backend(&b);
}

#define ENFORCED "Whether the cluster's network plugin enforces NetworkPolicies cannot be seen from the API; some (plain flannel) do not."

const struct check check_networkpolicy_dns_egress_forgotten = {
	.id = "networkpolicy/dns-egress-forgotten",
	.kind = KIND_NETWORK_POLICY,
	.severity = SEVERITY_WARNING,
	.title = "Egress policy forgets DNS",
	.explain =
		"The policy says what its pods may send, and neither it nor any other policy that selects them allows UDP port 53 to the cluster's DNS: every "
		"connection by name fails while it is looked up, even to those that are allowed.\n\n"
		"Found by asking, as a network plugin would, whether the pods reach the DNS pods. Where those are not seen, only policies that let no UDP out at "
		"all are reported. Pods that may send nothing at all, that have a dnsPolicy of their own, or that ask a cache on their node are not.\n\n" ENFORCED,
	.fix = "Add an egress rule for UDP and TCP port 53 to the DNS pods.",
	.run = run_dns,
};

const struct check check_networkpolicy_blocks_ingress = {
	.id = "networkpolicy/blocks-ingress",
	.kind = KIND_INGRESS,
	.also = KIND_BIT(KIND_SERVICE),
	.severity = SEVERITY_WARNING,
	.title = "Policy shuts out traffic from outside",
	.explain =
		"An Ingress sends to pods that do not admit the ingress controller, or a Service of type LoadBalancer stands before pods that admit no outside "
		"address: callers wait and get 504 or nothing.\n\n"
		"The controller is found by its IngressClass and the labels of its own manifests; one on its node's network, or one that is not known, is not "
		"judged.\n\n" ENFORCED,
	.fix = "Admit the controller's namespace, or the outside addresses, in the policy.",
	.run = run_blocks_ingress,
};
