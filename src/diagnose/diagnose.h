/* Diagnosis: findings -> causes. Many symptoms, one cause: the deepest finding that explains the others in the dependency graph and in time.
 *
 * Chaining follows the rules in rules.def over the edges of graph.h. What recovered is history, kept apart. A cause is only named when a path of
 * verified edges leads from each symptom to it; else the symptom is its own cause and the diagnosis says what is missing. Every finding
 * is in exactly one cause: as its root or among `explained`; but for silenced ones (checks/rules.h), which are in none. The same inventory gives the same diagnosis, byte for byte.
 * Ownership: everything lives in the arena of the ctx given (or the arena given), and points into the inventory, which must outlive it.
 * Thread rule: one thread per diagnosis. */
#ifndef DIAGNOSE_DIAGNOSE_H
#define DIAGNOSE_DIAGNOSE_H

#include "checks/check.h"
#include "cluster/cluster.h"
#include "diagnose/changes.h"

enum verdict { VERDICT_HEALTHY, VERDICT_DEGRADED, VERDICT_FAILING, VERDICT_RECOVERED, VERDICT_UNKNOWN };
const char *verdict_text(enum verdict v); /* "healthy", "degraded", ... */

/* One step of the chain from the cause up to what people notice: "Deployment shop/web" <- "Pod ..." <- "ConfigMap ... is missing". */
struct chain_step {
	struct object_name what;
	const char *relation;          /* how it depends on the next deeper step: "mounts", "is scheduled on", "is owned by"; "" for the deepest */
	const struct finding *finding; /* or NULL when the step is only a link */
};

enum hypothesis_status {
	HYPOTHESIS_CHOSEN,    /* what the cause says */
	HYPOTHESIS_POSSIBLE,  /* something speaks for it and nothing excludes it */
	HYPOTHESIS_RULED_OUT, /* something that was read excludes it */
	HYPOTHESIS_UNKNOWN,   /* what would tell was not read */
};
const char *hypothesis_status_text(enum hypothesis_status s); /* "chosen", "possible", "ruled out", "unknown" */

/* One explanation of a cause's symptom, and what was seen of it. */
struct hypothesis {
	const char *id;   /* "memory" (hypotheses.def), or the check of a finding that competes with the root; stays as it is */
	const char *text; /* "it runs out of memory" */
	const char *why;  /* what decided: "last exit code is 1, not 137" */
	enum hypothesis_status status;
	const struct evidence *pro, *contra;
	uint32_t pro_count, contra_count;
};
#define HYPOTHESES_MAX 5 /* the chosen one and up to four others */

struct cause {
	const struct finding *root;    /* the deepest finding; of several alike, the first in the order of findings */
	const struct finding *behind;  /* a silenced finding from which the root follows: the true reason, which somebody knows; NULL = none */
	struct finding_list explained; /* every other finding it explains, nearest first */
	struct chain_step *chain;      /* from what people notice (0) down to the root */
	uint32_t chain_len;
	struct object_list workloads; /* top owners affected */
	uint32_t pods_affected;
	const struct object *entry; /* an affected Ingress, else Service, in front of it: users notice; NULL = none known */
	const char *title;          /* one sentence: the true cause in plain words, no full stop */
	const char *fix;
	const struct proposal *proposal; /* or NULL */
	int confidence;                  /* 0..100 */
	const char *confidence_why;
	const char *missing;        /* what could not be seen and might change the answer; NULL */
	const char *next;           /* what to look at next, often a kubectl command; NULL */
	struct change_list changes; /* what changed shortly before it began, newest first; never claimed as the cause by itself */
	enum severity severity;
	enum finding_state state;
	usec_t since, until; /* first symptom; until only when recovered; 0 = unknown */
	double score;        /* for ranking: bigger first */
	/* Filled by diagnose_weigh: */
	const struct finding *symptom; /* what the hypotheses explain: the root, or a finding that it explains */
	struct hypothesis *hypotheses; /* the chosen one first, then those that are possible, ruled out, unknown */
	uint32_t hypothesis_count;
};

struct cause_list {
	struct cause **items;
	uint32_t len, cap;
};

struct chain;

/* How far reading the logs of running workloads went (diagnose_options.scan_logs). */
struct log_reach {
	uint32_t workloads; /* that have a running pod; 0 = logs were not asked for */
	uint32_t looked_at; /* of them, those whose log was looked at */
};

