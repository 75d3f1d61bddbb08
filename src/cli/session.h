/* session: the cluster that a command works on, opened as its flags say, with progress on standard error.
 *
 * Ownership: session_release. Thread rule: the main thread only; the progress callback may come from any one thread at a time. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/cli.h"
#include "cluster/cluster.h"
#include "diagnose/diagnose.h"

struct session {
	struct cli *cli;
	struct cluster *cluster;
	struct inventory *inv; /* the cluster's */
	struct rules *rules;   /* NULL = no file */
	usec_t started;
	bool show_progress;
	unsigned progress_width; /* columns of the line that stands there now */
};

/* all_kinds: custom kinds too. */
int session_open(struct session *s, struct cli *cli, bool all_kinds, struct err *err);
/* The same from this recording, or, with from NULL, from the live cluster; --from does not count. */
int session_open_from(struct session *s, struct cli *cli, const char *from, bool all_kinds, struct err *err);
/* Flags that exclude each other. ERR_USAGE. */
int session_check_flags(const struct cli *cli, struct err *err);
/* A session without a cluster: for progress, options and rules. */
int session_init(struct session *s, struct cli *cli, struct err *err);
/* What the flags and settings say about the cluster to open. */
void session_cluster_options(struct session *s, struct cluster_options *ret);
void session_release(struct session *s);
/* The diagnosis, with the options that flags and settings say. */
int session_diagnose(struct session *s, struct diagnosis *ret, struct err *err);
/* The same, with the logs of one object's running pods looked at, too. */
int session_diagnose_about(struct session *s, const struct object *about, struct diagnosis *ret, struct err *err);
void session_diagnose_options(const struct session *s, struct diagnose_options *ret);
/* On the output: rules whose date is over. */
void session_rules_text(struct session *s);
/* A line of progress; NULL wipes it. */
void session_progress(struct session *s, const char *what, size_t done, size_t total);
/* The namespace asked for with -n; NULL = all. */
const char *session_namespace(const struct cli *cli);

#endif
