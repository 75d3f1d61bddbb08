/* Images that do not come. */
#include "checks/pod.h"

struct image_trouble {
	const char *part; /* in what the runtime says, lower case */
	const char *what; /* "cannot be pulled: <what>" */
	const char *fix;
	enum { ABOUT_IMAGE, ABOUT_ACCESS, ABOUT_PROCESSOR, ABOUT_DISK } about; /* what else is worth telling */
};

/* The first that fits wins: more exact words first. */
static const struct image_trouble troubles[] = {
	{"toomanyrequests", "the registry limits how often it may be asked", "Wait, sign in to the registry with a pull secret, or mirror the image.",
	 ABOUT_ACCESS},
	{"rate limit", "the registry limits how often it may be asked", "Wait, sign in to the registry with a pull secret, or mirror the image.",
	 ABOUT_ACCESS},
	{"429 too many", "the registry limits how often it may be asked", "Wait, sign in to the registry with a pull secret, or mirror the image.",
	 ABOUT_ACCESS},
	{"pull access denied", "the repository does not exist or needs a sign-in",
	 "Correct the repository's name, or give the pod a pull secret for it.", ABOUT_ACCESS},
	{"no match for platform", "the registry has it, but not for this node's processor", "Build the image for the node's processor too.",
	 ABOUT_PROCESSOR},
	{"no matching manifest", "the registry has it, but not for this node's processor", "Build the image for the node's processor too.",
	 ABOUT_PROCESSOR},
	{"x509", "the registry's certificate is not trusted", "Let the node trust the registry's certificate authority, or mend the certificate."},
	{"http response to https", "the registry speaks HTTP, not HTTPS",
	 "Serve the registry over TLS, or list it as insecure in the node's runtime."},
	{"no such host", "the registry's name cannot be resolved", "Correct the registry's name in the image, or mend the node's DNS."},
	{"temporary failure in name resolution", "the registry's name cannot be resolved", "Correct the registry's name, or mend the node's DNS."},
	{"server misbehaving", "the registry's name cannot be resolved", "Correct the registry's name in the image, or mend the node's DNS."},
	{"dial tcp: lookup", "the registry's name cannot be resolved", "Correct the registry's name in the image, or mend the node's DNS."},
	{"unauthorized", "the registry asks for a sign-in that it was not given",
	 "Give the pod an imagePullSecrets entry that may read this repository.", ABOUT_ACCESS},
	{"authorization failed", "the registry asks for a sign-in that it was not given",
	 "Give the pod an imagePullSecrets entry that may read this repository.", ABOUT_ACCESS},
	{"authentication required", "the registry asks for a sign-in that it was not given",
	 "Give the pod an imagePullSecrets entry that may read this repository.", ABOUT_ACCESS},
	{"insufficient_scope", "the repository does not exist or needs a sign-in",
	 "Correct the repository's name, or give the pod a pull secret for it.", ABOUT_ACCESS},
	{"403 forbidden", "the registry refuses this user", "Let the pull secret's user read this repository.", ABOUT_ACCESS},
	{"manifest unknown", "there is no such tag", "Correct the image's tag, or push the image."},
	{"connection refused", "the registry refuses connections", "See that the registry runs and listens on that port."},
	{"i/o timeout", "the registry does not answer", "See that the node can reach the registry (routes, firewall, proxy)."},
	{"deadline exceeded", "the registry does not answer in time", "See that the node can reach the registry, or that the image is not too big."},
	{"no route to host", "the registry cannot be reached", "See that the node can reach the registry (routes, firewall, proxy)."},
	{"no space left", "the node's disk is full", "Free space on the node, or give it a bigger disk.", ABOUT_DISK},
	{"not present with pull policy of never", "it is not on the node, and its pull policy is Never",
	 "Load the image on the node, or set imagePullPolicy to IfNotPresent."},
	{"signature", "its signature is not valid", "Sign the image, or correct the node's signature policy."},
	{"not found", "there is no such image or tag", "Correct the image's name and tag, or push the image."},
	{"does not exist", "there is no such image or tag", "Correct the image's name and tag, or push the image."},
};

