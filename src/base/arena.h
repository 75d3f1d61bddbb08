/* Arena: memory for one unit of work (a request, a check run, an inventory), freed all at once.
 *
 * Invariants: pointers stay valid until arena_release; allocation never fails (see base.h); nothing is
 * ever freed piece by piece. Memory is aligned to 8 bytes (copied strings to 1) and not zeroed unless said.
 * Blocks grow with the arena from 4 KiB to 1 MiB, so that a small unit of work stays small, and are huge pages in the end.
 * Ownership: whoever calls arena_init calls arena_release. Thread rule: one thread at a time per arena. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	char *next, *end; /* free space of the newest block */
	size_t total;     /* bytes held from the heap */
};

void arena_init(struct arena *a);
void arena_release(struct arena *a);
/* All pointers become invalid, as after arena_release, but the newest block is kept for what comes next. */
void arena_reset(struct arena *a);
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t size);
/* Copies len bytes and adds a NUL. */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
void *arena_memdup(struct arena *a, const void *p, size_t size);

#define arena_new(a, type) ((type *)arena_zalloc((a), sizeof(type)))
#define arena_new_array(a, type, n) ((type *)arena_zalloc((a), sizeof(type) * (size_t)(n)))

/* Growable array in an arena: `struct { T *items; uint32_t len, cap; } v = {0}; *arena_push(a, &v) = x;`
 * Doubling leaves the old copy behind in the arena: at most twice the final size. */
#define arena_push(a, v)                                                                                                                             \
	((v)->len == (v)->cap ? (void)((v)->items = arena_grow((a), (v)->items, &(v)->cap, sizeof(*(v)->items))) : (void)0, &(v)->items[(v)->len++])
void *arena_grow(struct arena *a, void *items, uint32_t *cap, size_t item_size);

#endif
