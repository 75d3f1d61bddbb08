/* Edges of custom objects: routes and gateways, scalers, certificates, Applications, control planes of tenants, machines. */
#include "diagnose/graph_internal.h"

#include "checks/custom.h"

#define GATEWAY "gateway.networking.k8s.io"
#define MANAGED_MAX 1000 /* resources of one Application */

/* By apiVersion group and kind name, built-in kinds too. */
static void add(struct graph *g, struct edge_list *list, enum relation r, const char *group, const char *kind, const char *ns, const char *name,
		const char *via)
{
	const struct object *o = *name ? inventory_find_custom(g->inv, group, kind, ns, name) : NULL;

	if (!*name || !*kind)
		return;
	*arena_push(g->arena, list) = (struct edge){
		.relation = r,
		.to = o ? name_of_object(o) : (struct object_name){.kind = KIND_CUSTOM, .kind_text = kind, .ns = ns, .name = name},
		.via = via,
	};
}

/* {apiVersion or apiGroup or group, kind, name, namespace}: a reference as most kinds write it. */
static void add_ref(struct graph *g, struct edge_list *list, enum relation r, const struct object *o, const struct value *ref, const char *group,
		    const char *kind, const char *via)
{
	const char *api_version = value_get_str(ref, "apiVersion"), *slash = strchr(api_version, '/');
	const char *ns = value_get_str(ref, "namespace");

	if (*api_version)
		group = slash ? arena_strndup(g->arena, api_version, (size_t)(slash - api_version)) : "";
	group = value_str(value_get(ref, "apiGroup"), value_str(value_get(ref, "group"), group));
	add(g, list, r, group, value_str(value_get(ref, "kind"), kind), *ns ? ns : o->ns, value_get_str(ref, "name"), via);
}

static void edges_of_route(struct graph *g, const struct object *o, struct edge_list *list)
{
	unsigned r = 0, p = 0;

	for (value_each(ref, value_get(o->spec, "parentRefs")))
		add_ref(g, list, REL_USES, o, ref, GATEWAY, "Gateway", arena_printf(g->arena, "spec.parentRefs[%u]", p++));
	for (value_each(rule, value_get(o->spec, "rules"))) {
		unsigned b = 0;

		for (value_each(ref, value_get(rule, "backendRefs"))) {
			uint32_t before = list->len;

			add_ref(g, list, REL_ROUTES, o, ref, "", "Service", arena_printf(g->arena, "spec.rules[%u].backendRefs[%u]", r, b++));
			if (list->len > before)
				list->items[before].port = (int)value_get_int(ref, "port", 0);
		}
		r++;
	}
}

static const char *secret_of(const struct object *certificate)
{
	return value_get_str(certificate->spec, "secretName");
}

static int compare_certificates(const void *x, const void *y)
{
	const struct object *a = *(const struct object *const *)x, *b = *(const struct object *const *)y;
	int c = strcmp(a->ns, b->ns);

	c = c ? c : strcmp(secret_of(a), secret_of(b));
	return c ? c : strcmp(a->name, b->name);
}

/* Ordered by namespace and Secret, made once: every Ingress with TLS asks. */
static void order_certificates(struct graph *g)
{
	const struct object_list *all = inventory_list_custom(g->inv, "cert-manager.io", "Certificate");

	if (g->certificates || !all->len)
		return;
	g->certificates = arena_memdup(g->arena, all->items, all->len * sizeof(struct object *));
	g->certificate_count = all->len;
	qsort(g->certificates, all->len, sizeof(struct object *), compare_certificates);
}

void graph_certificate_edge(struct graph *g, const char *ns, const char *secret, const char *via, struct edge_list *list)
{
	uint32_t lo = 0;

	order_certificates(g);
	for (uint32_t hi = g->certificate_count; lo < hi;) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = strcmp(g->certificates[mid]->ns, ns);

		c = c ? c : strcmp(secret_of(g->certificates[mid]), secret);
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < g->certificate_count && str_eq(g->certificates[lo]->ns, ns) && str_eq(secret_of(g->certificates[lo]), secret); lo++)
		*arena_push(g->arena, list) = (struct edge){.relation = REL_USES, .to = name_of_object(g->certificates[lo]), .via = via};
}

static void edges_of_gateway(struct graph *g, const struct object *o, struct edge_list *list)
{
	unsigned l = 0;

	add(g, list, REL_USES, GATEWAY, "GatewayClass", "", value_get_str(o->spec, "gatewayClassName"), "spec.gatewayClassName");
	for (value_each(listener, value_get(o->spec, "listeners"))) {
		unsigned c = 0;

		for (value_each(ref, value_at(listener, "tls.certificateRefs"))) {
			const char *ns = value_get_str(ref, "namespace"), *name = value_get_str(ref, "name");
			const char *via = arena_printf(g->arena, "spec.listeners[%u].tls.certificateRefs[%u]", l, c++);

			add_ref(g, list, REL_USES, o, ref, "", "Secret", via);
			graph_certificate_edge(g, *ns ? ns : o->ns, name, via, list);
		}
		l++;
	}
}

