/* NetworkPolicy reachability: every rule of the semantics, each with what is let through and what is not. */
#include "unit.h"

#include "base/ip.h"
#include "cluster/reach.h"
#include "cluster/views.h"
#include "format/json.h"

/* Objects in JSON with ' for ", added to a fixed little world. */
static const char *const world[] = {
	"{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'shop','labels':{'team':'a'}}}",
	"{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'data','labels':{'team':'b'}}}",
	"{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'kube-system'}}",
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web','namespace':'shop','labels':{'app':'web'}},'spec':{'containers':[{'name':'c',"
	"'ports':[{'name':'http','containerPort':8080}]}]},'status':{'podIP':'10.1.0.1','phase':'Running'}}",
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'db','namespace':'data','labels':{'app':'db'}},'spec':{'containers':[{'name':'c',"
	"'ports':[{'name':'sql','containerPort':5432},{'name':'sql','containerPort':5433,'protocol':'UDP'}]}]},'status':{'podIP':'10.1.0.2'}}",
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'api','namespace':'shop','labels':{'app':'api'}},'spec':{'containers':[{'name':'c'}]},"
	"'status':{'podIP':'10.2.0.3'}}",
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'agent','namespace':'shop','labels':{'app':'web'}},'spec':{'hostNetwork':true,"
	"'containers':[{'name':'c'}]},'status':{'podIP':'192.168.0.1'}}",
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'lone','namespace':'unseen','labels':{'app':'lone'}},'spec':{'containers':[{'name':'c'}]},"
	"'status':{'podIP':'10.3.0.1'}}",
	"{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'front','namespace':'shop'},'spec':{'template':{'metadata':{'labels':{'app':"
	"'front'}},'spec':{'containers':[{'name':'c'}]}}}}",
	"{'apiVersion':'v1','kind':'Service','metadata':{'name':'db','namespace':'data'},'spec':{'selector':{'app':'db'},'ports':[{'port':5000,"
	"'targetPort':'sql'},{'port':6000,'targetPort':7000}]}}",
	"{'apiVersion':'v1','kind':'Service','metadata':{'name':'outside','namespace':'data'},'spec':{'ports':[{'port':1}]}}",
};

static void add(struct inventory *inv, const char *text)
{
	char copy[2048];
	struct value v;
	struct err err;
	size_t n = strlen(text);
	assert_true(n < sizeof(copy));
	for (size_t i = 0; i <= n; i++)
		copy[i] = text[i] == '\'' ? '"' : text[i];
	if (json_parse(inventory_builder(inv), copy, n, NULL, &v, &err) < 0 || inventory_add(inv, NULL, &v, &err) < 0)
		fail_msg("%s: %s", err.message, text);
}

#define POLICY(NS, NAME, SPEC)                                                                                                                       \
	"{'apiVersion':'networking.k8s.io/v1','kind':'NetworkPolicy','metadata':{'name':'" NAME "','namespace':'" NS "'},'spec':{" SPEC "}}"
#define MAX_POLICIES 3

static struct inventory *with(const char *const *policies)
{
	struct inventory *inv = inventory_new();
	for (size_t i = 0; i < ARRAY_LEN(world); i++)
		add(inv, world[i]);
	for (size_t i = 0; i < MAX_POLICIES && policies[i]; i++)
		add(inv, policies[i]);
	inventory_seal(inv);
	return inv;
}

/* "shop/web", "deploy:shop/front", "8.8.8.8", "" (somewhere outside). */
static struct reach_end end_of(const struct inventory *inv, const char *text)
{
	const char *slash = strchr(text, '/'), *colon = strchr(text, ':');
	char ns[64] = "";
	if (!slash)
		return (struct reach_end){NULL, *text ? text : NULL};
	const char *start = colon ? colon + 1 : text;
	memcpy(ns, start, (size_t)(slash - start));
	const struct object *o = inventory_find(inv, colon ? KIND_DEPLOYMENT : KIND_POD, ns, slash + 1);
	assert_non_null(o);
	return (struct reach_end){o, NULL};
}

