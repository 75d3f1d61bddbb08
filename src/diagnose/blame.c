/* Whether a change of the workload is to blame: it came just before the first symptom, and the pods of the revision before it are well. */
#include "diagnose/internal.h"

#define BLAME_WITHIN (15 * USEC_PER_MINUTE) /* between a change and the first symptom */
#define BLAME_SLACK USEC_PER_MINUTE         /* a rollout's event may be younger than its first failing pod */
#define BLAME_CONFIDENCE 4                  /* what healthy pods of the revision before add to it */
#define BLAME_CONFIDENCE_MAX 98

/* What a new template can break. A full node or a lost volume is no template's fault. */
static bool may_be_blamed(const struct finding *f)
{
	static const char *const ids =
		"log/ pod/crash-loop pod/oom-killed pod/run-error pod/liveness-failing pod/startup-failing pod/not-ready pod/image-pull "
		"pod/image-name-invalid pod/config-missing pod/init-failing pod/init-waiting pod/failed pod/restarts-many "
		"pod/service-account-missing pod/unschedulable deployment/";

	return check_id_listed(ids, f->check->id);
}

/* Of the template, and of the container that fails unless it is of all of them. */
static bool is_about(const struct change *c, const struct object *owner, const struct finding *f)
{
	return c->object == owner && c->type <= CHANGE_TEMPLATE && (!c->container[0] || !f->container[0] || str_eq(c->container, f->container));
}

static const struct change *blamed(const struct cause *cause, const struct object *owner)
{
	for (uint32_t i = 0; i < cause->changes.len; i++) {
		const struct change *c = &cause->changes.items[i];

		if (is_about(c, owner, cause->root) && c->when && c->when <= cause->since + BLAME_SLACK && c->when + BLAME_WITHIN >= cause->since)
			return c;
	}
	return NULL;
}

static const char *when_text(struct arena *a, const struct cause *cause, const struct change *c)
{
	char span[CLOCK_TEXT_MAX];

	if (c->when + USEC_PER_SEC >= cause->since)
		return arena_printf(a, "at the time when %s", c->text);
	return arena_printf(a, "%s after %s", clock_format_span(cause->since - c->when, span), c->text);
}

/* Going back is only proposed where it was seen that what one would go back to works. Several checks have proposed it already. */
static void propose_rollback(struct arena *a, struct cause *cause, const struct object *owner, const struct object *previous)
{
	struct proposal *p;
	long long revision = (long long)change_revision(previous);

	if (strstr(cause->fix, "rollout undo") || (cause->proposal && str_eq(cause->proposal->action, "rollback")))
		return;
	cause->fix = arena_printf(a, "%s The pods of revision %lld are ready: kubectl rollout undo %s --to-revision=%lld goes back to it.",
				  cause->fix, revision, object_ref_text(a, owner), revision);
	if (cause->proposal)
		return;
	p = arena_new(a, struct proposal);
	*p = (struct proposal){.action = "rollback", .target = name_of_object(owner), .risk = "medium"};
	p->parameters = arena_printf(a, "{\"revision\":\"%lld\"}", revision);
	cause->proposal = p;
}

void cause_blame(struct chain *c, struct cause *cause, const struct node *root)
{
	const struct object *newest, *previous, *pod = cause->root->object;
	const struct change *change = NULL;
	int64_t ready;

	if (cause->state != FINDING_ACTIVE || !cause->since || !root->owner || !may_be_blamed(cause->root) ||
	    !change_last_revisions(root->owner, &newest, &previous))
		return;
	/* The pod of an earlier revision fails too: the newest did not break it. */
	if (pod && pod->kind->id == KIND_POD && newest->kind->id == KIND_REPLICA_SET && pod->owner && pod->owner != newest)
		return;
	change = blamed(cause, root->owner);
	if (!change)
		return;
	ready = object_int(previous, "status.readyReplicas", 0);
	cause->confidence_why = arena_printf(c->arena, "%s; it began %s", cause->confidence_why, when_text(c->arena, cause, change));
	if (ready <= 0)
		return;
	cause->confidence_why = arena_printf(c->arena, "%s, and %lld pod%s of the revision before %s ready", cause->confidence_why, (long long)ready,
					     ready == 1 ? "" : "s", ready == 1 ? "is" : "are");
	if (cause->confidence < BLAME_CONFIDENCE_MAX)
		cause->confidence = MIN(cause->confidence + BLAME_CONFIDENCE, BLAME_CONFIDENCE_MAX);
	propose_rollback(c->arena, cause, root->owner, previous);
}
