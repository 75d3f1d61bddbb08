/* Interned strings: each distinct string is kept once, so that equal strings have equal pointers.
 *
 * Invariants: a returned pointer is NUL-terminated, immutable and valid until intern_release; its length
 * stands before it (intern_len is O(1)). Bytes may include NUL. Two strings of one table are equal iff
 * their pointers are. Thread rule: one thread at a time per table. */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include "arena.h"

struct intern {
	struct arena arena;
	struct intern_slot *slots;
	uint32_t count, mask;
};

void intern_init(struct intern *t);
void intern_release(struct intern *t);
const char *intern_add(struct intern *t, const char *s, size_t len);
/* As intern_add; faster when the string is that of guess (interned in t, or NULL). */
static inline const char *intern_add_like(struct intern *t, const char *guess, const char *s, size_t len);
const char *intern_str(struct intern *t, const char *s);
/* The interned pointer of s, or NULL when it was never added. */
const char *intern_find(const struct intern *t, const char *s, size_t len);

static inline uint32_t intern_len(const char *interned)
{
	return ((const uint32_t *)(const void *)interned)[-1];
}

static inline const char *intern_add_like(struct intern *t, const char *guess, const char *s, size_t len)
{
	return guess && intern_len(guess) == len && bytes_eq(guess, s, len) ? guess : intern_add(t, s, len);
}

#endif
