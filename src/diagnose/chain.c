#include "diagnose/chain.h"

static const struct rule rules[] = {
#define RULE(SYMPTOM, RELATION, CAUSE, CONFIDENCE, WORDING) {SYMPTOM, REL_##RELATION, CAUSE, CONFIDENCE, WORDING},
#include "diagnose/rules.def"
#undef RULE
};

/* A cause may be seen a little after its symptom: kubelets, controllers and events have clocks and periods of their own. */
#define CAUSE_SLACK (5 * USEC_PER_MINUTE)
#define MAX_CHECKS_COUNTED 32

struct node *chain_root(struct node *n)
{
	while (n->parent)
		n = n->parent;
	return n;
}

bool check_id_matches(const char *pattern, const char *id)
{
	size_t len = strlen(pattern);

	if (str_eq(pattern, "*"))
		return true;
	return pattern[len - 1] == '/' ? strncmp(pattern, id, len) == 0 : str_eq(pattern, id);
}

bool check_id_listed(const char *patterns, const char *id)
{
	while (*patterns) {
		size_t len = strcspn(patterns, " ");
		bool prefix = len && patterns[len - 1] == '/';

		if (len && strncmp(patterns, id, len) == 0 && (prefix || !id[len]))
			return true;
		patterns += len;
		patterns += strspn(patterns, " ");
	}
	return false;
}

bool chain_asks_log(const struct check *check)
{
	for (size_t r = 0; r < ARRAY_LEN(rules); r++)
		if (str_eq(rules[r].cause, "log/") && check_id_matches(rules[r].symptom, check->id))
			return true;
	return false;
}

static bool would_circle(const struct node *symptom, const struct node *cause)
{
	for (const struct node *n = cause; n; n = n->parent)
		if (n == symptom)
			return true;
	return false;
}

/* The candidates of one symptom under one rule: the check that most of them share wins, so that the odd pod out does not speak for all. */
struct search {
	struct chain *chain;
	const struct node *symptom;
	const struct rule *rule;
	const struct edge *edge;
	struct candidate {
		const struct check *check;
		struct node *first;
		const struct edge *edge;
		uint32_t count;
	} found[MAX_CHECKS_COUNTED];
	size_t count;
	bool late_too; /* also what began after the symptom */
};

/* Within one workload times differ by restarts of its pods and say nothing; between objects the cause comes first. */
static bool is_between_objects(const struct rule *r)
{
	return r->relation != REL_SAME && r->relation != REL_OWNS && r->relation != REL_OWNED;
}

/* When a symptom began; 0 = unknown. A container that fails since its pod was made may as well have begun to fail much later. */
static usec_t began(const struct finding *f)
{
	bool is_guess = f->object && f->object->kind->id == KIND_POD && f->container[0] && f->since == f->object->created;

	return is_guess ? 0 : f->since;
}

static bool in_time(const struct search *s, const struct finding *cause)
{
	usec_t a = began(s->symptom->finding), b = cause->since;

	return !is_between_objects(s->rule) || !a || !b || b <= a + CAUSE_SLACK;
}

/* Since when anything about the workload is known to be wrong: its pods may have been made anew in between. */
static usec_t workload_since(const struct chain *c, const struct node *n)
{
	usec_t first = n->finding->since;

	for (const struct node *x = n->owner ? ptr_map_get(&c->by_owner, n->owner) : NULL; x; x = x->next_of_owner)
		if (x->finding->since && x->finding->state == n->finding->state && (!first || x->finding->since < first))
			first = x->finding->since;
	return first;
}

/* Times are not known of every step: a chain whose end began after its beginning is cut where it leaves the symptom's workload. */
static void cut_late_causes(struct chain *c, struct node *n)
{
	usec_t a = began(n->finding);

	if (!n->parent || !n->rule || !is_between_objects(n->rule) || !a)
		return;
	for (const struct node *up = n->parent; up; up = up->parent) {
		if (workload_since(c, up) > a + CAUSE_SLACK) {
			n->parent = NULL;
			n->rule = NULL;
			n->edge = NULL;
			return;
		}
	}
}

static void consider(struct search *s, struct node *n)
{
	const struct finding *f = n->finding;

	if (n == s->symptom || f->state != s->symptom->finding->state || f->severity < SEVERITY_WARNING)
		return;
	if (!check_id_matches(s->rule->cause, f->check->id) || (!s->late_too && !in_time(s, f)) || would_circle(s->symptom, n))
		return;
	for (size_t i = 0; i < s->count; i++) {
		if (s->found[i].check == f->check) {
			s->found[i].count++;
			return;
		}
	}
	if (s->count < MAX_CHECKS_COUNTED)
		s->found[s->count++] = (struct candidate){f->check, n, s->edge, 1};
}

static bool same_container(const struct finding *a, const struct finding *b)
{
	return !a->container[0] || !b->container[0] || str_eq(a->container, b->container);
}

