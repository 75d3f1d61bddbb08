/* informer: a live cluster kept up to date: every kind the diagnosis needs is listed once and then watched.
 *
 * What is there at a moment is an epoch: a sealed, immutable inventory. The next epoch is a new one that shares the trees of all objects that
 * did not change and has its own indexes; readers keep the epoch they began with (inventory_ref, inventory_unref), and a tree is freed with the
 * last epoch that has it, so that memory follows the size of the cluster, not the number of epochs.
 * A watch that breaks off is resumed where it was; one that is too old (410) is listed again; a server that went away is waited for. A kind that
 * may not be read, or that the server does not have, is a note in each epoch and is tried again now and then.
 * Cost: one thread with a small stack and one connection per kind. Ownership: informer_free ends the threads; epochs live on.
 * Thread rule: any thread, but for informer_free. Logs are read into an epoch before others are given it. */
#ifndef CLUSTER_INFORMER_H
#define CLUSTER_INFORMER_H

#include "cluster/cluster.h"

struct informer;

/* c: from cluster_connect; must outlive the informer. options as given to it: ns, all_kinds and parallel count. */
int informer_start(struct cluster *c, struct ctx *ctx, const struct cluster_options *options, struct informer **ret, struct err *err);
void informer_free(struct informer *inf);
void informer_freep(struct informer **inf);

/* Until every kind was listed, or could not be. Fails when nothing could be read at all, and when ctx ends. */
int informer_wait_synced(struct informer *inf, struct ctx *ctx, struct err *err);
/* Until something has changed since the last epoch and nothing for `quiet` more, or changes have gone on for `most`: 1. 0 when `timeout` has
 * passed without. Negative when ctx ends. Renewals of leases do not count as changes; the next epoch has them all the same. */
int informer_wait(struct informer *inf, struct ctx *ctx, usec_t quiet, usec_t most, usec_t timeout, struct err *err);
/* The epoch of this moment; the caller's reference. Logs of the epoch before are kept for pods that did not change, for a minute. */
struct inventory *informer_epoch(struct informer *inf);

struct informer_state {
	bool lost;                 /* the server does not answer now */
	usec_t lost_since;         /* clock_monotonic */
	char why[ERR_MESSAGE_MAX]; /* of the last failure */
	uint64_t epochs, changes;  /* so far */
	size_t objects, bytes;     /* what is held now: the trees alone */
};
void informer_state(struct informer *inf, struct informer_state *ret);

#endif
