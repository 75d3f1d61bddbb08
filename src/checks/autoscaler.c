/* HorizontalPodAutoscalers. */
#include "checks/nearest.h"

static const struct object *target_of(struct check_run *run, const struct object *o, const struct kind **ret_kind)
{
	const struct value *ref = value_get(o->spec, "scaleTargetRef");
	*ret_kind = kind_by_gvk(value_get_str(ref, "apiVersion"), value_get_str(ref, "kind"));
	return *ret_kind ? inventory_find(run->inv, (*ret_kind)->id, o->ns, value_get_str(ref, "name")) : NULL;
}

static bool target_is_missing(struct check_run *run, const struct object *o)
{
	const struct kind *kind;
	const struct object *target = target_of(run, o, &kind);
	return kind && !target && inventory_sees(run->inv, kind->id, o->ns);
}

static void run_target_missing(struct check_run *run, const struct object *o)
{
	const struct kind *kind;
	const char *name = value_str(value_at(o->spec, "scaleTargetRef.name"), "");
	if (o->deleted || !target_is_missing(run, o))
		return;
	target_of(run, o, &kind);
	const char *near = nearest_name(run, kind->id, o->ns, name);
	struct finding *f =
		finding_new(run, o, "%s scales %s %s/%s, which does not exist%s", run_text(run, o), kind->name, o->ns, name, nearest_hint(run, near));
	finding_field(run, f, o, "spec.scaleTargetRef.name");
	finding_absence(run, f, kind->name, o->ns, name);
	finding_subject(run, f, kind->id, o->ns, name);
	uint32_t index;
	if (str_eq(value_get_str(condition_find(o, "AbleToScale", &index), "status"), "False"))
		finding_fieldf(run, f, o, "status.conditions[%u].message", index);
	finding_fix(run, f, "Correct spec.scaleTargetRef%s%s, or delete the autoscaler.", near ? " to " : "", near ? near : "");
	f->since = o->created;
}

/* Containers without a request for a resource that a Utilization target measures against it. */
static const struct value *container_without(const struct object *target, const char *resource, uint32_t *ret_index)
{
	const struct value *spec = target ? pod_spec_of(target, NULL) : NULL;
	*ret_index = 0;
	if (value_at(spec, "resources.requests"))
		return NULL;
	for (value_each(c, value_get(spec, "containers"))) {
		if (!value_get(value_at(c, "resources.requests"), resource) && !value_get(value_at(c, "resources.limits"), resource))
			return c;
		(*ret_index)++;
	}
	return NULL;
}

static const struct value *metric_without_request(struct check_run *run, const struct object *o, const struct value **ret_container,
						  uint32_t *ret_metric, uint32_t *ret_index)
{
	const struct kind *kind;
	const struct object *target = target_of(run, o, &kind);
	*ret_metric = 0;
	for (value_each(m, value_get(o->spec, "metrics"))) {
		const struct value *resource = value_get(m, "resource");
		bool utilization = str_eq(value_str(value_at(resource, "target.type"), ""), "Utilization");
		if (utilization && (*ret_container = container_without(target, value_get_str(resource, "name"), ret_index)))
			return resource;
		(*ret_metric)++;
	}
	return NULL;
}

static void run_no_requests(struct check_run *run, const struct object *o)
{
	const struct value *container;
	uint32_t metric, index;
	const struct kind *kind;
	const struct value *resource = o->deleted ? NULL : metric_without_request(run, o, &container, &metric, &index);
	if (!resource)
		return;
	const struct object *target = target_of(run, o, &kind);
	const char *name = value_get_str(resource, "name"), *path;
	struct finding *f = finding_new(run, o, "%s scales by %s utilisation, and container %s of %s requests no %s to measure it against",
					run_text(run, o), name, value_get_str(container, "name"), run_text(run, target), name);
	finding_fieldf(run, f, o, "spec.metrics[%u].resource.name", metric);
	pod_spec_of(target, &path);
	finding_fieldf(run, f, target, "%s.containers[%u].name", path, index);
	finding_subject_object(run, f, target);
	finding_fix(run, f, "Set resources.requests.%s on container %s of %s.", name, value_get_str(container, "name"), run_text(run, target));
}

/* Where resource metrics come from: what is known of metrics-server. */
static void add_metrics_server(struct check_run *run, struct finding *f)
{
	const struct object_list *list = inventory_list(run->inv, KIND_DEPLOYMENT);
	const struct object *server = NULL;
	for (uint32_t i = 0; i < list->len && !server; i++)
		if (strstr(list->items[i]->name, "metrics-server"))
			server = list->items[i];
	finding_fix(run, f, "See that metrics-server is installed and runs (kubectl get apiservice v1beta1.metrics.k8s.io).");
	if (server) {
		int64_t ready = value_get_int(server->status, "readyReplicas", 0);
		if (ready > 0)
			return;
		f->message = arena_printf(run->arena, "%s; %s has no ready pod", f->message, run_text(run, server));
		finding_field(run, f, server, "spec.replicas");
		finding_subject_object(run, f, server);
		finding_fix(run, f, "See why %s is not ready.", run_text(run, server));
	} else if (inventory_sees(run->inv, KIND_DEPLOYMENT, NULL)) {
		f->message = arena_printf(run->arena, "%s; no Deployment of the cluster is called metrics-server", f->message);
		finding_fix(run, f, "Install metrics-server: the autoscaler has its CPU and memory figures from it.");
	}
}

