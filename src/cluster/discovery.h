/* discovery: which kinds an API server has.
 *
 * Aggregated discovery (one request: Kubernetes 1.26 and later), v2 or v2beta1, else one request per group. A group whose server does
 * not answer is reported in `failed` and costs nothing else. Source: kubernetes.io/docs/concepts/overview/kubernetes-api.
 * Ownership: everything lives in the arena given. Thread rule: one thread per call. */
#ifndef CLUSTER_DISCOVERY_H
#define CLUSTER_DISCOVERY_H

#include "cluster/api_client.h"

#define DISCOVERY_MAX ((size_t)64 << 20) /* bytes of one answer */

struct discovery {
	struct {
		struct kind *items; /* id KIND_CUSTOM: of the group's preferred version; listable, no subresources */
		uint32_t len, cap;
	} kinds;
	struct {
		struct discovery_failure {
			const char *group, *why;
		} * items;
		uint32_t len, cap;
	} failed;
};

int discovery_read(struct api_client *c, struct ctx *ctx, struct arena *a, struct discovery *ret, struct err *err);
/* Only the groups of known_kinds.def: one request where discovery is aggregated, else one more for each of these groups that is there. */
int discovery_read_known(struct api_client *c, struct ctx *ctx, struct arena *a, struct discovery *ret, struct err *err);

#endif
