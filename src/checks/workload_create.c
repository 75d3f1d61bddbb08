/* What stops a controller from creating pods. ReplicaSets say it in a condition, the others only in FailedCreate events; the server's
 * message tells who refused. One check per kind of refusal, for all workloads. */
#include "checks/workload.h"

enum refusal {
	REFUSED_QUOTA,
	REFUSED_LIMIT_RANGE,
	REFUSED_WEBHOOK_DENIED,
	REFUSED_WEBHOOK_UNREACHABLE,
	REFUSED_SERVICE_ACCOUNT,
	REFUSED_POD_SECURITY,
	REFUSED_POLICY,
	REFUSED_PRIORITY_CLASS,
	REFUSED_OTHER,
};

/* The first part found in the message decides. */
static const struct {
	const char *part;
	enum refusal what;
} refusals[] = {
	{"exceeded quota: ", REFUSED_QUOTA},
	{"failed quota: ", REFUSED_QUOTA},
	{"failed calling webhook", REFUSED_WEBHOOK_UNREACHABLE},
	{"admission webhook \"", REFUSED_WEBHOOK_DENIED},
	{"error looking up service account", REFUSED_SERVICE_ACCOUNT},
	{"violates PodSecurity", REFUSED_POD_SECURITY},
	{"ValidatingAdmissionPolicy '", REFUSED_POLICY},
	{"no PriorityClass with name", REFUSED_PRIORITY_CLASS},
	{"usage per Container is", REFUSED_LIMIT_RANGE},
	{"usage per Pod is", REFUSED_LIMIT_RANGE},
	{"limit to request ratio per", REFUSED_LIMIT_RANGE},
};

struct refused {
	enum refusal what;
	const char *message; /* without "Error creating: " */
	const char *path;    /* of the condition's message, or NULL */
	const struct event *event;
};

static bool lacks_pods(const struct object *o)
{
	switch (o->kind->id) {
	case KIND_DAEMON_SET:
		return value_get_int(o->status, "currentNumberScheduled", 0) < value_get_int(o->status, "desiredNumberScheduled", 1);
	case KIND_JOB:
		return value_get_int(o->status, "active", 0) == 0 && value_get_int(o->status, "succeeded", 0) == 0 &&
		       !str_eq(condition_status(o, "Failed"), "True");
	case KIND_CRON_JOB:
		return true;
	default:
		return value_get_int(o->status, "replicas", 0) < replicas_wanted(o);
	}
}

static bool read_refused(struct check_run *run, const struct object *o, struct refused *ret)
{
	uint32_t index;
	const struct value *c = condition_find(o, "ReplicaFailure", &index);
	memset(ret, 0, sizeof(*ret));
	if (o->deleted || !lacks_pods(o))
		return false;
	ret->event = recent_event(run, o, "FailedCreate", USEC_PER_HOUR);
	if (str_eq(value_get_str(c, "status"), "True") && str_eq(value_get_str(c, "reason"), "FailedCreate")) {
		ret->message = value_get_str(c, "message");
		ret->path = arena_printf(run->arena, "status.conditions[%u].message", index);
	} else if (ret->event) {
		const char *start = strstr(ret->event->message, "rror creating: ");
		ret->message = start ? start + 15 : ret->event->message;
	} else {
		return false;
	}
	ret->what = REFUSED_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (strstr(ret->message, refusals[i].part)) {
			ret->what = refusals[i].what;
			break;
		}
	}
	return true;
}

/* What follows `before` in text, up to one of `ends`. */
static const char *cut(struct check_run *run, const char *text, const char *before, const char *ends)
{
	const char *p = strstr(text, before);
	if (!p)
		return NULL;
	p += strlen(before);
	return arena_strndup(run->arena, p, strcspn(p, ends));
}

static struct finding *start(struct check_run *run, const struct object *o, const struct refused *r, const char *why)
{
	const char *what = o->kind->id == KIND_CRON_JOB ? "Jobs" : "pods";
	struct finding *f = finding_new(run, o, "%s cannot create %s: %s", run_text(run, o), what, why);
	if (r->path)
		finding_field(run, f, o, r->path);
	finding_event(run, f, r->event);
	f->since = r->event ? r->event->first : 0;
	return f;
}

