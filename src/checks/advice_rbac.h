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

#endif
