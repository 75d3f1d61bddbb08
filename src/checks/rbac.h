/* What the checks of rights share: who is bound to any role.
 *
 * Thread rule: as check_run. */
#ifndef CHECKS_RBAC_H
#define CHECKS_RBAC_H

#include "checks/check.h"

/* May everything that binds the service accounts of ns be read? Else that an account has no rights cannot be told. */
bool rbac_is_seen(struct check_run *run, const char *ns);
/* Does a role binding name this service account, or a group of all accounts? */
bool rbac_account_is_bound(struct check_run *run, const char *ns, const char *name);
/* Does a binding refer to this Role or ClusterRole? */
bool rbac_role_is_bound(struct check_run *run, const struct object *role);

#endif
