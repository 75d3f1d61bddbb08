/* What changed: differences between the revisions of a workload, and writes to what it uses, with their times.
 *
 * Read from ReplicaSets and ControllerRevisions (the newest template against the one before it), from creation times, from the times in
 * managedFields, from events, from what Helm and Argo CD keep about releases, and from the states of nodes and autoscalers. A change is evidence, never a cause by itself: it only says what happened before the first symptom.
 * Ownership: everything lives in the arena given. Thread rule: pure; one thread per arena. */
#ifndef DIAGNOSE_CHANGES_H
#define DIAGNOSE_CHANGES_H

#include "cluster/inventory.h"

enum change_type {
	CHANGE_IMAGE,     /* a container's image */
	CHANGE_ENV,       /* an environment variable, envFrom */
	CHANGE_RESOURCES, /* requests or limits */
	CHANGE_PROBE,
	CHANGE_COMMAND,  /* command or args */
	CHANGE_CONFIG,   /* volumes and which ConfigMaps and Secrets are used */
	CHANGE_TEMPLATE, /* anything else in the pod template */
	CHANGE_SCALE,
	CHANGE_WRITE, /* an object's spec or data was written (managedFields) */
	CHANGE_CREATED,
	CHANGE_NODE,    /* a node went away, was cordoned, rebooted */
	CHANGE_RELEASE, /* a release of Helm, a sync of Argo CD */
};

struct change {
	enum change_type type;
	const struct object *object; /* the workload, ConfigMap, Node ... */
	const char *container;       /* of the workload's template; "" = not about one */
	const char *what;            /* "image of container api" */
	const char *from, *to;       /* "" when not known */
	const char *by;              /* field manager: "kubectl-edit", "helm"; "" = unknown */
	const char *text;            /* "image of container api changed from shop/api:1.4 to shop/api:1.5" */
	usec_t when;
};

struct change_list {
	struct change *items;
	uint32_t len, cap;
};

struct graph;

/* What changed in an object: a top owner (Deployment, StatefulSet ...) with the ConfigMaps and Secrets it uses, what scales it and the releases
 * that brought it; a node; anything else. Newest first. since 0 = ever, until 0 = until now. */
struct change_list changes_of(struct graph *g, struct arena *a, const struct object *o, usec_t since, usec_t until);
/* What changed in a namespace (NULL = the cluster), newest first, at most max. */
struct change_list changes_in(const struct inventory *inv, struct arena *a, const char *ns, usec_t since, usec_t until, unsigned max);

/* The revision number of a ReplicaSet or ControllerRevision; 0 = none. */
int64_t change_revision(const struct object *o);
/* The newest revision of a workload and the one before it; false when there are not two. */
bool change_last_revisions(const struct object *o, const struct object **ret_newest, const struct object **ret_previous);

/* How pod templates (or pods) differ, in the words used above; o is what they are of. Added to list, without times. */
void changes_between(struct arena *a, const struct object *o, const struct value *before, const struct value *after, struct change_list *list);

#endif
