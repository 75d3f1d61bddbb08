/* Chained findings -> causes: what shares a root, or blames the same thing, is one cause; then facts, order and lists. */
#include "diagnose/internal.h"

#include <math.h>

struct group {
	const char *key;
	enum finding_state state;
	struct node **items;
	uint32_t len, cap;
	const struct node
		*root; /* the worst of those that were merged; of what follows from a silenced one, the nearest to it; NULL = all silenced */
	struct cause_facts facts;
};

struct groups {
	struct group **items;
	uint32_t len, cap;
};

/* Findings that blame the same thing are one cause whatever they are about; else those of one check about one workload are. */
static const char *root_key(const struct chain *c, const struct node *n)
{
	const struct finding *f = n->finding;
	struct object_name owner;

	if (f->subject.kind != KIND_COUNT)
		return arena_printf(c->arena, "%d|subject|%s|%s|%s", f->state, f->subject.kind_text, f->subject.ns, f->subject.name);
	if (!f->object)
		return arena_printf(c->arena, "%d|%s|%s", f->state, f->check->id, f->message);
	owner = owner_name(graph_inventory(c->graph), c->arena, f->object);
	return arena_printf(c->arena, "%d|%s|%s|%s|%s|%s", f->state, f->check->id, owner.kind_text, owner.ns, owner.name, f->container);
}

static bool better_root(const struct node *a, const struct node *b)
{
	if (a->finding->severity != b->finding->severity)
		return a->finding->severity > b->finding->severity;
	return a->finding->id < b->finding->id;
}

static void offer_root(struct group *g, const struct node *n)
{
	const struct node *best = g->root;

	if (!n->finding->silence && (!best || (n->depth != best->depth ? n->depth < best->depth : better_root(n, best))))
		g->root = n;
}

static void group_nodes(struct chain *c, struct groups *ret)
{
	struct hash by_key;
	struct ptr_map by_root = {0};

	hash_init(&by_key);
	for (uint32_t i = 0; i < c->count; i++) {
		struct node *n = &c->nodes[i], *root = chain_root(n);
		struct group *g = ptr_map_get(&by_root, root);

		if (!g) {
			const char *key = root_key(c, root);

			g = hash_get(&by_key, key, strlen(key));
			if (!g) {
				g = arena_new(c->arena, struct group);
				g->key = key;
				g->state = root->finding->state;
				g->facts.weakest_link = 100;
				*arena_push(c->arena, ret) = g;
				hash_put(&by_key, key, strlen(key), g);
			}
			ptr_map_put(c->arena, &by_root, root, g);
		}
		*arena_push(c->arena, g) = n;
		offer_root(g, n);
	}
	hash_release(&by_key);
}

static int compare_nearest(const void *x, const void *y)
{
	const struct node *a = *(const struct node *const *)x, *b = *(const struct node *const *)y;

	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return a->finding->id < b->finding->id ? -1 : 1;
}

/* Also which workloads the root itself is about, and the confidence of the weakest link between any symptom and the root. */
static void fill_findings(struct chain *c, struct group *g, struct cause *cause)
{
	struct ptr_map pods = {0}, owners = {0};
	usec_t first = 0;

	qsort(g->items, g->len, sizeof(*g->items), compare_nearest);
	for (uint32_t i = 0; i < g->len; i++) {
		const struct node *n = g->items[i];
		const struct finding *f = n->finding;

		if (f->silence)
			continue;
		if (n != g->root)
			*arena_push(c->arena, &cause->explained) = (struct finding *)(uintptr_t)f;
		if (n->parent && n->rule)
			g->facts.weakest_link = MIN(g->facts.weakest_link, n->rule->confidence);
		cause->severity = MAX(cause->severity, f->severity);
		if (f->since && (!first || f->since < first))
			first = f->since;
		cause->until = MAX(cause->until, f->until);
		if (f->object && f->object->kind->id == KIND_POD && !ptr_map_get(&pods, f->object)) {
			ptr_map_put(c->arena, &pods, f->object, (void *)(uintptr_t)f);
			cause->pods_affected++;
		}
		/* Nodes come nearest first: a workload is counted with the root it has a part in, else with what depends on it. */
		if (n->owner && pod_spec(n->owner) && !ptr_map_get(&owners, n->owner)) {
			if (n->depth == g->root->depth)
				g->facts.root_workloads++;
			else if (n->owner != g->root->owner && !g->facts.dependent)
				g->facts.dependent = n->owner;
			ptr_map_put(c->arena, &owners, n->owner, (void *)(uintptr_t)f);
			*arena_push(c->arena, &cause->workloads) = (struct object *)(uintptr_t)n->owner;
		}
	}
	/* A pod may have been made long before what ails it now: the root's own time is the better one. */
	cause->since = cause->root->since ? cause->root->since : first;
}

