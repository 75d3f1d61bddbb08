/* A session: from one question to its answer, and what is remembered for the next. */
#include "base/utf8.h"
#include "diagnose/graph.h"
#include "jamie/say.h"
#include "telemetry/telemetry.h"

struct jamie {
	struct cluster *cluster;
	struct jamie_options options;
	struct ctx *ctx; /* the diagnosis lives in its arena; NULL before the first */
	bool diagnosed;
	struct diagnosis diagnosis;
	/* What was spoken of last: objects live in the inventory, the rest here. */
	enum intent last_intent;
	struct object *last_objects[QUESTION_MAX_OBJECTS];
	unsigned last_object_count;
	char last_ns[256];
	const struct kind *last_kind;
	bool last_any_workload;
	enum state_filter last_state;
	bool asked_back; /* last_objects are what may have been meant: the next words may say which */
};

const char *answer_kind_text(enum answer_kind k)
{
	static const char *const texts[] = {"answer", "clarify", "unknown-name", "cannot-see", "out-of-reach", "read-only"};

	return (size_t)k < ARRAY_LEN(texts) ? texts[k] : "";
}

void jamie_options_init(struct jamie_options *o)
{
	*o = (struct jamie_options){0};
	diagnose_options_init(&o->diagnose);
}

struct jamie *jamie_new(struct cluster *c, const struct jamie_options *options)
{
	struct jamie *j = mem_alloc(sizeof(*j));

	j->cluster = c;
	j->options = *options;
	return j;
}

static void free_ctx(struct ctx *ctx)
{
	if (!ctx)
		return;
	ctx_release(ctx);
	mem_free(ctx);
}

void jamie_free(struct jamie *j)
{
	if (!j)
		return;
	free_ctx(j->ctx);
	mem_free(j);
}

void jamie_freep(struct jamie **j)
{
	jamie_free(*j);
	*j = NULL;
}

int jamie_diagnosis(struct jamie *j, struct ctx *ctx, const struct diagnosis **ret, struct err *err)
{
	if (!j->diagnosed) {
		/* In memory of its own, so that a long conversation holds one diagnosis. The one before is kept until there is another. */
		struct ctx *fresh = mem_alloc(sizeof(*fresh));
		struct diagnosis d;
		int r;

		ctx_init(fresh);
		fresh->deadline = ctx->deadline;
		fresh->cancel = ctx->cancel;
		r = diagnose_cluster(j->cluster, fresh, &j->options.diagnose, &d, err);
		if (r < 0) {
			free_ctx(fresh);
			return r;
		}
		free_ctx(j->ctx);
		j->ctx = fresh;
		j->diagnosis = d;
		j->diagnosed = true;
	}
	*ret = &j->diagnosis;
	return 0;
}

/* ---- What it goes on from ----------------------------------------------------------------------------------------------------- */

static bool same_thing(const struct object *a, const struct object *b)
{
	return str_eq(a->ns, b->ns) && str_eq(a->name, b->name);
}

static bool speaks_of_object(enum intent i)
{
	switch (i) {
	case INTENT_LOGS:
	case INTENT_SINCE:
	case INTENT_WHERE:
	case INTENT_IMAGE:
	case INTENT_RESOURCES:
	case INTENT_USERS:
	case INTENT_DEPENDENTS:
	case INTENT_DEPENDENCIES:
	case INTENT_SELECTED:
	case INTENT_DESCRIBE:
	case INTENT_WRITE:
		return true;
	default:
		return false;
	}
}

static void remember_into(const struct jamie *j, struct question *q, struct arena *a, const char *ns)
{
	struct mention *m = &q->mentions[q->mention_count];

	*m = (struct mention){.words = "it", .score = 100};
	for (unsigned i = 0; i < j->last_object_count; i++) {
		struct object *o = j->last_objects[i];
		struct object *there = ns ? inventory_find(j->diagnosis.inv, o->kind->id, ns, o->name) : o;

		if (there)
			*arena_push(a, &m->objects) = there;
	}
	if (m->objects.len)
		q->mention_count++;
}

