/* log_line: one line of a log as read: its time, level, message, and what it says of a request. Shared by the miner and the counter.
 *
 * Nothing here allocates, and nothing looks at a line twice for the same question: a line costs one pass over its bytes, 64 at a time.
 * Lines are cut at LOG_LINE_BYTES when they are split, and their shape is that of the first LOG_SHAPE_BYTES.
 * Where a function says so the bytes up to LOG_PADDING past the end of the line must be readable; their values do not matter.
 * Thread rule: a struct belongs to one thread; the functions are pure but for it. */
#ifndef DIAGNOSE_LOG_LINE_H
#define DIAGNOSE_LOG_LINE_H

#include "base/clock.h"
#include "base/strbuf.h"

#define LOG_LINE_BYTES ((size_t)16 << 10) /* longer lines are cut: a minified bundle or a dumped body */
#define LOG_SHAPE_BYTES ((size_t)2048)
#define LOG_PADDING 64

struct log_span {
	const char *at;
	size_t len;
};

static inline bool span_is(struct log_span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

/* ---- Lines out of pieces (log_lines.c) ---- */

/* Called for each line, without its end (\n or \r\n), padded. number counts from 1. */
typedef void log_line_fn(void *arg, const char *line, size_t len, uint64_t number);

struct log_splitter;
struct log_splitter *log_splitter_new(log_line_fn *fn, void *arg);
void log_splitter_free(struct log_splitter *s);
/* The lines do not depend on how the text is cut into pieces. */
void log_splitter_feed(struct log_splitter *s, const char *data, size_t len);
/* The last line may have no end. */
void log_splitter_finish(struct log_splitter *s);
size_t log_splitter_memory(void);

/* ---- Times (log_time.c) ---- */

/* Where this log's lines have their time, learnt from its lines. Zeroed but for `now` = not known yet. */
struct log_clock {
	usec_t now;     /* for formats that leave out the year or the day; 0 = the wall clock's */
	unsigned where; /* enum in log_time.c */
	unsigned misses;
	char minute_text[17]; /* "2026-11-25T10:00" or "25/Nov/2026:10:00" and what it is; the zone is applied afterwards */
	usec_t minute;
};
/* The time of a line that is no JSON, 0 = it has none. *ret_prefix: bytes of a time stamp before the line proper (kubectl --timestamps, or
 * the program's own), with the blank after it. Padded. */
usec_t log_time_of(struct log_clock *c, const char *line, size_t len, size_t *ret_prefix);
/* A time alone, as the value of a key: RFC 3339 and its relatives, or seconds, milli-, micro- or nanoseconds since 1970. 0 = none. Padded. */
usec_t log_time_value(struct log_clock *c, struct log_span text);

/* ---- Shape (log_template.c) ---- */

/* Lines that differ only in what varies (numbers, ids, addresses, quoted words, values of keys) have the same shape. */
struct log_shape {
	uint64_t hash;
	bool json;
	struct log_span message; /* JSON: the message; else the line after its time stamp */
	struct log_span level;   /* JSON: the level as written; at NULL = none */
	struct log_span time;    /* JSON: likewise */
	struct log_span error;   /* JSON: the error beside the message; at NULL = none */
	struct log_span path, request, peer;
	int status; /* of an HTTP answer that the line reports; 0 = none */
};
/* prefix: bytes to leave out (log_time_of). Padded. */
void log_shape_of(const char *line, size_t len, size_t prefix, struct log_shape *ret);
/* The shape for people: "<time> GET /cart took <number>ms". Appends at most max bytes of valid text. */
void log_template_text(struct strbuf *out, const char *text, size_t len, size_t max);

/* ---- Level (log_level.c) ---- */

enum line_level { LINE_UNKNOWN, LINE_TRACE, LINE_DEBUG, LINE_INFO, LINE_WARNING, LINE_ERROR, LINE_FATAL, LINE_LEVELS };
const char *line_level_text(enum line_level l); /* "unknown", "trace", ... */
bool line_level_parse(const char *word, size_t len, enum line_level *ret);
/* By the key, the word near the beginning, klog's letter, or the form of the line; a 5xx answer is an error. */
enum line_level line_level_of(const char *line, size_t len, const struct log_shape *shape);

/* ---- Requests (log_access.c) ---- */

/* Access logs: nginx and Apache (common, combined), Envoy and Istio, traefik, JSON and logfmt with status and path keys. Fills in
 * shape->status and shape->path of a line that is no JSON. */
void log_access_of(const char *line, size_t len, struct log_shape *shape);
/* What log_shape_of leaves out because no shape depends on it: keys of logfmt, the path within a JSON "request". */
void log_access_more(const char *line, size_t len, struct log_shape *shape);
/* Is path this one or below it? The query string does not count. */
bool log_path_under(struct log_span path, const char *wanted);

/* ---- Folding (log_fold.c) ---- */

enum log_fold_step {
	FOLD_NEW,   /* a line of its own */
	FOLD_HOLD,  /* the head of a trace whose message comes last (Python): the entry begins here */
	FOLD_MORE,  /* belongs to the entry before */
	FOLD_CAUSE, /* belongs to it, and says why: "Caused by: ..." */
	FOLD_END,   /* ends what FOLD_HOLD began, and is its message */
};
struct log_fold {
	unsigned trace; /* enum in log_fold.c */
};
/* line: behind its time stamp; stamped: there was one. */
enum log_fold_step log_fold_next(struct log_fold *f, const char *line, size_t len, bool stamped);

#endif
