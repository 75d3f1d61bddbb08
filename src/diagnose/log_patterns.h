/* log_patterns: which of the signatures' patterns a line holds, all of them in one pass (Aho-Corasick), whatever the line.
 *
 * A pattern is literals separated by '*', to be found in this order; case is ignored. Time is linear in the line, memory is fixed when the
 * automaton is built, on first use. Why not Hyperscan: see log_patterns.c.
 * Thread rule: any thread; log_patterns_match keeps its state on the stack. */
#ifndef DIAGNOSE_LOG_PATTERNS_H
#define DIAGNOSE_LOG_PATTERNS_H

#include "base/base.h"

/* The first signature (in the order of log_signatures.def) of which a pattern is in the text; -1 = none. */
int log_patterns_match(const char *text, size_t len);
/* Bytes that the automaton takes. */
size_t log_patterns_memory(void);

/* What the signatures say (log_signatures.c). */
struct check;
size_t log_signature_count(void);
const struct check *log_signature_check(int signature);
const char *log_signature_patterns(int signature);
const char *log_signature_sentence(int signature);
const char *log_signature_fix(int signature); /* NULL = the check's */
int log_signature_weight(int signature);
bool log_signature_names_peer(int signature);
/* The last one only says that a line is some error. */
bool log_signature_is_generic(int signature);
int log_signature_generic(void);

#endif
