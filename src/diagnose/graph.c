#include "diagnose/graph_internal.h"

/* Kinds that hold a pod template; order = order of answers. */
const enum kind_id graph_workload_kinds[] = {KIND_DEPLOYMENT,  KIND_STATEFUL_SET,           KIND_DAEMON_SET, KIND_CRON_JOB, KIND_JOB,
					     KIND_REPLICA_SET, KIND_REPLICATION_CONTROLLER, KIND_POD};
const size_t graph_workload_kind_count = ARRAY_LEN(graph_workload_kinds);

struct graph *graph_new(const struct inventory *inv, struct arena *arena)
{
	struct graph *g = arena_new(arena, struct graph);

	g->inv = inv;
	g->arena = arena;
	return g;
}

const struct inventory *graph_inventory(const struct graph *g)
{
	return g->inv;
}

struct edge *graph_add(struct graph *g, struct edge_list *list, enum relation r, enum kind_id kind, const char *ns, const char *name, const char *via)
{
	struct edge *e = arena_push(g->arena, list);

	*e = (struct edge){.relation = r, .to = name_of(g->inv, kind, ns, name), .via = via};
	return e;
}

const struct object *graph_refusing(const struct graph *g, const struct finding *complaint)
{
	return ptr_map_get(&g->refusing, complaint);
}

void graph_set_refusing(struct graph *g, const struct finding *complaint, const struct object *policy)
{
	ptr_map_put(g->arena, &g->refusing, complaint, (void *)(uintptr_t)policy);
}

static void edges_of_service_like(struct graph *g, const struct object *o, struct edge_list *list)
{
	struct object_list selected = graph_selected(g, o);

	for (uint32_t i = 0; i < selected.len; i++) {
		struct edge *e = arena_push(g->arena, list);

		*e = (struct edge){.relation = REL_SELECTS, .to = name_of_object(selected.items[i]), .via = "spec.selector"};
	}
}

static void ingress_backend(struct graph *g, const struct object *o, const struct value *backend, const char *via, struct edge_list *list)
{
	const struct value *service = value_get(backend, "service");
	const char *name = value_get_str(service, "name");

	if (name[0])
		graph_add(g, list, REL_ROUTES, KIND_SERVICE, o->ns, name, via)->port = (int)value_get_int(value_get(service, "port"), "number", 0);
}

static void edges_of_ingress(struct graph *g, const struct object *o, struct edge_list *list)
{
	unsigned r = 0;

	if (value_get_str(o->spec, "ingressClassName")[0])
		graph_add(g, list, REL_USES, KIND_INGRESS_CLASS, "", value_get_str(o->spec, "ingressClassName"), "spec.ingressClassName");
	ingress_backend(g, o, value_get(o->spec, "defaultBackend"), "spec.defaultBackend", list);
	for (value_each(rule, value_get(o->spec, "rules"))) {
		unsigned p = 0;

		for (value_each(path, value_get(value_get(rule, "http"), "paths"))) {
			ingress_backend(g, o, value_get(path, "backend"), arena_printf(g->arena, "spec.rules[%u].http.paths[%u].backend", r, p),
					list);
			p++;
		}
		r++;
	}
	r = 0;
	for (value_each(tls, value_get(o->spec, "tls"))) {
		const char *secret = value_get_str(tls, "secretName");

		if (secret[0])
			graph_add(g, list, REL_USES, KIND_SECRET, o->ns, secret, arena_printf(g->arena, "spec.tls[%u].secretName", r));
		r++;
	}
}

static void edges_of_claim(struct graph *g, const struct object *o, struct edge_list *list)
{
	const char *volume = value_get_str(o->spec, "volumeName"), *class = value_get_str(o->spec, "storageClassName");

	if (volume[0] && o->kind->id == KIND_PERSISTENT_VOLUME_CLAIM)
		graph_add(g, list, REL_STORAGE, KIND_PERSISTENT_VOLUME, "", volume, "spec.volumeName");
	if (class[0])
		graph_add(g, list, REL_STORAGE, KIND_STORAGE_CLASS, "", class, "spec.storageClassName");
}

static void edges_of_autoscaler(struct graph *g, const struct object *o, struct edge_list *list)
{
	const struct value *ref = value_get(o->spec, "scaleTargetRef");
	const struct kind *kind = kind_by_gvk(value_get_str(ref, "apiVersion"), value_get_str(ref, "kind"));

	if (kind && kind->id < KIND_CUSTOM && value_get_str(ref, "name")[0])
		graph_add(g, list, REL_SCALES, kind->id, o->ns, value_get_str(ref, "name"), "spec.scaleTargetRef");
}

