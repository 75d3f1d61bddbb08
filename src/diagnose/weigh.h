/* Weighing: what else may explain the symptom of a cause, and what the inventory says for and against each. Not for other rooms.
 *
 * One function per hypothesis of hypotheses.def. It looks only at the inventory, ends with exactly one of weigh_possible, weigh_out and
 * weigh_unknown, and never rules out by what was not read. Its sentence is short: "last exit code is 1, not 137". */
#ifndef DIAGNOSE_WEIGH_H
#define DIAGNOSE_WEIGH_H

#include "checks/index.h"
#include "diagnose/internal.h"

/* What a pod spec's references to ConfigMaps and Secrets are, taken together. */
struct refs_used {
	const struct object *of; /* whose spec: a pod or its workload */
	unsigned named, maps, secrets, keys_unknown;
	const char *missing, *unseen;
	usec_t written; /* the last write to any of them */
	bool untimed;   /* of one it is not known when it was written */
	const char *youngest;
};

struct inquiry {
	struct check_run *run; /* for what the checks have helpers for: evidence, views, indexes */
	struct chain *chain;
	const struct cause *cause;
	const struct finding *symptom;
	const struct object *pod;   /* in which the symptom shows; NULL when in none */
	const struct object *owner; /* the workload; NULL when there is none */
	struct hypothesis *h;       /* the one being weighed */
	struct finding pro, contra; /* only their evidence counts */
	struct refs_used used;      /* of the object last asked about: its causes, one for each of its containers perhaps, follow each other */
};

void weigh_possible(struct inquiry *q, const char *fmt, ...) PRINTF_LIKE(2, 3);
void weigh_out(struct inquiry *q, const char *fmt, ...) PRINTF_LIKE(2, 3);
void weigh_unknown(struct inquiry *q, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A field as evidence for or against. */
void weigh_field(struct inquiry *q, bool is_for, const struct object *o, const char *path);
/* True, after having said that it cannot be told, when that kind was not read where the symptom is. */
bool weigh_unseen(struct inquiry *q, enum kind_id kind);
/* A change of that type to the workload within a day before the first symptom, or NULL; *ret_last: the last of that type ever. */
const struct change *weigh_change(struct inquiry *q, uint32_t types, const struct change **ret_last);
/* What the symptom's finding and its events say; "" when nothing. */
const char *weigh_words(const struct inquiry *q);

#define HYPOTHESIS(id, claims, text) void weigh_##id(struct inquiry *q);
#include "diagnose/hypotheses.def"

#endif
