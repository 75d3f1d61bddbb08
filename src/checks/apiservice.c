/* What extends the API: APIServices and the definitions of custom kinds. */
#include "checks/custom.h"
#include "checks/index.h"

static void run_apiservice(struct check_run *run, const struct object *o)
{
	const struct value *service = value_get(o->spec, "service");
	const char *name = value_get_str(service, "name"), *ns = value_get_str(service, "namespace");
	struct condition c;
	/* Without a service it is the API server's own. */
	if (o->deleted || !*name || !condition_is(o, "Available", "False", &c))
		return;
	/* What only starts may take a while; a Service that is not there will not come by itself. */
	bool gone = inventory_sees(run->inv, KIND_SERVICE, ns) && !inventory_find(run->inv, KIND_SERVICE, ns, name);
	if (!gone && !condition_lasts(run, o, &c, run->options->startup_grace))
		return;
	struct finding *f =
		finding_new(run, o, "%s has not been available%s: %s", run_text(run, o), condition_for(run, &c), condition_words(run, &c));
	finding_condition(run, f, o, "status.conditions", &c);
	finding_field(run, f, o, "spec.service.name");
	finding_subject(run, f, KIND_SERVICE, ns, name);
	if (!f->subject.object && inventory_sees(run->inv, KIND_SERVICE, ns)) {
		finding_absence(run, f, "Service", ns, name);
		finding_fix(run, f, "Install what serves %s/%s again; if it was removed for good, delete %s %s too.", value_get_str(o->spec, "group"),
			    value_get_str(o->spec, "version"), o->kind->name, o->name);
	} else {
		finding_fix(run, f, "See why Service %s/%s does not answer: its pods, and what lies between the API server and them.", ns, name);
	}
}

static void run_names(struct check_run *run, const struct object *o)
{
	struct condition c;
	if (o->deleted || !condition_is(o, "NamesAccepted", "False", &c))
		return;
	struct finding *f = finding_new(run, o, "%s is not served, its names are taken: %s", run_text(run, o), condition_words(run, &c));
	finding_condition(run, f, o, "status.conditions", &c);
	finding_field(run, f, o, "spec.names.plural");
}

static void run_established(struct check_run *run, const struct object *o)
{
	struct condition c, names;
	if (o->deleted || condition_is(o, "NamesAccepted", "False", &names) || !condition_is(o, "Established", "False", &c) ||
	    !condition_lasts(run, o, &c, run->options->startup_grace))
		return;
	struct finding *f =
		finding_new(run, o, "%s has not been established%s: %s", run_text(run, o), condition_for(run, &c), condition_words(run, &c));
	finding_condition(run, f, o, "status.conditions", &c);
}

#define CONVERSION "spec.conversion.webhook.clientConfig.service"

static void run_conversion(struct check_run *run, const struct object *o)
{
	const struct value *service = value_at(&o->root, CONVERSION);
	const char *name = value_get_str(service, "name"), *ns = value_get_str(service, "namespace"), *why;
	uint32_t ready, not_ready;
	/* Nothing is converted where there is but one version. */
	if (o->deleted || !*name || !str_eq(object_str(o, "spec.conversion.strategy"), "Webhook") || value_len(value_get(o->spec, "versions")) < 2 ||
	    !inventory_sees(run->inv, KIND_SERVICE, ns))
		return;
	const struct object *target = inventory_find(run->inv, KIND_SERVICE, ns, name);
	if (!target) {
		why = "which does not exist";
	} else {
		index_endpoints(run, target, &ready, &not_ready);
		if (ready || !inventory_sees(run->inv, KIND_ENDPOINT_SLICE, ns) || str_eq(value_get_str(target->spec, "type"), "ExternalName"))
			return;
		why = "which has no ready endpoint";
	}
	struct finding *f = finding_new(run, o, "%s converts its objects by Service %s/%s, %s: those stored in another version cannot be read",
					run_text(run, o), ns, name, why);
	finding_field(run, f, o, CONVERSION ".name");
	if (!target)
		finding_absence(run, f, "Service", ns, name);
	finding_subject(run, f, KIND_SERVICE, ns, name);
	if (target)
		finding_fix(run, f, "See why Service %s/%s has no ready pods.", ns, name);
}

const struct check check_apiservice_not_available = {
	.id = "apiservice/not-available",
	.kind = KIND_CUSTOM,
	.custom = "apiregistration.k8s.io/APIService",
	.severity = SEVERITY_ERROR,
	.title = "Part of the API does not answer",
	.explain =
		"An APIService sends a group of the API to a Service, and its condition Available has been False for startup_grace or more. Requests to "
		"that group fail; so does whatever looks at all groups: namespaces cannot be deleted, and without metrics.k8s.io no autoscaler works.\n\n"
		"Usual causes: the program behind it is down, was uninstalled and left its APIService, or cannot be reached by the API server.",
	.fix = "See why the Service does not answer, or delete the APIService of what was uninstalled.",
	.run = run_apiservice,
};

const struct check check_crd_conversion_service = {
	.id = "crd/conversion-service",
	.kind = KIND_CUSTOM,
	.custom = "apiextensions.k8s.io/CustomResourceDefinition",
	.severity = SEVERITY_ERROR,
	.title = "Nobody converts a custom kind",
	.explain =
		"The definition says that a webhook converts between the versions of its kind, and the webhook's Service does not exist or has no ready "
		"endpoint. Objects that are stored in another version than the one asked for cannot be read, listed or changed.",
	.fix = "Install what serves the webhook again.",
	.run = run_conversion,
};

const struct check check_crd_names_not_accepted = {
	.id = "crd/names-not-accepted",
	.kind = KIND_CUSTOM,
	.custom = "apiextensions.k8s.io/CustomResourceDefinition",
	.severity = SEVERITY_ERROR,
	.title = "Names of a custom kind are taken",
	.explain =
		"The condition NamesAccepted is False: another definition of the same group already has the plural, singular, short or kind name. The kind "
		"is not served.",
	.fix = "Remove the other definition, or rename this one.",
	.run = run_names,
};

const struct check check_crd_not_established = {
	.id = "crd/not-established",
	.kind = KIND_CUSTOM,
	.custom = "apiextensions.k8s.io/CustomResourceDefinition",
	.severity = SEVERITY_ERROR,
	.title = "Custom kind is not served",
	.explain = "The condition Established is False for startup_grace or more: the API server does not serve the kind.",
	.fix = "Do as the condition's message says.",
	.run = run_established,
};