static bool descends_from(const struct object *o, const struct object *ancestor)
{
	while (o && o != ancestor)
		o = o->owner;
	return o != NULL;
}

static void of_object(struct search *s, const struct object *o)
{
	for (struct node *n = o ? ptr_map_get(&s->chain->by_object, o) : NULL; n; n = n->next_of_object)
		consider(s, n);
}

static void of_owner(struct search *s, const struct object *o)
{
	for (struct node *n = o ? ptr_map_get(&s->chain->by_owner, object_top_owner(o)) : NULL; n; n = n->next_of_owner)
		consider(s, n);
}

static void of_same(struct search *s)
{
	const struct finding *f = s->symptom->finding;

	for (struct node *n = ptr_map_get(&s->chain->by_object, f->object); n; n = n->next_of_object)
		if (same_container(f, n->finding))
			consider(s, n);
}

static void of_owned(struct search *s)
{
	const struct object *o = s->symptom->finding->object;

	for (struct node *n = ptr_map_get(&s->chain->by_owner, s->symptom->owner); n; n = n->next_of_owner)
		if (n->finding->object != o && descends_from(n->finding->object, o))
			consider(s, n);
}

static void of_selected(struct search *s, const struct object *o)
{
	struct object_list selected;

	if (!o || (o->kind->id != KIND_SERVICE && o->kind->id != KIND_POD_DISRUPTION_BUDGET))
		return;
	selected = graph_selected(s->chain->graph, o);
	for (uint32_t i = 0; i < selected.len; i++)
		of_owner(s, selected.items[i]);
}

/* A Service that is called has either a finding of its own or pods that have. */
static void of_service(struct search *s, const struct object *o)
{
	of_object(s, o);
	of_selected(s, o);
}

static void of_subject(struct search *s)
{
	const struct object *o = s->symptom->finding->subject.object;

	if (!o)
		return;
	if (o->kind->id == KIND_SERVICE)
		of_service(s, o);
	else if (pod_spec(o))
		of_owner(s, o);
	else
		of_object(s, o);
}

static void of_edges(struct search *s)
{
	const struct object *o = s->symptom->finding->object;
	const struct edge_list *edges = graph_edges(s->chain->graph, s->rule->relation == REL_CALLS ? s->symptom->owner : o);

	for (uint32_t i = 0; i < edges->len; i++) {
		const struct edge *e = &edges->items[i];

		if (e->relation != s->rule->relation || !e->to.object)
			continue;
		s->edge = e;
		if (e->relation == REL_SCALES || (e->relation == REL_MANAGES && pod_spec(e->to.object)))
			of_owner(s, e->to.object);
		else if (e->relation == REL_CALLS || e->relation == REL_WEBHOOK || e->relation == REL_MANAGES)
			of_service(s, e->to.object);
		else
			of_object(s, e->to.object);
	}
}

static void collect(struct search *s)
{
	const struct object *o = s->symptom->finding->object;

	if (s->rule->relation == REL_SUBJECT) {
		of_subject(s);
		return;
	}
	if (!o)
		return;
	switch (s->rule->relation) {
	case REL_SAME:
		of_same(s);
		break;
	case REL_OWNS:
		of_owned(s);
		break;
	case REL_OWNED:
		for (const struct object *up = o->owner; up; up = up->owner)
			of_object(s, up);
		break;
	case REL_SELECTS:
		of_selected(s, o);
		break;
	case REL_REFUSED:
		of_object(s, graph_refusing(s->chain->graph, s->symptom->finding));
		break;
	default:
		of_edges(s);
		break;
	}
}

static bool better(const struct candidate *a, const struct candidate *b)
{
	const struct finding *x = a->first->finding, *y = b->first->finding;

	if (x->severity != y->severity)
		return x->severity > y->severity;
	if (a->count != b->count)
		return a->count > b->count;
	return x->id < y->id;
}

/* The first rule, by confidence and then by the table's order, that finds a cause decides. */
static void find_parent(struct chain *c, struct node *n)
{
	const struct rule *best_rule = NULL;
	struct candidate best = {0};

	for (size_t r = 0; r < ARRAY_LEN(rules); r++) {
		struct search s = {.chain = c, .symptom = n, .rule = &rules[r]};

		if ((best_rule && rules[r].confidence <= best_rule->confidence) || !check_id_matches(rules[r].symptom, n->finding->check->id))
			continue;
		collect(&s);
		for (size_t i = 0; i < s.count; i++) {
			if (best_rule != &rules[r] || better(&s.found[i], &best)) {
				best = s.found[i];
				best_rule = &rules[r];
			}
		}
	}
	n->parent = best.first;
	n->rule = best_rule;
	n->edge = best.edge;
}

static bool has_root(const struct rival *rivals, size_t count, const struct node *root)
{
	for (size_t i = 0; i < count; i++)
		if (rivals[i].root == root)
			return true;
	return false;
}

