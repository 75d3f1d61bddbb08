/* KEDA: ScaledObjects and ScaledJobs, what they scale and what they ask. */
#include "checks/custom.h"

#define KEDA "keda.sh"
#define SCALED KEDA "/ScaledObject " KEDA "/ScaledJob"

struct target {
	const char *group, *kind, *name;
	const struct object *object;
	bool missing;
};

static struct target target_of(struct check_run *run, const struct object *o)
{
	const struct value *ref = value_get(o->spec, "scaleTargetRef");
	const char *api_version = value_str(value_get(ref, "apiVersion"), "apps/v1"), *kind = value_str(value_get(ref, "kind"), "Deployment");
	struct target t = {.group = group_of(run->arena, api_version), .kind = kind, .name = value_get_str(ref, "name")};
	const struct kind *k = kind_by_gvk(api_version, kind);
	if (!object_is(o, KEDA, "ScaledObject") || !*t.name)
		return t;
	t.object = inventory_find_custom(run->inv, t.group, kind, o->ns, t.name);
	bool seen = k ? inventory_sees(run->inv, k->id, o->ns) : inventory_sees_custom(run->inv, t.group, kind, o->ns);
	t.missing = !t.object && seen;
	return t;
}

static const struct object_list *list_of(struct check_run *run, const struct target *t)
{
	for (int i = 0; i < KIND_CUSTOM; i++)
		if (str_eq(kind_table[i].group, t->group) && str_eq(kind_table[i].name, t->kind))
			return inventory_list(run->inv, (enum kind_id)i);
	return inventory_list_custom(run->inv, t->group, t->kind);
}

static void run_target_missing(struct check_run *run, const struct object *o)
{
	struct target t = target_of(run, o);
	if (o->deleted || !t.missing)
		return;
	const char *near = near_object(run, list_of(run, &t), o->ns, t.name);
	struct finding *f = finding_new(run, o, "%s scales %s %s/%s, which does not exist%s", run_text(run, o), t.kind, o->ns, t.name, near);
	finding_field(run, f, o, "spec.scaleTargetRef.name");
	finding_absence(run, f, t.kind, o->ns, t.name);
	finding_subject_custom(run, f, t.group, t.kind, o->ns, t.name);
	finding_fix(run, f, "Correct spec.scaleTargetRef, or delete the ScaledObject.");
	f->since = o->created;
}

/* KEDA's defaults: none at least, 100 at most. */
static bool limits_are_wrong(const struct object *o, int64_t *ret_min, int64_t *ret_max)
{
	*ret_min = value_get_int(o->spec, "minReplicaCount", 0);
	*ret_max = value_get_int(o->spec, "maxReplicaCount", 100);
	return *ret_min > *ret_max;
}

static void run_limits(struct check_run *run, const struct object *o)
{
	int64_t min, max;
	if (o->deleted || !limits_are_wrong(o, &min, &max))
		return;
	struct finding *f = finding_new(run, o, "%s wants at least %lld and at most %lld replicas, which cannot be", run_text(run, o), (long long)min,
					(long long)max);
	finding_field(run, f, o, "spec.minReplicaCount");
	finding_field(run, f, o, "spec.maxReplicaCount");
	finding_fix(run, f, "Set spec.maxReplicaCount to %lld or more, or spec.minReplicaCount to %lld or less.", (long long)min, (long long)max);
}

/* The first trigger whose authentication does not exist; NULL when all do, or cannot be seen. */
static const struct value *missing_authentication(struct check_run *run, const struct object *o, uint32_t *ret_index)
{
	*ret_index = 0;
	for (value_each(trigger, value_get(o->spec, "triggers"))) {
		const struct value *ref = value_get(trigger, "authenticationRef");
		const char *kind = value_str(value_get(ref, "kind"), "TriggerAuthentication"), *name = value_get_str(ref, "name");
		const char *ns = str_eq(kind, "ClusterTriggerAuthentication") ? "" : o->ns;
		if (*name && inventory_sees_custom(run->inv, KEDA, kind, ns) && !inventory_find_custom(run->inv, KEDA, kind, ns, name))
			return trigger;
		++*ret_index;
	}
	return NULL;
}

static void run_authentication(struct check_run *run, const struct object *o)
{
	uint32_t index;
	const struct value *trigger = o->deleted ? NULL : missing_authentication(run, o, &index);
	if (!trigger)
		return;
	const struct value *ref = value_get(trigger, "authenticationRef");
	const char *kind = value_str(value_get(ref, "kind"), "TriggerAuthentication"), *name = value_get_str(ref, "name");
	const char *ns = str_eq(kind, "ClusterTriggerAuthentication") ? "" : o->ns;
	struct finding *f = finding_new(run, o, "Trigger %s of %s signs in by %s %s, which does not exist%s", value_get_str(trigger, "type"),
					run_text(run, o), kind, name, near_custom(run, KEDA, kind, ns, name));
	finding_fieldf(run, f, o, "spec.triggers[%u].authenticationRef.name", index);
	finding_absence(run, f, kind, ns, name);
	finding_subject_custom(run, f, KEDA, kind, ns, name);
	finding_fix(run, f, "Create %s %s%s%s, or correct spec.triggers[%u].authenticationRef.", kind, name, *ns ? " in namespace " : "", ns, index);
}

