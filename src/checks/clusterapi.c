/* Cluster API: clusters, their control planes and machines; conditions of v1beta1 and of v1beta2. */
#include "checks/custom.h"

#define CAPI "cluster.x-k8s.io"
#define CONTROL_PLANE "controlplane.cluster.x-k8s.io"
#define MACHINE_GRACE (20 * USEC_PER_MINUTE) /* clouds are slow, bare metal is slower */

/* v1beta2 conditions lie in status.conditions of v1beta2 objects, and in status.v1beta2.conditions of v1beta1 ones; the older ones the
 * other way round. Looks in all places; ret_path is where. */
static bool condition_anywhere(const struct object *o, const char *type, struct condition *ret, const char **ret_path)
{
	static const char *const paths[] = {"status.conditions", "status.v1beta2.conditions", "status.deprecated.v1beta1.conditions"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		*ret_path = paths[i];
		if (condition_in(value_at(&o->root, paths[i]), type, ret))
			return true;
	}
	return false;
}

/* The first of these types that is False. */
static bool any_false(const struct object *o, const char *const *types, struct condition *ret, const char **ret_path)
{
	for (; *types; types++)
		if (condition_anywhere(o, *types, ret, ret_path) && str_eq(ret->status, "False"))
			return true;
	return false;
}

static const char *text_at(const struct object *o, const char *const *paths, const char **ret_path)
{
	for (; *paths; paths++) {
		*ret_path = *paths;
		if (*object_str(o, *paths))
			return object_str(o, *paths);
	}
	return "";
}

static const char *phase_of(const struct object *o)
{
	return value_get_str(o->status, "phase");
}

static const char *failure_of(const struct object *o, const char **ret_path)
{
	static const char *const paths[] = {"status.failureMessage", "status.deprecated.v1beta1.failureMessage", "status.failureReason",
					    "status.deprecated.v1beta1.failureReason", NULL};
	return text_at(o, paths, ret_path);
}

/* ---- Machine ---------------------------------------------------------------------------------------------------------------- */

/* infrastructureRef: {apiVersion, kind, name} in v1beta1, {apiGroup, kind, name} in v1beta2. */
static void subject_of_ref(struct check_run *run, struct finding *f, const struct object *o, const struct value *ref)
{
	const char *group = value_get_str(ref, "apiGroup"), *api_version = value_get_str(ref, "apiVersion");
	const struct object *to = inventory_find_custom(run->inv, *group ? group : group_of(run->arena, api_version), value_get_str(ref, "kind"),
							o->ns, value_get_str(ref, "name"));
	if (to)
		finding_subject_object(run, f, to);
}

/* Its node, when it is one of this cluster: mostly it lies in another one, where a namesake may be. */
static const struct object *node_of(struct check_run *run, const struct object *o)
{
	const struct object *node = inventory_find(run->inv, KIND_NODE, "", object_str(o, "status.nodeRef.name"));
	const char *id = node ? value_get_str(node->spec, "providerID") : "";
	return *id && str_eq(id, value_get_str(o->spec, "providerID")) ? node : NULL;
}

static void run_machine_failed(struct check_run *run, const struct object *o)
{
	const char *path, *why = failure_of(o, &path);
	if (o->deleted || (!str_eq(phase_of(o), "Failed") && !*why))
		return;
	struct finding *f = finding_new(run, o, "%s of cluster %s has failed%s%s", run_text(run, o), value_get_str(o->spec, "clusterName"),
					*why ? ": " : "", why);
	finding_field(run, f, o, "status.phase");
	if (*why)
		finding_field(run, f, o, path);
	finding_fix(run, f, "A failed Machine is never mended: delete it, and its MachineSet makes another one; first see why it failed.");
	finding_warning(run, f, o);
}

