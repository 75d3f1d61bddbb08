/* cli_main: from argv to an exit code. */
#include "cli/cli.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define COMMAND(name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND

const struct command *const command_table[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
	NULL,
};

const struct command *command_by_name(const char *name)
{
	for (const struct command *const *c = command_table; *c; c++)
		if (str_eq((*c)->name, name))
			return *c;
	return NULL;
}

static int unknown_command(const char *word, struct err *err)
{
	const char *names[ARRAY_LEN(command_table)];
	size_t n = 0;
	int r;

	for (const struct command *const *c = command_table; *c; c++)
		if (!(*c)->hidden)
			names[n++] = (*c)->name;
	names[n] = NULL;
	r = cli_unknown(err, "command", word, names);
	if (!strchr(err->message, '?'))
		r = err_set(err, ERR_USAGE, "unknown command \"%s\"; `help` lists them", word);
	return r;
}

static void apply_settings(struct cli *cli)
{
	usec_t timeout = options_span(&cli->options, OPTION_TIMEOUT);
	int64_t colour = options_int(&cli->options, OPTION_COLOUR);

	log_max_level = cli_has(cli, FLAG_VERBOSE) ? LOG_DEBUG : (enum log_level)options_int(&cli->options, OPTION_LOG_LEVEL);
	if (cli_has(cli, FLAG_NO_COLOUR))
		colour = TERM_COLOUR_NEVER;
	term_setup(&cli->out, (enum term_colour)colour, (unsigned)options_int(&cli->options, OPTION_WIDTH));
	if (timeout)
		cli->ctx.deadline = clock_monotonic() + timeout;
}

static int run(struct cli *cli, char **argv, int argc, struct err *err)
{
	int at = cli_find_command(argv, argc), r;
	const struct command *command;

	if (argc == 1 && (str_eq(argv[0], "--version") || str_eq(argv[0], "-V")))
		argv[0] = (char *)"version";
	if (argc == 1 && str_eq(argv[0], "version"))
		at = 0;
	if (at < 0) {
		bool asked = argc > 0 && (str_eq(argv[0], "--help") || str_eq(argv[0], "-h"));

		if (argc > 0 && !asked)
			return err_set(err, ERR_USAGE, "no command is given; `help` lists them");
		cli->out.fd = asked ? STDOUT_FILENO : STDERR_FILENO;
		term_setup(&cli->out, TERM_COLOUR_AUTO, 0);
		help_overview(&cli->out, cli->program);
		return asked ? 0 : 2;
	}
	command = command_by_name(argv[at]);
	if (!command)
		return unknown_command(argv[at], err);
	if ((r = cli_parse(cli, command, argv, argc, err)) < 0)
		return r;
	r = options_set_environment(&cli->options, environ, err);
	if (r == 0 && !cli_has(cli, FLAG_HELP))
		r = cli_read_config(cli, err);
	if (r < 0 && !command->without_config)
		return r;
	apply_settings(cli);
	if (cli_has(cli, FLAG_HELP)) {
		help_command(&cli->out, cli->program, command);
		return 0;
	}
	return command->run(cli, err);
}

/* kubectl finds plugins by name: `kubectl jamie` runs kubectl-jamie, and kubectl_complete-jamie completes its command line. */
static const char *program_name(const char *path, bool *ret_complete)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	*ret_complete = str_eq(name, "kubectl_complete-jamie");
	return str_eq(name, "kubectl-jamie") || *ret_complete ? "kubectl jamie" : "auto-devops";
}

/* A message may quote outside text: it is made visible like everything else. */
static void print_error(struct cli *cli, const struct err *err)
{
	struct term t;
	struct err ignored;

	term_init(&t, STDERR_FILENO);
	term_setup(&t, TERM_COLOUR_AUTO, 0);
	t.colour = t.colour && !cli_has(cli, FLAG_NO_COLOUR);
	term_add(&t, STYLE_RED_BOLD, "error: ");
	term_safe(&t, STYLE_NONE, err->message);
	term_addf(&t, "\n");
	term_flush(&t, &ignored);
	term_release(&t);
}

static char **complete_words(struct arena *a, int argc, char **argv)
{
	char **words = arena_new_array(a, char *, argc + 3);

	words[1] = (char *)"__complete";
	words[2] = (char *)"--";
	memcpy(words + 3, argv + 1, sizeof(*argv) * (size_t)(argc - 1));
	return words;
}

/* A closed standard stream must not be taken by the next file that is opened: output would end up in a snapshot. For reading only, so that
 * writing there is still an error. */
static void hold_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int cli_main(int argc, char **argv)
{
	struct err err = {0}, flush_err = {0};
	struct cli cli = {0};
	bool complete;
	int code;

	hold_standard_streams();
	ctx_catch_signals();
	ctx_init(&cli.ctx);
	options_init(&cli.options);
	term_init(&cli.out, STDOUT_FILENO);
	cli.program = program_name(argc > 0 ? argv[0] : "", &complete);
	if (complete) {
		argv = complete_words(&cli.ctx.arena, argc, argv);
		argc += 2;
	}
	code = argc > 0 ? run(&cli, argv + 1, argc - 1, &err) : 2;
	/* What was printed before an error is kept: it is true, and may explain it. */
	if (term_flush(&cli.out, &flush_err) < 0 && code >= 0) {
		err = flush_err;
		code = -1;
	}
	if (code < 0) {
		print_error(&cli, &err);
		code = err_exit_code(&err);
	}
	term_release(&cli.out);
	options_release(&cli.options);
	ctx_release(&cli.ctx);
	return code;
}
