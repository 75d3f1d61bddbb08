/* Errors: what failed, on what, and whether trying again may help.
 *
 * A fallible function returns 0 or a negative enum err_code and takes `struct err *`, which it fills on
 * failure. A struct err owns no memory and never allocates: the message is cut (visibly, with "...") when it
 * does not fit. Callers add what they were doing with err_wrap, the top logs or prints once.
 * A NULL struct err * is allowed everywhere. Thread rule: one thread at a time per struct err. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base.h"

enum err_code {
	ERR_OK = 0,
	ERR_INPUT = -1,     /* malformed or out-of-range data from outside */
	ERR_USAGE = -2,     /* the command line or configuration is wrong: exit 2 */
	ERR_NOT_FOUND = -3, /* the named thing does not exist */
	ERR_FORBIDDEN = -4, /* authenticated, not allowed */
	ERR_UNAUTHENTICATED = -5,
	ERR_TIMEOUT = -6,      /* a deadline passed */
	ERR_CANCELLED = -7,    /* Ctrl-C or the caller's cancel flag */
	ERR_UNAVAILABLE = -8,  /* refused, closed, 5xx, 429: a retry may help */
	ERR_LIMIT = -9,        /* a stated limit was exceeded; the message names it */
	ERR_IO = -10,          /* file system: the message carries strerror */
	ERR_CONFLICT = -11,    /* 409, 410: stale version */
	ERR_UNSUPPORTED = -12, /* valid, but not something this program does */
	ERR_INTERNAL = -13,    /* a defect of this program */
	ERR_TLS = -14,         /* certificate or handshake */
};

#define ERR_MESSAGE_MAX 512

struct err {
	enum err_code code;
	int http_status;    /* 0 when not from HTTP */
	bool retryable;     /* the same call may succeed later */
	int retry_after_ms; /* what the server asked for; 0 = unsaid */
	char message[ERR_MESSAGE_MAX];
};

/* Fills err and returns code, so that `return err_set(err, ERR_INPUT, "...", ...)` reads well. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Like err_set with ": strerror(errno_value)" appended; code ERR_IO (ERR_NOT_FOUND for ENOENT). */
int err_set_errno(struct err *err, int errno_value, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "prefix: " before the message and returns err's code (ERR_INTERNAL if err is NULL). */
int err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Process exit code for an error: 2 for ERR_USAGE and ERR_INPUT, 130 for ERR_CANCELLED, else 1. */
int err_exit_code(const struct err *err);

#endif
