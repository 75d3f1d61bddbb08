/* Which NetworkPolicies forbid what pods cannot do without: looking names up, being reached from outside.
 *
 * Thread rule: as check_run. */
#ifndef CHECKS_POLICY_REACH_H
#define CHECKS_POLICY_REACH_H

#include "checks/check.h"

/* The policy that keeps this pod (or a workload's pods) from asking the cluster's DNS over UDP; NULL when none does or it cannot be told. */
const struct object *policy_forbids_dns(struct check_run *run, const struct object *pod);
/* Starts the finding networkpolicy/dns-egress-forgotten about a policy and one workload that it holds up. */
struct finding *policy_dns_finding(struct check_run *run, const struct object *policy, const struct object *workload, uint32_t further);

#endif
