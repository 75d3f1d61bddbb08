#include "base/err.h"

#include <errno.h>

/* Marks a message that did not fit. */
static void mark_cut(char *message, size_t len)
{
	if (len >= ERR_MESSAGE_MAX) {
		char *end = message + ERR_MESSAGE_MAX - 4;

		/* Not in the middle of a UTF-8 character. */
		while (end > message && ((unsigned char)*end & 0xc0) == 0x80)
			end--;
		memcpy(end, "...", 4);
	}
}

PRINTF_LIKE(3, 0)
static void set_message(struct err *err, enum err_code code, const char *fmt, va_list ap)
{
	int n;

	memset(err, 0, offsetof(struct err, message));
	err->code = code;
	err->retryable = code == ERR_UNAVAILABLE || code == ERR_TIMEOUT;
	n = vsnprintf(err->message, sizeof(err->message), fmt, ap);
	mark_cut(err->message, n < 0 ? 0 : (size_t)n);
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		set_message(err, code, fmt, ap);
		va_end(ap);
	}
	return code;
}

int err_set_errno(struct err *err, int errno_value, const char *fmt, ...)
{
	enum err_code code = errno_value == ENOENT ? ERR_NOT_FOUND : ERR_IO;

	if (err) {
		va_list ap;
		size_t len;
		char text[96];
		int n;

		va_start(ap, fmt);
		set_message(err, code, fmt, ap);
		va_end(ap);
		len = strlen(err->message);
		/* The GNU strerror_r: may return a constant. */
		n = snprintf(err->message + len, sizeof(err->message) - len, ": %s", strerror_r(errno_value, text, sizeof(text)));
		mark_cut(err->message, len + (n < 0 ? 0 : (size_t)n));
	}
	return code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char old[ERR_MESSAGE_MAX];
	va_list ap;
	size_t len;
	int n;

	if (!err)
		return ERR_INTERNAL;
	memcpy(old, err->message, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	len = n < 0 ? 0 : (size_t)n;
	if (len < sizeof(err->message)) {
		n = snprintf(err->message + len, sizeof(err->message) - len, ": %s", old);
		len += n < 0 ? 0 : (size_t)n;
	}
	mark_cut(err->message, len);
	return err->code ? (int)err->code : ERR_INTERNAL;
}

int err_exit_code(const struct err *err)
{
	switch (err->code) {
	case ERR_USAGE:
	case ERR_INPUT:
		return 2;
	case ERR_CANCELLED:
		return 130;
	default:
		return 1;
	}
}
