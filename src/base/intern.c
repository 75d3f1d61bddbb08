#include "base/intern.h"
#include "base/hash.h"

struct intern_slot {
	const char *s; /* NULL = free */
	uint32_t hash, len;
};

void intern_init(struct intern *t)
{
	memset(t, 0, sizeof(*t));
	arena_init(&t->arena);
}

void intern_release(struct intern *t)
{
	mem_free(t->slots);
	arena_release(&t->arena);
	intern_init(t);
}

static struct intern_slot *find(const struct intern *t, const char *s, uint32_t len, uint32_t hash)
{
	for (uint32_t i = hash & t->mask;; i = (i + 1) & t->mask) {
		struct intern_slot *slot = &t->slots[i];

		if (!slot->s || (slot->hash == hash && slot->len == len && bytes_eq(slot->s, s, len)))
			return slot;
	}
}

static void grow(struct intern *t)
{
	struct intern_slot *old = t->slots;
	uint32_t old_size = old ? t->mask + 1 : 0, size = old ? old_size * 2 : 64;

	t->slots = mem_alloc_table(sizeof(*t->slots) * (size_t)size);
	t->mask = size - 1;
	for (uint32_t i = 0; i < old_size; i++) {
		uint32_t at = old[i].hash & t->mask;

		if (!old[i].s)
			continue;
		while (t->slots[at].s)
			at = (at + 1) & t->mask;
		t->slots[at] = old[i];
	}
	mem_free(old);
}

/* Length, bytes, NUL: aligned to 4, not the arena's 8, since most strings are short. */
static const char *store(struct arena *a, const char *s, uint32_t len)
{
	uintptr_t at = ((uintptr_t)a->next + 3) & ~(uintptr_t)3;
	size_t size = sizeof(uint32_t) + (size_t)len + 1;
	char *p;

	if (a->next && at <= (uintptr_t)a->end && size <= (uintptr_t)a->end - at) {
		p = (char *)at;
		a->next = p + size;
	} else {
		p = arena_alloc(a, size);
	}
	memcpy(p, &len, sizeof(len));
	p += sizeof(len);
	if (len)
		memcpy(p, s, len);
	p[len] = 0;
	return p;
}

const char *intern_add(struct intern *t, const char *s, size_t len)
{
	uint32_t hash = hash_bytes(s, len);
	struct intern_slot *slot;

	if (!t->slots || (uint64_t)(t->count + 1) * 4 > ((uint64_t)t->mask + 1) * 3)
		grow(t);
	slot = find(t, s, (uint32_t)len, hash);
	if (!slot->s) {
		slot->s = store(&t->arena, s, (uint32_t)len);
		slot->hash = hash;
		slot->len = (uint32_t)len;
		t->count++;
	}
	return slot->s;
}

const char *intern_str(struct intern *t, const char *s)
{
	return intern_add(t, s, strlen(s));
}

const char *intern_find(const struct intern *t, const char *s, size_t len)
{
	return t->slots ? find(t, s, (uint32_t)len, hash_bytes(s, len))->s : NULL;
}
