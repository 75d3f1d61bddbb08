/* watch: causes as they appear, change and clear, until the person has seen enough. */
#include "base/log.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cluster/informer.h"
#include "diagnose/compare.h"

#define QUIET (500 * USEC_PER_MSEC)     /* changes come in bursts: this long after the last one */
#define MOST (2 * USEC_PER_SEC)         /* but no later than this after the first */
#define SILENCE (15 * USEC_PER_SEC)     /* time alone makes some things wrong: looked at again at least this often */
#define DOUBLE_CHECK (3 * USEC_PER_SEC) /* after a cause was gone for the first time */
#define COST_SHARE 4                    /* of a processor, at most one part in so many is used */

/* A cause that was printed and has not been called clear. */
struct told {
	char *identity, *title; /* on the heap: diagnoses come and go */
	enum severity severity;
	uint32_t workloads, pods;
	usec_t since;
	unsigned missing; /* diagnoses in a row without it */
	bool present;     /* in the one that is being told */
};

struct watcher {
	struct cli *cli;
	struct session *session;
	struct informer *informer;
	bool json, all;
	bool first;
	struct {
		struct told *items;
		uint32_t len, cap;
	} told;
	enum verdict verdict;
	bool lost;
	bool doubtful; /* a cause is gone, and may be back at once */
};

/* "02:35:04Z" on a terminal, with the date elsewhere. */
static const char *time_text(const struct watcher *w, usec_t t, char buf[CLOCK_TEXT_MAX])
{
	clock_format_rfc3339(t / USEC_PER_SEC * USEC_PER_SEC, buf);
	return w->cli->out.is_terminal ? buf + strcspn(buf, "T") + 1 : buf;
}

static void begin_line(struct watcher *w, usec_t now, enum style style, const char *what)
{
	char buf[CLOCK_TEXT_MAX];

	term_add(&w->cli->out, STYLE_DIM, time_text(w, now, buf));
	term_addf(&w->cli->out, "  ");
	term_style(&w->cli->out, style);
	term_addf(&w->cli->out, "%-8s", what);
	term_style(&w->cli->out, STYLE_NONE);
	term_addf(&w->cli->out, " ");
}

static void end_line(struct watcher *w, const char *text)
{
	term_safe(&w->cli->out, STYLE_NONE, text);
	term_addf(&w->cli->out, "\n");
}

/* The beginning of every line of -o json. */
static void begin_json(struct watcher *w, struct json_writer *j, usec_t now, const char *event)
{
	json_writer_init(j, &w->cli->out.buf, 0);
	json_object_begin(j);
	json_member_text(j, "format", "auto-devops/watch/v1");
	json_key(j, "time");
	json_time(j, now);
	json_member_text(j, "event", event);
}

static void end_json(struct watcher *w, struct json_writer *j)
{
	json_object_end(j);
	term_addf(&w->cli->out, "\n");
}

static void tell_cause(struct watcher *w, struct arena *a, usec_t now, const char *event, const struct cause *c, const struct told *told)
{
	struct json_writer j;

	if (w->json) {
		begin_json(w, &j, now, event);
		json_member_text(&j, "id", told->identity);
		json_key(&j, "cause");
		report_cause_json(&j, a, c, 0);
		end_json(w, &j);
		return;
	}
	begin_line(w, now, str_eq(event, "new") ? STYLE_BOLD : STYLE_NONE, event);
	term_style(&w->cli->out, report_severity_style(c->severity));
	term_addf(&w->cli->out, "%-9s", severity_text(c->severity));
	term_style(&w->cli->out, STYLE_NONE);
	end_line(w, c->title);
}

static void tell_clear(struct watcher *w, struct arena *a, usec_t now, const struct told *t)
{
	char span[CLOCK_TEXT_MAX];
	struct json_writer j;

	if (w->json) {
		begin_json(w, &j, now, "clear");
		json_member_text(&j, "id", t->identity);
		json_member_text(&j, "severity", severity_text(t->severity));
		json_member_text(&j, "title", t->title);
		json_key(&j, "since");
		json_time(&j, t->since);
		end_json(w, &j);
		return;
	}
	begin_line(w, now, STYLE_GREEN, "clear");
	term_addf(&w->cli->out, "%-9s", severity_text(t->severity));
	/* The title is as it was when it was last told. */
	end_line(w, t->since && t->since < now ? arena_printf(a, "%s (for %s)", t->title, clock_format_span(now - t->since, span)) : t->title);
}

static struct told *find_told(struct watcher *w, const char *identity)
{
	for (uint32_t i = 0; i < w->told.len; i++)
		if (!w->told.items[i].present && str_eq(w->told.items[i].identity, identity))
			return &w->told.items[i];
	return NULL;
}

