/* What the checks of Gateways and of their routes share. */
#ifndef CHECKS_GATEWAY_H
#define CHECKS_GATEWAY_H

#include "checks/custom.h"

#define GATEWAY_GROUP "gateway.networking.k8s.io"

/* Has the class of this Gateway a controller that accepted it, and the Gateway too? Its routes cannot be better off. */
bool gateway_is_accepted(const struct object *gateway);
/* May an object of from_kind in namespace from refer to one of to_kind (group "" = core) in namespace to? A ReferenceGrant there says so. */
bool gateway_reference_granted(struct check_run *run, const char *from_kind, const char *from, const char *to_group, const char *to_kind,
			       const char *to, const char *name);

#endif
