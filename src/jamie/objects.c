/* What answers ask of objects: their pods, their state in a word, whether they fit a filter. */
#include "diagnose/graph.h"
#include "jamie/say.h"

int64_t pod_restarts(const struct object *pod)
{
	static const char *const lists[] = {"initContainerStatuses", "containerStatuses"};
	int64_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (value_each(c, value_get(pod->status, lists[i])))
			n += value_get_int(c, "restartCount", 0);
	return n;
}

int64_t object_restarts(struct say *s, const struct object *o)
{
	struct object_list pods = pods_of(s, o);
	int64_t n = 0;

	for (uint32_t i = 0; i < pods.len; i++)
		n += pod_restarts(pods.items[i]);
	return n;
}

/* The reason a container waits or ended with, the worst first, as `kubectl get pods` shows it. */
static const char *pod_condition(struct arena *a, const struct object *pod)
{
	static const char *const lists[] = {"initContainerStatuses", "containerStatuses"};
	const char *phase = value_get_str(pod->status, "phase"), *reason = value_get_str(pod->status, "reason");
	bool ready = str_eq(condition_status(pod, "Ready"), "True");

	if (pod->deleted)
		return "Terminating";
	if (reason[0])
		return reason;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (value_each(c, value_get(pod->status, lists[i]))) {
			const struct value *state = value_get(c, "state"), *ended = value_get(state, "terminated");
			const char *waiting = value_get_str(value_get(state, "waiting"), "reason");

			if (waiting[0] && !str_eq(waiting, "PodInitializing"))
				return i ? waiting : arena_printf(a, "Init:%s", waiting);
			if (ended && value_get_int(ended, "exitCode", 0) != 0 && !str_eq(phase, "Succeeded"))
				return value_get_str(ended, "reason")[0] ? value_get_str(ended, "reason") : "Error";
		}
	}
	if (str_eq(phase, "Running"))
		return ready ? "Running" : "Running, not ready";
	return phase[0] ? phase : "Unknown";
}

/* Custom kinds say it in a phase, a health (Argo CD), or a condition. */
static const char *custom_condition(struct arena *a, const struct object *o)
{
	static const char *const types[] = {"Ready", "Programmed", "Accepted", "Available"};
	const char *health = object_str(o, "status.health.status"), *sync = object_str(o, "status.sync.status");

	if (*health || *sync)
		return arena_printf(a, "%s%s%s", health, *health && *sync ? ", " : "", sync);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const char *status = condition_status(o, types[i]);

		if (*status)
			return arena_printf(a, "%s%s", str_eq(status, "True") ? "" : "not ", types[i]);
	}
	return object_str(o, "status.phase");
}

const char *object_condition(struct arena *a, const struct object *o)
{
	const char *phase = object_str(o, "status.phase");

	switch (o->kind->id) {
	case KIND_POD:
		return pod_condition(a, o);
	case KIND_NODE:
		return arena_printf(a, "%s%s", str_eq(condition_status(o, "Ready"), "True") ? "Ready" : "NotReady",
				    value_get_bool(o->spec, "unschedulable", false) ? ", cordoned" : "");
	case KIND_DEPLOYMENT:
	case KIND_STATEFUL_SET:
	case KIND_REPLICA_SET:
		return arena_printf(a, "%lld/%lld ready", (long long)object_int(o, "status.readyReplicas", 0),
				    (long long)object_int(o, "spec.replicas", 1));
	case KIND_DAEMON_SET:
		return arena_printf(a, "%lld/%lld ready", (long long)object_int(o, "status.numberReady", 0),
				    (long long)object_int(o, "status.desiredNumberScheduled", 0));
	case KIND_JOB:
		if (str_eq(condition_status(o, "Complete"), "True"))
			return "Complete";
		return str_eq(condition_status(o, "Failed"), "True") ? "Failed" : "Running";
	case KIND_CRON_JOB:
		return arena_printf(a, "\"%s\"%s", object_str(o, "spec.schedule"), value_get_bool(o->spec, "suspend", false) ? ", suspended" : "");
	case KIND_SERVICE:
		return arena_strdup(a, object_str(o, "spec.type")[0] ? object_str(o, "spec.type") : "ClusterIP");
	case KIND_CUSTOM:
		return custom_condition(a, o);
	default:
		return phase;
	}
}

static void add_pods_of_tree(struct say *s, const struct object *o, struct object_list *ret)
{
	if (o->kind->id == KIND_POD)
		*arena_push(s->arena, ret) = (struct object *)(uintptr_t)o;
	for (uint32_t i = 0; i < o->child_count; i++)
		add_pods_of_tree(s, o->children[i], ret);
}

struct object_list pods_of(struct say *s, const struct object *o)
{
	struct object_list ret = {0};

	switch (o->kind->id) {
	case KIND_NODE:
		return *inventory_pods_on(s->inv, o->name);
	case KIND_SERVICE:
	case KIND_POD_DISRUPTION_BUDGET:
	case KIND_NETWORK_POLICY:
		return inventory_select(s->inv, s->arena, KIND_POD, o->ns,
					value_get(o->spec, o->kind->id == KIND_NETWORK_POLICY ? "podSelector" : "selector"),
					o->kind->id == KIND_SERVICE);
	case KIND_CONFIG_MAP:
	case KIND_SECRET:
	case KIND_PERSISTENT_VOLUME_CLAIM:
	case KIND_SERVICE_ACCOUNT: {
		struct object_list users = graph_dependents(s->diagnosis->graph, o, REL_USES);

		for (uint32_t i = 0; i < users.len; i++)
			add_pods_of_tree(s, users.items[i], &ret);
		return ret;
	}
	case KIND_INGRESS:
	case KIND_HORIZONTAL_POD_AUTOSCALER: {
		const struct edge_list *edges = graph_edges(s->diagnosis->graph, o);

		for (uint32_t i = 0; i < edges->len; i++) {
			const struct object *to = edges->items[i].to.object;

			if (to && (edges->items[i].relation == REL_ROUTES || edges->items[i].relation == REL_SCALES)) {
				struct object_list more = pods_of(s, to);

				for (uint32_t j = 0; j < more.len; j++)
					*arena_push(s->arena, &ret) = more.items[j];
			}
		}
		return ret;
	}
	default:
		add_pods_of_tree(s, o, &ret);
		return ret;
	}
}

