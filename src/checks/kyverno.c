/* Policy reports (Kyverno and others): what breaks which policy, one finding for each policy and namespace. */
#include "checks/custom.h"

#define NAMED_MAX 3 /* resources told by name */

/* One policy's failures in one namespace, over all its reports. */
struct failure {
	const char *policy, *ns;
	const struct object *report; /* the first with one */
	uint32_t index;              /* of it, in results */
	uint32_t results, errors;    /* errors: the policy could not be tried */
	uint32_t resources;
	const char *named[NAMED_MAX];
	enum severity severity;
	usec_t since;
};

struct failures {
	struct check_run *run;
	struct hash by_key, resources; /* "policy\nns" -> struct failure; "policy\nresource" -> anything */
	struct {
		struct failure **items;
		uint32_t len, cap;
	} list;
};

/* The report's own words; without any a policy counts as of medium weight. */
static enum severity severity_of(const struct value *result)
{
	const char *s = value_str(value_get(result, "severity"), "medium");
	if (str_eq(s, "critical") || str_eq(s, "high"))
		return SEVERITY_ERROR;
	return str_eq(s, "medium") ? SEVERITY_WARNING : SEVERITY_INFO;
}

static const char *resource_text(struct failures *all, const struct value *resource)
{
	const char *kind = value_get_str(resource, "kind"), *ns = value_get_str(resource, "namespace"), *name = value_get_str(resource, "name");
	return arena_printf(all->run->arena, "%s %s%s%s", kind, ns, *ns ? "/" : "", name);
}

static void add_resource(struct failures *all, struct failure *f, const struct value *resource)
{
	const char *text = resource_text(all, resource), *key = arena_printf(all->run->arena, "%s\n%s", f->policy, text);
	if (hash_get(&all->resources, key, strlen(key)))
		return;
	hash_put(&all->resources, key, strlen(key), f);
	if (f->resources < NAMED_MAX)
		f->named[f->resources] = text;
	f->resources++;
}

/* {timestamp: {seconds, nanos}} */
static usec_t time_of(const struct value *result)
{
	return value_int(value_at(result, "timestamp.seconds"), 0) * USEC_PER_SEC;
}

static void add_result(struct failures *all, const struct object *report, uint32_t index, const struct value *result)
{
	const char *policy = value_get_str(result, "policy"), *key = arena_printf(all->run->arena, "%s\n%s", policy, report->ns);
	const struct value *resources = value_get(result, "resources"), *scope = value_get(&report->root, "scope");
	bool is_error = str_eq(value_get_str(result, "result"), "error");
	enum severity severity = severity_of(result);
	struct failure *f = hash_get(&all->by_key, key, strlen(key));
	usec_t when = time_of(result);
	if (!f) {
		f = arena_new(all->run->arena, struct failure);
		*f = (struct failure){.policy = policy, .ns = report->ns, .report = report, .index = index};
		hash_put(&all->by_key, key, strlen(key), f);
		*arena_push(all->run->arena, &all->list) = f;
	}
	f->results++;
	f->errors += is_error;
	f->severity = MAX(f->severity, severity);
	if (when && (!f->since || when < f->since))
		f->since = when;
	for (value_each(resource, resources))
		add_resource(all, f, resource);
	if (value_len(resources) == 0 && scope)
		add_resource(all, f, scope);
}

static void add_reports(struct failures *all, const char *group, const char *kind)
{
	const struct object_list *list = inventory_list_custom(all->run->inv, group, kind);
	for (uint32_t i = 0; i < list->len; i++) {
		uint32_t index = 0;
		for (value_each(result, value_get(&list->items[i]->root, "results"))) {
			const char *outcome = value_get_str(result, "result");
			if (str_eq(outcome, "fail") || str_eq(outcome, "error"))
				add_result(all, list->items[i], index, result);
			index++;
		}
	}
}

static void add_finding(struct check_run *run, const struct failure *x)
{
	const struct value *result = value_item(value_get(&x->report->root, "results"), x->index);
	const char *message = value_get_str(result, "message"), *who = x->resources ? x->named[0] : run_text(run, x->report);
	for (uint32_t i = 1; i < MIN(x->resources, (uint32_t)NAMED_MAX); i++)
		who = arena_printf(run->arena, "%s, %s", who, x->named[i]);
	if (x->resources > NAMED_MAX)
		who = arena_printf(run->arena, "%s and %u more", who, x->resources - NAMED_MAX);
	bool all_errors = x->errors == x->results;
	const char *verb = all_errors ? "could not be tried on" : "is broken by";
	struct finding *f = finding_new(run, x->report, "Policy %s %s %s%s%s", x->policy, verb, who, *message ? ": " : "", message);
	f->severity = x->severity;
	finding_fieldf(run, f, x->report, "results[%u].policy", x->index);
	if (*value_get_str(result, "rule"))
		finding_fieldf(run, f, x->report, "results[%u].rule", x->index);
	finding_fieldf(run, f, x->report, "results[%u].result", x->index);
	/* The policy, not the resource: what ails the resource otherwise is no reason of this, nor the other way round. */
	finding_subject_text(run, f, "Policy", x->policy);
	if (all_errors)
		finding_fix(run, f, "Correct policy %s: it cannot be evaluated.", x->policy);
	f->since = x->since;
}

static void run_failed(struct check_run *run, const struct object *o)
{
	struct failures all = {.run = run};
	(void)o;
	hash_init(&all.by_key);
	hash_init(&all.resources);
	add_reports(&all, "wgpolicyk8s.io", "ClusterPolicyReport");
	add_reports(&all, "wgpolicyk8s.io", "PolicyReport");
	add_reports(&all, "openreports.io", "ClusterReport");
	add_reports(&all, "openreports.io", "Report");
	for (uint32_t i = 0; i < all.list.len; i++)
		add_finding(run, all.list.items[i]);
	hash_release(&all.by_key);
	hash_release(&all.resources);
}

const struct check check_policyreport_failed = {
	.id = "policyreport/failed",
	.kind = KIND_COUNT,
	.custom = "wgpolicyk8s.io/PolicyReport wgpolicyk8s.io/ClusterPolicyReport openreports.io/Report openreports.io/ClusterReport",
	.severity = SEVERITY_WARNING,
	.title = "Policy is broken",
	.explain =
		"Policy reports, as Kyverno and other engines write them, have results that failed, or that could not be tried (error). They are put together by "
		"policy and namespace; the severity is that of the policy (critical and high: error; medium or none: warning; low: info). The resources run all "
		"the same: the policy only audits.",
	.fix = "Change the resources so that they keep the policy, or make an exception.",
	.peers = "k8sgpt PolicyReport, ClusterPolicyReport",
	.run = run_failed,
};