static void run_machine_provisioning(struct check_run *run, const struct object *o)
{
	static const char *const types[] = {"BootstrapConfigReady", "BootstrapReady", "InfrastructureReady", NULL};
	const char *path = NULL, *phase = phase_of(o), *failed;
	struct condition c;
	bool waits = str_eq(phase, "Pending") || str_eq(phase, "Provisioning") || str_eq(phase, "Provisioned") || !*phase;
	if (o->deleted || !waits || *failure_of(o, &failed) || (o->created && run_age(run, o->created) < MACHINE_GRACE))
		return;
	bool says = any_false(o, types, &c, &path);
	const char *words = says ? condition_words(run, &c) : str_eq(phase, "Provisioned") ? "it runs, and no node has joined" : "";
	struct finding *f = finding_new(run, o, "%s of cluster %s has been %s for %s%s%s", run_text(run, o), value_get_str(o->spec, "clusterName"),
					*phase ? phase : "Pending", run_ago(run, o->created), *words ? ": " : "", words);
	finding_field(run, f, o, "status.phase");
	if (says)
		finding_condition(run, f, o, path, &c);
	subject_of_ref(
		run, f, o,
		value_at(o->spec, says && strncmp(value_get_str(c.v, "type"), "Bootstrap", 9) == 0 ? "bootstrap.configRef" : "infrastructureRef"));
	if (str_eq(phase, "Provisioned"))
		finding_fix(run, f, "See the machine's console and cloud-init log: whether kubeadm join reached the API server.");
	finding_warning(run, f, o);
	f->since = o->created;
}

/* A drain, a volume, a hook or the infrastructure can hold a deletion up. */
static void run_machine_deletion(struct check_run *run, const struct object *o)
{
	static const char *const types[] = {"DrainingSucceeded", "VolumeDetachSucceeded", "PreDrainDeleteHookSucceeded",
					    "PreTerminateDeleteHookSucceeded", NULL};
	struct condition c, deleting;
	const char *path, *deleting_path;
	if (!o->deleted || run_age(run, o->deleted) < MACHINE_GRACE)
		return;
	bool says = condition_anywhere(o, "Deleting", &deleting, &deleting_path) && str_eq(deleting.status, "True");
	bool held = any_false(o, types, &c, &path);
	const char *words = held ? condition_words(run, &c) : says ? condition_words(run, &deleting) : "";
	struct finding *f = finding_new(run, o, "%s of cluster %s has been in deletion for %s%s%s", run_text(run, o),
					value_get_str(o->spec, "clusterName"), run_ago(run, o->deleted), *words ? ": " : "", words);
	finding_field(run, f, o, "metadata.deletionTimestamp");
	if (held)
		finding_condition(run, f, o, path, &c);
	else if (says)
		finding_condition(run, f, o, deleting_path, &deleting);
	if (value_at(&o->root, "status.deletion.nodeDrainStartTime"))
		finding_field(run, f, o, "status.deletion.nodeDrainStartTime");
	if (strstr(words, "rain"))
		finding_fix(run, f,
			    "See which pods cannot be evicted from node %s: a PodDisruptionBudget that allows none, or a pod that does not end.",
			    object_str(o, "status.nodeRef.name"));
	else
		subject_of_ref(run, f, o, value_at(o->spec, "infrastructureRef"));
	finding_warning(run, f, o);
	f->since = o->deleted;
}

/* The node of a Running machine is ill: as the machine sees it, for the node itself lies in another cluster. */
static void run_machine_node(struct check_run *run, const struct object *o)
{
	static const char *const types[] = {"NodeHealthy", "NodeReady", NULL};
	struct condition c;
	const char *path;
	if (o->deleted || !str_eq(phase_of(o), "Running") || !any_false(o, types, &c, &path) || !condition_lasts(run, o, &c, CUSTOM_GRACE))
		return;
	const struct object *node = node_of(run, o);
	struct finding *f = finding_new(run, o, "The node of %s, %s, has not been healthy%s: %s", run_text(run, o),
					object_str(o, "status.nodeRef.name"), condition_for(run, &c), condition_words(run, &c));
	finding_condition(run, f, o, path, &c);
	if (node)
		finding_subject_object(run, f, node);
}

/* ---- MachineHealthCheck ----------------------------------------------------------------------------------------------------- */