/* By how much a finding, or anything that explains it, began after the symptom; 0 = it did not. */
static usec_t lateness(const struct search *s, const struct node *n)
{
	usec_t a = began(s->symptom->finding), late = 0;

	for (const struct node *up = n; up && a && is_between_objects(s->rule); up = up->parent) {
		usec_t since = up == n ? up->finding->since : workload_since(s->chain, up);

		if (since > a + CAUSE_SLACK)
			late = MAX(late, since - a);
	}
	return late;
}

size_t chain_rivals(struct chain *c, struct node *n, struct rival *ret, size_t max)
{
	const struct node *own = chain_root(n);
	size_t count = 0;

	for (size_t r = 0; r < ARRAY_LEN(rules) && count < max; r++) {
		struct search s = {.chain = c, .symptom = n, .rule = &rules[r], .late_too = true};

		if (!check_id_matches(rules[r].symptom, n->finding->check->id))
			continue;
		collect(&s);
		for (size_t i = 0; i < s.count && count < max; i++) {
			const struct node *root = chain_root(s.found[i].first);

			if (root != own && root->owner != own->owner && !has_root(ret, count, root))
				ret[count++] = (struct rival){root, lateness(&s, s.found[i].first)};
		}
	}
	return count;
}

static bool alike(const struct node *a, const struct node *b)
{
	return a->finding->check == b->finding->check && a->finding->state == b->finding->state &&
	       str_eq(a->finding->container, b->finding->container);
}

/* Logs are read of a few pods only: what explains one pod of a workload explains the others with the same symptom. Those that are explained are
 * collected first, and each symptom is there once: thousands of pods of one workload do not look at each other. */
static void adopt_siblings(struct chain *c, struct node *first)
{
	struct {
		struct node **items;
		uint32_t len, cap;
	} explained = {0};

	for (struct node *s = first; s; s = s->next_of_owner) {
		bool known = !s->parent || !s->rule;

		for (uint32_t i = 0; i < explained.len && !known; i++)
			known = alike(explained.items[i], s);
		if (!known)
			*arena_push(c->arena, &explained) = s;
	}
	for (struct node *n = explained.len ? first : NULL; n; n = n->next_of_owner) {
		if (n->parent || n->finding->subject.kind != KIND_COUNT)
			continue;
		for (uint32_t i = 0; i < explained.len && !n->parent; i++) {
			if (alike(explained.items[i], n) && !would_circle(n, explained.items[i])) {
				n->parent = explained.items[i];
				n->rule = NULL;
			}
		}
	}
}

/* Pods of one controller that was not read (a dump of pods alone) still belong together: the first of them stands for it. */
static const struct object *stand_in(struct chain *c, struct hash *by_name, const struct object *top)
{
	struct object_name name = owner_name(graph_inventory(c->graph), c->arena, top);
	const char *key;
	const struct object *first;

	if (name.object == top)
		return top;
	key = name_text(c->arena, &name);
	first = hash_get(by_name, key, strlen(key));
	if (!first)
		hash_put(by_name, key, strlen(key), (void *)(uintptr_t)top);
	return first ? first : top;
}

static void index_nodes(struct chain *c, const struct finding_list *findings)
{
	struct hash by_name;

	hash_init(&by_name);
	for (uint32_t i = 0; i < c->count; i++)
		if (findings->items[i]->object)
			c->nodes[i].owner = stand_in(c, &by_name, object_top_owner(findings->items[i]->object));
	hash_release(&by_name);
	/* Backwards, so that each list runs in the order of findings. */
	for (uint32_t i = c->count; i-- > 0;) {
		const struct finding *f = findings->items[i];
		struct node *n = &c->nodes[i];

		n->finding = f;
		if (!f->object)
			continue;
		n->next_of_object = ptr_map_get(&c->by_object, f->object);
		ptr_map_put(c->arena, &c->by_object, f->object, n);
		n->next_of_owner = ptr_map_get(&c->by_owner, n->owner);
		ptr_map_put(c->arena, &c->by_owner, n->owner, n);
	}
}

void chain_build(struct chain *c, struct graph *g, struct arena *arena, const struct finding_list *findings)
{
	*c = (struct chain){.graph = g, .arena = arena, .count = findings->len};
	c->nodes = arena_new_array(arena, struct node, findings->len + 1);
	index_nodes(c, findings);
	for (uint32_t i = 0; i < c->count; i++)
		find_parent(c, &c->nodes[i]);
	for (uint32_t i = 0; i < c->count; i++)
		cut_late_causes(c, &c->nodes[i]);
	for (uint32_t i = 0; i < c->count; i++)
		if (c->nodes[i].owner && ptr_map_get(&c->by_owner, c->nodes[i].owner) == &c->nodes[i])
			adopt_siblings(c, &c->nodes[i]);
	for (uint32_t i = 0; i < c->count; i++)
		for (const struct node *n = c->nodes[i].parent; n; n = n->parent)
			c->nodes[i].depth++;
}
