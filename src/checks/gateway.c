/* Gateway API: GatewayClasses and Gateways, their listeners and certificates. */
#include "checks/gateway.h"

/* ---- GatewayClass ----------------------------------------------------------------------------------------------------------- */

static uint32_t gateways_of_class(struct check_run *run, const char *class)
{
	const struct object_list *list = inventory_list_custom(run->inv, GATEWAY_GROUP, "Gateway");
	uint32_t n = 0;
	for (uint32_t i = 0; i < list->len; i++)
		n += str_eq(value_get_str(list->items[i]->spec, "gatewayClassName"), class);
	return n;
}

static bool class_is_refused(struct check_run *run, const struct object *o, struct condition *ret)
{
	condition_is(o, "Accepted", "True", ret);
	return !o->deleted && !str_eq(ret->status, "True") && condition_lasts(run, o, ret, run->options->startup_grace);
}

static void run_class_not_accepted(struct check_run *run, const struct object *o)
{
	struct condition c;
	if (!class_is_refused(run, o, &c))
		return;
	uint32_t gateways = gateways_of_class(run, o->name);
	const char *used = gateways ? arena_printf(run->arena, "; %u Gateway%s of this class", gateways, gateways == 1 ? " is" : "s are") : "";
	const char *controller = value_get_str(o->spec, "controllerName");
	bool refused = str_eq(c.status, "False");
	struct finding *f =
		refused ? finding_new(run, o, "%s was not accepted by its controller %s: %s%s", run_text(run, o), controller,
				      condition_words(run, &c), used)
			: finding_new(run, o, "%s was taken up by no controller: none calls itself %s%s", run_text(run, o), controller, used);
	finding_field(run, f, o, "spec.controllerName");
	finding_condition(run, f, o, "status.conditions", &c);
	if (!gateways)
		f->severity = SEVERITY_WARNING;
	if (!refused)
		finding_fix(run, f, "Install or start the controller that serves %s, or correct spec.controllerName.", controller);
}

/* ---- Gateway ---------------------------------------------------------------------------------------------------------------- */

static const char *class_name(const struct object *o)
{
	return value_get_str(o->spec, "gatewayClassName");
}

static const struct object *class_of(struct check_run *run, const struct object *o)
{
	return inventory_find_custom(run->inv, GATEWAY_GROUP, "GatewayClass", "", class_name(o));
}

static bool class_is_missing(struct check_run *run, const struct object *o)
{
	return *class_name(o) && !class_of(run, o) && inventory_sees_custom(run->inv, GATEWAY_GROUP, "GatewayClass", NULL);
}

bool gateway_is_accepted(const struct object *gateway)
{
	return str_eq(condition_status(gateway, "Accepted"), "True");
}

static void run_class_missing(struct check_run *run, const struct object *o)
{
	const char *class = class_name(o);
	if (o->deleted || !class_is_missing(run, o))
		return;
	struct finding *f = finding_new(run, o, "%s is of GatewayClass %s, which does not exist: nobody serves it%s", run_text(run, o), class,
					near_custom(run, GATEWAY_GROUP, "GatewayClass", "", class));
	finding_field(run, f, o, "spec.gatewayClassName");
	finding_absence(run, f, "GatewayClass", "", class);
	finding_subject_custom(run, f, GATEWAY_GROUP, "GatewayClass", "", class);
	finding_fix(run, f, "Correct spec.gatewayClassName, or install the controller that serves class %s.", class);
	f->since = o->created;
}

static void run_not_accepted(struct check_run *run, const struct object *o)
{
	struct condition c;
	const struct object *class = class_of(run, o);
	if (o->deleted || class_is_missing(run, o) || condition_is(o, "Accepted", "True", &c) ||
	    !condition_lasts(run, o, &c, run->options->startup_grace))
		return;
	bool refused = str_eq(c.status, "False");
	const char *words = condition_words(run, &c);
	struct finding *f = refused ? finding_new(run, o, "%s was not accepted by its controller: %s", run_text(run, o), words)
				    : finding_new(run, o, "%s was taken up by no controller%s%s", run_text(run, o), *words ? ": " : "", words);
	finding_field(run, f, o, "spec.gatewayClassName");
	finding_condition(run, f, o, "status.conditions", &c);
	if (!refused && class)
		finding_subject_object(run, f, class);
	if (!refused)
		finding_fix(run, f, "See that the controller of GatewayClass %s runs.", class_name(o));
}

/* ---- Listeners -------------------------------------------------------------------------------------------------------------- */