/* "requests.cpu=1,requests.memory=1Gi, used: ...": the list after a word ends before ", ". */
static const char *cut_list(struct check_run *run, const char *text, const char *before)
{
	const char *p = strstr(text, before);
	if (!p)
		return "?";
	p += strlen(before);
	const char *end = strstr(p, ", ");
	return arena_strndup(run->arena, p, end ? (size_t)(end - p) : strcspn(p, " \n]"));
}

/* The value of one resource in "requests.cpu=1,requests.memory=1Gi"; false when it is not there. */
static bool list_quantity(struct check_run *run, const char *list, const char *resource, double *ret)
{
	size_t n = strlen(resource);
	for (const char *p = list; (p = strstr(p, resource)); p += n)
		if ((p == list || p[-1] == ',') && p[n] == '=')
			return quantity_parse(arena_strndup(run->arena, p + n + 1, strcspn(p + n + 1, ",")), ret);
	return false;
}

/* The resource that is short, and who uses most of it. */
static void add_quota_user(struct check_run *run, struct finding *f, const struct object *o, const char *requested, const char *used,
			   const char *limited)
{
	for (const char *p = requested; *p; p += strcspn(p, ","), p += *p == ',') {
		const char *resource = arena_strndup(run->arena, p, strcspn(p, "=,"));
		double asked, now, most, sum;
		if (!list_quantity(run, requested, resource, &asked) || !list_quantity(run, used, resource, &now) ||
		    !list_quantity(run, limited, resource, &most) || asked + now <= most)
			continue;
		bool bytes = strstr(resource, "memory") || strstr(resource, "storage");
		const struct object *user = quota_biggest_user(run, o->ns, resource, &sum);
		char a[32], b[32];
		f->message = arena_printf(run->arena, "%s; %s is short by %s", f->message, resource, quantity_format(asked + now - most, bytes, a));
		if (!user)
			continue;
		f->message = arena_printf(run->arena, "%s, and most of it is used by %s (%s)", f->message, run_text(run, user),
					  quantity_format(sum, bytes, b));
		finding_field(run, f, user, value_get(user->spec, "replicas") ? "spec.replicas" : "metadata.name");
		return;
	}
}

/* A rollout that must not take an old pod away first needs a pod more than the quota has room for. */
static void add_quota_rollout(struct check_run *run, struct finding *f, const struct object *o)
{
	const struct object *deployment = o->owner;
	const char *most = deployment ? value_text(run->arena, value_at(deployment->spec, "strategy.rollingUpdate.maxUnavailable")) : NULL;
	if (!most || (!str_eq(most, "0") && !str_eq(most, "0%")) || value_get_int(deployment->status, "readyReplicas", 0) == 0)
		return;
	finding_field(run, f, deployment, "spec.strategy.rollingUpdate.maxUnavailable");
	finding_fix(run, f, "%s Or let the rollout end an old pod first: maxUnavailable 1 in %s (it is %s).", f->fix, run_text(run, deployment),
		    most);
}

static void run_quota(struct check_run *run, const struct object *o)
{
	struct refused r;
	if (!read_refused(run, o, &r) || r.what != REFUSED_QUOTA)
		return;
	const char *name = cut(run, r.message, "exceeded quota: ", ","), *missing = cut(run, r.message, "must specify ", "\n");
	struct finding *f;
	if (name) {
		const char *requested = cut_list(run, r.message, "requested: "), *used = cut_list(run, r.message, "used: ");
		const char *limited = cut_list(run, r.message, "limited: ");
		f = start(run, o, &r,
			  arena_printf(run->arena, "ResourceQuota %s has no room for them: a pod needs %s, used are %s, allowed are %s", name,
				       requested, used, limited));
		finding_fix(run, f, "Raise ResourceQuota %s in namespace %s above %s, or free some of it.", name, o->ns, limited);
		add_quota_user(run, f, o, requested, used, limited);
		add_quota_rollout(run, f, o);
	} else {
		name = cut(run, r.message, "failed quota: ", ":");
		f = start(run, o, &r,
			  arena_printf(run->arena, "ResourceQuota %s wants what its containers do not say: %s", name ? name : "?",
				       missing ? missing : "requests and limits"));
		finding_fix(run, f, "Give its containers requests and limits, or the namespace a LimitRange with defaults.");
	}
	if (name)
		finding_subject(run, f, KIND_RESOURCE_QUOTA, o->ns, name);
	if (f->subject.object)
		finding_field(run, f, f->subject.object, "status.used");
}

