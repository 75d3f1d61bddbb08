/* Names in a question -> objects of the inventory: exact, in parts, spoken, misspelt. */
#include "base/near.h"
#include "jamie/question.h"

#include <ctype.h>

#define SCORE_EXACT 100
#define SCORE_HOST 99
#define SCORE_LABEL 86
#define SCORE_PART 78
#define SCORE_PLURAL 74
#define SCORE_TYPO 70
#define SCORE_PREFIX 66
#define SCORE_SPOKEN 60
#define SCORE_TYPO_PART 58
#define SCORE_INSIDE 52
#define SCORE_MARGIN 6 /* less than this behind the best is as likely */

/* What people mean first when several kinds share a name. Events and leases are never meant. */
static int kind_rank(enum kind_id kind)
{
	static const enum kind_id order[] = {
		KIND_DEPLOYMENT,
		KIND_STATEFUL_SET,
		KIND_DAEMON_SET,
		KIND_CRON_JOB,
		KIND_JOB,
		KIND_REPLICATION_CONTROLLER,
		KIND_POD,
		KIND_NODE,
		KIND_SERVICE,
		KIND_INGRESS,
		KIND_HORIZONTAL_POD_AUTOSCALER,
		KIND_PERSISTENT_VOLUME_CLAIM,
		KIND_POD_DISRUPTION_BUDGET,
		KIND_NETWORK_POLICY,
		KIND_CONFIG_MAP,
		KIND_SECRET,
		KIND_RESOURCE_QUOTA,
		KIND_SERVICE_ACCOUNT,
		KIND_REPLICA_SET,
		KIND_PERSISTENT_VOLUME,
		KIND_STORAGE_CLASS,
		KIND_VALIDATING_WEBHOOK,
		KIND_MUTATING_WEBHOOK,
		KIND_INGRESS_CLASS,
		KIND_LIMIT_RANGE,
		KIND_PRIORITY_CLASS,
		KIND_ROLE,
		KIND_ROLE_BINDING,
		KIND_CLUSTER_ROLE,
		KIND_CLUSTER_ROLE_BINDING,
		KIND_CUSTOM,
	};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (order[i] == kind)
			return (int)i;
	return -1;
}

static bool is_stop_word(const char *s)
{
	static const char *const words[] = {
		"the",       "a",          "an",       "of",        "in",         "on",        "at",          "to",       "for",       "from",
		"by",        "with",       "and",      "or",        "but",        "is",        "are",         "was",      "were",      "be",
		"been",      "being",      "do",       "does",      "did",        "has",       "have",        "had",      "can",       "could",
		"will",      "would",      "should",   "may",       "might",      "must",      "i",           "me",       "my",        "we",
		"us",        "our",        "you",      "your",      "it",         "its",       "this",        "that",     "these",     "those",
		"they",      "them",       "their",    "there",     "here",       "he",        "she",         "what",     "which",     "who",
		"whom",      "why",        "when",     "where",     "how",        "not",       "no",          "yes",      "so",        "if",
		"then",      "than",       "as",       "about",     "into",       "out",       "up",          "down",     "off",       "over",
		"under",     "again",      "still",    "yet",       "already",    "just",      "only",        "also",     "too",       "very",
		"really",    "all",        "any",      "some",      "each",       "every",     "both",        "either",   "please",    "jamie",
		"hey",       "hi",         "hello",    "tell",      "show",       "give",      "get",         "got",      "let",       "see",
		"know",      "think",      "want",     "need",      "make",       "take",      "thing",       "stuff",    "one",       "ones",
		"guy",       "bit",        "now",      "currently", "right",      "today",     "moment",      "time",     "keep",      "keeps",
		"going",     "go",         "come",     "comes",     "back",       "full",      "strength",    "new",      "old",       "same",
		"other",     "more",       "most",     "less",      "few",        "many",      "much",        "lot",      "lots",      "namespace",
		"cluster",   "kubernetes", "k8s",      "kube",      "kubectl",    "due",       "because",     "since",    "ago",       "last",
		"past",      "next",       "after",    "before",    "during",     "minute",    "minutes",     "hour",     "hours",     "day",
		"days",      "week",       "nobody",   "everyone",  "anyone",     "someone",   "everything",  "nothing",  "something", "anything",
		"own",       "using",      "run",      "runs",      "running",    "work",      "works",       "working",  "start",     "starts",
		"stopped",   "problem",    "issue",    "error",     "errors",     "-n",        "certificate", "cert",     "address",   "traffic",
		"prod.",     "ok",         "okay",     "else",      "like",       "look",      "looks",       "find",     "found",     "live",
		"lives",     "serve",      "actually", "exactly",   "properly",   "correctly", "ever",        "never",    "always",    "maybe",
		"seems",     "seem",       "appears",  "says",      "say",        "said",      "user",        "users",    "customer",  "customers",
		"people",    "team",       "memory",   "cpu",       "network",    "drain",     "members",     "member",   "requests",  "request",
		"first",     "second",     "fast",     "slow",      "slowly",     "lately",    "recently",    "supposed", "way",       "kind",
		"type",      "name",       "named",    "called",    "containers", "zero",      "empty",       "enough",   "missing",   "miss",
		"wrong",     "down?",      "mate",     "love",      "folks",      "buddy",     "friend",      "guys",     "dear",      "sorry",
		"pls",       "plz",        "lol",      "ran",       "died",       "went",      "did",         "getting",  "happened",  "happen",
		"happening", "omg",        "wtf",      "hell",      "heck",       "earth",     "bloody",      "damn",     "gone",      "killing",
		"killed",    "blocked",    "blocking", "blocks",    "limits",     "waits",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(words[i], s))
			return true;
	return false;
}

