/* The edges of the graph: each relation from a few objects, forwards and backwards. */
#include "inventory_text.h"

#include "diagnose/graph.h"

#define META(NS, NAME) "'metadata':{'name':'" NAME "','namespace':'" NS "'}"
#define PODS(LABELS, SPEC) "'template':{'metadata':{'labels':" LABELS "},'spec':" SPEC "}"

static const char shop[] = "{'apiVersion':'apps/v1','kind':'Deployment'," META("shop", "web") ",'spec':{" PODS(
	"{'app':'web'}",
	"{'serviceAccountName':'web','containers':[{'name':'c','args':['--cache=redis.shop.svc:6379'],'env':[{'name':'DB_HOST','value':'orders-db'}],"
	"'envFrom':[{'configMapRef':{'name':'settings'}}]}],'volumes':[{'name':'v','configMap':{'name':'files'}},"
	"{'name':'d','persistentVolumeClaim':{'claimName':'data'}}]}") "}}\n"
								       "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web-1','namespace':'shop','labels':{'app':'web'},'ownerReferences':[{'apiVersion':'apps/v1',"
								       "'kind':'Deployment','name':'web','controller':true}]},'spec':{'nodeName':'n1','containers':[{'name':'c'}]},'status':{'phase':'Running'}}\n"
								       "{'apiVersion':'v1','kind':'Node','metadata':{'name':'n1'}}\n"
								       "{'apiVersion':'v1','kind':'Service'," META(
									       "shop",
									       "web") ",'spec':{'selector':{'app':'web'}}}\n"
										      "{'apiVersion':'v1','kind':'Service'," META(
											      "shop",
											      "orders-db") ",'spec':{'selector':{'app':'db'}}}\n"
													   "{'apiVersion':'v1','kind':'Service'," META(
														   "shop", "redis") ",'spec':{'selector':{'app':'redis'}}}\n"
																    "{'apiVersion':'v1','kind':'Service'," META("pay", "api") ",'spec':{'selector':{'app':'api'}}}\n"
																							      "{'apiVersion':'v1','kind':'Service'," META("shop", "stock") ",'spec':{'selector':{'app':'stock'}}}\n"
																															   "{'apiVersion':'v1','kind':'ConfigMap'," META("shop", "settings") ",'data':{'PAY_URL':'https://api.pay.svc/v1'}}\n"
																																							     "{'apiVersion':'v1','kind':'ConfigMap'," META("shop", "files") ",'data':{'nginx.conf':'location / { proxy_pass http://stock:8080; }'}}\n"
																																															    "{'apiVersion':'discovery.k8s.io/v1','kind':'EndpointSlice','metadata':{'name':'web-x','namespace':'shop','labels':{'kubernetes.io/service-name':"
																																															    "'web'}},'endpoints':[{'addresses':['10.1.1.1'],'targetRef':{'kind':'Pod','name':'web-1','namespace':'shop'}}]}\n"
																																															    "{'apiVersion':'networking.k8s.io/v1','kind':'Ingress'," META("shop", "front") ",'spec':{'ingressClassName':'nginx','rules':[{'http':{'paths':[{'backend':"
																																																									   "{'service':{'name':'web','port':{'number':80}}}}]}}]}}\n"
																																																									   "{'apiVersion':'networking.k8s.io/v1','kind':'IngressClass','metadata':{'name':'nginx'}}\n"
																																																									   "{'apiVersion':'networking.k8s.io/v1','kind':'NetworkPolicy'," META(
																																																										   "shop",
																																																										   "deny") ",'spec':{'podSelector':{'matchLabels':{'app':'web'}}}}\n"
																																																											   "{'apiVersion':'autoscaling/v2','kind':'HorizontalPodAutoscaler'," META(
																																																												   "shop", "web") ",'spec':{'scaleTargetRef':{'apiVersion':'apps/v1','kind':"
																																																														  "'Deployment','name':'web'}}}\n"
																																																														  "{'apiVersion':'v1','kind':'ServiceAccount'," META("shop",
																																																																				     "web") "}\n"
																																																																					    "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'shop'}}\n"
																																																																					    "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'RoleBinding'," META("shop",
																																																																														      "reads") ",'subjects':[{'kind':'ServiceAccount','name':'web'}],"
																																																																															       "'roleRef':{'kind':'Role','name':'reader'}}\n"
																																																																															       "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'Role'," META("shop",
																																																																																								  "reader") "}\n"
																																																																																									    "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'ClusterRoleBinding','metadata':{'name':'all-view'},'subjects':[{'kind':'Group','name':"
																																																																																									    "'system:serviceaccounts:shop'}],'roleRef':{'kind':'ClusterRole','name':'view'}}\n"
																																																																																									    "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'ClusterRole','metadata':{'name':'view'}}\n"
																																																																																									    "{'apiVersion':'v1','kind':'PersistentVolumeClaim'," META(
																																																																																										    "shop",
																																																																																										    "data") ",'spec':{'volumeName':'pv-1','storageClassName':'fast'}}\n"
																																																																																											    "{'apiVersion':'v1','kind':'PersistentVolume','metadata':{'name':'pv-1'},'spec':{'storageClassName':'fast'}}\n"
																																																																																											    "{'apiVersion':'storage.k8s.io/v1','kind':'StorageClass','metadata':{'name':'fast'},'provisioner':'disk.csi.example'}\n"
																																																																																											    "{'apiVersion':'storage.k8s.io/v1','kind':'CSIDriver','metadata':{'name':'disk.csi.example'}}\n"
																																																																																											    "{'apiVersion':'storage.k8s.io/v1','kind':'VolumeAttachment','metadata':{'name':'va'},'spec':{'nodeName':'n1','source':{'persistentVolumeName':"
																																																																																											    "'pv-1'}}}\n"
																																																																																											    "{'apiVersion':'admissionregistration.k8s.io/v1','kind':'ValidatingWebhookConfiguration','metadata':{'name':'guard'},'webhooks':[{'name':'g',"
																																																																																											    "'clientConfig':{'service':{'name':'web','namespace':'shop'}}}]}\n";

