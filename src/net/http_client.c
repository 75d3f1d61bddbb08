/* curl first: base/banned.h poisons names that system headers may still mention. */
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

#include "net/http_internal.h"
#include "base/log.h"
#include "base/module.h"
#include "telemetry/telemetry.h"

#include <pthread.h>
#include <strings.h>

#define CURL_LIBRARY "libcurl.so.4"
#define CURL_PACKAGE "libcurl4 (Debian, Ubuntu) or libcurl (Fedora)"
#define IDLE_HANDLES_MAX 16
#define RECEIVE_BUFFER 65536L

/* libcurl is loaded on the first request: linking it would cost every start of the program 5 ms (base/module.h). */
#define CURL_FUNCTIONS(X)                                                                                                                            \
	X(curl_global_init)                                                                                                                          \
	X(curl_easy_init)                                                                                                                            \
	X(curl_easy_cleanup)                                                                                                                         \
	X(curl_easy_reset)                                                                                                                           \
	X(curl_easy_setopt)                                                                                                                          \
	X(curl_easy_getinfo)                                                                                                                         \
	X(curl_easy_strerror)                                                                                                                        \
	X(curl_multi_init)                                                                                                                           \
	X(curl_multi_cleanup)                                                                                                                        \
	X(curl_multi_add_handle)                                                                                                                     \
	X(curl_multi_remove_handle)                                                                                                                  \
	X(curl_multi_perform)                                                                                                                        \
	X(curl_multi_poll)                                                                                                                           \
	X(curl_multi_info_read)                                                                                                                      \
	X(curl_share_init)                                                                                                                           \
	X(curl_share_setopt)                                                                                                                         \
	X(curl_share_cleanup)                                                                                                                        \
	X(curl_slist_append)                                                                                                                         \
	X(curl_slist_free_all)                                                                                                                       \
	X(curl_url)                                                                                                                                  \
	X(curl_url_cleanup)                                                                                                                          \
	X(curl_url_get)                                                                                                                              \
	X(curl_url_set)                                                                                                                              \
	X(curl_getdate)                                                                                                                              \
	X(curl_free)

MODULE(CURL_FUNCTIONS, CURL_LIBRARY, CURL_PACKAGE, lib.curl_global_init(CURL_GLOBAL_DEFAULT) == 0);

/* A connection's worth of curl: the multi handle keeps the connection between requests; it is there, rather than
 * curl_easy_perform, because its poll can be left in time for Ctrl-C. */
struct handle {
	CURL *easy;
	CURLM *multi;
	struct handle *next;
};

struct http_client {
	struct arena arena; /* copies of the options */
	struct http_client_options o;
	const char *no_proxy;
	pthread_mutex_t lock; /* idle, idle_count */
	struct handle *idle;
	unsigned idle_count;
	/* TLS sessions, which all connections share: the second one to a server goes on with the first one's, without certificates and signatures. */
	CURLSH *share;
	pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];
};

/* Everything one attempt's callbacks need. */
struct transfer {
	const struct http_request *request;
	const struct ctx *ctx;
	struct http_response *response;
	struct handle *handle;
	const char *url; /* for messages: as the caller wrote it */
	size_t header_bytes;
	usec_t last_progress;
	bool delivered, head_done;
	bool head_complete; /* the empty line after the headers was seen */
	int rc;             /* what a callback wants http_attempt to return */
	bool enough;        /* of an error body */
	struct err *err;
	char curl_error[CURL_ERROR_SIZE];
	struct curl_slist *headers, *connect_to;
	char *rewritten_url; /* curl_free */
};

static void copy_pem(struct arena *a, struct http_pem *pem)
{
	if (pem->data)
		pem->data = arena_strndup(a, pem->data, pem->len);
	if (pem->from)
		pem->from = arena_strdup(a, pem->from);
}

/* Go's clients, kubectl among them, never use a proxy from the environment for loopback; curl would. */
static const char *no_proxy_list(struct arena *a)
{
	const char *env = getenv("no_proxy");
	if (!env)
		env = getenv("NO_PROXY");
	return env && *env ? arena_printf(a, "%s,localhost,127.0.0.1,::1", env) : "localhost,127.0.0.1,::1";
}

static void lock_shared(CURL *easy, curl_lock_data data, curl_lock_access access, void *arg)
{
	(void)easy;
	(void)access;
	pthread_mutex_lock(&((struct http_client *)arg)->share_locks[data]);
}

