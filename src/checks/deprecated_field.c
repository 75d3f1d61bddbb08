/* Annotations, node labels and kinds of volumes that Kubernetes deprecates or no longer knows, in what makes pods and in what people write. */
#include "checks/check.h"

/* From https://kubernetes.io/docs/reference/labels-annotations-taints/ and the change logs. A name that ends in '/' is a prefix. */
static const struct annotation {
	const char *name;
	int deprecated, ignored; /* in 1.N; ignored 0 = it still has its effect */
	const char *instead;
} annotations[] = {
	{"kubernetes.io/ingress.class", 18, 0, "spec.ingressClassName"},
	{"container.apparmor.security.beta.kubernetes.io/", 30, 0, "securityContext.appArmorProfile"},
	{"container.seccomp.security.alpha.kubernetes.io/", 19, 27, "securityContext.seccompProfile"},
	{"seccomp.security.alpha.kubernetes.io/", 19, 27, "securityContext.seccompProfile"},
	{"scheduler.alpha.kubernetes.io/critical-pod", 13, 16, "spec.priorityClassName"},
	{"service.alpha.kubernetes.io/tolerate-unready-endpoints", 11, 0, "spec.publishNotReadyAddresses"},
	{"service.kubernetes.io/topology-aware-hints", 27, 0, "spec.trafficDistribution"},
	{"storageclass.beta.kubernetes.io/is-default-class", 6, 0, "the annotation storageclass.kubernetes.io/is-default-class"},
	{"volume.beta.kubernetes.io/storage-class", 6, 0, "spec.storageClassName"},
};

static const struct annotation *find_annotation(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(annotations); i++) {
		size_t n = strlen(annotations[i].name);
		if (strncmp(name, annotations[i].name, n) == 0 && (!name[n] || annotations[i].name[n - 1] == '/'))
			return &annotations[i];
	}
	return NULL;
}

static void add_annotations(struct check_run *run, const struct object *o, const struct value *map, const char *path)
{
	for (member_each(m, map)) {
		const struct annotation *a = find_annotation(m->key);
		if (!a)
			continue;
		const char *what = a->ignored ? arena_printf(run->arena, "which has no effect since Kubernetes 1.%d", a->ignored)
					      : arena_printf(run->arena, "which is deprecated since Kubernetes 1.%d", a->deprecated);
		struct finding *f = finding_new(run, o, "%s has the annotation %s, %s", run_text(run, o), m->key, what);
		finding_fieldf(run, f, o, "%s['%s']", path, m->key);
		finding_fix(run, f, "Use %s instead.", a->instead);
		finding_subject_text(run, f, "Annotation", a->name);
	}
}

static const struct node_label {
	const char *name, *instead;
} node_labels[] = {
	{"beta.kubernetes.io/arch", "kubernetes.io/arch"},
	{"beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"},
	{"beta.kubernetes.io/os", "kubernetes.io/os"},
	{"failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"},
	{"failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"},
	{"node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"},
};

static void add_node_labels(struct check_run *run, const struct object *o, const struct value *spec, const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(node_labels); i++) {
		if (!value_get(value_get(spec, "nodeSelector"), node_labels[i].name))
			continue;
		struct finding *f =
			finding_new(run, o, "%s selects nodes by the label %s, which is deprecated", run_text(run, o), node_labels[i].name);
		finding_fieldf(run, f, o, "%s.nodeSelector['%s']", path, node_labels[i].name);
		finding_fix(run, f, "Select by %s instead.", node_labels[i].instead);
		finding_subject_text(run, f, "Label", node_labels[i].name);
	}
}

/* From https://kubernetes.io/docs/concepts/storage/volumes/. driver: the CSI driver to which the type is redirected. */
static const struct plugin {
	const char *field;
	int deprecated, removed; /* in 1.N; removed 0 = a CSI driver takes its place */
	const char *driver;
} plugins[] = {
	{"awsElasticBlockStore", 17, 0, "ebs.csi.aws.com"},
	{"azureDisk", 19, 0, "disk.csi.azure.com"},
	{"azureFile", 21, 0, "file.csi.azure.com"},
	{"cephfs", 28, 31, "cephfs.csi.ceph.com"},
	{"cinder", 11, 0, "cinder.csi.openstack.org"},
	{"flocker", 22, 25, ""},
	{"gcePersistentDisk", 17, 0, "pd.csi.storage.gke.io"},
	{"gitRepo", 11, 33, ""},
	{"glusterfs", 25, 26, ""},
	{"portworxVolume", 25, 0, "pxd.portworx.com"},
	{"quobyte", 22, 25, ""},
	{"rbd", 28, 31, "rbd.csi.ceph.com"},
	{"scaleIO", 16, 21, ""},
	{"storageos", 22, 25, ""},
	{"vsphereVolume", 19, 0, "csi.vsphere.vmware.com"},
};

struct volume {
	const struct plugin *plugin;
	const char *what, *path;
};

static const struct plugin *plugin_of(const struct value *source)
{
	for (size_t i = 0; i < ARRAY_LEN(plugins); i++)
		if (value_get(source, plugins[i].field))
			return &plugins[i];
	return NULL;
}

