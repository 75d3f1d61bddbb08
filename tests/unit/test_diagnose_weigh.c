/* Explanations that compete: each is possible, ruled out or open by what the inventory holds, and never by what was not read. */
#include "inventory_text.h"

#include "diagnose/diagnose.h"

struct weighed {
	struct ctx ctx;
	struct inventory *inv;
	struct diagnosis d;
	const struct cause *cause; /* the first */
};

static void weigh_text(struct weighed *w, const char *text)
{
	struct diagnose_options options;

	ctx_init(&w->ctx);
	w->inv = inventory_of_text(text);
	diagnose_options_init(&options);
	diagnose_inventory(w->inv, &w->ctx.arena, &options, &w->d);
	assert_int_not_equal(w->d.causes.len, 0);
	diagnose_weigh(&w->d, &w->ctx.arena, &w->d.causes);
	w->cause = w->d.causes.items[0];
}

static void weighed_release(struct weighed *w)
{
	inventory_unref(w->inv);
	ctx_release(&w->ctx);
}

static const struct hypothesis *find_hypothesis(const struct weighed *w, const char *id)
{
	for (uint32_t i = 0; i < w->cause->hypothesis_count; i++)
		if (str_eq(w->cause->hypotheses[i].id, id))
			return &w->cause->hypotheses[i];
	for (uint32_t i = 0; i < w->cause->hypothesis_count; i++)
		print_message("there is: %s (%s): %s\n", w->cause->hypotheses[i].id, hypothesis_status_text(w->cause->hypotheses[i].status),
			      w->cause->hypotheses[i].why);
	fail_msg("no hypothesis %s", id);
	return NULL;
}

static void expect(const struct weighed *w, const char *id, enum hypothesis_status status, const char *why)
{
	const struct hypothesis *h = find_hypothesis(w, id);

	assert_string_equal(hypothesis_status_text(h->status), hypothesis_status_text(status));
	assert_string_equal(h->why, why);
}

#define NODE(STATUS, PRESSURE)                                                                                                                       \
	"{'apiVersion':'v1','kind':'Node','metadata':{'name':'n1','creationTimestamp':'2026-11-01T08:00:00Z'},'status':{'conditions':["              \
	"{'type':'MemoryPressure','status':'" PRESSURE "'},{'type':'Ready','status':'" STATUS "'}]}}\n"
#define CRASHING(SPEC, EXIT, REASON)                                                                                                                   \
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web-1','namespace':'shop','labels':{'app':'web'},'creationTimestamp':"                    \
	"'2026-11-20T11:00:00Z'},'spec':{'nodeName':'n1','containers':[{'name':'c','image':'web:1'" SPEC                                               \
	"}]},'status':{'phase':'Running','conditions':["                                                                                               \
	"{'type':'PodScheduled','status':'True'},{'type':'Ready','status':'False','lastTransitionTime':'2026-11-20T11:00:20Z'}],'containerStatuses':[" \
	"{'name':'c','ready':false,'restartCount':9,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{'terminated':{'exitCode':" EXIT     \
	",'reason':'" REASON "','startedAt':'2026-11-20T11:58:00Z','finishedAt':'2026-11-20T11:59:00Z'}}}]}}\n"
#define CONFIG "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'settings','namespace':'shop'},'data':{'PORT':'1'}}\n"

static void a_crash_is_not_for_memory_by_its_exit_code(void **state)
{
	struct weighed w;

	(void)state;
	weigh_text(&w, NODE("True", "False") CONFIG CRASHING(",'envFrom':[{'configMapRef':{'name':'settings'}}]", "1", "Error"));
	assert_string_equal(w.cause->root->check->id, "pod/crash-loop");
	assert_int_equal(w.cause->hypotheses[0].status, HYPOTHESIS_CHOSEN);
	assert_true(w.cause->hypothesis_count <= HYPOTHESES_MAX);
	expect(&w, "memory", HYPOTHESIS_RULED_OUT, "last exit code is 1, not 137");
	assert_int_equal(find_hypothesis(&w, "memory")->contra_count, 1);
	assert_string_equal(find_hypothesis(&w, "memory")->contra[0].text, "1");
	expect(&w, "config-missing", HYPOTHESIS_RULED_OUT, "its ConfigMaps exist and have the keys it asks for");
	weighed_release(&w);
}

static void a_killed_container_may_have_been_killed_for_memory(void **state)
{
	struct weighed w;

	(void)state;
	weigh_text(&w, NODE("True", "False") CRASHING("", "137", "Error"));
	expect(&w, "memory", HYPOTHESIS_POSSIBLE, "last exit code is 137: killed, but nothing says that it was for memory");
	assert_int_equal(w.cause->hypotheses[1].status, HYPOTHESIS_POSSIBLE);
	weighed_release(&w);
}

#define SERVICE(NAME)                                                                                                                                \
	"{'apiVersion':'v1','kind':'Service','metadata':{'name':'" NAME "','namespace':'shop'},'spec':{'selector':{'app':'" NAME                     \
	"'},'ports':[{'port':80}]}}\n"

static void a_service_that_is_named_may_be_down(void **state)
{
	struct weighed w;

	(void)state;
	weigh_text(&w, NODE("True", "False") SERVICE("db") CRASHING(",'env':[{'name':'DB_HOST','value':'db'}]", "1", "Error"));
	for (uint32_t i = 0; i < w.d.causes.len && !str_eq(w.cause->root->check->id, "pod/crash-loop"); i++)
		w.cause = w.d.causes.items[i];
	expect(&w, "dependency", HYPOTHESIS_POSSIBLE, "env DB_HOST of container c names Service shop/db, which has no ready endpoint");
	weighed_release(&w);
}

