/* Gateway API: routes of HTTP and gRPC, the listeners they attach to and the Services they send to. */
#include "checks/gateway.h"

#include <strings.h>

#define ROUTES GATEWAY_GROUP "/HTTPRoute " GATEWAY_GROUP "/GRPCRoute"

/* ---- Where a route attaches ------------------------------------------------------------------------------------------------- */

enum attachment {
	ATTACH_OK, /* or cannot be told */
	ATTACH_NO_GATEWAY,
	ATTACH_NO_LISTENER, /* sectionName or port names none */
	ATTACH_KIND,        /* the listeners take no routes of this kind */
	ATTACH_NAMESPACE,   /* the listeners take no routes of this namespace */
	ATTACH_HOSTNAME,    /* no hostname in common */
};

/* One parentRef and how it fares. */
struct parent {
	uint32_t index;
	const char *ns, *name, *section;
	int64_t port;
	const struct object *gateway;
	enum attachment state;
	const struct value *listener; /* the one that came furthest */
	uint32_t listener_index;
};

static bool takes_kind(const struct value *listener, const char *kind)
{
	const struct value *kinds = value_at(listener, "allowedRoutes.kinds");
	const char *protocol = value_get_str(listener, "protocol");
	if (str_eq(protocol, "TLS") || str_eq(protocol, "TCP") || str_eq(protocol, "UDP"))
		return false;
	for (value_each(k, kinds))
		if (str_eq(value_get_str(k, "kind"), kind) && str_eq(value_str(value_get(k, "group"), GATEWAY_GROUP), GATEWAY_GROUP))
			return true;
	return value_len(kinds) == 0;
}

static const char *from_of(const struct value *listener)
{
	return value_str(value_at(listener, "allowedRoutes.namespaces.from"), "Same");
}

static bool takes_namespace(struct check_run *run, const struct object *gateway, const struct value *listener, const char *ns)
{
	const char *from = from_of(listener);
	if (str_eq(from, "Same"))
		return str_eq(gateway->ns, ns);
	if (!str_eq(from, "Selector"))
		return !str_eq(from, "None");
	const struct object *namespace = inventory_find(run->inv, KIND_NAMESPACE, "", ns);
	return !namespace || selector_matches(value_at(listener, "allowedRoutes.namespaces.selector"), namespace->labels, false);
}

/* Whether all names under `below` (one name, or a wildcard itself) are names under the wildcard `above` ("*.example.com"). */
static bool under(const char *above, const char *below)
{
	size_t a = strlen(above), b = strlen(below);
	return above[0] == '*' && above[1] == '.' && b >= a && strcasecmp(below + b - (a - 1), above + 1) == 0;
}

static bool takes_hostname(const struct value *listener, const struct value *hostnames)
{
	const char *own = value_get_str(listener, "hostname");
	for (value_each(h, hostnames)) {
		const char *name = value_str(h, "");
		if (strcasecmp(own, name) == 0 || under(own, name) || under(name, own))
			return true;
	}
	return !*own || value_len(hostnames) == 0;
}

static enum attachment try_listener(struct check_run *run, const struct object *o, const struct parent *p, const struct value *listener)
{
	if ((*p->section && !str_eq(value_get_str(listener, "name"), p->section)) || (p->port && value_get_int(listener, "port", 0) != p->port))
		return ATTACH_NO_LISTENER;
	if (!takes_kind(listener, o->kind->name))
		return ATTACH_KIND;
	if (!takes_namespace(run, p->gateway, listener, o->ns))
		return ATTACH_NAMESPACE;
	return takes_hostname(listener, value_get(o->spec, "hostnames")) ? ATTACH_OK : ATTACH_HOSTNAME;
}

/* False when it is no Gateway: a Service (a mesh's), or a kind of the controller's own. */
static bool parent_read(struct check_run *run, const struct object *o, const struct value *ref, uint32_t index, struct parent *ret)
{
	const char *ns = value_get_str(ref, "namespace");
	*ret = (struct parent){.index = index,
			       .ns = *ns ? ns : o->ns,
			       .name = value_get_str(ref, "name"),
			       .section = value_get_str(ref, "sectionName"),
			       .port = value_get_int(ref, "port", 0)};
	if (!str_eq(value_str(value_get(ref, "group"), GATEWAY_GROUP), GATEWAY_GROUP) ||
	    !str_eq(value_str(value_get(ref, "kind"), "Gateway"), "Gateway"))
		return false;
	ret->gateway = inventory_find_custom(run->inv, GATEWAY_GROUP, "Gateway", ret->ns, ret->name);
	if (!ret->gateway) {
		ret->state = inventory_sees_custom(run->inv, GATEWAY_GROUP, "Gateway", ret->ns) ? ATTACH_NO_GATEWAY : ATTACH_OK;
		return true;
	}
	uint32_t i = 0;
	ret->state = ATTACH_NO_LISTENER;
	for (value_each(listener, value_get(ret->gateway->spec, "listeners"))) {
		enum attachment a = try_listener(run, o, ret, listener);
		if (a == ATTACH_OK || a > ret->state) {
			ret->state = a;
			ret->listener = listener;
			ret->listener_index = i;
		}
		if (a == ATTACH_OK)
			break;
		i++;
	}
	return true;
}

