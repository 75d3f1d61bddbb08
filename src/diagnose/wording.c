/* What people read about a cause: title, confidence with its reasons, what is missing, what to look at next. */
#include "cluster/certificates.h"
#include "diagnose/internal.h"

#include <ctype.h>

static const char *taken(struct arena *a, struct strbuf *sb)
{
	return arena_strndup(a, sb->buf, sb->len);
}

/* "Deployment shop/web", "Deployment shop/web (and 2 more workloads)". */
static const char *workloads_text(const struct chain *c, const struct cause *cause, const struct cause_facts *facts)
{
	struct object_name first;

	if (!cause->root->object)
		return "";
	first = owner_name(graph_inventory(c->graph), c->arena, cause->root->object);
	if (facts->root_workloads < 2)
		return name_text(c->arena, &first);
	return arena_printf(c->arena, "%s (and %u more workload%s)", name_text(c->arena, &first), facts->root_workloads - 1,
			    facts->root_workloads == 2 ? "" : "s");
}

static bool has_one_container(const struct object *pod)
{
	const struct value *spec = pod_spec(pod);

	return value_len(value_get(spec, "containers")) == 1;
}

/* "init container x", "sidecar container x": the container, not the pod, is what is spoken of. p stands on "container". */
static bool has_role(const char *message, const char *p)
{
	static const char *const roles[] = {"init ", "sidecar ", "ephemeral "};

	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		size_t n = strlen(roles[i]);

		if ((size_t)(p - message) >= n && strncasecmp(p - n, roles[i], n) == 0)
			return true;
	}
	return false;
}

/* The message of the deepest finding speaks of one pod: the title speaks of what it belongs to. */
static const char *title_of(const struct chain *c, const struct cause *cause, const struct cause_facts *facts)
{
	const struct finding *f = cause->root;
	_cleanup_(strbuf_release) struct strbuf sb;
	const char *pod = f->object ? object_text(c->arena, f->object) : "", *at = *pod ? strstr(f->message, pod) : NULL;
	const char *from = at, *container = arena_printf(c->arena, "ontainer %s of ", f->container);
	size_t n = strlen(container);

	strbuf_init(&sb, STRBUF_MAX_LINE);
	if (!at || (f->object->kind->id != KIND_POD && f->object->kind->id != KIND_REPLICA_SET)) {
		strbuf_addstr(&sb, f->message);
	} else {
		/* "Container web of Pod shop/web-1" -> "Deployment shop/web", but "Init container migrate of ..." stays. */
		if (f->container[0] && has_one_container(f->object) && (size_t)(at - f->message) >= n + 1 && strncmp(at - n, container, n) == 0 &&
		    ((size_t)(at - f->message) == n + 1 || at[-(ssize_t)n - 2] == ' ') && !has_role(f->message, at - n - 1))
			from = at - n - 1;
		strbuf_add(&sb, f->message, (size_t)(from - f->message));
		strbuf_addstr(&sb, workloads_text(c, cause, facts));
		strbuf_addstr(&sb, at + strlen(pod));
	}
	while (sb.len && sb.buf[sb.len - 1] == '.')
		strbuf_truncate(&sb, sb.len - 1);
	/* Messages quote others' sentences. */
	for (char *stop = strstr(sb.buf, ".;"); stop; stop = strstr(stop, ".;"))
		memmove(stop, stop + 1, strlen(stop)), sb.len--;
	if (sb.len)
		sb.buf[0] = (char)toupper((unsigned char)sb.buf[0]);
	return taken(c->arena, &sb);
}

