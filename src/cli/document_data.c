/* The report for other tools: JSON, SARIF 2.1.0, JUnit. */
#include "cli/document.h"
#include "diagnose/compare.h"
#include "format/markup.h"

static void member(struct json_writer *w, const char *key, const char *s)
{
	json_key(w, key);
	json_string(w, s);
}

void document_json(const struct document *d)
{
	struct arena *a = &d->ctx->arena;
	const struct finding_list *findings = &d->diagnosis->findings;
	struct json_writer w;

	json_writer_init(&w, d->out, 2);
	json_object_begin(&w);
	member(&w, "format", "auto-devops/report/v1");
	report_diagnosis_json(&w, a, d->cluster, d->diagnosis);
	report_scopes_json(&w, d->scopes);
	json_key(&w, "findings");
	json_array_begin(&w);
	for (uint32_t i = 0; i < findings->len; i++)
		report_finding_json(&w, a, findings->items[i]);
	json_array_end(&w);
	json_object_end(&w);
	strbuf_addch(d->out, '\n');
}

static const char *sarif_level(enum severity s)
{
	return s >= SEVERITY_ERROR ? "error" : s == SEVERITY_WARNING ? "warning" : "note";
}

static void sarif_text(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_object_begin(w);
	member(w, "text", text);
	json_object_end(w);
}

static void sarif_rules(struct json_writer *w, const struct check **checks, size_t count)
{
	json_key(w, "rules");
	json_array_begin(w);
	for (size_t i = 0; i < count; i++) {
		json_object_begin(w);
		member(w, "id", checks[i]->id);
		sarif_text(w, "shortDescription", checks[i]->title);
		sarif_text(w, "fullDescription", checks[i]->explain);
		sarif_text(w, "help", checks[i]->fix ? checks[i]->fix : checks[i]->title);
		json_key(w, "defaultConfiguration");
		json_object_begin(w);
		member(w, "level", sarif_level(checks[i]->severity));
		json_object_end(w);
		json_object_end(w);
	}
	json_array_end(w);
}

static int64_t rule_index(const struct check **checks, size_t count, const struct check *check)
{
	for (size_t i = 0; i < count; i++)
		if (checks[i] == check)
			return (int64_t)i;
	return -1;
}

static void sarif_location(struct json_writer *w, struct arena *a, const struct object *o)
{
	json_key(w, "locations");
	json_array_begin(w);
	if (o) {
		json_object_begin(w);
		json_key(w, "logicalLocations");
		json_array_begin(w);
		json_object_begin(w);
		member(w, "name", o->name);
		member(w, "fullyQualifiedName",
		       *o->ns ? arena_printf(a, "%s/%s/%s", o->ns, o->kind->name, o->name) : arena_printf(a, "%s/%s", o->kind->name, o->name));
		member(w, "kind", "resource");
		json_object_end(w);
		json_array_end(w);
		json_object_end(w);
	}
	json_array_end(w);
}

static void sarif_result(struct json_writer *w, const struct document *d, const struct finding *f, const struct check **checks, size_t count)
{
	struct arena *a = &d->ctx->arena;
	unsigned rank = 0;
	const struct cause *c = document_cause_of(d, f, &rank);
	int64_t rule = rule_index(checks, count, f->check);
	bool root = c && c->root == f;

	json_object_begin(w);
	member(w, "ruleId", f->check->id);
	if (rule >= 0)
		json_member_int(w, "ruleIndex", rule);
	member(w, "kind", "fail");
	member(w, "level", sarif_level(root ? c->severity : f->severity));
	sarif_text(w, "message", root && c->fix && *c->fix ? arena_printf(a, "%s. %s", c->title, c->fix) : root ? c->title : f->message);
	sarif_location(w, a, f->object);
	if (root) {
		json_key(w, "partialFingerprints");
		json_object_begin(w);
		member(w, "cause/v1", cause_identity(d->diagnosis->inv, a, c));
		json_object_end(w);
	}
	json_key(w, "properties");
	json_object_begin(w);
	member(w, "severity", severity_text(root && c ? c->severity : f->severity));
	if (c)
		json_member_int(w, root ? "cause" : "followsFromCause", rank);
	json_object_end(w);
	json_object_end(w);
}

static void sarif_invocation(struct json_writer *w, const struct document *d)
{
	size_t count;
	const struct note *notes = inventory_notes(d->diagnosis->inv, &count);

	json_key(w, "invocations");
	json_array_begin(w);
	json_object_begin(w);
	json_key(w, "executionSuccessful");
	json_bool(w, true);
	json_key(w, "toolExecutionNotifications");
	json_array_begin(w);
	for (size_t i = 0; i < count; i++) {
		json_object_begin(w);
		member(w, "level", "warning");
		sarif_text(w, "message", arena_printf(&d->ctx->arena, "not seen: %s: %s", notes[i].what, notes[i].why));
		json_object_end(w);
	}
	json_array_end(w);
	json_object_end(w);
	json_array_end(w);
}