struct reach_case {
	const char *policies[MAX_POLICIES];
	const char *from, *to, *protocol;
	int port;
	const char *expected; /* "yes", "unsure", "egress NAME", "ingress NAME" */
};

static const char *answer_text(const struct reach_answer *r, char buf[128])
{
	if (r->allowed)
		return r->unsure ? "unsure" : "yes";
	size_t n = strlen(r->policy->name);
	const char *side = r->side == REACH_EGRESS ? "egress " : "ingress ";
	memcpy(buf, side, strlen(side));
	memcpy(buf + strlen(side), r->policy->name, n + 1);
	return buf;
}

static void run_cases(const struct reach_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct inventory *inv = with(cases[i].policies);
		struct reach_end from = end_of(inv, cases[i].from), to = end_of(inv, cases[i].to);
		struct reach_answer r;
		char buf[128];
		reach_allows(inv, &from, &to, cases[i].protocol, cases[i].port, &r);
		if (!str_eq(answer_text(&r, buf), cases[i].expected))
			fail_msg("case %zu: %s -> %s %s %d: %s, expected %s", i, cases[i].from, cases[i].to, cases[i].protocol, cases[i].port,
				 answer_text(&r, buf), cases[i].expected);
		inventory_unref(inv);
	}
}

#define DENY_IN POLICY("data", "deny-in", "'podSelector':{},'policyTypes':['Ingress']")
#define DENY_OUT POLICY("shop", "deny-out", "'podSelector':{},'policyTypes':['Egress']")
#define IN(NAME, RULES) POLICY("data", NAME, "'podSelector':{'matchLabels':{'app':'db'}},'policyTypes':['Ingress'],'ingress':[" RULES "]")
#define OUT(NAME, RULES) POLICY("shop", NAME, "'podSelector':{'matchLabels':{'app':'web'}},'policyTypes':['Egress'],'egress':[" RULES "]")

static void who_is_isolated(void **state)
{
	static const struct reach_case cases[] = {
		{{NULL}, "shop/web", "data/db", "TCP", 5432, "yes"},
		{{DENY_IN}, "shop/web", "data/db", "TCP", 5432, "ingress deny-in"},
		{{DENY_IN}, "data/db", "shop/web", "TCP", 8080, "yes"}, /* answers and other directions are free */
		{{DENY_OUT}, "shop/web", "data/db", "TCP", 5432, "egress deny-out"},
		{{DENY_OUT}, "data/db", "shop/web", "TCP", 8080, "yes"},
		{{DENY_OUT, DENY_IN}, "shop/web", "data/db", "TCP", 5432, "egress deny-out"},
		{{OUT("others", "")}, "shop/api", "data/db", "TCP", 5432, "yes"}, /* does not select api */
		{{DENY_OUT}, "deploy:shop/front", "data/db", "TCP", 5432, "egress deny-out"},
		{{DENY_OUT}, "shop/web", "8.8.8.8", "TCP", 443, "egress deny-out"},
		{{DENY_IN}, "8.8.8.8", "data/db", "TCP", 5432, "ingress deny-in"},
		{{DENY_IN}, "", "data/db", "TCP", 5432, "ingress deny-in"},
		{{POLICY("shop", "self", "'podSelector':{}")}, "shop/web", "shop/web", "TCP", 8080, "yes"},
		{{POLICY("shop", "self", "'podSelector':{}")}, "shop/api", "shop/web", "TCP", 8080, "ingress self"},
		/* No pod of a policy's namespace is special to another namespace's policy. */
		{{POLICY("other", "deny", "'podSelector':{}")}, "shop/web", "data/db", "TCP", 5432, "yes"},
	};
	run_cases(cases, ARRAY_LEN(cases));
}

