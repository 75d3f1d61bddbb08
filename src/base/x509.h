/* x509: what a certificate says: whose it is, who signed it, for which names, from when to when (RFC 5280).
 *
 * The only includer of OpenSSL, of which libcrypto is loaded on the first certificate (base/module.h). Nothing is verified here: a
 * certificate that has expired, or that nobody signed, is read like any other.
 * Limits: X509_MAX_CERTIFICATES of one text, X509_MAX_NAMES of one certificate; the rest is passed over.
 * Ownership: everything returned lives in the arena given. Thread rule: any thread, each with its own arena. */
#ifndef BASE_X509_H
#define BASE_X509_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

#define X509_MAX_CERTIFICATES 256 /* of one text: a system's whole trust store has about 150 */
#define X509_MAX_NAMES 100

struct x509_info {
	const char *subject, *issuer; /* the common name, else the whole name as "/O=example/OU=x"; "" when empty */
	const char *const *names;     /* DNS names and IP addresses it is for; NULL-terminated */
	usec_t not_before, not_after; /* the first and the last moment at which it is valid */
};

struct x509_list {
	struct x509_info *items;
	uint32_t len, cap;
};

/* The certificates of a PEM text, in its order; what stands between them is passed over. ERR_INPUT when there is none, or when one cannot be
 * read ("certificate 2: ..."); ERR_UNSUPPORTED without OpenSSL. */
int x509_read_pem(struct arena *a, const char *text, size_t len, struct x509_list *ret, struct err *err);
/* Is it for this host (RFC 6125: a wildcard stands for one whole leftmost label)? Subjects do not count. */
bool x509_is_for(const struct x509_info *x, const char *host);
/* The one that is first to expire; the list is not empty. */
const struct x509_info *x509_first_to_expire(const struct x509_list *list);

#endif
