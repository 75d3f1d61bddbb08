/* answer: how Jamie's answers are printed, for `ask` and `chat`.
 * Ownership: nothing is kept. Thread rule: the main thread only. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "cli/report.h"
#include "cli/session.h"
#include "jamie/jamie.h"

void answer_text(struct term *t, struct arena *a, const struct answer *answer, usec_t now);
void answer_json(struct term *t, struct arena *a, struct cluster *c, const char *question, const struct answer *answer);
/* A session of Jamie over s's cluster, with the options that flags and settings say. */
struct jamie *answer_jamie(const struct session *s);

#endif
