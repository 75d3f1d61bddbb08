/* Who uses what, what depends on what, what a selector selects. */
#include "diagnose/graph.h"
#include "jamie/say.h"

#define LINKS_SHOWN 15

static void say_objects(struct say *s, const struct object_list *list, const char *path)
{
	for (uint32_t i = 0; i < list->len && i < LINKS_SHOWN; i++) {
		const char *condition = object_condition(s->arena, list->items[i]);

		say_item(s, "%s%s%s", say_name(s, list->items[i]), condition[0] ? ": " : "", condition);
		say_field(s, list->items[i], path);
	}
	if (list->len > LINKS_SHOWN)
		say_item(s, "and %u more", list->len - LINKS_SHOWN);
}

/* Evidence of a use: the field of the user that names the thing. */
static void say_users(struct say *s, const struct object_list *list, const struct object *o)
{
	for (uint32_t i = 0; i < list->len && i < LINKS_SHOWN; i++) {
		const struct edge_list *edges = graph_edges(s->diagnosis->graph, list->items[i]);

		for (uint32_t j = 0; j < edges->len; j++) {
			const struct edge *e = &edges->items[j];

			if (e->to.object != o || e->relation == REL_OWNS)
				continue;
			say_item(s, "%s, by %s%s%s", say_name(s, list->items[i]), e->via, e->key ? ", key " : "", e->key ? e->key : "");
			say_field_text(s, list->items[i], e->via, name_text(s->arena, &e->to));
			break;
		}
	}
	if (list->len > LINKS_SHOWN)
		say_item(s, "and %u more", list->len - LINKS_SHOWN);
}

void answer_users(struct say *s, struct ctx *ctx, const struct object *o)
{
	struct object_list users;

	if (o->kind->id == KIND_NODE) {
		answer_list(s, ctx, o);
		return;
	}
	users = graph_dependents(s->diagnosis->graph, o,
				 o->kind->id == KIND_SERVICE         ? REL_CALLS
				 : o->kind->id == KIND_STORAGE_CLASS ? REL_STORAGE
								     : REL_USES);
	if (pod_spec(o)) {
		answer_dependents(s, ctx, o);
		return;
	}
	say_text(s, "%s is used by %s%s", say_name(s, o), users.len ? say_count(s, users.len, "object", "objects") : "nothing that I can see",
		 users.len ? ":" : "");
	if (users.len)
		say_users(s, &users, o);
	else
		say_field(s, o, "metadata.name");
}

static void add_all(struct say *s, struct object_list *to, struct object_list from)
{
	for (uint32_t i = 0; i < from.len; i++) {
		bool there = false;

		for (uint32_t j = 0; j < to->len; j++)
			there = there || to->items[j] == from.items[i];
		if (!there)
			*arena_push(s->arena, to) = from.items[i];
	}
}

/* A workload is depended on through the Services in front of it. */
void answer_dependents(struct say *s, struct ctx *ctx, const struct object *o)
{
	static const enum relation relations[] = {REL_ROUTES, REL_CALLS, REL_USES, REL_SCALES, REL_STORAGE, REL_WEBHOOK};
	struct graph *g = s->diagnosis->graph;
	struct object_list all = {0}, services = {0};

	(void)ctx;
	o = object_top_owner(o);
	if (pod_spec(o))
		services = graph_dependents(g, o, REL_SELECTS);
	add_all(s, &all, services);
	for (uint32_t i = 0; i < services.len; i++)
		for (size_t r = 0; r < 2; r++)
			add_all(s, &all, graph_dependents(g, services.items[i], relations[r]));
	for (size_t r = 0; r < ARRAY_LEN(relations); r++)
		add_all(s, &all, graph_dependents(g, o, relations[r]));
	if (o->kind->id == KIND_NODE)
		add_all(s, &all, graph_dependents(g, o, REL_RUNS_ON));
	if (!all.len) {
		say_text(s, "I see nothing that depends on %s: no Service, Ingress or configuration names it", say_name(s, o));
		say_field(s, o, "metadata.name");
		return;
	}
	say_text(s, "If %s goes, these feel it:", say_name(s, o));
	say_objects(s, &all, "metadata.name");
}

static unsigned say_edges(struct say *s, const struct object *o, const struct kind *wanted, unsigned shown)
{
	const struct edge_list *edges = graph_edges(s->diagnosis->graph, o);

	for (uint32_t i = 0; i < edges->len && shown < LINKS_SHOWN; i++) {
		const struct edge *e = &edges->items[i];

		if (e->relation == REL_OWNS || (wanted && e->to.kind != wanted->id))
			continue;
		say_item(s, "%s (%s)%s", name_text(s->arena, &e->to), e->via,
			 e->to.object                               ? ""
			 : inventory_sees(s->inv, e->to.kind, NULL) ? ", which does not exist"
								    : "");
		say_field_text(s, o, e->via, name_text(s->arena, &e->to));
		shown++;
	}
	return shown;
}

void answer_dependencies(struct say *s, struct ctx *ctx, const struct object *o)
{
	struct object_list pods = pods_of(s, o);
	const struct kind *wanted = s->q->kind;
	unsigned shown;

	(void)ctx;
	say_text(s, "%s needs:", say_name(s, o));
	shown = say_edges(s, o, wanted, 0);
	/* What only the pods know: the claims of a StatefulSet and, through them, classes and volumes. */
	for (uint32_t i = 0; pod_spec(o) && i < pods.len && i < 3; i++) {
		const struct edge_list *edges = graph_edges(s->diagnosis->graph, pods.items[i]);

		for (uint32_t k = 0; k < edges->len; k++) {
			const struct object *claim = edges->items[k].to.object;

			if (claim && claim->kind->id == KIND_PERSISTENT_VOLUME_CLAIM)
				shown = say_edges(s, claim, wanted, shown);
		}
	}
	if (!shown)
		say_item(s, wanted ? "no %s that I can see" : "nothing that I can see%s", wanted ? say_kind(s, wanted, false) : "");
}

void answer_selected(struct say *s, struct ctx *ctx, const struct object *o)
{
	struct object_list pods = pods_of(s, o);
	const struct value *selector = value_get(o->spec, o->kind->id == KIND_NETWORK_POLICY ? "podSelector" : "selector");

	if (o->kind->id == KIND_INGRESS || pod_spec(o)) {
		answer_dependencies(s, ctx, o);
		return;
	}
	say_text(s, "%s selects %s%s%s", say_name(s, o), say_count(s, pods.len, "pod", "pods"),
		 selector ? arena_printf(s->arena, " by %s", selector_text(s->arena, selector, o->kind->id == KIND_SERVICE)) : "",
		 pods.len ? ":" : "");
	say_field(s, o, o->kind->id == KIND_NETWORK_POLICY ? "spec.podSelector" : "spec.selector");
	say_objects(s, &pods, "status.phase");
}
