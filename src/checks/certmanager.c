/* cert-manager: certificates, who issues them, and the steps between. */
#include "checks/custom.h"

#define CM "cert-manager.io"
#define ACME "acme.cert-manager.io"
#define EXPIRES_SOON (7 * 24 * USEC_PER_HOUR)
#define RENEWAL_LATE (USEC_PER_HOUR) /* cert-manager renews within minutes, where it can */

/* ---- Issuers ---------------------------------------------------------------------------------------------------------------- */

static const struct object *issuer_of(struct check_run *run, const struct object *o, bool *ret_missing)
{
	const struct value *ref = value_get(o->spec, "issuerRef");
	const char *kind = value_str(value_get(ref, "kind"), "Issuer"), *group = value_str(value_get(ref, "group"), CM),
		   *name = value_get_str(ref, "name");
	const char *ns = str_eq(kind, "ClusterIssuer") ? "" : o->ns;
	const struct object *issuer = inventory_find_custom(run->inv, *group ? group : CM, *kind ? kind : "Issuer", ns, name);
	/* Issuers of other groups are other programs' business. */
	*ret_missing = !issuer && *name && str_eq(group, CM) && inventory_sees_custom(run->inv, CM, kind, ns);
	return issuer;
}

static void run_issuer(struct check_run *run, const struct object *o)
{
	struct condition c;
	if (o->deleted || !condition_is(o, "Ready", "False", &c) || !condition_lasts(run, o, &c, run->options->startup_grace))
		return;
	const char *secret = value_str(value_at(o->spec, "ca.secretName"), "");
	struct finding *f = finding_new(run, o, "%s has not been ready%s: %s", run_text(run, o), condition_for(run, &c), condition_words(run, &c));
	finding_condition(run, f, o, "status.conditions", &c);
	if (*secret && *o->ns && inventory_sees(run->inv, KIND_SECRET, o->ns) && !inventory_find(run->inv, KIND_SECRET, o->ns, secret)) {
		finding_field(run, f, o, "spec.ca.secretName");
		finding_absence(run, f, "Secret", o->ns, secret);
		finding_subject(run, f, KIND_SECRET, o->ns, secret);
		finding_fix(run, f, "Create Secret %s in namespace %s with the key pair of the authority.", secret, o->ns);
	}
	finding_warning(run, f, o);
}

/* ---- Certificates ----------------------------------------------------------------------------------------------------------- */

static void run_issuer_missing(struct check_run *run, const struct object *o)
{
	bool missing;
	issuer_of(run, o, &missing);
	if (o->deleted || !missing)
		return;
	const struct value *ref = value_get(o->spec, "issuerRef");
	const char *kind = value_str(value_get(ref, "kind"), "Issuer"), *name = value_get_str(ref, "name");
	const char *ns = str_eq(kind, "ClusterIssuer") ? "" : o->ns;
	const char *other = *ns ? "ClusterIssuer" : "Issuer";
	const struct object *namesake = inventory_find_custom(run->inv, CM, other, *ns ? "" : o->ns, name);
	const char *hint = namesake ? arena_printf(run->arena, " (there is %s)", run_text(run, namesake)) : near_custom(run, CM, kind, ns, name);
	struct finding *f = finding_new(run, o, "%s is to be issued by %s %s, which does not exist%s", run_text(run, o), kind, name, hint);
	finding_field(run, f, o, "spec.issuerRef.name");
	finding_absence(run, f, kind, ns, name);
	finding_subject_custom(run, f, CM, kind, ns, name);
	if (namesake)
		finding_fix(run, f, "Set spec.issuerRef.kind to %s.", other);
	else
		finding_fix(run, f, "Correct spec.issuerRef, or create %s %s%s%s.", kind, name, *ns ? " in namespace " : "", ns);
	f->since = o->created;
}

static bool is_ready(const struct object *o)
{
	return str_eq(condition_status(o, "Ready"), "True");
}

static int64_t revision_of(const struct object *request)
{
	return strtoll(value_get_str(request->annotations, CM "/certificate-revision"), NULL, 10);
}

/* The newest request made for a certificate, unless it has been fulfilled. */
static const struct object *open_request(const struct object *certificate)
{
	const struct object *best = NULL;
	for (uint32_t i = 0; i < certificate->child_count; i++) {
		const struct object *r = certificate->children[i];
		if (object_is(r, CM, "CertificateRequest") &&
		    (!best || revision_of(r) > revision_of(best) || (revision_of(r) == revision_of(best) && r->created > best->created)))
			best = r;
	}
	return best && !is_ready(best) ? best : NULL;
}

/* What holds a certificate up: its request, else its issuer. */
static void blame(struct check_run *run, struct finding *f, const struct object *o)
{
	bool missing;
	const struct object *request = open_request(o), *issuer = issuer_of(run, o, &missing);
	if (request)
		finding_subject_object(run, f, request);
	else if (issuer && !is_ready(issuer))
		finding_subject_object(run, f, issuer);
}

