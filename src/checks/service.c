/* Services: do they lead anywhere? */
#include "base/near.h"
#include "checks/index.h"
#include "checks/nearest.h"
#include "checks/workload.h"

/* Endpoints follow a new Service within this. */
#define ENDPOINTS_SETTLE (15 * USEC_PER_SEC)

static const struct value *selector_of(const struct object *o)
{
	const struct value *selector = value_get(o->spec, "selector");
	return value_len(selector) && !str_eq(value_get_str(o->spec, "type"), "ExternalName") ? selector : NULL;
}

/* Pods that the service selects and that could serve. */
static struct object_list serving_pods(struct check_run *run, const struct object *o, const struct value *selector, uint32_t *ret_ready,
				       uint32_t *ret_young)
{
	struct object_list all = inventory_select(run->inv, run->arena, KIND_POD, o->ns, selector, true), some = {0};
	*ret_ready = *ret_young = 0;
	for (uint32_t i = 0; i < all.len; i++) {
		const char *phase = value_get_str(all.items[i]->status, "phase");
		if (all.items[i]->deleted || str_eq(phase, "Succeeded") || str_eq(phase, "Failed"))
			continue;
		*arena_push(run->arena, &some) = all.items[i];
		bool ready = str_eq(condition_status(all.items[i], "Ready"), "True");
		*ret_ready += ready;
		*ret_young += !ready && all.items[i]->created && run_age(run, all.items[i]->created) < run->options->startup_grace;
	}
	return some;
}

/* Monitoring charts make a Service for each part of the control plane; where the provider runs these, or they are no pods, it stays empty. */
static bool is_control_plane(const struct object *o, const struct value *selector)
{
	static const char *const parts[] = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler"};
	const char *component = value_get_str(selector, "component"), *app = value_get_str(selector, "k8s-app");
	for (size_t i = 0; i < ARRAY_LEN(parts) && str_eq(o->ns, "kube-system"); i++)
		if (str_eq(component, parts[i]) || str_eq(app, parts[i]))
			return true;
	return false;
}

static void add_selects_nothing(struct check_run *run, const struct object *o, const struct value *selector)
{
	const struct object *maker = workload_selected(run, o->ns, selector, true);
	const char *words = selector_text(run->arena, selector, true);
	if (maker && (value_get_int(maker->spec, "replicas", 1) == 0 || maker->kind->id == KIND_CRON_JOB || maker->kind->id == KIND_JOB))
		return; /* scaled to zero, or not running at the moment */
	struct finding *f;
	if (maker) {
		f = finding_new(run, o, "%s has no endpoints: %s, which should have the pods it selects (%s), has none", run_text(run, o),
				run_text(run, maker), words);
		finding_subject_object(run, f, maker);
		finding_field(run, f, o, "spec.selector");
		finding_fix(run, f, "See why %s has no pods.", run_text(run, maker));
		return;
	}
	struct nearest near = nearest_workload(run, o->ns, o->name, selector, true);
	f = finding_new(run, o, "%s has no endpoints: no pod in namespace %s has the labels it selects (%s)%s", run_text(run, o), o->ns, words,
			nearest_words(run, &near));
	finding_field(run, f, o, "spec.selector");
	if (workloads_unread(run, o->ns)) /* its workload may be scaled to zero */
		f->severity = SEVERITY_WARNING;
	if (is_control_plane(o, selector))
		f->severity = SEVERITY_INFO;
	if (near.workload) {
		const char *path;
		pod_labels_of(near.workload, &path);
		finding_field(run, f, near.workload, path);
		if (near.has)
			finding_fix(run, f, "Select %s=%s, or give the pods of %s the label %s=%s.", near.want->key, near.has,
				    run_text(run, near.workload), near.want->key, value_str(&near.want->v, ""));
		if (near.has && near.differences == 1)
			finding_propose_strings(run, f, "patch", "medium", "path", arena_printf(run->arena, "spec.selector['%s']", near.want->key),
						"value", near.has, NULL);
	}
}

static void run_no_endpoints(struct check_run *run, const struct object *o)
{
	const struct value *selector = selector_of(o);
	uint32_t ready, not_ready, pods_ready, pods_young;
	if (o->deleted || !selector || !inventory_sees(run->inv, KIND_POD, o->ns))
		return;
	index_endpoints(run, o, &ready, &not_ready);
	if (ready || not_ready)
		return;
	struct object_list pods = serving_pods(run, o, selector, &pods_ready, &pods_young);
	if (pods.len == 0 && (!o->created || run_age(run, o->created) >= ENDPOINTS_SETTLE))
		add_selects_nothing(run, o, selector);
}

