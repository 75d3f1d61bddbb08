/* Nodes. */
#include "checks/index.h"
#include "checks/pod.h"

static const struct value *lease_of(struct check_run *run, const struct object *node, const struct object **ret)
{
	*ret = inventory_find(run->inv, KIND_LEASE, "kube-node-lease", node->name);
	return *ret ? value_get((*ret)->spec, "renewTime") : NULL;
}

static void run_not_ready(struct check_run *run, const struct object *o)
{
	uint32_t index;
	const struct value *c = condition_find(o, "Ready", &index);
	const char *status = value_get_str(c, "status");
	bool silent = str_eq(status, "Unknown");
	/* A young node is still joining; one that has fallen silent is not, however young. */
	if (!*status || str_eq(status, "True") || (!silent && o->created && run_age(run, o->created) < run->options->startup_grace))
		return;
	usec_t since = value_get_time(c, "lastTransitionTime");
	const char *message = value_get_str(c, "message");
	uint32_t pods = inventory_pods_on(run->inv, o->name)->len;
	const char *span = since ? arena_printf(run->arena, " for %s", run_ago(run, since)) : "";
	struct finding *f =
		finding_new(run, o, "%s %s%s%s%s; %u pod%s on it", run_text(run, o), silent ? "has not been heard of" : "has not been ready", span,
			    *message ? ": " : "", message, pods, pods == 1 ? "" : "s");
	finding_fieldf(run, f, o, "status.conditions[%u].status", index);
	if (*message)
		finding_fieldf(run, f, o, "status.conditions[%u].message", index);
	const struct object *lease;
	if (value_time(lease_of(run, o, &lease)))
		finding_field(run, f, lease, "spec.renewTime");
	if (silent)
		finding_fix(run, f, "See whether machine %s runs, has its network, and whether kubelet on it runs (systemctl status kubelet).",
			    o->name);
	else if (strstr(message, "certificate"))
		finding_fix(run, f,
			    "The certificate of kubelet on node %s is not valid: see /var/lib/kubelet/pki and its open CertificateSigningRequests.",
			    o->name);
	else if (strstr(message, "cni") || strstr(message, "network"))
		finding_fix(run, f, "The network plug-in of node %s is not up: see its DaemonSet's pod there.", o->name);
	else if (strstr(message, "PLEG") || strstr(message, "runtime"))
		finding_fix(run, f, "The container runtime of node %s does not answer: see it (systemctl status containerd).", o->name);
	f->since = since;
}

struct pressure {
	const char *type, *what, *effect, *fix;
};

static const struct pressure pressures[] = {
	{"MemoryPressure", "has been short of memory", " and evicts pods",
	 "Find what uses its memory (kubectl top pods), give pods requests and limits, or add memory."},
	{"DiskPressure", "has been short of disk space", " and evicts pods",
	 "Remove unused images and logs, find pods that fill the disk, or give it a bigger one."},
	{"PIDPressure", "has been running out of process ids", "", "Find the pod that starts so many processes, and limit it (podPidsLimit)."},
	{"NetworkUnavailable", "has had no working network", "",
	 "See the network plug-in's pod on the node, and the routes that the cloud controller makes."},
};

/* Some providers' conditions say with True that all is well: NetworkingReady, StorageReady, EtcdIsVoter. */
static bool is_good(const char *type)
{
	static const char *const ends[] = {"Ready", "Healthy", "IsVoter"};
	size_t len = strlen(type);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(ends[i]);
		if (len > n && str_eq(type + len - n, ends[i]))
			return true;
	}
	return false;
}

