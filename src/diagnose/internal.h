/* What the files of this room share. Not for other rooms. */
#ifndef DIAGNOSE_INTERNAL_H
#define DIAGNOSE_INTERNAL_H

#include "diagnose/chain.h"
#include "diagnose/diagnose.h"
#include "diagnose/log_scan.h"

/* Merges nodes with one root (or roots with one subject) into causes and sorts them into d's lists (cause.c). ns NULL = all. */
void causes_build(struct diagnosis *d, struct chain *c, struct arena *a, const char *ns);
/* Silences what follows, within its workload, from a silenced finding (silenced.c). */
void silence_followers(struct chain *c);
struct finding_list silenced_of(struct arena *a, const struct finding_list *findings);
/* What the wording needs besides the cause. */
struct cause_facts {
	int weakest_link;               /* the smallest confidence of a rule between a symptom and the root; 100 = none */
	uint32_t root_workloads;        /* how many workloads the root itself is about */
	const struct object *dependent; /* the first workload that fails because of another one */
};
/* Fills title, fix, confidence, missing, next of a cause whose facts are complete (wording.c). */
void cause_word(struct chain *c, struct cause *cause, const struct node *root, const struct cause_facts *facts);
/* Says with a cause that is worded already which change of the workload came just before it; with the evidence for it, that going back would help
 * (blame.c). */
void cause_blame(struct chain *c, struct cause *cause, const struct node *root);
/* Which logs to read for a first set of findings (logs.c). */
size_t logs_wanted(const struct inventory *inv, struct arena *a, const struct finding_list *findings, unsigned max, struct log_request **ret);
/* Running pods whose logs to look at though nothing is found of them (log_pods.c): one or two of each workload, of ns unless it is NULL; those
 * whose log is there when recorded is set. And those of one object, or behind a Service or Ingress. Arena: the run's. */
struct object_list log_pods_of_workloads(struct check_run *run, const char *ns, bool recorded, struct log_reach *ret_reach);
struct object_list log_pods_of_object(struct check_run *run, struct graph *g, const struct object *o);
/* Their logs that are not in the inventory yet; previous_too: those of the instances before, as well. */
size_t log_pods_requests(struct check_run *run, const struct object_list *pods, bool previous_too, struct log_request **ret);
enum verdict verdict_of_object(const struct diagnosis *d, struct arena *a, const struct object *o, const char **ret_why);
/* Of the replicas that it wants, not one is ready. */
bool nothing_ready(const struct object *o);
enum verdict verdict_of(const struct diagnosis *d, struct arena *a, const struct object *o, const char *ns, const char **ret_why);
/* How many replicas o wants and has ready; false for what has none. */
bool replicas_of(const struct object *o, int64_t *ret_wanted, int64_t *ret_ready);

#endif
