/* Jamie: a question in plain English -> an answer in a few sentences, each resting on evidence. No language model is needed.
 *
 * A question is tokenised and folded, its intent is found from the weighted phrases of intents.def, the things it names are matched against the
 * inventory (exact, partial, spoken, misspelt), and the answer is worded from the diagnosis. Every factual sentence ends with the
 * numbers of its evidence, "[1]" or "[1][3]". Jamie only reads: a request to change something is answered with what would be proposed.
 * Text that comes from the cluster (names, messages, log lines) is data: it is never interpreted here, and whoever prints an answer makes
 * control characters visible (utf8_add_printable).
 * Ownership: a session borrows the cluster, which must outlive it; an answer lives in the ctx given to jamie_ask, its objects in the inventory,
 * and its causes, evidence and proposal in the session's diagnosis, which the next question may replace.
 * Thread rule: one thread per session. */
#ifndef JAMIE_JAMIE_H
#define JAMIE_JAMIE_H

#include "diagnose/diagnose.h"

enum answer_kind {
	ANSWER_FOUND,        /* an answer, "nothing is wrong" and "there is none" included */
	ANSWER_CLARIFY,      /* truly ambiguous: options says between what */
	ANSWER_UNKNOWN_NAME, /* no such thing; options has near names ("did you mean"), maybe none */
	ANSWER_CANNOT_SEE,   /* the answer needs something this session is not allowed to read or that was not recorded */
	ANSWER_OUT_OF_REACH, /* not a question that this program can answer; the text says so and what it can do */
	ANSWER_READ_ONLY,    /* asked to change something: not done; the text says what would be proposed */
};
const char *answer_kind_text(enum answer_kind k); /* "answer", "clarify", "unknown-name", "cannot-see", "out-of-reach", "read-only" */

struct answer_evidence {
	unsigned id; /* 1.. as referred to in the text */
	struct evidence fact;
	const char *where; /* "Pod shop/checkout-7d9f status.containerStatuses[0].state.waiting.reason" */
};

/* What a word or phrase of the question was taken for. */
struct answer_entity {
	const char *type;            /* "object", "namespace", "kind", "state", "time", "number", "order", "container" */
	const char *words;           /* as asked, folded: "the checkout thing" */
	const char *value;           /* "Deployment shop/checkout", "shop", "Pod", "pending", "2026-11-23T10:00:00Z", "5", "most restarts", "web" */
	const struct object *object; /* for "object" and "namespace" when it exists */
};

struct answer {
	enum answer_kind kind;
	const char *intent; /* "why", "health", "list" ...: the id in intents.def; "" when none was recognised */
	const char *text;   /* paragraphs separated by a blank line; list lines begin with "- " */
	const char *block;  /* text to show as it is under the answer (log lines, a table); NULL = none */
	const struct answer_evidence *evidence;
	uint32_t evidence_count;
	const struct answer_entity *entities;
	uint32_t entity_count;
	const char *const *options; /* CLARIFY and UNKNOWN_NAME: each a thing to name, "Deployment shop/checkout" */
	uint32_t option_count;
	const char *const *followups; /* questions to ask next */
	uint32_t followup_count;
	const struct cause *const *causes; /* those that the text speaks of, in its order */
	uint32_t cause_count;
	const struct proposal *proposal; /* READ_ONLY: what would be proposed; may be NULL */
};

struct jamie;

struct jamie_options {
	struct diagnose_options diagnose;
	const char *ns;   /* the namespace that people mean when they name none; NULL = look everywhere */
	const char *user; /* how to address the person; NULL = not at all */
};
void jamie_options_init(struct jamie_options *o);

#define JAMIE_MAX_QUESTION 4096 /* bytes; a longer one is ERR_LIMIT */

struct jamie *jamie_new(struct cluster *c, const struct jamie_options *options);
void jamie_free(struct jamie *j);
void jamie_freep(struct jamie **j);
/* Answers one question. The first call diagnoses the cluster; the session remembers what was spoken of, for "and its logs?".
 * Fails only for an empty, too long or non-UTF-8 question (ERR_INPUT, ERR_LIMIT) and when ctx is cancelled. */
int jamie_ask(struct jamie *j, struct ctx *ctx, const char *question, struct answer *ret, struct err *err);
/* The diagnosis behind the answers (made when it is not there yet). */
int jamie_diagnosis(struct jamie *j, struct ctx *ctx, const struct diagnosis **ret, struct err *err);

#endif