static struct told *add_told(struct watcher *w, const char *identity)
{
	if (w->told.len == w->told.cap) {
		w->told.cap = w->told.cap ? w->told.cap * 2 : 16;
		w->told.items = mem_realloc_array(w->told.items, w->told.cap, sizeof(*w->told.items));
	}
	w->told.items[w->told.len] = (struct told){.identity = mem_strdup(identity)};
	return &w->told.items[w->told.len++];
}

static void release_told(struct told *t)
{
	mem_free(t->identity);
	mem_free(t->title);
}

/* Counts and ages in a title move all the time: only what it amounts to is worth a line. */
static void look_at(struct watcher *w, struct arena *a, const struct diagnosis *d, const struct cause *c)
{
	const char *identity = cause_identity(d->inv, a, c);
	struct told *t = find_told(w, identity);
	const char *event = !t ? (w->first ? "present" : "new") : NULL;

	if (!t)
		t = add_told(w, identity);
	else if (c->severity != t->severity || c->workloads.len != t->workloads)
		event = "changed";
	t->severity = c->severity;
	t->workloads = c->workloads.len;
	t->pods = c->pods_affected;
	t->since = c->since;
	t->present = true;
	t->missing = 0;
	mem_free(t->title);
	t->title = mem_strdup(c->title);
	if (event)
		tell_cause(w, a, inventory_now(d->inv), event, c, t);
}

static void look_at_list(struct watcher *w, struct arena *a, const struct diagnosis *d, const struct cause_list *list)
{
	for (uint32_t i = 0; i < list->len; i++)
		look_at(w, a, d, list->items[i]);
}

/* Gone once may be a container between two crashes, or a kind that is being listed anew: gone twice is gone. */
static void look_for_clear(struct watcher *w, struct arena *a, usec_t now)
{
	uint32_t kept = 0;

	w->doubtful = false;
	for (uint32_t i = 0; i < w->told.len; i++) {
		struct told *t = &w->told.items[i];

		if (!t->present && ++t->missing >= 2) {
			tell_clear(w, a, now, t);
			release_told(t);
			continue;
		}
		w->doubtful |= !t->present;
		t->present = false;
		w->told.items[kept++] = *t;
	}
	w->told.len = kept;
}

static void tell_verdict(struct watcher *w, struct arena *a, const struct diagnosis *d)
{
	const char *text = verdict_text(d->verdict);
	struct json_writer j;

	if (w->json) {
		begin_json(w, &j, inventory_now(d->inv), w->first ? "begin" : "verdict");
		if (w->first)
			report_cluster_json(&j, w->session->cluster);
		json_member_text(&j, "verdict", text);
		json_member_text(&j, "why", d->verdict_why);
		if (w->first)
			report_notes_json(&j, d->inv);
		end_json(w, &j);
		return;
	}
	begin_line(w, inventory_now(d->inv), report_verdict_style(d->verdict), text);
	if (w->first)
		end_line(w, arena_printf(a, "%s %s, %zu objects: %s", report_cluster_title(w->session->cluster), inventory_server_version(d->inv),
					 inventory_object_count(d->inv), d->verdict_why ? d->verdict_why : ""));
	else
		end_line(w, d->verdict_why ? d->verdict_why : "");
	if (w->first)
		report_notes_text(&w->cli->out, a, d->inv, false);
}

static void tell_connection(struct watcher *w, usec_t now)
{
	struct informer_state state;
	struct json_writer j;

	informer_state(w->informer, &state);
	if (state.lost == w->lost)
		return;
	w->lost = state.lost;
	if (w->json) {
		begin_json(w, &j, now, state.lost ? "lost" : "connected");
		json_member_text(&j, "why", state.lost ? state.why : NULL);
		end_json(w, &j);
		return;
	}
	begin_line(w, now, state.lost ? STYLE_YELLOW : STYLE_GREEN, state.lost ? "lost" : "back");
	end_line(w, state.lost ? state.why : "connected to the server again");
}

