/* One kind's list: pages, decoded while they arrive, started again or continued when its version is gone. */
#include "cluster/live_internal.h"
#include "cluster/schema.h"
#include "format/json.h"
#include "format/protobuf.h"

#define RESTARTS_MAX 3  /* after 410 without a token to go on with */
#define PAGE_ATTEMPTS 3 /* a page whose connection breaks in the middle */
#define PAGES_MAX 100000
#define SILENT_MAX 4 /* kinds without an answer before the rest is not tried any more */
#define BREAK_PAUSE (200 * USEC_PER_MSEC)

/* A page while it arrives. */
struct page {
	enum api_format format;
	struct protobuf_list *protobuf;
	struct json_splitter *splitter;
	struct json_parser *parser;
	struct strbuf next; /* the continue token */
};

/* Trees of these are reduced and thrown away as soon as they are added (inventory_builder_for), so they cannot wait. */
static bool added_at_once(const struct kind *k)
{
	return k->id == KIND_EVENT || k->id == KIND_SECRET;
}

static const struct message *job_schema(const struct list_job *job)
{
	return schema_find(job->metadata_only ? SCHEMA_PARTIAL_METADATA : job->message);
}

/* With `build` held. */
static int keep(struct list_job *job, const struct value *root, struct err *err)
{
	if (added_at_once(job->kind))
		return inventory_add(job->reading->inv, job->kind, root, err);
	if (job->root_count == job->root_cap) {
		job->root_cap = job->root_cap ? job->root_cap * 2 : 64;
		job->roots = mem_realloc_array(job->roots, job->root_cap, sizeof(*job->roots));
	}
	job->roots[job->root_count++] = *root;
	return 0;
}

static int on_protobuf_item(void *arg, const void *data, size_t len, struct err *err)
{
	struct list_job *job = arg;
	struct live_reading *reading = job->reading;
	struct value root;
	pthread_mutex_lock(&reading->build);
	int r = protobuf_parse(inventory_builder_for(reading->inv, job->kind), data, len, job_schema(job), &root, err);
	if (r == 0)
		r = keep(job, &root, err);
	pthread_mutex_unlock(&reading->build);
	return r;
}

static int on_json_item(void *arg, const char *text, size_t len, struct err *err)
{
	struct list_job *job = arg;
	struct live_reading *reading = job->reading;
	struct value root;
	pthread_mutex_lock(&reading->build);
	int r = json_parser_parse(job->page->parser, inventory_builder_for(reading->inv, job->kind), text, len, job_schema(job), &root, err);
	if (r == 0)
		r = keep(job, &root, err);
	pthread_mutex_unlock(&reading->build);
	return r;
}

static int on_json_envelope(void *arg, const char *text, size_t len, struct err *err)
{
	struct list_job *job = arg;
	struct value_builder b;
	struct value envelope;
	value_builder_init(&b, &job->ctx.arena, NULL);
	int r = json_parse(&b, text, len, NULL, &envelope, err);
	if (r == 0)
		strbuf_addstr(&job->page->next, value_get_str(value_get(&envelope, "metadata"), "continue"));
	return r;
}

static int on_format(void *arg, enum api_format format, struct err *err)
{
	struct list_job *job = arg;
	struct page *p = job->page;
	p->format = format;
	if (format == API_PROTOBUF && !job_schema(job))
		return err_set(err, ERR_INPUT, "%s came as protobuf, which was not asked for", job->kind->plural);
	if (format == API_PROTOBUF) {
		struct protobuf_list_handler h = {.item = on_protobuf_item, .arg = job};
		p->protobuf = protobuf_list_new(&h, PROTOBUF_ITEM_MAX);
	} else {
		struct json_split_handler h = {.item = on_json_item, .envelope = on_json_envelope, .arg = job};
		p->splitter = json_splitter_new(&h, JSON_ITEM_MAX);
		p->parser = json_parser_new();
	}
	return 0;
}

static int on_body(void *arg, const char *data, size_t len, struct err *err)
{
	struct list_job *job = arg;
	return job->page->protobuf ? protobuf_list_feed(job->page->protobuf, data, len, err)
				   : json_splitter_feed(job->page->splitter, data, len, err);
}

