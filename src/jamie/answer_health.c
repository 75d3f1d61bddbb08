/* What is wrong, is it well, since when. */
#include "jamie/say.h"

#define OTHERS_MAX 4 /* further causes that are told in a line each */

static bool list_has(const struct cause_list *list, const struct cause *c)
{
	for (uint32_t i = 0; i < list->len; i++)
		if (list->items[i] == c)
			return true;
	return false;
}

/* "web" is the Deployment, its Service and its Ingress to the one who asks: the causes of each, in rank order. */
static struct cause_list causes_of_mention(struct say *s, struct ctx *ctx, const struct mention *m)
{
	struct cause_list ret = {0};

	for (uint32_t i = 0; i < m->objects.len; i++) {
		struct cause_list l = diagnose_object(s->diagnosis, ctx, m->objects.items[i]);

		for (uint32_t j = 0; j < l.len; j++)
			if (!list_has(&ret, l.items[j]))
				*arena_push(s->arena, &ret) = l.items[j];
	}
	return ret;
}

static const struct cause *first_in_state(const struct cause_list *list, enum finding_state state, enum severity least)
{
	for (uint32_t i = 0; i < list->len; i++)
		if (list->items[i]->state == state && list->items[i]->severity >= least)
			return list->items[i];
	return NULL;
}

/* The worst verdict of what the name stands for, and of which object. */
static enum verdict verdict_of_mention(struct say *s, struct ctx *ctx, const struct mention *m, const struct object **ret, const char **ret_why)
{
	static const int badness[] = {
		[VERDICT_HEALTHY] = 0, [VERDICT_RECOVERED] = 1, [VERDICT_UNKNOWN] = 2, [VERDICT_DEGRADED] = 3, [VERDICT_FAILING] = 4};
	enum verdict worst = VERDICT_HEALTHY;

	*ret = m->objects.items[0];
	for (uint32_t i = 0; i < m->objects.len; i++) {
		const char *why;
		enum verdict v = diagnose_verdict(s->diagnosis, ctx, m->objects.items[i], NULL, &why);

		if (!i || badness[v] > badness[worst]) {
			worst = v;
			*ret = m->objects.items[i];
			*ret_why = why;
		}
	}
	return worst;
}

/* A fact that shows how an object is. */
static void show_condition(struct say *s, const struct object *o)
{
	switch (o->kind->id) {
	case KIND_DEPLOYMENT:
	case KIND_STATEFUL_SET:
	case KIND_REPLICA_SET:
		say_field(s, o, "status.readyReplicas");
		break;
	case KIND_DAEMON_SET:
		say_field(s, o, "status.numberReady");
		break;
	case KIND_SERVICE:
		say_field(s, o, "spec.selector");
		break;
	case KIND_CRON_JOB:
		say_field(s, o, "spec.schedule");
		break;
	case KIND_POD:
		say_field(s, o, "status.phase");
		break;
	default:
		say_field(s, o,
			  value_get(o->status, "phase")        ? "status.phase"
			  : value_get(o->status, "conditions") ? "status.conditions"
							       : "metadata.name");
		break;
	}
}

static void say_well(struct say *s, const struct object *o, const struct cause_list *list, const char *yes)
{
	const char *condition = object_condition(s->arena, o);
	const struct cause *over = first_in_state(list, FINDING_RECOVERED, SEVERITY_INFO);
	const struct cause *remark = first_in_state(list, FINDING_ACTIVE, SEVERITY_INFO);
	int64_t wanted = object_int(o, "spec.replicas", 1);

	if (o->kind->id == KIND_DEPLOYMENT && wanted == 0)
		say_text(s, "%s%s is scaled to zero: it runs no pods, and nothing about it fails", yes, say_name(s, o));
	else if (condition[0])
		say_text(s, "%s%s looks healthy to me: %s, and I found no active problem with it", yes, say_name(s, o), condition);
	else
		say_text(s, "%s%s looks healthy to me: I found no active problem with it", yes, say_name(s, o));
	show_condition(s, o);
	if (over) {
		say_text(s, "It had trouble, which is over: %s", over->title);
		say_finding(s, over->root, 2);
		say_cause_ref(s, over);
	}
	if (remark && remark->severity >= SEVERITY_WARNING) {
		say_text(s, "Something around it is not well, though: %s", remark->title);
		say_finding(s, remark->root, 2);
		say_cause_ref(s, remark);
	} else if (remark) {
		say_text(s, "One remark: %s", remark->title);
		say_finding(s, remark->root, 1);
		say_cause_ref(s, remark);
	}
}