static void each_parent(struct check_run *run, const struct object *o,
			void (*fn)(struct check_run *run, const struct object *o, const struct parent *p))
{
	uint32_t i = 0;
	struct parent p;
	for (value_each(ref, value_get(o->spec, "parentRefs"))) {
		if (!o->deleted && parent_read(run, o, ref, i, &p))
			fn(run, o, &p);
		i++;
	}
}

static void check_gateway(struct check_run *run, const struct object *o, const struct parent *p)
{
	if (p->state != ATTACH_NO_GATEWAY || finding_is_said(run, o, p->name, NULL))
		return;
	struct finding *f = finding_new(run, o, "%s attaches to Gateway %s/%s, which does not exist: no request reaches it%s", run_text(run, o),
					p->ns, p->name, near_custom(run, GATEWAY_GROUP, "Gateway", p->ns, p->name));
	finding_fieldf(run, f, o, "spec.parentRefs[%u].name", p->index);
	finding_absence(run, f, "Gateway", p->ns, p->name);
	finding_subject_custom(run, f, GATEWAY_GROUP, "Gateway", p->ns, p->name);
	finding_fix(run, f, "Correct spec.parentRefs[%u], or create Gateway %s in namespace %s.", p->index, p->name, p->ns);
}

static void run_gateway_missing(struct check_run *run, const struct object *o)
{
	each_parent(run, o, check_gateway);
}

static void check_listener(struct check_run *run, const struct object *o, const struct parent *p)
{
	if (p->state != ATTACH_NO_LISTENER && p->state != ATTACH_KIND)
		return;
	const char *which = *p->section ? arena_printf(run->arena, "listener %s", p->section)
			    : p->port   ? arena_printf(run->arena, "listener on port %lld", (long long)p->port)
					: "listener";
	struct finding *f = p->state == ATTACH_NO_LISTENER
				    ? finding_new(run, o, "%s attaches to %s, which has no %s", run_text(run, o), run_text(run, p->gateway), which)
				    : finding_new(run, o, "%s attaches to %s, whose %s takes no %s", run_text(run, o), run_text(run, p->gateway),
						  which, o->kind->name);
	finding_fieldf(run, f, o, "spec.parentRefs[%u].%s", p->index, *p->section ? "sectionName" : p->port ? "port" : "name");
	finding_field(run, f, p->gateway, "spec.listeners");
	finding_fix(run, f, "Correct spec.parentRefs[%u], or add such a listener to %s.", p->index, run_text(run, p->gateway));
}

static void run_listener_missing(struct check_run *run, const struct object *o)
{
	each_parent(run, o, check_listener);
}

static void check_namespace(struct check_run *run, const struct object *o, const struct parent *p)
{
	if (p->state != ATTACH_NAMESPACE)
		return;
	const char *from = from_of(p->listener), *listener = value_get_str(p->listener, "name"), *rule;
	if (str_eq(from, "Selector"))
		rule = arena_printf(run->arena, "takes routes of namespaces with %s, and Namespace %s has not these labels",
				    selector_text(run->arena, value_at(p->listener, "allowedRoutes.namespaces.selector"), false), o->ns);
	else if (str_eq(from, "Same"))
		rule = arena_printf(run->arena, "takes routes of its own namespace only, not of %s", o->ns);
	else
		rule = "takes routes of no namespace";
	struct finding *f =
		finding_new(run, o, "%s may not attach to %s: listener %s %s", run_text(run, o), run_text(run, p->gateway), listener, rule);
	finding_fieldf(run, f, p->gateway, "spec.listeners[%u].%s", p->listener_index,
		       value_at(p->listener, "allowedRoutes.namespaces.from") ? "allowedRoutes.namespaces.from" : "name");
	finding_fieldf(run, f, o, "spec.parentRefs[%u].name", p->index);
	if (str_eq(from, "Selector"))
		finding_fix(run, f, "Give Namespace %s the labels %s, or change allowedRoutes of listener %s.", o->ns,
			    selector_text(run->arena, value_at(p->listener, "allowedRoutes.namespaces.selector"), false), listener);
	else
		finding_fix(run, f, "Set allowedRoutes.namespaces of listener %s of %s so that it takes routes of namespace %s.", listener,
			    run_text(run, p->gateway), o->ns);
}

