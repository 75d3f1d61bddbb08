/* Pods that no scheduler looks at: its name is wrong, it does not run, or a gate holds the pod back. */
#include "base/near.h"
#include "checks/pod.h"

/* What is called like the scheduler that the pod asks for. */
static const struct object *scheduler_workload(struct check_run *run, const char *scheduler)
{
	const struct object_list *list = inventory_list(run->inv, KIND_DEPLOYMENT);
	for (uint32_t i = 0; i < list->len; i++)
		if (strstr(list->items[i]->name, scheduler))
			return list->items[i];
	return NULL;
}

static bool serves_others(struct check_run *run, const char *scheduler)
{
	const struct object_list *pods = inventory_list(run->inv, KIND_POD);
	for (uint32_t i = 0; i < pods->len; i++)
		if (*value_get_str(pods->items[i]->spec, "nodeName") &&
		    str_eq(value_str(value_get(pods->items[i]->spec, "schedulerName"), "default-scheduler"), scheduler))
			return true;
	return false;
}

void pod_add_no_scheduler(struct check_run *run, const struct object *o)
{
	const char *scheduler = value_str(value_get(o->spec, "schedulerName"), "default-scheduler");
	const struct object *workload = scheduler_workload(run, scheduler);
	struct near near;
	near_init(&near, scheduler);
	near_try(&near, "default-scheduler");
	bool misspelt = near.best && !str_eq(scheduler, "default-scheduler") && !workload;
	const char *more = misspelt   ? "; did you mean default-scheduler?"
			   : workload ? arena_printf(run->arena, "; %s has %lld ready pods", run_text(run, workload),
						     (long long)value_get_int(workload->status, "readyReplicas", 0))
			   : str_eq(scheduler, "default-scheduler") || serves_others(run, scheduler) ? ""
												     : "; it has given a node to no other pod either";
	struct finding *f = finding_new(run, o, "%s has had no node for %s: no scheduler has looked at it (it asks for %s%s)", run_text(run, o),
					run_ago(run, o->created), scheduler, more);
	finding_field(run, f, o, "spec.schedulerName");
	finding_field(run, f, o, "status.phase");
	if (workload) {
		finding_field(run, f, workload, "metadata.name");
		finding_subject_object(run, f, workload);
	}
	finding_fix(run, f,
		    misspelt ? "Correct spec.schedulerName to default-scheduler (now %s), or install that scheduler."
			     : "See that the scheduler %s runs, or correct spec.schedulerName.",
		    scheduler);
	f->since = o->created;
}

static void run_gated(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	const struct value *gates = value_get(o->spec, "schedulingGates");
	bool gated = value_len(gates) > 0 || str_eq(value_get_str(v->scheduled_condition, "reason"), "SchedulingGated");
	if (!pod_is_alive(v) || *v->node || !gated || (o->created && pod_age(run, o) < run->options->startup_grace))
		return;
	const char *gate = value_get_str(value_item(gates, 0), "name");
	struct finding *f = finding_new(run, o, "%s has been held back by scheduling gate %s for %s", run_text(run, o), *gate ? gate : "(unnamed)",
					run_ago(run, o->created));
	if (*gate)
		finding_field(run, f, o, "spec.schedulingGates[0].name");
	if (v->scheduled_condition)
		finding_fieldf(run, f, o, "status.conditions[%u].reason", v->scheduled_index);
	f->since = o->created;
}

const struct check check_pod_scheduling_gated = {
	.id = "pod/scheduling-gated",
	.kind = KIND_POD,
	.severity = SEVERITY_WARNING,
	.title = "Pod is held back by a scheduling gate",
	.explain = "spec.schedulingGates keeps the pod from being scheduled until a controller removes the gate (queueing systems use this).",
	.fix = "See whether the controller that owns the gate runs, or whether the pod simply waits for its turn.",
	.run = run_gated,
};
