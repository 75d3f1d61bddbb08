/* What belongs to a namespace as a whole: its quotas, its service accounts. */
#include "checks/check.h"

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
