/* PersistentVolumeClaims. */
#include "base/near.h"
#include "checks/index.h"
#include "checks/workload.h"

/* storageClassName, or the beta annotation; NULL when neither is set: then the default class applies. */
static const char *class_of(const struct object *claim)
{
	const struct value *v = value_get(claim->spec, "storageClassName");
	if (!v)
		v = value_get(claim->annotations, "volume.beta.kubernetes.io/storage-class");
	return v ? value_str(v, "") : NULL;
}

static const struct object *default_class(struct check_run *run)
{
	const struct object_list *classes = inventory_list(run->inv, KIND_STORAGE_CLASS);
	for (uint32_t i = 0; i < classes->len; i++)
		if (str_eq(value_get_str(classes->items[i]->annotations, "storageclass.kubernetes.io/is-default-class"), "true"))
			return classes->items[i];
	return NULL;
}

/* Why a free volume of the class does not fit; NULL when it would. */
static const char *misfit(struct check_run *run, const struct object *claim, const struct object *volume)
{
	double want = 0, have = 0;
	char a[32], b[32];
	value_quantity(value_at(claim->spec, "resources.requests.storage"), &want);
	value_quantity(value_at(volume->spec, "capacity.storage"), &have);
	if (have < want)
		return arena_printf(run->arena, "has %s, and the claim asks for %s", quantity_format(have, true, a), quantity_format(want, true, b));
	for (value_each(mode, value_get(claim->spec, "accessModes"))) {
		bool found = false;
		for (value_each(m, value_get(volume->spec, "accessModes")))
			found = found || value_equal(m, mode);
		if (!found)
			return arena_printf(run->arena, "cannot be used as %s", value_str(mode, "?"));
	}
	const struct value *selector = value_get(claim->spec, "selector");
	if (selector && !selector_matches(selector, volume->labels, false))
		return "does not have the labels that the claim selects";
	return NULL;
}

static const struct object *nearest_volume(struct check_run *run, const struct object *claim, const char *class, const char **ret_why)
{
	const struct object_list *volumes = inventory_list(run->inv, KIND_PERSISTENT_VOLUME);
	for (uint32_t i = 0; i < volumes->len; i++) {
		const struct object *v = volumes->items[i];
		if (!str_eq(value_get_str(v->spec, "storageClassName"), class) || !str_eq(value_get_str(v->status, "phase"), "Available"))
			continue;
		*ret_why = misfit(run, claim, v);
		if (*ret_why)
			return v;
	}
	return NULL;
}

/* A volume whose claim of the same name was deleted: it remembers the old one's uid and takes no other. */
static const struct object *released_volume(struct check_run *run, const struct object *claim)
{
	const struct object_list *volumes = inventory_list(run->inv, KIND_PERSISTENT_VOLUME);
	for (uint32_t i = 0; i < volumes->len; i++) {
		const struct value *ref = value_get(volumes->items[i]->spec, "claimRef");
		if (str_eq(value_get_str(volumes->items[i]->status, "phase"), "Released") && str_eq(value_get_str(ref, "name"), claim->name) &&
		    str_eq(value_get_str(ref, "namespace"), claim->ns))
			return volumes->items[i];
	}
	return NULL;
}

static struct finding *start(struct check_run *run, const struct object *o, const char *why)
{
	const char *span = o->created ? arena_printf(run->arena, " for %s", run_ago(run, o->created)) : "";
	struct finding *f = finding_new(run, o, "%s has been pending%s: %s", run_text(run, o), span, why);
	finding_field(run, f, o, "status.phase");
	f->since = o->created;
	return f;
}

static void add_no_class(struct check_run *run, const struct object *o, const char *class)
{
	struct finding *f;
	if (class) {
		f = start(run, o, arena_printf(run->arena, "its StorageClass %s does not exist", class));
		finding_field(run, f, o, "spec.storageClassName");
		finding_absence(run, f, "StorageClass", "", class);
		finding_subject(run, f, KIND_STORAGE_CLASS, "", class);
		finding_fix(run, f, "Create StorageClass %s, or make the claim anew with one that exists.", class);
	} else {
		f = start(run, o, "it names no StorageClass, and no class is the default");
		finding_field(run, f, o, "spec");
		finding_fix(run, f,
			    "Make a StorageClass the default (annotation storageclass.kubernetes.io/is-default-class), or name one in the claim.");
	}
	finding_event(run, f, recent_event(run, o, "ProvisioningFailed", 0));
}

