#include "format/svg.h"

#include "base/utf8.h"
#include "format/markup.h"

/* Pixels. */
#define BOX_WIDTH 168
#define BOX_HEIGHT 48
#define GAP_X 120 /* room for an edge's label */
#define GAP_Y 16
#define GAP_BAND 44 /* between the parts of a long chain, with room for the edge that leads from one to the next */
#define MARGIN 8
#define BAND 4u          /* layers side by side: what a page is wide */
#define NAME_COLUMNS 17u /* what fits into a box */
#define KIND_COLUMNS 25u
#define LABEL_COLUMNS 20u

const char svg_graph_style[] = ".graph rect{fill:var(--box,#f6f7f9);stroke:var(--line,#c4c9d1)}"
			       ".graph .root rect{stroke:var(--bad,#b3261e);stroke-width:2}"
			       ".graph .symptom rect{stroke:var(--soft,#5b6472)}"
			       ".graph text{fill:var(--text,#1b1f24);font:600 13px system-ui,sans-serif}"
			       ".graph .kind,.graph .label{fill:var(--soft,#5b6472);font-weight:400;font-size:11px}"
			       ".graph path{fill:none;stroke:var(--soft,#5b6472)}"
			       ".graph .weak{stroke-dasharray:4 3}"
			       ".graph marker path{fill:var(--soft,#5b6472);stroke:none}";

struct layout {
	const struct svg_graph *g;
	uint32_t nodes, layers;
	uint32_t layer[SVG_NODES_MAX]; /* 0 = depends on nothing: the right end */
	uint32_t row[SVG_NODES_MAX], rows[SVG_NODES_MAX];
};

static bool is_drawn(const struct layout *l, const struct svg_edge *e)
{
	return e->from < l->nodes && e->to < l->nodes && e->from != e->to;
}

/* The longest way to an end; a cycle stops growing after as many rounds as there are nodes. */
static void find_layers(struct layout *l)
{
	bool changed = true;

	for (uint32_t round = 0; changed && round < l->nodes; round++) {
		changed = false;
		for (uint32_t i = 0; i < l->g->edge_count; i++) {
			const struct svg_edge *e = &l->g->edges[i];

			if (is_drawn(l, e) && l->layer[e->from] <= l->layer[e->to] && l->layer[e->to] + 1 < l->nodes) {
				l->layer[e->from] = l->layer[e->to] + 1;
				changed = true;
			}
		}
	}
	for (uint32_t i = 0; i < l->nodes; i++) {
		l->row[i] = l->rows[l->layer[i]]++;
		l->layers = MAX(l->layers, l->layer[i] + 1);
	}
}

/* Columns count from the left; BAND of them make a band, and a long chain goes on in the next band below. */
static uint32_t column_of(const struct layout *l, uint32_t node)
{
	return l->layers - 1 - l->layer[node];
}

static uint32_t band_rows(const struct layout *l, uint32_t band)
{
	uint32_t most = 0;

	for (uint32_t c = band * BAND; c < (band + 1) * BAND && c < l->layers; c++)
		most = MAX(most, l->rows[l->layers - 1 - c]);
	return most;
}

static int band_top(const struct layout *l, uint32_t band)
{
	int y = MARGIN;

	for (uint32_t b = 0; b < band; b++)
		y += (int)band_rows(l, b) * (BOX_HEIGHT + GAP_Y) - GAP_Y + GAP_BAND;
	return y;
}

static int x_of(const struct layout *l, uint32_t node)
{
	return MARGIN + (int)(column_of(l, node) % BAND) * (BOX_WIDTH + GAP_X);
}

/* Layers are centred in their band. */
static int y_of(const struct layout *l, uint32_t node)
{
	uint32_t band = column_of(l, node) / BAND;
	int free_rows = (int)(band_rows(l, band) - l->rows[l->layer[node]]);

	return band_top(l, band) + (int)l->row[node] * (BOX_HEIGHT + GAP_Y) + free_rows * (BOX_HEIGHT + GAP_Y) / 2;
}

