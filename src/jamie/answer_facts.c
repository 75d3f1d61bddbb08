/* Plain facts about one object: description, place, image, resources, events, logs. */
#include "diagnose/graph.h"
#include "jamie/say.h"

#define EVENTS_SHOWN 8
#define LOG_LINES_SHOWN 20

static const char *age_text(struct say *s, const struct object *o)
{
	return o->created ? arena_printf(s->arena, ", %s old", say_span(s, inventory_now(s->inv) - o->created)) : "";
}

static void describe_pod_spec(struct say *s, const struct object *o)
{
	const char *prefix;
	const struct value *spec = pod_spec_of(o, &prefix);
	unsigned n = 0;

	for (value_each(c, value_get(spec, "containers"))) {
		say_text(s, "Container %s runs image %s", value_get_str(c, "name"), value_get_str(c, "image"));
		say_field(s, o, arena_printf(s->arena, "%s.containers[%u].image", prefix, n++));
	}
}

/* Values of variables may be secret: their names do. */
static void describe_containers(struct say *s, const struct object *o)
{
	const char *prefix;
	unsigned n = 0;

	for (value_each(c, value_get(pod_spec_of(o, &prefix), "containers"))) {
		_cleanup_(strbuf_release) struct strbuf ports;
		_cleanup_(strbuf_release) struct strbuf names;

		strbuf_init(&ports, STRBUF_MAX_LINE);
		strbuf_init(&names, STRBUF_MAX_LINE);
		for (value_each(p, value_get(c, "ports")))
			strbuf_addf(&ports, "%s%lld", ports.len ? ", " : "", (long long)value_get_int(p, "containerPort", 0));
		for (value_each(e, value_get(c, "env")))
			strbuf_addf(&names, "%s%s", names.len ? ", " : "", value_get_str(e, "name"));
		if (ports.len) {
			say_text(s, "Its ports: %s", ports.buf);
			say_field_text(s, o, arena_printf(s->arena, "%s.containers[%u].ports", prefix, n), arena_strdup(s->arena, ports.buf));
		}
		if (names.len) {
			say_text(s, "Its variables: %s", names.buf);
			say_field_text(s, o, arena_printf(s->arena, "%s.containers[%u].env", prefix, n), arena_strdup(s->arena, names.buf));
		}
		n++;
	}
}

static void describe_service(struct say *s, const struct object *o)
{
	_cleanup_(strbuf_release) struct strbuf ports;

	strbuf_init(&ports, STRBUF_MAX_LINE);
	for (value_each(p, value_get(o->spec, "ports")))
		strbuf_addf(&ports, "%s%lld", ports.len ? ", " : "", (long long)value_get_int(p, "port", 0));
	if (object_str(o, "spec.clusterIP")[0]) {
		say_text(s, "Its address in the cluster is %s, port %s", object_str(o, "spec.clusterIP"), ports.buf);
		say_field(s, o, "spec.clusterIP");
	}
}

static void describe_more(struct say *s, const struct object *o)
{
	const struct edge_list *edges = graph_edges(s->diagnosis->graph, o);
	_cleanup_(strbuf_release) struct strbuf sb;
	unsigned shown = 0;

	strbuf_init(&sb, STRBUF_MAX_LINE);
	for (uint32_t i = 0; i < edges->len && shown < 8; i++) {
		const struct edge *e = &edges->items[i];

		if (e->relation == REL_OWNS || (e->to.kind == KIND_SERVICE_ACCOUNT && str_eq(e->to.name, "default")) ||
		    strncmp(e->to.name, "kube-root-ca", 12) == 0)
			continue;
		strbuf_addf(&sb, "%s%s %s%s", shown++ ? ", " : "", relation_text(e->relation), name_text(s->arena, &e->to),
			    e->to.object ? "" : " (not there)");
	}
	if (shown)
		say_text(s, "It %s", sb.buf);
	for (uint32_t i = 0; shown && i < edges->len; i++) {
		if (edges->items[i].relation != REL_OWNS && edges->items[i].via) {
			say_field_text(s, o, edges->items[i].via, name_text(s->arena, &edges->items[i].to));
			break;
		}
	}
}

