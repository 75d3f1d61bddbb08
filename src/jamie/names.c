/* Names in a question -> objects of the inventory: exact, in parts, spoken, misspelt. */
#include "jamie/match.h"

#include "base/near.h"

#include <ctype.h>
#include <strings.h>

struct found {
	const struct object *object;
	int score;
};

struct found_list {
	struct found *items;
	uint32_t len, cap;
};

static int compare_found(const void *x, const void *y)
{
	const struct found *a = x, *b = y;
	int ra = kind_rank(a->object->kind->id), rb = kind_rank(b->object->kind->id), c;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	c = strcmp(a->object->ns, b->object->ns);
	c = c ? c : strcmp(a->object->name, b->object->name);
	return ra != rb ? (ra < rb ? -1 : 1) : c;
}

static bool in_namespaces(const struct question *q, const struct object *o)
{
	if (!q->namespace_count || !o->ns[0])
		return true;
	for (unsigned i = 0; i < q->namespace_count; i++)
		if (str_eq(q->namespaces[i], o->ns))
			return true;
	return false;
}

static bool is_hint_kind(const struct kind *hint, const struct object *o)
{
	if (!hint)
		return true;
	if (hint->id == KIND_VALIDATING_WEBHOOK)
		return o->kind->id == KIND_VALIDATING_WEBHOOK || o->kind->id == KIND_MUTATING_WEBHOOK;
	return o->kind == hint;
}

/* Keeps those in the namespaces named and of the kind named, where there are any, and near the best score. */
static void narrow(const struct question *q, struct found_list *list, const struct kind *hint)
{
	for (int pass = 0; pass < 2; pass++) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < list->len; i++) {
			const struct object *o = list->items[i].object;

			if (pass ? is_hint_kind(hint, o) : in_namespaces(q, o))
				list->items[n++] = list->items[i];
		}
		/* "pods of web" speaks of a Deployment web: a kind that leads nowhere is no filter. A namespace that leads nowhere is a miss. */
		if (n || !pass)
			list->len = n;
	}
	for (uint32_t i = 1; i < list->len; i++) {
		if (list->items[i].score < list->items[0].score - SCORE_MARGIN ||
		    (list->items[0].score == SCORE_EXACT && list->items[i].score < SCORE_EXACT)) {
			list->len = i;
			break;
		}
	}
}

/* Who gives half a name means a program, or what stands before it, rather than a volume or a Secret of it. */
static int unlikeliness(enum kind_id kind)
{
	int rank = kind_rank(kind);

	return rank <= kind_rank(KIND_REPLICATION_CONTROLLER) ? 0 : rank <= kind_rank(KIND_INGRESS) ? SCORE_MARGIN + 1 : 2 * SCORE_MARGIN + 2;
}

/* The '-'-joined words and each on its own, against every object. */
static struct found_list search(const struct question *q, struct arena *a, const struct inventory *inv, unsigned at, unsigned count, bool exact_only)
{
	const char *first = q->words[at].text;
	_cleanup_(strbuf_release) struct strbuf joined;
	_cleanup_(strbuf_release) struct strbuf run_on; /* "check out" */
	struct found_list list = {0};

	strbuf_init(&joined, STRBUF_MAX_LINE);
	strbuf_init(&run_on, STRBUF_MAX_LINE);
	for (unsigned i = 0; i < count; i++) {
		strbuf_addf(&joined, "%s%s", i ? "-" : "", q->words[at + i].text);
		strbuf_addstr(&run_on, q->words[at + i].text);
	}
	for (int k = 0; k <= KIND_CUSTOM; k++) {
		const struct object_list *all = inventory_list(inv, (enum kind_id)k);

		if (k == KIND_NAMESPACE || kind_rank((enum kind_id)k) < 0 ||
		    (!exact_only && kind_rank((enum kind_id)k) > kind_rank(KIND_RESOURCE_QUOTA)))
			continue;
		for (uint32_t i = 0; all && i < all->len; i++) {
			const struct object *o = all->items[i];
			int score = str_eq(o->name, joined.buf) || (exact_only && count == 2 && str_eq(o->name, run_on.buf)) ? SCORE_EXACT : 0,
			    sum = 0;

			if (!score && !exact_only) {
				for (unsigned w = 0; w < count; w++) {
					int s = word_score(count == 1 ? first : q->words[at + w].text, o);

					sum = w && (!s || !sum) ? 0 : sum + s;
				}
				score = sum ? sum / (int)count + 8 * ((int)count - 1) : 0;
				score = MIN(score, SCORE_EXACT - 1);
			}
			if (score && score < SCORE_EXACT)
				score -= unlikeliness((enum kind_id)k);
			if (score > 0)
				*arena_push(a, &list) = (struct found){o, score};
		}
	}
	if (list.len)
		qsort(list.items, list.len, sizeof(*list.items), compare_found);
	return list;
}

