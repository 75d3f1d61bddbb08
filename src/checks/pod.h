/* What the pod checks share: why a container does not run, decided once, so that one trouble gives one finding.
 *
 * Thread rule: as check_run. Nothing here adds findings but the pod_add_* helpers. */
#ifndef CHECKS_POD_H
#define CHECKS_POD_H

#include "checks/check.h"

enum failure {
	FAILURE_NONE,
	FAILURE_IMAGE,      /* cannot be pulled */
	FAILURE_IMAGE_NAME, /* is no image name */
	FAILURE_CONFIG,     /* CreateContainerConfigError for a missing ConfigMap, Secret or key */
	FAILURE_RUN,        /* was made, cannot be started */
	FAILURE_OOM,        /* killed at its memory limit */
	FAILURE_LIVENESS,   /* killed by its liveness probe */
	FAILURE_STARTUP,    /* killed by its startup probe */
	FAILURE_CRASH,      /* ends by itself */
};

enum failure_when {
	FAILURE_NOW,
	FAILURE_RECURRING, /* runs at the moment, and will most likely not for long */
	FAILURE_OVER,
};

struct container_failure {
	enum failure what;
	enum failure_when when;
	const struct termination *end; /* the instance that ended; NULL when none has */
	const char *end_path;          /* "lastState.terminated" or "state.terminated" */
	const struct event *event;     /* that says it best; may be NULL */
};

/* Does the pod matter: not ended, not being deleted? */
bool pod_is_alive(const struct pod_view *v);
struct container_failure container_failure(struct check_run *run, const struct pod_view *v, const struct container_view *c);
/* Does any container of the pod fail now? */
bool pod_has_failure(struct check_run *run, const struct pod_view *v);

/* The newest event about the pod (c NULL) or one container, with this reason and, unless NULL, this text in its message. */
const struct event *pod_event(struct check_run *run, const struct object *pod, const struct container_view *c, const char *reason, const char *part);
/* Time since the pod was made. */
usec_t pod_age(const struct check_run *run, const struct object *pod);
/* "container app of Pod shop/web-1", "init container ..." */
const char *container_text(struct check_run *run, const struct pod_view *v, const struct container_view *c);
/* "exit code 137 (killed)" */
const char *exit_text(struct check_run *run, const struct termination *t);
/* Starts a finding about a container. The message is not complete English without its name: use container_text in it. */
struct finding *pod_finding(struct check_run *run, const struct pod_view *v, const struct container_view *c, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The line of the last dead instance's log (or termination message) that most likely says why; adds it as evidence. NULL when there is none. */
const char *pod_last_words(struct check_run *run, const struct pod_view *v, const struct container_view *c, const struct container_log **ret_log,
			   uint32_t *ret_line);
/* The line of any log that says most; NULL when it has no words. */
const char *pod_words(struct check_run *run, const char *text, size_t len, uint32_t *ret_line);
void pod_add_last_words(struct check_run *run, struct finding *f, const char *words, const struct container_log *log, uint32_t line);
/* The image the same container had in the newest other ReplicaSet of the pod's Deployment, with its revision; NULL when none or the same. */
const char *pod_previous_image(struct check_run *run, const struct pod_view *v, const struct container_view *c, const char **ret_revision);
/* Proposes to roll the pod's Deployment back to a revision. */
void pod_propose_rollback(struct check_run *run, struct finding *f, const struct object *pod, const char *revision);

/* When pods of an older revision of the pod's Deployment are ready, the trouble came with the new one: says so in the fix, and proposes to go
 * back. Call it last. */
void pod_add_older_revision(struct check_run *run, struct finding *f);

/* pod_arch.c: adds which processor the pod's node has, and where the image fits. False when that is not known. */
bool pod_add_arch(struct check_run *run, struct finding *f, const struct pod_view *v, const struct container_view *c);
/* pod_usage.c: what a container uses of "cpu" or "memory" by metrics.k8s.io, with the object and the path that say so. */
bool pod_usage(struct check_run *run, const struct object *pod, const char *container, const char *resource, double *ret,
	       const struct object **ret_metrics, const char **ret_path);

/* pod_defaults.c: the LimitRange that gave the container its "limit" or "request" of a resource; NULL when it asked for that itself, or when
 * that LimitRange is no more what it was. */
const struct object *pod_default_giver(struct check_run *run, const struct object *pod, const struct container_view *c, const char *resource,
				       const char *what);
/* pod_scheduler.c: no scheduler has looked at the pod. */
void pod_add_no_scheduler(struct check_run *run, const struct object *o);
/* pod_attach.c: who holds the volume that an attach error is about, as subject where it is known. */
void pod_add_attach(struct check_run *run, struct finding *f, const struct object *pod, const struct event *e);
/* What helps against a mount error, by its words; NULL when they are not known. */
const char *pod_mount_fix(struct check_run *run, const struct object *pod, const char *message);

/* log_line.c: the line of a text that most likely says why a program ended. False when it has no words at all. */
bool log_fatal_line(const char *text, size_t len, uint32_t *ret_line, const char **ret_start, size_t *ret_len);

/* ref_missing.c: a reference that does not lead anywhere, verified against the inventory. */
struct missing_ref {
	struct pod_ref ref;
	const struct object *holder; /* exists and lacks the key; NULL when the object itself is missing */
};
struct missing_ref_list {
	struct missing_ref *items;
	uint32_t len, cap;
};
/* The required references of a pod (with optional pull secrets left out) that cannot be met, each once. */
struct missing_ref_list pod_missing_refs(struct check_run *run, const struct object *pod);

#endif
