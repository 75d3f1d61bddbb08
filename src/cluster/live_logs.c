/* Logs of a few containers, side by side: the newest lines of each, bounded. */
#include "cluster/live_internal.h"
#include "base/pool.h"

#define LOG_THREADS 8
#define LOG_TIMEOUT (15 * USEC_PER_SEC)
#define LOG_RECEIVE_MAX ((uint64_t)64 << 20) /* lines may be long: what is received for the sake of the last bytes */
#define LOG_RETRY_PAUSE (300 * USEC_PER_MSEC)

/* What kubelet sends, with status 200, while a container is between two runs: its file is not there yet, or any more. */
static bool is_excuse(const char *text, size_t len, bool whole)
{
	static const char *const begins[] = {"unable to retrieve container logs for ", "failed to try resolving symlinks in path \""};

	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		size_t n = strlen(begins[i]);
		if ((len >= n || !whole) && memcmp(text, begins[i], MIN(n, len)) == 0)
			return true;
	}
	return false;
}

/* Keeps the last `max` bytes of what arrives. The server's own limitBytes would keep the first. */
struct tail {
	struct strbuf text;
	size_t max;
	int64_t lines;
	bool cut;
};

struct log_reading {
	struct api_client *client;
	struct inventory *inv;
	const struct ctx *ctx;
	const struct log_request *requests;
	pthread_mutex_t lock; /* inventory, fatal */
	struct err fatal;
};

static int on_log(void *arg, const char *data, size_t len, struct err *err)
{
	struct tail *t = arg;
	for (const char *p = data; (p = memchr(p, '\n', len - (size_t)(p - data))); p++)
		t->lines++;
	if (len > t->max) {
		data += len - t->max;
		len = t->max;
		t->cut = true;
	}
	if (t->text.len + len > 2 * t->max) { /* move rarely: the buffer holds up to twice what is kept */
		size_t drop = t->text.len + len - t->max;
		memmove(t->text.buf, t->text.buf + drop, t->text.len - drop);
		strbuf_truncate(&t->text, t->text.len - drop);
		t->cut = true;
	}
	strbuf_add(&t->text, data, len);
	return 0;
}

/* The kept part, from the beginning of a line. */
static const char *tail_text(struct tail *t, size_t *ret_len)
{
	size_t from = t->text.len > t->max ? t->text.len - t->max : 0;
	if (from)
		t->cut = true;
	if (t->cut) {
		const char *line = memchr(t->text.buf + from, '\n', t->text.len - from);
		if (line && (size_t)(line + 1 - t->text.buf) < t->text.len)
			from = (size_t)(line + 1 - t->text.buf);
	}
	*ret_len = t->text.len - from;
	return t->text.buf + from;
}

/* ".../log?container=NAME", for more parameters to be added. */
static void add_path(struct strbuf *path, const struct object *pod, const char *container, bool previous)
{
	strbuf_addstr(path, "/api/v1/namespaces/");
	http_url_escape(path, pod->ns, false);
	strbuf_addstr(path, "/pods/");
	http_url_escape(path, pod->name, false);
	strbuf_addstr(path, "/log?container=");
	http_url_escape(path, container, false);
	if (previous)
		strbuf_addstr(path, "&previous=true");
}

static const char *log_path(struct arena *a, const struct log_request *q)
{
	_cleanup_(strbuf_release) struct strbuf path;
	strbuf_init(&path, STRBUF_MAX_LINE);
	add_path(&path, q->pod, q->container, q->previous);
	strbuf_addf(&path, "&tailLines=%lld", (long long)(q->tail_lines ? q->tail_lines : LOG_TAIL_LINES));
	if (q->timestamps)
		strbuf_addstr(&path, "&timestamps=true");
	if (q->since_secs)
		strbuf_addf(&path, "&sinceSeconds=%lld", (long long)q->since_secs);
	return arena_strndup(a, path.buf, path.len);
}

static int read_log(struct log_reading *reading, struct ctx *ctx, const struct log_request *q, struct tail *t, struct err *err)
{
	struct api_request request = {
		.path = log_path(&ctx->arena, q), .text = true, .max_body = LOG_RECEIVE_MAX, .timeout = LOG_TIMEOUT, .on_body = on_log, .arg = t};
	for (int attempt = 0;; attempt++) {
		int r = api_do(reading->client, ctx, &request, err);
		if (r < 0)
			return r;
		if (t->lines > 1 || !is_excuse(t->text.buf, t->text.len, true))
			return 0;
		if (attempt == 1)
			return err_set(err, ERR_UNAVAILABLE, "%.300s", t->text.buf);
		if ((r = ctx_sleep(ctx, LOG_RETRY_PAUSE, err)) < 0)
			return r;
		strbuf_reset(&t->text);
		t->lines = 0;
		t->cut = false;
	}
}