/* ---- Two that scale one thing ----------------------------------------------------------------------------------------------- */

static bool same_target(struct check_run *run, const struct target *t, const struct value *ref)
{
	return str_eq(value_get_str(ref, "name"), t->name) && str_eq(value_str(value_get(ref, "kind"), "Deployment"), t->kind) &&
	       str_eq(group_of(run->arena, value_str(value_get(ref, "apiVersion"), "apps/v1")), t->group);
}

/* KEDA makes an autoscaler of its own, or takes over one that the ScaledObject names. */
static bool is_own(const struct object *o, const struct object *hpa)
{
	const char *named = value_str(value_at(o->spec, "advanced.horizontalPodAutoscalerConfig.name"), "");
	return hpa->owner == o || str_eq(hpa->name, value_get_str(o->status, "hpaName")) || str_eq(hpa->name, named) ||
	       (strncmp(hpa->name, "keda-hpa-", 9) == 0 && str_eq(hpa->name + 9, o->name));
}

/* Another autoscaler, or another ScaledObject, of o's target; NULL. */
static const struct object *rival_of(struct check_run *run, const struct object *o)
{
	struct target t = target_of(run, o);
	const struct object_list *hpas = inventory_list(run->inv, KIND_HORIZONTAL_POD_AUTOSCALER);
	const struct object_list *others = inventory_list_custom(run->inv, KEDA, "ScaledObject");
	if (!*t.name || !object_is(o, KEDA, "ScaledObject"))
		return NULL;
	/* Namespaces are interned: pointers tell whether they are the same. */
	for (uint32_t i = 0; i < hpas->len; i++) {
		const struct object *hpa = hpas->items[i];
		bool of_another = hpa->owner && object_is(hpa->owner, KEDA, "ScaledObject"); /* then the two ScaledObjects are told */
		if (hpa->ns == o->ns && !of_another && !is_own(o, hpa) && same_target(run, &t, value_get(hpa->spec, "scaleTargetRef")))
			return hpa;
	}
	/* Of two ScaledObjects the later one is told: the first stands. */
	for (uint32_t i = 0; i < others->len && others->items[i] != o; i++)
		if (others->items[i]->ns == o->ns && same_target(run, &t, value_get(others->items[i]->spec, "scaleTargetRef")))
			return others->items[i];
	return NULL;
}

static void run_conflict(struct check_run *run, const struct object *o)
{
	const struct object *rival = o->deleted ? NULL : rival_of(run, o);
	if (!rival)
		return;
	struct target t = target_of(run, o);
	struct finding *f = finding_new(run, o, "%s and %s both scale %s %s/%s: they will undo each other's work", run_text(run, o),
					run_text(run, rival), t.kind, o->ns, t.name);
	finding_field(run, f, o, "spec.scaleTargetRef.name");
	finding_field(run, f, rival, "spec.scaleTargetRef.name");
	finding_subject_object(run, f, rival);
	if (rival->kind->id == KIND_HORIZONTAL_POD_AUTOSCALER)
		finding_fix(run, f,
			    "Delete %s, or let KEDA take it over (annotation scaledobject.keda.sh/transfer-hpa-ownership and "
			    "spec.advanced.horizontalPodAutoscalerConfig.name).",
			    run_text(run, rival));
	else
		finding_fix(run, f, "Put the triggers of both into one ScaledObject.");
}

/* ---- Conditions ------------------------------------------------------------------------------------------------------------- */

static bool is_explained(struct check_run *run, const struct object *o)
{
	int64_t min, max;
	uint32_t index;
	return target_of(run, o).missing || limits_are_wrong(o, &min, &max) || missing_authentication(run, o, &index) || rival_of(run, o);
}

/* The health of the trigger that fails most. */
static void add_failing_trigger(struct check_run *run, struct finding *f, const struct object *o)
{
	for (member_each(m, value_get(o->status, "health"))) {
		if (str_eq(value_get_str(&m->v, "status"), "Failing")) {
			finding_fieldf(run, f, o, "status.health['%s'].status", m->key);
			finding_fieldf(run, f, o, "status.health['%s'].numberOfFailures", m->key);
			return;
		}
	}
}

