/* Between live.c (a whole reading), live_list.c (one kind), live_logs.c and discovery.c.
 *
 * A reading is a set of jobs, one per kind, that a few threads work through. Each thread receives and splits on its own; building
 * trees and adding to the inventory happens under `build`, one thread at a time: that is what the inventory asks for, and while one
 * decodes, the others decrypt and wait for the server. */
#ifndef CLUSTER_LIVE_INTERNAL_H
#define CLUSTER_LIVE_INTERNAL_H

#include "cluster/api_list.h"
#include "cluster/cluster_internal.h"
#include "cluster/discovery.h"

#include <pthread.h>
#include <stdatomic.h>

struct live {
	struct api_client *client;
};

/* What metrics.k8s.io has, under one group and two names that others have too. */
extern const struct kind live_pod_metrics, live_node_metrics;

struct live_reading {
	struct api_client *client;
	struct inventory *inv;
	const struct cluster_options *options;
	const struct ctx *ctx; /* the parent of the jobs' own */
	const char *ns;        /* only this namespace, NULL = all */
	const char *own_ns;    /* the context's: read instead when all namespaces are forbidden */
	bool json_only;        /* AUTO_DEVOPS_WIRE=json: for comparing the two wires */
	pthread_mutex_t build; /* inventory and everything below */
	struct err fatal;      /* the whole reading cannot go on: cancelled, not authenticated, no TLS */
	struct err first;      /* the first kind's failure */
	unsigned done;         /* kinds read, at least in part */
	unsigned silent;       /* kinds whose server did not answer */
	size_t objects;        /* read so far, for progress */

	/* The custom kinds of known_kinds.def that the server has: one job finds them, the jobs of the kinds wait for it. */
	struct arena found_arena;
	struct discovery found; /* complete when found_done; then only read */
	bool found_done;
	pthread_mutex_t found_lock;
	pthread_cond_t found_changed;
};

/* One kind to be listed, and how far that is. */
struct list_job {
	struct live_reading *reading;
	const struct kind *kind;
	bool metadata_only;             /* ask for PartialObjectMetadata */
	bool finds_known;               /* no list: finds out which of the known custom kinds there are */
	const struct known_kind *known; /* its kind is the one found for this; nothing is done when there is none */

	struct ctx ctx;
	struct api_list list;
	struct value *roots; /* heap: objects of a list that is not complete yet, dropped when the list starts again */
	uint32_t root_count, root_cap;
	uint32_t kept; /* objects read so far, also those that went into the inventory at once */
	bool complete;
	struct err err;      /* why it is not */
	uint32_t unreadable; /* objects passed over because they cannot be decoded: the others must not suffer from one that somebody made odd */
	struct err odd;      /* why the first of them cannot */
};

/* Reads all pages; what was read is added to the inventory, and notes say what was not. */
void list_job_run(struct list_job *job);

/* Adds a job for every listable kind that kinds.def does not have; jobs' strings live in a. */
struct job_list {
	struct list_job *items;
	uint32_t len, cap;
};
/* live_custom.c: known custom kinds, when not all kinds are asked for. The finding job comes first, its kinds after the typed ones, but for the
 * first of known_kinds.def: definitions are megabytes, and go with the other long lists. */
void live_custom_init(struct live_reading *reading);
void live_custom_release(struct live_reading *reading);
void live_custom_add_finder(struct live_reading *reading, struct arena *a, struct job_list *jobs);
void live_custom_add_longest(struct live_reading *reading, struct arena *a, struct job_list *jobs);
void live_custom_add_kinds(struct live_reading *reading, struct arena *a, struct job_list *jobs);
/* Runs a finding job, or gives a known kind's job its kind. False when there is nothing (more) to do. */
bool live_custom_prepare(struct list_job *job);
int discovery_add_custom(struct live_reading *reading, struct ctx *ctx, struct arena *a, struct job_list *jobs, struct err *err);

/* The certificates that can be seen, as objects (certificates.c). Fails only when cancelled. */
int live_read_certificates(struct live_reading *reading, struct ctx *ctx, struct err *err);

#endif
