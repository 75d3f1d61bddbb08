/* Kamaji: tenant control planes and their data stores. */
#include "checks/custom.h"

#define KAMAJI "kamaji.clastix.io"

/* ---- DataStore -------------------------------------------------------------------------------------------------------------- */

static void run_datastore(struct check_run *run, const struct object *o)
{
	struct condition c;
	bool says = condition_is(o, "Ready", "False", &c) || condition_is(o, "kamaji.clastix.io/DataStoreReady", "False", &c);
	const struct value *ready = value_get(o->status, "ready");
	if (o->deleted || (!says && (!ready || value_bool(ready, true))) || !condition_lasts(run, o, &c, run->options->startup_grace))
		return;
	size_t users = value_len(value_get(o->status, "usedBy"));
	const char *used = users ? arena_printf(run->arena, "; %zu tenant control plane%s on it", users, users == 1 ? " is" : "s are") : "";
	const char *words = says ? condition_words(run, &c) : "";
	struct finding *f = finding_new(run, o, "%s is not ready%s%s%s", run_text(run, o), *words ? ": " : "", words, used);
	if (says)
		finding_condition(run, f, o, "status.conditions", &c);
	if (ready)
		finding_field(run, f, o, "status.ready");
	finding_field(run, f, o, "spec.endpoints[0]");
	if (!users)
		f->severity = SEVERITY_WARNING;
	finding_warning(run, f, o);
}

/* ---- TenantControlPlane ----------------------------------------------------------------------------------------------------- */

/* The data store asked for, or the one that was chosen when none was. */
static const char *store_of(const struct object *o, const char **ret_path)
{
	const char *name = value_get_str(o->spec, "dataStore");
	*ret_path = "spec.dataStore";
	if (*name)
		return name;
	*ret_path = "status.storage.dataStoreName";
	return object_str(o, "status.storage.dataStoreName");
}

static bool store_is_missing(struct check_run *run, const struct object *o)
{
	const char *path, *name = store_of(o, &path);
	return *name && inventory_sees_custom(run->inv, KAMAJI, "DataStore", NULL) && !inventory_find_custom(run->inv, KAMAJI, "DataStore", "", name);
}

static void run_store_missing(struct check_run *run, const struct object *o)
{
	const char *path, *name = store_of(o, &path);
	if (o->deleted || !store_is_missing(run, o))
		return;
	struct finding *f = finding_new(run, o, "%s keeps its data in DataStore %s, which does not exist%s", run_text(run, o), name,
					near_custom(run, KAMAJI, "DataStore", "", name));
	finding_field(run, f, o, path);
	finding_absence(run, f, "DataStore", "", name);
	finding_subject_custom(run, f, KAMAJI, "DataStore", "", name);
	finding_fix(run, f, "Create DataStore %s, or correct spec.dataStore before the control plane has data.", name);
	f->since = o->created;
}

#define DEPLOYMENT "status.kubernetesResources.deployment"
#define VERSION "status.kubernetesResources.version"
#define SERVICE "status.kubernetesResources.service"

static bool store_is_ready(struct check_run *run, const struct object *o, const struct object **ret)
{
	const char *path, *name = store_of(o, &path);
	struct condition c;
	*ret = *name ? inventory_find_custom(run->inv, KAMAJI, "DataStore", "", name) : NULL;
	return !*ret || !(condition_is(*ret, "Ready", "False", &c) || !value_get_bool((*ret)->status, "ready", true));
}

/* What holds it up: the data store, or the Deployment of its control plane, or its Service. */
static void blame(struct check_run *run, struct finding *f, const struct object *o)
{
	const struct object *store;
	const char *ns = object_str(o, DEPLOYMENT ".namespace"), *name = object_str(o, DEPLOYMENT ".name");
	const char *service = object_str(o, SERVICE ".name");
	int64_t wanted = object_int(o, DEPLOYMENT ".replicas", 0), ready = object_int(o, DEPLOYMENT ".readyReplicas", 0);
	if (!store_is_ready(run, o, &store)) {
		finding_subject_object(run, f, store);
	} else if (*name && ready < wanted) {
		finding_fieldf(run, f, o, "%s.readyReplicas", DEPLOYMENT);
		finding_subject(run, f, KIND_DEPLOYMENT, *ns ? ns : o->ns, name);
	} else if (*service && str_eq(object_str(o, "spec.controlPlane.service.serviceType"), "LoadBalancer") &&
		   value_len(value_at(&o->root, SERVICE ".loadBalancer.ingress")) == 0) {
		finding_field(run, f, o, SERVICE ".name");
		finding_subject(run, f, KIND_SERVICE, o->ns, service);
		finding_fix(run, f, "See why Service %s/%s gets no address from the load balancer.", o->ns, service);
	}
}

