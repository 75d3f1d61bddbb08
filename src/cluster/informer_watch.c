/* One kind of an informer: its objects, and the thread that lists and watches them. */
#include "cluster/informer_internal.h"

#define RETRY_REFUSED (60 * USEC_PER_SEC) /* a right may be granted, a kind installed */
#define POLL_EVERY (60 * USEC_PER_SEC)
#define COMPACT_MIN 256u /* empty places that are worth a new table */
#define KEY_MAX 600      /* a namespace and a name have at most 63 and 253 bytes */

static void drop(struct informed_kind *k, struct informed *item)
{
	struct informer *inf = k->inf;

	if (!item->tree)
		return;
	shared_tree_unref(item->tree);
	inf->objects--;
	inf->bytes -= item->size;
	item->tree = NULL;
	item->size = 0;
	k->empty++;
}

/* The table has no removal: it is made anew when half of it is empty. */
static void compact(struct informed_kind *k)
{
	uint32_t n = 0;

	if (k->empty < COMPACT_MIN || k->empty < k->len / 2)
		return;
	hash_release(&k->by_key);
	for (uint32_t i = 0; i < k->len; i++) {
		if (k->items[i]->tree)
			k->items[n++] = k->items[i];
		else
			mem_free(k->items[i]);
	}
	k->len = n;
	k->empty = 0;
	for (uint32_t i = 0; i < n; i++)
		hash_put(&k->by_key, k->items[i]->key, strlen(k->items[i]->key), k->items[i]);
}

void informed_kind_clear(struct informed_kind *k)
{
	for (uint32_t i = 0; i < k->len; i++) {
		drop(k, k->items[i]);
		mem_free(k->items[i]);
	}
	mem_free(k->items);
	hash_release(&k->by_key);
	k->items = NULL;
	k->len = k->cap = k->empty = 0;
}

static struct informed *find(struct informed_kind *k, const struct value *object, bool make)
{
	const struct value *metadata = value_get(object, "metadata");
	char key[KEY_MAX];
	int len = snprintf(key, sizeof(key), "%s/%s", value_get_str(metadata, "namespace"), value_get_str(metadata, "name"));
	struct informed *item;

	if (len <= 0 || (size_t)len >= sizeof(key))
		return NULL;
	item = hash_get(&k->by_key, key, (size_t)len);
	if (item || !make)
		return item;
	item = mem_alloc(sizeof(*item) + (size_t)len + 1);
	memcpy(item->key, key, (size_t)len + 1);
	hash_put(&k->by_key, item->key, (size_t)len, item);
	if (k->len == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 64;
		k->items = mem_realloc_array(k->items, k->cap, sizeof(*k->items));
	}
	k->items[k->len++] = item;
	k->empty++;
	return item;
}

static void mark_changed(struct informed_kind *k)
{
	struct informer *inf = k->inf;

	inf->changes++;
	if (k->quiet || !k->synced)
		return;
	inf->last_change = clock_monotonic();
	if (!inf->first_change)
		inf->first_change = inf->last_change;
	pthread_cond_broadcast(&inf->news);
}

static bool same_version(const struct informed *item, const struct value *object)
{
	const char *version = value_get_str(value_get(object, "metadata"), "resourceVersion");

	return item && item->tree && *version && str_eq(version, value_get_str(value_get(item->tree->root, "metadata"), "resourceVersion"));
}

/* The tree is made before the lock is taken: that is the work. */
static void put(struct informed_kind *k, const struct value *object)
{
	struct informer *inf = k->inf;
	struct shared_tree *tree;
	struct informed *item;
	size_t size = 0;

	pthread_mutex_lock(&inf->lock);
	item = find(k, object, false);
	if (same_version(item, object)) { /* listed again, and not changed since */
		item->listing = k->listing;
		pthread_mutex_unlock(&inf->lock);
		return;
	}
	pthread_mutex_unlock(&inf->lock);
	tree = shared_tree_new(k->kind, object, &size);
	if (!tree)
		return;
	pthread_mutex_lock(&inf->lock);
	item = find(k, object, true);
	if (item) {
		drop(k, item);
		k->empty--;
		item->tree = tree;
		item->size = size;
		item->listing = k->listing;
		inf->objects++;
		inf->bytes += size;
		k->changed = true;
		mark_changed(k);
	} else {
		shared_tree_unref(tree);
	}
	pthread_mutex_unlock(&inf->lock);
}

static void delete (struct informed_kind *k, const struct value *object)
{
	struct informed *item;

	pthread_mutex_lock(&k->inf->lock);
	item = find(k, object, false);
	if (item && item->tree) {
		drop(k, item);
		compact(k);
		mark_changed(k);
	}
	pthread_mutex_unlock(&k->inf->lock);
}

static void give_slot(struct informed_kind *k)
{
	if (k->has_slot)
		k->inf->slots++;
	k->has_slot = false;
	pthread_cond_broadcast(&k->inf->news);
}

