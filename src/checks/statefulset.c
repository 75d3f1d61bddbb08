/* StatefulSets. */
#include "checks/workload.h"

static void run_service_missing(struct check_run *run, const struct object *o)
{
	const char *name = value_get_str(o->spec, "serviceName");
	if (o->deleted || !*name || !inventory_sees(run->inv, KIND_SERVICE, o->ns) || inventory_find(run->inv, KIND_SERVICE, o->ns, name))
		return;
	struct finding *f =
		finding_new(run, o, "%s names Service %s/%s, which does not exist: its pods have no stable DNS names", run_text(run, o), o->ns, name);
	finding_field(run, f, o, "spec.serviceName");
	finding_absence(run, f, "Service", o->ns, name);
	finding_subject(run, f, KIND_SERVICE, o->ns, name);
	finding_fix(run, f, "Create headless Service %s (clusterIP: None) in namespace %s with the selector of the pods.", name, o->ns);
}

static void run_class_missing(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	if (o->deleted || !inventory_sees(run->inv, KIND_STORAGE_CLASS, NULL))
		return;
	for (value_each(t, value_get(o->spec, "volumeClaimTemplates"))) {
		const char *class = value_str(value_at(t, "spec.storageClassName"), "");
		if (*class && !inventory_find(run->inv, KIND_STORAGE_CLASS, "", class)) {
			struct finding *f = finding_new(run, o, "%s wants volumes of StorageClass %s, which does not exist", run_text(run, o), class);
			finding_fieldf(run, f, o, "spec.volumeClaimTemplates[%u].spec.storageClassName", i);
			finding_absence(run, f, "StorageClass", "", class);
			finding_subject(run, f, KIND_STORAGE_CLASS, "", class);
			finding_fix(run, f,
				    "Create StorageClass %s. The templates of a StatefulSet cannot be changed: to use another class, delete it with "
				    "--cascade=orphan and create it anew.",
				    class);
		}
		i++;
	}
}

static void run_not_running(struct check_run *run, const struct object *o)
{
	int64_t want = replicas_wanted(o), ready = value_get_int(o->status, "readyReplicas", 0);
	if (o->deleted || ready >= want || workload_is_starting(run, o))
		return;
	const struct object *pod = workload_unready_pod(run, o);
	int64_t made = MAX(value_get_int(o->status, "replicas", 0), 0);
	bool ordered = !str_eq(value_get_str(o->spec, "podManagementPolicy"), "Parallel");
	const char *blame = !pod                     ? ""
			    : ordered && made < want ? arena_printf(run->arena, "; %s is not, and holds back the %lld after it", run_text(run, pod),
								    (long long)(want - made))
						     : arena_printf(run->arena, "; %s is not", run_text(run, pod));
	struct finding *f = finding_new(run, o, "%s has %lld of %lld replicas ready%s", run_text(run, o), (long long)ready, (long long)want, blame);
	finding_field(run, f, o, value_get(o->status, "readyReplicas") ? "status.readyReplicas" : "spec.replicas");
	if (pod)
		finding_field(run, f, pod, "status.phase");
	if (pod)
		finding_fix(run, f, "See why %s is not ready.", run_text(run, pod));
	if (ready == 0)
		f->severity = SEVERITY_CRITICAL;
}

/* A pod of an older revision that never gets ready holds up the very update that would mend it: it has to be deleted by hand. */
static void run_update_stuck(struct check_run *run, const struct object *o)
{
	const char *revision = value_get_str(o->status, "updateRevision"), *strategy = value_str(value_at(o->spec, "updateStrategy.type"), "");
	if (o->deleted || !*revision || str_eq(strategy, "OnDelete") || str_eq(value_get_str(o->status, "currentRevision"), revision) ||
	    str_eq(value_get_str(o->spec, "podManagementPolicy"), "Parallel"))
		return;
	for (uint32_t i = 0; i < o->child_count; i++) {
		const struct object *pod = o->children[i];
		const char *have = value_get_str(pod->labels, "controller-revision-hash");
		const char *dash = strrchr(pod->name, '-');
		/* Pods below the partition are meant to keep the old revision. */
		if (dash && strtoll(dash + 1, NULL, 10) < value_int(value_at(o->spec, "updateStrategy.rollingUpdate.partition"), 0))
			continue;
		if (pod->kind->id != KIND_POD || pod->deleted || !*have || str_eq(have, revision) || str_eq(condition_status(pod, "Ready"), "True") ||
		    run_age(run, pod->created) < run->options->recovered_after)
			continue;
		struct finding *f =
			finding_new(run, o,
				    "The update of %s to revision %s waits for %s, which has revision %s and is not ready: until it is, it is not "
				    "replaced",
				    run_text(run, o), revision, run_text(run, pod), have);
		finding_field(run, f, o, "status.updateRevision");
		finding_field(run, f, pod, "metadata.labels['controller-revision-hash']");
		finding_fix(run, f, "If the new template is right, delete %s: it is made anew with it (kubectl delete pod %s -n %s).",
			    run_text(run, pod), pod->name, pod->ns);
		finding_propose(run, f, "delete-pod", "medium", "{}");
		f->proposal->target =
			(struct object_name){.kind = KIND_POD, .kind_text = pod->kind->name, .ns = pod->ns, .name = pod->name, .object = pod};
		return;
	}
}

const struct check check_statefulset_update_stuck = {
	.id = "statefulset/update-stuck",
	.kind = KIND_STATEFUL_SET,
	.severity = SEVERITY_ERROR,
	.title = "Update waits for a pod that it would mend",
	.explain =
		"A StatefulSet with ordered pods replaces one pod at a time and waits until each is ready. When a pod of the old revision never gets ready, "
		"the update to a good template does not reach it (kubernetes.io, StatefulSets, \"Forced rollback\").\n\n"
		"Found as a pod older than recovered_after that is not ready and whose revision is not status.updateRevision.",
	.fix = "Delete the pod of the old revision: it is made anew with the new template.",
	.run = run_update_stuck,
};

const struct check check_statefulset_service_missing = {
	.id = "statefulset/service-missing",
	.kind = KIND_STATEFUL_SET,
	.severity = SEVERITY_WARNING,
	.title = "Governing service does not exist",
	.explain =
		"spec.serviceName names a Service that is not there. The pods run, but their names (web-0.service) cannot be resolved, which most clustered "
		"programs need.",
	.fix = "Create the headless Service.",
	.run = run_service_missing,
};

const struct check check_statefulset_storage_class_missing = {
	.id = "statefulset/storage-class-missing",
	.kind = KIND_STATEFUL_SET,
	.severity = SEVERITY_ERROR,
	.title = "Storage class of the volumes does not exist",
	.explain = "A volume claim template names a StorageClass that does not exist: its claims stay Pending and so do its pods.",
	.fix = "Create the StorageClass, or name one that exists.",
	.run = run_class_missing,
};

const struct check check_statefulset_pod_not_running = {
	.id = "statefulset/pod-not-running",
	.kind = KIND_STATEFUL_SET,
	.severity = SEVERITY_ERROR,
	.title = "StatefulSet has too few ready replicas",
	.explain =
		"status.readyReplicas is below spec.replicas. With ordered pod management (the default) one pod that is not ready holds back all after "
		"it.",
	.fix = "See why its first pod that is not ready is not.",
	.run = run_not_running,
};