struct fixture {
	struct arena arena;
	struct inventory *inv;
	struct graph *graph;
};

static int set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	arena_init(&f->arena);
	f->inv = inventory_of_text(shop);
	f->graph = graph_new(f->inv, &f->arena);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	inventory_unref(f->inv);
	arena_release(&f->arena);
	mem_free(f);
	return 0;
}

static const struct edge *find_edge(struct fixture *f, const struct object *from, enum relation r, const char *to)
{
	const struct edge_list *edges = graph_edges(f->graph, from);

	for (uint32_t i = 0; i < edges->len; i++)
		if (edges->items[i].relation == r && str_eq(name_text(&f->arena, &edges->items[i].to), to))
			return &edges->items[i];
	return NULL;
}

static const struct {
	enum kind_id kind;
	const char *ns, *name;
	enum relation relation;
	const char *to, *via; /* via NULL = not looked at */
} expected[] = {
	{KIND_INGRESS, "shop", "front", REL_ROUTES, "Service shop/web", "spec.rules[0].http.paths[0].backend"},
	{KIND_INGRESS, "shop", "front", REL_USES, "IngressClass nginx", "spec.ingressClassName"},
	{KIND_SERVICE, "shop", "web", REL_SELECTS, "Deployment shop/web", "spec.selector"},
	{KIND_SERVICE, "shop", "web", REL_ENDPOINTS, "EndpointSlice shop/web-x", NULL},
	{KIND_ENDPOINT_SLICE, "shop", "web-x", REL_ENDPOINTS, "Pod shop/web-1", "endpoints[0].targetRef"},
	{KIND_POD, "shop", "web-1", REL_RUNS_ON, "Node n1", "spec.nodeName"},
	{KIND_DEPLOYMENT, "shop", "web", REL_OWNS, "Pod shop/web-1", "metadata.ownerReferences"},
	{KIND_DEPLOYMENT, "shop", "web", REL_USES, "ConfigMap shop/settings", NULL},
	{KIND_DEPLOYMENT, "shop", "web", REL_USES, "ServiceAccount shop/web", NULL},
	{KIND_DEPLOYMENT, "shop", "web", REL_USES, "PersistentVolumeClaim shop/data", NULL},
	{KIND_DEPLOYMENT, "shop", "web", REL_CALLS, "Service shop/orders-db", "env DB_HOST of container c"},
	{KIND_DEPLOYMENT, "shop", "web", REL_CALLS, "Service shop/redis", "arguments of container c"},
	{KIND_DEPLOYMENT, "shop", "web", REL_CALLS, "Service pay/api", "key PAY_URL of ConfigMap settings"},
	{KIND_DEPLOYMENT, "shop", "web", REL_CALLS, "Service shop/stock", "key nginx.conf of ConfigMap files"},
	{KIND_HORIZONTAL_POD_AUTOSCALER, "shop", "web", REL_SCALES, "Deployment shop/web", "spec.scaleTargetRef"},
	{KIND_NETWORK_POLICY, "shop", "deny", REL_LIMITS, "Deployment shop/web", "spec.podSelector"},
	{KIND_SERVICE_ACCOUNT, "shop", "web", REL_GRANTS, "RoleBinding shop/reads", "subjects"},
	{KIND_SERVICE_ACCOUNT, "shop", "web", REL_GRANTS, "ClusterRoleBinding all-view", "subjects, by its namespace"},
	{KIND_ROLE_BINDING, "shop", "reads", REL_GRANTS, "Role shop/reader", "roleRef"},
	{KIND_CLUSTER_ROLE_BINDING, "", "all-view", REL_GRANTS, "ClusterRole view", "roleRef"},
	{KIND_PERSISTENT_VOLUME_CLAIM, "shop", "data", REL_STORAGE, "PersistentVolume pv-1", "spec.volumeName"},
	{KIND_PERSISTENT_VOLUME, "", "pv-1", REL_STORAGE, "StorageClass fast", "spec.storageClassName"},
	{KIND_STORAGE_CLASS, "", "fast", REL_STORAGE, "CSIDriver disk.csi.example", "provisioner"},
	{KIND_VOLUME_ATTACHMENT, "", "va", REL_STORAGE, "PersistentVolume pv-1", NULL},
	{KIND_VOLUME_ATTACHMENT, "", "va", REL_RUNS_ON, "Node n1", NULL},
	{KIND_VALIDATING_WEBHOOK, "", "guard", REL_WEBHOOK, "Service shop/web", "webhooks[0].clientConfig.service"},
};

