#include "base/arena.h"

#define BLOCK_MIN ((size_t)4 << 10)
#define BLOCK_MAX ((size_t)1 << 20)
/* From here on an arena grows by huge pages. */
#define HUGE_FROM ((size_t)8 << 20)

struct arena_block {
	struct arena_block *older;
	size_t size; /* with this header */
};

void arena_init(struct arena *a)
{
	memset(a, 0, sizeof(*a));
}

void arena_release(struct arena *a)
{
	for (struct arena_block *b = a->blocks, *older; b; b = older) {
		older = b->older;
		mem_free(b);
	}
	arena_init(a);
}

void arena_reset(struct arena *a)
{
	struct arena_block *kept = a->blocks;

	if (!kept || !a->next || kept->size > BLOCK_MAX) {
		arena_release(a);
		return;
	}
	for (struct arena_block *b = kept->older, *older; b; b = older) {
		older = b->older;
		mem_free(b);
	}
	kept->older = NULL;
	a->next = (char *)(kept + 1);
	a->end = (char *)kept + kept->size;
	a->total = kept->size;
}

static char *add_block(struct arena *a, size_t size)
{
	struct arena_block *b = size == MEM_HUGE_PAGE ? mem_alloc_huge(1) : mem_realloc(NULL, size);

	b->size = size;
	b->older = a->blocks;
	a->blocks = b;
	a->total += size;
	return (char *)(b + 1);
}

/* size bytes at the given alignment from a new block. */
static void *alloc_slow(struct arena *a, size_t size)
{
	size_t block = a->total >= HUGE_FROM ? MEM_HUGE_PAGE : MAX(BLOCK_MIN, MIN(BLOCK_MAX, a->total)), need;
	char *p;

	if (__builtin_add_overflow(size, sizeof(struct arena_block), &need))
		need = SIZE_MAX; /* ends in out of memory */
	/* Something big gets a block of its own, so that the rest of the current one is not lost. */
	if (need > block / 4) {
		struct arena_block *current = a->blocks;

		p = add_block(a, need);
		if (current && a->next) {
			a->blocks->older = current->older;
			current->older = a->blocks;
			a->blocks = current;
		}
		return p;
	}
	p = add_block(a, block);
	a->next = p + size;
	a->end = (char *)a->blocks + block;
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	uintptr_t at = ((uintptr_t)a->next + 7) & ~(uintptr_t)7;

	if (a->next && at <= (uintptr_t)a->end && size <= (uintptr_t)a->end - at) {
		a->next = (char *)at + size;
		return (char *)at;
	}
	return alloc_slow(a, size);
}

void *arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p;

	if (a->next && len < (size_t)(a->end - a->next)) {
		p = a->next;
		a->next += len + 1;
	} else {
		p = alloc_slow(a, len + 1);
	}
	if (len)
		memcpy(p, s, len);
	p[len] = 0;
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	size_t room = a->next ? (size_t)(a->end - a->next) : 0;
	va_list again;
	char *p;
	int n;

	/* Most texts fit into what is left of the block: formatted once, in place. */
	va_copy(again, ap);
	n = vsnprintf(a->next, room, fmt, again);
	va_end(again);
	if (n < 0)
		return arena_strndup(a, "", 0);
	if ((size_t)n < room) {
		p = a->next;
		a->next += n + 1;
		return p;
	}
	p = alloc_slow(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

void *arena_memdup(struct arena *a, const void *p, size_t size)
{
	void *q = arena_alloc(a, size);

	return size ? memcpy(q, p, size) : q;
}

void *arena_grow(struct arena *a, void *items, uint32_t *cap, size_t item_size)
{
	uint32_t bigger = *cap ? *cap * 2 : 4;
	size_t size;
	void *p;

	if (bigger <= *cap || __builtin_mul_overflow((size_t)bigger, item_size, &size))
		size = SIZE_MAX; /* ends in out of memory */
	p = arena_alloc(a, size);
	if (*cap)
		memcpy(p, items, *cap * item_size);
	*cap = bigger;
	return p;
}