/* ---- What stands in front --------------------------------------------------------------------------------------------------- */

static const struct object *first_of(struct object_list list)
{
	return list.len ? list.items[0] : NULL;
}

static void find_entry(struct chain *c, struct cause *cause)
{
	for (uint32_t i = 0; i < cause->workloads.len; i++) {
		struct object_list services = graph_dependents(c->graph, cause->workloads.items[i], REL_SELECTS);

		for (uint32_t s = 0; s < services.len; s++) {
			const struct object *ingress = first_of(graph_dependents(c->graph, services.items[s], REL_ROUTES));

			if (ingress) {
				cause->entry = ingress;
				return;
			}
			if (!cause->entry)
				cause->entry = services.items[s];
		}
	}
	for (uint32_t i = 0; i <= cause->explained.len && !cause->entry; i++) {
		const struct finding *f = i ? cause->explained.items[i - 1] : cause->root;

		if (f->object && (f->object->kind->id == KIND_INGRESS || f->object->kind->id == KIND_SERVICE))
			cause->entry = f->object;
	}
}

/* ---- The chain that people read --------------------------------------------------------------------------------------------- */

static int layer(const struct object *o)
{
	switch (o ? o->kind->id : KIND_COUNT) {
	case KIND_INGRESS:
		return 5;
	case KIND_SERVICE:
		return 4;
	case KIND_POD:
		return 2;
	default:
		return o && pod_spec(o) ? 3 : 1;
	}
}

static const struct node *most_visible(const struct group *g)
{
	const struct node *best = g->root, *root = chain_root((struct node *)(uintptr_t)g->root);

	for (uint32_t i = 0; i < g->len; i++) {
		const struct node *n = g->items[i];
		int a = layer(n->finding->object), b = layer(best->finding->object);

		if (n->finding->silence || chain_root((struct node *)(uintptr_t)n) != root)
			continue;
		if (n->depth != best->depth ? n->depth > best->depth : a != b ? a > b : n->finding->id < best->finding->id)
			best = n;
	}
	return best;
}

struct steps {
	struct chain_step *items;
	uint32_t len, cap;
};

static void add_step(struct chain *c, struct steps *s, const struct object_name *what, const char *relation, const struct finding *f)
{
	struct chain_step *last = s->len ? &s->items[s->len - 1] : NULL;

	/* Several findings about one object are one step: the deepest says most. */
	if (last && name_equal(&last->what, what)) {
		last->relation = relation;
		last->finding = f ? f : last->finding;
		return;
	}
	*arena_push(c->arena, s) = (struct chain_step){.what = *what, .relation = relation, .finding = f};
}

static void add_link(struct chain *c, struct steps *s, const struct object *o, const char *relation)
{
	struct object_name name = name_of_object(o);

	add_step(c, s, &name, relation, NULL);
}

