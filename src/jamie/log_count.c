/* What a question wants counted in logs: "5xx", "404", "/checkout", "\"connection reset\"". */
#include "diagnose/log_query.h"
#include "jamie/question.h"

#include <ctype.h>

static bool counts(const struct question *q)
{
	for (unsigned i = 0; i < q->word_count; i++)
		if (words_match(q, i, "how many/often") || words_match(q, i, "number of") || words_match(q, i, "count"))
			return true;
	return false;
}

/* "5xx", "503", "503s", "5xxs"; a bare number only where it cannot be how many of something. */
static bool mark_status(struct question *q, unsigned at)
{
	struct word *w = &q->words[at];
	char text[8];
	size_t len = strlen(w->text);
	struct log_query query = {0};

	if (len && len < sizeof(text) && w->text[len - 1] == 's')
		len--;
	if (len != 3 || !isdigit((unsigned char)w->text[0]))
		return false;
	memcpy(text, w->text, len);
	text[len] = '\0';
	if (!log_query_status(text, &query))
		return false;
	q->status_low = query.status_low;
	q->status_high = query.status_high;
	q->status_words = w->text;
	w->role = WORD_TAKEN;
	return true;
}

void question_log_count(struct question *q, struct arena *a)
{
	const char *open, *close;

	if (!counts(q))
		return;
	for (unsigned i = 0; i < q->word_count; i++) {
		struct word *w = &q->words[i];

		if (w->role != WORD_PLAIN)
			continue;
		if (!q->path && w->text[0] == '/' && w->len > 1 && !w->quoted) {
			q->path = w->text;
			w->role = WORD_TAKEN;
		} else if (!q->status_low) {
			mark_status(q, i);
		}
	}
	open = strchr(q->text, '"');
	close = open ? strchr(open + 1, '"') : NULL;
	if (close && close > open + 1 && !q->path && !q->status_low)
		q->log_text = arena_strndup(a, open + 1, (size_t)(close - open - 1));
}