void document_sarif(const struct document *d)
{
	const struct finding_list *findings = &d->diagnosis->findings;
	const struct check **checks;
	struct json_writer w;
	size_t count;

	checks = diagnose_catalogue(&d->ctx->arena, &count);
	json_writer_init(&w, d->out, 2);
	json_object_begin(&w);
	member(&w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	member(&w, "version", "2.1.0");
	json_key(&w, "runs");
	json_array_begin(&w);
	json_object_begin(&w);
	json_key(&w, "tool");
	json_object_begin(&w);
	json_key(&w, "driver");
	json_object_begin(&w);
	member(&w, "name", "auto-devops");
	member(&w, "version", AUTO_DEVOPS_VERSION);
	sarif_rules(&w, checks, count);
	json_object_end(&w);
	json_object_end(&w);
	sarif_invocation(&w, d);
	json_key(&w, "results");
	json_array_begin(&w);
	for (uint32_t i = 0; i < findings->len; i++)
		if (findings->items[i]->state == FINDING_ACTIVE)
			sarif_result(&w, d, findings->items[i], checks, count);
	json_array_end(&w);
	json_object_end(&w);
	json_array_end(&w);
	json_object_end(&w);
	strbuf_addch(d->out, '\n');
}

/* "pod" of "pod/crash-loop". */
static size_t family_len(const struct check *c)
{
	return strcspn(c->id, "/");
}

static bool same_family(const struct check *a, const struct check *b)
{
	return family_len(a) == family_len(b) && strncmp(a->id, b->id, family_len(a)) == 0;
}

/* Why a check could not run; NULL when it did. */
static const char *junit_skipped(const struct document *d, const struct check *c)
{
	const struct inventory *inv = d->diagnosis->inv;

	if (c->advice && !d->advice)
		return "advice was not asked for (--advice)";
	if (c->kind < KIND_CUSTOM && !inventory_sees(inv, c->kind, NULL) && !inventory_list(inv, c->kind)->len)
		return "what it looks at was not read";
	return NULL;
}

static void junit_case(struct strbuf *out, const struct check *c, const char *name)
{
	strbuf_addstr(out, "    <testcase");
	markup_attribute(out, "classname", c->id);
	markup_attribute(out, "name", name);
	strbuf_addstr(out, " time=\"0\"");
}

static void junit_failure(const struct document *d, const struct cause *c)
{
	struct arena *a = &d->ctx->arena;
	usec_t now = inventory_now(d->diagnosis->inv);

	junit_case(d->out, c->root->check, c->root->object ? report_object(a, c->root->object) : c->root->check->title);
	strbuf_addstr(d->out, ">\n      <failure");
	markup_attribute(d->out, "type", severity_text(c->severity));
	markup_attribute(d->out, "message", c->title);
	strbuf_addch(d->out, '>');
	for (uint32_t i = 0; i < c->root->evidence_count; i++) {
		markup_text(d->out, report_evidence(a, &c->root->evidence[i], now, true));
		strbuf_addch(d->out, '\n');
	}
	if (c->fix && *c->fix)
		markup_text(d->out, arena_printf(a, "fix: %s\n", c->fix));
	strbuf_addstr(d->out, "</failure>\n    </testcase>\n");
}

struct junit_counts {
	uint32_t tests, failures, skipped;
};

/* The checks from `from` on that are of one family; returns the first of the next one. */
static size_t junit_suite(const struct document *d, const struct check **checks, size_t count, size_t from, struct junit_counts *total)
{
	struct strbuf *out = d->out, cases;
	struct document inner = *d;
	struct junit_counts n = {0};
	size_t i = from;

	strbuf_init(&cases, out->max);
	inner.out = &cases;
	for (; i < count && same_family(checks[from], checks[i]); i++) {
		const char *skipped = junit_skipped(d, checks[i]);
		uint32_t failures = 0;

		for (uint32_t k = 0; k < d->diagnosis->causes.len; k++) {
			if (d->diagnosis->causes.items[k]->root->check != checks[i])
				continue;
			junit_failure(&inner, d->diagnosis->causes.items[k]);
			failures++;
		}
		n.failures += failures;
		n.tests += failures ? failures : 1;
		if (failures)
			continue;
		junit_case(&cases, checks[i], checks[i]->title);
		if (skipped) {
			n.skipped++;
			strbuf_addstr(&cases, "><skipped");
			markup_attribute(&cases, "message", skipped);
			strbuf_addstr(&cases, "/></testcase>\n");
		} else {
			strbuf_addstr(&cases, "/>\n");
		}
	}
	strbuf_addf(out, "  <testsuite name=\"%.*s\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"0\">\n",
		    (int)family_len(checks[from]), checks[from]->id, n.tests, n.failures, n.skipped);
	strbuf_add(out, cases.buf, cases.len);
	strbuf_addstr(out, "  </testsuite>\n");
	strbuf_release(&cases);
	total->tests += n.tests;
	total->failures += n.failures;
	total->skipped += n.skipped;
	return i;
}

void document_junit(const struct document *d)
{
	const struct check **checks;
	struct strbuf *out = d->out, suites;
	struct document inner = *d;
	struct junit_counts total = {0};
	size_t count;

	checks = diagnose_catalogue(&d->ctx->arena, &count);
	strbuf_init(&suites, out->max);
	inner.out = &suites;
	for (size_t i = 0; i < count;)
		i = junit_suite(&inner, checks, count, i, &total);
	strbuf_addf(
		out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"auto-devops\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n",
		total.tests, total.failures, total.skipped);
	strbuf_add(out, suites.buf, suites.len);
	strbuf_addstr(out, "</testsuites>\n");
	strbuf_release(&suites);
}