static void unlock_shared(CURL *easy, curl_lock_data data, void *arg)
{
	(void)easy;
	pthread_mutex_unlock(&((struct http_client *)arg)->share_locks[data]);
}

/* Without it connections only begin more slowly. */
static void share_sessions(struct http_client *c)
{
	for (size_t i = 0; i < ARRAY_LEN(c->share_locks); i++)
		pthread_mutex_init(&c->share_locks[i], NULL);
	c->share = lib.curl_share_init();
	if (!c->share)
		return;
	lib.curl_share_setopt(c->share, CURLSHOPT_LOCKFUNC, lock_shared);
	lib.curl_share_setopt(c->share, CURLSHOPT_UNLOCKFUNC, unlock_shared);
	lib.curl_share_setopt(c->share, CURLSHOPT_USERDATA, c);
	lib.curl_share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

int http_client_new(const struct http_client_options *options, struct http_client **ret, struct err *err)
{
	if (lib_ready(err) < 0)
		return lib_result;
	struct http_client *c = mem_alloc(sizeof(*c));
	arena_init(&c->arena);
	c->o = *options;
	copy_pem(&c->arena, &c->o.ca);
	copy_pem(&c->arena, &c->o.cert);
	copy_pem(&c->arena, &c->o.key);
	c->o.user_agent = arena_strdup(&c->arena, options->user_agent ? options->user_agent : "auto-devops/" AUTO_DEVOPS_VERSION);
	if (options->tls_server_name)
		c->o.tls_server_name = arena_strdup(&c->arena, options->tls_server_name);
	if (options->proxy) /* Go lets a SOCKS5 proxy look names up, which curl calls socks5h */
		c->o.proxy = strncmp(options->proxy, "socks5://", 9) == 0 ? arena_printf(&c->arena, "socks5h://%s", options->proxy + 9)
									  : arena_strdup(&c->arena, options->proxy);
	c->no_proxy = no_proxy_list(&c->arena);
	pthread_mutex_init(&c->lock, NULL);
	share_sessions(c);
	*ret = c;
	return 0;
}

static void handle_free(struct handle *h)
{
	lib.curl_easy_cleanup(h->easy);
	lib.curl_multi_cleanup(h->multi);
	mem_free(h);
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	while (c->idle) {
		struct handle *h = c->idle;
		c->idle = h->next;
		handle_free(h);
	}
	if (c->share)
		lib.curl_share_cleanup(c->share);
	for (size_t i = 0; i < ARRAY_LEN(c->share_locks); i++)
		pthread_mutex_destroy(&c->share_locks[i]);
	pthread_mutex_destroy(&c->lock);
	arena_release(&c->arena);
	mem_free(c);
}

void http_client_freep(struct http_client **c)
{
	http_client_free(*c);
}

void http_response_release(struct http_response *r)
{
	if (!r)
		return;
	strbuf_release(&r->error_body);
	strbuf_release(&r->certificates);
}

static struct handle *handle_take(struct http_client *c)
{
	pthread_mutex_lock(&c->lock);
	struct handle *h = c->idle;
	if (h) {
		c->idle = h->next;
		c->idle_count--;
	}
	pthread_mutex_unlock(&c->lock);
	if (h)
		return h;
	h = mem_alloc(sizeof(*h));
	h->easy = lib.curl_easy_init();
	h->multi = lib.curl_multi_init();
	if (!h->easy || !h->multi) {
		handle_free(h);
		return NULL;
	}
	if (c->share)
		lib.curl_easy_setopt(h->easy, CURLOPT_SHARE, c->share);
	return h;
}

static void handle_give(struct http_client *c, struct handle *h, bool keep)
{
	if (keep) {
		lib.curl_easy_reset(h->easy);
		pthread_mutex_lock(&c->lock);
		keep = c->idle_count < IDLE_HANDLES_MAX;
		if (keep) {
			h->next = c->idle;
			c->idle = h;
			c->idle_count++;
		}
		pthread_mutex_unlock(&c->lock);
	}
	if (!keep)
		handle_free(h);
}

static size_t stop(struct transfer *t, int rc)
{
	t->rc = rc;
	return 0; /* curl takes any count but the one given as "stop" */
}

static void copy_header(char *ret, size_t size, const char *value, size_t len)
{
	while (len && (*value == ' ' || *value == '\t')) {
		value++;
		len--;
	}
	while (len && (value[len - 1] == '\r' || value[len - 1] == '\n' || value[len - 1] == ' '))
		len--;
	len = MIN(len, size - 1);
	memcpy(ret, value, len);
	ret[len] = '\0';
}

static bool header_is(const char *line, size_t len, const char *name, const char **ret_value, size_t *ret_len)
{
	size_t n = strlen(name);
	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	*ret_value = line + n + 1;
	*ret_len = len - n - 1;
	return true;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct http_response *r = t->response;
	size_t len = size * count, value_len;
	const char *value;
	t->last_progress = clock_monotonic();
	t->header_bytes += len;
	if (t->header_bytes > HTTP_MAX_HEADERS)
		return stop(t, err_set(t->err, ERR_LIMIT, "%s: the answer's headers are larger than %zu bytes", t->url, HTTP_MAX_HEADERS));
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0) { /* also after "100 Continue" and a proxy's answer to CONNECT */
		r->content_type[0] = r->location[0] = '\0';
		t->head_complete = false;
	} else if (len <= 2 && (line[0] == '\r' || line[0] == '\n')) {
		t->head_complete = true;
	} else if (header_is(line, len, "content-type", &value, &value_len)) {
		copy_header(r->content_type, sizeof(r->content_type), value, value_len);
	} else if (header_is(line, len, "location", &value, &value_len)) {
		copy_header(r->location, sizeof(r->location), value, value_len);
	} else if (header_is(line, len, "date", &value, &value_len)) {
		char text[64];
		copy_header(text, sizeof(text), value, value_len);
		time_t date = lib.curl_getdate(text, NULL);
		r->date = date > 0 ? (usec_t)date * USEC_PER_SEC : 0;
	}
	return len;
}

