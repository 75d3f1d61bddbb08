#include "checks/rules.h"
#include "diagnose/internal.h"

#include "diagnose/calls.h"

const char *verdict_text(enum verdict v)
{
	static const char *const texts[] = {"healthy", "degraded", "failing", "recovered", "unknown"};

	return (size_t)v < ARRAY_LEN(texts) ? texts[v] : "unknown";
}

void diagnose_options_init(struct diagnose_options *o)
{
	*o = (struct diagnose_options){.read_logs = true, .max_logs = DIAGNOSE_MAX_LOGS, .log_timeout = DIAGNOSE_LOG_TIMEOUT};
	check_options_init(&o->checks);
}

static int compare_id(const void *x, const void *y)
{
	return strcmp((*(const struct check *const *)x)->id, (*(const struct check *const *)y)->id);
}

const struct check **diagnose_catalogue(struct arena *a, size_t *ret_count)
{
	const struct check **all = arena_new_array(a, const struct check *, check_count + log_check_count + 1);
	size_t n = 0;

	for (size_t i = 0; i < check_count; i++)
		all[n++] = check_table[i];
	for (size_t i = 0; i < log_check_count; i++)
		all[n++] = &log_checks[i];
	all[n++] = &calls_check_blocked;
	qsort(all, n, sizeof(*all), compare_id);
	*ret_count = n;
	return all;
}

static void renumber(struct finding_list *list)
{
	for (uint32_t i = 0; i < list->len; i++)
		list->items[i]->id = i;
}

/* What only the logs of running programs show, as far as they are asked for and there. */
static void look_at_running(struct check_run *run, struct graph *g, const struct diagnose_options *options, uint32_t checked, struct log_reach *ret)
{
	struct object_list pods;

	if (options->about) {
		pods = log_pods_of_object(run, g, options->about);
		log_running_findings(run, g, checked, &pods);
	}
	if (options->scan_logs) {
		pods = log_pods_of_workloads(run, options->ns, true, ret);
		log_running_findings(run, g, checked, &pods);
	}
}

/* Findings -> causes, with the logs that the inventory has by now. */
static void conclude(const struct inventory *inv, struct arena *arena, const struct diagnose_options *options, struct check_run *run,
		     struct diagnosis *ret)
{
	struct chain *chain = arena_new(arena, struct chain);
	struct graph *g = graph_new(inv, arena);
	uint32_t checked = run->findings.len;
	struct log_reach reach = {0};

	if (!options->checks.only_check) {
		log_scan_findings(run, g, checked);
		look_at_running(run, g, options, checked, &reach);
		calls_findings(run, g);
	}
	rules_silence(run, checked);
	renumber(&run->findings);
	chain_build(chain, g, arena, &run->findings);
	silence_followers(chain);
	*ret = (struct diagnosis){
		.inv = inv, .findings = run->findings, .silenced = silenced_of(arena, &run->findings), .logs = reach, .graph = g, .chain = chain};
	causes_build(ret, chain, arena, options->ns);
}

static void conclude_verdict(struct diagnosis *d, struct arena *a, const char *ns)
{
	d->verdict = verdict_of(d, a, NULL, ns, &d->verdict_why);
}

void diagnose_inventory(const struct inventory *inv, struct arena *arena, const struct diagnose_options *options, struct diagnosis *ret)
{
	struct check_run run;
	struct check_options *checks = arena_memdup(arena, &options->checks, sizeof(options->checks));

	check_run_all(&run, inv, arena, checks);
	conclude(inv, arena, options, &run, ret);
	conclude_verdict(ret, arena, options->ns);
}

static int read_some(struct cluster *c, struct ctx *ctx, usec_t timeout, const struct log_request *requests, size_t count, struct err *err)
{
	struct err ignored;

	/* A log that cannot be read is recorded with the reason; only being told to stop ends the diagnosis. */
	struct ctx child;
	int r;

	if (!count)
		return 0;
	/* Nodes that do not answer must not hold up the whole: what has not come by then is told as not read. */
	ctx_init_child(&child, ctx, timeout);
	r = cluster_read_logs(c, &child, requests, count, &ignored);
	ctx_release(&child);
	return r < 0 ? ctx_check(ctx, err) : 0;
}

/* First those of what is ill, whose whole end is wanted; then those of what runs, of which the last minutes are. */
static int read_logs(struct cluster *c, struct ctx *ctx, const struct diagnose_options *options, struct check_run *run, size_t *ret_count,
		     struct err *err)
{
	struct log_request *requests = NULL;
	struct object_list pods;
	struct log_reach reach;
	size_t count = 0;
	int r;

	*ret_count = 0;
	if (options->read_logs)
		count = logs_wanted(run->inv, run->arena, &run->findings, options->max_logs, &requests);
	if ((r = read_some(c, ctx, options->log_timeout, requests, count, err)) < 0)
		return r;
	*ret_count += count;
	if (options->about && options->read_logs) {
		pods = log_pods_of_object(run, graph_new(run->inv, run->arena), options->about);
		count = log_pods_requests(run, &pods, true, &requests);
		if ((r = read_some(c, ctx, options->log_timeout, requests, count, err)) < 0)
			return r;
		*ret_count += count;
	}
	if (options->scan_logs) {
		pods = log_pods_of_workloads(run, options->ns, false, &reach);
		count = log_pods_requests(run, &pods, false, &requests);
		if ((r = read_some(c, ctx, options->log_timeout, requests, count, err)) < 0)
			return r;
		*ret_count += count;
	}
	return 0;
}

int diagnose_cluster(struct cluster *c, struct ctx *ctx, const struct diagnose_options *options, struct diagnosis *ret, struct err *err)
{
	const struct inventory *inv = cluster_inventory(c);
	struct check_run run;
	struct check_options *checks = arena_memdup(&ctx->arena, &options->checks, sizeof(options->checks));
	size_t count;
	int r = ctx_check(ctx, err);

	if (r < 0)
		return r;
	check_run_all(&run, inv, &ctx->arena, checks);
	if (cluster_is_live(c)) {
		if ((r = read_logs(c, ctx, options, &run, &count, err)) < 0)
			return r;
		/* The pods' checks quote their logs: run them again with what is known now. */
		if (count)
			check_run_all(&run, inv, &ctx->arena, checks);
	}
	conclude(inv, &ctx->arena, options, &run, ret);
	conclude_verdict(ret, &ctx->arena, options->ns);
	return ctx_check(ctx, err);
}
