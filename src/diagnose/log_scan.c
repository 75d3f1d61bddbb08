#include "diagnose/log_scan.h"

#include "diagnose/chain.h"
#include "diagnose/log_mine.h"

#include <ctype.h>

#define LOG_SCAN_LINES 200 /* from the end; what was long before the end is seldom the reason for it */
#define LOG_LINE_MAX 2048  /* longer lines are cut: a minified stack trace says it all at its beginning */

/* How much a line's own level says that it is the end of the story. */
static int level_bonus(const char *folded)
{
	static const char *const fatal[] = {"fatal",     "panic",    "critical",     "emerg",    "exiting",
					    "giving up", "aborting", "cannot start", "uncaught", "unhandled"};
	static const char *const minor[] = {"level=warn", "\"level\":\"warn", " warn ", "warning",  "level=info", "\"level\":\"info",
					    " info ",     "level=debug",      "debug",  "retrying", "will retry"};

	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		if (strstr(folded, fatal[i]))
			return 30;
	for (size_t i = 0; i < ARRAY_LEN(minor); i++)
		if (strstr(folded, minor[i]))
			return -60;
	return 0;
}

/* The signature that a line has, -1 = none, and how much it says. */
static int match_line(const char *line, size_t len, int *ret_score)
{
	char folded[LOG_LINE_MAX];
	int found;

	len = MIN(len, sizeof(folded) - 1);
	found = log_patterns_match(line, len);
	if (found < 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		folded[i] = line[i] ? (char)tolower((unsigned char)line[i]) : ' ';
	folded[len] = '\0';
	*ret_score = log_signature_weight(found) + level_bonus(folded);
	return found;
}

bool log_match_text(struct graph *g, struct arena *a, const char *ns, const char *text, size_t len, struct log_match *ret)
{
	int best = -1;
	const char *end = text + len;
	uint32_t lines = 0, number;
	int best_score = 0, distance = 0;

	for (const char *p = text; p < end; p++)
		lines += *p == '\n';
	if (len && end[-1] != '\n')
		lines++;
	number = lines;
	*ret = (struct log_match){.peer.kind = KIND_COUNT, .peer_text = ""};
	while (end > text && distance < LOG_SCAN_LINES) {
		const char *stop = end[-1] == '\n' ? end - 1 : end, *start = stop;
		int score = 0, found;

		while (start > text && start[-1] != '\n')
			start--;
		found = match_line(start, (size_t)(stop - start), &score);
		if (found >= 0 && (best < 0 || score - distance > best_score)) {
			best = found;
			best_score = score - distance;
			ret->line = start;
			ret->len = (size_t)(stop - start);
			ret->number = number;
		}
		end = start;
		number--;
		distance++;
	}
	if (best < 0)
		return false;
	ret->check = log_signature_check(best);
	ret->signature = best;
	if (log_signature_names_peer(best))
		ret->peer_text = log_peer_of(g, a, ns, ret->line, ret->len, &ret->peer);
	return true;
}

/* ---- Findings --------------------------------------------------------------------------------------------------------------- */

#define QUOTED_BYTES 200 /* of a line, in a sentence */

/* What a line says: of JSON its message and the error beside it. */
static const char *words_of(struct arena *a, const struct log_match *m)
{
	char line[LOG_LINE_MAX + LOG_PADDING] = {0};
	size_t len = MIN(m->len, (size_t)LOG_LINE_MAX);
	struct log_shape shape;

	memcpy(line, m->line, len);
	log_shape_of(line, len, 0, &shape);
	if (!shape.json || !shape.message.at)
		return arena_strndup(a, m->line, MIN(m->len, (size_t)QUOTED_BYTES));
	if (!shape.error.at)
		return arena_strndup(a, shape.message.at, MIN(shape.message.len, (size_t)QUOTED_BYTES));
	return arena_printf(a, "%.*s: %.*s", (int)MIN(shape.message.len, (size_t)QUOTED_BYTES), shape.message.at,
			    (int)MIN(shape.error.len, (size_t)QUOTED_BYTES), shape.error.at);
}

/* How often the log says so, and since when. */
struct story {
	uint64_t count;
	usec_t first;
	uint32_t first_line;
	uint64_t before; /* entries of the log before the first; 0 = too few to tell that it was otherwise before */
	const char *example;
};

static void find_story(struct arena *a, const struct log_mining *g, const struct log_match *m, struct story *ret)
{
	const struct log_template *best = NULL;

	for (uint32_t i = 0; i < g->template_count; i++) {
		const struct log_template *t = g->templates[i];

		if (t->signature == m->signature && t->first_line <= m->number && (!best || t->last_line > best->last_line))
			best = t;
	}
	if (!best)
		return;
	ret->count = best->count;
	ret->first = best->first;
	ret->first_line = (uint32_t)best->first_line;
	ret->before = best->first_line > LOG_TURN_BEFORE && g->first && g->first < best->first ? best->first_line - 1 : 0;
	ret->example = arena_strndup(a, best->example, best->example_len);
}

static struct story story_of(struct arena *a, const struct container_log *log, const struct log_match *m, usec_t now)
{
	const struct log_mining_options o = {.now = now};
	_cleanup_(log_miner_freep) struct log_miner *miner = log_miner_new(&o);
	struct story story = {0};

	log_miner_feed(miner, log->text, log->len);
	find_story(a, log_miner_finish(miner), m, &story);
	return story;
}

/* " (7 times since 2026-11-25T10:00:00Z, never in the 120 lines before)" */
static const char *story_text(struct arena *a, const struct story *s)
{
	char when[CLOCK_TEXT_MAX];

	if (s->count < 2 || !s->first)
		return "";
	clock_format_rfc3339(s->first - s->first % USEC_PER_SEC, when);
	if (!s->before)
		return arena_printf(a, " (%llu times since %s)", (unsigned long long)s->count, when);
	return arena_printf(a, " (%llu times since %s, never in the %llu lines before)", (unsigned long long)s->count, when,
			    (unsigned long long)s->before);
}

const char *log_sentence(struct arena *a, const struct object *pod, const char *container, const struct log_match *m)
{
	_cleanup_(strbuf_release) struct strbuf sb;
	const char *line = words_of(a, m);

	strbuf_init(&sb, STRBUF_MAX_LINE);
	for (const char *p = log_signature_sentence(m->signature); *p; p++) {
		if (strncmp(p, "%W", 2) == 0)
			strbuf_addf(&sb, "Container %s of %s", container, object_text(a, pod)), p++;
		else if (strncmp(p, "%P", 2) == 0)
			strbuf_addstr(&sb, m->peer_text[0] ? m->peer_text : "another service"), p++;
		else if (strncmp(p, "%L", 2) == 0)
			strbuf_addstr(&sb, line), p++;
		else
			strbuf_addch(&sb, *p);
	}
	return arena_strndup(a, sb.buf, sb.len);
}

/* Where the words of a match were read. */
struct words {
	const struct container_log *log; /* NULL: a termination message */
	const char *path;                /* of the message */
};

/* The log of the instance that died, the log of the one there is, or what a container left as its termination message. */
static bool find_words(struct check_run *run, struct graph *g, const struct finding *symptom, struct words *ret, struct log_match *ret_match)
{
	const struct object *pod = symptom->object;
	const struct container_view *c = pod_view_container(run_pod(run, pod), symptom->container);
	const char *kept = c ? (c->now.present ? c->now.message : c->last.message) : NULL;

	for (int current = 0; current < 2; current++) {
		const struct container_log *log = inventory_log(run->inv, pod, symptom->container, !current);

		*ret = (struct words){.log = log};
		if (log && !log->error && log_match_text(g, run->arena, pod->ns, log->text, log->len, ret_match))
			return true;
	}
	if (!kept || !*kept)
		return false;
	*ret = (struct words){
		.path = container_status_path(run->arena, c, c->now.present ? "state.terminated.message" : "lastState.terminated.message")};
	return log_match_text(g, run->arena, pod->ns, kept, strlen(kept), ret_match);
}

static void tell_story(struct check_run *run, struct finding *f, const struct words *words, const struct log_match *m, const struct story *story)
{
	/* It may have begun before the finding that led here; since the pod was made is a guess. What an instance says does not speak for those
	 * before it, so a time that is known and earlier stays. */
	if (story->before && (!f->since || f->since == f->object->created || story->first < f->since))
		f->since = story->first;
	if (story->count > 1 && story->first && story->first_line < m->number)
		finding_log(run, f, words->log, story->first_line, story->first_line, story->example);
}

void log_finding_peer(struct check_run *run, struct finding *f, const struct log_match *m)
{
	if (m->peer.kind == KIND_SERVICE)
		finding_subject(run, f, KIND_SERVICE, m->peer.ns, m->peer.name);
	else if (m->peer.kind == KIND_POD && m->peer.object != f->object)
		finding_subject(run, f, KIND_POD, m->peer.ns, m->peer.name);
	if (m->peer.kind != KIND_COUNT && !m->peer.object)
		finding_absence(run, f, "Service", m->peer.ns, m->peer.name);
}

static void scan_one(struct check_run *run, struct graph *g, const struct finding *symptom)
{
	const struct object *pod = symptom->object;
	struct log_match m;
	struct words words;
	struct finding *f;
	struct story story = {0};
	const char *line;

	if (!find_words(run, g, symptom, &words, &m) || log_signature_is_generic(m.signature))
		return;
	line = arena_strndup(run->arena, m.line, MIN(m.len, (size_t)LOG_LINE_MAX));
	if (words.log)
		story = story_of(run->arena, words.log, &m, inventory_now(run->inv));
	run->check = m.check;
	f = finding_new(run, pod, "%s%s", log_sentence(run->arena, pod, symptom->container, &m), story_text(run->arena, &story));
	f->container = symptom->container;
	f->since = symptom->since;
	f->severity = symptom->severity;
	if (log_signature_fix(m.signature))
		finding_fix(run, f, "%s", log_signature_fix(m.signature));
	if (words.log)
		finding_log(run, f, words.log, m.number, m.number, line);
	else
		finding_field_text(run, f, pod, words.path, line);
	if (words.log)
		tell_story(run, f, &words, &m, &story);
	log_finding_peer(run, f, &m);
}

static bool scanned_before(const struct check_run *run, uint32_t from, const struct finding *symptom)
{
	/* Findings come ordered by object: those of one pod were added one after the other. */
	for (uint32_t i = run->findings.len; i > from && run->findings.items[i - 1]->object == symptom->object; i--)
		if (str_eq(run->findings.items[i - 1]->container, symptom->container))
			return true;
	return false;
}

void log_scan_findings(struct check_run *run, struct graph *g, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct finding *f = run->findings.items[i];

		if (f->silence || f->state != FINDING_ACTIVE || f->severity < SEVERITY_WARNING || !f->object || f->object->kind->id != KIND_POD ||
		    !chain_asks_log(f->check) || !f->container[0])
			continue;
		if (!scanned_before(run, count, f))
			scan_one(run, g, f);
	}
}