static void run_not_ready(struct check_run *run, const struct object *o)
{
	const struct value *selector = selector_of(o);
	uint32_t ready, not_ready, pods_ready, pods_young;
	if (o->deleted || !selector || value_get_bool(o->spec, "publishNotReadyAddresses", false) || !inventory_sees(run->inv, KIND_POD, o->ns))
		return;
	index_endpoints(run, o, &ready, &not_ready);
	if (ready && !not_ready)
		return;
	struct object_list pods = serving_pods(run, o, selector, &pods_ready, &pods_young);
	if (pods.len == 0 || pods_ready == pods.len || pods_ready + pods_young == pods.len)
		return;
	const struct object *first = NULL;
	for (uint32_t i = 0; i < pods.len && !first; i++)
		if (!str_eq(condition_status(pods.items[i], "Ready"), "True"))
			first = pods.items[i];
	struct finding *f = finding_new(run, o, "%s has %u of %u pods ready%s", run_text(run, o), pods_ready, pods.len,
					pods_ready ? "" : ": nobody answers its requests");
	finding_field(run, f, o, "spec.selector");
	if (first) {
		uint32_t index;
		condition_find(first, "Ready", &index);
		if (condition_find(first, "Ready", NULL))
			finding_fieldf(run, f, first, "status.conditions[%u].status", index);
		else
			finding_field(run, f, first, "status.phase");
		finding_subject_object(run, f, first);
		finding_fix(run, f, "See why %s is not ready.", run_text(run, first));
	}
	f->severity = pods_ready ? SEVERITY_WARNING : SEVERITY_ERROR;
}

/* What a pod declares of a Service's target port, and what comes near it. */
struct declared {
	bool any, found;
	const char *other_protocol; /* declared under the same name or number, but for this protocol */
	const char *near;           /* the name of a port that was probably meant */
};

static struct declared declared_port(const struct object *pod, const struct value *port, const char *protocol)
{
	static const char *const lists[] = {"containers", "initContainers"};
	struct declared d = {0};
	struct near near;
	near_init(&near, value_str(port, ""));
	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		for (value_each(c, value_get(pod->spec, lists[k]))) {
			for (value_each(p, value_get(c, "ports"))) {
				const char *name = value_get_str(p, "name"), *of = value_str(value_get(p, "protocol"), "TCP");
				d.any = true;
				if (port->type == VALUE_STRING && *name)
					near_try(&near, name);
				if (port->type == VALUE_STRING ? !str_eq(name, value_str(port, ""))
							       : value_get_int(p, "containerPort", 0) != value_int(port, -1))
					continue;
				if (str_eq(of, protocol))
					d.found = true;
				else
					d.other_protocol = of;
			}
		}
	}
	d.near = near.best;
	return d;
}

static void add_port_mismatch(struct check_run *run, const struct object *o, const struct object *pod, const struct value *p, uint32_t index)
{
	const struct value *target = value_get(p, "targetPort");
	const char *key = target ? "targetPort" : "port", *protocol = value_str(value_get(p, "protocol"), "TCP");
	if (!target)
		target = value_get(p, "port");
	if (!target)
		return;
	bool named = target->type == VALUE_STRING;
	struct declared d = declared_port(pod, target, protocol);
	if (d.found || (!d.any && !named))
		return;
	const char *port = value_text(run->arena, target), *what = named ? "the port named" : "port";
	struct finding *f;
	if (d.other_protocol)
		f = finding_new(run, o, "%s sends %s to %s %s, which %s declares for %s", run_text(run, o), protocol, what, port, run_text(run, pod),
				d.other_protocol);
	else
		f = finding_new(run, o, "%s sends to %s %s, which no container of %s declares%s", run_text(run, o), what, port, run_text(run, pod),
				nearest_hint(run, d.near));
	finding_fieldf(run, f, o, "spec.ports[%u].%s", index, key);
	if (d.other_protocol && value_get(p, "protocol"))
		finding_fieldf(run, f, o, "spec.ports[%u].protocol", index);
	if (d.any)
		finding_field(run, f, pod, "spec.containers[0].ports");
	if (d.other_protocol)
		finding_fix(run, f, "Set protocol %s on port %s of %s, or declare the container's port for %s too.", d.other_protocol, port,
			    run_text(run, o), protocol);
	else if (d.near)
		finding_fix(run, f, "Set targetPort to %s.", d.near);
	/* A name that leads nowhere is certainly broken; a number may be right all the same. */
	f->severity = named ? SEVERITY_ERROR : SEVERITY_INFO;
}

