#include "cluster/certificates.h"

#include "base/crypto.h"
#include "base/pool.h"
#include "base/x509.h"
#include "cluster/inventory_internal.h"
#include "cluster/live_internal.h"

#define SECRET_PAGES_MAX 200
#define SECRET_PAGE_BYTES ((size_t)64 << 20)

static const struct kind probed = {.id = KIND_CUSTOM,
				   .group = PROBED_GROUP,
				   .version = "v1",
				   .name = PROBED_KIND,
				   .plural = "probedcertificates",
				   .shorts = "",
				   .namespaced = true};

static void put(struct value_builder *b, struct value *map, const char *key, const char *s)
{
	if (s && *s)
		value_map_set(b, map, key, value_of_str(arena_strdup(b->arena, s)));
}

static struct value empty_map(void)
{
	return (struct value){.type = VALUE_MAP};
}

static void put_names(struct value_builder *b, struct value *status, const char *const *names)
{
	struct value list = {.type = VALUE_LIST};
	uint32_t n = 0;

	while (names[n])
		n++;
	list.items = arena_new_array(b->arena, struct value, n + 1);
	for (; list.len < n; list.len++)
		list.items[list.len] = value_of_str(arena_strdup(b->arena, names[list.len]));
	if (n)
		value_map_set(b, status, "names", list);
}

static struct value certificate_status(struct value_builder *b, struct arena *a, const char *pem, size_t len, const char *error)
{
	struct value status = empty_map();
	struct x509_list list = {0};
	struct err why = {0};

	if (!error && x509_read_pem(a, pem, len, &list, &why) < 0)
		error = why.message;
	put(b, &status, "error", error);
	if (error)
		return status;
	/* The dates are those of the weakest link; the names can only be the server's own. */
	const struct x509_info *first = x509_first_to_expire(&list);
	put(b, &status, "subject", first->subject);
	put(b, &status, "issuer", first->issuer);
	put_names(b, &status, list.items[0].names);
	value_map_set(b, &status, "notBefore", value_of_time(first->not_before));
	value_map_set(b, &status, "notAfter", value_of_time(first->not_after));
	return status;
}

/* "service-orders-port-443": the name of the object must be one. */
static const char *object_name_for(struct arena *a, const struct certificate_source *s)
{
	char *text = arena_printf(a, "%s-%s-%s%s%s", s->kind, s->name, s->where, *s->server_name ? "-" : "", s->server_name);

	for (char *p = text; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		else if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && *p != '.')
			*p = '-';
	}
	return text;
}

int certificates_add(struct inventory *inv, const struct certificate_source *s, const char *pem, size_t len, const char *error, struct err *err)
{
	struct value_builder *b = inventory_builder_for(inv, &probed);
	struct value root = empty_map(), metadata = empty_map(), spec = empty_map(), source = empty_map();
	struct arena a;
	int r;

	arena_init(&a);
	put(b, &metadata, "namespace", s->ns);
	put(b, &metadata, "name", object_name_for(&a, s));
	put(b, &source, "kind", s->kind);
	put(b, &source, "namespace", s->ns);
	put(b, &source, "name", s->name);
	value_map_set(b, &spec, "source", source);
	put(b, &spec, "where", s->where);
	put(b, &spec, "serverName", s->server_name);
	put(b, &spec, "address", s->address);
	value_map_set(b, &root, "metadata", metadata);
	value_map_set(b, &root, "spec", spec);
	value_map_set(b, &root, "status", certificate_status(b, &a, pem, len, error));
	r = inventory_add(inv, &probed, &root, err);
	arena_release(&a);
	return r;
}

/* ---- Servers -------------------------------------------------------------------------------------------------------------- */

struct probe {
	struct certificate_source source;
	struct strbuf pem;
	struct err err;
};

struct probing {
	const struct ctx *ctx;
	struct probe *items;
	uint32_t len, cap;
};