static void log_job(void *arg, size_t i)
{
	struct log_reading *reading = arg;
	const struct log_request *q = &reading->requests[i];
	int64_t lines = q->tail_lines ? q->tail_lines : LOG_TAIL_LINES;
	struct tail t = {.max = (size_t)(q->limit_bytes ? q->limit_bytes : LOG_LIMIT_BYTES)};
	struct ctx ctx;
	struct err err = {0};
	size_t len;
	ctx_init_child(&ctx, reading->ctx, 0);
	strbuf_init(&t.text, 2 * t.max + 1);
	int r = read_log(reading, &ctx, q, &t, &err);
	const char *text = tail_text(&t, &len);
	pthread_mutex_lock(&reading->lock);
	if (r == ERR_CANCELLED || r == ERR_UNAUTHENTICATED)
		reading->fatal = err;
	else
		for (int current = 0; current < (q->current_too ? 2 : 1); current++)
			inventory_add_log(reading->inv, q->pod->ns, q->pod->name, q->container, q->previous && !current, r < 0 ? NULL : text,
					  r < 0 ? 0 : len, t.cut || t.lines >= lines, r < 0 ? err.message : NULL);
	pthread_mutex_unlock(&reading->lock);
	strbuf_release(&t.text);
	ctx_release(&ctx);
}

int live_read_logs(struct cluster *c, struct ctx *ctx, const struct log_request *requests, size_t count, struct err *err)
{
	struct log_reading reading = {.client = c->live->client, .inv = c->inv, .ctx = ctx, .requests = requests};
	pthread_mutex_init(&reading.lock, NULL);
	pool_run(LOG_THREADS, count, log_job, &reading);
	pthread_mutex_destroy(&reading.lock);
	if (reading.fatal.code && err)
		*err = reading.fatal;
	return reading.fatal.code;
}

/* The first bytes are held back until it is clear that they are no excuse of kubelet's. */
struct stream {
	int (*fn)(void *arg, const char *data, size_t len, struct err *err);
	void *arg;
	char head[512];
	size_t len;
	bool passed;
};

static int pass_head(struct stream *s, struct err *err)
{
	s->passed = true;
	return s->len ? s->fn(s->arg, s->head, s->len, err) : 0;
}

static int on_stream(void *arg, const char *data, size_t len, struct err *err)
{
	struct stream *s = arg;
	size_t n = s->passed ? 0 : MIN(len, sizeof(s->head) - 1 - s->len);
	int r = 0;

	memcpy(s->head + s->len, data, n);
	s->len += n;
	if (!s->passed && (s->len == sizeof(s->head) - 1 || !is_excuse(s->head, s->len, false)))
		r = pass_head(s, err);
	return r == 0 && n < len ? s->fn(s->arg, data + n, len - n, err) : r;
}

int live_stream_log(struct cluster *c, struct ctx *ctx, const struct log_stream *q,
		    int (*fn)(void *arg, const char *data, size_t len, struct err *err), void *arg, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf path;
	struct stream s = {.fn = fn, .arg = arg};
	struct api_request request = {.text = true, .max_body = UINT64_MAX, .timeout = API_NO_TIMEOUT, .on_body = on_stream, .arg = &s};
	char since[CLOCK_TEXT_MAX];
	int r;

	strbuf_init(&path, STRBUF_MAX_LINE);
	add_path(&path, q->pod, q->container, q->previous);
	if (q->timestamps)
		strbuf_addstr(&path, "&timestamps=true");
	if (q->since) {
		strbuf_addstr(&path, "&sinceTime=");
		http_url_escape(&path, clock_format_rfc3339(q->since, since), false);
	}
	request.path = path.buf;
	if ((r = api_do(c->live->client, ctx, &request, err)) < 0 || s.passed)
		return r;
	s.head[s.len] = '\0';
	if (is_excuse(s.head, s.len, true))
		return err_set(err, ERR_UNAVAILABLE, "%.300s", s.head);
	return pass_head(&s, err);
}
