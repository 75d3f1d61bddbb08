/* Advice about what a workload may do: its user, its service account, its privileges. */
#include "checks/advice.h"
#include "checks/advice_rbac.h"

static const char *account_of(const struct value *spec)
{
	const char *name = value_get_str(spec, "serviceAccountName");
	return *name ? name : "default";
}

/* The pod's word counts before the account's; both silent, it is mounted. */
static bool mounts_token(struct check_run *run, const struct object *o, const struct value *spec)
{
	const struct object *account = inventory_find(run->inv, KIND_SERVICE_ACCOUNT, o->ns, account_of(spec));
	bool by_account = !account || value_get_bool(&account->root, "automountServiceAccountToken", true);
	return value_get_bool(spec, "automountServiceAccountToken", by_account);
}

static void run_default_account(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = advice_template(o, &path);
	if (!spec || !str_eq(account_of(spec), "default") || !mounts_token(run, o, spec))
		return;
	struct finding *f = finding_new(run, o, "%s runs as the default ServiceAccount of namespace %s, with its token", run_text(run, o), o->ns);
	finding_fieldf(run, f, o, "%s.serviceAccountName", path);
}

static void run_token(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = advice_template(o, &path);
	const char *name = account_of(spec);
	if (!spec || str_eq(name, "default") || !mounts_token(run, o, spec) || !advice_rights_are_seen(run, o->ns) ||
	    advice_account_is_bound(run, o->ns, name))
		return;
	struct finding *f = finding_new(run, o, "%s mounts a token of ServiceAccount %s, which no role is bound to", run_text(run, o), name);
	finding_fieldf(run, f, o, "%s.serviceAccountName", path);
}

/* What the pod says holds for its containers unless they say otherwise. */
static bool may_be_root(const struct value *c, const void *arg)
{
	const struct value *own = value_get(c, "securityContext"), *pod = arg;
	bool never = value_get_bool(own, "runAsNonRoot", value_get_bool(pod, "runAsNonRoot", false));
	return !never && value_get_int(own, "runAsUser", value_get_int(pod, "runAsUser", 0)) == 0;
}

static void run_root(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = advice_template(o, &path), *pod = value_get(spec, "securityContext");
	/* On Windows there is no root. */
	if (str_eq(value_str(value_at(spec, "os.name"), ""), "windows"))
		return;
	struct containers found = advice_containers(run, spec, path, false, may_be_root, pod);
	if (!found.count)
		return;
	const struct value *user = value_at(found.first, "securityContext.runAsUser");
	bool asked = user || value_get(pod, "runAsUser");
	struct finding *f = finding_new(run, o, "%s %s on %s", run_text(run, o),
					asked ? "asks to run as root" : "does not keep its program from running as root", found.text);
	if (user)
		finding_fieldf(run, f, o, "%s.securityContext.runAsUser", found.path);
	else if (asked)
		finding_fieldf(run, f, o, "%s.securityContext.runAsUser", path);
	else
		finding_fieldf(run, f, o, "%s.securityContext.runAsNonRoot", found.path);
}

static bool is_privileged(const struct value *c, const void *arg)
{
	return value_get_bool(value_get(c, "securityContext"), "privileged", false);
}

static void run_privileged(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = advice_template(o, &path);
	struct containers found = advice_containers(run, spec, path, true, is_privileged, NULL);
	if (!found.count)
		return;
	struct finding *f = finding_new(run, o, "%s runs %s privileged: as root of the node", run_text(run, o), found.text);
	finding_fieldf(run, f, o, "%s.securityContext.privileged", found.path);
}

static void run_automount(struct check_run *run, const struct object *o)
{
	if (o->deleted || advice_is_system(o->ns) || !value_get_bool(&o->root, "automountServiceAccountToken", false))
		return;
	struct finding *f = finding_new(run, o, "%s mounts its token into every pod that does not refuse it", run_text(run, o));
	finding_field(run, f, o, "automountServiceAccountToken");
}

static void run_secret(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	if (o->deleted || advice_is_system(o->ns) || !inventory_sees(run->inv, KIND_SECRET, o->ns))
		return;
	for (value_each(s, value_get(&o->root, "secrets"))) {
		const char *name = value_get_str(s, "name");
		uint32_t index = i++;
		if (!*name || inventory_find(run->inv, KIND_SECRET, o->ns, name))
			continue;
		struct finding *f = finding_new(run, o, "%s lists Secret %s, which does not exist", run_text(run, o), name);
		finding_fieldf(run, f, o, "secrets[%u].name", index);
		finding_absence(run, f, "Secret", o->ns, name);
		return;
	}
}

const struct check check_workload_default_account = {
	.id = "workload/default-account",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Workload uses the default service account",
	.explain =
		"The pod template names no ServiceAccount, and the token of the default one is mounted: whoever breaks into the pod holds it, with all rights "
		"that anybody ever binds to it. Not reported when the pod or the account refuses the token.",
	.fix = "Set automountServiceAccountToken: false when the program does not call the Kubernetes API; else give it a ServiceAccount of its own.",
	.peers = "k8sgpt Security; Popeye 300",
	.advice = true,
	.run = run_default_account,
};

const struct check check_workload_token_mounted = {
	.id = "workload/token-mounted",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Workload mounts a token without rights",
	.explain =
		"The workload has a ServiceAccount of its own that no role is bound to, and its token is mounted all the same: the program most likely does not "
		"call the Kubernetes API. Not reported where bindings cannot be read.",
	.fix = "Set automountServiceAccountToken: false in the pod template.",
	.peers = "Popeye 301",
	.advice = true,
	.run = run_token,
};

const struct check check_workload_may_run_as_root = {
	.id = "workload/may-run-as-root",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Container may run as root",
	.explain =
		"Neither the pod's nor the container's securityContext sets runAsNonRoot or a user other than 0, so that the image decides. Many images run as "
		"root, which makes every hole in the container worse.",
	.fix = "Set securityContext.runAsNonRoot: true (and runAsUser, where the image names its user by name).",
	.peers = "k8sgpt Security; Popeye 302, 306",
	.advice = true,
	.run = run_root,
};

const struct check check_workload_privileged = {
	.id = "workload/privileged",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Container is privileged",
	.explain =
		"A privileged container sees all devices of its node and can do what root of the node can. Some parts of a cluster need that (network and "
		"storage plug-ins), programs do not.",
	.fix = "Take privileged out, and add the single capabilities that are needed (securityContext.capabilities.add).",
	.peers = "k8sgpt Security",
	.advice = true,
	.run = run_privileged,
};

const struct check check_serviceaccount_automounts_token = {
	.id = "serviceaccount/automounts-token",
	.kind = KIND_SERVICE_ACCOUNT,
	.severity = SEVERITY_INFO,
	.title = "Service account mounts its token everywhere",
	.explain =
		"automountServiceAccountToken is set to true on the ServiceAccount: each pod that runs as it gets the token, whether it calls the Kubernetes API "
		"or not.",
	.fix = "Set it to false on the account, and to true in the pod templates that need the token.",
	.peers = "Popeye 303",
	.advice = true,
	.run = run_automount,
};

const struct check check_serviceaccount_secret_missing = {
	.id = "serviceaccount/secret-missing",
	.kind = KIND_SERVICE_ACCOUNT,
	.severity = SEVERITY_INFO,
	.title = "Service account lists a missing Secret",
	.explain =
		"A Secret among the ServiceAccount's secrets does not exist. Pods need none of them since Kubernetes 1.24; programs that read the list do.",
	.fix = "Take the Secret out of the list, or create it.",
	.peers = "Popeye 304",
	.advice = true,
	.run = run_secret,
};
