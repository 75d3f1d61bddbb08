/* The report as JSON; its members are described in docs/output.md and stay as they are: new ones may come, none changes its meaning. */
#include "cli/report.h"

void report_object_json(struct json_writer *w, const struct object_name *n)
{
	if (!n->name) {
		json_null(w);
		return;
	}
	json_object_begin(w);
	json_member_text(w, "kind", n->kind_text);
	json_member_text(w, "namespace", n->ns);
	json_member_text(w, "name", n->name);
	if (n->key && *n->key)
		json_member_text(w, "key", n->key);
	json_key(w, "seen");
	json_bool(w, n->object != NULL);
	json_object_end(w);
}

static void member_object(struct json_writer *w, const char *key, const struct object *o)
{
	const struct object_name n = o ? name_of_object(o) : (struct object_name){.kind = KIND_COUNT};

	json_key(w, key);
	report_object_json(w, &n);
}

void report_evidence_json(struct json_writer *w, struct arena *a, const struct evidence *e)
{
	static const char *const types[] = {"field", "event", "log", "absence", "external"};

	json_object_begin(w);
	json_member_text(w, "type", types[e->type]);
	member_object(w, "object", e->object);
	if (e->type == EVIDENCE_LOG) {
		json_member_text(w, "container", e->path);
		json_key(w, "previous");
		json_bool(w, e->previous);
		json_member_int(w, "firstLine", e->first_line);
		json_member_int(w, "lastLine", e->last_line);
	} else if (e->type == EVIDENCE_EVENT) {
		json_member_text(w, "reason", e->event ? e->event->reason : NULL);
		json_member_int(w, "count", e->event ? e->event->count : 1);
	} else {
		json_member_text(w, "path", e->path);
	}
	json_member_text(w, "text", e->text);
	json_member_time(w, "time", e->when ? e->when : e->event ? e->event->last : 0);
	json_object_end(w);
}

static void evidence_list_json(struct json_writer *w, struct arena *a, const char *key, const struct evidence *e, uint32_t count)
{
	json_key(w, key);
	json_array_begin(w);
	for (uint32_t i = 0; i < count; i++)
		report_evidence_json(w, a, &e[i]);
	json_array_end(w);
}

void report_finding_json(struct json_writer *w, struct arena *a, const struct finding *f)
{
	json_object_begin(w);
	json_member_int(w, "id", f->id);
	json_member_text(w, "check", f->check->id);
	json_member_text(w, "severity", severity_text(f->severity));
	json_member_text(w, "state", f->state == FINDING_ACTIVE ? "active" : "recovered");
	member_object(w, "object", f->object);
	json_member_text(w, "container", f->container);
	json_key(w, "subject");
	report_object_json(w, &f->subject);
	json_member_text(w, "message", f->message);
	json_member_time(w, "since", f->since);
	json_member_time(w, "until", f->until);
	evidence_list_json(w, a, "evidence", f->evidence, f->evidence_count);
	json_object_end(w);
}

static void chain_json(struct json_writer *w, const struct cause *c)
{
	json_key(w, "chain");
	json_array_begin(w);
	for (uint32_t i = 0; i < c->chain_len; i++) {
		json_object_begin(w);
		json_key(w, "object");
		report_object_json(w, &c->chain[i].what);
		json_member_text(w, "relation", c->chain[i].relation);
		json_key(w, "finding");
		if (c->chain[i].finding)
			json_int(w, c->chain[i].finding->id);
		else
			json_null(w);
		json_object_end(w);
	}
	json_array_end(w);
}

static void proposal_json(struct json_writer *w, const struct proposal *p)
{
	json_key(w, "proposal");
	if (!p) {
		json_null(w);
		return;
	}
	json_object_begin(w);
	json_member_text(w, "action", p->action);
	json_key(w, "target");
	report_object_json(w, &p->target);
	json_member_text(w, "parameters", p->parameters);
	json_member_text(w, "risk", p->risk);
	json_object_end(w);
}

static void changes_json(struct json_writer *w, const struct change_list *changes)
{
	json_key(w, "changes");
	json_array_begin(w);
	for (uint32_t i = 0; i < changes->len; i++) {
		const struct change *c = &changes->items[i];

		json_object_begin(w);
		json_member_time(w, "time", c->when);
		member_object(w, "object", c->object);
		json_member_text(w, "what", c->what);
		json_member_text(w, "from", c->from);
		json_member_text(w, "to", c->to);
		json_member_text(w, "by", c->by);
		json_member_text(w, "text", c->text);
		json_object_end(w);
	}
	json_array_end(w);
}

static void hypotheses_json(struct json_writer *w, struct arena *a, const struct cause *c)
{
	json_key(w, "hypotheses");
	json_array_begin(w);
	for (uint32_t i = 0; i < c->hypothesis_count; i++) {
		const struct hypothesis *h = &c->hypotheses[i];

		json_object_begin(w);
		json_member_text(w, "id", h->id);
		json_member_text(w, "text", h->text);
		json_member_text(w, "status", hypothesis_status_text(h->status));
		json_member_text(w, "why", h->why);
		evidence_list_json(w, a, "for", h->pro, h->pro_count);
		evidence_list_json(w, a, "against", h->contra, h->contra_count);
		json_object_end(w);
	}
	json_array_end(w);
}

