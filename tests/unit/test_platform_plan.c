/* Plans: every contradiction of the specification is found with its figures, repairs leave none and do no more than is needed, volumes are full when
 * arithmetic says so. */
#include "unit.h"

#include "platform/plan.h"

#include <math.h>

#define START ((usec_t)1767225600 * USEC_PER_SEC) /* 2026-01-01 */

static struct ctx ctx;

static struct plan *make(const char *environment, int tenants, bool repair)
{
	struct plan_options *o = arena_new(&ctx.arena, struct plan_options);
	struct plan *p = arena_new(&ctx.arena, struct plan);
	struct err err = {0};

	*o = (struct plan_options){
		.environment = environment, .tenants = tenants, .months = 12, .growth = 0.5, .factor = 1, .repair = repair, .start = START};
	if (plan_make(&ctx, o, p, &err) < 0)
		fail_msg("%s", err.message);
	return p;
}

static const struct issue *find(const struct plan *p, const char *id)
{
	for (uint32_t n = 0; n < p->audit.issues.len; n++)
		if (str_eq(p->audit.issues.items[n]->id, id))
			return p->audit.issues.items[n];
	return NULL;
}

static double figure(const struct issue *i, const char *what)
{
	for (unsigned n = 0; n < i->figure_count; n++)
		if (str_eq(i->figures[n].what, what))
			return i->figures[n].value;
	fail_msg("%s has no figure \"%s\"", i->id, what);
	return 0;
}

