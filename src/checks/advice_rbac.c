/* Advice about roles and their bindings. */
#include "checks/advice_rbac.h"

#include "checks/advice.h"
#include "checks/index.h"
#include "cluster/rbac.h"

static const char *account_key(struct check_run *run, const char *ns, const char *name)
{
	return arena_printf(run->arena, "%s/%s", ns, name);
}

static const char *subject_ns(const struct object *binding, const struct value *subject)
{
	return value_str(value_get(subject, "namespace"), binding->ns);
}

static void build(struct check_run *run)
{
	static const enum kind_id kinds[] = {KIND_ROLE_BINDING, KIND_CLUSTER_ROLE_BINDING};
	static const char every_account[] = "system:serviceaccounts";
	struct hash *table = index_table(run, INDEX_BOUND);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *list = inventory_list(run->inv, kinds[k]);
		for (uint32_t i = 0; i < list->len; i++) {
			struct object *o = list->items[i];
			const struct object *role = rbac_role_of(run->inv, o);
			if (role)
				hash_put_ptr(table, role, o);
			/* What Kubernetes itself gives to all accounts (discovery, issuer keys) is nothing that a program mounts a token for. */
			bool built_in = strncmp(o->name, "system:", 7) == 0;
			for (value_each(s, value_get(&o->root, "subjects"))) {
				const char *name = value_get_str(s, "name"), *key = name;
				bool account = str_eq(value_get_str(s, "kind"), "ServiceAccount");
				if (account)
					key = account_key(run, subject_ns(o, s), name);
				else if (built_in || strncmp(name, every_account, strlen(every_account)) != 0)
					continue;
				hash_put(table, key, strlen(key), o);
			}
		}
	}
}

static void *find(struct check_run *run, const char *key)
{
	if (!index_is_filled(run, INDEX_BOUND))
		build(run);
	return hash_get(index_table(run, INDEX_BOUND), key, strlen(key));
}

bool advice_rights_are_seen(struct check_run *run, const char *ns)
{
	return inventory_sees(run->inv, KIND_ROLE_BINDING, ns) && inventory_sees(run->inv, KIND_CLUSTER_ROLE_BINDING, NULL);
}

bool advice_account_is_bound(struct check_run *run, const char *ns, const char *name)
{
	return find(run, account_key(run, ns, name)) || find(run, "system:serviceaccounts") ||
	       find(run, arena_printf(run->arena, "system:serviceaccounts:%s", ns));
}

static bool role_is_bound(struct check_run *run, const struct object *role)
{
	(void)find(run, "-"); /* fills it */
	return hash_get_ptr(index_table(run, INDEX_BOUND), role) != NULL;
}

static void run_default_account(struct check_run *run, const struct object *o)
{
	const struct value *ref = value_get(&o->root, "roleRef");
	uint32_t i = 0;
	if (o->deleted || advice_is_built_in(o))
		return;
	for (value_each(s, value_get(&o->root, "subjects"))) {
		uint32_t index = i++;
		const char *ns = subject_ns(o, s);
		if (!str_eq(value_get_str(s, "kind"), "ServiceAccount") || !str_eq(value_get_str(s, "name"), "default") || advice_is_system(ns))
			continue;
		struct finding *f =
			finding_new(run, o, "%s gives %s %s to the default ServiceAccount of namespace %s, and so to every pod there that names none",
				    run_text(run, o), value_get_str(ref, "kind"), value_get_str(ref, "name"), ns);
		finding_fieldf(run, f, o, "subjects[%u].name", index);
		return;
	}
}

static void run_wildcard(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	if (o->deleted || advice_is_built_in(o) || value_get(&o->root, "aggregationRule"))
		return;
	for (value_each(rule, value_get(&o->root, "rules"))) {
		bool verbs = value_list_has(value_get(rule, "verbs"), "*"), resources = value_list_has(value_get(rule, "resources"), "*");
		uint32_t index = i++;
		if (!verbs && !resources)
			continue;
		struct finding *f = finding_new(run, o, "%s allows %s", run_text(run, o),
						verbs && resources ? "every verb on every resource of the groups it names"
						: verbs            ? "every verb"
								   : "its verbs on every resource of the groups it names");
		finding_fieldf(run, f, o, "rules[%u].%s", index, verbs ? "verbs" : "resources");
		return;
	}
}

static void run_role_unused(struct check_run *run, const struct object *o)
{
	bool aggregated = false;
	for (member_each(m, o->labels))
		aggregated = aggregated || strncmp(m->key, "rbac.authorization.k8s.io/aggregate-to-", 39) == 0;
	if (o->deleted || advice_is_built_in(o) || aggregated || value_get(&o->root, "aggregationRule") || !advice_rights_are_seen(run, NULL) ||
	    (o->created && run_age(run, o->created) < run->options->recovered_after) || role_is_bound(run, o))
		return;
	struct finding *f = finding_new(run, o, "%s is bound to nobody", run_text(run, o));
	finding_field(run, f, o, "metadata.name");
	f->since = o->created;
}

const struct check check_rolebinding_default_account = {
	.id = "rolebinding/default-account",
	.kind = KIND_ROLE_BINDING,
	.also = KIND_BIT(KIND_CLUSTER_ROLE_BINDING),
	.severity = SEVERITY_INFO,
	.title = "Role is bound to a default service account",
	.explain = "Every pod that names no ServiceAccount runs as the default one of its namespace: whatever is bound to it, all of them may do.",
	.fix = "Make a ServiceAccount for the program that needs the rights, name it in its pod template, and bind the role to that.",
	.peers = "k8sgpt Security; Popeye 308",
	.advice = true,
	.run = run_default_account,
};

const struct check check_role_wildcard = {
	.id = "role/wildcard",
	.kind = KIND_ROLE,
	.also = KIND_BIT(KIND_CLUSTER_ROLE),
	.severity = SEVERITY_INFO,
	.title = "Role allows everything",
	.explain =
		"A rule of the role has * as verb or resource: it allows more than anyone looked at, also what later versions add. Roles of Kubernetes itself "
		"are not reported.",
	.fix = "Name the verbs and resources that are needed.",
	.peers = "k8sgpt Security",
	.advice = true,
	.run = run_wildcard,
};

const struct check check_role_unused = {
	.id = "role/unused",
	.kind = KIND_ROLE,
	.also = KIND_BIT(KIND_CLUSTER_ROLE),
	.severity = SEVERITY_INFO,
	.title = "Role is bound to nobody",
	.explain = "No RoleBinding or ClusterRoleBinding refers to the role, and it is not added to another one (aggregation).",
	.fix = "Delete it, or bind it to whom it is meant for.",
	.peers = "Popeye 400",
	.advice = true,
	.run = run_role_unused,
};
