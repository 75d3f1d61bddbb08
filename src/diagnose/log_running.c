/* Errors that only a log shows: programs that run, are ready, and fail at what they do. */
#include "diagnose/log_mine.h"
#include "diagnose/log_scan.h"
#include "diagnose/ptr_map.h"

#include <ctype.h>

#define RECENT (15 * USEC_PER_MINUTE)
#define PAUSE_LEAST (2 * USEC_PER_MINUTE) /* an error that comes back more often than this still goes on, whatever its rhythm was */
#define GAP_FACTOR 3u                     /* so many times its usual distance from the last one: it has stopped */
#define QUIET_LINES 5u                    /* lines after the last error that say nothing either way */
#define ERRORS_LEAST 5u                   /* fewer are an accident */
#define ERRORS_OF_PEER 3u                 /* the same when the line names a Service or pod that there is */
#define SHARE_HIGH 20u                    /* percent of the entries since the first error */
#define SHARE_LOW 5u                      /* the same for what was never there before, or names a peer */

/* ---- Words -------------------------------------------------------------------------------------------------------------------- */

static bool holds_any(const char *text, size_t len, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t n = strlen(words[i]), k = 0; k + n <= len; k++)
			if (strncasecmp(text + k, words[i], n) == 0)
				return true;
	return false;
}

/* What servers log at level error although it is their clients' doing. */
static bool is_of_clients(const char *text, size_t len)
{
	static const char *const words[] = {"tls handshake error from",
					    "favicon.ico",
					    "robots.txt",
					    "client closed connection",
					    "client prematurely closed",
					    "closed by client",
					    "context canceled",
					    "client disconnected",
					    "open() \""};

	return holds_any(text, len, words, ARRAY_LEN(words));
}

/* "0 errors", "no errors", "without error". */
static bool denied_before(const char *text, size_t at)
{
	static const char *const words[] = {"0", "no", "without", "zero", "non", "not", "any"};
	size_t end = at, start;

	while (end && (text[end - 1] == ' ' || text[end - 1] == '-'))
		end--;
	for (start = end; start && isalnum((unsigned char)text[start - 1]);)
		start--;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (end < at && end - start == strlen(words[i]) && strncasecmp(text + start, words[i], end - start) == 0)
			return true;
	return false;
}

/* Is a value over here? Prose goes on: "error: no space left", "ERROR:  null value in column". */
static bool value_ends(const char *text, size_t len, size_t at)
{
	static const char ends[] = ",;}])\"'%\r\n";
	static const char *const more[] = {"found", "yet", "seen", "so far"};

	if (at < len && text[at] != ' ')
		return strchr(ends, text[at]);
	while (at < len && text[at] == ' ')
		at++;
	if (at == len)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		if (at + strlen(more[i]) <= len && strncasecmp(text + at, more[i], strlen(more[i])) == 0)
			return true;
	/* Or the next key. */
	for (; at < len && text[at] != ' '; at++)
		if (text[at] == '=')
			return true;
	return text[at - 1] == ':';
}

/* "errors=0", "error_rate=0.00", "last fatal: none", "\"error\":null". */
static bool denied_after(const char *text, size_t len, size_t at)
{
	static const char *const values[] = {"none", "null", "nil", "<nil>", "false", "no", "ok", "n/a", "\"\"", "''", "[]", "-"};
	static const char *const off[] = {" mode off", " off", " disabled"};
	static const char skipped[] = " \"'", ends[] = " ,;}])\"'%\r\n";
	size_t end;

	for (size_t i = 0; i < ARRAY_LEN(off); i++) {
		size_t n = strlen(off[i]);

		/* A whole word: "commit failed offset 12" denies nothing. */
		if (at + n <= len && strncasecmp(text + at, off[i], n) == 0 && (at + n == len || !isalnum((unsigned char)text[at + n])))
			return true;
	}
	while (at < len && (isalpha((unsigned char)text[at]) || text[at] == '_'))
		at++;
	if (at < len && text[at] == '"')
		at++;
	if (at == len || (text[at] != ':' && text[at] != '='))
		return false;
	for (at++; at < len && text[at] == ' ';)
		at++;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		size_t n = strlen(values[i]);

		if (at + n <= len && strncasecmp(text + at, values[i], n) == 0 && value_ends(text, len, at + n))
			return true;
	}
	while (at < len && strchr(skipped, text[at]))
		at++;
	for (end = at; end < len && (text[end] == '0' || text[end] == '.');)
		end++;
	return end > at && (end == len || strchr(ends, text[end]) || text[end] == 's' || text[end] == 'm');
}

/* How a line speaks of errors: 0 = not at all, 1 = it says that there are some, -1 = only that there are none. */
static int speaks_of_errors(const char *text, size_t len)
{
	static const char *const words[] = {"error",   "fail",      "fatal",  "panic", "exception", "critical", "refused",     "denied",
					    "timeout", "timed out", "cannot", "can't", "unable",    "no such",  "unreachable", "reset by peer"};
	int found = 0;

	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			size_t n = strlen(words[i]);

			if (at + n > len || strncasecmp(text + at, words[i], n) != 0)
				continue;
			if (!denied_before(text, at) && !denied_after(text, len, at + n))
				return 1;
			found = -1;
		}
	}
	return found;
}

