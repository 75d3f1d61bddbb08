/* Text -> words. */
#include "base/near.h"
#include "base/utf8.h"
#include "jamie/question.h"

#include <ctype.h>

/* Curly quotes and dashes as phones and word processors write them, after folding. */
static const struct {
	const char *from, *to;
} plain[] = {{"\u2019", "'"}, {"\u2018", "'"}, {"\u201c", "\""}, {"\u201d", "\""},
	     {"\u2013", "-"}, {"\u2014", " "}, {"\u2026", " "},  {"\u00a0", " "}};

static const char *plain_text(struct arena *a, const char *text)
{
	_cleanup_(strbuf_release) struct strbuf folded;
	_cleanup_(strbuf_release) struct strbuf out;

	strbuf_init(&folded, STRBUF_MAX_LINE);
	strbuf_init(&out, STRBUF_MAX_LINE);
	utf8_fold(&folded, text, strlen(text));
	for (const char *p = folded.buf; *p;) {
		size_t i;

		for (i = 0; i < ARRAY_LEN(plain) && strncmp(p, plain[i].from, strlen(plain[i].from)) != 0; i++)
			;
		if (i < ARRAY_LEN(plain)) {
			strbuf_addstr(&out, plain[i].to);
			p += strlen(plain[i].from);
		} else {
			strbuf_addch(&out, *p++);
		}
	}
	return arena_strndup(a, out.buf, out.len);
}

/* Words that are opened, so that each phrase needs to be listed once. */
static const struct {
	const char *from, *first, *second;
} opened[] = {
	{"what's", "what", "is"},    {"whats", "what", "is"},  {"wats", "what", "is"},     {"where's", "where", "is"}, {"wheres", "where", "is"},
	{"who's", "who", "is"},      {"how's", "how", "is"},   {"hows", "how", "is"},      {"why's", "why", "is"},     {"when's", "when", "is"},
	{"it's", "it", "is"},        {"that's", "that", "is"}, {"there's", "there", "is"}, {"i'm", "i", "am"},         {"isn't", "is", "not"},
	{"isnt", "is", "not"},       {"aren't", "are", "not"}, {"arent", "are", "not"},    {"doesn't", "does", "not"}, {"doesnt", "does", "not"},
	{"don't", "do", "not"},      {"dont", "do", "not"},    {"didn't", "did", "not"},   {"didnt", "did", "not"},    {"won't", "will", "not"},
	{"wont", "will", "not"},     {"can't", "can", "not"},  {"cant", "can", "not"},     {"cannot", "can", "not"},   {"hasn't", "has", "not"},
	{"haven't", "have", "not"},  {"wasn't", "was", "not"}, {"weren't", "were", "not"}, {"couldn't", "can", "not"}, {"shouldn't", "should", "not"},
	{"wouldn't", "will", "not"}, {"i've", "i", "have"},    {"we've", "we", "have"},    {"they're", "they", "are"}, {"what're", "what", "are"},
	{"gonna", "going", "to"},    {"wanna", "want", "to"},  {"lemme", "let", "me"},     {"gimme", "give", "me"},
};

static bool in_word(unsigned char c)
{
	return c && (isalnum(c) || c >= 0x80 || strchr("-_./:'@*", c));
}

static int add(struct question *q, struct arena *a, const char *s, size_t len, bool quoted, struct err *err)
{
	struct word *w;

	if (q->word_count == QUESTION_MAX_WORDS)
		return err_set(err, ERR_LIMIT, "the question has more than %d words", QUESTION_MAX_WORDS);
	w = &q->words[q->word_count++];
	*w = (struct word){.text = arena_strndup(a, s, len), .len = len, .quoted = quoted};
	return 0;
}

static int add_word(struct question *q, struct arena *a, const char *s, size_t len, struct err *err)
{
	int r;

	while (len && strchr(".:/'-*", s[len - 1]))
		len--;
	while (len && strchr(".:'*@", *s))
		s++, len--;
	if (!len)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(opened); i++) {
		if (strlen(opened[i].from) == len && strncmp(opened[i].from, s, len) == 0) {
			r = add(q, a, opened[i].first, strlen(opened[i].first), false, err);
			return r < 0 ? r : add(q, a, opened[i].second, strlen(opened[i].second), false, err);
		}
	}
	if (len > 2 && s[len - 2] == '\'' && s[len - 1] == 's')
		len -= 2; /* "checkout's" */
	return add(q, a, s, len, false, err);
}

int question_split(struct question *q, struct arena *a, const char *text, struct err *err)
{
	const char *p = plain_text(a, text);

	*q = (struct question){.text = text};
	while (*p) {
		const char *start, *close;
		int r = 0;

		if (*p == '"' || *p == '`') {
			close = strchr(p + 1, *p);
			if (close && close > p + 1 && !memchr(p + 1, ' ', (size_t)(close - p - 1))) {
				r = add(q, a, p + 1, (size_t)(close - p - 1), true, err);
				p = close;
			}
			p++;
		} else if (in_word((unsigned char)*p)) {
			for (start = p; in_word((unsigned char)*p); p++)
				;
			r = add_word(q, a, start, (size_t)(p - start), err);
		} else {
			p++;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* "lsit" is "list", but "last" is not. */
static bool same_letters(const char *a, const char *b)
{
	int count[256] = {0};

	while (*a)
		count[(unsigned char)*a++]++;
	while (*b)
		count[(unsigned char)*b++]--;
	for (size_t i = 0; i < ARRAY_LEN(count); i++)
		if (count[i])
			return false;
	return true;
}

/* Short words that are one letter from a keyword and no slip of the pen. */
static bool is_common(const char *s)
{
	static const char *const words[] = {"were", "then", "them", "that", "than", "they", "this", "what", "when", "last",
					    "list", "past", "long", "time", "most", "host", "post", "pose", "lose", "cause",
					    "use",  "uses", "once", "like", "live", "life", "care", "core"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(words[i], s))
			return true;
	return false;
}

bool word_is(const struct word *w, const char *keyword)
{
	size_t n = strlen(keyword);

	if (w->quoted)
		return false;
	if (w->len == n && memcmp(w->text, keyword, n) == 0)
		return true;
	/* A slip needs letters to stand on, and seldom touches the first one. Of short words only swapped letters are told from other words. */
	if (n < 4 || w->len < 4 || w->text[0] != keyword[0] || strpbrk(w->text, "-/.:0123456789"))
		return false;
	/* The beginning of a longer word is another word: "contain" is no "container". */
	if (n > w->len + 1 && strncmp(w->text, keyword, w->len) == 0)
		return false;
	if (n == 5 && w->len == 4)
		return !is_common(w->text) && near_distance(w->text, keyword, 1) == 1;
	if (n == 4 || w->len == 4)
		return n == w->len && same_letters(w->text, keyword) && near_distance(w->text, keyword, 1) == 1;
	return near_distance(w->text, keyword, 2) <= (n >= 8 ? 2u : 1u);
}

const char *question_words(const struct question *q, struct arena *a, unsigned first, unsigned count)
{
	_cleanup_(strbuf_release) struct strbuf sb;

	strbuf_init(&sb, STRBUF_MAX_LINE);
	for (unsigned i = first; i < first + count && i < q->word_count; i++)
		strbuf_addf(&sb, "%s%s", i > first ? " " : "", q->words[i].text);
	return arena_strndup(a, sb.buf, sb.len);
}
