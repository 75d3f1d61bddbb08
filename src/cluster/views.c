/* Views: pods, their containers and conditions, read once. The walks over references are in refs.c. */
#include "cluster/views.h"

static void read_termination(const struct value *state, struct termination *ret)
{
	const struct value *t = value_get(state, "terminated");
	memset(ret, 0, sizeof(*ret));
	ret->reason = ret->message = "";
	if (value_len(t) == 0)
		return;
	ret->present = true;
	ret->reason = value_get_str(t, "reason");
	ret->message = value_get_str(t, "message");
	ret->exit_code = value_get_int(t, "exitCode", 0);
	ret->started = value_get_time(t, "startedAt");
	ret->finished = value_get_time(t, "finishedAt");
}

static void read_status(struct container_view *c)
{
	const struct value *state = value_get(c->status, "state"), *part;
	c->ready = value_get_bool(c->status, "ready", false);
	c->started = value_get_bool(c->status, "started", false);
	/* An int32 by the API; a file may say anything. */
	c->restarts = MAX(MIN(value_get_int(c->status, "restartCount", 0), INT32_MAX), 0);
	read_termination(state, &c->now);
	read_termination(value_get(c->status, "lastState"), &c->last);
	c->waiting_reason = c->waiting_message = "";
	c->running_since = 0;
	if (c->now.present) {
		c->state = CONTAINER_TERMINATED;
	} else if ((part = value_get(state, "running"))) {
		c->state = CONTAINER_RUNNING;
		c->running_since = value_get_time(part, "startedAt");
	} else if ((part = value_get(state, "waiting"))) {
		c->state = CONTAINER_WAITING;
		c->waiting_reason = value_get_str(part, "reason");
		c->waiting_message = value_get_str(part, "message");
	} else {
		/* A status without a state means waiting, as the API documents it. */
		c->state = c->status ? CONTAINER_WAITING : CONTAINER_UNKNOWN;
	}
}

static const struct value *find_status(const struct value *list, const char *name, uint32_t guess, uint32_t *ret_index)
{
	/* kubelet sorts statuses by name or by spec order: try the same place first. */
	const struct value *v = value_item(list, guess);
	if (v && str_eq(value_get_str(v, "name"), name)) {
		*ret_index = guess;
		return v;
	}
	for (uint32_t i = 0; i < value_len(list); i++) {
		v = value_item(list, i);
		if (str_eq(value_get_str(v, "name"), name)) {
			*ret_index = i;
			return v;
		}
	}
	*ret_index = 0;
	return NULL;
}

static void read_containers(struct pod_view *v, struct arena *a, const char *spec_key, const char *status_key, enum container_role role)
{
	const struct value *specs = value_get(v->object->spec, spec_key);
	const struct value *statuses = value_get(v->object->status, status_key);
	for (uint32_t i = 0; i < value_len(specs); i++) {
		if (v->count == v->cap)
			v->containers = arena_grow(a, v->containers, &v->cap, sizeof(*v->containers));
		struct container_view *c = &v->containers[v->count++];
		memset(c, 0, sizeof(*c));
		c->spec = value_item(specs, i);
		c->spec_index = i;
		c->name = value_get_str(c->spec, "name");
		c->image = value_get_str(c->spec, "image");
		c->role = role;
		if (role == CONTAINER_INIT && str_eq(value_get_str(c->spec, "restartPolicy"), "Always"))
			c->role = CONTAINER_SIDECAR;
		c->status = find_status(statuses, c->name, i, &c->status_index);
		read_status(c);
	}
}

void pod_view_read(struct pod_view *v, struct arena *a, const struct object *pod)
{
	struct container_view *containers = v->containers;
	uint32_t cap = v->cap;
	memset(v, 0, sizeof(*v));
	v->containers = containers;
	v->cap = cap;
	v->object = pod;
	v->phase = value_get_str(pod->status, "phase");
	v->reason = value_get_str(pod->status, "reason");
	v->message = value_get_str(pod->status, "message");
	v->node = value_get_str(pod->spec, "nodeName");
	v->restart_policy = value_str(value_get(pod->spec, "restartPolicy"), "Always");
	v->ended = str_eq(v->phase, "Succeeded") || str_eq(v->phase, "Failed");
	v->ready_condition = condition_find(pod, "Ready", &v->ready_index);
	v->scheduled_condition = condition_find(pod, "PodScheduled", &v->scheduled_index);
	v->ready = str_eq(value_get_str(v->ready_condition, "status"), "True");
	read_containers(v, a, "initContainers", "initContainerStatuses", CONTAINER_INIT);
	read_containers(v, a, "containers", "containerStatuses", CONTAINER_MAIN);
	read_containers(v, a, "ephemeralContainers", "ephemeralContainerStatuses", CONTAINER_EPHEMERAL);
}

