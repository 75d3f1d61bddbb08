/* What Argo CD brings: ApplicationSets in waves, the charts' values, and the agents' own manifests. */
#include "platform/generation.h"

static const struct value *chart_of(const struct generation *g, const char *name)
{
	return value_get(scope_find(g->scope, "charts", 6), name);
}

static int wave_charts(struct generation *g, int64_t wave, struct value *ret, struct err *err)
{
	const struct value rows = generation_rows(g, "charts");

	for (value_each(row, &rows)) {
		const char *name = value_get_str(row, "name");
		const struct value *chart = chart_of(g, name);
		struct value element = {.type = VALUE_MAP};

		if (value_get_int(row, "wave", 0) != wave)
			continue;
		if (!chart)
			return err_set(err, ERR_INTERNAL, "versions.yaml has no chart %s", name);
		value_map_set(&g->b, &element, "name", *value_get(row, "name"));
		value_map_set(&g->b, &element, "chart", *value_get(chart, "chart"));
		value_map_set(&g->b, &element, "repository", *value_get(chart, "repository"));
		value_map_set(&g->b, &element, "version", *value_get(chart, "version"));
		value_map_set(&g->b, &element, "namespace", *value_get(row, "namespace"));
		list_add(g, ret, element);
	}
	return 0;
}

static struct value wave_folders(struct generation *g, int64_t wave)
{
	const struct value rows = generation_rows(g, "folders");
	struct value list = {.type = VALUE_LIST};

	for (value_each(row, &rows)) {
		const struct value *path = value_get(row, "path");
		struct value element = {.type = VALUE_MAP};

		if (value_get_int(row, "wave", 0) != wave)
			continue;
		value_map_set(&g->b, &element, "name", *value_get(row, "name"));
		value_map_set(&g->b, &element, "path", path ? *path : *value_get(row, "name"));
		list_add(g, &list, element);
	}
	return list;
}

/* CRDs are applied by the server: the annotation of a client's apply does not hold them (argo-cd#8128), and for everything it would never be in
 * step (#11074). */
static struct value sync_options(struct generation *g, int64_t wave)
{
	struct value list = {.type = VALUE_LIST};

	list_add(g, &list, value_of_str("CreateNamespace=true"));
	list_add(g, &list, value_of_str("SkipDryRunOnMissingResource=true"));
	if (wave == 0 || wave == 30)
		list_add(g, &list, value_of_str("ServerSideApply=true"));
	return list;
}

