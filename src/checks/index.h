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

/* Results that one file of checks keeps for a run, under keys of its own: empty at first. */
enum index_table {
	INDEX_PLACEMENTS, /* pod_schedule.c */
	INDEX_USES,       /* uses.c */
	INDEX_USAGE,      /* usage.c */
	INDEX_BOUND,      /* advice_rbac.c */
	INDEX_POLICED,    /* advice_network.c */
	INDEX_MEMO,       /* any check's: by a key that begins with its name ("scheduler NAME") */
	INDEX_TABLES,
};
struct hash *index_table(struct check_run *run, enum index_table table);
/* False for the first call about a table in this run: then it is to be filled. */
bool index_is_filled(struct check_run *run, enum index_table table);

/* Pods with required anti-affinity terms that have a node, one for each owner: its siblings have the same terms. */
const struct object_list *index_anti_affinity(struct check_run *run);

/* A pod that uses this claim, one that has a node before others; NULL when none does. */
const struct object *index_claim_user(struct check_run *run, const struct object *claim);

/* The EndpointSlices of a Service; NULL when it has none. */
const struct object_list *index_slices(struct check_run *run, const struct object *service);
/* Ready and not ready addresses over all its slices. Serving but terminating ones count as neither. */
void index_endpoints(struct check_run *run, const struct object *service, uint32_t *ret_ready, uint32_t *ret_not_ready);

/* Is o's name among the texts of custom objects, of ingress classes, and of the commands, arguments and environments of its namespace? */
bool index_is_in_texts(struct check_run *run, const struct object *o);
/* The HorizontalPodAutoscalers and KEDA's ScaledObjects of ns that scale something of this name; NULL when there are none. */
const struct object_list *index_scalers(struct check_run *run, const char *ns, const char *name);

/* Is a ConfigMap referred to by a pod, a pod template, or anything else known to use one? */
bool index_config_map_is_used(struct check_run *run, const struct object *config_map);

#endif
