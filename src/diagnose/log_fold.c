/* Stack traces: which lines belong to the entry before them, and which of them says why. */
#include "diagnose/log_line.h"

#include <ctype.h>

enum trace { TRACE_NONE, TRACE_PYTHON, TRACE_GO, TRACE_JAVA, TRACE_PHP, TRACE_RUST };

static bool begins(const char *line, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && memcmp(line, with, n) == 0;
}

static bool ends(const char *line, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && memcmp(line + len - n, with, n) == 0;
}

/* A Go frame is a call ("main.main()", "net/http.(*conn).serve(0xc0001, {0x1})") and, under it, the place after a tab. */
static bool is_go_frame(const char *line, size_t len)
{
	const char *paren = memchr(line, '(', len);

	return len == 0 || begins(line, len, "goroutine ") || begins(line, len, "created by ") || begins(line, len, "exit status ") ||
	       begins(line, len, "[signal ") || begins(line, len, "panic: ") ||
	       (paren && ends(line, len, ")") && !memchr(line, ' ', (size_t)(paren - line)));
}

static enum log_fold_step python(struct log_fold *f, const char *line, size_t len)
{
	if (len == 0 || begins(line, len, "During handling of ") || begins(line, len, "The above exception ") ||
	    begins(line, len, "Traceback (most recent"))
		return FOLD_MORE;
	f->trace = TRACE_NONE;
	return FOLD_END;
}

static bool is_cause(const char *line, size_t len)
{
	return begins(line, len, "Caused by: ") || begins(line, len, "caused by: ") || begins(line, len, " ---> ") || begins(line, len, "---> ");
}

/* A line that is not indented. */
static enum log_fold_step at_margin(struct log_fold *f, const char *line, size_t len)
{
	enum trace was = f->trace;

	if (was == TRACE_PYTHON)
		return python(f, line, len);
	f->trace = TRACE_NONE;
	switch (len ? line[0] : '\0') {
	case 'T':
		if (begins(line, len, "Traceback (most recent call last)")) {
			f->trace = TRACE_PYTHON;
			return FOLD_HOLD;
		}
		break;
	case 'p':
		if (begins(line, len, "panic: ") && was != TRACE_GO) {
			f->trace = TRACE_GO;
			return FOLD_NEW;
		}
		break;
	case 'f':
		if (begins(line, len, "fatal error: ")) {
			f->trace = TRACE_GO;
			return FOLD_NEW;
		}
		break;
	case 'g':
		if (begins(line, len, "goroutine ") && ends(line, len, "]:")) {
			f->trace = TRACE_GO;
			return FOLD_MORE;
		}
		break;
	case 'C':
	case 'c':
	case '-':
	case 'S':
		if (is_cause(line, len))
			return FOLD_CAUSE;
		if (begins(line, len, "Stack trace:")) {
			f->trace = TRACE_PHP;
			return FOLD_MORE;
		}
		if (begins(line, len, "Suppressed: "))
			return FOLD_MORE;
		break;
	case 's':
	case 'n':
		if (begins(line, len, "stack backtrace:") || begins(line, len, "note: run with `RUST_BACKTRACE"))
			return FOLD_MORE;
		break;
	case '#':
		if (len > 1 && isdigit((unsigned char)line[1])) {
			f->trace = TRACE_PHP;
			return FOLD_MORE;
		}
		break;
	default:
		break;
	}
	if (was == TRACE_GO && is_go_frame(line, len)) {
		f->trace = TRACE_GO;
		return FOLD_MORE;
	}
	return len ? FOLD_NEW : FOLD_MORE;
}

enum log_fold_step log_fold_next(struct log_fold *f, const char *line, size_t len, bool stamped)
{
	size_t blank = 0, at_least = 1;

	/* Nearly every line: it begins with a digit, a bracket or an upper-case word, and no trace is open. */
	if (f->trace == TRACE_NONE && len && (isdigit((unsigned char)line[0]) || line[0] == '{' || line[0] == '['))
		return FOLD_NEW;
	while (blank < len && (line[blank] == ' ' || line[blank] == '\t'))
		blank++;
	/* Behind a program's own time stamp a blank or two only keep columns apart. */
	if (stamped && f->trace == TRACE_NONE && !(blank && line[0] == '\t'))
		at_least = 3;
	if (blank < at_least)
		return at_margin(f, line + blank, len - blank);
	return is_cause(line + blank, len - blank) ? FOLD_CAUSE : FOLD_MORE;
}
