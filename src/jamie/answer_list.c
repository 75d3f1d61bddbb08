/* Which there are, and how many. */
#include "diagnose/graph.h"
#include "jamie/say.h"

#define LIST_MAX 20
#define REASONS_MAX 4 /* causes told below a list of ill things */

struct selection {
	struct object_list all;
	const char *what, *what_one; /* "Pods that are not ready in namespace shop", "Pod that is not ready in ..." */
	bool cannot_see;
};

static const enum kind_id workload_kinds[] = {KIND_DEPLOYMENT, KIND_STATEFUL_SET, KIND_DAEMON_SET, KIND_CRON_JOB, KIND_JOB};

static void add_if(struct say *s, struct ctx *ctx, struct selection *sel, const struct object *o)
{
	const struct question *q = s->q;

	if (!object_in_scope(s, o) || (q->since && o->created < q->since && q->order == ORDER_NEWEST))
		return;
	if (object_in_state(s, ctx, o, q->state))
		*arena_push(s->arena, &sel->all) = (struct object *)(uintptr_t)o;
}

static void add_kind(struct say *s, struct ctx *ctx, struct selection *sel, const struct kind *kind, bool top_only)
{
	bool custom = kind->id == KIND_CUSTOM;
	const struct object_list *list = custom ? inventory_list_custom(s->inv, kind->group, kind->name) : inventory_list(s->inv, kind->id);

	if (!list->len && !custom && !inventory_sees(s->inv, kind->id, s->q->namespace_count == 1 ? s->q->namespaces[0] : NULL))
		sel->cannot_see = true;
	for (uint32_t i = 0; i < list->len; i++)
		if (!top_only || !list->items[i]->owner)
			add_if(s, ctx, sel, list->items[i]);
}

static const char *scope_text(struct say *s, const struct object *scope)
{
	const struct question *q = s->q;
	_cleanup_(strbuf_release) struct strbuf sb;

	strbuf_init(&sb, STRBUF_MAX_LINE);
	if (scope)
		strbuf_addf(&sb, " %s %s", scope->kind->id == KIND_NODE ? "on" : "of", say_name(s, scope));
	for (unsigned i = 0; i < q->namespace_count; i++)
		strbuf_addf(&sb, "%s%s", i ? " and " : q->namespace_count > 1 ? " in namespaces " : " in namespace ", q->namespaces[i]);
	return arena_strndup(s->arena, sb.buf, sb.len);
}

/* "restarting Pods in namespace shop", "Pod that is not ready": states of several words stand behind the kind. */
static const char *described(struct say *s, const struct kind *kind, const struct object *scope, bool plural)
{
	const char *state = state_text(s->q->state), *name = say_kind(s, kind, plural), *where = scope_text(s, scope);

	if (strchr(state, ' '))
		return arena_printf(s->arena, "%s that %s %s%s", name, plural ? "are" : "is", state, where);
	return arena_printf(s->arena, "%s%s%s%s", state, state[0] ? " " : "", name, where);
}

/* What the question speaks of; pods when it names no kind. */
static struct selection select_objects(struct say *s, struct ctx *ctx, const struct object *scope)
{
	const struct question *q = s->q;
	const struct kind *kind = q->kind ? q->kind : &kind_table[KIND_POD];
	bool workloads = q->any_workload || (!q->kind && !scope && q->state == STATE_UNHEALTHY);
	struct selection sel = {0};

	if (scope && scope->kind != kind && !workloads) {
		struct object_list pods = pods_of(s, scope);

		if (kind->id == KIND_POD || kind->id == KIND_NODE) {
			for (uint32_t i = 0; i < pods.len; i++)
				add_if(s, ctx, &sel, pods.items[i]);
			kind = &kind_table[KIND_POD];
		}
	} else if (workloads) {
		for (size_t k = 0; k < ARRAY_LEN(workload_kinds); k++)
			add_kind(s, ctx, &sel, &kind_table[workload_kinds[k]], true);
		kind = NULL;
	} else {
		add_kind(s, ctx, &sel, kind, false);
		if (kind->id == KIND_VALIDATING_WEBHOOK)
			add_kind(s, ctx, &sel, &kind_table[KIND_MUTATING_WEBHOOK], false);
	}
	sel.what = described(s, kind, scope, true);
	sel.what_one = described(s, kind, scope, false);
	return sel;
}