static int finish_page(struct page *p, struct err *err)
{
	const char *version, *next;
	if (p->splitter)
		return json_splitter_finish(p->splitter, err);
	int r = protobuf_list_finish(p->protobuf, &version, &next, err);
	if (r == 0)
		strbuf_addstr(&p->next, next);
	return r;
}

static const char *accept_of(const struct list_job *job)
{
	if (job->json || !job_schema(job))
		return job->metadata_only ? API_ACCEPT_METADATA_JSON : API_ACCEPT_JSON;
	return job->metadata_only ? API_ACCEPT_METADATA_PROTOBUF : API_ACCEPT_PROTOBUF;
}

static void set_continue(struct list_job *job, const char *token)
{
	mem_free(job->continue_token);
	job->continue_token = token && *token ? mem_strdup(token) : NULL;
}

/* 0 and the next page's token set, or the error with what this page gave so far taken back. */
static int read_page(struct list_job *job, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf path;
	strbuf_init(&path, STRBUF_MAX_LINE);
	strbuf_addf(&path, "%s?limit=%d", api_list_path(&job->ctx.arena, job->kind, job->ns), CLUSTER_PAGE);
	if (job->continue_token) {
		strbuf_addstr(&path, "&continue=");
		http_url_escape(&path, job->continue_token, false);
	}
	int r = strbuf_check(&path, "URL of a list's page", err);
	if (r < 0)
		return r;
	struct page page = {0};
	strbuf_init(&page.next, STRBUF_MAX_LINE / 4);
	job->page = &page;
	uint32_t before = job->root_count;
	struct api_request q = {.path = path.buf, .accept = accept_of(job), .on_format = on_format, .on_body = on_body, .arg = job};
	r = api_do(job->reading->client, &job->ctx, &q, err);
	if (r == 0 && (r = finish_page(&page, err)) == 0)
		r = strbuf_check(&page.next, "continue token", err);
	if (r == 0)
		set_continue(job, page.next.buf);
	else if (r == ERR_UNAVAILABLE)
		job->root_count = before; /* it will be asked for again */
	job->broke_off = r == ERR_UNAVAILABLE && (page.protobuf || page.splitter);
	protobuf_list_free(page.protobuf);
	json_splitter_free(page.splitter);
	json_parser_free(page.parser);
	strbuf_release(&page.next);
	job->page = NULL;
	return r;
}

static void progress(struct list_job *job, uint32_t added)
{
	struct live_reading *reading = job->reading;
	pthread_mutex_lock(&reading->build);
	reading->objects += added;
	if (reading->options->progress)
		reading->options->progress(reading->options->progress_arg, job->kind->plural, reading->objects, 0);
	pthread_mutex_unlock(&reading->build);
}

static void note(struct list_job *job, const char *why, const char *ns)
{
	struct live_reading *reading = job->reading;
	const char *what = job->kind->group[0] && job->kind->id == KIND_CUSTOM
				   ? arena_printf(&job->ctx.arena, "%s.%s", job->kind->plural, job->kind->group)
				   : job->kind->plural;
	if (ns && *ns && job->kind->namespaced)
		what = arena_printf(&job->ctx.arena, "%s in namespace %s", what, ns);
	pthread_mutex_lock(&reading->build);
	inventory_add_note(reading->inv, what, why, job->kind->id, ns);
	pthread_mutex_unlock(&reading->build);
}

/* A user who may not list a kind everywhere may still do so in the namespace of their context. */
static bool fall_back_to_namespace(struct list_job *job)
{
	struct live_reading *reading = job->reading;
	if (job->err.code != ERR_FORBIDDEN || job->ns || !job->kind->namespaced || !reading->own_ns)
		return false;
	note(job, arena_printf(&job->ctx.arena, "only namespace %s was read: %s", reading->own_ns, job->err.message), "");
	job->ns = reading->own_ns;
	job->err = (struct err){0};
	return true;
}

