#include "cluster/api_internal.h"

#include "base/utf8.h"
#include "cluster/schema.h"
#include "format/json.h"
#include "format/protobuf.h"

#include <strings.h>

#define EXCERPT_MAX ((size_t)200)

static _Thread_local char last_continue[16 << 10]; /* tokens are a few hundred bytes; a longer one is treated as absent */

const char *api_last_continue(void)
{
	return last_continue;
}

static bool parse_status(struct arena *a, const struct http_response *r, struct value *ret)
{
	struct value_builder b;
	value_builder_init(&b, a, NULL);
	const char *text = r->error_body.buf;
	size_t len = r->error_body.len, raw_len;
	const void *raw;
	if (len > 4 && memcmp(text, "k8s\0", 4) == 0)
		return protobuf_unwrap(text, len, &raw, &raw_len, NULL) == 0 &&
		       protobuf_parse(&b, raw, raw_len, schema_find(SCHEMA_STATUS), ret, NULL) == 0;
	if (!len || json_parse(&b, text, len, NULL, ret, NULL) < 0)
		return false;
	return ret->type == VALUE_MAP && str_eq(value_get_str(ret, "kind"), "Status");
}

static enum err_code code_of(int status)
{
	switch (status) {
	case 401:
		return ERR_UNAUTHENTICATED;
	case 403:
		return ERR_FORBIDDEN;
	case 404:
		return ERR_NOT_FOUND;
	case 405:
	case 406:
	case 415:
		return ERR_UNSUPPORTED;
	case 409:
	case 410:
		return ERR_CONFLICT;
	case 413:
		return ERR_LIMIT;
	case 408:
	case 429:
		return ERR_UNAVAILABLE;
	default:
		return status >= 500 ? ERR_UNAVAILABLE : ERR_INPUT;
	}
}

/* The beginning of an answer that is no Status, safe to print; of HTML only the title. */
static void excerpt(struct strbuf *out, const struct http_response *r)
{
	const char *text = r->error_body.buf, *title = strcasestr(text, "<title>");
	size_t len = strlen(text);
	if (title) {
		const char *end = strcasestr(title, "</title>");
		text = title + 7;
		len = end ? (size_t)(end - text) : strlen(text);
	} else if (strcasestr(r->content_type, "html") || (len && text[0] == '<')) {
		strbuf_addstr(out, "an HTML page");
		return;
	}
	while (len && strchr(" \r\n\t", text[len - 1]))
		len--;
	strbuf_addch(out, '"');
	utf8_add_printable(out, text, utf8_cut(text, len, EXCERPT_MAX), false);
	strbuf_addstr(out, len > EXCERPT_MAX ? "...\"" : "\"");
}

static int not_a_status(const char *url, const struct http_response *r, struct err *err)
{
	if (r->status >= 300 && r->status < 400)
		return err_set(
			err, ERR_INPUT,
			"%s redirects (%d) to \"%.200s\": credentials are not sent on; is this a login page or proxy? Give the API server's own URL",
			url, r->status, r->location);
	_cleanup_(strbuf_release) struct strbuf text;
	strbuf_init(&text, STRBUF_MAX_LINE);
	excerpt(&text, r);
	return err_set(err, code_of(r->status), "%s answered %d with %s%s%s", url, r->status, text.len > 2 ? text.buf : "an empty body",
		       r->content_type[0] ? ", " : "", r->content_type);
}

int api_status_error(struct api_client *c, struct ctx *ctx, const char *url, bool about_a_log, const struct http_response *r, struct err *err)
{
	struct value status;
	last_continue[0] = '\0';
	int rc;
	if (parse_status(&ctx->arena, r, &status)) {
		_cleanup_(strbuf_release) struct strbuf text;
		strbuf_init(&text, ERR_MESSAGE_MAX);
		const struct value *message = value_get(&status, "message");
		const char *reason = value_get_str(&status, "reason");
		utf8_add_printable(&text, value_str(message, reason), strlen(value_str(message, reason)), false);
		rc = about_a_log ? err_set(err, code_of(r->status), "%s", text.buf)
				 : err_set(err, code_of(r->status), "%s (%d, %s)", text.len ? text.buf : "no reason given", r->status, url);
		const char *token = value_get_str(value_get(&status, "metadata"), "continue");
		if (strlen(token) < sizeof(last_continue))
			snprintf(last_continue, sizeof(last_continue), "%s", token);
		if (err)
			err->retry_after_ms = (int)MIN(MAX(value_get_int(value_get(&status, "details"), "retryAfterSeconds", 0), 0), 86400) * 1000;
	} else {
		rc = not_a_status(url, r, err);
	}
	if (r->status == 401)
		rc = err_set(err, ERR_UNAUTHENTICATED, "%s does not accept the credentials (401): %s", c->config.server,
			     credential_hint(&ctx->arena, &c->config));
	if (err) {
		err->http_status = r->status;
		err->retryable = rc == ERR_UNAVAILABLE;
		err->retry_after_ms = MAX(err->retry_after_ms, r->retry_after_ms);
	}
	return rc;
}
