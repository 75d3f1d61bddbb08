/* The informer as a whole: which kinds, waiting for them, and the epochs made of what they hold. */
#include "cluster/informer_internal.h"
#include "cluster/discovery.h"
#include "cluster/inventory_internal.h"

#include <errno.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_SIZE ((size_t)2 << 20)
#else
#define STACK_SIZE ((size_t)256 << 10)
#endif
#define CUSTOM_MAX 100u                    /* custom kinds that are watched: a thread and a connection each */
#define SLICE (100 * USEC_PER_MSEC)        /* how soon a cancelled caller is noticed */
#define LOGS_KEPT (60 * USEC_PER_SEC)      /* a log that was read is good for this long */
#define LOST_FOR_CERTAIN USEC_PER_SEC      /* a watch that ends and is resumed at once is no loss */
#define LOST_STALE (30 * USEC_PER_SEC)     /* one kind that fails for so long is worth a note */
#define LOST_FORGOTTEN (60 * USEC_PER_SEC) /* longer than any pause between two tries: nothing failed any more, but nothing happened either */

void informer_sleep(struct informer *inf, usec_t until)
{
	struct timespec t = {.tv_sec = until / USEC_PER_SEC, .tv_nsec = until % USEC_PER_SEC * 1000};

	pthread_cond_timedwait(&inf->news, &inf->lock, &t);
}

static void add_kind(struct informer *inf, const struct kind *kind, bool polled)
{
	struct informed_kind *k = &inf->kinds[inf->kind_count++];

	*k = (struct informed_kind){.inf = inf, .kind = kind, .ns = inf->ns, .polled = polled, .quiet = polled || kind->id == KIND_LEASE};
	hash_init(&k->by_key);
}

static void add_note(struct informer *inf, const char *what, const char *why)
{
	*arena_push(&inf->arena, &inf->notes) = (struct note){arena_strdup(&inf->arena, what), arena_strdup(&inf->arena, why), KIND_COUNT, ""};
}

/* Those that are listed as typed kinds, or that cannot be watched (their verbs do not say so here: the group tells). */
static bool is_watched_otherwise(const struct kind *k)
{
	static const char *const groups[] = {"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io", "events.k8s.io"};

	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (str_eq(k->group, groups[i]))
			return true;
	for (size_t i = 0; i < KIND_CUSTOM; i++)
		if (str_eq(k->group, kind_table[i].group) && str_eq(k->name, kind_table[i].name))
			return true;
	return !*k->group && (str_eq(k->name, "Endpoints") || str_eq(k->name, "ComponentStatus"));
}

static int choose_kinds(struct informer *inf, struct ctx *ctx, struct err *err)
{
	struct discovery found = {0};
	struct err failure = {0};
	uint32_t custom = 0;

	if (discovery_read(inf->client, ctx, &inf->arena, &found, &failure) < 0) {
		if (failure.code == ERR_CANCELLED || failure.code == ERR_UNAUTHENTICATED) {
			if (err)
				*err = failure;
			return failure.code;
		}
		add_note(inf, "custom kinds", failure.message);
	}
	inf->kinds = mem_alloc(sizeof(*inf->kinds) * (KIND_CUSTOM + 2u + MIN(found.kinds.len, CUSTOM_MAX)));
	for (size_t i = 0; i < KIND_CUSTOM; i++)
		add_kind(inf, &kind_table[i], false);
	add_kind(inf, &live_pod_metrics, true);
	add_kind(inf, &live_node_metrics, true);
	for (uint32_t i = 0; i < found.kinds.len; i++) {
		const struct kind *k = &found.kinds.items[i];

		if (is_watched_otherwise(k) || !(inf->options.all_kinds || known_kind_find(k->group, k->name)))
			continue;
		if (custom++ < CUSTOM_MAX)
			add_kind(inf, k, false);
		else
			add_note(inf, arena_printf(&inf->arena, "%s.%s", k->plural, k->group), "more custom kinds than are watched at once");
	}
	for (uint32_t i = 0; i < found.failed.len; i++)
		add_note(inf, arena_printf(&inf->arena, "kinds of %s", found.failed.items[i].group), found.failed.items[i].why);
	return 0;
}

static int start_threads(struct informer *inf, struct err *err)
{
	pthread_attr_t attr;
	int e = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (uint32_t i = 0; i < inf->kind_count && !e; i++) {
		e = pthread_create(&inf->kinds[i].thread, &attr, informed_kind_run, &inf->kinds[i]);
		inf->kinds[i].started = !e;
	}
	pthread_attr_destroy(&attr);
	return e ? err_set_errno(err, e, "cannot start a thread for each of %u kinds", inf->kind_count) : 0;
}