/* A certificate of listener i that does not exist: its name, and where; NULL when all are there or cannot be seen. */
static const char *missing_certificate(struct check_run *run, const struct object *o, const struct value *listener, const char **ret_ns,
				       uint32_t *ret_ref)
{
	*ret_ref = 0;
	for (value_each(ref, value_at(listener, "tls.certificateRefs"))) {
		const char *ns = value_get_str(ref, "namespace"), *name = value_get_str(ref, "name");
		bool secret = str_eq(value_str(value_get(ref, "kind"), "Secret"), "Secret") && !*value_get_str(ref, "group");
		*ret_ns = *ns ? ns : o->ns;
		if (secret && *name && inventory_sees(run->inv, KIND_SECRET, *ret_ns) && !inventory_find(run->inv, KIND_SECRET, *ret_ns, name))
			return name;
		++*ret_ref;
	}
	return NULL;
}

static void run_certificate_missing(struct check_run *run, const struct object *o)
{
	uint32_t i = 0, ref;
	if (o->deleted)
		return;
	for (value_each(listener, value_get(o->spec, "listeners"))) {
		const char *ns, *name = missing_certificate(run, o, listener, &ns, &ref);
		if (name && !finding_is_said(run, o, name, NULL)) {
			struct finding *f = finding_new(run, o, "Listener %s of %s takes its certificate from Secret %s/%s, which does not exist",
							value_get_str(listener, "name"), run_text(run, o), ns, name);
			finding_fieldf(run, f, o, "spec.listeners[%u].tls.certificateRefs[%u].name", i, ref);
			finding_absence(run, f, "Secret", ns, name);
			finding_subject(run, f, KIND_SECRET, ns, name);
			finding_fix(run, f, "Create the TLS Secret %s in namespace %s, or see why cert-manager has not made it.", name, ns);
		}
		i++;
	}
}

/* What is wrong with a listener by its status; false when nothing is, or its certificate is missing, which says more. */
static bool listener_trouble(struct check_run *run, const struct object *o, const struct value *status, struct condition *ret)
{
	const struct value *conditions = value_get(status, "conditions");
	const char *ns;
	uint32_t ref;
	for (value_each(listener, value_get(o->spec, "listeners")))
		if (str_eq(value_get_str(listener, "name"), value_get_str(status, "name")) && missing_certificate(run, o, listener, &ns, &ref))
			return false;
	if (condition_in(conditions, "Conflicted", ret) && str_eq(ret->status, "True"))
		return true;
	if (condition_in(conditions, "ResolvedRefs", ret) && str_eq(ret->status, "False"))
		return true;
	return condition_in(conditions, "Accepted", ret) && str_eq(ret->status, "False");
}

static bool has_listener_trouble(struct check_run *run, const struct object *o)
{
	struct condition c;
	const char *ns;
	uint32_t ref;
	for (value_each(status, value_get(o->status, "listeners")))
		if (listener_trouble(run, o, status, &c))
			return true;
	for (value_each(listener, value_get(o->spec, "listeners")))
		if (missing_certificate(run, o, listener, &ns, &ref))
			return true;
	return false;
}

static void run_listener(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	for (value_each(status, value_get(o->status, "listeners"))) {
		struct condition c;
		if (!o->deleted && listener_trouble(run, o, status, &c) && condition_lasts(run, o, &c, run->options->startup_grace)) {
			struct finding *f = finding_new(run, o, "Listener %s of %s does not work: %s", value_get_str(status, "name"),
							run_text(run, o), condition_words(run, &c));
			finding_condition(run, f, o, arena_printf(run->arena, "status.listeners[%u].conditions", i), &c);
			if (str_eq(c.reason, "RefNotPermitted"))
				finding_fix(run, f, "Allow it by a ReferenceGrant in the namespace of the Secret.");
		}
		i++;
	}
}

static void run_not_programmed(struct check_run *run, const struct object *o)
{
	struct condition c;
	if (o->deleted || !gateway_is_accepted(o) || !condition_is(o, "Programmed", "False", &c) || has_listener_trouble(run, o) ||
	    !condition_lasts(run, o, &c, CUSTOM_GRACE))
		return;
	struct finding *f =
		finding_new(run, o, "%s is accepted, and not programmed%s: %s", run_text(run, o), condition_for(run, &c), condition_words(run, &c));
	finding_condition(run, f, o, "status.conditions", &c);
	finding_warning(run, f, o);
	if (str_eq(c.reason, "AddressNotAssigned"))
		finding_fix(run, f, "See why the Service of the gateway gets no address: a load balancer implementation and a free address.");
}

/* ---- ReferenceGrant --------------------------------------------------------------------------------------------------------- */

