/* Rules about bandwidth and ports. */
#include "platform/audit.h"

#define PORTS_SOURCE "Network Requirements > Ports & Connectivity"

void audit_network_cards(struct audit *a)
{
	for (unsigned n = 0; n < a->spec->machine_count; n++) {
		struct spec_machine *m = &a->spec->machines[n];
		double wanted = a->spec->bandwidth[m->env].internal_gbps;
		struct issue *i;

		if (!audit_concerns(a, m->env) || m->nic_gbps >= wanted)
			continue;
		i = issue_addf(a, ISSUE_CONTRADICTION, "network/%s", m->id);
		issue_title(a, i, "%s: a card of %g Gbps, its environment wants %g Gbps inside", m->title, m->nic_gbps, wanted);
		issue_why(a, i, "No machine sends faster than its card.");
		issue_source(i, arena_printf(a->spec->arena, "%s > Network", m->source));
		issue_source(i, "Network Requirements > Bandwidth");
		issue_figure(i, "card", m->nic_gbps, "Gbps");
		issue_figure(i, "internal", wanted, "Gbps");
		issue_repair(a, i, "Cards of %g Gbps.", wanted);
		issue_set(i, arena_printf(a->spec->arena, "%s: network card", m->title), &m->nic_gbps, wanted, "Gbps");
	}
}

static bool listens(const struct value *program, double port)
{
	for (value_each(p, value_get(program, "ports")))
		if (value_double(p, 0) == port)
			return true;
	return false;
}

static const char *port_list(struct audit *a, const struct value *program)
{
	const char *text = "";

	for (value_each(p, value_get(program, "ports")))
		text = arena_printf(a->spec->arena, "%s%s%g", text, *text ? ", " : "", value_double(p, 0));
	return text;
}

static const char *row_source(struct audit *a, const struct spec_port *p)
{
	return arena_printf(a->spec->arena, "%s > %s > %g/tcp: %s", PORTS_SOURCE, p->group, p->port, p->text);
}

static void unknown_port(struct audit *a, struct spec_port *p, const struct value *program)
{
	struct issue *i = issue_addf(a, ISSUE_CONTRADICTION, "ports/%s/unknown", p->id);

	issue_title(a, i, "%g/tcp \"%s\": %s does not listen there", p->port, p->text, value_get_str(program, "title"));
	issue_why(a, i, "Its ports are %s (%s).", port_list(a, program), value_get_str(program, "source"));
	issue_source(i, row_source(a, p));
	issue_source(i, value_get_str(program, "source"));
	issue_figure(i, "port", p->port, "");
	issue_repair(a, i, "Leave the row out; open what %s uses.", value_get_str(program, "title"));
	issue_set(i, arena_printf(a->spec->arena, "port %g (%s)", p->port, p->text), &p->port, 0, "");
}

/* Who else answers there when nobody says otherwise. */
static void shared_port(struct audit *a, struct spec_port *p)
{
	const char *others = "";
	unsigned count = 0;
	struct issue *i;

	for (value_each(program, value_get(&a->spec->facts, "programs")))
		if (!str_eq(value_get_str(program, "id"), p->program) && listens(program, p->port) && spec_in(program, a->options->envs)) {
			others = arena_printf(a->spec->arena, "%s%s%s", others, count ? ", " : "", value_get_str(program, "title"));
			count++;
		}
	if (!count || *p->note)
		return;
	i = issue_addf(a, ISSUE_CONTRADICTION, "ports/%g/shared", p->port);
	issue_title(a, i, "%g/tcp is \"%s\" and the default port of %s", p->port, p->text, others);
	issue_why(
		a, i,
		"In pods of their own they do not meet; on a host's network, in one pod or forwarded to a developer's machine they do, and a rule by port alone lets all of them through.");
	issue_source(i, row_source(a, p));
	issue_figure(i, "port", p->port, "");
	issue_figure(i, "programs", count + 1, "");
	issue_repair(a, i, "A Service for each, policies by pod and port, and only \"%s\" forwarded as %g.", p->text, p->port);
	issue_say(i, arena_printf(a->spec->arena, "port %g", p->port), &p->note, "shared by Services of their own; only this one is forwarded");
}

static void missing_ports(struct audit *a)
{
	const char *list = "";
	unsigned count = 0;
	struct issue *i;

	for (value_each(m, value_get(&a->spec->facts, "missing_ports"))) {
		bool found = !spec_in(m, a->options->envs);

		for (unsigned n = 0; n < a->spec->port_count; n++)
			found |= a->spec->ports[n].port == value_double(value_get(m, "port"), 0);
		if (found)
			continue;
		list = arena_printf(a->spec->arena, "%s%s%g (%s)", list, count ? ", " : "", value_double(value_get(m, "port"), 0),
				    value_get_str(m, "text"));
		count++;
	}
	if (!count || *a->spec->extra_ports)
		return;
	i = issue_add(a, ISSUE_GAP, "ports/missing");
	issue_title(a, i, "%u ports that the platform's parts need stand in no table", count);
	issue_why(a, i, "%s.", list);
	issue_source(i, PORTS_SOURCE);
	issue_figure(i, "missing", count, "");
	issue_repair(a, i, "Add them to what firewalls and policies let through.");
	issue_say(i, "further ports", &a->spec->extra_ports, list);
}

void audit_ports(struct audit *a)
{
	for (unsigned n = 0; n < a->spec->port_count; n++) {
		struct spec_port *p = &a->spec->ports[n];
		const struct value *program = value_item_with(value_get(&a->spec->facts, "programs"), "id", p->program);

		if (p->port == 0 || !program)
			continue;
		if (!listens(program, p->port))
			unknown_port(a, p, program);
		else
			shared_port(a, p);
	}
	missing_ports(a);
}

/* A program with a port and no line that gives it room. */
void audit_port_sizes(struct audit *a)
{
	for (unsigned n = 0; n < a->spec->port_count; n++) {
		const struct spec_port *p = &a->spec->ports[n];
		const struct value *program = value_item_with(value_get(&a->spec->facts, "programs"), "id", p->program);
		bool sized = !p->port || value_get(program, "part_of") || spec_agent(a->spec, p->program) || *a->spec->redis_in;
		struct issue *i;

		for (unsigned v = 0; v < a->spec->volume_count; v++)
			sized |= str_eq(a->spec->volumes[v].id, p->program);
		if (sized)
			continue;
		i = issue_addf(a, ISSUE_GAP, "ports/%s/unsized", p->id);
		issue_title(a, i, "%s has a port (%g) and nothing else: no size, no retention, no budget", value_get_str(program, "title"), p->port);
		issue_why(a, i, "No allocation, no row of the sizing table and no agent's hardware covers it.");
		issue_source(i, row_source(a, p));
		issue_source(i, "Resource Allocation by Environment");
		issue_figure(i, "port", p->port, "");
		issue_repair(a, i, "Make it a part of the AI stack's allocation, as a cache that keeps nothing.");
		issue_say(i, arena_printf(a->spec->arena, "%s: allocation", value_get_str(program, "title")), &a->spec->redis_in,
			  "part of the AI stack's; a cache, nothing kept");
	}
}
