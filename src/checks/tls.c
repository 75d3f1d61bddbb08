/* Certificates: those that servers show and Secrets hold (cluster/certificates.h), and the authorities that webhooks and APIs are trusted by. */
#include "checks/check.h"

#include "base/crypto.h"
#include "base/x509.h"
#include "cluster/certificates.h"

#define BUNDLE_MAX ((size_t)1 << 20)

/* What renews certificates does so with a third of their life to go, of short-lived ones too: late is what has less than a
 * sixth left (part), and an error what has less than a twenty-fourth. */
static bool expires_within(usec_t span, int part, usec_t now, usec_t not_before, usec_t not_after)
{
	usec_t warn = span;

	if (not_before && not_before < not_after)
		warn = MIN(warn, (not_after - not_before) / part);
	return not_after - now < warn;
}

/* ---- What servers show and Secrets hold ----------------------------------------------------------------------------------- */

/* The object whose certificate it is, where the inventory has it. */
static const struct object *source_object(struct check_run *run, const struct object *o)
{
	const struct value *source = value_at(o->spec, "source");
	const char *kind = value_get_str(source, "kind");
	enum kind_id id = str_eq(kind, "Service") ? KIND_SERVICE : str_eq(kind, "Ingress") ? KIND_INGRESS : KIND_SECRET;

	if (!str_eq(kind, "Service") && !str_eq(kind, "Ingress") && !str_eq(kind, "Secret"))
		return NULL;
	return inventory_find(run->inv, id, value_get_str(source, "namespace"), value_get_str(source, "name"));
}

/* "The certificate of Service shop/orders (port 443)" */
static const char *whose(struct check_run *run, const struct object *o)
{
	const struct value *source = value_at(o->spec, "source");
	const char *kind = value_get_str(source, "kind"), *ns = value_get_str(source, "namespace");

	if (str_eq(kind, "APIServer"))
		return arena_printf(run->arena, "The certificate of the API server (%s)", value_get_str(source, "name"));
	if (str_eq(kind, "Kubeconfig"))
		return arena_printf(run->arena, "The client certificate of user %s", value_get_str(source, "name"));
	return arena_printf(run->arena, "The certificate of %s %s%s%s (%s)", kind, ns, *ns ? "/" : "", value_get_str(source, "name"),
			    value_get_str(o->spec, "where"));
}

static struct finding *certificate_finding(struct check_run *run, const struct object *o, const char *text)
{
	const struct object *about = source_object(run, o);
	struct finding *f = finding_new(run, about ? about : o, "%s", text);

	finding_field(run, f, o, "status.notAfter");
	if (value_get(o->status, "subject"))
		finding_field(run, f, o, "status.subject");
	return f;
}

static bool is_probed(const struct object *o)
{
	return str_eq(o->kind->name, PROBED_KIND) && str_eq(o->kind->group, PROBED_GROUP);
}

/* Who makes the next one: cert-manager says so in an annotation of the Secret. */
static const char *renewal(struct check_run *run, const struct object *o)
{
	const struct object *about = source_object(run, o);
	const char *by = about ? value_get_str(about->annotations, "cert-manager.io/certificate-name") : "";

	return *by ? arena_printf(run->arena, "See why cert-manager does not renew Certificate %s/%s.", about->ns, by) : NULL;
}

static void run_expired(struct check_run *run, const struct object *o)
{
	usec_t after = value_get_time(o->status, "notAfter"), now = inventory_now(run->inv);
	struct finding *f;

	if (!is_probed(o) || !after || after > now)
		return;
	f = certificate_finding(run, o, arena_printf(run->arena, "%s expired %s ago", whose(run, o), run_ago(run, after)));
	f->since = after;
	f->fix = renewal(run, o);
}

