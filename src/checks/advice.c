/* What the checks that only advise share: whom they speak to, and how they name what they found. */
#include "checks/advice.h"

bool advice_is_system(const char *ns)
{
	return strncmp(ns, "kube-", 5) == 0 || strncmp(ns, "openshift-", 10) == 0;
}

bool advice_is_built_in(const struct object *o)
{
	return advice_is_system(o->ns) || strncmp(o->name, "system:", 7) == 0 || strncmp(o->name, "kubeadm:", 8) == 0 ||
	       value_get(o->labels, "kubernetes.io/bootstrapping");
}

static bool has_controller(const struct object *o)
{
	if (o->owner)
		return true;
	for (value_each(owner, value_get(o->metadata, "ownerReferences")))
		if (value_get_bool(owner, "controller", false))
			return true;
	return false;
}

const struct value *advice_template(const struct object *o, const char **ret_path)
{
	enum kind_id kind = o->kind->id;
	/* An operator's Deployment is the only place where its pods are described; a ReplicaSet's or a Job's owner describes them itself. */
	bool often_made = kind == KIND_POD || kind == KIND_JOB || kind == KIND_REPLICA_SET || kind == KIND_REPLICATION_CONTROLLER;
	const char *phase = kind == KIND_POD ? value_get_str(o->status, "phase") : "";
	if (o->deleted || advice_is_system(o->ns) || (often_made && has_controller(o)) || str_eq(phase, "Succeeded") || str_eq(phase, "Failed") ||
	    (kind == KIND_JOB && value_get(o->status, "completionTime")))
		return NULL;
	return pod_spec_of(o, ret_path);
}

bool advice_is_service(const struct object *o)
{
	return o->kind->id != KIND_JOB && o->kind->id != KIND_CRON_JOB &&
	       !(o->kind->id == KIND_POD && !str_eq(value_str(value_get(o->spec, "restartPolicy"), "Always"), "Always"));
}

static void add_container(struct check_run *run, struct containers *found, const struct value *c, const char *path, const char *list, uint32_t index)
{
	const char *name = value_get_str(c, "name");
	found->count++;
	if (found->count == 1) {
		found->first = c;
		found->path = arena_printf(run->arena, "%s.%s[%u]", path, list, index);
		found->text = name;
	} else if (found->count == 2) {
		found->text = arena_printf(run->arena, "%s and %s", found->text, name);
	}
}

struct containers advice_containers(struct check_run *run, const struct value *spec, const char *path, bool init, container_test *test,
				    const void *arg)
{
	static const char *const lists[] = {"containers", "initContainers"};
	struct containers found = {0};
	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		uint32_t i = 0;
		for (value_each(c, value_get(spec, lists[l]))) {
			uint32_t index = i++;
			bool sidecar = l == 1 && str_eq(value_get_str(c, "restartPolicy"), "Always");
			if ((l == 0 || sidecar || init) && test(c, arg))
				add_container(run, &found, c, path, lists[l], index);
		}
	}
	if (found.count > 2)
		found.text = arena_printf(run->arena, "containers %s and %u more", value_get_str(found.first, "name"), found.count - 1);
	else if (found.count)
		found.text = arena_printf(run->arena, "container%s %s", found.count == 1 ? "" : "s", found.text);
	return found;
}
