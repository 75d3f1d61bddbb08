/* Rules with their unit tests, dashboards, who exports what, and the Slack app: each out of the specification's own list. */
#include "platform/generation.h"

#define GRID_WIDTH 24
#define PANEL_HEIGHT 8

static void set(struct generation *g, struct value *map, const char *key, struct value v)
{
	value_map_set(&g->b, map, key, v);
}

static void copy(struct generation *g, struct value *to, const struct value *from, const char *key)
{
	const struct value *v = value_get(from, key);

	if (v)
		set(g, to, key, *v);
}

/* The threshold of a rule's alert, with the default where the specification has no number. */
static int alert_of(struct generation *g, const struct value *alerts, const struct value *rule, struct value *ret, struct err *err)
{
	const char *id = value_get_str(rule, "alert");
	const struct value *row = value_item_with(alerts, "id", id);

	*ret = (struct value){.type = VALUE_MAP};
	if (!*id)
		return 0;
	if (!row)
		return err_set(err, ERR_INTERNAL, "a rule names the alert \"%s\", which alerts.yaml does not have", id);
	*ret = value_copy(&g->b, row);
	for (member_each(m, value_get(row, "default")))
		set(g, ret, m->key, m->v);
	return 0;
}

static int fill(struct generation *g, const struct value *rule, const char *key, const struct scope *scope, struct value *ret, struct err *err)
{
	bool left_out;

	return template_fill(&g->b, value_get(rule, key), scope, ret, &left_out, err) < 0 ? err_wrap(err, "rule %s", value_get_str(rule, "name")) : 0;
}

/* {alert, expr, for, labels, annotations} */
static int make_rule(struct generation *g, const struct value *rule, const struct value *alert, const char *heading, struct value *ret,
		     struct err *err)
{
	const struct scope scope = {g->scope, "alert", alert};
	struct value expr, summary, action, labels = {.type = VALUE_MAP}, annotations = {.type = VALUE_MAP};
	const char *why = value_get_str(alert, "why");
	int r;

	if ((r = fill(g, rule, "expr", &scope, &expr, err)) < 0 || (r = fill(g, rule, "summary", &scope, &summary, err)) < 0 ||
	    (r = fill(g, rule, "action", &scope, &action, err)) < 0)
		return r;
	*ret = (struct value){.type = VALUE_MAP};
	copy(g, &labels, value_get(rule, "severity") ? rule : alert, "severity");
	set(g, &annotations, "summary", summary);
	set(g, &annotations, "action", action);
	if (value_get(rule, "source"))
		copy(g, &annotations, rule, "source");
	else
		set(g, &annotations, "source",
		    text_of(g, "%s > %s%s%s", heading, value_get_str(alert, "text"), *why ? " (no number there; ours: " : "", *why ? why : ""));
	if (*why && !value_get(rule, "source"))
		set(g, &annotations, "source", text_of(g, "%s)", value_get_str(&annotations, "source")));
	set(g, ret, "alert", *value_get(rule, "name"));
	set(g, ret, "expr", expr);
	copy(g, ret, rule, "for");
	set(g, ret, "labels", labels);
	set(g, ret, "annotations", annotations);
	return 0;
}

/* One of promtool's tests: the series, and whether the alert fires at that time. */
static void add_test(struct generation *g, const struct value *rule, const struct value *test, bool fires, struct value *tests)
{
	struct value t = {.type = VALUE_MAP}, check = {.type = VALUE_MAP}, checks = {.type = VALUE_LIST}, alerts = {.type = VALUE_LIST},
		     alert = {.type = VALUE_MAP}, labels = value_copy(&g->b, value_get(rule, "labels"));

	for (member_each(m, value_get(test, "labels")))
		set(g, &labels, m->key, m->v);
	set(g, &alert, "exp_labels", labels);
	set(g, &alert, "exp_annotations", *value_get(rule, "annotations"));
	if (fires)
		list_add(g, &alerts, alert);
	set(g, &check, "eval_time", value_get(test, "at") ? *value_get(test, "at") : value_of_str("25m"));
	set(g, &check, "alertname", *value_get(rule, "alert"));
	set(g, &check, "exp_alerts", alerts);
	list_add(g, &checks, check);
	set(g, &t, "name", text_of(g, "%s %s", value_get_str(rule, "alert"), fires ? "fires" : "stays quiet"));
	set(g, &t, "interval", value_of_str("1m"));
	set(g, &t, "input_series", *value_get(test, "series"));
	set(g, &t, "alert_rule_test", checks);
	list_add(g, tests, t);
}

