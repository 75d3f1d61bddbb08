/* RBAC: bindings that lead nowhere, and rights that a program was refused. */
#include "cluster/rbac.h"

#include "checks/nearest.h"
#include "checks/workload.h"

/* ---- What was refused ------------------------------------------------------------------------------------------------------- */

/* Bounds on what outside text can make this look at. */
#define REFUSALS_MAX 512          /* distinct ones */
#define LOG_TAIL_MAX (256 * 1024) /* bytes from the end of each log */
#define REFUSALS_PER_LOG 256

struct refusal {
	struct rbac_request request;
	const char *ns, *name;           /* of the account */
	const struct container_log *log; /* where it was read: one of these three */
	uint32_t line;
	const char *text;
	const struct event *event;
	const struct object *object;
	const char *path;
	const struct object *about; /* the pod that was refused, or what the event is about */
	bool told;                  /* or nothing to tell: it is allowed by now */
};

struct refusals {
	struct check_run *run;
	struct {
		struct refusal *items;
		uint32_t len, cap;
	} all;
};

static bool same_request(const struct rbac_request *a, const struct rbac_request *b)
{
	return str_eq(a->user, b->user) && str_eq(a->verb, b->verb) && str_eq(a->group, b->group) && str_eq(a->resource, b->resource) &&
	       str_eq(a->ns, b->ns) && str_eq(a->path ? a->path : "", b->path ? b->path : "");
}

/* The one that is new and still refused; NULL otherwise. */
static struct refusal *note(struct refusals *r, const struct rbac_request *q)
{
	const struct inventory *inv = r->run->inv;
	const char *ns, *name;
	if (r->all.len >= REFUSALS_MAX || !rbac_account(r->run->arena, q->user, &ns, &name) || !rbac_sees(inv, q->ns))
		return NULL;
	for (uint32_t i = 0; i < r->all.len; i++)
		if (same_request(&r->all.items[i].request, q))
			return NULL;
	bool allowed = rbac_allows(inv, q, NULL);
	struct refusal *f = arena_push(r->run->arena, &r->all);
	*f = (struct refusal){.request = *q, .ns = ns, .name = name, .told = allowed};
	return allowed ? NULL : f;
}

/* A program can write into its log what it likes: only what it says of its own account counts. */
static bool is_own(const struct object *pod, const char *user, struct arena *a)
{
	const char *ns, *name, *own = value_str(value_get(pod->spec, "serviceAccountName"), "default");
	return rbac_account(a, user, &ns, &name) && str_eq(ns, pod->ns) && str_eq(name, own);
}

static uint32_t line_number(const char *text, const char *at)
{
	uint32_t n = 1;
	for (const char *p = text; (p = memchr(p, '\n', (size_t)(at - p))); p++)
		n++;
	return n;
}

static void read_log(struct refusals *r, const struct container_log *log)
{
	size_t skip = log->len > LOG_TAIL_MAX ? log->len - LOG_TAIL_MAX : 0;
	const char *p = log->text + skip, *end = log->text + log->len, *next;
	struct rbac_request q;
	for (int i = 0; i < REFUSALS_PER_LOG && rbac_parse_refusal(r->run->arena, p, (size_t)(end - p), &q, &next); i++) {
		struct refusal *f = is_own(log->pod, q.user, r->run->arena) ? note(r, &q) : NULL;
		p = next;
		if (!f)
			continue;
		const char *start = next, *stop = memchr(next, '\n', (size_t)(end - next));
		while (start > log->text && start[-1] != '\n')
			start--;
		f->log = log;
		f->line = line_number(log->text, start);
		f->text = arena_strndup(r->run->arena, start, MIN((size_t)((stop ? stop : end) - start), (size_t)2048));
		f->about = log->pod;
	}
}

static void read_events(struct refusals *r)
{
	const struct event_list *events = inventory_events(r->run->inv);
	for (uint32_t i = 0; i < events->len; i++) {
		const struct event *e = events->items[i];
		struct rbac_request q;
		if (run_age(r->run, e->last) > USEC_PER_HOUR || !strstr(e->message, "forbidden: User") ||
		    !rbac_parse_refusal(r->run->arena, e->message, strlen(e->message), &q, NULL))
			continue;
		struct refusal *f = note(r, &q);
		if (f) {
			f->event = e;
			f->about = e->about;
		}
	}
}

static void read_conditions(struct refusals *r)
{
	const struct object_list *list = inventory_list(r->run->inv, KIND_CUSTOM);
	for (uint32_t i = 0; i < list->len; i++) {
		uint32_t n = 0;
		for (value_each(c, value_get(list->items[i]->status, "conditions"))) {
			const char *message = value_get_str(c, "message");
			struct rbac_request q;
			uint32_t index = n++;
			if (!strstr(message, "forbidden: User") || !rbac_parse_refusal(r->run->arena, message, strlen(message), &q, NULL))
				continue;
			struct refusal *f = note(r, &q);
			if (f) {
				f->object = f->about = list->items[i];
				f->path = arena_printf(r->run->arena, "status.conditions[%u].message", index);
			}
		}
	}
}

