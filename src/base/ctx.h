/* ctx: what one unit of work carries: its arena, its deadline and its cancel flag.
 *
 * Ownership: the creator owns the arena; a child made with ctx_child shares the cancel flag and may only
 * shorten the deadline. Thread rule: a ctx belongs to one thread; the cancel flag may be set from any thread
 * or a signal handler. */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include "arena.h"
#include "clock.h"

#include <signal.h>

struct ctx {
	struct arena arena;
	usec_t deadline;               /* clock_monotonic() value; 0 = none */
	volatile sig_atomic_t *cancel; /* never NULL after ctx_init */
};

/* The process-wide flag that Ctrl-C and SIGTERM set. */
extern volatile sig_atomic_t ctx_interrupted;
/* Makes Ctrl-C (SIGINT) and SIGTERM set it; a second one ends the process at once. SIGPIPE is ignored: writes report EPIPE. */
void ctx_catch_signals(void);

void ctx_init(struct ctx *ctx);                                                 /* cancel = &ctx_interrupted */
void ctx_init_child(struct ctx *ctx, const struct ctx *parent, usec_t timeout); /* timeout 0 = the parent's deadline */
void ctx_release(struct ctx *ctx);
/* 0, ERR_CANCELLED ("interrupted") or ERR_TIMEOUT. */
int ctx_check(const struct ctx *ctx, struct err *err);
/* Microseconds left, or INT64_MAX without a deadline; never negative. */
usec_t ctx_remaining(const struct ctx *ctx);
/* Sleeps up to span, waking early for cancel or deadline; returns as ctx_check. */
int ctx_sleep(const struct ctx *ctx, usec_t span, struct err *err);

#endif
