/* Index: what several checks look up, built on first use and owned by one check_run.
 *
 * Ownership: hash tables are released by check_index_release at the end of the run; everything else lies in the run's arena.
 * Thread rule: as its check_run. */
#ifndef CHECKS_INDEX_H
#define CHECKS_INDEX_H

#include "checks/check.h"

struct check_index;

void check_index_init(struct check_run *run);
void check_index_release(struct check_run *run);

/* What is left on a node for new pods. Only pods that have not ended count. */
struct node_room {
	const struct object *node;
	double cpu, memory;           /* allocatable */
	double cpu_used, memory_used; /* requested by its pods */
	double pods, pods_used;
};
const struct node_room *index_node_room(struct check_run *run, const struct object *node);
/* Allocatable minus requested of any resource on a node; ret_allocatable may be NULL. */
double index_node_free(struct check_run *run, const struct object *node, const char *resource, double *ret_allocatable);

/* Results about where pods can be placed, by their owner: pod_schedule.c's own. */
struct hash *index_placements(struct check_run *run);

/* Pods with required anti-affinity terms that have a node, one for each owner: its siblings have the same terms. */
const struct object_list *index_anti_affinity(struct check_run *run);

/* A pod that uses this claim, one that has a node before others; NULL when none does. */
const struct object *index_claim_user(struct check_run *run, const struct object *claim);

/* The EndpointSlices of a Service; NULL when it has none. */
const struct object_list *index_slices(struct check_run *run, const struct object *service);
/* Ready and not ready addresses over all its slices. Serving but terminating ones count as neither. */
void index_endpoints(struct check_run *run, const struct object *service, uint32_t *ret_ready, uint32_t *ret_not_ready);

/* Is a ConfigMap referred to by a pod, a pod template, or anything else known to use one? */
bool index_config_map_is_used(struct check_run *run, const struct object *config_map);

#endif
