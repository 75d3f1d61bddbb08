#include "cluster/api_internal.h"

#include "base/crypto.h"
#include "base/file.h"
#include "cluster/exec_plugin.h"
#include "format/json.h"

#define TOKEN_FILE_AGE USEC_PER_MINUTE /* read again after this: Kubernetes rotates service account tokens */
#define EXPIRY_MARGIN (10 * USEC_PER_SEC)
#define HEADER_MAX ((size_t)16 << 10)

void credential_unref(struct credential *cr)
{
	if (!cr || __atomic_sub_fetch(&cr->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	http_client_free(cr->http);
	arena_release(&cr->arena);
	mem_free(cr);
}

void credential_unrefp(struct credential **cr)
{
	credential_unref(*cr);
}

bool credential_renewable(const struct kubeconfig *k)
{
	return k->exec || k->token_file;
}

static bool header_safe(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return false;
	return true;
}

/* The token file's text without surrounding white space; NULL with err when it cannot be used. */
static const char *read_token_file(struct arena *a, const char *path, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text;
	strbuf_init(&text, HEADER_MAX);
	if (file_read(path, &text, err) < 0) {
		err_wrap(err, "tokenFile");
		return NULL;
	}
	const char *start = text.buf + strspn(text.buf, " \t\r\n");
	size_t len = strlen(start);
	while (len && strchr(" \t\r\n", start[len - 1]))
		len--;
	if (!len) {
		err_set(err, ERR_UNAUTHENTICATED, "tokenFile %s is empty", path);
		return NULL;
	}
	return arena_strndup(a, start, len);
}

static int basic_authorization(struct arena *a, const struct kubeconfig *k, const char **ret)
{
	_cleanup_(strbuf_release) struct strbuf text;
	strbuf_init(&text, 2 * HEADER_MAX);
	const char *pair = arena_printf(a, "%s:%s", k->username ? k->username : "", k->password ? k->password : "");
	crypto_base64_encode(pair, strlen(pair), &text);
	*ret = arena_printf(a, "Authorization: Basic %s", text.buf);
	return 0;
}

static int from_plugin(const struct ctx *ctx, const struct kubeconfig *k, struct credential *cr, const char **ret_token, struct err *err)
{
	struct exec_credential given;
	int r = exec_plugin_run(ctx, &cr->arena, k, &given, err);
	if (r < 0)
		return r;
	cr->expires = given.expires;
	*ret_token = given.token;
	if (!given.cert.data)
		return 0;
	struct http_client_options o = api_http_options(k);
	o.cert = given.cert;
	o.key = given.key;
	return http_client_new(&o, &cr->http, err);
}

/* Fills cr from whatever the configuration gives, in client-go's order: plugin, token file, token, basic. */
static int obtain(const struct ctx *ctx, const struct kubeconfig *k, struct credential *cr, struct err *err)
{
	const char *token = k->token;
	int r = 0;
	if (k->exec) {
		r = from_plugin(ctx, k, cr, &token, err);
	} else if (k->token_file) {
		struct err unreadable = {0};
		const char *text = read_token_file(&cr->arena, k->token_file, &unreadable);
		if (text) {
			token = text;
		} else if (!token) {
			r = err_set(err, ERR_UNAUTHENTICATED, "%s", unreadable.message);
		}
		cr->read_at = clock_monotonic();
	}
	if (r < 0)
		return r;
	if (token) {
		if (!header_safe(token) || strlen(token) > HEADER_MAX)
			return err_set(err, ERR_UNAUTHENTICATED, "%s: the token holds line breaks or other control characters, or is too long",
				       k->from);
		cr->authorization = arena_printf(&cr->arena, "Authorization: Bearer %s", token);
	} else if (k->username) {
		return basic_authorization(&cr->arena, k, &cr->authorization);
	}
	return 0;
}

static bool still_good(const struct kubeconfig *k, const struct credential *cr)
{
	if (k->exec)
		return !cr->expires || clock_now() + EXPIRY_MARGIN < cr->expires;
	return !k->token_file || clock_monotonic() - cr->read_at < TOKEN_FILE_AGE;
}

int credential_get(struct api_client *c, const struct ctx *ctx, const struct credential *refused, struct credential **ret, struct err *err)
{
	int r = 0;
	pthread_mutex_lock(&c->lock);
	struct credential *cr = c->credential;
	if (!cr || cr == refused || !still_good(&c->config, cr)) {
		struct credential *fresh = mem_alloc(sizeof(*fresh));
		fresh->refs = 1;
		arena_init(&fresh->arena);
		r = obtain(ctx, &c->config, fresh, err);
		if (r < 0) {
			credential_unref(fresh);
			/* A token file that cannot be read for a moment (it is being replaced) is no reason to drop a token that works. */
			if (cr && cr != refused && !c->config.exec)
				r = 0;
		} else {
			credential_unref(cr);
			c->credential = fresh;
		}
	}
	if (r == 0) {
		__atomic_add_fetch(&c->credential->refs, 1, __ATOMIC_RELAXED);
		*ret = c->credential;
	}
	pthread_mutex_unlock(&c->lock);
	return r;
}

/* Extra keys are header names: lower case, everything that is no token character percent-encoded (client-go transport.headerKeyEscape). */
static const char *extra_header(struct arena *a, const char *key, const char *text)
{
	_cleanup_(strbuf_release) struct strbuf name;
	strbuf_init(&name, STRBUF_MAX_LINE);
	http_url_escape(&name, key, false);
	return arena_printf(a, "Impersonate-Extra-%s: %s", name.buf, text);
}

int impersonation_headers(struct arena *a, const struct kubeconfig *k, const char *const **ret, struct err *err)
{
	struct {
		const char **items;
		uint32_t len, cap;
	} h = {0};
	if (k->as)
		*arena_push(a, &h) = arena_printf(a, "Impersonate-User: %s", k->as);
	if (k->as_uid)
		*arena_push(a, &h) = arena_printf(a, "Impersonate-Uid: %s", k->as_uid);
	for (const char *const *g = k->as_groups; g && *g; g++)
		*arena_push(a, &h) = arena_printf(a, "Impersonate-Group: %s", *g);
	for (const char *const *x = k->as_extra; x && *x; x += 2)
		*arena_push(a, &h) = extra_header(a, x[0], x[1]);
	for (uint32_t i = 0; i < h.len; i++)
		if (!header_safe(h.items[i]))
			return err_set(err, ERR_USAGE, "%s: impersonation with control characters in a name", k->from);
	*arena_push(a, &h) = NULL;
	*ret = h.items;
	return 0;
}

/* When a JWT says it expired, that is the reason. 0 = unknown. The signature does not matter here. */
static usec_t jwt_expiry(struct arena *a, const char *token)
{
	const char *start = strchr(token, '.'), *end = start ? strchr(start + 1, '.') : NULL;
	if (!end)
		return 0;
	_cleanup_(strbuf_release) struct strbuf text;
	strbuf_init(&text, HEADER_MAX);
	struct value_builder b;
	struct value claims;
	value_builder_init(&b, a, NULL);
	if (crypto_base64_decode(start + 1, (size_t)(end - start - 1), &text, NULL) < 0 ||
	    json_parse(&b, text.buf, text.len, NULL, &claims, NULL) < 0)
		return 0;
	return value_get_int(&claims, "exp", 0) * USEC_PER_SEC;
}

const char *credential_hint(struct arena *a, const struct kubeconfig *k)
{
	if (strncmp(k->server, "http://", 7) == 0)
		return "credentials are not sent over http://; use an https:// server";
	const char *token = k->token_file ? read_token_file(a, k->token_file, NULL) : k->exec ? NULL : k->token;
	usec_t expiry = token ? jwt_expiry(a, token) : 0, now = clock_now();
	if (expiry && expiry < now) {
		char span[CLOCK_TEXT_MAX];
		return arena_printf(a, "the token expired %s ago: log in again or get a new one", clock_format_span(now - expiry, span));
	}
	const char *user = k->user ? arena_printf(a, "user \"%s\" in %s", k->user, k->from) : k->from;
	if (k->exec)
		return arena_printf(a, "%s: what %s gives is not accepted: log in again with it", user, k->exec->command);
	if (token)
		return arena_printf(a, "%s: the token is not accepted: it may have expired or been revoked", user);
	if (k->username)
		return arena_printf(a, "%s: user name and password are not accepted", user);
	if (k->cert.data)
		return arena_printf(a, "%s: the client certificate is not accepted: it may have expired or belong to another cluster", user);
	return arena_printf(a, "%s: gives no credentials (no client certificate, token or exec plugin)", user);
}
