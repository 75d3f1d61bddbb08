/* Rules about versions, Slack's scopes and alerts. */
#include "platform/audit.h"
#include "platform/release.h"

static bool is_older(const char *a, const char *b)
{
	struct release x, y;

	return release_parse(a, strlen(a), &x) && release_parse(b, strlen(b), &y) && release_compare(&x, &y) < 0;
}

static const char *tool_source(struct audit *a, const struct spec_tool *t)
{
	return arena_printf(a->spec->arena, "Software Prerequisites > Required Tools > %s", t->text);
}

static void floors(struct audit *a, struct spec_tool *t)
{
	const struct value *floor = value_item_with(value_get(&a->spec->facts, "floors"), "id", t->id);
	const char *wanted = value_get_str(floor, "minimum");
	struct issue *i;

	if (!floor || !*t->minimum || !spec_in(floor, a->options->envs) || !is_older(t->minimum, wanted))
		return;
	i = issue_addf(a, ISSUE_CONTRADICTION, "versions/%s", t->id);
	issue_title(a, i, "\"%s\" is below %s, the floor of %s", t->text, wanted, value_get_str(floor, "of"));
	issue_why(a, i, "The specification allows %s; %s or later is needed.", t->minimum, wanted);
	issue_source(i, tool_source(a, t));
	issue_source(i, value_get_str(floor, "source"));
	issue_repair(a, i, "Ask for %s.", wanted);
	issue_say(i, arena_printf(a->spec->arena, "%s: lowest version", t->title), &t->minimum, wanted);
}

static void latest(struct audit *a, struct spec_tool *t)
{
	struct issue *i;

	if (!strstr(t->text, "(latest)") || *t->pinned)
		return;
	i = issue_addf(a, ISSUE_GAP, "versions/%s/latest", t->id);
	issue_title(a, i, "\"%s\": the same plan gives another installation tomorrow", t->text);
	issue_why(a, i, "\"latest\" names no version, so that nothing made of it can be made again or compared.");
	issue_source(i, tool_source(a, t));
	issue_repair(a, i, "Pin it in data/platform/versions.yaml.");
	issue_say(i, arena_printf(a->spec->arena, "%s: version", t->title), &t->pinned, "pinned in data/platform/versions.yaml");
}

void audit_versions(struct audit *a)
{
	unsigned python = 0;

	for (unsigned n = 0; n < a->spec->tool_count; n++) {
		floors(a, &a->spec->tools[n]);
		latest(a, &a->spec->tools[n]);
		python += str_eq(a->spec->tools[n].runs, "python");
	}
	if (python && !*a->spec->python) {
		struct issue *i = issue_add(a, ISSUE_CONTRADICTION, "names/python");

		issue_title(a, i, "FastAPI and %u other Python packages are required, and this program is written in %s", python - 1,
			    value_get_str(value_get(&a->spec->facts, "program_language"), "language"));
		issue_why(a, i, "Jamie and Scarlet serve their APIs themselves; the packages are for a team's own Python code.");
		issue_source(i, "Software Prerequisites > Required Tools > FastAPI v0.104+");
		issue_source(i, "Software Prerequisites > Python Dependencies for AI Agents");
		issue_figure(i, "tools that run in Python", python, "");
		issue_figure(i, "packages", a->spec->package_count, "");
		issue_repair(a, i, "Require them only where a team still has Python code (`check --python` looks for them).");
		issue_say(i, "Python packages", &a->spec->python, "optional");
	}
}

