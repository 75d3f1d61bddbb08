/* How many lines or requests of a kind are in the logs: counted exactly, with where they stand and how far back the logs reach. */
#include "diagnose/log_query.h"
#include "jamie/say.h"

#define LOGS_READ 200 /* of one question */
#define LOGS_SHOWN 5u

/* One log's count. */
struct counted {
	const struct object *pod;
	const char *container, *example;
	bool previous;
	struct log_counting counting;
};

struct counts {
	struct say *say;
	struct log_query query;
	struct {
		struct counted *items;
		uint32_t len, cap;
	} logs;
	const char *why; /* the last log that could not be read */
};

static int feed(void *arg, const char *data, size_t len, struct err *err)
{
	(void)err;
	log_counter_feed(arg, data, len);
	return 0;
}

static void count_log(struct counts *k, struct ctx *ctx, struct cluster *c, const struct log_stream *q)
{
	struct log_counter *counter = log_counter_new(&k->query);
	struct err err = {0};

	if (cluster_stream_log(c, ctx, q, feed, counter, &err) < 0) {
		k->why = arena_strdup(k->say->arena, err.message);
	} else {
		struct counted *x = arena_push(k->say->arena, &k->logs);

		*x = (struct counted){.pod = q->pod, .container = q->container, .previous = q->previous, .counting = *log_counter_finish(counter)};
		x->example = arena_strdup(k->say->arena, x->counting.example);
		x->counting.groups = NULL;
		if (!x->counting.lines)
			k->logs.len--;
	}
	log_counter_free(counter);
}

/* Every container of the thing's pods, ended instances first. */
static void count_object(struct counts *k, struct ctx *ctx, struct cluster *c, const struct object *o)
{
	struct object_list pods = pods_of(k->say, o);

	for (uint32_t i = 0; i < pods.len && k->logs.len < LOGS_READ; i++) {
		struct pod_view v = {0};

		pod_view_read(&v, k->say->arena, pods.items[i]);
		for (uint32_t n = 0; n < v.count; n++) {
			struct log_stream q = {.pod = pods.items[i], .container = v.containers[n].name, .previous = true, .timestamps = true};

			if (k->say->q->container && !str_eq(q.container, k->say->q->container))
				continue;
			if (v.containers[n].last.present || !cluster_is_live(c))
				count_log(k, ctx, c, &q);
			q.previous = false;
			count_log(k, ctx, c, &q);
		}
	}
}

static bool in_scope(const struct question *q, const char *ns)
{
	for (unsigned i = 0; i < q->namespace_count; i++)
		if (str_eq(q->namespaces[i], ns))
			return true;
	return q->namespace_count == 0;
}

static void count_recorded(struct counts *k, struct ctx *ctx, struct cluster *c)
{
	const struct container_log *const *logs;
	size_t n = inventory_logs(k->say->inv, &logs);

	for (size_t i = 0; i < n && k->logs.len < LOGS_READ; i++) {
		struct log_stream q = {.pod = logs[i]->pod, .container = logs[i]->container, .previous = logs[i]->previous};

		if (logs[i]->pod && !logs[i]->error && in_scope(k->say->q, logs[i]->pod->ns))
			count_log(k, ctx, c, &q);
	}
}

/* "answers with status 5xx for /checkout" */
static const char *what_is_counted(const struct counts *k, bool one)
{
	const struct question *q = k->say->q;
	struct arena *a = k->say->arena;
	const char *text = k->query.status_low || q->path ? (one ? "request" : "requests") : (one ? "line" : "lines");

	if (q->path)
		text = arena_printf(a, "%s of %.200s", text, q->path);
	if (q->status_low)
		text = q->status_low == q->status_high ? arena_printf(a, "%s answered with %d", text, q->status_low)
						       : arena_printf(a, "%s answered with %dxx", text, q->status_low / 100);
	if (q->log_text)
		text = arena_printf(a, "%s with \"%.200s\"", text, q->log_text);
	if (k->query.level)
		text = arena_printf(a, "%s of level %s or worse", text, line_level_text(k->query.level));
	return text;
}

static void cite(struct say *s, const struct counted *x)
{
	struct evidence e = {.type = EVIDENCE_LOG, .object = x->pod, .path = x->container, .previous = x->previous, .text = x->example};

	e.first_line = (uint32_t)(x->counting.matched ? x->counting.first_line : 1);
	e.last_line = (uint32_t)(x->counting.matched ? x->counting.last_line : x->counting.lines);
	e.when = x->counting.match_first;
	say_evidence(s, &e);
}