static void run_limit_range(struct check_run *run, const struct object *o)
{
	struct refused r;
	if (!read_refused(run, o, &r) || r.what != REFUSED_LIMIT_RANGE)
		return;
	const char *why = strstr(r.message, "is forbidden: ");
	struct finding *f = start(run, o, &r, arena_printf(run->arena, "a LimitRange forbids it: %s", why ? why + 14 : r.message));
	const struct object_list *list = inventory_list(run->inv, KIND_LIMIT_RANGE);
	for (uint32_t i = 0; i < list->len; i++) {
		if (!str_eq(list->items[i]->ns, o->ns) || f->subject.name)
			continue;
		finding_subject_object(run, f, list->items[i]);
		finding_field(run, f, list->items[i], "spec.limits");
	}
}

/* The configuration that has a webhook of this name. */
static const struct object *find_webhook(struct check_run *run, const char *name)
{
	static const enum kind_id kinds[] = {KIND_VALIDATING_WEBHOOK, KIND_MUTATING_WEBHOOK};
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *list = inventory_list(run->inv, kinds[k]);
		for (uint32_t i = 0; i < list->len; i++)
			for (value_each(w, value_get(&list->items[i]->root, "webhooks")))
				if (str_eq(value_get_str(w, "name"), name))
					return list->items[i];
	}
	return NULL;
}

static void set_webhook_subject(struct check_run *run, struct finding *f, const char *name)
{
	const struct object *config = find_webhook(run, name);
	if (config)
		finding_subject_object(run, f, config);
	else
		finding_subject_text(run, f, "Webhook", name);
}

static void run_webhook_denied(struct check_run *run, const struct object *o)
{
	struct refused r;
	if (!read_refused(run, o, &r) || r.what != REFUSED_WEBHOOK_DENIED)
		return;
	const char *name = cut(run, r.message, "admission webhook \"", "\""), *why = strstr(r.message, "denied the request: ");
	struct finding *f = start(run, o, &r, arena_printf(run->arena, "admission webhook %s refuses it: %s", name, why ? why + 20 : r.message));
	set_webhook_subject(run, f, name);
}

/* Why the API server got no answer, in its own words, and what that means. */
static const struct {
	const char *part, *meaning, *fix;
} silences[] = {
	{"x509: certificate signed by unknown authority", "its caBundle does not match the certificate that the webhook serves",
	 "Put the authority that signed the webhook's serving certificate into clientConfig.caBundle (cert-manager's CA injector does so by an annotation)."},
	{"certificate has expired", "the certificate that the webhook serves has expired",
	 "Renew the webhook's serving certificate and restart its pods."},
	{"x509: certificate is valid for", "the certificate that the webhook serves is for another name",
	 "Issue the webhook's serving certificate for NAME.NAMESPACE.svc of its Service."},
	{"x509: ", "the webhook's certificate is rejected", "Mend the webhook's serving certificate or its caBundle."},
	{"no endpoints available", "its Service has no ready pod", "See why the webhook's pods are not ready."},
	{"service port", "its Service has no such port", "Correct clientConfig.service.port, or the Service's ports."},
	{"\" not found", "its Service does not exist", "Install what serves the webhook again, or delete its configuration."},
	{"connection refused", "nothing listens at the port of its pods",
	 "Compare the Service's targetPort with the port that the webhook's pods listen on."},
	{"deadline exceeded", "it took longer than its timeoutSeconds",
	 "See whether the webhook's pods are overloaded, and whether a NetworkPolicy or a firewall keeps the API server from them."},
	{"i/o timeout", "it cannot be reached from the API server",
	 "See whether a NetworkPolicy or a firewall keeps the API server from the webhook's pods (private clusters: the control plane's firewall rule)."},
	{"Client.Timeout", "it took longer than its timeoutSeconds",
	 "See whether the webhook's pods are overloaded, and whether a NetworkPolicy or a firewall keeps the API server from them."},
};

