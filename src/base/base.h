/* Base: the few macros and attributes that every file uses, and the memory primitives.
 *
 * Invariants: mem_alloc and friends never return NULL. Running out of memory ends the process with
 * exit code 1 and a message that says so; files are only ever replaced by rename, so nothing is lost.
 * AUTO_DEVOPS_FAIL_ALLOC=N makes the N-th allocation fail (tests/system/test_alloc.py).
 * Thread rule: everything here may be called from any thread. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include "banned.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))

/* `_cleanup_(fn) struct x x`: fn(&x) runs when x leaves its scope. fn must accept a zeroed x. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* Heap memory, zeroed. A size of 0 returns a unique pointer. Freed with mem_free. */
void *mem_alloc(size_t size);
/* Grows or shrinks; new bytes are not zeroed. */
void *mem_realloc(void *p, size_t size);
/* count * size with overflow check; new bytes are not zeroed. */
void *mem_realloc_array(void *p, size_t count, size_t size);
/* So many times MEM_HUGE_PAGE bytes, not zeroed, that the system may back by pages of that size: for what fills up anyway. */
void *mem_alloc_huge(size_t pages);
#define MEM_HUGE_PAGE ((size_t)2 << 20)
/* Zeroed memory for a table that is looked into everywhere: in huge pages when it is big. */
void *mem_alloc_table(size_t size);
void mem_free(void *p);
char *mem_strdup(const char *s);
/* For `_cleanup_(mem_freep) char *p = NULL;` */
void mem_freep(void *pp);

/* Closes *fd unless it is negative, and sets it to -1. For `_cleanup_(fd_closep) int fd = -1;` */
void fd_closep(int *fd);
void file_closep(FILE **f);

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool str_ends(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && str_eq(s + n - m, end);
}

/* Whether n bytes are equal. Most of what is compared here is a name of a few bytes: those are compared in place, without a call. */
static inline bool bytes_eq(const void *x, const void *y, size_t n)
{
	const char *a = (const char *)x, *b = (const char *)y;
	uint64_t p, q;
	uint32_t s, t;

	if (n > 64)
		return memcmp(a, b, n) == 0;
	if (n >= 8) {
		for (size_t i = 0; i + 8 < n; i += 8) {
			memcpy(&p, a + i, 8);
			memcpy(&q, b + i, 8);
			if (p != q)
				return false;
		}
		memcpy(&p, a + n - 8, 8);
		memcpy(&q, b + n - 8, 8);
		return p == q;
	}
	if (n < 4)
		return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
	memcpy(&s, a, 4);
	memcpy(&t, b, 4);
	if (s != t)
		return false;
	memcpy(&s, a + n - 4, 4);
	memcpy(&t, b + n - 4, 4);
	return s == t;
}

/* Is c one of set's characters? NUL never is. */
static inline bool str_has(const char *set, int c)
{
	return c > 0 && strchr(set, c);
}

#endif