/* By whom it is felt: for a cause that is no workload, and for workloads that fail because another one does. */
static const char *with_impact(const struct chain *c, const struct cause *cause, const struct node *root, const struct cause_facts *facts,
			       const char *title)
{
	bool is_workload = root->owner && pod_spec(root->owner);
	uint32_t others = cause->workloads.len - (is_workload ? MIN(facts->root_workloads, cause->workloads.len) : 0);

	if (cause->state != FINDING_ACTIVE || !others)
		return title;
	if (others == 1)
		return arena_printf(c->arena, is_workload ? "%s; %s fails because of it" : "%s; this affects %s", title,
				    object_text(c->arena, is_workload && facts->dependent ? facts->dependent : cause->workloads.items[0]));
	return arena_printf(c->arena, is_workload ? "%s; %u other workloads fail because of it" : "%s; this affects %u workloads", title, others);
}

/* ---- Confidence ------------------------------------------------------------------------------------------------------------- */

static bool is_log_check(const struct finding *f)
{
	return strncmp(f->check->id, "log/", 4) == 0;
}

static bool log_seen(const struct chain *c, const struct finding *f)
{
	const struct container_log *a, *b;

	if (!f->object || f->object->kind->id != KIND_POD)
		return true;
	a = inventory_log(graph_inventory(c->graph), f->object, f->container, true);
	b = inventory_log(graph_inventory(c->graph), f->object, f->container, false);
	return (a && !a->error) || (b && !b->error);
}

/* Checks that say that something fails, not why: without a log their reason is open. */
static bool reason_is_open(const struct finding *f)
{
	static const char *const ids[] = {"pod/crash-loop",    "pod/init-failing", "pod/failed",
					  "pod/restarts-many", "job/failed",       "cronjob/last-failed"};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (str_eq(ids[i], f->check->id))
			return true;
	return false;
}

static const char *evidence_reason(const struct finding *f, int *confidence)
{
	bool field = false, event = false, log = false, absence = false;

	for (uint32_t i = 0; i < f->evidence_count; i++) {
		field = field || f->evidence[i].type == EVIDENCE_FIELD;
		event = event || f->evidence[i].type == EVIDENCE_EVENT;
		log = log || f->evidence[i].type == EVIDENCE_LOG;
		absence = absence || f->evidence[i].type == EVIDENCE_ABSENCE;
	}
	if (absence) {
		*confidence = 97;
		return "what is missing was looked for and is not there";
	}
	if (log) {
		*confidence = reason_is_open(f) ? 80 : 88;
		return "it is what the log ends with";
	}
	if (field) {
		*confidence = 95;
		return event ? "the object's own status and an event say so" : "the object's own status says so";
	}
	*confidence = event ? 88 : 80;
	return event ? "an event says so" : "the check found it";
}

static void fill_confidence(const struct chain *c, struct cause *cause, int weakest_link)
{
	_cleanup_(strbuf_release) struct strbuf why;

	strbuf_init(&why, STRBUF_MAX_LINE);
	strbuf_addstr(&why, evidence_reason(cause->root, &cause->confidence));
	if (reason_is_open(cause->root) && !log_seen(c, cause->root)) {
		cause->confidence = MIN(cause->confidence, 60);
		strbuf_addstr(&why, ", but why it fails is only in its log, which could not be read");
	}
	if (cause->explained.len) {
		strbuf_addf(&why, "; %u other finding%s lead%s to it over links that were verified", cause->explained.len,
			    cause->explained.len == 1 ? "" : "s", cause->explained.len == 1 ? "s" : "");
		cause->confidence = MIN(cause->confidence, weakest_link);
	}
	cause->confidence_why = taken(c->arena, &why);
}

/* ---- Missing, next ---------------------------------------------------------------------------------------------------------- */

static bool note_matters(const struct note *n, const struct cause *cause)
{
	const struct finding *f = cause->root;

	if (n->ns[0] && f->object && !str_eq(n->ns, f->object->ns))
		return false;
	switch (n->kind) {
	case KIND_EVENT:
	case KIND_POD:
	case KIND_NODE:
		return true;
	case KIND_CONFIG_MAP:
	case KIND_SECRET:
	case KIND_REPLICA_SET:
	case KIND_ENDPOINT_SLICE:
	case KIND_PERSISTENT_VOLUME_CLAIM:
		return reason_is_open(f) || cause->confidence < 90;
	default:
		return false;
	}
}

