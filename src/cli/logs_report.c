#include "cli/logs_report.h"

#include "checks/check.h"
#include "format/json.h"

#define SHOWN 10u       /* shapes, of each list */
#define SPARK_WIDTH 16u /* columns of a shape's histogram */
#define TEXT_BYTES 400

static const char *number(struct arena *a, uint64_t n)
{
	char digits[24], out[32], *p = out;
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = '\0';
	return arena_strdup(a, out);
}

static unsigned used(const struct log_mining *g)
{
	unsigned n = LOG_BUCKETS;

	while (n && !g->buckets[n - 1])
		n--;
	return n;
}

/* Counts over time as a line of blocks. */
static void spark(struct term *t, const struct log_mining *g, const uint32_t *buckets, unsigned width)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char plain[] = ".:-=+*#@";
	unsigned n = used(g), columns = MIN(width, n);
	uint64_t most = 0, sums[LOG_BUCKETS] = {0};

	for (unsigned i = 0; i < n; i++)
		sums[i * columns / n] += buckets[i];
	for (unsigned i = 0; i < columns; i++)
		most = MAX(most, sums[i]);
	for (unsigned i = 0; i < columns; i++) {
		unsigned level = sums[i] && most ? (unsigned)((sums[i] * 7 + most - 1) / most) : 0;

		if (!sums[i])
			term_addf(t, " ");
		else if (t->ascii)
			term_addf(t, "%c", plain[level]);
		else
			term_addf(t, "%s", blocks[level]);
	}
}

static const char *shape_text(struct arena *a, const struct log_template *t)
{
	_cleanup_(strbuf_release) struct strbuf sb;

	strbuf_init(&sb, STRBUF_MAX_LINE);
	log_template_text(&sb, t->example + t->message_at, t->message_len, TEXT_BYTES);
	return arena_strndup(a, sb.buf, sb.len);
}

static const char *when(struct arena *a, usec_t t)
{
	char text[CLOCK_TEXT_MAX];

	return t ? arena_strdup(a, clock_format_rfc3339(t - t % USEC_PER_SEC, text)) : "";
}

static const char *span(struct arena *a, usec_t t)
{
	char text[CLOCK_TEXT_MAX];

	return arena_strdup(a, clock_format_span(t, text));
}

static const char *peer_of(const struct logs_report *r, const struct log_template *t, struct object_name *ret)
{
	ret->kind = KIND_COUNT;
	return t->signature >= 0 && log_signature_names_peer(t->signature)
		       ? log_peer_of(r->graph, r->arena, r->ns ? r->ns : "", t->example, t->example_len, ret)
		       : "";
}

static void template_lines(struct term *t, const struct logs_report *r, const struct log_mining *g, const struct log_template *x, const char *lead)
{
	struct object_name known;
	const char *peer = peer_of(r, x, &known);

	term_addf(t, "  %s%*s  ", lead, 11, number(r->arena, x->count));
	if (g->bucket) {
		spark(t, g, x->buckets, SPARK_WIDTH);
		term_addf(t, "  ");
	}
	if (x->signature >= 0 && !log_signature_is_generic(x->signature))
		term_add(t, STYLE_YELLOW, log_signature_check(x->signature)->id);
	else
		term_add(t, x->level >= LINE_ERROR ? STYLE_RED : STYLE_DIM, line_level_text(x->level));
	if (peer[0]) {
		term_addf(t, " ");
		term_safe(t, STYLE_BOLD, known.kind == KIND_COUNT ? peer : name_text(r->arena, &known));
		if (known.kind != KIND_COUNT && !known.object)
			term_addf(t, " (there is none)");
	}
	if (x->first)
		term_addf(t, "  first %s, last %s", when(r->arena, x->first), when(r->arena, x->last));
	term_addf(t, "  line %s\n", number(r->arena, x->first_line));
	term_wrap(t, 15, STYLE_NONE, "", 0, STYLE_NONE, shape_text(r->arena, x));
	if (x->cause_len)
		term_wrap(t, 15, STYLE_NONE, "", 0, STYLE_DIM, arena_strndup(r->arena, x->cause, x->cause_len));
}

