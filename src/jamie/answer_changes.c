/* What changed, and two things side by side. */
#include "jamie/say.h"

#define CHANGES_SHOWN 12

const char *change_path(const struct change *c)
{
	switch (c->type) {
	case CHANGE_WRITE:
		return "metadata.managedFields";
	case CHANGE_CREATED:
		return "metadata.creationTimestamp";
	case CHANGE_NODE:
		return "status.conditions";
	default:
		return "spec.template";
	}
}

static void say_change_list(struct say *s, const struct change_list *list)
{
	usec_t now = inventory_now(s->inv);

	for (uint32_t i = 0; i < list->len && i < CHANGES_SHOWN; i++) {
		const struct change *c = &list->items[i];
		bool named = c->object && strstr(c->text, say_name(s, c->object));

		say_item(s, "%s%s%s%s%s%s", c->when ? arena_printf(s->arena, "%s ago: ", say_span(s, now - c->when)) : "",
			 named || !c->object ? "" : say_name(s, c->object), named || !c->object ? "" : ": ", c->text,
			 c->type == CHANGE_WRITE && c->by[0] ? " by " : "", c->type == CHANGE_WRITE ? c->by : "");
		if (c->object)
			say_field_text(s, c->object, change_path(c), c->text);
	}
	if (list->len > CHANGES_SHOWN)
		say_item(s, "and %u older ones", list->len - CHANGES_SHOWN);
}

static const char *since_text(struct say *s)
{
	return s->q->since_words ? arena_printf(s->arena, " (%s)", s->q->since_words) : "";
}

void answer_changes(struct say *s, struct ctx *ctx, const struct object *o)
{
	const struct question *q = s->q;
	const char *ns = q->namespace_count ? q->namespaces[0] : NULL;
	struct change_list list =
		o ? changes_of(s->diagnosis->graph, s->arena, object_top_owner(o), q->since, 0) : changes_in(s->inv, s->arena, ns, q->since, 0, 200);
	const char *what = o ? say_name(s, object_top_owner(o)) : ns ? arena_printf(s->arena, "namespace %s", ns) : "the cluster";

	(void)ctx;
	if (!list.len) {
		say_text(s, "I see no change in %s%s", what, since_text(s));
		if (o)
			say_field(s, o, "metadata.creationTimestamp");
		return;
	}
	say_text(s, "What changed in %s%s, newest first:", what, since_text(s));
	say_change_list(s, &list);
	say_followup(s, o ? "why is %s failing?" : "what is wrong%s?", o ? o->name : "");
}

/* ---- Compare ------------------------------------------------------------------------------------------------------------------ */

struct side {
	const char *name, *ns;
	uint32_t deployments, pods, ready, causes;
	const struct object *example;
};

static struct side side_of(struct say *s, struct ctx *ctx, const char *ns)
{
	const struct object_list *deployments = inventory_list(s->inv, KIND_DEPLOYMENT), *pods = inventory_list(s->inv, KIND_POD);
	struct side x = {.name = arena_printf(s->arena, "namespace %s", ns), .ns = ns};

	for (uint32_t i = 0; i < deployments->len; i++)
		x.deployments += str_eq(deployments->items[i]->ns, ns);
	for (uint32_t i = 0; i < pods->len; i++) {
		if (!str_eq(pods->items[i]->ns, ns))
			continue;
		x.example = x.example ? x.example : pods->items[i];
		x.pods++;
		x.ready += str_eq(condition_status(pods->items[i], "Ready"), "True");
	}
	x.causes = diagnose_namespace(s->diagnosis, ctx, ns).len;
	return x;
}

static void say_side(struct say *s, const struct side *x)
{
	say_item(s, "%s: %s, %s of which %u ready, %s", x->name, say_count(s, x->deployments, "deployment", "deployments"),
		 say_count(s, x->pods, "pod", "pods"), x->ready, say_count(s, x->causes, "active problem", "active problems"));
	if (x->example)
		say_field(s, x->example, "status.phase");
}

static const char *image_of(const struct object *o)
{
	return value_get_str(value_item(value_get(pod_spec_of(o, NULL), "containers"), 0), "image");
}

/* Deployments that are in one namespace only, or in both with other images. */
static void say_differences(struct say *s, const char *a, const char *b)
{
	const struct object_list *all = inventory_list(s->inv, KIND_DEPLOYMENT);
	unsigned shown = 0;

	for (uint32_t i = 0; i < all->len && shown < 10; i++) {
		const struct object *o = all->items[i];
		bool first = str_eq(o->ns, a);
		const struct object *other = inventory_find(s->inv, KIND_DEPLOYMENT, first ? b : a, o->name);

		if (!first && !str_eq(o->ns, b))
			continue;
		if (!other) {
			say_item(s, "%s is only in %s", o->name, o->ns);
			say_field(s, o, "metadata.name");
			shown++;
		} else if (first && !str_eq(image_of(o), image_of(other))) {
			say_item(s, "%s runs %s in %s and %s in %s", o->name, image_of(o), a, image_of(other), b);
			say_field(s, o, "spec.template.spec.containers[0].image");
			say_field(s, other, "spec.template.spec.containers[0].image");
			shown++;
		}
	}
	if (!shown)
		say_item(s, "they hold the same deployments with the same images");
}

static void compare_objects(struct say *s, struct ctx *ctx, const struct object *a, const struct object *b)
{
	const struct object *pair[] = {a, b};

	say_text(s, "%s beside %s:", say_name(s, a), say_name(s, b));
	for (size_t i = 0; i < 2; i++) {
		enum verdict v = diagnose_verdict(s->diagnosis, ctx, pair[i], NULL, NULL);

		say_item(s, "%s: %s, %s%s%s", say_name(s, pair[i]), verdict_text(v), object_condition(s->arena, pair[i]),
			 image_of(pair[i])[0] ? ", image " : "", image_of(pair[i]));
		say_field(s, pair[i], "metadata.name");
	}
	say_item(s, str_eq(image_of(a), image_of(b)) ? "both run the same image" : "their images differ");
}

void answer_compare(struct say *s, struct ctx *ctx)
{
	const struct question *q = s->q;

	if (q->mention_count >= 2) {
		compare_objects(s, ctx, q->mentions[0].objects.items[0], q->mentions[1].objects.items[0]);
	} else if (q->namespace_count >= 2 && q->mention_count == 1) {
		const struct object *o = q->mentions[0].objects.items[0];
		const struct object *a = inventory_find(s->inv, o->kind->id, q->namespaces[0], o->name),
				    *b = inventory_find(s->inv, o->kind->id, q->namespaces[1], o->name);

		if (a && b)
			compare_objects(s, ctx, a, b);
		else
			say_text(s, "%s is only in %s", say_name(s, o), o->ns);
		say_field(s, o, "metadata.name");
	} else if (q->namespace_count >= 2) {
		struct side a = side_of(s, ctx, q->namespaces[0]), b = side_of(s, ctx, q->namespaces[1]);

		say_text(s, "Namespace %s beside %s:", a.ns, b.ns);
		say_side(s, &a);
		say_side(s, &b);
		say_differences(s, a.ns, b.ns);
	} else {
		s->kind = ANSWER_CLARIFY;
		say_text(s, "Which two shall I compare? Name two namespaces or two workloads, please");
	}
}