/* The answer to "which do you mean?": "the one in staging", "the service". */
static void recall_choice(const struct jamie *j, struct question *q, struct arena *a)
{
	struct mention *m = &q->mentions[0];

	*m = (struct mention){.words = "it", .score = 100};
	for (unsigned i = 0; i < j->last_object_count; i++) {
		struct object *o = j->last_objects[i];

		if ((!q->namespace_count || str_eq(o->ns, q->namespaces[0])) && (!q->kind || o->kind == q->kind))
			*arena_push(a, &m->objects) = o;
	}
	if (!m->objects.len)
		return;
	for (uint32_t i = 1; i < m->objects.len; i++)
		m->ambiguous = m->ambiguous || !same_thing(m->objects.items[i], m->objects.items[0]);
	q->mention_count = 1;
	q->intent = j->last_intent;
	q->kind = NULL;
	q->kind_words = NULL;
}

/* "and its logs?", "why?", "what about staging?": the missing parts come from the question before. */
static void recall(const struct jamie *j, struct question *q, struct arena *a)
{
	bool bare = !q->mention_count && !q->namespace_count;
	bool why_alone = q->intent == INTENT_WHY && q->word_count <= 3;

	if (q->intent == INTENT_NONE && q->follow_up && j->last_intent != INTENT_NONE)
		q->intent = j->last_intent;
	if (q->follow_up && !q->kind_words && (j->last_kind || j->last_any_workload) && (q->intent == INTENT_LIST || q->intent == INTENT_COUNT)) {
		q->kind = j->last_kind;
		q->any_workload = j->last_any_workload;
		q->kind_words = "those";
		if (q->state == STATE_ANY)
			q->state = j->last_state;
	}
	if (j->asked_back && !q->mention_count && (q->namespace_count || q->kind_words) &&
	    (q->intent == INTENT_NONE || q->intent == INTENT_OVERVIEW)) {
		recall_choice(j, q, a);
		return;
	}
	if (bare && j->last_object_count && !q->everywhere && !q->unknown_name &&
	    (speaks_of_object(q->intent) || why_alone || (q->pronoun && q->intent != INTENT_OVERVIEW) ||
	     (q->follow_up && q->intent != INTENT_OVERVIEW && !q->kind_words)))
		remember_into(j, q, a, NULL);
	else if (!q->mention_count && q->namespace_count == 1 && q->follow_up && j->last_object_count && q->intent == j->last_intent)
		remember_into(j, q, a, q->namespaces[0]);
	else if (bare && j->last_ns[0] && !j->last_object_count && !q->everywhere && (q->pronoun || q->follow_up)) {
		q->namespaces[q->namespace_count] = arena_strdup(a, j->last_ns);
		q->namespace_words[q->namespace_count++] = "there";
	}
}

static void remember(struct jamie *j, const struct question *q, const struct mention *m)
{
	j->last_intent = q->intent;
	j->asked_back = m && m->ambiguous;
	if (q->kind_words) {
		j->last_kind = q->kind;
		j->last_any_workload = q->any_workload;
		j->last_state = q->state;
	}
	if (m && m->objects.len) {
		j->last_object_count = MIN(m->objects.len, (uint32_t)QUESTION_MAX_OBJECTS);
		memcpy(j->last_objects, m->objects.items, j->last_object_count * sizeof(*j->last_objects));
	}
	if (q->namespace_count) {
		snprintf(j->last_ns, sizeof(j->last_ns), "%s", q->namespaces[0]);
		if (!m)
			j->last_object_count = 0;
	}
}

/* ---- Which one is meant ------------------------------------------------------------------------------------------------------- */

/* Keeps what shares namespace and name with o. */
static void settle_on(struct mention *m, const struct object *o)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->objects.len; i++)
		if (same_thing(m->objects.items[i], o))
			m->objects.items[n++] = m->objects.items[i];
	m->objects.len = n;
	m->ambiguous = false;
}

