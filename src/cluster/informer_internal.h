/* Between informer.c (the whole, its epochs) and informer_watch.c (one kind and its thread). */
#ifndef CLUSTER_INFORMER_INTERNAL_H
#define CLUSTER_INFORMER_INTERNAL_H

#include "cluster/informer.h"
#include "cluster/live_internal.h"
#include "cluster/watch.h"

/* One object: its place stays when it is changed; when it goes, the place is empty (tree NULL) until the table is made anew. */
struct informed {
	struct shared_tree *tree;
	size_t size;
	uint32_t listing; /* the list that had it last */
	char key[];       /* "namespace/name" */
};

struct informed_kind {
	struct informer *inf;
	const struct kind *kind;
	pthread_t thread;
	bool started;
	bool polled; /* listed now and then: what cannot be watched */
	bool quiet;  /* its changes alone are no reason for an epoch */
	const char *ns;

	/* Under inf->lock. */
	struct hash by_key;
	struct informed **items;
	uint32_t len, cap, empty;
	uint32_t listing;           /* number of the list that is being read, or was read last */
	bool changed;               /* while listing: something is not as it was */
	bool has_slot;              /* one of inf->slots */
	bool synced;                /* listed completely, and still readable */
	bool settled;               /* synced, or failed, at least once */
	usec_t lost_at, lost_since; /* its last failure, and the first in a row; 0 = it was heard of since */
	char *fallback;             /* why only one namespace is read; NULL */
	struct err failed;          /* why it cannot be read; code 0 = it can */
};

struct informer {
	struct cluster *cluster;
	struct api_client *client;
	struct cluster_options options;
	char *ns, *own_ns, *server_version; /* heap; ns NULL = all */
	struct arena arena;                 /* names of custom kinds, notes of discovery */
	volatile sig_atomic_t stop;

	pthread_mutex_t lock; /* everything below, and what the kinds hold */
	pthread_cond_t news;  /* something was settled or changed, or stop */
	struct informed_kind *kinds;
	uint32_t kind_count;
	unsigned slots; /* lists that may be read side by side */
	struct {
		struct note *items;
		uint32_t len, cap;
	} notes;
	usec_t first_change, last_change; /* since the last epoch; 0 = none. clock_monotonic, like all times here */
	usec_t last_heard, last_lost, lost_since;
	struct err lost;
	uint64_t epochs, changes;
	size_t objects, bytes;
	struct inventory *latest; /* the last epoch, for its logs */
	usec_t logs_since;
};

/* The thread of one kind. */
void *informed_kind_run(void *kind);
/* Forgets all objects; with inf->lock. */
void informed_kind_clear(struct informed_kind *k);
/* Waits on inf->news until `until` (clock_monotonic), with inf->lock. */
void informer_sleep(struct informer *inf, usec_t until);

#endif