static void run_not_ready(struct check_run *run, const struct object *o)
{
	const char *status = object_str(o, VERSION ".status");
	bool provisioning = str_eq(status, "Provisioning") || str_eq(status, "Upgrading") || str_eq(status, "Migrating") || !*status;
	int64_t wanted = object_int(o, DEPLOYMENT ".replicas", 0), ready = object_int(o, DEPLOYMENT ".readyReplicas", 0);
	struct condition c;
	condition_in(value_at(&o->root, DEPLOYMENT ".conditions"), "Available", &c);
	/* WriteLimited, Sleeping and CertificateAuthorityRotating are wanted, or pass. */
	if (o->deleted || store_is_missing(run, o) || (!provisioning && !str_eq(status, "NotReady") && !str_eq(status, "Unknown")) ||
	    !condition_lasts(run, o, &c, CUSTOM_GRACE))
		return;
	const char *version = object_str(o, "spec.kubernetes.version");
	const char *pods = wanted ? arena_printf(run->arena, ", %lld of %lld replicas ready", (long long)ready, (long long)wanted) : "";
	const char *store_name;
	const struct object *store;
	bool store_ready = store_is_ready(run, o, &store);
	store_name = !store_ready ? arena_printf(run->arena, "; its DataStore %s is not ready", store->name) : "";
	struct finding *f =
		finding_new(run, o, "%s (Kubernetes %s) is %s%s%s", run_text(run, o), version, *status ? status : "not begun", pods, store_name);
	finding_field(run, f, o, VERSION ".status");
	blame(run, f, o);
	if (provisioning)
		f->severity = SEVERITY_WARNING;
	finding_warning(run, f, o);
	f->since = str_eq(c.status, "False") ? c.since : 0;
}

const struct check check_datastore_not_ready = {
	.id = "datastore/not-ready",
	.kind = KIND_CUSTOM,
	.custom = KAMAJI "/DataStore",
	.severity = SEVERITY_CRITICAL,
	.title = "Data store of tenants is not ready",
	.explain =
		"Kamaji says that it cannot use the DataStore (status.ready is false, or the condition Ready is False): every tenant control plane whose data is "
		"in it fails or cannot be changed. A warning when none is.",
	.fix = "See the data store itself: its endpoints, its certificates, its credentials.",
	.run = run_datastore,
};

const struct check check_tenantcontrolplane_datastore_missing = {
	.id = "tenantcontrolplane/datastore-missing",
	.kind = KIND_CUSTOM,
	.custom = KAMAJI "/TenantControlPlane",
	.severity = SEVERITY_ERROR,
	.title = "Data store of a tenant does not exist",
	.explain = "spec.dataStore of the TenantControlPlane (or the default that was chosen for it) names a DataStore that does not exist.",
	.fix = "Create the DataStore, or correct spec.dataStore.",
	.run = run_store_missing,
};

const struct check check_tenantcontrolplane_not_ready = {
	.id = "tenantcontrolplane/not-ready",
	.kind = KIND_CUSTOM,
	.custom = KAMAJI "/TenantControlPlane",
	.severity = SEVERITY_ERROR,
	.title = "Control plane of a tenant is not ready",
	.explain =
		"status.kubernetesResources.version.status of the TenantControlPlane is NotReady or Unknown, or has been Provisioning, Upgrading or Migrating for "
		"five minutes or more. What holds it up is blamed where it is seen: its DataStore, the Deployment with its API server, the Service without an "
		"address. Sleeping, WriteLimited and a rotation of certificates are no faults.",
	.fix = "See the Deployment, the DataStore and the Service of the control plane.",
	.run = run_not_ready,
};
