/* RBAC: may someone do something, as the Roles and bindings of an inventory say; and the API server's words when it says no.
 *
 * Semantics are those of the API server's RBAC authorizer (rbac.authorization.k8s.io/v1): rules only add up; nothing denies. Other
 * authorizers (a webhook, the node authorizer) are not seen: "refused" means "not by RBAC".
 * Ownership: answers point into the inventory; what is parsed lies in the arena given. Thread rule: pure, any thread. */
#ifndef CLUSTER_RBAC_H
#define CLUSTER_RBAC_H

#include "base/arena.h"
#include "cluster/inventory.h"

struct rbac_request {
	const char *user; /* "system:serviceaccount:shop:web", "jane"; the groups that follow from it are known */
	const char *const *groups;
	size_t group_count;                  /* further groups */
	const char *verb, *group, *resource; /* "list", "" or "apps", "pods" or "pods/log" */
	const char *name;                    /* one object; "" = none in particular */
	const char *ns;                      /* "" = cluster-wide */
	const char *path;                    /* a URL that is no resource ("/metrics"): then group, resource, name and ns mean nothing; NULL */
};

struct rbac_grant {
	const struct object *binding, *role; /* NULL when nothing allows it */
};

/* What of RBAC can be seen for requests in ns ("" = cluster-wide): false = no answer can be trusted. */
bool rbac_sees(const struct inventory *inv, const char *ns);
/* ret may be NULL. */
bool rbac_allows(const struct inventory *inv, const struct rbac_request *q, struct rbac_grant *ret);
/* The Role or ClusterRole that a binding gives; NULL when there is none. */
const struct object *rbac_role_of(const struct inventory *inv, const struct object *binding);
/* Does a Role or ClusterRole itself have a rule for it (whoever it is bound to)? Aggregated ones whose rules are not filled in yet are
 * read through their selectors. */
bool rbac_role_allows(const struct inventory *inv, const struct object *role, const struct rbac_request *q);
/* How much a role allows: 1 per verb, resource and group; a wildcard counts RBAC_WILDCARD. For choosing the smallest that will do. */
#define RBAC_WILDCARD 1000
uint64_t rbac_role_width(const struct object *role);
/* The narrowest Role of q->ns or ClusterRole that allows it; NULL when there is none. Roles named system:... are the server's own. */
const struct object *rbac_narrowest_role(const struct inventory *inv, const struct rbac_request *q);
/* Is this account ("shop", "web") the subject of the binding? */
bool rbac_binds_account(const struct object *binding, const char *ns, const char *name);

/* The account of "system:serviceaccount:NS:NAME"; false for any other user. */
bool rbac_account(struct arena *a, const char *user, const char **ret_ns, const char **ret_name);
/* The first refusal in text that the API server words as `... is forbidden: User "U" cannot VERB resource "R" in API group "G" in the
 * namespace "N"` (or "at the cluster scope", or `cannot VERB path "P"`). Quotes may be escaped, as in JSON logs. ret_end (may be NULL) is
 * where to go on. */
bool rbac_parse_refusal(struct arena *a, const char *text, size_t len, struct rbac_request *ret, const char **ret_end);

#endif
