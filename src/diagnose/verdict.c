/* The verdict on one object, and which causes touch it. */
#include "diagnose/internal.h"

bool replicas_of(const struct object *o, int64_t *ret_wanted, int64_t *ret_ready)
{
	switch (o->kind->id) {
	case KIND_DEPLOYMENT:
	case KIND_STATEFUL_SET:
	case KIND_REPLICA_SET:
	case KIND_REPLICATION_CONTROLLER:
		*ret_wanted = object_int(o, "spec.replicas", 1);
		*ret_ready = object_int(o, "status.readyReplicas", 0);
		return true;
	case KIND_DAEMON_SET:
		*ret_wanted = object_int(o, "status.desiredNumberScheduled", 0);
		*ret_ready = object_int(o, "status.numberReady", 0);
		return true;
	case KIND_POD: {
		bool ready = false;

		for (value_each(c, value_get(o->status, "conditions")))
			if (str_eq(value_get_str(c, "type"), "Ready"))
				ready = str_eq(value_get_str(c, "status"), "True");
		*ret_wanted = str_eq(value_get_str(o->status, "phase"), "Succeeded") ? 0 : 1;
		*ret_ready = *ret_wanted && ready;
		return true;
	}
	default:
		return false;
	}
}

/* ---- What belongs to an object ---------------------------------------------------------------------------------------------- */

/* The objects whose findings are findings of o (direct), and those of what o needs (indirect). Values: how near. */
enum near { NEAR_NONE, NEAR_NEEDED, NEAR_DIRECT };

struct family {
	struct graph *graph;
	struct arena *arena;
	struct ptr_map objects;
};

static void mark(struct family *f, const struct object *o, enum near near)
{
	if ((uintptr_t)ptr_map_get(&f->objects, o) < near)
		ptr_map_put(f->arena, &f->objects, o, (void *)(uintptr_t)near);
}

static enum near near_of(const struct family *f, const struct object *o)
{
	return o ? (enum near)(uintptr_t)ptr_map_get(&f->objects, o) : NEAR_NONE;
}

static void mark_tree(struct family *f, const struct object *o, enum near near)
{
	mark(f, o, near);
	for (uint32_t i = 0; i < o->child_count; i++)
		mark_tree(f, o->children[i], near);
}

#define NEED_DEPTH 6

/* What o needs in turn: an Ingress its Services, a Service its workloads, a workload the Services it calls. */
static void mark_needs(struct family *f, const struct object *o, enum near near, unsigned depth)
{
	const struct edge_list *edges = graph_edges(f->graph, o);

	for (uint32_t i = 0; depth && i < edges->len; i++) {
		const struct edge *e = &edges->items[i];
		/* A Service is as well as what is behind it; a workload that calls another is merely likely to suffer from it. */
		enum near next = e->relation == REL_SELECTS || e->relation == REL_ROUTES || e->relation == REL_SCALES || e->relation == REL_ENDPOINTS
					 ? near
					 : NEAR_NEEDED;

		if (!e->to.object || e->relation == REL_OWNS || near_of(f, e->to.object) >= next)
			continue;
		mark_tree(f, e->to.object, next);
		mark_needs(f, e->to.object, next, depth - 1);
	}
}

/* What stands around a workload and may be ill by itself: its Services and their Ingresses, its autoscaler, its disruption budget. */
static void mark_around(struct family *f, const struct object *o)
{
	const struct object_list *budgets = inventory_list(graph_inventory(f->graph), KIND_POD_DISRUPTION_BUDGET);
	struct object_list services = graph_dependents(f->graph, o, REL_SELECTS), scalers = graph_dependents(f->graph, o, REL_SCALES);

	for (uint32_t i = 0; i < services.len; i++) {
		struct object_list fronts = graph_dependents(f->graph, services.items[i], REL_ROUTES);

		mark(f, services.items[i], NEAR_NEEDED);
		for (uint32_t k = 0; k < fronts.len; k++)
			mark(f, fronts.items[k], NEAR_NEEDED);
	}
	for (uint32_t i = 0; i < scalers.len; i++)
		mark(f, scalers.items[i], NEAR_NEEDED);
	for (uint32_t i = 0; i < budgets->len; i++)
		if (str_eq(budgets->items[i]->ns, o->ns) && selector_matches(value_get(budgets->items[i]->spec, "selector"), pod_labels(o), false))
			mark(f, budgets->items[i], NEAR_NEEDED);
}

static struct family family_of(const struct diagnosis *d, struct arena *a, const struct object *o)
{
	struct family f = {.graph = d->graph, .arena = a};

	mark_tree(&f, o, NEAR_DIRECT);
	mark_needs(&f, o, NEAR_DIRECT, NEED_DEPTH);
	for (const struct object *up = o->owner; up; up = up->owner) {
		mark(&f, up, NEAR_DIRECT);
		mark_needs(&f, up, NEAR_NEEDED, NEED_DEPTH);
	}
	if (pod_spec(o))
		mark_around(&f, object_top_owner(o));
	return f;
}

