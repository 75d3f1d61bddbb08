/* Weighing the explanations that compete with the chosen one: which are asked about, and in which order they are told. */
#include "diagnose/weigh.h"

enum hypothesis_id {
	HYPO_NONE,
#define HYPOTHESIS(id, claims, text) HYPO_##id,
#include "diagnose/hypotheses.def"
	HYPO_COUNT,
};

static const struct {
	const char *id, *claims, *text;
	void (*weigh)(struct inquiry *q);
} hypotheses[HYPO_COUNT] = {
#define HYPOTHESIS(id, claims, text) [HYPO_##id] = {#id, claims, text, weigh_##id},
#include "diagnose/hypotheses.def"
};

#define TRIES_MAX 12
static const struct {
	const char *check;
	enum hypothesis_id tries[TRIES_MAX];
} symptoms[] = {
#define H(id) HYPO_##id,
#define SYMPTOM(check, tries) {check, {tries HYPO_NONE}},
#include "diagnose/hypotheses.def"
#undef H
};

#define RIVALS_MAX 2 /* findings of other causes that are told as competing */
#define CHANGE_BEFORE (24 * 60 * USEC_PER_MINUTE)

const char *hypothesis_status_text(enum hypothesis_status s)
{
	static const char *const texts[] = {"chosen", "possible", "ruled out", "unknown"};

	return (size_t)s < ARRAY_LEN(texts) ? texts[s] : "unknown";
}

/* ---- For the weigh_ functions ----------------------------------------------------------------------------------------------- */

static void decide(struct inquiry *q, enum hypothesis_status status, const char *fmt, va_list ap)
{
	q->h->status = status;
	q->h->why = arena_vprintf(q->run->arena, fmt, ap);
}

void weigh_possible(struct inquiry *q, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	decide(q, HYPOTHESIS_POSSIBLE, fmt, ap);
	va_end(ap);
}

void weigh_out(struct inquiry *q, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	decide(q, HYPOTHESIS_RULED_OUT, fmt, ap);
	va_end(ap);
}

void weigh_unknown(struct inquiry *q, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	decide(q, HYPOTHESIS_UNKNOWN, fmt, ap);
	va_end(ap);
}

void weigh_field(struct inquiry *q, bool is_for, const struct object *o, const char *path)
{
	if (o)
		finding_field(q->run, is_for ? &q->pro : &q->contra, o, path);
}

bool weigh_unseen(struct inquiry *q, enum kind_id kind)
{
	const struct object *o = q->pod ? q->pod : q->symptom->object;
	const char *ns = o && o->ns[0] && kind < KIND_CUSTOM && kind_table[kind].namespaced ? o->ns : NULL;

	if (inventory_sees(q->run->inv, kind, ns))
		return false;
	weigh_unknown(q, "%s were not read", kind_table[kind].plural);
	return true;
}

const struct change *weigh_change(struct inquiry *q, uint32_t types, const struct change **ret_last)
{
	usec_t since = q->cause->since ? q->cause->since : inventory_now(q->run->inv);
	struct change_list all;

	*ret_last = NULL;
	if (!q->owner)
		return NULL;
	all = changes_of(q->chain->graph, q->run->arena, q->owner, 0, since + USEC_PER_MINUTE);
	for (uint32_t i = 0; i < all.len; i++) {
		const struct change *c = &all.items[i];

		/* Its own creation changes nothing; nor do writes to the workload that left its template as it was. */
		if (!(types & (1u << c->type)) || (c->type == CHANGE_WRITE && c->object == q->owner))
			continue;
		*ret_last = arena_memdup(q->run->arena, c, sizeof(*c));
		return c->when + CHANGE_BEFORE >= since ? *ret_last : NULL;
	}
	return NULL;
}

const char *weigh_words(const struct inquiry *q)
{
	const struct finding *f = q->symptom;
	char *text = arena_strdup(q->run->arena, f->message);

	for (uint32_t i = 0; i < f->evidence_count; i++)
		if (f->evidence[i].text)
			text = arena_printf(q->run->arena, "%s\n%s", text, f->evidence[i].text);
	return text;
}

/* ---- Which are asked -------------------------------------------------------------------------------------------------------- */

static size_t entry_of(const struct check *check)
{
	size_t i = 0;

	while (i < ARRAY_LEN(symptoms) && !check_id_matches(symptoms[i].check, check->id))
		i++;
	return i;
}

/* What is to be explained: the root; but a line of a log explains what its container does, and that is the better question. */
static const struct finding *symptom_of(const struct cause *cause)
{
	bool log = strncmp(cause->root->check->id, "log/", 4) == 0;

	if (!log && entry_of(cause->root->check) < ARRAY_LEN(symptoms))
		return cause->root;
	for (uint32_t i = 0; i < cause->explained.len; i++) {
		const struct finding *f = cause->explained.items[i];

		if (entry_of(f->check) < ARRAY_LEN(symptoms) && (!log || strncmp(f->check->id, "pod/", 4) == 0))
			return f;
	}
	return cause->root;
}

