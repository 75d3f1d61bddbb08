/* A cause told in sentences. */
#include "diagnose/graph.h"
#include "jamie/say.h"

/* Only when it leads through more than one workload and what stands before it, or down to something else than a workload. */
static bool chain_is_worth_telling(const struct cause *c)
{
	const struct object *first = NULL;
	bool others = false;

	for (uint32_t i = 0; i < c->chain_len; i++) {
		const struct object *o = c->chain[i].what.object ? object_top_owner(c->chain[i].what.object) : NULL;

		if (!o || !pod_spec(o))
			continue;
		others = others || (first && o != first);
		first = first ? first : o;
	}
	return others || (first && c->root->object && !pod_spec(object_top_owner(c->root->object)));
}

static void say_chain(struct say *s, const struct cause *c)
{
	_cleanup_(strbuf_release) struct strbuf sb;

	strbuf_init(&sb, STRBUF_MAX_LINE);
	strbuf_addstr(&sb, "The trail:");
	for (uint32_t i = 0; i < c->chain_len; i++) {
		const struct chain_step *step = &c->chain[i];

		/* "A runs B, which needs C" */
		strbuf_addf(&sb, " %s", name_text(s->arena, &step->what));
		if (i + 1 < c->chain_len)
			strbuf_addf(&sb, "%s %s", i ? ", which" : "", step->relation[0] ? step->relation : "leads to");
	}
	say_text(s, "%s", sb.buf);
	for (uint32_t i = 0; i < c->chain_len; i++)
		if (c->chain[i].finding && c->chain[i].finding != c->root)
			say_finding(s, c->chain[i].finding, 1);
}

static const struct finding *finding_about(const struct cause *c, const struct object *o)
{
	const struct object *top = object_top_owner(o);

	for (uint32_t pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i <= c->explained.len; i++) {
			const struct finding *f = i ? c->explained.items[i - 1] : c->root;

			if (f->object && (pass ? object_top_owner(f->object) == top : f->object == o))
				return f;
		}
	}
	return NULL;
}

static bool same_workload(struct say *s, const struct object *a, const struct object *b)
{
	struct object_name x = owner_name(s->inv, s->arena, a), y = owner_name(s->inv, s->arena, b);

	return name_equal(&x, &y);
}

/* What the asked-for thing itself shows, when the cause lies elsewhere. */
static void say_symptom(struct say *s, const struct cause *c, const struct object *o)
{
	const struct finding *f = o ? finding_about(c, o) : NULL;

	if (!f || f == c->root || (c->root->object && same_workload(s, c->root->object, o)))
		return;
	say_text(s, "%s", f->message);
	say_finding(s, f, 2);
	say_text(s, "That is not its own fault, though");
}

static void say_changes(struct say *s, const struct cause *c)
{
	const struct change *best = NULL;

	/* Newest first: the last one before it began, and rather of what is to blame than of anything else. */
	for (uint32_t i = 0; i < c->changes.len; i++) {
		const struct change *x = &c->changes.items[i];

		if (x->type == CHANGE_CREATED)
			continue;
		if (!best || (x->object == c->root->subject.object && best->object != x->object))
			best = x;
	}
	if (!best || !c->since)
		return;
	if (best->when <= c->since)
		say_text(s, "Worth knowing: %s%s%s %s before it began", best->text, best->by[0] ? " by " : "", best->by,
			 say_span(s, c->since - best->when));
	else
		say_text(s, "Worth knowing: %s%s%s at about the time it began", best->text, best->by[0] ? " by " : "", best->by);
	if (best->object)
		say_field_text(s, best->object, change_path(best), best->text);
}

static void say_extent(struct say *s, const struct cause *c)
{
	usec_t now = inventory_now(s->inv);
	const char *since = c->since && c->since < now ? arena_printf(s->arena, "It has been so for %s", say_span(s, now - c->since)) : NULL;
	const char *entry = c->entry && c->entry != c->root->object ? say_name(s, c->entry) : NULL;
	bool many = c->pods_affected > 1 || c->workloads.len > 1;
	const char *affects = many ? arena_printf(s->arena, "affects %s of %s", say_count(s, c->pods_affected, "pod", "pods"),
						  say_count(s, c->workloads.len, "workload", "workloads"))
				   : NULL;

	if (since && affects)
		say_text(s, "%s and %s", since, affects);
	else if (since)
		say_text(s, "%s", since);
	else if (affects)
		say_text(s, "It %s", affects);
	if ((since || affects) && c->root->object && c->root->since)
		say_finding(s, c->root, 1);
	if (entry) {
		say_text(s, "It stands behind %s, so its users may notice", entry);
		say_field(s, c->entry, c->entry->kind->id == KIND_INGRESS ? "spec.rules" : "spec.selector");
	}
}

void say_cause(struct say *s, const struct cause *c, const struct object *o)
{
	say_cause_ref(s, c);
	say_symptom(s, c, o);
	say_text(s, "%s", c->title);
	say_finding(s, c->root, 3);
	if (chain_is_worth_telling(c))
		say_chain(s, c);
	say_extent(s, c);
	say_changes(s, c);
	if (c->confidence < 75)
		say_text(s, "I am not certain of this (%d %%): %s", c->confidence, c->confidence_why);
	if (c->fix)
		say_text(s, "To put it right: %s", c->fix);
	if (c->missing)
		say_text(s, "What I could not see: %s", c->missing);
	if (c->next && c->confidence < 75)
		say_text(s, "Next I would look here: %s", c->next);
}

void say_cause_line(struct say *s, const struct cause *c, unsigned number)
{
	say_cause_ref(s, c);
	say_item(s, "%u. (%s) %s", number, severity_text(c->severity), c->title);
	say_finding(s, c->root, 1);
}
