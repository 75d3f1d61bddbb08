/* Custom objects. Nothing is known of their kinds but the convention that most follow: status.conditions, with Ready or Available. */
#include "checks/custom.h"

#include "checks/nearest.h"

bool condition_in(const struct value *conditions, const char *type, struct condition *ret)
{
	uint32_t index = 0;
	*ret = (struct condition){.status = "", .reason = "", .message = ""};
	for (value_each(c, conditions)) {
		if (str_eq(value_get_str(c, "type"), type)) {
			*ret = (struct condition){.v = c,
						  .index = index,
						  .status = value_get_str(c, "status"),
						  .reason = value_get_str(c, "reason"),
						  .message = value_get_str(c, "message"),
						  .since = value_get_time(c, "lastTransitionTime")};
			return true;
		}
		index++;
	}
	return false;
}

bool condition_is(const struct object *o, const char *type, const char *status, struct condition *ret)
{
	return condition_in(value_get(o->status, "conditions"), type, ret) && str_eq(ret->status, status);
}

const char *condition_words(struct check_run *run, const struct condition *c)
{
	return arena_printf(run->arena, "%s%s%s", c->reason, *c->reason && *c->message ? ": " : "", c->message);
}

bool condition_lasts(struct check_run *run, const struct object *o, const struct condition *c, usec_t grace)
{
	return (!c->since || run_age(run, c->since) >= grace) && (!o->created || run_age(run, o->created) >= grace);
}

const char *condition_for(struct check_run *run, const struct condition *c)
{
	return c->since ? arena_printf(run->arena, " for %s", run_ago(run, c->since)) : "";
}

void finding_condition(struct check_run *run, struct finding *f, const struct object *o, const char *path, const struct condition *c)
{
	if (!c->v)
		return;
	finding_fieldf(run, f, o, "%s[%u].status", path, c->index);
	if (*c->message)
		finding_fieldf(run, f, o, "%s[%u].message", path, c->index);
	f->since = c->since;
}

void finding_warning(struct check_run *run, struct finding *f, const struct object *o)
{
	const struct event_list *events = inventory_events_of(run->inv, o);
	for (uint32_t i = 0; events && i < events->len; i++) {
		if (str_eq(events->items[i]->type, "Warning")) {
			finding_event(run, f, events->items[i]);
			return;
		}
	}
}

const char *near_object(struct check_run *run, const struct object_list *list, const char *ns, const char *name)
{
	return nearest_hint(run, nearest_in(list, ns, name));
}

const char *near_custom(struct check_run *run, const char *group, const char *kind, const char *ns, const char *name)
{
	return near_object(run, inventory_list_custom(run->inv, group, kind), ns, name);
}

const char *group_of(struct arena *a, const char *api_version)
{
	const char *slash = strchr(api_version, '/');
	return slash ? arena_strndup(a, api_version, (size_t)(slash - api_version)) : "";
}

bool object_is(const struct object *o, const char *group, const char *kind)
{
	return str_eq(o->kind->name, kind) && str_eq(o->kind->group, group);
}

/* Not ready because nothing is to be done, in the operators' words: Knative at zero, a thing done, a thing switched off. */
static bool is_at_rest(const struct object *o, const struct condition *c)
{
	static const char *const reasons[] = {"Completed", "Disabled", "Finished", "Hibernated", "NoTraffic", "Paused", "Suspended", "Succeeded"};
	if (value_get_bool(o->spec, "suspend", false) || value_get_bool(o->spec, "paused", false))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (str_eq(c->reason, reasons[i]))
			return true;
	return false;
}

static void run_not_ready(struct check_run *run, const struct object *o)
{
	static const char *const types[] = {"Ready", "Available"};
	struct condition c;
	if (o->deleted || check_knows_kind(o->kind))
		return;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!condition_is(o, types[i], "False", &c))
			continue;
		if (!condition_lasts(run, o, &c, CUSTOM_GRACE) || is_at_rest(o, &c))
			return;
		const char *words = condition_words(run, &c);
		struct finding *f = finding_new(run, o, "%s has not been %s%s%s%s", run_text(run, o), i == 0 ? "ready" : "available",
						condition_for(run, &c), *words ? ": " : "", words);
		finding_condition(run, f, o, "status.conditions", &c);
		finding_warning(run, f, o);
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
		"convention: databases, clusters, Flux objects. Kinds that have checks of their own are left to them, "
		"and so is what is at rest: suspended or paused in its spec, or for a reason like Completed or NoTraffic.",
	.fix = "Do as the condition's message says, and see the log of the operator that owns the kind.",
	.run = run_not_ready,
};
