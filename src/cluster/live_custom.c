/* Known custom kinds of a live cluster: found by one request that runs beside the lists of the built-in kinds, read only where they are. */
#include "cluster/inventory_internal.h"
#include "cluster/live_internal.h"

void live_custom_init(struct live_reading *reading)
{
	arena_init(&reading->found_arena);
	pthread_mutex_init(&reading->found_lock, NULL);
	pthread_cond_init(&reading->found_changed, NULL);
}

void live_custom_release(struct live_reading *reading)
{
	pthread_cond_destroy(&reading->found_changed);
	pthread_mutex_destroy(&reading->found_lock);
	arena_release(&reading->found_arena);
}

void live_custom_add_finder(struct live_reading *reading, struct arena *a, struct job_list *jobs)
{
	*arena_push(a, jobs) = (struct list_job){.reading = reading, .finds_known = true};
}

void live_custom_add_kinds(struct live_reading *reading, struct arena *a, struct job_list *jobs)
{
	for (size_t i = 0; i < known_kind_count; i++)
		*arena_push(a, jobs) = (struct list_job){.reading = reading, .known = &known_kinds[i]};
}

/* Groups without an answer are told only when a kind of theirs is known: the others were never asked for. */
static void add_notes(struct live_reading *reading, const struct discovery *found, int code, const struct err *failure)
{
	char what[300];

	pthread_mutex_lock(&reading->build);
	/* A server without discovery, as small ones in tests are, has no custom kinds either. */
	if (code < 0 && failure->http_status != 404 && code != ERR_CANCELLED && code != ERR_UNAUTHENTICATED)
		inventory_add_note(reading->inv, "custom kinds", failure->message, KIND_COUNT, "");
	for (uint32_t i = 0; i < found->failed.len; i++) {
		snprintf(what, sizeof(what), "kinds of %s", found->failed.items[i].group);
		inventory_add_note(reading->inv, what, found->failed.items[i].why, KIND_COUNT, "");
	}
	pthread_mutex_unlock(&reading->build);
}

static void find_known(struct live_reading *reading)
{
	struct discovery found = {0};
	struct err failure = {0};
	struct ctx ctx;

	/* Cancelled or not authenticated: the lists that run beside this say so. */
	ctx_init_child(&ctx, reading->ctx, 0);
	int code = discovery_read_known(reading->client, &ctx, &reading->found_arena, &found, &failure);
	ctx_release(&ctx);
	add_notes(reading, &found, code, &failure);
	pthread_mutex_lock(&reading->found_lock);
	reading->found = found;
	reading->found_done = true;
	pthread_cond_broadcast(&reading->found_changed);
	pthread_mutex_unlock(&reading->found_lock);
}

bool live_custom_prepare(struct list_job *job)
{
	struct live_reading *reading = job->reading;

	if (job->finds_known) {
		find_known(reading);
		return false;
	}
	if (!job->known)
		return true;
	/* The finding job was begun before this one, by another thread: it ends, and then wakes this one. */
	pthread_mutex_lock(&reading->found_lock);
	while (!reading->found_done)
		pthread_cond_wait(&reading->found_changed, &reading->found_lock);
	pthread_mutex_unlock(&reading->found_lock);
	for (uint32_t i = 0; i < reading->found.kinds.len && !job->kind; i++) {
		struct kind *kind = &reading->found.kinds.items[i];

		if (str_eq(kind->group, job->known->group) && str_eq(kind->name, job->known->name)) {
			kind->message = job->known->message; /* only this job looks at it */
			job->kind = kind;
		}
	}
	return job->kind != NULL;
}
