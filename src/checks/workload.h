/* What the checks of workloads share.
 *
 * Thread rule: as check_run. */
#ifndef CHECKS_WORKLOAD_H
#define CHECKS_WORKLOAD_H

#include "checks/pod.h"

/* Kinds that hold a pod template. */
extern const enum kind_id template_kinds[];
extern const size_t template_kind_count;

/* The newest event about o with this reason, no older than max_age (0 = any age); NULL when none. */
const struct event *recent_event(struct check_run *run, const struct object *o, const char *reason, usec_t max_age);
/* Are all of its pods that are not ready so young that they may simply be starting? False when there is no such pod. */
bool workload_is_starting(struct check_run *run, const struct object *o);
/* The first of its pods, by name, that is neither ready nor ended; NULL when none. */
const struct object *workload_unready_pod(struct check_run *run, const struct object *o);
/* Does any workload with a pod template (whatever its replicas) in ns make pods that the selector matches? NULL when none. */
const struct object *workload_selected(struct check_run *run, const char *ns, const struct value *selector, bool plain);
/* Is there a pod in ns, or a workload that would make one, that the selector matches? */
bool workload_or_pod_selected(struct check_run *run, const char *ns, const struct value *selector);
/* Was a kind of workload asked for and not readable in ns (forbidden, say)? Then that none matches a selector proves nothing. */
bool workloads_unread(struct check_run *run, const char *ns);
/* spec.replicas, 1 when unset. */
int64_t replicas_wanted(const struct object *o);

/* quota_use.c: who in ns uses most of what a quota counts as "requests.cpu", "limits.memory", "pods" ...; NULL when no pod uses any. */
const struct object *quota_biggest_user(struct check_run *run, const char *ns, const char *resource, double *ret_sum);

#endif