/* The pod that uses most memory above its request goes first; the API tells only where metrics-server runs. */
static void add_greediest(struct check_run *run, struct finding *f, const struct object *node)
{
	const struct object_list *pods = inventory_pods_on(run->inv, node->name);
	const struct object *most = NULL, *source = NULL;
	const char *source_path = NULL;
	double most_over = 0, most_used = 0;
	for (uint32_t i = 0; i < pods->len; i++) {
		double used = 0, part;
		const struct object *metrics = NULL;
		const char *path = NULL;
		for (value_each(c, value_get(pods->items[i]->spec, "containers")))
			if (pod_usage(run, pods->items[i], value_get_str(c, "name"), "memory", &part, &metrics, &path))
				used += part;
		double over = used - pod_request(pods->items[i]->spec, "memory");
		if (metrics && over > most_over) {
			most = pods->items[i];
			most_over = over;
			most_used = used;
			source = metrics;
			source_path = path;
		}
	}
	if (!most)
		return;
	char a[32], b[32];
	f->message = arena_printf(run->arena, "%s; furthest over its request is %s: it uses %s, and requests %s", f->message, run_text(run, most),
				  quantity_format(most_used, true, a), quantity_format(most_used - most_over, true, b));
	finding_field(run, f, source, source_path);
	finding_fix(run, f, "Give %s a memory request that matches what it uses, limit it, or add memory.", run_text(run, most));
}

static void add_condition(struct check_run *run, const struct object *o, const struct value *c, uint32_t index, const struct pressure *known)
{
	const char *type = value_get_str(c, "type"), *message = value_get_str(c, "message");
	usec_t since = value_get_time(c, "lastTransitionTime");
	const char *span = since ? arena_printf(run->arena, " for %s", run_ago(run, since)) : "";
	const char *what = known ? known->what : arena_printf(run->arena, "has reported %s %s", type, value_get_str(c, "status"));
	struct finding *f = finding_new(run, o, "%s %s%s%s (%s%s%s)", run_text(run, o), what, span, known ? known->effect : "", type,
					*message ? ": " : "", message);
	finding_fieldf(run, f, o, "status.conditions[%u].type", index);
	finding_fieldf(run, f, o, "status.conditions[%u].status", index);
	if (known)
		f->fix = known->fix;
	else
		f->severity = SEVERITY_WARNING;
	f->since = since;
	if (str_eq(type, "MemoryPressure"))
		add_greediest(run, f, o);
}

static void run_pressure(struct check_run *run, const struct object *o)
{
	uint32_t i = 0;
	for (value_each(c, value_get(o->status, "conditions"))) {
		const char *type = value_get_str(c, "type");
		const struct pressure *known = NULL;
		uint32_t index = i++;
		/* Ready has its own check. */
		if (!*type || str_eq(type, "Ready") || !str_eq(value_get_str(c, "status"), is_good(type) ? "False" : "True"))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(pressures); k++)
			if (str_eq(type, pressures[k].type))
				known = &pressures[k];
		add_condition(run, o, c, index, known);
	}
}

static void run_cordoned(struct check_run *run, const struct object *o)
{
	usec_t since = 0;
	if (!value_get_bool(o->spec, "unschedulable", false))
		return;
	for (value_each(t, value_get(o->spec, "taints")))
		if (str_eq(value_get_str(t, "key"), "node.kubernetes.io/unschedulable"))
			since = value_get_time(t, "timeAdded");
	const char *span = since ? arena_printf(run->arena, " for %s", run_ago(run, since)) : "";
	struct finding *f = finding_new(run, o, "%s has been cordoned%s: it takes no new pods", run_text(run, o), span);
	finding_field(run, f, o, "spec.unschedulable");
	finding_fix(run, f, "When its maintenance is over: kubectl uncordon %s.", o->name);
	finding_propose(run, f, "uncordon", "low", "{}");
	f->since = since;
	if (since && run_age(run, since) > USEC_PER_DAY) {
		f->message = arena_printf(run->arena, "%s, and may have been forgotten", f->message);
		f->severity = SEVERITY_WARNING;
	}
}

static const struct event *lately(struct check_run *run, const struct object *o, const char *reason)
{
	const struct event *e = pod_event(run, o, NULL, reason, NULL);
	return e && run_age(run, e->last) < USEC_PER_HOUR ? e : NULL;
}

