/* The specification's tables as generators want them: rows by their id, each with where it stands in the document. */
#include "platform/generation.h"

static struct value by_id(struct generation *g, const struct value *rows)
{
	struct value map = {.type = VALUE_MAP};

	for (value_each(row, rows))
		value_map_set(&g->b, &map, value_get_str(row, "id"), *row);
	return map;
}

/* Copies of the rows with `source`: "heading > title". */
static struct value with_sources(struct generation *g, const struct value *rows, const char *heading, const char *group, const char *title)
{
	struct value list = {.type = VALUE_LIST};

	for (value_each(row, rows)) {
		struct value with = value_copy(&g->b, row);

		value_map_set(
			&g->b, &with, "source",
			text_of(g, "%s > %s%s%s", heading, group ? value_get_str(row, group) : "", group ? " > " : "", value_get_str(row, title)));
		list_add(g, &list, with);
	}
	return by_id(g, &list);
}

static int read_list(struct generation *g, const char *file, const char *list, struct value *ret, struct err *err)
{
	struct value v;
	const struct value *rows;
	int r = embedded_value(&g->b, file, &v, err);

	if (r < 0)
		return r;
	rows = value_get(&v, list);
	if (!rows || rows->type != VALUE_LIST)
		return err_set(err, ERR_INTERNAL, "data/platform/%s.yaml has no list \"%s\"", file, list);
	*ret = *rows;
	return 0;
}

static struct value allocations(struct generation *g, const struct value *budgets)
{
	struct value map = {.type = VALUE_MAP};

	for (value_each(budget, budgets))
		value_map_set(&g->b, &map, value_get_str(budget, "id"),
			      with_sources(g, value_get(budget, "components"), value_get_str(budget, "source"), NULL, "title"));
	return map;
}

static struct value classes(struct generation *g, const struct value *rows)
{
	struct value list = {.type = VALUE_LIST};

	for (value_each(row, rows)) {
		struct value class = value_copy(&g->b, row);

		if (!generation_has(g, row))
			continue;
		value_map_set(&g->b, &class, "name", *value_get(row, "id"));
		value_map_set(&g->b, &class, "purpose", *value_get(row, "text"));
		list_add(g, &list, class);
	}
	return list;
}

int spec_read(struct generation *g, struct value *ret, struct err *err)
{
	struct value clusters = {0}, budgets = {0}, volumes = {0}, class_rows = {0}, ports = {0};
	int r;

	if ((r = read_list(g, "clusters", "clusters", &clusters, err)) < 0 || (r = read_list(g, "budgets", "budgets", &budgets, err)) < 0 ||
	    (r = read_list(g, "storage", "volumes", &volumes, err)) < 0 || (r = read_list(g, "storage", "classes", &class_rows, err)) < 0 ||
	    (r = read_list(g, "network", "ports", &ports, err)) < 0)
		return r;
	*ret = (struct value){.type = VALUE_MAP};
	value_map_set(&g->b, ret, "nodes", by_id(g, &clusters));
	value_map_set(&g->b, ret, "allocations", allocations(g, &budgets));
	value_map_set(&g->b, ret, "storage", by_id(g, &volumes));
	value_map_set(&g->b, ret, "classes", classes(g, &class_rows));
	value_map_set(&g->b, ret, "ports", with_sources(g, &ports, "Network Requirements > Ports & Connectivity", "group", "text"));
	return 0;
}
