/* Nodes. */
#include "checks/check.h"

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
}

const struct check check_node_not_ready = {
	.id = "node/not-ready",
	.kind = KIND_NODE,
	.severity = SEVERITY_CRITICAL,
	.title = "Node is not ready",
	.explain =
		"The node's Ready condition is not True. Unknown means that its kubelet no longer reports; False, that kubelet says why not. After about five "
		"minutes its pods are replaced elsewhere.",
	.fix = "See the machine, its network, kubelet and container runtime.",
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
	.run = run_pressure,
};

const struct check check_node_cordoned = {
	.id = "node/cordoned",
	.kind = KIND_NODE,
	.severity = SEVERITY_INFO,
	.title = "Node is cordoned",
	.explain = "spec.unschedulable is set (kubectl cordon or drain): pods on the node stay, and new ones are not put there.",
	.fix = "Uncordon the node when its maintenance is over.",
	.run = run_cordoned,
};
