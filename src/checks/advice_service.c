/* Advice about Services and the Ingresses in front of them. */
#include "checks/advice.h"
#include "checks/index.h"

static bool applies(const struct object *o)
{
	return !o->deleted && !advice_is_system(o->ns);
}

static bool is_type(const struct object *o, const char *type)
{
	return str_eq(value_get_str(o->spec, "type"), type);
}

/* Not itself the ground of a headless Service, and not behind one: those hand out the pods' own addresses. */
static bool is_headless(const struct object *o)
{
	return str_eq(value_get_str(o->spec, "clusterIP"), "None");
}

/* What a Service's port leads to. */
static const struct value *target_port(const struct value *port)
{
	const struct value *target = value_get(port, "targetPort");
	return target ? target : value_get(port, "port");
}

/* One of its pods: its workload gives them all the same ports. */
static const struct object *a_pod(struct check_run *run, const struct object *o)
{
	const struct value *selector = value_get(o->spec, "selector");
	struct object_list pods = inventory_select(run->inv, run->arena, KIND_POD, o->ns, selector, true);
	for (uint32_t i = 0; i < pods.len; i++)
		if (!pods.items[i]->deleted && str_eq(value_get_str(pods.items[i]->status, "phase"), "Running"))
			return pods.items[i];
	return NULL;
}

static const char *port_name(const struct object *pod, int64_t number)
{
	static const char *const lists[] = {"containers", "initContainers"};
	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (value_each(c, value_get(pod->spec, lists[l])))
			for (value_each(p, value_get(c, "ports")))
				if (value_get_int(p, "containerPort", 0) == number && *value_get_str(p, "name"))
					return value_get_str(p, "name");
	return NULL;
}

static bool declares_ports(const struct object *pod)
{
	for (value_each(c, value_get(pod->spec, "containers")))
		if (value_len(value_get(c, "ports")))
			return true;
	for (value_each(c, value_get(pod->spec, "initContainers")))
		if (value_len(value_get(c, "ports")))
			return true;
	return false;
}

static void run_port_number(struct check_run *run, const struct object *o)
{
	const struct object *pod = applies(o) && value_get(o->spec, "selector") ? a_pod(run, o) : NULL;
	uint32_t i = 0;
	for (value_each(p, pod ? value_get(o->spec, "ports") : NULL)) {
		const struct value *target = target_port(p);
		uint32_t index = i++;
		const char *name = target && target->type == VALUE_INT ? port_name(pod, target->i) : NULL;
		if (!name)
			continue;
		struct finding *f = finding_new(run, o, "%s sends to port %lld of its pods by its number, and the port has a name (%s)",
						run_text(run, o), (long long)target->i, name);
		finding_fieldf(run, f, o, "spec.ports[%u].%s", index, value_get(p, "targetPort") ? "targetPort" : "port");
		finding_fix(run, f, "Write targetPort: %s: the Service then follows the port when that changes, also while both are in use.", name);
		return;
	}
}

static void run_ports_undeclared(struct check_run *run, const struct object *o)
{
	const struct object *pod = applies(o) && value_get(o->spec, "selector") ? a_pod(run, o) : NULL;
	if (!pod || declares_ports(pod) || value_len(value_get(o->spec, "ports")) == 0)
		return;
	const struct object *owner = object_top_owner(pod);
	struct finding *f = finding_new(run, o, "%s sends to a port of %s, whose containers declare none: nobody can tell whether it is right",
					run_text(run, o), run_text(run, owner));
	finding_field(run, f, o, "spec.ports[0].port");
	finding_field(run, f, pod, "spec.containers[0].ports");
}

static void run_load_balancer(struct check_run *run, const struct object *o)
{
	if (!applies(o) || !is_type(o, "LoadBalancer") || value_len(value_get(o->spec, "loadBalancerSourceRanges")))
		return;
	for (member_each(m, o->annotations))
		if (strstr(m->key, "internal") || strstr(m->key, "source-ranges")) /* the providers' ways to keep it private */
			return;
	struct finding *f = finding_new(run, o, "%s has a load balancer of its own that serves whoever can reach it", run_text(run, o));
	finding_field(run, f, o, "spec.type");
	finding_field(run, f, o, "spec.loadBalancerSourceRanges");
}