static void run_webhook_unreachable(struct check_run *run, const struct object *o)
{
	struct refused r;
	if (!read_refused(run, o, &r) || r.what != REFUSED_WEBHOOK_UNREACHABLE)
		return;
	const char *name = cut(run, r.message, "failed calling webhook \"", "\""), *why = strstr(r.message, "failed to call webhook: ");
	if (!name)
		return;
	size_t s = 0;
	while (s < ARRAY_LEN(silences) && !strstr(r.message, silences[s].part))
		s++;
	const char *meaning = s < ARRAY_LEN(silences) ? arena_printf(run->arena, " (%s)", silences[s].meaning) : "";
	struct finding *f =
		start(run, o, &r, arena_printf(run->arena, "admission webhook %s does not answer%s: %s", name, meaning, why ? why + 24 : r.message));
	if (s < ARRAY_LEN(silences))
		finding_fix(run, f, "%s", silences[s].fix);
	set_webhook_subject(run, f, name);
}

static void run_service_account(struct check_run *run, const struct object *o)
{
	struct refused r;
	if (!read_refused(run, o, &r) || r.what != REFUSED_SERVICE_ACCOUNT)
		return;
	const char *name = cut(run, r.message, "serviceaccount \"", "\""), *path;
	if (!name)
		return;
	struct finding *f = start(run, o, &r, arena_printf(run->arena, "its ServiceAccount %s/%s does not exist", o->ns, name));
	const struct value *spec = pod_spec_of(o, &path);
	if (value_get(spec, "serviceAccountName"))
		finding_fieldf(run, f, o, "%s.serviceAccountName", path);
	finding_subject(run, f, KIND_SERVICE_ACCOUNT, o->ns, name);
	if (f->subject.object) {
		finding_fix(run, f, "ServiceAccount %s exists by now: the controller will try again within minutes.", name);
		return;
	}
	if (inventory_sees(run->inv, KIND_SERVICE_ACCOUNT, o->ns))
		finding_absence(run, f, "ServiceAccount", o->ns, name);
	finding_fix(run, f, "Create ServiceAccount %s in namespace %s, or correct serviceAccountName of its template.", name, o->ns);
	finding_propose_strings(run, f, "create", "low", "kind", "ServiceAccount", "namespace", o->ns, "name", name, NULL);
	f->proposal->target = f->subject;
}

static void run_pod_security(struct check_run *run, const struct object *o)
{
	struct refused r;
	if (!read_refused(run, o, &r) || r.what != REFUSED_POD_SECURITY)
		return;
	const char *level = cut(run, r.message, "violates PodSecurity \"", "\""), *why = strstr(r.message, "\": ");
	struct finding *f = start(run, o, &r,
				  arena_printf(run->arena, "they break the pod security level %s of namespace %s: %s", level ? level : "?", o->ns,
					       why ? why + 3 : r.message));
	finding_subject(run, f, KIND_NAMESPACE, "", o->ns);
	if (f->subject.object)
		finding_field(run, f, f->subject.object, "metadata.labels['pod-security.kubernetes.io/enforce']");
}

static void run_policy(struct check_run *run, const struct object *o)
{
	struct refused r;
	if (!read_refused(run, o, &r) || r.what != REFUSED_POLICY)
		return;
	const char *name = cut(run, r.message, "ValidatingAdmissionPolicy '", "'"), *why = strstr(r.message, "denied request: ");
	struct finding *f =
		start(run, o, &r, arena_printf(run->arena, "ValidatingAdmissionPolicy %s refuses it: %s", name, why ? why + 16 : r.message));
	finding_subject_text(run, f, "ValidatingAdmissionPolicy", name);
}

static void run_priority_class(struct check_run *run, const struct object *o)
{
	struct refused r;
	if (!read_refused(run, o, &r) || r.what != REFUSED_PRIORITY_CLASS)
		return;
	const char *name = cut(run, r.message, "no PriorityClass with name ", " \n"), *path;
	struct finding *f = start(run, o, &r, arena_printf(run->arena, "PriorityClass %s does not exist", name));
	if (value_get(pod_spec_of(o, &path), "priorityClassName"))
		finding_fieldf(run, f, o, "%s.priorityClassName", path);
	finding_subject(run, f, KIND_PRIORITY_CLASS, "", name);
	finding_fix(run, f, "Create PriorityClass %s, or correct priorityClassName of its template.", name);
}

