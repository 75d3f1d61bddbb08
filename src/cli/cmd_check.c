/* check: is this machine, or a cluster, fit for the platform? */
#include "cli/check_report.h"
#include "cli/session.h"
#include "platform/machine.h"
#include "platform/profile.h"

#define DEFAULT_PROFILE "laptop-min"

/* All that the specification asks for, as far as the flags want it. */
struct wanted {
	struct profile profile;
	struct role role;
	struct software_list tools, packages;
	struct port_list ports;
	struct system_list systems;
	bool has_profile, has_role;
};

static int read_wanted(struct cli *cli, struct wanted *w, struct err *err)
{
	struct ctx *ctx = &cli->ctx;
	const char *role = cli->flags[FLAG_ROLE], *profile = cli->flags[FLAG_PROFILE];
	int r;

	/* A role alone asks for its own needs, not for those of a machine that holds everything. */
	if (!profile && !role)
		profile = DEFAULT_PROFILE;
	*w = (struct wanted){.has_profile = profile != NULL, .has_role = role != NULL};
	if (profile && (r = profile_read(ctx, profile, &w->profile, err)) < 0)
		return r;
	if (role && (r = role_read(ctx, role, &w->role, err)) < 0)
		return r;
	if ((r = profile_tools(ctx, &w->tools, err)) < 0 || (r = profile_packages(ctx, &w->packages, err)) < 0 ||
	    (r = profile_ports(ctx, &w->ports, err)) < 0)
		return r;
	return profile_systems(ctx, &w->systems, err);
}

static const char *against_text(struct cli *cli, const struct wanted *w)
{
	struct arena *a = &cli->ctx.arena;
	const char *profile = w->has_profile ? arena_printf(a, "%s (%s)", w->profile.id, w->profile.title) : NULL;
	const char *role = w->has_role ? arena_printf(a, "the needs of %s", w->role.title) : NULL;

	return profile && role ? arena_printf(a, "%s and %s", profile, role) : profile ? profile : role;
}

/* A setting of the services section; NULL when it is empty. */
static const char *service_url(const struct cli *cli, enum option_id id)
{
	const char *url = options_str(&cli->options, id);

	return *url ? url : NULL;
}

static int collect(struct cli *cli, const struct wanted *w, struct value *facts, struct err *err)
{
	const struct machine_service services[] = {{"ollama", service_url(cli, OPTION_SERVICE_OLLAMA)},
						   {"mongodb", service_url(cli, OPTION_SERVICE_MONGODB)},
						   {"redis", service_url(cli, OPTION_SERVICE_REDIS)},
						   {"prometheus", service_url(cli, OPTION_SERVICE_PROMETHEUS)},
						   {"grafana", service_url(cli, OPTION_SERVICE_GRAFANA)}};
	uint16_t ports[MACHINE_PORTS_MAX];
	struct machine_options o = {.root = "",
				    .ports = ports,
				    .services = services,
				    .service_count = ARRAY_LEN(services),
				    .online = cli_has(cli, FLAG_ONLINE),
				    .slack_token = getenv("SLACK_BOT_TOKEN"),
				    .python = cli_has(cli, FLAG_PYTHON),
				    .run_tools = true,
				    .measure_disk = cli->flags[FLAG_MEASURE_DISK],
				    .home = getenv("HOME")};

	for (uint32_t i = 0; i < w->ports.len && o.port_count < ARRAY_LEN(ports); i++)
		ports[o.port_count++] = w->ports.items[i].number;
	return machine_collect(&cli->ctx, &o, facts, err);
}

/* "-" is the output itself, where a report would be in the way. */
static bool saves_to_output(const struct cli *cli)
{
	return cli_has(cli, FLAG_SAVE) && str_eq(cli->flags[FLAG_SAVE], "-");
}

static int save(struct cli *cli, const struct value *facts, struct err *err)
{
	if (saves_to_output(cli))
		machine_text(facts, str_eq(cli_format(cli), "json"), &cli->out.buf);
	else if (cli_has(cli, FLAG_SAVE))
		return machine_write(facts, cli->flags[FLAG_SAVE], err);
	return 0;
}

static int judge_machine(struct cli *cli, struct fitness *f, struct check_subject *s, struct err *err)
{
	const char *path = cli->flags[FLAG_FACTS];
	struct wanted w;
	struct value facts;
	int r = read_wanted(cli, &w, err);

	if (r < 0)
		return r;
	r = path ? machine_read(&cli->ctx, path, &facts, err) : collect(cli, &w, &facts, err);
	if (r < 0 || (r = save(cli, &facts, err)) < 0)
		return r;
	fitness_machine(f, &facts,
			&(struct fitness_options){.profile = w.has_profile ? &w.profile : NULL,
						  .role = w.has_role ? &w.role : NULL,
						  .tools = &w.tools,
						  .packages = &w.packages,
						  .ports = &w.ports,
						  .systems = &w.systems});
	s->what = path ? arena_printf(&cli->ctx.arena, "the machine of %s", path) : "this machine";
	s->recorded = path != NULL;
	s->against = against_text(cli, &w);
	s->time = value_get_str(&facts, "taken");
	return 0;
}

/* The lines point into the session's inventory. */
static int judge_cluster(struct cli *cli, struct session *session, struct fitness *f, struct check_subject *s, struct err *err)
{
	const char *id = cli->flags[FLAG_PROFILE] ? cli->flags[FLAG_PROFILE] : DEFAULT_PROFILE;
	struct profile profile;
	struct cluster_need need;
	char when[CLOCK_TEXT_MAX];
	int r;

	if ((r = profile_read(&cli->ctx, id, &profile, err)) < 0 || (r = profile_cluster(&cli->ctx, profile.environment, &need, err)) < 0 ||
	    (r = session_open(session, cli, false, err)) < 0)
		return r;
	fitness_cluster(f, session->inv, &need);
	s->what = arena_printf(&cli->ctx.arena, "cluster %s", cluster_name(session->cluster));
	s->recorded = cli_has(cli, FLAG_FROM);
	s->against = need.title;
	s->time = inventory_now(session->inv) ? arena_strdup(&cli->ctx.arena, clock_format_rfc3339(inventory_now(session->inv), when)) : "";
	return 0;
}

