/* Namespaces in a question: by name, by stage ("prod"), misspelt. */
#include "base/near.h"
#include "jamie/match.h"

static const char *const short_names[][2] = {{"prod", "production"}, {"stage", "staging"}, {"stg", "staging"},
					     {"dev", "development"}, {"test", "testing"},  {"qa", "quality"}};

static bool namespace_fits(const char *word, const char *ns)
{
	for (const char *p = ns; *p;) {
		size_t part = strcspn(p, "-");

		if (part == strlen(word) && memcmp(p, word, part) == 0)
			return true;
		for (size_t i = 0; i < ARRAY_LEN(short_names); i++) {
			const char *a = short_names[i][0], *b = short_names[i][1];

			if (str_eq(word, a) && part == strlen(b) && memcmp(p, b, part) == 0)
				return true;
			if (str_eq(word, b) && part == strlen(a) && memcmp(p, a, part) == 0)
				return true;
		}
		p += part + (p[part] != '\0');
	}
	return false;
}

/* Read as such, or that objects lie in when namespaces themselves were not. */
bool namespace_exists(const struct inventory *inv, const char *ns)
{
	static const enum kind_id kinds[] = {KIND_POD, KIND_DEPLOYMENT, KIND_SERVICE, KIND_CONFIG_MAP};

	if (inventory_find(inv, KIND_NAMESPACE, "", ns))
		return true;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct object_list *all = inventory_list(inv, kinds[k]);

		for (uint32_t i = 0; i < all->len; i++)
			if (str_eq(all->items[i]->ns, ns))
				return true;
	}
	return false;
}

static void add_namespace(struct question *q, struct arena *a, unsigned at, const char *ns)
{
	for (unsigned i = 0; i < q->namespace_count; i++)
		if (str_eq(q->namespaces[i], ns))
			return;
	if (q->namespace_count == QUESTION_MAX_NAMESPACES)
		return;
	q->words[at].role = WORD_NAME;
	q->namespace_words[q->namespace_count] = q->words[at].text;
	q->namespaces[q->namespace_count++] = arena_strdup(a, ns);
}

bool is_one(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(*list, s))
			return true;
	return false;
}

bool word_at(const struct question *q, unsigned at, const char *text)
{
	return at < q->word_count && str_eq(q->words[at].text, text);
}

/* Does a namespace usually stand here: "in shop", "the shop namespace", "-n shop"? */
static int namespace_place(const struct question *q, unsigned at)
{
	static const char *const leads[] = {"in",  "of",     "for", "from", "across", "inside", "within",
					    "and", "versus", "vs",  "to",   "with",   "about",  NULL};
	unsigned before = at;

	if (at && (word_at(q, at - 1, "-n") || word_at(q, at - 1, "namespace") || word_at(q, at - 1, "ns") || word_at(q, at - 1, "namespaces")))
		return 2;
	if (word_at(q, at + 1, "namespace") || word_at(q, at + 1, "ns") || word_at(q, at + 1, "environment") || word_at(q, at + 1, "env"))
		return 2;
	while (before && (word_at(q, before - 1, "the") || word_at(q, before - 1, "our") || word_at(q, before - 1, "my")))
		before--;
	return before && is_one(q->words[before - 1].text, leads);
}

static bool named_object_exists(const struct inventory *inv, const char *name)
{
	for (int k = 0; k <= KIND_CUSTOM; k++) {
		const struct object_list *all = inventory_list(inv, (enum kind_id)k);

		if (k == KIND_NAMESPACE || kind_rank((enum kind_id)k) < 0)
			continue;
		for (uint32_t i = 0; all && i < all->len; i++)
			if (str_eq(all->items[i]->name, name))
				return true;
	}
	return false;
}

/* "logs of badger catalog" speaks of badger-catalog, not of a namespace badger-something. */
static bool begins_object_name(const struct question *q, const struct inventory *inv, unsigned at)
{
	_cleanup_(strbuf_release) struct strbuf name;

	strbuf_init(&name, STRBUF_MAX_LINE);
	strbuf_addstr(&name, q->words[at].text);
	for (unsigned i = at + 1; i < q->word_count && i < at + 4; i++) {
		strbuf_addf(&name, "-%s", q->words[i].text);
		if (named_object_exists(inv, name.buf))
			return true;
	}
	return false;
}

static void find_plain_namespace(struct question *q, struct arena *a, const struct inventory *inv, unsigned at)
{
	const struct object_list *all = inventory_list(inv, KIND_NAMESPACE);
	const struct word *w = &q->words[at];
	int place = namespace_place(q, at);
	bool in = at && word_at(q, at - 1, "in");

	if (w->role != WORD_PLAIN || strchr(w->text, '/') || is_stop_word(w->text))
		return;
	if (namespace_exists(inv, w->text)) {
		if (place == 2 || in || q->follow_up || !(named_object_exists(inv, w->text) || begins_object_name(q, inv, at)))
			add_namespace(q, a, at, w->text);
		return;
	}
	if (!place || intent_keyword(w->text) || (place < 2 && !in && (named_object_exists(inv, w->text) || begins_object_name(q, inv, at))))
		return;
	for (uint32_t i = 0; i < all->len; i++)
		if (namespace_fits(w->text, all->items[i]->name))
			add_namespace(q, a, at, all->items[i]->name);
	/* "what changed in magpie-index": the exact name of something is no misspelt namespace magpie-cinder. */
	if (q->words[at].role == WORD_NAME || w->len < 5 || (place < 2 && (!in || named_object_exists(inv, w->text))))
		goto unknown;
	for (uint32_t i = 0; i < all->len; i++)
		if (near_distance(w->text, all->items[i]->name, 2) <= (w->len >= 8 ? 2u : 1u))
			add_namespace(q, a, at, all->items[i]->name);
unknown:
	if (place == 2 && q->words[at].role != WORD_NAME) {
		q->unknown_namespace = w->text;
		q->words[at].role = WORD_TAKEN;
	}
}

/* "is prod ok?": words for stages mean namespaces wherever they stand. */
static void find_stage(struct question *q, struct arena *a, const struct inventory *inv, unsigned at)
{
	const struct object_list *all = inventory_list(inv, KIND_NAMESPACE);
	const struct word *w = &q->words[at];
	bool stage = false;

	for (size_t i = 0; i < ARRAY_LEN(short_names); i++)
		stage = stage || str_eq(w->text, short_names[i][0]) || str_eq(w->text, short_names[i][1]);
	if (!stage || w->role != WORD_PLAIN || intent_keyword(w->text) || named_object_exists(inv, w->text))
		return;
	for (uint32_t i = 0; i < all->len; i++)
		if (namespace_fits(w->text, all->items[i]->name))
			add_namespace(q, a, at, all->items[i]->name);
}

void find_namespace(struct question *q, struct arena *a, const struct inventory *inv, unsigned at)
{
	find_plain_namespace(q, a, inv, at);
	find_stage(q, a, inv, at);
}
