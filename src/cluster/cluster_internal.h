/* The inside of a struct cluster, and the seam between its two ways to be filled.
 *
 * cluster_open makes an empty cluster and calls live_open or recorded_open, which fill it (inventory, name, server, ns) and seal the
 * inventory; on failure cluster_open frees what is there. A recorded cluster has live == NULL. */
#ifndef CLUSTER_CLUSTER_INTERNAL_H
#define CLUSTER_CLUSTER_INTERNAL_H

#include "cluster/cluster.h"

struct live; /* the connection: live.c */

struct cluster {
	struct inventory *inv;
	struct live *live;
	char *name, *server, *ns; /* on the heap */
};

/* Copies the three names; NULL becomes "" ("default" for ns). */
void cluster_set_names(struct cluster *c, const char *name, const char *server, const char *ns);

/* live.c. live_open sets c->live even when it fails later, so that live_close is called once. */
int live_connect(struct ctx *ctx, const struct cluster_options *options, struct cluster *c, struct err *err);
int live_open(struct ctx *ctx, const struct cluster_options *options, struct cluster *c, struct err *err);
void live_close(struct live *live);
int live_read_logs(struct cluster *c, struct ctx *ctx, const struct log_request *requests, size_t count, struct err *err);
int live_stream_log(struct cluster *c, struct ctx *ctx, const struct log_stream *q,
		    int (*fn)(void *arg, const char *data, size_t len, struct err *err), void *arg, struct err *err);

/* recorded.c: reads options->from. */
int recorded_open(struct ctx *ctx, const struct cluster_options *options, struct cluster *c, struct err *err);

#endif
