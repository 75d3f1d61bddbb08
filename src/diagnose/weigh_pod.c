/* Weighing explanations that lie in the program and what it is given: memory, image, configuration, probes, callees, the registry. */
#include "base/near.h"
#include "diagnose/weigh.h"

static struct arena *arena_of(const struct inquiry *q)
{
	return q->run->arena;
}

static const char *ago_before(struct inquiry *q, usec_t when)
{
	char span[CLOCK_TEXT_MAX];
	usec_t since = q->cause->since ? q->cause->since : inventory_now(q->run->inv);

	if (!when)
		return "at an unknown time";
	if (when > since)
		return arena_strdup(arena_of(q), "at the time it began");
	return arena_printf(arena_of(q), "%s before it began", clock_format_span(since - when, span));
}

/* ---- The last instance of the container ------------------------------------------------------------------------------------- */

/* The container that the symptom is about, else the first that has ended, else the first. */
static const struct container_view *container_of_symptom(struct inquiry *q)
{
	const struct pod_view *v = q->pod ? run_pod(q->run, q->pod) : NULL;

	if (!v || !v->count)
		return NULL;
	if (q->symptom->container[0])
		return pod_view_container(v, q->symptom->container);
	for (uint32_t i = 0; i < v->count; i++)
		if (v->containers[i].last.present || v->containers[i].now.present)
			return &v->containers[i];
	return &v->containers[0];
}

/* How it ended last; NULL, after having said so, when it cannot be told or it has not ended. */
static const struct termination *last_end(struct inquiry *q, const struct container_view **ret_container, const char **ret_path)
{
	const struct container_view *c = container_of_symptom(q);

	if (!c || !c->status) {
		weigh_unknown(q, q->pod ? "the status of the container was not read" : "none of its pods was read");
		return NULL;
	}
	*ret_container = c;
	*ret_path = container_status_path(arena_of(q), c, c->now.present ? "state.terminated.exitCode" : "lastState.terminated.exitCode");
	if (!c->now.present && !c->last.present) {
		weigh_out(q, "container %s has not ended yet", c->name);
		return NULL;
	}
	return c->now.present ? &c->now : &c->last;
}

void weigh_memory(struct inquiry *q)
{
	const struct container_view *c;
	const char *path;
	const struct termination *end = last_end(q, &c, &path);
	const char *limit = c && end ? value_get_str(value_get(value_get(c->spec, "resources"), "limits"), "memory") : "";

	if (!end)
		return;
	if (str_eq(end->reason, "OOMKilled")) {
		weigh_field(q, true, q->pod, path);
		weigh_possible(q, "container %s was killed for memory%s%s", c->name, limit[0] ? ", its limit is " : "", limit);
	} else if (end->exit_code == 137) {
		weigh_field(q, true, q->pod, path);
		weigh_possible(q, "last exit code is 137: killed, but nothing says that it was for memory");
	} else {
		weigh_field(q, false, q->pod, path);
		weigh_out(q, "last exit code is %lld, not 137", (long long)end->exit_code);
	}
}

void weigh_ends_by_itself(struct inquiry *q)
{
	const struct container_view *c;
	const char *path;
	const struct termination *end = last_end(q, &c, &path);

	if (!end)
		return;
	weigh_field(q, end->exit_code == 0, q->pod, path);
	if (end->exit_code == 0)
		weigh_possible(q, "last exit code is 0");
	else
		weigh_out(q, "last exit code is %lld, not 0", (long long)end->exit_code);
}

static const struct event *event_with(struct inquiry *q, const char *words, const char *other)
{
	const struct event_list *events = q->pod ? inventory_events_of(q->run->inv, q->pod) : NULL;

	for (uint32_t i = 0; events && i < events->len; i++)
		if (strcasestr(events->items[i]->message, words) || (other && strcasestr(events->items[i]->message, other)))
			return events->items[i];
	return NULL;
}

