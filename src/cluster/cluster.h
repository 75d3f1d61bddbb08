/* cluster: one cluster to ask about, live or recorded: its inventory and a way to read more of it.
 *
 * Ownership: cluster_free releases the connection and its reference to the inventory. A recorded cluster answers from what was
 * recorded and says so when asked for more. Thread rule: one thread at a time per struct cluster; the inventory in it is immutable but for logs. */
#ifndef CLUSTER_CLUSTER_H
#define CLUSTER_CLUSTER_H

#include "base/ctx.h"
#include "cluster/inventory.h"

struct cluster;

struct cluster_options {
	/* Where from: `from` (a file, a folder or "-") wins over a kubeconfig. */
	const char *from;
	const char *kubeconfig, *context, *cluster_name, *user; /* NULL = as kubectl decides */
	const char *as;                                         /* impersonation: user */
	const char *const *as_groups;                           /* NULL-terminated or NULL */
	const char *server, *token;                             /* overrides */
	bool insecure;
	const char *ns;          /* only this namespace; NULL = all */
	usec_t now;              /* a recording's "now", when its own should not count; 0 = as recorded */
	bool all_kinds;          /* also every custom kind the server has (snapshot does) */
	bool probe_certificates; /* call TLS ports of Services and Ingresses for their certificates (certificates.h) */
	bool read_tls_secrets;   /* read the certificates, and nothing else, of TLS Secrets */
	unsigned parallel;       /* lists side by side; 0 = CLUSTER_PARALLEL */
	usec_t request_timeout;  /* per request; 0 = CLUSTER_REQUEST_TIMEOUT */
	/* Called now and then from one thread at a time: "reading pods", done and total may be 0 when unknown. May be NULL. */
	void (*progress)(void *arg, const char *what, size_t done, size_t total);
	void *progress_arg;
};
#define CLUSTER_PARALLEL 6
#define CLUSTER_REQUEST_TIMEOUT (30 * USEC_PER_SEC)
#define CLUSTER_PAGE 500 /* objects per list page, as kubectl's --chunk-size */

/* Connects (or opens the recording) and reads everything into an inventory. Kinds that are forbidden or missing become notes.
 * Fails only when nothing can be read at all: no kubeconfig, no server, not authenticated, a file that is no recording. */
int cluster_open(struct ctx *ctx, const struct cluster_options *options, struct cluster **ret, struct err *err);
/* Connects to a live cluster without reading it: its inventory is empty and sealed. What then fills it is an informer (informer.h). */
int cluster_connect(struct ctx *ctx, const struct cluster_options *options, struct cluster **ret, struct err *err);
/* Shows another inventory of the same cluster from now on; takes a reference of its own. */
void cluster_show(struct cluster *c, struct inventory *inv);
void cluster_free(struct cluster *c);
void cluster_freep(struct cluster **c);
struct inventory *cluster_inventory(struct cluster *c);
bool cluster_is_live(const struct cluster *c);
const char *cluster_name(const struct cluster *c);      /* context name, or the recording's cluster name */
const char *cluster_server(const struct cluster *c);    /* URL or file */
const char *cluster_namespace(const struct cluster *c); /* the context's default namespace, "default" */

/* Logs of a few containers, side by side, added to the inventory (with the error text when one cannot be read). */
struct log_request {
	const struct object *pod;
	const char *container;
	bool previous;
	bool current_too; /* with previous, of a container that waits: kubelet has its last instance's log for the current one too, one read is both */
	bool timestamps;  /* each line begins with its time, as with kubectl logs --timestamps */
	int64_t tail_lines;  /* 0 = LOG_TAIL_LINES */
	int64_t since_secs;  /* 0 = all */
	int64_t limit_bytes; /* 0 = LOG_LIMIT_BYTES */
};
#define LOG_TAIL_LINES 200
#define LOG_LIMIT_BYTES (256 << 10)
int cluster_read_logs(struct cluster *c, struct ctx *ctx, const struct log_request *requests, size_t count, struct err *err);

/* One container's log from its beginning, handed over while it arrives, whatever its length: fn is called with pieces of any size, and its
 * non-zero return ends the reading and is returned. since: only lines of then and later (kubelet's clock); 0 = all. Of a recording: what was
 * recorded. ERR_NOT_FOUND when there is no such log, ERR_CANCELLED within HTTP_POLL_MS of ctx's flag. */
struct log_stream {
	const struct object *pod;
	const char *container;
	bool previous;
	bool timestamps; /* each line begins with its time, as with kubectl logs --timestamps (a recording has what was recorded) */
	usec_t since;
};
int cluster_stream_log(struct cluster *c, struct ctx *ctx, const struct log_stream *q,
		       int (*fn)(void *arg, const char *data, size_t len, struct err *err), void *arg, struct err *err);

/* Writes everything in c, masked, as one compressed file (docs/snapshot-format.md). Atomic: a failure leaves no file. */
int snapshot_write(struct cluster *c, struct ctx *ctx, const char *path, struct err *err);

#endif
