/* Argo CD: Applications that are not what Git says, or not well. */
#include "checks/custom.h"

#define ARGO "argoproj.io"
#define APPLICATION ARGO "/Application"
#define NAMED_MAX 3

static const char *sync_status(const struct object *o)
{
	return value_str(value_at(o->status, "sync.status"), "");
}

static const char *health_status(const struct object *o)
{
	return value_str(value_at(o->status, "health.status"), "");
}

static const char *phase_of(const struct object *o)
{
	return value_str(value_at(o->status, "operationState.phase"), "");
}

/* "Deployment shop/web" of an entry of status.resources or of syncResult.resources. */
static const char *resource_text(struct check_run *run, const struct value *r)
{
	const char *ns = value_get_str(r, "namespace");
	return arena_printf(run->arena, "%s %s%s%s", value_get_str(r, "kind"), ns, *ns ? "/" : "", value_get_str(r, "name"));
}

/* Does the Application deploy into this cluster? Of others nothing can be seen here. */
static bool is_local(const struct object *o)
{
	const struct value *d = value_get(o->spec, "destination");
	return str_eq(value_get_str(d, "server"), "https://kubernetes.default.svc") || str_eq(value_get_str(d, "name"), "in-cluster");
}

static void subject_of_resource(struct check_run *run, struct finding *f, const struct object *o, const struct value *r)
{
	if (is_local(o))
		finding_subject_custom(run, f, value_get_str(r, "group"), value_get_str(r, "kind"), value_get_str(r, "namespace"),
				       value_get_str(r, "name"));
}

/* ---- Project and destination ------------------------------------------------------------------------------------------------ */

static bool project_is_missing(struct check_run *run, const struct object *o, const char **ret)
{
	*ret = value_str(value_get(o->spec, "project"), "default");
	/* Projects live where Argo CD does; an Application elsewhere ("apps in any namespace") does not say where that is. */
	return inventory_sees_custom(run->inv, ARGO, "AppProject", o->ns) && inventory_list_custom(run->inv, ARGO, "AppProject")->len &&
	       str_eq(inventory_list_custom(run->inv, ARGO, "AppProject")->items[0]->ns, o->ns) &&
	       !inventory_find_custom(run->inv, ARGO, "AppProject", o->ns, *ret);
}

static void run_project(struct check_run *run, const struct object *o)
{
	const char *project;
	if (o->deleted || !project_is_missing(run, o, &project))
		return;
	struct finding *f = finding_new(run, o, "%s belongs to AppProject %s, which does not exist: it is not synced%s", run_text(run, o), project,
					near_custom(run, ARGO, "AppProject", o->ns, project));
	finding_field(run, f, o, "spec.project");
	finding_absence(run, f, "AppProject", o->ns, project);
	finding_subject_custom(run, f, ARGO, "AppProject", o->ns, project);
	finding_fix(run, f, "Correct spec.project, or create AppProject %s in namespace %s.", project, o->ns);
}

static bool creates_namespace(const struct object *o)
{
	return value_list_has(value_at(o->spec, "syncPolicy.syncOptions"), "CreateNamespace=true");
}

/* A namespace that the Application itself brings, as one of its resources, is no trouble before the first sync. */
static bool brings_namespace(const struct object *o, const char *ns)
{
	for (value_each(r, value_get(o->status, "resources")))
		if (str_eq(value_get_str(r, "kind"), "Namespace") && str_eq(value_get_str(r, "name"), ns))
			return true;
	return false;
}

static bool destination_is_missing(struct check_run *run, const struct object *o, const char **ret)
{
	*ret = value_str(value_at(o->spec, "destination.namespace"), "");
	return **ret && is_local(o) && inventory_sees(run->inv, KIND_NAMESPACE, NULL) && !inventory_find(run->inv, KIND_NAMESPACE, "", *ret) &&
	       !creates_namespace(o) && !brings_namespace(o, *ret);
}