static const struct image_trouble *find_trouble(struct check_run *run, const char *message)
{
	char *lower = arena_strdup(run->arena, message);
	for (char *p = lower; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	for (size_t i = 0; i < ARRAY_LEN(troubles); i++)
		if (strstr(lower, troubles[i].part))
			return &troubles[i];
	return NULL;
}

/* A pull secret that the pod names and that is not there. */
struct secret_walk {
	struct check_run *run;
	const struct object *pod;
	struct pod_ref found;
};

static int missing_secret(void *arg, const struct pod_ref *ref)
{
	struct secret_walk *w = arg;
	if (ref->use != REF_PULL_SECRET || inventory_find(w->run->inv, KIND_SECRET, w->pod->ns, ref->name))
		return 0;
	w->found = *ref;
	return 1;
}

/* The registry of an image: "ghcr.io", "docker.io" when none is named. */
static const char *registry_of(struct check_run *run, const char *image)
{
	size_t n = strcspn(image, "/");
	const char *host = arena_strndup(run->arena, image, n);
	return image[n] && (strpbrk(host, ".:") || str_eq(host, "localhost")) ? host : "docker.io";
}

/* Pull secrets of the pod (those of its ServiceAccount are copied into it when it is made). Which registry one is for stands in its value. */
static void add_secrets(struct check_run *run, struct finding *f, const struct pod_view *v, const struct container_view *c)
{
	const char *names = "", *registry = registry_of(run, c->image), *account = value_get_str(v->object->spec, "serviceAccountName");
	uint32_t i = 0;
	for (value_each(s, value_get(v->object->spec, "imagePullSecrets"))) {
		names = arena_printf(run->arena, "%s%s%s", names, *names ? ", " : "", value_get_str(s, "name"));
		finding_fieldf(run, f, v->object, "spec.imagePullSecrets[%u].name", i++);
	}
	if (*names)
		f->message = arena_printf(run->arena,
					  "%s (it has pull secret %s; whether that is for %s and still valid cannot be told, for values of "
					  "Secrets are not read)",
					  f->message, names, registry);
	else
		f->message = arena_printf(run->arena, "%s (neither the pod nor its ServiceAccount %s has a pull secret)", f->message,
					  *account ? account : "default");
	if (*names)
		finding_fix(run, f, "%s See that %s holds a valid sign-in for %s.", f->fix, names, registry);
	else
		finding_fix(run, f,
			    "%s For a private one: kubectl create secret docker-registry NAME -n %s --docker-server=%s, then imagePullSecrets.",
			    f->fix, v->object->ns, registry);
}

/* What the kind of trouble asks to be looked at besides the image. */
static void add_about(struct check_run *run, struct finding *f, const struct image_trouble *trouble, const struct pod_view *v,
		      const struct container_view *c)
{
	const struct object *node = inventory_find(run->inv, KIND_NODE, "", v->node);
	if (trouble->about == ABOUT_ACCESS) {
		add_secrets(run, f, v, c);
	} else if (trouble->about == ABOUT_PROCESSOR) {
		pod_add_arch(run, f, v, c);
	} else if (trouble->about == ABOUT_DISK && *v->node) {
		f->message = arena_printf(run->arena, "%s (node %s)", f->message, v->node);
		finding_fix(run, f, "Free space on node %s (old images, logs, emptyDir volumes), or give it a bigger disk.", v->node);
		if (node && value_get(value_get(node->status, "allocatable"), "ephemeral-storage"))
			finding_field(run, f, node, "status.allocatable['ephemeral-storage']");
	}
}

static void add_image(struct check_run *run, const struct pod_view *v, const struct container_view *c)
{
	const struct event *e = pod_event(run, v->object, c, "Failed", "Failed to pull image");
	if (!e)
		e = pod_event(run, v->object, c, "Failed", c->image);
	const struct image_trouble *trouble = find_trouble(run, c->waiting_message);
	if (!trouble && e)
		trouble = find_trouble(run, e->message);
	if (str_eq(c->waiting_reason, "ErrImageNeverPull"))
		trouble = find_trouble(run, "not present with pull policy of never");
	const char *revision = NULL, *before = pod_previous_image(run, v, c, &revision);
	struct finding *f = pod_finding(run, v, c, "Image %s for %s cannot be pulled: %s", c->image, container_text(run, v, c),
					trouble               ? trouble->what
					: *c->waiting_message ? c->waiting_message
							      : c->waiting_reason);
	finding_field(run, f, v->object, container_status_path(run->arena, c, "state.waiting.reason"));
	finding_field(run, f, v->object, container_spec_path(run->arena, c, "image"));
	finding_event(run, f, e);
	struct secret_walk w = {.run = run, .pod = v->object};
	bool sees_secrets = inventory_sees(run->inv, KIND_SECRET, v->object->ns);
	if (sees_secrets && pod_refs_each(v->object->spec, "spec", run->arena, missing_secret, &w)) {
		finding_field(run, f, v->object, w.found.path);
		finding_absence(run, f, "Secret", v->object->ns, w.found.name);
		f->message = arena_printf(run->arena, "%s (its pull secret %s does not exist)", f->message, w.found.name);
		finding_fix(run, f, "Create the pull secret %s in namespace %s (it does not exist)%s", w.found.name, v->object->ns,
			    trouble ? arena_printf(run->arena, ", and if that is not enough: %s", trouble->fix) : ".");
	} else if (trouble) {
		f->fix = trouble->fix;
		add_about(run, f, trouble, v, c);
	}
	if (before) {
		f->fix = arena_printf(run->arena, "%s Revision %s used %s.", f->fix ? f->fix : "Correct the image.", revision, before);
		pod_propose_rollback(run, f, v->object, revision);
	}
	if (w.found.name)
		finding_subject(run, f, KIND_SECRET, v->object->ns, w.found.name);
	else if (trouble && trouble->about == ABOUT_DISK && *v->node)
		finding_subject(run, f, KIND_NODE, "", v->node);
	else
		finding_subject_text(run, f, "Image", c->image);
	f->since = v->object->created;
}

static void run_image_pull(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++)
		if (container_failure(run, v, &v->containers[i]).what == FAILURE_IMAGE)
			add_image(run, v, &v->containers[i]);
}

