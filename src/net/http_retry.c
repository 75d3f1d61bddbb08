#include "net/http_internal.h"

#include <stdio.h>
#include <sys/random.h>

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 5000

static bool is_idempotent(const char *method)
{
	return !method || str_eq(method, "GET") || str_eq(method, "HEAD") || str_eq(method, "PUT") || str_eq(method, "DELETE");
}

static bool status_retryable(int status)
{
	return status == 429 || (status >= 500 && status != 501 && status != 505);
}

/* Between half and one and a half of the exponential delay: clients that failed together must not come back together. */
static int backoff_ms(unsigned attempt)
{
	int64_t delay = BACKOFF_FIRST_MS;
	for (unsigned i = 0; i < attempt && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	delay = MIN(delay, BACKOFF_MAX_MS);
	uint16_t random = 0;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint16_t)clock_monotonic();
	return (int)(delay / 2 + delay * random / 65536);
}

/* 0 when there is time to wait and try again. */
static bool worth_waiting(const struct ctx *ctx, int wait_ms)
{
	return wait_ms <= HTTP_MAX_RETRY_AFTER_MS && (usec_t)wait_ms * USEC_PER_MSEC < ctx_remaining(ctx);
}

int http_do(struct http_client *c, const struct ctx *ctx, const struct http_request *request, struct http_response *ret, struct err *err)
{
	unsigned attempts = request->attempts ? request->attempts : is_idempotent(request->method) ? HTTP_ATTEMPTS : 1;
	for (unsigned attempt = 0;; attempt++) {
		struct err failure = {0};
		bool delivered = false;
		int r = http_attempt(c, ctx, request, ret, &delivered, &failure);
		bool again = r < 0 ? r == ERR_UNAVAILABLE && failure.retryable && !delivered : r == 0 && status_retryable(ret->status);
		int wait = MAX(backoff_ms(attempt), r != 0 ? 0 : ret->retry_after_ms);
		if (!again || attempt + 1 >= attempts || !worth_waiting(ctx, wait)) {
			if (r < 0) {
				if (err)
					*err = failure;
				if (attempt > 0 && r != ERR_CANCELLED)
					err_wrap(err, "after %u attempts", attempt + 1);
			}
			return r;
		}
		if (r == 0)
			http_response_release(ret);
		r = ctx_sleep(ctx, (usec_t)wait * USEC_PER_MSEC, err);
		if (r < 0)
			return r;
	}
}

int http_collect(void *arg, const char *data, size_t len, struct err *err)
{
	struct strbuf *sb = arg;
	strbuf_add(sb, data, len);
	return strbuf_check(sb, "response body", err);
}

void http_url_escape(struct strbuf *out, const char *s, bool keep_slash)
{
	static const char hex[] = "0123456789ABCDEF";
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;
		bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || strchr("-._~", ch) ||
			     (keep_slash && ch == '/');
		if (plain) {
			strbuf_addch(out, (char)ch);
		} else {
			strbuf_addch(out, '%');
			strbuf_addch(out, hex[ch >> 4]);
			strbuf_addch(out, hex[ch & 15]);
		}
	}
}