static void edges_of_webhook(struct graph *g, const struct object *o, struct edge_list *list)
{
	unsigned n = 0;

	for (value_each(hook, value_get(&o->root, "webhooks"))) {
		const struct value *service = value_get(value_get(hook, "clientConfig"), "service");
		const char *name = value_get_str(service, "name");

		if (name[0])
			graph_add(g, list, REL_WEBHOOK, KIND_SERVICE, value_get_str(service, "namespace"), name,
				  arena_printf(g->arena, "webhooks[%u].clientConfig.service", n));
		n++;
	}
}

static void edges_of_children(struct graph *g, const struct object *o, struct edge_list *list)
{
	for (uint32_t i = 0; i < o->child_count; i++) {
		struct edge *e = arena_push(g->arena, list);

		*e = (struct edge){.relation = REL_OWNS, .to = name_of_object(o->children[i]), .via = "metadata.ownerReferences"};
	}
}

static void compute_edges(struct graph *g, const struct object *o, struct edge_list *list)
{
	switch (o->kind->id) {
	case KIND_SERVICE:
		edges_of_service_like(g, o, list);
		graph_service_edges(g, o, list);
		break;
	case KIND_POD_DISRUPTION_BUDGET:
		edges_of_service_like(g, o, list);
		break;
	case KIND_ENDPOINT_SLICE:
		graph_slice_edges(g, o, list);
		break;
	case KIND_SERVICE_ACCOUNT:
		graph_account_edges(g, o, list);
		break;
	case KIND_ROLE_BINDING:
	case KIND_CLUSTER_ROLE_BINDING:
		graph_binding_edges(g, o, list);
		break;
	case KIND_NETWORK_POLICY:
		graph_policy_edges(g, o, list);
		break;
	case KIND_VOLUME_ATTACHMENT:
		graph_attachment_edges(g, o, list);
		break;
	case KIND_STORAGE_CLASS:
		graph_class_edges(g, o, list);
		break;
	case KIND_INGRESS:
		edges_of_ingress(g, o, list);
		break;
	case KIND_PERSISTENT_VOLUME_CLAIM:
	case KIND_PERSISTENT_VOLUME:
		edges_of_claim(g, o, list);
		break;
	case KIND_HORIZONTAL_POD_AUTOSCALER:
		edges_of_autoscaler(g, o, list);
		break;
	case KIND_VALIDATING_WEBHOOK:
	case KIND_MUTATING_WEBHOOK:
		edges_of_webhook(g, o, list);
		break;
	default:
		edges_of_children(g, o, list);
		if (pod_spec(o))
			graph_pod_edges(g, o, list);
		break;
	}
}

const struct edge_list *graph_edges(struct graph *g, const struct object *o)
{
	struct edge_list *list = ptr_map_get(&g->edges, o);

	if (!list) {
		list = arena_new(g->arena, struct edge_list);
		ptr_map_put(g->arena, &g->edges, o, list);
		compute_edges(g, o, list);
	}
	return list;
}

static bool list_has(const struct object_list *list, const struct object *o)
{
	for (uint32_t i = 0; i < list->len; i++)
		if (list->items[i] == o)
			return true;
	return false;
}

static void list_add(struct graph *g, struct object_list *list, const struct object *o)
{
	if (!list_has(list, o))
		*arena_push(g->arena, list) = (struct object *)(uintptr_t)o;
}

/* Lists are ordered by namespace: the part that lies in ns (NULL = all). */
static void ns_range(const struct object_list *all, const char *ns, uint32_t *ret_from, uint32_t *ret_to)
{
	uint32_t to;

	*ret_from = 0;
	*ret_to = all->len;
	if (!ns)
		return;
	to = *ret_from = object_list_from(all, ns, "");
	while (to < all->len && str_eq(all->items[to]->ns, ns))
		to++;
	*ret_to = to;
}

struct object_list graph_selected(struct graph *g, const struct object *o)
{
	const struct value *selector = value_get(o->spec, o->kind->id == KIND_NETWORK_POLICY ? "podSelector" : "selector");
	bool plain = o->kind->id == KIND_SERVICE;
	struct object_list ret = {0};

	if (plain && !value_len(selector))
		return ret;
	for (size_t k = 0; k < graph_workload_kind_count; k++) {
		const struct object_list *all = inventory_list(g->inv, graph_workload_kinds[k]);
		uint32_t i, to;

		for (ns_range(all, o->ns, &i, &to); i < to; i++) {
			const struct object *w = all->items[i];

			/* What has an owner is spoken for by it: the owner's template carries the same labels. */
			if (!w->owner && selector_matches(selector, pod_labels(w), plain))
				list_add(g, &ret, w);
		}
	}
	return ret;
}

