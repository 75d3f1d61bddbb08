/* Is a cluster fit for an environment: version, nodes, storage classes, network plugin, load balancer, GPUs, quotas, metrics. */
#include "platform/fitness_internal.h"
#include "cluster/views.h"
#include "platform/release.h"

#include <math.h>

#define GB 1e9

struct judging {
	struct fitness *f;
	const struct inventory *inv;
	const struct cluster_need *need;
};

/* The row of the cluster's list in the specification. */
static const char *row_of(const struct judging *j, const char *row)
{
	return fit_printf(j->f, "%s > %s", j->need->source, row);
}

/* A line about a kind that could not be read: unknown, and why. NULL: it can be seen. */
static bool sees(struct fit_line *line, const struct judging *j, enum kind_id kind)
{
	if (inventory_sees(j->inv, kind, NULL))
		return true;
	line->why = fit_printf(j->f, "%s could not be read everywhere", kind_table[kind].plural);
	line->remedy = fit_printf(j->f, "Let your user list %s in all namespaces.", kind_table[kind].plural);
	return false;
}

/* A kubelet is never newer than its API server: the oldest one tells what the server is at least. */
static const char *oldest_kubelet(const struct inventory *inv)
{
	const struct object_list *list = inventory_list(inv, KIND_NODE);
	const char *oldest = "";
	struct release best, r;

	for (uint32_t i = 0; i < list->len; i++) {
		const char *version = object_str(list->items[i], "status.nodeInfo.kubeletVersion");

		if (!release_parse(version, strlen(version), &r) || (*oldest && release_compare(&r, &best) >= 0))
			continue;
		oldest = version;
		best = r;
	}
	return oldest;
}

static void judge_version(const struct judging *j)
{
	struct fit_line *line = fit_add(j->f, "cluster/version", "Kubernetes is recent enough");
	const char *version = inventory_server_version(j->inv);
	bool server = *version, enough;
	struct release have, minimum;

	line->source = j->need->version_source;
	line->required = fit_printf(j->f, "%s or later", j->need->version);
	if (!server)
		version = oldest_kubelet(j->inv);
	if (!release_parse(version, strlen(version), &have) || !release_parse(j->need->version, strlen(j->need->version), &minimum)) {
		line->remedy = "A recording by kubectl does not tell the server's version; a snapshot does.";
		return;
	}
	enough = release_compare(&have, &minimum) >= 0;
	line->measured = server ? version : fit_printf(j->f, "at least %s, as the oldest kubelet", version);
	line->verdict = enough ? FIT_PASS : server ? FIT_FAIL : FIT_UNKNOWN;
	if (!enough)
		line->remedy = server ? "Upgrade the cluster, one minor version at a time."
				      : "See kubectl version: a server may be newer than its kubelets.";
}

static bool is_control_plane(const struct object *node)
{
	return value_get(node->labels, "node-role.kubernetes.io/control-plane") || value_get(node->labels, "node-role.kubernetes.io/master");
}

static double quantity_of(const struct object *node, const char *list, const char *resource)
{
	double q;

	return value_quantity(value_get(value_get(node->status, list), resource), &q) ? q : 0;
}

/* What the nodes that work have, in sum, and how many are as large as asked. */
struct nodes {
	int64_t control_planes, workers, ready, fit, shared;
	double cores, memory_gb;            /* allocatable, of all workers */
	double smallest_cores, smallest_gb; /* of the smallest worker by memory */
	double gpus;
};

/* kind's nodes are containers of one machine, and each says it has all of it, unless its kubelet was told what to keep back. */
static bool shares_machine(const struct object *node)
{
	return strncmp(value_get_str(node->spec, "providerID"), "kind://", 7) == 0 &&
	       quantity_of(node, "allocatable", "cpu") >= quantity_of(node, "capacity", "cpu");
}

