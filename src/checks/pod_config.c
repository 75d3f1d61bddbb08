/* Pods whose ConfigMaps, Secrets or service account are not there. */
#include "base/near.h"
#include "checks/nearest.h"
#include "checks/pod.h"

/* Is the pod held up before its containers run? Only then does a missing reference explain anything. */
static const struct container_view *held_up(const struct pod_view *v)
{
	for (uint32_t i = 0; i < v->count; i++) {
		const struct container_view *c = &v->containers[i];
		if (c->state == CONTAINER_WAITING && str_eq(c->waiting_reason, "CreateContainerConfigError"))
			return c;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		const struct container_view *c = &v->containers[i];
		bool creating = c->state == CONTAINER_WAITING &&
				(str_eq(c->waiting_reason, "ContainerCreating") || str_eq(c->waiting_reason, "PodInitializing"));
		if (creating || (c->state == CONTAINER_UNKNOWN && c->role != CONTAINER_EPHEMERAL))
			return c;
	}
	return NULL;
}

/* The one key of what exists that is likest the wanted one: people misspell. */
static const char *nearest_key(const struct object *o, const char *key)
{
	struct near near;
	near_init(&near, key);
	for (member_each(m, value_get(&o->root, "data")))
		near_try(&near, m->key);
	return near.best;
}

static void add_missing(struct check_run *run, const struct pod_view *v, const struct container_view *c, const struct missing_ref *m)
{
	const struct object *o = v->object;
	const char *kind = kind_table[m->ref.kind].name;
	const struct container_view *user = *m->ref.container ? pod_view_container(v, m->ref.container) : NULL;
	const char *who = user ? container_text(run, v, user) : run_text(run, o);
	const char *near;
	struct finding *f;
	if (m->holder) {
		near = nearest_key(m->holder, m->ref.key);
		f = pod_finding(run, v, user, "%s cannot start: %s %s/%s has no key %s%s", who, kind, o->ns, m->ref.name, m->ref.key,
				near ? arena_printf(run->arena, " (it has %s)", near) : "");
		finding_absence(run, f, arena_printf(run->arena, "key %s of %s", m->ref.key, kind), o->ns, m->ref.name);
		finding_fix(run, f, "Add the key %s to %s %s/%s, or ask for %s.", m->ref.key, kind, o->ns, m->ref.name,
			    near ? near : "a key that it has");
	} else {
		near = nearest_name(run, m->ref.kind, o->ns, m->ref.name);
		f = pod_finding(run, v, user, "%s cannot start: %s %s/%s, which it needs for %s, does not exist%s", who, kind, o->ns, m->ref.name,
				ref_use_text(m->ref.use), near ? arena_printf(run->arena, " (%s does)", near) : "");
		finding_absence(run, f, kind, o->ns, m->ref.name);
		finding_fix(run, f, "Create %s %s in namespace %s, or correct %s%s.", kind, m->ref.name, o->ns, m->ref.path,
			    near ? arena_printf(run->arena, " to %s", near) : "");
	}
	finding_field(run, f, o, m->ref.path);
	if (c->state == CONTAINER_WAITING && *c->waiting_message)
		finding_field(run, f, o, container_status_path(run->arena, c, "state.waiting.message"));
	const struct event *e = pod_event(run, o, NULL, "FailedMount", m->ref.name);
	finding_event(run, f, e ? e : pod_event(run, o, NULL, "Failed", m->ref.name));
	finding_subject(run, f, m->ref.kind, o->ns, m->ref.name);
	f->subject.key = m->ref.key;
	f->since = o->created;
	pod_add_older_revision(run, f);
}

/* 'configmap "settings" not found', "couldn't find key mode in ConfigMap shop/settings", 'references non-existent secret key: x': what
 * kubelet says when the object itself cannot be seen. */
static bool parse_message(struct check_run *run, const char *message, enum kind_id *ret_kind, const char **ret_name, const char **ret_key)
{
	static const struct {
		const char *word;
		enum kind_id kind;
	} words[] = {{"configmap \"", KIND_CONFIG_MAP}, {"secret \"", KIND_SECRET}, {"ConfigMap ", KIND_CONFIG_MAP}, {"Secret ", KIND_SECRET}};
	const char *key = strstr(message, "find key ");
	*ret_key = NULL;
	if (key)
		*ret_key = arena_strndup(run->arena, key + 9, strcspn(key + 9, " "));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const char *p = strstr(message, words[i].word);
		if (!p || (i < 2) == (key != NULL))
			continue;
		p += strlen(words[i].word);
		size_t n = strcspn(p, "\" \n");
		const char *name = arena_strndup(run->arena, p, n), *slash = strchr(name, '/');
		*ret_name = slash ? slash + 1 : name;
		*ret_kind = words[i].kind;
		return **ret_name != 0;
	}
	return false;
}

/* Where the pod names what kubelet says is missing. */
struct said_walk {
	enum kind_id kind;
	const char *name;
	struct pod_ref found;
};

