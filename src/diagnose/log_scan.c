#include "diagnose/log_scan.h"

#include "diagnose/chain.h"

#include <ctype.h>

enum peer_mode { PEER_NONE, PEER_HOST };

struct signature {
	enum peer_mode peer;
	int weight;
	const char *patterns, *sentence;
};

#define SIGNATURE(ID, CHECK, WEIGHT, PEER, TITLE, PATTERNS, SENTENCE, EXPLAIN, FIX) {PEER, WEIGHT, PATTERNS, SENTENCE},
static const struct signature signatures[] = {
#include "diagnose/log_signatures.def"
};
#undef SIGNATURE

#define SIGNATURE(ID, CHECK, WEIGHT, PEER, TITLE, PATTERNS, SENTENCE, EXPLAIN, FIX)                                                                  \
	{.id = CHECK, .kind = KIND_POD, .severity = SEVERITY_ERROR, .title = TITLE, .explain = EXPLAIN, .fix = FIX},
const struct check log_checks[] = {
#include "diagnose/log_signatures.def"
};
#undef SIGNATURE
const size_t log_check_count = ARRAY_LEN(log_checks);

#define LOG_SCAN_LINES 200 /* from the end; what was long before the end is seldom the reason for it */
#define LOG_LINE_MAX 2048  /* longer lines are cut: a minified stack trace says it all at its beginning */

/* Is every '*'-separated part of pattern in the folded line, in order? */
static bool pattern_matches(const char *pattern, size_t len, const char *line)
{
	const char *end = pattern + len;

	while (pattern < end) {
		const char *star = memchr(pattern, '*', (size_t)(end - pattern));
		size_t part = (size_t)((star ? star : end) - pattern);
		const char *at = memmem(line, strlen(line), pattern, part);

		if (!at)
			return false;
		line = at + part;
		pattern += part + (star ? 1 : 0);
	}
	return true;
}

static bool signature_matches(const struct signature *s, const char *line)
{
	for (const char *p = s->patterns; *p;) {
		size_t len = strcspn(p, "|");

		if (pattern_matches(p, len, line))
			return true;
		p += len + (p[len] == '|');
	}
	return false;
}

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

static const struct signature *match_line(const char *line, size_t len, char *folded, int *ret_score)
{
	if (len >= LOG_LINE_MAX)
		len = LOG_LINE_MAX - 1;
	for (size_t i = 0; i < len; i++)
		folded[i] = line[i] ? (char)tolower((unsigned char)line[i]) : ' ';
	folded[len] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(signatures); i++) {
		if (signature_matches(&signatures[i], folded)) {
			*ret_score = signatures[i].weight + level_bonus(folded);
			return &signatures[i];
		}
	}
	return NULL;
}

static bool host_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

/* A token is taken for an address when it has a port, when it looks like an IP or a qualified name, or when one of these words stands before. */
static bool introduced(const char *line, const char *token)
{
	static const char *const before[] = {"lookup ",      "host name \"", "enotfound ", "eai_again ",  "unknownhostexception: ",
					     "address '",    "host: ",       "host ",      "connect to ", "connecting to ",
					     "server at \"", "://",          "@",          "reach ",      "resolve ",
					     "upstream ",    "from "};

	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		size_t n = strlen(before[i]);

		if ((size_t)(token - line) >= n && strncasecmp(token - n, before[i], n) == 0)
			return true;
	}
	return false;
}

/* The DNS server in "lookup x on 10.96.0.10:53" is not who the program wanted to speak to. */
static bool is_dns_server(const char *line, const char *token, const char *end)
{
	return (size_t)(token - line) >= 4 && strncmp(token - 4, " on ", 4) == 0 && end[0] == ':' && strncmp(end, ":53", 3) == 0 &&
	       !isdigit((unsigned char)end[3]);
}

