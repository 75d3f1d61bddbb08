/* Admission webhooks: does anyone answer? One that does not, with failurePolicy Fail, stops all changes it is asked about. */
#include "checks/index.h"
#include "checks/nearest.h"
#include "checks/workload.h"

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
	struct finding *f = start(run, o, t,
				  arena_printf(run->arena, "calls Service %s/%s, which does not exist%s", t->ns, t->name,
					       nearest_hint(run, nearest_name(run, KIND_SERVICE, t->ns, t->name))));
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

static void check_port(struct check_run *run, const struct object *o, const struct target *t)
{
	const struct object *service = inventory_find(run->inv, KIND_SERVICE, t->ns, t->name);
	int64_t port = value_int(value_at(t->webhook, "clientConfig.service.port"), 443);
	const struct value *ports = service ? value_get(service->spec, "ports") : NULL;
	if (value_len(ports) == 0 || str_eq(value_get_str(service->spec, "type"), "ExternalName"))
		return;
	for (value_each(p, ports))
		if (value_get_int(p, "port", 0) == port)
			return;
	int64_t first = value_get_int(value_item(ports, 0), "port", 0);
	struct finding *f = start(
		run, o, t, arena_printf(run->arena, "calls port %lld of Service %s/%s, which has no such port", (long long)port, t->ns, t->name));
	if (value_at(t->webhook, "clientConfig.service.port"))
		finding_fieldf(run, f, o, "webhooks[%u].clientConfig.service.port", t->index);
	finding_field(run, f, service, "spec.ports");
	f->subject.key = arena_printf(run->arena, "%lld", (long long)port);
	finding_fix(run, f, "Set clientConfig.service.port to %lld%s, or give Service %s/%s the port %lld.", (long long)first,
		    value_len(ports) > 1 ? " or another port of it" : "", t->ns, t->name, (long long)port);
}

static void run_port_missing(struct check_run *run, const struct object *o)
{
	each_target(run, o, check_port);
}

/* ---- What a webhook can lock out ------------------------------------------------------------------------------------------------ */

static bool lists(const struct value *list, const char *word)
{
	return value_list_has(list, word) || value_list_has(list, "*");
}

/* Is it asked when a pod is made? */
static bool asked_about_pods(const struct value *webhook)
{
	for (value_each(rule, value_get(webhook, "rules"))) {
		const struct value *resources = value_get(rule, "resources");
		if (lists(value_get(rule, "operations"), "CREATE") && lists(value_get(rule, "apiGroups"), "") &&
		    lists(value_get(rule, "apiVersions"), "v1") && (lists(resources, "pods") || lists(resources, "*/*")) &&
		    !str_eq(value_get_str(rule, "scope"), "Cluster"))
			return true;
	}
	return false;
}

static bool covers_namespace(struct check_run *run, const struct value *webhook, const char *ns)
{
	const struct object *o = inventory_find(run->inv, KIND_NAMESPACE, "", ns);
	return o && selector_matches(value_get(webhook, "namespaceSelector"), o->labels, false);
}

/* The pods that serve it, by the workload that makes them: are they among what it is asked about? */
static const struct object *asks_about_itself(struct check_run *run, const struct target *t)
{
	const struct object *service = inventory_find(run->inv, KIND_SERVICE, t->ns, t->name);
	const struct value *selector = service ? value_get(service->spec, "selector") : NULL;
	const struct object *server = value_len(selector) ? workload_selected(run, t->ns, selector, true) : NULL;
	if (!server || !covers_namespace(run, t->webhook, t->ns) ||
	    !selector_matches(value_get(t->webhook, "objectSelector"), pod_labels_of(server, NULL), false))
		return NULL;
	return server;
}

static void check_lock_out(struct check_run *run, const struct object *o, const struct target *t)
{
	if (!t->fails || !asked_about_pods(t->webhook))
		return;
	const struct object *server = asks_about_itself(run, t);
	bool of_system = covers_namespace(run, t->webhook, "kube-system") && value_len(value_get(t->webhook, "objectSelector")) == 0;
	const char *name = value_get_str(t->webhook, "name");
	struct finding *f;
	if (server)
		f = finding_new(run, o, "Webhook %s of %s must approve its own pods (%s): once none of them runs, none can be made", name,
				run_text(run, o), run_text(run, server));
	else if (of_system)
		f = finding_new(
			run, o,
			"Webhook %s of %s must approve every pod of kube-system: while it does not answer, DNS and network pods cannot be made", name,
			run_text(run, o));
	else
		return;
	finding_fieldf(run, f, o, "webhooks[%u].rules", t->index);
	if (value_get(t->webhook, "namespaceSelector"))
		finding_fieldf(run, f, o, "webhooks[%u].namespaceSelector", t->index);
	finding_fix(
		run, f,
		"Leave namespace %s out in its namespaceSelector (key kubernetes.io/metadata.name, operator NotIn), or set failurePolicy to Ignore.",
		server ? t->ns : "kube-system");
}

static void run_lock_out(struct check_run *run, const struct object *o)
{
	each_target(run, o, check_lock_out);
}

const struct check check_webhook_service_port_missing = {
	.id = "webhook/service-port-missing",
	.kind = KIND_VALIDATING_WEBHOOK,
	.also = KIND_BIT(KIND_MUTATING_WEBHOOK),
	.severity = SEVERITY_CRITICAL,
	.title = "Service of a webhook has no such port",
	.explain =
		"An admission webhook calls a port (443 unless clientConfig.service.port says otherwise) that its Service does not have. With failurePolicy Fail every "
		"request it is asked about is refused.",
	.fix = "Correct clientConfig.service.port, or the Service's ports.",
	.run = run_port_missing,
};

const struct check check_webhook_lock_out = {
	.id = "webhook/lock-out",
	.kind = KIND_VALIDATING_WEBHOOK,
	.also = KIND_BIT(KIND_MUTATING_WEBHOOK),
	.severity = SEVERITY_INFO,
	.title = "Webhook can lock the cluster out",
	.explain =
		"A webhook with failurePolicy Fail is asked about new pods of its own namespace, its own among them, or of kube-system. When its pods are gone, they "
		"cannot be made again, since nobody approves them: a deadlock that only deleting the webhook configuration ends.",
	.fix = "Leave these namespaces out in its namespaceSelector.",
	.advice = true,
	.run = run_lock_out,
};

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
