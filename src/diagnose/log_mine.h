/* log_mine: what a log of any length says, in one pass: its shapes of lines with their counts, when each was first and last seen and how
 * often over time, which errors it holds, and what is new, gone or more frequent since something happened.
 *
 * Text is fed in pieces of any size; the result does not depend on how it is cut. Stack traces count as one entry with the line above them.
 * Memory: at most LOG_MINE_MEMORY, whatever is fed. There are at most LOG_TEMPLATES shapes: when a new one finds no room, the rarest that
 * are no errors are merged into one ("other"), those seen once first, then up to twice, four times ... until an eighth is free. So the count of a
 * shape that was merged and came back is too low by at most log_mining.merged_up_to, and what is frequent is never merged.
 * Ownership: log_miner_new / log_miner_free; results live until log_miner_free. Thread rule: one thread per miner. */
#ifndef DIAGNOSE_LOG_MINE_H
#define DIAGNOSE_LOG_MINE_H

#include "diagnose/log_line.h"
#include "diagnose/log_patterns.h"

#define LOG_MINE_MEMORY ((size_t)8 << 20)
#define LOG_TEMPLATES 4096u
#define LOG_BUCKETS 64u
#define LOG_EXAMPLE_BYTES 512 /* of a line, kept as the example of its shape */
#define LOG_CAUSE_BYTES 256

struct log_template {
	uint64_t hash;
	uint64_t count, before; /* before: of them, before the change (log_mining.change) */
	uint64_t first_line, last_line;
	usec_t first, last; /* 0 = the lines have no time */
	enum line_level level;
	int status;        /* of the HTTP answer that it reports; 0 = none */
	int16_t signature; /* log_signature_check ...; -1 = none */
	uint16_t example_len, cause_len;
	uint16_t message_at, message_len; /* within the example: without time stamp; a JSON line's message */
	uint32_t buckets[LOG_BUCKETS];    /* log_mining.bucket each, from log_mining.origin */
	char example[LOG_EXAMPLE_BYTES];  /* the first such line, cut */
	char cause[LOG_CAUSE_BYTES];      /* the last "Caused by:" of its last stack trace */
};

struct log_mining_options {
	usec_t now;            /* for times without a year; 0 = the wall clock's */
	usec_t since, until;   /* only lines of this period; 0 = any. Lines without a time are as old as the last that had one */
	const char *text;      /* only lines that hold it, case ignored; NULL = all */
	enum line_level level; /* only this and worse; LINE_UNKNOWN = all */
	usec_t change;         /* what is new since when; 0 = since the first error */
};

struct log_mining {
	uint64_t lines, bytes;    /* fed */
	uint64_t kept;            /* lines that the options let through */
	uint64_t entries, errors; /* of them: entries (a trace is one), and those at level error or worse or with a signature */
	uint64_t levels[LINE_LEVELS];
	uint64_t timed; /* lines that have a time of their own */
	usec_t first, last;
	usec_t change;         /* 0 = there is none */
	uint64_t change_line;  /* where it lies; 0 = none */
	uint64_t before;       /* entries before it */
	usec_t origin, bucket; /* of the histograms; bucket 0 = no times */
	uint32_t buckets[LOG_BUCKETS];
	uint64_t other; /* entries of shapes that were merged */
	uint64_t merged_up_to;
	const struct log_template *const *templates; /* most entries first */
	uint32_t template_count;
	size_t memory;
};

struct log_miner;
struct log_miner *log_miner_new(const struct log_mining_options *options);
void log_miner_free(struct log_miner *m);
void log_miner_freep(struct log_miner **m);
void log_miner_feed(struct log_miner *m, const char *data, size_t len);
/* Another log begins: a line is not continued, its lines go on being counted. */
void log_miner_break(struct log_miner *m);
/* What was found so far; ends the last line. */
const struct log_mining *log_miner_finish(struct log_miner *m);

/* How a shape fares before and after the change. */
enum log_turn { TURN_NONE, TURN_NEW, TURN_GONE, TURN_MORE, TURN_LESS };
enum log_turn log_template_turn(const struct log_mining *mining, const struct log_template *t, double *ret_factor);
#define LOG_TURN_FACTOR 3.0 /* a rate that changes by less is noise */
#define LOG_TURN_BEFORE 20u /* entries before the change: fewer tell nothing of how it was */
#define LOG_TURN_MIN 5u     /* entries: fewer are chance */
static inline bool log_template_is_error(const struct log_template *t)
{
	return t->level >= LINE_ERROR || (t->signature >= 0 && (t->level == LINE_UNKNOWN || t->level == LINE_WARNING));
}

#endif
