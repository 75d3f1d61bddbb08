/* Ingresses: class, backends, certificates. */
#include "checks/ingress.h"

#include "checks/nearest.h"

static bool has_default_class(struct check_run *run)
{
	const struct object_list *list = inventory_list(run->inv, KIND_INGRESS_CLASS);
	for (uint32_t i = 0; i < list->len; i++)
		if (str_eq(value_get_str(list->items[i]->annotations, "ingressclass.kubernetes.io/is-default-class"), "true"))
			return true;
	return false;
}

const char *ingress_class(const struct object *o, const char **ret_path)
{
	const char *class = value_get_str(o->spec, "ingressClassName");
	*ret_path = "spec.ingressClassName";
	if (*class)
		return class;
	*ret_path = "metadata.annotations['kubernetes.io/ingress.class']";
	return value_get_str(o->annotations, "kubernetes.io/ingress.class");
}

/* Has a controller written an address into it? Of GKE's "gce" and other classes of old there is no object, and they are served all the same. */
static bool is_served(const struct object *o)
{
	return value_len(value_at(o->status, "loadBalancer.ingress")) > 0;
}

static void run_class_missing(struct check_run *run, const struct object *o)
{
	const char *path, *class = ingress_class(o, &path);
	if (o->deleted || !*class || !inventory_sees(run->inv, KIND_INGRESS_CLASS, NULL) || inventory_find(run->inv, KIND_INGRESS_CLASS, "", class))
		return;
	bool annotation = path[0] == 'm';
	if (annotation && is_served(o))
		return;
	const char *near = nearest_name(run, KIND_INGRESS_CLASS, "", class);
	struct finding *f = finding_new(run, o, "%s is of IngressClass %s, which does not exist: nobody serves it%s", run_text(run, o), class,
					nearest_hint(run, near));
	finding_field(run, f, o, path);
	finding_absence(run, f, "IngressClass", "", class);
	finding_subject(run, f, KIND_INGRESS_CLASS, "", class);
	finding_fix(run, f, "Correct %s%s%s, or install the controller that serves class %s.", path, near ? " to " : "", near ? near : "", class);
	/* Old controllers serve a class of the annotation that has no object. */
	if (annotation)
		f->severity = SEVERITY_WARNING;
}

static void run_no_class(struct check_run *run, const struct object *o)
{
	const char *path, *class = ingress_class(o, &path);
	if (o->deleted || *class || is_served(o) || has_default_class(run) ||
	    (inventory_list(run->inv, KIND_INGRESS_CLASS)->len == 0 && !inventory_sees(run->inv, KIND_INGRESS_CLASS, NULL)))
		return;
	struct finding *f =
		finding_new(run, o, "%s names no IngressClass, and no class is the default: it may be that nobody serves it", run_text(run, o));
	finding_absence(run, f, "spec.ingressClassName of Ingress", o->ns, o->name);
	const struct object_list *list = inventory_list(run->inv, KIND_INGRESS_CLASS);
	if (list->len == 1)
		finding_fix(run, f, "Set spec.ingressClassName to %s.", list->items[0]->name);
}

/* What the AWS controller is to do stands in an annotation named like the "service" of such a backend: there is no Service. */
static bool is_action(const struct value *service)
{
	return str_eq(value_str(value_at(service, "port.name"), ""), "use-annotation");
}

void ingress_each_backend(struct backends *b)
{
	struct arena *a = b->run->arena;
	const struct value *service = value_at(b->o->spec, "defaultBackend.service");
	uint32_t i = 0;
	if (service && !is_action(service))
		b->fn(b, service, "spec.defaultBackend.service");
	for (value_each(rule, value_get(b->o->spec, "rules"))) {
		uint32_t j = 0;
		for (value_each(p, value_at(rule, "http.paths"))) {
			service = value_at(p, "backend.service");
			if (service && !is_action(service))
				b->fn(b, service, arena_printf(a, "spec.rules[%u].http.paths[%u].backend.service", i, j));
			j++;
		}
		i++;
	}
}

static void check_service(struct backends *b, const struct value *service, const char *path)
{
	struct check_run *run = b->run;
	const struct object *o = b->o;
	const char *name = value_get_str(service, "name");
	if (!*name || inventory_find(run->inv, KIND_SERVICE, o->ns, name) || finding_is_said(run, o, name, NULL))
		return;
	const char *near = nearest_name(run, KIND_SERVICE, o->ns, name);
	struct finding *f =
		finding_new(run, o, "%s sends to Service %s/%s, which does not exist%s", run_text(run, o), o->ns, name, nearest_hint(run, near));
	finding_fieldf(run, f, o, "%s.name", path);
	finding_absence(run, f, "Service", o->ns, name);
	finding_subject(run, f, KIND_SERVICE, o->ns, name);
	finding_fix(run, f, "Create Service %s in namespace %s, or correct %s.name%s%s.", name, o->ns, path, near ? " to " : "", near ? near : "");
}

static void run_service_missing(struct check_run *run, const struct object *o)
{
	struct backends b = {run, o, check_service};
	if (!o->deleted && inventory_sees(run->inv, KIND_SERVICE, o->ns))
		ingress_each_backend(&b);
}