static int add_values(struct generation *g, struct err *err)
{
	struct value all;
	int r = embedded_value(&g->b, "values", &all, err);

	if (r < 0)
		return r;
	for (value_each(row, &all)) {
		const char *name = value_get_str(row, "chart");
		struct value values, why, doc, docs = {.type = VALUE_LIST};
		bool is_here = str_eq(name, "argo-cd"), left_out;
		const struct value rows = generation_rows(g, "charts");

		for (value_each(chart, &rows))
			is_here |= str_eq(value_get_str(chart, "name"), name);
		if (!is_here)
			continue;
		if (template_fill(&g->b, value_get(row, "values"), g->scope, &values, &left_out, err) < 0 ||
		    template_fill(&g->b, value_get(row, "why"), g->scope, &why, &left_out, err) < 0)
			return err_wrap(err, "values of %s", name);
		doc = (struct value){.type = VALUE_MAP};
		value_map_set(&g->b, &doc, "$comment",
			      text_of(g, "%s %s. Your own values go beside this into values.user.yaml.\n%s", name,
				      value_get_str(chart_of(g, name), "version"), value_str(&why, "")));
		for (member_each(m, &values))
			value_map_set(&g->b, &doc, m->key, m->v);
		list_add(g, &docs, doc);
		r = generation_add_values(g, arena_printf(g->b.arena, "apps/%s/values.yaml", name), &docs, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int generate_application_sets(struct generation *g, struct err *err)
{
	for (value_each(row, value_get(&g->data, "waves"))) {
		int64_t number = value_get_int(row, "number", 0);
		struct value wave = value_copy(&g->b, row), charts = {.type = VALUE_LIST};
		const struct scope scope = {g->scope, "wave", &wave};
		int r = wave_charts(g, number, &charts, err);

		if (r < 0)
			return r;
		value_map_set(&g->b, &wave, "number", text_of(g, "%d", (int)number));
		value_map_set(&g->b, &wave, "charts", charts);
		value_map_set(&g->b, &wave, "folders", wave_folders(g, number));
		value_map_set(&g->b, &wave, "sync_options", sync_options(g, number));
		r = generation_add(g, "application_set", arena_printf(g->b.arena, "applicationsets/%s.yaml", value_get_str(row, "name")), &scope,
				   err);
		if (r < 0)
			return r;
	}
	return add_values(g, err);
}

/* Everything but Secrets, reading only. */
static int read_rules(struct generation *g, struct value *ret, struct err *err)
{
	return embedded_value(&g->b, "agent_rules", ret, err);
}

static int agent_ports(struct generation *g, const struct value *names, struct value *ret, struct err *err)
{
	*ret = (struct value){.type = VALUE_LIST};
	for (value_each(name, names)) {
		const struct value *number = value_get(value_get(&g->ports, value_str(name, "")), "port");
		struct value port = {.type = VALUE_MAP};

		if (!number)
			return err_set(err, ERR_INTERNAL, "there is no port \"%s\"", value_str(name, ""));
		value_map_set(&g->b, &port, "name",
			      text_of(g, "%.15s",
				      str_eq(value_str(name, ""), "fastapi")             ? "api"
				      : str_eq(value_str(name, ""), "scarlet-agent-api") ? "api"
											 : "websocket"));
		value_map_set(&g->b, &port, "port", *number);
		list_add(g, ret, port);
	}
	return 0;
}

int generation_agent(struct generation *g, const struct value *row, const struct scope *outer, struct value *docs, struct err *err)
{
	struct value agent = value_copy(&g->b, row), rules, ports, labels = {.type = VALUE_MAP}, args = {.type = VALUE_LIST},
		     env = {.type = VALUE_LIST}, cache = {.type = VALUE_MAP};
	const struct scope scope = {outer, "agent", &agent};
	int r;

	if ((r = read_rules(g, &rules, err)) < 0 || (r = agent_ports(g, value_get(row, "ports"), &ports, err)) < 0)
		return r;
	value_map_set(&g->b, &labels, "app.kubernetes.io/name", *value_get(row, "name"));
	value_map_set(&g->b, &labels, "app.kubernetes.io/managed-by", value_of_str("auto-devops"));
	value_map_set(&g->b, &labels, "app.kubernetes.io/part-of", *value_get(&g->site, "name"));
	list_add(g, &args, value_of_str("watch"));
	list_add(g, &args, value_of_str("--output=json"));
	value_map_set(&g->b, &cache, "name", value_of_str("XDG_CACHE_HOME"));
	value_map_set(&g->b, &cache, "value", value_of_str("/var/cache/auto-devops"));
	list_add(g, &env, cache);
	value_map_set(&g->b, &agent, "labels", labels);
	value_map_set(&g->b, &agent, "rules", rules);
	value_map_set(&g->b, &agent, "ports", ports);
	value_map_set(&g->b, &agent, "args", args);
	value_map_set(&g->b, &agent, "env", env);
	value_map_set(&g->b, &agent, "spread", value_of_bool(value_get_int(row, "replicas", 1) > 1));
	if (!value_get(row, "note"))
		value_map_set(&g->b, &agent, "note", *value_get(&g->data, "agent_note"));
	return generation_fill(g, "agent", &scope, docs, err);
}

int generate_agents(struct generation *g, struct err *err)
{
	const struct value rows = generation_rows(g, "agents");

	for (value_each(row, &rows)) {
		struct value docs = {.type = VALUE_LIST};
		int r = generation_agent(g, row, g->scope, &docs, err);

		if (r < 0)
			return r;
		r = generation_add_values(g, arena_printf(g->b.arena, "agents/%s.yaml", value_get_str(row, "name")), &docs, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Pools of machines that join the first control plane. */
int generate_kubeadm_joins(struct generation *g, struct err *err)
{
	for (value_each(row, value_get(&g->data, "pools"))) {
		const char *path = arena_printf(g->b.arena, "clusters/%s/kubeadm-join-%s.yaml", g->env, value_get_str(row, "name"));
		struct value pool = value_copy(&g->b, row);
		const struct scope scope = {g->scope, "pool", &pool};
		int r;

		value_map_set(&g->b, &pool, "file", value_of_str(path));
		if ((r = generation_add(g, "kubeadm_join", path, &scope, err)) < 0)
			return r;
	}
	return 0;
}
