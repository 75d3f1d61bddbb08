/* report: how causes, findings and evidence are printed: for people, as JSON (docs/output.md), and as lines for scripts and case files.
 * Ownership: nothing is kept; texts are made in the arena given. Thread rule: the main thread only. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/term.h"
#include "diagnose/diagnose.h"
#include "diagnose/graph.h"
#include "format/json.h"

/* "Pod shop/web-1", "Node n1", "Image shop/web:2"; "" for none. */
char *report_name(struct arena *a, const struct object_name *n);
char *report_object(struct arena *a, const struct object *o);
/* "12 min ago", "in 5 min", or "" for an unknown time. */
char *report_ago(struct arena *a, usec_t now, usec_t t);
enum style report_severity_style(enum severity s);
enum style report_verdict_style(enum verdict v);
/* One fact on one line: "Pod shop/web-1 status.phase: Pending", "event 3 min ago (x12): Back-off ...", "log of app, line 41: ...". With
 * where false the object is left out: it has just been named. */
char *report_evidence(struct arena *a, const struct evidence *e, usec_t now, bool where);

/* What a text report shows. */
struct report_options {
	bool wide;                       /* every fact, how sure, what else it explains */
	bool lesser;                     /* lesser findings one by one, not only their number */
	bool history;                    /* what has recovered */
	bool silenced;                   /* what rules and annotations silence, not only how much */
	const struct scope_list *scopes; /* the verdict of each namespace; NULL = not told */
	bool scopes_only;                /* instead of the causes, and healthy ones a line each */
};

/* The name of the context or, of a recording, of the file. */
const char *report_cluster_title(struct cluster *c);
/* "3 causes: 1 critical, 2 error" */
const char *report_cause_counts(struct arena *a, const struct cause_list *causes);
void report_scan_text(struct term *t, struct arena *a, struct cluster *c, const struct diagnosis *d, const struct report_options *o);
void report_cause_text(struct term *t, struct arena *a, const struct cause *c, unsigned number, usec_t now, bool wide);
/* "It runs out of memory? No: last exit code is 1, not 137"; "" when nothing is behind it. */
const char *report_hypothesis(struct arena *a, const struct hypothesis *h);
const char *report_behind(struct arena *a, const struct cause *c);
/* Only its severity and title. */
void report_cause_title(struct term *t, struct arena *a, const struct cause *c, unsigned number);
void report_cause_tree(struct term *t, struct arena *a, const struct cause *c, unsigned number, usec_t now, bool wide);
void report_notes_text(struct term *t, struct arena *a, const struct inventory *inv, bool wide);
/* Plurals of the kinds that matter most and that a recording does not have, in ret (room for REPORT_UNSEEN_MAX); returns how many. What rests on
 * them was not checked. A live cluster's notes say the same with the reason. */
#define REPORT_UNSEEN_MAX 16
size_t report_unseen_kinds(struct cluster *c, const char *ret[REPORT_UNSEEN_MAX]);
void report_unseen_text(struct term *t, struct arena *a, struct cluster *c);

/* How each namespace does; healthy ones share a line unless all are wanted one by one. */
void report_scopes_text(struct term *t, struct arena *a, const struct scope_list *scopes, bool all);
void report_scopes_json(struct json_writer *w, const struct scope_list *scopes); /* member "namespaces" */

void report_cluster_json(struct json_writer *w, struct cluster *c);               /* member "cluster" */
void report_notes_json(struct json_writer *w, const struct inventory *inv);       /* member "notes" */
void report_log_reach_json(struct json_writer *w, const struct log_reach *reach); /* member "logs": null when they were not asked for */
void report_cause_json(struct json_writer *w, struct arena *a, const struct cause *c, unsigned rank);
void report_causes_json(struct json_writer *w, struct arena *a, const char *key, const struct cause_list *causes);
void report_evidence_json(struct json_writer *w, struct arena *a, const struct evidence *e);
void report_object_json(struct json_writer *w, const struct object_name *n); /* {kind, namespace, name, exists} or null */

/* report_silenced.c: what is silenced, by whom and why; member "silenced"; "(silenced by rules.yaml:3: known)". */
void report_silenced_text(struct term *t, struct arena *a, const struct diagnosis *d, bool listed);
void report_silenced_json(struct json_writer *w, struct arena *a, const struct diagnosis *d);
char *report_silence(struct arena *a, const struct silence *s);
void report_finding_json(struct json_writer *w, struct arena *a, const struct finding *f);

/* What a diagnosis says of a cluster: all members of a scan that no flag of it asks for. */
void report_diagnosis_json(struct json_writer *w, struct arena *a, struct cluster *c, const struct diagnosis *d);

void report_scan_lines(struct strbuf *out, struct arena *a, const struct diagnosis *d);

#endif