static void check_port(struct backends *b, const struct value *service, const char *path)
{
	struct check_run *run = b->run;
	const char *name = value_get_str(service, "name"), *port_name = value_str(value_at(service, "port.name"), "");
	int64_t number = value_int(value_at(service, "port.number"), 0);
	const struct object *target = inventory_find(run->inv, KIND_SERVICE, b->o->ns, name);
	const char *port = *port_name ? port_name : arena_printf(run->arena, "%lld", (long long)number);
	if (!target || str_eq(value_get_str(target->spec, "type"), "ExternalName") || finding_is_said(run, b->o, name, port))
		return;
	for (value_each(p, value_get(target->spec, "ports")))
		if (*port_name ? str_eq(value_get_str(p, "name"), port_name) : value_get_int(p, "port", 0) == number)
			return;
	struct finding *f =
		finding_new(run, b->o, "%s sends to port %s of %s, which has no such port", run_text(run, b->o), port, run_text(run, target));
	finding_fieldf(run, f, b->o, "%s.port.%s", path, *port_name ? "name" : "number");
	finding_field(run, f, target, "spec.ports");
	finding_subject_object(run, f, target);
	f->subject.key = port;
}

static void run_port_missing(struct check_run *run, const struct object *o)
{
	struct backends b = {run, o, check_port};
	if (!o->deleted)
		ingress_each_backend(&b);
}

static void run_tls(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	if (o->deleted || !inventory_sees(run->inv, KIND_SECRET, o->ns))
		return;
	for (value_each(t, value_get(o->spec, "tls"))) {
		const char *name = value_get_str(t, "secretName");
		if (*name && !inventory_find(run->inv, KIND_SECRET, o->ns, name) && !finding_is_said(run, o, name, NULL)) {
			struct finding *f =
				finding_new(run, o, "%s takes its certificate from Secret %s/%s, which does not exist%s", run_text(run, o), o->ns,
					    name, nearest_hint(run, nearest_name(run, KIND_SECRET, o->ns, name)));
			finding_fieldf(run, f, o, "spec.tls[%u].secretName", i);
			finding_absence(run, f, "Secret", o->ns, name);
			finding_subject(run, f, KIND_SECRET, o->ns, name);
			finding_fix(run, f, "Create the TLS Secret %s in namespace %s, or see why cert-manager has not made it.", name, o->ns);
		}
		i++;
	}
}

static void run_load_balancer_error(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	for (value_each(address, value_at(o->status, "loadBalancer.ingress"))) {
		uint32_t j = 0, index = i++;
		for (value_each(p, value_get(address, "ports"))) {
			const char *error = value_get_str(p, "error");
			uint32_t port = j++;
			if (!*error || o->deleted)
				continue;
			struct finding *f = finding_new(run, o, "%s: its load balancer cannot serve port %lld: %s", run_text(run, o),
							(long long)value_get_int(p, "port", 0), error);
			finding_fieldf(run, f, o, "status.loadBalancer.ingress[%u].ports[%u].error", index, port);
		}
	}
}

const struct check check_ingress_class_missing = {
	.id = "ingress/class-missing",
	.kind = KIND_INGRESS,
	.severity = SEVERITY_ERROR,
	.title = "Ingress class does not exist",
	.explain =
		"The Ingress names an IngressClass that does not exist, so that no controller serves it. A class in the old annotation counts as served "
		"when the Ingress has got an address.",
	.fix = "Name a class that exists, or install its controller.",
	.peers = "k8sgpt Ingress",
	.run = run_class_missing,
};

const struct check check_ingress_no_class = {
	.id = "ingress/no-class",
	.kind = KIND_INGRESS,
	.severity = SEVERITY_WARNING,
	.title = "Ingress has no class",
	.explain = "The Ingress names no class (neither spec.ingressClassName nor the old annotation), and no IngressClass is the default.",
	.fix = "Set spec.ingressClassName.",
	.peers = "k8sgpt Ingress",
	.run = run_no_class,
};

const struct check check_ingress_service_missing = {
	.id = "ingress/service-missing",
	.kind = KIND_INGRESS,
	.severity = SEVERITY_ERROR,
	.title = "Backend service does not exist",
	.explain = "A path of the Ingress, or its default backend, leads to a Service that does not exist: requests there get 503.",
	.fix = "Create the Service, or correct the backend.",
	.peers = "k8sgpt Ingress; Popeye 1401",
	.run = run_service_missing,
};

const struct check check_ingress_service_port_missing = {
	.id = "ingress/service-port-missing",
	.kind = KIND_INGRESS,
	.severity = SEVERITY_ERROR,
	.title = "Backend service has no such port",
	.explain = "A path of the Ingress leads to a port (by number or name) that its Service does not have.",
	.fix = "Correct the port in the backend.",
	.peers = "Popeye 1402",
	.run = run_port_missing,
};

const struct check check_ingress_tls_secret_missing = {
	.id = "ingress/tls-secret-missing",
	.kind = KIND_INGRESS,
	.severity = SEVERITY_ERROR,
	.title = "Certificate secret does not exist",
	.explain = "spec.tls names a Secret that does not exist: the controller serves its own default certificate, or none.",
	.fix = "Create the TLS Secret.",
	.peers = "k8sgpt Ingress",
	.run = run_tls,
};

const struct check check_ingress_load_balancer_error = {
	.id = "ingress/load-balancer-error",
	.kind = KIND_INGRESS,
	.severity = SEVERITY_WARNING,
	.title = "Load balancer of an Ingress reports an error",
	.explain = "status.loadBalancer.ingress names an error for a port: the load balancer could not be set up for it.",
	.fix = "See the Ingress controller's log and events for the error.",
	.peers = "Popeye 1400",
	.run = run_load_balancer_error,
};