/* 0 when it has not expired and is not about to. */
static usec_t expiry_to_tell(struct check_run *run, const struct object *o)
{
	usec_t now = inventory_now(run->inv), end = value_get_time(o->status, "notAfter"), renewal = value_get_time(o->status, "renewalTime");
	bool late = renewal ? renewal + RENEWAL_LATE < now : end < now + EXPIRES_SOON;
	return end && (end <= now || late) ? end : 0;
}

static void run_expiry(struct check_run *run, const struct object *o)
{
	usec_t now = inventory_now(run->inv), end = o->deleted ? 0 : expiry_to_tell(run, o), renewal = value_get_time(o->status, "renewalTime");
	bool missing;
	if (!end)
		return;
	const char *due = renewal ? arena_printf(run->arena, ", and its renewal, due %s ago, has not come about", run_ago(run, renewal)) : "";
	struct finding *f = end <= now ? finding_new(run, o, "%s expired %s ago%s", run_text(run, o), run_ago(run, end), due)
				       : finding_new(run, o, "%s expires in %s%s", run_text(run, o), run_span(run, end - now), due);
	finding_field(run, f, o, "status.notAfter");
	if (renewal)
		finding_field(run, f, o, "status.renewalTime");
	if (value_get(o->status, "failedIssuanceAttempts"))
		finding_field(run, f, o, "status.failedIssuanceAttempts");
	if (end > now)
		f->severity = end - now < EXPIRES_SOON ? SEVERITY_ERROR : SEVERITY_WARNING;
	issuer_of(run, o, &missing);
	if (!missing)
		blame(run, f, o);
	finding_warning(run, f, o);
	f->since = end <= now ? end : renewal;
}

static void run_not_ready(struct check_run *run, const struct object *o)
{
	struct condition c, issuing;
	bool missing;
	issuer_of(run, o, &missing);
	if (o->deleted || missing || expiry_to_tell(run, o) || !condition_is(o, "Ready", "False", &c) || !condition_lasts(run, o, &c, CUSTOM_GRACE))
		return;
	/* "Issuing" says why the last attempt failed, "Ready" only that there is no certificate. */
	bool failed = condition_is(o, "Issuing", "False", &issuing) && str_eq(issuing.reason, "Failed");
	struct finding *f = finding_new(run, o, "%s has not been ready%s: %s", run_text(run, o), condition_for(run, &c),
					failed ? issuing.message : condition_words(run, &c));
	if (failed)
		finding_condition(run, f, o, "status.conditions", &issuing);
	finding_condition(run, f, o, "status.conditions", &c);
	blame(run, f, o);
	finding_warning(run, f, o);
}

/* ---- The steps between ------------------------------------------------------------------------------------------------------ */

/* Old requests and orders stay; only those of a certificate that waits for them matter. */
static bool is_awaited(const struct object *o)
{
	const struct object *certificate = o->owner;
	while (certificate && !object_is(certificate, CM, "Certificate"))
		certificate = certificate->owner;
	if (!certificate)
		return true; /* made by hand */
	const struct object *request = object_is(o, CM, "CertificateRequest") ? o : o->owner;
	while (request && !object_is(request, CM, "CertificateRequest"))
		request = request->owner;
	return !request || open_request(certificate) == request;
}

static const struct object *child_of(const struct object *o, const char *kind)
{
	for (uint32_t i = 0; i < o->child_count; i++)
		if (object_is(o->children[i], ACME, kind) && !str_eq(value_get_str(o->children[i]->status, "state"), "valid"))
			return o->children[i];
	return NULL;
}

static void run_request(struct check_run *run, const struct object *o)
{
	struct condition denied, invalid, ready;
	bool is_denied = condition_is(o, "Denied", "True", &denied), is_invalid = condition_is(o, "InvalidRequest", "True", &invalid);
	if (o->deleted || is_ready(o) || !is_awaited(o))
		return;
	bool unready = condition_is(o, "Ready", "False", &ready), failed = is_denied || is_invalid || str_eq(ready.reason, "Failed");
	const struct condition *c = is_denied ? &denied : is_invalid ? &invalid : &ready;
	if ((!failed && !unready) || (!failed && !condition_lasts(run, o, c, CUSTOM_GRACE)))
		return;
	const char *words = condition_words(run, c);
	struct finding *f = finding_new(run, o, "%s %s: %s", run_text(run, o),
					is_denied    ? "was denied"
					: is_invalid ? "is invalid"
					: failed     ? "has failed"
						     : "waits",
					words);
	finding_condition(run, f, o, "status.conditions", c);
	f->since = 0; /* cert-manager tries again with new requests: when this one was made says nothing of when the trouble began */
	if (!failed)
		f->severity = SEVERITY_WARNING;
	const struct object *order = child_of(o, "Order");
	bool missing;
	const struct object *issuer = issuer_of(run, o, &missing);
	if (order)
		finding_subject_object(run, f, order);
	else if (issuer && !is_ready(issuer))
		finding_subject_object(run, f, issuer);
	finding_warning(run, f, o);
}

