#include "cluster/rbac.h"

#include "cluster/inventory_internal.h"

#define ACCOUNT_PREFIX "system:serviceaccount:"

static bool list_matches(const struct value *list, const char *word)
{
	return value_list_has(list, "*") || value_list_has(list, word);
}

/* "pods" means pods alone; "pods/log" that subresource; "star/log" the subresource of anything; "*" all of both. */
static bool resource_matches(const struct value *list, const char *resource)
{
	const char *slash = strchr(resource, '/');
	if (list_matches(list, resource))
		return true;
	for (value_each(v, list)) {
		const char *s = value_str(v, "");
		if (slash && s[0] == '*' && str_eq(s + 1, slash))
			return true;
	}
	return false;
}

static bool path_matches(const struct value *list, const char *path)
{
	for (value_each(v, list)) {
		const char *s = value_str(v, "");
		size_t n = strlen(s);
		if (str_eq(s, path) || (n && s[n - 1] == '*' && strncmp(s, path, n - 1) == 0))
			return true;
	}
	return false;
}

static bool rule_allows(const struct value *rule, const struct rbac_request *q)
{
	const struct value *names = value_get(rule, "resourceNames");
	if (!list_matches(value_get(rule, "verbs"), q->verb))
		return false;
	if (q->path)
		return path_matches(value_get(rule, "nonResourceURLs"), q->path);
	return list_matches(value_get(rule, "apiGroups"), q->group) && resource_matches(value_get(rule, "resources"), q->resource) &&
	       (value_len(names) == 0 || (*q->name && value_list_has(names, q->name)));
}

static bool rules_allow(const struct object *role, const struct rbac_request *q)
{
	for (value_each(rule, value_get(&role->root, "rules")))
		if (rule_allows(rule, q))
			return true;
	return false;
}

bool rbac_role_allows(const struct inventory *inv, const struct object *role, const struct rbac_request *q)
{
	const struct value *selectors = value_at(&role->root, "aggregationRule.clusterRoleSelectors");
	if (rules_allow(role, q))
		return true;
	if (!selectors || value_len(value_get(&role->root, "rules")))
		return false;
	const struct object_list *all = inventory_list(inv, KIND_CLUSTER_ROLE);
	for (uint32_t i = 0; i < all->len; i++)
		for (value_each(s, selectors))
			if (selector_matches(s, all->items[i]->labels, false) && rules_allow(all->items[i], q))
				return true;
	return false;
}

static bool is_account(const char *user, const char *ns, const char *name)
{
	size_t n = strlen(ns), prefix = sizeof(ACCOUNT_PREFIX) - 1;
	return strncmp(user, ACCOUNT_PREFIX, prefix) == 0 && strncmp(user + prefix, ns, n) == 0 && user[prefix + n] == ':' &&
	       str_eq(user + prefix + n + 1, name);
}

static bool in_group(const struct rbac_request *q, const char *group)
{
	size_t prefix = sizeof(ACCOUNT_PREFIX) - 1;
	for (size_t i = 0; i < q->group_count; i++)
		if (str_eq(q->groups[i], group))
			return true;
	if (str_eq(q->user, "system:anonymous"))
		return str_eq(group, "system:unauthenticated");
	if (str_eq(group, "system:authenticated"))
		return true;
	if (strncmp(q->user, ACCOUNT_PREFIX, prefix) != 0)
		return false;
	if (str_eq(group, "system:serviceaccounts"))
		return true;
	size_t n = strlen("system:serviceaccounts:"), ns = strcspn(q->user + prefix, ":");
	return strncmp(group, "system:serviceaccounts:", n) == 0 && strlen(group + n) == ns && strncmp(group + n, q->user + prefix, ns) == 0;
}

static bool binds(const struct object *binding, const struct rbac_request *q)
{
	for (value_each(s, value_get(&binding->root, "subjects"))) {
		const char *kind = value_get_str(s, "kind"), *name = value_get_str(s, "name"), *ns = value_get_str(s, "namespace");
		if (str_eq(kind, "User") && str_eq(name, q->user))
			return true;
		if (str_eq(kind, "Group") && in_group(q, name))
			return true;
		if (str_eq(kind, "ServiceAccount") && is_account(q->user, *ns ? ns : binding->ns, name))
			return true;
	}
	return false;
}