/* At most so many columns of it. */
static void add_cut(struct strbuf *out, const char *s, size_t columns)
{
	struct strbuf text;
	size_t n = strlen(s);

	strbuf_init(&text, STRBUF_MAX_LINE);
	if (utf8_width(s, n) <= columns) {
		markup_text(out, s);
	} else {
		n = utf8_cut(s, n, columns * 4);
		while (n && utf8_width(s, n) >= columns)
			n = utf8_cut(s, n, n - 1);
		strbuf_add(&text, s, n);
		markup_text(out, text.buf);
		strbuf_addstr(out, "\xe2\x80\xa6");
	}
	strbuf_release(&text);
}

static void add_node(struct strbuf *out, const struct layout *l, uint32_t i)
{
	const struct svg_node *n = &l->g->nodes[i];
	int x = x_of(l, i), y = y_of(l, i);

	strbuf_addf(out, "<g class=\"%s\"><title>", n->class);
	markup_text(out, n->kind);
	strbuf_addch(out, ' ');
	markup_text(out, n->name);
	strbuf_addf(out, "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/><text class=\"kind\" x=\"%d\" y=\"%d\">", x, y,
		    BOX_WIDTH, BOX_HEIGHT, x + 10, y + 18);
	add_cut(out, n->kind, KIND_COLUMNS);
	strbuf_addf(out, "</text><text x=\"%d\" y=\"%d\">", x + 10, y + 36);
	add_cut(out, n->name, NAME_COLUMNS);
	strbuf_addstr(out, "</text></g>");
}

static void add_label(struct strbuf *out, const char *label, int x, int y)
{
	if (!label || !*label)
		return;
	strbuf_addf(out, "<text class=\"label\" text-anchor=\"middle\" x=\"%d\" y=\"%d\">", x, y);
	add_cut(out, label, LABEL_COLUMNS);
	strbuf_addstr(out, "</text>");
}

static void add_edge(struct strbuf *out, const struct layout *l, const struct svg_edge *e)
{
	int x1 = x_of(l, e->from) + BOX_WIDTH, y1 = y_of(l, e->from) + BOX_HEIGHT / 2;
	int x2 = x_of(l, e->to) - 5, y2 = y_of(l, e->to) + BOX_HEIGHT / 2, middle = (x1 + x2) / 2;

	strbuf_addf(out, "<path%s d=\"", e->weak ? " class=\"weak\"" : "");
	if (column_of(l, e->from) / BAND == column_of(l, e->to) / BAND) {
		strbuf_addf(out, "M%d %dC%d %d %d %d %d %d\" marker-end=\"url(#arrow%u)\"/>", x1, y1, middle, y1, middle, y2, x2, y2, l->g->id);
		add_label(out, e->label, middle, (y1 + y2) / 2 - 6);
		return;
	}
	/* Down into the next band: out of the box's lower edge, along the gap, into the upper edge. */
	x1 -= BOX_WIDTH / 2;
	x2 += BOX_WIDTH / 2 + 5;
	y1 += BOX_HEIGHT / 2;
	y2 -= BOX_HEIGHT / 2 + 5;
	middle = y2 + 5 - GAP_BAND / 2;
	strbuf_addf(out, "M%d %dV%dH%dV%d\" marker-end=\"url(#arrow%u)\"/>", x1, y1, middle, x2, y2, l->g->id);
	add_label(out, e->label, (x1 + x2) / 2, middle - 5);
}

void svg_graph_add(struct strbuf *out, const struct svg_graph *g)
{
	struct layout l = {.g = g, .nodes = MIN(g->node_count, SVG_NODES_MAX)};
	int width, height;

	find_layers(&l);
	if (!l.nodes)
		return;
	width = 2 * MARGIN + (int)MIN(l.layers, BAND) * (BOX_WIDTH + GAP_X) - GAP_X;
	height = band_top(&l, (l.layers + BAND - 1) / BAND) - GAP_BAND + MARGIN;
	strbuf_addf(out,
		    "<svg class=\"graph\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\"><title>",
		    width, height, width, height);
	markup_text(out, g->title);
	strbuf_addf(out,
		    "</title><defs><marker id=\"arrow%u\" viewBox=\"0 0 8 8\" refX=\"6\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" "
		    "orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>",
		    g->id);
	for (uint32_t i = 0; i < g->edge_count; i++)
		if (is_drawn(&l, &g->edges[i]))
			add_edge(out, &l, &g->edges[i]);
	for (uint32_t i = 0; i < l.nodes; i++)
		add_node(out, &l, i);
	strbuf_addstr(out, "</svg>");
}