static void policy_types_default(void **state)
{
	static const struct reach_case cases[] = {
		{{POLICY("shop", "p", "'podSelector':{}")}, "shop/web", "data/db", "TCP", 1, "yes"}, /* ingress only */
		{{POLICY("shop", "p", "'podSelector':{},'egress':[{'ports':[{'port':1}]}]")}, "shop/web", "data/db", "TCP", 2, "egress p"},
		{{POLICY("shop", "p", "'podSelector':{},'egress':[{'ports':[{'port':1}]}]")}, "data/db", "shop/web", "TCP", 2, "ingress p"},
		{{POLICY("shop", "p", "'podSelector':{},'policyTypes':['Egress'],'egress':[{}]")}, "data/db", "shop/web", "TCP", 2, "yes"},
		{{POLICY("data", "p", "'podSelector':{},'policyTypes':['Ingress'],'egress':[{'ports':[{'port':1}]}]")},
		 "data/db",
		 "shop/web",
		 "TCP",
		 2,
		 "yes"},
	};
	run_cases(cases, ARRAY_LEN(cases));
}

static void peers(void **state)
{
	static const struct reach_case cases[] = {
		{{IN("p", "{}")}, "shop/web", "data/db", "TCP", 5432, "yes"},                               /* an empty rule admits all */
		{{IN("p", "{'from':[]}")}, "8.8.8.8", "data/db", "TCP", 5432, "yes"},                       /* so does an empty list */
		{{IN("p", "{'from':[{'podSelector':{}}]}")}, "shop/web", "data/db", "TCP", 1, "ingress p"}, /* of its own namespace only */
		{{IN("p", "{'from':[{'podSelector':{}}]}")}, "8.8.8.8", "data/db", "TCP", 1, "ingress p"},
		{{IN("p", "{'from':[{'namespaceSelector':{}}]}")}, "shop/web", "data/db", "TCP", 1, "yes"},
		{{IN("p", "{'from':[{'namespaceSelector':{}}]}")}, "8.8.8.8", "data/db", "TCP", 1, "ingress p"},
		{{IN("p", "{'from':[{'namespaceSelector':{'matchLabels':{'team':'a'}}}]}")}, "shop/web", "data/db", "TCP", 1, "yes"},
		{{IN("p", "{'from':[{'namespaceSelector':{'matchLabels':{'team':'b'}}}]}")}, "shop/web", "data/db", "TCP", 1, "ingress p"},
		{{IN("p", "{'from':[{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'shop'}}}]}")},
		 "shop/web",
		 "data/db",
		 "TCP",
		 1,
		 "yes"},
		{{IN("p", "{'from':[{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'data'}}}]}")},
		 "shop/web",
		 "data/db",
		 "TCP",
		 1,
		 "ingress p"},
		{{IN("p", "{'from':[{'namespaceSelector':{'matchExpressions':[{'key':'team','operator':'In','values':['a','c']}]}}]}")},
		 "shop/web",
		 "data/db",
		 "TCP",
		 1,
		 "yes"},
	};
	run_cases(cases, ARRAY_LEN(cases));
}