static void count_nodes(const struct judging *j, struct nodes *n)
{
	const struct object_list *list = inventory_list(j->inv, KIND_NODE);

	*n = (struct nodes){.smallest_gb = INFINITY};
	for (uint32_t i = 0; i < list->len; i++) {
		const struct object *node = list->items[i];
		double cores = quantity_of(node, "capacity", "cpu"), gb = quantity_of(node, "capacity", "memory") / GB;

		n->gpus += quantity_of(node, "allocatable", "nvidia.com/gpu");
		if (is_control_plane(node)) {
			n->control_planes++;
			continue;
		}
		n->workers++;
		n->ready += str_eq(condition_status(node, "Ready"), "True");
		n->shared += shares_machine(node);
		n->cores += quantity_of(node, "allocatable", "cpu");
		n->memory_gb += quantity_of(node, "allocatable", "memory") / GB;
		n->fit += cores >= j->need->node_cores && fit_size(gb, j->need->node_memory_gb) != FIT_FAIL;
		if (gb < n->smallest_gb) {
			n->smallest_gb = gb;
			n->smallest_cores = cores;
		}
	}
}

static void judge_control_planes(const struct judging *j, const struct nodes *n)
{
	struct fit_line *line;

	/* A tenant's runs as pods of another cluster. */
	if (!j->need->control_planes)
		return;
	line = fit_add(j->f, "cluster/control-planes", "there are enough control plane nodes");
	line->source = row_of(j, "Control Plane");
	line->required = fit_printf(j->f, "%lld", (long long)j->need->control_planes);
	if (!sees(line, j, KIND_NODE))
		return;
	if (!n->control_planes) {
		line->measured = "none is a node of the cluster";
		line->why = "somebody else runs the control plane";
		line->remedy = "Ask the provider how many there are.";
		return;
	}
	line->measured = fit_printf(j->f, "%lld", (long long)n->control_planes);
	line->verdict = n->control_planes >= j->need->control_planes ? FIT_PASS : FIT_FAIL;
	if (line->verdict == FIT_FAIL)
		line->remedy = "Join more control plane nodes: with fewer than three, losing one stops the cluster.";
}

static void judge_workers(const struct judging *j, const struct nodes *n)
{
	struct fit_line *count = fit_add(j->f, "cluster/workers", "there are enough worker nodes"), *size;

	count->source = row_of(j, "Worker Nodes");
	count->required = fit_printf(j->f, "%lld", (long long)j->need->workers);
	if (sees(count, j, KIND_NODE)) {
		count->measured = fit_printf(j->f, "%lld, %lld of them ready", (long long)n->workers, (long long)n->ready);
		count->verdict = n->ready >= j->need->workers ? FIT_PASS : n->workers >= j->need->workers ? FIT_WARN : FIT_FAIL;
		if (count->verdict == FIT_WARN)
			count->remedy = "See what is wrong with the others: auto-devops scan --kind node";
		else if (count->verdict == FIT_FAIL)
			count->remedy = "Join more nodes.";
	}
	size = fit_add(j->f, "cluster/node-size", "the worker nodes are large enough");
	size->source = row_of(j, "Node Resources");
	size->required = fit_printf(j->f, "%s, %s each", fit_cores(j->f, j->need->node_cores), fit_gb(j->f, j->need->node_memory_gb));
	if (!sees(size, j, KIND_NODE) || !n->workers)
		return;
	size->measured =
		fit_printf(j->f, "%lld of %lld; the smallest has %s, %s; pods can have %s, %s in all", (long long)n->fit, (long long)n->workers,
			   fit_cores(j->f, n->smallest_cores), fit_gb(j->f, n->smallest_gb), fit_cores(j->f, n->cores), fit_gb(j->f, n->memory_gb));
	size->verdict = n->fit == n->workers ? FIT_PASS : n->fit >= j->need->workers ? FIT_WARN : FIT_FAIL;
	if (n->shared > 1 && size->verdict == FIT_PASS) {
		size->verdict = FIT_WARN;
		size->why = "kind's nodes are one machine, and each of them says it has all of it: pods may be given more than there is";
		size->remedy = "Reserve the rest of the machine on each node (systemReserved of its kubelet).";
	} else if (size->verdict != FIT_PASS)
		size->remedy = "Replace the small nodes, or keep large pods off them with node affinity.";
}