/* Pods of one owner that was not read, as in a dump without Jobs, are one thing all the same. */
static bool same_owner(const struct jamie *j, struct ctx *ctx, const struct mention *m)
{
	struct object_name first = {0};

	for (uint32_t i = 0; i < m->objects.len; i++) {
		struct object_name owner = owner_name(j->diagnosis.inv, &ctx->arena, m->objects.items[i]);

		if (m->objects.items[i]->kind->id != KIND_POD || (i && !name_equal(&owner, &first)))
			return false;
		first = owner;
	}
	return true;
}

/* Who asks what is wrong with "web" means the web that something is wrong with, if only one is. */
static void settle(const struct jamie *j, struct ctx *ctx, const struct question *q, struct mention *m)
{
	const struct object *ill = NULL, *near = NULL;
	unsigned ill_count = 0, near_count = 0;
	const char *ns = j->last_ns[0] ? j->last_ns : j->options.ns ? j->options.ns : NULL;

	if (!m->ambiguous)
		return;
	for (uint32_t i = 0; i < m->objects.len; i++) {
		const struct object *o = m->objects.items[i];
		enum verdict v = diagnose_verdict(&j->diagnosis, ctx, o, NULL, NULL);

		if ((v == VERDICT_FAILING || v == VERDICT_DEGRADED) && (!ill || !same_thing(ill, o))) {
			ill = o;
			ill_count++;
		}
		if (ns && str_eq(o->ns, ns) && (!near || !same_thing(near, o))) {
			near = o;
			near_count++;
		}
	}
	if (near_count == 1)
		settle_on(m, near);
	else if (same_owner(j, ctx, m))
		settle_on(m, ill ? ill : m->objects.items[0]);
	else if (ill_count == 1 && (q->intent == INTENT_WHY || q->intent == INTENT_LOGS || q->intent == INTENT_SINCE || q->intent == INTENT_NONE ||
				    q->intent == INTENT_WRITE))
		settle_on(m, ill);
}

static void ask_which(struct say *s, const struct mention *m)
{
	_cleanup_(strbuf_release) struct strbuf sb;

	strbuf_init(&sb, STRBUF_MAX_LINE);
	s->kind = ANSWER_CLARIFY;
	for (uint32_t i = 0; i < m->objects.len && s->options.len < 8; i++) {
		bool again = false;

		for (uint32_t k = 0; k < i; k++)
			again = again || same_thing(m->objects.items[k], m->objects.items[i]);
		if (!again)
			say_option(s, say_name(s, m->objects.items[i]));
	}
	say_text(s, "I know more than one \"%s\". Which do you mean?", m->words);
	for (uint32_t i = 0; i < s->options.len; i++)
		say_item(s, "%s", s->options.items[i]);
}

/* A name that nothing bears, but that something asks for. */
static bool say_wanted(struct say *s, const char *word)
{
	bool said = false;

	for (uint32_t i = 0; i < s->diagnosis->findings.len; i++) {
		const struct finding *f = s->diagnosis->findings.items[i];

		if (f->subject.kind == KIND_COUNT || f->subject.object || !f->subject.name || !str_eq(f->subject.name, word) || !f->object)
			continue;
		if (!said)
			say_text(s, "%s does not exist. It is asked for by:", name_text(s->arena, &f->subject));
		said = true;
		say_item(s, "%s", say_name(s, f->object));
		say_finding(s, f, 2);
	}
	return said;
}

static void say_unknown(struct say *s, const struct question *q, const char *word)
{
	if (say_wanted(s, word))
		return;
	struct object_list near = question_near(s->arena, s->inv, word, 3);

	s->kind = ANSWER_UNKNOWN_NAME;
	if (q->hint && q->hint->id != KIND_CUSTOM && !inventory_sees(s->inv, q->hint->id, q->namespace_count ? q->namespaces[0] : NULL)) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(s, "I cannot tell: %s could not be read here", say_kind(s, q->hint, true));
	}
	if (q->namespace_count)
		say_text(s, "I know nothing called \"%s\" in namespace %s", word, q->namespaces[0]);
	else
		say_text(s, "I know nothing called \"%s\" in this cluster", word);
	for (uint32_t i = 0; i < near.len; i++)
		say_option(s, say_name(s, near.items[i]));
	if (s->options.len)
		say_text(s, "Did you mean:");
	for (uint32_t i = 0; i < s->options.len; i++)
		say_item(s, "%s", s->options.items[i]);
}

