/* Facts of services: whether each answers, asked at the address that the settings give, or on this machine where somebody listens there.
 *
 * Nothing outside of this machine is asked unless the user said so (a setting with an address, or `online`). */
#include "platform/machine_internal.h"
#include "net/http_client.h"
#include "platform/release.h"

#define ANSWER_MAX ((size_t)256 << 10)

struct service {
	const char *name;
	uint16_t port;      /* its usual one */
	const char *scheme; /* of the usual address: "http", or "tcp": it speaks something else and is only connected to */
	const char *path;   /* that says it is well, and often its version */
	const char *marker; /* before the version in the answer; NULL = the answer tells none */
};

static const struct service services[] = {
	{"ollama", 11434, "http", "/api/version", "version"},
	{"mongodb", 27017, "tcp", NULL, NULL},
	{"redis", 6379, "tcp", NULL, NULL},
	{"prometheus", 9090, "http", "/api/v1/status/buildinfo", "\"version\""},
	{"grafana", 3000, "http", "/api/health", "\"version\""},
};

static const struct machine_service *configured(const struct machine *m, const char *name)
{
	for (size_t i = 0; i < m->o->service_count; i++)
		if (str_eq(m->o->services[i].name, name) && m->o->services[i].url)
			return &m->o->services[i];
	return NULL;
}

/* Addresses that the client takes: of mongodb:// and the like only host and port count. A password in one is for nobody here. */
static char *url_of(struct machine *m, const char *url, const char *path)
{
	struct arena *a = &m->ctx->arena;
	const char *sep = strstr(url, "://"), *host = sep ? sep + 3 : url, *at, *scheme = "http";
	size_t len;

	if (sep && strncmp(url, "https://", 8) == 0)
		scheme = "https";
	while ((at = memchr(host, '@', strcspn(host, "/?#"))))
		host = at + 1;
	/* "host1:27017,host2:27017/?replicaSet=rs0": the first. */
	if (!sep || strncmp(url, "http", 4) != 0)
		return arena_printf(a, "%s://%.*s%s", scheme, (int)strcspn(host, "/?#,"), host, path ? path : "/");
	len = strcspn(host, "?#");
	while (len && host[len - 1] == '/')
		len--;
	return arena_printf(a, "%s://%.*s%s", scheme, (int)len, host, path ? path : "/");
}

/* The client is made with the first question: most machines have nobody to ask. */
static struct http_client *client_of(struct http_client **client, struct err *err)
{
	static const struct http_client_options options = {.user_agent = "auto-devops/" AUTO_DEVOPS_VERSION,
							   .connect_timeout = MACHINE_SERVICE_TIMEOUT};

	return *client || http_client_new(&options, client, err) == 0 ? *client : NULL;
}

static int request(struct machine *m, struct http_client **client, const struct http_request *q, struct http_response *response, struct err *err)
{
	struct http_client *c = client_of(client, err);

	return c ? http_do(c, m->ctx, q, response, err) : (int)err->code;
}

static void ask(struct machine *m, struct http_client **client, const char *url, const struct service *s, struct value *v)
{
	_cleanup_(strbuf_release) struct strbuf body;
	struct http_request q = {.url = url,
				 .timeout = MACHINE_SERVICE_TIMEOUT,
				 .max_body = ANSWER_MAX,
				 .attempts = 1,
				 .only_connect = str_eq(s->scheme, "tcp"),
				 .on_body = http_collect,
				 .arg = &body};
	struct http_response response;
	struct err err;
	const char *version;
	size_t len;
	int r;

	strbuf_init(&body, ANSWER_MAX);
	r = request(m, client, &q, &response, &err);
	fact_bool(m, v, "reachable", r == 0);
	if (r < 0) {
		fact_str(m, v, "error", err.message);
		return;
	}
	if (!q.only_connect)
		fact_int(m, v, "status", response.status);
	version = s->marker && response.status == 200 ? release_find(body.buf, body.len, s->marker, &len) : NULL;
	if (version)
		fact_text(m, v, "version", version, len);
	http_response_release(&response);
}

static bool listens(const struct machine *m, uint16_t port)
{
	char key[8];

	snprintf(key, sizeof(key), "%u", port);
	return str_eq(value_get_str(value_get(value_get(m->facts, "ports"), key), "state"), "held");
}

static void ask_service(struct machine *m, struct http_client **client, const struct service *s, struct value *all)
{
	const struct machine_service *known = configured(m, s->name);
	struct value v = {.type = VALUE_MAP};
	const char *url;

	if (known)
		url = url_of(m, known->url, s->path);
	else if (!*m->o->root && listens(m, s->port))
		url = arena_printf(&m->ctx->arena, "http://127.0.0.1:%u%s", s->port, s->path ? s->path : "/");
	else
		return;
	fact_bool(m, &v, "configured", known != NULL);
	fact_str(m, &v, "address", url);
	ask(m, client, url, s, &v);
	fact_map(m, all, s->name, v);
}

static void ask_github(struct machine *m, struct http_client **client, struct value *all)
{
	static const struct service github = {.name = "github", .scheme = "https"};
	struct value v = {.type = VALUE_MAP};

	fact_bool(m, &v, "configured", true);
	fact_str(m, &v, "address", "https://api.github.com/");
	ask(m, client, "https://api.github.com/", &github, &v);
	fact_map(m, all, github.name, v);
}

/* auth.test tells whether a token is valid, and of whom. */
static void ask_slack(struct machine *m, struct http_client **client, struct value *all)
{
	_cleanup_(strbuf_release) struct strbuf body;
	const char *headers[] = {arena_printf(&m->ctx->arena, "Authorization: Bearer %s", m->o->slack_token), NULL};
	struct http_request q = {.method = "POST",
				 .url = "https://slack.com/api/auth.test",
				 .headers = headers,
				 .timeout = MACHINE_SERVICE_TIMEOUT,
				 .max_body = ANSWER_MAX,
				 .attempts = 1,
				 .on_body = http_collect,
				 .arg = &body};
	struct value v = {.type = VALUE_MAP};
	struct http_response response;
	struct err err;
	int r;

	strbuf_init(&body, ANSWER_MAX);
	r = request(m, client, &q, &response, &err);
	fact_bool(m, &v, "configured", true);
	fact_str(m, &v, "address", q.url);
	fact_bool(m, &v, "reachable", r == 0);
	if (r < 0) {
		fact_str(m, &v, "error", err.message);
	} else {
		fact_int(m, &v, "status", response.status);
		if (response.status == 200)
			fact_bool(m, &v, "accepted", strstr(body.buf, "\"ok\":true") != NULL);
		http_response_release(&response);
	}
	fact_map(m, all, "slack", v);
}

/* A token that could end the header it stands in is none. */
static bool is_token(const char *s)
{
	return s && *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")];
}

void machine_services(struct machine *m)
{
	struct value all = {.type = VALUE_MAP};
	struct http_client *client = NULL;

	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		ask_service(m, &client, &services[i], &all);
	if (m->o->online) {
		ask_github(m, &client, &all);
		if (is_token(m->o->slack_token))
			ask_slack(m, &client, &all);
	}
	http_client_freep(&client);
	fact_map(m, m->facts, "services", all);
}