/* Kinds that were refused. That a server has no metrics is no blindness of ours. */
static void say_unseen(struct say *s)
{
	size_t count, unseen = 0;
	const struct note *notes = inventory_notes(s->inv, &count), *first = NULL;

	for (size_t i = 0; i < count; i++) {
		if (notes[i].kind >= KIND_CUSTOM)
			continue;
		first = first ? first : &notes[i];
		unseen++;
	}
	if (unseen == 1)
		say_text(s, "Mind that I could not see %s", first->what);
	else if (unseen)
		say_text(s, "Mind that I could not see %s and %zu more thing%s", first->what, unseen - 1, unseen > 2 ? "s" : "");
}

static void say_ill(struct say *s, const struct cause_list *list, const struct object *o)
{
	const struct cause *first = first_in_state(list, FINDING_ACTIVE, SEVERITY_WARNING);
	unsigned others = 0;

	say_cause(s, first, o);
	for (uint32_t i = 0; i < list->len && others < 2; i++) {
		const struct cause *c = list->items[i];

		if (c == first || c->state != FINDING_ACTIVE || c->severity < SEVERITY_WARNING)
			continue;
		if (!others++)
			say_text(s, "Besides:");
		say_item(s, "%s", c->title);
		say_finding(s, c->root, 1);
		say_cause_ref(s, c);
	}
	if (first->root->object && first->root->object->kind->id == KIND_POD && pod_restarts(first->root->object) > 0)
		say_followup(s, "show the logs of %s", first->root->object->name);
	if (o)
		say_followup(s, "what changed in %s?", o->name);
}

void answer_why(struct say *s, struct ctx *ctx, const struct mention *m)
{
	struct cause_list list = causes_of_mention(s, ctx, m);
	const struct object *o;
	const char *why = "";
	enum verdict v = verdict_of_mention(s, ctx, m, &o, &why);

	if (v == VERDICT_FAILING || v == VERDICT_DEGRADED || (v != VERDICT_UNKNOWN && first_in_state(&list, FINDING_ACTIVE, SEVERITY_ERROR))) {
		if (v != VERDICT_FAILING && v != VERDICT_DEGRADED)
			say_well(s, o, &list, "");
		else
			say_ill(s, &list, o);
		return;
	}
	if (v == VERDICT_UNKNOWN) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "I cannot tell how %s is: %s", say_name(s, o), why);
		return;
	}
	say_well(s, o, &list, "");
	say_unseen(s);
	say_followup(s, "describe %s", o->name);
	say_followup(s, "events of %s", o->name);
}

void answer_health(struct say *s, struct ctx *ctx, const struct mention *m)
{
	struct cause_list list = causes_of_mention(s, ctx, m);
	const struct object *o;
	const char *why = "";
	enum verdict v = verdict_of_mention(s, ctx, m, &o, &why);

	switch (v) {
	case VERDICT_FAILING:
	case VERDICT_DEGRADED:
		say_text(s, "%s is %s, I'm afraid", say_name(s, o), v == VERDICT_FAILING ? "failing" : "not quite well");
		show_condition(s, o);
		say_ill(s, &list, o);
		break;
	case VERDICT_UNKNOWN:
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "I cannot tell how %s is: %s", say_name(s, o), why);
		break;
	default:
		say_well(s, o, &list, "");
		say_unseen(s);
		break;
	}
}

/* ---- Cluster and namespaces ------------------------------------------------------------------------------------------------- */