static void run_destination(struct check_run *run, const struct object *o)
{
	const char *ns;
	/* An Application without a sync of its own accord may wait for it. */
	if (o->deleted || !destination_is_missing(run, o, &ns) || (!*phase_of(o) && !value_at(o->spec, "syncPolicy.automated")))
		return;
	struct finding *f = finding_new(run, o, "%s deploys into Namespace %s, which does not exist", run_text(run, o), ns);
	finding_field(run, f, o, "spec.destination.namespace");
	finding_absence(run, f, "Namespace", "", ns);
	finding_subject(run, f, KIND_NAMESPACE, "", ns);
	finding_fix(run, f, "Create Namespace %s, set the sync option CreateNamespace=true, or correct spec.destination.namespace.", ns);
}

/* ---- What Argo CD says of the Application ----------------------------------------------------------------------------------- */

static bool sync_failed(const struct object *o)
{
	return (str_eq(phase_of(o), "Failed") || str_eq(phase_of(o), "Error")) && !str_eq(sync_status(o), "Synced");
}

/* A condition that stops the Application; warnings ("...Warning") do not. */
static bool stopping_condition(struct check_run *run, const struct object *o, struct condition *ret)
{
	static const char *const types[] = {"InvalidSpecError", "ComparisonError", "DeletionError", "UnknownError", "SyncError"};
	const char *text;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!condition_in(value_get(o->status, "conditions"), types[i], ret))
			continue;
		if (str_eq(types[i], "SyncError") && sync_failed(o))
			continue;
		if (str_eq(types[i], "InvalidSpecError") && (project_is_missing(run, o, &text)))
			continue;
		return true;
	}
	return false;
}

static void run_condition(struct check_run *run, const struct object *o)
{
	struct condition c;
	if (!stopping_condition(run, o, &c))
		return;
	const char *type = value_get_str(c.v, "type");
	const char *what = str_eq(type, "ComparisonError")    ? "cannot be compared with its source"
			   : str_eq(type, "InvalidSpecError") ? "is not valid"
			   : str_eq(type, "DeletionError")    ? "cannot be deleted"
							      : "fails";
	struct finding *f = finding_new(run, o, "%s %s (%s): %s", run_text(run, o), what, type, c.message);
	finding_fieldf(run, f, o, "status.conditions[%u].type", c.index);
	finding_fieldf(run, f, o, "status.conditions[%u].message", c.index);
	f->since = c.since;
	if (str_eq(type, "ComparisonError"))
		finding_fix(run, f, "See that the repository, the revision and the path exist, that Argo CD may read them, and that they render.");
}

/* The first resource whose sync failed, in syncResult; a hook's phase counts too. */
static const struct value *failed_resource(const struct object *o, uint32_t *ret_index)
{
	*ret_index = 0;
	for (value_each(r, value_at(o->status, "operationState.syncResult.resources"))) {
		if (str_eq(value_get_str(r, "status"), "SyncFailed") || str_eq(value_get_str(r, "hookPhase"), "Failed"))
			return r;
		++*ret_index;
	}
	return NULL;
}

static void run_sync_failed(struct check_run *run, const struct object *o)
{
	struct condition c;
	const char *ns;
	uint32_t index;
	if (o->deleted || !sync_failed(o) || stopping_condition(run, o, &c) || destination_is_missing(run, o, &ns))
		return;
	const struct value *r = failed_resource(o, &index), *state = value_get(o->status, "operationState");
	const char *message = r ? value_get_str(r, "message") : value_get_str(state, "message");
	usec_t when = value_get_time(state, "finishedAt");
	const char *ago = when ? arena_printf(run->arena, " %s ago", run_ago(run, when)) : "";
	struct finding *f = r ? finding_new(run, o, "The sync of %s failed%s at %s: %s", run_text(run, o), ago, resource_text(run, r), message)
			      : finding_new(run, o, "The sync of %s failed%s: %s", run_text(run, o), ago, message);
	finding_field(run, f, o, "status.operationState.phase");
	finding_field(run, f, o, "status.operationState.message");
	if (r) {
		finding_fieldf(run, f, o, "status.operationState.syncResult.resources[%u].message", index);
		subject_of_resource(run, f, o, r);
	}
	if (value_get(state, "retryCount"))
		finding_field(run, f, o, "status.operationState.retryCount");
	f->since = when;
}

