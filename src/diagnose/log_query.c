#include "diagnose/log_query.h"

#include "base/hash.h"
#include "base/utf8.h"

#include <ctype.h>

#define SLOTS (2 * LOG_GROUPS)

struct log_counter {
	struct log_query query;
	struct log_counting counting;
	struct log_splitter *splitter;
	struct log_clock clock;
	usec_t time;
	bool needs_shape;
	uint32_t count;
	uint16_t slots[SLOTS];
	struct log_group *sorted[LOG_GROUPS];
	struct log_group groups[LOG_GROUPS];
};

bool log_by_parse(const char *word, enum log_by *ret)
{
	static const char *const names[LOG_BY_COUNT] = {"", "status", "template", "minute", "level", "path"};

	for (int i = 1; i < LOG_BY_COUNT; i++) {
		if (str_eq(names[i], word)) {
			*ret = (enum log_by)i;
			return true;
		}
	}
	return false;
}

bool log_query_status(const char *text, struct log_query *q)
{
	char *end;
	long low, high;

	if (text[0] >= '1' && text[0] <= '5' && (text[1] == 'x' || text[1] == 'X') && (text[2] == 'x' || text[2] == 'X') && !text[3]) {
		q->status_low = (text[0] - '0') * 100;
		q->status_high = q->status_low + 99;
		return true;
	}
	low = high = strtol(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || (*end == '-' && !isdigit((unsigned char)end[1])))
		return false;
	if (*end == '-')
		high = strtol(end + 1, &end, 10);
	if (*end || low < 100 || high > 599 || high < low)
		return false;
	q->status_low = (int)low;
	q->status_high = (int)high;
	return true;
}

/* ---- Groups --------------------------------------------------------------------------------------------------------------------- */

static void label_of(struct log_counter *c, const struct log_shape *shape, enum line_level level, char label[LOG_GROUP_LABEL])
{
	_cleanup_(strbuf_release) struct strbuf sb;
	char text[CLOCK_TEXT_MAX];

	strbuf_init(&sb, STRBUF_MAX_LINE);
	switch (c->query.by) {
	case LOG_BY_STATUS:
		if (shape->status)
			strbuf_addf(&sb, "%d", shape->status);
		else
			strbuf_addstr(&sb, "no status");
		break;
	case LOG_BY_MINUTE:
		if (c->time)
			strbuf_addstr(&sb, clock_format_rfc3339(c->time - c->time % USEC_PER_MINUTE, text));
		else
			strbuf_addstr(&sb, "no time");
		break;
	case LOG_BY_LEVEL:
		strbuf_addstr(&sb, line_level_text(level));
		break;
	case LOG_BY_PATH:
		if (shape->path.at)
			strbuf_add(&sb, shape->path.at, MIN(shape->path.len, (size_t)LOG_GROUP_LABEL));
		else
			strbuf_addstr(&sb, "no path");
		strbuf_truncate(&sb, strcspn(sb.buf, "?#"));
		break;
	default:
		if (shape->message.len)
			log_template_text(&sb, shape->message.at, shape->message.len, LOG_GROUP_LABEL);
		else
			strbuf_addstr(&sb, "no message");
		break;
	}
	snprintf(label, LOG_GROUP_LABEL, "%.*s", (int)utf8_cut(sb.buf, sb.len, LOG_GROUP_LABEL - 1), sb.buf);
}

static uint64_t key_of(const struct log_counter *c, const struct log_shape *shape, enum line_level level)
{
	size_t len = 0;

	switch (c->query.by) {
	case LOG_BY_STATUS:
		return (uint64_t)shape->status;
	case LOG_BY_MINUTE:
		return (uint64_t)(c->time / USEC_PER_MINUTE);
	case LOG_BY_LEVEL:
		return (uint64_t)level;
	case LOG_BY_PATH:
		while (len < shape->path.len && !str_has("?#", shape->path.at[len]))
			len++;
		return (uint64_t)hash_bytes(shape->path.at ? shape->path.at : "", len) << 16 | (len & 0xffff);
	default:
		return shape->hash;
	}
}

static void count_group(struct log_counter *c, const struct log_shape *shape, enum line_level level)
{
	uint64_t key = key_of(c, shape, level);
	uint32_t i = (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 40) & (SLOTS - 1);
	struct log_group *g;

	while (c->slots[i] && c->groups[c->slots[i] - 1].key != key)
		i = (i + 1) & (SLOTS - 1);
	if (!c->slots[i]) {
		if (c->count == LOG_GROUPS) {
			c->counting.ungrouped++;
			return;
		}
		c->slots[i] = (uint16_t)++c->count;
		g = &c->groups[c->count - 1];
		g->key = key;
		label_of(c, shape, level, g->label);
	}
	g = &c->groups[c->slots[i] - 1];
	g->count++;
	g->first = g->first ? g->first : c->time;
	g->last = c->time ? c->time : g->last;
}

