/* PersistentVolumes and StorageClasses. */
#include "checks/check.h"

static void add_volume(struct check_run *run, const struct object *o, const char *what)
{
	const char *claim = value_str(value_at(o->spec, "claimRef.name"), ""), *ns = value_str(value_at(o->spec, "claimRef.namespace"), "");
	const char *message = value_get_str(o->status, "message");
	const char *of = *claim ? arena_printf(run->arena, " (it belonged to claim %s/%s)", ns, claim) : "";
	struct finding *f = finding_new(run, o, "%s %s%s%s%s", run_text(run, o), what, of, *message ? ": " : "", message);
	finding_field(run, f, o, "status.phase");
	if (*claim)
		finding_field(run, f, o, "spec.claimRef.name");
	if (*message)
		finding_field(run, f, o, "status.message");
	f->since = value_get_time(o->status, "lastPhaseTransitionTime");
}

static void run_released(struct check_run *run, const struct object *o)
{
	if (!o->deleted && str_eq(value_get_str(o->status, "phase"), "Released"))
		add_volume(run, o, "is released: its data is kept, and no other claim can have it");
}

static void run_failed(struct check_run *run, const struct object *o)
{
	if (str_eq(value_get_str(o->status, "phase"), "Failed"))
		add_volume(run, o, "could not be reclaimed");
}

/* Every volume is pending for a moment. */
static void run_pending(struct check_run *run, const struct object *o)
{
	if (!o->deleted && o->created && run_age(run, o->created) >= run->options->recovered_after &&
	    str_eq(value_get_str(o->status, "phase"), "Pending"))
		add_volume(run, o, "is still pending: it cannot be bound");
}

static bool is_default(const struct object *o)
{
	return str_eq(value_get_str(o->annotations, "storageclass.kubernetes.io/is-default-class"), "true");
}

static void run_many_defaults(struct check_run *run, const struct object *none)
{
	const struct object_list *classes = inventory_list(run->inv, KIND_STORAGE_CLASS);
	const struct object *first = NULL, *second = NULL;
	uint32_t count = 0;
	for (uint32_t i = 0; i < classes->len; i++) {
		if (!is_default(classes->items[i]))
			continue;
		if (!first)
			first = classes->items[i];
		else if (!second)
			second = classes->items[i];
		count++;
	}
	if (count < 2)
		return;
	struct finding *f = finding_new(run, second, "%u storage classes are the default (%s, %s%s): the newest is taken", count, first->name,
					second->name, count > 2 ? " ..." : "");
	finding_field(run, f, first, "metadata.annotations['storageclass.kubernetes.io/is-default-class']");
	finding_field(run, f, second, "metadata.annotations['storageclass.kubernetes.io/is-default-class']");
}

static void run_deprecated(struct check_run *run, const struct object *o)
{
	static const char *const gone[][2] = {
		{"kubernetes.io/aws-ebs", "ebs.csi.aws.com"},
		{"kubernetes.io/gce-pd", "pd.csi.storage.gke.io"},
		{"kubernetes.io/azure-disk", "disk.csi.azure.com"},
		{"kubernetes.io/azure-file", "file.csi.azure.com"},
		{"kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"},
		{"kubernetes.io/cinder", "cinder.csi.openstack.org"},
		{"kubernetes.io/portworx-volume", "pxd.portworx.com"},
		{"kubernetes.io/rbd", "rbd.csi.ceph.com"},
		{"kubernetes.io/cephfs", "cephfs.csi.ceph.com"},
		{"kubernetes.io/glusterfs", NULL},
		{"kubernetes.io/quobyte", NULL},
		{"kubernetes.io/storageos", NULL},
		{"kubernetes.io/scaleio", NULL},
		{"kubernetes.io/flocker", NULL},
	};
	const char *provisioner = value_get_str(&o->root, "provisioner");
	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		if (!str_eq(provisioner, gone[i][0]))
			continue;
		struct finding *f = finding_new(run, o, "%s uses the provisioner %s, which Kubernetes has given up%s%s", run_text(run, o),
						provisioner, gone[i][1] ? " for " : "", gone[i][1] ? gone[i][1] : "");
		finding_field(run, f, o, "provisioner");
		if (gone[i][1])
			finding_fix(run, f, "Create a StorageClass with provisioner %s and move new claims there.", gone[i][1]);
	}
}

const struct check check_pv_released = {
	.id = "pv/released",
	.kind = KIND_PERSISTENT_VOLUME,
	.severity = SEVERITY_INFO,
	.title = "Volume is released and kept",
	.explain = "The volume's claim was deleted, and its reclaim policy is Retain: the data is kept, costs storage, and cannot be claimed again.",
	.fix = "Delete the volume once its data is not needed, or take spec.claimRef out to let a claim have it again.",
	.peers = "k8sgpt Storage",
	.run = run_released,
};

const struct check check_pv_failed = {
	.id = "pv/failed",
	.kind = KIND_PERSISTENT_VOLUME,
	.severity = SEVERITY_ERROR,
	.title = "Volume could not be reclaimed",
	.explain = "The volume's claim is gone, and deleting or recycling the volume failed (phase Failed).",
	.fix = "See status.message and the storage driver; delete the volume by hand when its data is not needed.",
	.peers = "k8sgpt Storage; Popeye 1002",
	.run = run_failed,
};

const struct check check_pv_pending = {
	.id = "pv/pending",
	.kind = KIND_PERSISTENT_VOLUME,
	.severity = SEVERITY_WARNING,
	.title = "Volume is pending",
	.explain = "The volume was made longer than recovered_after ago, and the volume controller has not made it available.",
	.fix = "See whether kube-controller-manager works, and the volume's events.",
	.peers = "Popeye 1001",
	.run = run_pending,
};

const struct check check_storageclass_many_defaults = {
	.id = "storageclass/many-defaults",
	.kind = KIND_COUNT,
	.severity = SEVERITY_INFO,
	.title = "Several storage classes are the default",
	.explain =
		"More than one StorageClass carries the annotation storageclass.kubernetes.io/is-default-class: claims without a class get the newest of them, "
		"which surprises.",
	.fix = "Leave the annotation on one class.",
	.peers = "k8sgpt Storage",
	.run = run_many_defaults,
};

const struct check check_storageclass_deprecated_provisioner = {
	.id = "storageclass/deprecated-provisioner",
	.kind = KIND_STORAGE_CLASS,
	.severity = SEVERITY_INFO,
	.title = "Provisioner is no longer part of Kubernetes",
	.explain = "The class uses an in-tree volume plug-in that was removed or is only translated to its CSI driver.",
	.fix = "Use the CSI driver's provisioner.",
	.peers = "k8sgpt Storage",
	.run = run_deprecated,
};