/* Words for things by what they do rather than what they are called. */
static bool spoken_for(const char *word, const char *part)
{
	static const char *const groups[][10] = {
		{"db", "database", "postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb", "sql", NULL},
		{"cache", "redis", "memcached", "valkey", "caching", NULL},
		{"queue", "rabbitmq", "kafka", "nats", "mq", "broker", "messaging", NULL},
		{"frontend", "web", "ui", "front", "website", "site", "webapp", NULL},
		{"dns", "coredns", "kube-dns", NULL},
		{"authentication", "auth", "login", NULL},
		{"payments", "payment", "pay", "billing", NULL},
	};

	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		bool a = false, b = false;

		for (size_t i = 0; groups[g][i]; i++) {
			a = a || str_eq(groups[g][i], word);
			b = b || str_eq(groups[g][i], part);
		}
		if (a && b)
			return true;
	}
	return false;
}

static bool same_plural(const char *a, size_t an, const char *b, size_t bn)
{
	if (an == bn + 1 && a[an - 1] == 's')
		an--;
	else if (bn == an + 1 && b[bn - 1] == 's')
		bn--;
	else
		return false;
	return an == bn && an >= 3 && memcmp(a, b, an) == 0;
}

/* How well one word fits one '-'-separated part of a name. */
static int part_score(const char *word, size_t len, const char *part, size_t n, bool spoken)
{
	char text[64];

	if (len == n && memcmp(word, part, n) == 0)
		return SCORE_PART;
	if (same_plural(word, len, part, n))
		return SCORE_PLURAL;
	if (n >= sizeof(text) || n < 2)
		return 0;
	memcpy(text, part, n);
	text[n] = '\0';
	if (spoken && spoken_for(word, text))
		return SCORE_SPOKEN;
	if (len >= 5 && n >= 4 && word[0] == text[0]) {
		size_t d = near_distance(word, text, 2);

		if (d <= (len >= 8 ? 2u : 1u))
			return SCORE_TYPO_PART - 3 * (int)d;
	}
	return 0;
}

static const char *app_label(const struct object *o)
{
	const char *app = value_get_str(o->labels, "app");

	return app[0] ? app : value_get_str(o->labels, "app.kubernetes.io/name");
}

/* How well a word fits an object's name, 0 = not at all. */
static int word_score(const char *word, const struct object *o)
{
	size_t len = strlen(word), n = strlen(o->name);
	int best = 0;

	if (len == n && memcmp(word, o->name, n) == 0)
		return SCORE_EXACT;
	if (len < 2 || (o->owner && o->kind->id != KIND_POD))
		return 0;
	/* A generated name is given by its beginning, never by one of its parts. */
	if (o->kind->id == KIND_POD && (o->owner || value_len(value_get(o->metadata, "ownerReferences"))))
		return len >= 6 && strchr(word, '-') && len < n && memcmp(word, o->name, len) == 0 ? SCORE_PREFIX : 0;
	if (str_eq(app_label(o), word))
		best = SCORE_LABEL;
	for (const char *p = o->name; *p;) {
		size_t part = strcspn(p, "-.");
		int s = part_score(word, len, p, part, kind_rank(o->kind->id) <= kind_rank(KIND_SERVICE));

		if (s)
			s += (int)(6 * len / (n ? n : 1)) + (p == o->name ? 2 : 0);
		best = MAX(best, s);
		p += part + (p[part] != '\0');
	}
	if (len >= 4 && n >= 4 && word[0] == o->name[0]) {
		size_t limit = near_limit(word),
		       d = limit && (n > len ? n - len : len - n) <= limit ? near_distance(word, o->name, limit) : limit + 1;

		if (d <= limit)
			best = MAX(best, SCORE_TYPO + 8 - 4 * (int)d);
	}
	if (len >= 3 && len < n && memcmp(word, o->name, len) == 0)
		best = MAX(best, SCORE_PREFIX + (int)(6 * len / n));
	if (len >= 4 && strstr(o->name, word))
		best = MAX(best, SCORE_INSIDE + (int)(6 * len / n));
	return best;
}