/* "kind/name", "ns/name", "kind/ns/name". */
static struct found_list search_path(const struct question *q, struct arena *a, const struct inventory *inv, unsigned at)
{
	const char *text = q->words[at].text, *slash = strchr(text, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;
	struct found_list list = {0};
	const struct kind *kind;
	const char *head, *name;

	if (!slash)
		return list;
	head = arena_strndup(a, text, (size_t)(slash - text));
	kind = kind_by_name(head);
	name = second ? second + 1 : slash + 1;
	for (int k = 0; k <= KIND_CUSTOM; k++) {
		const struct object_list *all = inventory_list(inv, (enum kind_id)k);

		for (uint32_t i = 0; all && i < all->len; i++) {
			const struct object *o = all->items[i];
			bool fits = kind_rank((enum kind_id)k) >= 0 && str_eq(o->name, name);

			if (kind ? o->kind == kind : str_eq(o->ns, head))
				if (fits && (!second || strncmp(slash + 1, o->ns, (size_t)(second - slash - 1)) == 0))
					*arena_push(a, &list) = (struct found){o, SCORE_EXACT};
		}
	}
	if (list.len)
		qsort(list.items, list.len, sizeof(*list.items), compare_found);
	return list;
}

static struct found_list search_host(struct arena *a, const struct inventory *inv, const char *host)
{
	const struct object_list *all = inventory_list(inv, KIND_INGRESS);
	struct found_list list = {0};

