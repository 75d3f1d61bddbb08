/* What changed: revisions of StatefulSets, releases of Helm, syncs of Argo CD, autoscalers, nodes, and what may be blamed. */
#include "inventory_text.h"

#include "diagnose/diagnose.h"
#include "diagnose/graph.h"

struct changed {
	struct arena arena;
	struct inventory *inv;
	struct change_list list;
};

static void changes_in_text(struct changed *c, const char *text, enum kind_id kind, const char *ns, const char *name)
{
	const struct object *o;

	arena_init(&c->arena);
	c->inv = inventory_of_text(text);
	o = inventory_find(c->inv, kind, ns, name);
	assert_non_null(o);
	c->list = changes_of(graph_new(c->inv, &c->arena), &c->arena, o, 0, 0);
}

static void changed_release(struct changed *c)
{
	inventory_unref(c->inv);
	arena_release(&c->arena);
}

static const struct change *find_change(const struct changed *c, const char *text)
{
	for (uint32_t i = 0; i < c->list.len; i++)
		if (str_eq(c->list.items[i].text, text))
			return &c->list.items[i];
	for (uint32_t i = 0; i < c->list.len; i++)
		print_message("there is: %s\n", c->list.items[i].text);
	fail_msg("no change says: %s", text);
	return NULL;
}

#define SET(KIND) "{'apiVersion':'apps/v1','kind':'" KIND "','metadata':{'name':'db','namespace':'shop'},'spec':{}}\n"
#define REVISION(KIND, NUMBER, CREATED, CONTAINER)                                                                                                   \
	"{'apiVersion':'apps/v1','kind':'ControllerRevision','metadata':{'name':'db-" NUMBER "','namespace':'shop','creationTimestamp':'" CREATED    \
	"','ownerReferences':[{'apiVersion':'apps/v1','kind':'" KIND "','name':'db','controller':true}]},'revision':" NUMBER                         \
	",'data':{'spec':{'template':{'$patch':'replace','spec':{'containers':[" CONTAINER "]}}}}}\n"

static void a_statefulset_is_compared_by_its_controller_revisions(void **state)
{
	struct changed c;

	(void)state;
	changes_in_text(&c,
			SET("StatefulSet") REVISION("StatefulSet", "2", "2026-11-20T13:00:00Z",
						    "{'name':'db','image':'db:2','readinessProbe':{'httpGet':{'path':'/b'},'periodSeconds':10}}")
				REVISION("StatefulSet", "1", "2026-11-19T13:00:00Z",
					 "{'name':'db','image':'db:1','readinessProbe':{'httpGet':{'path':'/a'},'periodSeconds':5}}"),
			KIND_STATEFUL_SET, "shop", "db");
	assert_int_equal(find_change(&c, "image of container db changed from db:1 to db:2")->when / USEC_PER_SEC, 1795179600);
	find_change(&c, "httpGet.path of readinessProbe of container db changed from /a to /b");
	find_change(&c, "periodSeconds of readinessProbe of container db changed from 5 to 10");
	changed_release(&c);
}

static void a_daemonset_is_compared_by_number_not_by_age(void **state)
{
	struct changed c;

	(void)state;
	/* A roll-back gives an old revision a new number. */
	changes_in_text(&c,
			SET("DaemonSet") REVISION("DaemonSet", "3", "2026-11-18T13:00:00Z", "{'name':'db','image':'db:1'}")
				REVISION("DaemonSet", "2", "2026-11-19T13:00:00Z", "{'name':'db','image':'db:2'}"),
			KIND_DAEMON_SET, "shop", "db");
	/* When is not known: no event says it. */
	assert_int_equal(find_change(&c, "image of container db changed from db:2 to db:1")->when, 0);
	changed_release(&c);
}

static void volumes_and_restarts_are_told(void **state)
{
	static const char text[] = SET(
		"StatefulSet") "{'apiVersion':'apps/v1','kind':'ControllerRevision','metadata':{'name':'db-2','namespace':'shop','creationTimestamp':"
			       "'2026-11-20T13:00:00Z','ownerReferences':[{'apiVersion':'apps/v1','kind':'StatefulSet','name':'db','controller':true}]},'revision':2,"
			       "'data':{'spec':{'template':{'spec':{'volumes':[{'name':'c','configMap':{'name':'new'}}],'containers':[{'name':'db'}]}}}}}\n"
			       "{'apiVersion':'apps/v1','kind':'ControllerRevision','metadata':{'name':'db-1','namespace':'shop','creationTimestamp':"
			       "'2026-11-19T13:00:00Z','ownerReferences':[{'apiVersion':'apps/v1','kind':'StatefulSet','name':'db','controller':true}]},'revision':1,"
			       "'data':{'spec':{'template':{'spec':{'volumes':[{'name':'c','configMap':{'name':'old'}}],'containers':[{'name':'db'}]}}}}}\n";
	struct changed c;

	(void)state;
	changes_in_text(&c, text, KIND_STATEFUL_SET, "shop", "db");
	find_change(&c, "volume c changed from ConfigMap old to ConfigMap new");
	changed_release(&c);
}