bool object_in_scope(const struct say *s, const struct object *o)
{
	const struct question *q = s->q;

	if (!q->namespace_count)
		return true;
	if (o->kind->id == KIND_NAMESPACE)
		return true;
	for (unsigned i = 0; i < q->namespace_count; i++)
		if (str_eq(q->namespaces[i], o->ns))
			return true;
	return false;
}

static bool container_reason(const struct object *pod, const char *part, bool last)
{
	static const char *const lists[] = {"initContainerStatuses", "containerStatuses"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (value_each(c, value_get(pod->status, lists[i]))) {
			const struct value *state = value_get(c, "state");

			if (strstr(value_get_str(value_get(state, "waiting"), "reason"), part) ||
			    strstr(value_get_str(value_get(state, "terminated"), "reason"), part))
				return true;
			if (last && strstr(value_get_str(value_get(value_get(c, "lastState"), "terminated"), "reason"), part))
				return true;
		}
	}
	return false;
}

static bool pod_in_state(struct say *s, struct ctx *ctx, const struct object *o, enum state_filter state)
{
	const char *phase = object_str(o, "status.phase");
	bool ready = str_eq(condition_status(o, "Ready"), "True");

	switch (state) {
	case STATE_RUNNING:
		return str_eq(phase, "Running");
	case STATE_PENDING:
		return str_eq(phase, "Pending");
	case STATE_READY:
		return ready;
	case STATE_NOT_READY:
		return !ready && !str_eq(phase, "Succeeded") && !str_eq(phase, "Failed");
	case STATE_RESTARTING:
		return pod_restarts(o) > 0;
	case STATE_CRASHING:
		return container_reason(o, "CrashLoopBackOff", false) || container_reason(o, "Error", false);
	case STATE_OOM:
		return container_reason(o, "OOMKilled", true);
	case STATE_IMAGE_PULL:
		return container_reason(o, "ImagePull", false);
	case STATE_EVICTED:
		return str_eq(object_str(o, "status.reason"), "Evicted");
	case STATE_FAILED:
		return str_eq(phase, "Failed");
	case STATE_COMPLETED:
		return str_eq(phase, "Succeeded");
	case STATE_TERMINATING:
		return o->deleted != 0;
	default:
		return false;
	}
	(void)s;
	(void)ctx;
}

/* Workloads and the rest: by their replicas, their phase and what the diagnosis says. */
static bool other_in_state(struct say *s, struct ctx *ctx, const struct object *o, enum state_filter state)
{
	const char *condition = object_condition(s->arena, o);
	int64_t wanted = object_int(o, "spec.replicas", 1), ready = object_int(o, "status.readyReplicas", 0);
	struct object_list pods;

	switch (state) {
	case STATE_PENDING:
	case STATE_RUNNING:
		if (object_str(o, "status.phase")[0])
			return str_eq(object_str(o, "status.phase"), state == STATE_PENDING ? "Pending" : "Running");
		return state == STATE_RUNNING ? str_eq(condition, "Running") || ready > 0 : false;
	case STATE_READY:
		if (o->kind->id == KIND_CUSTOM)
			return str_eq(condition, "Ready") || str_eq(condition, "Programmed");
		return o->kind->id == KIND_NODE ? strncmp(condition, "Ready", 5) == 0 : ready >= wanted;
	case STATE_NOT_READY:
		if (o->kind->id == KIND_CUSTOM)
			return strncmp(condition, "not ", 4) == 0;
		return o->kind->id == KIND_NODE ? strncmp(condition, "NotReady", 8) == 0 : ready < wanted;
	case STATE_FAILED:
		return strstr(condition, "Failed") || diagnose_verdict(s->diagnosis, ctx, o, NULL, NULL) == VERDICT_FAILING;
	case STATE_COMPLETED:
		return str_eq(condition, "Complete");
	case STATE_TERMINATING:
		return o->deleted != 0 || str_eq(condition, "Terminating");
	default:
		pods = pods_of(s, o);
		for (uint32_t i = 0; i < pods.len; i++)
			if (pod_in_state(s, ctx, pods.items[i], state))
				return true;
		return false;
	}
}

bool object_in_state(struct say *s, struct ctx *ctx, const struct object *o, enum state_filter state)
{
	enum verdict v;

	switch (state) {
	case STATE_ANY:
		return true;
	case STATE_UNHEALTHY:
	case STATE_HEALTHY:
		v = diagnose_verdict(s->diagnosis, ctx, o->kind->id == KIND_NAMESPACE ? NULL : o, o->kind->id == KIND_NAMESPACE ? o->name : NULL,
				     NULL);
		return (v == VERDICT_FAILING || v == VERDICT_DEGRADED) == (state == STATE_UNHEALTHY);
	case STATE_RECOVERED:
		return diagnose_verdict(s->diagnosis, ctx, o, NULL, NULL) == VERDICT_RECOVERED;
	default:
		return o->kind->id == KIND_POD ? pod_in_state(s, ctx, o, state) : other_in_state(s, ctx, o, state);
	}
}