static const char *counted(struct say *s, const struct selection *sel)
{
	if (sel->all.len)
		return arena_printf(s->arena, "%u %s", sel->all.len, sel->all.len == 1 ? sel->what_one : sel->what);
	return arena_printf(s->arena, "no %s", sel->what);
}

struct ranked {
	const struct object *object;
	int64_t restarts;
};

static int compare_restarts(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	return a->restarts != b->restarts ? (a->restarts > b->restarts ? -1 : 1) : strcmp(a->object->name, b->object->name);
}

static void order_by_restarts(struct say *s, struct object_list *list)
{
	struct ranked *ranked = arena_new_array(s->arena, struct ranked, list->len);

	for (uint32_t i = 0; i < list->len; i++)
		ranked[i] = (struct ranked){list->items[i], object_restarts(s, list->items[i])};
	qsort(ranked, list->len, sizeof(*ranked), compare_restarts);
	for (uint32_t i = 0; i < list->len; i++)
		list->items[i] = (struct object *)(uintptr_t)ranked[i].object;
}

static int compare_age(const void *x, const void *y)
{
	const struct object *a = *(const struct object *const *)x, *b = *(const struct object *const *)y;

	return a->created != b->created ? (a->created < b->created ? -1 : 1) : strcmp(a->name, b->name);
}

static int compare_young(const void *x, const void *y)
{
	return compare_age(y, x);
}

static void put_in_order(struct say *s, struct selection *sel)
{
	if (!sel->all.len)
		return;
	if (s->q->order == ORDER_MOST_RESTARTS)
		order_by_restarts(s, &sel->all);
	else if (s->q->order == ORDER_OLDEST)
		qsort(sel->all.items, sel->all.len, sizeof(*sel->all.items), compare_age);
	else if (s->q->order == ORDER_NEWEST)
		qsort(sel->all.items, sel->all.len, sizeof(*sel->all.items), compare_young);
}

static const char *state_path(const struct object *o)
{
	switch (o->kind->id) {
	case KIND_DEPLOYMENT:
	case KIND_STATEFUL_SET:
	case KIND_REPLICA_SET:
		return "status.readyReplicas";
	case KIND_DAEMON_SET:
		return "status.numberReady";
	case KIND_POD:
		return "status.phase";
	default:
		if (value_get(o->status, "health"))
			return "status.health.status";
		return value_get(o->status, "phase") ? "status.phase" : value_get(o->status, "conditions") ? "status.conditions" : "metadata.name";
	}
}

/* The count of the container that restarted most. */
static const char *restarts_path(struct arena *a, const struct object *pod)
{
	static const char *const lists[] = {"containerStatuses", "initContainerStatuses"};
	const char *path = "status.phase";
	int64_t most = 0;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct value *list = value_get(pod->status, lists[i]);

		for (size_t k = 0; k < value_len(list); k++) {
			int64_t n = value_get_int(value_item(list, k), "restartCount", 0);

			if (n > most) {
				most = n;
				path = arena_printf(a, "status.%s[%zu].restartCount", lists[i], k);
			}
		}
	}
	return path;
}

static void say_line(struct say *s, const struct object *o)
{
	const struct question *q = s->q;
	const char *condition = object_condition(s->arena, o);
	usec_t now = inventory_now(s->inv);
	const char *age = o->created ? say_span(s, now - o->created) : "";

	bool restarts = q->order == ORDER_MOST_RESTARTS || q->state == STATE_RESTARTING;

	if (restarts)
		say_item(s, "%s: %s, %s", say_name(s, o), say_count(s, (uint64_t)object_restarts(s, o), "restart", "restarts"), condition);
	else if (q->order != ORDER_NONE && age[0])
		say_item(s, "%s: %s old%s%s", say_name(s, o), age, condition[0] ? ", " : "", condition);
	else
		say_item(s, "%s%s%s", say_name(s, o), condition[0] ? ": " : "", condition);
	say_field(s, o, restarts && o->kind->id == KIND_POD ? restarts_path(s->arena, o) : state_path(o));
}

static void say_blind(struct say *s, const struct selection *sel)
{
	size_t count;
	const struct note *notes = inventory_notes(s->inv, &count);

	s->kind = ANSWER_CANNOT_SEE;
	say_text(s, "I cannot tell: I could not read the %s%s%s", sel->what, count ? ": " : "", count ? notes[0].why : "");
}