static const struct object *pod_of(const struct cause *cause, const struct finding *symptom)
{
	if (symptom->object && symptom->object->kind->id == KIND_POD)
		return symptom->object;
	for (uint32_t i = 0; i < cause->explained.len; i++) {
		const struct object *o = cause->explained.items[i]->object;

		if (o && o->kind->id == KIND_POD && (!symptom->object || object_top_owner(o) == object_top_owner(symptom->object)))
			return o;
	}
	return NULL;
}

/* Is this explanation what the cause says already? */
static bool is_claimed(const struct cause *cause, const char *claims)
{
	for (uint32_t i = 0; i <= cause->explained.len; i++) {
		const struct finding *f = i ? cause->explained.items[i - 1] : cause->root;

		/* The symptom itself explains nothing, unless nothing explains it. */
		if ((f != cause->symptom || f == cause->root) && check_id_listed(claims, f->check->id))
			return true;
	}
	return false;
}

/* ---- Putting them together -------------------------------------------------------------------------------------------------- */

struct hypothesis_list {
	struct hypothesis *items;
	uint32_t len, cap;
};

static void add(struct inquiry *q, struct hypothesis_list *list, struct hypothesis *h)
{
	h->pro = q->pro.evidence;
	h->pro_count = q->pro.evidence_count;
	h->contra = q->contra.evidence;
	h->contra_count = q->contra.evidence_count;
	*arena_push(q->run->arena, list) = *h;
}

static void begin(struct inquiry *q, struct hypothesis *h)
{
	q->h = h;
	q->pro = q->contra = (struct finding){.check = q->symptom->check, .object = q->symptom->object, .container = ""};
}

static char *with_dashes(struct arena *a, const char *id)
{
	char *s = arena_strdup(a, id);

	for (char *p = s; *p; p++)
		if (*p == '_')
			*p = '-';
	return s;
}

static void add_chosen(struct inquiry *q, struct hypothesis_list *list)
{
	const struct cause *cause = q->cause;
	struct hypothesis h = {.id = cause->root->check->id, .text = cause->title, .why = cause->confidence_why, .status = HYPOTHESIS_CHOSEN};

	begin(q, &h);
	q->pro.evidence = cause->root->evidence;
	q->pro.evidence_count = cause->root->evidence_count;
	add(q, list, &h);
}

/* Other findings that a rule allows as the cause of the symptom: of another cause, or begun too late to be it. */
static void add_rivals(struct inquiry *q, struct hypothesis_list *list)
{
	struct rival rivals[RIVALS_MAX];
	size_t n = chain_rivals(q->chain, &q->chain->nodes[q->symptom->id], rivals, RIVALS_MAX);

	for (size_t i = 0; i < n; i++) {
		const struct finding *f = rivals[i].node->finding;
		struct hypothesis h = {.id = f->check->id, .text = f->message};
		char span[CLOCK_TEXT_MAX];

		begin(q, &h);
		q->pro.evidence = f->evidence;
		q->pro.evidence_count = f->evidence_count;
		if (rivals[i].late)
			weigh_out(q, "it began %s after the symptom", clock_format_span(f->since - q->symptom->since, span));
		else
			weigh_possible(q, "it explains the symptom too, less directly");
		add(q, list, &h);
	}
}

/* What is possible first, then what is ruled out; within one status the order of the table. There are few. */
static void order(struct hypothesis_list *list)
{
	for (uint32_t i = 1; i < list->len; i++) {
		struct hypothesis h = list->items[i];
		uint32_t j = i;

		for (; j && list->items[j - 1].status > h.status; j--)
			list->items[j] = list->items[j - 1];
		list->items[j] = h;
	}
}

static void weigh_cause(struct inquiry *q, struct cause *cause)
{
	struct hypothesis_list list = {0};
	size_t entry;

	cause->symptom = q->symptom = symptom_of(cause);
	q->cause = cause;
	q->pod = pod_of(cause, q->symptom);
	q->owner = q->pod ? object_top_owner(q->pod) : q->symptom->object ? object_top_owner(q->symptom->object) : NULL;
	add_chosen(q, &list);
	add_rivals(q, &list);
	entry = entry_of(q->symptom->check);
	for (size_t i = 0; entry < ARRAY_LEN(symptoms) && symptoms[entry].tries[i] != HYPO_NONE; i++) {
		enum hypothesis_id id = symptoms[entry].tries[i];
		struct hypothesis h = {.id = with_dashes(q->run->arena, hypotheses[id].id), .text = hypotheses[id].text};

		if (is_claimed(cause, hypotheses[id].claims))
			continue;
		begin(q, &h);
		hypotheses[id].weigh(q);
		add(q, &list, &h);
	}
	order(&list);
	cause->hypotheses = list.items;
	cause->hypothesis_count = MIN(list.len, (uint32_t)HYPOTHESES_MAX);
}

void diagnose_weigh(const struct diagnosis *d, struct arena *a, const struct cause_list *causes)
{
	struct check_options options;
	struct check_run run = {.inv = d->inv, .arena = a, .options = &options};
	struct inquiry q = {.run = &run, .chain = d->chain};

	check_options_init(&options);
	check_index_init(&run);
	for (uint32_t i = 0; i < causes->len; i++)
		if (!causes->items[i]->hypotheses)
			weigh_cause(&q, causes->items[i]);
	check_index_release(&run);
}