static int name_rules(struct generation *g, const struct value *alerts, struct err *err)
{
	struct value file, rules = {.type = VALUE_LIST}, tests = {.type = VALUE_LIST}, group = {.type = VALUE_MAP}, groups = {.type = VALUE_LIST};
	const struct value *rows;
	int r = embedded_value(&g->b, "rules", &file, err);

	if (r < 0)
		return r;
	rows = value_get(&file, "rules");
	for (value_each(alert, value_get(alerts, "alerts")))
		if (!value_item_with(rows, "alert", value_get_str(alert, "id")))
			return err_set(err, ERR_INTERNAL, "the alert %s has no rule", value_get_str(alert, "id"));
	for (value_each(row, rows)) {
		struct value alert, rule;

		if ((r = alert_of(g, value_get(alerts, "alerts"), row, &alert, err)) < 0 ||
		    (r = make_rule(g, row, &alert, value_get_str(alerts, "alerts_source"), &rule, err)) < 0)
			return r;
		list_add(g, &rules, rule);
		add_test(g, &rule, value_get(row, "fires"), true, &tests);
		add_test(g, &rule, value_get(row, "quiet"), false, &tests);
	}
	set(g, &group, "name", value_of_str("auto-devops-ai"));
	set(g, &group, "rules", rules);
	list_add(g, &groups, group);
	generation_name(g, "rule_groups", groups);
	generation_name(g, "rule_tests", tests);
	return 0;
}

/* Panels from left to right, then down. */
static struct value place(struct generation *g, const struct value *panels)
{
	struct value list = {.type = VALUE_LIST};
	int64_t x = 0, y = 0, id = 1;

	for (value_each(panel, panels)) {
		struct value p = value_copy(&g->b, panel);
		int64_t width = value_get_int(panel, "width", GRID_WIDTH);

		if (x + width > GRID_WIDTH) {
			x = 0;
			y += PANEL_HEIGHT;
		}
		set(g, &p, "id", value_of_int(id++));
		set(g, &p, "x", value_of_int(x));
		set(g, &p, "y", value_of_int(y));
		x += width;
		list_add(g, &list, p);
	}
	return list;
}

static int name_dashboards(struct generation *g, const struct value *alerts, struct err *err)
{
	struct value file, list = {.type = VALUE_LIST};
	int r = embedded_value(&g->b, "dashboards", &file, err);

	if (r < 0)
		return r;
	for (value_each(wanted, value_get(alerts, "dashboards"))) {
		const struct value *row = value_item_with(value_get(&file, "dashboards"), "dashboard", value_get_str(wanted, "id"));
		struct value d;

		if (!row)
			return err_set(err, ERR_INTERNAL, "there is no dashboard for \"%s\"", value_get_str(wanted, "text"));
		d = value_copy(&g->b, row);
		set(g, &d, "title", *value_get(wanted, "text"));
		set(g, &d, "source", text_of(g, "%s > %s", value_get_str(alerts, "metrics_source"), value_get_str(wanted, "text")));
		set(g, &d, "panels", place(g, value_get(row, "panels")));
		list_add(g, &list, d);
	}
	generation_name(g, "dashboards", list);
	return 0;
}

/* The specification's scopes, and what its own events need besides. */
static int name_slack(struct generation *g, struct err *err)
{
	struct value file, slack = {.type = VALUE_MAP}, scopes = {.type = VALUE_LIST}, events = {.type = VALUE_LIST};
	const struct value open = value_of_str("im:write");
	int r = embedded_value(&g->b, "slack", &file, err);

	if (r < 0)
		return r;
	for (value_each(scope, value_get(&file, "scopes")))
		list_add_once(g, &scopes, value_get(scope, "id"));
	for (value_each(event, value_get(&file, "events"))) {
		list_add(g, &events, *value_get(event, "id"));
		if (value_get(event, "needs"))
			list_add_once(g, &scopes, value_get(event, "needs"));
	}
	list_add_once(g, &scopes, &open);
	set(g, &slack, "scopes", scopes);
	set(g, &slack, "events", events);
	generation_name(g, "slack", slack);
	return 0;
}

int names_observability(struct generation *g, struct err *err)
{
	struct value alerts, metrics;
	int r;

	if ((r = embedded_value(&g->b, "alerts", &alerts, err)) < 0 || (r = embedded_value(&g->b, "metrics", &metrics, err)) < 0 ||
	    (r = name_rules(g, &alerts, err)) < 0 || (r = name_dashboards(g, &alerts, err)) < 0)
		return r;
	generation_name(g, "metrics", *value_get(&metrics, "metrics"));
	return name_slack(g, err);
}