int informer_start(struct cluster *c, struct ctx *ctx, const struct cluster_options *options, struct informer **ret, struct err *err)
{
	_cleanup_(informer_freep) struct informer *inf = mem_alloc(sizeof(*inf));
	pthread_condattr_t attr;
	int r;

	arena_init(&inf->arena);
	pthread_mutex_init(&inf->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&inf->news, &attr);
	pthread_condattr_destroy(&attr);
	inf->cluster = c;
	inf->client = c->live->client;
	inf->options = *options;
	inf->ns = options->ns && *options->ns ? mem_strdup(options->ns) : NULL;
	inf->own_ns = mem_strdup(c->ns);
	inf->server_version = mem_strdup(inventory_server_version(c->inv));
	inf->slots = options->parallel ? options->parallel : CLUSTER_PARALLEL;
	if ((r = choose_kinds(inf, ctx, err)) < 0 || (r = start_threads(inf, err)) < 0)
		return r;
	*ret = inf;
	inf = NULL;
	return 0;
}

void informer_free(struct informer *inf)
{
	if (!inf)
		return;
	pthread_mutex_lock(&inf->lock);
	__atomic_store_n(&inf->stop, 1, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&inf->news);
	pthread_mutex_unlock(&inf->lock);
	for (uint32_t i = 0; i < inf->kind_count; i++)
		if (inf->kinds[i].started)
			pthread_join(inf->kinds[i].thread, NULL);
	for (uint32_t i = 0; i < inf->kind_count; i++) {
		informed_kind_clear(&inf->kinds[i]);
		mem_free(inf->kinds[i].fallback);
	}
	inventory_unref(inf->latest);
	mem_free(inf->kinds);
	mem_free(inf->ns);
	mem_free(inf->own_ns);
	mem_free(inf->server_version);
	pthread_cond_destroy(&inf->news);
	pthread_mutex_destroy(&inf->lock);
	arena_release(&inf->arena);
	mem_free(inf);
}

void informer_freep(struct informer **inf)
{
	informer_free(*inf);
	*inf = NULL;
}

/* With the lock: 0 = not all are settled yet; 1 = they are; negative = nothing can be read, *ret_why says why. */
static int settled(const struct informer *inf, struct err *ret_why)
{
	const struct err *first = NULL;
	uint32_t waiting = 0, synced = 0;

	for (uint32_t i = 0; i < inf->kind_count; i++) {
		const struct informed_kind *k = &inf->kinds[i];

		waiting += !k->settled;
		synced += k->synced;
		/* Who we are is refused for all kinds alike. */
		if (k->failed.code == ERR_UNAUTHENTICATED || k->failed.code == ERR_TLS) {
			*ret_why = k->failed;
			return k->failed.code;
		}
		if (!first && k->failed.code)
			first = &k->failed;
	}
	if (waiting)
		return 0;
	if (!synced && first)
		*ret_why = *first;
	return synced || !first ? 1 : (int)first->code;
}

int informer_wait_synced(struct informer *inf, struct ctx *ctx, struct err *err)
{
	struct err why = {0};
	int r, done = 0;

	pthread_mutex_lock(&inf->lock);
	while ((r = ctx_check(ctx, err)) == 0 && (done = settled(inf, &why)) == 0)
		informer_sleep(inf, clock_monotonic() + SLICE);
	pthread_mutex_unlock(&inf->lock);
	if (r == 0 && done < 0) {
		if (err)
			*err = why;
		r = done;
	}
	return r;
}

int informer_wait(struct informer *inf, struct ctx *ctx, usec_t quiet, usec_t most, usec_t timeout, struct err *err)
{
	usec_t end = clock_monotonic() + timeout;
	int r;

	pthread_mutex_lock(&inf->lock);
	while ((r = ctx_check(ctx, err)) == 0) {
		usec_t now = clock_monotonic(), next = end;

		if (inf->first_change) {
			next = MIN(inf->last_change + quiet, inf->first_change + most);
			if (now >= next) {
				r = 1;
				break;
			}
		}
		if (now >= end)
			break;
		informer_sleep(inf, MIN(MIN(next, end), now + SLICE));
	}
	pthread_mutex_unlock(&inf->lock);
	return r;
}

/* Did this kind fail lately, and was not heard of since? */
static bool is_kind_lost(const struct informed_kind *k, usec_t now)
{
	return k->synced && k->lost_at && now - k->lost_at < LOST_FORGOTTEN;
}

