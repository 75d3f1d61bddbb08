#include "telemetry/telemetry.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>

static const struct {
	const char *name, *type, *help;
} metric_table[METRIC_COUNT] = {
#define METRIC(id, name, type, help) {name, type, help},
#include "telemetry/metrics.def"
#undef METRIC
};

static atomic_llong values[METRIC_COUNT];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the ring */
static struct span ring[SPANS_KEPT];
static size_t recorded; /* ever */

void metric_add(enum metric_id id, int64_t n)
{
	atomic_fetch_add_explicit(&values[id], n, memory_order_relaxed);
}

int64_t metric_value(enum metric_id id)
{
	return atomic_load_explicit(&values[id], memory_order_relaxed);
}

void metrics_write(struct strbuf *out)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", metric_table[i].name, metric_table[i].help, metric_table[i].name,
			    metric_table[i].type, metric_table[i].name, (long long)metric_value((enum metric_id)i));
}

struct span span_begin(const char *name)
{
	return (struct span){.name = name, .started = clock_monotonic()};
}

void span_end(struct span *s)
{
	s->took = clock_monotonic() - s->started;
	pthread_mutex_lock(&lock);
	ring[recorded++ % SPANS_KEPT] = *s;
	pthread_mutex_unlock(&lock);
	log_debug("%s: %lld.%03lld ms", s->name, (long long)(s->took / 1000), (long long)(s->took % 1000));
}

size_t spans_copy(struct span *ret, size_t max)
{
	size_t n;

	pthread_mutex_lock(&lock);
	n = MIN(MIN(recorded, SPANS_KEPT), max);
	for (size_t i = 0; i < n; i++)
		ret[i] = ring[(recorded - n + i) % SPANS_KEPT];
	pthread_mutex_unlock(&lock);
	return n;
}
