/* Views: the objects that checks ask most, read once into plain structs, and the few walks over them that everyone needs.
 *
 * A view points into its object and lives no longer. Missing fields read as "", 0, false: as Kubernetes means them.
 * Ownership: a pod_view's array lives in the arena given and is reused by the next pod_view_read of the same view.
 * Thread rule: one thread per view. */
#ifndef CLUSTER_VIEWS_H
#define CLUSTER_VIEWS_H

#include "base/arena.h"
#include "cluster/inventory.h"

enum container_role { CONTAINER_INIT, CONTAINER_SIDECAR, CONTAINER_MAIN, CONTAINER_EPHEMERAL };
enum container_state { CONTAINER_UNKNOWN, CONTAINER_WAITING, CONTAINER_RUNNING, CONTAINER_TERMINATED };

/* An instance of a container that has ended. */
struct termination {
	bool present;
	const char *reason, *message;
	int64_t exit_code;
	usec_t started, finished;
};

struct container_view {
	const char *name, *image;
	enum container_role role;
	enum container_state state;
	bool ready, started; /* started: the startup probe has passed, or there is none */
	int64_t restarts;
	const char *waiting_reason, *waiting_message;
	usec_t running_since;
	struct termination now;            /* state.terminated */
	struct termination last;           /* lastState.terminated */
	const struct value *spec, *status; /* status NULL when kubelet has said nothing of it */
	uint32_t spec_index, status_index;
};

struct pod_view {
	const struct object *object;
	const char *phase, *reason, *message, *node, *restart_policy;
	bool ended;                                                /* Succeeded or Failed */
	bool ready;                                                /* condition Ready is True */
	const struct value *ready_condition, *scheduled_condition; /* NULL when absent */
	uint32_t ready_index, scheduled_index;                     /* in status.conditions */
	struct container_view *containers;                         /* init and sidecars first, then main, then ephemeral */
	uint32_t count, cap;
};

void pod_view_read(struct pod_view *v, struct arena *a, const struct object *pod);
const struct container_view *pod_view_container(const struct pod_view *v, const char *name);
/* "spec.initContainers[1].image" from "image"; "status.containerStatuses[0].state.waiting.reason" from "state.waiting.reason". */
const char *container_spec_path(struct arena *a, const struct container_view *c, const char *rest);
const char *container_status_path(struct arena *a, const struct container_view *c, const char *rest);
/* The field path an event about this container carries: spec.containers{app}. */
bool event_is_about_container(const struct event *e, const struct container_view *c);

/* status.conditions by type; NULL when absent. ret_index may be NULL. */
const struct value *condition_find(const struct object *o, const char *type, uint32_t *ret_index);
/* "True", "False", "Unknown"; "" when absent. */
const char *condition_status(const struct object *o, const char *type);

/* The pod spec in a Pod or in anything with a pod template, with the path to it ("spec.template.spec"); NULL for other kinds. */
const struct value *pod_spec_of(const struct object *o, const char **ret_path);
/* The labels its pods get: metadata.labels of a Pod, the template's otherwise. */
const struct value *pod_labels_of(const struct object *o, const char **ret_path);

/* One reference of a pod spec to another object of its namespace. */
enum ref_use {
	REF_VOLUME,
	REF_PROJECTED,
	REF_ENV,
	REF_ENV_FROM,
	REF_PULL_SECRET,
	REF_SERVICE_ACCOUNT,
	REF_CLAIM,
	REF_DRIVER_SECRET,
};
struct pod_ref {
	enum kind_id kind; /* CONFIG_MAP, SECRET, SERVICE_ACCOUNT, PERSISTENT_VOLUME_CLAIM */
	enum ref_use use;
	const char *name;
	const char *key; /* the key that must be there; NULL = none in particular */
	bool optional;
	const char *container; /* for ENV and ENV_FROM; else "" */
	const char *path;      /* of the name, after the prefix; NULL when no arena was given */
};
/* Calls fn for each; a non-zero return stops. prefix: where the pod spec lies in its object ("spec"). a may be NULL: then no paths are made. */
int pod_refs_each(const struct value *pod_spec, const char *prefix, struct arena *a, int (*fn)(void *arg, const struct pod_ref *ref), void *arg);
const char *ref_use_text(enum ref_use use); /* "a volume", "an environment variable" ... */

/* Does a ConfigMap or Secret have this key? -1 when it cannot be told (a Secret whose keys were not read). */
int object_has_key(const struct object *o, const char *key);

/* Do these tolerations (a list) tolerate this taint (key, value, effect)? */
bool taint_tolerated(const struct value *tolerations, const struct value *taint);
/* nodeSelectorTerms (of a pod's affinity, of a volume) against a node: any of them; no terms at all match every node. */
bool node_terms_match(const struct value *terms, const struct object *node);
/* spec.nodeSelector and required node affinity of a pod spec against a node. */
bool node_selected(const struct value *pod_spec, const struct object *node);
/* What a pod asks of one resource ("cpu", "memory", "nvidia.com/gpu"), as the scheduler counts: main and sidecar containers add up,
 * init containers count by their maximum, plus overhead. */
double pod_request(const struct value *pod_spec, const char *resource);

/* The minor version in "v1.33.1-eks-12ab": 33; -1 when it is no such version. */
int version_minor(const char *version);

#endif