static void peers_together(void **state)
{
	static const struct reach_case cases[] = {
		/* In one item both must hold; as two items either may. */
		{{IN("p", "{'from':[{'namespaceSelector':{'matchLabels':{'team':'a'}},'podSelector':{'matchLabels':{'app':'web'}}}]}")},
		 "shop/web",
		 "data/db",
		 "TCP",
		 1,
		 "yes"},
		{{IN("p", "{'from':[{'namespaceSelector':{'matchLabels':{'team':'a'}},'podSelector':{'matchLabels':{'app':'web'}}}]}")},
		 "shop/api",
		 "data/db",
		 "TCP",
		 1,
		 "ingress p"},
		{{IN("p", "{'from':[{'namespaceSelector':{'matchLabels':{'team':'a'}}},{'podSelector':{'matchLabels':{'app':'web'}}}]}")},
		 "shop/api",
		 "data/db",
		 "TCP",
		 1,
		 "yes"},
		{{OUT("p", "{'to':[{'podSelector':{'matchLabels':{'app':'api'}}}]}")}, "shop/web", "shop/api", "TCP", 1, "yes"},
		{{OUT("p", "{'to':[{'podSelector':{'matchLabels':{'app':'api'}}}]}")}, "shop/web", "data/db", "TCP", 1, "egress p"},
		/* Policies add up; none takes away. */
		{{DENY_IN, IN("p", "{'from':[{'namespaceSelector':{}}]}")}, "shop/web", "data/db", "TCP", 1, "yes"},
		{{IN("p", "{'from':[{'podSelector':{}}]}"), IN("q", "{'from':[{'namespaceSelector':{}}]}")}, "shop/web", "data/db", "TCP", 1, "yes"},
		/* A namespace whose labels were not read, but for the one that all have. */
		{{IN("p", "{'from':[{'namespaceSelector':{'matchLabels':{'team':'a'}}}]}")}, "unseen/lone", "data/db", "TCP", 1, "unsure"},
		{{IN("p", "{'from':[{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'shop'}}}]}")},
		 "unseen/lone",
		 "data/db",
		 "TCP",
		 1,
		 "ingress p"},
		{{IN("p", "{'from':[{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'unseen'}}}]}")},
		 "unseen/lone",
		 "data/db",
		 "TCP",
		 1,
		 "yes"},
	};
	run_cases(cases, ARRAY_LEN(cases));
}

static void address_blocks(void **state)
{
	static const struct reach_case cases[] = {
		{{OUT("p", "{'to':[{'ipBlock':{'cidr':'0.0.0.0/0'}}]}")}, "shop/web", "8.8.8.8", "TCP", 443, "yes"},
		{{OUT("p", "{'to':[{'ipBlock':{'cidr':'8.8.0.0/16'}}]}")}, "shop/web", "8.9.8.8", "TCP", 443, "egress p"},
		{{OUT("p", "{'to':[{'ipBlock':{'cidr':'0.0.0.0/0','except':['8.8.8.0/24']}}]}")}, "shop/web", "8.8.8.8", "TCP", 443, "egress p"},
		{{OUT("p", "{'to':[{'ipBlock':{'cidr':'0.0.0.0/0','except':['8.8.8.0/24']}}]}")}, "shop/web", "8.8.9.8", "TCP", 443, "yes"},
		{{OUT("p", "{'to':[{'ipBlock':{'cidr':'2001:db8::/32'}}]}")}, "shop/web", "2001:db8::1", "TCP", 443, "yes"},
		{{OUT("p", "{'to':[{'ipBlock':{'cidr':'0.0.0.0/0'}}]}")}, "shop/web", "2001:db8::1", "TCP", 443, "egress p"},
		{{OUT("p", "{'to':[{'ipBlock':{'cidr':'10.1.0.0/16'}}]}")}, "shop/web", "data/db", "TCP", 1, "yes"}, /* pods' addresses count */
		{{OUT("p", "{'to':[{'ipBlock':{'cidr':'10.2.0.0/16'}}]}")}, "shop/web", "data/db", "TCP", 1, "egress p"},
		{{IN("p", "{'from':[{'ipBlock':{'cidr':'192.0.2.0/24'}}]}")}, "", "data/db", "TCP", 1, "yes"}, /* someone outside may */
		{{IN("p", "{'from':[{'ipBlock':{'cidr':'10.0.0.0/8'}}]}")}, "deploy:shop/front", "data/db", "TCP", 1, "unsure"},
	};
	run_cases(cases, ARRAY_LEN(cases));
	assert_true(ip_in_block("10.0.0.129", "10.0.0.128/25"));
	assert_false(ip_in_block("10.0.0.127", "10.0.0.128/25"));
	assert_true(ip_in_block("10.0.0.1", "0.0.0.0/0"));
	assert_true(ip_in_block("10.0.0.1", "10.0.0.1/32"));
	assert_false(ip_in_block("10.0.0.1", "10.0.0.1"));
	assert_false(ip_in_block("10.0.0.1", "10.0.0.1/33"));
	assert_false(ip_in_block("10.0.0.1", "10.0.0.1/-1"));
	assert_false(ip_in_block("10.0.0.1", "10.0.0.1/8x"));
	assert_false(ip_in_block("nonsense", "0.0.0.0/0"));
	assert_false(ip_in_block("", "/"));
}

