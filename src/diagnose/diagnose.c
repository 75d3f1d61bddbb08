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
	*o = (struct diagnose_options){.read_logs = true, .max_logs = DIAGNOSE_MAX_LOGS};
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
	/* The last only tells an error from other lines (log_scan.c) and never becomes a finding. */
	for (size_t i = 0; i + 1 < log_check_count; i++)
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

/* Findings -> causes, with the logs that the inventory has by now. */
static void conclude(const struct inventory *inv, struct arena *arena, const struct diagnose_options *options, struct check_run *run,
		     struct diagnosis *ret)
{
	struct chain *chain = arena_new(arena, struct chain);
	struct graph *g = graph_new(inv, arena);
	uint32_t checked = run->findings.len;

	if (!options->checks.only_check) {
		log_scan_findings(run, g, checked);
		calls_findings(run, g);
	}
	rules_silence(run, checked);
	renumber(&run->findings);
	chain_build(chain, g, arena, &run->findings);
	silence_followers(chain);
	*ret = (struct diagnosis){.inv = inv, .findings = run->findings, .silenced = silenced_of(arena, &run->findings), .graph = g, .chain = chain};
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

int diagnose_cluster(struct cluster *c, struct ctx *ctx, const struct diagnose_options *options, struct diagnosis *ret, struct err *err)
{
	const struct inventory *inv = cluster_inventory(c);
	struct log_request *requests;
	struct check_run run;
	struct check_options *checks = arena_memdup(&ctx->arena, &options->checks, sizeof(options->checks));
	size_t count;
	int r = ctx_check(ctx, err);

	if (r < 0)
		return r;
	check_run_all(&run, inv, &ctx->arena, checks);
	if (options->read_logs && cluster_is_live(c)) {
		count = logs_wanted(inv, &ctx->arena, &run.findings, options->max_logs, &requests);
		if (count) {
			struct err ignored;

			/* A log that cannot be read is recorded with the reason; only being told to stop ends the diagnosis. */
			if (cluster_read_logs(c, ctx, requests, count, &ignored) < 0 && (r = ctx_check(ctx, err)) < 0)
				return r;
			/* The pods' checks quote their logs: run them again with what is known now. */
			check_run_all(&run, inv, &ctx->arena, checks);
		}
	}
	conclude(inv, &ctx->arena, options, &run, ret);
	conclude_verdict(ret, &ctx->arena, options->ns);
	return ctx_check(ctx, err);
}