/* ---- What would allow it ---------------------------------------------------------------------------------------------------- */

/* Refusals of one account in one namespace are one trouble. */
struct group {
	const struct refusal *first;
	const struct refusal *items[16];
	uint32_t count, told; /* told: how many of them are in items */
};

static struct group group_of(struct refusals *r, uint32_t from)
{
	struct group g = {.first = &r->all.items[from]};
	for (uint32_t i = from; i < r->all.len; i++) {
		struct refusal *f = &r->all.items[i];
		if (f->told || !str_eq(f->request.user, g.first->request.user) || !str_eq(f->request.ns, g.first->request.ns))
			continue;
		f->told = true;
		if (g.told < ARRAY_LEN(g.items))
			g.items[g.told++] = f;
		g.count++;
	}
	return g;
}

static const char *request_text(struct arena *a, const struct rbac_request *q)
{
	if (q->path)
		return arena_printf(a, "%s %s", q->verb, q->path);
	return arena_printf(a, "%s %s%s%s", q->verb, q->resource, *q->group ? "." : "", q->group);
}

#define TOLD_MAX 3

static const char *group_text(struct arena *a, const struct group *g)
{
	const char *text = request_text(a, &g->items[0]->request);
	uint32_t shown = MIN(g->told, (uint32_t)TOLD_MAX);
	for (uint32_t i = 1; i < shown; i++)
		text = arena_printf(a, "%s%s%s", text, i + 1 == g->count ? " or " : ", ", request_text(a, &g->items[i]->request));
	return g->count > shown ? arena_printf(a, "%s and %u more", text, g->count - shown) : text;
}

static bool allows_all(struct check_run *run, const struct object *role, const struct group *g)
{
	for (uint32_t i = 0; i < g->told; i++)
		if (!rbac_role_allows(run->inv, role, &g->items[i]->request))
			return false;
	return g->told == g->count;
}

/* A role that exists and allows just about this; one that allows nearly everything is no advice. */
static const struct object *role_for(struct check_run *run, const struct group *g)
{
	const struct object *role = rbac_narrowest_role(run->inv, &g->first->request);
	return role && rbac_role_width(role) < RBAC_WILDCARD && allows_all(run, role, g) ? role : NULL;
}

/* The Role that only this account has in the namespace: where a rule for it belongs. */
static const struct object *own_role(struct check_run *run, const struct group *g)
{
	const struct object *found = NULL;
	if (!*g->first->request.ns)
		return NULL;
	struct object_list list = inventory_select(run->inv, run->arena, KIND_ROLE_BINDING, g->first->request.ns, NULL, false);
	for (uint32_t i = 0; i < list.len; i++) {
		const struct value *ref = value_get(&list.items[i]->root, "roleRef");
		if (!str_eq(value_get_str(ref, "kind"), "Role") || value_len(value_get(&list.items[i]->root, "subjects")) != 1 ||
		    !rbac_binds_account(list.items[i], g->first->ns, g->first->name))
			continue;
		if (found)
			return NULL;
		found = inventory_find(run->inv, KIND_ROLE, g->first->request.ns, value_get_str(ref, "name"));
	}
	return found;
}

/* A binding of the account whose role is gone: mended, it may well be all that is needed. */
static const struct object *broken_binding(struct check_run *run, const struct group *g)
{
	static const enum kind_id kinds[] = {KIND_ROLE_BINDING, KIND_CLUSTER_ROLE_BINDING};
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct object_list list = inventory_select(run->inv, run->arena, kinds[k], k ? NULL : g->first->request.ns, NULL, false);
		for (uint32_t i = 0; i < list.len; i++) {
			const struct value *ref = value_get(&list.items[i]->root, "roleRef");
			bool cluster = str_eq(value_get_str(ref, "kind"), "ClusterRole");
			if (rbac_binds_account(list.items[i], g->first->ns, g->first->name) &&
			    !inventory_find(run->inv, cluster ? KIND_CLUSTER_ROLE : KIND_ROLE, list.items[i]->ns, value_get_str(ref, "name")))
				return list.items[i];
		}
	}
	return NULL;
}

