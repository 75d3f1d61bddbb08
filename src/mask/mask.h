/* mask: credentials and personal data out of any text, before it leaves this machine or is written to a file.
 *
 * What is found is replaced by "«masked:password:1a2b3c4d»": what it was taken for, and eight digits of a keyed hash, so that equal
 * secrets stay recognisably equal within one masker (one snapshot) while their values cannot be told. Deterministic for one key.
 * Found: private keys (PEM, also in base64), JWTs, tokens of known shapes (AWS, Google, Azure, GitHub, GitLab, Slack, OpenAI, npm ...),
 * Authorization headers and cookies, name=value and name: value with secret-looking names, passwords in URLs and connection
 * strings, docker and kubeconfig credentials, e-mail addresses. Left alone: image digests, UIDs, names of objects, times,
 * certificates and public keys, references ($(VAR)), and what was masked before.
 * Only this room makes a struct masked_text; whatever must not leak takes one as its argument.
 * Cost: one pass, no backtracking: every byte is looked at a bounded number of times.
 * Ownership: results live in the arena given, or are the input itself where nothing was found. Thread rule: a masker is constant
 * once made; any thread. */
#ifndef MASK_MASK_H
#define MASK_MASK_H

#include "base/arena.h"
#include "format/value.h"

#define MASK_KEY_LEN 32

struct masker {
	uint8_t key[MASK_KEY_LEN];
};

/* A text in which nothing secret was found (any more). Made by mask/ alone. */
struct masked_text {
	const char *text; /* NUL-terminated when the input was or when something was masked */
	size_t len;
};

/* A new random key, so that hashes of one snapshot say nothing about another. */
int masker_init(struct masker *m, struct err *err);
/* For tests: a key of zeros. */
void masker_init_fixed(struct masker *m);

struct masked_text mask_text(const struct masker *m, struct arena *a, const char *s, size_t len);
/* The value of something that has a name: an environment variable, a key of a ConfigMap, an annotation, a header. */
struct masked_text mask_named(const struct masker *m, struct arena *a, const char *name, size_t name_len, const char *s, size_t len);

/* A Kubernetes object: environment values, arguments, data of ConfigMaps, annotations, custom resources, and every other text in it.
 * Parts in which nothing was found are shared with the original. kind: "ConfigMap"; "" when it is not known. */
struct value mask_object(const struct masker *m, struct arena *a, const char *kind, bool custom, const struct value *root);

/* How much a name promises a secret: 0 not, 1 perhaps (then the value must look random), 2 certainly. */
enum mask_name { MASK_NAME_PLAIN, MASK_NAME_WEAK, MASK_NAME_STRONG };
enum mask_name mask_classify_name(const char *name, size_t len);

#endif
