#include "diagnose/log_mine.h"

#include <strings.h>

#define SLOTS (2 * LOG_TEMPLATES) /* of the hash table: at most half full */
#define FREE_AT_LEAST (LOG_TEMPLATES / 8)
#define BUCKET_FIRST USEC_PER_SEC
#define BUCKET_MAX (400 * USEC_PER_DAY) /* times further apart than LOG_BUCKETS of these are clamped */

struct log_miner {
	struct log_mining_options options;
	struct log_mining mining;
	struct log_splitter *splitter;
	struct log_clock clock;
	struct log_fold fold;
	struct log_template *current; /* of the entry that the next line may belong to; NULL = it was left out, or there is none */
	bool any_entry;
	uint64_t held_line; /* where an entry began whose message comes last; 0 = none */
	usec_t held_time;
	usec_t time; /* of the last line that had one */
	uint32_t count;
	uint16_t slots[SLOTS]; /* index + 1 into templates */
	struct log_template *sorted[LOG_TEMPLATES];
	struct log_template templates[LOG_TEMPLATES];
};
_Static_assert(sizeof(struct log_miner) + ((size_t)256 << 10) < LOG_MINE_MEMORY, "the stated bound, the splitter included");

/* ---- The table ---------------------------------------------------------------------------------------------------------------- */

static uint32_t slot_of(const struct log_miner *m, uint64_t hash)
{
	uint32_t i = (uint32_t)(hash >> 32) & (SLOTS - 1);

	while (m->slots[i] && m->templates[m->slots[i] - 1].hash != hash)
		i = (i + 1) & (SLOTS - 1);
	return i;
}

static bool may_merge(const struct log_miner *m, const struct log_template *t, uint64_t limit, bool errors)
{
	return t != m->current && t->count <= limit && (errors || !log_template_is_error(t));
}

static uint32_t mergeable(const struct log_miner *m, uint64_t limit, bool errors)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->count; i++)
		n += may_merge(m, &m->templates[i], limit, errors);
	return n;
}

/* Makes room: see the header. Errors are merged only when there is little else. */
static void merge_rare(struct log_miner *m)
{
	uint64_t limit = 1;
	uint32_t kept = 0;
	bool errors = false;

	while (mergeable(m, limit, errors) < FREE_AT_LEAST) {
		limit *= 2;
		if (!errors && limit > 1 << 20) {
			errors = true;
			limit = 1;
		}
	}
	for (uint32_t i = 0; i < m->count; i++) {
		struct log_template *t = &m->templates[i];

		if (may_merge(m, t, limit, errors)) {
			m->mining.other += t->count;
			m->mining.merged_up_to = MAX(m->mining.merged_up_to, t->count);
			continue;
		}
		if (m->current == t)
			m->current = &m->templates[kept];
		if (kept != i)
			m->templates[kept] = *t;
		kept++;
	}
	m->count = kept;
	memset(m->slots, 0, sizeof(m->slots));
	for (uint32_t i = 0; i < m->count; i++)
		m->slots[slot_of(m, m->templates[i].hash)] = (uint16_t)(i + 1);
}

static void set_signature(struct log_template *t, const char *text, size_t len)
{
	/* A request that was answered well says nothing with the words in its path. */
	int found = t->status && t->status < 500 ? -1 : log_patterns_match(text, len);

	if (found >= 0 && log_signature_is_generic(found) && t->level != LINE_UNKNOWN && t->level < LINE_ERROR)
		found = -1;
	t->signature = (int16_t)found;
}

static struct log_template *template_new(struct log_miner *m, const char *line, size_t len, const struct log_shape *shape)
{
	size_t message = (size_t)(shape->message.at ? shape->message.at - line : 0), message_len = shape->message.at ? shape->message.len : len;
	struct log_template *t;

