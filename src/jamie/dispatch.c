/* From an intent to the function that answers it. */
#include "jamie/say.h"

/* Questions that are as good about one thing as about all. o may be NULL. False when the question is none of these. */
static bool dispatch_either(struct say *s, struct ctx *ctx, const struct object *o)
{
	switch (s->q->intent) {
	case INTENT_RIGHTS:
		answer_rights(s, o);
		return true;
	case INTENT_REACH:
		answer_reach(s, ctx);
		return true;
	case INTENT_ALTERNATIVES:
		answer_alternatives(s, ctx, o);
		return true;
	case INTENT_SILENCED:
		answer_silenced(s);
		return true;
	case INTENT_ADVICE:
		answer_advice(s, o);
		return true;
	case INTENT_CERTIFICATES:
		answer_certificates(s, o);
		return true;
	default:
		return false;
	}
}

void dispatch_object(struct say *s, struct ctx *ctx, struct cluster *c, const struct mention *m)
{
	const struct object *o = m->objects.items[0];

	if (dispatch_either(s, ctx, o))
		return;
	switch (s->q->intent) {
	case INTENT_WHY:
		answer_why(s, ctx, m);
		break;
	case INTENT_LOGS:
		answer_logs(s, ctx, c, o);
		break;
	case INTENT_LOG_COUNT:
		answer_log_count(s, ctx, c, o);
		break;
	case INTENT_EVENTS:
		answer_events(s, ctx, o);
		break;
	case INTENT_CHANGES:
		answer_changes(s, ctx, o);
		break;
	case INTENT_SINCE:
		answer_since(s, ctx, o);
		break;
	case INTENT_DESCRIBE:
		answer_describe(s, ctx, o);
		break;
	case INTENT_WHERE:
		answer_where(s, ctx, o);
		break;
	case INTENT_IMAGE:
		answer_image(s, ctx, o);
		break;
	case INTENT_RESOURCES:
		answer_resources(s, ctx, o);
		break;
	case INTENT_USERS:
		answer_users(s, ctx, o);
		break;
	case INTENT_DEPENDENTS:
		answer_dependents(s, ctx, o);
		break;
	case INTENT_DEPENDENCIES:
		answer_dependencies(s, ctx, o);
		break;
	case INTENT_SELECTED:
		answer_selected(s, ctx, o);
		break;
	case INTENT_LIST:
		answer_list(s, ctx, o);
		break;
	case INTENT_COUNT:
		answer_count(s, ctx, o);
		break;
	case INTENT_WRITE:
		answer_write(s, ctx, o);
		break;
	default:
		answer_health(s, ctx, m);
		break;
	}
}

void dispatch_rest(struct say *s, struct ctx *ctx, struct cluster *c)
{
	const struct question *q = s->q;

	if (dispatch_either(s, ctx, NULL))
		return;
	switch (q->intent) {
	case INTENT_EVENTS:
		answer_events(s, ctx, NULL);
		break;
	case INTENT_CHANGES:
		answer_changes(s, ctx, NULL);
		break;
	case INTENT_SINCE:
		answer_since(s, ctx, NULL);
		break;
	case INTENT_COMPARE:
		answer_compare(s, ctx);
		break;
	case INTENT_LIST:
		answer_list(s, ctx, NULL);
		break;
	case INTENT_LOG_COUNT:
		answer_log_count(s, ctx, c, NULL);
		break;
	case INTENT_COUNT:
		answer_count(s, ctx, NULL);
		break;
	case INTENT_VISIBILITY:
		answer_visibility(s, ctx, c);
		break;
	case INTENT_MEANING:
		answer_meaning(s);
		break;
	case INTENT_HELP:
		answer_help(s);
		break;
	case INTENT_GREET:
		answer_greet(s, ctx);
		break;
	case INTENT_THANKS:
		answer_thanks(s);
		break;
	case INTENT_WRITE:
		answer_write(s, ctx, NULL);
		break;
	case INTENT_OUT_OF_REACH:
	case INTENT_NONE:
		answer_out_of_reach(s);
		break;
	default:
		for (unsigned i = 0; i < q->namespace_count; i++) {
			say_paragraph(s);
			answer_namespace(s, ctx, q->namespaces[i]);
		}
		if (!q->namespace_count)
			answer_overview(s, ctx);
		break;
	}
}
