/* http_client: requests to HTTP(S) servers, with the answer handed over while it arrives.
 *
 * The only includer of libcurl, which is loaded on the first request (base/module.h). One client = one set of TLS and proxy
 * settings and a pool of kept connections; it follows no redirects (a redirect could carry credentials elsewhere), keeps no
 * cookies, reads no .netrc and never asks for a passphrase.
 * Limits: response body (`max_body`, after decompression), response headers HTTP_MAX_HEADERS, error bodies HTTP_MAX_ERROR_BODY,
 * time (ctx deadline, `timeout`, `idle_timeout`, the client's connect time-out). The cancel flag of ctx is seen within
 * HTTP_POLL_MS, also while connecting or looking up a name.
 * Ownership: http_client_new / http_client_free; options are copied. Thread rule: a client may be used by many threads at once;
 * callbacks run on the thread that called http_do. */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "base/ctx.h"
#include "base/strbuf.h"

#define HTTP_MAX_HEADERS ((size_t)256 << 10)
#define HTTP_MAX_ERROR_BODY ((size_t)64 << 10)
#define HTTP_MAX_CERTIFICATES ((size_t)256 << 10)
#define HTTP_CONNECT_TIMEOUT (10 * USEC_PER_SEC)
#define HTTP_IDLE_TIMEOUT (20 * USEC_PER_SEC)
#define HTTP_POLL_MS 100
#define HTTP_ATTEMPTS 4               /* idempotent requests: one and three retries, about 0.7 s apart in all when nobody answers */
#define HTTP_MAX_RETRY_AFTER_MS 30000 /* a server that asks for more is reported instead of waited for */

struct http_client;

/* PEM text, or nothing (data NULL). `from` says where it came from, for messages: "client-key of user x in FILE". */
struct http_pem {
	const char *data;
	size_t len;
	const char *from;
};

struct http_client_options {
	const char *user_agent;
	struct http_pem ca;          /* trust only these; none = the system's */
	struct http_pem cert, key;   /* client certificate */
	const char *tls_server_name; /* for SNI and verification, instead of the URL's host; NULL = the URL's */
	bool insecure;               /* no verification at all */
	const char *proxy;           /* URL; NULL = HTTPS_PROXY, HTTP_PROXY and NO_PROXY decide (never for loopback) */
	usec_t connect_timeout;      /* name look-up, TCP and TLS; 0 = HTTP_CONNECT_TIMEOUT */
};

int http_client_new(const struct http_client_options *options, struct http_client **ret, struct err *err);
void http_client_free(struct http_client *c);
void http_client_freep(struct http_client **c);

struct http_response {
	int status;
	char content_type[128]; /* as sent, cut */
	char location[256];     /* of a redirect, cut */
	int retry_after_ms;     /* 0 = unsaid */
	usec_t date;            /* the server's clock (Date header); 0 = unsaid */
	usec_t connect_time;    /* TCP handshake of this connection, about one round trip; 0 = kept connection */
	bool loopback;          /* the peer is on this machine */
	uint64_t body_bytes;    /* handed over */
	struct strbuf
		certificates; /* PEM: what the server showed in the TLS handshake, its own first; empty unless asked for and on a kept connection */
	struct strbuf error_body; /* of a status outside 200..299, at most HTTP_MAX_ERROR_BODY (the rest is dropped) */
};
void http_response_release(struct http_response *r);

struct http_request {
	const char *method; /* NULL = GET */
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated, or NULL */
	const void *body;
	size_t body_len;
	bool gzip;           /* ask for it; decoded before it is handed over */
	bool certificates;   /* the server's, in the response; HTTP_MAX_CERTIFICATES bytes at most */
	bool only_connect;   /* end after the TLS handshake: whoever listens need not speak HTTP; the status is 0 then */
	usec_t timeout;      /* of one attempt, whole; 0 = only ctx's deadline */
	usec_t idle_timeout; /* nothing sent or received for this long; 0 = HTTP_IDLE_TIMEOUT */
	uint64_t max_body;   /* ERR_LIMIT past it; 0 is refused */
	unsigned attempts;   /* 0 = HTTP_ATTEMPTS for GET, HEAD, PUT, DELETE, else 1 */
	/* Called once the headers of a 2xx answer are there, and then for each piece of its body. Non-zero stops the request and is returned
	 * (with err as the callback left it). on_head may be NULL. While on_body works, the server waits (TCP flow control). */
	int (*on_head)(void *arg, const struct http_response *head, struct err *err);
	int (*on_body)(void *arg, const char *data, size_t len, struct err *err);
	void *arg;
};

/* One request, with retries: 429, 5xx (but 501, 505) and connections that could not be made or were lost before any 2xx body
 * byte was handed over are tried again with exponential back-off and jitter, or after what Retry-After says, within ctx's deadline.
 * 0 once a server has answered, whatever the status: look at ret->status. What a callback returned when it stopped the request.
 * Otherwise an error: ret holds nothing and err says URL, what failed and what to do: ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_CANCELLED, ERR_TLS, ERR_LIMIT, ERR_INPUT (no HTTP). */
int http_do(struct http_client *c, const struct ctx *ctx, const struct http_request *request, struct http_response *ret, struct err *err);

/* on_body for `arg` = struct strbuf: collects; the strbuf's own maximum is the limit. */
int http_collect(void *arg, const char *data, size_t len, struct err *err);

/* Appends s with everything but A-Za-z0-9-._~ (and, with keep_slash, "/") percent-encoded. */
void http_url_escape(struct strbuf *out, const char *s, bool keep_slash);

#endif