void weigh_probe(struct inquiry *q)
{
	const struct container_view *c = container_of_symptom(q);
	const struct event *e = event_with(q, "liveness probe", "startup probe");

	if (!c) {
		weigh_unknown(q, "none of its pods was read");
	} else if (!value_get(c->spec, "livenessProbe") && !value_get(c->spec, "startupProbe")) {
		weigh_field(q, false, q->pod, container_spec_path(arena_of(q), c, "livenessProbe"));
		weigh_out(q, "container %s has no liveness or startup probe", c->name);
	} else if (e) {
		finding_event(q->run, &q->pro, e);
		weigh_possible(q, "an event says: %s", e->message);
	} else if (!weigh_unseen(q, KIND_EVENT)) {
		weigh_out(q, "no event says that a liveness or startup probe failed");
	}
}

/* ---- What changed ----------------------------------------------------------------------------------------------------------- */

static bool keeps_revisions(const struct object *o)
{
	return o->kind->id == KIND_DEPLOYMENT || o->kind->id == KIND_STATEFUL_SET || o->kind->id == KIND_DAEMON_SET;
}

/* False, after having said why, when it cannot be known what the workload looked like before. */
static bool has_history(struct inquiry *q)
{
	if (!q->owner || !keeps_revisions(q->owner)) {
		if (q->owner && q->owner->kind->id == KIND_JOB)
			weigh_out(q, "a Job cannot be changed after it was made");
		else
			weigh_unknown(q, "earlier versions of it are not kept");
		return false;
	}
	return !weigh_unseen(q, q->owner->kind->id == KIND_DEPLOYMENT ? KIND_REPLICA_SET : KIND_CONTROLLER_REVISION);
}

void weigh_image_changed(struct inquiry *q)
{
	const struct change *last, *c = weigh_change(q, 1u << CHANGE_IMAGE, &last);

	if (c) {
		weigh_field(q, true, q->owner, "spec.template.spec.containers[0].image");
		weigh_possible(q, "%s, %s", c->text, ago_before(q, c->when));
		return;
	}
	if (!has_history(q))
		return;
	if (last)
		weigh_out(q, "its image was last changed %s", ago_before(q, last->when));
	else if (q->owner->created)
		weigh_out(q, "its image has not changed in the revisions that are kept");
	else
		weigh_out(q, "only one image of it is known");
}

static usec_t written(const struct object *o)
{
	usec_t last = o->created;

	for (value_each(m, value_get(o->metadata, "managedFields")))
		last = MAX(last, value_get_time(m, "time"));
	return last;
}

static int look_at_ref(void *arg, const struct pod_ref *ref)
{
	struct inquiry *q = arg;
	struct refs_used *u = &q->used;
	const struct inventory *inv = q->run->inv;
	struct arena *a = arena_of(q);
	const struct object *o;

	if (ref->kind != KIND_CONFIG_MAP && ref->kind != KIND_SECRET)
		return 0;
	u->named++;
	o = inventory_find(inv, ref->kind, u->of->ns, ref->name);
	if (!o) {
		if (!inventory_sees(inv, ref->kind, u->of->ns))
			u->unseen = kind_table[ref->kind].plural;
		else if (!ref->optional)
			u->missing = arena_printf(a, "%s %s does not exist", kind_table[ref->kind].name, ref->name);
		return 0;
	}
	*(ref->kind == KIND_SECRET ? &u->secrets : &u->maps) += 1;
	if (ref->key && !ref->optional) {
		int has = object_has_key(o, ref->key);

		u->keys_unknown += has < 0;
		if (!has)
			u->missing = arena_printf(a, "%s %s has no key %s", kind_table[ref->kind].name, ref->name, ref->key);
	}
	if (str_eq(ref->name, "kube-root-ca.crt")) /* every pod's, and none's configuration */
		return 0;
	if (!value_len(value_get(o->metadata, "managedFields")))
		u->untimed = true;
	if (written(o) > u->written) {
		u->written = written(o);
		u->youngest = arena_printf(a, "%s %s", kind_table[ref->kind].name, ref->name);
	}
	return 0;
}

