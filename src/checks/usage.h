/* Usage: what metrics.k8s.io says that each workload's containers use, against what they request and may use.
 *
 * Built from all PodMetrics on first use; looked up by the topmost owner of the pods. Thread rule: as check_run. */
#ifndef CHECKS_USAGE_H
#define CHECKS_USAGE_H

#include "checks/check.h"

enum usage_resource { USAGE_CPU, USAGE_MEMORY, USAGE_RESOURCES };
extern const char *const usage_names[USAGE_RESOURCES]; /* "cpu", "memory" */

/* The container that is nearest to its limit. */
struct usage_peak {
	double used, limit;
	const struct object *pod, *metrics;
	const char *container;
	uint32_t metrics_index; /* in metrics' containers */
	const char *limit_path; /* in the pod */
};

struct usage {
	uint32_t pods;                           /* measured */
	double used[USAGE_RESOURCES];            /* by all measured containers that request the resource */
	double requested[USAGE_RESOURCES];       /* by the same containers */
	struct usage_peak peak[USAGE_RESOURCES]; /* limit 0 = no measured container has one */
	const struct object *example;            /* PodMetrics of one of them */
};

/* NULL when no pod of the workload (the topmost owner) was measured. */
const struct usage *usage_of(struct check_run *run, const struct object *workload);
/* NodeMetrics of a node, or NULL. */
const struct object *usage_of_node(struct check_run *run, const struct object *node);
/* Was any node measured? */
bool usage_is_seen(struct check_run *run);

#endif