static void run_expiring(struct check_run *run, const struct object *o)
{
	usec_t before = value_get_time(o->status, "notBefore"), after = value_get_time(o->status, "notAfter"), now = inventory_now(run->inv);
	struct finding *f;

	if (!is_probed(o) || after <= now || !expires_within(run->options->certificate_warning, 6, now, before, after))
		return;
	f = certificate_finding(run, o, arena_printf(run->arena, "%s expires in %s", whose(run, o), run_span(run, after - now)));
	if (expires_within(run->options->certificate_error, 24, now, before, after))
		f->severity = SEVERITY_ERROR;
	f->fix = renewal(run, o);
}

static void run_not_yet_valid(struct check_run *run, const struct object *o)
{
	usec_t before = value_get_time(o->status, "notBefore"), now = inventory_now(run->inv);

	/* Clocks differ by some minutes, and a fresh certificate is of this second. */
	if (!is_probed(o) || before <= now + 10 * USEC_PER_MINUTE)
		return;
	struct finding *f = certificate_finding(
		run, o, arena_printf(run->arena, "%s is not valid before another %s have passed", whose(run, o), run_span(run, before - now)));
	finding_field(run, f, o, "status.notBefore");
}

static void run_wrong_name(struct check_run *run, const struct object *o)
{
	const char *wanted = value_get_str(o->spec, "serverName");
	const struct value *names = value_get(o->status, "names");
	struct x509_info x = {0};
	const char **list;
	size_t n = 0;

	/* Only Ingress hosts are what clients ask for by name; Services are called by many names, and often with a check of their own. */
	if (!is_probed(o) || !*wanted || !str_eq(value_get_str(value_at(o->spec, "source"), "kind"), "Ingress") || value_get(o->status, "error"))
		return;
	list = arena_new_array(run->arena, const char *, value_len(names) + 1);
	for (value_each(name, names))
		list[n++] = value_str(name, "");
	x.names = list;
	if (x509_is_for(&x, wanted))
		return;
	struct finding *f = certificate_finding(
		run, o, arena_printf(run->arena, "%s is not for %s but for %s", whose(run, o), wanted, n ? list[0] : "no name at all"));
	finding_field(run, f, o, "spec.serverName");
	if (n)
		finding_field(run, f, o, "status.names[0]");
	finding_fix(run, f, "Give the Ingress a TLS Secret whose certificate names %s.", wanted);
}

/* ---- Authorities ---------------------------------------------------------------------------------------------------------- */

/* One caBundle of an object: where it stands, and how much it matters. */
struct bundle {
	const char *path;
	const char *what;       /* "Webhook x of Validating..." */
	enum severity severity; /* when it has expired */
	const struct value *service;
};

static bool read_bundle(struct check_run *run, const struct object *o, const struct bundle *b, struct x509_list *ret, struct err *err)
{
	const char *text = value_str(value_at(&o->root, b->path), "");
	struct strbuf pem;
	int r;

	strbuf_init(&pem, BUNDLE_MAX);
	r = crypto_base64_decode(text, strlen(text), &pem, err);
	if (r == 0)
		r = x509_read_pem(run->arena, pem.buf, pem.len, ret, err);
	strbuf_release(&pem);
	return r == 0;
}

/* The last of the bundle's authorities to expire: as long as one is valid the bundle may be good. */
static const struct x509_info *last_to_expire(const struct x509_list *list)
{
	const struct x509_info *last = &list->items[0];

	for (uint32_t i = 1; i < list->len; i++)
		if (list->items[i].not_after > last->not_after)
			last = &list->items[i];
	return last;
}

static struct finding *bundle_finding(struct check_run *run, const struct object *o, const struct bundle *b, const char *text)
{
	struct finding *f = finding_new(run, o, "%s", text);

	finding_field_text(run, f, o, b->path, "a bundle of certificates");
	if (b->service)
		finding_subject(run, f, KIND_SERVICE, value_get_str(b->service, "namespace"), value_get_str(b->service, "name"));
	return f;
}