static void run_image_name(struct check_run *run, const struct object *o)
{
	const struct pod_view *v = run_pod(run, o);
	for (uint32_t i = 0; i < v->count && pod_is_alive(v); i++) {
		const struct container_view *c = &v->containers[i];
		if (container_failure(run, v, c).what != FAILURE_IMAGE_NAME)
			continue;
		struct finding *f = pod_finding(run, v, c, "\"%s\" for %s is no valid image name", c->image, container_text(run, v, c));
		finding_field(run, f, o, container_spec_path(run->arena, c, "image"));
		finding_field(run, f, o, container_status_path(run->arena, c, "state.waiting.reason"));
		finding_event(run, f, pod_event(run, o, c, "InspectFailed", NULL));
		finding_subject_text(run, f, "Image", c->image);
		f->since = o->created;
	}
}

const struct check check_pod_image_pull = {
	.id = "pod/image-pull",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Image cannot be pulled",
	.explain =
		"The node cannot fetch the image of a container (ErrImagePull, then ImagePullBackOff).\n\n"
		"What the runtime says tells these apart: no such tag, no access, a name that cannot be resolved, a registry that does not answer, "
		"a certificate that is not trusted, a rate limit, an image for another processor, a full disk. Pull secrets that the pod names and "
		"that do not exist are named; so is the image of the revision before.",
	.fix = "Correct the image's name and tag, or give the node access to its registry.",
	.run = run_image_pull,
};

const struct check check_pod_image_name_invalid = {
	.id = "pod/image-name-invalid",
	.kind = KIND_POD,
	.severity = SEVERITY_ERROR,
	.title = "Image name is not valid",
	.explain = "The text given as a container's image cannot be an image name (capital letters, a scheme such as https://, two colons ...).",
	.fix = "Write the image as registry/repository:tag, all lower case but the tag.",
	.run = run_image_name,
};
