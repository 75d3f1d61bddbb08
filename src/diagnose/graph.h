/* Graph: what depends on what, read from the inventory: an edge leads from the dependent (where a symptom shows) to what it needs.
 *
 * Edges are computed the first time an object's are asked for and kept: a diagnosis touches the few objects that findings are about, not
 * every pod. An edge may lead to a name that does not exist (to.object NULL). Each edge says where it was read (`via`), so that it can be
 * looked up again. Ownership: everything lives in the arena given. Thread rule: one thread per graph. */
#ifndef DIAGNOSE_GRAPH_H
#define DIAGNOSE_GRAPH_H

#include "checks/check.h"
#include "cluster/views.h"

enum relation {
	REL_SAME,    /* the same object, or another pod or level of the same workload */
	REL_OWNS,    /* controller -> what it owns, down to the pods */
	REL_OWNED,   /* what is owned -> its controllers */
	REL_SELECTS, /* Service, PodDisruptionBudget -> workloads and bare pods behind it */
	REL_ROUTES,  /* Ingress -> Service */
	REL_RUNS_ON, /* Pod -> Node */
	REL_USES,    /* pod template -> ConfigMap, Secret, PersistentVolumeClaim, ServiceAccount, PriorityClass; Ingress -> IngressClass */
	REL_STORAGE, /* PersistentVolumeClaim -> PersistentVolume, StorageClass; PersistentVolume -> StorageClass -> CSIDriver; VolumeAttachment -> PersistentVolume */
	REL_SCALES,    /* HorizontalPodAutoscaler -> its target */
	REL_WEBHOOK,   /* webhook configuration -> Service */
	REL_CALLS,     /* workload -> Service named in its environment, its arguments or the ConfigMaps it reads */
	REL_ENDPOINTS, /* Service -> EndpointSlice -> Pod */
	REL_GRANTS,    /* ServiceAccount -> RoleBinding, ClusterRoleBinding -> Role, ClusterRole */
	REL_LIMITS,    /* NetworkPolicy -> workloads and bare pods that it selects */
	REL_REFUSED,   /* finding about a failed call -> the NetworkPolicy that forbids it (calls.h) */
	REL_SUBJECT,   /* finding -> its subject */
	REL_COUNT,
};
/* "owns", "selects", "routes to", "runs on", "uses", ... for chains read from the dependent's side. */
const char *relation_text(enum relation r);

struct edge {
	enum relation relation;
	struct object_name to;
	const char *via; /* "env DB_HOST of container api", "spec.volumes[1]", "spec.nodeName" */
	const char *key; /* one key of a ConfigMap or Secret; NULL = the whole */
	bool optional;   /* the pod starts without it */
	int port;        /* REL_CALLS, REL_ROUTES: the port named; 0 = none */
};

struct edge_list {
	struct edge *items;
	uint32_t len, cap;
};

struct graph;

struct graph *graph_new(const struct inventory *inv, struct arena *arena);
const struct inventory *graph_inventory(const struct graph *g);
/* Everything o needs directly (never REL_SAME, REL_REFUSED or REL_SUBJECT). A workload's edges are those of its pod template. */
const struct edge_list *graph_edges(struct graph *g, const struct object *o);
/* The topmost owners, and pods without one, that o selects (Service, PodDisruptionBudget, NetworkPolicy). */
struct object_list graph_selected(struct graph *g, const struct object *o);
/* The NetworkPolicy that forbids what the finding complains of; NULL = none. calls.c says so before findings are chained. */
const struct object *graph_refusing(const struct graph *g, const struct finding *complaint);
void graph_set_refusing(struct graph *g, const struct finding *complaint, const struct object *policy);
/* Who leads to o by that relation: top owners only for REL_USES and REL_CALLS. Looks at every candidate in o's namespace (at the whole
 * cluster for REL_CALLS and cluster-scoped o). */
struct object_list graph_dependents(struct graph *g, const struct object *o, enum relation relation);
/* "orders-db", "orders-db.shop", "orders-db.shop.svc.cluster.local" or a cluster IP or pod IP, as a pod in ns would resolve it, with optional ":port".
 * True when it is a Service or pod of this cluster, or, by its form, was meant to be one: then ret->object is NULL. */
bool graph_resolve(struct graph *g, const char *ns, const char *host, size_t len, struct object_name *ret, int *ret_port);

/* The PodSpec, and the labels, of a pod or of a workload's template; NULL for other kinds. */
static inline const struct value *pod_spec(const struct object *o)
{
	return pod_spec_of(o, NULL);
}
static inline const struct value *pod_labels(const struct object *o)
{
	return pod_labels_of(o, NULL);
}
/* A name looked up in the inventory. Strings are not copied. */
struct object_name name_of(const struct inventory *inv, enum kind_id kind, const char *ns, const char *name);
struct object_name name_of_object(const struct object *o);
bool name_equal(const struct object_name *a, const struct object_name *b);
/* "ConfigMap shop/settings". */
char *name_text(struct arena *a, const struct object_name *n);
/* The top owner as far as it can be told: its kind and name even when the owner itself was not read. */
struct object_name owner_name(const struct inventory *inv, struct arena *a, const struct object *o);

#endif