static void check_expired(struct check_run *run, const struct object *o, const struct bundle *b)
{
	usec_t now = inventory_now(run->inv);
	struct x509_list list;
	struct err why = {0};

	if (!read_bundle(run, o, b, &list, &why))
		return;
	const struct x509_info *last = last_to_expire(&list);
	if (last->not_after > now)
		return;
	struct finding *f = bundle_finding(run, o, b,
					   arena_printf(run->arena, "%s trusts only %s, a certificate authority that expired %s ago", b->what,
							*last->subject ? last->subject : "a nameless one", run_ago(run, last->not_after)));
	f->severity = b->severity;
	f->since = last->not_after;
}

static void check_expiring(struct check_run *run, const struct object *o, const struct bundle *b)
{
	usec_t now = inventory_now(run->inv);
	struct x509_list list;
	struct err why = {0};

	if (!read_bundle(run, o, b, &list, &why))
		return;
	const struct x509_info *last = last_to_expire(&list);
	if (last->not_after > now && expires_within(run->options->certificate_warning, 6, now, last->not_before, last->not_after))
		bundle_finding(run, o, b,
			       arena_printf(run->arena, "%s trusts only %s, a certificate authority that expires in %s", b->what,
					    *last->subject ? last->subject : "a nameless one", run_span(run, last->not_after - now)));
}

static void check_invalid(struct check_run *run, const struct object *o, const struct bundle *b)
{
	struct x509_list list;
	struct err why = {0};

	if (read_bundle(run, o, b, &list, &why) || why.code == ERR_UNSUPPORTED)
		return;
	bundle_finding(run, o, b, arena_printf(run->arena, "%s has a caBundle that cannot be read: %s", b->what, why.message));
}

/* Calls fn for each caBundle in webhook configurations, APIServices and the conversion webhooks of CustomResourceDefinitions. */
static void each_bundle(struct check_run *run, const struct object *o,
			void (*fn)(struct check_run *run, const struct object *o, const struct bundle *b))
{
	uint32_t i = 0;

	if (o->kind->id == KIND_CUSTOM) {
		bool api = str_eq(o->kind->name, "APIService") && str_eq(o->kind->group, "apiregistration.k8s.io");
		bool crd = str_eq(o->kind->name, "CustomResourceDefinition") && str_eq(o->kind->group, "apiextensions.k8s.io");
		struct bundle b = {.path = api ? "spec.caBundle" : "spec.conversion.webhook.clientConfig.caBundle",
				   .what = run_text(run, o),
				   .severity = SEVERITY_ERROR};

		if ((!api && !crd) || !*value_str(value_at(&o->root, b.path), ""))
			return;
		b.service = value_at(&o->root, api ? "spec.service" : "spec.conversion.webhook.clientConfig.service");
		fn(run, o, &b);
		return;
	}
	for (value_each(w, value_get(&o->root, "webhooks"))) {
		struct bundle b = {
			.path = arena_printf(run->arena, "webhooks[%u].clientConfig.caBundle", i++),
			.what = arena_printf(run->arena, "Webhook %s of %s", value_get_str(w, "name"), run_text(run, o)),
			.severity = str_eq(value_get_str(w, "failurePolicy"), "Ignore") ? SEVERITY_WARNING : SEVERITY_ERROR,
			.service = value_at(w, "clientConfig.service"),
		};

		if (*value_str(value_at(w, "clientConfig.caBundle"), ""))
			fn(run, o, &b);
	}
}

static void run_bundle_expired(struct check_run *run, const struct object *o)
{
	each_bundle(run, o, check_expired);
}

static void run_bundle_expiring(struct check_run *run, const struct object *o)
{
	each_bundle(run, o, check_expiring);
}

static void run_bundle_invalid(struct check_run *run, const struct object *o)
{
	each_bundle(run, o, check_invalid);
}

#define WITH_BUNDLES KIND_BIT(KIND_MUTATING_WEBHOOK) | KIND_BIT(KIND_CUSTOM)