static bool grants_from(const struct object *grant, const char *from_kind, const char *from)
{
	for (value_each(f, value_get(grant->spec, "from")))
		if (str_eq(value_get_str(f, "group"), GATEWAY_GROUP) && str_eq(value_get_str(f, "kind"), from_kind) &&
		    str_eq(value_get_str(f, "namespace"), from))
			return true;
	return false;
}

static bool grants_to(const struct object *grant, const char *group, const char *kind, const char *name)
{
	for (value_each(t, value_get(grant->spec, "to")))
		if (str_eq(value_get_str(t, "group"), group) && str_eq(value_get_str(t, "kind"), kind) &&
		    (!*value_get_str(t, "name") || str_eq(value_get_str(t, "name"), name)))
			return true;
	return false;
}

bool gateway_reference_granted(struct check_run *run, const char *from_kind, const char *from, const char *to_group, const char *to_kind,
			       const char *to, const char *name)
{
	const struct object_list *list = inventory_list_custom(run->inv, GATEWAY_GROUP, "ReferenceGrant");
	for (uint32_t i = 0; i < list->len; i++)
		if (str_eq(list->items[i]->ns, to) && grants_from(list->items[i], from_kind, from) &&
		    grants_to(list->items[i], to_group, to_kind, name))
			return true;
	return false;
}

const struct check check_gatewayclass_not_accepted = {
	.id = "gatewayclass/not-accepted",
	.kind = KIND_CUSTOM,
	.custom = GATEWAY_GROUP "/GatewayClass",
	.severity = SEVERITY_ERROR,
	.title = "Gateway class has no controller",
	.explain =
		"The condition Accepted of the GatewayClass is not True: no controller calls itself by its controllerName, or the controller refuses its "
		"parameters. No Gateway of the class is served. A warning while no Gateway uses the class.",
	.fix = "Install the controller, or correct what it does not accept.",
	.peers = "k8sgpt GatewayClass",
	.run = run_class_not_accepted,
};

const struct check check_gateway_class_missing = {
	.id = "gateway/class-missing",
	.kind = KIND_CUSTOM,
	.custom = GATEWAY_GROUP "/Gateway",
	.severity = SEVERITY_ERROR,
	.title = "Gateway class does not exist",
	.explain = "The Gateway names a GatewayClass that does not exist, so that no controller serves it.",
	.fix = "Name a class that exists, or install its controller.",
	.peers = "k8sgpt Gateway",
	.run = run_class_missing,
};

const struct check check_gateway_not_accepted = {
	.id = "gateway/not-accepted",
	.kind = KIND_CUSTOM,
	.custom = GATEWAY_GROUP "/Gateway",
	.severity = SEVERITY_ERROR,
	.title = "Gateway was not accepted",
	.explain = "The condition Accepted of the Gateway is not True: its controller refuses it (the message says why), or none has taken it up.",
	.fix = "Do as the condition's message says.",
	.peers = "k8sgpt Gateway",
	.run = run_not_accepted,
};

const struct check check_gateway_certificate_missing = {
	.id = "gateway/certificate-missing",
	.kind = KIND_CUSTOM,
	.custom = GATEWAY_GROUP "/Gateway",
	.severity = SEVERITY_ERROR,
	.title = "Certificate secret does not exist",
	.explain = "tls.certificateRefs of a listener names a Secret that does not exist: the listener is not served.",
	.fix = "Create the TLS Secret.",
	.run = run_certificate_missing,
};

const struct check check_gateway_listener_failing = {
	.id = "gateway/listener-failing",
	.kind = KIND_CUSTOM,
	.custom = GATEWAY_GROUP "/Gateway",
	.severity = SEVERITY_ERROR,
	.title = "Listener does not work",
	.explain =
		"The status of a listener says that it is in conflict with another one (Conflicted), that something it refers to cannot be used "
		"(ResolvedRefs: InvalidCertificateRef, RefNotPermitted, InvalidRouteKinds), or that it was not accepted (Accepted: PortUnavailable, "
		"UnsupportedProtocol).",
	.fix = "Do as the condition's message says.",
	.run = run_listener,
};

const struct check check_gateway_not_programmed = {
	.id = "gateway/not-programmed",
	.kind = KIND_CUSTOM,
	.custom = GATEWAY_GROUP "/Gateway",
	.severity = SEVERITY_ERROR,
	.title = "Gateway is not programmed",
	.explain =
		"The Gateway was accepted, and its condition Programmed has been False for five minutes or more: no traffic passes. Often no address could be "
		"assigned.",
	.fix = "Do as the condition's message says.",
	.run = run_not_programmed,
};