bool rbac_binds_account(const struct object *binding, const char *ns, const char *name)
{
	for (value_each(s, value_get(&binding->root, "subjects"))) {
		const char *own = value_get_str(s, "namespace");
		if (str_eq(value_get_str(s, "kind"), "ServiceAccount") && str_eq(value_get_str(s, "name"), name) &&
		    str_eq(*own ? own : binding->ns, ns))
			return true;
	}
	return false;
}

const struct object *rbac_role_of(const struct inventory *inv, const struct object *binding)
{
	const struct value *ref = value_get(&binding->root, "roleRef");
	bool of_cluster = str_eq(value_get_str(ref, "kind"), "ClusterRole");
	return inventory_find(inv, of_cluster ? KIND_CLUSTER_ROLE : KIND_ROLE, of_cluster ? "" : binding->ns, value_get_str(ref, "name"));
}

static bool bindings_allow(const struct inventory *inv, enum kind_id kind, const char *ns, const struct rbac_request *q, struct rbac_grant *ret)
{
	uint32_t i, to;
	for (inventory_namespace_range(inv, kind, ns, &i, &to); i < to; i++) {
		const struct object *b = inventory_list(inv, kind)->items[i];
		const struct object *role = binds(b, q) ? rbac_role_of(inv, b) : NULL;
		if (role && rbac_role_allows(inv, role, q)) {
			if (ret)
				*ret = (struct rbac_grant){b, role};
			return true;
		}
	}
	return false;
}

bool rbac_allows(const struct inventory *inv, const struct rbac_request *q, struct rbac_grant *ret)
{
	if (ret)
		*ret = (struct rbac_grant){0};
	if (bindings_allow(inv, KIND_CLUSTER_ROLE_BINDING, NULL, q, ret))
		return true;
	return !q->path && *q->ns && bindings_allow(inv, KIND_ROLE_BINDING, q->ns, q, ret);
}

bool rbac_sees(const struct inventory *inv, const char *ns)
{
	bool cluster = inventory_sees(inv, KIND_CLUSTER_ROLE, NULL) && inventory_sees(inv, KIND_CLUSTER_ROLE_BINDING, NULL);
	return cluster && (!*ns || (inventory_sees(inv, KIND_ROLE, ns) && inventory_sees(inv, KIND_ROLE_BINDING, ns)));
}

static uint64_t count_of(const struct value *list)
{
	return value_list_has(list, "*") ? RBAC_WILDCARD : MAX((uint64_t)value_len(list), 1);
}

uint64_t rbac_role_width(const struct object *role)
{
	uint64_t width = 0;
	for (value_each(rule, value_get(&role->root, "rules")))
		width += count_of(value_get(rule, "verbs")) * count_of(value_get(rule, "resources")) * count_of(value_get(rule, "apiGroups"));
	/* Rules that are not filled in yet may be anything. */
	return width ? width : RBAC_WILDCARD;
}

static void consider(const struct inventory *inv, const struct object *role, const struct rbac_request *q, const struct object **best)
{
	if (strncmp(role->name, "system:", 7) != 0 && !role->deleted && rbac_role_allows(inv, role, q) &&
	    (!*best || rbac_role_width(role) < rbac_role_width(*best)))
		*best = role;
}

const struct object *rbac_narrowest_role(const struct inventory *inv, const struct rbac_request *q)
{
	const struct object *best = NULL;
	uint32_t i, to;
	if (!q->path && *q->ns)
		for (inventory_namespace_range(inv, KIND_ROLE, q->ns, &i, &to); i < to; i++)
			consider(inv, inventory_list(inv, KIND_ROLE)->items[i], q, &best);
	const struct object_list *all = inventory_list(inv, KIND_CLUSTER_ROLE);
	for (i = 0; i < all->len; i++)
		consider(inv, all->items[i], q, &best);
	return best;
}
