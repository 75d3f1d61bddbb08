/* Reach: may one end open a connection to another, as the NetworkPolicies of an inventory say (networking.k8s.io/v1)?
 *
 * Whether anything enforces the policies is the network plugin's affair and not visible here. What cannot be told (a namespace whose labels
 * were not read, a pod on its node's network) counts as allowed, and `unsure` is set: "refused" is only said where every plugin agrees.
 * Policies are found by namespace in the ordered list: a question looks at no other namespace's policies.
 * Ownership: nothing is kept; texts and pointers lead into the inventory. Thread rule: pure, any thread. */
#ifndef CLUSTER_REACH_H
#define CLUSTER_REACH_H

#include "base/arena.h"
#include "cluster/inventory.h"

enum reach_side { REACH_EGRESS, REACH_INGRESS };

/* One end of a connection. With an object: a Pod, or a workload whose template's pods are meant. Without: an address; NULL = somewhere
 * outside the cluster, no address in particular. */
struct reach_end {
	const struct object *object;
	const char *address;
};

struct reach_answer {
	bool allowed, unsure;
	enum reach_side side;        /* of a refusal: who refuses, the caller's policies or those of the called */
	const struct object *policy; /* of a refusal: the first policy that selects that end; none of them admits the connection */
	uint32_t policies;           /* how many select it */
};

/* protocol "TCP", "UDP", "SCTP"; port 1..65535 of the called pod's container, 0 = any port will do: allowed if some port is. */
bool reach_allows(const struct inventory *inv, const struct reach_end *from, const struct reach_end *to, const char *protocol, int port,
		  struct reach_answer *ret);
/* One side alone: may `pod` send to (EGRESS) or be called by (INGRESS) the peer? For a peer of which nothing else is known. */
bool reach_side_allows(const struct inventory *inv, enum reach_side side, const struct reach_end *pod, const struct reach_end *peer,
		       const char *protocol, int port, struct reach_answer *ret);
/* Through a Service: its port (0 = any of them), translated for each pod behind it. Refused only when every pod behind it that was looked at
 * (REACH_MAX_PODS) is out of reach on every such port. A Service without selector or pods: allowed and unsure. Work memory in a. */
#define REACH_MAX_PODS 8
bool reach_service(const struct inventory *inv, struct arena *a, const struct reach_end *from, const struct object *service, int port,
		   struct reach_answer *ret);

/* Does the policy select this pod (or template), in this direction? */
bool policy_selects(const struct object *policy, const struct object *pod);
bool policy_has_side(const struct object *policy, enum reach_side side);
/* Does any policy of this direction select it? The first one, or NULL. */
const struct object *reach_isolated(const struct inventory *inv, enum reach_side side, const struct object *pod);
/* The number that a Service port sends to on this pod; 0 when no container of it declares the name for that protocol. */
int service_target_port(const struct value *service_port, const struct object *pod);

#endif
