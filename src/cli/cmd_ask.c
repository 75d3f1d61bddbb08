/* ask: one question in plain English. */
#include "cli/answer.h"

/* The words of the command line are one question: quotes are not needed. */
static const char *question_of(struct cli *cli)
{
	char *question = arena_strdup(&cli->ctx.arena, cli->args[0]);

	for (int i = 1; i < cli->arg_count; i++)
		question = arena_printf(&cli->ctx.arena, "%s %s", question, cli->args[i]);
	return question;
}

static int run_ask(struct cli *cli, struct err *err)
{
	_cleanup_(session_release) struct session s = {0};
	_cleanup_(jamie_freep) struct jamie *jamie = NULL;
	const char *question = question_of(cli);
	struct answer answer;
	int r;

	if ((r = session_open(&s, cli, false, err)) < 0)
		return r;
	jamie = answer_jamie(&s);
	if ((r = jamie_ask(jamie, &cli->ctx, question, &answer, err)) < 0)
		return r;
	if (str_eq(cli_format(cli), "json"))
		answer_json(&cli->out, &cli->ctx.arena, s.cluster, question, &answer);
	else
		answer_text(&cli->out, &cli->ctx.arena, &answer, inventory_now(s.inv));
	return 0;
}

const struct command command_ask = {
	.name = "ask",
	.arguments = "QUESTION",
	.summary = "Ask Jamie a question in plain English",
	.description =
		"Jamie answers in a few sentences, each resting on evidence: the numbers in brackets lead to the facts listed below the answer. Names may be partial, spoken "
		"or misspelt. No language model is used.\n\nJamie only reads: asked to change something, Jamie says what would be proposed.",
	.examples = (const struct example[]){{"ask \"what is wrong?\"", "where to begin"},
					     {"ask why is checkout failing in prod", "quotes are not needed"},
					     {"ask \"which pods restarted most?\"", "lists and counts"},
					     {"ask \"what changed in shop in the last hour?\"", "what happened before"},
					     {"ask \"can web reach db?\"", "what NetworkPolicies allow; also who may list pods in shop"},
					     {"ask \"what else could it be?\"", "other explanations, and what rules them out"},
					     {"ask \"show the logs of checkout\" --from incident.snapshot", "of a recording"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_SCOPE | GROUP_CHECKS,
	.formats = "text|json",
	.min_args = 1,
	.max_args = -1,
	.run = run_ask,
};