const struct container_view *pod_view_container(const struct pod_view *v, const char *name)
{
	for (uint32_t i = 0; i < v->count; i++)
		if (str_eq(v->containers[i].name, name))
			return &v->containers[i];
	return NULL;
}

const char *container_spec_path(struct arena *a, const struct container_view *c, const char *rest)
{
	const char *list = c->role == CONTAINER_MAIN ? "containers" : c->role == CONTAINER_EPHEMERAL ? "ephemeralContainers" : "initContainers";
	return arena_printf(a, "spec.%s[%u]%s%s", list, c->spec_index, *rest ? "." : "", rest);
}

const char *container_status_path(struct arena *a, const struct container_view *c, const char *rest)
{
	const char *list = c->role == CONTAINER_MAIN        ? "containerStatuses"
			   : c->role == CONTAINER_EPHEMERAL ? "ephemeralContainerStatuses"
							    : "initContainerStatuses";
	return arena_printf(a, "status.%s[%u]%s%s", list, c->status_index, *rest ? "." : "", rest);
}

bool event_is_about_container(const struct event *e, const struct container_view *c)
{
	const char *open = strchr(e->about_field, '{');
	if (!open)
		return false;
	size_t len = strlen(c->name);
	return strncmp(open + 1, c->name, len) == 0 && open[1 + len] == '}';
}

const struct value *condition_find(const struct object *o, const char *type, uint32_t *ret_index)
{
	const struct value *list = value_get(o->status, "conditions");
	for (uint32_t i = 0; i < value_len(list); i++) {
		const struct value *c = value_item(list, i);
		if (str_eq(value_get_str(c, "type"), type)) {
			if (ret_index)
				*ret_index = i;
			return c;
		}
	}
	if (ret_index)
		*ret_index = 0;
	return NULL;
}

const char *condition_status(const struct object *o, const char *type)
{
	return value_get_str(condition_find(o, type, NULL), "status");
}

/* Where the pod template of a kind lies; NULL for a kind without one. "" for the Pod itself. */
static const char *template_path(const struct object *o)
{
	switch (o->kind->id) {
	case KIND_POD:
		return "";
	case KIND_DEPLOYMENT:
	case KIND_REPLICA_SET:
	case KIND_STATEFUL_SET:
	case KIND_DAEMON_SET:
	case KIND_REPLICATION_CONTROLLER:
	case KIND_JOB:
		return "spec.template";
	case KIND_CRON_JOB:
		return "spec.jobTemplate.spec.template";
	default:
		return NULL;
	}
}

const struct value *pod_spec_of(const struct object *o, const char **ret_path)
{
	const char *path = template_path(o);
	if (!path)
		return NULL;
	bool pod = !*path, cron = o->kind->id == KIND_CRON_JOB;
	if (ret_path)
		*ret_path = pod ? "spec" : cron ? "spec.jobTemplate.spec.template.spec" : "spec.template.spec";
	return pod ? o->spec : value_get(value_at(&o->root, path), "spec");
}

const struct value *pod_labels_of(const struct object *o, const char **ret_path)
{
	const char *path = template_path(o);
	if (!path)
		return NULL;
	bool pod = !*path, cron = o->kind->id == KIND_CRON_JOB;
	if (ret_path)
		*ret_path = pod ? "metadata.labels" : cron ? "spec.jobTemplate.spec.template.metadata.labels" : "spec.template.metadata.labels";
	return pod ? o->labels : value_get(value_get(value_at(&o->root, path), "metadata"), "labels");
}

int object_has_key(const struct object *o, const char *key)
{
	const struct value *data = value_get(&o->root, "data"), *binary = value_get(&o->root, "binaryData");
	if (value_get(data, key) || value_get(binary, key))
		return 1;
	/* Of a Secret only the keys that managedFields name are known: none at all means that they were not. */
	if (o->kind->id == KIND_SECRET && value_len(data) == 0)
		return -1;
	return 0;
}