/* Calls fn for each volume of an old type: of a PersistentVolume, or of what makes pods. */
static void each_volume(struct check_run *run, const struct object *o,
			void (*fn)(struct check_run *run, const struct object *o, const struct volume *v))
{
	const char *path = "";
	const struct value *spec = o->kind->id == KIND_PERSISTENT_VOLUME ? NULL : pod_spec_of(o, &path);
	const struct plugin *p = o->kind->id == KIND_PERSISTENT_VOLUME ? plugin_of(o->spec) : NULL;
	uint32_t i = 0;
	if (p)
		fn(run, o, &(struct volume){p, "is", arena_printf(run->arena, "spec.%s", p->field)});
	for (value_each(v, value_get(spec, "volumes"))) {
		uint32_t index = i++;
		p = plugin_of(v);
		if (p)
			fn(run, o,
			   &(struct volume){p, arena_printf(run->arena, "has volume %s, which is", value_get_str(v, "name")),
					    arena_printf(run->arena, "%s.volumes[%u].%s", path, index, p->field)});
	}
}

static bool is_removed(const struct check_run *run, const struct plugin *p)
{
	return p->removed && run_target_minor(run) >= p->removed;
}

static void add_removed(struct check_run *run, const struct object *o, const struct volume *v)
{
	const struct plugin *p = v->plugin;
	if (!is_removed(run, p))
		return;
	struct finding *f = finding_new(run, o, "%s %s of the type %s, which Kubernetes 1.%d does not mount any more", run_text(run, o), v->what,
					p->field, p->removed);
	finding_field_text(run, f, o, v->path, p->field);
	finding_subject_text(run, f, "VolumeType", p->field);
	if (str_eq(p->field, "gitRepo"))
		finding_fix(run, f, "Clone the repository in an init container into an emptyDir volume.");
	else if (*p->driver)
		finding_fix(run, f, "Move the data to a volume of the CSI driver %s.", p->driver);
}

static void add_deprecated(struct check_run *run, const struct object *o, const struct volume *v)
{
	const struct plugin *p = v->plugin;
	int coming = run_target_minor(run);
	if (is_removed(run, p) || (coming && p->deprecated > coming))
		return;
	struct finding *f = finding_new(run, o, "%s %s of the type %s, which is deprecated since Kubernetes 1.%d", run_text(run, o), v->what,
					p->field, p->deprecated);
	finding_field_text(run, f, o, v->path, p->field);
	finding_subject_text(run, f, "VolumeType", p->field);
	finding_fix(run, f, *p->driver ? "Use a volume of the CSI driver %s." : "Use a volume of a CSI driver.", p->driver);
}

/* What a controller makes is told of the controller. */
static bool is_made(const struct object *o)
{
	return o->deleted || o->owner || value_len(value_get(o->metadata, "ownerReferences"));
}

static void run_removed(struct check_run *run, const struct object *o)
{
	if (!is_made(o))
		each_volume(run, o, add_removed);
}

static void run_field(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = pod_spec_of(o, &path);
	if (is_made(o))
		return;
	/* The API server itself writes some of them into pods. */
	if (o->kind->id != KIND_POD)
		add_annotations(run, o, o->annotations, "metadata.annotations");
	if (spec && o->kind->id != KIND_POD) {
		const char *template = arena_printf(run->arena, "%.*s.metadata.annotations", (int)(strlen(path) - strlen(".spec")), path);
		add_annotations(run, o, value_at(&o->root, template), template);
	}
	add_node_labels(run, o, spec, path);
	each_volume(run, o, add_deprecated);
}

#define POD_MAKERS                                                                                                                                   \
	(KIND_BIT(KIND_POD) | KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_REPLICA_SET) | KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET) |     \
	 KIND_BIT(KIND_JOB) | KIND_BIT(KIND_CRON_JOB) | KIND_BIT(KIND_REPLICATION_CONTROLLER))

const struct check check_object_deprecated_field = {
	.id = "object/deprecated-field",
	.kind = KIND_INGRESS,
	.also = POD_MAKERS | KIND_BIT(KIND_SERVICE) | KIND_BIT(KIND_STORAGE_CLASS) | KIND_BIT(KIND_PERSISTENT_VOLUME) |
		KIND_BIT(KIND_PERSISTENT_VOLUME_CLAIM),
	.severity = SEVERITY_INFO,
	.advice = true,
	.title = "Uses something deprecated",
	.explain = "An annotation that a field has replaced, a node label that has a new name, or a volume of a type that a CSI driver has replaced. "
		   "It works for now, unless the finding says that it has no effect.",
	.fix = "Use what has replaced it.",
	.run = run_field,
};

const struct check check_object_volume_removed = {
	.id = "object/volume-removed",
	.kind = KIND_PERSISTENT_VOLUME,
	.also = POD_MAKERS,
	.severity = SEVERITY_WARNING,
	.title = "A volume of a removed type",
	.explain =
		"The volume is of a type whose code Kubernetes has removed (cephfs, rbd, glusterfs, flocker, quobyte, storageos, scaleIO) or switched off "
		"(gitRepo), in the server's version, in the one after it, or in --target-version. Pods with it do not start there.",
	.fix = "Move the data to a volume of a CSI driver.",
	.run = run_removed,
};
