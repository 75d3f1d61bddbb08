/* Is the software there: programs with their versions, Python packages, free ports, services that answer. */
#include "platform/fitness_internal.h"
#include "platform/release.h"

/* Programs that hold a port of the specification by right. */
static const struct {
	uint16_t port;
	const char *by;
} owners[] = {
	{6443, "kube-apiserver"}, {2379, "etcd"},        {2380, "etcd"},         {11434, "ollama"},      {27017, "mongod"},    {6379, "redis-server"},
	{5432, "postgres"},       {9090, "prometheus"},  {9093, "alertmanager"}, {3100, "loki"},         {3200, "tempo"},      {8132, "proxy-server"},
	{80, "docker-proxy"},     {443, "docker-proxy"}, {8080, "docker-proxy"}, {6443, "docker-proxy"}, {6443, "k3s-server"},
};

static bool owns(uint16_t port, const char *by)
{
	for (size_t i = 0; i < ARRAY_LEN(owners); i++)
		/* The kernel keeps 15 letters of a process's name. */
		if (owners[i].port == port && strncmp(owners[i].by, by, 15) == 0)
			return true;
	return false;
}

static void judge_port(struct fitness *f, const struct value *ports, const struct port *port)
{
	const struct value *fact = value_get(ports, fit_printf(f, "%u", port->number));
	const char *state = value_get_str(fact, "state"), *by = value_get_str(fact, "by");
	struct fit_line *line = fit_add(f, fit_printf(f, "port/%u", port->number), fit_printf(f, "port %u is free for %s", port->number, port->what));

	line->source = port->source;
	line->required = "free";
	if (str_eq(state, "free")) {
		line->measured = "free";
		line->verdict = FIT_PASS;
	} else if (str_eq(state, "held") && *by) {
		line->measured = fit_printf(f, "held by %s (process %lld)", by, (long long)value_get_int(fact, "pid", 0));
		line->verdict = owns(port->number, by) ? FIT_PASS : port->external ? FIT_FAIL : FIT_WARN;
	} else if (str_eq(state, "held")) {
		line->measured = "held by a process that cannot be seen";
		line->verdict = FIT_WARN;
		line->why = "it may be the one that belongs there";
		line->remedy = fit_printf(f, "Run the check as root, or: sudo ss -ltnp 'sport = :%u'", port->number);
		return;
	} else {
		line->remedy = fit_printf(f, "See ss -ltn 'sport = :%u'.", port->number);
		return;
	}
	if (line->verdict != FIT_PASS)
		line->remedy = port->external ? fit_printf(f, "Stop %s, or have it listen elsewhere.", by)
					      : "In a cluster it does no harm; outside of one, stop it or give the service another port.";
}

void fitness_ports(struct fitness *f, const struct value *facts, const struct fitness_options *o)
{
	for (uint32_t i = 0; i < o->ports->len; i++)
		if (!o->ports->items[i].development || !o->profile || o->profile->environment == SPEC_DEV)
			judge_port(f, value_get(facts, "ports"), &o->ports->items[i]);
}

/* Below the minimum is a failure, unless the program may run in the cluster instead or is only recommended. */
static void judge_version(struct fit_line *line, const struct software *s, const char *version, enum fit below)
{
	struct release have, minimum;

	line->measured = version;
	if (!s->minimum) {
		line->verdict = FIT_PASS;
		return;
	}
	if (!release_parse(version, strlen(version), &have) || !release_parse(s->minimum, strlen(s->minimum), &minimum)) {
		line->why = "that is no version that can be compared";
		line->remedy = "Run it by hand, and see which version it is.";
		return;
	}
	line->verdict = release_compare(&have, &minimum) >= 0 ? FIT_PASS : below;
	if (line->verdict == FIT_PASS && s->better && release_parse(s->better, strlen(s->better), &minimum) && release_compare(&have, &minimum) < 0) {
		line->verdict = FIT_WARN;
		line->why = s->better_why;
	}
	if (line->verdict != FIT_PASS)
		line->remedy = have.early ? "Update it: this is one from before the release." : "Update it.";
}

static const char *minimum_text(struct fitness *f, const struct software *s)
{
	return s->minimum ? fit_printf(f, "%s or later", s->minimum) : "any version";
}

/* Docker or Podman: one of them. */
static const struct value *container_runtime(const struct value *tools, const char **ret_name)
{
	static const char *const names[] = {"docker", "podman"};
	const struct value *known = NULL;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct value *fact = value_get(tools, names[i]);

		if (value_get_bool(fact, "found", false)) {
			*ret_name = names[i];
			return fact;
		}
		known = fact ? fact : known;
	}
	return known;
}

/* Why a program may be missing here; NULL: it is needed on this machine. */
static const char *elsewhere(const struct software *s, const struct fitness_options *o)
{
	if (o->profile && o->profile->environment != SPEC_DEV)
		return "it is needed where the cluster is administered from";
	return s->elsewhere;
}

