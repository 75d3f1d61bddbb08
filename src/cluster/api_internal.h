/* Between api_client.c (requests), api_credential.c (who we are) and api_status.c (what an error answer says). */
#ifndef CLUSTER_API_INTERNAL_H
#define CLUSTER_API_INTERNAL_H

#include "cluster/api_client.h"

#include <pthread.h>

/* What identifies us, until it is renewed. Shared by the requests that use it: credential_unref. */
struct credential {
	unsigned refs;
	struct arena arena;
	const char *authorization; /* "Authorization: ..." or NULL */
	struct http_client *http;  /* with the plugin's client certificate; NULL = the client's own */
	usec_t expires;            /* wall clock; 0 = unknown */
	usec_t read_at;            /* monotonic: when the token file was read */
};

struct api_client {
	struct arena arena;
	struct kubeconfig config;
	struct http_client *http;
	const char *const *identity; /* Impersonate-* headers, NULL-terminated */
	usec_t request_timeout;
	usec_t skew;          /* atomic: server's clock minus ours */
	char *certificates;   /* PEM, of the first connection; set once, before other threads ask */
	int gzip;             /* atomic: -1 not known yet, 0 near server, 1 far away */
	pthread_mutex_t lock; /* credential */
	struct credential *credential;
};

/* The options of an HTTP client for this configuration, without client certificate. */
struct http_client_options api_http_options(const struct kubeconfig *k);
/* The present credential, renewed when it has expired or is `refused`. */
int credential_get(struct api_client *c, const struct ctx *ctx, const struct credential *refused, struct credential **ret, struct err *err);
void credential_unref(struct credential *cr);
void credential_unrefp(struct credential **cr);
/* May asking again give another credential? */
bool credential_renewable(const struct kubeconfig *k);
int impersonation_headers(struct arena *a, const struct kubeconfig *k, const char *const **ret, struct err *err);
/* What to say to somebody whose credentials were refused. */
const char *credential_hint(struct arena *a, const struct kubeconfig *k);

/* Fills err from an answer outside 2xx. About a log only the server's words are told: they stand beside the container's name. */
int api_status_error(struct api_client *c, struct ctx *ctx, const char *url, bool about_a_log, const struct http_response *r, struct err *err);

#endif
