/* chat: questions and answers until the person leaves. */
#include "cli/answer.h"
#include "cli/line.h"
#include "base/file.h"

#include <unistd.h>

#define PROMPT "you> "

static const char help_text[] =
	"Ask in plain English: \"what is wrong?\", \"why is checkout failing?\", \"which pods restarted?\", \"and its logs?\".\n"
	"/again reads the cluster anew, /help shows this, /quit or Ctrl-D leaves. Ctrl-C stops an answer, or leaves.\n";

struct chat {
	struct cli *cli;
	struct session session;
	struct jamie *jamie;
	struct line *line;
};

/* --timeout is for each step of a conversation, not for the whole of it. */
static void set_deadline(struct cli *cli)
{
	usec_t timeout = options_span(&cli->options, OPTION_TIMEOUT);

	cli->ctx.deadline = timeout ? clock_monotonic() + timeout : 0;
}

static int open_cluster(struct chat *chat, struct err *err)
{
	struct session fresh;
	int r;

	set_deadline(chat->cli);
	r = session_open(&fresh, chat->cli, false, err);
	chat->cli->ctx.deadline = 0;

	/* The old one is kept when the new one cannot be read. */
	if (r < 0) {
		session_release(&fresh);
		return r;
	}
	jamie_freep(&chat->jamie);
	session_release(&chat->session);
	chat->session = fresh;
	chat->jamie = answer_jamie(&chat->session);
	return 0;
}

static int say(struct chat *chat, struct err *err)
{
	return term_flush(&chat->cli->out, err);
}

static void say_error(struct chat *chat, const struct err *err)
{
	term_add(&chat->cli->out, STYLE_RED, err->code == ERR_CANCELLED ? "stopped" : "error: ");
	if (err->code != ERR_CANCELLED)
		term_safe(&chat->cli->out, STYLE_NONE, err->message);
	term_addf(&chat->cli->out, "\n");
	ctx_interrupted = 0;
}

static void ask(struct chat *chat, const char *question)
{
	struct cli *cli = chat->cli;
	struct answer answer;
	struct err err;
	struct ctx ctx; /* of its own, so that a long conversation needs no more memory than its longest answer */

	ctx_init_child(&ctx, &cli->ctx, options_span(&cli->options, OPTION_TIMEOUT));
	if (jamie_ask(chat->jamie, &ctx, question, &answer, &err) < 0)
		say_error(chat, &err);
	else
		answer_text(&cli->out, &ctx.arena, &answer, inventory_now(chat->session.inv));
	term_addf(&cli->out, "\n");
	ctx_release(&ctx);
}

/* False: the person wants to leave. */
static bool command(struct chat *chat, const char *word)
{
	struct term *t = &chat->cli->out;
	struct err err;

	if (str_eq(word, "/quit") || str_eq(word, "/exit") || str_eq(word, "/q"))
		return false;
	if (str_eq(word, "/again") && open_cluster(chat, &err) < 0)
		say_error(chat, &err);
	else if (str_eq(word, "/again"))
		term_addf(t, "Read again: %zu objects.\n\n", inventory_object_count(chat->session.inv));
	else if (str_eq(word, "/help"))
		term_addf(t, "%s\n", help_text);
	else
		term_addf(t, "There is /again, /help and /quit.\n\n");
	return true;
}

static const char *trim(struct strbuf *text)
{
	size_t start = strspn(text->buf, " \t");

	while (text->len > start && (text->buf[text->len - 1] == ' ' || text->buf[text->len - 1] == '\t'))
		strbuf_truncate(text, text->len - 1);
	return text->buf + start;
}

static int converse(struct chat *chat, struct strbuf *text, struct err *err)
{
	int r = 0;

	for (;;) {
		const char *words;
		bool dropped;

		if ((r = say(chat, err)) < 0 || chat->cli->out.error)
			return r;
		r = line_read(chat->line, text, &dropped, err);
		if (r == ERR_CANCELLED && dropped)
			continue;
		if (r == ERR_LIMIT) {
			say_error(chat, err);
			continue;
		}
		if (r <= 0)
			return r == ERR_CANCELLED ? 0 : r;
		words = trim(text);
		if (!*words)
			continue;
		line_remember(chat->line, words);
		if (str_eq(words, "exit") || str_eq(words, "quit") || str_eq(words, "bye"))
			return 0;
		if (*words != '/')
			ask(chat, words);
		else if (!command(chat, words))
			return 0;
	}
}

static void greet(struct chat *chat)
{
	struct term *t = &chat->cli->out;

	term_addf(t, "Jamie here: I have read %zu objects of ", inventory_object_count(chat->session.inv));
	term_safe(t, STYLE_BOLD, report_cluster_title(chat->session.cluster));
	term_addf(t, ". Ask away; /help tells what I can do.\n\n");
}

static int run_chat(struct cli *cli, struct err *err)
{
	struct chat chat = {.cli = cli};
	const char *cache = path_cache_dir(&cli->ctx.arena);
	struct strbuf text;
	int r = open_cluster(&chat, err);

	if (cli_has(cli, FLAG_FROM) && str_eq(cli->flags[FLAG_FROM], "-"))
		r = err_set(err, ERR_USAGE, "chat reads your questions from standard input, so --from needs a file");
	if (r == 0) {
		if (isatty(STDIN_FILENO))
			greet(&chat);
		chat.line = line_open(PROMPT, cache ? path_join(&cli->ctx.arena, cache, "chat-history") : NULL,
				      (int)options_int(&cli->options, OPTION_CHAT_HISTORY));
		strbuf_init(&text, LINE_MAX_BYTES);
		r = converse(&chat, &text, err);
		strbuf_release(&text);
		line_closep(&chat.line);
	}
	jamie_freep(&chat.jamie);
	session_release(&chat.session);
	return r;
}

const struct command command_chat = {
	.name = "chat",
	.arguments = "",
	.summary = "Talk with Jamie about the cluster",
	.description =
		"Reads the cluster once and answers one question after another; Jamie remembers what was spoken of (\"and its logs?\"). With standard input that is no terminal, "
		"each line is a question.\n\n/again reads the cluster anew, /quit or Ctrl-D leaves. Questions are remembered in the cache folder (setting chat.history).",
	.examples = (const struct example[]){{"chat -n shop", "about one namespace"},
					     {"chat --from incident.snapshot", "about a recording"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_SCOPE | GROUP_CHECKS,
	.run = run_chat,
};
