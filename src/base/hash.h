/* Hash table from byte-string keys or pointers to void *, and the hash functions.
 *
 * Keys are not copied: they must outlive the table. Values are opaque. Iteration order is unspecified, so
 * nothing printed may depend on it. Seeds are fixed per process start (hash_seed) to resist flooding.
 * Ownership: hash_init / hash_release. Thread rule: one writer or many readers. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base.h"

struct hash_entry {
	const void *key;
	uint32_t key_len; /* 0 with a pointer key */
	uint32_t hash;
	void *value; /* NULL = free slot */
};

struct hash {
	struct hash_entry *slots;
	uint32_t count, mask;
};

uint32_t hash_bytes(const void *data, size_t len);
uint32_t hash_mix(uint32_t a, uint32_t b);

void hash_init(struct hash *h);
void hash_release(struct hash *h);
void *hash_get(const struct hash *h, const void *key, size_t len);
/* Returns the previous value or NULL. value must not be NULL. */
void *hash_put(struct hash *h, const void *key, size_t len, void *value);
void *hash_get_ptr(const struct hash *h, const void *key);
void *hash_put_ptr(struct hash *h, const void *key, void *value);

#endif