static void judge_storage_class(const struct judging *j, const struct storage_class_need *need)
{
	const struct object *sc = inventory_find(j->inv, KIND_STORAGE_CLASS, "", need->name);
	struct fit_line *line =
		fit_add(j->f, fit_printf(j->f, "cluster/storage-%s", need->name), fit_printf(j->f, "StorageClass %s exists", need->name));

	line->source = fit_printf(j->f, "%s > %s", j->need->classes_source, need->name);
	line->required = need->required ? "exists" : "";
	line->recommended = need->required ? "" : "exists";
	if (!sees(line, j, KIND_STORAGE_CLASS))
		return;
	line->measured = sc ? fit_printf(j->f, "of %s", object_str(sc, "provisioner")) : "does not exist";
	line->verdict = sc ? FIT_PASS : need->required ? FIT_FAIL : FIT_WARN;
	if (!sc)
		line->remedy = fit_printf(j->f, "Create StorageClass %s.", need->name);
}

static void judge_storage(const struct judging *j)
{
	const struct object_list *list = inventory_list(j->inv, KIND_STORAGE_CLASS);
	struct fit_line *line;
	const char *fallback = NULL;

	for (uint32_t i = 0; i < j->need->storage_classes.len; i++)
		judge_storage_class(j, &j->need->storage_classes.items[i]);
	line = fit_add(j->f, "cluster/storage-default", "one StorageClass is the default");
	line->required = "one";
	if (!sees(line, j, KIND_STORAGE_CLASS))
		return;
	for (uint32_t i = 0; i < list->len; i++)
		if (str_eq(value_get_str(list->items[i]->annotations, "storageclass.kubernetes.io/is-default-class"), "true"))
			fallback = list->items[i]->name;
	line->measured = fallback ? fallback : "none";
	line->verdict = fallback ? FIT_PASS : FIT_WARN;
	if (!fallback)
		line->remedy = "Claims without a class stay pending: annotate one with storageclass.kubernetes.io/is-default-class=true.";
}

/* Network plugins by the DaemonSet that runs them on every node. */
static const char *network_of(const struct inventory *inv)
{
	static const char *const plugins[][2] = {{"cilium", "cilium"},   {"calico-node", "calico"},   {"canal", "canal"},
						 {"kindnet", "kindnet"}, {"kube-flannel", "flannel"}, {"antrea-agent", "antrea"},
						 {"weave-net", "weave"}, {"aws-node", "aws-vpc"},     {"kube-router", "kube-router"},
						 {"ovn", "ovn"}};
	const struct object_list *list = inventory_list(inv, KIND_DAEMON_SET);

	for (size_t p = 0; p < ARRAY_LEN(plugins); p++)
		for (uint32_t i = 0; i < list->len; i++)
			if (strncmp(list->items[i]->name, plugins[p][0], strlen(plugins[p][0])) == 0)
				return plugins[p][1];
	return NULL;
}

static void judge_network(const struct judging *j)
{
	const char *wanted = j->need->network, *plugin;
	/* "Kind default CNI" is whatever kind brings along. */
	bool any = !*wanted || strcasestr(wanted, "default");
	struct fit_line *line = fit_add(j->f, "cluster/network", "the network plugin is one that is recommended");

	line->source = row_of(j, "Networking");
	line->recommended = wanted;
	if (!sees(line, j, KIND_DAEMON_SET))
		return;
	plugin = network_of(j->inv);
	if (!plugin) {
		line->measured = "none that is known here";
		line->remedy = "See /etc/cni/net.d on a node.";
		return;
	}
	line->measured = plugin;
	line->verdict = any || strcasestr(wanted, plugin) ? FIT_PASS : FIT_WARN;
	if (line->verdict == FIT_WARN)
		line->remedy = "Network policies and encryption between nodes depend on the plugin: plan a move to a recommended one.";
}

