/* Deletions that do not end: whose finalizer is left, who should remove it, and what keeps them from it. */
#include "checks/custom.h"
#include "checks/workload.h"

/* Who should remove a finalizer, and what keeps them from it. */
struct holder {
	const char *says;            /* after "waits for finalizer X, ": "since Pod shop/web-1 still uses it"; NULL or "" = nothing is known */
	const char *fix;             /* a sentence; NULL = the common one */
	const struct object *object; /* what holds it up: the pod, the claim, the dependent, the controller; NULL = not seen */
	const char *path;            /* of the field in object that shows it; NULL = none */
	bool runs;                   /* object is a controller that runs: it is named, not blamed */
};

/* ---- Who removes what ------------------------------------------------------------------------------------------------------- */

/* Finalizers with an owner that everyone knows: a whole name, or the end of one that begins with '.' or '/'; then what the workload of
 * their controller is called. */
static const struct {
	const char *finalizer, *who, *workload; /* workload: a part of its name; NULL = it is part of the control plane */
} known[] = {
	{"orphan", "the garbage collector of kube-controller-manager", NULL},
	{"service.kubernetes.io/load-balancer-cleanup", "the cloud controller (or the load balancer's own)", "cloud-controller-manager"},
	{"batch.kubernetes.io/job-tracking", "the job controller of kube-controller-manager", NULL},
	{"customresourcecleanup.apiextensions.k8s.io", "the API server, once every object of the kind is gone", NULL},
	{"resources-finalizer.argocd.argoproj.io", "the Argo CD application controller", "argocd-application-controller"},
	{"post-delete-finalizer.argocd.argoproj.io", "the Argo CD application controller", "argocd-application-controller"},
	{"finalizer.acme.cert-manager.io", "cert-manager", "cert-manager"},
	{".cert-manager.io", "cert-manager", "cert-manager"},
	{".kamaji.clastix.io", "the Kamaji controller", "kamaji"},
	{"finalizer.kamaji.clastix.io", "the Kamaji controller", "kamaji"},
	{"finalizers.fluxcd.io", "a Flux controller", "kustomize-controller"},
	{".cluster.x-k8s.io", "a Cluster API controller", "capi-controller-manager"},
	{"snapshot.storage.kubernetes.io/volumesnapshot-bound-protection", "the snapshot controller", "snapshot-controller"},
	{"external-provisioner.volume.kubernetes.io/finalizer", "the provisioner of its CSI driver", "csi"},
	{"service.k8s.aws/resources", "the AWS Load Balancer Controller", "aws-load-balancer-controller"},
	{"ingress.k8s.aws/resources", "the AWS Load Balancer Controller", "aws-load-balancer-controller"},
	{"elbv2.k8s.aws/resources", "the AWS Load Balancer Controller", "aws-load-balancer-controller"},
	{"networking.gke.io/ingress-finalizer-V2", "the GKE ingress controller", NULL},
	{"foregroundDeletion", "the garbage collector of kube-controller-manager", NULL},
};

/* "cluster.x-k8s.io/machine" and "machine.cluster.x-k8s.io" are both of cluster.x-k8s.io. */
static bool is_of(const char *finalizer, const char *known_name)
{
	if (known_name[0] != '.')
		return str_eq(finalizer, known_name);
	size_t domain = strcspn(finalizer, "/"), n = strlen(known_name);
	return str_ends(finalizer, known_name) || (domain >= n && strncmp(finalizer + domain - n, known_name, n) == 0) ||
	       (domain == n - 1 && strncmp(finalizer, known_name + 1, domain) == 0);
}

/* The words of a finalizer that may be the name of a program: not the ends of domains, nor what every finalizer is called. */
static bool is_telling(const char *word, size_t n)
{
	static const char *const dull[] = {"finalizer", "finalizers", "cleanup",    "protection", "kubernetes", "resources", "foreground",
					   "example",   "operator",   "controller", "delete",     "deletion",   "cluster",   "storage"};
	for (size_t i = 0; i < ARRAY_LEN(dull); i++)
		if (strlen(dull[i]) == n && strncmp(word, dull[i], n) == 0)
			return false;
	return n >= 4;
}

/* The workload whose name, or a controller's namespace, has this word; one that calls itself operator, controller or manager first. */
static const struct object *find_controller(struct check_run *run, const char *word)
{
	static const enum kind_id kinds[] = {KIND_DEPLOYMENT, KIND_STATEFUL_SET, KIND_DAEMON_SET};
	const struct object *best = NULL;
	int best_score = 0;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *list = inventory_list(run->inv, kinds[k]);
		for (uint32_t i = 0; i < list->len; i++) {
			const char *name = list->items[i]->name;
			bool controls = strstr(name, "operator") || strstr(name, "controller") || strstr(name, "manager");
			int score = strstr(name, word) ? 2 + controls : strstr(list->items[i]->ns, word) && controls ? 1 : 0;
			if (score > best_score) {
				best_score = score;
				best = list->items[i];
			}
		}
	}
	return best;
}

