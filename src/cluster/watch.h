/* watch: every object of one kind, and then every change to it, for as long as the caller wants.
 *
 * A list, then a watch from its version with bookmarks; a watch that ends is resumed where it was; when the server no longer has that
 * version (410) the list is read again. Failures are waited out with exponential back-off and jitter; only what cannot get better by
 * waiting ends the run (not authenticated, forbidden, no such kind, cancelled). Source: kubernetes.io/docs/reference/using-api/api-concepts.
 * Thread rule: watch_run blocks its thread and calls the handler on it; the trees it hands over are valid during the call. */
#ifndef CLUSTER_WATCH_H
#define CLUSTER_WATCH_H

#include "cluster/api_client.h"

enum watch_change {
	WATCH_RESET, /* a list begins: what follows up to WATCH_SYNCED is everything there is. object NULL */
	WATCH_ADDED, /* also each object of the list */
	WATCH_CHANGED,
	WATCH_DELETED, /* the object as it last was */
	WATCH_SYNCED,  /* the list is complete. object NULL */
	WATCH_LOST,    /* the connection failed and will be tried again; err says why. object NULL */
};

struct watch_handler {
	/* Non-zero ends the run and is returned. why is only set with WATCH_LOST. */
	int (*change)(void *arg, enum watch_change change, const struct value *object, const struct err *why);
	void *arg;
	bool json; /* ask for JSON even of kinds that have protobuf */
	/* How long one watch request lasts before it is renewed; 0 = WATCH_SECONDS. */
	unsigned seconds;
	bool once; /* only the list: what cannot be watched. watch_run returns 0 after WATCH_SYNCED */
};
#define WATCH_SECONDS 300

/* kind may be custom (schemaless JSON); Secrets are read as metadata only. ns NULL = all namespaces. */
int watch_run(struct ctx *ctx, struct api_client *client, const struct kind *kind, const char *ns, const struct watch_handler *handler,
	      struct err *err);

#endif
