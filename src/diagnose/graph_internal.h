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
};

struct address {
	const char *ip;
	const struct object *object;
};

extern const enum kind_id graph_workload_kinds[];
extern const size_t graph_workload_kind_count;

struct edge *graph_add(struct graph *g, struct edge_list *list, enum relation r, enum kind_id kind, const char *ns, const char *name,
		       const char *via);
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
