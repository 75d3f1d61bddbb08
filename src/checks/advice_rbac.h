/* What the checks of rights share: who is bound to any role.
 *
 * Thread rule: as check_run. */
#ifndef CHECKS_ADVICE_RBAC_H
#define CHECKS_ADVICE_RBAC_H

#include "checks/check.h"

/* May everything that binds the service accounts of ns be read? Else that an account has no rights cannot be told. */
bool advice_rights_are_seen(struct check_run *run, const char *ns);
/* Does a role binding name this service account, or a group of all accounts? */
bool advice_account_is_bound(struct check_run *run, const char *ns, const char *name);
/* Does a binding refer to this Role or ClusterRole? */
bool advice_role_is_bound(struct check_run *run, const struct object *role);

/* Kubernetes and its distributions make these, and make them again: a binding of theirs may be there before what it binds. */
bool advice_rbac_is_built_in(const struct object *o);

#endif
