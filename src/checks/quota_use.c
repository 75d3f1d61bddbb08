/* Who uses most of what a ResourceQuota counts. */
#include "base/hash.h"
#include "checks/workload.h"

/* What one pod counts for: "requests.cpu", "cpu", "limits.memory", "pods". */
static double pod_counts_for(const struct object *pod, const char *resource)
{
	double sum = 0, q;
	if (str_eq(resource, "pods") || str_eq(resource, "count/pods"))
		return 1;
	if (strncmp(resource, "limits.", 7) == 0) {
		for (value_each(c, value_get(pod->spec, "containers")))
			if (value_quantity(value_get(value_at(c, "resources.limits"), resource + 7), &q))
				sum += q;
		return sum;
	}
	return pod_request(pod->spec, strncmp(resource, "requests.", 9) == 0 ? resource + 9 : resource);
}

struct share {
	const struct object *owner;
	double sum;
};

const struct object *quota_biggest_user(struct check_run *run, const char *ns, const char *resource, double *ret_sum)
{
	const struct object_list *pods = inventory_list(run->inv, KIND_POD);
	_cleanup_(hash_release) struct hash shares;
	struct share *best = NULL;
	hash_init(&shares);
	for (uint32_t i = 0; i < pods->len; i++) {
		const struct object *pod = pods->items[i];
		const char *phase = value_get_str(pod->status, "phase");
		if (!str_eq(pod->ns, ns) || str_eq(phase, "Succeeded") || str_eq(phase, "Failed"))
			continue;
		const struct object *owner = object_top_owner(pod);
		struct share *s = hash_get_ptr(&shares, owner);
		if (!s) {
			s = arena_new(run->arena, struct share);
			s->owner = owner;
			hash_put_ptr(&shares, owner, s);
		}
		s->sum += pod_counts_for(pod, resource);
		if (!best || s->sum > best->sum)
			best = s;
	}
	if (!best || best->sum <= 0)
		return NULL;
	*ret_sum = best->sum;
	return best->owner;
}