static void run_other(struct check_run *run, const struct object *o)
{
	struct refused r;
	if (read_refused(run, o, &r) && r.what == REFUSED_OTHER)
		start(run, o, &r, r.message);
}

#define WORKLOADS                                                                                                                                    \
	.kind = KIND_REPLICA_SET,                                                                                                                    \
	.also = KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET) | KIND_BIT(KIND_JOB) | KIND_BIT(KIND_CRON_JOB) |                             \
		KIND_BIT(KIND_REPLICATION_CONTROLLER),                                                                                               \
	.severity = SEVERITY_ERROR

const struct check check_workload_quota_exceeded = {
	.id = "workload/quota-exceeded",
	WORKLOADS,
	.title = "A quota stops new pods",
	.explain =
		"The API server refuses new pods because a ResourceQuota of the namespace is used up, or because it wants requests or limits that the "
		"containers do not have.",
	.fix = "Raise the quota, free some of it, or give the containers requests and limits.",
	.run = run_quota,
};

const struct check check_workload_limit_range = {
	.id = "workload/limit-range",
	WORKLOADS,
	.title = "A LimitRange stops new pods",
	.explain = "The pods ask for more or less than a LimitRange of the namespace allows.",
	.fix = "Change the containers' requests and limits, or the LimitRange.",
	.run = run_limit_range,
};

const struct check check_workload_webhook_denied = {
	.id = "workload/webhook-denied",
	WORKLOADS,
	.title = "An admission webhook refuses the pods",
	.explain = "A validating or mutating webhook was asked about the pods and said no; its words are quoted.",
	.fix = "Change the pod template as the webhook asks, or its policy.",
	.run = run_webhook_denied,
};

const struct check check_workload_webhook_unreachable = {
	.id = "workload/webhook-unreachable",
	WORKLOADS,
	.title = "An admission webhook does not answer",
	.explain = "The API server must ask a webhook about each pod and gets no answer; with failurePolicy Fail no pod can be created.",
	.fix = "Bring the webhook's service back, or delete its configuration if it is no longer installed.",
	.run = run_webhook_unreachable,
};

const struct check check_workload_service_account_missing = {
	.id = "workload/service-account-missing",
	WORKLOADS,
	.title = "Service account of the pods does not exist",
	.explain = "The pod template names a ServiceAccount that is not in the namespace; the API server refuses such pods.",
	.fix = "Create the ServiceAccount, or correct serviceAccountName.",
	.run = run_service_account,
};

const struct check check_workload_pod_security = {
	.id = "workload/pod-security",
	WORKLOADS,
	.title = "Pod security forbids the pods",
	.explain = "The namespace enforces a pod security level (label pod-security.kubernetes.io/enforce) that the pod template does not meet.",
	.fix = "Set the securityContext fields that the message names.",
	.run = run_pod_security,
};

const struct check check_workload_policy_denied = {
	.id = "workload/policy-denied",
	WORKLOADS,
	.title = "An admission policy refuses the pods",
	.explain = "A ValidatingAdmissionPolicy refuses the pods; its words are quoted.",
	.fix = "Change the pod template as the policy asks, or the policy.",
	.run = run_policy,
};

const struct check check_workload_priority_class_missing = {
	.id = "workload/priority-class-missing",
	WORKLOADS,
	.title = "Priority class of the pods does not exist",
	.explain = "The pod template names a PriorityClass that does not exist.",
	.fix = "Create the PriorityClass, or correct priorityClassName.",
	.run = run_priority_class,
};

const struct check check_workload_create_failed = {
	.id = "workload/create-failed",
	WORKLOADS,
	.title = "Pods cannot be created",
	.explain = "The API server refuses the pods for a reason that no other check knows; its words are quoted.",
	.fix = "Change the pod template as the message says.",
	.run = run_other,
};
