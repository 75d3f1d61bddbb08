/* The report as one page: no script, nothing from elsewhere, light and dark. */
#include "cli/document.h"
#include "format/markup.h"
#include "format/svg.h"

#define FINDINGS_SHOWN 2000u /* a browser's table; -o json has all */
#define NAMESPACES_SHOWN 500u
#define GRAPH_BRANCHES 4u /* affected workloads that are drawn besides the chain */

static const char style[] =
	":root{color-scheme:light dark;--page:#fff;--text:#1b1f24;--soft:#5b6472;--line:#d5d9e0;--box:#f6f7f9;--bad:#b3261e;--warn:#8a5a00;--good:#1a7f37;"
	"--link:#0b57d0}"
	"@media(prefers-color-scheme:dark){:root{--page:#14171b;--text:#e6e9ed;--soft:#9aa4b2;--line:#343b45;--box:#1c2127;--bad:#ff8a80;--warn:#e6b450;"
	"--good:#6fcf87;--link:#8ab4f8}}"
	"*{box-sizing:border-box}"
	"body{margin:0;overflow-wrap:break-word;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",sans-serif}"
	"main{max-width:1180px;margin:0 auto;padding:32px 24px 64px}"
	"h1{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:center}h1,h2,h3{line-height:1.25;margin:0;font-weight:600}h1{font-size:28px}h2{font-size:20px;margin:48px 0 16px}h3{font-size:17px}"
	"p{margin:8px 0}a{color:var(--link)}"
	".soft{color:var(--soft)}.small{font-size:13px}"
	".verdict{display:inline-block;font-size:13px;font-weight:600;letter-spacing:.04em;text-transform:uppercase;padding:2px 10px;border-radius:12px;"
	"border:1px solid currentColor}"
	".failing,.critical,.error{color:var(--bad)}.degraded,.warning{color:var(--warn)}.healthy,.recovered{color:var(--good)}.unknown,.info{color:var(--soft)}"
	".severity{font-size:13px;font-weight:600}"
	"article{border:1px solid var(--line);border-radius:8px;padding:24px;margin:0 0 24px}"
	"article header{margin-bottom:16px}"
	"dl{display:grid;grid-template-columns:7em minmax(0,1fr);gap:8px 16px;margin:16px 0 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}"
	"dd ul{margin:0;padding-left:1.2em}dd li{margin-bottom:2px}"
	"code,.fact{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,monospace;white-space:pre-wrap;overflow-wrap:anywhere}"
	".drawing{overflow-x:auto;margin:16px 0;padding:8px;background:var(--page)}.drawing svg{display:block}"
	".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px}"
	"th{text-align:left;color:var(--soft);font-weight:600}th,td{padding:6px 16px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}"
	"td{overflow-wrap:anywhere}td.fit{white-space:nowrap}"
	"ol.index{margin:16px 0 0;padding-left:2em}ol.index li{margin-bottom:6px;padding-left:4px}ol.index a{text-decoration:none}ol.index a:hover{text-decoration:underline}"
	"nav{display:flex;flex-wrap:wrap;gap:4px 20px;margin:16px 0 0}article header{display:flow-root}.up{float:right;font-size:13px;text-decoration:none}"
	"details{margin-top:16px}summary{cursor:pointer;color:var(--soft)}"
	"footer{margin-top:48px;color:var(--soft);font-size:13px}"
	"@media(max-width:560px){main{padding:24px 16px 48px}article{padding:16px}dl{grid-template-columns:1fr;gap:2px}dd{margin-bottom:10px}}"
	"@media print{article{break-inside:avoid}}";

static void add(const struct document *d, const char *s)
{
	strbuf_addstr(d->out, s);
}

static void row(const struct document *d, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	markup_element(d->out, "dt", NULL, label);
	markup_element(d->out, "dd", NULL, text);
}

static void begin_list(const struct document *d, const char *label)
{
	markup_element(d->out, "dt", NULL, label);
	add(d, "<dd><ul>");
}