/* A list of ill things is worth a word on why. */
static void say_reasons(struct say *s, struct ctx *ctx, const struct selection *sel)
{
	unsigned told = 0;

	if (!sel->all.len || s->q->state == STATE_ANY || s->q->order != ORDER_NONE || s->q->state == STATE_RUNNING || s->q->state == STATE_HEALTHY ||
	    s->q->state == STATE_READY)
		return;
	for (uint32_t i = 0; i < sel->all.len && i < LIST_MAX && told < REASONS_MAX; i++) {
		struct cause_list causes = diagnose_object(s->diagnosis, ctx, sel->all.items[i]);
		uint32_t before = s->causes.len;

		if (!causes.len || causes.items[0]->state != FINDING_ACTIVE)
			continue;
		say_cause_ref(s, causes.items[0]);
		if (s->causes.len == before)
			continue;
		if (!told++)
			say_paragraph(s);
		say_text(s, "%s", causes.items[0]->title);
		say_finding(s, causes.items[0]->root, 2);
	}
}

/* "Which secrets are missing?": what findings blame and is not there. */
static void answer_missing(struct say *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->diagnosis->findings.len; i++) {
		const struct finding *f = s->diagnosis->findings.items[i];

		if (f->state != FINDING_ACTIVE || f->subject.kind == KIND_COUNT || (f->subject.object && !f->subject.key) ||
		    (s->q->kind && f->subject.kind != s->q->kind->id) || !f->object || !object_in_scope(s, f->object))
			continue;
		if (!n++)
			say_text(s, "This is missing:");
		say_item(s, "%s%s%s, for %s", name_text(s->arena, &f->subject), f->subject.key ? " key " : "", f->subject.key ? f->subject.key : "",
			 say_name(s, f->object));
		say_finding(s, f, 2);
	}
	if (!n)
		say_text(s, "I see no %s that is asked for and not there", say_kind(s, s->q->kind, false));
}

void answer_list(struct say *s, struct ctx *ctx, const struct object *scope)
{
	if (s->q->state == STATE_MISSING && s->q->kind) {
		answer_missing(s);
		return;
	}
	struct selection sel = select_objects(s, ctx, scope);
	uint32_t max = s->q->number > 0 && s->q->number < 100 ? (uint32_t)s->q->number : s->q->order != ORDER_NONE ? 5 : LIST_MAX;

	if (sel.cannot_see && !sel.all.len) {
		say_blind(s, &sel);
		return;
	}
	put_in_order(s, &sel);
	say_text(s, "I see %s%s", counted(s, &sel), sel.all.len ? ":" : "");
	for (uint32_t i = 0; i < sel.all.len && i < max; i++)
		say_line(s, sel.all.items[i]);
	if (sel.all.len > max)
		say_item(s, "and %u more", sel.all.len - max);
	say_reasons(s, ctx, &sel);
	if (sel.all.len && s->q->state != STATE_ANY)
		say_followup(s, "why is %s %s?", sel.all.items[0]->name, state_text(s->q->state));
}

/* Lists are ordered by namespace. */
static void count_per_namespace(struct say *s, const struct selection *sel)
{
	for (uint32_t i = 0; i < sel->all.len;) {
		const struct object *first = sel->all.items[i];
		uint32_t n = 0;

		while (i < sel->all.len && str_eq(sel->all.items[i]->ns, first->ns))
			i++, n++;
		say_item(s, "%s: %u", first->ns[0] ? first->ns : "no namespace", n);
		say_field(s, first, "metadata.namespace");
	}
}

void answer_count(struct say *s, struct ctx *ctx, const struct object *scope)
{
	struct selection sel = select_objects(s, ctx, scope);

	if (sel.cannot_see && !sel.all.len) {
		say_blind(s, &sel);
		return;
	}
	say_text(s, "I count %s", counted(s, &sel));
	if (sel.all.len)
		say_field(s, sel.all.items[0], state_path(sel.all.items[0]));
	if (s->q->per_namespace) {
		count_per_namespace(s, &sel);
		return;
	}
	if (sel.all.len && sel.all.len <= 5) {
		for (uint32_t i = 0; i < sel.all.len; i++)
			say_line(s, sel.all.items[i]);
	}
	say_reasons(s, ctx, &sel);
	if (sel.all.len > 5)
		say_followup(s, "list them");
}
