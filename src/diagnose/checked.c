/* What was looked at to find nothing: the checks, the pods, what they need, what stands in front, what changed last. */
#include "diagnose/graph_internal.h"
#include "diagnose/internal.h"

#define NAMED_MAX 6u

struct look {
	const struct diagnosis *d;
	struct arena *arena;
	struct text_list lines;
};

static void say(struct look *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(struct look *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*arena_push(l->arena, &l->lines) = arena_vprintf(l->arena, fmt, ap);
	va_end(ap);
}

static unsigned checks_of(enum kind_id kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < check_count; i++)
		n += !check_table[i]->advice && (check_table[i]->kind == kind || (check_table[i]->also & KIND_BIT(kind)));
	return n;
}

struct pods_seen {
	unsigned count, ready;
	int64_t restarts;
	struct object_list nodes;
	bool nodes_well;
};

static void look_at_pod(struct look *l, const struct object *pod, struct pods_seen *seen)
{
	const struct object *node = inventory_find(l->d->inv, KIND_NODE, "", value_get_str(pod->spec, "nodeName"));
	bool again = false;
	int64_t wanted = 0, ready = 0;

	replicas_of(pod, &wanted, &ready);
	seen->count++;
	seen->ready += ready > 0;
	for (value_each(s, value_get(pod->status, "containerStatuses")))
		seen->restarts += value_get_int(s, "restartCount", 0);
	for (uint32_t i = 0; i < seen->nodes.len; i++)
		again = again || seen->nodes.items[i] == node;
	if (!node || again)
		return;
	*arena_push(l->arena, &seen->nodes) = (struct object *)(uintptr_t)node;
	seen->nodes_well = seen->nodes_well && str_eq(condition_status(node, "Ready"), "True");
}

static void look_at_pods(struct look *l, const struct object *o, struct pods_seen *seen)
{
	if (o->kind->id == KIND_POD)
		look_at_pod(l, o, seen);
	for (uint32_t i = 0; i < o->child_count; i++)
		look_at_pods(l, o->children[i], seen);
}

static void say_pods(struct look *l, const struct object *o)
{
	struct pods_seen seen = {.nodes_well = true};

	look_at_pods(l, o, &seen);
	if (!seen.count)
		return;
	say(l, "%s%u pod%s: %u ready, %lld restart%s", o->kind->id == KIND_POD ? "" : "its ", seen.count, seen.count == 1 ? "" : "s", seen.ready,
	    (long long)seen.restarts, seen.restarts == 1 ? "" : "s");
	if (seen.nodes.len == 1)
		say(l, "%s, %s", object_text(l->arena, seen.nodes.items[0]), seen.nodes_well ? "which is Ready" : "which is not Ready");
	else if (seen.nodes.len)
		say(l, "%u nodes that they run on%s", seen.nodes.len, seen.nodes_well ? ", all Ready" : ", not all Ready");
}

/* "ConfigMap settings, Secret db and 2 more" of one relation, each once; "" = none. absent: those that do not exist. */
static const char *names_by(struct look *l, const struct object *o, enum relation relation, const char **ret_absent)
{
	const struct edge_list *edges = graph_edges(l->d->graph, o);
	const char *text = "", *absent = "";
	unsigned n = 0;

	for (uint32_t i = 0; i < edges->len; i++) {
		const struct edge *e = &edges->items[i];
		const char *name;
		bool again = false;

		for (uint32_t k = 0; k < i; k++)
			again = again || (edges->items[k].relation == relation && name_equal(&edges->items[k].to, &e->to));
		if (e->relation != relation || again)
			continue;
		name = arena_printf(l->arena, "%s %s", e->to.kind_text, e->to.name);
		if (!e->to.object)
			absent = arena_printf(l->arena, "%s%s%s%s", absent, *absent ? ", " : "", name,
					      inventory_sees(l->d->inv, e->to.kind, e->to.ns[0] ? e->to.ns : NULL) ? e->optional ? " (optional)" : ""
														   : " (not read)");
		else if (n++ < NAMED_MAX)
			text = arena_printf(l->arena, "%s%s%s", text, n > 1 ? ", " : "", name);
	}
	*ret_absent = absent;
	return n > NAMED_MAX ? arena_printf(l->arena, "%s and %u more", text, n - NAMED_MAX) : text;
}

static void say_needs(struct look *l, const struct object *o)
{
	static const struct {
		enum relation relation;
		const char *what;
	} needs[] = {
		{REL_USES, "what it uses, which exists: "}, {REL_CALLS, "Services that it names: "},      {REL_STORAGE, "its storage: "},
		{REL_SELECTS, "what it selects: "},         {REL_ROUTES, "where it routes to: "},         {REL_SCALES, "what it scales: "},
		{REL_WEBHOOK, "whom it calls: "},           {REL_GRANTS, "where its rights come from: "}, {REL_LIMITS, "whose traffic it limits: "}};

	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		const char *absent, *names = names_by(l, o, needs[i].relation, &absent);

		if (names[0])
			say(l, "%s%s", needs[i].what, names);
		if (absent[0])
			say(l, "not seen: %s", absent);
	}
}

static void say_front(struct look *l, const struct object *o)
{
	struct object_list services = pod_spec(o) ? graph_dependents(l->d->graph, o, REL_SELECTS) : (struct object_list){0};

	for (uint32_t i = 0; i < services.len && i < NAMED_MAX; i++) {
		struct object_list fronts = graph_dependents(l->d->graph, services.items[i], REL_ROUTES);

		say(l, "in front of it: %s%s%s", object_text(l->arena, services.items[i]), fronts.len ? ", " : "",
		    fronts.len ? object_text(l->arena, fronts.items[0]) : "");
	}
}

static void say_changes(struct look *l, const struct object *o)
{
	struct change_list list = changes_of(l->d->graph, l->arena, o, 0, 0);
	usec_t now = inventory_now(l->d->inv);
	char span[CLOCK_TEXT_MAX];

	for (uint32_t i = 0; i < list.len; i++) {
		const struct change *c = &list.items[i];

		if (!c->when || c->when > now)
			continue;
		say(l, "the last change known, %s ago: %s", clock_format_span(now - c->when, span), c->text);
		return;
	}
}

struct text_list diagnose_checked(const struct diagnosis *d, struct ctx *ctx, const struct object *o)
{
	struct look l = {.d = d, .arena = &ctx->arena};
	const struct object *top = object_top_owner(o);
	unsigned own = checks_of(o->kind->id), pods = pod_spec(o) && o->kind->id != KIND_POD ? checks_of(KIND_POD) : 0;

	if (own + pods)
		say(&l, "%u check%s of a %s%s", own, own == 1 ? "" : "s", o->kind->name,
		    pods ? arena_printf(l.arena, ", %u of each of its pods", pods) : "");
	say_pods(&l, o);
	say_needs(&l, o);
	say_front(&l, top);
	say_changes(&l, top);
	return l.lines;
}