	if (m->count == LOG_TEMPLATES)
		merge_rare(m);
	t = &m->templates[m->count++];
	memset(t, 0, sizeof(*t));
	t->hash = shape->hash;
	t->status = shape->status;
	t->level = line_level_of(line, len, shape);
	t->example_len = (uint16_t)MIN(len, (size_t)LOG_EXAMPLE_BYTES);
	memcpy(t->example, line, t->example_len);
	if (message < t->example_len) {
		t->message_at = (uint16_t)message;
		t->message_len = (uint16_t)MIN(message_len, t->example_len - message);
	} else {
		t->message_len = t->example_len;
	}
	set_signature(t, line, MIN(len, LOG_SHAPE_BYTES));
	m->slots[slot_of(m, shape->hash)] = (uint16_t)m->count;
	return t;
}

static struct log_template *template_of(struct log_miner *m, const char *line, size_t len, const struct log_shape *shape)
{
	uint16_t index = m->slots[slot_of(m, shape->hash)];

	return index ? &m->templates[index - 1] : template_new(m, line, len, shape);
}

/* ---- Histograms ----------------------------------------------------------------------------------------------------------------- */

static void halve(uint32_t *buckets)
{
	for (unsigned i = 0; i < LOG_BUCKETS / 2; i++)
		buckets[i] = buckets[2 * i] + buckets[2 * i + 1];
	memset(buckets + LOG_BUCKETS / 2, 0, sizeof(*buckets) * LOG_BUCKETS / 2);
}

static void shift(uint32_t *buckets, unsigned by)
{
	memmove(buckets + by, buckets, sizeof(*buckets) * (LOG_BUCKETS - by));
	memset(buckets, 0, sizeof(*buckets) * by);
}

static void widen(struct log_miner *m)
{
	m->mining.bucket *= 2;
	halve(m->mining.buckets);
	for (uint32_t i = 0; i < m->count; i++)
		halve(m->templates[i].buckets);
}

static unsigned used_buckets(const struct log_mining *g)
{
	unsigned n = LOG_BUCKETS;

	while (n && !g->buckets[n - 1])
		n--;
	return n;
}

/* A time before the first bucket: all move up. */
static void make_room_before(struct log_miner *m, usec_t t)
{
	struct log_mining *g = &m->mining;
	usec_t by;

	while ((by = (g->origin - t + g->bucket - 1) / g->bucket) + used_buckets(g) > LOG_BUCKETS && g->bucket < BUCKET_MAX)
		widen(m);
	if (by + used_buckets(g) > LOG_BUCKETS)
		return;
	g->origin -= by * g->bucket;
	shift(g->buckets, (unsigned)by);
	for (uint32_t i = 0; i < m->count; i++)
		shift(m->templates[i].buckets, (unsigned)by);
}

static unsigned bucket_of(struct log_miner *m, usec_t t)
{
	struct log_mining *g = &m->mining;

	if (!g->bucket) {
		g->bucket = BUCKET_FIRST;
		g->origin = t - t % USEC_PER_SEC;
	}
	if (t < g->origin)
		make_room_before(m, t);
	while (t >= g->origin + (usec_t)LOG_BUCKETS * g->bucket && g->bucket < BUCKET_MAX)
		widen(m);
	return t < g->origin ? 0 : (unsigned)MIN((t - g->origin) / g->bucket, (usec_t)LOG_BUCKETS - 1);
}

static void count_time(struct log_miner *m, struct log_template *t, usec_t time)
{
	struct log_mining *g = &m->mining;
	unsigned i = bucket_of(m, time);

	g->buckets[i]++;
	t->buckets[i]++;
	t->first = t->first ? MIN(t->first, time) : time;
	t->last = MAX(t->last, time);
	g->first = g->first ? MIN(g->first, time) : time;
	g->last = MAX(g->last, time);
}

/* ---- Lines ---------------------------------------------------------------------------------------------------------------------- */

static bool holds(const char *line, size_t len, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; n && i + n <= len; i++)
		if ((line[i] | 0x20) == (text[0] | 0x20) && strncasecmp(line + i, text, n) == 0)
			return true;
	return n == 0;
}