static void say_unknown_namespace(struct say *s, const char *word)
{
	const struct object_list *all = inventory_list(s->inv, KIND_NAMESPACE);

	s->kind = ANSWER_UNKNOWN_NAME;
	say_text(s, "There is no namespace \"%s\" that I can see", word);
	for (uint32_t i = 0; i < all->len && i < 8; i++)
		say_option(s, say_name(s, all->items[i]));
	if (s->options.len)
		say_text(s, "I know:");
	for (uint32_t i = 0; i < s->options.len; i++)
		say_item(s, "%s", s->options.items[i]);
}

/* ---- Dispatch ----------------------------------------------------------------------------------------------------------------- */

/* Questions about kinds rather than names are lists, whatever their verb: "are the nodes healthy?", "why are pods pending?" */
static void adjust_intent(struct question *q)
{
	bool named = q->mention_count > 0;

	if (q->intent == INTENT_NONE && named)
		q->intent = INTENT_HEALTH;
	else if (q->intent == INTENT_NONE && q->namespace_count)
		q->intent = INTENT_OVERVIEW;
	else if (q->intent == INTENT_NONE && q->kind_words)
		q->intent = INTENT_LIST;
	if (!named && q->surely_name)
		return;
	if (named && q->intent == INTENT_OVERVIEW)
		q->intent = INTENT_WHY;
	if (!named && !q->kind_words && (q->intent == INTENT_WHY || q->intent == INTENT_HEALTH) && (q->namespace_count || !q->unknown_name))
		q->intent = INTENT_OVERVIEW;
	if (!named && q->intent == INTENT_IMAGE && q->state == STATE_IMAGE_PULL)
		q->intent = INTENT_LIST;
	if (!named && q->kind_words && !(q->kind && q->kind->id == KIND_NAMESPACE && q->namespace_count) &&
	    (q->intent == INTENT_WHY || q->intent == INTENT_HEALTH || q->intent == INTENT_OVERVIEW)) {
		q->intent = INTENT_LIST;
		if (q->state == STATE_ANY || q->state == STATE_HEALTHY || q->state == STATE_READY)
			q->state = STATE_UNHEALTHY;
	}
	if (q->intent == INTENT_LIST && named && q->kind && q->kind->id == KIND_NODE)
		q->intent = INTENT_WHERE;
	else if (q->intent == INTENT_LIST && named && q->kind && q->kind->id != KIND_POD && q->mentions[0].objects.items[0]->kind->id != KIND_NODE)
		q->intent = INTENT_DEPENDENCIES;
	if (!named && q->kind_words &&
	    (q->intent == INTENT_DESCRIBE || q->intent == INTENT_WHERE || q->intent == INTENT_IMAGE || q->intent == INTENT_SELECTED))
		q->intent = INTENT_LIST;
	if (named && (q->intent == INTENT_GREET || q->intent == INTENT_THANKS))
		q->intent = INTENT_WHY;
	if (q->intent == INTENT_LIST && !q->kind_words && q->state == STATE_ANY && q->order == ORDER_NONE)
		q->intent = named ? INTENT_HEALTH : INTENT_OVERVIEW;
	if (q->intent == INTENT_COMPARE && q->mention_count + q->namespace_count < 2 && named)
		q->intent = INTENT_HEALTH;
}

static bool needs_object(const struct question *q)
{
	switch (q->intent) {
	case INTENT_WHY:
	case INTENT_HEALTH:
	case INTENT_SINCE:
		return q->unknown_name && !q->namespace_count && !q->everywhere;
	case INTENT_WRITE:
		return false;
	default:
		return speaks_of_object(q->intent);
	}
}

