/* release: the version number in what a program prints about itself, and which of two is the newer one.
 *
 * What programs print is outside text: nothing is assumed of it but its length. Thread rule: pure, any thread. */
#ifndef PLATFORM_RELEASE_H
#define PLATFORM_RELEASE_H

#include "base/base.h"

#define RELEASE_PARTS 4
#define RELEASE_MAX 64 /* bytes of a version's text */

struct release {
	uint32_t parts[RELEASE_PARTS]; /* what is not said is 0: 1.32 equals 1.32.0 */
	unsigned count;                /* said */
	bool early;                    /* an alpha, beta or release candidate: older than the release of its number */
};

/* The text begins with a version: "v1.32.0-rc.1+k3s1", "3.11", "24.04". False: it does not. */
bool release_parse(const char *text, size_t len, struct release *ret);
/* The first word behind `marker` (NULL: of the whole text) that is a version of at least two numbers. Returns where it begins (without a "v"),
 * with its length, or NULL. A number in the middle of a word ("sha256", "x86_64") is none; an address with a port is none. */
const char *release_find(const char *text, size_t len, const char *marker, size_t *ret_len);
/* Below 0: a is older. */
int release_compare(const struct release *a, const struct release *b);

#endif
