/* logs: what logs say: files, standard input, or the logs of a pod or workload, of any length. */
#include "base/log.h"
#include "cli/log_input.h"
#include "cli/logs_report.h"
#include "cli/session.h"
#include "cli/target.h"

#include <ctype.h>
#include <unistd.h>

#define LOGS_MAX 1000 /* containers of one workload whose logs are read */

/* One run: mines or counts, never both. */
struct run {
	struct cli *cli;
	struct log_miner *miner;
	struct log_counter *counter;
	struct log_query query;
	struct log_mining_options mining;
	struct logs_report report;
	struct {
		const char **items;
		uint32_t len, cap;
	} names;
};

/* "10:00": the latest one. */
static bool parse_clock(const char *text, usec_t now, usec_t *ret)
{
	char *end;
	long hour = strtol(text, &end, 10), minute = *end == ':' ? strtol(end + 1, &end, 10) : -1;

	if (!isdigit((unsigned char)text[0]) || strlen(text) > 5 || *end || hour > 23 || minute < 0 || minute > 59)
		return false;
	*ret = now - now % USEC_PER_DAY + hour * USEC_PER_HOUR + minute * USEC_PER_MINUTE;
	*ret -= *ret > now ? USEC_PER_DAY : 0;
	return true;
}

static int parse_time(const struct cli *cli, enum flag_id id, usec_t now, usec_t *ret, struct err *err)
{
	const char *text = cli->flags[id];
	usec_t span;

	if (!text || clock_parse_rfc3339(text, strlen(text), ret))
		return 0;
	if (clock_parse_span(text, &span)) {
		*ret = now - span;
		return 0;
	}
	if (parse_clock(text, now, ret))
		return 0;
	return err_set(err, ERR_USAGE, "--%s: \"%s\" is no time like 2026-11-23T15:04:05Z, 15:04 or 30m", flag_by_id(id)->name, text);
}

static int parse_flags(struct run *r, struct err *err)
{
	const struct cli *cli = r->cli;
	struct log_query *q = &r->query;
	const char *now = cli->flags[FLAG_NOW];
	int code;

	if (!now || !clock_parse_rfc3339(now, strlen(now), &q->now))
		q->now = clock_now();
	if ((code = parse_time(cli, FLAG_LOG_SINCE, q->now, &q->since, err)) < 0 ||
	    (code = parse_time(cli, FLAG_LOG_UNTIL, q->now, &q->until, err)) < 0 ||
	    (code = parse_time(cli, FLAG_NEW_SINCE, q->now, &r->mining.change, err)) < 0)
		return code;
	q->text = cli->flags[FLAG_GREP];
	q->path = cli->flags[FLAG_PATH];
	if (cli_has(cli, FLAG_STATUS) && !log_query_status(cli->flags[FLAG_STATUS], q))
		return err_set(err, ERR_USAGE, "--status: \"%s\" is none like 404, 5xx or 500-503", cli->flags[FLAG_STATUS]);
	if (cli_has(cli, FLAG_LEVEL))
		line_level_parse(cli->flags[FLAG_LEVEL], strlen(cli->flags[FLAG_LEVEL]), &q->level);
	if (cli_has(cli, FLAG_COUNT_BY))
		log_by_parse(cli->flags[FLAG_COUNT_BY], &q->by);
	r->mining.now = q->now;
	r->mining.since = q->since;
	r->mining.until = q->until;
	r->mining.text = q->text;
	r->mining.level = q->level;
	if (cli_has(cli, FLAG_COUNT_LINES) || q->by || q->path || q->status_low)
		r->counter = log_counter_new(q);
	else
		r->miner = log_miner_new(&r->mining);
	return 0;
}

static void on_begin(void *arg, const char *name)
{
	struct run *r = arg;

	if (r->names.len && r->counter)
		log_counter_break(r->counter);
	else if (r->names.len)
		log_miner_break(r->miner);
	*arena_push(&r->cli->ctx.arena, &r->names) = arena_strdup(&r->cli->ctx.arena, name);
}

static int on_text(void *arg, const char *data, size_t len, struct err *err)
{
	struct run *r = arg;

	(void)err;
	if (r->counter)
		log_counter_feed(r->counter, data, len);
	else
		log_miner_feed(r->miner, data, len);
	return 0;
}

/* ---- Logs of a cluster ------------------------------------------------------------------------------------------------------------ */