static const struct object *find_by_words(struct check_run *run, const char *finalizer)
{
	const struct object *found = NULL;
	for (const char *p = finalizer; *p && !found;) {
		size_t n = strcspn(p, "./");
		if (is_telling(p, n))
			found = find_controller(run, arena_strndup(run->arena, p, n));
		p += n + (p[n] != '\0');
	}
	return found;
}

static bool has_ready_pod(const struct object *workload)
{
	return value_get_int(workload->status, workload->kind->id == KIND_DAEMON_SET ? "numberReady" : "readyReplicas", 0) > 0;
}

static struct holder by_controller(struct check_run *run, const char *who, const struct object *workload, bool sure)
{
	struct arena *a = run->arena;
	const char *perhaps = sure ? "" : "probably ";
	if (workload && !has_ready_pod(workload))
		return (struct holder){
			.says = arena_printf(a, "which %s%s should remove: none of its pods is ready", perhaps, run_text(run, workload)),
			.fix = arena_printf(a, "Bring %s back: it finishes the deletion then.", run_text(run, workload)),
			.object = workload,
			.path = "status",
		};
	if (workload)
		return (struct holder){
			.says = arena_printf(a, "which %s%s should remove: it runs", perhaps, run_text(run, workload)),
			.fix = arena_printf(a, "Read the log of %s: it says what the deletion waits for.", run_text(run, workload)),
			.object = workload,
			.path = "status",
			.runs = true,
		};
	/* Only where all workloads were seen does their absence say something. */
	if (inventory_sees(run->inv, KIND_DEPLOYMENT, NULL) && inventory_sees(run->inv, KIND_STATEFUL_SET, NULL))
		return (struct holder){
			.says = who ? arena_printf(a, "which %s should remove: nothing of that name runs here", who)
				    : "and no workload is named like its controller",
			.fix = "Install the controller again, so that it can clean up; only when it is gone for good, take the finalizer off.",
		};
	return (struct holder){.says = who ? arena_printf(a, "which %s should remove", who) : ""};
}

/* ---- What Kubernetes itself waits for ------------------------------------------------------------------------------------------- */

static int is_claim(void *arg, const struct pod_ref *ref)
{
	const char *name = arg;
	return ref->kind == KIND_PERSISTENT_VOLUME_CLAIM && str_eq(ref->name, name);
}

static struct holder held_by_pod(struct check_run *run, const struct object *claim)
{
	struct object_list pods = inventory_select(run->inv, run->arena, KIND_POD, claim->ns, NULL, false);
	const struct object *first = NULL;
	uint32_t count = 0;
	for (uint32_t i = 0; i < pods.len; i++) {
		const char *phase = value_get_str(pods.items[i]->status, "phase");
		if (str_eq(phase, "Succeeded") || str_eq(phase, "Failed") ||
		    !pod_refs_each(pods.items[i]->spec, "spec", NULL, is_claim, (void *)(uintptr_t)claim->name))
			continue;
		if (count++ == 0)
			first = pods.items[i];
	}
	if (!first)
		return (struct holder){
			.fix = arena_printf(run->arena, "It goes once no pod uses it: see which pods of namespace %s mount it.", claim->ns),
			.says = inventory_sees(run->inv, KIND_POD, claim->ns) ? "though no pod uses it: kube-controller-manager should remove it"
									      : ""};
	const char *more = count > 1 ? arena_printf(run->arena, " and %u more", count - 1) : "";
	return (struct holder){
		.says = arena_printf(run->arena, "since %s%s still uses it", run_text(run, first), more),
		.fix = arena_printf(run->arena, "Delete %s, or scale down what makes it: the claim goes with its last pod.", run_text(run, first)),
		.object = first,
		.path = "spec.volumes",
	};
}

static struct holder held_by_claim(struct check_run *run, const struct object *volume)
{
	const struct value *ref = value_get(volume->spec, "claimRef");
	const char *ns = value_get_str(ref, "namespace"), *name = value_get_str(ref, "name");
	const struct object *claim = *name ? inventory_find(run->inv, KIND_PERSISTENT_VOLUME_CLAIM, ns, name) : NULL;
	if (!claim)
		return (struct holder){.says = "", .fix = "It goes once no claim is bound to it."};
	return (struct holder){
		.says = arena_printf(run->arena, "since %s is bound to it", run_text(run, claim)),
		.fix = arena_printf(run->arena, "Delete %s, if its data may go: the volume goes with it.", run_text(run, claim)),
		.object = claim,
		.path = "spec.volumeName",
	};
}

