/* What Jamie sees, can do and does not do. */
#include "jamie/say.h"

void answer_visibility(struct say *s, struct ctx *ctx, struct cluster *c)
{
	size_t count;
	const struct note *notes = inventory_notes(s->inv, &count);
	const struct object_list *pods = inventory_list(s->inv, KIND_POD), *nodes = inventory_list(s->inv, KIND_NODE);
	const char *version = inventory_server_version(s->inv);

	(void)ctx;
	say_text(s, "I see %s %s%s%s: %s, %s and %zu objects in all", cluster_is_live(c) ? "the cluster" : "a recording of",
		 cluster_name(c)[0] ? cluster_name(c) : "a cluster", version[0] ? ", Kubernetes " : "", version,
		 say_count(s, nodes->len, "node", "nodes"), say_count(s, pods->len, "pod", "pods"), inventory_object_count(s->inv));
	if (nodes->len)
		say_field(s, nodes->items[0], "status.nodeInfo.kubeletVersion");
	if (!count)
		say_text(s, "Nothing that I asked for was refused");
	else
		say_text(s, "What I cannot see:");
	for (size_t i = 0; i < count && i < 10; i++)
		say_item(s, "%s: %s", notes[i].what, notes[i].why);
	if (count > 10)
		say_item(s, "and %zu more", count - 10);
	say_paragraph(s);
	say_text(s, "Values of Secrets I never read, and no metrics, traces or bills are attached here");
}

/* From the catalogue: what the checks explain about a state. */
void answer_meaning(struct say *s)
{
	static const struct {
		enum state_filter state;
		const char *check;
	} known[] = {{STATE_CRASHING, "pod/crash-loop"},      {STATE_OOM, "pod/oom-killed"},  {STATE_IMAGE_PULL, "pod/image-pull"},
		     {STATE_PENDING, "pod/unschedulable"},    {STATE_EVICTED, "pod/evicted"}, {STATE_NOT_READY, "pod/not-ready"},
		     {STATE_RESTARTING, "pod/restarts-many"}, {STATE_FAILED, "pod/failed"},   {STATE_TERMINATING, "pod/terminating-stuck"}};
	const struct check *check = NULL;

	for (size_t i = 0; i < ARRAY_LEN(known) && !check; i++)
		if (known[i].state == s->q->state)
			check = check_by_id(known[i].check);
	if (!check) {
		s->kind = ANSWER_OUT_OF_REACH;
		say_text(
			s,
			"I can tell what pods' states mean, and `auto-devops checks explain ID` tells what each check looks for; that word I do not know");
		return;
	}
	say_text(s, "%s", check->title);
	say_paragraph(s);
	say_text(s, "%s", check->explain);
	say_paragraph(s);
	say_text(s, "What helps: %s", check->fix);
	say_followup(s, "which pods are %s?", state_text(s->q->state));
}

void answer_help(struct say *s)
{
	say_text(
		s,
		"I'm Jamie. I read this cluster and tell you what is wrong and why, with the evidence for it. I change nothing. Ask me, for example:");
	say_item(s, "what is wrong? what is wrong in NAMESPACE?");
	say_item(s, "why is NAME failing? is NAME healthy? since when?");
	say_item(s, "which pods are not ready? how many pods run on NODE? which pods restarted most?");
	say_item(s, "show the logs of NAME, events of NAME, what changed in NAMESPACE in the last hour?");
	say_item(s, "where does NAME run, which image does it have, what depends on it, who uses ConfigMap NAME?");
	say_item(s, "what else could it be? what is silenced? what should we improve? which certificates expire soon?");
	say_item(s, "can NAME reach NAME? who may list pods in NAMESPACE?");
	say_item(s, "compare two namespaces; what can you not see?");
	say_followup(s, "what is wrong?");
}

void answer_greet(struct say *s, struct ctx *ctx)
{
	(void)ctx;
	say_text(s, "Hello! Jamie here.");
	if ((s->diagnosis->verdict == VERDICT_HEALTHY || s->diagnosis->verdict == VERDICT_RECOVERED))
		say_text(s, "All looks well from where I stand");
	else
		say_text(s, "I see %s in the cluster; ask \"what is wrong?\" and I'll tell you",
			 say_count(s, s->diagnosis->causes.len, "active problem", "active problems"));
	if (s->diagnosis->causes.len)
		say_finding(s, s->diagnosis->causes.items[0]->root, 1);
	say_followup(s, "what is wrong?");
}

void answer_thanks(struct say *s)
{
	say_text(s, "You're welcome. I'm here if you need me.");
}

/* Nothing is done: what would help is told, with how it could be done by hand. */
void answer_write(struct say *s, struct ctx *ctx, const struct object *o)
{
	struct cause_list causes = {0};
	const struct cause *c = NULL;

	s->kind = ANSWER_READ_ONLY;
	say_text(s, "I only read here: I have changed nothing");
	if (o)
		causes = diagnose_object(s->diagnosis, ctx, o);
	if (causes.len && causes.items[0]->state == FINDING_ACTIVE)
		c = causes.items[0];
	if (c) {
		say_text(s, "Before you do, this is what is wrong: %s", c->title);
		say_finding(s, c->root, 2);
		say_cause_ref(s, c);
		say_text(s, "What I would propose: %s", c->fix);
		if (c->proposal) {
			s->proposal = c->proposal;
			say_text(s, "As an action: %s on %s (risk %s)%s%s", c->proposal->action,
				 c->proposal->target.name ? arena_printf(s->arena, "%s %s", c->proposal->target.kind_text, c->proposal->target.name)
							  : "it",
				 c->proposal->risk, c->proposal->parameters ? " with " : "", c->proposal->parameters ? c->proposal->parameters : "");
		}
	} else if (o) {
		say_text(s, "I see no active problem with %s that it would solve", say_name(s, o));
		say_field(s, o, "metadata.name");
	}
	if (o)
		say_followup(s, "why is %s failing?", o->name);
}

void answer_out_of_reach(struct say *s)
{
	s->kind = ANSWER_OUT_OF_REACH;
	if (s->q->intent == INTENT_NONE) {
		say_text(
			s,
			"I'm sorry, I did not follow that. Ask me what is wrong, why something fails, for logs, events or changes, or \"help\" for more");
		say_followup(s, "help");
		say_followup(s, "what is wrong?");
		return;
	}
	say_text(
		s,
		"That is beyond me here: I read this cluster's objects, events and logs, and have no metrics, bills, Secret values or outside knowledge to answer it from");
	say_followup(s, "what can you see?");
	say_followup(s, "what is wrong?");
}