static void say_log(struct counts *k, const struct counted *x)
{
	struct say *s = k->say;
	const struct log_counting *g = &x->counting;

	bool one = g->first_line == g->last_line;

	say_item(s, "%llu in the log of container %s of %s%s, %s%s", (unsigned long long)g->matched, x->container, say_name(s, x->pod),
		 x->previous ? " (the instance before this one)" : "",
		 one ? arena_printf(s->arena, "line %llu", (unsigned long long)g->first_line)
		     : arena_printf(s->arena, "lines %llu to %llu", (unsigned long long)g->first_line, (unsigned long long)g->last_line),
		 !g->match_first ? ""
		 : one           ? arena_printf(s->arena, ", at %s", say_time(s, g->match_first))
				 : arena_printf(s->arena, ", from %s to %s", say_time(s, g->match_first), say_time(s, g->match_last)));
	cite(s, x);
}

static int more_first(const void *x, const void *y)
{
	const struct counted *a = x, *b = y;

	if (a->counting.matched != b->counting.matched)
		return a->counting.matched < b->counting.matched ? 1 : -1;
	return a < b ? -1 : a > b;
}

static bool asks_requests(const struct counts *k)
{
	return k->query.status_low || k->query.path;
}

/* Logs that begin after what was asked for, or that have no times to tell. */
static void say_reach(struct counts *k)
{
	struct say *s = k->say;
	usec_t latest = 0;
	unsigned late = 0, timeless = 0;

	for (uint32_t i = 0; i < k->logs.len && k->query.since; i++) {
		const struct log_counting *g = &k->logs.items[i].counting;

		timeless += !g->timed && (g->requests || !asks_requests(k));
		late += g->timed && g->first > k->query.since;
		latest = MAX(latest, g->timed ? g->first : 0);
	}
	if (late)
		say_text(s, "%s not reach back to %s, %s at %s: what was before is not counted",
			 k->logs.len == 1 ? "The log does" : arena_printf(s->arena, "%u of the %u logs do", late, k->logs.len),
			 say_time(s, k->query.since), k->logs.len == 1 ? "it begins" : "the latest begins", say_time(s, latest));
	if (timeless)
		say_text(s, "%u of the logs %s no times, so that nothing of %s is counted", timeless, timeless == 1 ? "has" : "have",
			 timeless == 1 ? "it" : "them");
}

static void say_counts(struct counts *k)
{
	struct say *s = k->say;
	uint64_t sum = 0, requests = 0, lines = 0;

	for (uint32_t i = 0; i < k->logs.len; i++) {
		sum += k->logs.items[i].counting.matched;
		requests += k->logs.items[i].counting.requests;
		lines += k->logs.items[i].counting.lines;
	}
	if (asks_requests(k) && !requests) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "I cannot tell: none of the %llu lines in %s reports a request with its status", (unsigned long long)lines,
			 say_count(s, k->logs.len, "log", "logs"));
		cite(s, &k->logs.items[0]);
		return;
	}
	qsort(k->logs.items, k->logs.len, sizeof(*k->logs.items), more_first);
	say_text(s, "I count %llu %s%s, in %llu lines of %s", (unsigned long long)sum, what_is_counted(k, sum == 1),
		 k->query.since ? arena_printf(s->arena, " since %s", say_time(s, k->query.since)) : "", (unsigned long long)lines,
		 say_count(s, k->logs.len, "log", "logs"));
	if (!sum)
		cite(s, &k->logs.items[0]);
	say_reach(k);
	for (uint32_t i = 0; i < k->logs.len && i < LOGS_SHOWN && k->logs.items[i].counting.matched; i++)
		say_log(k, &k->logs.items[i]);
}

void answer_log_count(struct say *s, struct ctx *ctx, struct cluster *c, const struct object *scope)
{
	const struct question *q = s->q;
	struct counts k = {.say = s, .query = {.text = q->log_text, .path = q->path, .status_low = q->status_low, .status_high = q->status_high}};

	k.query.since = q->since;
	k.query.now = inventory_now(s->inv);
	for (unsigned i = 0; i < q->word_count && !q->status_low && !q->path && !q->log_text; i++) {
		if (words_match(q, i, "error/errors/failures"))
			k.query.level = LINE_ERROR;
		/* Every line that reports an answer. */
		if (words_match(q, i, "request/requests/responses/answers/hits"))
			log_query_status("100-599", &k.query);
	}
	if (scope)
		count_object(&k, ctx, c, scope);
	else if (!cluster_is_live(c))
		count_recorded(&k, ctx, c);
	else
		k.why = "say whose logs I am to read: \"... in the logs of checkout\"";
	if (!k.logs.len) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "I have no log to count in%s%s%s",
			 scope                ? " of "
			 : q->namespace_count ? " of namespace "
					      : "",
			 scope                ? say_name(s, scope)
			 : q->namespace_count ? q->namespaces[0]
					      : "",
			 k.why ? arena_printf(s->arena, ": %s", k.why) : "");
		return;
	}
	say_counts(&k);
}
