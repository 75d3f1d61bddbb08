#include "base/ctx.h"

#include <errno.h>
#include <unistd.h>

volatile sig_atomic_t ctx_interrupted;

static void on_signal(int signal_number)
{
	if (__atomic_load_n(&ctx_interrupted, __ATOMIC_RELAXED))
		_exit(128 + signal_number);
	__atomic_store_n(&ctx_interrupted, 1, __ATOMIC_RELAXED); /* other threads read it */
}

void ctx_catch_signals(void)
{
	/* No SA_RESTART: a blocking call in the main thread returns EINTR and its caller looks at the flag. */
	struct sigaction catch = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &catch, NULL);
	sigaction(SIGTERM, &catch, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

void ctx_init(struct ctx *ctx)
{
	arena_init(&ctx->arena);
	ctx->deadline = 0;
	ctx->cancel = &ctx_interrupted;
}

void ctx_init_child(struct ctx *ctx, const struct ctx *parent, usec_t timeout)
{
	arena_init(&ctx->arena);
	ctx->cancel = parent->cancel;
	ctx->deadline = parent->deadline;
	if (timeout > 0) {
		usec_t until = clock_monotonic() + timeout;

		if (!ctx->deadline || until < ctx->deadline)
			ctx->deadline = until;
	}
}

void ctx_release(struct ctx *ctx)
{
	arena_release(&ctx->arena);
}

int ctx_check(const struct ctx *ctx, struct err *err)
{
	/* Set by a signal handler or another thread. */
	if (__atomic_load_n(ctx->cancel, __ATOMIC_RELAXED))
		return err_set(err, ERR_CANCELLED, "interrupted");
	if (ctx->deadline && clock_monotonic() >= ctx->deadline)
		return err_set(err, ERR_TIMEOUT, "the time limit has passed");
	return 0;
}

usec_t ctx_remaining(const struct ctx *ctx)
{
	usec_t left;

	if (!ctx->deadline)
		return INT64_MAX;
	left = ctx->deadline - clock_monotonic();
	return MAX(left, 0);
}

int ctx_sleep(const struct ctx *ctx, usec_t span, struct err *err)
{
	usec_t until = clock_monotonic() + MIN(span, ctx_remaining(ctx));

	for (;;) {
		int r = ctx_check(ctx, err);
		usec_t left = until - clock_monotonic();
		struct timespec slice;

		if (r < 0 || left <= 0)
			return r;
		/* In slices: the signal may be delivered to another thread. */
		left = MIN(left, 50 * USEC_PER_MSEC);
		slice = (struct timespec){.tv_nsec = left * 1000};
		nanosleep(&slice, NULL);
	}
}
