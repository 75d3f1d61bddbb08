/* Pods that have a node and whose containers are not created. */
#include "checks/pod.h"

/* Is the pod on a node with no container started, and nothing more exact known of any of them? */
static bool is_creating(struct check_run *run, const struct pod_view *v)
{
	if (!pod_is_alive(v) || !*v->node || v->count == 0 || pod_has_failure(run, v))
		return false;
	for (uint32_t i = 0; i < v->count; i++) {
		const struct container_view *c = &v->containers[i];
		if (c->role == CONTAINER_EPHEMERAL)
			continue;
		bool creating = c->state == CONTAINER_UNKNOWN ||
				(c->state == CONTAINER_WAITING && (!*c->waiting_reason || str_eq(c->waiting_reason, "ContainerCreating") ||
								   str_eq(c->waiting_reason, "PodInitializing")));
		if (!creating)
			return false;
	}
	return true;
}

static bool is_young(struct check_run *run, const struct object *o)
{
	return o->created && pod_age(run, o) < run->options->startup_grace;
}

static const struct event *lately(struct check_run *run, const struct object *o, const char *reason)
{
	const struct event *e = pod_event(run, o, NULL, reason, NULL);
	return e && run_age(run, e->last) < run->options->recovered_after ? e : NULL;
}

static bool has_missing_config(struct check_run *run, const struct object *o, struct missing_ref_list *list)
{
	*list = pod_missing_refs(run, o);
	for (uint32_t i = 0; i < list->len; i++)
		if (list->items[i].ref.kind == KIND_CONFIG_MAP || list->items[i].ref.kind == KIND_SECRET)
			return true;
	return false;
}

static void run_sandbox(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	const struct event *e = is_creating(run, v) ? lately(run, o, "FailedCreatePodSandBox") : NULL;
	/* One failure while the network plug-in comes up is normal. */
	if (!e || (e->count < 2 && is_young(run, o)))
		return;
	const char *words = strstr(e->message, "desc = ");
	struct finding *f =
		finding_new(run, o, "The sandbox of %s cannot be made on node %s: %s", run_text(run, o), v->node, words ? words + 7 : e->message);
	finding_event(run, f, e);
	finding_field(run, f, o, "spec.nodeName");
	finding_subject(run, f, KIND_NODE, "", v->node);
	if (strstr(e->message, "cni") || strstr(e->message, "CNI") || strstr(e->message, "network"))
		finding_fix(run, f, "See whether the network plug-in's pod on node %s runs, and whether it has addresses left.", v->node);
	f->since = e->first;
}

static const char *creating_fix(struct check_run *run, const struct pod_view *v, const struct event *e)
{
	if (!e)
		return arena_printf(run->arena, "Look at kubelet on node %s (journalctl -u kubelet): it says nothing about this pod.", v->node);
	if (strstr(e->message, "Multi-Attach"))
		return "The volume can be on one node at a time and is still on another: wait for its old pod to go, or delete that pod.";
	if (str_eq(e->reason, "FailedAttachVolume"))
		return "See the storage driver's controller and the VolumeAttachment of this volume.";
	const char *known = pod_mount_fix(run, v->object, e->message);
	if (known)
		return known;
	return "Mend what the mount error names: the volume's server, path, options or driver.";
}

static void run_creating(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	struct missing_ref_list missing;
	if (!is_creating(run, v))
		return;
	const struct event *e = lately(run, o, "FailedAttachVolume");
	if (!e)
		e = lately(run, o, "FailedMount");
	if ((is_young(run, o) && (!e || e->count < 3)) || has_missing_config(run, o, &missing))
		return;
	/* What kubelet says of a missing object belongs to pod/config-missing, whether or not that object was seen. */
	if (e && (strstr(e->message, "configmap") || strstr(e->message, "secret")) &&
	    (strstr(e->message, "not found") || strstr(e->message, "non-existent")))
		return;
	if (!e && lately(run, o, "FailedCreatePodSandBox"))
		return;
	const struct event *pulling = lately(run, o, "Pulling");
	if (!e && pulling && pod_age(run, o) < 10 * run->options->startup_grace)
		return; /* a big image */
	const char *age = o->created ? arena_printf(run->arena, " for %s", run_ago(run, o->created)) : "";
	struct finding *f =
		finding_new(run, o, "%s has been waiting for its containers to be created%s on node %s: %s", run_text(run, o), age, v->node,
			    e         ? e->message
			    : pulling ? "an image is still being pulled"
				      : "no event says why");
	const struct container_view *c = &v->containers[0];
	if (c->state == CONTAINER_WAITING && *c->waiting_reason)
		finding_field(run, f, o, container_status_path(run->arena, c, "state.waiting.reason"));
	else
		finding_field(run, f, o, "spec.nodeName");
	finding_event(run, f, e ? e : pulling);
	for (uint32_t i = 0; i < missing.len; i++)
		if (missing.items[i].ref.kind == KIND_PERSISTENT_VOLUME_CLAIM)
			finding_subject(run, f, KIND_PERSISTENT_VOLUME_CLAIM, o->ns, missing.items[i].ref.name);
	if (f->subject.kind == KIND_COUNT && !e)
		finding_subject(run, f, KIND_NODE, "", v->node);
	f->fix = creating_fix(run, v, e);
	f->since = o->created;
	if (e)
		pod_add_attach(run, f, o, e);
}

const struct check check_pod_sandbox_failed = {
	.id = "pod/sandbox-failed",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Pod sandbox cannot be made",
	.explain = "The node cannot make the pod's sandbox: the network plug-in fails, or the runtime does (event FailedCreatePodSandBox).\n\n"
		   "Several pods of one node with this trouble point at the node.",
	.fix = "See the network plug-in and the container runtime of the node.",
	.run = run_sandbox,
};

const struct check check_pod_container_creating_stuck = {
	.id = "pod/container-creating-stuck",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Containers are not created",
	.explain =
		"The pod has a node, and its containers stay in ContainerCreating: a volume cannot be attached or mounted, or kubelet does not get to it.\n\n"
		"Missing ConfigMaps and Secrets are reported by pod/config-missing, a failing sandbox by pod/sandbox-failed. Without any event a pod is "
		"reported once it is older than startup_grace.",
	.fix = "Look at the pod's FailedMount and FailedAttachVolume events and at kubelet on its node.",
	.run = run_creating,
};
