/* svg: a small graph drawn in layers: what depends stands left of what it depends on; a long chain goes on below.
 *
 * Boxes hold a kind and a name, cut to fit, whole in the tooltip; edges carry a label. Colours come from the page (svg_graph_style holds classes
 * that read its custom properties, with values of their own for a file that stands alone). Texts are escaped here.
 * Cycles are drawn, too: an edge that would close one leads backwards. Thread rule: pure, any thread. */
#ifndef FORMAT_SVG_H
#define FORMAT_SVG_H

#include "base/strbuf.h"

struct svg_node {
	const char *kind, *name;
	const char *class; /* "root", "symptom" or "": ours */
};

struct svg_edge {
	uint32_t from, to; /* positions of nodes; from depends on to */
	const char *label; /* may be "" */
	bool weak;         /* dashed */
};

struct svg_graph {
	const struct svg_node *nodes;
	uint32_t node_count;
	const struct svg_edge *edges;
	uint32_t edge_count;
	const char *title; /* for those who cannot see it */
	unsigned id;       /* a number of its own among the drawings of one page */
};
#define SVG_NODES_MAX 64u /* further ones, and their edges, are left out */

extern const char svg_graph_style[]; /* CSS, to stand once in a page */
void svg_graph_add(struct strbuf *out, const struct svg_graph *g);

#endif