void answer_describe(struct say *s, struct ctx *ctx, const struct object *o)
{
	const char *condition = object_condition(s->arena, o), *why;
	enum verdict v = diagnose_verdict(s->diagnosis, ctx, o, NULL, &why);

	say_text(s, "%s%s%s%s", say_name(s, o), condition[0] ? ": " : " is there", condition, age_text(s, o));
	say_field(s, o, value_get(o->status, "phase") ? "status.phase" : "metadata.creationTimestamp");
	describe_pod_spec(s, o);
	describe_containers(s, o);
	if (o->kind->id == KIND_SERVICE)
		describe_service(s, o);
	if (o->kind->id == KIND_POD && object_str(o, "spec.nodeName")[0]) {
		say_text(s, "It runs on node %s", object_str(o, "spec.nodeName"));
		say_field(s, o, "spec.nodeName");
	}
	if (object_top_owner(o) != o)
		say_text(s, "It belongs to %s", say_name(s, object_top_owner(o)));
	if (o->kind->id == KIND_CONFIG_MAP || o->kind->id == KIND_SECRET) {
		_cleanup_(strbuf_release) struct strbuf keys;

		strbuf_init(&keys, STRBUF_MAX_LINE);
		for (member_each(m, value_get(&o->root, "data")))
			strbuf_addf(&keys, "%s%s", keys.len ? ", " : "", m->key);
		say_text(s, keys.len ? "Its keys: %s" : "I see no keys in it%s", keys.buf);
		say_field_text(s, o, "data", keys.buf);
	}
	if (o->kind->id != KIND_NODE)
		describe_more(s, o);
	if (v == VERDICT_HEALTHY || v == VERDICT_RECOVERED)
		say_text(s, "I found no active problem with it");
	say_followup(s, "events of %s", o->name);
}

/* ---- Where, what image, what resources ---------------------------------------------------------------------------------------- */

void answer_where(struct say *s, struct ctx *ctx, const struct object *o)
{
	struct object_list pods = pods_of(s, o);

	(void)ctx;
	if (!pods.len) {
		say_text(s, "%s has no pods, so it runs nowhere at present", say_name(s, o));
		say_field(s, o, pod_spec(o) && value_get(o->spec, "replicas") ? "spec.replicas" : "metadata.name");
		return;
	}
	say_text(s, "%s has %s:", say_name(s, o), say_count(s, pods.len, "pod", "pods"));
	for (uint32_t i = 0; i < pods.len && i < 20; i++) {
		const char *node = object_str(pods.items[i], "spec.nodeName");

		say_item(s, "%s %s%s (%s)", pods.items[i]->name, node[0] ? "on node " : "has no node yet", node,
			 object_condition(s->arena, pods.items[i]));
		say_field(s, pods.items[i], "spec.nodeName");
	}
	if (pods.len > 20)
		say_item(s, "and %u more", pods.len - 20);
}

static const struct object *with_containers(struct say *s, const struct object *o)
{
	struct object_list pods;

	if (pod_spec(o))
		return o;
	pods = pods_of(s, o);
	return pods.len ? object_top_owner(pods.items[0]) : NULL;
}

void answer_image(struct say *s, struct ctx *ctx, const struct object *o)
{
	const struct object *w = with_containers(s, o);

	if (o->kind->id == KIND_NODE) {
		say_text(s, "%s runs kubelet %s on %s", say_name(s, o), object_str(o, "status.nodeInfo.kubeletVersion"),
			 object_str(o, "status.nodeInfo.osImage"));
		say_field(s, o, "status.nodeInfo.kubeletVersion");
		return;
	}
	if (!w) {
		say_text(s, "%s runs no containers, so it has no image", say_name(s, o));
		say_field(s, o, "metadata.name");
		return;
	}
	say_text(s, "%s:", say_name(s, w));
	describe_pod_spec(s, w);
	if (!o->owner && changes_of(s->diagnosis->graph, s->arena, w, 0, 0).len)
		say_followup(s, "what changed in %s?", w->name);
	(void)ctx;
}

