/* A hash table from pointers to pointers whose slots live in an arena: nothing to release. Thread rule: one thread. */
#ifndef DIAGNOSE_PTR_MAP_H
#define DIAGNOSE_PTR_MAP_H

#include "base/arena.h"

struct ptr_slot {
	const void *key; /* NULL = free */
	void *value;
};

/* Zeroed = empty. */
struct ptr_map {
	struct ptr_slot *slots;
	uint32_t count, cap;
};

void *ptr_map_get(const struct ptr_map *m, const void *key);
/* Adds or replaces. */
void ptr_map_put(struct arena *a, struct ptr_map *m, const void *key, void *value);

#endif
