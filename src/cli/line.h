/* line: reading a line from a person, with editing and history when standard input is a terminal (libedit, loaded on first use; without it
 * lines are read plainly). The only includer of libedit's header is line.c.
 * Ownership: line_open / line_close. Thread rule: the main thread only. */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include "base/ctx.h"
#include "base/strbuf.h"

#define LINE_MAX_BYTES ((size_t)16 << 10)

struct line;

/* history: a file of former lines, NULL = none is kept; size: how many at most. */
struct line *line_open(const char *prompt, const char *history, int size);
/* Saves the history (only its owner may read it) and restores the terminal. NULL is allowed. */
void line_close(struct line *l);
void line_closep(struct line **l);
/* 1: a line is in out, without its end. 0: the end of the input (Ctrl-D). ERR_CANCELLED: Ctrl-C; *ret_dropped tells whether something had been
 * typed, which is dropped. ERR_LIMIT: the line is too long. */
int line_read(struct line *l, struct strbuf *out, bool *ret_dropped, struct err *err);
/* So that an arrow key brings it back. */
void line_remember(struct line *l, const char *text);

#endif
