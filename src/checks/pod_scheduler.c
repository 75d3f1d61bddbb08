/* Pods that no scheduler looks at: its name is wrong, it does not run, or a gate holds the pod back. */
#include "base/near.h"
#include "checks/index.h"
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

/* What is known of a scheduler, the same for all pods that ask for it. */
struct scheduler {
	const struct object *workload;
	bool misspelt;
	const char *more;
};

static const struct scheduler *look_at_scheduler(struct check_run *run, const char *name)
{
	const char *key = arena_printf(run->arena, "scheduler %s", name);
	struct scheduler *s = hash_get(index_table(run, INDEX_MEMO), key, strlen(key));
	if (s)
		return s;
	s = arena_new(run->arena, struct scheduler);
	s->more = "";
	hash_put(index_table(run, INDEX_MEMO), key, strlen(key), s);
	if (str_eq(name, "default-scheduler"))
		return s;
	struct near near;
	near_init(&near, name);
	near_try(&near, "default-scheduler");
	s->workload = scheduler_workload(run, name);
	s->misspelt = near.best && !s->workload;
	if (s->misspelt)
		s->more = "; did you mean default-scheduler?";
	else if (s->workload)
		s->more = arena_printf(run->arena, "; %s has %lld ready pods", run_text(run, s->workload),
				       (long long)value_get_int(s->workload->status, "readyReplicas", 0));
	else if (!serves_others(run, name))
		s->more = "; it has given a node to no other pod either";
	return s;
}

void pod_add_no_scheduler(struct check_run *run, const struct object *o)
{
	const char *scheduler = value_str(value_get(o->spec, "schedulerName"), "default-scheduler");
	const struct scheduler *s = look_at_scheduler(run, scheduler);
	struct finding *f = finding_new(run, o, "%s has had no node for %s: no scheduler has looked at it (it asks for %s%s)", run_text(run, o),
					run_ago(run, o->created), scheduler, s->more);
	finding_field(run, f, o, "spec.schedulerName");
	finding_field(run, f, o, "status.phase");
	if (s->workload) {
		finding_field(run, f, s->workload, "metadata.name");
		finding_subject_object(run, f, s->workload);
	}
	finding_fix(run, f,
		    s->misspelt ? "Correct spec.schedulerName to default-scheduler (now %s), or install that scheduler."
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
	.peers = "k8sgpt Pod",
	.run = run_gated,
};