static int check_flags(const struct cli *cli, struct err *err)
{
	static const enum flag_id machine_only[] = {FLAG_FACTS, FLAG_SAVE, FLAG_ROLE, FLAG_MEASURE_DISK, FLAG_PYTHON, FLAG_ONLINE};
	static const enum flag_id live_only[] = {FLAG_MEASURE_DISK, FLAG_PYTHON, FLAG_ONLINE};

	for (size_t i = 0; cli_has(cli, FLAG_CHECK_CLUSTER) && i < ARRAY_LEN(machine_only); i++)
		if (cli_has(cli, machine_only[i]))
			return err_set(err, ERR_USAGE, "--%s is about a machine, --cluster looks at a cluster", flag_by_id(machine_only[i])->name);
	for (size_t i = 0; cli_has(cli, FLAG_FACTS) && i < ARRAY_LEN(live_only); i++)
		if (cli_has(cli, live_only[i]))
			return err_set(err, ERR_USAGE, "--%s is for this machine, --facts reads what was found out about another",
				       flag_by_id(live_only[i])->name);
	if (cli_has(cli, FLAG_FROM) && !cli_has(cli, FLAG_CHECK_CLUSTER))
		return err_set(err, ERR_USAGE, "--from reads a recording of a cluster: say --cluster, too; facts of a machine are read with --facts");
	return 0;
}

static int ignore_lines(struct cli *cli, struct fitness *f, struct err *err)
{
	const char **ids = arena_new_array(&cli->ctx.arena, const char *, f->len + 1);

	for (uint32_t i = 0; i < f->len; i++)
		ids[i] = f->items[i].id;
	for (unsigned i = 0; i < cli->ignored.count; i++)
		if (!fitness_ignore(f, cli->ignored.items[i]))
			return cli_unknown(err, "line to ignore", cli->ignored.items[i], ids);
	return 0;
}

static int run_check(struct cli *cli, struct err *err)
{
	_cleanup_(session_release) struct session session = {0};
	struct fitness f = {.arena = &cli->ctx.arena};
	struct check_subject s = {.strict = cli_has(cli, FLAG_STRICT)};
	const char *format = cli_format(cli);
	int r = check_flags(cli, err);

	if (r < 0)
		return r;
	r = cli_has(cli, FLAG_CHECK_CLUSTER) ? judge_cluster(cli, &session, &f, &s, err) : judge_machine(cli, &f, &s, err);
	if (r < 0 || saves_to_output(cli) || (r = ignore_lines(cli, &f, err)) < 0)
		return r;
	if (str_eq(format, "json"))
		check_report_json(&cli->out.buf, &f, &s);
	else if (str_eq(format, "junit"))
		check_report_junit(&cli->out.buf, &f, &s);
	else if (str_eq(format, "short"))
		check_report_short(&cli->out, &f, &s);
	else
		check_report_text(&cli->out, &f, &s);
	return check_exit_code(&f, s.strict);
}

const struct command command_check = {
	.name = "check",
	.arguments = "",
	.summary = "See whether this machine, or a cluster, is fit for the platform",
	.description =
		"Compares this machine with what the specification of the platform asks for: processor, memory, disks, GPU, network card, operating system, "
		"kernel, ports, programs and services. Each line has an id, what was measured, what is required and recommended, a verdict (pass, warn, fail, "
		"unknown) and what to do. What cannot be told is unknown, never passed.\n\n"
		"Programs are run once, without a shell and with a time-out, to hear their version. Nothing is changed, and nobody outside of this machine is "
		"asked, unless a setting names the address of a service or --online is given. --measure-disk writes a file for a few seconds.\n\n"
		"With --cluster the cluster is looked at instead: its version, nodes, storage classes, network plugin, load balancer, GPUs, quotas and metrics. "
		"`checks` (with an s) lists what `scan` looks for.\n\n"
		"Exit codes: 0 nothing fails, 3 something fails, 4 with --strict: a warning, or something could not be told.",
	.examples = (const struct example[]){{"check", "this machine, against the minimum laptop"},
					     {"check --profile server-recommended --strict", "a server, and no warning either"},
					     {"check --role scarlet -o short", "only what is not well"},
					     {"check --save facts.yaml", "what was found out, to look at elsewhere"},
					     {"check --facts facts.yaml --profile worker-min", "another machine, from its facts"},
					     {"check --ignore port/ --ignore tool/pulumi", "without some lines"},
					     {"check --cluster --profile server-min", "the cluster of kubectl, against the production environment"},
					     {NULL, NULL}},
	.flags = (const enum flag_id[]){FLAG_PROFILE, FLAG_ROLE, FLAG_CHECK_CLUSTER, FLAG_FROM, FLAG_SAVE, FLAG_FACTS, FLAG_IGNORE, FLAG_STRICT,
					FLAG_MEASURE_DISK, FLAG_PYTHON, FLAG_ONLINE, FLAG_OPTION_KUBECONFIG, FLAG_OPTION_CONTEXT,
					FLAG_OPTION_REQUEST_TIMEOUT, FLAG_OPTION_TIMEOUT, FLAG_COUNT},
	.formats = "text|short|json|junit",
	.run = run_check,
};