static const char *amount(const struct value *resources, const char *part, const char *what)
{
	const char *text = value_str(value_get(value_get(resources, part), what), NULL);

	return text ? text : "none";
}

void answer_resources(struct say *s, struct ctx *ctx, const struct object *o)
{
	const struct object *w = with_containers(s, o);
	const char *prefix;
	unsigned n = 0;

	(void)ctx;
	if (o->kind->id == KIND_NODE) {
		say_text(s, "%s can give its pods %s CPU and %s of memory", say_name(s, o), object_str(o, "status.allocatable.cpu"),
			 object_str(o, "status.allocatable.memory"));
		say_field(s, o, "status.allocatable");
		return;
	}
	if (!w) {
		say_text(s, "%s has no containers, so it asks for no resources", say_name(s, o));
		say_field(s, o, "metadata.name");
		return;
	}
	for (value_each(c, value_get(pod_spec_of(w, &prefix), "containers"))) {
		const struct value *r = value_get(c, "resources");

		say_text(s, "Container %s of %s: CPU request %s, limit %s; memory request %s, limit %s", value_get_str(c, "name"), say_name(s, w),
			 amount(r, "requests", "cpu"), amount(r, "limits", "cpu"), amount(r, "requests", "memory"), amount(r, "limits", "memory"));
		say_field(s, w, arena_printf(s->arena, "%s.containers[%u].resources", prefix, n++));
	}
	say_text(s, "What it really uses I cannot say: no metrics source is attached");
}

/* ---- Events ------------------------------------------------------------------------------------------------------------------- */

static bool event_about_tree(const struct event *e, const struct object *o)
{
	for (const struct object *x = e->about; x; x = x->owner)
		if (x == o)
			return true;
	return false;
}

void answer_events(struct say *s, struct ctx *ctx, const struct object *o)
{
	const struct event_list *all = inventory_events(s->inv);
	const struct question *q = s->q;
	usec_t now = inventory_now(s->inv);
	uint32_t shown = 0, found = 0;

	(void)ctx;
	if (!inventory_sees(s->inv, KIND_EVENT, q->namespace_count == 1 ? q->namespaces[0] : NULL) && !all->len) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "I could not read any events");
		return;
	}
	for (uint32_t i = 0; i < all->len; i++) {
		const struct event *e = all->items[i];
		bool in_ns = !q->namespace_count;

		for (unsigned n = 0; n < q->namespace_count; n++)
			in_ns = in_ns || str_eq(e->ns, q->namespaces[n]);
		found += (o ? event_about_tree(e, o) : in_ns && !str_eq(e->type, "Normal")) && (!q->since || e->last >= q->since);
	}
	say_text(s, "I see %s%s%s:", say_count(s, found, o ? "event" : "warning event", o ? "events" : "warning events"), o ? " about " : "",
		 o                    ? say_name(s, o)
		 : q->namespace_count ? arena_printf(s->arena, " in namespace %s", q->namespaces[0])
				      : " in the cluster");
	for (uint32_t i = 0; i < all->len && shown < EVENTS_SHOWN; i++) {
		const struct event *e = all->items[i];
		struct evidence x = {.type = EVIDENCE_EVENT, .object = e->about, .event = e, .text = e->message, .when = e->last};
		bool in_ns = !q->namespace_count;

		for (unsigned n = 0; n < q->namespace_count; n++)
			in_ns = in_ns || str_eq(e->ns, q->namespaces[n]);
		if (!(o ? event_about_tree(e, o) : in_ns && !str_eq(e->type, "Normal")) || (q->since && e->last < q->since))
			continue;
		say_item(s, "%s ago, %s: %s %s: %.300s", say_span(s, now - e->last), e->about_name, e->reason,
			 e->count > 1 ? arena_printf(s->arena, "(%lld times)", (long long)e->count) : "", e->message);
		say_evidence(s, &x);
		shown++;
	}
	if (found > shown)
		say_item(s, "and %u more", found - shown);
	if (o)
		say_followup(s, "why is %s failing?", o->name);
}