static void head(struct term *t, const struct logs_report *r, const struct log_mining *g)
{
	struct arena *a = r->arena;

	if (r->name_count == 1)
		term_safe(t, STYLE_BOLD, r->names[0]);
	else
		term_addf(t, "%u logs", r->name_count);
	term_addf(t, ": %s line%s", number(a, g->lines), g->lines == 1 ? "" : "s");
	if (g->kept != g->lines)
		term_addf(t, ", %s of them asked for", number(a, g->kept));
	if (g->entries != g->kept)
		term_addf(t, " in %s entries", number(a, g->entries));
	if (g->first)
		term_addf(t, ", %s to %s (%s)", when(a, g->first), when(a, g->last), span(a, g->last - g->first));
	else
		term_addf(t, ", without times");
	term_addf(t, ", %s error%s\n", number(a, g->errors), g->errors == 1 ? "" : "s");
	if (g->bucket) {
		uint32_t most = 0;

		for (unsigned i = 0; i < LOG_BUCKETS; i++)
			most = MAX(most, g->buckets[i]);
		term_addf(t, "rate ");
		spark(t, g, g->buckets, LOG_BUCKETS);
		term_addf(t, "  at most %s in %s\n", number(a, most), span(a, g->bucket));
	}
}

static void errors(struct term *t, const struct logs_report *r, const struct log_mining *g)
{
	unsigned shown = 0, left = 0;

	for (uint32_t i = 0; i < g->template_count; i++) {
		if (!log_template_is_error(g->templates[i]))
			continue;
		if (shown == SHOWN && !r->all) {
			left++;
			continue;
		}
		if (!shown++)
			term_add(t, STYLE_BOLD, "\nErrors\n");
		template_lines(t, r, g, g->templates[i], "");
	}
	if (left)
		term_addf(t, "  and %u more kinds (--all)\n", left);
}

static void turns(struct term *t, const struct logs_report *r, const struct log_mining *g)
{
	static const char *const words[] = {"", "new  ", "gone ", "more ", "less "};
	unsigned shown = 0, left = 0;
	double factor;

	for (uint32_t i = 0; i < g->template_count; i++) {
		enum log_turn turn = log_template_turn(g, g->templates[i], &factor);

		if (turn == TURN_NONE)
			continue;
		if (shown == SHOWN && !r->all) {
			left++;
			continue;
		}
		if (!shown++) {
			term_add(t, STYLE_BOLD, "\nWhat is different since ");
			if (r->asked_time || !g->change_line)
				term_addf(t, "%s\n", when(r->arena, g->change));
			else
				term_addf(t, "the first error (%s%sline %s)\n", when(r->arena, g->change), g->change ? ", " : "",
					  number(r->arena, g->change_line));
		}
		template_lines(t, r, g, g->templates[i],
			       factor > 0 ? arena_printf(r->arena, "%s%5.*fx ", words[turn], factor < 10, factor)
					  : arena_printf(r->arena, "%s       ", words[turn]));
	}
	if (left)
		term_addf(t, "  and %u more (--all)\n", left);
}

static void frequent(struct term *t, const struct logs_report *r, const struct log_mining *g)
{
	uint32_t n = r->all ? g->template_count : MIN(g->template_count, SHOWN);

	if (n)
		term_add(t, STYLE_BOLD, "\nMost frequent\n");
	for (uint32_t i = 0; i < n; i++)
		template_lines(t, r, g, g->templates[i], "");
	if (n < g->template_count)
		term_addf(t, "  and %u more kinds (--all)\n", g->template_count - n);
	if (g->other)
		term_addf(t, "  %s entries are of rare kinds, merged because there were more than %u kinds of lines\n", number(r->arena, g->other),
			  LOG_TEMPLATES);
}

