/* Logs: whatever the bytes, mining and counting come to an end, and find the same however the bytes are cut into pieces. */
#include "diagnose/log_mine.h"
#include "diagnose/log_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW ((usec_t)1795000000 * USEC_PER_SEC)

/* cut 0: in one piece; else pieces of 1..cut bytes. */
static struct log_miner *mine(const char *text, size_t len, size_t cut)
{
	const struct log_mining_options o = {.now = NOW};
	struct log_miner *m = log_miner_new(&o);

	for (size_t at = 0, i = 0; at < len; i++) {
		size_t n = cut ? MIN(1 + (i * 7 + (unsigned char)text[at]) % cut, len - at) : len;

		log_miner_feed(m, text + at, n);
		at += n;
	}
	return m;
}

static void compare(const struct log_mining *a, const struct log_mining *b)
{
	if (a->lines != b->lines || a->kept != b->kept || a->entries != b->entries || a->errors != b->errors || a->first != b->first ||
	    a->last != b->last || a->template_count != b->template_count || a->change_line != b->change_line ||
	    memcmp(a->buckets, b->buckets, sizeof(a->buckets)) != 0)
		abort();
	for (uint32_t i = 0; i < a->template_count; i++)
		if (memcmp(a->templates[i], b->templates[i], sizeof(*a->templates[i])) != 0)
			abort();
}

static void check_sums(const struct log_mining *g)
{
	uint64_t entries = g->other;
	double factor;

	for (uint32_t i = 0; i < g->template_count; i++) {
		const struct log_template *t = g->templates[i];
		_cleanup_(strbuf_release) struct strbuf sb;

		entries += t->count;
		if (t->before > t->count || t->message_at + t->message_len > t->example_len || t->first > t->last || t->first_line > t->last_line)
			abort();
		strbuf_init(&sb, STRBUF_MAX_LINE);
		log_template_text(&sb, t->example + t->message_at, t->message_len, 300);
		log_template_turn(g, t, &factor);
	}
	if (entries != g->entries || g->memory > LOG_MINE_MEMORY)
		abort();
}

static void count(const char *text, size_t len, enum log_by by)
{
	struct log_query q = {.by = by, .now = NOW};
	struct log_counter *c = log_counter_new(&q);
	uint64_t sum = 0;
	const struct log_counting *g;

	log_counter_feed(c, text, len / 2);
	log_counter_feed(c, text + len / 2, len - len / 2);
	g = log_counter_finish(c);
	for (uint32_t i = 0; i < g->group_count; i++)
		sum += g->groups[i]->count;
	if (g->matched != g->lines || sum + g->ungrouped != g->matched)
		abort();
	log_counter_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	unsigned choice = size ? data[size - 1] : 0;
	struct log_miner *whole = mine(text, size, 0), *pieces = mine(text, size, 1 + choice % 100);
	const struct log_mining *g = log_miner_finish(whole);

	compare(g, log_miner_finish(pieces));
	check_sums(g);
	count(text, size, (enum log_by)(LOG_BY_STATUS + choice % (LOG_BY_COUNT - LOG_BY_STATUS)));
	log_miner_free(whole);
	log_miner_free(pieces);
	return 0;
}
