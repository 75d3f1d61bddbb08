/* What the checks that only advise share: whom they speak to, and how they name what they found.
 *
 * Advice goes to whoever wrote a thing, so it is given once per workload (never per replica) and never about what belongs to the
 * cluster itself. Thread rule: as check_run. */
#ifndef CHECKS_ADVICE_H
#define CHECKS_ADVICE_H

#include "checks/workload.h"

/* For .also of checks of .kind = KIND_DEPLOYMENT: everything else that may hold a pod template of its own. */
#define ADVICE_OTHER_WORKLOADS                                                                                                                       \
	(KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET) | KIND_BIT(KIND_CRON_JOB) | KIND_BIT(KIND_JOB) | KIND_BIT(KIND_POD) |               \
	 KIND_BIT(KIND_REPLICA_SET) | KIND_BIT(KIND_REPLICATION_CONTROLLER))

/* kube-system and its like: nobody there can take advice. */
bool advice_is_system(const char *ns);
/* Roles and bindings that Kubernetes and its distributions make, and make again. */
bool advice_is_built_in(const struct object *o);
/* The pod spec somebody wrote, with its path; NULL when o is another's product (a pod of a ReplicaSet), has ended, is being deleted, or
 * belongs to the cluster itself. */
const struct value *advice_template(const struct object *o, const char **ret_path);
/* Does it run until it is stopped? Jobs end by themselves. */
bool advice_is_service(const struct object *o);

typedef bool container_test(const struct value *container, const void *arg);
/* The containers of a pod spec that a test is true for, in words, and where the first one lies. */
struct containers {
	uint32_t count;
	const char *text;          /* "container app", "containers app and proxy", "containers app, proxy and 3 more" */
	const char *path;          /* "spec.template.spec.containers[0]" */
	const struct value *first; /* its spec */
};
/* Main and sidecar containers; with init also init containers. */
struct containers advice_containers(struct check_run *run, const struct value *spec, const char *path, bool init, container_test *test,
				    const void *arg);

#endif