static void addresses_are_read(void **state)
{
	static const char *const good[] = {"0.0.0.0",         "255.255.255.255",     "::", "::1", "fd00::", "2001:db8::1:2", "1:2:3:4:5:6:7:8",
					   "::ffff:10.0.0.1", "1:2:3:4:5:6:10.0.0.1"};
	static const char *const bad[] = {"",        "1.2.3", "1.2.3.4.5",    "1.2.3.256", "01.2.3.4",      "1.2.3.4 ",          "a.b.c.d",
					  ":",       ":::",   "1::2::3",      "12345::",   "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
					  "::1.2.3", "1:",    "fe80::1%eth0", "1.2.3.4:80"};
	unsigned char bytes[16];
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!ip_parse(good[i], strlen(good[i]), bytes))
			fail_msg("%s is an address", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (ip_parse(bad[i], strlen(bad[i]), bytes))
			fail_msg("%s is no address", bad[i]);
	assert_int_equal(ip_parse("::ffff:10.0.0.1", 15, bytes), 16);
	assert_int_equal(bytes[15], 1);
	assert_int_equal(bytes[11], 0xff);
	assert_true(ip_in_block("::ffff:10.0.0.1", "::/0"));
	assert_true(ip_in_block("fd12::1", "fd00::/8"));
	assert_false(ip_in_block("fe12::1", "fd00::/8"));
}

static void ports(void **state)
{
	static const struct reach_case cases[] = {
		{{IN("p", "{'ports':[{'port':5432}]}")}, "shop/web", "data/db", "TCP", 5432, "yes"},
		{{IN("p", "{'ports':[{'port':5432}]}")}, "shop/web", "data/db", "TCP", 5431, "ingress p"},
		{{IN("p", "{'ports':[{'port':5432}]}")}, "shop/web", "data/db", "UDP", 5432, "ingress p"}, /* protocol defaults to TCP */
		{{IN("p", "{'ports':[{'port':5432,'protocol':'UDP'}]}")}, "shop/web", "data/db", "UDP", 5432, "yes"},
		{{IN("p", "{'ports':[{'protocol':'TCP'}]}")}, "shop/web", "data/db", "TCP", 9, "yes"}, /* no port: all of the protocol */
		{{IN("p", "{'ports':[{'protocol':'TCP'}]}")}, "shop/web", "data/db", "SCTP", 9, "ingress p"},
		{{IN("p", "{'ports':[{'port':5000,'endPort':6000}]}")}, "shop/web", "data/db", "TCP", 6000, "yes"},
		{{IN("p", "{'ports':[{'port':5000,'endPort':6000}]}")}, "shop/web", "data/db", "TCP", 6001, "ingress p"},
		{{IN("p", "{'ports':[{'port':5000,'endPort':6000}]}")}, "shop/web", "data/db", "TCP", 4999, "ingress p"},
		{{IN("p", "{'ports':[{'port':'sql'}]}")}, "shop/web", "data/db", "TCP", 5432, "yes"},
		{{IN("p", "{'ports':[{'port':'sql'}]}")}, "shop/web", "data/db", "TCP", 5433, "ingress p"},
		{{IN("p", "{'ports':[{'port':'sql','protocol':'UDP'}]}")}, "shop/web", "data/db", "UDP", 5433, "yes"}, /* per protocol */
		{{IN("p", "{'ports':[{'port':'other'}]}")}, "shop/web", "data/db", "TCP", 5432, "ingress p"},
		/* Egress by name means the name that the called pod gives its port; an address has none. */
		{{OUT("p", "{'ports':[{'port':'sql'}]}")}, "shop/web", "data/db", "TCP", 5432, "yes"},
		{{OUT("p", "{'ports':[{'port':'sql'}]}")}, "shop/web", "8.8.8.8", "TCP", 5432, "egress p"},
		/* Peer and port must be of one rule. */
		{{IN("p", "{'from':[{'podSelector':{}}],'ports':[{'port':1}]},{'from':[{'namespaceSelector':{}}],'ports':[{'port':2}]}")},
		 "shop/web",
		 "data/db",
		 "TCP",
		 1,
		 "ingress p"},
		{{IN("p", "{'from':[{'podSelector':{}}],'ports':[{'port':1}]},{'from':[{'namespaceSelector':{}}],'ports':[{'port':2}]}")},
		 "shop/web",
		 "data/db",
		 "TCP",
		 2,
		 "yes"},
	};
	run_cases(cases, ARRAY_LEN(cases));
}

