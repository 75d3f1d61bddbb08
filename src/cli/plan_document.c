/* A plan as Markdown, and its components and flows as a drawing. */
#include "cli/plan_report.h"
#include "format/markup.h"
#include "format/svg.h"

/* Outside text in a table's cell: no bar, no line break, no markup. */
static void cell(struct strbuf *out, const char *text)
{
	strbuf_addstr(out, " ");
	for (const char *s = text; *s; s++) {
		if (str_has("|\\`*_<>[]", *s))
			strbuf_addch(out, '\\');
		strbuf_addch(out, (unsigned char)*s < 0x20 ? ' ' : *s);
	}
	strbuf_addstr(out, " |");
}

static void part(struct strbuf *out, const struct plan_part *p)
{
	const struct spec_cluster *c = p->cluster;
	const struct spec_budget *b = p->budget;

	strbuf_addf(out, "\n## %s\n\n", c->title);
	if (p->count != 1)
		strbuf_addf(out, "%g clusters, each:\n\n", p->count);
	strbuf_addf(out, "- control planes: %g x %g cores, %g GB\n- workers: %g x %g cores, %g GB\n- GPU: %s\n\n", c->control_planes, c->control_cpu,
		    c->control_memory, c->workers, c->cpu, c->memory_gb, b->gpu_text);
	strbuf_addstr(out, "| Component | Cores | Memory GB | Storage GB |\n|---|---:|---:|---:|\n");
	for (unsigned n = 0; n < b->component_count; n++) {
		const struct spec_component *k = &b->components[n];

		strbuf_addstr(out, "|");
		cell(out, k->title);
		strbuf_addf(out, " %g | %g | %g |\n", k->has.cpu, k->has.memory_gb, k->has.storage_gb);
	}
	strbuf_addf(out, "| in all | %g | %g | %g |\n| budget | %g | %g | %g |\n", p->sum.cpu, p->sum.memory_gb, p->sum.storage_gb, b->total.cpu,
		    b->total.memory_gb, b->total.storage_gb);
}

static void volumes(struct strbuf *out, const struct plan *p)
{
	strbuf_addf(
		out,
		"\n## Volumes\n\n| Volume | Cluster | Size GB | GB a day | Kept days | GB after %d months | Full |\n|---|---|---:|---:|---:|---:|---|\n",
		p->options->months);
	for (uint32_t n = 0; n < p->volumes.len; n++) {
		const struct plan_volume *v = &p->volumes.items[n];

		strbuf_addstr(out, "|");
		cell(out, v->volume->title);
		cell(out, spec_env_id(v->env));
		strbuf_addf(out, " %g | %.3g | %g | %.0f | %s |\n", v->size_gb, v->growth_gb_day, v->retention_days, v->end_gb,
			    v->full_days < 0 ? "never"
			    : *v->full_date  ? v->full_date
					     : "in centuries");
	}
}

static void network(struct strbuf *out, const struct plan *p)
{
	strbuf_addstr(out, "\n## Models\n\n| Model | Cluster | Weights GB | Cache GB | Needed GB |\n|---|---|---:|---:|---:|\n");
	for (uint32_t n = 0; n < p->models.len; n++) {
		strbuf_addstr(out, "|");
		cell(out, p->models.items[n].model->name);
		cell(out, spec_env_id(p->models.items[n].env));
		strbuf_addf(out, " %g | %.2f | %.1f |\n", p->models.items[n].model->weights_gb, p->models.items[n].kv_gb, p->models.items[n].need_gb);
	}
	strbuf_addstr(out, "\n## Ports\n\n| Port | What | Note |\n|---:|---|---|\n");
	for (unsigned n = 0; n < p->spec.port_count; n++) {
		const struct spec_port *port = &p->spec.ports[n];

		if (!plan_has_port(p, port))
			continue;
		strbuf_addf(out, port->to > 0 ? "| %g-%g |" : "| %g |", port->port, port->to);
		cell(out, port->text);
		cell(out, port->note);
		strbuf_addstr(out, "\n");
	}
	strbuf_addstr(out, "\n## Who talks to whom\n\n| From | To | Port |\n|---|---|---:|\n");
	for (uint32_t n = 0; n < p->flows.len; n++) {
		strbuf_addstr(out, "|");
		cell(out, p->flows.items[n].from);
		cell(out, p->flows.items[n].to);
		strbuf_addf(out, " %g |\n", p->flows.items[n].port);
	}
}

static void audit(struct strbuf *out, const struct plan *p)
{
	strbuf_addstr(out, "\n## Audit\n\n| Id | Kind | What | Repair | Where |\n|---|---|---|---|---|\n");
	for (uint32_t n = 0; n < p->audit.issues.len; n++) {
		const struct issue *i = p->audit.issues.items[n];

		strbuf_addstr(out, "|");
		cell(out, i->id);
		cell(out, i->accepted ? "accepted" : issue_kind_text(i->kind));
		cell(out, i->title);
		cell(out, i->repair);
		strbuf_addstr(out, " ");
		for (unsigned k = 0; k < i->source_count; k++)
			strbuf_addf(out, "%s%s", k ? "; " : "", i->sources[k]);
		strbuf_addstr(out, " |\n");
	}
	if (!p->options->repair)
		return;
	strbuf_addstr(out, "\n## Repaired\n\n| What | From | To | Because of |\n|---|---|---|---|\n");
	for (uint32_t n = 0; n < p->repair.len; n++) {
		const struct spec_edit *e = p->repair.items[n].edit;

		strbuf_addstr(out, "|");
		cell(out, e->what);
		if (e->number) {
			strbuf_addf(out, " %g | %g %s |", e->from, e->to, e->unit);
		} else {
			cell(out, e->text_from);
			cell(out, e->text_to);
		}
		cell(out, p->repair.items[n].issue->id);
		strbuf_addstr(out, "\n");
	}
}