/* ---- Lines ---------------------------------------------------------------------------------------------------------------------- */

static bool request_matches(const struct log_query *q, const struct log_shape *shape)
{
	if (q->status_low && (shape->status < q->status_low || shape->status > q->status_high))
		return false;
	return !q->path || log_path_under(shape->path, q->path);
}

static void set_time(struct log_counter *c, usec_t time)
{
	struct log_counting *g = &c->counting;

	c->time = time;
	g->timed++;
	g->first = g->first ? MIN(g->first, time) : time;
	g->last = MAX(g->last, time);
}

static void keep_example(struct log_counting *g, const char *line, size_t len)
{
	len = utf8_cut(line, len, sizeof(g->example) - 1);
	memcpy(g->example, line, len);
	g->example[len] = '\0';
}

static void on_line(void *arg, const char *line, size_t len, uint64_t number)
{
	struct log_counter *c = arg;
	const struct log_query *q = &c->query;
	struct log_counting *g = &c->counting;
	struct log_shape shape = {0};
	enum line_level level = LINE_UNKNOWN;
	size_t prefix = 0;
	bool json = len && line[0] == '{';
	usec_t time = len && !json ? log_time_of(&c->clock, line, len, &prefix) : 0;

	g->lines = number;
	if (number == 1)
		keep_example(g, line, len);
	if (json || c->needs_shape) {
		log_shape_of(line, len, prefix, &shape);
		if (!time && shape.time.at)
			time = log_time_value(&c->clock, shape.time);
	}
	if (time)
		set_time(c, time);
	if (c->needs_shape) {
		log_access_more(line, len, &shape);
		g->requests += shape.status != 0;
	}
	if ((q->since && c->time < q->since) || (q->until && (!c->time || c->time >= q->until)) ||
	    (q->text && !memmem(line, len, q->text, strlen(q->text))))
		return;
	if (c->needs_shape && !request_matches(q, &shape))
		return;
	if (q->level || q->by == LOG_BY_LEVEL) {
		level = line_level_of(line, len, &shape);
		if (level < q->level)
			return;
	}
	g->matched++;
	if (!g->first_line) {
		g->first_line = number;
		keep_example(g, line, len);
	}
	g->last_line = number;
	if (c->time) {
		g->match_first = g->match_first ? MIN(g->match_first, c->time) : c->time;
		g->match_last = MAX(g->match_last, c->time);
	}
	if (q->by)
		count_group(c, &shape, level);
}

/* ---- The whole ------------------------------------------------------------------------------------------------------------------- */

struct log_counter *log_counter_new(const struct log_query *query)
{
	struct log_counter *c = mem_alloc(sizeof(*c));

	c->query = *query;
	c->clock.now = query->now ? query->now : clock_now();
	c->needs_shape = query->status_low || query->path || query->level || (query->by && query->by != LOG_BY_MINUTE);
	c->splitter = log_splitter_new(on_line, c);
	return c;
}

void log_counter_free(struct log_counter *c)
{
	if (!c)
		return;
	log_splitter_free(c->splitter);
	mem_free(c);
}

void log_counter_freep(struct log_counter **c)
{
	log_counter_free(*c);
	*c = NULL;
}

void log_counter_feed(struct log_counter *c, const char *data, size_t len)
{
	c->counting.bytes += len;
	log_splitter_feed(c->splitter, data, len);
}

void log_counter_break(struct log_counter *c)
{
	log_splitter_finish(c->splitter);
	c->clock = (struct log_clock){.now = c->clock.now};
	c->time = 0;
}

static int by_count(const void *x, const void *y)
{
	const struct log_group *a = *(const struct log_group *const *)x, *b = *(const struct log_group *const *)y;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->label, b->label);
}

static int by_key(const void *x, const void *y)
{
	const struct log_group *a = *(const struct log_group *const *)x, *b = *(const struct log_group *const *)y;

	return a->key < b->key ? -1 : a->key > b->key;
}

const struct log_counting *log_counter_finish(struct log_counter *c)
{
	log_counter_break(c);
	for (uint32_t i = 0; i < c->count; i++)
		c->sorted[i] = &c->groups[i];
	qsort(c->sorted, c->count, sizeof(*c->sorted), c->query.by == LOG_BY_MINUTE ? by_key : by_count);
	c->counting.groups = (const struct log_group *const *)c->sorted;
	c->counting.group_count = c->count;
	return &c->counting;
}