/* Rights that let their holder take more. */
static bool is_dangerous(const struct rbac_request *q)
{
	static const char *const resources[] = {"secrets", "pods/exec",    "nodes/proxy",  "serviceaccounts/token",
						"roles",   "rolebindings", "clusterroles", "clusterrolebindings"};
	static const char *const verbs[] = {"escalate", "bind", "impersonate"};
	for (size_t i = 0; i < ARRAY_LEN(resources); i++)
		if (str_eq(q->resource, resources[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (str_eq(q->verb, verbs[i]))
			return true;
	return false;
}

static const char *risk_of(const struct group *g)
{
	bool high = !*g->first->request.ns;
	for (uint32_t i = 0; i < g->told; i++)
		high = high || is_dangerous(&g->items[i]->request);
	return high ? "high" : "medium";
}

/* ---- Findings --------------------------------------------------------------------------------------------------------------- */

static void bind_existing(struct check_run *run, struct finding *f, const struct group *g, const struct object *role)
{
	const char *ns = g->first->request.ns, *kind = *ns ? "RoleBinding" : "ClusterRoleBinding";
	const char *name = arena_printf(run->arena, "%s-%s", g->first->name, role->name);
	finding_fix(run, f, "%s allows it: bind it to ServiceAccount %s/%s with a %s%s%s.", run_text(run, role), g->first->ns, g->first->name, kind,
		    *ns ? " in namespace " : "", ns);
	finding_propose_strings(run, f, "create", risk_of(g), "kind", kind, "namespace", ns, "name", name, "roleKind", role->kind->name, "role",
				role->name, "subjectNamespace", g->first->ns, "subject", g->first->name, NULL);
}

static void add_rule(struct check_run *run, struct finding *f, const struct group *g, const struct object *role)
{
	const struct rbac_request *q = &g->first->request;
	const char *verbs = q->verb, *kind = *q->ns ? "Role" : "ClusterRole";
	for (uint32_t i = 1; i < g->told; i++)
		if (str_eq(g->items[i]->request.resource, q->resource) && str_eq(g->items[i]->request.group, q->group))
			verbs = arena_printf(run->arena, "%s,%s", verbs, g->items[i]->request.verb);
	const char *rule = q->path ? arena_printf(run->arena, "verbs [%s], nonResourceURLs [%s]", verbs, q->path)
				   : arena_printf(run->arena, "verbs [%s], apiGroups [\"%s\"], resources [%s]", verbs, q->group, q->resource);
	if (role)
		finding_fix(run, f, "Add to %s, which the account has already, the rule: %s.", run_text(run, role), rule);
	else
		finding_fix(run, f, "No role allows just this: make a %s%s%s with the rule %s, and bind it to ServiceAccount %s/%s.", kind,
			    *q->ns ? " in namespace " : "", q->ns, rule, g->first->ns, g->first->name);
	if (q->path)
		return;
	finding_propose_strings(run, f, role ? "patch" : "create", risk_of(g), "kind", kind, "namespace", q->ns, "name",
				role ? role->name : g->first->name, "verbs", verbs, "apiGroup", q->group, "resource", q->resource, "subjectNamespace",
				g->first->ns, "subject", g->first->name, NULL);
	if (role)
		f->proposal->target = (struct object_name){KIND_ROLE, role->kind->name, role->ns, role->name, NULL, role};
}

static void add_sources(struct check_run *run, struct finding *f, const struct group *g)
{
	for (uint32_t i = 0; i < MIN(g->told, (uint32_t)TOLD_MAX); i++) {
		const struct refusal *r = g->items[i];
		if (r->log)
			finding_log(run, f, r->log, r->line, r->line, r->text);
		else if (r->event)
			finding_event(run, f, r->event);
		else
			finding_field(run, f, r->object, r->path);
	}
}

static void tell(struct check_run *run, const struct group *g)
{
	const struct refusal *first = g->first;
	const struct object *account = inventory_find(run->inv, KIND_SERVICE_ACCOUNT, first->ns, first->name);
	const struct object *o = account ? account : first->about, *broken = broken_binding(run, g), *role = role_for(run, g);
	if (!o)
		return;
	const char *where = *first->request.ns ? arena_printf(run->arena, "in namespace %s", first->request.ns) : "at the cluster scope";
	const char *why = broken ? arena_printf(run->arena, "%s gives it a role that does not exist", run_text(run, broken))
				 : "no role that is bound to it allows it";
	struct finding *f =
		finding_new(run, o, "ServiceAccount %s/%s may not %s %s: %s", first->ns, first->name, group_text(run->arena, g), where, why);
	add_sources(run, f, g);
	if (broken) {
		finding_field(run, f, broken, "roleRef.name");
		finding_subject_object(run, f, broken);
		finding_fix(run, f, "Create the role that %s names, or correct it.", run_text(run, broken));
	} else if (role) {
		finding_field(run, f, role, "rules");
		bind_existing(run, f, g, role);
	} else {
		add_rule(run, f, g, own_role(run, g));
	}
}

static void run_verb_refused(struct check_run *run, const struct object *o)
{
	struct refusals r = {.run = run};
	const struct container_log *const *logs;
	size_t count = inventory_logs(run->inv, &logs);
	for (size_t i = 0; i < count; i++)
		if (!logs[i]->error && logs[i]->pod)
			read_log(&r, logs[i]);
	read_events(&r);
	read_conditions(&r);
	for (uint32_t i = 0; i < r.all.len; i++) {
		if (r.all.items[i].told)
			continue;
		struct group g = group_of(&r, i);
		tell(run, &g);
	}
}

static void run_role_missing(struct check_run *run, const struct object *o)
{
	const struct value *ref = value_get(&o->root, "roleRef");
	const char *name = value_get_str(ref, "name");
	bool cluster = str_eq(value_get_str(ref, "kind"), "ClusterRole");
	enum kind_id kind = cluster ? KIND_CLUSTER_ROLE : KIND_ROLE;
	if (o->deleted || !*name || !inventory_sees(run->inv, kind, cluster ? NULL : o->ns) || inventory_find(run->inv, kind, o->ns, name))
		return;
	const char *near = nearest_name(run, kind, cluster ? "" : o->ns, name);
	struct finding *f = finding_new(run, o, "%s gives the rights of %s %s, which does not exist: it gives none%s", run_text(run, o),
					kind_table[kind].name, name, nearest_hint(run, near));
	finding_field(run, f, o, "roleRef.name");
	finding_absence(run, f, kind_table[kind].name, cluster ? "" : o->ns, name);
	finding_subject(run, f, kind, o->ns, name);
	finding_fix(run, f, "Create %s %s, or make the binding anew with %s: roleRef cannot be changed.", kind_table[kind].name, name,
		    near ? near : "a role that exists");
}

static void run_subject_missing(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	for (value_each(s, value_get(&o->root, "subjects"))) {
		const char *own = value_get_str(s, "namespace"), *ns = *own ? own : o->ns, *name = value_get_str(s, "name");
		uint32_t index = i++;
		if (o->deleted || !str_eq(value_get_str(s, "kind"), "ServiceAccount") || !*name ||
		    !inventory_sees(run->inv, KIND_SERVICE_ACCOUNT, ns) || inventory_find(run->inv, KIND_SERVICE_ACCOUNT, ns, name))
			continue;
		const char *near = nearest_name(run, KIND_SERVICE_ACCOUNT, ns, name);
		struct finding *f = finding_new(run, o, "%s gives rights to ServiceAccount %s/%s, which does not exist%s", run_text(run, o), ns, name,
						nearest_hint(run, near));
		finding_fieldf(run, f, o, "subjects[%u].name", index);
		finding_absence(run, f, "ServiceAccount", ns, name);
		finding_subject(run, f, KIND_SERVICE_ACCOUNT, ns, name);
		return;
	}
}

const struct check check_rbac_verb_refused = {
	.id = "rbac/verb-refused",
	.kind = KIND_COUNT,
	.severity = SEVERITY_WARNING,
	.title = "A service account lacks a right",
	.explain =
		"The API server refused a program something, by the program's log, an event or a condition (\"... is forbidden: User "
		"\\\"system:serviceaccount:...\\\" cannot list resource ...\"), and the Roles, ClusterRoles and bindings of the cluster still do not allow it. "
		"The narrowest existing role that would is named, else the rule to add.\n\n"
		"Of a log only what the program says of its own account counts. What is allowed by now is not reported; neither is anything where roles or bindings "
		"could not be read. Other authorizers than RBAC are not seen.",
	.fix = "Bind a role with the named verb and resource to the account.",
	.run = run_verb_refused,
};

const struct check check_rbac_role_missing = {
	.id = "rbac/role-missing",
	.kind = KIND_ROLE_BINDING,
	.also = KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
	.severity = SEVERITY_WARNING,
	.title = "Binding names a role that does not exist",
	.explain =
		"The roleRef of the binding leads to no Role or ClusterRole: its subjects get no rights from it. Often the role was misspelt, or is a Role "
		"of another namespace.",
	.fix = "Create the role, or make the binding anew.",
	.peers = "Popeye 1300",
	.run = run_role_missing,
};

const struct check check_rbac_subject_missing = {
	.id = "rbac/subject-missing",
	.kind = KIND_ROLE_BINDING,
	.also = KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
	.severity = SEVERITY_INFO,
	.title = "Binding names an account that does not exist",
	.explain = "A subject of the binding is a ServiceAccount that does not exist. Whoever makes one of that name gets the rights.",
	.fix = "Correct the subject, or delete the binding.",
	.advice = true,
	.run = run_subject_missing,
};
