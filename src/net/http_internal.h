/* Between http_client.c (one attempt, libcurl), http_retry.c (the policy around it) and http_errors.c (words). Not for other rooms. */
#ifndef NET_HTTP_INTERNAL_H
#define NET_HTTP_INTERNAL_H

#include "net/http_client.h"

/* One attempt. As http_do, and ret_delivered says whether on_head or on_body has been called: then it must not be repeated silently. */
int http_attempt(struct http_client *c, const struct ctx *ctx, const struct http_request *request, struct http_response *ret, bool *ret_delivered,
		 struct err *err);

/* verify_result: OpenSSL's, from libcurl. why: libcurl's own words. */
int http_certificate_error(const char *url, const char *why, const struct http_pem *trusted, long verify_result, struct err *err);
int http_connect_timeout_error(const char *url, const char *why, usec_t timeout, struct err *err);

#endif
