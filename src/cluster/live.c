/* Reading a live cluster: connect, list every kind side by side, add what metrics.k8s.io and custom kinds have. */
#include "cluster/live_internal.h"
#include "cluster/schema.h"
#include "base/pool.h"

#define VERSION_MAX ((size_t)64 << 10)

const struct kind live_pod_metrics = {.id = KIND_CUSTOM,
				      .group = "metrics.k8s.io",
				      .version = "v1beta1",
				      .name = "PodMetrics",
				      .plural = "pods",
				      .shorts = "",
				      .namespaced = true,
				      .message = SCHEMA_POD_METRICS};
const struct kind live_node_metrics = {.id = KIND_CUSTOM,
				       .group = "metrics.k8s.io",
				       .version = "v1beta1",
				       .name = "NodeMetrics",
				       .plural = "nodes",
				       .shorts = "",
				       .namespaced = false,
				       .message = SCHEMA_NODE_METRICS};

/* The longest lists first, so that no thread begins one when the others are done. */
static const enum kind_id first_kinds[] = {KIND_POD, KIND_EVENT, KIND_REPLICA_SET, KIND_ENDPOINT_SLICE, KIND_CONFIG_MAP, KIND_SECRET};

/* GET /version: is it there, does it speak TLS with us, is it Kubernetes at all? One request before the many, so that what is wrong
 * with the connection is said once; its connection is then used by the lists. */
static int probe(struct live *live, struct ctx *ctx, struct inventory *inv, struct err *err)
{
	struct value_builder b;
	struct value version;
	struct ctx child;
	ctx_init_child(&child, ctx, 0); /* no less time: a credential plugin may have to ask a person first */
	value_builder_init(&b, &child.arena, NULL);
	struct err failure = {0};
	int r = api_get_json(live->client, &child, "/version", NULL, VERSION_MAX, &b, &version, &failure);
	const char *git = r == 0 ? value_get_str(&version, "gitVersion") : "";
	if (r == 0 && !*git)
		r = err_set(err, ERR_INPUT, "%s/version answers, but not as a Kubernetes API server does", api_client_config(live->client)->server);
	else if (failure.http_status == 403 || failure.http_status == 404)
		r = 0; /* some clusters hide their version; the lists will tell */
	else if (r < 0 && err)
		*err = failure;
	if (*git)
		inventory_set_server_version(inv, git);
	ctx_release(&child);
	return r;
}

static struct list_job *add_job(struct live_reading *reading, struct arena *a, struct job_list *jobs, const struct kind *kind)
{
	struct list_job *job = arena_push(a, jobs);
	*job = (struct list_job){.reading = reading, .kind = kind, .metadata_only = kind->id == KIND_SECRET};
	return job;
}

static void add_typed_jobs(struct live_reading *reading, struct arena *a, struct job_list *jobs)
{
	bool added[KIND_CUSTOM] = {false};
	for (size_t i = 0; i < ARRAY_LEN(first_kinds); i++) {
		add_job(reading, a, jobs, &kind_table[first_kinds[i]]);
		added[first_kinds[i]] = true;
	}
	if (!reading->options->all_kinds)
		live_custom_add_longest(reading, a, jobs);
	for (size_t i = 0; i < KIND_CUSTOM; i++)
		if (!added[i])
			add_job(reading, a, jobs, &kind_table[i]);
	add_job(reading, a, jobs, &live_pod_metrics);
	add_job(reading, a, jobs, &live_node_metrics);
}

static void run_job(void *arg, size_t i)
{
	struct job_list *jobs = arg;
	if (live_custom_prepare(&jobs->items[i]))
		list_job_run(&jobs->items[i]);
}

/* A mistyped -n must not look like a namespace in which all is well. */
static int check_namespace(struct live *live, struct ctx *ctx, const char *ns, struct err *err)
{
	struct value_builder b;
	struct value v;
	struct err failure = {0};
	value_builder_init(&b, &ctx->arena, NULL);
	_cleanup_(strbuf_release) struct strbuf path;
	strbuf_init(&path, STRBUF_MAX_LINE);
	strbuf_addstr(&path, "/api/v1/namespaces/");
	http_url_escape(&path, ns, false);
	if (api_get_json(live->client, ctx, path.buf, API_ACCEPT_JSON, VERSION_MAX * 16, &b, &v, &failure) == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "namespace \"%s\" does not exist in %s", ns, api_client_config(live->client)->server);
	return failure.code == ERR_CANCELLED || failure.code == ERR_UNAUTHENTICATED ? (err ? *err = failure : failure, (int)failure.code) : 0;
}

static int conclude(struct live_reading *reading, struct err *err)
{
	const struct err *e = reading->fatal.code ? &reading->fatal : !reading->done ? &reading->first : NULL;
	if (!e)
		return 0;
	if (!e->code)
		return err_set(err, ERR_NOT_FOUND, "%s serves none of the kinds Kubernetes has: is its URL complete?",
			       api_client_config(reading->client)->server);
	if (err)
		*err = *e;
	return e->code;
}

static int read_all(struct live *live, struct ctx *ctx, const struct cluster_options *o, struct cluster *c, struct err *err)
{
	const struct kubeconfig *k = api_client_config(live->client);
	const char *wire = getenv("AUTO_DEVOPS_WIRE");
	struct live_reading reading = {
		.client = live->client,
		.inv = c->inv,
		.options = o,
		.ctx = ctx,
		.ns = o->ns && *o->ns ? o->ns : NULL,
		.own_ns = k->ns,
		.json_only = wire && str_eq(wire, "json"),
	};
	pthread_mutex_init(&reading.build, NULL);
	live_custom_init(&reading);
	struct job_list jobs = {0};
	if (!o->all_kinds)
		live_custom_add_finder(&reading, &ctx->arena, &jobs);
	add_typed_jobs(&reading, &ctx->arena, &jobs);
	if (!o->all_kinds)
		live_custom_add_kinds(&reading, &ctx->arena, &jobs);
	int r = o->all_kinds ? discovery_add_custom(&reading, ctx, &ctx->arena, &jobs, err) : 0;
	if (r == 0) {
		pool_run(o->parallel ? o->parallel : CLUSTER_PARALLEL, jobs.len, run_job, &jobs);
		r = conclude(&reading, err);
		if (r == 0)
			r = live_read_certificates(&reading, ctx, err);
	}
	live_custom_release(&reading);
	pthread_mutex_destroy(&reading.build);
	return r;
}

int live_connect(struct ctx *ctx, const struct cluster_options *options, struct cluster *c, struct err *err)
{
	struct live *live = mem_alloc(sizeof(*live));
	c->live = live;
	int r = api_client_new(options, NULL, &live->client, err);
	if (r < 0)
		return r;
	const struct kubeconfig *k = api_client_config(live->client);
	cluster_set_names(c, *k->context ? k->context : k->server, k->server, k->ns);
	if ((r = probe(live, ctx, c->inv, err)) < 0)
		return r;
	inventory_set_now(c->inv, clock_now() + api_client_clock_skew(live->client));
	return options->ns && *options->ns ? check_namespace(live, ctx, options->ns, err) : 0;
}

int live_open(struct ctx *ctx, const struct cluster_options *options, struct cluster *c, struct err *err)
{
	int r = live_connect(ctx, options, c, err);
	if (r < 0 || (r = read_all(c->live, ctx, options, c, err)) < 0)
		return r;
	inventory_seal(c->inv);
	return 0;
}

void live_close(struct live *live)
{
	if (!live)
		return;
	api_client_free(live->client);
	mem_free(live);
}