static enum near cause_near(const struct family *f, const struct cause *cause, const struct object *o)
{
	enum near best = NEAR_NONE;
	bool pod_level = false;

	for (uint32_t i = 0; i <= cause->explained.len; i++) {
		const struct finding *x = i ? cause->explained.items[i - 1] : cause->root;
		enum near n = near_of(f, x->object);

		if (x->object == o || (x->subject.object && x->subject.object == o))
			return NEAR_DIRECT;
		pod_level = pod_level || (x->object && x->object->kind->id == KIND_POD);
		best = MAX(best, n);
	}
	/* A healthy pod is not ill because a sibling is. */
	if (o->kind->id == KIND_POD && pod_level && best == NEAR_DIRECT)
		return NEAR_NONE;
	return best;
}

static void add_near(const struct cause_list *from, const struct family *f, const struct object *o, enum near near, struct arena *a,
		     struct cause_list *ret)
{
	for (uint32_t i = 0; i < from->len; i++)
		if (cause_near(f, from->items[i], o) == near)
			*arena_push(a, ret) = from->items[i];
}

static struct cause_list causes_of(const struct diagnosis *d, struct arena *a, const struct object *o, bool direct_only)
{
	struct family f = family_of(d, a, o);
	struct cause_list ret = {0};

	add_near(&d->causes, &f, o, NEAR_DIRECT, a, &ret);
	if (!direct_only)
		add_near(&d->causes, &f, o, NEAR_NEEDED, a, &ret);
	add_near(&d->lesser, &f, o, NEAR_DIRECT, a, &ret);
	add_near(&d->recovered, &f, o, NEAR_DIRECT, a, &ret);
	return ret;
}

struct cause_list diagnose_object(const struct diagnosis *d, struct ctx *ctx, const struct object *o)
{
	if (o->kind->id == KIND_NAMESPACE)
		return diagnose_namespace(d, ctx, o->name);
	return causes_of(d, &ctx->arena, o, false);
}

/* ---- Verdicts --------------------------------------------------------------------------------------------------------------- */

bool nothing_ready(const struct object *o)
{
	int64_t wanted, ready;

	return replicas_of(o, &wanted, &ready) && wanted > 0 && ready == 0;
}

/* A Service with one bad pod of three is not down; one that a finding names is, and the Ingress before it. */
static bool names_object(const struct cause *cause, const struct object *o)
{
	for (uint32_t i = 0; i <= cause->explained.len; i++) {
		const struct finding *f = i ? cause->explained.items[i - 1] : cause->root;

		if (f->object == o || f->subject.object == o)
			return true;
	}
	return false;
}

static bool is_about(const struct diagnosis *d, const struct cause *cause, const struct object *o)
{
	const struct edge_list *edges;

	if (names_object(cause, o))
		return true;
	if (o->kind->id != KIND_INGRESS)
		return false;
	edges = graph_edges(d->graph, o);
	for (uint32_t i = 0; i < edges->len; i++)
		if (edges->items[i].relation == REL_ROUTES && edges->items[i].to.object && names_object(cause, edges->items[i].to.object))
			return true;
	return false;
}

enum verdict verdict_of_object(const struct diagnosis *d, struct arena *a, const struct object *o, const char **ret_why)
{
	struct cause_list list = causes_of(d, a, o, true);
	const struct cause *first = list.len ? list.items[0] : NULL;
	int64_t wanted, ready;
	const char *counts = "";

	if (replicas_of(o, &wanted, &ready) && o->kind->id != KIND_POD)
		counts = arena_printf(a, "%lld of %lld pods ready", (long long)ready, (long long)wanted);
	if (first && first->state == FINDING_ACTIVE && first->severity >= SEVERITY_WARNING &&
	    (first->severity >= SEVERITY_ERROR || !*counts || ready < wanted || first->root->object == o)) {
		*ret_why = *counts ? arena_printf(a, "%s: %s", counts, first->title) : first->title;
		if (replicas_of(o, &wanted, &ready))
			return ready == 0 && wanted > 0 ? VERDICT_FAILING : VERDICT_DEGRADED;
		return first->severity >= SEVERITY_ERROR && is_about(d, first, o) ? VERDICT_FAILING : VERDICT_DEGRADED;
	}
	if (!inventory_sees(d->inv, KIND_POD, o->ns[0] ? o->ns : NULL)) {
		*ret_why = "pods could not be read";
		return VERDICT_UNKNOWN;
	}
	for (uint32_t i = 0; i < list.len; i++) {
		if (list.items[i]->state == FINDING_RECOVERED) {
			*ret_why = list.items[i]->title;
			return VERDICT_RECOVERED;
		}
	}
	*ret_why = *counts ? counts : "no problem was found";
	return VERDICT_HEALTHY;
}