static bool counts_as_error(const struct log_template *t)
{
	int words;

	if (!log_template_is_error(t) || is_of_clients(t->example, t->example_len))
		return false;
	words = speaks_of_errors(t->example, t->example_len);
	if (t->level >= LINE_ERROR)
		return words >= 0;
	/* A warning, or a line that does not say how bad it is: only what its words leave no doubt of. */
	return words > 0 && (t->level == LINE_UNKNOWN || log_signature_names_peer(t->signature));
}

/* Whole words at their beginning: "already" is not "ready", and "unready" and "disconnected" are no good news. */
static bool speaks_of_success(const char *text, size_t len)
{
	static const char *const good[] = {"connected", "reconnected", "connection established", "succeeded", "success",
					   "recovered", "ready",       "back to normal",         "restored"};
	static const char *const bad[] = {"not "};

	if (holds_any(text, len, bad, ARRAY_LEN(bad)))
		return false;
	for (size_t at = 0; at < len; at++) {
		if (at && isalpha((unsigned char)text[at - 1]))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(good); i++) {
			size_t n = strlen(good[i]);

			if (at + n <= len && strncasecmp(text + at, good[i], n) == 0 && !denied_before(text, at) && !denied_after(text, len, at + n))
				return true;
		}
	}
	return false;
}

/* Something that is said for the first time after the last error, and says that all is well again. */
static bool recovered_after(const struct log_mining *g, uint64_t last_line)
{
	for (uint32_t i = 0; i < g->template_count; i++) {
		const struct log_template *t = g->templates[i];

		if (t->first_line > last_line && !log_template_is_error(t) && speaks_of_success(t->example, t->example_len))
			return true;
	}
	return false;
}

/* ---- Judging a log ------------------------------------------------------------------------------------------------------------ */

struct trouble {
	uint64_t count;                     /* entries with errors that go on */
	uint64_t before, since;             /* entries before the first of them, and from it on */
	const struct log_template *typical; /* of a family, if one is among them; else the most frequent */
	uint64_t typical_count;             /* of its family; of all when it has none */
	uint64_t first_line, last_line;     /* of the typical ones */
	usec_t first, last;                 /* 0 = its lines have no times */
};

static bool is_of_family(const struct log_template *t)
{
	return t->signature >= 0 && !log_signature_is_generic(t->signature);
}

/* Does it come back as it used to, until the end of the log and until now? Without times nobody can tell. */
static bool goes_on(const struct log_mining *g, const struct log_template *t, usec_t now)
{
	uint64_t gaps = t->count - 1, gap = gaps ? (t->last_line - t->first_line) / gaps : 0;
	usec_t pause = gaps && t->last ? (t->last - t->first) / gaps : 0;

	if (g->lines - t->last_line > MAX(GAP_FACTOR * gap, (uint64_t)QUIET_LINES))
		return false;
	return t->last && now <= t->last + MIN(MAX(GAP_FACTOR * pause, PAUSE_LEAST), RECENT);
}

static void add_typical(struct trouble *t, const struct log_template *x)
{
	t->typical_count += x->count;
	t->first_line = t->first_line ? MIN(t->first_line, x->first_line) : x->first_line;
	t->last_line = MAX(t->last_line, x->last_line);
	t->first = t->first && x->first ? MIN(t->first, x->first) : MAX(t->first, x->first);
	t->last = MAX(t->last, x->last);
}

/* The shapes come most frequent first. */
static bool find_trouble(const struct log_mining *g, usec_t now, struct trouble *ret)
{
	uint64_t first = 0;

	*ret = (struct trouble){0};
	for (uint32_t i = 0; i < g->template_count; i++) {
		const struct log_template *t = g->templates[i];

		if (!counts_as_error(t) || !goes_on(g, t, now))
			continue;
		ret->count += t->count;
		first = first ? MIN(first, t->first_line) : t->first_line;
		if (!ret->typical || (is_of_family(t) && !is_of_family(ret->typical)))
			ret->typical = t;
	}
	if (!ret->typical)
		return false;
	for (uint32_t i = 0; i < g->template_count; i++) {
		const struct log_template *t = g->templates[i];
		bool same = is_of_family(ret->typical)
				    ? is_of_family(t) && log_signature_check(t->signature) == log_signature_check(ret->typical->signature)
				    : !is_of_family(t);

		if (same && counts_as_error(t) && goes_on(g, t, now))
			add_typical(ret, t);
	}
	/* Entries are counted, lines numbered: a trace has many lines. */
	ret->before = g->lines ? (first - 1) * g->entries / g->lines : 0;
	ret->since = MAX(g->entries - ret->before, ret->count);
	return !recovered_after(g, ret->last_line);
}

static bool is_share(const struct trouble *t, unsigned percent)
{
	return t->count * 100 >= t->since * percent;
}