static void pods_of_the_node_are_not_subject(void **state)
{
	static const struct reach_case cases[] = {
		{{DENY_OUT}, "shop/agent", "data/db", "TCP", 1, "yes"},
		{{POLICY("shop", "in", "'podSelector':{}")}, "data/db", "shop/agent", "TCP", 1, "yes"},
		{{DENY_IN}, "shop/agent", "data/db", "TCP", 1, "unsure"}, /* how it looks to others depends on the plugin */
		{{DENY_OUT}, "shop/web", "shop/agent", "TCP", 1, "unsure"},
	};
	run_cases(cases, ARRAY_LEN(cases));
}

static void through_services(void **state)
{
	static const struct {
		const char *policies[MAX_POLICIES], *service;
		int port;
		const char *expected;
	} cases[] = {
		{{NULL}, "db", 5000, "yes"},
		{{IN("p", "{'ports':[{'port':5432}]}")}, "db", 5000, "yes"}, /* the pod's port counts, not the Service's */
		{{IN("p", "{'ports':[{'port':5000}]}")}, "db", 5000, "ingress p"},
		{{IN("p", "{'ports':[{'port':5432}]}")}, "db", 6000, "ingress p"},
		{{IN("p", "{'ports':[{'port':7000}]}")}, "db", 0, "yes"}, /* one port of it will do */
		{{DENY_IN}, "db", 0, "ingress deny-in"},
		{{DENY_OUT}, "db", 5000, "egress deny-out"},
		{{DENY_OUT}, "outside", 1, "unsure"}, /* no selector: who answers is not known */
		{{DENY_OUT}, "db", 4711, "unsure"},   /* no such port: another trouble than this */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct inventory *inv = with(cases[i].policies);
		struct reach_end from = end_of(inv, "shop/web");
		_cleanup_(arena_release) struct arena a;
		struct reach_answer r;
		char buf[128];
		arena_init(&a);
		reach_service(inv, &a, &from, inventory_find(inv, KIND_SERVICE, "data", cases[i].service), cases[i].port, &r);
		if (!str_eq(answer_text(&r, buf), cases[i].expected))
			fail_msg("case %zu: %s, expected %s", i, answer_text(&r, buf), cases[i].expected);
		inventory_unref(inv);
	}
}

static void isolation_is_told(void **state)
{
	static const char *const policies[MAX_POLICIES] = {DENY_OUT, OUT("p", "{}")};
	struct inventory *inv = with(policies);
	const struct object *web = inventory_find(inv, KIND_POD, "shop", "web");
	assert_string_equal(reach_isolated(inv, REACH_EGRESS, web)->name, "deny-out");
	assert_null(reach_isolated(inv, REACH_INGRESS, web));
	assert_null(reach_isolated(inv, REACH_EGRESS, inventory_find(inv, KIND_POD, "shop", "agent")));
	inventory_unref(inv);
}

RUN_TESTS(cmocka_unit_test(who_is_isolated), cmocka_unit_test(policy_types_default), cmocka_unit_test(peers), cmocka_unit_test(peers_together),
	  cmocka_unit_test(addresses_are_read), cmocka_unit_test(address_blocks), cmocka_unit_test(ports),
	  cmocka_unit_test(pods_of_the_node_are_not_subject), cmocka_unit_test(through_services), cmocka_unit_test(isolation_is_told))
