/* Advice about containers: images, probes, resources, ports. */
#include "checks/advice.h"

/* ":tag" of an image, without the colon; "" when it has none. A registry's port comes before the last slash. */
static const char *image_tag(const char *image)
{
	const char *slash = strrchr(image, '/'), *colon = strchr(slash ? slash : image, ':');
	return colon ? colon + 1 : "";
}

static bool is_pinned(const char *image)
{
	return strchr(image, '@') != NULL;
}

static bool is_untagged(const struct value *c, const void *arg)
{
	const char *image = value_get_str(c, "image");
	return *image && !is_pinned(image) && !*image_tag(image);
}

static bool is_latest(const struct value *c, const void *arg)
{
	const char *image = value_get_str(c, "image");
	return !is_pinned(image) && str_eq(image_tag(image), "latest");
}

static bool has_probe(const struct value *c, const char *name)
{
	return value_get(c, name) != NULL;
}

static bool has_no_probes(const struct value *c, const void *arg)
{
	return !has_probe(c, "livenessProbe") && !has_probe(c, "readinessProbe");
}

static bool has_only_readiness(const struct value *c, const void *arg)
{
	return !has_probe(c, "livenessProbe") && has_probe(c, "readinessProbe");
}

static bool has_only_liveness(const struct value *c, const void *arg)
{
	return has_probe(c, "livenessProbe") && !has_probe(c, "readinessProbe");
}

/* Only where there is a name to use: a container need not declare its ports. */
static const struct value *named_port(const struct value *c, const struct value *port)
{
	for (value_each(p, value_get(c, "ports")))
		if (port && port->type == VALUE_INT && value_get_int(p, "containerPort", 0) == port->i && *value_get_str(p, "name"))
			return p;
	return NULL;
}

static const char *const probe_ports[] = {"livenessProbe.httpGet.port",    "livenessProbe.tcpSocket.port", "readinessProbe.httpGet.port",
					  "readinessProbe.tcpSocket.port", "startupProbe.httpGet.port",    "startupProbe.tcpSocket.port"};

static const char *numbered_probe(const struct value *c)
{
	for (size_t i = 0; i < ARRAY_LEN(probe_ports); i++)
		if (named_port(c, value_at(c, probe_ports[i])))
			return probe_ports[i];
	return NULL;
}

static bool probes_a_number(const struct value *c, const void *arg)
{
	return numbered_probe(c) != NULL;
}

static bool has_no_resources(const struct value *c, const void *arg)
{
	return value_len(value_at(c, "resources.requests")) == 0 && value_len(value_at(c, "resources.limits")) == 0;
}

static bool has_no_memory_limit(const struct value *c, const void *arg)
{
	return !has_no_resources(c, NULL) && !value_at(c, "resources.limits.memory");
}

static const struct value *unnamed_port(const struct value *c, uint32_t *ret_index)
{
	*ret_index = 0;
	for (value_each(p, value_get(c, "ports"))) {
		if (!*value_get_str(p, "name"))
			return p;
		(*ret_index)++;
	}
	return NULL;
}

static bool has_unnamed_port(const struct value *c, const void *arg)
{
	uint32_t index;
	return unnamed_port(c, &index) != NULL;
}

/* ---- The checks --------------------------------------------------------------------------------------------------------------- */

/* Pods may have resources of their own since 1.34: then containers need none. */
static bool pod_has_resources(const struct value *spec)
{
	return value_len(value_at(spec, "resources.requests")) || value_len(value_at(spec, "resources.limits"));
}

static void run_untagged(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = advice_template(o, &path);
	struct containers found = advice_containers(run, spec, path, true, is_untagged, NULL);
	if (!found.count)
		return;
	struct finding *f =
		finding_new(run, o, "%s gives no tag for the image of %s: %s", run_text(run, o), found.text, value_get_str(found.first, "image"));
	finding_fieldf(run, f, o, "%s.image", found.path);
}

static void run_latest(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = advice_template(o, &path);
	struct containers found = advice_containers(run, spec, path, true, is_latest, NULL);
	if (!found.count)
		return;
	struct finding *f = finding_new(run, o, "%s takes the image of %s by the tag latest: %s", run_text(run, o), found.text,
					value_get_str(found.first, "image"));
	finding_fieldf(run, f, o, "%s.image", found.path);
}

static void add_probe(struct check_run *run, const struct object *o, container_test *test, const char *probe, const char *words)
{
	const char *path;
	const struct value *spec = advice_is_service(o) ? advice_template(o, &path) : NULL;
	struct containers found = advice_containers(run, spec, path, false, test, NULL);
	if (!found.count)
		return;
	struct finding *f = finding_new(run, o, "%s has no %s on %s", run_text(run, o), words, found.text);
	finding_fieldf(run, f, o, "%s.%s", found.path, probe);
}

static void run_no_probes(struct check_run *run, const struct object *o)
{
	add_probe(run, o, has_no_probes, "readinessProbe", "liveness and no readiness probe");
}

static void run_no_liveness(struct check_run *run, const struct object *o)
{
	add_probe(run, o, has_only_readiness, "livenessProbe", "liveness probe");
}

static void run_no_readiness(struct check_run *run, const struct object *o)
{
	add_probe(run, o, has_only_liveness, "readinessProbe", "readiness probe");
}

static void run_probe_port(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = advice_template(o, &path);
	struct containers found = advice_containers(run, spec, path, false, probes_a_number, NULL);
	if (!found.count)
		return;
	const char *probe = numbered_probe(found.first);
	const struct value *port = value_at(found.first, probe);
	const char *name = value_get_str(named_port(found.first, port), "name");
	struct finding *f = finding_new(run, o, "%s probes port %lld of %s by its number, and the port has a name (%s)", run_text(run, o),
					(long long)value_int(port, 0), found.text, name);
	finding_fieldf(run, f, o, "%s.%s", found.path, probe);
	finding_fix(run, f, "Write port: %s in the probe: it then follows the port when that changes.", name);
}

