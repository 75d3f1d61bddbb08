#include "cluster/watch.h"
#include "cluster/api_list.h"
#include "cluster/schema.h"
#include "cluster/watch_frames.h"

#include <sys/random.h>

#define BACKOFF_FIRST (200 * USEC_PER_MSEC)
#define BACKOFF_MAX (30 * USEC_PER_SEC)
#define GOOD_WATCH (5 * USEC_PER_SEC) /* one that lasted this long resets the back-off */
#define SCRATCH_KEEP ((size_t)1 << 20)

struct watch {
	struct ctx *ctx;
	struct api_client *client;
	const struct kind *kind;
	const struct watch_handler *handler;
	struct api_list list; /* kind, schema, resource_version: also what the watch resumes from */
	struct watch_frames frames;
	/* {type, object} of a JSON event, with the kind's schema for the object. */
	struct field event_fields[2];
	struct message event_message;
	struct arena scratch; /* the object being handed over */
	int stopped;          /* what the handler wants watch_run to return */
	bool expired;         /* 410: the list must be read again */
};

static struct value_builder scratch_builder(struct watch *w)
{
	struct value_builder b;
	if (w->scratch.total > SCRATCH_KEEP) {
		arena_release(&w->scratch);
		arena_init(&w->scratch);
	}
	value_builder_init(&b, &w->scratch, NULL);
	return b;
}

static int tell(struct watch *w, enum watch_change change, const struct value *object, const struct err *why)
{
	w->stopped = w->handler->change(w->handler->arg, change, object, why);
	return w->stopped;
}

static int on_listed(void *arg, enum api_format format, const char *data, size_t len, struct err *err)
{
	struct watch *w = arg;
	struct value_builder b = scratch_builder(w);
	struct value object;
	int r = api_list_parse(&w->list, &b, format, data, len, &object, err);
	return r < 0 ? r : tell(w, WATCH_ADDED, &object, NULL);
}

static void set_version(struct watch *w, const struct value *object)
{
	const char *version = value_get_str(value_get(object, "metadata"), "resourceVersion");
	if (!*version)
		return;
	mem_free(w->list.resource_version);
	w->list.resource_version = mem_strdup(version);
}

/* An ERROR event: its object is a Status. */
static int on_error(struct watch *w, const struct value *status, struct err *err)
{
	int64_t code = value_get_int(status, "code", 0);
	w->expired = code == 410;
	return err_set(err, code == 410 ? ERR_CONFLICT : ERR_UNAVAILABLE, "watch of %s: %s (%lld)", w->kind->plural, value_get_str(status, "message"),
		       (long long)code);
}

static int on_typed(struct watch *w, const char *type, const struct value *object, struct err *err)
{
	static const struct {
		const char *type;
		enum watch_change change;
	} changes[] = {{"ADDED", WATCH_ADDED}, {"MODIFIED", WATCH_CHANGED}, {"DELETED", WATCH_DELETED}};
	if (str_eq(type, "ERROR"))
		return on_error(w, object, err);
	set_version(w, object);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		if (str_eq(type, changes[i].type))
			return tell(w, changes[i].change, object, NULL);
	return 0; /* BOOKMARK, and types a later version may add */
}

static int on_event(void *arg, const char *type, const char *data, size_t len, struct err *err)
{
	struct watch *w = arg;
	struct value_builder b = scratch_builder(w);
	struct value v;
	int r;
	if (w->frames.format == API_PROTOBUF) {
		const struct message *schema = w->list.schema;
		w->list.schema = str_eq(type, "ERROR") ? schema_find(SCHEMA_STATUS) : schema;
		r = api_list_parse(&w->list, &b, API_PROTOBUF, data, len, &v, err);
		w->list.schema = schema;
		return r < 0 ? r : on_typed(w, type, &v, err);
	}
	r = json_parser_parse(w->list.parser, &b, data, len, w->list.schema ? &w->event_message : NULL, &v, err);
	if (r < 0 || str_eq(value_get_str(&v, "type"), "ERROR")) { /* a Status does not fit the kind's schema */
		struct value plain;
		if (json_parser_parse(w->list.parser, &b, data, len, NULL, &plain, NULL) == 0 && str_eq(value_get_str(&plain, "type"), "ERROR"))
			return on_typed(w, "ERROR", value_get(&plain, "object"), err);
	}
	return r < 0 ? r : on_typed(w, value_get_str(&v, "type"), value_get(&v, "object"), err);
}

static int on_format(void *arg, enum api_format format, struct err *err)
{
	struct watch *w = arg;
	watch_frames_release(&w->frames);
	watch_frames_init(&w->frames, format);
	return 0;
}

static int on_body(void *arg, const char *data, size_t len, struct err *err)
{
	struct watch *w = arg;
	return watch_frames_feed(&w->frames, data, len, err);
}