/* What reading the document by hand finds: an id, and a figure that has to be computed. */
static const struct expected {
	const char *environment, *id, *what;
	double value;
} expected[] = {
	/* budgets against sums */
	{"dev", "budget/dev/headroom", "CPU", 16},
	{"production", "budget/production/cpu", "over by", 8},
	{"production", "budget/production/memory", "over by", 64},
	{"production", "budget/production/storage", "over by", 500},
	{"kamaji", "budget/kamaji/cpu", "over by", 16},
	{"kamaji", "budget/kamaji/memory", "over by", 64},
	{"kamaji", "budget/tenant/headroom", "memory", 256},
	/* 1 to 5: nodes and machines */
	{"dev", "nodes/dev/memory", "allocated in the cluster", 116},
	{"dev", "nodes/dev/memory", "workers' memory", 32},
	{"dev", "pod/dev/jamie", "minimum, from", 16},
	{"dev", "hardware/laptop-min/memory", "machine", 64},
	{"dev", "hardware/laptop-min/cpu", "budget", 16},
	{"dev", "hardware/laptop-min/storage", "budget", 2000},
	{"production", "nodes/production/memory", "missing for all allocations", 64},
	{"production", "pod/production/scarlet", "of it for pods", 30},
	{"production", "machines/production/server-recommended", "nodes", 88},
	{"production", "hardware/server-min/cpu", "machine", 24},
	{"production", "hardware/server-min/memory", "machine", 128},
	{"kamaji", "machines/kamaji/kamaji-management", "nodes", 240},
	{"kamaji", "nodes/tenant/memory", "missing for all allocations", 64},
	{"kamaji", "machines/tenant/worker-min", "if each worker were one", 144},
	{"kamaji", "machines/tenant/worker-recommended", "if each worker were one", 288},
	/* 6: agents against allocations */
	{"production", "agents/production/ai-stack/cpu", "recommended, from", 24},
	{"production", "agents/production/ai-stack/memory", "recommended, to", 192},
	{"dev", "agents/dev/ai-models/cpu", "minimum, from", 4},
	{"dev", "agents/dev/scarlet/unbudgeted", "minimum memory", 32},
	/* 7: sizes said twice */
	{"production", "storage/vectors/two-sizes", "hardware, to", 2000},
	{"production", "storage/models/llama3.1-70b", "GPU memory, as specified", 40},
	/* 8: GPU memory */
	{"production", "vram/production", "smallest choice", 24},
	{"production", "vram/agent/scarlet", "minimum, from", 8},
	{"production", "vram/agent/jamie", "model", 8},
	{"production", "gpu/server-min", "machine", 12},
	{"kamaji", "gpu/worker-min", "budget", 16},
	{"dev", "gpu/laptop-min", "machine", 8},
	{"dev", "gpu/apple", NULL, 0},
	/* 9: names of models */
	{"dev", "names/models", "models listed", 4},
	/* 10: ports */
	{"kamaji", "ports/konnectivity-agent/unknown", "port", 8191},
	{"production", "ports/postgresql/unknown", "port", 5432},
	{"production", "ports/8000/shared", "programs", 5},
	{"production", "ports/8080/shared", "port", 8080},
	{"production", "ports/9090/shared", "port", 9090},
	{"production", "ports/missing", "missing", 8},
	/* 11: network cards */
	{"production", "network/server-min", "card", 10},
	{"kamaji", "network/kamaji-management", "internal", 100},
	{"kamaji", "network/worker-min", "card", 25},
	{"kamaji", "network/worker-recommended", "card", 50},
	/* 12: storage classes */
	{"dev", "storage-class/local-path", NULL, 0},
	{"dev", "storage-class/gpu-local", NULL, 0},
	/* 13: versions and packages */
	{"kamaji", "versions/kubernetes", NULL, 0},
	{"production", "versions/mongodb", NULL, 0},
	{"production", "versions/langchain", NULL, 0},
	{"production", "versions/langgraph", NULL, 0},
	{"production", "versions/kubectl/latest", NULL, 0},
	{"production", "versions/pulumi/latest", NULL, 0},
	{"kamaji", "versions/kamaji/latest", NULL, 0},
	{"production", "names/pip/opik-python", NULL, 0},
	{"production", "names/pip/ollama-python", NULL, 0},
	{"production", "names/pip/asyncio", NULL, 0},
	/* 14: retention and growth */
	{"production", "storage/prometheus/retention", "kept then", 600},
	{"production", "storage/prometheus/retention", "full in", 25},
	{"production", "storage/opik/retention", "full in, at the soonest", 20},
	{"production", "storage/opik/retention", "full in, at the latest", 100},
	{"production", "storage/opik/retention", "above the smallest size, at the soonest", 16},
	{"production", "storage/conversations/retention", "full in, at the soonest", 140},
	{"production", "storage/conversations/retention", "full in, at the latest", 700},
	{"production", "storage/vectors/retention", "full in, at the soonest", 350},
	{"production", "storage/vectors/retention", "full in, at the latest", 1400},
	/* 15 to 17: scopes, alerts */
	{"production", "slack/scope/channels:history", NULL, 0},
	{"production", "slack/scope/groups:history", NULL, 0},
	{"production", "slack/scope/im:history", NULL, 0},
	{"production", "slack/scope/app_mentions:read", NULL, 0},
	{"production", "slack/scope/im:write", NULL, 0},
	{"production", "slack/scope/connections:write", NULL, 0},
	{"production", "alerts/agent-crash-loops/threshold", NULL, 0},
	{"production", "alerts/slack-failures/threshold", NULL, 0},
	{"production", "alerts/evaluation-decline/threshold", NULL, 0},
	{"production", "alerts/gpu-memory/vllm", "vLLM takes", 90},
	/* 18: Kamaji */
	{"kamaji", "kamaji/operator/size", "allocated", 8},
	{"kamaji", "kamaji/tenant-control-planes/memory", "hosted control planes, at least", 18},
	{"kamaji", "kamaji/tenant-control-planes/memory", "hosted control planes, at most", 60},
	/* 19: things without an owner */
	{"production", "ports/redis/unsized", "port", 6379},
	{"production", "names/python", "tools that run in Python", 4},
};

static void every_contradiction_is_found(void **state)
{
	const struct plan *plans[] = {make("dev", 0, false), make("production", 0, false), make("kamaji", 0, false)};

	for (size_t n = 0; n < ARRAY_LEN(expected); n++) {
		const struct expected *e = &expected[n];
		const struct issue *i = NULL;

		for (size_t k = 0; k < ARRAY_LEN(plans); k++)
			if (str_eq(plans[k]->options->environment, e->environment))
				i = find(plans[k], e->id);
		if (!i)
			fail_msg("%s: %s is not found", e->environment, e->id);
		if (e->what && fabs(figure(i, e->what) - e->value) > 0.05)
			fail_msg("%s: %s is %g, not %g", e->id, e->what, figure(i, e->what), e->value);
	}
}

