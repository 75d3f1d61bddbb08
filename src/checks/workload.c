#include "checks/workload.h"

const struct event *recent_event(struct check_run *run, const struct object *o, const char *reason, usec_t max_age)
{
	const struct event_list *events = inventory_events_of(run->inv, o);
	for (uint32_t i = 0; events && i < events->len; i++)
		if (str_eq(events->items[i]->reason, reason) && (!max_age || run_age(run, events->items[i]->last) <= max_age))
			return events->items[i];
	return NULL;
}

int64_t replicas_wanted(const struct object *o)
{
	return MAX(MIN(value_get_int(o->spec, "replicas", 1), INT32_MAX), 0);
}

static bool pod_is_unready(const struct object *pod)
{
	const char *phase = value_get_str(pod->status, "phase");
	return !pod->deleted && !str_eq(phase, "Succeeded") && !str_eq(phase, "Failed") && !str_eq(condition_status(pod, "Ready"), "True");
}

struct unready {
	const struct object *first;
	uint32_t young, old;
};

static void count_unready(struct check_run *run, const struct object *o, struct unready *ret, unsigned depth)
{
	for (uint32_t i = 0; i < o->child_count; i++) {
		const struct object *child = o->children[i];
		if (child->kind->id != KIND_POD) {
			if (depth < 2)
				count_unready(run, child, ret, depth + 1);
			continue;
		}
		if (!pod_is_unready(child))
			continue;
		if (!ret->first)
			ret->first = child;
		if (child->created && run_age(run, child->created) < run->options->startup_grace)
			ret->young++;
		else
			ret->old++;
	}
}

bool workload_is_starting(struct check_run *run, const struct object *o)
{
	struct unready u = {0};
	count_unready(run, o, &u, 0);
	bool new_itself = o->created && run_age(run, o->created) < run->options->startup_grace;
	return u.old == 0 && (u.young > 0 || new_itself);
}

const struct object *workload_unready_pod(struct check_run *run, const struct object *o)
{
	struct unready u = {0};
	count_unready(run, o, &u, 0);
	return u.first;
}

const enum kind_id template_kinds[] = {KIND_DEPLOYMENT, KIND_STATEFUL_SET, KIND_DAEMON_SET, KIND_REPLICA_SET, KIND_REPLICATION_CONTROLLER,
				       KIND_JOB,        KIND_CRON_JOB};

const size_t template_kind_count = ARRAY_LEN(template_kinds);

bool workloads_unread(struct check_run *run, const char *ns)
{
	size_t count;
	const struct note *notes = inventory_notes(run->inv, &count);
	/* A file that merely has none of a kind has no note either. */
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < ARRAY_LEN(template_kinds); k++)
			if (notes[i].kind == template_kinds[k] && !inventory_sees(run->inv, template_kinds[k], ns))
				return true;
	return false;
}

const struct object *workload_selected(struct check_run *run, const char *ns, const struct value *selector, bool plain)
{
	for (size_t k = 0; k < ARRAY_LEN(template_kinds); k++) {
		const struct object_list list = inventory_select(run->inv, run->arena, template_kinds[k], ns, NULL, false);
		for (uint32_t i = 0; i < list.len; i++)
			if (selector_matches(selector, pod_labels_of(list.items[i], NULL), plain))
				return list.items[i];
	}
	return NULL;
}

bool workload_or_pod_selected(struct check_run *run, const char *ns, const struct value *selector)
{
	return inventory_select(run->inv, run->arena, KIND_POD, ns, selector, false).len > 0 || workload_selected(run, ns, selector, false);
}