static bool wanted(const struct log_miner *m, const char *line, size_t len, usec_t time)
{
	const struct log_mining_options *o = &m->options;

	return (!o->since || time >= o->since) && (!o->until || (time && time < o->until)) && (!o->text || holds(line, len, o->text));
}

/* All that was counted until now was before the first error. */
static void first_error(struct log_miner *m, uint64_t number, usec_t time)
{
	m->mining.change_line = number;
	m->mining.change = time;
	m->mining.before = m->mining.entries;
	for (uint32_t i = 0; i < m->count; i++)
		m->templates[i].before = m->templates[i].count;
}

static void count_entry(struct log_miner *m, struct log_template *t, uint64_t number, usec_t time)
{
	struct log_mining *g = &m->mining;
	bool error = log_template_is_error(t);

	if (!m->options.change && error && !g->change_line)
		first_error(m, number, time);
	if (m->options.change && time && time < m->options.change) {
		t->before++;
		g->before++;
	} else if (m->options.change && !g->change_line) {
		g->change_line = number;
		g->change = m->options.change;
	}
	g->entries++;
	g->errors += error;
	g->levels[t->level]++;
	if (!t->count++)
		t->first_line = number;
	t->last_line = number;
	if (time)
		count_time(m, t, time);
}

static void add_entry(struct log_miner *m, const char *line, size_t len, const struct log_shape *shape, uint64_t number, usec_t time)
{
	struct log_template *t;

	m->any_entry = true;
	m->current = NULL;
	if (!wanted(m, line, len, time))
		return;
	t = template_of(m, line, len, shape);
	if (m->options.level && t->level < m->options.level)
		return;
	m->current = t;
	m->mining.kept++;
	count_entry(m, t, number, time);
}

/* A line of a trace. */
static void add_more(struct log_miner *m, const char *line, size_t len, bool cause)
{
	struct log_template *t = m->current;

	if (!t)
		return;
	m->mining.kept++;
	if (!cause)
		return;
	while (len && (*line == ' ' || *line == '\t'))
		line++, len--;
	t->cause_len = (uint16_t)MIN(len, (size_t)LOG_CAUSE_BYTES);
	memcpy(t->cause, line, t->cause_len);
	if (t->signature < 0 || log_signature_is_generic(t->signature))
		set_signature(t, line, MIN(len, LOG_SHAPE_BYTES));
}

static void end_held(struct log_miner *m, const char *line, size_t len, size_t prefix, usec_t time)
{
	struct log_shape shape;

	log_shape_of(line, len, prefix, &shape);
	add_entry(m, line, len, &shape, m->held_line, m->held_time ? m->held_time : time);
	m->held_line = 0;
}

static void on_line(void *arg, const char *line, size_t len, uint64_t number)
{
	struct log_miner *m = arg;
	struct log_shape shape;
	size_t prefix = 0;
	usec_t time = len && line[0] != '{' ? log_time_of(&m->clock, line, len, &prefix) : 0;
	enum log_fold_step step = log_fold_next(&m->fold, line + prefix, len - prefix, prefix > 0);

	m->mining.lines = number;
	m->mining.timed += time != 0;
	if (time)
		m->time = time;
	if (step == FOLD_HOLD) {
		m->held_line = number;
		m->held_time = m->time;
		return;
	}
	if (step == FOLD_END && m->held_line) {
		end_held(m, line, len, prefix, m->time);
		return;
	}
	if ((step == FOLD_MORE || step == FOLD_CAUSE) && (m->any_entry || m->held_line)) {
		if (!m->held_line)
			add_more(m, line + prefix, len - prefix, step == FOLD_CAUSE);
		return;
	}
	log_shape_of(line, len, prefix, &shape);
	if (!time && shape.json && shape.time.at && (time = log_time_value(&m->clock, shape.time))) {
		m->time = time;
		m->mining.timed++;
	}
	add_entry(m, line, len, &shape, number, m->time);
}

