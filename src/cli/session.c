#include "cli/session.h"
#include "base/log.h"
#include "base/near.h"
#include "base/file.h"
#include "base/utf8.h"
#include "checks/rules.h"
#include "telemetry/telemetry.h"

#include <unistd.h>

#define PROGRESS_AFTER USEC_PER_SEC /* what is quicker needs no progress */

enum { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

void session_progress(struct session *s, const char *what, size_t done, size_t total)
{
	struct strbuf line;
	unsigned width;

	if (!s->show_progress || (what && clock_monotonic() - s->started < PROGRESS_AFTER && !s->progress_width))
		return;
	strbuf_init(&line, STRBUF_MAX_LINE);
	if (what)
		utf8_add_printable(&line, what, strlen(what), false);
	if (what && total)
		strbuf_addf(&line, " %zu of %zu", done, total);
	else if (what && done)
		strbuf_addf(&line, " %zu", done);
	strbuf_truncate(&line, utf8_cut(line.buf, line.len, 78));
	width = (unsigned)utf8_width(line.buf, line.len);
	/* Spaces over what stood there before: works on every terminal. */
	fprintf(stderr, "\r%s%*s\r", line.buf, s->progress_width > width ? (int)(s->progress_width - width) : 0, "");
	s->progress_width = width;
	strbuf_release(&line);
}

static void on_progress(void *arg, const char *what, size_t done, size_t total)
{
	session_progress(arg, what, done, total);
}

const char *session_namespace(const struct cli *cli)
{
	return cli_has(cli, FLAG_ALL_NAMESPACES) ? NULL : cli->flags[FLAG_NAMESPACE];
}

static const char *setting_or_null(const struct cli *cli, enum option_id id)
{
	const char *s = options_str(&cli->options, id);

	return *s ? s : NULL;
}

int session_check_flags(const struct cli *cli, struct err *err)
{
	static const enum flag_id live_only[] = {FLAG_CLUSTER, FLAG_USER,  FLAG_AS,       FLAG_AS_GROUP,
						 FLAG_SERVER,  FLAG_TOKEN, FLAG_INSECURE, FLAG_OPTION_CONTEXT};

	if (cli_has(cli, FLAG_ALL_NAMESPACES) && cli_has(cli, FLAG_NAMESPACE))
		return err_set(err, ERR_USAGE, "--namespace and --all-namespaces exclude each other");
	for (size_t i = 0; cli_has(cli, FLAG_FROM) && i < ARRAY_LEN(live_only); i++)
		if (cli_has(cli, live_only[i]))
			return err_set(err, ERR_USAGE, "--%s is for a live cluster, --from reads a recording", flag_by_id(live_only[i])->name);
	if (cli_has(cli, FLAG_NOW) && !cli_has(cli, FLAG_FROM))
		return err_set(err, ERR_USAGE, "--now is for a recording (--from); a live cluster is looked at as it is");
	return 0;
}

static bool try_namespace(struct near *near, const char *ns)
{
	if (*ns)
		near_try(near, ns);
	return str_eq(ns, near->word);
}

/* A namespace that does not occur in a recording would look healthy. The server says so itself. */
static int check_namespace(struct session *s, const char *from, const char *ns, struct err *err)
{
	const struct object_list *namespaces = inventory_list(s->inv, KIND_NAMESPACE);
	struct near near;

	near_init(&near, ns);
	for (uint32_t i = 0; i < namespaces->len; i++)
		if (try_namespace(&near, namespaces->items[i]->name))
			return 0;
	for (int k = 0; k < KIND_COUNT; k++) {
		const struct object_list *list = inventory_list(s->inv, (enum kind_id)k);

		for (uint32_t i = 0; i < list->len; i++)
			if (try_namespace(&near, list->items[i]->ns))
				return 0;
	}
	if (near.best)
		return err_set(err, ERR_NOT_FOUND, "there is nothing of namespace \"%s\" in %s; did you mean \"%s\"?", ns, from, near.best);
	return err_set(err, ERR_NOT_FOUND, "there is nothing of namespace \"%s\" in %s", ns, from);
}

/* What is unused can only be told by who sees every user, and those of custom kinds are read only when asked for. */
static bool wants_advice(struct cli *cli)
{
	struct check_options o;

	check_options_init(&o);
	o.only_check = cli->flags[FLAG_CHECK];
	o.advice = cli_has(cli, FLAG_ADVICE);
	for (size_t i = 0; i < check_count; i++)
		if (check_table[i]->advice && check_is_wanted(check_table[i], &o))
			return true;
	return false;
}

/* The file that is named, else rules.yaml in the configuration folder, which need not exist. */
static int open_rules(struct session *s, struct err *err)
{
	struct arena *a = &s->cli->ctx.arena;
	const char *path = setting_or_null(s->cli, OPTION_RULES), *dir = path_config_dir(a);
	const struct check **catalogue;
	size_t count;

	if (path)
		path = path_expand_home(a, path);
	else if (dir && access(path_join(a, dir, "rules.yaml"), F_OK) == 0)
		path = path_join(a, dir, "rules.yaml");
	if (!path)
		return 0;
	catalogue = diagnose_catalogue(a, &count);
	s->rules = rules_new();
	return rules_read(s->rules, path, catalogue, count, err);
}

static int check_settings(struct session *s, struct err *err)
{
	const struct option_value *v = &s->cli->options.values[OPTION_TARGET_VERSION];
	int minor;

	if (*v->text && !version_parse(v->text, &minor))
		return err_set(err, ERR_USAGE, "%s: \"%s\" is no Kubernetes version like 1.40", v->where, v->text);
	return open_rules(s, err);
}

void session_rules_text(struct session *s)
{
	const char *text;

	for (unsigned n = 0; (text = rules_expired(s->rules, &s->cli->ctx.arena, inventory_now(s->inv), n)); n++)
		term_wrap(&s->cli->out, 0, STYLE_NONE, "", 0, STYLE_NONE,
			  arena_printf(&s->cli->ctx.arena, "An exclusion is over and silences nothing any more: %s.", text));
}

void session_cluster_options(struct session *s, struct cluster_options *ret)
{
	struct cli *cli = s->cli;

	*ret = (struct cluster_options){
		.kubeconfig = setting_or_null(cli, OPTION_KUBECONFIG),
		.context = setting_or_null(cli, OPTION_CONTEXT),
		.cluster_name = cli->flags[FLAG_CLUSTER],
		.user = cli->flags[FLAG_USER],
		.as = cli->flags[FLAG_AS],
		.as_groups = cli->as_groups.count ? cli->as_groups.items : NULL,
		.server = cli->flags[FLAG_SERVER],
		.token = cli->flags[FLAG_TOKEN],
		.insecure = cli_has(cli, FLAG_INSECURE),
		.ns = session_namespace(cli),
		.all_kinds = options_bool(&cli->options, OPTION_CUSTOM_KINDS) || wants_advice(cli),
		.probe_certificates = options_bool(&cli->options, OPTION_PROBE_CERTIFICATES),
		.read_tls_secrets = options_bool(&cli->options, OPTION_READ_TLS_SECRETS),
		.parallel = (unsigned)options_int(&cli->options, OPTION_PARALLEL),
		.request_timeout = options_span(&cli->options, OPTION_REQUEST_TIMEOUT),
		.progress = on_progress,
		.progress_arg = s,
	};
}

int session_init(struct session *s, struct cli *cli, struct err *err)
{
	int64_t when = options_int(&cli->options, OPTION_PROGRESS);

	*s = (struct session){.cli = cli, .started = clock_monotonic()};
	s->show_progress = when == WHEN_ALWAYS || (when == WHEN_AUTO && isatty(STDERR_FILENO));
	return check_settings(s, err);
}

int session_open_from(struct session *s, struct cli *cli, const char *from, bool all_kinds, struct err *err)
{
	struct cluster_options o;
	struct span span;
	usec_t now;
	int r = session_init(s, cli, err);

	if (r < 0)
		return r;
	session_cluster_options(s, &o);
	o.from = from;
	o.all_kinds |= all_kinds;
	span = span_begin("read cluster");
	r = cluster_open(&cli->ctx, &o, &s->cluster, err);
	span_end(&span);
	session_progress(s, NULL, 0, 0);
	if (r < 0)
		return r;
	s->inv = cluster_inventory(s->cluster);
	if (from && cli_has(cli, FLAG_NOW) && clock_parse_rfc3339(cli->flags[FLAG_NOW], strlen(cli->flags[FLAG_NOW]), &now))
		inventory_set_now(s->inv, now);
	metric_add(METRIC_OBJECTS, (int64_t)inventory_object_count(s->inv));
	log_debug("%zu objects in %zu KiB", inventory_object_count(s->inv), inventory_memory(s->inv) >> 10);
	return from && o.ns ? check_namespace(s, from, o.ns, err) : 0;
}

int session_open(struct session *s, struct cli *cli, bool all_kinds, struct err *err)
{
	int r = session_check_flags(cli, err);

	*s = (struct session){.cli = cli};
	return r < 0 ? r : session_open_from(s, cli, cli->flags[FLAG_FROM], all_kinds, err);
}

void session_release(struct session *s)
{
	session_progress(s, NULL, 0, 0);
	cluster_freep(&s->cluster);
	rules_freep(&s->rules);
}

void session_diagnose_options(const struct session *s, struct diagnose_options *ret)
{
	const struct options *o = &s->cli->options;

	diagnose_options_init(ret);
	ret->ns = session_namespace(s->cli);
	ret->read_logs = options_bool(o, OPTION_READ_LOGS);
	ret->max_logs = (unsigned)options_int(o, OPTION_MAX_LOGS);
	ret->log_timeout = options_span(o, OPTION_LOG_TIMEOUT);
	ret->scan_logs = options_bool(o, OPTION_SCAN_LOGS);
	/* Rules are the team's, settings and flags the user's own: those win. */
	if (s->rules)
		rules_set_options(s->rules, &ret->checks);
	if (o->values[OPTION_RESTART_THRESHOLD].origin != ORIGIN_DEFAULT)
		ret->checks.restart_threshold = options_int(o, OPTION_RESTART_THRESHOLD);
	if (o->values[OPTION_RECOVERED_AFTER].origin != ORIGIN_DEFAULT)
		ret->checks.recovered_after = options_span(o, OPTION_RECOVERED_AFTER);
	if (o->values[OPTION_STARTUP_GRACE].origin != ORIGIN_DEFAULT)
		ret->checks.startup_grace = options_span(o, OPTION_STARTUP_GRACE);
	if (*options_str(o, OPTION_TARGET_VERSION))
		version_parse(options_str(o, OPTION_TARGET_VERSION), &ret->checks.target_minor);
	ret->checks.only_check = s->cli->flags[FLAG_CHECK];
	ret->checks.advice = cli_has(s->cli, FLAG_ADVICE);
}

int session_diagnose(struct session *s, struct diagnosis *ret, struct err *err)
{
	return session_diagnose_about(s, NULL, ret, err);
}

int session_diagnose_about(struct session *s, const struct object *about, struct diagnosis *ret, struct err *err)
{
	struct diagnose_options o;
	struct span span = span_begin("diagnose");
	int r;

	session_diagnose_options(s, &o);
	o.about = about;
	session_progress(s, "looking for causes", 0, 0);
	r = diagnose_cluster(s->cluster, &s->cli->ctx, &o, ret, err);
	session_progress(s, NULL, 0, 0);
	span_end(&span);
	if (r == 0) {
		metric_add(METRIC_FINDINGS, ret->findings.len);
		log_debug("%u findings, %u causes", ret->findings.len, ret->causes.len);
	}
	return r;
}
