/* api_client: requests to one Kubernetes API server, as the user of a kubeconfig.
 *
 * It adds credentials (and renews them: exec plugin, token file), impersonation and the server's base path, checks that the answer
 * is one of a Kubernetes API and turns every Status into an error that names the URL:
 *   401 -> renewed once, then ERR_UNAUTHENTICATED   403 -> ERR_FORBIDDEN   404 -> ERR_NOT_FOUND   409, 410 -> ERR_CONFLICT
 *   405, 406, 415 -> ERR_UNSUPPORTED   429, 5xx -> ERR_UNAVAILABLE (after http_client's retries)   other 4xx -> ERR_INPUT
 * Ownership: api_client_new / api_client_free. Thread rule: any number of threads, each with its own ctx; a plugin runs once for all. */
#ifndef CLUSTER_API_CLIENT_H
#define CLUSTER_API_CLIENT_H

#include "cluster/kubeconfig.h"

struct api_client;

/* Reads the kubeconfig; contacts nobody. service_account_dir: NULL = SERVICE_ACCOUNT_DIR. */
int api_client_new(const struct cluster_options *options, const char *service_account_dir, struct api_client **ret, struct err *err);
void api_client_free(struct api_client *c);
void api_client_freep(struct api_client **c);
const struct kubeconfig *api_client_config(const struct api_client *c);

enum api_format {
	API_JSON,
	API_PROTOBUF,
	API_TEXT, /* logs: any content type but HTML */
};

#define API_ACCEPT_JSON "application/json"
#define API_ACCEPT_PROTOBUF "application/vnd.kubernetes.protobuf,application/json;q=0.9"
#define API_ACCEPT_METADATA_JSON "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
#define API_ACCEPT_METADATA_PROTOBUF                                                                                                                 \
	"application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1," API_ACCEPT_METADATA_JSON ";q=0.9"

struct api_request {
	const char *method; /* NULL = GET */
	const char *path;   /* "/api/v1/pods?limit=500", already escaped */
	const char *accept; /* NULL = API_ACCEPT_JSON */
	const char *body, *content_type;
	bool text;           /* the answer is text, not JSON or protobuf */
	uint64_t max_body;   /* 0 = API_MAX_BODY */
	usec_t timeout;      /* of one attempt; 0 = the options' request_timeout; API_NO_TIMEOUT for streams */
	usec_t idle_timeout; /* 0 = HTTP_IDLE_TIMEOUT */
	/* Once, before the first byte of a 2xx answer: how the body is encoded. May be NULL. */
	int (*on_format)(void *arg, enum api_format format, struct err *err);
	int (*on_body)(void *arg, const char *data, size_t len, struct err *err);
	void *arg;
};
#define API_MAX_BODY ((uint64_t)4 << 30)
#define API_NO_TIMEOUT ((usec_t)-1)

int api_do(struct api_client *c, struct ctx *ctx, const struct api_request *request, struct err *err);
/* The server's clock minus ours, from the first answer's Date header (to the second); 0 when less than API_SKEW_MIN or unknown. */
usec_t api_client_clock_skew(const struct api_client *c);
/* What the server showed in the first TLS handshake, PEM, its own certificate first; "" without TLS. */
const char *api_client_certificates(const struct api_client *c);
#define API_SKEW_MIN (3 * USEC_PER_SEC)
/* The token of a 410's Status with which a list can go on from a newer version; "" when there was none. Valid until this thread's next api_do. */
const char *api_last_continue(void);

/* GETs a JSON document of at most max bytes into a tree. */
int api_get_json(struct api_client *c, struct ctx *ctx, const char *path, const char *accept, size_t max, struct value_builder *b, struct value *ret,
		 struct err *err);

/* "/api/v1", "/apis/apps/v1", ... + "/namespaces/NS" + "/pods" in arena; ns NULL or "" = all namespaces. */
const char *api_list_path(struct arena *a, const struct kind *kind, const char *ns);

#endif