static void say_needs_name(struct say *s)
{
	s->kind = ANSWER_CLARIFY;
	say_text(s, "Of what, please? Name a workload, a pod or another object, and I'll look");
	for (uint32_t i = 0; i < s->diagnosis->causes.len && s->options.len < 4; i++)
		if (s->diagnosis->causes.items[i]->workloads.len)
			say_option(s, say_name(s, s->diagnosis->causes.items[i]->workloads.items[0]));
}

#define MENTIONS_TOLD 3

/* Whoever asks where an ill thing runs wants to know that it is ill. */
static void say_by_the_way(struct say *s, struct ctx *ctx, const struct mention *m)
{
	if (s->kind != ANSWER_FOUND || s->causes.len)
		return;
	for (uint32_t i = 0; i < m->objects.len; i++) {
		struct cause_list list = diagnose_object(s->diagnosis, ctx, m->objects.items[i]);
		enum verdict v = diagnose_verdict(s->diagnosis, ctx, m->objects.items[i], NULL, NULL);

		if ((v != VERDICT_FAILING && v != VERDICT_DEGRADED) || !list.len)
			continue;
		say_paragraph(s);
		say_text(s, "Mind that it is not well: %s", list.items[0]->title);
		say_finding(s, list.items[0]->root, 2);
		say_cause_ref(s, list.items[0]);
		return;
	}
}

/* "What's wrong with A and B?": one after the other. Other questions are about the first. */
static void answer_mentions(struct jamie *j, struct say *s, struct ctx *ctx, const struct question *q)
{
	bool each = q->intent == INTENT_WHY || q->intent == INTENT_HEALTH;

	for (unsigned i = 0; i < q->mention_count && i < (each ? MENTIONS_TOLD : 1u); i++) {
		if (i && q->mentions[i].ambiguous)
			continue;
		say_paragraph(s);
		dispatch_object(s, ctx, j->cluster, &q->mentions[i]);
	}
}

static void answer(struct jamie *j, struct say *s, struct ctx *ctx, struct question *q)
{
	struct mention *m = q->mention_count ? &q->mentions[0] : NULL;

	for (unsigned i = 0; i < q->mention_count; i++)
		settle(j, ctx, q, &q->mentions[i]);
	if (q->intent == INTENT_OUT_OF_REACH || q->intent == INTENT_HELP || q->intent == INTENT_GREET || q->intent == INTENT_THANKS ||
	    q->intent == INTENT_VISIBILITY)
		dispatch_rest(s, ctx, j->cluster);
	else if (q->unknown_namespace)
		say_unknown_namespace(s, q->unknown_namespace);
	else if (q->intent == INTENT_COMPARE)
		answer_compare(s, ctx);
	else if (m && m->ambiguous)
		ask_which(s, m);
	else if (m)
		answer_mentions(j, s, ctx, q);
	else if (q->unknown_name && (q->surely_name || needs_object(q) || q->intent == INTENT_NONE))
		say_unknown(s, q, q->unknown_name);
	else if (needs_object(q))
		say_needs_name(s);
	else
		dispatch_rest(s, ctx, j->cluster);
	if (m && !m->ambiguous && q->intent != INTENT_OUT_OF_REACH && q->intent != INTENT_WRITE)
		say_by_the_way(s, ctx, m);
	remember(j, q, m);
}

/* ---- Entities ----------------------------------------------------------------------------------------------------------------- */

struct entities {
	struct answer_entity *items;
	uint32_t len, cap;
};

static void add_entity(struct arena *a, struct entities *e, const char *type, const char *words, const char *value, const struct object *o)
{
	*arena_push(a, e) = (struct answer_entity){.type = type, .words = words ? words : "", .value = value, .object = o};
}