/* ---- Logs --------------------------------------------------------------------------------------------------------------------- */

/* The pod whose log tells most: one that a finding is about, else one that has restarted, else the first. */
static const struct object *most_telling(struct say *s, const struct object *o)
{
	struct object_list pods = pods_of(s, o);
	const struct object *best = pods.len ? pods.items[0] : NULL;
	int64_t best_rank = -1;

	for (uint32_t i = 0; i < pods.len; i++) {
		int64_t rank = pod_restarts(pods.items[i]) + (str_eq(condition_status(pods.items[i], "Ready"), "True") ? 0 : 1000000);

		if (rank > best_rank) {
			best_rank = rank;
			best = pods.items[i];
		}
	}
	return best;
}

static const char *finding_container(const struct say *s, const struct object *pod)
{
	for (uint32_t i = 0; i < s->diagnosis->findings.len; i++) {
		const struct finding *f = s->diagnosis->findings.items[i];

		if (f->object == pod && f->container[0])
			return f->container;
	}
	return value_get_str(value_item(value_get(pod->spec, "containers"), 0), "name");
}

static void show_log(struct say *s, const struct container_log *log, uint32_t wanted)
{
	const char *end = log->text + log->len, *start = end;
	struct evidence e = {.type = EVIDENCE_LOG, .object = log->pod, .path = log->container, .previous = log->previous};
	uint32_t lines = 0, total = 0;

	for (const char *p = log->text; p < end; p++)
		total += *p == '\n';
	total += log->len && end[-1] != '\n';
	while (start > log->text && lines < wanted) {
		const char *p = start - 1;

		while (p > log->text && p[-1] != '\n')
			p--;
		start = p;
		lines++;
	}
	strbuf_add(&s->block, start, (size_t)(end - start));
	e.first_line = total - lines + 1;
	e.last_line = total;
	e.text = arena_strndup(s->arena, start, MIN((size_t)(end - start), (size_t)400));
	say_text(s, "The last %s of container %s of %s%s", lines == 1 ? "line" : arena_printf(s->arena, "%u lines", lines), log->container,
		 say_name(s, log->pod), log->previous ? ", of the instance before this one" : "");
	say_evidence(s, &e);
}

void answer_logs(struct say *s, struct ctx *ctx, struct cluster *c, const struct object *o)
{
	const struct object *pod = most_telling(s, o);
	const char *container = s->q->container, *why = "it was not recorded";
	uint32_t wanted = s->q->number > 0 && s->q->number <= 1000 ? (uint32_t)s->q->number : LOG_LINES_SHOWN;
	struct err err = {0};

	if (!pod) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "%s has no pods, so there is no log to show", say_name(s, o));
		return;
	}
	if (!container)
		container = finding_container(s, pod);
	if (cluster_is_live(c)) {
		struct log_request requests[2] = {{.pod = pod, .container = container, .previous = s->q->previous_log},
						  {.pod = pod, .container = container, .previous = !s->q->previous_log}};

		if (cluster_read_logs(c, ctx, requests, 2, &err) < 0)
			why = arena_strdup(s->arena, err.message);
	}
	for (int pass = 0; pass < 2; pass++) {
		const struct container_log *log = inventory_log(s->inv, pod, container, pass ? !s->q->previous_log : s->q->previous_log);

		if (log && !log->error && log->len) {
			show_log(s, log, wanted);
			say_followup(s, "why is %s failing?", object_top_owner(pod)->name);
			return;
		}
		if (log && log->error)
			why = log->error;
		else if (log && !log->len)
			why = "it is empty";
	}
	s->kind = ANSWER_CANNOT_SEE;
	say_text(s, "I have no log of container %s of %s: %s", container, say_name(s, pod), why);
	say_followup(s, "events of %s", o->name);
}