static void end_list(const struct document *d)
{
	add(d, "</ul></dd>");
}

static const char *plural(struct arena *a, uint32_t n, const char *word)
{
	return arena_printf(a, "%u %s%s", n, word, n == 1 ? "" : "s");
}

/* Where a chain step's node already is: chains are paths, workloads may be on them. */
static bool in_chain(const struct cause *c, const struct object *o)
{
	for (uint32_t i = 0; i < c->chain_len; i++)
		if (c->chain[i].what.object && object_top_owner(c->chain[i].what.object) == o)
			return true;
	return false;
}

static struct svg_node node_of(struct arena *a, const struct object_name *n, const char *class)
{
	const char *kind = n->kind_text ? n->kind_text : "", *name = n->name ? n->name : "";

	if (n->ns && *n->ns)
		kind = arena_printf(a, "%s \xc2\xb7 %s", kind, n->ns);
	if (n->key && *n->key)
		name = arena_printf(a, "%s %s", name, n->key);
	return (struct svg_node){kind, name, class};
}

/* The chain from left to right, and below it other workloads that hang on the root. */
static void drawing(const struct document *d, const struct cause *c, unsigned id)
{
	struct arena *a = &d->ctx->arena;
	struct svg_node *nodes = arena_new_array(a, struct svg_node, c->chain_len + GRAPH_BRANCHES + 1);
	struct svg_edge *edges = arena_new_array(a, struct svg_edge, c->chain_len + GRAPH_BRANCHES + 1);
	struct svg_graph g = {.nodes = nodes, .edges = edges, .title = c->title, .id = id};
	uint32_t more = 0, root;

	if (!c->chain_len)
		return;
	for (uint32_t i = 0; i < c->chain_len && g.node_count < SVG_NODES_MAX - GRAPH_BRANCHES - 1; i++) {
		nodes[g.node_count++] = node_of(a, &c->chain[i].what, i + 1 == c->chain_len ? "root" : i ? "" : "symptom");
		if (i)
			edges[g.edge_count++] = (struct svg_edge){i - 1, i, c->chain[i - 1].relation, false};
	}
	root = g.node_count - 1;
	for (uint32_t i = 0; i < c->workloads.len; i++) {
		const struct object_name name = name_of_object(c->workloads.items[i]);

		if (in_chain(c, c->workloads.items[i]))
			continue;
		if (g.node_count - root > GRAPH_BRANCHES) {
			more++;
			continue;
		}
		nodes[g.node_count] = node_of(a, &name, "symptom");
		edges[g.edge_count++] = (struct svg_edge){g.node_count++, root, "is affected by", true};
	}
	if (more) {
		nodes[g.node_count] = (struct svg_node){"and more", plural(a, more, "workload"), ""};
		edges[g.edge_count++] = (struct svg_edge){g.node_count++, root, "", true};
	}
	if (g.node_count < 2)
		return;
	add(d, "<div class=\"drawing\" tabindex=\"0\">");
	svg_graph_add(d->out, &g);
	add(d, "</div>");
}

static void facts(const struct document *d, const struct finding *f)
{
	usec_t now = inventory_now(d->diagnosis->inv);

	if (!f->evidence_count)
		return;
	begin_list(d, "evidence");
	for (uint32_t i = 0; i < f->evidence_count; i++)
		markup_element(d->out, "li", "fact", report_evidence(&d->ctx->arena, &f->evidence[i], now, f->evidence[i].object != f->object));
	end_list(d);
}