static void judge_tool(struct fitness *f, const struct value *tools, const struct software *s, const struct fitness_options *o)
{
	const char *name = NULL, *version;
	const struct value *fact = str_eq(s->id, "docker") ? container_runtime(tools, &name) : value_get(tools, s->id);
	const struct value *found = value_get(fact, "found");
	struct fit_line *line = fit_add(f, fit_printf(f, "tool/%s", s->id), fit_printf(f, "%s is installed", s->title));

	line->source = s->source;
	line->recommended = s->better ? fit_printf(f, "%s or later", s->better) : "";
	line->required = s->optional ? fit_printf(f, "%s, optional", minimum_text(f, s)) : minimum_text(f, s);
	if (!found || found->type != VALUE_BOOL) {
		line->remedy = "It was not looked for: check without --facts looks on this machine.";
		return;
	}
	if (!found->b && str_eq(s->id, "kubernetes")) {
		/* Nodes have a kubelet; a machine that only works with a cluster needs none. */
		line->measured = "no kubelet here";
		line->not_asked = true;
		line->remedy = "check --cluster asks the server for its version.";
		return;
	}
	if (!found->b) {
		line->measured = "not found";
		line->verdict = elsewhere(s, o) || s->optional ? FIT_WARN : FIT_FAIL;
		line->why = elsewhere(s, o) && !s->optional ? elsewhere(s, o) : "";
		line->remedy = fit_printf(f, "Install %s, or put it into PATH.", s->title);
		return;
	}
	version = value_get_str(fact, "version");
	if (*version) {
		judge_version(line, s, version, s->optional ? FIT_WARN : FIT_FAIL);
		if (name && !str_eq(name, s->id))
			line->measured = fit_printf(f, "%s %s", name, version);
		return;
	}
	line->measured = "installed, version unknown";
	line->why = value_str(value_get(fact, "error"), value_str(value_get(fact, "said"), "it printed nothing"));
	line->remedy = "Run it by hand, and see what keeps it from telling its version.";
}

static void judge_package(struct fitness *f, const struct value *packages, const struct software *s)
{
	const char *version = value_get_str(packages, s->id);
	struct fit_line *line = fit_add(f, fit_printf(f, "python/%s", s->id), fit_printf(f, "%s is installed", s->title));

	line->source = s->source;
	line->required = minimum_text(f, s);
	if (*version) {
		judge_version(line, s, version, FIT_WARN);
		return;
	}
	line->measured = "not found";
	line->verdict = FIT_WARN;
	line->remedy = fit_printf(f, "python3 -m pip install %s", s->id);
}

static void judge_packages(struct fitness *f, const struct value *facts, const struct fitness_options *o)
{
	const struct value *python = value_get(facts, "python"), *packages = value_get(python, "packages");
	struct fit_line *line;

	if (packages) {
		for (uint32_t i = 0; i < o->packages->len; i++)
			judge_package(f, packages, &o->packages->items[i]);
		return;
	}
	line = fit_add(f, "python/packages", "the Python packages of a team that uses them are installed");
	line->why = value_get_str(python, "error");
	line->measured = *line->why ? "unknown" : "not asked";
	line->not_asked = !*line->why;
	line->remedy = *line->why ? "See python3 -m pip list." : "auto-devops needs none of them; check --python looks.";
}

void fitness_tools(struct fitness *f, const struct value *facts, const struct fitness_options *o)
{
	for (uint32_t i = 0; i < o->tools->len; i++)
		if (!o->tools->items[i].development || !o->profile || o->profile->environment == SPEC_DEV)
			judge_tool(f, value_get(facts, "tools"), &o->tools->items[i], o);
	judge_packages(f, facts, o);
}

/* name, for people, what is missing without it, what to do to have it asked */
static const struct {
	const char *name, *title, *how;
} services[] = {
	{"ollama", "Ollama answers", "Set services.ollama to its address; on this machine it is asked when somebody listens on port 11434."},
	{"mongodb", "MongoDB answers", "Set services.mongodb to its address; on this machine it is asked when somebody listens on port 27017."},
	{"redis", "Redis answers", "Set services.redis to its address; on this machine it is asked when somebody listens on port 6379."},
	{"prometheus", "Prometheus answers",
	 "Set services.prometheus to its address; on this machine it is asked when somebody listens on port 9090."},
	{"grafana", "Grafana answers", "Set services.grafana to its address."},
	{"github", "GitHub can be reached", "check --online asks api.github.com."},
	{"slack", "Slack takes the bot's token", "check --online asks slack.com when SLACK_BOT_TOKEN holds a token."},
};

static void judge_service(struct fitness *f, const struct value *all, size_t i)
{
	const struct value *fact = value_get(all, services[i].name);
	const char *address = value_get_str(fact, "address"), *version = value_get_str(fact, "version");
	struct fit_line *line = fit_add(f, fit_printf(f, "service/%s", services[i].name), services[i].title);
	int64_t status = value_get_int(fact, "status", 0);
	bool configured = value_get_bool(fact, "configured", false);

	line->required = "an answer";
	if (!value_get(fact, "reachable")) {
		line->measured = "not asked";
		line->not_asked = true;
		line->remedy = services[i].how;
		return;
	}
	if (!value_get_bool(fact, "reachable", false)) {
		line->measured = fit_printf(f, "no answer from %s", address);
		line->why = value_get_str(fact, "error");
		line->verdict = configured ? FIT_FAIL : FIT_WARN;
		line->remedy = "See that it runs, and that the way to it is open (address, proxy, firewall).";
		return;
	}
	line->measured = *version ? fit_printf(f, "version %s at %s", version, address) : fit_printf(f, "answers at %s", address);
	line->verdict = FIT_PASS;
	if (value_get(fact, "accepted") && !value_get_bool(fact, "accepted", false)) {
		line->measured = "the token is refused";
		line->verdict = FIT_FAIL;
		line->remedy = "Make a new token in the Slack app's settings: OAuth & Permissions.";
	} else if (status >= 500 || (status >= 400 && status != 401 && status != 403)) {
		line->measured = fit_printf(f, "HTTP status %lld from %s", (long long)status, address);
		line->verdict = FIT_WARN;
		line->remedy = "Something answers there, but not as this service does when it is well.";
	}
}

void fitness_services(struct fitness *f, const struct value *facts)
{
	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		judge_service(f, value_get(facts, "services"), i);
}
