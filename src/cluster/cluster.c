/* One cluster to ask about, wherever it comes from. */
#include "cluster/cluster_internal.h"

void cluster_set_names(struct cluster *c, const char *name, const char *server, const char *ns)
{
	mem_free(c->name);
	mem_free(c->server);
	mem_free(c->ns);
	c->name = mem_strdup(name ? name : "");
	c->server = mem_strdup(server ? server : "");
	c->ns = mem_strdup(ns && *ns ? ns : "default");
}

static struct cluster *cluster_new(void)
{
	struct cluster *c = mem_alloc(sizeof(*c));

	cluster_set_names(c, NULL, NULL, NULL);
	c->inv = inventory_new();
	return c;
}

static int opened(struct cluster *c, int r, struct cluster **ret)
{
	if (r < 0)
		cluster_free(c);
	else
		*ret = c;
	return r;
}

int cluster_open(struct ctx *ctx, const struct cluster_options *options, struct cluster **ret, struct err *err)
{
	struct cluster *c = cluster_new();

	return opened(c, options->from ? recorded_open(ctx, options, c, err) : live_open(ctx, options, c, err), ret);
}

int cluster_connect(struct ctx *ctx, const struct cluster_options *options, struct cluster **ret, struct err *err)
{
	struct cluster *c = cluster_new();
	int r = live_connect(ctx, options, c, err);

	if (r == 0)
		inventory_seal(c->inv);
	return opened(c, r, ret);
}

void cluster_show(struct cluster *c, struct inventory *inv)
{
	struct inventory *old = c->inv;

	c->inv = inventory_ref(inv);
	inventory_unref(old);
}

void cluster_free(struct cluster *c)
{
	if (!c)
		return;
	if (c->live)
		live_close(c->live);
	inventory_unref(c->inv);
	mem_free(c->name);
	mem_free(c->server);
	mem_free(c->ns);
	mem_free(c);
}

void cluster_freep(struct cluster **c)
{
	cluster_free(*c);
	*c = NULL;
}

struct inventory *cluster_inventory(struct cluster *c)
{
	return c->inv;
}

bool cluster_is_live(const struct cluster *c)
{
	return c->live != NULL;
}

const char *cluster_name(const struct cluster *c)
{
	return c->name;
}

const char *cluster_server(const struct cluster *c)
{
	return c->server;
}

const char *cluster_namespace(const struct cluster *c)
{
	return c->ns;
}

int cluster_read_logs(struct cluster *c, struct ctx *ctx, const struct log_request *requests, size_t count, struct err *err)
{
	if (c->live)
		return live_read_logs(c, ctx, requests, count, err);
	for (size_t i = 0; i < count; i++) {
		const struct log_request *q = &requests[i];

		for (int current = 0; current < (q->current_too ? 2 : 1); current++)
			if (!inventory_log(c->inv, q->pod, q->container, q->previous && !current))
				inventory_add_log(c->inv, q->pod->ns, q->pod->name, q->container, q->previous && !current, NULL, 0, false,
						  "this log was not recorded");
	}
	return 0;
}

int cluster_stream_log(struct cluster *c, struct ctx *ctx, const struct log_stream *q,
		       int (*fn)(void *arg, const char *data, size_t len, struct err *err), void *arg, struct err *err)
{
	const struct container_log *log;

	if (c->live)
		return live_stream_log(c, ctx, q, fn, arg, err);
	log = inventory_log(c->inv, q->pod, q->container, q->previous);
	if (!log || log->error)
		return err_set(err, ERR_NOT_FOUND, "the%s log of container %s of Pod %s/%s was not recorded%s%s", q->previous ? " previous" : "",
			       q->container, q->pod->ns, q->pod->name, log ? ": " : "", log ? log->error : "");
	return log->len ? fn(arg, log->text, log->len, err) : 0;
}
