/* Uses: who refers to which Secret, ConfigMap, ServiceAccount and claim, and to which of their keys.
 *
 * Looked at are pods, every workload's pod template, service accounts and Ingresses; built on first use. Thread rule: as check_run. */
#ifndef CHECKS_USES_H
#define CHECKS_USES_H

#include "checks/workload.h"

/* Does any pod spec, service account or Ingress refer to o? */
bool uses_object(struct check_run *run, const struct object *o);
/* Is o only used key by key (environment variables, items of volumes), and this key by nobody? False when it is used as a whole or not at all. */
bool uses_other_keys(struct check_run *run, const struct object *o, const char *key);

#endif