static void run_port_mismatch(struct check_run *run, const struct object *o)
{
	const struct value *selector = selector_of(o);
	uint32_t i = 0, ready, young;
	if (o->deleted || !selector || !inventory_sees(run->inv, KIND_POD, o->ns))
		return;
	struct object_list pods = serving_pods(run, o, selector, &ready, &young);
	for (value_each(p, value_get(o->spec, "ports"))) {
		if (pods.len)
			add_port_mismatch(run, o, pods.items[0], p, i);
		i++;
	}
}

static void run_warning_event(struct check_run *run, const struct object *o)
{
	const struct event_list *events = inventory_events_of(run->inv, o);
	for (uint32_t i = 0; events && i < events->len && !o->deleted; i++) {
		const struct event *e = events->items[i];
		/* Two writers at once: the loser tries again at once. */
		bool conflict = strstr(e->message, "Operation cannot be fulfilled") || strstr(e->message, "the object has been modified");
		if (!str_eq(e->type, "Warning") || conflict || run_age(run, e->last) > run->options->recovered_after)
			continue;
		struct finding *f = finding_new(run, o, "%s: %s: %s", run_text(run, o), e->reason, e->message);
		finding_event(run, f, e);
		f->since = e->first;
		return;
	}
}

static void run_load_balancer(struct check_run *run, const struct object *o)
{
	if (o->deleted || !str_eq(value_get_str(o->spec, "type"), "LoadBalancer") || value_len(value_at(o->status, "loadBalancer.ingress")) ||
	    (o->created && run_age(run, o->created) < run->options->startup_grace))
		return;
	const char *class = value_get_str(o->spec, "loadBalancerClass");
	const char *of = *class ? arena_printf(run->arena, " (load balancer class %s)", class) : "";
	struct finding *f = finding_new(run, o, "%s has had no external address for %s%s", run_text(run, o), run_ago(run, o->created), of);
	finding_field(run, f, o, "spec.type");
	finding_event(run, f, recent_event(run, o, "SyncLoadBalancerFailed", 0));
	f->since = o->created;
}

const struct check check_service_no_endpoints = {
	.id = "service/no-endpoints",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_ERROR,
	.title = "Service selects no pod",
	.explain =
		"No pod has the labels that the Service selects, so that it has no endpoints. The workload whose labels come nearest is named.\n\n"
		"Not reported when a workload with these labels is scaled to zero, or is a Job that does not run at the moment. Only worth a note for a "
		"part of the control plane in kube-system, which need not be a pod.",
	.fix = "Make the Service's selector and the pods' labels agree.",
	.peers = "k8sgpt Service; Popeye 1100, 1105, 1110",
	.run = run_no_endpoints,
};

const struct check check_service_not_ready_endpoints = {
	.id = "service/not-ready-endpoints",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_WARNING,
	.title = "Pods of a Service are not ready",
	.explain =
		"Some or all pods that the Service selects are not ready and get no traffic. An error when none is ready. Pods younger than startup_grace do not "
		"count.",
	.fix = "See why the pods are not ready.",
	.peers = "k8sgpt Service; Popeye 1105",
	.run = run_not_ready,
};

const struct check check_service_port_mismatch = {
	.id = "service/port-mismatch",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_WARNING,
	.title = "Service sends to a port that the pods do not declare",
	.explain =
		"The Service's targetPort is among no container's ports, or only for another protocol (TCP, UDP). A named port that does not exist for the protocol "
		"leads nowhere; a number may still be served, because containers need not declare their ports: then this is only a hint, until a caller's log says "
		"that the connection is refused.",
	.fix = "Correct targetPort, or declare the port in the container.",
	.peers = "Popeye 1106",
	.run = run_port_mismatch,
};

const struct check check_service_warning_event = {
	.id = "service/warning-event",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_WARNING,
	.title = "Warning about a Service",
	.explain = "A controller has reported a Warning event about the Service within the last minutes (recovered_after).",
	.fix = "Do as the event says.",
	.peers = "k8sgpt Service",
	.run = run_warning_event,
};

const struct check check_service_load_balancer_pending = {
	.id = "service/load-balancer-pending",
	.kind = KIND_SERVICE,
	.severity = SEVERITY_WARNING,
	.title = "Load balancer gets no address",
	.explain =
		"A Service of type LoadBalancer has no address in status.loadBalancer. On bare metal this needs a controller such as MetalLB with free addresses.",
	.fix = "See the cloud controller or the load balancer controller: is it installed, and has it addresses left?",
	.run = run_load_balancer,
};
