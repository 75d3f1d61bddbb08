/* Placement: which nodes can take a pod, and which of its rules (volumes, spread, other pods, ports) leaves none.
 *
 * The scheduler's message only counts nodes per reason; here the same filters are run over the nodes, so that the pods, nodes and volumes
 * that matter get names. A rule is only blamed when the nodes bear it out. Ownership: all in the arena of the run. Thread rule: as check_run. */
#ifndef CHECKS_PLACEMENT_H
#define CHECKS_PLACEMENT_H

#include "checks/check.h"

#define PLACEMENT_EVIDENCE 6

/* What a rule says against every node, the same for all pods of one owner. why NULL: nothing. */
struct placement_note {
	const char *why, *fix;
	const struct object *blame;
	struct {
		const struct object *object;
		const char *path;
	} evidence[PLACEMENT_EVIDENCE];
	uint32_t count;
};

/* The bound volumes of a pod that only some nodes reach (placement_volume.c). */
struct placement_volumes {
	struct {
		const struct object *claim, *volume;
	} * items;
	uint32_t len, cap;
};

/* The first taint, other than a cordon's, that keeps the pod off the node; NULL when none. */
const struct value *placement_taint(const struct object *pod, const struct object *node);
/* "key=value:NoSchedule" */
const char *placement_taint_text(struct check_run *run, const struct value *taint);
/* Selected, tolerated and not cordoned. */
bool placement_usable(const struct object *pod, const struct object *node);
/* What keeps the pod off the node, in words that follow its name ("is cordoned", "has 500m of 4 CPU free"); NULL when nothing is seen. */
const char *placement_obstacle(struct check_run *run, const struct object *pod, const struct object *node);
/* "node a is cordoned, node b has taint x ...": every node's obstacle, the first few by name; NULL when some node has none that is seen. */
const char *placement_summary(struct check_run *run, const struct object *pod, const struct placement_volumes *volumes);
/* "1500m", "2Gi" */
const char *placement_amount(struct check_run *run, const char *resource, double q);
/* " CPU", " of memory", " nvidia.com/gpu" */
const char *placement_unit(struct check_run *run, const char *resource);
/* Is what is left enough? Sums of many requests are a little off. */
bool placement_fits(double want, double left);
void placement_evidence(struct placement_note *note, const struct object *o, const char *path);

/* placement_labels.c: "disk=ssd", which a node has, for "disk=sdd", which none has; NULL when nothing is near. */
const char *placement_near_label(struct check_run *run, const struct object *pod);
/* " (zone In [a, b])": the first term of the required node affinity; "" when there is none. */
const char *placement_affinity_text(struct check_run *run, const struct object *pod);

struct placement_volumes placement_volumes(struct check_run *run, const struct object *pod);
/* The volume that the node cannot reach; NULL when it reaches all. */
const struct object *placement_unreached(const struct placement_volumes *volumes, const struct object *node);
/* "in zone europe-west1-b", "on node worker-1" */
const char *placement_volume_place(struct check_run *run, const struct object *volume);
bool placement_volume_note(struct check_run *run, const struct object *pod, struct placement_note *ret);

/* placement_spread.c: topologySpreadConstraints. */
bool placement_spread_note(struct check_run *run, const struct object *pod, struct placement_note *ret);
/* placement_pods.c: required affinity to, and anti-affinity against, other pods, both ways; host ports. */
bool placement_anti_affinity_note(struct check_run *run, const struct object *pod, struct placement_note *ret);
bool placement_existing_note(struct check_run *run, const struct object *pod, struct placement_note *ret);
bool placement_affinity_note(struct check_run *run, const struct object *pod, struct placement_note *ret);
bool placement_port_note(struct check_run *run, const struct object *pod, struct placement_note *ret);

#endif
