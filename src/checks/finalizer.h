/* Who should remove a finalizer, and what keeps them from it.
 *
 * Thread rule: as check_run. */
#ifndef CHECKS_FINALIZER_H
#define CHECKS_FINALIZER_H

#include "checks/check.h"

struct holder {
	const char *says;            /* after "waits for finalizer X, ": "since Pod shop/web-1 still uses it"; NULL or "" = nothing is known */
	const char *fix;             /* a sentence; NULL = the common one */
	const struct object *object; /* what holds it up: the pod, the claim, the dependent, the controller; NULL = not seen */
	const char *path;            /* of the field in object that shows it; NULL = none */
	bool runs;                   /* object is a controller that runs: it is named, not blamed */
};
struct holder finalizer_holder(struct check_run *run, const struct object *o, const char *finalizer);

#endif