/* Deployments and DaemonSets whose name or namespace begins with the word. */
static const struct object *find_workload(const struct inventory *inv, const char *word)
{
	static const enum kind_id kinds[] = {KIND_DEPLOYMENT, KIND_DAEMON_SET};

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *list = inventory_list(inv, kinds[k]);

		for (uint32_t i = 0; i < list->len; i++)
			if (strncmp(list->items[i]->name, word, strlen(word)) == 0 || strncmp(list->items[i]->ns, word, strlen(word)) == 0)
				return list->items[i];
	}
	return NULL;
}

/* What gives Services their addresses: best proved by a Service that has got one. */
static void judge_load_balancer(const struct judging *j)
{
	static const char *const controllers[] = {"metallb", "kube-vip", "svclb-", "openelb", "purelb"};
	const struct object_list *services = inventory_list(j->inv, KIND_SERVICE);
	struct fit_line *line;
	const struct object *waiting = NULL, *controller = NULL;

	if (!j->need->load_balancer)
		return;
	line = fit_add(j->f, "cluster/load-balancer", "Services of type LoadBalancer get an address");
	line->source = row_of(j, "Load Balancer");
	line->required = "MetalLB or a cloud's";
	if (!sees(line, j, KIND_SERVICE))
		return;
	for (uint32_t i = 0; i < services->len; i++) {
		const struct object *s = services->items[i];

		if (!str_eq(value_get_str(s->spec, "type"), "LoadBalancer"))
			continue;
		if (value_len(value_at(s->status, "loadBalancer.ingress"))) {
			line->measured = fit_printf(j->f, "%s has one", object_text(j->f->arena, s));
			line->verdict = FIT_PASS;
			return;
		}
		waiting = s;
	}
	for (size_t i = 0; i < ARRAY_LEN(controllers) && !controller; i++)
		controller = find_workload(j->inv, controllers[i]);
	if (waiting) {
		line->measured = fit_printf(j->f, "%s waits for one", object_text(j->f->arena, waiting));
		line->verdict = FIT_FAIL;
		line->remedy = "See whether a load balancer is installed and has addresses left: auto-devops why service";
	} else if (controller) {
		line->measured = object_text(j->f->arena, controller);
		line->verdict = FIT_PASS;
	} else {
		line->measured = "no Service asks for one, and none is known to be installed";
		line->remedy = "Install MetalLB with a pool of addresses; a cloud's shows itself with the first such Service.";
	}
}

static void judge_gpu(const struct judging *j, const struct nodes *n)
{
	struct fit_line *line;
	const struct object *runner;

	if (!j->need->gpu)
		return;
	line = fit_add(j->f, "cluster/gpu", "pods can ask for GPUs");
	line->source = row_of(j, "GPU Operator");
	line->required = "nvidia.com/gpu on a node";
	if (!sees(line, j, KIND_NODE))
		return;
	if (n->gpus > 0) {
		line->measured = fit_printf(j->f, "%g GPU%s", n->gpus, n->gpus == 1 ? "" : "s");
		line->verdict = FIT_PASS;
		return;
	}
	runner = find_workload(j->inv, "gpu-operator");
	if (!runner)
		runner = find_workload(j->inv, "nvidia-device-plugin");
	line->measured = runner ? fit_printf(j->f, "none, though there is %s", object_text(j->f->arena, runner)) : "none";
	line->verdict = FIT_FAIL;
	line->remedy = runner ? "See its pods, and the driver on the GPU nodes: auto-devops scan" : "Install NVIDIA's GPU operator.";
}