#define PULLING(MESSAGE)                                                                                                                                    \
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web-1','namespace':'shop','creationTimestamp':'2026-11-20T11:00:00Z'},'spec':{"                \
	"'nodeName':'n1','containers':[{'name':'c','image':'r.example/web:1'}]},'status':{'phase':'Pending','conditions':[{'type':'PodScheduled','status':" \
	"'True'},{'type':'Ready','status':'False','lastTransitionTime':'2026-11-20T11:00:20Z'}],'containerStatuses':[{'name':'c','ready':false,"            \
	"'restartCount':0,'state':{'waiting':{'reason':'ImagePullBackOff','message':'" MESSAGE "'}}}]}}\n"                                                  \
	"{'apiVersion':'v1','kind':'Event','metadata':{'name':'e','namespace':'shop'},'involvedObject':{'kind':'Pod','namespace':'shop','name':'web-1'},"   \
	"'type':'Warning','reason':'Failed','message':'" MESSAGE "','count':9,'lastTimestamp':'2026-11-20T12:00:00Z'}\n"

static void a_registry_that_answers_is_not_down(void **state)
{
	struct weighed w;

	(void)state;
	weigh_text(&w, NODE("True", "False") PULLING("Failed to pull image: r.example/web:1: manifest unknown"));
	assert_string_equal(w.cause->root->check->id, "pod/image-pull");
	expect(&w, "image-absent", HYPOTHESIS_POSSIBLE, "the pull ended with \"manifest unknown\"");
	expect(&w, "registry-down", HYPOTHESIS_RULED_OUT, "the pull ended with \"manifest unknown\"");
	expect(&w, "credentials", HYPOTHESIS_RULED_OUT, "the pull ended with \"manifest unknown\"");
	expect(&w, "node-ill", HYPOTHESIS_RULED_OUT, "Node n1 is Ready and has no pressure");
	weighed_release(&w);
	weigh_text(&w, NODE("True", "True") PULLING("Failed to pull image: dial tcp 10.0.0.1:443: i/o timeout"));
	for (uint32_t i = 0; i < w.d.causes.len && !str_eq(w.cause->root->check->id, "pod/image-pull"); i++)
		w.cause = w.d.causes.items[i];
	expect(&w, "registry-down", HYPOTHESIS_POSSIBLE, "the pull ended with \"dial tcp\"");
	expect(&w, "node-ill", HYPOTHESIS_POSSIBLE, "Node n1 has MemoryPressure");
	weighed_release(&w);
}

#define WAITING(MESSAGE)                                                                                                                             \
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web-1','namespace':'shop','creationTimestamp':'2026-11-20T11:00:00Z'},'spec':{"         \
	"'containers':[{'name':'c','image':'web:1'}]},'status':{'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False','reason':"   \
	"'Unschedulable','message':'" MESSAGE "','lastTransitionTime':'2026-11-20T11:00:00Z'}]}}\n"

static void the_scheduler_says_what_keeps_a_pod_out(void **state)
{
	struct weighed w;

	(void)state;
	weigh_text(
		&w,
		NODE("True", "False") WAITING(
			"0/1 nodes are available: 1 node(s) had untolerated taint {example.com/gpu: true}. preemption: 0/1 nodes are available.") "{'apiVersion':'v1','kind':'ResourceQuota','metadata':{'name':'compute','namespace':'shop'},'status':{'hard':{'pods':'10'},"
																		  "'used':{'pods':'4'}}}\n");
	assert_string_equal(w.cause->root->check->id, "pod/unschedulable");
	expect(&w, "taint", HYPOTHESIS_POSSIBLE, "the scheduler says: 1 node(s) had untolerated taint {example.com/gpu: true}");
	expect(&w, "room", HYPOTHESIS_RULED_OUT, "the scheduler names no lack of a resource");
	expect(&w, "affinity", HYPOTHESIS_RULED_OUT, "the scheduler names no selector or affinity");
	weighed_release(&w);
}

static void what_was_not_read_rules_nothing_out(void **state)
{
	struct check_options checks;
	struct diagnose_options options;
	struct weighed w;
	struct value v;
	struct err err;
	/* A pod alone: no nodes, no ConfigMaps, no events. */
	char pod[] = CRASHING(",'envFrom':[{'configMapRef':{'name':'settings'}}]", "1", "Error");

	(void)state;
	check_options_init(&checks);
	for (char *p = pod; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	ctx_init(&w.ctx);
	w.inv = inventory_new();
	assert_int_equal(json_parse(inventory_builder(w.inv), pod, strlen(pod), NULL, &v, &err), 0);
	assert_int_equal(inventory_add(w.inv, NULL, &v, &err), 0);
	inventory_mark_seen(w.inv, &kind_table[KIND_POD], NULL);
	inventory_seal(w.inv);
	diagnose_options_init(&options);
	diagnose_inventory(w.inv, &w.ctx.arena, &options, &w.d);
	diagnose_weigh(&w.d, &w.ctx.arena, &w.d.causes);
	w.cause = w.d.causes.items[0];
	expect(&w, "config-missing", HYPOTHESIS_UNKNOWN, "configmaps were not read");
	weighed_release(&w);
}

RUN_TESTS(cmocka_unit_test(a_crash_is_not_for_memory_by_its_exit_code), cmocka_unit_test(a_killed_container_may_have_been_killed_for_memory),
	  cmocka_unit_test(a_service_that_is_named_may_be_down), cmocka_unit_test(a_registry_that_answers_is_not_down),
	  cmocka_unit_test(the_scheduler_says_what_keeps_a_pod_out), cmocka_unit_test(what_was_not_read_rules_nothing_out))
