/* Who may do what, and who can reach whom. */
#include "cluster/rbac.h"
#include "cluster/reach.h"
#include "diagnose/graph.h"
#include "jamie/say.h"

#define SUBJECTS_SHOWN 12u

/* ---- Rights ------------------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *word, *verb;
} verbs[] = {
	{"get", "get"},       {"read", "get"},      {"see", "get"},       {"view", "get"},    {"list", "list"},   {"watch", "watch"},
	{"create", "create"}, {"update", "update"}, {"change", "update"}, {"edit", "update"}, {"patch", "patch"}, {"delete", "delete"},
	{"remove", "delete"}, {"kill", "delete"},   {"restart", "patch"}, {"scale", "patch"},
};

static const char *verb_of(const struct question *q)
{
	for (unsigned i = 0; i < q->word_count; i++)
		for (size_t v = 0; v < ARRAY_LEN(verbs); v++)
			if (q->words[i].role != WORD_NAME && str_eq(q->words[i].text, verbs[v].word))
				return verbs[v].verb;
	return "get";
}

/* "list pods in namespace shop" */
static const char *request_text(struct arena *a, const struct rbac_request *r)
{
	return arena_printf(a, "%s %s %s%s", r->verb, r->resource, *r->ns ? "in namespace " : "in every namespace", r->ns);
}

struct holders {
	struct {
		const char **items;
		uint32_t len, cap;
	} names;
	uint32_t inner;               /* the control plane's own */
	const struct object *example; /* what binds one of those */
};

static bool knows(const struct holders *h, const char *name)
{
	for (uint32_t i = 0; i < h->names.len; i++)
		if (str_eq(h->names.items[i], name))
			return true;
	return false;
}

static void say_subjects(struct say *s, const struct object *binding, const struct object *role, struct holders *h)
{
	for (value_each(subject, value_get(&binding->root, "subjects"))) {
		const char *ns = value_get_str(subject, "namespace"), *name = value_get_str(subject, "name");
		const char *text = arena_printf(s->arena, "%s %s%s%s", value_get_str(subject, "kind"), ns, *ns ? "/" : "", name);

		if (knows(h, text))
			continue;
		*arena_push(s->arena, &h->names) = text;
		if (str_eq(ns, "kube-system") ||
		    (strncmp(name, "system:", 7) == 0 && !str_eq(name, "system:authenticated") && !str_eq(name, "system:unauthenticated") &&
		     !str_eq(name, "system:masters") && strncmp(name, "system:serviceaccounts", 22) != 0)) {
			h->inner++;
			h->example = binding;
		} else if (h->names.len - h->inner <= SUBJECTS_SHOWN) {
			say_item(s, "%s, by %s and %s", text, say_name(s, binding), say_name(s, role));
			say_field(s, binding, "roleRef.name");
		}
	}
}

static const struct object *role_of(const struct inventory *inv, const struct object *binding)
{
	const struct value *ref = value_get(&binding->root, "roleRef");
	bool cluster = str_eq(value_get_str(ref, "kind"), "ClusterRole");

	return inventory_find(inv, cluster ? KIND_CLUSTER_ROLE : KIND_ROLE, cluster ? "" : binding->ns, value_get_str(ref, "name"));
}

static void say_bindings(struct say *s, enum kind_id kind, const struct rbac_request *r, struct holders *h)
{
	const struct object_list *list = inventory_list(s->inv, kind);

	for (uint32_t i = 0; i < list->len; i++) {
		const struct object *role =
			str_eq(list->items[i]->ns, kind == KIND_ROLE_BINDING ? r->ns : "") ? role_of(s->inv, list->items[i]) : NULL;

		if (role && rbac_role_allows(s->inv, role, r))
			say_subjects(s, list->items[i], role, h);
	}
}

static void say_who_may(struct say *s, const struct rbac_request *r)
{
	struct holders h = {0};

	say_text(s, "By RBAC these may %s:", request_text(s->arena, r));
	if (*r->ns)
		say_bindings(s, KIND_ROLE_BINDING, r, &h);
	say_bindings(s, KIND_CLUSTER_ROLE_BINDING, r, &h);
	if (h.names.len - h.inner > SUBJECTS_SHOWN)
		say_item(s, "and %u more", h.names.len - h.inner - SUBJECTS_SHOWN);
	if (h.inner)
		say_item(s, "%s%s", say_count(s, h.inner, "part of Kubernetes itself", "parts of Kubernetes itself"),
			 h.names.len == h.inner ? ", and nobody else" : "");
	if (h.example)
		say_field(s, h.example, "roleRef.name");
	if (!h.names.len)
		say_item(s, "nobody");
}

/* The service account that an object acts as; NULL when it does not act. */
static const char *account_of(struct say *s, const struct object *o)
{
	const struct value *spec = pod_spec(o);
	const char *name = o->name;

	if (o->kind->id != KIND_SERVICE_ACCOUNT) {
		if (!spec)
			return NULL;
		name = value_get_str(spec, "serviceAccountName");
	}
	return arena_printf(s->arena, "system:serviceaccount:%s:%s", o->ns, *name ? name : "default");
}