static void run_remediation(struct check_run *run, const struct object *o)
{
	struct condition c;
	const char *path;
	int64_t expected = value_get_int(o->status, "expectedMachines", 0), healthy = value_get_int(o->status, "currentHealthy", 0);
	if (o->deleted || !condition_anywhere(o, "RemediationAllowed", &c, &path) || !str_eq(c.status, "False") || healthy >= expected)
		return;
	struct finding *f = finding_new(run, o, "%s mends nothing any more: %lld of its %lld machines are unhealthy, more than it may mend: %s",
					run_text(run, o), (long long)(expected - healthy), (long long)expected, condition_words(run, &c));
	finding_field(run, f, o, "status.currentHealthy");
	finding_field(run, f, o, "status.expectedMachines");
	finding_condition(run, f, o, path, &c);
	if (value_get(o->spec, "maxUnhealthy"))
		finding_field(run, f, o, "spec.maxUnhealthy");
}

/* ---- What holds machines ---------------------------------------------------------------------------------------------------- */

/* MachineDeployment, MachineSet, KubeadmControlPlane, KamajiControlPlane: fewer ready than wanted. Machines that are told are the cause. */
static void run_replicas(struct check_run *run, const struct object *o)
{
	static const char *const types[] = {"Available", "Ready", NULL};
	int64_t wanted = value_get_int(o->spec, "replicas", 1), ready = value_get_int(o->status, "readyReplicas", 0);
	struct condition c;
	const char *path = NULL;
	bool says = any_false(o, types, &c, &path);
	if (o->deleted || (o->owner && object_is(o->owner, CAPI, "MachineDeployment")) || ready >= wanted ||
	    (o->created && run_age(run, o->created) < MACHINE_GRACE) || (says && !condition_lasts(run, o, &c, CUSTOM_GRACE)))
		return;
	if (!says && str_eq(phase_of(o), "Running"))
		return; /* its own judgement */
	const char *words = says ? condition_words(run, &c) : "";
	struct finding *f = finding_new(run, o, "%s has %lld of %lld machines ready%s%s", run_text(run, o), (long long)ready, (long long)wanted,
					*words ? ": " : "", words);
	finding_field(run, f, o, "spec.replicas");
	finding_field(run, f, o, "status.readyReplicas");
	if (says)
		finding_condition(run, f, o, path, &c);
	if (ready == 0)
		f->severity = SEVERITY_ERROR;
}

static const struct object *ref_object(struct check_run *run, const struct object *o, const char *path)
{
	const struct value *ref = value_at(o->spec, path);
	const char *group = value_get_str(ref, "apiGroup"), *api_version = value_get_str(ref, "apiVersion");
	return inventory_find_custom(run->inv, *group ? group : group_of(run->arena, api_version), value_get_str(ref, "kind"), o->ns,
				     value_get_str(ref, "name"));
}

static void run_cluster(struct check_run *run, const struct object *o)
{
	static const char *const infra[] = {"InfrastructureReady", NULL};
	static const char *const plane[] = {"ControlPlaneAvailable", "ControlPlaneReady", "ControlPlaneInitialized", NULL};
	static const char *const whole[] = {"Available", "Ready", NULL};
	struct condition c;
	const char *path, *failed_path, *failed = failure_of(o, &failed_path);
	bool by_infra = any_false(o, infra, &c, &path), by_plane = !by_infra && any_false(o, plane, &c, &path);
	bool says = by_infra || by_plane || any_false(o, whole, &c, &path);
	if (o->deleted || value_get_bool(o->spec, "paused", false) || (!says && !*failed && !str_eq(phase_of(o), "Failed")) ||
	    (says && !*failed && (!condition_lasts(run, o, &c, CUSTOM_GRACE) || (o->created && run_age(run, o->created) < MACHINE_GRACE))))
		return;
	const char *what = by_infra ? "its infrastructure is not ready" : by_plane ? "its control plane is not available" : "it is not available";
	const char *words = *failed ? failed : condition_words(run, &c);
	struct finding *f =
		finding_new(run, o, "%s does not work, %s%s%s", run_text(run, o), *failed ? "it has failed" : what, *words ? ": " : "", words);
	finding_field(run, f, o, "status.phase");
	if (*failed)
		finding_field(run, f, o, failed_path);
	if (says)
		finding_condition(run, f, o, path, &c);
	const struct object *to = by_infra || by_plane ? ref_object(run, o, by_infra ? "infrastructureRef" : "controlPlaneRef") : NULL;
	if (to)
		finding_subject_object(run, f, to);
}

