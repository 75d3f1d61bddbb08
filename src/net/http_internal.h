/* Between http_client.c (one attempt, libcurl) and http_retry.c (the policy around it). Not for other rooms. */
#ifndef NET_HTTP_INTERNAL_H
#define NET_HTTP_INTERNAL_H

#include "net/http_client.h"

/* One attempt. As http_do, and ret_delivered says whether on_head or on_body has been called: then it must not be repeated silently. */
int http_attempt(struct http_client *c, const struct ctx *ctx, const struct http_request *request, struct http_response *ret, bool *ret_delivered,
		 struct err *err);

#endif