/* NULL, after having said so, when there is no pod spec to look at. */
static const struct refs_used *look_at_refs(struct inquiry *q)
{
	const struct object *o = q->pod ? q->pod : q->owner;
	const struct value *spec = o ? pod_spec_of(o, NULL) : NULL;

	if (!spec) {
		weigh_unknown(q, "none of its pods was read");
		return NULL;
	}
	if (q->used.of != o) {
		q->used = (struct refs_used){.of = o};
		pod_refs_each(spec, "", NULL, look_at_ref, q);
	}
	return &q->used;
}

/* Was it written when the workload was made, and did the trouble begin soon after? Then the write changed nothing. */
static bool is_of_beginning(const struct inquiry *q, usec_t when)
{
	usec_t made = q->owner ? q->owner->created : 0;
	return made && when <= made + USEC_PER_MINUTE && q->cause->since < made + USEC_PER_HOUR;
}

void weigh_config_changed(struct inquiry *q)
{
	const struct change *last;
	const struct change *c = weigh_change(q, (1u << CHANGE_CONFIG) | (1u << CHANGE_ENV) | (1u << CHANGE_WRITE) | (1u << CHANGE_COMMAND), &last);
	const struct refs_used *u;

	if (c) {
		weigh_possible(q, "%s, %s", c->text, ago_before(q, c->when));
		return;
	}
	if (!(u = look_at_refs(q)))
		return;
	if (u->unseen)
		weigh_unknown(q, "%s were not read", u->unseen);
	else if (!u->named)
		weigh_out(q, "it uses no ConfigMap or Secret");
	else if (!u->maps && !u->secrets)
		weigh_unknown(q, "when what it names went away is not recorded");
	else if (!u->untimed && !u->youngest)
		weigh_out(q, "it uses no ConfigMap or Secret of its own");
	else if (u->untimed)
		weigh_unknown(q, "when its configuration was last written is not recorded");
	else if (is_of_beginning(q, u->written))
		weigh_out(q, "what it is configured with has not changed since %s was made", run_text(q->run, q->owner));
	else
		weigh_out(q, "the last write, to %s, was %s", u->youngest, ago_before(q, u->written));
}

void weigh_config_missing(struct inquiry *q)
{
	const struct refs_used *u = look_at_refs(q);

	if (!u)
		return;
	if (u->missing) {
		finding_field_text(q->run, &q->pro, q->pod ? q->pod : q->owner, "spec", u->missing);
		weigh_possible(q, "%s", u->missing);
	} else if (u->unseen) {
		weigh_unknown(q, "%s were not read", u->unseen);
	} else if (!u->maps && !u->secrets) {
		weigh_out(q, u->named ? "what it names is optional" : "it uses no ConfigMap or Secret");
	} else {
		weigh_out(q, "its %s exist%s",
			  !u->secrets ? "ConfigMaps"
			  : !u->maps  ? "Secrets"
				      : "ConfigMaps and Secrets",
			  u->keys_unknown ? "; keys of Secrets are not known" : " and have the keys it asks for");
	}
}

void weigh_service_account(struct inquiry *q)
{
	const struct object *o = q->pod ? q->pod : q->owner;
	const struct value *spec = o ? pod_spec(o) : NULL;
	const char *name = value_get_str(spec, "serviceAccountName");
	const struct object *account;

	if (!spec) {
		weigh_unknown(q, "none of its pods was read");
		return;
	}
	name = name[0] ? name : "default";
	account = inventory_find(q->run->inv, KIND_SERVICE_ACCOUNT, o->ns, name);
	if (account) {
		weigh_field(q, false, account, "metadata.name");
		weigh_out(q, "ServiceAccount %s exists", name);
	} else if (!weigh_unseen(q, KIND_SERVICE_ACCOUNT)) {
		finding_absence(q->run, &q->pro, "ServiceAccount", o->ns, name);
		weigh_possible(q, "ServiceAccount %s does not exist", name);
	}
}

/* ---- Whom it talks to ------------------------------------------------------------------------------------------------------- */