static void edges_of_scaled(struct graph *g, const struct object *o, struct edge_list *list)
{
	unsigned t = 0;

	add_ref(g, list, REL_SCALES, o, value_get(o->spec, "scaleTargetRef"), "apps", "Deployment", "spec.scaleTargetRef");
	for (value_each(trigger, value_get(o->spec, "triggers")))
		add_ref(g, list, REL_USES, o, value_get(trigger, "authenticationRef"), "keda.sh", "TriggerAuthentication",
			arena_printf(g->arena, "spec.triggers[%u].authenticationRef", t++));
}

/* Only what it deploys into this cluster can be seen. */
static void edges_of_application(struct graph *g, const struct object *o, struct edge_list *list)
{
	const struct value *to = value_get(o->spec, "destination");
	bool here = str_eq(value_get_str(to, "server"), "https://kubernetes.default.svc") || str_eq(value_get_str(to, "name"), "in-cluster");
	unsigned n = 0;

	add(g, list, REL_USES, "argoproj.io", "AppProject", o->ns, value_get_str(o->spec, "project"), "spec.project");
	for (value_each(r, value_get(o->status, "resources"))) {
		if (!here || n >= MANAGED_MAX)
			return;
		add(g, list, REL_MANAGES, value_get_str(r, "group"), value_get_str(r, "kind"), value_get_str(r, "namespace"),
		    value_get_str(r, "name"), arena_printf(g->arena, "status.resources[%u]", n++));
	}
}

static void edges_of_data_store(struct graph *g, const struct object *o, struct edge_list *list)
{
	unsigned n = 0;

	for (value_each(endpoint, value_get(o->spec, "endpoints"))) {
		const char *host = value_str(endpoint, "");
		struct object_name to;
		int port;

		if (graph_resolve(g, "", host, strlen(host), &to, &port))
			*arena_push(g->arena, list) =
				(struct edge){.relation = REL_CALLS, .to = to, .port = port, .via = arena_printf(g->arena, "spec.endpoints[%u]", n)};
		n++;
	}
}

static void edges_of_machine(struct graph *g, const struct object *o, struct edge_list *list)
{
	const char *name = value_str(value_at(o->status, "nodeRef.name"), ""), *id = value_get_str(o->spec, "providerID");
	const struct object *node = inventory_find(g->inv, KIND_NODE, "", name);

	/* Mostly the node lies in another cluster, where this one may have a namesake. */
	if (node && *id && str_eq(id, value_get_str(node->spec, "providerID")))
		graph_add(g, list, REL_RUNS_ON, KIND_NODE, "", name, "status.nodeRef");
}

static void add_service(struct graph *g, struct edge_list *list, const struct object *o, const char *via)
{
	const struct value *service = value_at(&o->root, via);

	add(g, list, REL_WEBHOOK, "", "Service", value_get_str(service, "namespace"), value_get_str(service, "name"), via);
}

static void edges_of_cluster_api(struct graph *g, const struct object *o, struct edge_list *list)
{
	unsigned n = 0;

	if (object_is(o, "cluster.x-k8s.io", "Machine")) {
		edges_of_machine(g, o, list);
	} else if (object_is(o, "cluster.x-k8s.io", "Cluster")) {
		add_ref(g, list, REL_USES, o, value_get(o->spec, "controlPlaneRef"), "", "", "spec.controlPlaneRef");
		add_ref(g, list, REL_USES, o, value_get(o->spec, "infrastructureRef"), "", "", "spec.infrastructureRef");
	} else if (object_is(o, "cluster.x-k8s.io", "MachineHealthCheck")) {
		for (value_each(t, value_get(o->status, "targets")))
			add(g, list, REL_USES, "cluster.x-k8s.io", "Machine", o->ns, value_str(t, ""),
			    arena_printf(g->arena, "status.targets[%u]", n++));
	}
}