bool taint_tolerated(const struct value *tolerations, const struct value *taint)
{
	const char *key = value_get_str(taint, "key"), *effect = value_get_str(taint, "effect");
	for (value_each(t, tolerations)) {
		const char *t_key = value_get_str(t, "key"), *t_effect = value_get_str(t, "effect");
		bool exists = str_eq(value_get_str(t, "operator"), "Exists");
		if (*t_effect && !str_eq(t_effect, effect))
			continue;
		if (!*t_key ? !exists : !str_eq(t_key, key))
			continue;
		if (exists || str_eq(value_get_str(t, "value"), value_get_str(taint, "value")))
			return true;
	}
	return false;
}

static bool node_term_matches(const struct value *term, const struct object *node)
{
	const struct value *expressions = value_get(term, "matchExpressions"), *fields = value_get(term, "matchFields");
	if (value_len(expressions) == 0 && value_len(fields) == 0)
		return false; /* an empty term matches nothing, by the API's words */
	for (value_each(e, fields)) {
		bool in = str_eq(value_get_str(e, "operator"), "In");
		if (value_list_has(value_get(e, "values"), node->name) != in)
			return false;
	}
	for (value_each(e, expressions)) {
		const char *op = value_get_str(e, "operator");
		const struct value *have = value_get(node->labels, value_get_str(e, "key"));
		bool found = false;
		if (str_eq(op, "Exists") || str_eq(op, "DoesNotExist")) {
			if ((have != NULL) != str_eq(op, "Exists"))
				return false;
			continue;
		}
		const char *text = value_str(have, "");
		for (value_each(want, value_get(e, "values"))) {
			if (str_eq(op, "Gt") || str_eq(op, "Lt")) {
				long long h = strtoll(text, NULL, 10), w = strtoll(value_str(want, ""), NULL, 10);
				found = have && (str_eq(op, "Gt") ? h > w : h < w);
			} else {
				found = found || (have && str_eq(value_str(want, ""), text));
			}
		}
		if (found == str_eq(op, "NotIn"))
			return false;
	}
	return true;
}

bool node_terms_match(const struct value *terms, const struct object *node)
{
	if (value_len(terms) == 0)
		return true;
	for (value_each(term, terms))
		if (node_term_matches(term, node))
			return true;
	return false;
}

bool node_selected(const struct value *pod_spec, const struct object *node)
{
	for (member_each(m, value_get(pod_spec, "nodeSelector"))) {
		const struct value *have = value_get_n(node->labels, m->key, m->v.key_len);
		if (!have || !str_eq(value_str(have, ""), value_str(&m->v, "")))
			return false;
	}
	return node_terms_match(value_at(pod_spec, "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"), node);
}

static double container_request(const struct value *container, const char *resource)
{
	double q = 0;
	const struct value *resources = value_get(container, "resources");
	/* A limit without a request is its own request. */
	if (!value_quantity(value_get(value_get(resources, "requests"), resource), &q))
		value_quantity(value_get(value_get(resources, "limits"), resource), &q);
	return q;
}

double pod_request(const struct value *pod_spec, const char *resource)
{
	double main_sum = 0, sidecars = 0, init_max = 0, overhead = 0, whole = 0;
	for (value_each(c, value_get(pod_spec, "containers")))
		main_sum += container_request(c, resource);
	for (value_each(c, value_get(pod_spec, "initContainers"))) {
		double q = container_request(c, resource);
		if (str_eq(value_get_str(c, "restartPolicy"), "Always"))
			sidecars += q;
		else
			init_max = MAX(init_max, q + sidecars);
	}
	value_quantity(value_get(value_get(pod_spec, "overhead"), resource), &overhead);
	/* Pod-level resources, where given, replace the containers' sum. */
	if (value_quantity(value_get(value_at(pod_spec, "resources.requests"), resource), &whole))
		return whole + overhead;
	return MAX(main_sum + sidecars, init_max) + overhead;
}

int version_minor(const char *version)
{
	bool told = strncmp(version, "v1.", 3) == 0 && version[3] >= '0' && version[3] <= '9';

	return told ? (int)MIN(strtol(version + 3, NULL, 10), 999) : -1;
}