static bool belongs(const struct object *pod, const struct object *o, const struct object_list *selected)
{
	for (const struct object *x = pod; x; x = x->owner)
		if (x == o)
			return true;
	for (uint32_t i = 0; i < selected->len; i++)
		if (selected->items[i] == pod)
			return true;
	return false;
}

/* A log that cannot be read is told; only what ends everything ends the command. */
static int read_one(struct run *r, struct session *s, const struct log_stream *q, struct err *err)
{
	struct arena *a = &r->cli->ctx.arena;
	struct err why = {0};
	uint32_t before = r->names.len;
	int code;

	on_begin(r, arena_printf(a, "%s container %s%s", object_text(a, q->pod), q->container, q->previous ? " (previous)" : ""));
	session_progress(s, r->names.items[before], 0, 0);
	code = cluster_stream_log(s->cluster, &r->cli->ctx, q, on_text, r, &why);
	if (code >= 0)
		return 0;
	if (code == ERR_CANCELLED || code == ERR_UNAUTHENTICATED || code == ERR_TIMEOUT) {
		*err = why;
		return code;
	}
	r->names.len = before;
	if (cluster_is_live(s->cluster))
		log_write(LOG_WARNING, "%s", why.message);
	if (!err->code)
		*err = why;
	return 0;
}

static int read_pod(struct run *r, struct session *s, const struct object *pod, struct err *err)
{
	const char *only = r->cli->flags[FLAG_CONTAINER];
	/* Who counts must know whether the log reaches back to then: it is read whole. */
	usec_t since = r->miner ? r->query.since : 0;
	struct pod_view v = {0};
	int code;

	pod_view_read(&v, &r->cli->ctx.arena, pod);
	for (uint32_t i = 0; i < v.count; i++) {
		const struct container_view *c = &v.containers[i];
		struct log_stream q = {.pod = pod, .container = c->name, .timestamps = true, .since = since};

		if (only && !str_eq(only, c->name))
			continue;
		for (int current = 0; current < 2; current++) {
			q.previous = !current;
			/* Asking for a log that cannot be there costs a request. */
			if (cluster_is_live(s->cluster) && (current ? c->state == CONTAINER_WAITING && !c->last.present : !c->last.present))
				continue;
			if ((code = read_one(r, s, &q, err)) < 0)
				return code;
		}
	}
	return 0;
}

static int read_object(struct run *r, struct session *s, struct err *err)
{
	struct arena *a = &r->cli->ctx.arena;
	const struct object_list *pods;
	struct object_list selected = {0};
	struct target target;
	struct err why = {0};
	int code = target_find(s->inv, a, r->cli->args, r->cli->arg_count, session_namespace(r->cli),
			       cluster_is_live(s->cluster) ? cluster_namespace(s->cluster) : NULL, &target, err);

	if (code < 0)
		return code;
	r->report.graph = graph_new(s->inv, a);
	r->report.ns = target.object->ns;
	if (target.object->kind->id == KIND_SERVICE)
		selected = inventory_select(s->inv, a, KIND_POD, target.object->ns, value_get(target.object->spec, "selector"), true);
	pods = inventory_list(s->inv, KIND_POD);
	for (uint32_t i = 0; i < pods->len && r->names.len < LOGS_MAX; i++)
		if (belongs(pods->items[i], target.object, &selected) && (code = read_pod(r, s, pods->items[i], &why)) < 0) {
			*err = why;
			return code;
		}
	if (r->names.len)
		return 0;
	if (why.code) {
		*err = why;
		return why.code;
	}
	return err_set(err, ERR_NOT_FOUND, "%s has no pods whose logs could be read", object_text(a, target.object));
}

/* ---- The whole ---------------------------------------------------------------------------------------------------------------------- */

static void print(struct run *r)
{
	struct term *t = &r->cli->out;
	bool json = str_eq(cli_format(r->cli), "json");
	const struct log_counting *g;

	r->report.arena = &r->cli->ctx.arena;
	r->report.names = r->names.items;
	r->report.name_count = r->names.len;
	r->report.all = cli_has(r->cli, FLAG_LOG_ALL);
	r->report.asked_time = r->mining.change != 0;
	if (r->miner) {
		(json ? logs_report_json : logs_report_text)(t, &r->report, log_miner_finish(r->miner));
		return;
	}
	g = log_counter_finish(r->counter);
	if (json)
		logs_count_json(t, &r->report, g, &r->query);
	else
		logs_count_text(t, &r->report, g, r->query.by != LOG_BY_NONE);
	if (r->query.since && (!g->first || g->first > r->query.since)) {
		char text[CLOCK_TEXT_MAX];

		log_write(LOG_WARNING, "the log does not reach back to then: it %s%s", g->first ? "begins at " : "has no times",
			  g->first ? clock_format_rfc3339(g->first, text) : "");
	}
	if ((r->query.path || r->query.status_low) && !g->requests && g->lines)
		log_write(LOG_WARNING, "no line of the log reports a request with its status");
}