/* What leads to the most visible finding without having one of its own: Ingress, Service, Deployment. */
static void add_lead(struct chain *c, struct steps *s, const struct cause *cause, const struct object *top)
{
	const struct object *owner = top ? object_top_owner(top) : NULL;
	const struct object *service, *ingress;

	if (owner && owner->kind->id == KIND_SERVICE && cause->state == FINDING_ACTIVE) {
		ingress = first_of(graph_dependents(c->graph, owner, REL_ROUTES));
		if (ingress)
			add_link(c, s, ingress, relation_text(REL_ROUTES));
	}
	if (!owner || !pod_spec(owner) || cause->state != FINDING_ACTIVE)
		return;
	service = first_of(graph_dependents(c->graph, owner, REL_SELECTS));
	ingress = service ? first_of(graph_dependents(c->graph, service, REL_ROUTES)) : NULL;
	if (ingress)
		add_link(c, s, ingress, relation_text(REL_ROUTES));
	if (service)
		add_link(c, s, service, relation_text(REL_SELECTS));
	if (owner != top)
		add_link(c, s, owner, relation_text(REL_OWNS));
}

static void fill_chain(struct chain *c, const struct group *g, struct cause *cause)
{
	const struct node *n = most_visible(g);
	const struct finding *root = chain_root((struct node *)(uintptr_t)g->root)->finding;
	struct steps steps = {0};

	add_lead(c, &steps, cause, n->finding->object);
	for (; n; n = n->parent) {
		struct object_name what;

		if (!n->finding->object)
			continue;
		what = name_of_object(n->finding->object);
		add_step(c, &steps, &what, n->parent ? (n->rule ? n->rule->wording : "is like") : "", n->finding);
		/* A Service or object that the link leads over, when the parent is found behind it. */
		if (n->parent && n->rule && n->rule->relation == REL_SUBJECT && n->finding->subject.object &&
		    n->parent->finding->object != n->finding->subject.object)
			add_step(c, &steps, &n->finding->subject, relation_text(REL_SELECTS), NULL);
		else if (n->parent && n->edge && n->edge->to.object && n->parent->finding->object != n->edge->to.object)
			add_step(c, &steps, &n->edge->to, relation_text(REL_SELECTS), NULL);
	}
	if (root->subject.kind != KIND_COUNT && steps.len) {
		steps.items[steps.len - 1].relation = relation_text(REL_SUBJECT);
		add_step(c, &steps, &root->subject, "", NULL);
	}
	cause->chain = steps.items;
	cause->chain_len = steps.len;
}

/* ---- Order ------------------------------------------------------------------------------------------------------------------ */

static double score(const struct diagnosis *d, const struct cause *cause)
{
	double s = 1000.0 * cause->severity;
	usec_t now = inventory_now(d->inv);

	if (cause->entry)
		s += cause->entry->kind->id == KIND_INGRESS ? 400 : 200;
	s += 60 * MIN(log2(1 + cause->workloads.len), 6);
	s += 30 * MIN(log2(1 + cause->pods_affected), 10);
	s += 10 * MIN(cause->explained.len, 10u) + 5 * MIN(cause->chain_len, 8u);
	if (cause->since && now - cause->since < USEC_PER_HOUR)
		s += 20;
	return s;
}

static int compare_cause(const void *x, const void *y)
{
	const struct cause *a = *(const struct cause *const *)x, *b = *(const struct cause *const *)y;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return a->root->id < b->root->id ? -1 : a->root->id > b->root->id;
}

static bool touches_ns(const struct cause *cause, const char *ns)
{
	for (uint32_t i = 0; i <= cause->explained.len; i++) {
		const struct finding *f = i ? cause->explained.items[i - 1] : cause->root;

		if ((f->object && str_eq(f->object->ns, ns)) || (f->subject.kind != KIND_COUNT && str_eq(f->subject.ns, ns)))
			return true;
	}
	return false;
}

#define CHANGES_BEFORE (60 * USEC_PER_MINUTE) /* what changed longer before the first symptom is not shown with it */
#define CHANGES_MAX 5
#define CHANGES_OBJECTS 5 /* workloads, and nodes, that are looked at */