static bool blocks(const struct object *dependent, const struct object *owner)
{
	for (value_each(ref, value_get(dependent->metadata, "ownerReferences"))) {
		bool same = *owner->uid ? str_eq(value_get_str(ref, "uid"), owner->uid) : str_eq(value_get_str(ref, "name"), owner->name);
		if (same && value_get_bool(ref, "blockOwnerDeletion", false))
			return true;
	}
	return false;
}

static struct holder held_by_dependents(struct check_run *run, const struct object *o)
{
	const struct object *first = NULL;
	uint32_t count = 0;
	for (uint32_t i = 0; i < o->child_count; i++) {
		if (!blocks(o->children[i], o))
			continue;
		/* One that has a finalizer of its own is why the others' end does not help. */
		if (!first || (!value_len(value_get(first->metadata, "finalizers")) && value_len(value_get(o->children[i]->metadata, "finalizers"))))
			first = o->children[i];
		count++;
	}
	if (!first)
		return by_controller(run, "the garbage collector of kube-controller-manager", NULL, true);
	const char *more = count > 1 ? arena_printf(run->arena, " and %u more", count - 1) : "";
	return (struct holder){
		.says = arena_printf(run->arena, "until what it owns is gone: %s%s", run_text(run, first), more),
		.fix = arena_printf(run->arena, "See why %s is not deleted.", run_text(run, first)),
		.object = first,
		.path = "metadata.ownerReferences",
	};
}

static struct holder finalizer_holder(struct check_run *run, const struct object *o, const char *finalizer)
{
	if (str_eq(finalizer, "kubernetes.io/pvc-protection"))
		return held_by_pod(run, o);
	if (str_eq(finalizer, "kubernetes.io/pv-protection"))
		return held_by_claim(run, o);
	if (str_eq(finalizer, "foregroundDeletion"))
		return held_by_dependents(run, o);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!is_of(finalizer, known[i].finalizer))
			continue;
		if (!known[i].workload)
			return (struct holder){.says = arena_printf(run->arena, "which %s should remove", known[i].who)};
		const struct object *workload = find_controller(run, known[i].workload);
		/* A cloud's own control plane shows no workload. */
		if (!workload && str_eq(known[i].workload, "cloud-controller-manager"))
			return (struct holder){.says = arena_printf(run->arena, "which %s should remove", known[i].who)};
		return by_controller(run, known[i].who, workload, true);
	}
	return by_controller(run, NULL, find_by_words(run, finalizer), false);
}

/* ---- Checks ----------------------------------------------------------------------------------------------------------------- */

static void add_holder(struct check_run *run, struct finding *f, const struct holder *h, const char *finalizer)
{
	if (h->object && h->path && value_at(&h->object->root, h->path))
		finding_field(run, f, h->object, h->path);
	if (h->object && !h->runs)
		finding_subject_object(run, f, h->object);
	if (h->fix)
		finding_fix(run, f, "%s", h->fix);
	else
		finding_fix(run, f,
			    "See why the controller behind finalizer %s does not finish; only when it is gone for good, take the finalizer off.",
			    finalizer);
}

static void run_object_terminating(struct check_run *run, const struct object *o)
{
	const struct value *finalizers = value_get(o->metadata, "finalizers");
	const char *finalizer = value_str(value_item(finalizers, 0), "");
	/* What a Machine waits for is in its conditions: machine/deleting. */
	if (!o->deleted || run_age(run, o->deleted) < run->options->deletion_grace || !*finalizer || object_is(o, "cluster.x-k8s.io", "Machine"))
		return;
	struct holder h = finalizer_holder(run, o, finalizer);
	size_t more = value_len(finalizers) - 1;
	const char *others = more ? arena_printf(run->arena, " (and %zu more)", more) : "";
	struct finding *f = finding_new(run, o, "%s was deleted %s ago and waits for finalizer %s%s%s%s", run_text(run, o), run_ago(run, o->deleted),
					finalizer, others, h.says && *h.says ? ", " : "", h.says ? h.says : "");
	finding_field(run, f, o, "metadata.deletionTimestamp");
	finding_field(run, f, o, "metadata.finalizers");
	add_holder(run, f, &h, finalizer);
	f->since = o->deleted;
}

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

