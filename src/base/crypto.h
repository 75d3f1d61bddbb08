/* SHA-256 (FIPS 180-4) and base64 (RFC 4648), own code: see crypto.c for why not OpenSSL.
 * Thread rule: pure, any thread. */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "strbuf.h"

#define SHA256_HEX_LEN 64
void crypto_sha256_hex(const void *data, size_t len, char ret_hex[SHA256_HEX_LEN + 1]);
/* Appends the decoded bytes; standard or URL alphabet, padding optional, white space skipped. ERR_INPUT otherwise. */
int crypto_base64_decode(const char *s, size_t len, struct strbuf *out, struct err *err);
void crypto_base64_encode(const void *data, size_t len, struct strbuf *out);

#endif
