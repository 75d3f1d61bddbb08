/* linediff: how one text becomes another, as a unified diff (what `diff -u` prints, and `patch` reads).
 *
 * The shortest way by lines (Myers 1986), as long as it takes at most LINEDIFF_MAX_EDITS lines; texts further apart are shown as one replaced by
 * the other. Thread rule: pure, any thread. */
#ifndef FORMAT_LINEDIFF_H
#define FORMAT_LINEDIFF_H

#include "base/strbuf.h"

#define LINEDIFF_MAX_EDITS 1000
#define LINEDIFF_CONTEXT 3

/* Appends nothing when the texts are equal. Names are of our own making: they go out as they are. */
void linediff_unified(struct strbuf *out, const char *from_name, const char *from, size_t from_len, const char *to_name, const char *to,
		      size_t to_len);

#endif