static void add_static(struct check_run *run, const struct object *o, const struct object *class, const struct event *failed)
{
	const char *why = NULL;
	const char *name = class ? class->name : "";
	const struct object *volume = nearest_volume(run, o, name, &why), *released = volume ? NULL : released_volume(run, o);
	const char *of = *name ? arena_printf(run->arena, " of class %s", name) : "";
	struct finding *f = start(
		run, o,
		released ? arena_printf(run->arena, "PersistentVolume %s is still released for an earlier claim of this name, and takes no other",
					released->name)
		: volume ? arena_printf(run->arena, "the free PersistentVolume%s, %s, %s", of, volume->name, why)
			 : arena_printf(run->arena, "there is no free PersistentVolume%s, and nothing makes one", of));
	finding_field(run, f, o, "spec.resources.requests.storage");
	if (released) {
		finding_field(run, f, released, "status.phase");
		finding_subject_object(run, f, released);
		finding_fix(
			run, f,
			"To let the claim have the data of %s: kubectl patch pv %s --type json -p '[{\"op\":\"remove\",\"path\":\"/spec/claimRef/uid\"}]'.",
			released->name, released->name);
	} else if (volume) {
		finding_field(run, f, volume, "spec.capacity.storage");
		finding_subject_object(run, f, volume);
		finding_fix(run, f, "Make a volume that fits, or ask for what PersistentVolume %s has.", volume->name);
	} else {
		finding_fix(run, f, "Create a PersistentVolume%s that fits, or use a StorageClass with a provisioner.", of);
	}
	if (class)
		finding_field(run, f, class, "provisioner");
	finding_event(run, f, failed);
}

/* A claim whose class waits for the scheduler, used by a pod that never meets the scheduler: neither moves. */
static bool add_bypassed(struct check_run *run, const struct object *o, const struct object *class)
{
	const struct object *pod = index_claim_user(run, o);
	const char *node = pod ? value_get_str(pod->spec, "nodeName") : "";
	if (!*node || value_get(o->annotations, "volume.kubernetes.io/selected-node") || run_age(run, pod->created) < run->options->startup_grace)
		return false;
	struct finding *f =
		start(run, o,
		      arena_printf(run->arena,
				   "its class %s waits for the scheduler to choose a node (WaitForFirstConsumer), and %s was put on node %s past it",
				   class->name, run_text(run, pod), node));
	finding_field(run, f, class, "volumeBindingMode");
	finding_field(run, f, pod, "spec.nodeName");
	finding_subject_object(run, f, class);
	finding_fix(
		run, f,
		"Take spec.nodeName out of the pod's template and use nodeSelector kubernetes.io/hostname: %s instead, or a class that binds at once.",
		node);
	return true;
}

/* The provisioner of the class as a CSI driver: not registered, and perhaps misspelt. "" when it is, or when that cannot be told. */
static const char *driver_missing(struct check_run *run, struct near *near, const char *provisioner)
{
	const struct object_list *drivers = inventory_list(run->inv, KIND_CSI_DRIVER);
	near_init(near, provisioner);
	if (!inventory_sees(run->inv, KIND_CSI_DRIVER, NULL) || strncmp(provisioner, "kubernetes.io/", 14) == 0 ||
	    inventory_find(run->inv, KIND_CSI_DRIVER, "", provisioner))
		return "";
	for (uint32_t i = 0; i < drivers->len; i++)
		near_try(near, drivers->items[i]->name);
	return near->best ? arena_printf(run->arena, ", and no CSIDriver of that name is registered (there is %s)", near->best)
			  : ", and no CSIDriver of that name is registered";
}

static void run_pending(struct check_run *run, const struct object *o)
{
	const char *name = class_of(o);
	bool sees = inventory_sees(run->inv, KIND_STORAGE_CLASS, NULL);
	const struct object *class = name ? inventory_find(run->inv, KIND_STORAGE_CLASS, "", name) : default_class(run);
	const struct event *failed = recent_event(run, o, "ProvisioningFailed", USEC_PER_HOUR);
	if (o->deleted || !str_eq(value_get_str(o->status, "phase"), "Pending"))
		return;
	if (!class && sees && (!name || *name)) {
		/* A volume may carry a class name that no StorageClass object has: then binding needs none. */
		const char *why = NULL;
		if (name && nearest_volume(run, o, name, &why))
			add_static(run, o, NULL, failed);
		else
			add_no_class(run, o, name);
		return;
	}
	bool waits_for_pod = class && str_eq(value_get_str(&class->root, "volumeBindingMode"), "WaitForFirstConsumer");
	bool young = o->created && run_age(run, o->created) < run->options->startup_grace;
	if (waits_for_pod && !failed && !index_claim_user(run, o))
		return; /* waits for a pod, as it should */
	if ((name && !*name) || (class && str_eq(value_get_str(&class->root, "provisioner"), "kubernetes.io/no-provisioner"))) {
		if (!young || failed)
			add_static(run, o, class, failed);
		return;
	}
	if (failed) {
		struct finding *f = start(run, o, arena_printf(run->arena, "its volume cannot be made: %s", failed->message));
		finding_event(run, f, failed);
		if (class)
			finding_subject_object(run, f, class);
		return;
	}
	if (waits_for_pod && !young && add_bypassed(run, o, class))
		return;
	/* The scheduler names the node first: until then it is the pod that waits, for a reason of its own. */
	if (young || (waits_for_pod && !value_get(o->annotations, "volume.kubernetes.io/selected-node")))
		return;
	const struct event *waits = recent_event(run, o, "ExternalProvisioning", 0);
	const char *provisioner = class ? value_get_str(&class->root, "provisioner") : "";
	struct near near;
	const char *missing = driver_missing(run, &near, provisioner);
	struct finding *f = start(
		run, o, *provisioner ? arena_printf(run->arena, "provisioner %s has made no volume%s", provisioner, missing) : "no volume fits it");
	if (class)
		finding_field(run, f, class, "provisioner");
	finding_event(run, f, waits);
	if (*missing && near.best)
		finding_fix(run, f, "Make a StorageClass with provisioner %s: that of %s is not there.", near.best, class->name);
	else if (*missing)
		finding_fix(run, f, "Install the driver %s, or see that it runs; then the claim is served.", provisioner);
	else if (*provisioner)
		finding_fix(run, f, "See that the driver %s runs and what its provisioner's log says.", provisioner);
	if (class)
		finding_subject_object(run, f, class);
}