static const char *missing_of(const struct chain *c, const struct cause *cause)
{
	_cleanup_(strbuf_release) struct strbuf sb;
	const struct finding *f = cause->root;
	size_t count;
	const struct note *notes = inventory_notes(graph_inventory(c->graph), &count);
	unsigned unread = 0;

	strbuf_init(&sb, STRBUF_MAX_LINE);
	if (reason_is_open(f) && f->object && f->object->kind->id == KIND_POD && !log_seen(c, f)) {
		const struct container_log *log = inventory_log(graph_inventory(c->graph), f->object, f->container, true);

		if (!log)
			log = inventory_log(graph_inventory(c->graph), f->object, f->container, false);
		strbuf_addf(&sb, "the log of container %s of %s%s%s", f->container, object_text(c->arena, f->object), log && log->error ? ": " : "",
			    log && log->error ? log->error : " was not read");
	}
	/* Which kinds; why they could not be read is in the notes themselves. */
	for (size_t i = 0; i < count && sb.len < 1024; i++) {
		if (!note_matters(&notes[i], cause))
			continue;
		strbuf_addf(&sb, "%s%s", unread++ ? ", " : sb.len ? "; " : "", notes[i].what);
	}
	if (unread)
		strbuf_addstr(&sb, " could not be read");
	return sb.len ? taken(c->arena, &sb) : NULL;
}

/* The first Service that a workload names in its environment and that is ill itself: worth a look, and no more than that. */
static const struct object *ill_callee(struct chain *c, const struct node *root)
{
	const struct edge_list *edges;

	if (!root->owner || !pod_spec(root->owner))
		return NULL;
	edges = graph_edges(c->graph, root->owner);
	for (uint32_t i = 0; i < edges->len; i++) {
		const struct edge *e = &edges->items[i];

		if (e->relation == REL_CALLS && e->to.object && ptr_map_get(&c->by_object, e->to.object))
			return e->to.object;
	}
	return NULL;
}

static const char *next_of(struct chain *c, const struct cause *cause, const struct node *root)
{
	const struct finding *f = cause->root;
	const struct object *callee;

	if (!f->object || cause->state != FINDING_ACTIVE)
		return NULL;
	if (reason_is_open(f)) {
		callee = ill_callee(c, root);
		if (callee && !log_seen(c, f))
			return arena_printf(c->arena,
					    "%s names %s in its configuration, which has a problem of its own: look whether that is the reason",
					    object_text(c->arena, root->owner), object_text(c->arena, callee));
		if (f->object->kind->id == KIND_POD)
			return arena_printf(c->arena, "kubectl logs -n %s %s -c %s --previous", f->object->ns, f->object->name, f->container);
	}
	if (is_log_check(f))
		return arena_printf(c->arena, "kubectl logs -n %s %s -c %s", f->object->ns, f->object->name, f->container);
	/* What we probed ourselves kubectl does not know. */
	if (str_eq(f->object->kind->group, PROBED_GROUP))
		return NULL;
	return arena_printf(c->arena, "kubectl describe %s", object_ref_text(c->arena, f->object));
}

static const struct proposal *proposal_of(const struct cause *cause)
{
	if (cause->root->proposal)
		return cause->root->proposal;
	for (uint32_t i = 0; i < cause->explained.len; i++)
		if (cause->explained.items[i]->proposal)
			return cause->explained.items[i]->proposal;
	return NULL;
}

void cause_word(struct chain *c, struct cause *cause, const struct node *root, const struct cause_facts *facts)
{
	cause->title = with_impact(c, cause, root, facts, title_of(c, cause, facts));
	cause->fix = cause->root->fix ? cause->root->fix : cause->root->check->fix;
	cause->proposal = proposal_of(cause);
	fill_confidence(c, cause, facts->weakest_link);
	cause->missing = missing_of(c, cause);
	cause->next = next_of(c, cause, root);
}
