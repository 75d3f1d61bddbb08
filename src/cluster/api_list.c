#include "cluster/api_list.h"

#include "format/protobuf.h"

/* A page while it arrives. */
struct api_page {
	struct ctx *ctx;
	struct protobuf_list *protobuf;
	struct json_splitter *splitter;
	struct strbuf next, version; /* of the list's metadata */
	bool is_list;                /* JSON: an object with "items" has ended */
};

#define METADATA_TEXT_MAX ((size_t)16 << 10) /* a continue token is a few hundred bytes */

static int on_protobuf_item(void *arg, const void *data, size_t len, struct err *err)
{
	struct api_list *l = arg;
	return l->item(l->arg, API_PROTOBUF, data, len, err);
}

static int on_json_item(void *arg, const char *text, size_t len, struct err *err)
{
	struct api_list *l = arg;
	return l->item(l->arg, API_JSON, text, len, err);
}

static int on_json_envelope(void *arg, const char *text, size_t len, struct err *err)
{
	struct api_list *l = arg;
	struct value_builder b;
	struct value envelope;
	value_builder_init(&b, &l->page->ctx->arena, NULL);
	int r = json_parse(&b, text, len, NULL, &envelope, err);
	if (r < 0)
		return r;
	const struct value *metadata = value_get(&envelope, "metadata");
	l->page->is_list = true;
	strbuf_addstr(&l->page->next, value_get_str(metadata, "continue"));
	strbuf_addstr(&l->page->version, value_get_str(metadata, "resourceVersion"));
	return 0;
}

static int on_format(void *arg, enum api_format format, struct err *err)
{
	struct api_list *l = arg;
	struct api_page *p = l->page;
	if (format == API_PROTOBUF && !l->schema)
		return err_set(err, ERR_INPUT, "%s came as protobuf, which was not asked for", l->kind->plural);
	if (format == API_PROTOBUF) {
		struct protobuf_list_handler h = {.item = on_protobuf_item, .arg = l};
		p->protobuf = protobuf_list_new(&h, PROTOBUF_ITEM_MAX);
	} else {
		struct json_split_handler h = {.item = on_json_item, .envelope = on_json_envelope, .arg = l};
		p->splitter = json_splitter_new(&h, JSON_ITEM_MAX);
	}
	return 0;
}

static int on_body(void *arg, const char *data, size_t len, struct err *err)
{
	struct api_list *l = arg;
	return l->page->protobuf ? protobuf_list_feed(l->page->protobuf, data, len, err) : json_splitter_feed(l->page->splitter, data, len, err);
}

/* The body has ended: is the list whole, and where does it go on? */
static int finish(struct api_page *p, struct err *err)
{
	if (p->splitter) {
		int r = json_splitter_finish(p->splitter, err);
		return r == 0 && !p->is_list ? err_set(err, ERR_INPUT, "the answer is no list") : r;
	}
	if (!p->protobuf)
		return err_set(err, ERR_INPUT, "the answer is empty");
	const char *version = "", *next = "";
	int r = protobuf_list_finish(p->protobuf, &version, &next, err);
	if (r < 0)
		return r;
	strbuf_addstr(&p->next, next);
	strbuf_addstr(&p->version, version);
	return 0;
}

const char *api_list_accept(const struct api_list *l)
{
	if (l->json || !l->schema)
		return l->metadata_only ? API_ACCEPT_METADATA_JSON : API_ACCEPT_JSON;
	return l->metadata_only ? API_ACCEPT_METADATA_PROTOBUF : API_ACCEPT_PROTOBUF;
}

void api_list_set_continue(struct api_list *l, const char *token)
{
	char *copy = token && *token ? mem_strdup(token) : NULL;
	mem_free(l->continue_token);
	l->continue_token = copy;
}

static int page_path(const struct api_list *l, struct ctx *ctx, struct strbuf *path, struct err *err)
{
	strbuf_addf(path, "%s?limit=%d", api_list_path(&ctx->arena, l->kind, l->ns), l->continue_token ? API_LIST_LATER_PAGE : CLUSTER_PAGE);
	if (l->continue_token) {
		strbuf_addstr(path, "&continue=");
		http_url_escape(path, l->continue_token, false);
	}
	return strbuf_check(path, "URL of a list's page", err);
}

static int read_page(struct api_list *l, struct ctx *ctx, struct err *err)
{
	struct api_page *p = l->page;
	_cleanup_(strbuf_release) struct strbuf path;
	strbuf_init(&path, STRBUF_MAX_LINE);
	int r = page_path(l, ctx, &path, err);
	if (r < 0)
		return r;
	struct api_request q = {.path = path.buf, .accept = api_list_accept(l), .on_format = on_format, .on_body = on_body, .arg = l};
	r = api_do(l->client, ctx, &q, err);
	if (r == 0 && (r = finish(p, err)) == 0)
		r = strbuf_check(&p->next, "continue token", err);
	if (r != 0)
		return r == ERR_INPUT && !err->http_status ? err_wrap(err, "%s", api_list_path(&ctx->arena, l->kind, l->ns)) : r;
	api_list_set_continue(l, p->next.buf);
	mem_free(l->resource_version);
	l->resource_version = mem_strdup(p->version.buf);
	return 0;
}

int api_list_page(struct api_list *l, struct ctx *ctx, struct err *err)
{
	struct api_page page = {.ctx = ctx};
	strbuf_init(&page.next, METADATA_TEXT_MAX);
	strbuf_init(&page.version, METADATA_TEXT_MAX);
	l->page = &page;
	int r = read_page(l, ctx, err);
	l->broke_off = r != 0 && (page.protobuf || page.splitter);
	l->page = NULL;
	protobuf_list_free(page.protobuf);
	json_splitter_free(page.splitter);
	strbuf_release(&page.next);
	strbuf_release(&page.version);
	return r;
}

void api_list_release(struct api_list *l)
{
	mem_free(l->continue_token);
	mem_free(l->resource_version);
	json_parser_free(l->parser);
	l->continue_token = l->resource_version = NULL;
	l->parser = NULL;
}

int api_list_parse(struct api_list *l, struct value_builder *b, enum api_format format, const char *data, size_t len, struct value *ret,
		   struct err *err)
{
	if (format == API_PROTOBUF)
		return protobuf_parse(b, data, len, l->schema, ret, err);
	if (!l->parser)
		l->parser = json_parser_new();
	return json_parser_parse(l->parser, b, data, len, l->schema, ret, err);
}