static void say_causes(struct say *s, const struct cause_list *list, const char *place)
{
	if (list->len == 1) {
		say_text(s, "There is one active problem in %s", place);
		say_cause(s, list->items[0], NULL);
		return;
	}
	say_text(s, "There are %u active problems in %s. The one that matters most:", list->len, place);
	say_paragraph(s);
	say_cause(s, list->items[0], NULL);
	say_paragraph(s);
	say_text(s, list->len > OTHERS_MAX + 1 ? "Then, in order of weight:" : "The others, in order of weight:");
	for (uint32_t i = 1; i < list->len && i <= OTHERS_MAX; i++)
		say_cause_line(s, list->items[i], i + 1);
	if (list->len > OTHERS_MAX + 1)
		say_item(s, "and %u more: \"list the problems\" or `auto-devops scan` shows them all", list->len - OTHERS_MAX - 1);
}

static void say_all_well(struct say *s, const char *place, const char *ns, const struct cause_list *recovered)
{
	const struct object_list *pods = inventory_list(s->inv, KIND_POD);
	const struct object *some = NULL;
	uint32_t count = 0, over = 0;

	for (uint32_t i = 0; i < pods->len; i++) {
		if (!ns || str_eq(pods->items[i]->ns, ns)) {
			some = some ? some : pods->items[i];
			count++;
		}
	}
	say_text(s, "All is well in %s as far as I can see: %s, and no active problem", place, say_count(s, count, "pod", "pods"));
	if (some)
		say_field(s, some, "status.phase");
	for (uint32_t i = 0; i < recovered->len && over < 2; i++) {
		const struct cause *c = recovered->items[i];

		if (ns && (!c->root->object || !str_eq(c->root->object->ns, ns)))
			continue;
		say_text(s, over++ ? "And: %s" : "Over by now: %s", c->title);
		say_finding(s, c->root, 1);
		say_cause_ref(s, c);
	}
	say_unseen(s);
}

void answer_namespace(struct say *s, struct ctx *ctx, const char *ns)
{
	struct cause_list list = diagnose_namespace(s->diagnosis, ctx, ns);
	const char *place = arena_printf(s->arena, "namespace %s", ns), *why;

	if (diagnose_verdict(s->diagnosis, ctx, NULL, ns, &why) == VERDICT_UNKNOWN) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "I cannot tell how %s is: %s", place, why);
	} else if (list.len) {
		say_causes(s, &list, place);
	} else {
		say_all_well(s, place, ns, &s->diagnosis->recovered);
	}
	say_followup(s, "what changed in %s?", ns);
}

void answer_overview(struct say *s, struct ctx *ctx)
{
	const struct diagnosis *d = s->diagnosis;

	(void)ctx;
	if (d->verdict == VERDICT_UNKNOWN) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "I cannot tell: %s", d->verdict_why);
	} else if (d->causes.len) {
		say_causes(s, &d->causes, "the cluster");
		if (d->causes.items[0]->workloads.len)
			say_followup(s, "why is %s failing?", d->causes.items[0]->workloads.items[0]->name);
	} else {
		say_all_well(s, "the cluster", NULL, &d->recovered);
	}
	say_followup(s, "what changed in the last hour?");
}

/* ---- Since when ------------------------------------------------------------------------------------------------------------- */

void answer_since(struct say *s, struct ctx *ctx, const struct object *o)
{
	struct cause_list list = o ? diagnose_object(s->diagnosis, ctx, o) : s->diagnosis->causes;
	const struct cause *c = first_in_state(&list, FINDING_ACTIVE, SEVERITY_WARNING);
	const char *name = o ? say_name(s, o) : "The cluster";
	usec_t now = inventory_now(s->inv);

	if (c && c->since) {
		say_text(s, "Since %s, %s ago: %s", say_time(s, c->since), say_span(s, now - c->since), c->title);
		say_finding(s, c->root, 2);
		say_cause_ref(s, c);
	} else if (c) {
		say_text(s, "I cannot tell since when; what is wrong is this: %s", c->title);
		say_finding(s, c->root, 2);
		say_cause_ref(s, c);
	} else {
		say_text(s, "%s has no active problem", name);
	}
	if (o && o->created) {
		say_text(s, "%s was created at %s, %s ago", say_name(s, o), say_time(s, o->created), say_span(s, now - o->created));
		say_field(s, o, "metadata.creationTimestamp");
	}
}
