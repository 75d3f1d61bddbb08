/* Findings out of logs: which error a container's log ends with, and with whom it failed to speak.
 *
 * By itself only containers that a finding of the checks is about are looked at: what a healthy program complains of is not evidence. Of the
 * others, when they are asked for, only errors that fill the log and go on until now are.
 * Thread rule: one thread per check_run. */
#ifndef DIAGNOSE_LOG_SCAN_H
#define DIAGNOSE_LOG_SCAN_H

#include "diagnose/graph.h"

/* The checks behind log findings, in the order of log_signatures.def: for `checks` to list. */
extern const struct check log_checks[];
extern const size_t log_check_count;

/* What one text ends with: the signature's check and the line; NULL when nothing in it looks like an error. */
struct log_match {
	const struct check *check;
	int signature;    /* log_patterns.h */
	const char *line; /* not NUL-terminated */
	size_t len;
	uint32_t number;         /* 1-based */
	struct object_name peer; /* kind KIND_COUNT when the line names none that the cluster knows */
	const char *peer_text;   /* as in the line: "orders-db:5432"; "" = none */
};
bool log_match_text(struct graph *g, struct arena *a, const char *ns, const char *text, size_t len, struct log_match *ret);

/* Who a line says was called, as written ("orders-db:5432"), "" = nobody. *ret_known: that Service or pod, kind KIND_COUNT = none that the
 * cluster knows. g may be NULL: then nothing is known. */
const char *log_peer_of(struct graph *g, struct arena *a, const char *ns, const char *line, size_t len, struct object_name *ret_known);

/* Adds at most one finding per container that run->findings (the first `count`) says is unhealthy and whose log is in the inventory. */
void log_scan_findings(struct check_run *run, struct graph *g, uint32_t count);

/* Adds at most one finding per container of these pods that runs, of which none is told from `checked` on, and whose log is full of errors
 * now (log_running.c). */
void log_running_findings(struct check_run *run, struct graph *g, uint32_t checked, const struct object_list *pods);
bool log_is_running(const struct container_view *c);

/* The sentence of a match's signature about a container, and whom it names as the finding's subject. */
const char *log_sentence(struct arena *a, const struct object *pod, const char *container, const struct log_match *m);
void log_finding_peer(struct check_run *run, struct finding *f, const struct log_match *m);

#endif
