/* What the checks of custom kinds share: conditions wherever they lie, and names that are nearly right.
 *
 * Ownership: what a condition points at lies in its object. Thread rule: as a check_run. */
#ifndef CHECKS_CUSTOM_H
#define CHECKS_CUSTOM_H

#include "checks/check.h"

/* What is being made may take longer than a pod: certificates, clusters, databases. */
#define CUSTOM_GRACE (5 * USEC_PER_MINUTE)

struct condition {
	const struct value *v; /* NULL when there is none */
	uint32_t index;
	const char *status, *reason, *message; /* "" when absent */
	usec_t since;                          /* lastTransitionTime; 0 = unknown */
};

/* By type in a list of conditions; false when there is none. */
bool condition_in(const struct value *conditions, const char *type, struct condition *ret);
/* In status.conditions of o, with this status ("False"). */
bool condition_is(const struct object *o, const char *type, const char *status, struct condition *ret);
/* "Reason: message", what there is of both. */
const char *condition_words(struct check_run *run, const struct condition *c);
/* Has it been so for `grace`, and the object been there as long? Unknown times count as long ago. */
bool condition_lasts(struct check_run *run, const struct object *o, const struct condition *c, usec_t grace);
/* " for 12 min", or "". */
const char *condition_for(struct check_run *run, const struct condition *c);
/* Adds it as evidence (its status, and its message if it has one) and sets since. path: of the list ("status.conditions"). */
void finding_condition(struct check_run *run, struct finding *f, const struct object *o, const char *path, const struct condition *c);
/* The newest warning about o, if there is one. */
void finding_warning(struct check_run *run, struct finding *f, const struct object *o);

/* " (there is web)": an object of this kind in ns (or cluster-wide) whose name is near; "" when none is. */
const char *near_custom(struct check_run *run, const char *group, const char *kind, const char *ns, const char *name);
/* The same for a list of objects. */
const char *near_object(struct check_run *run, const struct object_list *list, const char *ns, const char *name);

/* group/version, or a version alone: the group as the caller's text. */
const char *group_of(struct arena *a, const char *api_version);
/* Does o's kind have this group and name? */
bool object_is(const struct object *o, const char *group, const char *kind);

#endif
