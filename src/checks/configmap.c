/* ConfigMaps. */
#include "checks/index.h"

#define CONFIG_MAP_LIMIT (1 << 20) /* bytes of data the API server takes */

/* Values are texts, or their lengths when only those were read. */
static int64_t sum_of(const struct value *data)
{
	int64_t size = 0;
	for (member_each(m, data))
		size += m->v.type == VALUE_STRING ? (int64_t)m->v.len : value_int(&m->v, 0);
	return size;
}

/* Long texts were cut while being read: dataSize is what they were (cluster/schema.h). */
static int64_t size_of(const struct object *o)
{
	return MAX(value_get_int(&o->root, "dataSize", 0), sum_of(value_get(&o->root, "data"))) + sum_of(value_get(&o->root, "binaryData"));
}

static bool is_system(const struct object *o)
{
	static const char *const names[] = {"kube-root-ca.crt", "openshift-service-ca.crt", "extension-apiserver-authentication",
					    "istio-ca-root-cert"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(o->name, names[i]))
			return true;
	return strncmp(o->ns, "kube-", 5) == 0;
}

/* Programs that read ConfigMaps through the API name them by label; locks and releases are ConfigMaps too. */
static bool is_read_by_label(const struct object *o)
{
	static const char *const labels[] = {"grafana_dashboard",        "grafana_datasource", "grafana_alert", "prometheus_rule",
					     "fluentd_config",           "fluentbit_config",   "owner",         "argocd.argoproj.io/secret-type",
					     "app.kubernetes.io/part-of"};
	static const char *const annotations[] = {"control-plane.alpha.kubernetes.io/leader", "k8sgpt.ai/skip-usage-check"};
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		const struct value *v = value_get(o->labels, labels[i]);
		bool only_if = str_eq(labels[i], "owner") || str_eq(labels[i], "app.kubernetes.io/part-of");
		if (v && (!only_if || str_eq(value_str(v, ""), "helm") || str_eq(value_str(v, ""), "argocd")))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(annotations); i++)
		if (value_get(o->annotations, annotations[i]))
			return true;
	return false;
}

static void run_unused(struct check_run *run, const struct object *o)
{
	if (o->deleted || is_system(o) || is_read_by_label(o) || value_len(value_get(o->metadata, "ownerReferences")) ||
	    !inventory_sees(run->inv, KIND_POD, o->ns) || (o->created && run_age(run, o->created) < run->options->recovered_after))
		return;
	if (index_config_map_is_used(run, o))
		return;
	struct finding *f = finding_new(run, o, "%s is used by no pod or pod template", run_text(run, o));
	finding_field(run, f, o, "metadata.creationTimestamp");
	f->since = o->created;
}

static void run_empty(struct check_run *run, const struct object *o)
{
	if (o->deleted || is_system(o) || is_read_by_label(o) || value_len(value_get(&o->root, "data")) ||
	    value_len(value_get(&o->root, "binaryData")))
		return;
	struct finding *f = finding_new(run, o, "%s is empty%s", run_text(run, o), index_config_map_is_used(run, o) ? ", and pods use it" : "");
	finding_absence(run, f, "data of ConfigMap", o->ns, o->name);
}

static void run_too_large(struct check_run *run, const struct object *o)
{
	int64_t size = size_of(o);
	char text[32];
	if (o->deleted || size <= CONFIG_MAP_LIMIT / 100 * run->options->config_map_percent)
		return;
	struct finding *f =
		finding_new(run, o, "%s holds %s, close to the limit of 1 MiB", run_text(run, o), quantity_format((double)size, true, text));
	finding_field_text(run, f, o, value_len(value_get(&o->root, "data")) ? "data" : "binaryData",
			   arena_printf(run->arena, "%lld bytes", (long long)size));
}

const struct check check_configmap_unused = {
	.id = "configmap/unused",
	.kind = KIND_CONFIG_MAP,
	.severity = SEVERITY_INFO,
	.title = "ConfigMap is not used",
	.explain =
		"No pod and no pod template refers to the ConfigMap. Looked at are volumes, projected volumes, env and envFrom of all containers (init, sidecar and "
		"ephemeral ones too) of pods and of every workload, names in their commands, arguments and environment, and texts in custom objects.\n\n"
		"Not reported: what has an owner, system ConfigMaps, Helm releases, leader locks, and what dashboards, rules and other sidecars find by "
		"label.",
	.fix = "Delete it when nothing reads it through the API.",
	.run = run_unused,
};

const struct check check_configmap_empty = {
	.id = "configmap/empty",
	.kind = KIND_CONFIG_MAP,
	.severity = SEVERITY_INFO,
	.title = "ConfigMap is empty",
	.explain = "The ConfigMap has neither data nor binaryData.",
	.fix = "Fill it, or delete it.",
	.run = run_empty,
};

const struct check check_configmap_too_large = {
	.id = "configmap/too-large",
	.kind = KIND_CONFIG_MAP,
	.severity = SEVERITY_WARNING,
	.title = "ConfigMap is close to its limit",
	.explain = "The data is above 90 % (threshold config-map-size) of 1 MiB, the most that the API server takes. The next change may be refused.",
	.fix = "Split it, or keep big files in a volume or an image.",
	.run = run_too_large,
};