static void read_status(struct transfer *t)
{
	CURL *easy = t->handle->easy;
	long status = 0;
	curl_off_t retry_after = 0, connected = 0, resolved = 0;
	lib.curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	lib.curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
	lib.curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
	lib.curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
	t->response->status = (int)status;
	t->response->retry_after_ms = (int)(MIN(MAX(retry_after, 0), 86400) * 1000);
	t->response->connect_time = connected > resolved ? connected - resolved : 0;
	const char *peer = NULL;
	lib.curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &peer);
	t->response->loopback = peer && (strncmp(peer, "127.", 4) == 0 || str_eq(peer, "::1"));
}

/* on_head, once, when the answer is a 2xx. */
static int deliver_head(struct transfer *t)
{
	if (t->head_done)
		return 0;
	t->head_done = true;
	read_status(t);
	if (t->response->status < 200 || t->response->status > 299 || !t->request->on_head)
		return 0;
	t->delivered = true;
	return t->request->on_head(t->request->arg, t->response, t->err);
}

static size_t on_data(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct http_response *r = t->response;
	size_t len = size * count;
	int rc = ctx_check(t->ctx, t->err);
	if (rc == 0)
		rc = deliver_head(t);
	if (rc != 0)
		return stop(t, rc);
	if (r->status < 200 || r->status > 299) {
		strbuf_add(&r->error_body, data, len); /* what does not fit is dropped: it is only read for its message */
		if (r->error_body.overflow) {
			t->enough = true;
			return stop(t, 0);
		}
	} else {
		r->body_bytes += len;
		if (r->body_bytes > t->request->max_body)
			return stop(t, err_set(t->err, ERR_LIMIT, "%s: the answer is larger than the limit of %llu bytes", t->url,
					       (unsigned long long)t->request->max_body));
		t->delivered = true;
		if (t->request->on_body && (rc = t->request->on_body(t->request->arg, data, len, t->err)) != 0)
			return stop(t, rc);
	}
	t->last_progress = clock_monotonic(); /* after the callback: the server is not to blame for our own work */
	return len;
}

static int seek_body(void *arg, curl_off_t offset, int origin)
{
	(void)arg;
	(void)offset;
	(void)origin;
	return CURL_SEEKFUNC_CANTSEEK;
}

