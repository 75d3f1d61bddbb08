/* Uses: who refers to which Secret, ConfigMap, ServiceAccount and claim, and to which of their keys. */
#include "checks/uses.h"

#include "checks/index.h"

struct use {
	bool whole;
	struct {
		const char **items;
		uint32_t len, cap;
	} keys;
};

#define KEYS_MAX 256 /* more than this of one object is as good as all of it */

static struct use *use_of(struct check_run *run, enum kind_id kind, const char *ns, const char *name)
{
	struct hash *table = index_table(run, INDEX_USES);
	struct object *o = inventory_find(run->inv, kind, ns, name);
	struct use *use = o ? hash_get_ptr(table, o) : NULL;
	if (o && !use) {
		use = arena_new(run->arena, struct use);
		hash_put_ptr(table, o, use);
	}
	return use;
}

static void add_whole(struct check_run *run, enum kind_id kind, const char *ns, const char *name)
{
	struct use *use = *name ? use_of(run, kind, ns, name) : NULL;
	if (use)
		use->whole = true;
}

static void add_key(struct check_run *run, struct use *use, const char *key)
{
	for (uint32_t i = 0; i < use->keys.len; i++)
		if (str_eq(use->keys.items[i], key))
			return;
	if (use->keys.len < KEYS_MAX)
		*arena_push(run->arena, &use->keys) = key;
	else
		use->whole = true;
}

struct uses_walk {
	struct check_run *run;
	const char *ns;
};

static int add_ref(void *arg, const struct pod_ref *ref)
{
	struct uses_walk *w = arg;
	struct use *use = use_of(w->run, ref->kind, w->ns, ref->name);
	if (use && ref->key)
		add_key(w->run, use, ref->key);
	else if (use)
		use->whole = true;
	return 0;
}

static void add_spec(struct check_run *run, const struct object *o)
{
	const struct value *spec = pod_spec_of(o, NULL);
	struct uses_walk w = {run, o->ns};
	pod_refs_each(spec, "", NULL, add_ref, &w);
	if (spec && !value_get(spec, "serviceAccountName"))
		add_whole(run, KIND_SERVICE_ACCOUNT, o->ns, "default");
	/* Claims of a StatefulSet are named TEMPLATE-SET-N: those of replicas that are scaled away wait for their return. */
	for (value_each(t, o->kind->id == KIND_STATEFUL_SET ? value_get(o->spec, "volumeClaimTemplates") : NULL)) {
		const char *prefix = arena_printf(run->arena, "%s-%s-", value_str(value_at(t, "metadata.name"), ""), o->name);
		for (int64_t i = 0; i < 1000; i++) {
			struct use *use = use_of(run, KIND_PERSISTENT_VOLUME_CLAIM, o->ns, arena_printf(run->arena, "%s%lld", prefix, (long long)i));
			if (use)
				use->whole = true;
			else if (i > replicas_wanted(o))
				break;
		}
	}
}

static void add_accounts(struct check_run *run)
{
	static const char *const lists[] = {"secrets", "imagePullSecrets"};
	const struct object_list *accounts = inventory_list(run->inv, KIND_SERVICE_ACCOUNT);
	for (uint32_t i = 0; i < accounts->len; i++)
		for (size_t l = 0; l < ARRAY_LEN(lists); l++)
			for (value_each(s, value_get(&accounts->items[i]->root, lists[l])))
				add_whole(run, KIND_SECRET, accounts->items[i]->ns, value_get_str(s, "name"));
}

static void add_ingresses(struct check_run *run)
{
	const struct object_list *ingresses = inventory_list(run->inv, KIND_INGRESS);
	for (uint32_t i = 0; i < ingresses->len; i++) {
		const struct object *o = ingresses->items[i];
		for (value_each(t, value_get(o->spec, "tls")))
			add_whole(run, KIND_SECRET, o->ns, value_get_str(t, "secretName"));
		/* nginx.ingress.kubernetes.io/auth-secret: "name" or "namespace/name" */
		for (member_each(m, o->annotations)) {
			const char *text = value_str(&m->v, ""), *slash = strchr(text, '/');
			const char *ns = slash ? arena_strndup(run->arena, text, (size_t)(slash - text)) : o->ns;
			add_whole(run, KIND_SECRET, ns, slash ? slash + 1 : text);
			add_whole(run, KIND_CONFIG_MAP, ns, slash ? slash + 1 : text);
		}
	}
}

static void build(struct check_run *run)
{
	static const enum kind_id kinds[] = {KIND_POD,        KIND_DEPLOYMENT, KIND_REPLICA_SET, KIND_STATEFUL_SET,
					     KIND_DAEMON_SET, KIND_JOB,        KIND_CRON_JOB,    KIND_REPLICATION_CONTROLLER};
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *list = inventory_list(run->inv, kinds[k]);
		/* Pods of a template differ in their claims and in what admission adds, so that each is looked at; a ReplicaSet that its Deployment
		 * has scaled away is what one would go back to. */
		for (uint32_t i = 0; i < list->len; i++)
			add_spec(run, list->items[i]);
	}
	add_accounts(run);
	add_ingresses(run);
}

static const struct use *find_use(struct check_run *run, const struct object *o)
{
	if (!index_is_filled(run, INDEX_USES))
		build(run);
	return hash_get_ptr(index_table(run, INDEX_USES), o);
}

bool uses_object(struct check_run *run, const struct object *o)
{
	return find_use(run, o) != NULL;
}

bool uses_other_keys(struct check_run *run, const struct object *o, const char *key)
{
	const struct use *use = find_use(run, o);
	if (!use || use->whole || use->keys.len == 0)
		return false;
	for (uint32_t i = 0; i < use->keys.len; i++)
		if (str_eq(use->keys.items[i], key))
			return false;
	return true;
}
