/* A question as understood: words, intent, and what it names. Not for other rooms. */
#ifndef JAMIE_QUESTION_H
#define JAMIE_QUESTION_H

#include "base/ctx.h"
#include "jamie/jamie.h"

#define QUESTION_MAX_WORDS 256

enum word_role {
	WORD_PLAIN,
	WORD_NAME,  /* names an object or namespace: no keyword any more */
	WORD_KIND,  /* "pods", "machines" */
	WORD_STATE, /* "pending", "not ready" */
	WORD_TAKEN, /* part of a time, a container's name: neither name nor keyword */
};

/* A word keeps the characters that names have ("shop/checkout-7d9f", "10:30", "v1.2"); contractions are opened ("isn't" -> "is", "not"). */
struct word {
	const char *text; /* folded */
	size_t len;
	bool quoted; /* stood in quotes: a name, never a keyword */
	enum word_role role;
	const struct kind *kind; /* WORD_KIND; NULL for "apps" */
	bool hint;               /* WORD_KIND that only says what the name beside it is: "deployment web" */
};

enum intent {
	INTENT_NONE,
#define INTENT(ID, NAME, TEXT) INTENT_##ID,
#define PHRASE(ID, WEIGHT, PATTERN)
#include "jamie/intents.def"
#undef INTENT
#undef PHRASE
	INTENTS,
};
const char *intent_name(enum intent i); /* "why"; "" for NONE */

enum state_filter {
	STATE_ANY,
	STATE_UNHEALTHY, /* failing, broken, in trouble */
	STATE_HEALTHY,
	STATE_RUNNING,
	STATE_PENDING,
	STATE_NOT_READY,
	STATE_READY,
	STATE_RESTARTING,
	STATE_CRASHING,
	STATE_OOM,
	STATE_IMAGE_PULL,
	STATE_EVICTED,
	STATE_FAILED,
	STATE_COMPLETED,
	STATE_TERMINATING,
	STATE_RECOVERED,
	STATE_MISSING, /* referred to and not there */
};
const char *state_text(enum state_filter s);

enum order { ORDER_NONE, ORDER_MOST_RESTARTS, ORDER_OLDEST, ORDER_NEWEST };

/* "it" is exact for a pattern of words; returns how many words of q matched at `at`, 0 = none. Alternatives "a/b" as in intents.def. */
struct question;
unsigned words_match(const struct question *q, unsigned at, const char *pattern);

#define QUESTION_MAX_OBJECTS 8
#define QUESTION_MAX_NAMESPACES 4

/* One thing that was named: all the objects that it may be, best first. */
struct mention {
	const char *words;          /* as asked */
	unsigned first, count;      /* words */
	struct object_list objects; /* of one namespace and name together: Deployment, Service and Ingress "web" are one thing to people */
	int score;                  /* of the best; 100 = exact */
	bool ambiguous;             /* objects of more than one namespace and name are as likely */
};

struct question {
	const char *text;
	struct word words[QUESTION_MAX_WORDS];
	unsigned word_count;
	enum intent intent;
	int intent_score;
	const struct kind *kind; /* kind word; NULL = none */
	bool any_workload;       /* "workloads", "apps": any kind with pods */
	const char *kind_words;
	struct mention mentions[QUESTION_MAX_OBJECTS];
	unsigned mention_count;
	const char *namespaces[QUESTION_MAX_NAMESPACES];
	const char *namespace_words[QUESTION_MAX_NAMESPACES];
	unsigned namespace_count;
	const char *unknown_name; /* a word that may be meant as a name and is none; NULL */
	bool surely_name;         /* it looks like a name, or stands where only a name can */
	const struct kind *hint;  /* the kind said beside unknown_name */
	const char *unknown_namespace;
	enum state_filter state;
	const char *state_words;
	enum order order;
	usec_t since; /* time phrase; 0 = none */
	const char *since_words;
	int64_t number;        /* "the last 5", "top 3"; 0 = none */
	bool previous_log;     /* "previous logs", "before the crash" */
	bool pronoun;          /* "it", "its", "that one": the last thing spoken of */
	bool per_namespace;    /* "pods per namespace" */
	bool everywhere;       /* "in all namespaces", "the cluster" */
	bool follow_up;        /* "and ...", "what about ...": the last question with something changed */
	const char *container; /* "container web" */
	/* "how many 5xx of /checkout": what is counted in logs. */
	int status_low, status_high; /* 0 = none */
	const char *status_words;
	const char *path;     /* NULL = none */
	const char *log_text; /* between double quotes, as written; NULL = none */
};

/* Splits and folds (words.c). ERR_LIMIT past QUESTION_MAX_WORDS. */
int question_split(struct question *q, struct arena *a, const char *text, struct err *err);
/* Is the word this one, a slip of the pen allowed? Short words must be exact. */
bool word_is(const struct word *w, const char *keyword);
/* Joins words first..first+count-1 by a blank. */
const char *question_words(const struct question *q, struct arena *a, unsigned first, unsigned count);

/* What is counted in logs: a status, a path, a quoted text; only in a question that counts (log_count.c). Called by question_phrases. */
void question_log_count(struct question *q, struct arena *a);
/* Kinds, states, times, numbers, orders: what needs no inventory but its time (phrases.c). */
void question_phrases(struct question *q, struct arena *a, usec_t now);
/* Objects and namespaces, matched against the inventory (names.c). */
void question_names(struct question *q, struct arena *a, const struct inventory *inv);
/* What a word that names nothing may have meant, nearest first, in any namespace. */
struct object_list question_near(struct arena *a, const struct inventory *inv, const char *word, unsigned max);
/* Does the namespace exist, as an object or because something lies in it? */
bool namespace_exists(const struct inventory *inv, const char *ns);
/* The intent: the best sum of phrases (intents.c). */
void question_intent(struct question *q);
/* Does any phrase use this word? Such words are names only when they stand where a name must. */
bool intent_keyword(const char *word);

#endif