	for (uint32_t i = 0; strchr(host, '.') && i < all->len; i++) {
		for (value_each(rule, value_get(all->items[i]->spec, "rules"))) {
			if (str_eq(value_get_str(rule, "host"), host)) {
				*arena_push(a, &list) = (struct found){all->items[i], SCORE_HOST};
				break;
			}
		}
	}
	return list;
}

/* The kind said beside the name: "deployment web", "web deployment", "the web service". */
static const struct kind *kind_beside(struct question *q, unsigned at, unsigned count)
{
	struct word *before = at ? &q->words[at - 1] : NULL, *after = at + count < q->word_count ? &q->words[at + count] : NULL;

	/* "deployment web", but "pods died". */
	if (before && before->role == WORD_KIND && before->kind &&
	    (before->text[strlen(before->text) - 1] != 's' || q->words[at].role == WORD_NAME || str_eq(before->text, "ingress"))) {
		for (unsigned i = at; i-- > 0 && q->words[i].role == WORD_KIND && q->words[i].kind == before->kind;)
			q->words[i].hint = true;
		return before->kind;
	}
	if (after && after->role == WORD_KIND && after->kind && after->kind->id != KIND_POD) {
		for (unsigned i = at + count; i < q->word_count && q->words[i].role == WORD_KIND && q->words[i].kind == after->kind; i++)
			q->words[i].hint = true;
		return after->kind;
	}
	return NULL;
}

static void add_mention(struct question *q, struct arena *a, unsigned at, unsigned count, const struct found_list *list)
{
	struct mention *m;
	const struct object *best = list->items[0].object;

	if (q->mention_count == QUESTION_MAX_OBJECTS)
		return;
	m = &q->mentions[q->mention_count++];
	*m = (struct mention){.words = question_words(q, a, at, count), .first = at, .count = count, .score = list->items[0].score};
	for (uint32_t i = 0; i < list->len; i++) {
		const struct object *o = list->items[i].object;

		*arena_push(a, &m->objects) = (struct object *)(uintptr_t)o;
		if (!str_eq(o->ns, best->ns) || !str_eq(o->name, best->name))
			m->ambiguous = true;
	}
	for (unsigned i = at; i < at + count; i++)
		q->words[i].role = WORD_NAME;
}

static bool may_name(const struct question *q, unsigned at, bool exact)
{
	const struct word *w = &q->words[at];

	if (w->quoted)
		return true;
	/* Exact names may look like states ("ready"), kinds, times or keywords only where they are said to be names. */
	if (w->role != WORD_PLAIN)
		return false;
	return !is_stop_word(w->text) && (exact || (!intent_keyword(w->text) && (w->len >= 3 || str_eq(w->text, "db") || str_eq(w->text, "ui"))));
}

static unsigned try_mention(struct question *q, struct arena *a, const struct inventory *inv, unsigned at, unsigned count, bool exact)
{
	struct found_list list;
	const struct kind *hint;

	for (unsigned i = at; i < at + count; i++)
		if (i >= q->word_count ||
		    !(may_name(q, i, exact) || (exact && count == 2 && q->words[i].role == WORD_PLAIN && q->words[at].len >= 4)))
			return 0;
	list = exact && count == 1 ? search_path(q, a, inv, at) : (struct found_list){0};
	if (!list.len)
		list = search(q, a, inv, at, count, exact);
	if (!list.len && exact && count == 1)
		list = search_host(a, inv, q->words[at].text);
	if (!list.len)
		return 0;
	hint = kind_beside(q, at, count);
	narrow(q, &list, hint);
	if (!list.len)
		return 0;
	add_mention(q, a, at, count, &list);
	return count;
}

static void find_mentions(struct question *q, struct arena *a, const struct inventory *inv, bool exact)
{
	for (unsigned at = 0; at < q->word_count; at++) {
		for (unsigned count = exact ? 4 : 3; count > 0; count--) {
			if (try_mention(q, a, inv, at, count, exact)) {
				at += count - 1;
				break;
			}
		}
	}
}

/* A keyword that is the exact name of something and stands beside its kind, or is all there is: "describe the deployment logs". */
static void find_keyword_names(struct question *q, struct arena *a, const struct inventory *inv)
{
	for (unsigned at = 0; at < q->word_count; at++) {
		struct word *w = &q->words[at];
		enum word_role role = w->role;

		if (role == WORD_NAME || !at || q->words[at - 1].role != WORD_KIND || q->words[at - 1].kind == w->kind)
			continue;
		w->role = WORD_PLAIN;
		w->quoted = true;
		if (!try_mention(q, a, inv, at, 1, true)) {
			w->role = role;
		}
		w->quoted = false;
	}
}

/* "with the X", "of X", "deployment X": what stands there is a name. */
static bool stands_as_name(struct question *q, unsigned at)
{
	static const char *const leads[] = {"with", "of", "called", "named", NULL};
	unsigned before = at;

	q->hint = kind_beside(q, at, 1);
	if (strpbrk(q->words[at].text, "-_/.") || q->words[at].quoted || q->hint)
		return true;
	while (before && (word_at(q, before - 1, "the") || word_at(q, before - 1, "our") || word_at(q, before - 1, "my")))
		before--;
	return before && is_one(q->words[before - 1].text, leads) && !q->everywhere;
}

static void find_unknown(struct question *q)
{
	for (unsigned at = 0; at < q->word_count; at++) {
		const struct word *w = &q->words[at];
		bool plain = w->quoted || (w->role == WORD_PLAIN && !is_stop_word(w->text) && !intent_keyword(w->text) && w->len >= 3);
		bool surely;

		if (!plain || !strpbrk(w->text, "abcdefghijklmnopqrstuvwxyz") || strchr(w->text, '@') || isdigit((unsigned char)w->text[0]))
			continue;
		surely = stands_as_name(q, at);
		if (!q->unknown_name || (surely && !q->surely_name)) {
			q->unknown_name = w->text;
			q->surely_name = surely;
			if (surely)
				q->words[at].role = WORD_NAME;
		}
	}
}

static void choose_kind(struct question *q)
{
	for (unsigned i = 0; i < q->word_count; i++) {
		const struct word *w = &q->words[i];

		if (w->role != WORD_KIND || w->hint || (w->kind && w->kind->id == KIND_NAMESPACE && (q->namespace_count || q->per_namespace)))
			continue;
		if (!q->kind_words) {
			q->kind = w->kind;
			q->any_workload = !w->kind;
			q->kind_words = w->text;
		}
	}
}

/* Custom kinds have no words in the table of phrases.c: their names are what the cluster calls them. "apps" stay workloads where no custom kind
 * bears that name. */
static void mark_custom_kinds(struct question *q, const struct inventory *inv)
{
	const struct object_list *list = inventory_list(inv, KIND_CUSTOM);

	for (uint32_t i = 0; i < list->len; i++) {
		const struct kind *kind = list->items[i]->kind;

		if (i && kind == list->items[i - 1]->kind)
			continue;
		for (unsigned at = 0; at < q->word_count; at++) {
			struct word *w = &q->words[at];
			bool open = w->role == WORD_PLAIN || (w->role == WORD_KIND && !w->kind);

			if (open && !w->quoted && (strcasecmp(w->text, kind->name) == 0 || strcasecmp(w->text, kind->plural) == 0)) {
				w->role = WORD_KIND;
				w->kind = kind;
			}
		}
	}
}

/* "Is the gateway fine?": the only one that there is. */
static void find_only_one(struct question *q, struct arena *a, const struct inventory *inv)
{
	for (unsigned at = 0; at < q->word_count; at++) {
		const struct kind *kind = q->words[at].role == WORD_KIND ? q->words[at].kind : NULL;
		const struct object_list *list = kind && kind->id == KIND_CUSTOM ? inventory_list_custom(inv, kind->group, kind->name) : NULL;
		struct found_list one = {0};

		if (!list || list->len != 1 || strcasecmp(q->words[at].text, kind->name) != 0 || !in_namespaces(q, list->items[0]))
			continue;
		*arena_push(a, &one) = (struct found){list->items[0], SCORE_EXACT};
		add_mention(q, a, at, 1, &one);
		return;
	}
}

void question_names(struct question *q, struct arena *a, const struct inventory *inv)
{
	mark_custom_kinds(q, inv);
	for (unsigned at = 0; at < q->word_count; at++)
		find_namespace(q, a, inv, at);
	find_mentions(q, a, inv, true);
	find_keyword_names(q, a, inv);
	find_mentions(q, a, inv, false);
	choose_kind(q);
	if (!q->mention_count)
		find_unknown(q);
	if (!q->mention_count && !q->surely_name)
		find_only_one(q, a, inv);
}

struct object_list question_near(struct arena *a, const struct inventory *inv, const char *word, unsigned max)
{
	struct found_list list = {0};
	struct object_list ret = {0};

	for (int k = 0; k < KIND_CUSTOM; k++) {
		const struct object_list *all = inventory_list(inv, (enum kind_id)k);

		if (k == KIND_NAMESPACE || kind_rank((enum kind_id)k) < 0 || kind_rank((enum kind_id)k) > kind_rank(KIND_CONFIG_MAP))
			continue;
		for (uint32_t i = 0; i < all->len; i++) {
			const struct object *o = all->items[i];
			int score = word_score(word, o);
			size_t d = o->owner || score ? 9 : near_distance(word, o->name, 4);

			score = score ? score : d <= 4 && 2 * d < strlen(word) ? 40 - 5 * (int)d : 0;
			if (score)
				*arena_push(a, &list) = (struct found){o, score};
		}
	}
	if (list.len)
		qsort(list.items, list.len, sizeof(*list.items), compare_found);
	for (uint32_t i = 0; i < list.len && ret.len < max; i++)
		*arena_push(a, &ret) = (struct object *)(uintptr_t)list.items[i].object;
	return ret;
}