static void every_relation_has_its_edge(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct object *from = inventory_find(f->inv, expected[i].kind, expected[i].ns, expected[i].name);
		const struct edge *e = from ? find_edge(f, from, expected[i].relation, expected[i].to) : NULL;

		if (!e)
			fail_msg("no edge from %s to %s", expected[i].name, expected[i].to);
		assert_non_null(e->to.object);
		if (expected[i].via)
			assert_string_equal(e->via, expected[i].via);
	}
}

static void what_is_reached_knows_who_reaches_it(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct object *from = inventory_find(f->inv, expected[i].kind, expected[i].ns, expected[i].name);
		const struct edge *e = find_edge(f, from, expected[i].relation, expected[i].to);
		struct object_list back;
		bool found = false;

		/* Ownership is in the object itself; attachments are asked for from their side alone. */
		if (expected[i].relation == REL_OWNS || expected[i].kind == KIND_VOLUME_ATTACHMENT)
			continue;
		back = graph_dependents(f->graph, e->to.object, expected[i].relation);
		for (uint32_t k = 0; k < back.len; k++)
			found = found || object_top_owner(back.items[k]) == object_top_owner(from);
		if (!found)
			fail_msg("%s does not know that %s leads to it", expected[i].to, expected[i].name);
	}
}

RUN_TESTS(cmocka_unit_test_setup_teardown(every_relation_has_its_edge, set_up, tear_down),
	  cmocka_unit_test_setup_teardown(what_is_reached_knows_who_reaches_it, set_up, tear_down))