/* Does a log of the container that was read name this Service? True also when no log was read. */
static bool log_may_name(const struct inquiry *q, const struct object *service)
{
	const struct container_log *log;
	bool read = false;

	for (int previous = 0; previous < 2 && q->pod; previous++) {
		log = inventory_log(q->run->inv, q->pod, q->symptom->container, previous);
		if (!log || log->error)
			continue;
		read = true;
		if (memmem(log->text, log->len, service->name, strlen(service->name)))
			return true;
	}
	return !read;
}

void weigh_dependency(struct inquiry *q)
{
	const struct edge_list *edges = q->owner ? graph_edges(q->chain->graph, q->owner) : NULL;
	unsigned called = 0;

	for (uint32_t i = 0; edges && i < edges->len; i++) {
		const struct edge *e = &edges->items[i];
		uint32_t ready = 0, unready = 0;

		if (e->relation != REL_CALLS)
			continue;
		if (!e->to.object) {
			if (!inventory_sees(q->run->inv, KIND_SERVICE, e->to.ns))
				continue;
			finding_absence(q->run, &q->pro, "Service", e->to.ns, e->to.name);
			weigh_possible(q, "%s names Service %s/%s, which does not exist", e->via, e->to.ns, e->to.name);
			return;
		}
		if (str_eq(value_get_str(e->to.object->spec, "type"), "ExternalName") || weigh_unseen(q, KIND_ENDPOINT_SLICE))
			continue;
		called++;
		index_endpoints(q->run, e->to.object, &ready, &unready);
		if (!ready && !log_may_name(q, e->to.object)) {
			weigh_out(q, "%s has no ready endpoint, but the log does not name it", object_text(arena_of(q), e->to.object));
			return;
		}
		if (!ready) {
			weigh_field(q, true, e->to.object, "spec.selector");
			weigh_possible(q, "%s names %s, which has no ready endpoint", e->via, object_text(arena_of(q), e->to.object));
			return;
		}
		weigh_field(q, false, e->to.object, "metadata.name");
	}
	if (called)
		weigh_out(q, "the %s it names ha%s ready endpoints", called == 1 ? "Service" : arena_printf(arena_of(q), "%u Services", called),
			  called == 1 ? "s" : "ve");
	else if (!q->h->why)
		weigh_unknown(q, "its environment, arguments and ConfigMaps name no Service");
}

/* The problem of a workload behind this Service that ended after the symptom began; NULL = none. */
static const struct finding *ended_behind(struct inquiry *q, const struct object *service)
{
	struct object_list behind = graph_selected(q->chain->graph, service);

	for (uint32_t i = 0; i < behind.len; i++)
		for (const struct node *n = ptr_map_get(&q->chain->by_owner, behind.items[i]); n; n = n->next_of_owner)
			if (n->finding->state == FINDING_RECOVERED && n->finding->until >= q->cause->since)
				return n->finding;
	return NULL;
}

void weigh_callee_back(struct inquiry *q)
{
	const struct edge_list *edges = q->owner ? graph_edges(q->chain->graph, q->owner) : NULL;

	for (uint32_t i = 0; edges && i < edges->len; i++) {
		const struct object *o = edges->items[i].relation == REL_CALLS ? edges->items[i].to.object : NULL;
		const struct finding *f = o ? ended_behind(q, o) : NULL;

		if (!f)
			continue;
		q->pro.evidence = f->evidence;
		q->pro.evidence_count = f->evidence_count;
		weigh_possible(q, "%s", f->message);
		return;
	}
	weigh_out(q, "no problem of a Service that it names has ended since");
}

/* ---- The registry ----------------------------------------------------------------------------------------------------------- */

static const char *first_of_words(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasestr(text, words[i]))
			return words[i];
	return NULL;
}

static const char *const refusals[] = {"unauthorized", "authentication required", "no basic auth", "access denied", "denied", "403 Forbidden"};
static const char *const absences[] = {"manifest unknown", "not found", "name unknown", "does not exist"};
static const char *const silences[] = {"dial tcp",          "i/o timeout", "no such host", "connection refused", "TLS handshake", "x509",
				       "deadline exceeded", "503 Service", "502 Bad",      "500 Internal"};

