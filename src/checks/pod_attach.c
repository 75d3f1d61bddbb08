/* Volumes that do not come to their pod: who holds them, and what the words of the mount error mean. */
#include "checks/pod.h"

static const char *between(struct check_run *run, const char *text, const char *before, const char *ends)
{
	const char *p = strstr(text, before);
	return p ? arena_strndup(run->arena, p + strlen(before), strcspn(p + strlen(before), ends)) : NULL;
}

static const struct object *attachment_of(struct check_run *run, const char *volume, const char *but_node)
{
	const struct object_list *list = inventory_list(run->inv, KIND_VOLUME_ATTACHMENT);
	for (uint32_t i = 0; i < list->len; i++)
		if (str_eq(value_str(value_at(list->items[i]->spec, "source.persistentVolumeName"), ""), volume) &&
		    !str_eq(value_get_str(list->items[i]->spec, "nodeName"), but_node))
			return list->items[i];
	return NULL;
}

struct user {
	const char *claim;
	bool uses;
};

static int is_user(void *arg, const struct pod_ref *ref)
{
	struct user *u = arg;
	u->uses = u->uses || (ref->kind == KIND_PERSISTENT_VOLUME_CLAIM && str_eq(ref->name, u->claim));
	return u->uses;
}

/* A pod other than this one, on that node, that mounts the claim. */
static const struct object *user_on(struct check_run *run, const char *node, const struct object *pod, const char *claim)
{
	const struct object_list *pods = inventory_pods_on(run->inv, node);
	for (uint32_t i = 0; i < pods->len; i++) {
		struct user u = {.claim = claim};
		if (pods->items[i] == pod || !str_eq(pods->items[i]->ns, pod->ns))
			continue;
		pod_refs_each(pods->items[i]->spec, "", NULL, is_user, &u);
		if (u.uses)
			return pods->items[i];
	}
	return NULL;
}

static void add_holder(struct check_run *run, struct finding *f, const struct object *pod, const struct object *attachment,
		       const struct object *holder, const char *node_name)
{
	const struct object *node = inventory_find(run->inv, KIND_NODE, "", node_name);
	const char *ready = node ? condition_status(node, "Ready") : "";
	bool gone = !node && inventory_sees(run->inv, KIND_NODE, NULL), lost = gone || (*ready && !str_eq(ready, "True"));
	const char *state = gone ? ", which no longer exists" : lost ? ", which is not ready" : "";
	f->message = arena_printf(run->arena, "%s; it is attached to node %s%s%s%s%s", f->message, node_name, state, holder ? ", where " : "",
				  holder ? run_text(run, holder) : "", holder ? holder->deleted ? " is ending and still uses it" : " uses it" : "");
	if (attachment)
		finding_field(run, f, attachment, "spec.nodeName");
	if (holder)
		finding_field(run, f, holder, "spec.nodeName");
	if (lost && node)
		finding_subject_object(run, f, node);
	else if (holder && holder->deleted) /* one that runs is no trouble of its own, and what troubles it does not matter here */
		finding_subject_object(run, f, holder);
	const struct object *top = object_top_owner(pod);
	bool same = holder && top != pod && object_top_owner(holder) == top && top->kind->id == KIND_DEPLOYMENT;
	if (lost)
		finding_fix(
			run, f,
			"Bring node %s back; only when it is certainly off: taint it node.kubernetes.io/out-of-service=nodeshutdown:NoExecute, which "
			"lets its volumes go.",
			node_name);
	else if (same && value_get_int(top->spec, "replicas", 1) > 1)
		finding_fix(
			run, f,
			"%s wants %lld replicas with one ReadWriteOnce volume: use a StatefulSet, a volume that is ReadWriteMany, or one replica.",
			run_text(run, top), (long long)value_get_int(top->spec, "replicas", 1));
	else if (same)
		finding_fix(run, f,
			    "Set spec.strategy.type of %s to Recreate: a rolling update starts the new pod before the old one lets the volume go.",
			    run_text(run, top));
	else if (holder)
		finding_fix(run, f, "Wait until %s has ended, or end it: the volume can be on one node at a time.", run_text(run, holder));
}

void pod_add_attach(struct check_run *run, struct finding *f, const struct object *pod, const struct event *e)
{
	const char *name = between(run, e->message, "for volume \"", "\""), *node_name = value_get_str(pod->spec, "nodeName");
	const struct object *volume = name ? inventory_find(run->inv, KIND_PERSISTENT_VOLUME, "", name) : NULL;
	if (!strstr(e->message, "Multi-Attach") || !name)
		return;
	const struct object *attachment = attachment_of(run, name, node_name), *holder = NULL;
	const char *claim = volume ? value_str(value_at(volume->spec, "claimRef.name"), "") : "";
	const char *used_by = between(run, e->message, "already used by pod(s) ", ", \n");
	const char *where = attachment ? value_get_str(attachment->spec, "nodeName") : "";
	if (attachment && *claim)
		holder = user_on(run, where, pod, claim);
	if (!holder && used_by)
		holder = inventory_find(run->inv, KIND_POD, pod->ns, used_by);
	if (holder && !*where)
		where = value_get_str(holder->spec, "nodeName");
	if (*where)
		add_holder(run, f, pod, attachment, holder, where);
}

const char *pod_mount_fix(struct check_run *run, const struct object *pod, const char *message)
{
	static const struct {
		const char *part, *fix;
	} known[] = {
		{"access denied by server", "Let the NFS server's export allow this node."},
		{"mount.nfs: Connection timed out", "See that the node reaches the NFS server (its address, port 2049, firewalls)."},
		{"mount.nfs: Connection refused", "See that the NFS server runs and listens on port 2049."},
		{"mount.nfs: Failed to resolve server", "Correct the NFS server's name: nodes resolve it by their own DNS, not by the cluster's."},
		{"mount.nfs: No route to host", "See that the node reaches the NFS server (routes, firewall)."},
		{"bad option; for several filesystems", "Install the mount helper on the node (nfs-common or nfs-utils, cifs-utils)."},
		{"mount program", "Install the mount helper that the message names on the node."},
		{"wrong fs type", "The disk holds another file system than fsType says, a damaged one, or the node lacks its helper: see the disk."},
		{"hostPath type check failed", "The hostPath is not on the node, or of another type: create it there, or correct path and type."},
		{"failed to prepare subPath", "Correct subPath: the volume has no such directory, or it leads out of the volume."},
		{"no space left on device", "The volume or the node's disk is full: free space on it."},
	};
	const char *driver = between(run, message, "driver name ", " ");
	if (driver && strstr(message, "not found in the list of registered CSI drivers"))
		return arena_printf(run->arena, "The node plug-in of CSI driver %s does not run on node %s: see its DaemonSet's pod there.", driver,
				    value_get_str(pod->spec, "nodeName"));
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strstr(message, known[i].part))
			return known[i].fix;
	const char *path = between(run, message, "mounting ", " ");
	if (path && strchr(path, ':') && strstr(message, "failed, reason given by server: No such file or directory"))
		return arena_printf(run->arena, "The NFS server has no export %s: correct server and path of the volume.", path);
	return NULL;
}