void graph_custom_edges(struct graph *g, const struct object *o, struct edge_list *list)
{
	const char *issuer_ns = str_eq(value_str(value_at(o->spec, "issuerRef.kind"), ""), "ClusterIssuer") ? "" : o->ns;

	if (object_is(o, GATEWAY, "HTTPRoute") || object_is(o, GATEWAY, "GRPCRoute"))
		edges_of_route(g, o, list);
	else if (object_is(o, GATEWAY, "Gateway"))
		edges_of_gateway(g, o, list);
	else if (object_is(o, "keda.sh", "ScaledObject"))
		edges_of_scaled(g, o, list);
	else if (object_is(o, "cert-manager.io", "Certificate"))
		add(g, list, REL_USES, "cert-manager.io", *issuer_ns ? "Issuer" : "ClusterIssuer", issuer_ns,
		    value_str(value_at(o->spec, "issuerRef.name"), ""), "spec.issuerRef");
	else if (object_is(o, "argoproj.io", "Application"))
		edges_of_application(g, o, list);
	else if (object_is(o, "kamaji.clastix.io", "TenantControlPlane"))
		add(g, list, REL_USES, "kamaji.clastix.io", "DataStore", "", value_get_str(o->spec, "dataStore"), "spec.dataStore");
	else if (object_is(o, "kamaji.clastix.io", "DataStore"))
		edges_of_data_store(g, o, list);
	else if (object_is(o, "apiregistration.k8s.io", "APIService"))
		add_service(g, list, o, "spec.service");
	else if (object_is(o, "apiextensions.k8s.io", "CustomResourceDefinition"))
		add_service(g, list, o, "spec.conversion.webhook.clientConfig.service");
	else
		edges_of_cluster_api(g, o, list);
}

void graph_metrics_edges(struct graph *g, const struct object *o, struct edge_list *list)
{
	static const char *const apis[][2] = {
		{"Resource", "v1beta1.metrics.k8s.io"},          {"ContainerResource", "v1beta1.metrics.k8s.io"},
		{"External", "v1beta1.external.metrics.k8s.io"}, {"Pods", "v1beta1.custom.metrics.k8s.io"},
		{"Object", "v1beta1.custom.metrics.k8s.io"},
	};
	unsigned n = 0;

	for (value_each(metric, value_get(o->spec, "metrics"))) {
		for (size_t i = 0; i < ARRAY_LEN(apis); i++)
			if (str_eq(value_get_str(metric, "type"), apis[i][0]) &&
			    inventory_find_custom(g->inv, "apiregistration.k8s.io", "APIService", "", apis[i][1]))
				add(g, list, REL_USES, "apiregistration.k8s.io", "APIService", "", apis[i][1],
				    arena_printf(g->arena, "spec.metrics[%u].type", n));
		n++;
	}
}

/* The kinds of custom objects that have edges of a relation worth following back. */
static const struct {
	enum relation relation;
	const char *group, *kind;
} leading_kinds[] = {
	{REL_ROUTES, GATEWAY, "HTTPRoute"},
	{REL_ROUTES, GATEWAY, "GRPCRoute"},
	{REL_SCALES, "keda.sh", "ScaledObject"},
	{REL_WEBHOOK, "apiregistration.k8s.io", "APIService"},
	{REL_WEBHOOK, "apiextensions.k8s.io", "CustomResourceDefinition"},
	{REL_MANAGES, "argoproj.io", "Application"},
	{REL_USES, GATEWAY, "Gateway"},
	{REL_USES, GATEWAY, "HTTPRoute"},
	{REL_USES, GATEWAY, "GRPCRoute"},
	{REL_USES, "cert-manager.io", "Certificate"},
	{REL_USES, "kamaji.clastix.io", "TenantControlPlane"},
};

static void add_dependent(struct graph *g, enum relation relation, const struct object *to, struct object *from)
{
	struct object_list *list = ptr_map_get(&g->custom_dependents[relation], to);

	if (!list) {
		list = arena_new(g->arena, struct object_list);
		ptr_map_put(g->arena, &g->custom_dependents[relation], to, list);
	}
	if (!list->len || list->items[list->len - 1] != from)
		*arena_push(g->arena, list) = from;
}

/* Custom objects refer across namespaces, so that looking at each of them for every object asked about would not do. */
static void follow_back(struct graph *g, enum relation relation)
{
	for (size_t k = 0; k < ARRAY_LEN(leading_kinds); k++) {
		const struct object_list *all = inventory_list_custom(g->inv, leading_kinds[k].group, leading_kinds[k].kind);

		for (uint32_t i = 0; leading_kinds[k].relation == relation && i < all->len; i++) {
			const struct edge_list *edges = graph_edges(g, all->items[i]);

			for (uint32_t e = 0; e < edges->len; e++)
				if (edges->items[e].relation == relation && edges->items[e].to.object)
					add_dependent(g, relation, edges->items[e].to.object, all->items[i]);
		}
	}
}

const struct object_list *graph_custom_dependents(struct graph *g, const struct object *o, enum relation relation)
{
	if (!g->custom_dependents_made[relation]) {
		g->custom_dependents_made[relation] = true;
		follow_back(g, relation);
	}
	return ptr_map_get(&g->custom_dependents[relation], o);
}
