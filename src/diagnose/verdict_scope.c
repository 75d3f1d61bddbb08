/* Verdicts on the cluster and on namespaces: what fails, what merely limps, what is over, and what was looked at to say so. */
#include "diagnose/graph_internal.h"
#include "diagnose/internal.h"

#define RECOVERED_LATELY (60 * USEC_PER_MINUTE) /* a problem that ended longer ago says nothing of how things are now */

static struct cause_list causes_in(const struct diagnosis *d, struct arena *a, const char *ns)
{
	struct cause_list ret = {0};

	for (uint32_t i = 0; i < d->causes.len; i++) {
		const struct cause *c = d->causes.items[i];

		for (uint32_t j = 0; j <= c->explained.len; j++) {
			const struct finding *f = j ? c->explained.items[j - 1] : c->root;

			if (f->object && (str_eq(f->object->ns, ns) || (f->object->kind->id == KIND_NAMESPACE && str_eq(f->object->name, ns)))) {
				*arena_push(a, &ret) = d->causes.items[i];
				break;
			}
		}
	}
	return ret;
}

struct cause_list diagnose_namespace(const struct diagnosis *d, struct ctx *ctx, const char *ns)
{
	return causes_in(d, &ctx->arena, ns);
}

/* ---- What there is ---------------------------------------------------------------------------------------------------------- */

/* The part of a kind's list that lies in ns; NULL = all of it. */
static void range_of(const struct inventory *inv, enum kind_id kind, const char *ns, uint32_t *ret_from, uint32_t *ret_to)
{
	const struct object_list *all = inventory_list(inv, kind);

	*ret_from = ns ? object_list_from(all, ns, "") : 0;
	*ret_to = *ret_from;
	while (*ret_to < all->len && (!ns || str_eq(all->items[*ret_to]->ns, ns)))
		++*ret_to;
}

static uint32_t count_of(const struct inventory *inv, enum kind_id kind, const char *ns)
{
	uint32_t from, to;

	range_of(inv, kind, ns, &from, &to);
	return to - from;
}

/* Workloads that nothing owns, pods that should run, and how many of those are ready. */
static void count_scope(const struct inventory *inv, const char *ns, struct scope *s)
{
	for (size_t k = 0; k < graph_workload_kind_count; k++) {
		enum kind_id kind = graph_workload_kinds[k];
		uint32_t i, to;

		for (range_of(inv, kind, ns, &i, &to); i < to; i++) {
			const struct object *o = inventory_list(inv, kind)->items[i];
			int64_t wanted = 0, ready = 0;

			if (kind != KIND_POD)
				s->workloads += !o->owner;
			else if (!str_eq(object_str(o, "status.phase"), "Failed") && replicas_of(o, &wanted, &ready))
				s->pods += (uint32_t)wanted, s->ready += (uint32_t)ready;
		}
	}
}

/* "3 workloads, 12 pods, 2 Services and 3 nodes": a verdict of health says what it rests on. */
static const char *looked_at(const struct inventory *inv, struct arena *a, const char *ns)
{
	static const struct {
		enum kind_id kind;
		const char *one, *many;
		bool cluster; /* not counted for a namespace */
	} kinds[] = {{KIND_POD, "pod", "pods", false},
		     {KIND_SERVICE, "Service", "Services", false},
		     {KIND_PERSISTENT_VOLUME_CLAIM, "claim", "claims", false},
		     {KIND_NODE, "node", "nodes", true}};
	struct scope s = {0};
	const char *parts[ARRAY_LEN(kinds) + 1], *text = "";
	size_t n = 0;

	count_scope(inv, ns, &s);
	if (s.workloads)
		parts[n++] = arena_printf(a, "%u workload%s", s.workloads, s.workloads == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		uint32_t count = ns && kinds[i].cluster ? 0 : count_of(inv, kinds[i].kind, ns);

		if (count)
			parts[n++] = arena_printf(a, "%u %s", count, count == 1 ? kinds[i].one : kinds[i].many);
	}
	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s%s%s", text, !i ? " in " : i + 1 == n ? " and " : ", ", parts[i]);
	return text;
}

/* ---- The verdict ------------------------------------------------------------------------------------------------------------ */

static bool in_scope(const struct object *o, const char *ns)
{
	return !ns || str_eq(o->ns, ns);
}

/* A warning hurts when something it affects there does not run as it should. */
static bool hurts(const struct cause *cause, const char *ns)
{
	int64_t want, ready;

	if (cause->severity >= SEVERITY_ERROR)
		return true;
	for (uint32_t i = 0; i < cause->workloads.len; i++)
		if (in_scope(cause->workloads.items[i], ns) && replicas_of(cause->workloads.items[i], &want, &ready) && ready < want)
			return true;
	return false;
}

/* Something is wholly down, not merely short of some replicas. What a cause does to other namespaces does not count. */
static bool brings_down(const struct cause *cause, const char *ns)
{
	bool any = false;

	for (uint32_t w = 0; w < cause->workloads.len; w++) {
		if (!in_scope(cause->workloads.items[w], ns))
			continue;
		any = true;
		if (nothing_ready(cause->workloads.items[w]))
			return true;
	}
	return cause->severity == SEVERITY_CRITICAL && (!ns || !any);
}

/* Was the list of pods read to its end wherever there are pods? One that broke off has pods and no namespace that is seen. */
static bool pods_are_whole(const struct inventory *inv)
{
	const struct object_list *pods = inventory_list(inv, KIND_POD);
	const char *ns = NULL;

	for (uint32_t i = 0; i < pods->len; i++) {
		if (ns && str_eq(pods->items[i]->ns, ns))
			continue;
		ns = pods->items[i]->ns;
		if (!inventory_sees(inv, KIND_POD, ns))
			return false;
	}
	return pods->len > 0;
}