static int find_said(void *arg, const struct pod_ref *ref)
{
	struct said_walk *w = arg;
	if (ref->kind != w->kind || !str_eq(ref->name, w->name))
		return 0;
	w->found = *ref;
	return 1;
}

static void add_said(struct check_run *run, const struct pod_view *v, const struct container_view *c, const char *message, const struct event *e)
{
	enum kind_id kind;
	const char *name, *key;
	if (!parse_message(run, message, &kind, &name, &key))
		return;
	const struct object *now = inventory_find(run->inv, kind, v->object->ns, name);
	struct finding *f = pod_finding(run, v, c, "%s cannot start: %s", c ? container_text(run, v, c) : run_text(run, v->object), message);
	if (e)
		finding_event(run, f, e);
	else
		finding_field(run, f, v->object, container_status_path(run->arena, c, "state.waiting.message"));
	struct said_walk w = {kind, name, {0}};
	if (pod_refs_each(v->object->spec, "spec", run->arena, find_said, &w))
		finding_field(run, f, v->object, w.found.path);
	if (now && (!key || object_has_key(now, key) == 1))
		finding_fix(run, f, "%s %s exists by now: kubelet will try again within two minutes.", kind_table[kind].name, name);
	else if (key)
		finding_fix(run, f, "Add the key %s to %s %s/%s, or correct the reference.", key, kind_table[kind].name, v->object->ns, name);
	else
		finding_fix(run, f, "Create %s %s in namespace %s, or correct %s.", kind_table[kind].name, name, v->object->ns,
			    w.found.path ? w.found.path : "the reference");
	finding_subject(run, f, kind, v->object->ns, name);
	f->subject.key = key;
	f->since = v->object->created;
}

static void run_config_missing(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	const struct container_view *c = pod_is_alive(v) && *v->node ? held_up(v) : NULL;
	uint32_t found = 0;
	if (!c)
		return;
	struct missing_ref_list list = pod_missing_refs(run, o);
	for (uint32_t i = 0; i < list.len; i++) {
		if (list.items[i].ref.kind != KIND_CONFIG_MAP && list.items[i].ref.kind != KIND_SECRET)
			continue;
		add_missing(run, v, c, &list.items[i]);
		found++;
	}
	if (found)
		return;
	if (str_eq(c->waiting_reason, "CreateContainerConfigError")) {
		add_said(run, v, c, c->waiting_message, NULL);
		return;
	}
	const struct event *e = pod_event(run, o, NULL, "FailedMount", "not found");
	if (!e)
		e = pod_event(run, o, NULL, "FailedMount", "non-existent");
	if (e && run_age(run, e->last) < run->options->recovered_after)
		add_said(run, v, NULL, e->message, e);
}

static void run_service_account_missing(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	const char *name = value_str(value_get(o->spec, "serviceAccountName"), "default");
	if (!pod_is_alive(v) || !inventory_sees(run->inv, KIND_SERVICE_ACCOUNT, o->ns) || inventory_find(run->inv, KIND_SERVICE_ACCOUNT, o->ns, name))
		return;
	/* A pod written by hand for a test, or of a server without the admission plug-in, may name none at all. */
	if (!value_get(o->spec, "serviceAccountName"))
		return;
	struct finding *f = finding_new(run, o, "%s runs as ServiceAccount %s/%s, which does not exist: its token cannot be renewed",
					run_text(run, o), o->ns, name);
	finding_field(run, f, o, "spec.serviceAccountName");
	finding_absence(run, f, "ServiceAccount", o->ns, name);
	finding_event(run, f, pod_event(run, o, NULL, "FailedMount", "serviceaccount"));
	finding_subject(run, f, KIND_SERVICE_ACCOUNT, o->ns, name);
	finding_fix(run, f, "Create ServiceAccount %s in namespace %s, with the rights its pods need.", name, o->ns);
	finding_propose_strings(run, f, "create", "low", "kind", "ServiceAccount", "namespace", o->ns, "name", name, NULL);
	f->proposal->target = f->subject;
	if (v->ready)
		f->severity = SEVERITY_WARNING;
}

const struct check check_pod_config_missing = {
	.id = "pod/config-missing",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "ConfigMap, Secret or key is missing",
	.explain =
		"The pod is on its node, but a ConfigMap or Secret that it must have (or one key of it) does not exist, so that its containers "
		"are not created.\n\n"
		"Every reference of the pod (volumes, projected volumes, env, envFrom) that is not optional is looked up. Where the kind could not "
		"be read, what kubelet says is used: CreateContainerConfigError and FailedMount events. Keys of Secrets are only judged where "
		"their names are known.",
	.fix = "Create the missing object in the pod's namespace, or correct the reference.",
	.run = run_config_missing,
};

const struct check check_pod_service_account_missing = {
	.id = "pod/service-account-missing",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Service account of a pod does not exist",
	.explain = "The pod names a ServiceAccount that was deleted after the pod was made: its token volume cannot be mounted or renewed.",
	.fix = "Create the ServiceAccount again.",
	.run = run_service_account_missing,
};
