/* regex: patterns that people write: regular expressions (PCRE2) and globs.
 *
 * A pattern comes from a file and the text from a cluster, so neither may take long: matching stops at REGEX_MATCH_LIMIT steps, and a glob
 * takes at most the product of both lengths. PCRE2 is loaded on first use (base/module.h).
 * Ownership: regex_compile / regex_free. Thread rule: one thread at a time per struct regex. */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include "err.h"

#define REGEX_PATTERN_MAX ((size_t)4096) /* bytes of a pattern */
#define REGEX_MATCH_LIMIT 100000U        /* steps of one match */
#define REGEX_HEAP_KIB 4096U             /* memory of one match */

struct regex;

/* ERR_USAGE says what is wrong and at which character; ERR_UNSUPPORTED when the library cannot be loaded. */
int regex_compile(const char *pattern, struct regex **ret, struct err *err);
void regex_free(struct regex *r);
/* Is there a match anywhere in the text? 1 or 0; ERR_LIMIT when it cannot be told within the limits. */
int regex_matches(struct regex *r, const char *text, size_t len);

/* "*" stands for any text and "?" for any byte; the rest is itself. The whole text must match. */
bool glob_matches(const char *pattern, const char *text);

#endif
