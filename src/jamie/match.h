/* How well a word fits the name of an object. Not for other rooms.
 * Thread rule: pure, any thread. */
#ifndef JAMIE_MATCH_H
#define JAMIE_MATCH_H

#include "jamie/question.h"

#define SCORE_EXACT 100
#define SCORE_HOST 99
#define SCORE_LABEL 86
#define SCORE_PART 78
#define SCORE_PLURAL 74
#define SCORE_TYPO 70
#define SCORE_PREFIX 66
#define SCORE_SPOKEN 60
#define SCORE_TYPO_PART 58
#define SCORE_INSIDE 52
#define SCORE_MARGIN 6 /* less than this behind the best is as likely */

/* What people mean first when several kinds share a name: smaller first. -1: never meant (events, leases). */
int kind_rank(enum kind_id kind);
/* Words that are no names: articles, verbs, pleasantries. */
bool is_stop_word(const char *s);
/* How well a folded word fits an object's name: 0 = not at all, SCORE_EXACT = it is the name. */
int word_score(const char *word, const struct object *o);
/* Is s one of a NULL-terminated list? */
bool is_one(const char *s, const char *const *list);
/* Is the word at this place this one, exactly? */
bool word_at(const struct question *q, unsigned at, const char *text);
/* Marks the word at this place when it names a namespace (namespaces.c). */
void find_namespace(struct question *q, struct arena *a, const struct inventory *inv, unsigned at);

#endif