const struct check check_tls_bundle_expired = {
	.id = "tls/bundle-expired",
	.kind = KIND_VALIDATING_WEBHOOK,
	.also = WITH_BUNDLES,
	.severity = SEVERITY_ERROR,
	.title = "Every authority of a caBundle has expired",
	.explain =
		"The API server trusts the server behind a webhook, an aggregated API or a conversion by the caBundle of its configuration. All "
		"certificates in it have expired, so no connection can be made: with failurePolicy Fail the requests that it is asked about are refused.\n\n"
		"Usual cause: whoever made the certificate at installation never renews it, or writes the new one to the Secret and not to the "
		"configuration.",
	.fix = "Renew the authority and write it to caBundle (cert-manager's ca-injector does both), or install the program again.",
	.run = run_bundle_expired,
};

const struct check check_tls_bundle_expiring = {
	.id = "tls/bundle-expiring",
	.kind = KIND_VALIDATING_WEBHOOK,
	.also = WITH_BUNDLES,
	.severity = SEVERITY_WARNING,
	.title = "The authorities of a caBundle expire soon",
	.explain = "The last valid certificate of a caBundle has less than a sixth of its life left, at most 30 days, and nobody has renewed it.",
	.fix = "Renew the authority and write it to caBundle before then.",
	.run = run_bundle_expiring,
};

const struct check check_tls_bundle_invalid = {
	.id = "tls/bundle-invalid",
	.kind = KIND_VALIDATING_WEBHOOK,
	.also = WITH_BUNDLES,
	.severity = SEVERITY_ERROR,
	.title = "A caBundle cannot be read",
	.explain =
		"The caBundle of a webhook, an aggregated API or a conversion holds no readable certificate: the API server can trust nobody by it.\n\n"
		"Usual causes: encoded twice, a placeholder of a template that nobody filled in, a private key in its place.",
	.fix = "Write the authority's certificates, PEM in base64, to caBundle.",
	.run = run_bundle_invalid,
};

const struct check check_tls_expired = {
	.id = "tls/expired",
	.kind = KIND_CUSTOM,
	.severity = SEVERITY_ERROR,
	.title = "Certificate has expired",
	.explain =
		"A server shows a certificate that has expired, or a TLS Secret holds one: clients that check it refuse the connection.\n\n"
		"Found by a TLS handshake with the API server; with --probe-certificates also with the TLS ports of Services and Ingresses that can be "
		"reached from here, and with --read-tls-secrets in Secrets. The date is that of the certificate of the chain that expires first.",
	.fix = "Renew it, and see why that did not happen by itself; a server may have to be restarted to show the new one.",
	.run = run_expired,
};

const struct check check_tls_expiring = {
	.id = "tls/expiring",
	.kind = KIND_CUSTOM,
	.severity = SEVERITY_WARNING,
	.title = "Certificate expires soon",
	.explain = "Less than a sixth of a certificate's life is left, at most 30 days, and nobody has renewed it. Where it was seen: as with "
		   "tls/expired.",
	.fix = "Renew it before then, and see why that did not happen by itself.",
	.run = run_expiring,
};

const struct check check_tls_not_yet_valid = {
	.id = "tls/not-yet-valid",
	.kind = KIND_CUSTOM,
	.severity = SEVERITY_ERROR,
	.title = "Certificate is not valid yet",
	.explain = "A certificate's first day lies ahead. Usual cause: the clock of whoever made it, or of this cluster's nodes, is wrong.",
	.fix = "Compare the clocks; make the certificate anew when they agree.",
	.run = run_not_yet_valid,
};

const struct check check_tls_wrong_name = {
	.id = "tls/wrong-name",
	.kind = KIND_CUSTOM,
	.severity = SEVERITY_ERROR,
	.title = "Certificate is for another name",
	.explain =
		"The server behind an Ingress shows, for a host of its TLS section, a certificate that does not name that host: browsers refuse it. Often "
		"it is the controller's default certificate, because the TLS Secret is missing or cannot be read. Found with --probe-certificates.",
	.fix = "Give the Ingress a TLS Secret whose certificate names the host.",
	.run = run_wrong_name,
};