static void run_condition(struct check_run *run, const struct object *o)
{
	static const char *const types[] = {"AbleToScale", "ScalingActive"};
	const struct value *container;
	uint32_t metric, container_index;
	if (o->deleted || target_is_missing(run, o) || metric_without_request(run, o, &container, &metric, &container_index))
		return;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		uint32_t index;
		const struct value *c = condition_find(o, types[i], &index);
		/* Scaled to zero by hand: the autoscaler rests. */
		if (!str_eq(value_get_str(c, "status"), "False") || str_eq(value_get_str(c, "reason"), "ScalingDisabled") ||
		    (o->created && run_age(run, o->created) < run->options->startup_grace))
			continue;
		const char *message = value_get_str(c, "message");
		struct finding *f = finding_new(run, o, "%s cannot work: %s (%s)", run_text(run, o), message, value_get_str(c, "reason"));
		finding_fieldf(run, f, o, "status.conditions[%u].status", index);
		finding_fieldf(run, f, o, "status.conditions[%u].message", index);
		if (strstr(message, "metrics.k8s.io") || strstr(message, "no metrics returned"))
			add_metrics_server(run, f);
		f->since = value_get_time(c, "lastTransitionTime");
		return;
	}
}

static void run_at_max(struct check_run *run, const struct object *o)
{
	uint32_t index;
	const struct value *c = condition_find(o, "ScalingLimited", &index);
	int64_t most = value_get_int(o->spec, "maxReplicas", 0), now = value_get_int(o->status, "currentReplicas", 0);
	bool limited = str_eq(value_get_str(c, "status"), "True") && str_eq(value_get_str(c, "reason"), "TooManyReplicas");
	bool fixed = value_get_int(o->spec, "minReplicas", 1) == most; /* no range to scale in, on purpose */
	if (o->deleted || !limited || most == 0 || now < most || fixed)
		return;
	struct finding *f = finding_new(run, o, "%s would scale further, and is at its maximum of %lld replicas", run_text(run, o), (long long)most);
	finding_field(run, f, o, "spec.maxReplicas");
	finding_fieldf(run, f, o, "status.conditions[%u].message", index);
	f->since = value_get_time(c, "lastTransitionTime");
}

const struct check check_hpa_target_missing = {
	.id = "hpa/target-missing",
	.kind = KIND_HORIZONTAL_POD_AUTOSCALER,
	.severity = SEVERITY_ERROR,
	.title = "Target of the autoscaler does not exist",
	.explain = "spec.scaleTargetRef names a workload that does not exist in the namespace.",
	.fix = "Correct spec.scaleTargetRef, or delete the autoscaler.",
	.peers = "k8sgpt HorizontalPodAutoscaler; Popeye 600",
	.run = run_target_missing,
};

const struct check check_hpa_condition_false = {
	.id = "hpa/condition-false",
	.kind = KIND_HORIZONTAL_POD_AUTOSCALER,
	.severity = SEVERITY_ERROR,
	.title = "Autoscaler cannot work",
	.explain =
		"The condition AbleToScale or ScalingActive is False: the autoscaler cannot read the scale, or gets no metrics. Its words are quoted.",
	.fix = "Do as the condition's message says; without metrics, see metrics-server or the metrics adapter.",
	.peers = "k8sgpt HorizontalPodAutoscaler",
	.run = run_condition,
};

const struct check check_hpa_at_max = {
	.id = "hpa/at-max",
	.kind = KIND_HORIZONTAL_POD_AUTOSCALER,
	.severity = SEVERITY_WARNING,
	.title = "Autoscaler is at its maximum",
	.explain = "The metrics ask for more replicas than spec.maxReplicas allows: the load may be more than the workload can take. "
		   "Not reported when minReplicas is the same number.",
	.fix = "Raise maxReplicas if the cluster has room, or make the program faster.",
	.peers = "k8sgpt HorizontalPodAutoscaler",
	.run = run_at_max,
};

const struct check check_hpa_no_requests = {
	.id = "hpa/no-requests",
	.kind = KIND_HORIZONTAL_POD_AUTOSCALER,
	.severity = SEVERITY_ERROR,
	.title = "Autoscaler has nothing to measure against",
	.explain =
		"The autoscaler's target is a utilisation in per cent of the request, and a container requests nothing of that resource: no utilisation can be "
		"computed.",
	.fix = "Give every container a request of the resource.",
	.peers = "k8sgpt HorizontalPodAutoscaler",
	.run = run_no_requests,
};