static void run_rebooted(struct check_run *run, const struct object *o)
{
	const struct event *e = lately(run, o, "Rebooted");
	if (!e)
		return;
	struct finding *f =
		finding_new(run, o, "%s was rebooted %s ago: what ran on it was stopped and started anew", run_text(run, o), run_ago(run, e->last));
	finding_event(run, f, e);
	f->since = e->last;
}

static void run_out_of_memory(struct check_run *run, const struct object *o)
{
	const struct event *e = lately(run, o, "SystemOOM");
	if (!e)
		return;
	const char *victim = strstr(e->message, "victim process: ");
	victim = victim ? victim + strlen("victim process: ") : "";
	const char *killed = *victim ? arena_printf(run->arena, ": the kernel killed %.*s", (int)strcspn(victim, ","), victim) : "";
	const struct node_room *room = index_node_room(run, o);
	struct finding *f = finding_new(run, o, "%s ran out of memory %lld time%s, last %s ago%s", run_text(run, o), (long long)e->count,
					e->count == 1 ? "" : "s", run_ago(run, e->last), killed);
	finding_event(run, f, e);
	if (room && room->memory > 0) {
		char a[32], b[32];
		f->message = arena_printf(run->arena, "%s; its pods request %s of the %s that they may have", f->message,
					  quantity_format(room->memory_used, true, a), quantity_format(room->memory, true, b));
		finding_field(run, f, o, "status.allocatable.memory");
	}
	f->since = e->first;
}

static void run_pod_limit(struct check_run *run, const struct object *o)
{
	const struct object_list *pods = inventory_pods_on(run->inv, o->name);
	double limit = 0;
	value_quantity(value_get(value_get(o->status, "allocatable"), "pods"), &limit);
	/* Not even those that have ended make it full: what each of them asks for need not be looked at. */
	if (!pods || pods->len < limit)
		return;
	const struct node_room *room = index_node_room(run, o);
	if (!room || room->pods <= 0 || room->pods_used < room->pods)
		return;
	struct finding *f = finding_new(run, o, "%s holds %.0f of %.0f pods: it takes no more, whatever CPU and memory are left", run_text(run, o),
					room->pods_used, room->pods);
	finding_field(run, f, o, "status.allocatable.pods");
}

#define OLDEST_KUBELET 3 /* minors behind the API server (kubernetes.io/releases/version-skew-policy) */

/* Of the server itself, else of the image that kubeadm's API server runs. */
static const char *server_version(struct check_run *run)
{
	const struct object_list *pods = inventory_list(run->inv, KIND_POD);
	const char *version = inventory_server_version(run->inv);
	for (uint32_t i = 0; i < pods->len && !*version; i++) {
		const struct object *pod = pods->items[i];
		if (!str_eq(pod->ns, "kube-system") || !str_eq(value_get_str(pod->labels, "component"), "kube-apiserver"))
			continue;
		const char *image = value_str(value_at(pod->spec, "containers[0].image"), ""), *tag = strrchr(image, ':');
		version = tag ? tag + 1 : "";
	}
	return version;
}

static void run_version_skew(struct check_run *run, const struct object *none)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	const char *version = server_version(run);
	int server = version_minor(version);
	/* One finding for all nodes of a kind: whole pools are upgraded together. */
	for (int newer = 0; newer < 2 && server >= 0; newer++) {
		const struct object *first = NULL;
		uint32_t count = 0;
		for (uint32_t i = 0; i < nodes->len; i++) {
			int minor = version_minor(object_str(nodes->items[i], "status.nodeInfo.kubeletVersion"));
			if (minor < 0 || (newer ? minor <= server : minor >= server - OLDEST_KUBELET))
				continue;
			first = first ? first : nodes->items[i];
			count++;
		}
		if (!first)
			continue;
		struct finding *f = finding_new(run, first, "%s%s run%s kubelet %s, %s the API server's %s", run_text(run, first),
						count > 1 ? arena_printf(run->arena, " and %u more", count - 1) : "", count > 1 ? "" : "s",
						object_str(first, "status.nodeInfo.kubeletVersion"),
						newer ? "newer than" : "more than three minor versions behind", version);
		finding_field(run, f, first, "status.nodeInfo.kubeletVersion");
		finding_fix(run, f,
			    newer ? "Upgrade the control plane first: a kubelet may not be newer than its API server."
				  : "Upgrade kubelet on the nodes: it may be at most three minor versions older than the API server.");
	}
	(void)none;
}

