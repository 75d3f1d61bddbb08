/* Which intent a question has: the biggest sum of matching phrases. */
#include "jamie/question.h"

struct phrase {
	enum intent intent;
	int weight;
	const char *pattern;
};

static const struct phrase phrases[] = {
#define INTENT(ID, NAME, TEXT)
#define PHRASE(ID, WEIGHT, PATTERN) {INTENT_##ID, WEIGHT, PATTERN},
#include "jamie/intents.def"
#undef INTENT
#undef PHRASE
};

static const char *const names[] = {
	"",
#define INTENT(ID, NAME, TEXT) NAME,
#define PHRASE(ID, WEIGHT, PATTERN)
#include "jamie/intents.def"
#undef INTENT
#undef PHRASE
};

#define GAP_MAX 6u

const char *intent_name(enum intent i)
{
	return (size_t)i < ARRAY_LEN(names) ? names[i] : "";
}

/* Does the word match one of the alternatives "a/b/c" of length len? */
static bool element_matches(const struct question *q, unsigned at, const char *element, size_t len, bool exact)
{
	const struct word *w = &q->words[at];

	if (len == 3 && strncmp(element, "OBJ", 3) == 0)
		return w->role == WORD_NAME;
	if (len == 4 && strncmp(element, "KIND", 4) == 0)
		return w->role == WORD_KIND;
	if (len == 5 && strncmp(element, "STATE", 5) == 0)
		return w->role == WORD_STATE;
	if (w->role == WORD_NAME || w->role == WORD_TAKEN)
		return false;
	while (len) {
		char keyword[32];
		const char *slash = memchr(element, '/', len);
		size_t n = slash ? (size_t)(slash - element) : len;

		if (n < sizeof(keyword)) {
			memcpy(keyword, element, n);
			keyword[n] = '\0';
			if (exact ? !w->quoted && str_eq(w->text, keyword) : word_is(w, keyword))
				return true;
		}
		n += slash != NULL;
		element += n;
		len -= n;
	}
	return false;
}

static bool rest_matches(const struct question *q, unsigned at, const char *pattern, bool exact)
{
	size_t len;

	while (*pattern == ' ')
		pattern++;
	if (!*pattern)
		return true;
	len = strcspn(pattern, " ");
	if (len == 1 && *pattern == '$')
		return at == q->word_count;
	if (len == 1 && *pattern == '*') {
		for (unsigned skip = 0; skip <= GAP_MAX && at + skip <= q->word_count; skip++)
			if (rest_matches(q, at + skip, pattern + len, exact))
				return true;
		return false;
	}
	return at < q->word_count && element_matches(q, at, pattern, len, exact) && rest_matches(q, at + 1, pattern + len, exact);
}

static bool phrase_matches(const struct question *q, const char *pattern, bool exact)
{
	if (pattern[0] == '^')
		return rest_matches(q, 0, pattern + 1, exact);
	for (unsigned at = 0; at < q->word_count; at++)
		if (rest_matches(q, at, pattern, exact))
			return true;
	return false;
}

void question_intent(struct question *q)
{
	int best[INTENTS] = {0}, extra[INTENTS] = {0};

	/* The strongest phrase decides; further ones only break ties, so that an intent does not win by having many ways to be said. */
	for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
		enum intent id = phrases[i].intent;
		/* Nobody is turned away, or taken to want a change, on a guess: "stuck" is not "stock". */
		bool exact = id == INTENT_OUT_OF_REACH || id == INTENT_WRITE;

		if (phrase_matches(q, phrases[i].pattern, exact)) {
			extra[id] += 1;
			if (phrases[i].weight > best[id])
				best[id] = phrases[i].weight;
		}
	}
	for (int i = INTENT_NONE + 1; i < INTENTS; i++) {
		int score = best[i] * 10 + (extra[i] < 9 ? extra[i] : 9);

		if (best[i] && score > q->intent_score) {
			q->intent = (enum intent)i;
			q->intent_score = score;
		}
	}
	/* Statuses and paths are nowhere but in logs. */
	if (q->status_low || q->path)
		q->intent = INTENT_LOG_COUNT;
}

bool intent_keyword(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
		for (const char *p = phrases[i].pattern; (p = strstr(p, word)); p += len) {
			bool starts = p == phrases[i].pattern || p[-1] == ' ' || p[-1] == '/';

			if (starts && (!p[len] || p[len] == ' ' || p[len] == '/'))
				return true;
		}
	}
	return false;
}
