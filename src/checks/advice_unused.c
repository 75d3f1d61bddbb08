/* Advice about what nobody uses. */
#include "checks/advice.h"
#include "checks/index.h"
#include "checks/uses.h"

/* Younger things may yet be used. */
static bool is_young(struct check_run *run, const struct object *o)
{
	return o->created && run_age(run, o->created) < run->options->recovered_after;
}

static bool is_owned(const struct object *o)
{
	return value_len(value_get(o->metadata, "ownerReferences")) > 0;
}

/* The pods and their templates in ns are known: only then does silence mean something. */
static bool sees_users(struct check_run *run, const char *ns)
{
	return inventory_sees(run->inv, KIND_POD, ns) && inventory_sees(run->inv, KIND_DEPLOYMENT, ns) && !workloads_unread(run, ns);
}

/* Tokens, releases and such belong to controllers that find them by label or annotation. */
static bool is_found_otherwise(const struct object *o)
{
	static const char *const annotations[] = {"kubernetes.io/service-account.name", "cert-manager.io/certificate-name",
						  "replicator.v1.mittwald.de/replicated-from", "reflector.v1.k8s.emberstack.com/reflects"};
	static const char *const labels[] = {"owner", "argocd.argoproj.io/secret-type", "app.kubernetes.io/part-of", "grafana_dashboard",
					     "grafana_datasource"};
	for (size_t i = 0; i < ARRAY_LEN(annotations); i++)
		if (value_get(o->annotations, annotations[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		const char *value = value_get_str(o->labels, labels[i]);
		if (i == 0 ? str_eq(value, "helm") : i == 2 ? str_eq(value, "argocd") : *value != 0)
			return true;
	}
	return strncmp(o->name, "sh.helm.release.", 16) == 0;
}

static void run_secret(struct check_run *run, const struct object *o)
{
	if (o->deleted || advice_is_system(o->ns) || is_owned(o) || is_young(run, o) || is_found_otherwise(o) || !sees_users(run, o->ns) ||
	    !inventory_sees(run->inv, KIND_SERVICE_ACCOUNT, o->ns) || !inventory_sees(run->inv, KIND_INGRESS, o->ns) || uses_object(run, o) ||
	    index_is_in_texts(run, o))
		return;
	struct finding *f =
		finding_new(run, o, "%s is used by no pod, pod template, service account or Ingress of namespace %s", run_text(run, o), o->ns);
	finding_field(run, f, o, "metadata.name");
	f->since = o->created;
}

static void run_account(struct check_run *run, const struct object *o)
{
	if (o->deleted || advice_is_system(o->ns) || is_owned(o) || is_young(run, o) || str_eq(o->name, "default") || !sees_users(run, o->ns) ||
	    uses_object(run, o) || index_is_in_texts(run, o))
		return;
	struct finding *f = finding_new(run, o, "%s is the account of no pod and no pod template", run_text(run, o));
	finding_field(run, f, o, "metadata.name");
	f->since = o->created;
}

static void run_claim(struct check_run *run, const struct object *o)
{
	if (o->deleted || advice_is_system(o->ns) || is_owned(o) || is_young(run, o) || !str_eq(value_get_str(o->status, "phase"), "Bound") ||
	    !sees_users(run, o->ns) || uses_object(run, o) || index_is_in_texts(run, o))
		return;
	const char *size = value_text(run->arena, value_at(o->status, "capacity.storage"));
	struct finding *f = finding_new(run, o, "%s%s is used by no pod and no pod template", run_text(run, o),
					size ? arena_printf(run->arena, ", which holds %s,", size) : "");
	finding_field(run, f, o, "status.phase");
	f->since = o->created;
}

static void run_volume(struct check_run *run, const struct object *o)
{
	if (o->deleted || is_young(run, o) || !str_eq(value_get_str(o->status, "phase"), "Available"))
		return;
	const char *size = value_text(run->arena, value_at(o->spec, "capacity.storage"));
	struct finding *f = finding_new(run, o, "%s%s%s has waited for a claim for %s", run_text(run, o), size ? " of " : "", size ? size : "",
					run_ago(run, o->created));
	finding_field(run, f, o, "status.phase");
	f->since = o->created;
}

#define KEYS_TOLD 3

static void run_keys(struct check_run *run, const struct object *o)
{
	static const char *const places[] = {"data", "binaryData"};
	const char *names = "";
	uint32_t count = 0;
	if (o->deleted || advice_is_system(o->ns) || is_owned(o) || is_young(run, o) || is_found_otherwise(o) || !sees_users(run, o->ns) ||
	    index_is_in_texts(run, o))
		return;
	for (size_t p = 0; p < ARRAY_LEN(places); p++) {
		for (member_each(m, value_get(&o->root, places[p]))) {
			if (!uses_other_keys(run, o, m->key))
				continue;
			if (count++ < KEYS_TOLD)
				names = arena_printf(run->arena, "%s%s%s", names, *names ? ", " : "", m->key);
		}
	}
	if (!count)
		return;
	const char *more = count > KEYS_TOLD ? arena_printf(run->arena, " and %u more", count - KEYS_TOLD) : "";
	struct finding *f = finding_new(run, o, "%s has %s that nobody uses: %s%s", run_text(run, o), count == 1 ? "a key" : "keys", names, more);
	finding_field(run, f, o, "metadata.name");
}

/* What every namespace has, or what cannot be alone in one that is used. */
static bool is_something(const struct object *o)
{
	switch (o->kind->id) {
	case KIND_EVENT:
	case KIND_LEASE:
	case KIND_LIMIT_RANGE:
	case KIND_RESOURCE_QUOTA:
	case KIND_NETWORK_POLICY:
	case KIND_ROLE:
	case KIND_ROLE_BINDING:
		return false;
	case KIND_SERVICE_ACCOUNT:
		return !str_eq(o->name, "default");
	case KIND_CONFIG_MAP:
		return !str_eq(o->name, "kube-root-ca.crt") && !str_eq(o->name, "openshift-service-ca.crt") && !str_eq(o->name, "istio-ca-root-cert");
	default:
		return true;
	}
}

/* The first of a list that is in ns: lists are ordered by namespace, but for custom objects. */
static uint32_t first_in(const struct object_list *list, enum kind_id kind, const char *ns)
{
	uint32_t lo = 0, hi = list->len;
	if (kind == KIND_CUSTOM)
		return 0;
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		if (strcmp(list->items[mid]->ns, ns) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool has_something(struct check_run *run, const char *ns)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		const struct object_list *list = inventory_list(run->inv, (enum kind_id)kind);
		for (uint32_t i = first_in(list, (enum kind_id)kind, ns); i < list->len; i++) {
			bool here = str_eq(list->items[i]->ns, ns);
			if (!here && kind != KIND_CUSTOM)
				break;
			if (here && is_something(list->items[i]))
				return true;
		}
	}
	return false;
}

static void run_namespace(struct check_run *run, const struct object *o)
{
	static const enum kind_id seen[] = {KIND_POD, KIND_SERVICE, KIND_CONFIG_MAP, KIND_SECRET, KIND_PERSISTENT_VOLUME_CLAIM, KIND_DEPLOYMENT};
	if (o->deleted || advice_is_system(o->name) || str_eq(o->name, "default") || is_young(run, o) || workloads_unread(run, o->name))
		return;
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		if (!inventory_sees(run->inv, seen[i], o->name))
			return;
	if (has_something(run, o->name))
		return;
	struct finding *f = finding_new(run, o, "%s is empty: nothing that runs or is kept is in it", run_text(run, o));
	finding_field(run, f, o, "metadata.creationTimestamp");
	f->since = o->created;
}

static bool has_class(const struct object *o, const char *class)
{
	if (o->kind->id != KIND_STATEFUL_SET)
		return str_eq(value_get_str(o->spec, "storageClassName"), class);
	for (value_each(t, value_get(o->spec, "volumeClaimTemplates")))
		if (str_eq(value_str(value_at(t, "spec.storageClassName"), ""), class))
			return true;
	return false;
}

static void run_class(struct check_run *run, const struct object *o)
{
	static const enum kind_id kinds[] = {KIND_PERSISTENT_VOLUME, KIND_PERSISTENT_VOLUME_CLAIM, KIND_STATEFUL_SET};
	if (o->deleted || is_young(run, o) || str_eq(value_get_str(o->annotations, "storageclass.kubernetes.io/is-default-class"), "true"))
		return;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *list = inventory_list(run->inv, kinds[k]);
		if (!inventory_sees(run->inv, kinds[k], NULL))
			return;
		for (uint32_t i = 0; i < list->len; i++)
			if (has_class(list->items[i], o->name))
				return;
	}
	if (index_is_in_texts(run, o))
		return;
	struct finding *f = finding_new(run, o, "%s is the class of no volume and no claim", run_text(run, o));
	finding_field(run, f, o, "provisioner");
	f->since = o->created;
}

#define SMALL_CLAIM (1024.0 * 1024 * 1024)

static void run_small(struct check_run *run, const struct object *o)
{
	const struct value *request = value_at(o->spec, "resources.requests.storage");
	double size;
	if (o->deleted || advice_is_system(o->ns) || !value_quantity(request, &size) || size >= SMALL_CLAIM)
		return;
	struct finding *f = finding_new(run, o, "%s asks for %s only", run_text(run, o), value_text(run->arena, request));
	finding_field(run, f, o, "spec.resources.requests.storage");
}

const struct check check_namespace_unused = {
	.id = "namespace/unused",
	.kind = KIND_NAMESPACE,
	.severity = SEVERITY_INFO,
	.title = "Namespace is empty",
	.explain =
		"Nothing that runs or is kept is in the namespace: no pod, workload, Service, ConfigMap, Secret, claim or custom object but what every "
		"namespace has. Rights, quotas and policies alone are made for something that is to come.",
	.fix = "Delete it when nothing is to come.",
	.peers = "Popeye 400",
	.advice = true,
	.run = run_namespace,
};

const struct check check_storageclass_unused = {
	.id = "storageclass/unused",
	.kind = KIND_STORAGE_CLASS,
	.severity = SEVERITY_INFO,
	.title = "Storage class is not used",
	.explain = "No volume, claim or claim template names the class, and it is not the default one.",
	.fix = "Delete it when nobody is to use it.",
	.peers = "Popeye 400",
	.advice = true,
	.run = run_class,
};

const struct check check_pvc_small = {
	.id = "pvc/small",
	.kind = KIND_PERSISTENT_VOLUME_CLAIM,
	.severity = SEVERITY_INFO,
	.title = "Claim is small",
	.explain = "The claim asks for less than 1 GiB. Disks of most providers begin at 1 GiB or more and cost that; a small one is full soon.",
	.fix = "Ask for what the data will need, or keep so little in a ConfigMap.",
	.peers = "k8sgpt Storage",
	.advice = true,
	.run = run_small,
};

const struct check check_secret_unused = {
	.id = "secret/unused",
	.kind = KIND_SECRET,
	.severity = SEVERITY_INFO,
	.title = "Secret is not used",
	.explain =
		"No pod, pod template, service account or Ingress refers to the Secret, and no argument, environment variable or custom object names it. Not "
		"reported: what has an owner, tokens, Helm releases, and what controllers find by label or annotation.",
	.fix = "Delete it when nothing reads it through the API: a secret that is not there cannot leak.",
	.peers = "Popeye 400",
	.advice = true,
	.run = run_secret,
};

const struct check check_serviceaccount_unused = {
	.id = "serviceaccount/unused",
	.kind = KIND_SERVICE_ACCOUNT,
	.severity = SEVERITY_INFO,
	.title = "Service account is not used",
	.explain =
		"No pod and no pod template runs as the ServiceAccount, and no custom object names it. It may still be used from outside of the cluster, with a "
		"token made for it.",
	.fix = "Delete it and its bindings when nobody outside has a token of it.",
	.peers = "Popeye 400",
	.advice = true,
	.run = run_account,
};

const struct check check_pvc_unused = {
	.id = "pvc/unused",
	.kind = KIND_PERSISTENT_VOLUME_CLAIM,
	.severity = SEVERITY_INFO,
	.title = "Claim is not used",
	.explain =
		"The claim is bound, and no pod or pod template uses it: its volume costs, and holds data that nobody reads. Claims of a StatefulSet's replicas "
		"are not reported, also when it is scaled down.",
	.fix = "Delete the claim when its data is not needed (mind the volume's reclaim policy).",
	.peers = "Popeye 400",
	.advice = true,
	.run = run_claim,
};

const struct check check_pv_unused = {
	.id = "pv/unused",
	.kind = KIND_PERSISTENT_VOLUME,
	.severity = SEVERITY_INFO,
	.title = "Volume is claimed by nobody",
	.explain = "The volume is Available: it was made by hand, or given free, and no claim is bound to it.",
	.fix = "Delete it when no claim is to come.",
	.peers = "Popeye 1000",
	.advice = true,
	.run = run_volume,
};

const struct check check_configmap_unused_keys = {
	.id = "configmap/unused-keys",
	.kind = KIND_CONFIG_MAP,
	.also = KIND_BIT(KIND_SECRET),
	.severity = SEVERITY_INFO,
	.title = "Keys are not used",
	.explain =
		"Everybody who uses the ConfigMap or Secret takes single keys of it (environment variables, items of volumes), and some keys are taken by "
		"nobody. Not reported when anybody takes all of it, or names it in an argument. Keys of Secrets are judged where their names are known.",
	.fix = "Take the keys out, or see whether one who should use them misspells them.",
	.peers = "Popeye 401",
	.advice = true,
	.run = run_keys,
};