/* ---- Health ----------------------------------------------------------------------------------------------------------------- */

/* Names the resources of status.resources that `is` picks, and gives the first. */
static const char *name_resources(struct check_run *run, const struct object *o, bool (*is)(const struct value *r), const struct value **ret_first,
				  uint32_t *ret_index)
{
	uint32_t n = 0, index = 0;
	const char *text = "";
	*ret_first = NULL;
	for (value_each(r, value_get(o->status, "resources"))) {
		if (is(r)) {
			if (n == 0) {
				*ret_first = r;
				*ret_index = index;
			}
			if (n++ < NAMED_MAX)
				text = arena_printf(run->arena, "%s%s%s", text, *text ? ", " : "", resource_text(run, r));
		}
		index++;
	}
	return n > NAMED_MAX ? arena_printf(run->arena, "%s and %u more", text, n - NAMED_MAX) : text;
}

static bool is_degraded(const struct value *r)
{
	return str_eq(value_str(value_at(r, "health.status"), ""), "Degraded");
}

static bool is_missing(const struct value *r)
{
	return str_eq(value_str(value_at(r, "health.status"), ""), "Missing");
}

static void run_degraded(struct check_run *run, const struct object *o)
{
	struct condition c;
	bool degraded = str_eq(health_status(o), "Degraded"), missing = str_eq(health_status(o), "Missing");
	const struct value *first;
	uint32_t index;
	/* What is missing because it could not be synced is told by the sync. */
	if (o->deleted || (!degraded && (!missing || sync_failed(o) || !*phase_of(o))) || stopping_condition(run, o, &c))
		return;
	const char *names = name_resources(run, o, degraded ? is_degraded : is_missing, &first, &index);
	const char *why = first ? value_str(value_at(first, "health.message"), "") : value_str(value_at(o->status, "health.message"), "");
	struct finding *f = finding_new(run, o, "%s is %s%s%s%s%s", run_text(run, o), degraded ? "degraded" : "missing resources", *names ? ": " : "",
					names, *why ? ": " : "", why);
	finding_field(run, f, o, "status.health.status");
	if (first) {
		finding_fieldf(run, f, o, "status.resources[%u].health.status", index);
		subject_of_resource(run, f, o, first);
	}
	if (missing)
		f->severity = SEVERITY_WARNING;
	f->since = value_time(value_at(o->status, "health.lastTransitionTime"));
}

/* ---- Out of sync ------------------------------------------------------------------------------------------------------------ */

#define SYNC_GRACE (10 * USEC_PER_MINUTE) /* Argo CD looks at Git every three minutes, and a sync takes its time */

static bool is_out_of_sync(const struct value *r)
{
	return str_eq(value_get_str(r, "status"), "OutOfSync");
}

static void run_out_of_sync(struct check_run *run, const struct object *o)
{
	struct condition c;
	const char *text;
	const struct value *first, *automated = value_at(o->spec, "syncPolicy.automated");
	uint32_t index;
	usec_t last = value_time(value_at(o->status, "operationState.finishedAt"));
	if (o->deleted || !str_eq(sync_status(o), "OutOfSync") || sync_failed(o) || stopping_condition(run, o, &c) ||
	    str_eq(phase_of(o), "Running") || project_is_missing(run, o, &text) || destination_is_missing(run, o, &text))
		return;
	if (str_eq(health_status(o), "Missing") && *phase_of(o))
		return; /* told as what is missing */
	if ((last && run_age(run, last) < SYNC_GRACE) || (o->created && run_age(run, o->created) < SYNC_GRACE))
		return;
	const char *names = name_resources(run, o, is_out_of_sync, &first, &index);
	bool on = automated && value_get_bool(automated, "enabled", true), heals = value_get_bool(automated, "selfHeal", false);
	bool prunes_only = first && value_get_bool(first, "requiresPruning", false);
	const char *why = !*phase_of(o) ? "it has never been synced"
			  : !on         ? "it is synced by hand"
			  : prunes_only ? "what is no longer in Git is not pruned"
			  : !heals      ? "it was changed in the cluster, and selfHeal is off"
					: "although it syncs and heals by itself: something changes it again and again";
	struct finding *f = finding_new(run, o, "%s is out of sync%s%s (%s)", run_text(run, o), *names ? ": " : "", names, why);
	finding_field(run, f, o, "status.sync.status");
	if (first)
		finding_fieldf(run, f, o, "status.resources[%u].status", index);
	if (on && !prunes_only && !heals)
		finding_field(run, f, o, "spec.syncPolicy.automated.selfHeal");
	if (!on || prunes_only)
		f->severity = SEVERITY_INFO;
	finding_fix(run, f,
		    !on || !heals ? "See the difference (argocd app diff %s), and sync the Application."
				  : "See the difference (argocd app diff %s): if a controller sets these fields, add them to spec.ignoreDifferences.",
		    o->name);
}

