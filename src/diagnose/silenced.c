/* Silenced findings: how far a silence reaches, and the list of them. */
#include "checks/rules.h"
#include "diagnose/internal.h"

static struct silence *follow(struct arena *a, const struct finding *root)
{
	struct silence *s = arena_new(a, struct silence);

	*s = *root->silence;
	s->reason = arena_printf(a, "it follows from %s, which is silenced%s%s", root->check->id, *s->reason ? ": " : "", s->reason);
	return s;
}

/* Whoever silences a crash of a pod means what its workload says of it too. What others suffer from it is not silenced: the reason may be
 * known, and the outage still has to be seen. */
void silence_followers(struct chain *c)
{
	for (uint32_t i = 0; i < c->count; i++) {
		struct node *n = &c->nodes[i], *root = chain_root(n);
		struct finding *f = (struct finding *)(uintptr_t)n->finding;

		if (!f->silence && root != n && root->finding->silence && n->owner && n->owner == root->owner)
			f->silence = follow(c->arena, root->finding);
	}
}

struct finding_list silenced_of(struct arena *a, const struct finding_list *findings)
{
	struct finding_list ret = {0};

	for (uint32_t i = 0; i < findings->len; i++)
		if (findings->items[i]->silence)
			*arena_push(a, &ret) = findings->items[i];
	return ret;
}