static void probe_one(void *arg, size_t i)
{
	struct probing *p = arg;
	struct probe *probe = &p->items[i];
	struct http_client_options o = {
		.user_agent = "auto-devops/" AUTO_DEVOPS_VERSION, .insecure = true, .connect_timeout = PROBE_TIMEOUT, .proxy = ""};
	_cleanup_(http_client_freep) struct http_client *client = NULL;
	struct http_response response;
	struct ctx ctx;
	char url[512];

	ctx_init_child(&ctx, p->ctx, PROBE_TIMEOUT);
	snprintf(url, sizeof(url), "https://%s/", probe->source.address);
	o.tls_server_name = *probe->source.server_name ? probe->source.server_name : NULL;
	struct http_request q = {.url = url, .certificates = true, .only_connect = true, .max_body = 1, .attempts = 1};
	int r = http_client_new(&o, &client, &probe->err);
	if (r == 0)
		r = http_do(client, &ctx, &q, &response, &probe->err);
	if (r == 0) {
		strbuf_add(&probe->pem, response.certificates.buf, response.certificates.len);
		http_response_release(&response);
	}
	ctx_release(&ctx);
}

static void add_probe(struct probing *p, struct arena *a, struct certificate_source source)
{
	if (p->len < PROBE_MAX) {
		struct probe *probe = arena_push(a, p);
		*probe = (struct probe){.source = source};
		strbuf_init(&probe->pem, HTTP_MAX_CERTIFICATES);
	}
}