static void weigh_registry(struct inquiry *q, const char *own, const char *other)
{
	if (own)
		weigh_possible(q, "the pull ended with \"%s\"", own);
	else if (other)
		weigh_out(q, "the pull ended with \"%s\"", other);
	else
		weigh_unknown(q, "no event says how the pull ended");
	if ((own || other) && q->symptom->evidence_count)
		finding_event(q->run, own ? &q->pro : &q->contra, q->symptom->evidence[q->symptom->evidence_count - 1].event);
}

void weigh_credentials(struct inquiry *q)
{
	const char *text = weigh_words(q), *own = first_of_words(text, refusals, ARRAY_LEN(refusals));
	const char *other = first_of_words(text, silences, ARRAY_LEN(silences));

	weigh_registry(q, own, other ? other : first_of_words(text, absences, ARRAY_LEN(absences)));
}

void weigh_registry_down(struct inquiry *q)
{
	const char *text = weigh_words(q), *own = first_of_words(text, silences, ARRAY_LEN(silences));
	const char *other = first_of_words(text, refusals, ARRAY_LEN(refusals));

	weigh_registry(q, own, other ? other : first_of_words(text, absences, ARRAY_LEN(absences)));
}

void weigh_image_absent(struct inquiry *q)
{
	const char *text = weigh_words(q), *silence = first_of_words(text, silences, ARRAY_LEN(silences));

	/* Who is not let in is told "does not exist or may require authorization": that settles nothing. */
	if (silence)
		weigh_unknown(q, "the pull ended with \"%s\" before the registry could say", silence);
	else
		weigh_registry(q, first_of_words(text, absences, ARRAY_LEN(absences)), first_of_words(text, refusals, ARRAY_LEN(refusals)));
}

/* ---- Names ------------------------------------------------------------------------------------------------------------------ */

static void weigh_key_elsewhere(struct inquiry *q, const struct object_name *s)
{
	struct near near;

	near_init(&near, s->key);
	for (member_each(m, value_get(&s->object->root, "data")))
		near_try(&near, m->key);
	if (near.best) {
		weigh_field(q, true, s->object, "data");
		weigh_possible(q, "%s %s has a key %s", s->kind_text, s->name, near.best);
	} else {
		weigh_out(q, "%s %s has no key with a name like it", s->kind_text, s->name);
	}
}

void weigh_named_elsewhere(struct inquiry *q)
{
	const struct object_name *s = q->symptom->subject.name ? &q->symptom->subject : &q->cause->root->subject;
	const struct object_list *all;
	const struct object *twin = NULL;
	struct near near;

	if (s->kind >= KIND_CUSTOM || !s->name) {
		weigh_unknown(q, "which object is meant is not known");
		return;
	}
	if (s->key && s->object) {
		weigh_key_elsewhere(q, s);
		return;
	}
	all = inventory_list(q->run->inv, s->kind);
	near_init(&near, s->name);
	for (uint32_t i = 0; i < all->len; i++) {
		if (str_eq(all->items[i]->ns, s->ns))
			near_try(&near, all->items[i]->name);
		else if (!twin && str_eq(all->items[i]->name, s->name))
			twin = all->items[i];
	}
	if (near.best) {
		weigh_field(q, true, inventory_find(q->run->inv, s->kind, s->ns, near.best), "metadata.name");
		weigh_possible(q, "there is a %s %s", s->kind_text, near.best);
	} else if (twin) {
		weigh_field(q, true, twin, "metadata.namespace");
		weigh_possible(q, "namespace %s has a %s of that name", twin->ns, s->kind_text);
	} else if (!weigh_unseen(q, s->kind)) {
		weigh_out(q, "no %s%s has that name or one like it", s->kind_text,
			  inventory_sees(q->run->inv, s->kind, NULL) ? "" : " in this namespace");
	}
}