static void affected(const struct document *d, const struct cause *c)
{
	struct arena *a = &d->ctx->arena;

	if (!c->workloads.len && !c->pods_affected && !c->entry)
		return;
	begin_list(d, "affects");
	for (uint32_t i = 0; i < c->workloads.len && i < 20; i++)
		markup_element(d->out, "li", NULL, report_object(a, c->workloads.items[i]));
	if (c->workloads.len > 20)
		markup_element(d->out, "li", "soft", arena_printf(a, "and %u more", c->workloads.len - 20));
	if (c->pods_affected)
		markup_element(d->out, "li", "soft", plural(a, c->pods_affected, "pod"));
	if (c->entry)
		markup_element(d->out, "li", NULL, arena_printf(a, "in front of it: %s", report_object(a, c->entry)));
	end_list(d);
}

static void changed(const struct document *d, const struct cause *c)
{
	struct arena *a = &d->ctx->arena;
	usec_t now = inventory_now(d->diagnosis->inv);

	if (!c->changes.len)
		return;
	begin_list(d, "changed");
	for (uint32_t i = 0; i < c->changes.len && i < 20; i++) {
		const struct change *x = &c->changes.items[i];
		const char *object = x->object ? report_object(a, x->object) : "";
		bool named = !*object || strstr(x->text, object);

		markup_element(d->out, "li", NULL,
			       arena_printf(a, "%s: %s%s%s%s%s", report_ago(a, now, x->when), named ? "" : object, named ? "" : ": ", x->text,
					    x->by && *x->by ? ", by " : "", x->by ? x->by : ""));
	}
	end_list(d);
}

/* What else might have been the reason. */
static void asked(const struct document *d, const struct cause *c)
{
	if (c->hypothesis_count < 2)
		return;
	begin_list(d, "asked");
	for (uint32_t i = 1; i < c->hypothesis_count; i++)
		markup_element(d->out, "li", c->hypotheses[i].status == HYPOTHESIS_POSSIBLE ? NULL : "soft",
			       report_hypothesis(&d->ctx->arena, &c->hypotheses[i]));
	end_list(d);
}

static void explained(const struct document *d, const struct cause *c)
{
	if (!c->explained.len)
		return;
	add(d, "<details><summary>");
	markup_text(d->out, plural(&d->ctx->arena, c->explained.len, "finding"));
	add(d, c->explained.len == 1 ? " follows from this</summary><ul>" : " follow from this</summary><ul>");
	for (uint32_t i = 0; i < c->explained.len && i < 200; i++)
		markup_element(d->out, "li", "small", c->explained.items[i]->message);
	if (c->explained.len > 200)
		markup_element(d->out, "li", "small soft", arena_printf(&d->ctx->arena, "and %u more", c->explained.len - 200));
	add(d, "</ul></details>");
}

static void cause(const struct document *d, const struct cause *c, unsigned number)
{
	struct arena *a = &d->ctx->arena;
	usec_t now = inventory_now(d->diagnosis->inv);
	char since[CLOCK_TEXT_MAX];

	strbuf_addf(d->out, "<article id=\"cause-%u\"><header><a class=\"up\" href=\"#top\">top</a><span class=\"severity %s\">%u &middot; %s</span>",
		    number, severity_text(c->severity), number, severity_text(c->severity));
	markup_element(d->out, "h3", NULL, c->title);
	add(d, "</header>");
	drawing(d, c, number);
	add(d, "<dl>");
	row(d, "where", c->root->object ? report_object(a, c->root->object) : "");
	if (c->since)
		row(d, "since", arena_printf(a, "%s (%s)", report_ago(a, now, c->since), clock_format_rfc3339(c->since, since)));
	row(d, "because", report_behind(a, c));
	affected(d, c);
	facts(d, c->root);
	asked(d, c);
	changed(d, c);
	row(d, "fix", c->fix);
	if (c->next && *c->next) {
		add(d, "<dt>next</dt><dd>");
		markup_element(d->out, "code", NULL, c->next);
		add(d, "</dd>");
	}
	row(d, "unseen", c->missing);
	row(d, "sure",
	    arena_printf(a, "%d%%%s%s", c->confidence, c->confidence_why && *c->confidence_why ? ": " : "",
			 c->confidence_why ? c->confidence_why : ""));
	row(d, "check", c->root->check->id);
	add(d, "</dl>");
	explained(d, c);
	add(d, "</article>");
}

