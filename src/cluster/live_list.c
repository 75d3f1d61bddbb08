/* One kind's list: pages, decoded while they arrive, started again or continued when its version is gone. */
#include "cluster/live_internal.h"
#include "cluster/schema.h"

#define RESTARTS_MAX 3  /* after 410 without a token to go on with */
#define PAGE_ATTEMPTS 3 /* a page whose connection breaks in the middle */
#define PAGES_MAX 100000
#define SILENT_MAX 4 /* kinds without an answer before the rest is not tried any more */
#define BREAK_PAUSE (200 * USEC_PER_MSEC)

/* With `build` held. An object that the inventory does not take (it has no name) is no reason to lose the others. */
static void keep(struct list_job *job, const struct value *root)
{
	struct inventory *inv = job->reading->inv;
	job->kept++;
	if (inventory_builder_for(inv, job->kind) != inventory_builder(inv)) { /* reduced and thrown away: such trees cannot wait */
		(void)inventory_add(inv, job->kind, root, NULL);
		return;
	}
	if (job->root_count == job->root_cap) {
		job->root_cap = job->root_cap ? job->root_cap * 2 : 64;
		job->roots = mem_realloc_array(job->roots, job->root_cap, sizeof(*job->roots));
	}
	job->roots[job->root_count++] = *root;
}

static int on_item(void *arg, enum api_format format, const char *data, size_t len, struct err *err)
{
	struct list_job *job = arg;
	struct live_reading *reading = job->reading;
	struct value root;
	pthread_mutex_lock(&reading->build);
	int r = api_list_parse(&job->list, inventory_builder_for(reading->inv, job->kind), format, data, len, &root, err);
	if (r == 0)
		keep(job, &root);
	pthread_mutex_unlock(&reading->build);
	if (r != ERR_INPUT && r != ERR_LIMIT)
		return r;
	if (job->unreadable++ == 0 && err)
		job->odd = *err;
	return 0;
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
	if (job->err.code != ERR_FORBIDDEN || job->kept || job->list.ns || !job->kind->namespaced || !reading->own_ns)
		return false;
	note(job, arena_printf(&job->ctx.arena, "only namespace %s was read: %s", reading->own_ns, job->err.message), "");
	job->list.ns = reading->own_ns;
	job->err = (struct err){0};
	return true;
}

/* The same events under their second name, with other fields: so without schema, and reduced by the inventory all the same. */
static bool fall_back_to_newer_events(struct list_job *job)
{
	static const struct kind newer = {
		.id = KIND_EVENT, .group = "events.k8s.io", .version = "v1", .name = "Event", .plural = "events", .shorts = "", .namespaced = true};
	if (job->kind->id != KIND_EVENT || job->err.http_status != 404 || job->list.kind == &newer)
		return false;
	job->list.kind = &newer;
	job->list.schema = NULL;
	return true;
}

/* Can what went wrong be mended? Then the job is set up for the next try. */
static bool recover(struct list_job *job, unsigned *page_attempt, unsigned *restarts)
{
	int status = job->err.http_status;
	if (status == 410 && *api_last_continue()) {
		/* The version this list began with is gone. The server offers to go on from the present one: nothing that was read is lost, and a
		 * reading of many kinds is not of one instant anyway. */
		api_list_set_continue(&job->list, api_last_continue());
		return ++*restarts <= PAGES_MAX;
	}
	if (status == 410 && *restarts < RESTARTS_MAX) {
		++*restarts;
		job->root_count = job->kept = job->unreadable = 0;
		api_list_set_continue(&job->list, NULL);
		return true;
	}
	if ((status == 406 || status == 415) && !job->list.json) {
		job->list.json = true;
		return true;
	}
	if (job->err.code == ERR_UNAVAILABLE && status == 0 && job->list.broke_off && ++*page_attempt < PAGE_ATTEMPTS)
		return ctx_sleep(&job->ctx, BREAK_PAUSE, NULL) == 0;
	return fall_back_to_newer_events(job) || fall_back_to_namespace(job);
}

static void read_pages(struct list_job *job)
{
	unsigned page_attempt = 0, restarts = 0;
	for (unsigned pages = 0; pages < PAGES_MAX; pages++) {
		uint32_t roots = job->root_count, kept = job->kept, unreadable = job->unreadable;
		if (api_list_page(&job->list, &job->ctx, &job->err) == 0) {
			progress(job, job->kept - kept);
			page_attempt = 0;
			job->complete = !job->list.continue_token;
			if (job->complete)
				return;
		} else {
			bool same_page_again = job->list.broke_off;
			if (!recover(job, &page_attempt, &restarts))
				return;
			if (same_page_again) {
				job->root_count = MIN(job->root_count, roots);
				job->kept = MIN(job->kept, kept);
				job->unreadable = MIN(job->unreadable, unreadable);
			}
		}
		job->err = (struct err){0};
	}
	err_set(&job->err, ERR_LIMIT, "more than %d pages", PAGES_MAX);
}

/* Adds the list's objects that have waited for its end. */
static void add_roots(struct list_job *job)
{
	struct inventory *inv = job->reading->inv;
	pthread_mutex_lock(&job->reading->build);
	for (uint32_t i = 0; i < job->root_count; i++)
		(void)inventory_add(inv, job->kind, &job->roots[i], NULL);
	if (job->complete && !job->unreadable)
		inventory_mark_seen(inv, job->kind, job->list.ns);
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
	bool missing = e->http_status == 404;
	if (!job->complete && missing)
		note(job, "the server does not have this kind", job->list.ns);
	else if (!job->complete && !missing && !is_fatal(e))
		note(job, job->kept ? arena_printf(&job->ctx.arena, "only %u were read: %s", job->kept, e->message) : e->message, job->list.ns);
	if (job->unreadable)
		note(job, arena_printf(&job->ctx.arena, "%u of them could not be decoded: %s", job->unreadable, job->odd.message), job->list.ns);
	pthread_mutex_lock(&reading->build);
	if (job->complete || job->kept)
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
	job->list = (struct api_list){
		.client = reading->client,
		.kind = job->kind,
		.ns = reading->ns,
		.schema = schema_find(job->metadata_only ? SCHEMA_PARTIAL_METADATA : job->kind->message),
		.metadata_only = job->metadata_only,
		.json = reading->json_only,
		.item = on_item,
		.arg = job,
	};
	if (gone && !stop)
		note(job, "not tried: the server had stopped answering", job->list.ns);
	if (!stop && !gone) {
		read_pages(job);
		add_roots(job);
		report(job);
	}
	api_list_release(&job->list);
	mem_free(job->roots);
	job->roots = NULL;
	ctx_release(&job->ctx);
}