static void fill_entities(const struct jamie *j, struct arena *a, const struct question *q, struct answer *ret)
{
	static const char *const orders[] = {"", "most restarts", "oldest", "newest"};
	struct entities e = {0};
	char buf[CLOCK_TEXT_MAX];

	for (unsigned i = 0; i < q->mention_count; i++) {
		const struct mention *m = &q->mentions[i];

		add_entity(a, &e, "object", m->words, object_text(a, m->objects.items[0]), m->objects.items[0]);
	}
	for (unsigned i = 0; i < q->namespace_count; i++)
		add_entity(a, &e, "namespace", q->namespace_words[i], arena_strdup(a, q->namespaces[i]),
			   inventory_find(j->diagnosis.inv, KIND_NAMESPACE, "", q->namespaces[i]));
	if (q->kind_words)
		add_entity(a, &e, "kind", q->kind_words, q->kind ? q->kind->name : "workload", NULL);
	if (q->state != STATE_ANY)
		add_entity(a, &e, "state", q->state_words, state_text(q->state), NULL);
	if (q->since)
		add_entity(a, &e, "time", q->since_words, arena_strdup(a, clock_format_rfc3339(q->since, buf)), NULL);
	if (q->number)
		add_entity(a, &e, "number", NULL, arena_printf(a, "%lld", (long long)q->number), NULL);
	if (q->order != ORDER_NONE)
		add_entity(a, &e, "order", NULL, orders[q->order], NULL);
	if (q->status_low)
		add_entity(a, &e, "status", q->status_words, arena_printf(a, "%d-%d", q->status_low, q->status_high), NULL);
	if (q->path)
		add_entity(a, &e, "path", q->path, q->path, NULL);
	if (q->container)
		add_entity(a, &e, "container", q->container, q->container, NULL);
	ret->entities = e.items;
	ret->entity_count = e.len;
}

/* Who asks how one thing does gets its logs looked at, too: a program may run and fail at what it does. */
static int look_closer(struct jamie *j, struct ctx *ctx, const struct question *q, struct err *err)
{
	const struct mention *m = &q->mentions[0];
	const struct diagnosis *d;

	if (q->mention_count != 1 || m->ambiguous || (q->intent != INTENT_WHY && q->intent != INTENT_HEALTH) ||
	    j->options.diagnose.about == m->objects.items[0])
		return 0;
	j->options.diagnose.about = m->objects.items[0];
	j->diagnosed = false;
	return jamie_diagnosis(j, ctx, &d, err);
}

int jamie_ask(struct jamie *j, struct ctx *ctx, const char *question, struct answer *ret, struct err *err)
{
	struct question *q = arena_new(&ctx->arena, struct question);
	const struct diagnosis *d;
	struct say s;
	size_t len = strlen(question);
	int r;

	if (len > JAMIE_MAX_QUESTION)
		return err_set(err, ERR_LIMIT, "the question is longer than %d bytes", JAMIE_MAX_QUESTION);
	if (!utf8_valid(question, len))
		return err_set(err, ERR_INPUT, "the question is not valid UTF-8");
	if ((r = question_split(q, &ctx->arena, question, err)) < 0)
		return r;
	if (!q->word_count)
		return err_set(err, ERR_INPUT, "the question is empty");
	if ((r = jamie_diagnosis(j, ctx, &d, err)) < 0)
		return r;
	question_phrases(q, &ctx->arena, inventory_now(d->inv));
	question_names(q, &ctx->arena, d->inv);
	question_intent(q);
	recall(j, q, &ctx->arena);
	adjust_intent(q);
	if ((r = look_closer(j, ctx, q, err)) < 0)
		return r;
	*ret = (struct answer){0};
	say_init(&s, &ctx->arena, d, q);
	s.checks = &j->options.diagnose.checks;
	answer(j, &s, ctx, q);
	say_finish(&s, ret);
	ret->intent = intent_name(q->intent);
	fill_entities(j, &ctx->arena, q, ret);
	say_release(&s);
	metric_add(METRIC_QUESTIONS, 1);
	return ctx_check(ctx, err);
}