#define RECORD(NAME, VERSION, STATUS, CREATED)                                                                                                       \
	"{'apiVersion':'v1','kind':'Secret','metadata':{'name':'sh.helm.release.v1." NAME ".v" VERSION                                               \
	"','namespace':'shop','creationTimestamp':'" CREATED "','labels':{'owner':'helm','name':'" NAME "','version':'" VERSION                      \
	"','status':'" STATUS "'}}}\n"

static void releases_of_helm_are_changes_of_what_they_brought(void **state)
{
	struct changed c;

	(void)state;
	changes_in_text(
		&c,
		"{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web','namespace':'shop','annotations':{'meta.helm.sh/release-name':"
		"'front','meta.helm.sh/release-namespace':'shop'}},'spec':{}}\n" RECORD("front", "11", "superseded", "2026-11-20T10:00:00Z")
			RECORD("front", "12", "deployed", "2026-11-20T13:00:00Z") RECORD("front-end", "3", "deployed", "2026-11-20T13:30:00Z"),
		KIND_DEPLOYMENT, "shop", "web");
	assert_int_equal(c.list.len, 2);
	assert_string_equal(c.list.items[0].text, "Helm release front: revision 12 was deployed");
	assert_string_equal(c.list.items[0].by, "helm");
	find_change(&c, "Helm release front: revision 11 was deployed, and replaced since");
	changed_release(&c);
}

static void syncs_of_argo_cd_are_changes_of_what_they_track(void **state)
{
	struct changed c;

	(void)state;
	changes_in_text(
		&c,
		"{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web','namespace':'shop','annotations':{'argocd.argoproj.io/tracking-id':"
		"'front:apps/Deployment:shop/web'}},'spec':{}}\n"
		"{'apiVersion':'argoproj.io/v1alpha1','kind':'Application','metadata':{'name':'front','namespace':'argocd'},'status':{'history':["
		"{'revision':'1111111111111111111111111111111111111111','deployedAt':'2026-11-20T10:00:00Z'},"
		"{'revision':'2222222222222222222222222222222222222222','deployedAt':'2026-11-20T13:00:00Z'}],"
		"'operationState':{'phase':'Failed','message':'one or more objects failed to apply','finishedAt':'2026-11-20T13:10:00Z'}}}\n"
		"{'apiVersion':'argoproj.io/v1alpha1','kind':'Application','metadata':{'name':'fron','namespace':'argocd'},'status':{'history':["
		"{'revision':'3','deployedAt':'2026-11-20T10:00:00Z'}]}}\n",
		KIND_DEPLOYMENT, "shop", "web");
	assert_int_equal(c.list.len, 3);
	assert_string_equal(c.list.items[0].text, "Argo CD could not sync Application front: one or more objects failed to apply");
	assert_string_equal(c.list.items[1].text, "Argo CD synced Application front to revision 22222222");
	assert_string_equal(c.list.items[1].from, "1111111111111111111111111111111111111111");
	changed_release(&c);
}

static void an_autoscaler_changes_its_target(void **state)
{
	struct changed c;

	(void)state;
	changes_in_text(
		&c,
		"{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web','namespace':'shop'},'spec':{'template':{'spec':{'containers':[]}}}}\n"
		"{'apiVersion':'autoscaling/v2','kind':'HorizontalPodAutoscaler','metadata':{'name':'web','namespace':'shop'},'spec':{'scaleTargetRef':{"
		"'apiVersion':'apps/v1','kind':'Deployment','name':'web'}},'status':{'desiredReplicas':2,'lastScaleTime':'2026-11-20T13:00:00Z'}}\n",
		KIND_DEPLOYMENT, "shop", "web");
	find_change(&c, "HorizontalPodAutoscaler shop/web changed the number of replicas, to 2 in the end");
	changed_release(&c);
}

static void a_node_tells_when_it_was_cordoned_and_lost(void **state)
{
	struct changed c;

	(void)state;
	changes_in_text(
		&c,
		"{'apiVersion':'v1','kind':'Node','metadata':{'name':'n1','creationTimestamp':'2026-10-01T08:00:00Z'},'spec':{'taints':[{'key':"
		"'node.kubernetes.io/unschedulable','effect':'NoSchedule','timeAdded':'2026-11-20T12:00:00Z'}]},'status':{'conditions':[{'type':'Ready',"
		"'status':'Unknown','lastTransitionTime':'2026-11-20T13:00:00Z'}]}}\n",
		KIND_NODE, "", "n1");
	find_change(&c, "Node n1 was cordoned");
	find_change(&c, "Node n1 became not ready");
	changed_release(&c);
}

RUN_TESTS(cmocka_unit_test(a_statefulset_is_compared_by_its_controller_revisions), cmocka_unit_test(a_daemonset_is_compared_by_number_not_by_age),
	  cmocka_unit_test(volumes_and_restarts_are_told), cmocka_unit_test(releases_of_helm_are_changes_of_what_they_brought),
	  cmocka_unit_test(syncs_of_argo_cd_are_changes_of_what_they_track), cmocka_unit_test(an_autoscaler_changes_its_target),
	  cmocka_unit_test(a_node_tells_when_it_was_cordoned_and_lost))