static void run_no_resources(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = advice_template(o, &path);
	struct containers found = {0};
	if (!pod_has_resources(spec))
		found = advice_containers(run, spec, path, false, has_no_resources, NULL);
	if (!found.count)
		return;
	struct finding *f = finding_new(run, o, "%s has no resource requests and no limits on %s", run_text(run, o), found.text);
	finding_fieldf(run, f, o, "%s.resources.requests", found.path);
}

static void run_no_limits(struct check_run *run, const struct object *o)
{
	const char *path;
	const struct value *spec = advice_template(o, &path);
	struct containers found = {0};
	if (!value_at(spec, "resources.limits.memory"))
		found = advice_containers(run, spec, path, false, has_no_memory_limit, NULL);
	if (!found.count)
		return;
	struct finding *f = finding_new(run, o, "%s has no memory limit on %s", run_text(run, o), found.text);
	finding_fieldf(run, f, o, "%s.resources.limits.memory", found.path);
}

static void run_port_unnamed(struct check_run *run, const struct object *o)
{
	const char *path;
	uint32_t index;
	const struct value *spec = advice_template(o, &path);
	struct containers found = advice_containers(run, spec, path, false, has_unnamed_port, NULL);
	if (!found.count)
		return;
	const struct value *port = unnamed_port(found.first, &index);
	struct finding *f = finding_new(run, o, "%s gives port %lld of %s no name", run_text(run, o),
					(long long)value_get_int(port, "containerPort", 0), found.text);
	finding_fieldf(run, f, o, "%s.ports[%u].containerPort", found.path, index);
}

const struct check check_container_image_untagged = {
	.id = "container/image-untagged",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Image has no tag",
	.explain =
		"The image is named without a tag and without a digest: the registry's latest is taken, whatever that is on the day, and two nodes may "
		"run different programs.",
	.fix = "Name a version of the image, or better its digest.",
	.peers = "Popeye 100",
	.advice = true,
	.run = run_untagged,
};

const struct check check_container_image_latest = {
	.id = "container/image-latest",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Image is tagged latest",
	.explain =
		"The tag latest moves: a restart may bring another program, and going back to an older revision brings back nothing. An image with a "
		"digest is not reported.",
	.fix = "Name a version of the image, or better its digest.",
	.peers = "Popeye 101",
	.advice = true,
	.run = run_latest,
};

const struct check check_container_probes_missing = {
	.id = "container/probes-missing",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Container has no probes",
	.explain = "Neither a readiness nor a liveness probe: the pod gets traffic before its program listens, and one that hangs is never noticed. "
		   "Containers of Jobs and init containers need none.",
	.fix = "Add a readinessProbe that answers once the program can serve; add a livenessProbe where the program may hang for good.",
	.peers = "Popeye 102",
	.advice = true,
	.run = run_no_probes,
};

const struct check check_container_liveness_missing = {
	.id = "container/liveness-missing",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Container has no liveness probe",
	.explain = "There is a readiness probe and no liveness probe: a program that hangs for good loses its traffic and is never started again.",
	.fix = "Add a livenessProbe, slower to act than the readiness probe; do without when the program ends itself rather than hang.",
	.peers = "Popeye 103",
	.advice = true,
	.run = run_no_liveness,
};

const struct check check_container_readiness_missing = {
	.id = "container/readiness-missing",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Container has no readiness probe",
	.explain =
		"There is a liveness probe and no readiness probe: the pod gets traffic as soon as its container is started, before the program listens, "
		"and rollouts do not wait for it.",
	.fix = "Add a readinessProbe that answers once the program can serve.",
	.peers = "Popeye 104",
	.advice = true,
	.run = run_no_readiness,
};

const struct check check_container_probe_port_number = {
	.id = "container/probe-port-number",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Probe names its port by number",
	.explain = "A probe gives the number of a container port that has a name. When the port changes, the probe is easily forgotten.",
	.fix = "Use the port's name in the probe.",
	.peers = "Popeye 105",
	.advice = true,
	.run = run_probe_port,
};

const struct check check_container_resources_missing = {
	.id = "container/resources-missing",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Container has no requests and no limits",
	.explain =
		"Without requests the scheduler takes the container for nothing, and its pod is the first to be evicted when a node runs short. Neither the "
		"containers nor the pod as a whole say what they need.",
	.fix = "Set resources.requests for cpu and memory to what the container uses, and a memory limit.",
	.peers = "Popeye 106",
	.advice = true,
	.run = run_no_resources,
};

const struct check check_container_limits_missing = {
	.id = "container/limits-missing",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Container has no memory limit",
	.explain =
		"The container has requests and no memory limit: a leak takes the memory of the whole node, and its neighbours are evicted. A missing cpu "
		"limit is not reported: it only lets the container use what is idle.",
	.fix = "Set resources.limits.memory above what the container needs at its busiest.",
	.peers = "Popeye 107",
	.advice = true,
	.run = run_no_limits,
};

const struct check check_container_port_unnamed = {
	.id = "container/port-unnamed",
	.kind = KIND_DEPLOYMENT,
	.also = ADVICE_OTHER_WORKLOADS,
	.severity = SEVERITY_INFO,
	.title = "Container port has no name",
	.explain =
		"The port has a number only. Services and probes that use a name go on working when the number changes, and a name says what is spoken "
		"there.",
	.fix = "Give the port a name, and use it in Services and probes.",
	.peers = "Popeye 108",
	.advice = true,
	.run = run_port_unnamed,
};
