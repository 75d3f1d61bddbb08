/* What belongs to a namespace as a whole: its end, its quotas, its service accounts; and the leases of the control plane. */
#include "checks/check.h"

/* Something of a namespace that was deleted and is held by a finalizer; NULL when nothing such is seen. */
static const struct object *held_object(struct check_run *run, const char *ns)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		const struct object_list *list = inventory_list(run->inv, (enum kind_id)kind);
		for (uint32_t i = 0; i < list->len; i++)
			if (list->items[i]->deleted && str_eq(list->items[i]->ns, ns) && value_len(value_get(list->items[i]->metadata, "finalizers")))
				return list->items[i];
	}
	return NULL;
}

static void run_terminating(struct check_run *run, const struct object *o)
{
	static const char *const types[] = {"NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure",
					    "NamespaceDeletionContentFailure", "NamespaceFinalizersRemaining", "NamespaceContentRemaining"};
	if (!o->deleted || run_age(run, o->deleted) < run->options->startup_grace)
		return;
	const char *why = "no reason is recorded";
	uint32_t index = 0;
	bool found = false;
	for (size_t i = 0; i < ARRAY_LEN(types) && !found; i++) {
		const struct value *c = condition_find(o, types[i], &index);
		if (str_eq(value_get_str(c, "status"), "True")) {
			why = value_get_str(c, "message");
			found = true;
		}
	}
	struct finding *f = finding_new(run, o, "%s has been terminating for %s: %s", run_text(run, o), run_ago(run, o->deleted), why);
	finding_field(run, f, o, "metadata.deletionTimestamp");
	if (found)
		finding_fieldf(run, f, o, "status.conditions[%u].message", index);
	if (strstr(why, "finalizers"))
		finding_fix(run, f, "See the objects that still have finalizers, and the controllers that should remove them.");
	else if (strstr(why, "iscovery"))
		finding_fix(run, f, "An aggregated API does not answer: mend or delete its APIService (kubectl get apiservices).");
	f->since = o->deleted;
	const struct object *held = held_object(run, o->name);
	if (held)
		finding_subject_object(run, f, held);
}

static void run_object_terminating(struct check_run *run, const struct object *o)
{
	const struct value *finalizers = value_get(o->metadata, "finalizers");
	const char *finalizer = value_str(value_item(finalizers, 0), "");
	if (!o->deleted || run_age(run, o->deleted) < run->options->recovered_after || !*finalizer)
		return;
	struct finding *f =
		finding_new(run, o, "%s was deleted %s ago and waits for finalizer %s", run_text(run, o), run_ago(run, o->deleted), finalizer);
	finding_field(run, f, o, "metadata.deletionTimestamp");
	finding_field(run, f, o, "metadata.finalizers");
	if (str_eq(finalizer, "kubernetes.io/pvc-protection"))
		finding_fix(run, f, "It goes once no pod uses it: see which pods of namespace %s mount it.", o->ns);
	else if (str_eq(finalizer, "kubernetes.io/pv-protection"))
		finding_fix(run, f, "It goes once no claim is bound to it.");
	else
		finding_fix(run, f,
			    "See why the controller behind finalizer %s does not finish; only when it is gone for good, take the finalizer off.",
			    finalizer);
	f->since = o->deleted;
}

/* Has anyone been refused for it within the hour? */
static const struct event *refusal(struct check_run *run, const struct object *quota)
{
	const struct event_list *events = inventory_events(run->inv);
	const char *words = arena_printf(run->arena, "exceeded quota: %s,", quota->name);
	for (uint32_t i = 0; i < events->len; i++) {
		const struct event *e = events->items[i];
		if (str_eq(e->reason, "FailedCreate") && str_eq(e->ns, quota->ns) && run_age(run, e->last) < USEC_PER_HOUR &&
		    strstr(e->message, words))
			return e;
	}
	return NULL;
}

static void run_quota(struct check_run *run, const struct object *o)
{
	const struct value *used = value_get(o->status, "used");
	for (member_each(m, value_get(o->status, "hard"))) {
		double hard = 0, now = 0;
		const struct value *have = value_get_n(used, m->key, m->v.key_len);
		if (!value_quantity(&m->v, &hard) || !value_quantity(have, &now) || hard == 0 || now < hard)
			continue;
		struct finding *f = finding_new(run, o, "%s is used up: %s of %s %s", run_text(run, o), value_text(run->arena, have),
						value_text(run->arena, &m->v), m->key);
		finding_fieldf(run, f, o, "status.used['%s']", m->key);
		finding_fieldf(run, f, o, "status.hard['%s']", m->key);
		const struct event *e = refusal(run, o);
		finding_event(run, f, e);
		/* Used to the last is what some quotas are made for. */
		f->severity = e ? SEVERITY_WARNING : SEVERITY_INFO;
	}
}

static void run_quota_nearly(struct check_run *run, const struct object *o)
{
	const struct value *used = value_get(o->status, "used");
	for (member_each(m, value_get(o->status, "hard"))) {
		double hard = 0, now = 0;
		const struct value *have = value_get_n(used, m->key, m->v.key_len);
		if (!value_quantity(&m->v, &hard) || !value_quantity(have, &now) || hard <= 0 || now < 0.9 * hard || now >= hard)
			continue;
		struct finding *f = finding_new(run, o, "%s is nearly used up: %s of %s %s (%.0f %%)", run_text(run, o), value_text(run->arena, have),
						value_text(run->arena, &m->v), m->key, 100 * now / hard);
		finding_fieldf(run, f, o, "status.used['%s']", m->key);
		finding_fieldf(run, f, o, "status.hard['%s']", m->key);
	}
}

