/* The backends of an Ingress, for every check that follows them.
 *
 * Thread rule: as check_run. */
#ifndef CHECKS_INGRESS_H
#define CHECKS_INGRESS_H

#include "checks/check.h"

/* fn is called for each backend that is a Service; path is where it stands ("spec.rules[0].http.paths[1].backend.service"). */
struct backends {
	struct check_run *run;
	const struct object *o;
	void (*fn)(struct backends *b, const struct value *service, const char *path);
};
void ingress_each_backend(struct backends *b);
/* The class by name, and the path of the field that says it; "" when it names none. */
const char *ingress_class(const struct object *o, const char **ret_path);

#endif