static void set_blob(CURL *easy, CURLoption option, const struct http_pem *pem)
{
	struct curl_blob blob = {.data = (void *)(uintptr_t)pem->data, .len = pem->len, .flags = CURL_BLOB_NOCOPY};
	if (pem->data)
		lib.curl_easy_setopt(easy, option, &blob);
}

static void set_tls(CURL *easy, const struct http_client *c)
{
	if (c->o.ca.data) {
		set_blob(easy, CURLOPT_CAINFO_BLOB, &c->o.ca);
		lib.curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* only this one, not the system's beside it */
	}
	set_blob(easy, CURLOPT_SSLCERT_BLOB, &c->o.cert);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, &c->o.key);
	lib.curl_easy_setopt(easy, CURLOPT_KEYPASSWD, ""); /* an encrypted key fails instead of asking on the terminal */
	lib.curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (c->o.insecure) {
		lib.curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		lib.curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

/* curl takes the name for SNI and verification from the URL: so the URL gets the TLS name, the connection goes to the real
 * host (CONNECT_TO) and the Host header names the real host again. */
static int set_server_name(struct transfer *t, const struct http_client *c, struct err *err)
{
	char *host = NULL, *port = NULL;
	CURLU *u = lib.curl_url();
	int r = -1;
	if (u && lib.curl_url_set(u, CURLUPART_URL, t->url, 0) == CURLUE_OK && lib.curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    lib.curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    lib.curl_url_set(u, CURLUPART_HOST, c->o.tls_server_name, 0) == CURLUE_OK &&
	    lib.curl_url_get(u, CURLUPART_URL, &t->rewritten_url, 0) == CURLUE_OK) {
		char text[1024];
		int n = snprintf(text, sizeof(text), "::%s:%s", host, port);
		if (n > 0 && (size_t)n < sizeof(text)) {
			t->connect_to = lib.curl_slist_append(NULL, text);
			lib.curl_easy_setopt(t->handle->easy, CURLOPT_CONNECT_TO, t->connect_to);
			snprintf(text, sizeof(text), "Host: %s:%s", host, port);
			t->headers = lib.curl_slist_append(t->headers, text);
			r = 0;
		}
	}
	lib.curl_free(host);
	lib.curl_free(port);
	lib.curl_url_cleanup(u);
	return r == 0 ? 0 : err_set(err, ERR_USAGE, "%s cannot be used with tls-server-name %s", t->url, c->o.tls_server_name);
}

static void set_method(CURL *easy, const struct http_request *q)
{
	const char *method = q->method ? q->method : "GET";
	if (q->body) {
		lib.curl_easy_setopt(easy, CURLOPT_POST, 1L);
		lib.curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
		lib.curl_easy_setopt(easy, CURLOPT_POSTFIELDS, q->body);
		lib.curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
	}
	if (str_eq(method, "HEAD"))
		lib.curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (!str_eq(method, "GET") || q->body)
		lib.curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static int set_up(struct transfer *t, const struct http_client *c, struct err *err)
{
	CURL *easy = t->handle->easy;
	const struct http_request *q = t->request;
	for (size_t i = 0; q->headers && q->headers[i]; i++)
		t->headers = lib.curl_slist_append(t->headers, q->headers[i]);
	t->headers = lib.curl_slist_append(t->headers, "Expect:"); /* never wait for "100 Continue" */
	if (c->o.tls_server_name && strncmp(t->url, "https:", 6) == 0) {
		int r = set_server_name(t, c, err);
		if (r < 0)
			return r;
	}
	lib.curl_easy_setopt(easy, CURLOPT_URL, t->rewritten_url ? t->rewritten_url : t->url);
	lib.curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
	lib.curl_easy_setopt(easy, CURLOPT_USERAGENT, c->o.user_agent);
	lib.curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_error);
	lib.curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	lib.curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
	lib.curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	lib.curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	lib.curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
	/* Several HTTP/1.1 connections beat streams of one HTTP/2 connection here: each has its own thread, which decrypts beside the one that
	 * decodes (figures in docs/internals/net.md). */
	lib.curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	lib.curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			     (long)((c->o.connect_timeout ? c->o.connect_timeout : HTTP_CONNECT_TIMEOUT) / USEC_PER_MSEC));
#if LIBCURL_VERSION_NUM >= 0x075500
	lib.curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	lib.curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* Ctrl-C need not wait for a name look-up */
#endif
	if (c->o.proxy)
		lib.curl_easy_setopt(easy, CURLOPT_PROXY, c->o.proxy);
	else
		lib.curl_easy_setopt(easy, CURLOPT_NOPROXY, c->no_proxy);
	if (q->gzip)
		lib.curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (q->certificates)
		lib.curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	if (q->only_connect) {
		lib.curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
		lib.curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* the certificates themselves are wanted */
		lib.curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	}
	set_tls(easy, c);
	set_method(easy, q);
	lib.curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	lib.curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	lib.curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	lib.curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	return 0;
}

