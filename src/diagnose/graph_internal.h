/* What the graph's files share. Not for other rooms. */
#ifndef DIAGNOSE_GRAPH_INTERNAL_H
#define DIAGNOSE_GRAPH_INTERNAL_H

#include "diagnose/graph.h"
#include "diagnose/ptr_map.h"

struct graph {
	const struct inventory *inv;
	struct arena *arena;
	struct ptr_map edges;
	struct ptr_map refusing;   /* finding -> NetworkPolicy */
	struct address *addresses; /* cluster and pod IPs, sorted; made when first needed */
	uint32_t address_count;
	/* Of lists that are walked once, when first asked for: Service -> its EndpointSlices; ServiceAccount or Namespace -> its bindings. */
	struct ptr_map slices, bindings;
	bool slices_loaded, bindings_loaded;
	struct object **certificates; /* of cert-manager, by namespace and Secret; made when first needed */
	uint32_t certificate_count;
	struct ptr_map custom_dependents[REL_COUNT]; /* object -> object_list of the custom objects that lead to it; made when first needed */
	bool custom_dependents_made[REL_COUNT];
};

struct address {
	const char *ip;
	const struct object *object;
};

extern const enum kind_id graph_workload_kinds[];
extern const size_t graph_workload_kind_count;

struct edge *graph_add(struct graph *g, struct edge_list *list, enum relation r, enum kind_id kind, const char *ns, const char *name,
		       const char *via);
/* graph_custom.c: the edges of a custom object; of an autoscaler to the APIs that its metrics come from; to the Certificate that keeps a Secret. */
void graph_custom_edges(struct graph *g, const struct object *o, struct edge_list *list);
void graph_metrics_edges(struct graph *g, const struct object *o, struct edge_list *list);
void graph_certificate_edge(struct graph *g, const char *ns, const char *secret, const char *via, struct edge_list *list);
/* The custom objects, of any namespace, that lead to o by this relation; NULL when there are none. */
const struct object_list *graph_custom_dependents(struct graph *g, const struct object *o, enum relation relation);
/* Adds the edges of a pod or pod template (graph_pod.c). */
void graph_pod_edges(struct graph *g, const struct object *o, struct edge_list *list);
/* graph_links.c */
void graph_service_edges(struct graph *g, const struct object *service, struct edge_list *list);
void graph_slice_edges(struct graph *g, const struct object *slice, struct edge_list *list);
void graph_account_edges(struct graph *g, const struct object *account, struct edge_list *list);
void graph_binding_edges(struct graph *g, const struct object *binding, struct edge_list *list);
void graph_policy_edges(struct graph *g, const struct object *policy, struct edge_list *list);
void graph_attachment_edges(struct graph *g, const struct object *attachment, struct edge_list *list);
void graph_class_edges(struct graph *g, const struct object *class, struct edge_list *list);

#endif