static bool leads_to(struct graph *g, const struct object *from, const struct object_name *name, enum relation relation)
{
	const struct edge_list *edges = graph_edges(g, from);

	for (uint32_t i = 0; i < edges->len; i++)
		if (edges->items[i].relation == relation && name_equal(&edges->items[i].to, name))
			return true;
	return false;
}

static void dependents_of_kind(struct graph *g, enum kind_id kind, const char *ns, const struct object_name *name, enum relation relation,
			       struct object_list *ret)
{
	const struct object_list *all = inventory_list(g->inv, kind);
	uint32_t i, to;

	for (ns_range(all, ns, &i, &to); i < to; i++) {
		const struct object *o = all->items[i];

		if ((relation == REL_USES || relation == REL_CALLS) && o->owner)
			continue;
		if (leads_to(g, o, name, relation))
			list_add(g, ret, o);
	}
}

/* The selector is matched against the one object, not resolved into all that each Service selects. */
static void services_in_front(struct graph *g, const struct object *o, struct object_list *ret)
{
	const struct object_list *all = inventory_list(g->inv, KIND_SERVICE);
	uint32_t i, to;

	for (ns_range(all, o->ns, &i, &to); i < to; i++) {
		const struct value *selector = value_get(all->items[i]->spec, "selector");

		if (value_len(selector) && selector_matches(selector, pod_labels(o), true))
			list_add(g, ret, all->items[i]);
	}
}

static void policies_around(struct graph *g, const struct object *o, struct object_list *ret)
{
	const struct object_list *all = inventory_list(g->inv, KIND_NETWORK_POLICY);
	uint32_t i, to;

	for (ns_range(all, o->ns, &i, &to); i < to; i++)
		if (pod_labels(o) && selector_matches(value_get(all->items[i]->spec, "podSelector"), pod_labels(o), false))
			list_add(g, ret, all->items[i]);
}

static struct object_list dependents(struct graph *g, const struct object_name *name, enum relation relation)
{
	const char *ns = name->ns[0] && relation != REL_CALLS && relation != REL_WEBHOOK ? name->ns : NULL;
	struct object_list ret = {0};

	switch (relation) {
	case REL_ROUTES:
		dependents_of_kind(g, KIND_INGRESS, ns, name, relation, &ret);
		break;
	case REL_SELECTS:
		if (name->object)
			services_in_front(g, name->object, &ret);
		break;
	case REL_LIMITS:
		if (name->object)
			policies_around(g, name->object, &ret);
		break;
	case REL_ENDPOINTS:
		dependents_of_kind(g, name->kind == KIND_POD ? KIND_ENDPOINT_SLICE : KIND_SERVICE, ns, name, relation, &ret);
		break;
	case REL_GRANTS:
		if (name->kind == KIND_ROLE_BINDING || name->kind == KIND_CLUSTER_ROLE_BINDING)
			dependents_of_kind(g, KIND_SERVICE_ACCOUNT, ns, name, relation, &ret);
		dependents_of_kind(g, KIND_ROLE_BINDING, ns, name, relation, &ret);
		dependents_of_kind(g, KIND_CLUSTER_ROLE_BINDING, NULL, name, relation, &ret);
		break;
	case REL_SCALES:
		dependents_of_kind(g, KIND_HORIZONTAL_POD_AUTOSCALER, ns, name, relation, &ret);
		break;
	case REL_STORAGE:
		dependents_of_kind(g, KIND_PERSISTENT_VOLUME_CLAIM, ns, name, relation, &ret);
		dependents_of_kind(g, KIND_PERSISTENT_VOLUME, ns, name, relation, &ret);
		dependents_of_kind(g, KIND_STORAGE_CLASS, ns, name, relation, &ret);
		break;
	case REL_WEBHOOK:
		dependents_of_kind(g, KIND_VALIDATING_WEBHOOK, ns, name, relation, &ret);
		dependents_of_kind(g, KIND_MUTATING_WEBHOOK, ns, name, relation, &ret);
		break;
	case REL_RUNS_ON:
		for (uint32_t i = 0; name->object && i < inventory_pods_on(g->inv, name->name)->len; i++)
			list_add(g, &ret, object_top_owner(inventory_pods_on(g->inv, name->name)->items[i]));
		break;
	case REL_USES:
		dependents_of_kind(g, KIND_INGRESS, ns, name, relation, &ret);
		/* fall through */
	case REL_CALLS:
		for (size_t k = 0; k < graph_workload_kind_count; k++)
			dependents_of_kind(g, graph_workload_kinds[k], ns, name, relation, &ret);
		break;
	default:
		break;
	}
	return ret;
}

struct object_list graph_dependents(struct graph *g, const struct object *o, enum relation relation)
{
	struct object_name name = name_of_object(o);

	return dependents(g, &name, relation);
}
