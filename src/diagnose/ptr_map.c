#include "diagnose/ptr_map.h"

static uint32_t slot_of(const struct ptr_map *m, const void *key)
{
	uint64_t h = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u;
	uint32_t i = (uint32_t)(h >> 32) & (m->cap - 1);

	while (m->slots[i].key && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

void *ptr_map_get(const struct ptr_map *m, const void *key)
{
	return m->cap ? m->slots[slot_of(m, key)].value : NULL;
}

static void grow(struct arena *a, struct ptr_map *m)
{
	struct ptr_map bigger = {.cap = m->cap ? m->cap * 2 : 64};

	bigger.slots = arena_new_array(a, struct ptr_slot, bigger.cap);
	for (uint32_t i = 0; i < m->cap; i++)
		if (m->slots[i].key)
			bigger.slots[slot_of(&bigger, m->slots[i].key)] = m->slots[i];
	bigger.count = m->count;
	*m = bigger;
}

void ptr_map_put(struct arena *a, struct ptr_map *m, const void *key, void *value)
{
	uint32_t i;

	if (m->count * 4 >= m->cap * 3)
		grow(a, m);
	i = slot_of(m, key);
	if (!m->slots[i].key)
		m->count++;
	m->slots[i] = (struct ptr_slot){.key = key, .value = value};
}
