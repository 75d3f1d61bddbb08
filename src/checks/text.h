/* Text: how alike two names are, for "did you mean". Thread rule: pure, any thread. */
#ifndef CHECKS_TEXT_H
#define CHECKS_TEXT_H

#include "base/base.h"

/* Letters to change, add, drop or swap to make one the other; at most TEXT_DISTANCE_MAX letters of each are compared. */
#define TEXT_DISTANCE_MAX 63
size_t text_distance(const char *a, const char *b);

#endif
