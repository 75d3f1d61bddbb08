/* Admission webhooks: does anyone answer? One that does not, with failurePolicy Fail, stops all changes it is asked about. */
#include "checks/index.h"

/* "pods", "deployments.apps and 2 more": what the webhook is asked about. */
static const char *rules_text(struct check_run *run, const struct value *webhook)
{
	const char *first = NULL;
	uint32_t n = 0;
	for (value_each(rule, value_get(webhook, "rules"))) {
		for (value_each(r, value_get(rule, "resources"))) {
			if (!first)
				first = value_str(r, "?");
			n++;
		}
	}
	if (!first)
		return "nothing";
	if (str_eq(first, "*") || str_eq(first, "*/*"))
		return "everything";
	return n > 1 ? arena_printf(run->arena, "%s and %u more", first, n - 1) : first;
}

struct target {
	const struct value *webhook;
	uint32_t index;
	const char *ns, *name;
	bool fails; /* failurePolicy Fail */
};

static struct finding *start(struct check_run *run, const struct object *o, const struct target *t, const char *why)
{
	const char *effect = t->fails ? arena_printf(run->arena, "requests about %s are refused", rules_text(run, t->webhook))
				      : arena_printf(run->arena, "requests about %s pass unchecked", rules_text(run, t->webhook));
	struct finding *f = finding_new(run, o, "Webhook %s of %s %s: %s", value_get_str(t->webhook, "name"), run_text(run, o), why, effect);
	finding_fieldf(run, f, o, "webhooks[%u].clientConfig.service.name", t->index);
	if (value_get(t->webhook, "failurePolicy"))
		finding_fieldf(run, f, o, "webhooks[%u].failurePolicy", t->index);
	finding_subject(run, f, KIND_SERVICE, t->ns, t->name);
	f->severity = t->fails ? SEVERITY_CRITICAL : SEVERITY_WARNING;
	return f;
}

static void each_target(struct check_run *run, const struct object *o,
			void (*fn)(struct check_run *run, const struct object *o, const struct target *t))
{
	uint32_t i = 0;
	for (value_each(w, value_get(&o->root, "webhooks"))) {
		const struct value *service = value_at(w, "clientConfig.service");
		struct target t = {.webhook = w, .index = i++, .ns = value_get_str(service, "namespace"), .name = value_get_str(service, "name")};
		t.fails = !str_eq(value_get_str(w, "failurePolicy"), "Ignore");
		if (service && *t.name && inventory_sees(run->inv, KIND_SERVICE, t.ns))
			fn(run, o, &t);
	}
}

static void check_service(struct check_run *run, const struct object *o, const struct target *t)
{
	if (inventory_find(run->inv, KIND_SERVICE, t->ns, t->name))
		return;
	struct finding *f = start(run, o, t, arena_printf(run->arena, "calls Service %s/%s, which does not exist", t->ns, t->name));
	finding_absence(run, f, "Service", t->ns, t->name);
	finding_fix(run, f, "Install what serves it again; if it was removed for good, delete %s %s too.", o->kind->name, o->name);
	finding_propose(run, f, "delete", "medium", "{}");
}

static void run_service_missing(struct check_run *run, const struct object *o)
{
	each_target(run, o, check_service);
}

static void check_endpoints(struct check_run *run, const struct object *o, const struct target *t)
{
	const struct object *service = inventory_find(run->inv, KIND_SERVICE, t->ns, t->name);
	const struct value *selector = service ? value_get(service->spec, "selector") : NULL;
	uint32_t ready, not_ready;
	if (!service || str_eq(value_get_str(service->spec, "type"), "ExternalName"))
		return;
	index_endpoints(run, service, &ready, &not_ready);
	if (ready || (!selector && !inventory_sees(run->inv, KIND_ENDPOINT_SLICE, t->ns)))
		return;
	uint32_t pods = 0, ready_pods = 0;
	if (selector && inventory_sees(run->inv, KIND_POD, t->ns)) {
		struct object_list list = inventory_select(run->inv, run->arena, KIND_POD, t->ns, selector, true);
		pods = list.len;
		for (uint32_t i = 0; i < list.len; i++)
			ready_pods += str_eq(condition_status(list.items[i], "Ready"), "True");
	} else if (!inventory_sees(run->inv, KIND_ENDPOINT_SLICE, t->ns)) {
		return;
	}
	if (ready_pods)
		return;
	struct finding *f = start(run, o, t, arena_printf(run->arena, "calls Service %s/%s, which has no ready pod (of %u)", t->ns, t->name, pods));
	if (selector)
		finding_field(run, f, service, "spec.selector");
	finding_fix(run, f, "See why Service %s/%s has no ready pods.", t->ns, t->name);
}

static void run_no_endpoints(struct check_run *run, const struct object *o)
{
	each_target(run, o, check_endpoints);
}

const struct check check_webhook_service_missing = {
	.id = "webhook/service-missing",
	.kind = KIND_VALIDATING_WEBHOOK,
	.also = KIND_BIT(KIND_MUTATING_WEBHOOK),
	.severity = SEVERITY_CRITICAL,
	.title = "Service of a webhook does not exist",
	.explain =
		"An admission webhook calls a Service that does not exist. With failurePolicy Fail (the default) every request it is asked about is refused: often no "
		"pod can be created. With Ignore the requests pass without its check.\n\n"
		"Usual cause: the program was uninstalled and its webhook configuration was left.",
	.fix = "Install the program again, or delete the webhook configuration.",
	.peers = "k8sgpt ValidatingWebhookConfiguration, MutatingWebhookConfiguration",
	.run = run_service_missing,
};

const struct check check_webhook_no_endpoints = {
	.id = "webhook/no-endpoints",
	.kind = KIND_VALIDATING_WEBHOOK,
	.also = KIND_BIT(KIND_MUTATING_WEBHOOK),
	.severity = SEVERITY_CRITICAL,
	.title = "Nobody serves a webhook",
	.explain = "The Service of an admission webhook has no ready pod. With failurePolicy Fail every request it is asked about is refused.",
	.fix = "See why the webhook's pods are not ready.",
	.peers = "k8sgpt ValidatingWebhookConfiguration, MutatingWebhookConfiguration",
	.run = run_no_endpoints,
};