static void run_namespace_not_allowed(struct check_run *run, const struct object *o)
{
	each_parent(run, o, check_namespace);
}

static void check_hostname(struct check_run *run, const struct object *o, const struct parent *p)
{
	if (p->state != ATTACH_HOSTNAME)
		return;
	const struct value *hostnames = value_get(o->spec, "hostnames");
	const char *first = value_str(value_item(hostnames, 0), "");
	const char *more = value_len(hostnames) > 1 ? arena_printf(run->arena, " and %zu more", value_len(hostnames) - 1) : "";
	struct finding *f =
		finding_new(run, o, "%s is for %s%s, and no listener of %s that it may use takes that name (listener %s takes %s)", run_text(run, o),
			    first, more, run_text(run, p->gateway), value_get_str(p->listener, "name"), value_get_str(p->listener, "hostname"));
	finding_field(run, f, o, "spec.hostnames[0]");
	finding_fieldf(run, f, p->gateway, "spec.listeners[%u].hostname", p->listener_index);
	finding_fix(run, f, "Correct spec.hostnames, or add a listener for %s to %s.", first, run_text(run, p->gateway));
}

static void run_hostname_mismatch(struct check_run *run, const struct object *o)
{
	each_parent(run, o, check_hostname);
}

/* The parentRef that an entry of status.parents is about fares badly for a reason that a check above tells. */
static bool is_told(struct check_run *run, const struct object *o, const struct value *status)
{
	const struct value *about = value_get(status, "parentRef");
	uint32_t i = 0;
	struct parent p;
	for (value_each(ref, value_get(o->spec, "parentRefs")))
		if (parent_read(run, o, ref, i++, &p) && str_eq(p.name, value_get_str(about, "name")) &&
		    (!*value_get_str(about, "sectionName") || str_eq(p.section, value_get_str(about, "sectionName"))) &&
		    (p.state != ATTACH_OK || (p.gateway && !gateway_is_accepted(p.gateway))))
			return true;
	return false;
}

static void run_not_accepted(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	for (value_each(status, value_get(o->status, "parents"))) {
		struct condition c;
		const char *path = arena_printf(run->arena, "status.parents[%u].conditions", i++);
		if (o->deleted || !condition_in(value_get(status, "conditions"), "Accepted", &c) || !str_eq(c.status, "False") ||
		    !condition_lasts(run, o, &c, run->options->startup_grace) || is_told(run, o, status))
			continue;
		struct finding *f = finding_new(run, o, "%s was not accepted by Gateway %s: %s", run_text(run, o),
						value_str(value_at(status, "parentRef.name"), "?"), condition_words(run, &c));
		finding_condition(run, f, o, path, &c);
		return;
	}
}

/* ---- Where it sends --------------------------------------------------------------------------------------------------------- */

enum backend_state { BACKEND_OK, BACKEND_MISSING, BACKEND_NO_PORT, BACKEND_NOT_PERMITTED };

struct backend {
	const char *path, *ns, *name;
	int64_t port;
	const struct object *service;
	enum backend_state state;
};

static bool has_port(const struct object *service, int64_t port)
{
	for (value_each(p, value_get(service->spec, "ports")))
		if (value_get_int(p, "port", 0) == port)
			return true;
	return str_eq(value_get_str(service->spec, "type"), "ExternalName");
}

/* False when it is no Service. */
static bool backend_read(struct check_run *run, const struct object *o, const struct value *ref, struct backend *ret)
{
	const char *ns = value_get_str(ref, "namespace");
	*ret = (struct backend){.ns = *ns ? ns : o->ns, .name = value_get_str(ref, "name"), .port = value_get_int(ref, "port", 0)};
	if (*value_get_str(ref, "group") || !str_eq(value_str(value_get(ref, "kind"), "Service"), "Service") || !*ret->name)
		return false;
	ret->service = inventory_find(run->inv, KIND_SERVICE, ret->ns, ret->name);
	if (!ret->service && inventory_sees(run->inv, KIND_SERVICE, ret->ns))
		ret->state = BACKEND_MISSING;
	else if (!str_eq(ret->ns, o->ns) && inventory_sees_custom(run->inv, GATEWAY_GROUP, "ReferenceGrant", ret->ns) &&
		 !gateway_reference_granted(run, o->kind->name, o->ns, "", "Service", ret->ns, ret->name))
		ret->state = BACKEND_NOT_PERMITTED;
	else if (ret->service && ret->port && !has_port(ret->service, ret->port))
		ret->state = BACKEND_NO_PORT;
	return true;
}