/* ---- The whole ------------------------------------------------------------------------------------------------------------------ */

struct log_miner *log_miner_new(const struct log_mining_options *options)
{
	struct log_miner *m = mem_alloc(sizeof(*m));

	m->options = *options;
	m->clock.now = options->now ? options->now : clock_now();
	m->splitter = log_splitter_new(on_line, m);
	return m;
}

void log_miner_free(struct log_miner *m)
{
	if (!m)
		return;
	log_splitter_free(m->splitter);
	mem_free(m);
}

void log_miner_freep(struct log_miner **m)
{
	log_miner_free(*m);
	*m = NULL;
}

void log_miner_feed(struct log_miner *m, const char *data, size_t len)
{
	m->mining.bytes += len;
	log_splitter_feed(m->splitter, data, len);
}

void log_miner_break(struct log_miner *m)
{
	static const char head[sizeof("Traceback (most recent call last):") + LOG_PADDING] = "Traceback (most recent call last):";

	log_splitter_finish(m->splitter);
	/* A trace that was cut off before it said why. */
	if (m->held_line)
		end_held(m, head, strlen(head), 0, m->time);
	m->fold = (struct log_fold){0};
	m->current = NULL;
	m->any_entry = false;
	m->clock = (struct log_clock){.now = m->clock.now};
}

static int by_count(const void *x, const void *y)
{
	const struct log_template *a = *(const struct log_template *const *)x, *b = *(const struct log_template *const *)y;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return a->first_line < b->first_line ? -1 : a->first_line > b->first_line;
}

const struct log_mining *log_miner_finish(struct log_miner *m)
{
	uint32_t n = 0;

	log_miner_break(m);
	for (uint32_t i = 0; i < m->count; i++)
		if (m->templates[i].count)
			m->sorted[n++] = &m->templates[i];
	qsort(m->sorted, n, sizeof(*m->sorted), by_count);
	m->mining.templates = (const struct log_template *const *)m->sorted;
	m->mining.template_count = n;
	m->mining.memory = sizeof(*m) + log_splitter_memory() + log_patterns_memory();
	return &m->mining;
}

/* How long before the change and after it, in microseconds or, without times, in lines. */
static void spans(const struct log_mining *g, double *ret_before, double *ret_after)
{
	if (g->change && g->first && g->change > g->first) {
		*ret_before = (double)(g->change - g->first);
		*ret_after = (double)MAX(g->last - g->change, USEC_PER_SEC);
	} else {
		*ret_before = (double)(g->change_line > 1 ? g->change_line - 1 : 0);
		*ret_after = (double)(g->lines - g->change_line + 1);
	}
}

enum log_turn log_template_turn(const struct log_mining *g, const struct log_template *t, double *ret_factor)
{
	uint64_t after = t->count - t->before;
	double span_before, span_after, expected;

	*ret_factor = 0;
	if (g->before < LOG_TURN_BEFORE || !g->change_line)
		return TURN_NONE;
	spans(g, &span_before, &span_after);
	if (span_before <= 0)
		return TURN_NONE;
	/* What is rare may just not have come before. */
	if (!t->before)
		return log_template_is_error(t) || (double)after * span_before / span_after >= LOG_TURN_MIN ? TURN_NEW : TURN_NONE;
	expected = (double)t->before * span_after / span_before;
	*ret_factor = (double)after / expected;
	if (!after)
		return expected >= LOG_TURN_MIN && t->before >= LOG_TURN_MIN ? TURN_GONE : TURN_NONE;
	if (after >= LOG_TURN_MIN && *ret_factor >= LOG_TURN_FACTOR)
		return TURN_MORE;
	return expected >= LOG_TURN_MIN && t->before >= LOG_TURN_MIN && *ret_factor <= 1 / LOG_TURN_FACTOR ? TURN_LESS : TURN_NONE;
}