const struct check check_argocd_condition_error = {
	.id = "argocd/condition-error",
	.kind = KIND_CUSTOM,
	.custom = APPLICATION,
	.severity = SEVERITY_ERROR,
	.title = "Application cannot be handled",
	.explain =
		"Argo CD has set an error condition on the Application: ComparisonError (its source cannot be read or rendered), InvalidSpecError, SyncError, "
		"DeletionError or UnknownError. Its words are quoted. Nothing is synced meanwhile.",
	.fix = "Do as the condition's message says.",
	.run = run_condition,
};

const struct check check_argocd_degraded = {
	.id = "argocd/degraded",
	.kind = KIND_CUSTOM,
	.custom = APPLICATION,
	.severity = SEVERITY_ERROR,
	.title = "Application is degraded",
	.explain =
		"Argo CD's judgement of the Application's resources: one of them is degraded (a Deployment over its deadline, a failed Job), or missing. What is "
		"wrong with that resource is found by the checks of its kind, and is then the cause.",
	.fix = "See what is wrong with the resource named.",
	.run = run_degraded,
};

const struct check check_argocd_destination_missing = {
	.id = "argocd/destination-missing",
	.kind = KIND_CUSTOM,
	.custom = APPLICATION,
	.severity = SEVERITY_ERROR,
	.title = "Namespace of an Application does not exist",
	.explain = "spec.destination.namespace does not exist in this cluster, is not among the Application's own resources, and the sync option "
		   "CreateNamespace=true is not set: every sync fails.",
	.fix = "Create the namespace, or set CreateNamespace=true.",
	.run = run_destination,
};

const struct check check_argocd_out_of_sync = {
	.id = "argocd/out-of-sync",
	.kind = KIND_CUSTOM,
	.custom = APPLICATION,
	.severity = SEVERITY_WARNING,
	.title = "Application is out of sync",
	.explain =
		"The cluster is not what Git says, the last sync is over for ten minutes or more, and it did not fail. With automated sync that means drift: "
		"somebody changed the cluster and selfHeal is off, or something changes it again each time. Without automated sync it is information only.",
	.fix = "See the difference, and sync or ignore it.",
	.run = run_out_of_sync,
};

const struct check check_argocd_project_missing = {
	.id = "argocd/project-missing",
	.kind = KIND_CUSTOM,
	.custom = APPLICATION,
	.severity = SEVERITY_ERROR,
	.title = "Project of an Application does not exist",
	.explain = "spec.project names an AppProject that does not exist beside the Application: it is neither compared nor synced.",
	.fix = "Correct spec.project, or create the AppProject.",
	.run = run_project,
};

const struct check check_argocd_sync_failed = {
	.id = "argocd/sync-failed",
	.kind = KIND_CUSTOM,
	.custom = APPLICATION,
	.severity = SEVERITY_ERROR,
	.title = "Sync of an Application failed",
	.explain =
		"The last operation on the Application ended as Failed or Error, and the Application is not in sync since. The resource at which it failed is "
		"named, with the API server's words.",
	.fix = "Do as the message says, then sync again.",
	.run = run_sync_failed,
};
