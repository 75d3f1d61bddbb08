/* strbuf: a growable byte string with a mandatory maximum.
 *
 * Invariants: buf is never NULL and always NUL-terminated at buf[len]; len <= max. Appending past max
 * sets `overflow`, keeps what fits and drops the rest: check once, at the end, with strbuf_check.
 * Ownership: strbuf_init / strbuf_release (a `_cleanup_` function). Thread rule: one thread at a time. */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include "err.h"

struct strbuf {
	char *buf;
	size_t len, cap, max;
	bool overflow;
};

#define STRBUF_MAX_LINE ((size_t)64 << 10)    /* a message, a path, a URL */
#define STRBUF_MAX_OUTPUT ((size_t)256 << 20) /* a command's whole output */

void strbuf_init(struct strbuf *sb, size_t max);
void strbuf_release(struct strbuf *sb);
void strbuf_reset(struct strbuf *sb);
void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_addstr(struct strbuf *sb, const char *s);
void strbuf_addch(struct strbuf *sb, char c);
void strbuf_addn(struct strbuf *sb, char c, size_t n);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) PRINTF_LIKE(2, 3);
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* Makes room for extra more bytes (as far as max allows) and returns where they go; the caller adds to len what it wrote
 * and keeps buf[len] = 0. */
char *strbuf_grow(struct strbuf *sb, size_t extra, size_t *ret_room);
/* Cuts to at most len bytes. */
void strbuf_truncate(struct strbuf *sb, size_t len);
/* 0, or ERR_LIMIT naming what (e.g. "response body") and the maximum. */
int strbuf_check(const struct strbuf *sb, const char *what, struct err *err);
/* Hands buf to the caller (mem_free) and leaves sb empty. */
char *strbuf_detach(struct strbuf *sb, size_t *ret_len);

#endif