struct diagnosis {
	const struct inventory *inv;
	struct cause_list causes;     /* active, ranked: most important first; warnings and worse */
	struct cause_list lesser;     /* active, info only */
	struct cause_list recovered;  /* history */
	struct finding_list findings; /* all, as found */
	struct finding_list silenced; /* those of them that a rule or an annotation silences: no cause's root, nor explained by one */
	struct log_reach logs;
	enum verdict verdict;
	const char *verdict_why; /* one sentence */
	struct graph *graph;     /* edges computed so far (graph.h) */
	struct chain *chain;     /* which finding explains which (chain.h) */
};

struct diagnose_options {
	struct check_options checks;
	const char *ns;     /* only what touches this namespace; NULL = all */
	bool read_logs;     /* fetch logs of a few unhealthy containers (live) before concluding; default true */
	unsigned max_logs;  /* default DIAGNOSE_MAX_LOGS */
	usec_t log_timeout; /* all logs together; 0 = only ctx's deadline; default DIAGNOSE_LOG_TIMEOUT */
	/* Look at the logs of running, ready containers, too, for errors that nothing else shows; fetch them of at most DIAGNOSE_LOG_WORKLOADS
	 * workloads (live), one or two pods of each. Default false. */
	bool scan_logs;
	const struct object
		*about; /* the same for this object: up to DIAGNOSE_LOG_PODS pods of each workload that it is or stands before; NULL = none */
};
#define DIAGNOSE_LOG_WORKLOADS 200u
#define DIAGNOSE_LOG_PODS 3u
#define DIAGNOSE_MAX_LOGS 128
#define DIAGNOSE_LOG_TIMEOUT (5 * USEC_PER_SEC)
void diagnose_options_init(struct diagnose_options *o);

/* The whole catalogue, ordered by id: check_table and the log checks that only a diagnosis can find. In the arena. */
const struct check **diagnose_catalogue(struct arena *a, size_t *ret_count);

/* Runs the checks, reads what logs it needs, chains and ranks. Never fails for what it cannot see: that becomes `missing`.
 * Fails only when ctx is cancelled. */
int diagnose_cluster(struct cluster *c, struct ctx *ctx, const struct diagnose_options *options, struct diagnosis *ret, struct err *err);
/* The same over an inventory alone: no log is fetched, those in the inventory are used. */
void diagnose_inventory(const struct inventory *inv, struct arena *arena, const struct diagnose_options *options, struct diagnosis *ret);
/* The causes that touch one object, ranked for it: its own (it, what it owns, what owns it), then those of what it needs and what stands in front
 * of it, then lesser ones, then recovered ones. The verdict rests on its own alone. Arena: ctx's. */
struct cause_list diagnose_object(const struct diagnosis *d, struct ctx *ctx, const struct object *o);
/* The active causes that touch a namespace, in rank order. */
struct cause_list diagnose_namespace(const struct diagnosis *d, struct ctx *ctx, const char *ns);
/* Weighs the competing explanations of these causes: hypotheses, symptom. Not done by the diagnosis itself, since it is only worth it for causes that
 * are shown whole. Arena: the diagnosis' own. */
void diagnose_weigh(const struct diagnosis *d, struct arena *a, const struct cause_list *causes);
/* Verdict for one object, namespace (o NULL) or the cluster (both NULL). *ret_why (may be NULL) is one sentence. */
enum verdict diagnose_verdict(const struct diagnosis *d, struct ctx *ctx, const struct object *o, const char *ns, const char **ret_why);

struct text_list {
	const char **items;
	uint32_t len, cap;
};
/* What was looked at for an object, a line each: who is told that all is well must know what that rests on. Arena: ctx's. */
struct text_list diagnose_checked(const struct diagnosis *d, struct ctx *ctx, const struct object *o);

/* How one namespace does. */
struct scope {
	const char *ns;
	enum verdict verdict;
	const char *why;      /* one sentence */
	uint32_t workloads;   /* that nothing owns */
	uint32_t pods, ready; /* pods that are meant to run, and those that are ready */
};
struct scope_list {
	struct scope *items;
	uint32_t len, cap;
};
/* Every namespace that is known, the worst first, then by name. */
struct scope_list diagnose_scopes(const struct diagnosis *d, struct arena *a);

#endif