static void run_node_port(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	if (!applies(o) || !is_type(o, "NodePort"))
		return;
	struct finding *f = finding_new(run, o, "%s opens a port on every node (NodePort)", run_text(run, o));
	finding_field(run, f, o, "spec.type");
	for (value_each(p, value_get(o->spec, "ports"))) {
		if (value_get(p, "nodePort") && i < 3)
			finding_fieldf(run, f, o, "spec.ports[%u].nodePort", i);
		i++;
	}
}

static void run_traffic_cluster(struct check_run *run, const struct object *o)
{
	const char *policy = value_get_str(o->spec, "externalTrafficPolicy");
	if (!applies(o) || !is_type(o, "LoadBalancer") || !str_eq(policy, "Cluster"))
		return;
	struct finding *f =
		finding_new(run, o, "%s hides its clients' addresses: its external traffic goes by way of any node (externalTrafficPolicy Cluster)",
			    run_text(run, o));
	finding_field(run, f, o, "spec.externalTrafficPolicy");
}

static void run_traffic_local(struct check_run *run, const struct object *o)
{
	if (!applies(o) || !is_type(o, "NodePort") || !str_eq(value_get_str(o->spec, "externalTrafficPolicy"), "Local"))
		return;
	struct finding *f = finding_new(run, o, "%s answers only on nodes that run one of its pods (NodePort with externalTrafficPolicy Local)",
					run_text(run, o));
	finding_field(run, f, o, "spec.externalTrafficPolicy");
}

static void run_single_endpoint(struct check_run *run, const struct object *o)
{
	uint32_t ready, not_ready;
	if (!applies(o) || is_headless(o) || is_type(o, "ExternalName") || value_len(value_get(o->spec, "selector")) == 0)
		return;
	index_endpoints(run, o, &ready, &not_ready);
	if (ready != 1 || not_ready)
		return;
	const struct object_list *slices = index_slices(run, o);
	struct finding *f =
		finding_new(run, o, "%s has one endpoint: it is away whenever that pod restarts or its node is drained", run_text(run, o));
	for (uint32_t i = 0; i < slices->len; i++)
		if (value_len(value_get(&slices->items[i]->root, "endpoints")))
			finding_field(run, f, slices->items[i], "endpoints");
}

static const struct value *service_port(const struct object *service, int64_t number)
{
	for (value_each(p, value_get(service->spec, "ports")))
		if (value_get_int(p, "port", 0) == number && *value_get_str(p, "name"))
			return p;
	return NULL;
}

static bool add_backend(struct check_run *run, const struct object *o, const struct value *backend, const char *path)
{
	const struct value *service = value_get(backend, "service"), *number = value_at(service, "port.number");
	const struct object *s = number ? inventory_find(run->inv, KIND_SERVICE, o->ns, value_get_str(service, "name")) : NULL;
	const struct value *port = s ? service_port(s, value_int(number, 0)) : NULL;
	if (!port)
		return false;
	const char *name = value_get_str(port, "name");
	struct finding *f = finding_new(run, o, "%s sends to port %lld of %s by its number, and the port has a name (%s)", run_text(run, o),
					(long long)value_int(number, 0), run_text(run, s), name);
	finding_fieldf(run, f, o, "%s.service.port.number", path);
	finding_fix(run, f, "Write port.name: %s in the backend.", name);
	return true;
}

static void run_ingress_port(struct check_run *run, const struct object *o)
{
	uint32_t r = 0;
	if (!applies(o) || add_backend(run, o, value_get(o->spec, "defaultBackend"), "spec.defaultBackend"))
		return;
	for (value_each(rule, value_get(o->spec, "rules"))) {
		uint32_t p = 0;
		for (value_each(path, value_at(rule, "http.paths")))
			if (add_backend(run, o, value_get(path, "backend"),
					arena_printf(run->arena, "spec.rules[%u].http.paths[%u].backend", r, p++)))
				return;
		r++;
	}
}