void logs_report_text(struct term *t, const struct logs_report *r, const struct log_mining *g)
{
	head(t, r, g);
	errors(t, r, g);
	turns(t, r, g);
	frequent(t, r, g);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------------------- */

static void json_begin(struct json_writer *w, struct term *t, const struct logs_report *r)
{
	json_writer_init(w, &t->buf, 2);
	json_object_begin(w);
	json_key(w, "format");
	json_string(w, "auto-devops/logs/v1");
	json_key(w, "logs");
	json_array_begin(w);
	for (uint32_t i = 0; i < r->name_count; i++)
		json_string(w, r->names[i]);
	json_array_end(w);
}

static void json_buckets(struct json_writer *w, const struct log_mining *g, const uint32_t *buckets)
{
	unsigned n = used(g);

	json_array_begin(w);
	for (unsigned i = 0; i < n; i++)
		json_int(w, buckets[i]);
	json_array_end(w);
}

static void json_template(struct json_writer *w, const struct logs_report *r, const struct log_mining *g, const struct log_template *x)
{
	static const char *const words[] = {"", "new", "gone", "more", "less"};
	struct object_name known;
	const char *peer = peer_of(r, x, &known);
	double factor;
	enum log_turn turn = log_template_turn(g, x, &factor);

	json_object_begin(w);
	json_member_int(w, "count", x->count);
	json_member_int(w, "before", x->before);
	json_key(w, "turn");
	json_string(w, words[turn]);
	json_key(w, "level");
	json_string(w, line_level_text(x->level));
	json_key(w, "error");
	json_bool(w, log_template_is_error(x));
	json_key(w, "signature");
	json_string(w, x->signature >= 0 ? log_signature_check(x->signature)->id : NULL);
	json_key(w, "peer");
	json_string(w, peer[0] ? peer : NULL);
	json_key(w, "peerObject");
	json_string(w, known.kind == KIND_COUNT ? NULL : name_text(r->arena, &known));
	json_member_time(w, "first", x->first);
	json_member_time(w, "last", x->last);
	json_member_int(w, "firstLine", x->first_line);
	json_member_int(w, "lastLine", x->last_line);
	json_key(w, "shape");
	json_string(w, shape_text(r->arena, x));
	json_key(w, "example");
	json_string_n(w, x->example, x->example_len);
	if (x->cause_len) {
		json_key(w, "cause");
		json_string_n(w, x->cause, x->cause_len);
	}
	json_key(w, "histogram");
	json_buckets(w, g, x->buckets);
	json_object_end(w);
}

void logs_report_json(struct term *t, const struct logs_report *r, const struct log_mining *g)
{
	struct json_writer w;

	json_begin(&w, t, r);
	json_member_int(&w, "lines", g->lines);
	json_member_int(&w, "bytes", g->bytes);
	json_member_int(&w, "kept", g->kept);
	json_member_int(&w, "entries", g->entries);
	json_member_int(&w, "errors", g->errors);
	json_member_int(&w, "withTime", g->timed);
	json_member_time(&w, "first", g->first);
	json_member_time(&w, "last", g->last);
	json_member_time(&w, "change", g->change);
	json_member_int(&w, "changeLine", g->change_line);
	json_member_int(&w, "otherEntries", g->other);
	json_key(&w, "histogram");
	json_object_begin(&w);
	json_member_time(&w, "from", g->bucket ? g->origin : 0);
	json_member_int(&w, "seconds", (uint64_t)(g->bucket / USEC_PER_SEC));
	json_key(&w, "counts");
	json_buckets(&w, g, g->buckets);
	json_object_end(&w);
	json_key(&w, "shapes");
	json_array_begin(&w);
	for (uint32_t i = 0; i < g->template_count; i++)
		json_template(&w, r, g, g->templates[i]);
	json_array_end(&w);
	json_object_end(&w);
	term_addf(t, "\n");
}

/* ---- Counts --------------------------------------------------------------------------------------------------------------------- */

void logs_count_text(struct term *t, const struct logs_report *r, const struct log_counting *g, bool grouped)
{
	for (uint32_t i = 0; grouped && i < g->group_count; i++) {
		term_addf(t, "%11s  ", number(r->arena, g->groups[i]->count));
		term_safe(t, STYLE_NONE, g->groups[i]->label);
		term_addf(t, "\n");
	}
	if (grouped && g->ungrouped)
		term_addf(t, "%11s  of further groups\n", number(r->arena, g->ungrouped));
	if (!grouped)
		term_addf(t, "%llu\n", (unsigned long long)g->matched);
}

void logs_count_json(struct term *t, const struct logs_report *r, const struct log_counting *g, const struct log_query *q)
{
	struct json_writer w;

	json_begin(&w, t, r);
	json_member_int(&w, "lines", g->lines);
	json_member_int(&w, "bytes", g->bytes);
	json_member_int(&w, "count", g->matched);
	json_member_time(&w, "since", q->since);
	json_member_time(&w, "until", q->until);
	json_member_time(&w, "logFirst", g->first);
	json_member_time(&w, "logLast", g->last);
	json_key(&w, "reachesBack");
	json_bool(&w, !q->since || (g->first && g->first <= q->since));
	json_member_time(&w, "first", g->match_first);
	json_member_time(&w, "last", g->match_last);
	json_member_int(&w, "firstLine", g->first_line);
	json_member_int(&w, "lastLine", g->last_line);
	if (q->by) {
		json_member_int(&w, "ungrouped", g->ungrouped);
		json_key(&w, "groups");
		json_array_begin(&w);
		for (uint32_t i = 0; i < g->group_count; i++) {
			json_object_begin(&w);
			json_key(&w, "group");
			json_string(&w, g->groups[i]->label);
			json_member_int(&w, "count", g->groups[i]->count);
			json_member_time(&w, "first", g->groups[i]->first);
			json_member_time(&w, "last", g->groups[i]->last);
			json_object_end(&w);
		}
		json_array_end(&w);
	}
	json_object_end(&w);
	term_addf(t, "\n");
}
