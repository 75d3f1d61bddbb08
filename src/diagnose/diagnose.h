/* Diagnosis: findings -> causes. Many symptoms, one cause: the deepest finding that explains the others in the dependency graph and in time.
 *
 * Chaining follows the rules in rules.def over the edges of graph.h. What recovered is history, kept apart. A cause is only named when a path of
 * verified edges leads from each symptom to it; else the symptom is its own cause and the diagnosis says what is missing.
 * Ownership: everything lives in the arena given. Thread rule: one thread per diagnosis. */
#ifndef DIAGNOSE_DIAGNOSE_H
#define DIAGNOSE_DIAGNOSE_H

#include "checks/check.h"
#include "cluster/cluster.h"

enum verdict { VERDICT_HEALTHY, VERDICT_DEGRADED, VERDICT_FAILING, VERDICT_RECOVERED, VERDICT_UNKNOWN };
const char *verdict_text(enum verdict v);

/* One step of the chain from the cause up to what people notice: "Deployment shop/web" <- "Pod ..." <- "ConfigMap ... is missing". */
struct chain_step {
	struct object_name what;
	const char *relation;        /* how it depends on the next deeper step: "mounts", "is scheduled on", "is owned by"; "" for the deepest */
	const struct finding *finding; /* or NULL when the step is only a link */
};

struct cause {
	const struct finding *root;   /* the deepest finding */
	struct finding_list explained; /* every other finding it explains, nearest first */
	struct chain_step *chain;     /* from what people notice (0) down to the root */
	uint32_t chain_len;
	struct object_list workloads; /* top owners affected */
	uint32_t pods_affected;
	const char *title;            /* one sentence: the true cause in plain words */
	const char *fix;
	const struct proposal *proposal;
	int confidence;               /* 0..100 */
	const char *confidence_why;
	const char *missing;          /* what could not be seen and might change the answer; NULL */
	const char *next;             /* what to look at next; NULL */
	enum severity severity;
	usec_t since;
	double score;                 /* for ranking: bigger first */
};

struct cause_list {
	struct cause **items;
	uint32_t len, cap;
};

struct diagnosis {
	const struct inventory *inv;
	struct cause_list causes;      /* active, ranked: most important first; severity error and critical, and warnings that hurt */
	struct cause_list lesser;      /* info and warnings that harm nothing now */
	struct cause_list recovered;   /* history */
	struct finding_list findings;  /* all, as found */
	enum verdict verdict;
	const char *verdict_why;
};

struct diagnose_options {
	struct check_options checks;
	const char *ns;           /* only what touches this namespace; NULL = all */
	bool read_logs;           /* fetch logs of a few unhealthy containers (live) before concluding */
	unsigned max_logs;        /* default DIAGNOSE_MAX_LOGS */
};
#define DIAGNOSE_MAX_LOGS 24
void diagnose_options_init(struct diagnose_options *o);

/* Runs the checks, reads what logs it needs, chains and ranks. Never fails for what it cannot see: that becomes `missing`. */
int diagnose_cluster(struct cluster *c, struct ctx *ctx, const struct diagnose_options *options, struct diagnosis *ret, struct err *err);
/* The causes that touch one object: it, what it owns, what owns it, what it depends on. Ranked for it. Arena: ctx's. */
struct cause_list diagnose_object(const struct diagnosis *d, struct ctx *ctx, const struct object *o);
/* Verdict for one object, namespace (o NULL) or the cluster (both NULL). */
enum verdict diagnose_verdict(const struct diagnosis *d, struct ctx *ctx, const struct object *o, const char *ns, const char **ret_why);

#endif
