/* near: which known name was probably meant ("did you mean ...?").
 * Thread rule: pure, any thread. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "base.h"

/* Edits (insert, delete, replace, swap of neighbours) from a to b, ASCII case ignored; more than max gives max + 1. Names above
 * NEAR_MAX bytes are never near. */
#define NEAR_MAX 128
size_t near_distance(const char *a, const char *b, size_t max);
/* How many edits a word of this length may be away and still be a likely slip: 1 up to 4 letters, 2 up to 8, then 3. */
size_t near_limit(const char *word);

/* Collects the best match: near_init, near_try for each known name, then n.best (NULL when nothing is near). A name that
 * begins with the word, of at least 3 letters, counts as one edit. */
struct near {
	const char *word, *best;
	size_t distance;
};
void near_init(struct near *n, const char *word);
void near_try(struct near *n, const char *name);

#endif
