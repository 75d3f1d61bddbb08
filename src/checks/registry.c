/* Images from registries that the rules file does not allow. */
#include "checks/rules.h"

static void run_registry(struct check_run *run, const struct object *o)
{
	static const char *const lists[] = {"initContainers", "containers", "ephemeralContainers"};
	const char *path;
	const struct value *spec = run->options->rules ? pod_spec_of(o, &path) : NULL;
	/* What a controller makes is told of the controller. */
	if (!spec || o->deleted || o->owner || value_len(value_get(o->metadata, "ownerReferences")))
		return;
	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		uint32_t i = 0;
		for (value_each(c, value_get(spec, lists[l]))) {
			const char *image = value_get_str(c, "image");
			uint32_t index = i++;
			if (!*image || rules_allow_image(run->options->rules, image))
				continue;
			struct finding *f = finding_new(run, o, "Container %s of %s has image %s, from a registry that the rules do not allow",
							value_get_str(c, "name"), run_text(run, o), image);
			f->container = value_get_str(c, "name");
			finding_fieldf(run, f, o, "%s.%s[%u].image", path, lists[l], index);
		}
	}
}

const struct check check_image_registry_not_allowed = {
	.id = "image/registry-not-allowed",
	.kind = KIND_POD,
	.also = KIND_BIT(KIND_DEPLOYMENT) | KIND_BIT(KIND_REPLICA_SET) | KIND_BIT(KIND_STATEFUL_SET) | KIND_BIT(KIND_DAEMON_SET) |
		KIND_BIT(KIND_JOB) | KIND_BIT(KIND_CRON_JOB) | KIND_BIT(KIND_REPLICATION_CONTROLLER),
	.severity = SEVERITY_WARNING,
	.title = "Image from a registry that is not allowed",
	.explain =
		"The rules file (--rules) lists the registries that images may come from, and this image comes from another one. A name without a registry is one "
		"of docker.io: nginx is docker.io/library/nginx. Without such a list nothing is reported.",
	.fix = "Take the image from an allowed registry, or add its registry to the rules file.",
	.peers = "Popeye 113",
	.run = run_registry,
};
