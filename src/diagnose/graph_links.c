/* Edges that need a look at a whole list first: a Service's EndpointSlices and their pods, an account's bindings and roles, what a policy limits. */
#include "diagnose/graph_internal.h"

static struct object_list *list_of(struct graph *g, struct ptr_map *map, const void *key)
{
	struct object_list *list = ptr_map_get(map, key);

	if (!list) {
		list = arena_new(g->arena, struct object_list);
		ptr_map_put(g->arena, map, key, list);
	}
	return list;
}

static void add_object(struct graph *g, struct edge_list *list, enum relation r, const struct object *o, const char *via)
{
	*arena_push(g->arena, list) = (struct edge){.relation = r, .to = name_of_object(o), .via = via};
}

static void add_objects(struct graph *g, struct edge_list *list, enum relation r, const struct object_list *objects, const char *via)
{
	for (uint32_t i = 0; objects && i < objects->len; i++)
		add_object(g, list, r, objects->items[i], via);
}

/* ---- Service -> EndpointSlice -> Pod ----------------------------------------------------------------------------------------- */

static void load_slices(struct graph *g)
{
	const struct object_list *all = inventory_list(g->inv, KIND_ENDPOINT_SLICE);

	g->slices_loaded = true;
	for (uint32_t i = 0; i < all->len; i++) {
		const char *name = value_get_str(all->items[i]->labels, "kubernetes.io/service-name");
		const struct object *service = name[0] ? inventory_find(g->inv, KIND_SERVICE, all->items[i]->ns, name) : NULL;

		if (service)
			*arena_push(g->arena, list_of(g, &g->slices, service)) = all->items[i];
	}
}

void graph_service_edges(struct graph *g, const struct object *service, struct edge_list *list)
{
	if (!g->slices_loaded)
		load_slices(g);
	add_objects(g, list, REL_ENDPOINTS, ptr_map_get(&g->slices, service), "the label kubernetes.io/service-name");
}

void graph_slice_edges(struct graph *g, const struct object *slice, struct edge_list *list)
{
	unsigned n = 0;

	for (value_each(endpoint, value_get(&slice->root, "endpoints"))) {
		const struct value *target = value_get(endpoint, "targetRef");

		if (str_eq(value_get_str(target, "kind"), "Pod") && value_get_str(target, "name")[0])
			graph_add(g, list, REL_ENDPOINTS, KIND_POD, slice->ns, value_get_str(target, "name"),
				  arena_printf(g->arena, "endpoints[%u].targetRef", n));
		n++;
	}
}

/* ---- ServiceAccount -> RoleBinding -> Role ----------------------------------------------------------------------------------- */

static const char every_account; /* key of the bindings for all accounts of the cluster */

static void load_subject(struct graph *g, const struct value *subject, struct object *binding)
{
	static const char group[] = "system:serviceaccounts";
	const char *name = value_get_str(subject, "name"), *ns = value_get_str(subject, "namespace");
	const struct object *o = NULL;

	if (str_eq(value_get_str(subject, "kind"), "ServiceAccount")) {
		o = inventory_find(g->inv, KIND_SERVICE_ACCOUNT, ns[0] ? ns : binding->ns, name);
	} else if (str_eq(name, group)) {
		*arena_push(g->arena, list_of(g, &g->bindings, &every_account)) = binding;
		return;
	} else if (strncmp(name, group, sizeof(group) - 1) == 0 && name[sizeof(group) - 1] == ':') {
		o = inventory_find(g->inv, KIND_NAMESPACE, "", name + sizeof(group));
	}
	if (o)
		*arena_push(g->arena, list_of(g, &g->bindings, o)) = binding;
}

static void load_bindings(struct graph *g)
{
	static const enum kind_id kinds[] = {KIND_ROLE_BINDING, KIND_CLUSTER_ROLE_BINDING};

	g->bindings_loaded = true;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *all = inventory_list(g->inv, kinds[k]);

		for (uint32_t i = 0; i < all->len; i++)
			for (value_each(subject, value_get(&all->items[i]->root, "subjects")))
				load_subject(g, subject, all->items[i]);
	}
}

void graph_account_edges(struct graph *g, const struct object *account, struct edge_list *list)
{
	const struct object *ns = inventory_find(g->inv, KIND_NAMESPACE, "", account->ns);

	if (!g->bindings_loaded)
		load_bindings(g);
	add_objects(g, list, REL_GRANTS, ptr_map_get(&g->bindings, account), "subjects");
	if (ns)
		add_objects(g, list, REL_GRANTS, ptr_map_get(&g->bindings, ns), "subjects, by its namespace");
	add_objects(g, list, REL_GRANTS, ptr_map_get(&g->bindings, &every_account), "subjects, as every account");
}

void graph_binding_edges(struct graph *g, const struct object *binding, struct edge_list *list)
{
	const struct value *ref = value_get(&binding->root, "roleRef");
	bool cluster = str_eq(value_get_str(ref, "kind"), "ClusterRole");

	if (value_get_str(ref, "name")[0])
		graph_add(g, list, REL_GRANTS, cluster ? KIND_CLUSTER_ROLE : KIND_ROLE, binding->ns, value_get_str(ref, "name"), "roleRef");
}

/* ---- NetworkPolicy -> pods --------------------------------------------------------------------------------------------------- */

void graph_policy_edges(struct graph *g, const struct object *policy, struct edge_list *list)
{
	struct object_list selected = graph_selected(g, policy);

	add_objects(g, list, REL_LIMITS, &selected, "spec.podSelector");
}

/* ---- VolumeAttachment -> PersistentVolume, Node; StorageClass -> CSIDriver ------------------------------------------------------ */

void graph_attachment_edges(struct graph *g, const struct object *attachment, struct edge_list *list)
{
	const char *volume = value_get_str(value_get(attachment->spec, "source"), "persistentVolumeName"),
		   *node = value_get_str(attachment->spec, "nodeName");

	if (volume[0])
		graph_add(g, list, REL_STORAGE, KIND_PERSISTENT_VOLUME, "", volume, "spec.source.persistentVolumeName");
	if (node[0])
		graph_add(g, list, REL_RUNS_ON, KIND_NODE, "", node, "spec.nodeName");
}

void graph_class_edges(struct graph *g, const struct object *class, struct edge_list *list)
{
	const char *provisioner = value_get_str(&class->root, "provisioner");
	const struct object *driver = inventory_find(g->inv, KIND_CSI_DRIVER, "", provisioner);

	/* Provisioners that are no CSI drivers have no object. */
	if (driver)
		add_object(g, list, REL_STORAGE, driver, "provisioner");
}