void plan_report_markdown(struct strbuf *out, const struct plan *p, struct arena *arena)
{
	strbuf_addf(out, "# %s%s\n\n%g nodes, %g cores, %g GB of memory, %g GB of volumes, GPUs: %g, about %.1f kW. %s\n", p->title,
		    p->options->repair ? ", repaired" : "", p->nodes, p->cores, p->memory_gb, p->storage_gb, p->gpus, p->watts / 1000,
		    p->open ? arena_printf(arena, "%u contradictions and gaps are open.", p->open) : "It holds.");
	for (unsigned n = 0; n < p->part_count; n++)
		part(out, &p->parts[n]);
	volumes(out, p);
	network(out, p);
	audit(out, p);
}

struct drawing {
	struct svg_node nodes[SVG_NODES_MAX];
	struct svg_edge edges[256];
	uint32_t node_count, edge_count;
};

static uint32_t box(struct drawing *d, const char *kind, const char *name)
{
	/* Components of two clusters have the same names and other figures, which are their kind. */
	for (uint32_t n = 0; n < d->node_count; n++)
		if (str_eq(d->nodes[n].name, name) && str_eq(d->nodes[n].kind, kind))
			return n;
	if (d->node_count < SVG_NODES_MAX)
		d->nodes[d->node_count++] = (struct svg_node){kind, name, str_eq(kind, "cluster") ? "root" : ""};
	return d->node_count - 1;
}

/* Several ports between the same two are one arrow; ports stand in the box that answers, where they do not cover each other. */
static void arrow(struct drawing *d, uint32_t from, uint32_t to, bool weak)
{
	for (uint32_t n = 0; n < d->edge_count; n++)
		if (d->edges[n].from == from && d->edges[n].to == to)
			return;
	if (from != to && d->edge_count < ARRAY_LEN(d->edges))
		d->edges[d->edge_count++] = (struct svg_edge){from, to, "", weak};
}

/* The ports on which a name answers anyone. */
static const char *answers(const struct plan *p, const char *name, struct arena *arena)
{
	const char *text = "answers";

	for (uint32_t n = 0; n < p->flows.len; n++) {
		const struct plan_flow *f = &p->flows.items[n];
		bool seen = !str_eq(f->to, name);

		for (uint32_t k = 0; k < n; k++)
			seen |= str_eq(p->flows.items[k].to, name) && p->flows.items[k].port == f->port;
		if (!seen)
			text = arena_printf(arena, "%s%s %g", text, str_eq(text, "answers") ? "" : ",", f->port);
	}
	return text;
}

void plan_report_svg(struct strbuf *out, const struct plan *p, struct arena *arena)
{
	_cleanup_(strbuf_release) struct strbuf graph;
	struct drawing *d = arena_new(arena, struct drawing);
	const char *inside;

	for (unsigned n = 0; n < p->part_count; n++) {
		const struct plan_part *part_n = &p->parts[n];
		uint32_t cluster = box(
			d, "cluster",
			arena_printf(arena, "%s%s", spec_env_id(part_n->env), part_n->count == 1 ? "" : arena_printf(arena, " x %g", part_n->count)));
		uint32_t nodes =
			box(d, arena_printf(arena, "%g workers", part_n->cluster->workers),
			    arena_printf(arena, "%s: %g CPU, %g GB", spec_env_id(part_n->env), part_n->cluster->cpu, part_n->cluster->memory_gb));

		arrow(d, cluster, nodes, false);
		for (unsigned k = 0; k < part_n->budget->component_count; k++) {
			const struct spec_component *c = &part_n->budget->components[k];

			arrow(d, nodes,
			      box(d, arena_printf(arena, "%s: %g CPU, %g GB", spec_env_id(part_n->env), c->has.cpu, c->has.memory_gb), c->title),
			      true);
		}
	}
	/* Who asks stands on the left and who answers on the right, though some do both: a drawing in layers has no circles. */
	for (uint32_t n = 0; n < p->flows.len; n++) {
		const struct plan_flow *f = &p->flows.items[n];

		arrow(d, box(d, "asks", f->from), box(d, answers(p, f->to, arena), f->to), false);
	}
	strbuf_init(&graph, STRBUF_MAX_OUTPUT);
	svg_graph_add(&graph,
		      &(struct svg_graph){
			      .nodes = d->nodes, .node_count = d->node_count, .edges = d->edges, .edge_count = d->edge_count, .title = p->title});
	/* A file of its own: the style stands in it. */
	inside = strstr(graph.buf, "<title>");
	strbuf_addstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	if (!inside)
		return;
	strbuf_add(out, graph.buf, (size_t)(inside - graph.buf));
	strbuf_addf(out, "<style><![CDATA[%s]]></style>%s\n", svg_graph_style, inside);
}