/* The whole list, told as a reset. */
static int read_list(struct watch *w, struct ctx *ctx, struct err *err)
{
	api_list_set_continue(&w->list, NULL);
	int r = tell(w, WATCH_RESET, NULL, NULL);
	do {
		if (r == 0)
			r = api_list_page(&w->list, ctx, err);
	} while (r == 0 && w->list.continue_token);
	w->expired = r != 0;
	return r == 0 ? tell(w, WATCH_SYNCED, NULL, NULL) : r;
}

/* As for the list, but each event carries one object, not a list of them. */
static const char *accept_of(const struct watch *w)
{
	if (!w->list.metadata_only)
		return api_list_accept(&w->list);
	return w->list.json ? "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
			    : "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
}

/* One watch request, until the server ends it. */
static int follow(struct watch *w, struct ctx *ctx, struct err *err)
{
	unsigned seconds = w->handler->seconds ? w->handler->seconds : WATCH_SECONDS;
	_cleanup_(strbuf_release) struct strbuf path;
	strbuf_init(&path, STRBUF_MAX_LINE);
	strbuf_addf(&path, "%s?watch=1&allowWatchBookmarks=true&timeoutSeconds=%u&resourceVersion=", api_list_path(&ctx->arena, w->kind, w->list.ns),
		    seconds);
	http_url_escape(&path, w->list.resource_version ? w->list.resource_version : "0", false);
	struct api_request q = {.path = path.buf,
				.accept = accept_of(w),
				.max_body = UINT64_MAX,
				.timeout = API_NO_TIMEOUT,
				.idle_timeout = (seconds + 30) * USEC_PER_SEC,
				.on_format = on_format,
				.on_body = on_body,
				.arg = w};
	int r = api_do(w->client, ctx, &q, err);
	if (r < 0 && err->http_status == 410)
		w->expired = true;
	return r;
}

/* Cannot get better by waiting. */
static bool is_final(const struct err *e)
{
	return e->code == ERR_CANCELLED || e->code == ERR_UNAUTHENTICATED || e->code == ERR_FORBIDDEN || e->code == ERR_NOT_FOUND ||
	       e->code == ERR_USAGE || e->code == ERR_TLS || e->code == ERR_UNSUPPORTED;
}

/* Half to one and a half times the delay, which doubles from call to call. */
static int pause_before_retry(struct watch *w, usec_t *delay, const struct err *why, struct err *err)
{
	uint16_t random = 0;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint16_t)clock_monotonic();
	usec_t wait = *delay / 2 + *delay * random / 65536;
	*delay = MIN(*delay * 2, BACKOFF_MAX);
	return ctx_sleep(w->ctx, MAX(wait, why->retry_after_ms * USEC_PER_MSEC), err);
}

static int run(struct watch *w, struct err *err)
{
	usec_t delay = BACKOFF_FIRST;
	w->expired = true;
	for (;;) {
		struct err why = {0};
		struct ctx ctx;
		ctx_init_child(&ctx, w->ctx, 0);
		usec_t start = clock_monotonic();
		int r = w->expired ? read_list(w, &ctx, &why) : 0;
		bool done = r == 0 && w->handler->once;
		if (r == 0 && !done)
			r = follow(w, &ctx, &why);
		ctx_release(&ctx);
		if (w->stopped)
			return w->stopped;
		if (done)
			return 0;
		if (r < 0 && is_final(&why)) {
			if (err)
				*err = why;
			return r;
		}
		if (clock_monotonic() - start > GOOD_WATCH)
			delay = BACKOFF_FIRST;
		if (r < 0 && why.code != ERR_CONFLICT && tell(w, WATCH_LOST, NULL, &why))
			return w->stopped;
		/* A watch that ended in good order is resumed at once, unless it ended suspiciously soon. */
		if ((r < 0 || clock_monotonic() - start < USEC_PER_SEC) && (r = pause_before_retry(w, &delay, &why, err)) < 0)
			return r;
	}
}

int watch_run(struct ctx *ctx, struct api_client *client, const struct kind *kind, const char *ns, const struct watch_handler *handler,
	      struct err *err)
{
	bool secret = kind->id == KIND_SECRET;
	struct watch w = {
		.ctx = ctx,
		.client = client,
		.kind = kind,
		.handler = handler,
		.list = {.client = client,
			 .kind = kind,
			 .ns = ns,
			 .schema = schema_find(secret ? SCHEMA_PARTIAL_METADATA : kind->message),
			 .metadata_only = secret,
			 .json = handler->json,
			 .item = on_listed,
			 .parser = json_parser_new()},
	};
	w.list.arg = &w;
	w.frames.event = on_event;
	w.frames.arg = &w;
	w.event_fields[0] = (struct field){1, FIELD_STRING, 0, 4, "type", NULL};
	w.event_fields[1] = (struct field){2, FIELD_MESSAGE, 0, 6, "object", w.list.schema};
	w.event_message = (struct message){.name = "WatchEvent", .fields = w.event_fields, .field_count = 2};
	watch_frames_init(&w.frames, API_JSON);
	arena_init(&w.scratch);
	int r = run(&w, err);
	arena_release(&w.scratch);
	watch_frames_release(&w.frames);
	api_list_release(&w.list);
	return r;
}