/* Each says what, why and where; ids are not said twice; what is no note says what to do. */
static void findings_are_whole(void **state)
{
	static const char *const environments[] = {"dev", "production", "kamaji"};

	for (size_t n = 0; n < ARRAY_LEN(environments); n++) {
		const struct plan *p = make(environments[n], 0, false);

		for (uint32_t k = 0; k < p->audit.issues.len; k++) {
			const struct issue *i = p->audit.issues.items[k];

			assert_true(*i->title && *i->why && i->source_count > 0);
			assert_ptr_equal(find(p, i->id), i);
			if (i->kind != ISSUE_NOTE)
				assert_true(*i->repair && i->edit_count > 0);
			else
				assert_int_equal(i->edit_count, 0);
		}
	}
}

/* What holds is not told. */
static void no_false_findings(void **state)
{
	const struct plan *dev = make("dev", 0, false), *production = make("production", 0, false), *kamaji = make("kamaji", 0, false);

	assert_null(find(dev, "budget/dev/cpu"));
	assert_null(find(dev, "network/laptop-min"));
	assert_null(find(dev, "versions/kubernetes"));
	assert_null(find(dev, "vram/dev"));
	assert_null(find(dev, "alerts/gpu-memory/vllm"));
	assert_null(find(production, "budget/kamaji/cpu"));
	assert_null(find(production, "network/server-recommended"));
	assert_null(find(production, "gpu/server-recommended"));
	assert_null(find(production, "storage/loki/retention"));
	assert_null(find(production, "storage/tempo/retention"));
	assert_null(find(production, "ports/mongodb/unknown"));
	assert_null(find(production, "ports/alertmanager/unsized"));
	assert_null(find(production, "storage-class/local-path"));
	assert_null(find(production, "alerts/llm-slow/threshold"));
	assert_null(find(kamaji, "budget/kamaji/storage"));
	assert_null(find(kamaji, "nodes/kamaji/memory"));
	assert_null(find(kamaji, "vram/tenant"));
	assert_null(find(kamaji, "kamaji/tenant-control-planes/capacity"));
}

/* What the rules find of a specification: how much of it is neither note nor accepted. */
static unsigned still_open(struct plan *p)
{
	struct audit found;
	unsigned open = 0;

	audit_run(&p->spec, &p->audit_options, &found);
	for (uint32_t n = 0; n < found.issues.len; n++)
		open += found.issues.items[n]->kind != ISSUE_NOTE;
	return open;
}

static void repairs_leave_nothing_and_do_no_more(void **state)
{
	static const struct {
		const char *environment;
		int tenants;
	} cases[] = {{"dev", 0},     {"production", 0}, {"kamaji", 0},    {"kamaji", 1},     {"kamaji", 19},
		     {"kamaji", 20}, {"kamaji", 100},   {"kamaji", 1000}, {"kamaji", 100000}};

	for (size_t n = 0; n < ARRAY_LEN(cases); n++) {
		struct plan *p = make(cases[n].environment, cases[n].tenants, true);

		assert_int_equal(p->open, 0);
		assert_int_equal(still_open(p), 0);
		assert_true(p->repair.len > 20 && p->repair.len < 200);
		/* Undoing any one change makes something wrong again. */
		for (uint32_t k = 0; k < p->repair.len; k++) {
			const struct spec_edit *e = p->repair.items[k].edit;
			double now = e->number ? *e->number : 0;
			const char *text = e->text ? *e->text : NULL;

			if (e->number ? e->from == now : str_eq(e->text_from, text))
				continue;
			/* A card's name follows from its memory and number. */
			if (e->text && str_eq(p->repair.items[k].issue->id, "vram/production"))
				continue;
			if (e->number)
				*e->number = e->from;
			else
				*e->text = e->text_from;
			if (still_open(p) == 0)
				fail_msg("%s %d: \"%s\" was not needed", cases[n].environment, cases[n].tenants, e->what);
			if (e->number)
				*e->number = now;
			else
				*e->text = text;
		}
	}
}

/* The nodes that a repair takes against all that could have been taken. */
static void nodes_are_the_cheapest(void **state)
{
	struct plan *p = make("production", 0, false);
	const struct spec_cluster *c = &p->spec.clusters[SPEC_PRODUCTION];
	const struct spec_amount need = {.cpu = 120, .memory_gb = 700};
	const double node = spec_fact(&p->spec, "cost.node", 0), gb = spec_fact(&p->spec, "cost.memory_gb", 0),
		     reserved = spec_fact(&p->spec, "node_reserved.memory_gb", 0);
	struct spec_cluster got;
	double cost;

	audit_nodes(&p->spec, c, need, 8, 32, 8, &got);
	assert_true(got.workers * got.cpu >= need.cpu && got.workers * got.memory_gb >= need.memory_gb);
	assert_true(got.cpu >= 8 && got.memory_gb - reserved >= 32 && got.workers >= c->workers);
	cost = got.workers * (got.cpu + got.memory_gb * gb + node);
	for (double workers = c->workers; workers < 60; workers++)
		for (double cpu = c->cpu; cpu <= 48; cpu++)
			for (double memory = 40; memory <= 256; memory += 8)
				if (workers * cpu >= need.cpu && workers * memory >= need.memory_gb)
					assert_true(workers * (cpu + memory * gb + node) >= cost - 1e-9);
}

