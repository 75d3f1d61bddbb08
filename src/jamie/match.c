#include "jamie/match.h"

#include "base/near.h"

/* What people mean first when several kinds share a name. Events and leases are never meant. */
int kind_rank(enum kind_id kind)
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
		KIND_LEASE,
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

bool is_stop_word(const char *s)
{
	static const char *const words[] = {
		"the",      "a",          "an",        "of",        "in",         "on",        "at",          "to",       "for",       "from",
		"by",       "with",       "and",       "or",        "but",        "is",        "are",         "was",      "were",      "be",
		"been",     "being",      "do",        "does",      "did",        "has",       "have",        "had",      "can",       "could",
		"will",     "would",      "should",    "may",       "might",      "must",      "i",           "me",       "my",        "we",
		"us",       "our",        "you",       "your",      "it",         "its",       "this",        "that",     "these",     "those",
		"they",     "them",       "their",     "there",     "here",       "he",        "she",         "what",     "which",     "who",
		"whom",     "why",        "when",      "where",     "how",        "not",       "no",          "yes",      "so",        "if",
		"then",     "than",       "as",        "about",     "into",       "out",       "up",          "down",     "off",       "over",
		"under",    "again",      "still",     "yet",       "already",    "just",      "only",        "also",     "too",       "very",
		"really",   "all",        "any",       "some",      "each",       "every",     "both",        "either",   "please",    "jamie",
		"hey",      "hi",         "hello",     "tell",      "show",       "give",      "get",         "got",      "let",       "see",
		"know",     "think",      "want",      "need",      "make",       "take",      "thing",       "stuff",    "one",       "ones",
		"guy",      "bit",        "now",       "currently", "right",      "today",     "moment",      "time",     "keep",      "keeps",
		"going",    "go",         "come",      "comes",     "back",       "full",      "strength",    "new",      "old",       "same",
		"other",    "more",       "most",      "less",      "few",        "many",      "much",        "lot",      "lots",      "namespace",
		"cluster",  "kubernetes", "k8s",       "kube",      "kubectl",    "due",       "because",     "since",    "ago",       "last",
		"past",     "next",       "after",     "before",    "during",     "minute",    "minutes",     "hour",     "hours",     "day",
		"days",     "week",       "nobody",    "everyone",  "anyone",     "someone",   "everything",  "nothing",  "something", "anything",
		"own",      "using",      "run",       "runs",      "running",    "work",      "works",       "working",  "start",     "starts",
		"stopped",  "problem",    "issue",     "error",     "errors",     "-n",        "certificate", "cert",     "address",   "traffic",
		"prod.",    "ok",         "okay",      "else",      "like",       "look",      "looks",       "find",     "found",     "live",
		"lives",    "serve",      "actually",  "exactly",   "properly",   "correctly", "ever",        "never",    "always",    "maybe",
		"seems",    "seem",       "appears",   "says",      "say",        "said",      "user",        "users",    "customer",  "customers",
		"people",   "team",       "memory",    "cpu",       "network",    "drain",     "members",     "member",   "requests",  "request",
		"first",    "second",     "fast",      "slow",      "slowly",     "lately",    "recently",    "supposed", "way",       "kind",
		"type",     "name",       "named",     "called",    "containers", "zero",      "empty",       "enough",   "missing",   "miss",
		"wrong",    "down?",      "mate",      "love",      "folks",      "buddy",     "friend",      "guys",     "dear",      "sorry",
		"pls",      "plz",        "lol",       "ran",       "safe",       "outage",    "incident",    "downtime", "mean",      "means",
		"meaning",  "older",      "younger",   "sorted",    "besides",    "except",    "died",        "went",     "did",       "getting",
		"happened", "happen",     "happening", "omg",       "wtf",        "hell",      "heck",        "earth",    "bloody",    "damn",
		"gone",     "killing",    "killed",    "blocked",   "blocking",   "blocks",    "limits",      "waits",
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
		{"frontend", "storefront", "web", "ui", "front", "website", "site", "webapp", NULL},
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
int word_score(const char *word, const struct object *o)
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
	if (len >= 5 && strstr(o->name, word))
		best = MAX(best, SCORE_INSIDE + (int)(6 * len / n));
	return best;
}