/* Calls fn for each backend in this state, once for each Service (and port). A state of its own for "any that is not well" is not needed:
 * fn NULL only asks whether there is one. */
static bool each_backend(struct check_run *run, const struct object *o, enum backend_state state,
			 void (*fn)(struct check_run *run, const struct object *o, const struct backend *b))
{
	uint32_t i = 0;
	bool any = false;
	for (value_each(rule, value_get(o->spec, "rules"))) {
		uint32_t j = 0;
		for (value_each(ref, value_get(rule, "backendRefs"))) {
			struct backend b;
			bool is_service = backend_read(run, o, ref, &b);
			b.path = arena_printf(run->arena, "spec.rules[%u].backendRefs[%u]", i, j++);
			if (!is_service || b.state != state)
				continue;
			any = true;
			const char *key = state == BACKEND_NO_PORT ? arena_printf(run->arena, "%lld", (long long)b.port) : NULL;
			if (fn && !o->deleted && !finding_is_said(run, o, b.name, key))
				fn(run, o, &b);
		}
		i++;
	}
	return any;
}

static void add_backend_missing(struct check_run *run, const struct object *o, const struct backend *b)
{
	struct finding *f = finding_new(run, o, "%s sends to Service %s/%s, which does not exist%s", run_text(run, o), b->ns, b->name,
					near_object(run, inventory_list(run->inv, KIND_SERVICE), b->ns, b->name));
	finding_fieldf(run, f, o, "%s.name", b->path);
	finding_absence(run, f, "Service", b->ns, b->name);
	finding_subject(run, f, KIND_SERVICE, b->ns, b->name);
	finding_fix(run, f, "Create Service %s in namespace %s, or correct %s.name.", b->name, b->ns, b->path);
}

static void run_backend_missing(struct check_run *run, const struct object *o)
{
	each_backend(run, o, BACKEND_MISSING, add_backend_missing);
}

static void add_port_missing(struct check_run *run, const struct object *o, const struct backend *b)
{
	struct finding *f = finding_new(run, o, "%s sends to port %lld of %s, which has no such port", run_text(run, o), (long long)b->port,
					run_text(run, b->service));
	finding_fieldf(run, f, o, "%s.port", b->path);
	finding_field(run, f, b->service, "spec.ports");
	finding_subject_object(run, f, b->service);
	f->subject.key = arena_printf(run->arena, "%lld", (long long)b->port);
	const struct value *ports = value_get(b->service->spec, "ports");
	if (value_len(ports) == 1)
		finding_fix(run, f, "Set %s.port to %lld, the port of %s.", b->path, (long long)value_get_int(value_item(ports, 0), "port", 0),
			    run_text(run, b->service));
}

static void run_port_missing(struct check_run *run, const struct object *o)
{
	each_backend(run, o, BACKEND_NO_PORT, add_port_missing);
}

static void add_not_permitted(struct check_run *run, const struct object *o, const struct backend *b)
{
	struct finding *f = finding_new(run, o, "%s sends to Service %s/%s in another namespace, which no ReferenceGrant there allows",
					run_text(run, o), b->ns, b->name);
	finding_fieldf(run, f, o, "%s.namespace", b->path);
	finding_absence(run, f, "ReferenceGrant for it in namespace", "", b->ns);
	finding_subject_text(run, f, "ReferenceGrant", arena_printf(run->arena, "for %s from %s in namespace %s", b->name, o->ns, b->ns));
	finding_fix(run, f, "Create a ReferenceGrant in namespace %s from %s in namespace %s to Service %s.", b->ns, o->kind->name, o->ns, b->name);
}

static void run_not_permitted(struct check_run *run, const struct object *o)
{
	each_backend(run, o, BACKEND_NOT_PERMITTED, add_not_permitted);
}

