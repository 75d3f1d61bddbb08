/* Which containers' logs are worth reading: a bounded number, one pod per workload first. */
#include "diagnose/internal.h"

static bool has_request(const struct log_request *requests, size_t count, const struct object *pod, const char *container)
{
	for (size_t i = count; i-- > 0;)
		if (requests[i].pod == pod && str_eq(requests[i].container, container))
			return true;
	return false;
}

static bool workload_has_request(const struct log_request *requests, size_t count, const struct finding *f)
{
	for (size_t i = count; i-- > 0;)
		if (object_top_owner(requests[i].pod) == object_top_owner(f->object) && str_eq(requests[i].container, f->container))
			return true;
	return false;
}

/* Has this container ever run, and has it died before? Asking for a log that cannot be there costs a request each. */
static void has_logs(const struct object *pod, const char *container, struct log_request *ret, bool *ret_current)
{
	static const char *const lists[] = {"initContainerStatuses", "containerStatuses"};

	*ret = (struct log_request){.pod = pod, .container = container};
	*ret_current = false;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (value_each(s, value_get(pod->status, lists[i]))) {
			const struct value *state = value_get(s, "state");
			bool waits = value_get(state, "waiting") && !value_get(state, "running") && !value_get(state, "terminated");

			if (!str_eq(value_get_str(s, "name"), container))
				continue;
			ret->previous = value_get(value_get(s, "lastState"), "terminated") != NULL;
			ret->current_too = ret->previous && waits;
			*ret_current = value_get(state, "running") || value_get(state, "terminated") || ret->current_too;
		}
	}
}

static bool wanted(const struct finding *f)
{
	return f->state == FINDING_ACTIVE && !f->silence && f->severity >= SEVERITY_WARNING && f->object && f->object->kind->id == KIND_POD &&
	       f->container[0];
}

/* Adds what is to be read of one container; returns how many logs that are. */
static unsigned ask_for(const struct inventory *inv, const struct finding *f, struct log_request *requests, size_t *count)
{
	struct log_request q;
	bool current;
	unsigned logs = 0;

	has_logs(f->object, f->container, &q, &current);
	current = current && !inventory_log(inv, f->object, f->container, false);
	q.previous = q.previous && !inventory_log(inv, f->object, f->container, true);
	q.current_too = q.current_too && q.previous && current;
	if (q.previous) {
		requests[(*count)++] = q;
		logs += 1 + q.current_too;
	}
	if (current && !q.current_too) {
		requests[(*count)++] = (struct log_request){.pod = f->object, .container = f->container};
		logs++;
	}
	return logs;
}

size_t logs_wanted(const struct inventory *inv, struct arena *a, const struct finding_list *findings, unsigned max, struct log_request **ret)
{
	struct log_request *requests = arena_new_array(a, struct log_request, max + 2);
	size_t count = 0;
	unsigned logs = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < findings->len && logs + 2 <= max; i++) {
			const struct finding *f = findings->items[i];

			if (!wanted(f) || has_request(requests, count, f->object, f->container) ||
			    (pass == 0 && workload_has_request(requests, count, f)))
				continue;
			logs += ask_for(inv, f, requests, &count);
		}
	}
	*ret = requests;
	return count;
}
