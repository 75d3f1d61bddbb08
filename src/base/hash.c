#include "base/hash.h"

#include <sys/auxv.h>

/* Odd constants with about half of their bits set (fractional digits of the square roots of 2, 3 and 5). */
#define K0 0x6a09e667f3bcc909u
#define K1 0xbb67ae8584caa73bu
#define K2 0x3c6ef372fe94f82bu

static uint64_t hash_seed;

/* Differs per process, so that no outside data can be made to collide on purpose. */
__attribute__((constructor)) static void hash_start(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);

	if (random)
		memcpy(&hash_seed, random, sizeof(hash_seed));
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t read64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t read32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint32_t hash_bytes(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = hash_seed ^ K0, a, b;
	size_t left = len;

	if (left > 32) { /* two at once: one multiplication need not wait for the other */
		uint64_t g = h ^ K2;

		for (; left > 32; left -= 32, p += 32) {
			h = fold(read64(p) ^ K1, read64(p + 8) ^ h);
			g = fold(read64(p + 16) ^ K1, read64(p + 24) ^ g);
		}
		h ^= g;
	}
	for (; left > 16; left -= 16, p += 16)
		h = fold(read64(p) ^ K1, read64(p + 8) ^ h);
	if (left >= 8) {
		a = read64(p);
		b = read64(p + left - 8);
	} else if (left >= 4) {
		a = read32(p);
		b = read32(p + left - 4);
	} else if (left) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[left >> 1] << 8 | p[left - 1];
		b = 0;
	} else {
		a = b = 0;
	}
	h = fold(fold(a ^ K1, b ^ h) ^ K2, (uint64_t)len ^ K0);
	return (uint32_t)(h ^ h >> 32);
}

uint32_t hash_mix(uint32_t a, uint32_t b)
{
	uint64_t h = fold(((uint64_t)a << 32 | b) ^ K1, hash_seed ^ K2);

	return (uint32_t)(h ^ h >> 32);
}

void hash_init(struct hash *h)
{
	memset(h, 0, sizeof(*h));
}

void hash_release(struct hash *h)
{
	mem_free(h->slots);
	hash_init(h);
}

static uint32_t hash_ptr(const void *key)
{
	uint64_t h = fold((uintptr_t)key ^ K1, hash_seed ^ K2);

	return (uint32_t)(h ^ h >> 32);
}

/* The slot of the key, or the free one where it would go. A pointer key has len 0 and is compared by address. */
static struct hash_entry *find(const struct hash *h, const void *key, uint32_t len, uint32_t hash, bool pointer)
{
	for (uint32_t i = hash & h->mask;; i = (i + 1) & h->mask) {
		struct hash_entry *e = &h->slots[i];

		if (!e->value)
			return e;
		if (e->hash != hash || e->key_len != len)
			continue;
		if (pointer ? e->key == key : len == 0 || memcmp(e->key, key, len) == 0)
			return e;
	}
}

static void grow(struct hash *h)
{
	struct hash_entry *old = h->slots;
	uint32_t old_size = old ? h->mask + 1 : 0, size = old ? old_size * 2 : 16;

	h->slots = mem_alloc_table(sizeof(*h->slots) * (size_t)size);
	h->mask = size - 1;
	for (uint32_t i = 0; i < old_size; i++) {
		uint32_t at = old[i].hash & h->mask;

		if (!old[i].value)
			continue;
		while (h->slots[at].value)
			at = (at + 1) & h->mask;
		h->slots[at] = old[i];
	}
	mem_free(old);
}

static void *put(struct hash *h, const void *key, uint32_t len, uint32_t hash, bool pointer, void *value)
{
	struct hash_entry *e;
	void *previous;

	/* At most three quarters full: probes stay short and an end is always found. */
	if (!h->slots || (uint64_t)(h->count + 1) * 4 > ((uint64_t)h->mask + 1) * 3)
		grow(h);
	e = find(h, key, len, hash, pointer);
	previous = e->value;
	if (!previous) {
		e->key = key;
		e->key_len = len;
		e->hash = hash;
		h->count++;
	}
	e->value = value;
	return previous;
}

void *hash_get(const struct hash *h, const void *key, size_t len)
{
	return h->slots ? find(h, key, (uint32_t)len, hash_bytes(key, len), false)->value : NULL;
}

void *hash_put(struct hash *h, const void *key, size_t len, void *value)
{
	return put(h, key, (uint32_t)len, hash_bytes(key, len), false, value);
}

void *hash_get_ptr(const struct hash *h, const void *key)
{
	return h->slots ? find(h, key, 0, hash_ptr(key), true)->value : NULL;
}

void *hash_put_ptr(struct hash *h, const void *key, void *value)
{
	return put(h, key, 0, hash_ptr(key), true, value);
}