/* Milliseconds until something must be looked at again. */
static int poll_ms(const struct ctx *ctx, usec_t attempt_deadline)
{
	usec_t left = MIN(ctx_remaining(ctx), attempt_deadline - clock_monotonic());
	return (int)MIN(MAX(left / USEC_PER_MSEC + 1, 1), HTTP_POLL_MS);
}

/* 0 with *ret_code = curl's verdict, or the error of a time-out or of the cancel flag. */
static int drive(struct transfer *t, CURLcode *ret_code, struct err *err)
{
	CURLM *multi = t->handle->multi;
	usec_t start = clock_monotonic();
	usec_t idle_max = t->request->idle_timeout ? t->request->idle_timeout : HTTP_IDLE_TIMEOUT;
	usec_t deadline = t->request->timeout ? start + t->request->timeout : INT64_MAX;
	t->last_progress = start;
	for (;;) {
		int running = 0, queued = 0;
		CURLMcode m = lib.curl_multi_perform(multi, &running);
		for (CURLMsg *msg; (msg = lib.curl_multi_info_read(multi, &queued));)
			if (msg->msg == CURLMSG_DONE) {
				*ret_code = msg->data.result;
				return 0;
			}
		if (m != CURLM_OK || !running)
			return err_set(err, ERR_INTERNAL, "%s: libcurl lost the request (%d)", t->url, (int)m);
		int r = ctx_check(t->ctx, err);
		if (r < 0)
			return err_wrap(err, "%s", t->url);
		usec_t now = clock_monotonic();
		if (now >= deadline)
			return err_set(err, ERR_TIMEOUT, "%s: no complete answer within %lld s", t->url,
				       (long long)(t->request->timeout / USEC_PER_SEC));
		if (now - t->last_progress >= idle_max)
			return err_set(err, ERR_TIMEOUT, "%s: the server sent nothing for %lld s", t->url, (long long)(idle_max / USEC_PER_SEC));
		lib.curl_multi_poll(multi, NULL, 0, poll_ms(t->ctx, deadline), NULL);
	}
}