static bool knows_change(const struct change_list *list, const struct change *c)
{
	for (uint32_t i = 0; i < list->len; i++)
		if (list->items[i].object == c->object && list->items[i].when == c->when && str_eq(list->items[i].text, c->text))
			return true;
	return false;
}

static void add_changes(struct chain *c, struct cause *cause, const struct object *o)
{
	struct change_list l = changes_of(c->graph, c->arena, o, cause->since - CHANGES_BEFORE, cause->since + USEC_PER_MINUTE);

	for (uint32_t i = 0; i < l.len; i++)
		if (l.items[i].type != CHANGE_CREATED && !knows_change(&cause->changes, &l.items[i]))
			*arena_push(c->arena, &cause->changes) = l.items[i];
}

static int compare_newest(const void *x, const void *y)
{
	const struct change *a = x, *b = y;

	return a->when != b->when ? (a->when > b->when ? -1 : 1) : strcmp(a->text, b->text);
}

/* Of the nodes that its pods run on. */
static void add_node_changes(struct chain *c, struct cause *cause)
{
	const struct object *seen[CHANGES_OBJECTS];
	uint32_t count = 0;

	for (uint32_t i = 0; i <= cause->explained.len && count < CHANGES_OBJECTS; i++) {
		const struct object *o = i ? cause->explained.items[i - 1]->object : cause->root->object, *node;
		bool again = false;

		if (!o || o->kind->id != KIND_POD)
			continue;
		node = inventory_find(graph_inventory(c->graph), KIND_NODE, "", value_get_str(o->spec, "nodeName"));
		for (uint32_t k = 0; k < count; k++)
			again = again || seen[k] == node;
		if (!node || again)
			continue;
		seen[count++] = node;
		add_changes(c, cause, node);
	}
}

static void fill_changes(struct chain *c, struct cause *cause)
{
	const struct object *const others[] = {cause->root->object, cause->root->subject.object};

	if (!cause->since || cause->state != FINDING_ACTIVE)
		return;
	for (uint32_t i = 0; i < cause->workloads.len && i < CHANGES_OBJECTS; i++)
		add_changes(c, cause, cause->workloads.items[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (others[i] && !pod_spec(others[i]))
			add_changes(c, cause, others[i]);
	add_node_changes(c, cause);
	if (cause->changes.len)
		qsort(cause->changes.items, cause->changes.len, sizeof(*cause->changes.items), compare_newest);
	cause->changes.len = MIN(cause->changes.len, (uint32_t)CHANGES_MAX);
}

static struct cause *build_cause(struct diagnosis *d, struct chain *c, struct group *g)
{
	struct cause *cause = arena_new(c->arena, struct cause);

	cause->root = g->root->finding;
	cause->behind = g->root->parent ? chain_root(g->root->parent)->finding : NULL;
	cause->state = g->state;
	fill_findings(c, g, cause);
	if (cause->state == FINDING_ACTIVE && cause->severity >= SEVERITY_WARNING)
		find_entry(c, cause);
	fill_chain(c, g, cause);
	fill_changes(c, cause);
	cause->score = score(d, cause);
	cause_word(c, cause, g->root, &g->facts);
	cause_blame(c, cause, g->root);
	return cause;
}

void causes_build(struct diagnosis *d, struct chain *c, struct arena *a, const char *ns)
{
	struct groups groups = {0};
	struct cause_list *lists[] = {&d->causes, &d->lesser, &d->recovered};

	group_nodes(c, &groups);
	for (uint32_t i = 0; i < groups.len; i++) {
		struct cause *cause = groups.items[i]->root ? build_cause(d, c, groups.items[i]) : NULL;
		struct cause_list *list = !cause || cause->state == FINDING_RECOVERED ? &d->recovered
					  : cause->severity >= SEVERITY_WARNING       ? &d->causes
										      : &d->lesser;

		if (cause && (!ns || touches_ns(cause, ns)))
			*arena_push(a, list) = cause;
	}
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (lists[i]->len)
			qsort(lists[i]->items, lists[i]->len, sizeof(*lists[i]->items), compare_cause);
}