static void volumes_are_full_on_a_day(void **state)
{
	const struct plan *p = make("production", 0, false);

	for (uint32_t n = 0; n < p->volumes.len; n++) {
		const struct plan_volume *v = &p->volumes.items[n];

		if (str_eq(v->volume->id, "opik")) {
			/* 100 GB at 3 a day. */
			assert_true(fabs(v->full_days - 100.0 / 3) < 1e-9);
			assert_string_equal(v->full_date, "2026-02-03");
		}
		if (str_eq(v->volume->id, "prometheus")) {
			/* 30 days of 12.5 GB fit. */
			assert_true(v->full_days < 0 && v->size_gb == 380);
		}
		if (str_eq(v->volume->id, "grafana"))
			assert_true(v->full_days < 0 && v->size_gb == 10);
	}
	p = make("production", 0, true);
	for (uint32_t n = 0; n < p->volumes.len; n++)
		assert_true(p->volumes.items[n].full_days < 0);
}

static void models_need_weights_and_cache(void **state)
{
	const struct plan *p = make("production", 0, false);
	const struct spec_model *m = spec_model(&p->spec, "llama3.1-70b");

	/* 2 x 80 layers x 8 heads x 128 x 2 bytes. */
	assert_true(m->kv_bytes_per_token == 327680);
	assert_true(spec_model(&p->spec, "custom-jamie-8b")->kv_bytes_per_token == 131072);
	for (uint32_t n = 0; n < p->models.len; n++)
		if (p->models.items[n].model == m)
			assert_true(fabs(p->models.items[n].need_gb - (40 + 327680.0 * 8192 / 1e9 + 1)) < 1e-9);
}

static void tenants_share_and_add_up(void **state)
{
	const struct plan *one = make("kamaji", 1, false), *many = make("kamaji", 1000, false);

	assert_true(many->nodes == 15 + 1000 * 6);
	assert_true(one->nodes == 15 + 6);
	assert_true(many->datastores == 10 && one->datastores == 1);
	assert_non_null(find(many, "kamaji/tenant-control-planes/capacity"));
	assert_true(figure(find(many, "kamaji/tenant-control-planes/capacity"), "planned") == 1000);
}

static void accepted_ones_stay(void **state)
{
	static const char *const ids[] = {"budget/production/storage"};
	struct plan_options o = {.environment = "production",
				 .months = 12,
				 .growth = 0.5,
				 .factor = 1,
				 .repair = true,
				 .accepted = ids,
				 .accepted_count = 1,
				 .start = START};
	static const char *const wrong[] = {"budget/production/storge"};
	struct plan p;
	struct err err;

	assert_int_equal(plan_make(&ctx, &o, &p, &err), 0);
	assert_true(p.open == 0 && find(&p, ids[0]) && find(&p, ids[0])->accepted);
	assert_true(p.spec.budgets[SPEC_PRODUCTION].total.storage_gb == 4000);
	o.accepted = wrong;
	assert_int_equal(plan_make(&ctx, &o, &p, &err), ERR_USAGE);
	assert_non_null(strstr(err.message, "did you mean budget/production/storage?"));
}

static int setup(void **state)
{
	ctx_init(&ctx);
	return 0;
}

static int teardown(void **state)
{
	ctx_release(&ctx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_contradiction_is_found),
		cmocka_unit_test(findings_are_whole),
		cmocka_unit_test(no_false_findings),
		cmocka_unit_test(repairs_leave_nothing_and_do_no_more),
		cmocka_unit_test(nodes_are_the_cheapest),
		cmocka_unit_test(volumes_are_full_on_a_day),
		cmocka_unit_test(models_need_weights_and_cache),
		cmocka_unit_test(tenants_share_and_add_up),
		cmocka_unit_test(accepted_ones_stay),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