/* One kind may fail alone (a conversion webhook that does not answer): the server is lost when most do, and none was heard of since. */
static bool is_lost(const struct informer *inf)
{
	usec_t now = clock_monotonic();
	uint32_t lost = 0, synced = 0;

	for (uint32_t i = 0; i < inf->kind_count; i++) {
		synced += inf->kinds[i].synced;
		lost += is_kind_lost(&inf->kinds[i], now);
	}
	return lost * 2 > synced && inf->last_lost > inf->last_heard && now - inf->lost_since >= LOST_FOR_CERTAIN;
}

static void note_kind(struct inventory *inv, const struct informed_kind *k)
{
	char what[320];

	snprintf(what, sizeof(what), "%s%s%s", k->kind->plural, k->kind->id == KIND_CUSTOM ? "." : "",
		 k->kind->id == KIND_CUSTOM ? k->kind->group : "");
	if (k->fallback && k->synced) {
		char why[ERR_MESSAGE_MAX + 300];

		snprintf(why, sizeof(why), "only namespace %s was read: %s", k->ns, k->fallback);
		inventory_add_note(inv, what, why, k->kind->id, "");
	}
	if (is_kind_lost(k, clock_monotonic()) && k->lost_at - k->lost_since > LOST_STALE)
		inventory_add_note(inv, what, "not up to date: following its changes keeps failing", k->kind->id, k->ns ? k->ns : "");
	if (k->synced)
		return;
	if (k->failed.http_status == 404 && k->polled)
		return; /* a cluster without metrics: nothing is missing that was there */
	inventory_add_note(inv, what,
			   k->failed.http_status == 404 ? "the server does not have this kind"
			   : k->failed.code             ? k->failed.message
							: "not read yet",
			   k->kind->id, k->ns ? k->ns : "");
}

/* Is the root of the pod the very same tree? */
static bool is_unchanged(const struct object *now, const struct object *then)
{
	return now && now->root.type == VALUE_MAP && now->root.members == then->root.members;
}

static void carry_logs(struct informer *inf, struct inventory *inv)
{
	const struct container_log *const *logs;
	usec_t now = clock_monotonic();
	size_t count;

	if (!inf->latest || now - inf->logs_since > LOGS_KEPT) {
		inf->logs_since = now;
		return;
	}
	count = inventory_logs(inf->latest, &logs);
	for (size_t i = 0; i < count; i++) {
		const struct container_log *l = logs[i];

		if (is_unchanged(inventory_find(inv, KIND_POD, l->pod->ns, l->pod->name), l->pod))
			inventory_add_log(inv, l->pod->ns, l->pod->name, l->container, l->previous, l->error ? NULL : l->text, l->len, l->truncated,
					  l->error);
	}
}

struct inventory *informer_epoch(struct informer *inf)
{
	struct inventory *inv = inventory_new();

	inventory_set_now(inv, clock_now() + api_client_clock_skew(inf->client));
	inventory_set_server_version(inv, inf->server_version);
	pthread_mutex_lock(&inf->lock);
	for (uint32_t i = 0; i < inf->kind_count; i++) {
		struct informed_kind *k = &inf->kinds[i];

		for (uint32_t j = 0; j < k->len; j++)
			if (k->items[j]->tree)
				inventory_add_shared(inv, k->kind, k->items[j]->tree);
		if (k->synced)
			inventory_mark_seen(inv, k->kind, k->ns);
		note_kind(inv, k);
	}
	for (uint32_t i = 0; i < inf->notes.len; i++)
		inventory_add_note(inv, inf->notes.items[i].what, inf->notes.items[i].why, KIND_COUNT, "");
	if (is_lost(inf))
		inventory_add_note(inv, "changes since the connection was lost", inf->lost.message, KIND_COUNT, "");
	inf->first_change = inf->last_change = 0;
	inf->epochs++;
	pthread_mutex_unlock(&inf->lock);
	/* Sorting and indexing is half of the work, and needs nobody to wait. */
	inventory_seal(inv);
	pthread_mutex_lock(&inf->lock);
	carry_logs(inf, inv);
	struct inventory *old = inf->latest;
	inf->latest = inventory_ref(inv);
	pthread_mutex_unlock(&inf->lock);
	inventory_unref(old);
	return inv;
}

void informer_state(struct informer *inf, struct informer_state *ret)
{
	pthread_mutex_lock(&inf->lock);
	*ret = (struct informer_state){.lost = is_lost(inf),
				       .lost_since = inf->lost_since,
				       .epochs = inf->epochs,
				       .changes = inf->changes,
				       .objects = inf->objects,
				       .bytes = inf->bytes};
	snprintf(ret->why, sizeof(ret->why), "%s", inf->lost.message);
	pthread_mutex_unlock(&inf->lock);
}
