#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_SIZE ((size_t)2 << 20) /* instrumented frames are several times as big */
#else
#define STACK_SIZE ((size_t)256 << 10)
#endif
#define THREADS_MAX 64

struct batch {
	void (*fn)(void *arg, size_t i);
	void *arg;
	size_t count;
	atomic_size_t next;
};

static void *work(void *p)
{
	struct batch *b = p;

	for (;;) {
		size_t i = atomic_fetch_add(&b->next, 1);

		if (i >= b->count)
			return NULL;
		b->fn(b->arg, i);
	}
}

void pool_run(unsigned threads, size_t count, void (*fn)(void *arg, size_t i), void *arg)
{
	struct batch b = {.fn = fn, .arg = arg, .count = count};
	pthread_t started[THREADS_MAX];
	unsigned running = 0;
	pthread_attr_t attr;

	threads = (unsigned)MIN((size_t)MIN(threads, THREADS_MAX), count);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	/* A thread that cannot be started is not missed: the others, at least this one, do its share. */
	while (running + 1 < threads && pthread_create(&started[running], &attr, work, &b) == 0)
		running++;
	pthread_attr_destroy(&attr);
	work(&b);
	while (running)
		pthread_join(started[--running], NULL);
}
