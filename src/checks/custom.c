/* Custom objects. Nothing is known of their kinds but the convention that most follow: status.conditions, with Ready or Available. */
#include "checks/check.h"

/* What is being made may take longer than a pod: certificates, clusters, databases. */
#define CUSTOM_GRACE (5 * USEC_PER_MINUTE)

static void run_not_ready(struct check_run *run, const struct object *o)
{
	static const char *const types[] = {"Ready", "Available"};
	for (size_t i = 0; i < ARRAY_LEN(types) && !o->deleted; i++) {
		uint32_t index;
		const struct value *c = condition_find(o, types[i], &index);
		usec_t since = value_get_time(c, "lastTransitionTime"), made = run_age(run, o->created);
		if (!str_eq(value_get_str(c, "status"), "False"))
			continue;
		if ((since && run_age(run, since) < CUSTOM_GRACE) || (o->created && made < CUSTOM_GRACE))
			return;
		const char *reason = value_get_str(c, "reason"), *message = value_get_str(c, "message");
		const char *span = since ? arena_printf(run->arena, " for %s", run_ago(run, since)) : "";
		struct finding *f = finding_new(run, o, "%s has not been %s%s%s%s%s%s", run_text(run, o), i == 0 ? "ready" : "available", span,
						*reason || *message ? ": " : "", reason, *reason && *message ? ": " : "", message);
		finding_fieldf(run, f, o, "status.conditions[%u].status", index);
		if (*message)
			finding_fieldf(run, f, o, "status.conditions[%u].message", index);
		const struct event_list *events = inventory_events_of(run->inv, o);
		for (uint32_t k = 0; events && k < events->len; k++) {
			if (str_eq(events->items[k]->type, "Warning")) {
				finding_event(run, f, events->items[k]);
				break;
			}
		}
		f->since = since;
		/* An APIService names who should answer. */
		const struct value *service = value_get(o->spec, "service");
		const char *name = value_get_str(service, "name"), *ns = value_get_str(service, "namespace");
		if (str_eq(o->kind->name, "APIService") && *name)
			finding_subject(run, f, KIND_SERVICE, ns, name);
		return;
	}
}

const struct check check_custom_not_ready = {
	.id = "custom/not-ready",
	.kind = KIND_CUSTOM,
	.severity = SEVERITY_WARNING,
	.title = "Custom object is not ready",
	.explain =
		"A custom object says of itself, in status.conditions, that it is not Ready or not Available, for five minutes or more. Most operators follow this "
		"convention: certificates, databases, clusters, Argo CD and Flux objects, APIServices.",
	.fix = "Do as the condition's message says, and see the log of the operator that owns the kind.",
	.run = run_not_ready,
};