static void judge_quotas(const struct judging *j)
{
	const struct object_list *list = inventory_list(j->inv, KIND_RESOURCE_QUOTA);
	struct fit_line *line;

	if (!j->need->quotas)
		return;
	line = fit_add(j->f, "cluster/quotas", "quotas keep workloads from taking everything");
	line->source = row_of(j, "Resource Quotas");
	line->required = "a ResourceQuota";
	if (!sees(line, j, KIND_RESOURCE_QUOTA))
		return;
	line->measured = list->len ? fit_printf(j->f, "%u, as %s", list->len, object_text(j->f->arena, list->items[0])) : "none";
	line->verdict = list->len ? FIT_PASS : FIT_WARN;
	if (!list->len)
		line->remedy = "Create a ResourceQuota in each namespace that AI workloads run in.";
}

static void judge_metrics(const struct judging *j)
{
	static const char group[] = "apiregistration.k8s.io", kind[] = "APIService";
	struct fit_line *line = fit_add(j->f, "cluster/metrics", "the metrics API answers");
	const struct object *api = inventory_find_custom(j->inv, group, kind, "", "v1beta1.metrics.k8s.io");
	const char *status;

	line->required = "available";
	if (!inventory_sees_custom(j->inv, group, kind, NULL)) {
		line->why = "APIServices could not be read";
		line->remedy = "See kubectl top nodes.";
		return;
	}
	status = api ? condition_status(api, "Available") : "";
	line->measured = !api ? "not installed" : str_eq(status, "True") ? "available" : "not available";
	line->verdict = str_eq(status, "True") ? FIT_PASS : api ? FIT_FAIL : FIT_WARN;
	if (line->verdict != FIT_PASS)
		line->remedy = api ? "See why metrics-server does not answer." : "Install metrics-server: autoscalers and kubectl top need it.";
}

/* Kamaji runs control planes as pods, and konnectivity is each one's way to its nodes. */
static void judge_kamaji(const struct judging *j)
{
	static const char group[] = "kamaji.clastix.io", kind[] = "TenantControlPlane";
	const struct object_list *planes = inventory_list_custom(j->inv, group, kind);
	struct fit_line *line;
	uint32_t without = 0;

	if (!j->need->kamaji)
		return;
	line = fit_add(j->f, "cluster/kamaji", "Kamaji is installed");
	line->required = "installed";
	if (inventory_sees_custom(j->inv, group, kind, NULL)) {
		line->measured = fit_printf(j->f, "%u tenant control plane%s", planes->len, planes->len == 1 ? "" : "s");
		line->verdict = FIT_PASS;
	} else if (inventory_sees_custom(j->inv, "apiextensions.k8s.io", "CustomResourceDefinition", NULL)) {
		line->measured = "not installed";
		line->verdict = FIT_FAIL;
		line->remedy = "Install Kamaji, and its TenantControlPlane definition with it.";
	} else {
		line->remedy = "See kubectl get tenantcontrolplanes -A.";
	}
	if (!planes->len)
		return;
	line = fit_add(j->f, "cluster/konnectivity", "each tenant's control plane reaches its nodes through konnectivity");
	line->required = "addons.konnectivity";
	for (uint32_t i = 0; i < planes->len; i++)
		without += !value_at(planes->items[i]->spec, "addons.konnectivity");
	line->measured = without ? fit_printf(j->f, "missing in %u of %u", without, planes->len) : "in all";
	line->verdict = without ? FIT_WARN : FIT_PASS;
	if (without)
		line->remedy = "Without it kubectl exec, logs and webhooks work only where the control plane can reach the nodes itself.";
}

void fitness_cluster(struct fitness *f, const struct inventory *inv, const struct cluster_need *need)
{
	const struct judging j = {f, inv, need};
	struct nodes n;

	count_nodes(&j, &n);
	judge_version(&j);
	judge_control_planes(&j, &n);
	judge_workers(&j, &n);
	judge_storage(&j);
	judge_network(&j);
	judge_load_balancer(&j);
	judge_gpu(&j, &n);
	judge_quotas(&j);
	judge_metrics(&j);
	judge_kamaji(&j);
}
