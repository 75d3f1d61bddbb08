#include "cli/cli.h"

static int run_help(struct cli *cli, struct err *err)
{
	const struct command *command;
	const char *names[64];
	size_t n = 0;

	if (cli_has(cli, FLAG_MAN)) {
		help_manual(&cli->out.buf);
		return 0;
	}
	if (cli->arg_count == 0) {
		help_overview(&cli->out, cli->program);
		return 0;
	}
	command = command_by_name(cli->args[0]);
	if (command) {
		help_command(&cli->out, cli->program, command);
		return 0;
	}
	for (const struct command *const *c = command_table; *c && n < ARRAY_LEN(names) - 1; c++)
		if (!(*c)->hidden)
			names[n++] = (*c)->name;
	names[n] = NULL;
	return cli_unknown(err, "command", cli->args[0], names);
}

const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "Show what a command does, its flags and examples",
	.description =
		"Shows the help of a command, or of the program. With --man it prints the whole manual page: `auto-devops help --man | man -l -`.",
	.examples =
		(const struct example[]){{"help scan", "what scan does, with examples"}, {"help --man | man -l -", "the manual page"}, {NULL, NULL}},
	.flags = (const enum flag_id[]){FLAG_MAN, FLAG_COUNT},
	.complete = COMPLETE_COMMAND,
	.max_args = 1,
	.without_config = true,
	.run = run_help,
};
