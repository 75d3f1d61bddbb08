/* Clocks that differ: events from the future, and nodes whose leases are off from the others'. */
#include "checks/check.h"

#define LEASES_MIN 3 /* with two there is no telling which one is off */

static void run_events(struct check_run *run)
{
	const struct event_list *events = inventory_events(run->inv);
	usec_t limit = inventory_now(run->inv) + run->options->clock_skew;
	uint32_t n = 0;
	/* Newest first: those of the future stand at the beginning. */
	while (events && inventory_now(run->inv) && n < events->len && events->items[n]->last > limit)
		n++;
	if (n == 0)
		return;
	const struct event *e = events->items[0];
	struct finding *f = finding_new(run, NULL, "%u event%s, written by %s, lie%s up to %s in the future: its clock is ahead of the API server's",
					n, n == 1 ? "" : "s", *e->source ? e->source : "an unknown component", n == 1 ? "s" : "",
					run_span(run, e->last - inventory_now(run->inv)));
	finding_event(run, f, e);
}

static int compare_times(const void *x, const void *y)
{
	usec_t a = *(const usec_t *)x, b = *(const usec_t *)y;
	return a < b ? -1 : a > b;
}

/* Only the leases of nodes that are heard of: another one's may be old because the node is gone. */
static bool is_fresh(const struct check_run *run, const struct object *lease)
{
	const struct object *node = str_eq(lease->ns, "kube-node-lease") ? inventory_find(run->inv, KIND_NODE, "", lease->name) : NULL;
	return node && str_eq(condition_status(node, "Ready"), "True") && value_get_time(lease->spec, "renewTime");
}

static void add_lease(struct check_run *run, const struct object *lease, usec_t off, bool ahead, uint32_t others)
{
	const struct object *node = inventory_find(run->inv, KIND_NODE, "", lease->name);
	struct finding *f = finding_new(run, node, "The clock of %s is %s %s: it renews its lease at other times than the %u other nodes",
					run_text(run, node), run_span(run, off), ahead ? "ahead" : "behind", others);
	finding_field(run, f, lease, "spec.renewTime");
}

static void run_skew(struct check_run *run, const struct object *o)
{
	const struct object_list *leases = inventory_list(run->inv, KIND_LEASE);
	usec_t *times = arena_new_array(run->arena, usec_t, leases->len + 1);
	size_t n = 0;
	(void)o;
	run_events(run);
	for (uint32_t i = 0; i < leases->len; i++)
		if (is_fresh(run, leases->items[i]))
			times[n++] = value_get_time(leases->items[i]->spec, "renewTime");
	if (n < LEASES_MIN)
		return;
	qsort(times, n, sizeof(*times), compare_times);
	usec_t middle = times[n / 2];
	for (uint32_t i = 0; i < leases->len; i++) {
		usec_t t = is_fresh(run, leases->items[i]) ? value_get_time(leases->items[i]->spec, "renewTime") : middle;
		if (t > middle + run->options->clock_skew || t < middle - run->options->clock_skew)
			add_lease(run, leases->items[i], t > middle ? t - middle : middle - t, t > middle, (uint32_t)n - 1);
	}
}

const struct check check_event_clock_skew = {
	.id = "event/clock-skew",
	.kind = KIND_COUNT,
	.severity = SEVERITY_WARNING,
	.title = "Clocks differ",
	.explain =
		"Events lie in the future of the API server, or a node that is ready renews its lease at times that are more than a minute (threshold clock-skew) off from "
		"the middle of all nodes, three at least. Certificates, tokens and the order of events go wrong on such a machine. In a recording without a "
		"time of its own the youngest time counts as now, and no event can be younger.",
	.fix = "Let the machine's clock be set by NTP (chronyc tracking, timedatectl).",
	.run = run_skew,
};