const struct check check_service_port_number = {
	.id = "service/port-number",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_INFO,
	.title = "Service names its target port by number",
	.explain =
		"targetPort is the number of a container port that has a name. By its name, pods of two revisions could serve on different ports at a time.",
	.fix = "Use the port's name as targetPort.",
	.peers = "Popeye 1102",
	.advice = true,
	.run = run_port_number,
};

const struct check check_service_ports_undeclared = {
	.id = "service/ports-undeclared",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_INFO,
	.title = "Pods of a Service declare no ports",
	.explain =
		"No container of the Service's pods lists any port. That is allowed, and keeps everyone from seeing whether the Service's port is right.",
	.fix = "List the ports that the program serves, with names, in the pod template.",
	.peers = "Popeye 1101",
	.advice = true,
	.run = run_ports_undeclared,
};

const struct check check_service_load_balancer_open = {
	.id = "service/load-balancer-open",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_INFO,
	.title = "Load balancer is open to all addresses",
	.explain =
		"A Service of type LoadBalancer sets no loadBalancerSourceRanges and no annotation for an internal one. Each costs an address and often money, "
		"and serves everyone who can reach it.",
	.fix = "Set loadBalancerSourceRanges, or put the Service behind an Ingress or Gateway that others use as well.",
	.peers = "Popeye 1103",
	.advice = true,
	.run = run_load_balancer,
};

const struct check check_service_node_port = {
	.id = "service/node-port",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_INFO,
	.title = "Service opens a port on every node",
	.explain = "A Service of type NodePort can be reached at every node's address, past any Ingress and its TLS.",
	.fix = "Use type ClusterIP when only the cluster calls it, an Ingress or a load balancer for others.",
	.peers = "Popeye 1104",
	.advice = true,
	.run = run_node_port,
};

const struct check check_service_external_traffic_cluster = {
	.id = "service/external-traffic-cluster",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_INFO,
	.title = "Load balancer hides the clients' addresses",
	.explain =
		"With externalTrafficPolicy Cluster the traffic of a load balancer goes to any node and on to another: pods see nodes as their clients, and the "
		"way is longer.",
	.fix = "Set externalTrafficPolicy: Local when clients' addresses matter and the pods are spread over enough nodes.",
	.peers = "Popeye 1107",
	.advice = true,
	.run = run_traffic_cluster,
};

const struct check check_service_external_traffic_local = {
	.id = "service/external-traffic-local",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_INFO,
	.title = "Node port answers on some nodes only",
	.explain =
		"With externalTrafficPolicy Local a node without a pod of the Service drops what comes to its node port. A load balancer would know which "
		"nodes have one; callers of a NodePort do not.",
	.fix = "Set externalTrafficPolicy: Cluster, or use type LoadBalancer.",
	.peers = "Popeye 1108",
	.advice = true,
	.run = run_traffic_local,
};

const struct check check_service_single_endpoint = {
	.id = "service/single-endpoint",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_INFO,
	.title = "Service has one endpoint",
	.explain = "One pod serves all requests of the Service: each restart, rollout and drain interrupts it. Headless Services are not reported.",
	.fix = "Run two replicas, on different nodes, when the program allows it.",
	.peers = "Popeye 1109",
	.advice = true,
	.run = run_single_endpoint,
};

const struct check check_ingress_port_number = {
	.id = "ingress/port-number",
	.kind = KIND_INGRESS,
	.severity = SEVERITY_INFO,
	.title = "Ingress names its backend port by number",
	.explain = "A backend gives the number of a Service port that has a name. When the port changes, the Ingress is easily forgotten.",
	.fix = "Use the port's name in the backend.",
	.peers = "Popeye 1403",
	.advice = true,
	.run = run_ingress_port,
};
