#include "diagnose/calls.h"

#include "checks/policy_reach.h"
#include "cluster/reach.h"
#include "diagnose/graph_internal.h"

/* What one policy is found to forbid: its first caller and callee, and how many more. */
struct blocked {
	const struct object *policy, *caller;
	struct object_name callee;
	struct reach_answer answer;
	int port; /* of the Service; 0 = any */
	uint32_t count;
	const struct finding *complaint; /* a log that shows it; NULL = none yet */
	const struct edge *edge;         /* where the caller names the callee; NULL = in its log */
};

struct calls {
	struct check_run *run;
	struct graph *g;
	struct ptr_map by_policy; /* policy -> struct blocked */
	struct {
		struct blocked **items;
		uint32_t len, cap;
	} all;
};

static struct blocked *blocked_of(struct calls *c, const struct reach_answer *answer)
{
	struct blocked *b = ptr_map_get(&c->by_policy, answer->policy);
	if (!b) {
		b = arena_new(c->run->arena, struct blocked);
		b->policy = answer->policy;
		ptr_map_put(c->run->arena, &c->by_policy, b->policy, b);
		*arena_push(c->run->arena, &c->all) = b;
	}
	return b;
}

static bool reaches(struct calls *c, const struct object *caller, const struct object_name *callee, int port, struct reach_answer *ret)
{
	const struct reach_end from = {caller, NULL}, to = {callee->object, NULL};
	if (callee->kind == KIND_SERVICE)
		return reach_service(c->run->inv, c->run->arena, &from, callee->object, port, ret);
	return reach_allows(c->run->inv, &from, &to, "TCP", port, ret);
}

/* ---- Complaints ------------------------------------------------------------------------------------------------------------- */

/* The line that a log finding rests on. */
static const char *line_of(const struct finding *f)
{
	for (uint32_t i = 0; i < f->evidence_count; i++)
		if (f->evidence[i].type == EVIDENCE_LOG || f->evidence[i].type == EVIDENCE_FIELD)
			return f->evidence[i].text ? f->evidence[i].text : "";
	return "";
}

static bool says(const char *line, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(line, *words))
			return true;
	return false;
}

/* A lookup that got no answer at all: an answer such as "no such host" came through. */
static bool is_silent_lookup(const struct finding *f)
{
	static const char *const lookup[] = {"lookup ", "resolve", "resolution", "getaddrinfo", "eai_again", ":53", NULL};
	static const char *const answered[] = {"no such host", "nxdomain", "enotfound", "not known", "no address associated", NULL};
	const char *line = line_of(f);
	return says(line, lookup) && !says(line, answered);
}

static bool is_complaint(const struct finding *f)
{
	static const char *const ids[] = {"log/timeout", "log/name-lookup-failed", "log/connection-refused", "log/connection-lost",
					  "pod/init-waiting"};
	if (f->state != FINDING_ACTIVE || !f->object || f->object->kind->id != KIND_POD)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (str_eq(f->check->id, ids[i]))
			return true;
	return false;
}

static const struct finding *find_of_policy(const struct check_run *run, const char *id, const struct object *policy)
{
	for (uint32_t i = 0; i < run->findings.len; i++)
		if (run->findings.items[i]->object == policy && str_eq(run->findings.items[i]->check->id, id))
			return run->findings.items[i];
	return NULL;
}

/* Pods that may send nothing at all are no finding until one of them complains. */
static bool blame_dns(struct calls *c, struct finding *f)
{
	const struct object *policy = is_silent_lookup(f) ? policy_forbids_dns(c->run, f->object) : NULL;
	if (!policy)
		return false;
	if (!find_of_policy(c->run, "networkpolicy/dns-egress-forgotten", policy)) {
		c->run->check = check_by_id("networkpolicy/dns-egress-forgotten");
		policy_dns_finding(c->run, policy, object_top_owner(f->object), 0);
	}
	graph_set_refusing(c->g, f, policy);
	return true;
}

/* Asked first, for most calls are no policy's affair: does any select the caller or, by its first pod, the callee? */
static bool is_policed(struct calls *c, const struct object *caller, const struct object *service)
{
	if (reach_isolated(c->run->inv, REACH_EGRESS, caller))
		return true;
	struct object_list pods = inventory_select(c->run->inv, c->run->arena, KIND_POD, service->ns, value_get(service->spec, "selector"), true);
	return pods.len && reach_isolated(c->run->inv, REACH_INGRESS, pods.items[0]);
}

static bool is_refused(struct calls *c, const struct object *caller, const struct edge *e, struct reach_answer *ret)
{
	/* A port that the Service does not have is another trouble: then whether any is reached counts. */
	return e->relation == REL_CALLS && e->to.object && e->to.kind == KIND_SERVICE && is_policed(c, caller, e->to.object) &&
	       !reaches(c, caller, &e->to, e->port, ret);
}

/* A line that names nobody ("request canceled while waiting for connection") is about the one call that a policy forbids, if there is
 * just one. */
static bool guess_callee(struct calls *c, struct finding *f)
{
	const struct object *caller = object_top_owner(f->object);
	const struct edge_list *edges = graph_edges(c->g, caller);
	const struct edge *found = NULL;
	struct reach_answer answer;

	if (!str_eq(f->check->id, "log/timeout") || f->subject.name)
		return false;
	for (uint32_t i = 0; i < edges->len; i++) {
		if (!is_refused(c, caller, &edges->items[i], &answer))
			continue;
		if (found && found->to.object != edges->items[i].to.object)
			return false;
		found = &edges->items[i];
	}
	if (!found)
		return false;
	finding_subject_object(c->run, f, found->to.object);
	return true;
}