/* One look at the cluster as it is now. */
static int look(struct watcher *w, usec_t *ret_cost, struct err *err)
{
	usec_t started = clock_monotonic(), built;
	struct inventory *epoch = informer_epoch(w->informer);
	struct diagnose_options o;
	struct diagnosis d;
	struct ctx round;
	int r;

	built = clock_monotonic();
	cluster_show(w->session->cluster, epoch);
	w->session->inv = epoch;
	inventory_unref(epoch);
	ctx_init_child(&round, &w->cli->ctx, 0);
	session_diagnose_options(w->session, &o);
	r = diagnose_cluster(w->session->cluster, &round, &o, &d, err);
	if (r == 0) {
		tell_connection(w, inventory_now(d.inv));
		if (w->first || d.verdict != w->verdict)
			tell_verdict(w, &round.arena, &d);
		w->verdict = d.verdict;
		look_at_list(w, &round.arena, &d, &d.causes);
		if (w->all)
			look_at_list(w, &round.arena, &d, &d.lesser);
		look_for_clear(w, &round.arena, inventory_now(d.inv));
		w->first = false;
		r = term_flush(&w->cli->out, err);
	}
	ctx_release(&round);
	*ret_cost = clock_monotonic() - started;
	log_debug("epoch of %zu objects: made in %lld us, diagnosed in %lld us", inventory_object_count(epoch), (long long)(built - started),
		  (long long)(*ret_cost + started - built));
	return r;
}

/* Until Ctrl-C, the end of --for, or nobody reads any more. */
static int follow(struct watcher *w, usec_t end, struct err *err)
{
	for (;;) {
		usec_t cost, now, quiet, wait = SILENCE;
		int r = look(w, &cost, err);

		if (r < 0 || w->cli->out.error)
			return r;
		now = clock_monotonic();
		if (w->doubtful || w->lost)
			wait = DOUBLE_CHECK;
		if (end && now >= end)
			return 0;
		if (end)
			wait = MIN(wait, end - now);
		quiet = MAX(QUIET, cost * COST_SHARE);
		r = informer_wait(w->informer, &w->cli->ctx, quiet, MAX(MOST, quiet), wait, err);
		if (r < 0)
			return r;
	}
}

static int connect(struct cli *cli, struct session *s, struct informer **ret, struct err *err)
{
	struct cluster_options o;
	int r = session_check_flags(cli, err);

	if (r < 0)
		return r;
	if (cli_has(cli, FLAG_FROM))
		return err_set(err, ERR_USAGE, "watch looks at a live cluster; `scan --from` looks at a recording, `diff` at two");
	if ((r = session_init(s, cli, err)) < 0)
		return r;
	session_cluster_options(s, &o);
	session_progress(s, "connecting", 0, 0);
	if ((r = cluster_connect(&cli->ctx, &o, &s->cluster, err)) < 0 || (r = informer_start(s->cluster, &cli->ctx, &o, ret, err)) < 0)
		return r;
	r = informer_wait_synced(*ret, &cli->ctx, err);
	session_progress(s, NULL, 0, 0);
	return r;
}

static int run_watch(struct cli *cli, struct err *err)
{
	/* Freed in the reverse order: the informer uses the cluster. */
	_cleanup_(session_release) struct session s = {.cli = cli};
	_cleanup_(informer_freep) struct informer *informer = NULL;
	struct watcher w = {.cli = cli, .session = &s, .json = str_eq(cli_format(cli), "json"), .all = cli_has(cli, FLAG_ALL), .first = true};
	usec_t span = 0;
	int r;

	if (cli_has(cli, FLAG_FOR) && (!clock_parse_span(cli->flags[FLAG_FOR], &span) || span <= 0))
		return err_set(err, ERR_USAGE, "--for: \"%s\" is no span of time like 90s, 10m or 2h", cli->flags[FLAG_FOR]);
	if ((r = connect(cli, &s, &informer, err)) < 0)
		return r;
	w.informer = informer;
	cli->ctx.deadline = 0; /* a time limit is for the start: watching has no end */
	r = follow(&w, span ? clock_monotonic() + span : 0, err);
	for (uint32_t i = 0; i < w.told.len; i++)
		release_told(&w.told.items[i]);
	mem_free(w.told.items);
	/* Ctrl-C is how a watch ends: it has done what it was asked for. */
	return r == ERR_CANCELLED && !w.first ? 0 : r;
}

const struct command command_watch = {
	.name = "watch",
	.arguments = "",
	.summary = "Follow the cluster live: causes as they appear, change and clear",
	.description =
		"Reads the cluster once and then follows every change, without asking again. Prints what is wrong now, and from then on a line when a cause "
		"appears, when it gets worse or better, and when it is gone; also when time alone makes something wrong. A server that goes away is waited for.\n\n"
		"Ends with Ctrl-C, which is no failure (exit code 0), or after --for. With -o json every line is one JSON object.",
	.examples = (const struct example[]){{"watch", "the cluster that kubectl would use"},
					     {"watch -n shop", "one namespace"},
					     {"watch --for 10m", "during a deployment"},
					     {"watch -o json | jq -c 'select(.event == \"new\")'", "for a script"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_SCOPE | GROUP_CHECKS,
	.flags = (const enum flag_id[]){FLAG_ALL, FLAG_FOR, FLAG_ADVICE, FLAG_COUNT},
	.formats = "text|json",
	.run = run_watch,
};