/* peer: the line names one that the cluster has. */
static bool is_worth_telling(const struct trouble *t, bool peer)
{
	bool began = t->before >= LOG_TURN_BEFORE;

	if (t->count < (peer ? ERRORS_OF_PEER : ERRORS_LEAST))
		return false;
	return is_share(t, SHARE_HIGH) || ((began || peer) && is_share(t, SHARE_LOW));
}

/* ---- Findings ----------------------------------------------------------------------------------------------------------------- */

static const char *line_at(struct arena *a, const struct container_log *log, uint64_t number)
{
	const char *p = log->text, *end = p + log->len, *nl;

	for (uint64_t n = 1; n < number && p < end; n++)
		p = (nl = memchr(p, '\n', (size_t)(end - p))) ? nl + 1 : end;
	nl = memchr(p, '\n', (size_t)(end - p));
	return arena_strndup(a, p, MIN((size_t)((nl ? nl : end) - p), (size_t)LOG_SHAPE_BYTES));
}

/* The line without the time that kubelet or the program put before it. */
static size_t stamp_of(const char *line, usec_t now)
{
	char padded[LOG_SHAPE_BYTES + LOG_PADDING] = {0};
	struct log_clock clock = {.now = now};
	size_t len = MIN(strlen(line), LOG_SHAPE_BYTES), prefix = 0;

	memcpy(padded, line, len);
	return log_time_of(&clock, padded, len, &prefix) ? MIN(prefix, len) : 0;
}

/* " (43 of its last 60 entries, since 2026-11-25T10:00:00Z, none in the 120 before)" */
static const char *trouble_text(struct arena *a, const struct trouble *t)
{
	char when[CLOCK_TEXT_MAX];
	const char *before = "";

	clock_format_rfc3339(t->first - t->first % USEC_PER_SEC, when);
	if (t->before >= LOG_TURN_BEFORE)
		before = arena_printf(a, ", none in the %llu before", (unsigned long long)t->before);
	return arena_printf(a, " (%llu of its last %llu entries, since %s%s)", (unsigned long long)t->typical_count, (unsigned long long)t->since,
			    when, before);
}

static void add_finding(struct check_run *run, const struct container_log *log, const struct trouble *t, const struct log_match *m)
{
	struct finding *f;
	run->check = m->check;
	f = finding_new(run, log->pod, "%s%s", log_sentence(run->arena, log->pod, log->container, m), trouble_text(run->arena, t));
	f->container = log->container;
	f->severity = is_of_family(t->typical) ? SEVERITY_ERROR : SEVERITY_WARNING;
	f->since = t->before >= LOG_TURN_BEFORE ? t->first : 0;
	if (log_signature_fix(m->signature))
		finding_fix(run, f, "%s", log_signature_fix(m->signature));
	finding_log(run, f, log, m->number, m->number, line_at(run->arena, log, m->number));
	if (t->first_line < t->last_line)
		finding_log(run, f, log, (uint32_t)t->first_line, (uint32_t)t->first_line, line_at(run->arena, log, t->first_line));
	log_finding_peer(run, f, m);
}

static void look_at_log(struct check_run *run, struct graph *g, const struct container_log *log)
{
	const struct log_mining_options o = {.now = inventory_now(run->inv)};
	_cleanup_(log_miner_freep) struct log_miner *miner = log_miner_new(&o);
	struct trouble t;
	struct log_match m = {.peer.kind = KIND_COUNT, .peer_text = ""};

	log_miner_feed(miner, log->text, log->len);
	if (!find_trouble(log_miner_finish(miner), o.now, &t))
		return;
	m.signature = is_of_family(t.typical) ? t.typical->signature : log_signature_generic();
	m.check = log_signature_check(m.signature);
	m.number = (uint32_t)t.typical->last_line;
	m.line = line_at(run->arena, log, m.number);
	m.line += stamp_of(m.line, o.now);
	m.len = strlen(m.line);
	if (log_signature_names_peer(m.signature))
		m.peer_text = log_peer_of(g, run->arena, log->pod->ns, m.line, m.len, &m.peer);
	if (is_worth_telling(&t, m.peer.kind != KIND_COUNT && m.peer.object))
		add_finding(run, log, &t, &m);
}

/* What the checks found of this pod's log, or of its container, is said already. */
static bool is_told(const struct check_run *run, uint32_t checked, const struct object *pod, const char *container)
{
	for (uint32_t i = checked; i < run->findings.len; i++)
		if (run->findings.items[i]->object == pod && str_eq(run->findings.items[i]->container, container))
			return true;
	return false;
}

void log_running_findings(struct check_run *run, struct graph *g, uint32_t checked, const struct object_list *pods)
{
	for (uint32_t i = 0; i < pods->len; i++) {
		const struct pod_view *v = run_pod(run, pods->items[i]);

		for (uint32_t k = 0; k < v->count; k++) {
			const struct container_view *c = &v->containers[k];
			const struct container_log *log = inventory_log(run->inv, pods->items[i], c->name, false);

			if (log && !log->error && log->len && log_is_running(c) && !is_told(run, checked, pods->items[i], c->name))
				look_at_log(run, g, log);
		}
	}
}