static void affected_json(struct json_writer *w, const struct cause *c)
{
	json_key(w, "affects");
	json_object_begin(w);
	json_key(w, "workloads");
	json_array_begin(w);
	for (uint32_t i = 0; i < c->workloads.len; i++) {
		const struct object_name n = name_of_object(c->workloads.items[i]);

		report_object_json(w, &n);
	}
	json_array_end(w);
	json_member_int(w, "pods", c->pods_affected);
	member_object(w, "entry", c->entry);
	json_object_end(w);
}

void report_cause_json(struct json_writer *w, struct arena *a, const struct cause *c, unsigned rank)
{
	json_object_begin(w);
	json_member_int(w, "rank", rank);
	json_member_text(w, "check", c->root->check->id);
	json_member_text(w, "severity", severity_text(c->severity));
	json_member_text(w, "state", c->state == FINDING_ACTIVE ? "active" : "recovered");
	json_member_text(w, "title", c->title);
	json_member_int(w, "confidence", c->confidence);
	json_member_text(w, "confidenceWhy", c->confidence_why);
	json_member_time(w, "since", c->since);
	json_member_time(w, "until", c->until);
	affected_json(w, c);
	chain_json(w, c);
	json_key(w, "root");
	report_finding_json(w, a, c->root);
	json_key(w, "behind");
	if (c->behind)
		report_finding_json(w, a, c->behind);
	else
		json_null(w);
	json_key(w, "explains");
	json_array_begin(w);
	for (uint32_t i = 0; i < c->explained.len; i++)
		report_finding_json(w, a, c->explained.items[i]);
	json_array_end(w);
	json_key(w, "symptom");
	if (c->symptom)
		json_int(w, c->symptom->id);
	else
		json_null(w);
	hypotheses_json(w, a, c);
	changes_json(w, &c->changes);
	json_member_text(w, "fix", c->fix);
	proposal_json(w, c->proposal);
	json_member_text(w, "next", c->next);
	json_member_text(w, "unseen", c->missing);
	json_object_end(w);
}

void report_causes_json(struct json_writer *w, struct arena *a, const char *key, const struct cause_list *causes)
{
	json_key(w, key);
	json_array_begin(w);
	for (uint32_t i = 0; i < causes->len; i++)
		report_cause_json(w, a, causes->items[i], i + 1);
	json_array_end(w);
}

void report_cluster_json(struct json_writer *w, struct cluster *c)
{
	const struct inventory *inv = cluster_inventory(c);
	const char *kinds[REPORT_UNSEEN_MAX];
	size_t n;

	json_key(w, "cluster");
	json_object_begin(w);
	json_member_text(w, "name", cluster_name(c));
	json_member_text(w, "source", cluster_server(c));
	json_key(w, "live");
	json_bool(w, cluster_is_live(c));
	json_member_text(w, "version", inventory_server_version(inv));
	json_member_time(w, "time", inventory_now(inv));
	json_member_int(w, "objects", (int64_t)inventory_object_count(inv));
	json_key(w, "unseen");
	json_array_begin(w);
	n = report_unseen_kinds(c, kinds);
	for (size_t i = 0; i < n; i++)
		json_string(w, kinds[i]);
	json_array_end(w);
	json_object_end(w);
}

void report_notes_json(struct json_writer *w, const struct inventory *inv)
{
	size_t count;
	const struct note *notes = inventory_notes(inv, &count);

	json_key(w, "notes");
	json_array_begin(w);
	for (size_t i = 0; i < count; i++) {
		json_object_begin(w);
		json_member_text(w, "what", notes[i].what);
		json_member_text(w, "why", notes[i].why);
		json_member_text(w, "namespace", notes[i].ns);
		json_object_end(w);
	}
	json_array_end(w);
}

void report_log_reach_json(struct json_writer *w, const struct log_reach *reach)
{
	json_key(w, "logs");
	if (!reach->workloads) {
		json_null(w);
		return;
	}
	json_object_begin(w);
	json_member_int(w, "workloads", reach->workloads);
	json_member_int(w, "lookedAt", reach->looked_at);
	json_object_end(w);
}

void report_diagnosis_json(struct json_writer *w, struct arena *a, struct cluster *c, const struct diagnosis *d)
{
	report_cluster_json(w, c);
	json_member_text(w, "verdict", verdict_text(d->verdict));
	json_member_text(w, "why", d->verdict_why);
	report_causes_json(w, a, "causes", &d->causes);
	report_causes_json(w, a, "lesser", &d->lesser);
	report_causes_json(w, a, "recovered", &d->recovered);
	report_silenced_json(w, a, d);
	report_log_reach_json(w, &d->logs);
	report_notes_json(w, d->inv);
}