static void look_at_complaint(struct calls *c, struct finding *f)
{
	struct reach_answer answer;
	if (blame_dns(c, f))
		return;
	if (!guess_callee(c, f) && (!f->subject.object || (f->subject.kind != KIND_SERVICE && f->subject.kind != KIND_POD)))
		return;
	if (reaches(c, f->object, &f->subject, 0, &answer))
		return;
	struct blocked *b = blocked_of(c, &answer);
	graph_set_refusing(c->g, f, answer.policy);
	if (b->complaint)
		return;
	b->complaint = f;
	b->caller = f->object;
	b->callee = f->subject;
	b->answer = answer;
}

/* ---- Settings --------------------------------------------------------------------------------------------------------------- */

static void look_at_workload(struct calls *c, const struct object *w)
{
	const struct edge_list *edges = graph_edges(c->g, w);
	for (uint32_t i = 0; i < edges->len; i++) {
		const struct edge *e = &edges->items[i];
		struct reach_answer answer;
		if (!is_refused(c, w, e, &answer))
			continue;
		struct blocked *b = blocked_of(c, &answer);
		if (b->count++ == 0 && !b->complaint) {
			b->caller = w;
			b->callee = e->to;
			b->answer = answer;
			b->port = e->port;
			b->edge = e;
		}
	}
}

/* ---- Findings --------------------------------------------------------------------------------------------------------------- */

static void add_finding(struct calls *c, const struct blocked *b)
{
	struct check_run *run = c->run;
	struct arena *a = run->arena;
	bool out = b->answer.side == REACH_EGRESS;
	const struct object *caller = object_top_owner(b->caller);
	const char *callee = name_text(a, &b->callee), *who = run_text(run, caller), *path;
	uint32_t further = b->count > 1 ? b->count - 1 : 0;
	const char *port = b->port ? arena_printf(a, " on port %d", b->port) : "";
	const char *more = further ? arena_printf(a, ", and forbids %u more call%s", further, further == 1 ? "" : "s") : "";
	struct finding *f;

	run->check = &calls_check_blocked;
	if (out)
		f = finding_new(run, b->policy, "%s lets %s send nothing to %s%s, which it %s%s", run_text(run, b->policy), who, callee, port,
				b->complaint ? "tries to call" : "is set up to call", more);
	else
		f = finding_new(run, b->policy, "%s does not admit %s to %s%s, which it %s%s", run_text(run, b->policy), who, callee, port,
				b->complaint ? "tries to call" : "is set up to call", more);
	path = out ? "spec.egress" : "spec.ingress";
	finding_field(run, f, b->policy, value_get(b->policy->spec, out ? "egress" : "ingress") ? path : "spec.podSelector");
	pod_labels_of(caller, &path);
	finding_field(run, f, caller, path);
	if (b->callee.kind == KIND_SERVICE)
		finding_field(run, f, b->callee.object, "spec.selector");
	if (b->complaint) {
		f->severity = SEVERITY_ERROR;
		if (b->complaint->evidence_count)
			finding_evidence(run, f, &b->complaint->evidence[0]);
	}
	if (out)
		finding_fix(run, f, "Add an egress rule to %s that allows the pods of %s, in namespace %s, or take that call away.",
			    run_text(run, b->policy), callee, b->callee.ns);
	else
		finding_fix(run, f, "Add an ingress rule to %s that admits the pods of %s, in namespace %s, or take that call away.",
			    run_text(run, b->policy), who, caller->ns);
	f->since = b->policy->created;
}

/* A number that no container declares may be served all the same; a log that says "refused" tells that it is not. */
static void sharpen_port_mismatch(struct check_run *run, const struct finding *refused)
{
	for (uint32_t i = 0; i < run->findings.len; i++) {
		struct finding *f = run->findings.items[i];
		if (f->object == refused->subject.object && f->severity == SEVERITY_INFO && str_eq(f->check->id, "service/port-mismatch"))
			f->severity = SEVERITY_ERROR;
	}
}

void calls_findings(struct check_run *run, struct graph *g)
{
	struct calls c = {.run = run, .g = g};
	uint32_t count = run->findings.len;
	bool policies = inventory_list(run->inv, KIND_NETWORK_POLICY)->len > 0;

	for (uint32_t i = 0; i < count; i++) {
		struct finding *f = run->findings.items[i];
		if (!is_complaint(f))
			continue;
		if (policies)
			look_at_complaint(&c, f);
		if (str_eq(f->check->id, "log/connection-refused") && f->subject.object)
			sharpen_port_mismatch(run, f);
	}
	for (size_t k = 0; policies && k < graph_workload_kind_count; k++) {
		const struct object_list *list = inventory_list(run->inv, graph_workload_kinds[k]);
		for (uint32_t i = 0; i < list->len; i++)
			if (!list->items[i]->owner && !list->items[i]->deleted)
				look_at_workload(&c, list->items[i]);
	}
	for (uint32_t i = 0; i < c.all.len; i++)
		add_finding(&c, c.all.items[i]);
}

const struct check calls_check_blocked = {
	.id = "networkpolicy/blocks-call",
	.kind = KIND_NETWORK_POLICY,
	.severity = SEVERITY_WARNING,
	.title = "Policy forbids a call",
	.explain =
		"A workload names a Service in its environment, its arguments, its ConfigMaps or its log, and NetworkPolicies do not let its pods reach any pod "
		"behind it: either those that select the caller (egress) or those that select the called (ingress). Packets are dropped, so that callers wait and "
		"time out.\n\n"
		"An error when a log shows that the call fails, else a warning. Where a named port, a namespace's labels or a pod on its node's network leave doubt, "
		"nothing is reported. Whether the cluster's network plugin enforces NetworkPolicies cannot be seen from the API.",
	.fix = "Add a rule for the call to the policy, or take the call away.",
};
