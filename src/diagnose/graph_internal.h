/* What the graph's files share. Not for other rooms. */
#ifndef DIAGNOSE_GRAPH_INTERNAL_H
#define DIAGNOSE_GRAPH_INTERNAL_H

#include "diagnose/graph.h"
#include "diagnose/ptr_map.h"

struct graph {
	const struct inventory *inv;
	struct arena *arena;
	struct ptr_map edges;
	struct address *addresses; /* cluster and pod IPs, sorted; made when first needed */
	uint32_t address_count;
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

#endif