static int tls_error(struct transfer *t, const struct http_client *c, const char *why, struct err *err)
{
	long verified = 0;
	lib.curl_easy_getinfo(t->handle->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
	return http_certificate_error(t->url, why, &c->o.ca, verified, err);
}

static int transport_error(struct transfer *t, const struct http_client *c, CURLcode code, struct err *err)
{
	const char *why = t->curl_error[0] ? t->curl_error : lib.curl_easy_strerror(code);
	long proxy_status = 0;
	int r;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_set(err, ERR_UNAVAILABLE, "%s: %s: check the server's name, DNS and VPN", t->url, why);
	case CURLE_COULDNT_RESOLVE_PROXY:
		return err_set(err, ERR_UNAVAILABLE, "%s: %s: check proxy-url or HTTPS_PROXY", t->url, why);
	case CURLE_COULDNT_CONNECT:
		r = err_set(err, ERR_UNAVAILABLE, "%s: %s: nothing answers there; is the server running and reachable?", t->url, why);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		return http_connect_timeout_error(t->url, t->curl_error, c->o.connect_timeout, err);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return tls_error(t, c, why, err);
	case CURLE_SSL_CERTPROBLEM:
		return err_set(err, ERR_TLS, "%s: the client certificate or its key (%s) cannot be used: %s", t->url,
			       c->o.cert.from ? c->o.cert.from : "as given", why);
	case CURLE_SSL_CONNECT_ERROR:
		return err_set(err, ERR_TLS, "%s: TLS handshake failed: %s%s", t->url, why,
			       strstr(why, "wrong version number") ? ": the server does not speak TLS; is it http:// ?" : "");
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return err_set(err, ERR_INPUT, "%s: the answer is not HTTP: %s", t->url, why);
	case CURLE_URL_MALFORMAT:
		return err_set(err, ERR_USAGE, "%s: not a URL: %s", t->url, why);
	case CURLE_BAD_CONTENT_ENCODING:
		return err_set(err, ERR_INPUT, "%s: the answer's compression is damaged or unknown: %s", t->url, why);
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		lib.curl_easy_getinfo(t->handle->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
		if (proxy_status >= 300)
			return err_set(err, ERR_USAGE, "%s: the proxy does not let us through (%ld): check proxy-url or HTTPS_PROXY", t->url,
				       proxy_status);
		/* With TLS 1.3 a server that refuses the client certificate says so only after the handshake. */
		if (strstr(why, "alert"))
			return err_set(err, ERR_TLS, "%s: the server ended TLS: %s", t->url, why);
		r = err_set(err, ERR_UNAVAILABLE, "%s: the connection was closed before the answer was complete: %s", t->url, why);
		break;
	default:
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", t->url, why);
	}
	if (err)
		err->retryable = true;
	return r;
}

/* curl tells each certificate as "Name:text" fields, of which one is the certificate itself. */
static void keep_certificates(struct transfer *t)
{
	static const char field[] = "Cert:";
	struct curl_certinfo *info = NULL;
	if (!t->request->certificates || lib.curl_easy_getinfo(t->handle->easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info)
		return;
	for (int i = 0; i < info->num_of_certs; i++)
		for (const struct curl_slist *s = info->certinfo[i]; s; s = s->next)
			if (strncmp(s->data, field, sizeof(field) - 1) == 0) {
				strbuf_addstr(&t->response->certificates, s->data + sizeof(field) - 1);
				strbuf_addch(&t->response->certificates, '\n');
			}
}

/* What curl's end of the transfer means. */
static int conclude(struct transfer *t, const struct http_client *c, CURLcode code, struct err *err)
{
	if (t->rc != 0)
		return t->rc;
	if (code == CURLE_OK && t->request->only_connect)
		return 0;
	if (code == CURLE_OK && !t->head_complete) /* curl takes a connection that closes among the headers for a complete answer */
		code = CURLE_RECV_ERROR;
	if (t->enough || code == CURLE_OK)
		return deliver_head(t);
	return transport_error(t, c, code, err);
}

int http_attempt(struct http_client *c, const struct ctx *ctx, const struct http_request *request, struct http_response *ret, bool *ret_delivered,
		 struct err *err)
{
	if (!request->max_body)
		return err_set(err, ERR_INTERNAL, "%s: request without max_body", request->url);
	struct transfer t = {.request = request, .ctx = ctx, .response = ret, .handle = handle_take(c), .url = request->url, .err = err};
	if (!t.handle)
		return err_set(err, ERR_INTERNAL, "%s cannot be used: out of memory or file descriptors", CURL_LIBRARY);
	*ret = (struct http_response){0};
	strbuf_init(&ret->error_body, HTTP_MAX_ERROR_BODY);
	strbuf_init(&ret->certificates, HTTP_MAX_CERTIFICATES);
	CURLcode code = CURLE_OK;
	int r = set_up(&t, c, err);
	if (r == 0) {
		lib.curl_multi_add_handle(t.handle->multi, t.handle->easy);
		r = drive(&t, &code, err);
		if (r == 0) {
			keep_certificates(&t);
			r = conclude(&t, c, code, err);
		}
		lib.curl_multi_remove_handle(t.handle->multi, t.handle->easy);
	}
	metric_add(METRIC_REQUESTS, 1);
	metric_add(METRIC_REQUEST_ERRORS, r < 0);
	metric_add(METRIC_RECEIVED_BYTES, (int64_t)ret->body_bytes);
	log_debug("%s %s: %d, %llu bytes%s%s", request->method ? request->method : "GET", request->url, ret->status,
		  (unsigned long long)ret->body_bytes, r < 0 && err ? ": " : "", r < 0 && err ? err->message : "");
	handle_give(c, t.handle, r == 0 && !request->only_connect);
	lib.curl_slist_free_all(t.headers);
	lib.curl_slist_free_all(t.connect_to);
	lib.curl_free(t.rewritten_url);
	*ret_delivered = t.delivered;
	if (r != 0)
		http_response_release(ret);
	return r;
}