static bool is_final(const char *state)
{
	return str_eq(state, "invalid") || str_eq(state, "errored") || str_eq(state, "expired");
}

/* An Order or a Challenge: failed for good, or pending for long. */
static void run_step(struct check_run *run, const struct object *o)
{
	const char *state = value_get_str(o->status, "state"), *reason = value_get_str(o->status, "reason");
	bool final = is_final(state), order = str_eq(o->kind->name, "Order");
	if (o->deleted || str_eq(state, "valid") || str_eq(state, "ready") || !is_awaited(o) ||
	    (!final && o->created && run_age(run, o->created) < CUSTOM_GRACE))
		return;
	const char *domain = order ? value_str(value_item(value_get(o->spec, "dnsNames"), 0), "") : value_get_str(o->spec, "dnsName");
	const char *type = value_get_str(o->spec, "type");
	const char *about = *domain ? arena_printf(run->arena, " for %s", domain) : "";
	struct finding *f = finding_new(run, o, "%s%s%s%s is %s%s%s", run_text(run, o), about, *type ? ", " : "", type, *state ? state : "not begun",
					*reason ? ": " : "", reason);
	finding_field(run, f, o, "status.state");
	if (*reason)
		finding_field(run, f, o, "status.reason");
	if (!final)
		f->severity = SEVERITY_WARNING;
	const struct object *challenge = order ? child_of(o, "Challenge") : NULL;
	if (challenge)
		finding_subject_object(run, f, challenge);
	finding_warning(run, f, o);
}

const struct check check_certificate_expired = {
	.id = "certificate/expired",
	.kind = KIND_CUSTOM,
	.custom = CM "/Certificate",
	.severity = SEVERITY_ERROR,
	.title = "Certificate has expired, or soon will",
	.explain =
		"status.notAfter of the Certificate has passed, or its renewalTime passed more than an hour ago and cert-manager has not renewed it. What holds "
		"the renewal up (a request, the issuer) is named where it is seen. A warning while more than seven days are left.",
	.fix = "See why the renewal fails: the CertificateRequest, its Order and Challenge, the issuer.",
	.run = run_expiry,
};

const struct check check_certificate_issuer_missing = {
	.id = "certificate/issuer-missing",
	.kind = KIND_CUSTOM,
	.custom = CM "/Certificate",
	.severity = SEVERITY_ERROR,
	.title = "Issuer of a certificate does not exist",
	.explain =
		"spec.issuerRef names an Issuer that does not exist in the Certificate's namespace, or a ClusterIssuer that does not exist. Forgetting kind: "
		"ClusterIssuer is the usual cause.",
	.fix = "Correct spec.issuerRef, or create the issuer.",
	.run = run_issuer_missing,
};

const struct check check_certificate_not_ready = {
	.id = "certificate/not-ready",
	.kind = KIND_CUSTOM,
	.custom = CM "/Certificate",
	.severity = SEVERITY_ERROR,
	.title = "Certificate is not issued",
	.explain =
		"The condition Ready of the Certificate has been False for five minutes or more: its Secret does not hold a valid certificate. The request that "
		"was made for it, or the issuer, is blamed where it is not ready either.",
	.fix = "See the CertificateRequest, its Order and Challenge, and the issuer.",
	.run = run_not_ready,
};

const struct check check_certificaterequest_failed = {
	.id = "certificaterequest/failed",
	.kind = KIND_CUSTOM,
	.custom = CM "/CertificateRequest",
	.severity = SEVERITY_ERROR,
	.title = "Certificate request is not fulfilled",
	.explain =
		"The newest request for a Certificate was denied, is invalid, has failed, or has been pending for five minutes or more. Requests that were "
		"replaced by a later one are not looked at.",
	.fix = "Do as the condition's message says.",
	.run = run_request,
};

const struct check check_certificaterequest_step_failing = {
	.id = "certificaterequest/step-failing",
	.kind = KIND_CUSTOM,
	.custom = ACME "/Order " ACME "/Challenge",
	.severity = SEVERITY_ERROR,
	.title = "ACME order or challenge fails",
	.explain =
		"An Order, or one of its Challenges, is invalid, errored or expired, or has been pending for five minutes or more. The Challenge says why: the "
		"address of the domain, the self check over HTTP, the DNS provider's answer.",
	.fix = "Do as the reason says: usually the DNS record of the domain, or the way to /.well-known/acme-challenge.",
	.run = run_step,
};

const struct check check_issuer_not_ready = {
	.id = "issuer/not-ready",
	.kind = KIND_CUSTOM,
	.custom = CM "/Issuer " CM "/ClusterIssuer",
	.severity = SEVERITY_ERROR,
	.title = "Issuer is not ready",
	.explain = "The condition Ready of the Issuer or ClusterIssuer is False: it issues no certificates. Its words are quoted.",
	.fix = "Do as the condition's message says: the account, the address of the server, the Secret with its key.",
	.run = run_issuer,
};