static bool are_files(const struct cli *cli)
{
	for (int i = 0; i < cli->arg_count; i++)
		if (!str_eq(cli->args[i], "-") && access(cli->args[i], F_OK) != 0)
			return false;
	return true;
}

static int read_files(struct run *r, struct err *err)
{
	const struct log_sink sink = {.begin = on_begin, .text = on_text, .arg = r};
	int code = 0;

	for (int i = 0; i < r->cli->arg_count && code == 0; i++)
		code = log_input_read(&r->cli->ctx, r->cli->args[i], &sink, err);
	return code;
}

static int read_all(struct run *r, struct err *err)
{
	_cleanup_(session_release) struct session s = {0};
	struct cli *cli = r->cli;
	int code;

	/* What can be no object's name is read as a file, so that the error is about the file. */
	if (are_files(cli) || cli->args[0][0] == '/' || cli->args[0][0] == '.') {
		code = read_files(r, err);
	} else if (cli->arg_count > 2 || (cli->arg_count == 2 && access(cli->args[0], F_OK) == 0)) {
		return err_set(err, ERR_USAGE, "\"%s\" is no file", cli->args[cli->arg_count - 1]);
	} else {
		code = session_open(&s, cli, target_is_custom(&cli->ctx.arena, cli->args, cli->arg_count), err);
		if (code == 0)
			code = read_object(r, &s, err);
		session_progress(&s, NULL, 0, 0);
	}
	/* Who stops it wants to know what was found so far. */
	if ((code == 0 || code == ERR_CANCELLED) && r->names.len)
		print(r);
	return code;
}

static int run_logs(struct cli *cli, struct err *err)
{
	struct run r = {.cli = cli};
	int code = parse_flags(&r, err);

	if (code == 0)
		code = read_all(&r, err);
	log_miner_free(r.miner);
	log_counter_free(r.counter);
	return code;
}

const struct command command_logs = {
	.name = "logs",
	.arguments = "FILE...|-|KIND/NAME",
	.summary = "Find out what logs say: errors, what is new and since when",
	.description =
		"Reads log files (also .gz, .zst and tar), standard input (-), or the logs of a pod or workload, those of ended instances first, in one "
		"pass and in bounded memory. Lines that differ only in numbers, ids, addresses and the like are one shape; a stack trace is one entry with "
		"the line above it. Prints the period, the errors with whom they were about, what is different since the first error (or since --new-since), "
		"and what is most frequent, each with its count, its rate over time and when it was first and last seen.\n\n"
		"With --count, --by, --status or --path it counts instead, exactly: lines that hold a text, answers of a status, requests of a path, "
		"grouped by what varies. Time stamps, levels and requests are recognised in the usual formats: RFC 3339, klog, syslog, nginx and Apache, Envoy, "
		"traefik, JSON and logfmt.",
	.examples = (const struct example[]){{"logs app.log", "a file"},
					     {"logs - <app.log", "standard input: `kubectl logs web-1 | auto-devops logs -`"},
					     {"logs deploy/checkout -n shop", "every container of a workload"},
					     {"logs access.log.gz --status 5xx --path /checkout --by minute", "how many answers failed, per minute"},
					     {"logs app.log --grep timeout --since 30m --count", "as grep -c, and within a time"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_SCOPE,
	.flags = (const enum flag_id[]){FLAG_GREP, FLAG_LOG_SINCE, FLAG_LOG_UNTIL, FLAG_LEVEL, FLAG_COUNT_LINES, FLAG_COUNT_BY, FLAG_STATUS,
					FLAG_PATH, FLAG_NEW_SINCE, FLAG_CONTAINER, FLAG_LOG_ALL, FLAG_NOW, FLAG_COUNT},
	.formats = "text|json",
	.complete = COMPLETE_FILE,
	.min_args = 1,
	.max_args = -1,
	.run = run_logs,
};
