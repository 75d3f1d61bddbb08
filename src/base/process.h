/* process: runs another program, without a shell, with bounds on its time and output.
 *
 * The program is looked up in PATH when its name has no slash. With `terminal`, it shares this process's standard input and
 * standard error (it may ask the person in front of it); without, it reads /dev/null, is the leader of its own process group, and
 * that whole group is killed when a bound is exceeded or the work is cancelled.
 * Thread rule: any thread. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "ctx.h"
#include "strbuf.h"

struct process {
	const char *const *argv; /* NULL-terminated */
	const char *const *env;  /* "NAME=VALUE" on top of this process's environment, NULL-terminated, or NULL */
	bool terminal;
	usec_t timeout; /* 0 = only ctx's deadline */
};

/* out and errors (unused with `terminal`) end at their own maxima: past out's the program is killed (ERR_LIMIT), what
 * errors cannot hold is dropped. 0 when the program ran to its end: *ret_status is its exit code, or 128 + the signal that ended it.
 * ERR_NOT_FOUND when there is no such program. */
int process_run(const struct ctx *ctx, const struct process *p, struct strbuf *out, struct strbuf *errors, int *ret_status, struct err *err);

#endif
