/* The memory primitives of base.h, and the arena. */
#include "base/arena.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* Which allocation shall fail (tests only); 0 = none. */
static long fail_at;
static atomic_long allocations;

__attribute__((constructor)) static void mem_start(void)
{
	const char *s = getenv("AUTO_DEVOPS_FAIL_ALLOC");

	if (s)
		fail_at = strtol(s, NULL, 10);
}

static NORETURN void out_of_memory(size_t size)
{
	char text[96];
	int n = snprintf(text, sizeof(text), "auto-devops: out of memory (asked for %zu bytes)\n", size);

	if (write(STDERR_FILENO, text, (size_t)n) < 0)
		_exit(1);
	_exit(1);
}

static bool must_fail(void)
{
	return __builtin_expect(fail_at != 0, 0) && atomic_fetch_add(&allocations, 1) + 1 == fail_at;
}

void *mem_alloc(size_t size)
{
	void *p = must_fail() ? NULL : calloc(1, size ? size : 1);

	if (!p)
		out_of_memory(size);
	return p;
}

void *mem_realloc(void *p, size_t size)
{
	void *q = must_fail() ? NULL : realloc(p, size ? size : 1);

	if (!q)
		out_of_memory(size);
	return q;
}

void *mem_alloc_huge(size_t pages)
{
	size_t size = pages * MEM_HUGE_PAGE;
	void *p = must_fail() ? NULL : aligned_alloc(MEM_HUGE_PAGE, size);

	if (!p)
		out_of_memory(size);
	/* Where the system has no huge pages these are ordinary ones. */
	(void)madvise(p, size, MADV_HUGEPAGE);
	return p;
}

void *mem_alloc_table(size_t size)
{
	size_t pages = (size + MEM_HUGE_PAGE - 1) / MEM_HUGE_PAGE;

	return size < MEM_HUGE_PAGE / 2 ? mem_alloc(size) : memset(mem_alloc_huge(pages), 0, size);
}

void *mem_realloc_array(void *p, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		out_of_memory(SIZE_MAX);
	return mem_realloc(p, total);
}

void mem_free(void *p)
{
	free(p);
}

char *mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mem_realloc(NULL, n), s, n);
}

void mem_freep(void *pp)
{
	void **p = pp;

	free(*p);
	*p = NULL;
}

void fd_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void file_closep(FILE **f)
{
	if (*f)
		fclose(*f);
	*f = NULL;
}