/* "unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: stale GroupVersion": its APIService is
 * v1beta1.metrics.k8s.io. NULL when the message names none. */
static const char *dead_api(struct check_run *run, const char *message)
{
	static const char before[] = "server APIs: ";
	const char *p = strstr(message, before);
	if (!p)
		return NULL;
	p += sizeof(before) - 1;
	size_t group = strcspn(p, "/:, "), version = p[group] == '/' ? strcspn(p + group + 1, ":, ") : 0;
	if (group == 0 || version == 0 || group + version > 250)
		return NULL;
	return arena_printf(run->arena, "%.*s.%.*s", (int)version, p + group + 1, (int)group, p);
}

static void blame_api(struct check_run *run, struct finding *f, const char *name)
{
	const struct object *api = inventory_find_custom(run->inv, "apiregistration.k8s.io", "APIService", "", name);
	f->message = arena_printf(run->arena, "%s; it is APIService %s that does not answer", f->message, name);
	finding_fix(
		run, f,
		"Mend what serves APIService %s, or delete the APIService when it is gone for good: until then nobody knows what is left to delete.",
		name);
	if (!api) {
		finding_subject_text(run, f, "APIService", name);
		return;
	}
	finding_subject_object(run, f, api);
	if (value_get(api->spec, "service"))
		finding_field(run, f, api, "spec.service");
}

static void blame_held(struct check_run *run, struct finding *f, const struct object *held)
{
	const char *finalizer = value_str(value_item(value_get(held->metadata, "finalizers"), 0), "");
	struct holder h = finalizer_holder(run, held, finalizer);
	f->message = arena_printf(run->arena, "%s; first of them is %s, which waits for %s%s%s", f->message, run_text(run, held), finalizer,
				  h.says && *h.says ? ", " : "", h.says ? h.says : "");
	finding_field(run, f, held, "metadata.finalizers");
	add_holder(run, f, &h, finalizer);
	finding_subject_object(run, f, held);
}

static void run_namespace_terminating(struct check_run *run, const struct object *o)
{
	static const char *const types[] = {"NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure",
					    "NamespaceDeletionContentFailure", "NamespaceFinalizersRemaining", "NamespaceContentRemaining"};
	if (!o->deleted || run_age(run, o->deleted) < run->options->startup_grace)
		return;
	const char *why = "no reason is recorded";
	uint32_t index = 0;
	size_t type = 0;
	for (; type < ARRAY_LEN(types); type++) {
		const struct value *c = condition_find(o, types[type], &index);
		if (str_eq(value_get_str(c, "status"), "True")) {
			why = value_get_str(c, "message");
			break;
		}
	}
	struct finding *f = finding_new(run, o, "%s has been terminating for %s: %s", run_text(run, o), run_ago(run, o->deleted), why);
	finding_field(run, f, o, "metadata.deletionTimestamp");
	if (type < ARRAY_LEN(types))
		finding_fieldf(run, f, o, "status.conditions[%u].message", index);
	f->since = o->deleted;
	const char *api = type == 0 ? dead_api(run, why) : NULL;
	const struct object *held = api ? NULL : held_object(run, o->name);
	if (api)
		blame_api(run, f, api);
	else if (held)
		blame_held(run, f, held);
	else if (type == 0)
		finding_fix(run, f, "An aggregated API does not answer: mend or delete its APIService (kubectl get apiservices).");
	else if (strstr(why, "finalizers"))
		finding_fix(run, f, "See the objects that still have finalizers, and the controllers that should remove them.");
}

const struct check check_namespace_terminating_stuck = {
	.id = "namespace/terminating-stuck",
	.kind = KIND_NAMESPACE,
	.severity = SEVERITY_ERROR,
	.title = "Namespace does not go away",
	.explain =
		"The namespace was deleted and is still there: objects in it have finalizers that nobody removes, or an aggregated API does not answer, so that what is "
		"left cannot be listed. Its conditions say which; the APIService, or the first object that is held and by whom, is named.",
	.fix = "Mend what its conditions name; do not remove the namespace's own finalizer.",
	.peers = "Popeye 800",
	.run = run_namespace_terminating,
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
		"The object (of any kind, custom ones too) was deleted longer than deletion-grace (2 min) ago and is still there, because a finalizer is not removed: "
		"the controller that should remove it does not run, or waits for something.\n\n"
		"Who should remove it is told from the finalizer's name: what protects claims and volumes names the pod or claim that still uses them, "
		"foregroundDeletion the dependents; for others the workload that is named like the finalizer is looked for, and whether it runs.",
	.fix = "See the controller behind the finalizer.",
	.run = run_object_terminating,
};