void audit_slack_scopes(struct audit *a)
{
	for (unsigned n = 0; n < a->spec->event_count; n++) {
		struct spec_event *e = &a->spec->events[n];
		struct issue *i;

		if (!*e->needs || *e->granted || value_item_with(a->spec->scopes, "id", e->needs))
			continue;
		i = issue_addf(a, ISSUE_CONTRADICTION, "slack/scope/%s", e->needs);
		issue_title(a, i, "The event %s needs the scope %s, which is not in the list", e->id, e->needs);
		issue_why(a, i, "Slack does not deliver the event without it.");
		issue_source(i, arena_printf(a->spec->arena, "Slack Integration Requirements > Slack App Configuration > Event Subscriptions > %s",
					     e->id));
		issue_source(i, "Slack Integration Requirements > Slack App Configuration > OAuth Scopes");
		issue_repair(a, i, "Add the scope.");
		issue_say(i, "Slack app: scope", &e->granted, e->needs);
	}
	for (value_each(scope, value_get(&a->spec->facts, "scopes"))) {
		struct issue *i;

		if (value_item_with(a->spec->scopes, "id", value_get_str(scope, "id")))
			continue;
		i = issue_addf(a, ISSUE_NOTE, "slack/scope/%s", value_get_str(scope, "id"));
		issue_title(a, i, "%s is not in the list: %s", value_get_str(scope, "id"), value_get_str(scope, "why"));
		issue_why(a, i, "Only needed when the app is to do that.");
		issue_source(i, "Slack Integration Requirements > Slack App Configuration > OAuth Scopes");
	}
}

static const char *alert_source(struct audit *a, const struct spec_alert *alert)
{
	return arena_printf(a->spec->arena, "Monitoring & Observability > Enhanced Alerting Thresholds > %s", alert->text);
}

void audit_alert_thresholds(struct audit *a)
{
	for (unsigned n = 0; n < a->spec->alert_count; n++) {
		struct spec_alert *alert = &a->spec->alert_rows[n];
		const struct value *over = value_get(alert->otherwise, "over"), *ratio = value_get(alert->otherwise, "under_ratio");
		const char *text, *why = value_get_str(alert->otherwise, "why");
		struct issue *i;

		if (alert->has_number || *alert->note)
			continue;
		text = over ? arena_printf(a->spec->arena, "%s > %g", alert->measure, value_double(over, 0))
			    : arena_printf(a->spec->arena, "%s < %g of what it was", alert->measure, value_double(ratio, 0));
		i = issue_addf(a, ISSUE_GAP, "alerts/%s/threshold", alert->id);
		issue_title(a, i, "\"%s\" has no number: nothing can fire by it", alert->text);
		issue_why(a, i, "What we take instead: %s, because %s.", text, why);
		issue_source(i, alert_source(a, alert));
		issue_repair(a, i, "%s.", text);
		issue_say(i, arena_printf(a->spec->arena, "alert %s: threshold", alert->id), &alert->note, text);
	}
}

void audit_vllm_memory(struct audit *a)
{
	const double taken = spec_fact(a->spec, "vllm.gpu_memory_percent", 100);

	for (unsigned n = 0; n < a->spec->alert_count; n++) {
		const struct spec_alert *alert = &a->spec->alert_rows[n];
		const char *measure = value_get_str(value_get(&a->spec->facts, "vllm"), "measure");
		struct issue *i;

		if (!str_eq(alert->measure, "gpu_memory_percent") || !alert->has_number || alert->number > taken || *a->spec->vllm_measure ||
		    !(a->options->envs & ~(1u << SPEC_DEV)))
			continue;
		i = issue_addf(a, ISSUE_CONTRADICTION, "alerts/%s/vllm", alert->id);
		issue_title(a, i, "\"%s\" fires all the time where vLLM serves: it takes %g %% at its start", alert->text, taken);
		issue_why(a, i, "vLLM reserves that share for its cache, used or not.");
		issue_source(i, alert_source(a, alert));
		issue_source(i, value_get_str(value_get(&a->spec->facts, "vllm"), "source"));
		issue_figure(i, "alert above", alert->number, "%");
		issue_figure(i, "vLLM takes", taken, "%");
		issue_repair(a, i, "For vLLM alert on %s; keep the rule for Ollama.", measure);
		issue_say(i, "alert on GPU memory, for vLLM", &a->spec->vllm_measure, measure);
	}
}