const struct check check_quota_nearly_exhausted = {
	.id = "quota/nearly-exhausted",
	.kind = KIND_RESOURCE_QUOTA,
	.severity = SEVERITY_INFO,
	.title = "Quota is nearly used up",
	.explain = "At least nine tenths of a resource of the quota are used: a rollout, which needs room for one more pod, may be refused.",
	.fix = "Raise the quota, or free some of it, before something is refused.",
	.advice = true,
	.run = run_quota_nearly,
};

static void run_pull_secret(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	if (o->deleted || !inventory_sees(run->inv, KIND_SECRET, o->ns))
		return;
	for (value_each(s, value_get(&o->root, "imagePullSecrets"))) {
		const char *name = value_get_str(s, "name");
		if (*name && !inventory_find(run->inv, KIND_SECRET, o->ns, name)) {
			struct finding *f =
				finding_new(run, o, "%s gives its pods the pull secret %s/%s, which does not exist", run_text(run, o), o->ns, name);
			finding_fieldf(run, f, o, "imagePullSecrets[%u].name", i);
			finding_absence(run, f, "Secret", o->ns, name);
			finding_subject(run, f, KIND_SECRET, o->ns, name);
		}
		i++;
	}
}

static void run_leader(struct check_run *run, const struct object *o)
{
	static const char *const names[] = {"kube-scheduler", "kube-controller-manager"};
	usec_t renewed = value_get_time(o->spec, "renewTime");
	int64_t seconds = MAX(MIN(value_get_int(o->spec, "leaseDurationSeconds", 15), 3600), 1);
	bool known = str_eq(o->name, names[0]) || str_eq(o->name, names[1]);
	if (!known || !str_eq(o->ns, "kube-system") || !renewed || run_age(run, renewed) < MAX(4 * seconds * USEC_PER_SEC, run->options->leader_lost))
		return;
	struct finding *f = finding_new(run, o, "Nobody has been the active %s for %s", o->name, run_ago(run, renewed));
	finding_field(run, f, o, "spec.renewTime");
	if (value_get(o->spec, "holderIdentity"))
		finding_field(run, f, o, "spec.holderIdentity");
	finding_fix(run, f, "See the %s pod or process of the control plane: until it runs, %s.", o->name,
		    str_eq(o->name, names[0]) ? "no pod gets a node" : "no controller acts");
	f->since = renewed;
}

const struct check check_namespace_terminating_stuck = {
	.id = "namespace/terminating-stuck",
	.kind = KIND_NAMESPACE,
	.severity = SEVERITY_ERROR,
	.title = "Namespace does not go away",
	.explain =
		"The namespace was deleted and is still there: objects in it have finalizers that nobody removes, or an aggregated API does not answer, so that what is "
		"left cannot be listed. Its conditions say which.",
	.fix = "Mend what its conditions name; do not remove the namespace's own finalizer.",
	.run = run_terminating,
};

/* Pods and namespaces have their own checks; Events and Leases come and go. */
#define KINDS_ELSEWHERE (KIND_BIT(KIND_POD) | KIND_BIT(KIND_NAMESPACE) | KIND_BIT(KIND_EVENT) | KIND_BIT(KIND_LEASE) | KIND_BIT(KIND_COUNT))

const struct check check_object_terminating_stuck = {
	.id = "object/terminating-stuck",
	.kind = KIND_PERSISTENT_VOLUME_CLAIM,
	.also = (KIND_BIT(KIND_COUNT) - 1) & ~KINDS_ELSEWHERE,
	.severity = SEVERITY_WARNING,
	.title = "Object does not go away",
	.explain =
		"The object (of any kind, custom ones too) was deleted longer than recovered_after ago and is still there, because a finalizer is not removed: "
		"the controller that should remove it does not run, or waits for something.",
	.fix = "See the controller behind the finalizer.",
	.run = run_object_terminating,
};

const struct check check_quota_exhausted = {
	.id = "quota/exhausted",
	.kind = KIND_RESOURCE_QUOTA,
	.severity = SEVERITY_WARNING,
	.title = "Quota is used up",
	.explain =
		"As much of a resource is used as the quota allows: the next object that needs it is refused. A warning when something was refused within the hour. See workload/quota-exceeded for workloads that are held up "
		"by it.",
	.fix = "Raise the quota, or free some of it.",
	.run = run_quota,
};

const struct check check_serviceaccount_pull_secret_missing = {
	.id = "serviceaccount/pull-secret-missing",
	.kind = KIND_SERVICE_ACCOUNT,
	.severity = SEVERITY_INFO,
	.title = "Pull secret of a service account does not exist",
	.explain = "The ServiceAccount gives its pods an image pull secret that does not exist.",
	.fix = "Create the Secret, or take it out of imagePullSecrets.",
	.run = run_pull_secret,
};

const struct check check_lease_leader_lost = {
	.id = "lease/leader-lost",
	.kind = KIND_LEASE,
	.severity = SEVERITY_CRITICAL,
	.title = "Part of the control plane does not run",
	.explain =
		"The lease of kube-scheduler or kube-controller-manager has not been renewed for five minutes: no instance of it works. Pods then get no node, or "
		"nothing reacts to changes.",
	.fix = "See the control plane's pods or processes.",
	.run = run_leader,
};