/* The latest of what has recovered within the last hour; NULL = none. */
static const struct cause *recovered_lately(const struct diagnosis *d, const char *ns)
{
	const struct cause *last = NULL;

	for (uint32_t i = 0; i < d->recovered.len; i++) {
		const struct cause *c = d->recovered.items[i];

		if (c->severity >= SEVERITY_WARNING && c->until && c->until + RECOVERED_LATELY >= inventory_now(d->inv) &&
		    (!ns || (c->root->object && str_eq(c->root->object->ns, ns))) && (!last || c->until > last->until))
			last = c;
	}
	return last;
}

static enum verdict verdict_of_calm(const struct diagnosis *d, struct arena *a, uint32_t warnings, const char *ns, const char **ret_why)
{
	const struct cause *over = recovered_lately(d, ns);
	const char *where = inventory_sees(d->inv, KIND_POD, ns) ? "" : ", in the namespaces that were read";
	const char *what = looked_at(d->inv, a, ns);

	/* A recording of one namespace, say: what was read is well, and nothing is known of the rest. */
	if (!inventory_sees(d->inv, KIND_POD, ns) && (ns || !pods_are_whole(d->inv))) {
		*ret_why = ns                                      ? arena_printf(a, "pods in namespace %s could not be read", ns)
			   : inventory_list(d->inv, KIND_POD)->len ? "not all pods could be read"
								   : "pods could not be read";
		return VERDICT_UNKNOWN;
	}
	if (warnings)
		*ret_why = arena_printf(a, "nothing fails%s; %u warning%s%s", what, warnings, warnings == 1 ? "" : "s", where);
	else if (over)
		*ret_why = arena_printf(a, "nothing fails%s now%s; over since a short while: %s", what, where, over->title);
	else
		*ret_why = arena_printf(a, "no active problem was found%s%s", what, where);
	return over && !warnings ? VERDICT_RECOVERED : VERDICT_HEALTHY;
}

static enum verdict verdict_of_list(const struct diagnosis *d, struct arena *a, const struct cause_list *list, const char *ns, const char **ret_why)
{
	enum verdict v = VERDICT_DEGRADED;
	uint32_t harmful = 0;

	for (uint32_t i = 0; i < list->len; i++)
		harmful += hurts(list->items[i], ns);
	if (!harmful)
		return verdict_of_calm(d, a, list->len, ns, ret_why);
	for (uint32_t i = 0; i < list->len && v != VERDICT_FAILING; i++)
		if (brings_down(list->items[i], ns))
			v = VERDICT_FAILING;
	*ret_why = list->len == 1 ? list->items[0]->title
				  : arena_printf(a, "%u active problems, the most important: %s", list->len, list->items[0]->title);
	return v;
}

enum verdict verdict_of(const struct diagnosis *d, struct arena *a, const struct object *o, const char *ns, const char **ret_why)
{
	struct cause_list in_ns;

	if (o && o->kind->id == KIND_NAMESPACE)
		ns = o->name;
	else if (o)
		return verdict_of_object(d, a, o, ret_why);
	if (!ns)
		return verdict_of_list(d, a, &d->causes, NULL, ret_why);
	in_ns = causes_in(d, a, ns);
	return verdict_of_list(d, a, &in_ns, ns, ret_why);
}

enum verdict diagnose_verdict(const struct diagnosis *d, struct ctx *ctx, const struct object *o, const char *ns, const char **ret_why)
{
	const char *why;
	enum verdict v = verdict_of(d, &ctx->arena, o, ns, &why);

	if (ret_why)
		*ret_why = why;
	return v;
}

/* ---- Namespace by namespace ------------------------------------------------------------------------------------------------- */

static int severity_of_verdict(enum verdict v)
{
	static const int order[] = {
		[VERDICT_FAILING] = 0, [VERDICT_DEGRADED] = 1, [VERDICT_UNKNOWN] = 2, [VERDICT_RECOVERED] = 3, [VERDICT_HEALTHY] = 4};

	return order[v];
}

static int compare_scope(const void *x, const void *y)
{
	const struct scope *a = x, *b = y;
	int p = severity_of_verdict(a->verdict), q = severity_of_verdict(b->verdict);

	return p != q ? p - q : strcmp(a->ns, b->ns);
}

static void add_scope(struct arena *a, struct scope_list *list, struct hash *known, const char *ns)
{
	if (!ns[0] || hash_get(known, ns, strlen(ns)))
		return;
	hash_put(known, ns, strlen(ns), (void *)(uintptr_t)ns);
	*arena_push(a, list) = (struct scope){.ns = ns};
}

struct scope_list diagnose_scopes(const struct diagnosis *d, struct arena *a)
{
	const struct object_list *spaces = inventory_list(d->inv, KIND_NAMESPACE);
	struct scope_list list = {0};
	struct hash known;

	hash_init(&known);
	for (uint32_t i = 0; i < spaces->len; i++)
		add_scope(a, &list, &known, spaces->items[i]->name);
	for (size_t k = 0; k < graph_workload_kind_count; k++) {
		const struct object_list *all = inventory_list(d->inv, graph_workload_kinds[k]);

		for (uint32_t i = 0; i < all->len; i++)
			if (!i || all->items[i]->ns != all->items[i - 1]->ns)
				add_scope(a, &list, &known, all->items[i]->ns);
	}
	hash_release(&known);
	for (uint32_t i = 0; i < list.len; i++) {
		struct scope *s = &list.items[i];

		count_scope(d->inv, s->ns, s);
		s->verdict = verdict_of(d, a, NULL, s->ns, &s->why);
	}
	if (list.len)
		qsort(list.items, list.len, sizeof(*list.items), compare_scope);
	return list;
}