/* A list begins. Only a few are read side by side, so that a start is no storm. */
static void begin_list(struct informed_kind *k)
{
	struct informer *inf = k->inf;

	pthread_mutex_lock(&inf->lock);
	while (!k->has_slot && !inf->slots && !__atomic_load_n(&inf->stop, __ATOMIC_RELAXED))
		informer_sleep(inf, clock_monotonic() + USEC_PER_SEC);
	if (!k->has_slot && inf->slots) {
		inf->slots--;
		k->has_slot = true;
	}
	k->listing++;
	k->changed = false;
	pthread_mutex_unlock(&inf->lock);
}

/* The list is complete: what it did not have is gone. */
static void end_list(struct informed_kind *k)
{
	struct informer *inf = k->inf;

	pthread_mutex_lock(&inf->lock);
	for (uint32_t i = 0; i < k->len; i++) {
		if (k->items[i]->tree && k->items[i]->listing != k->listing) {
			drop(k, k->items[i]);
			k->changed = true;
		}
	}
	compact(k);
	k->changed |= !k->synced;
	k->synced = k->settled = true;
	k->failed = (struct err){0};
	k->lost_at = 0;
	inf->last_heard = clock_monotonic();
	if (k->changed)
		mark_changed(k);
	give_slot(k);
	pthread_mutex_unlock(&inf->lock);
}

static void lost(struct informed_kind *k, const struct err *why)
{
	struct informer *inf = k->inf;
	usec_t now = clock_monotonic();

	pthread_mutex_lock(&inf->lock);
	if (inf->last_lost <= inf->last_heard)
		inf->lost_since = now;
	inf->last_lost = now;
	inf->lost = *why;
	if (!k->lost_at)
		k->lost_since = now;
	k->lost_at = now;
	if (!k->synced) {
		k->failed = *why;
		k->settled = true;
	}
	give_slot(k);
	pthread_mutex_unlock(&inf->lock);
}

static void heard(struct informed_kind *k)
{
	pthread_mutex_lock(&k->inf->lock);
	k->inf->last_heard = clock_monotonic();
	k->lost_at = 0;
	pthread_mutex_unlock(&k->inf->lock);
}

static int on_change(void *arg, enum watch_change change, const struct value *object, const struct err *why)
{
	struct informed_kind *k = arg;

	switch (change) {
	case WATCH_RESET:
		begin_list(k);
		break;
	case WATCH_ADDED:
	case WATCH_CHANGED:
		heard(k);
		put(k, object);
		break;
	case WATCH_DELETED:
		heard(k);
		delete (k, object);
		break;
	case WATCH_SYNCED:
		end_list(k);
		break;
	case WATCH_LOST:
		lost(k, why);
		break;
	}
	return 0;
}

/* Cannot be read, and waiting alone will not help. What was read before is forgotten: it is not known any more. */
static void refused(struct informed_kind *k, const struct err *why)
{
	struct informer *inf = k->inf;

	pthread_mutex_lock(&inf->lock);
	/* A user who may not list a kind everywhere may still do so in the namespace of their context. */
	if (why->code == ERR_FORBIDDEN && !k->ns && k->kind->namespaced && inf->own_ns && !k->fallback) {
		k->fallback = mem_strdup(why->message);
		k->ns = inf->own_ns;
	} else {
		if (k->len > k->empty) {
			informed_kind_clear(k);
			mark_changed(k);
		}
		k->synced = false;
		k->settled = true;
		k->failed = *why;
	}
	give_slot(k);
	pthread_mutex_unlock(&inf->lock);
}

static void nap(struct informer *inf, usec_t span)
{
	usec_t until = clock_monotonic() + span;

	pthread_mutex_lock(&inf->lock);
	while (!__atomic_load_n(&inf->stop, __ATOMIC_RELAXED) && clock_monotonic() < until)
		informer_sleep(inf, until);
	pthread_mutex_unlock(&inf->lock);
}

void *informed_kind_run(void *arg)
{
	struct informed_kind *k = arg;
	const struct watch_handler handler = {.change = on_change, .arg = k, .once = k->polled};
	struct informer *inf = k->inf;
	struct ctx ctx;

	ctx_init(&ctx);
	ctx.cancel = &inf->stop;
	while (!__atomic_load_n(&inf->stop, __ATOMIC_RELAXED)) {
		struct err err = {0};
		bool fallback = k->ns != NULL;
		int r = watch_run(&ctx, inf->client, k->kind, k->ns, &handler, &err);

		if (r < 0 && err.code != ERR_CANCELLED)
			refused(k, &err);
		if (r == 0 || fallback || !k->ns)
			nap(inf, r == 0 ? POLL_EVERY : RETRY_REFUSED);
	}
	ctx_release(&ctx);
	return NULL;
}