/* Can what went wrong be mended? Then the job is set up for the next try. */
static bool recover(struct list_job *job, unsigned *page_attempt, unsigned *restarts)
{
	int status = job->err.http_status;
	if (status == 410 && *api_last_continue()) {
		/* The version this list began with is gone. The server offers to go on from the present one: nothing that was read is lost, and a
		 * reading of many kinds is not of one instant anyway. */
		set_continue(job, api_last_continue());
		return ++*restarts <= PAGES_MAX;
	}
	if (status == 410 && *restarts < RESTARTS_MAX) {
		++*restarts;
		job->root_count = 0;
		set_continue(job, NULL);
		return true;
	}
	if ((status == 406 || status == 415) && !job->json) {
		job->json = true;
		return true;
	}
	if (job->err.code == ERR_UNAVAILABLE && status == 0 && job->broke_off && ++*page_attempt < PAGE_ATTEMPTS)
		return ctx_sleep(&job->ctx, BREAK_PAUSE, NULL) == 0;
	return fall_back_to_namespace(job);
}

static void read_pages(struct list_job *job)
{
	unsigned page_attempt = 0, restarts = 0;
	for (unsigned pages = 0; pages < PAGES_MAX; pages++) {
		uint32_t before = job->root_count;
		if (read_page(job, &job->err) == 0) {
			progress(job, job->root_count - before);
			page_attempt = 0;
			job->complete = !job->continue_token;
			if (job->complete)
				return;
		} else if (!recover(job, &page_attempt, &restarts)) {
			return;
		}
		job->err = (struct err){0};
	}
	err_set(&job->err, ERR_LIMIT, "more than %d pages", PAGES_MAX);
}

/* Adds the list's objects. One that the inventory does not take (no name) is no reason to lose the others. */
static void add_roots(struct list_job *job)
{
	struct inventory *inv = job->reading->inv;
	pthread_mutex_lock(&job->reading->build);
	for (uint32_t i = 0; i < job->root_count; i++)
		(void)inventory_add(inv, job->kind, &job->roots[i], NULL);
	if (job->complete)
		inventory_mark_seen(inv, job->kind, job->ns);
	pthread_mutex_unlock(&job->reading->build);
}

static bool is_fatal(const struct err *e)
{
	return e->code == ERR_CANCELLED || e->code == ERR_UNAUTHENTICATED || e->code == ERR_TLS;
}

/* Says what could not be read, once for the kind, and whether the others should go on. */
static void report(struct list_job *job)
{
	struct live_reading *reading = job->reading;
	const struct err *e = &job->err;
	bool missing = e->code == ERR_NOT_FOUND;
	if (!job->complete && missing && !job->quiet_if_missing)
		note(job, "the server does not have this kind", job->ns);
	else if (!job->complete && !missing && !is_fatal(e))
		note(job, job->root_count ? arena_printf(&job->ctx.arena, "only %u were read: %s", job->root_count, e->message) : e->message,
		     job->ns);
	pthread_mutex_lock(&reading->build);
	if (job->complete || job->root_count)
		reading->done++;
	else if (!reading->first.code && !missing)
		reading->first = *e;
	if (!job->complete && is_fatal(e) && !reading->fatal.code)
		reading->fatal = *e;
	if (e->code == ERR_TIMEOUT || (e->code == ERR_UNAVAILABLE && !e->http_status))
		reading->silent++;
	pthread_mutex_unlock(&reading->build);
}

void list_job_run(struct list_job *job)
{
	struct live_reading *reading = job->reading;
	ctx_init_child(&job->ctx, reading->ctx, 0);
	pthread_mutex_lock(&reading->build);
	bool stop = reading->fatal.code != 0, gone = reading->silent >= SILENT_MAX;
	pthread_mutex_unlock(&reading->build);
	job->ns = reading->ns;
	job->json = reading->json_only;
	if (gone && !stop)
		note(job, "not tried: the server had stopped answering", job->ns);
	if (!stop && !gone) {
		read_pages(job);
		add_roots(job);
		report(job);
	}
	set_continue(job, NULL);
	mem_free(job->roots);
	job->roots = NULL;
	ctx_release(&job->ctx);
}