const struct check check_cluster_not_ready = {
	.id = "cluster/not-ready",
	.kind = KIND_CUSTOM,
	.custom = CAPI "/Cluster",
	.severity = SEVERITY_ERROR,
	.title = "Cluster is not ready",
	.explain =
		"The conditions of a Cluster API Cluster (InfrastructureReady, ControlPlaneReady or ControlPlaneAvailable, Available; of v1beta1 and v1beta2 alike) "
		"say that it does not work, or it has failed for good. The control plane or infrastructure object behind it is blamed.",
	.fix = "Do as the condition's message says; see the object that it refers to.",
	.run = run_cluster,
};

const struct check check_machine_deleting = {
	.id = "machine/deleting",
	.kind = KIND_CUSTOM,
	.custom = CAPI "/Machine",
	.severity = SEVERITY_ERROR,
	.title = "Machine cannot be deleted",
	.explain =
		"A Machine has been in deletion for twenty minutes or more. Usually its node cannot be drained (a PodDisruptionBudget allows no disruption), a "
		"volume is not detached, a delete hook is not removed, or the infrastructure does not answer.",
	.fix = "Do as the condition's message says.",
	.run = run_machine_deletion,
};

const struct check check_machine_failed = {
	.id = "machine/failed",
	.kind = KIND_CUSTOM,
	.custom = CAPI "/Machine",
	.severity = SEVERITY_ERROR,
	.title = "Machine has failed",
	.explain = "The phase of a Machine is Failed, or its failureMessage is set: its infrastructure could not be made or is gone. It stays so.",
	.fix = "See why, and delete the Machine.",
	.run = run_machine_failed,
};

const struct check check_machine_node_unhealthy = {
	.id = "machine/node-unhealthy",
	.kind = KIND_CUSTOM,
	.custom = CAPI "/Machine",
	.severity = SEVERITY_ERROR,
	.title = "Node of a Machine is not healthy",
	.explain =
		"The condition NodeHealthy or NodeReady of a running Machine has been False for five minutes or more. The node usually lies in another cluster, so "
		"that its Machine is all that is seen of it here.",
	.fix = "See the node in its own cluster.",
	.run = run_machine_node,
};

const struct check check_machine_not_provisioned = {
	.id = "machine/not-provisioned",
	.kind = KIND_CUSTOM,
	.custom = CAPI "/Machine",
	.severity = SEVERITY_ERROR,
	.title = "Machine does not become a node",
	.explain =
		"A Machine has been Pending, Provisioning or Provisioned for twenty minutes or more: its bootstrap data or infrastructure is not ready, or no node "
		"has joined.",
	.fix = "See the condition's message, and the bootstrap and infrastructure objects.",
	.run = run_machine_provisioning,
};

const struct check check_machinehealthcheck_remediation_blocked = {
	.id = "machinehealthcheck/remediation-blocked",
	.kind = KIND_CUSTOM,
	.custom = CAPI "/MachineHealthCheck",
	.severity = SEVERITY_ERROR,
	.title = "Too many machines are unhealthy",
	.explain =
		"More machines are unhealthy than maxUnhealthy (or triggerIf) of the MachineHealthCheck allows, so that it replaces none of them: the cause is taken "
		"to be larger than single machines, such as the network or the control plane.",
	.fix = "See what the unhealthy machines have in common; raise the limit only when it is the machines.",
	.run = run_remediation,
};

const struct check check_machinedeployment_replicas_unready = {
	.id = "machinedeployment/replicas-unready",
	.kind = KIND_CUSTOM,
	.custom = CAPI "/MachineDeployment " CAPI "/MachineSet " CONTROL_PLANE "/KubeadmControlPlane " CONTROL_PLANE "/KamajiControlPlane",
	.severity = SEVERITY_WARNING,
	.title = "Fewer machines than wanted",
	.explain =
		"A MachineDeployment, MachineSet or control plane has fewer ready machines than spec.replicas, older than twenty minutes. An error when it has "
		"none. Machines with trouble of their own are the cause.",
	.fix = "See its Machines.",
	.run = run_replicas,
};