static void run_refs_unresolved(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	for (value_each(status, value_get(o->status, "parents"))) {
		struct condition c;
		const char *path = arena_printf(run->arena, "status.parents[%u].conditions", i++);
		if (o->deleted || !condition_in(value_get(status, "conditions"), "ResolvedRefs", &c) || !str_eq(c.status, "False") ||
		    !condition_lasts(run, o, &c, run->options->startup_grace))
			continue;
		if (each_backend(run, o, BACKEND_MISSING, NULL) || each_backend(run, o, BACKEND_NOT_PERMITTED, NULL) ||
		    each_backend(run, o, BACKEND_NO_PORT, NULL))
			return; /* told by name */
		struct finding *f = finding_new(run, o, "%s refers to something that Gateway %s cannot use: %s", run_text(run, o),
						value_str(value_at(status, "parentRef.name"), "?"), condition_words(run, &c));
		finding_condition(run, f, o, path, &c);
		return;
	}
}

#define OF_ROUTES .kind = KIND_CUSTOM, .custom = ROUTES, .severity = SEVERITY_ERROR
#define CONDITION_TEXTS(condition)                                                                                                                   \
	.explain = "The condition " condition                                                                                                        \
		   " of the route is False for one of its Gateways, for a reason that no other check tells. Its words are quoted.",                  \
	.fix = "Do as the condition's message says."

const struct check check_httproute_gateway_missing = {
	.id = "httproute/gateway-missing",
	OF_ROUTES,
	.title = "Gateway of a route does not exist",
	.explain = "parentRefs of the route names a Gateway that does not exist: no request reaches the route.",
	.fix = "Name a Gateway that exists, with its namespace.",
	.peers = "k8sgpt HTTPRoute",
	.run = run_gateway_missing,
};

const struct check check_httproute_listener_missing = {
	.id = "httproute/listener-missing",
	OF_ROUTES,
	.title = "Gateway has no such listener",
	.explain = "sectionName or port of a parentRef names a listener that the Gateway does not have, or one that takes no routes of this kind.",
	.fix = "Correct the parentRef, or add the listener.",
	.run = run_listener_missing,
};

const struct check check_httproute_namespace_not_allowed = {
	.id = "httproute/namespace-not-allowed",
	OF_ROUTES,
	.title = "Gateway takes no routes of this namespace",
	.explain =
		"allowedRoutes.namespaces of every listener that the route could attach to leaves out the route's namespace: the default, Same, allows only the "
		"Gateway's own; Selector only namespaces with its labels.",
	.fix = "Change allowedRoutes of the listener, or label the namespace.",
	.peers = "k8sgpt HTTPRoute",
	.run = run_namespace_not_allowed,
};

const struct check check_httproute_hostname_mismatch = {
	.id = "httproute/hostname-mismatch",
	OF_ROUTES,
	.title = "No listener takes the route's hostnames",
	.explain =
		"None of the route's hostnames matches the hostname of a listener that it may attach to, wildcards considered: no request reaches it.",
	.fix = "Correct spec.hostnames, or add a listener for them.",
	.run = run_hostname_mismatch,
};

const struct check check_httproute_not_accepted = {
	.id = "httproute/not-accepted",
	OF_ROUTES,
	.title = "Route was not accepted",
	CONDITION_TEXTS("Accepted"),
	.run = run_not_accepted,
};

const struct check check_httproute_backend_missing = {
	.id = "httproute/backend-missing",
	OF_ROUTES,
	.title = "Backend service does not exist",
	.explain = "A rule of the route sends to a Service that does not exist: requests there get 500.",
	.fix = "Create the Service, or correct the backend.",
	.peers = "k8sgpt HTTPRoute",
	.run = run_backend_missing,
};

const struct check check_httproute_backend_port_missing = {
	.id = "httproute/backend-port-missing",
	OF_ROUTES,
	.title = "Backend service has no such port",
	.explain = "A rule of the route sends to a port that its Service does not have.",
	.fix = "Correct the port in the backendRef.",
	.peers = "k8sgpt HTTPRoute",
	.run = run_port_missing,
};

const struct check check_httproute_ref_not_permitted = {
	.id = "httproute/ref-not-permitted",
	OF_ROUTES,
	.title = "Reference into another namespace is not allowed",
	.explain =
		"A rule of the route sends to a Service of another namespace, and no ReferenceGrant in that namespace allows it: requests there get 500.",
	.fix = "Create the ReferenceGrant, or use a Service of the route's own namespace.",
	.run = run_not_permitted,
};

const struct check check_httproute_refs_unresolved = {
	.id = "httproute/refs-unresolved",
	OF_ROUTES,
	.title = "Route refers to something that cannot be used",
	CONDITION_TEXTS("ResolvedRefs"),
	.run = run_refs_unresolved,
};
