/* telemetry: what the program knows about itself: counters, and spans of work. Kept in memory; whoever ships or shows them asks here.
 *
 * A span is recorded when it ends; the last SPANS_KEPT are kept. Names are constants: nothing from a cluster gets in here.
 * Thread rule: any thread. */
#ifndef TELEMETRY_TELEMETRY_H
#define TELEMETRY_TELEMETRY_H

#include "base/clock.h"
#include "base/strbuf.h"

enum metric_id {
#define METRIC(id, name, type, help) METRIC_##id,
#include "telemetry/metrics.def"
#undef METRIC
	METRIC_COUNT,
};

void metric_add(enum metric_id id, int64_t n);
int64_t metric_value(enum metric_id id);
/* Prometheus text format 0.0.4. */
void metrics_write(struct strbuf *out);

#define SPANS_KEPT 256

struct span {
	const char *name;
	usec_t started, took; /* started: clock_monotonic() */
};

/* `struct span s = span_begin("read cluster"); ... span_end(&s);` */
struct span span_begin(const char *name);
void span_end(struct span *s);
/* Copies the newest (at most max), oldest first; returns how many. */
size_t spans_copy(struct span *ret, size_t max);

#endif
