/* NetworkPolicies out of the table of services: who answers on which port, and who may ask. */
#include "platform/generation.h"

static struct value one(struct generation *g, const char *key, struct value v)
{
	struct value map = {.type = VALUE_MAP};

	value_map_set(&g->b, &map, key, v);
	return map;
}

static struct value match_labels(struct generation *g, const char *key, const char *label)
{
	return one(g, "matchLabels", one(g, key, value_of_str(label)));
}

/* Every port by its name: numbers are the specification's. */
static int ports_of(struct generation *g, const struct value *names, struct value *ret, struct err *err)
{
	*ret = (struct value){.type = VALUE_LIST};
	for (value_each(name, names)) {
		const struct value *row = value_get(&g->ports, value_str(name, "")), *number = value_get(row, "port");
		struct value port = {.type = VALUE_MAP};

		if (!number)
			return err_set(err, ERR_INTERNAL, "there is no port \"%s\"", value_str(name, ""));
		value_map_set(&g->b, &port, "port", *number);
		value_map_set(&g->b, &port, "protocol", value_of_str("TCP"));
		list_add(g, ret, port);
	}
	return 0;
}

/* The namespaces of a row's `from` that this environment has. */
static struct value askers(struct generation *g, const struct value *service, const struct value *namespaces)
{
	struct value from = {.type = VALUE_LIST};

	for (value_each(f, value_get(service, "from"))) {
		const char *name = value_str(f, "");

		/* What comes from outside passes a gateway, whose namespace the team marks. */
		if (str_eq(name, "ingress"))
			list_add(g, &from, one(g, "namespaceSelector", match_labels(g, "auto-devops.io/ingress", "true")));
		else if (value_item_with(namespaces, "name", name))
			list_add(g, &from, one(g, "namespaceSelector", match_labels(g, "kubernetes.io/metadata.name", name)));
	}
	return from;
}

static int add_ingress(struct generation *g, const struct value *service, const struct value *namespaces, struct value *flows, struct err *err)
{
	struct value flow = value_copy(&g->b, service), rule = {.type = VALUE_MAP}, rules = {.type = VALUE_LIST}, ports;
	const struct value *first = value_get(&g->ports, value_str(value_item(value_get(service, "ports"), 0), ""));
	int r = ports_of(g, value_get(service, "ports"), &ports, err);

	if (r < 0)
		return r;
	value_map_set(&g->b, &rule, "from", askers(g, service, namespaces));
	value_map_set(&g->b, &rule, "ports", ports);
	list_add(g, &rules, rule);
	value_map_set(&g->b, &flow, "ingress", rules);
	value_map_set(&g->b, &flow, "source", *value_get(first, "source"));
	list_add(g, flows, flow);
	return 0;
}

static bool asks(const struct value *service, const char *namespace)
{
	return value_list_has(value_get(service, "from"), namespace);
}

static int add_egress(struct generation *g, const struct value *reach, const struct value *services, struct value *flows, struct err *err)
{
	const char *namespace = value_get_str(reach, "namespace");
	struct value rules = {.type = VALUE_LIST}, out = {.type = VALUE_MAP}, ports, rule;
	int r;

	for (value_each(service, services)) {
		struct value peers = {.type = VALUE_LIST}, peer;

		if (!asks(service, namespace))
			continue;
		if ((r = ports_of(g, value_get(service, "ports"), &ports, err)) < 0)
			return r;
		peer = one(g, "namespaceSelector", match_labels(g, "kubernetes.io/metadata.name", value_get_str(service, "namespace")));
		value_map_set(&g->b, &peer, "podSelector", match_labels(g, "app.kubernetes.io/name", value_get_str(service, "app")));
		list_add(g, &peers, peer);
		rule = one(g, "to", peers);
		value_map_set(&g->b, &rule, "ports", ports);
		list_add(g, &rules, rule);
	}
	if ((r = ports_of(g, value_get(reach, "to"), &ports, err)) < 0)
		return r;
	if (ports.len) {
		struct value peers = {.type = VALUE_LIST};

		list_add(g, &peers, one(g, "namespaceSelector", match_labels(g, "kubernetes.io/metadata.name", "observability")));
		rule = one(g, "to", peers);
		value_map_set(&g->b, &rule, "ports", ports);
		list_add(g, &rules, rule);
	}
	if ((r = ports_of(g, value_get(reach, "outside"), &ports, err)) < 0)
		return r;
	if (ports.len)
		list_add(g, &rules, one(g, "ports", ports));
	value_map_set(&g->b, &out, "namespace", value_of_str(namespace));
	value_map_set(&g->b, &out, "egress", rules);
	list_add(g, flows, out);
	return 0;
}

int names_network(struct generation *g, struct err *err)
{
	const struct value namespaces = generation_rows(g, "namespaces"), services = generation_rows(g, "services"),
			   reaches = generation_rows(g, "reaches");
	struct value in = {.type = VALUE_LIST}, out = {.type = VALUE_LIST};
	int r;

	for (value_each(service, &services))
		if ((r = add_ingress(g, service, &namespaces, &in, err)) < 0)
			return r;
	for (value_each(reach, &reaches))
		if ((r = add_egress(g, reach, &services, &out, err)) < 0)
			return r;
	generation_name(g, "inside_namespaces", *value_get(&g->data, "inside"));
	generation_name(g, "flows_in", in);
	generation_name(g, "flows_out", out);
	return 0;
}
