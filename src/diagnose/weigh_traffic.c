/* Weighing explanations that lie between a Service and its pods, in revisions and in admission. */
#include "diagnose/weigh.h"

/* The Service that the symptom is about, or that a webhook calls; NULL after having said that there is none. */
static const struct object *service_of(struct inquiry *q)
{
	const struct object *o = q->symptom->object;
	const struct edge_list *edges;

	if (o && o->kind->id == KIND_SERVICE)
		return o;
	edges = o ? graph_edges(q->chain->graph, o) : NULL;
	for (uint32_t i = 0; edges && i < edges->len; i++)
		if (edges->items[i].relation == REL_WEBHOOK && edges->items[i].to.object)
			return edges->items[i].to.object;
	weigh_unknown(q, "its Service was not read");
	return NULL;
}

void weigh_selector(struct inquiry *q)
{
	const struct object *service = service_of(q);
	struct object_list selected;

	if (!service)
		return;
	selected = graph_selected(q->chain->graph, service);
	if (selected.len) {
		weigh_field(q, false, service, "spec.selector");
		weigh_out(q, "it selects %s%s", object_text(q->run->arena, selected.items[0]), selected.len > 1 ? " and more" : "");
	} else if (!weigh_unseen(q, KIND_POD)) {
		weigh_field(q, true, service, "spec.selector");
		weigh_possible(q, "no workload carries its labels");
	}
}

void weigh_pods_unready(struct inquiry *q)
{
	const struct object *service = service_of(q);
	uint32_t ready, unready;

	if (!service || weigh_unseen(q, KIND_ENDPOINT_SLICE))
		return;
	index_endpoints(q->run, service, &ready, &unready);
	if (unready)
		weigh_possible(q, "%u of the %u pods behind it %s not ready", unready, ready + unready, unready == 1 ? "is" : "are");
	else
		weigh_out(q, ready ? "every pod behind it is ready" : "there is no pod behind it");
}

/* Does a container of the workload declare this port? declared: it declares any at all. */
static bool serves(const struct object *workload, const struct value *target, bool *ret_declared)
{
	for (value_each(c, value_get(pod_spec(workload), "containers"))) {
		for (value_each(p, value_get(c, "ports"))) {
			*ret_declared = true;
			if (target->type == VALUE_STRING ? str_eq(value_get_str(p, "name"), value_str(target, ""))
							 : value_get_int(p, "containerPort", 0) == value_int(target, -1))
				return true;
		}
	}
	return false;
}

void weigh_port(struct inquiry *q)
{
	const struct object *service = service_of(q);
	struct object_list selected;
	bool declared = false, all = true;
	unsigned n = 0;

	if (!service)
		return;
	selected = graph_selected(q->chain->graph, service);
	for (value_each(p, value_get(service->spec, "ports"))) {
		const struct value *target = value_get(p, "targetPort") ? value_get(p, "targetPort") : value_get(p, "port");

		if (target && selected.len && !serves(selected.items[0], target, &declared)) {
			all = false;
			weigh_field(q, true, service, arena_printf(q->run->arena, "spec.ports[%u].targetPort", n));
		}
		n++;
	}
	if (!selected.len)
		weigh_unknown(q, "it selects nothing whose ports could be compared");
	else if (!declared)
		weigh_unknown(q, "the containers declare no ports");
	else if (all)
		weigh_out(q, "%s declares its target port%s", object_text(q->run->arena, selected.items[0]), n == 1 ? "" : "s");
	else
		weigh_possible(q, "%s does not declare a target port of it", object_text(q->run->arena, selected.items[0]));
}

void weigh_scaled_to_zero(struct inquiry *q)
{
	const struct object *o = q->symptom->object, *w = o;
	struct object_list selected = {0};

	if (!o || !pod_spec(o)) {
		o = service_of(q);
		if (!o)
			return;
		selected = graph_selected(q->chain->graph, o);
		w = selected.len ? selected.items[0] : NULL;
	}
	if (!w || !value_at(&w->root, "spec.replicas")) {
		weigh_unknown(q, "how many replicas are wanted is not known");
		return;
	}
	weigh_field(q, object_int(w, "spec.replicas", 1) == 0, w, "spec.replicas");
	if (object_int(w, "spec.replicas", 1) == 0)
		weigh_possible(q, "%s wants 0 replicas", object_text(q->run->arena, w));
	else
		weigh_out(q, "%s wants %lld replica%s", object_text(q->run->arena, w), (long long)object_int(w, "spec.replicas", 1),
			  object_int(w, "spec.replicas", 1) == 1 ? "" : "s");
}

void weigh_webhook(struct inquiry *q)
{
	const char *words = weigh_words(q);

	if (strcasestr(words, "webhook"))
		weigh_possible(q, "the message speaks of a webhook");
	else if (!weigh_unseen(q, KIND_EVENT))
		weigh_out(q, "nothing speaks of a webhook");
}

/* ReplicaSets of a Deployment other than the newest that have ready pods. */
void weigh_new_revision(struct inquiry *q)
{
	const struct object *o = q->owner, *newest = NULL;
	int64_t old_ready = 0;

	if (!o || o->kind->id != KIND_DEPLOYMENT) {
		weigh_unknown(q, "which revision its pods are of was not looked at");
		return;
	}
	for (uint32_t i = 0; i < o->child_count; i++)
		if (o->children[i]->kind->id == KIND_REPLICA_SET && (!newest || change_revision(o->children[i]) > change_revision(newest)))
			newest = o->children[i];
	if (!newest) {
		if (!weigh_unseen(q, KIND_REPLICA_SET))
			weigh_unknown(q, "it has no ReplicaSet");
		return;
	}
	for (uint32_t i = 0; i < o->child_count; i++)
		if (o->children[i]->kind->id == KIND_REPLICA_SET && o->children[i] != newest)
			old_ready += object_int(o->children[i], "status.readyReplicas", 0);
	if (old_ready && !object_int(newest, "status.readyReplicas", 0)) {
		weigh_field(q, true, newest, "status.readyReplicas");
		weigh_possible(q, "%lld pod%s of the previous revision %s ready, none of the newest", (long long)old_ready, old_ready == 1 ? "" : "s",
			       old_ready == 1 ? "is" : "are");
	} else if (object_int(newest, "status.readyReplicas", 0)) {
		weigh_field(q, false, newest, "status.readyReplicas");
		weigh_out(q, "pods of the newest revision are ready");
	} else {
		weigh_unknown(q, "no pod of an earlier revision runs to compare with");
	}
}