/* ---- Namespaces ------------------------------------------------------------------------------------------------------------- */

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

/* Namespaces that were read, or that objects lie in when the kind itself was not. */
static struct object_list namespace_objects(const struct inventory *inv)
{
	return *inventory_list(inv, KIND_NAMESPACE);
}

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

static bool is_one(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(*list, s))
			return true;
	return false;
}

static bool word_at(const struct question *q, unsigned at, const char *text)
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

static void find_namespace(struct question *q, struct arena *a, const struct inventory *inv, unsigned at)
{
	struct object_list all = namespace_objects(inv);
	const struct word *w = &q->words[at];
	int place = namespace_place(q, at);
	bool in = at && word_at(q, at - 1, "in");

	if (w->role != WORD_PLAIN || strchr(w->text, '/') || is_stop_word(w->text))
		return;
	if (namespace_exists(inv, w->text)) {
		if (place == 2 || in || !named_object_exists(inv, w->text) || q->follow_up)
			add_namespace(q, a, at, w->text);
		return;
	}
	if (!place || intent_keyword(w->text) || (place < 2 && !in && named_object_exists(inv, w->text)))
		return;
	for (uint32_t i = 0; i < all.len; i++)
		if (namespace_fits(w->text, all.items[i]->name))
			add_namespace(q, a, at, all.items[i]->name);
	if (q->words[at].role == WORD_NAME || w->len < 5 || (place < 2 && !in))
		goto unknown;
	for (uint32_t i = 0; i < all.len; i++)
		if (near_distance(w->text, all.items[i]->name, 2) <= (w->len >= 8 ? 2u : 1u))
			add_namespace(q, a, at, all.items[i]->name);
unknown:
	if (place == 2 && q->words[at].role != WORD_NAME) {
		q->unknown_namespace = w->text;
		q->words[at].role = WORD_TAKEN;
	}
}

/* "is prod ok?": words for stages mean namespaces wherever they stand. */
static void find_stage(struct question *q, struct arena *a, const struct inventory *inv, unsigned at)
{
	struct object_list all = namespace_objects(inv);
	const struct word *w = &q->words[at];
	bool stage = false;

	for (size_t i = 0; i < ARRAY_LEN(short_names); i++)
		stage = stage || str_eq(w->text, short_names[i][0]) || str_eq(w->text, short_names[i][1]);
	if (!stage || w->role != WORD_PLAIN || intent_keyword(w->text))
		return;
	for (uint32_t i = 0; i < all.len; i++)
		if (namespace_fits(w->text, all.items[i]->name))
			add_namespace(q, a, at, all.items[i]->name);
}

/* ---- Objects ---------------------------------------------------------------------------------------------------------------- */

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

		if (k == KIND_NAMESPACE || kind_rank((enum kind_id)k) < 0)
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
	return !is_stop_word(w->text) && (exact || (!intent_keyword(w->text) && w->len >= 3));
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

		if (!plain || strpbrk(w->text, "@") || isdigit((unsigned char)w->text[0]))
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

		if (w->role != WORD_KIND || w->hint || (w->kind && w->kind->id == KIND_NAMESPACE && q->namespace_count))
			continue;
		if (!q->kind_words) {
			q->kind = w->kind;
			q->any_workload = !w->kind;
			q->kind_words = w->text;
		}
	}
}

void question_names(struct question *q, struct arena *a, const struct inventory *inv)
{
	for (unsigned at = 0; at < q->word_count; at++)
		find_namespace(q, a, inv, at);
	find_mentions(q, a, inv, true);
	find_keyword_names(q, a, inv);
	for (unsigned at = 0; at < q->word_count; at++)
		find_stage(q, a, inv, at);
	find_mentions(q, a, inv, false);
	choose_kind(q);
	if (!q->mention_count)
		find_unknown(q);
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
