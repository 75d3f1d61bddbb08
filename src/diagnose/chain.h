/* Chaining: which finding explains which. Not for other rooms.
 *
 * Each finding becomes a node; a node's parent is the one finding that best explains it by a rule of rules.def over a verified edge.
 * Parents never form a circle. Everything lives in the arena given. */
#ifndef DIAGNOSE_CHAIN_H
#define DIAGNOSE_CHAIN_H

#include "diagnose/graph.h"
#include "diagnose/ptr_map.h"

struct rule {
	const char *symptom; /* a check id, or a prefix ending in '/' */
	enum relation relation;
	const char *cause;
	int confidence;      /* that the cause explains the symptom, given the edge */
	const char *wording; /* how the symptom's object depends on the cause's, for chains */
};

struct node {
	const struct finding *finding;
	const struct object *owner; /* top owner of the finding's object; NULL for findings about the whole cluster */
	struct node *parent;
	const struct rule *rule; /* why parent; NULL when parent is a sibling: another pod of the workload with the same symptom */
	const struct edge *edge; /* over which, when it is not ownership */
	struct node *next_of_object, *next_of_owner;
	uint32_t depth; /* steps from the root, 0 = root */
};

struct chain {
	struct graph *graph;
	struct arena *arena;
	struct node *nodes;
	uint32_t count;
	struct ptr_map by_object, by_owner; /* first node of a list */
};

void chain_build(struct chain *c, struct graph *g, struct arena *arena, const struct finding_list *findings);
struct node *chain_root(struct node *n);
/* A finding of another cause that a rule allows as the explanation of a symptom; late: it began after it, which excludes it. */
struct rival {
	const struct node *node;
	const struct rule *rule;
	bool late;
};
/* At most max, by the order of the rules. */
size_t chain_rivals(struct chain *c, struct node *n, struct rival *ret, size_t max);
/* Is id the pattern, does it begin with the pattern that ends in '/', or is the pattern "*"? */
bool check_id_matches(const char *pattern, const char *id);
/* The same for several patterns, separated by blanks. */
bool check_id_listed(const char *patterns, const char *id);
/* Can what a program says explain a finding of this check? */
bool chain_asks_log(const struct check *check);

#endif
