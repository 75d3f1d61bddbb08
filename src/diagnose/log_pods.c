/* Which running pods' logs are looked at though no check complains of them: of each workload, or of one object and what is behind it. */
#include "diagnose/graph_internal.h"
#include "diagnose/internal.h"

#define CONTAINERS_PER_POD 4u
#define LOG_SECONDS (15 * 60)                     /* what is older is no error of now (log_running.c) */
#define LOG_LINES 400                             /* of a running container: enough to tell how many of them are errors */
#define LOG_BYTES (64 << 10)                      /* times DIAGNOSE_LOG_WORKLOADS pods and their containers: some ten megabytes */
#define REQUESTS_MAX (2 * DIAGNOSE_LOG_WORKLOADS) /* a second pod of a workload is only looked at within this */
#define BEHIND_DEPTH 3u                           /* Ingress, Service, workload */

bool log_is_running(const struct container_view *c)
{
	return c->state == CONTAINER_RUNNING && c->role != CONTAINER_EPHEMERAL && (c->ready || c->role != CONTAINER_MAIN);
}

/* Static pods belong to their node, but not one of them to the others. */
static const struct object *workload_of(const struct object *pod)
{
	const struct object *top = object_top_owner(pod);

	return pod_spec(top) ? top : pod;
}

static bool is_running(struct check_run *run, const struct object *pod)
{
	const struct pod_view *v = run_pod(run, pod);

	for (uint32_t i = 0; i < v->count && !v->ended && !pod->deleted; i++)
		if (log_is_running(&v->containers[i]))
			return true;
	return false;
}

static bool has_log(const struct inventory *inv, struct check_run *run, const struct object *pod)
{
	const struct pod_view *v = run_pod(run, pod);

	for (uint32_t i = 0; i < v->count; i++) {
		const struct container_log *log = inventory_log(inv, pod, v->containers[i].name, false);

		if (log && !log->error)
			return true;
	}
	return false;
}

/* The pods of a workload, two at most, one after the other in its first round each. */
struct census {
	struct ptr_map chosen; /* workload -> how many of its pods were chosen, plus one */
	uint32_t workloads, looked_at;
};

static void choose(struct check_run *run, struct census *c, const struct object *pod, bool recorded, bool second, struct object_list *ret)
{
	const struct object *w = workload_of(pod);
	uintptr_t known = (uintptr_t)ptr_map_get(&c->chosen, w), have = known ? known - 1 : 0;

	if (!known) {
		c->workloads++;
		ptr_map_put(run->arena, &c->chosen, w, (void *)(uintptr_t)1);
	}
	if (have != second || (!second && c->looked_at >= DIAGNOSE_LOG_WORKLOADS) || (second && ret->len >= REQUESTS_MAX) ||
	    (recorded && !has_log(run->inv, run, pod)))
		return;
	for (uint32_t i = 0; second && i < ret->len; i++)
		if (ret->items[i] == pod)
			return;
	c->looked_at += !second;
	ptr_map_put(run->arena, &c->chosen, w, (void *)(have + 2));
	*arena_push(run->arena, ret) = (struct object *)(uintptr_t)pod;
}

struct object_list log_pods_of_workloads(struct check_run *run, const char *ns, bool recorded, struct log_reach *ret_reach)
{
	const struct object_list *pods = inventory_list(run->inv, KIND_POD);
	struct object_list chosen = {0};
	struct census c = {0};

	for (int second = 0; second < 2; second++)
		for (uint32_t i = ns ? object_list_from(pods, ns, "") : 0; i < pods->len && (!ns || str_eq(pods->items[i]->ns, ns)); i++)
			if (is_running(run, pods->items[i]))
				choose(run, &c, pods->items[i], recorded, second, &chosen);
	*ret_reach = (struct log_reach){.workloads = c.workloads, .looked_at = c.looked_at};
	return chosen;
}

/* ---- One object --------------------------------------------------------------------------------------------------------------- */

static void add_tree(struct check_run *run, const struct object *o, bool running, uint32_t max, struct object_list *ret)
{
	if (o->kind->id == KIND_POD && ret->len < max && is_running(run, o) == running)
		*arena_push(run->arena, ret) = (struct object *)(uintptr_t)o;
	for (uint32_t i = 0; i < o->child_count && ret->len < max; i++)
		add_tree(run, o->children[i], running, max, ret);
}

/* Down from what stands in front: an Ingress to its Services, a Service to the workloads behind it. */
static void add_behind(struct check_run *run, struct graph *g, const struct object *o, unsigned depth, struct object_list *ret)
{
	const struct edge_list *edges;

	if (pod_spec(o)) {
		uint32_t max = ret->len + DIAGNOSE_LOG_PODS;

		add_tree(run, o, true, max, ret);
		add_tree(run, o, false, max, ret);
		return;
	}
	edges = graph_edges(g, o);
	for (uint32_t i = 0; depth && i < edges->len && ret->len < REQUESTS_MAX / CONTAINERS_PER_POD; i++)
		if (edges->items[i].to.object && (edges->items[i].relation == REL_ROUTES || edges->items[i].relation == REL_SELECTS))
			add_behind(run, g, edges->items[i].to.object, depth - 1, ret);
}

struct object_list log_pods_of_object(struct check_run *run, struct graph *g, const struct object *o)
{
	struct object_list ret = {0};

	if (pod_spec(o) || o->kind->id == KIND_SERVICE || o->kind->id == KIND_INGRESS || o->kind->id == KIND_CUSTOM)
		add_behind(run, g, o, BEHIND_DEPTH, &ret);
	return ret;
}

/* ---- What to ask for ------------------------------------------------------------------------------------------------------------ */

size_t log_pods_requests(struct check_run *run, const struct object_list *pods, bool previous_too, struct log_request **ret)
{
	struct log_request *requests = arena_new_array(run->arena, struct log_request, (size_t)pods->len * 2 * CONTAINERS_PER_POD + 1);
	size_t count = 0;

	for (uint32_t i = 0; i < pods->len; i++) {
		const struct object *pod = pods->items[i];
		const struct pod_view *v = run_pod(run, pod);

		for (uint32_t k = 0, taken = 0; k < v->count && taken < CONTAINERS_PER_POD; k++) {
			const struct container_view *c = &v->containers[k];

			if (previous_too && c->last.present && !inventory_log(run->inv, pod, c->name, true))
				requests[count++] = (struct log_request){.pod = pod, .container = c->name, .previous = true};
			if (c->state == CONTAINER_RUNNING && !inventory_log(run->inv, pod, c->name, false))
				requests[count++] = (struct log_request){
					.pod = pod,
					.container = c->name,
					.timestamps = true, /* many programs log no time: then nothing would tell that it is now */
					.tail_lines = LOG_LINES,
					.since_secs = LOG_SECONDS,
					.limit_bytes = LOG_BYTES};
			taken++;
		}
	}
	*ret = requests;
	return count;
}