/* Does this port promise TLS: by its protocol, its name, or its number? */
static bool is_tls_port(const struct value *port)
{
	static const int64_t usual[] = {443, 6443, 8443, 9443, 10250};
	const char *name = value_get_str(port, "name"), *protocol = value_get_str(port, "appProtocol"), *l4 = value_get_str(port, "protocol");

	if (*l4 && !str_eq(l4, "TCP"))
		return false;
	if (*protocol)
		return str_eq(protocol, "https") || str_eq(protocol, "kubernetes.io/wss");
	if (strncmp(name, "https", 5) == 0 || strncmp(name, "tls", 3) == 0 || strncmp(name, "webhook", 7) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (value_get_int(port, "port", 0) == usual[i])
			return true;
	return false;
}

static void add_services(struct probing *p, struct arena *a, const struct inventory *inv)
{
	const struct object_list *services = &inv->lists[KIND_SERVICE];

	for (uint32_t i = 0; i < services->len; i++) {
		const struct object *o = services->items[i];
		const char *ip = value_get_str(o->spec, "clusterIP");

		if (!*ip || str_eq(ip, "None") || strchr(ip, ':'))
			continue;
		for (value_each(port, value_get(o->spec, "ports"))) {
			long long number = (long long)value_get_int(port, "port", 0);

			if (is_tls_port(port))
				add_probe(p, a,
					  (struct certificate_source){.kind = "Service",
								      .ns = o->ns,
								      .name = o->name,
								      .where = arena_printf(a, "port %lld", number),
								      .server_name = arena_printf(a, "%s.%s.svc", o->name, o->ns),
								      .address = arena_printf(a, "%s:%lld", ip, number)});
		}
	}
}

/* The hosts of an Ingress's TLS section, at the address that its controller has given it. */
static void add_ingresses(struct probing *p, struct arena *a, const struct inventory *inv)
{
	const struct object_list *ingresses = &inv->lists[KIND_INGRESS];

	for (uint32_t i = 0; i < ingresses->len; i++) {
		const struct object *o = ingresses->items[i];
		const struct value *first = value_item(value_at(o->status, "loadBalancer.ingress"), 0);
		const char *at = *value_get_str(first, "ip") ? value_get_str(first, "ip") : value_get_str(first, "hostname");

		for (value_each(tls, value_get(o->spec, "tls")))
			for (value_each(host, value_get(tls, "hosts")))
				if (*at && !strchr(at, ':') && *value_str(host, "") && !strchr(value_str(host, "*"), '*'))
					add_probe(p, a,
						  (struct certificate_source){.kind = "Ingress",
									      .ns = o->ns,
									      .name = o->name,
									      .where = "port 443",
									      .server_name = value_str(host, ""),
									      .address = arena_printf(a, "%s:443", at)});
	}
}

/* What cannot be reached from here proves nothing about a certificate: it is told in one note. */
static int probe_servers(struct live_reading *reading, struct ctx *ctx, struct err *err)
{
	struct probing p = {.ctx = ctx};
	const char *why = NULL;
	uint32_t unreached = 0;
	int r = 0;

	add_services(&p, &ctx->arena, reading->inv);
	add_ingresses(&p, &ctx->arena, reading->inv);
	pool_run(PROBE_PARALLEL, p.len, probe_one, &p);
	for (uint32_t i = 0; i < p.len; i++) {
		struct probe *probe = &p.items[i];

		if (probe->pem.len && r == 0) {
			r = certificates_add(reading->inv, &probe->source, probe->pem.buf, probe->pem.len, NULL, err);
		} else if (!probe->pem.len) {
			why = unreached++ ? why : arena_printf(&ctx->arena, "%s", probe->err.message);
		}
		strbuf_release(&probe->pem);
	}
	if (unreached)
		inventory_add_note(reading->inv, arena_printf(&ctx->arena, "certificates of %u of %u TLS ports", unreached, p.len), why, KIND_COUNT,
				   "");
	return r < 0 ? r : ctx_check(ctx, err);
}

/* ---- Secrets -------------------------------------------------------------------------------------------------------------- */

static int add_secret(struct inventory *inv, const struct value *secret, struct err *err)
{
	const struct value *metadata = value_get(secret, "metadata");
	const char *data = value_str(value_at(secret, "data['tls.crt']"), "");
	struct certificate_source source = {.kind = "Secret",
					    .ns = value_get_str(metadata, "namespace"),
					    .name = value_get_str(metadata, "name"),
					    .where = "tls.crt",
					    .server_name = "",
					    .address = ""};
	struct strbuf pem;
	struct err why = {0};
	int r;

	strbuf_init(&pem, HTTP_MAX_CERTIFICATES);
	r = crypto_base64_decode(data, strlen(data), &pem, &why);
	r = certificates_add(inv, &source, pem.buf, pem.len, r < 0 ? why.message : NULL, err);
	strbuf_release(&pem);
	return r;
}

static int read_secrets(struct live_reading *reading, struct ctx *ctx, struct err *err)
{
	const char *next = "", *path = api_list_path(&ctx->arena, &kind_table[KIND_SECRET], reading->ns);
	int r = 0;

	for (unsigned page = 0; page < SECRET_PAGES_MAX && r == 0; page++) {
		struct value_builder b;
		struct value list;
		struct ctx child;
		struct err why = {0};

		ctx_init_child(&child, ctx, 0);
		value_builder_init(&b, &child.arena, NULL);
		r = api_get_json(reading->client, &child,
				 arena_printf(&child.arena, "%s?fieldSelector=type%%3Dkubernetes.io%%2Ftls&limit=500%s%s", path,
					      *next ? "&continue=" : "", next),
				 API_ACCEPT_JSON, SECRET_PAGE_BYTES, &b, &list, &why);
		if (r < 0 && r != ERR_CANCELLED) {
			inventory_add_note(reading->inv, "certificates in TLS Secrets", why.message, KIND_COUNT, "");
			ctx_release(&child);
			return 0;
		}
		for (value_each(secret, value_get(&list, "items")))
			if (r == 0)
				r = add_secret(reading->inv, secret, err);
		struct strbuf escaped;
		strbuf_init(&escaped, STRBUF_MAX_LINE);
		http_url_escape(&escaped, r == 0 ? value_str(value_at(&list, "metadata.continue"), "") : "", false);
		next = arena_strndup(&ctx->arena, escaped.buf, escaped.len);
		strbuf_release(&escaped);
		ctx_release(&child);
		if (!*next)
			break;
	}
	return r < 0 ? r : ctx_check(ctx, err);
}

int live_read_certificates(struct live_reading *reading, struct ctx *ctx, struct err *err)
{
	const struct kubeconfig *k = api_client_config(reading->client);
	const char *host = strstr(k->server, "://") ? strstr(k->server, "://") + 3 : k->server;
	struct certificate_source server = {.kind = "APIServer", .ns = "", .name = host, .where = "port", .server_name = "", .address = host};
	struct certificate_source client = {
		.kind = "Kubeconfig", .ns = "", .name = k->user, .where = "client-certificate", .server_name = "", .address = ""};
	const char *pem = api_client_certificates(reading->client);
	int r = 0;

	if (*pem)
		r = certificates_add(reading->inv, &server, pem, strlen(pem), NULL, err);
	if (r == 0 && k->cert.data)
		r = certificates_add(reading->inv, &client, k->cert.data, k->cert.len, NULL, err);
	if (r == 0 && reading->options->probe_certificates)
		r = probe_servers(reading, ctx, err);
	if (r == 0 && reading->options->read_tls_secrets)
		r = read_secrets(reading, ctx, err);
	return r;
}
