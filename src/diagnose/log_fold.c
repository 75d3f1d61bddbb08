/* Stack traces: which lines belong to the entry before them, and which of them says why. */
#include "diagnose/log_line.h"

#include <ctype.h>

enum trace { TRACE_NONE, TRACE_PYTHON, TRACE_GO, TRACE_PHP };

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

/* How lines at the margin begin that open a trace or belong to one. */
static const struct opening {
	const char *start;
	enum trace trace; /* that is open then */
	enum log_fold_step step;
} openings[] = {
	{"Traceback (most recent call last)", TRACE_PYTHON, FOLD_HOLD},
	{"panic: ", TRACE_GO, FOLD_NEW},
	{"fatal error: ", TRACE_GO, FOLD_NEW},
	{"goroutine ", TRACE_GO, FOLD_MORE},
	{"Stack trace:", TRACE_PHP, FOLD_MORE},
	{"Suppressed: ", TRACE_NONE, FOLD_MORE},
	{"stack backtrace:", TRACE_NONE, FOLD_MORE},
	{"note: run with `RUST_BACKTRACE", TRACE_NONE, FOLD_MORE},
};

static const struct opening *opening_of(const char *line, size_t len)
{
	for (size_t i = 0; len && i < ARRAY_LEN(openings); i++)
		if (openings[i].start[0] == line[0] && begins(line, len, openings[i].start))
			return line[0] == 'g' && !ends(line, len, "]:") ? NULL : &openings[i];
	return NULL;
}

/* A line that is not indented. */
static enum log_fold_step at_margin(struct log_fold *f, const char *line, size_t len)
{
	const struct opening *opening;

	if (f->trace == TRACE_PYTHON)
		return python(f, line, len);
	if (f->trace == TRACE_GO && is_go_frame(line, len))
		return FOLD_MORE;
	f->trace = TRACE_NONE;
	if (len == 0)
		return FOLD_MORE;
	if (is_cause(line, len))
		return FOLD_CAUSE;
	/* PHP: "#0 /app/a.php(3): f()" */
	if (line[0] == '#' && len > 1 && isdigit((unsigned char)line[1])) {
		f->trace = TRACE_PHP;
		return FOLD_MORE;
	}
	opening = opening_of(line, len);
	if (!opening)
		return FOLD_NEW;
	f->trace = opening->trace;
	return opening->step;
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