static void say_may(struct say *s, const struct object *o, struct rbac_request *r)
{
	struct rbac_grant grant = {0};

	if (!*r->ns && r->resource[0] && s->q->kind && s->q->kind->namespaced)
		r->ns = o->ns;
	if (rbac_allows(s->inv, r, &grant)) {
		say_text(s, "Yes: %s may %s, by %s and %s", r->user, request_text(s->arena, r), say_name(s, grant.binding), say_name(s, grant.role));
		say_field(s, grant.binding, "roleRef.name");
		return;
	}
	say_text(s, "No: no role that is bound to %s lets it %s", r->user, request_text(s->arena, r));
	say_field(s, o,
		  pod_spec(o) ? o->kind->id == KIND_POD ? "spec.serviceAccountName" : "spec.template.spec.serviceAccountName" : "metadata.name");
}

void answer_rights(struct say *s, const struct object *o)
{
	const struct question *q = s->q;
	struct rbac_request r = {.user = o ? account_of(s, o) : "", .verb = verb_of(q), .name = "", .ns = q->namespace_count ? q->namespaces[0] : ""};

	if (!q->kind || (o && !r.user)) {
		s->kind = ANSWER_CLARIFY;
		say_text(s, "Who may do what, please? As in \"who may delete pods in shop?\" or \"may service account web list secrets?\"");
		return;
	}
	r.group = q->kind->group;
	r.resource = q->kind->plural;
	if (!rbac_sees(s->inv, r.ns)) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "I cannot tell: the Roles and their bindings could not all be read here");
		return;
	}
	if (o)
		say_may(s, o, &r);
	else
		say_who_may(s, &r);
}

/* ---- Reach ------------------------------------------------------------------------------------------------------------------- */

/* What has pods among the things that bear a name, or stands before some; service: a Service first. */
static const struct object *end_of(struct say *s, const struct mention *m, bool service)
{
	const struct object *named = m->objects.items[0];
	struct object_list pods;

	if (service && (named = inventory_find(s->inv, KIND_SERVICE, named->ns, named->name)))
		return named;
	for (uint32_t i = 0; i < m->objects.len; i++)
		if (pod_spec(m->objects.items[i]))
			return m->objects.items[i];
	pods = pods_of(s, m->objects.items[0]);
	return pods.len ? pods.items[0] : NULL;
}

/* Which policies the answer rests on; without any, what else the caller may be told. */
static void say_policies(struct say *s, const struct object *from, const struct object *to)
{
	const struct object *out = reach_isolated(s->inv, REACH_EGRESS, from);
	const struct object *pod = to->kind->id == KIND_SERVICE ? NULL : to, *in;
	struct object_list behind = {0};

	if (!pod) {
		behind = graph_selected(s->diagnosis->graph, to);
		pod = behind.len ? behind.items[0] : NULL;
	}
	in = pod ? reach_isolated(s->inv, REACH_INGRESS, pod) : NULL;
	if (!out && !in) {
		say_text(s, "No NetworkPolicy limits what %s may call, nor who may call %s", say_name(s, from), say_name(s, to));
		say_field(s, to, to->kind->id == KIND_SERVICE ? "spec.selector" : "metadata.name");
		return;
	}
	if (out) {
		say_text(s, "%s limits what it may call, and admits this", say_name(s, out));
		say_field(s, out, "spec.podSelector");
	}
	if (in) {
		say_text(s, "%s limits who may call %s, and admits it", say_name(s, in), say_name(s, to));
		say_field(s, in, "spec.podSelector");
	}
}

/* What the policies let through may have nobody to answer. */
static void say_other_end(struct say *s, struct ctx *ctx, const struct object *to)
{
	struct cause_list list = diagnose_object(s->diagnosis, ctx, to);
	enum verdict v = diagnose_verdict(s->diagnosis, ctx, to, NULL, NULL);

	if ((v != VERDICT_FAILING && v != VERDICT_DEGRADED) || !list.len)
		return;
	say_text(s, "But %s is not well: %s", say_name(s, to), list.items[0]->title);
	say_finding(s, list.items[0]->root, 2);
	say_cause_ref(s, list.items[0]);
}

void answer_reach(struct say *s, struct ctx *ctx)
{
	const struct question *q = s->q;
	const struct object *from = q->mention_count ? end_of(s, &q->mentions[0], false) : NULL,
			    *to = q->mention_count > 1 ? end_of(s, &q->mentions[1], true) : NULL;
	struct reach_end a = {from, NULL}, b = {to, NULL};
	struct reach_answer answer;
	bool allowed;

	if (!from || !to) {
		s->kind = ANSWER_CLARIFY;
		say_text(s, "From where to where, please? Name two workloads or Services, as in \"can web reach db?\"");
		return;
	}
	if (!inventory_sees(s->inv, KIND_NETWORK_POLICY, from->ns) || !inventory_sees(s->inv, KIND_NETWORK_POLICY, to->ns)) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "I cannot tell: the NetworkPolicies could not be read here");
		return;
	}
	allowed =
		to->kind->id == KIND_SERVICE ? reach_service(s->inv, s->arena, &a, to, 0, &answer) : reach_allows(s->inv, &a, &b, "TCP", 0, &answer);
	if (!allowed) {
		const struct object *held = answer.side == REACH_EGRESS ? from : to;

		say_text(s, "No: %s selects %s%s, and no policy that does admits this connection", say_name(s, answer.policy),
			 held->kind->id == KIND_POD ? "" : "the pods of ", say_name(s, held));
		say_field(s, answer.policy, "spec.podSelector");
		say_followup(s, "describe %s", answer.policy->name);
		return;
	}
	say_text(s, answer.unsure ? "As far as I can tell, nothing forbids it." : "Yes, as far as policies go.");
	say_policies(s, from, to);
	say_other_end(s, ctx, to);
	say_followup(s, "is %s healthy?", to->name);
}