static void run_lost(struct check_run *run, const struct object *o)
{
	const char *volume = value_get_str(o->spec, "volumeName");
	if (!str_eq(value_get_str(o->status, "phase"), "Lost"))
		return;
	struct finding *f = finding_new(run, o, "%s has lost its PersistentVolume %s", run_text(run, o), *volume ? volume : "(none named)");
	finding_field(run, f, o, "status.phase");
	if (*volume) {
		finding_field(run, f, o, "spec.volumeName");
		finding_subject(run, f, KIND_PERSISTENT_VOLUME, "", volume);
		if (!f->subject.object && inventory_sees(run->inv, KIND_PERSISTENT_VOLUME, NULL))
			finding_absence(run, f, "PersistentVolume", "", volume);
	}
}

static void run_resize(struct check_run *run, const struct object *o)
{
	static const char *const types[] = {"Resizing", "FileSystemResizePending", "ControllerResizeError", "NodeResizeError"};
	const struct event *e = recent_event(run, o, "VolumeResizeFailed", USEC_PER_HOUR);
	for (size_t i = 0; i < ARRAY_LEN(types) && !o->deleted; i++) {
		uint32_t index;
		const struct value *c = condition_find(o, types[i], &index);
		usec_t since = value_get_time(c, "lastTransitionTime");
		if (!str_eq(value_get_str(c, "status"), "True") || (run_age(run, since) < run->options->recovered_after && !e && i < 2))
			continue;
		const char *want = value_text(run->arena, value_at(o->spec, "resources.requests.storage"));
		const char *have = value_text(run->arena, value_at(o->status, "capacity.storage"));
		struct finding *f = finding_new(run, o, "%s has been growing from %s to %s for %s (%s)%s%s", run_text(run, o), have ? have : "?",
						want ? want : "?", run_ago(run, since), types[i], e ? ": " : "", e ? e->message : "");
		finding_fieldf(run, f, o, "status.conditions[%u].type", index);
		finding_event(run, f, e);
		if (i == 1)
			finding_fix(run, f,
				    "The file system grows when a pod mounts it: start its pod, or restart it if the driver cannot grow it in use.");
		f->since = since;
		return;
	}
}

const struct check check_pvc_pending = {
	.id = "pvc/pending",
	.kind = KIND_PERSISTENT_VOLUME_CLAIM,
	.severity = SEVERITY_ERROR,
	.title = "Claim gets no volume",
	.explain =
		"The claim is Pending: its storage class does not exist, no class is the default, the provisioner fails or does not answer, or no existing volume is "
		"big enough and of the right kind.\n\n"
		"A claim whose class binds with its first consumer (WaitForFirstConsumer) and that no pod uses is not reported: it waits as it should.",
	.fix = "Name a storage class that works, or create a volume that fits.",
	.run = run_pending,
};

const struct check check_pvc_lost = {
	.id = "pvc/lost",
	.kind = KIND_PERSISTENT_VOLUME_CLAIM,
	.severity = SEVERITY_CRITICAL,
	.title = "Claim has lost its volume",
	.explain = "The claim was bound to a volume that no longer exists (phase Lost). Its data is likely gone.",
	.fix = "Restore the volume from a backup; a Lost claim does not come back by itself.",
	.run = run_lost,
};

const struct check check_pvc_resize_stuck = {
	.id = "pvc/resize-stuck",
	.kind = KIND_PERSISTENT_VOLUME_CLAIM,
	.severity = SEVERITY_WARNING,
	.title = "Volume does not grow",
	.explain = "The claim asks for more than it has, and growing it has not ended or fails.",
	.fix = "See the claim's events and the storage driver's resizer.",
	.run = run_resize,
};