const struct check check_node_rebooted = {
	.id = "node/rebooted",
	.kind = KIND_NODE,
	.severity = SEVERITY_INFO,
	.title = "Node was rebooted",
	.explain = "kubelet reports within the hour that its machine was booted anew (event Rebooted). Restarts of pods on it have this reason.",
	.fix = "Nothing, when it was meant to be; else see the machine's log for why it went down.",
	.run = run_rebooted,
};

const struct check check_node_system_oom = {
	.id = "node/system-oom",
	.kind = KIND_NODE,
	.severity = SEVERITY_WARNING,
	.title = "Node ran out of memory",
	.explain =
		"The kernel of the node found no memory left and killed a process that is not a container at its own limit (event SystemOOM, within the "
		"hour). Pods that use more than they request, or programs outside Kubernetes, fill the node.",
	.fix = "Give pods memory requests that match what they use, reserve memory for the system (systemReserved), or add memory.",
	.run = run_out_of_memory,
};

const struct check check_node_pod_limit = {
	.id = "node/pod-limit",
	.kind = KIND_NODE,
	.severity = SEVERITY_INFO,
	.title = "Node holds as many pods as it may",
	.explain =
		"As many pods run on the node as its status.allocatable.pods allows (110 unless set otherwise; on some clouds the number of addresses): the "
		"scheduler puts no more there.",
	.fix = "Add a node, or raise maxPods of kubelet where the network has addresses for them.",
	.run = run_pod_limit,
};

const struct check check_node_version_skew = {
	.id = "node/version-skew",
	.kind = KIND_COUNT,
	.severity = SEVERITY_WARNING,
	.title = "kubelet and API server are too far apart",
	.explain =
		"A kubelet may be up to three minor versions older than the API server and never newer. Beyond that Kubernetes is not tested: fields are "
		"lost, features fail.",
	.fix = "Upgrade the nodes, or the control plane first.",
	.run = run_version_skew,
};

const struct check check_node_not_ready = {
	.id = "node/not-ready",
	.kind = KIND_NODE,
	.severity = SEVERITY_CRITICAL,
	.title = "Node is not ready",
	.explain =
		"The node's Ready condition is not True. Unknown means that its kubelet no longer reports; False, that kubelet says why not. After about five "
		"minutes its pods are replaced elsewhere.",
	.fix = "See the machine, its network, kubelet and container runtime.",
	.peers = "k8sgpt Node; Popeye 701, 702",
	.run = run_not_ready,
};

const struct check check_node_pressure = {
	.id = "node/pressure",
	.kind = KIND_NODE,
	.severity = SEVERITY_ERROR,
	.title = "Node is under pressure",
	.explain =
		"A condition of the node that should be False is True: MemoryPressure, DiskPressure, PIDPressure, NetworkUnavailable, or one that another program "
		"sets (node-problem-detector), reported as a warning.",
	.fix = "Relieve what the condition names.",
	.peers = "k8sgpt Node; Popeye 703, 704, 705, 706, 707",
	.run = run_pressure,
};

const struct check check_node_cordoned = {
	.id = "node/cordoned",
	.kind = KIND_NODE,
	.severity = SEVERITY_INFO,
	.title = "Node is cordoned",
	.explain =
		"spec.unschedulable is set (kubectl cordon or drain): pods on the node stay, and new ones are not put there. A warning after a day: then it "
		"may have been forgotten.",
	.fix = "Uncordon the node when its maintenance is over.",
	.peers = "Popeye 711",
	.run = run_cordoned,
};