static void run_not_ready(struct check_run *run, const struct object *o)
{
	struct condition c, fallback;
	if (o->deleted || condition_is(o, "Fallback", "True", &fallback) || !condition_is(o, "Ready", "False", &c) || is_explained(run, o) ||
	    !condition_lasts(run, o, &c, run->options->startup_grace))
		return;
	struct finding *f = finding_new(run, o, "%s does not scale: %s", run_text(run, o), condition_words(run, &c));
	finding_condition(run, f, o, "status.conditions", &c);
	add_failing_trigger(run, f, o);
	finding_warning(run, f, o);
}

static void run_fallback(struct check_run *run, const struct object *o)
{
	struct condition c;
	if (o->deleted || !condition_is(o, "Fallback", "True", &c))
		return;
	int64_t replicas = value_int(value_at(o->spec, "fallback.replicas"), -1);
	const char *words = condition_words(run, &c);
	const char *fixed = replicas >= 0 ? arena_printf(run->arena, " at %lld replicas", (long long)replicas) : "";
	struct finding *f =
		finding_new(run, o, "%s has fallen back%s: a trigger cannot be read%s%s", run_text(run, o), fixed, *words ? ": " : "", words);
	finding_condition(run, f, o, "status.conditions", &c);
	if (replicas >= 0)
		finding_field(run, f, o, "spec.fallback.replicas");
	add_failing_trigger(run, f, o);
	finding_warning(run, f, o);
}

const struct check check_scaledobject_authentication_missing = {
	.id = "scaledobject/authentication-missing",
	.kind = KIND_CUSTOM,
	.custom = SCALED,
	.severity = SEVERITY_ERROR,
	.title = "Authentication of a trigger does not exist",
	.explain =
		"authenticationRef of a trigger names a TriggerAuthentication (or ClusterTriggerAuthentication) that does not exist: the trigger cannot be "
		"read, and nothing is scaled by it.",
	.fix = "Create the TriggerAuthentication, or correct the reference.",
	.run = run_authentication,
};

const struct check check_scaledobject_conflict = {
	.id = "scaledobject/conflict",
	.kind = KIND_CUSTOM,
	.custom = KEDA "/ScaledObject",
	.severity = SEVERITY_ERROR,
	.title = "Two autoscalers on one target",
	.explain =
		"KEDA makes a HorizontalPodAutoscaler for each ScaledObject. Another one, made by hand or by another ScaledObject, scales the same target: the "
		"two undo each other's work, and the number of replicas swings.",
	.fix = "Keep one of them.",
	.peers = "k8sgpt ScaledObject",
	.run = run_conflict,
};

const struct check check_scaledobject_fallback = {
	.id = "scaledobject/fallback",
	.kind = KIND_CUSTOM,
	.custom = KEDA "/ScaledObject",
	.severity = SEVERITY_WARNING,
	.title = "ScaledObject has fallen back",
	.explain =
		"The condition Fallback is True: a trigger failed more often than spec.fallback.failureThreshold, and KEDA keeps the number of replicas of "
		"spec.fallback instead of scaling by load.",
	.fix = "See why the trigger's source cannot be read: its address, its credentials.",
	.run = run_fallback,
};

const struct check check_scaledobject_limits = {
	.id = "scaledobject/limits",
	.kind = KIND_CUSTOM,
	.custom = SCALED,
	.severity = SEVERITY_ERROR,
	.title = "Least replicas above most",
	.explain = "minReplicaCount is above maxReplicaCount (0 and 100 unless set): KEDA can make no autoscaler of it.",
	.fix = "Correct the limits.",
	.run = run_limits,
};

const struct check check_scaledobject_not_ready = {
	.id = "scaledobject/not-ready",
	.kind = KIND_CUSTOM,
	.custom = SCALED,
	.severity = SEVERITY_ERROR,
	.title = "ScaledObject does not scale",
	.explain =
		"The condition Ready of the ScaledObject or ScaledJob is False, for a reason that no other check tells: a trigger is unknown or badly "
		"configured. Its words are quoted. That it is not active only means that there is nothing to do.",
	.fix = "Do as the condition's message says, and see the log of keda-operator.",
	.peers = "k8sgpt ScaledObject",
	.run = run_not_ready,
};

const struct check check_scaledobject_target_missing = {
	.id = "scaledobject/target-missing",
	.kind = KIND_CUSTOM,
	.custom = KEDA "/ScaledObject",
	.severity = SEVERITY_ERROR,
	.title = "Target of the ScaledObject does not exist",
	.explain = "spec.scaleTargetRef names a workload that does not exist in the namespace.",
	.fix = "Correct spec.scaleTargetRef, or delete the ScaledObject.",
	.peers = "k8sgpt ScaledObject",
	.run = run_target_missing,
};
