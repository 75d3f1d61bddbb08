/* log_query: exact counts over a log of any length: which lines match, in which period, grouped by what varies in them.
 *
 * Every line is looked at, nothing is sampled or estimated. Text is fed in pieces of any size. What counts is a line, as `grep -c` has it;
 * a line without a time of its own is as old as the last one that had one.
 * Memory: fixed; at most LOG_GROUPS groups, lines of further ones are counted in `ungrouped`.
 * Ownership: log_counter_new / log_counter_free; results live until log_counter_free. Thread rule: one thread per counter. */
#ifndef DIAGNOSE_LOG_QUERY_H
#define DIAGNOSE_LOG_QUERY_H

#include "diagnose/log_line.h"

#define LOG_GROUPS 4096u
#define LOG_GROUP_LABEL 160

enum log_by { LOG_BY_NONE, LOG_BY_STATUS, LOG_BY_TEMPLATE, LOG_BY_MINUTE, LOG_BY_LEVEL, LOG_BY_PATH, LOG_BY_COUNT };
/* "status", "template", "minute", "level", "path" */
bool log_by_parse(const char *word, enum log_by *ret);

struct log_query {
	const char *text;            /* lines that hold it, as written; NULL = any */
	const char *path;            /* requests of it or below it; NULL = any */
	int status_low, status_high; /* answers between these, both included; 0 = any */
	enum line_level level;       /* this and worse; LINE_UNKNOWN = any */
	usec_t since, until;         /* [since, until); 0 = open */
	usec_t now;                  /* for times without a year; 0 = the wall clock's */
	enum log_by by;
};
/* "5xx", "404", "500-503" -> status_low and status_high. */
bool log_query_status(const char *text, struct log_query *q);

struct log_group {
	uint64_t key, count;
	usec_t first, last;
	char label[LOG_GROUP_LABEL];
};

struct log_counting {
	uint64_t lines, bytes, timed, matched;
	uint64_t requests;              /* lines that report a request and its status: 0 = this is no access log */
	usec_t first, last;             /* of the log */
	usec_t match_first, match_last; /* of the lines that match */
	uint64_t first_line, last_line; /* of the lines that match */
	char example[LOG_GROUP_LABEL];  /* the first line that matches, cut; before there is one, the first line */
	uint64_t ungrouped;
	const struct log_group *const *groups; /* minutes in their order, else most lines first */
	uint32_t group_count;
};

struct log_counter;
struct log_counter *log_counter_new(const struct log_query *query);
void log_counter_free(struct log_counter *c);
void log_counter_freep(struct log_counter **c);
void log_counter_feed(struct log_counter *c, const char *data, size_t len);
/* Another log begins. */
void log_counter_break(struct log_counter *c);
const struct log_counting *log_counter_finish(struct log_counter *c);

#endif