static void head(const struct document *d)
{
	struct arena *a = &d->ctx->arena;
	const struct diagnosis *x = d->diagnosis;
	const char *title = report_cluster_title(d->cluster), *version = inventory_server_version(x->inv);
	usec_t now = inventory_now(x->inv) / USEC_PER_SEC * USEC_PER_SEC;
	char when[CLOCK_TEXT_MAX];

	add(d,
	    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>");
	markup_text(d->out, arena_printf(a, "%s: %s", title, verdict_text(x->verdict)));
	add(d, "</title><style>");
	add(d, style);
	add(d, svg_graph_style);
	add(d, "</style></head><body id=\"top\"><main><h1>");
	markup_text(d->out, title);
	markup_element(d->out, "span", arena_printf(a, "verdict %s", verdict_text(x->verdict)), verdict_text(x->verdict));
	add(d, "</h1>");
	markup_element(d->out, "p", NULL, x->verdict_why);
	markup_element(d->out, "p", "soft small",
		       arena_printf(a, "%s%s%zu objects, as of %s", version, *version ? ", " : "", inventory_object_count(x->inv),
				    now ? clock_format_rfc3339(now, when) : "an unknown time"));
}

/* A link to a part of the page, where it has one. */
static void nav_item(const struct document *d, const char *anchor, const char *text, bool there)
{
	if (!there)
		return;
	strbuf_addf(d->out, "<a href=\"#%s\">", anchor);
	markup_text(d->out, text);
	add(d, "</a>");
}

/* "96 causes: 64 critical, 25 error", and where the rest of a long page is. */
static void navigation(const struct document *d)
{
	const struct diagnosis *x = d->diagnosis;
	struct arena *a = &d->ctx->arena;
	size_t notes;

	inventory_notes(x->inv, &notes);
	add(d, "<nav>");
	nav_item(d, "causes", report_cause_counts(a, &x->causes), x->causes.len);
	nav_item(d, "unseen", "What could not be seen", notes);
	nav_item(d, "namespaces", "Namespaces", d->scopes->len);
	nav_item(d, "lesser", plural(a, x->lesser.len, "lesser finding"), x->lesser.len);
	nav_item(d, "recovered", arena_printf(a, "%u recovered", x->recovered.len), x->recovered.len);
	nav_item(d, "findings", "All findings", x->findings.len);
	add(d, "</nav>");
}

static void index_of_causes(const struct document *d)
{
	const struct cause_list *list = &d->diagnosis->causes;

	navigation(d);
	if (list->len < 2)
		return;
	add(d, "<ol class=\"index\">");
	for (uint32_t i = 0; i < list->len; i++) {
		strbuf_addf(d->out, "<li><a href=\"#cause-%u\">", i + 1);
		markup_text(d->out, list->items[i]->title);
		strbuf_addf(d->out, "</a> <span class=\"severity %s\">%s</span></li>", severity_text(list->items[i]->severity),
			    severity_text(list->items[i]->severity));
	}
	add(d, "</ol>");
}

static void namespaces(const struct document *d)
{
	const struct scope_list *list = d->scopes;
	uint32_t n = MIN(list->len, NAMESPACES_SHOWN);

	if (!n)
		return;
	add(d,
	    "<h2 id=\"namespaces\">Namespaces</h2><div class=\"scroll\"><table><thead><tr><th>namespace</th><th>verdict</th><th>why</th></tr></thead><tbody>");
	for (uint32_t i = 0; i < n; i++) {
		add(d, "<tr>");
		markup_element(d->out, "td", "fit", list->items[i].ns);
		markup_element(d->out, "td", verdict_text(list->items[i].verdict), verdict_text(list->items[i].verdict));
		markup_element(d->out, "td", NULL, list->items[i].why);
		add(d, "</tr>");
	}
	add(d, "</tbody></table></div>");
}

static void heading(const struct document *d, const char *anchor, const char *text)
{
	strbuf_addf(d->out, "<h2 id=\"%s\">", anchor);
	markup_text(d->out, text);
	add(d, "</h2>");
}

static void cause_table(const struct document *d, const char *anchor, const char *title, const struct cause_list *list)
{
	usec_t now = inventory_now(d->diagnosis->inv);

	if (!list->len)
		return;
	heading(d, anchor, title);
	add(d, "<div class=\"scroll\"><table><tbody>");
	for (uint32_t i = 0; i < list->len && i < FINDINGS_SHOWN; i++) {
		const struct cause *c = list->items[i];

		add(d, "<tr>");
		markup_element(d->out, "td", severity_text(c->severity), severity_text(c->severity));
		markup_element(d->out, "td", NULL, c->title);
		markup_element(d->out, "td", "soft fit", report_ago(&d->ctx->arena, now, c->until ? c->until : c->since));
		add(d, "</tr>");
	}
	add(d, "</tbody></table></div>");
}

static void findings(const struct document *d)
{
	const struct finding_list *list = &d->diagnosis->findings;

	if (!list->len)
		return;
	heading(d, "findings", "All findings");
	add(d, "<div class=\"scroll\"><table><thead><tr><th>severity</th><th>check</th><th>finding</th><th>state</th></tr></thead><tbody>");
	for (uint32_t i = 0; i < list->len && i < FINDINGS_SHOWN; i++) {
		const struct finding *f = list->items[i];

		add(d, "<tr>");
		markup_element(d->out, "td", severity_text(f->severity), severity_text(f->severity));
		markup_element(d->out, "td", "fit", f->check->id);
		markup_element(d->out, "td", NULL, f->message);
		markup_element(d->out, "td", f->state == FINDING_ACTIVE ? NULL : "recovered", f->state == FINDING_ACTIVE ? "active" : "recovered");
		add(d, "</tr>");
	}
	add(d, "</tbody></table></div>");
	if (list->len > FINDINGS_SHOWN)
		markup_element(d->out, "p", "soft",
			       arena_printf(&d->ctx->arena, "and %u more: report -o json has all of them", list->len - FINDINGS_SHOWN));
}

static void not_seen(const struct document *d)
{
	struct arena *a = &d->ctx->arena;
	const char *kinds[REPORT_UNSEEN_MAX];
	size_t unseen = report_unseen_kinds(d->cluster, kinds), count;
	const struct note *notes = inventory_notes(d->diagnosis->inv, &count);

	if (!count && !unseen)
		return;
	add(d, "<h2 id=\"unseen\">What could not be seen</h2><ul>");
	for (size_t i = 0; i < count; i++)
		markup_element(d->out, "li", NULL, arena_printf(a, "%s: %s", notes[i].what, notes[i].why));
	for (size_t i = 0; i < unseen; i++)
		markup_element(d->out, "li", NULL, arena_printf(a, "%s: not in this recording, so not checked", kinds[i]));
	add(d, "</ul>");
}

void document_html(const struct document *d)
{
	const struct cause_list *causes = &d->diagnosis->causes;

	head(d);
	index_of_causes(d);
	if (causes->len)
		heading(d, "causes", causes->len == 1 ? "Cause" : "Causes");
	for (uint32_t i = 0; i < causes->len; i++)
		cause(d, causes->items[i], i + 1);
	not_seen(d);
	namespaces(d);
	cause_table(d, "lesser", "Lesser findings", &d->diagnosis->lesser);
	cause_table(d, "recovered", "Recovered", &d->diagnosis->recovered);
	findings(d);
	add(d, "<footer>Made by auto-devops " AUTO_DEVOPS_VERSION ". It only read the cluster, and no value of a Secret is in this page.</footer>"
	       "</main></body></html>\n");
}