static void find_peer(struct graph *g, struct arena *a, const char *ns, const char *line, size_t len, struct log_match *m)
{
	char copy[LOG_LINE_MAX];
	int port;

	len = MIN(len, sizeof(copy) - 1);
	memcpy(copy, line, len);
	copy[len] = '\0';
	for (const char *p = copy; *p;) {
		const char *start = p;
		bool ported;
		size_t n;

		while (host_char(*p))
			p++;
		if (p == start) {
			p++;
			continue;
		}
		ported = *p == ':' && isdigit((unsigned char)p[1]);
		if (is_dns_server(copy, start, p) || (!ported && !introduced(copy, start)))
			continue;
		/* A time of day ("15:04:05") is no address. */
		if (ported && strspn(start, "0123456789") == (size_t)(p - start))
			continue;
		n = (size_t)(p - start) + (ported ? 1 + strspn(p + 1, "0123456789") : 0);
		if (graph_resolve(g, ns, start, n, &m->peer, &port)) {
			m->peer_text = arena_strndup(a, start, n);
			return;
		}
		if (!m->peer_text[0] && strspn(start, "0123456789.") != n)
			m->peer_text = arena_strndup(a, start, n);
	}
}

bool log_match_text(struct graph *g, struct arena *a, const char *ns, const char *text, size_t len, struct log_match *ret)
{
	const struct signature *best = NULL;
	const char *end = text + len;
	uint32_t lines = 0, number;
	int best_score = 0, distance = 0;
	char folded[LOG_LINE_MAX];

	for (const char *p = text; p < end; p++)
		lines += *p == '\n';
	if (len && end[-1] != '\n')
		lines++;
	number = lines;
	*ret = (struct log_match){.peer.kind = KIND_COUNT, .peer_text = ""};
	while (end > text && distance < LOG_SCAN_LINES) {
		const char *stop = end[-1] == '\n' ? end - 1 : end, *start = stop;
		const struct signature *s;
		int score = 0;

		while (start > text && start[-1] != '\n')
			start--;
		s = match_line(start, (size_t)(stop - start), folded, &score);
		if (s && (!best || score - distance > best_score)) {
			best = s;
			best_score = score - distance;
			ret->line = start;
			ret->len = (size_t)(stop - start);
			ret->number = number;
		}
		end = start;
		number--;
		distance++;
	}
	if (!best)
		return false;
	ret->check = &log_checks[best - signatures];
	if (best->peer == PEER_HOST)
		find_peer(g, a, ns, ret->line, ret->len, ret);
	return true;
}

/* ---- Findings --------------------------------------------------------------------------------------------------------------- */

static const char *sentence(struct arena *a, const struct signature *s, const struct object *pod, const char *container, const struct log_match *m)
{
	_cleanup_(strbuf_release) struct strbuf sb;
	const char *line = arena_strndup(a, m->line, MIN(m->len, (size_t)200));

	strbuf_init(&sb, STRBUF_MAX_LINE);
	for (const char *p = s->sentence; *p; p++) {
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

/* The last signature only says that a line is an error: the check that found the container quotes it already. */
#define GENERIC_ERROR (&log_checks[ARRAY_LEN(signatures) - 1])

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

static void scan_one(struct check_run *run, struct graph *g, const struct finding *symptom)
{
	const struct object *pod = symptom->object;
	struct log_match m;
	struct words words;
	struct finding *f;
	const char *line;

	if (!find_words(run, g, symptom, &words, &m) || m.check == GENERIC_ERROR)
		return;
	line = arena_strndup(run->arena, m.line, MIN(m.len, (size_t)LOG_LINE_MAX));
	run->check = m.check;
	f = finding_new(run, pod, "%s", sentence(run->arena, &signatures[m.check - log_checks], pod, symptom->container, &m));
	f->container = symptom->container;
	f->since = symptom->since;
	f->severity = symptom->severity;
	if (words.log)
		finding_log(run, f, words.log, m.number, m.number, line);
	else
		finding_field_text(run, f, pod, words.path, line);
	if (m.peer.kind == KIND_SERVICE)
		finding_subject(run, f, KIND_SERVICE, m.peer.ns, m.peer.name);
	else if (m.peer.kind == KIND_POD && m.peer.object != pod)
		finding_subject(run, f, KIND_POD, m.peer.ns, m.peer.name);
	if (m.peer.kind != KIND_COUNT && !m.peer.object)
		finding_absence(run, f, "Service", m.peer.ns, m.peer.name);
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
