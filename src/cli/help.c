/* Help texts and the manual page, from the command and flag tables. */
#include "cli/cli.h"

#define TITLE_WIDTH 30u
#define PROSE_WIDTH 80u

static const char about[] = "Finds out what is wrong with a Kubernetes cluster, from evidence, without a language model. "
			    "It only reads; values of Secrets are never requested.";

void help_usage_line(struct strbuf *out, const char *program, const struct command *command)
{
	strbuf_addf(out, "%s %s", program, command->name);
	if (*command->arguments)
		strbuf_addf(out, " %s", command->arguments);
	strbuf_addstr(out, " [flags]");
}

static const char *flag_argument(const struct command *command, const struct flag *flag)
{
	return flag->id == FLAG_OUTPUT ? command->formats : flag->argument;
}

/* "-n, --namespace NAME" */
static void flag_title(struct strbuf *out, const struct command *command, const struct flag *flag)
{
	const char *argument = flag_argument(command, flag);

	if (flag->letter)
		strbuf_addf(out, "-%c, ", flag->letter);
	else
		strbuf_addstr(out, "    ");
	strbuf_addf(out, "--%s%s%s", flag->name, *argument ? " " : "", argument);
}

/* The help of a flag, with a setting's default. */
static void flag_help(struct strbuf *out, const struct flag *flag)
{
	strbuf_addstr(out, flag->help);
	if (flag->option && *flag->option->value)
		strbuf_addf(out, " (default: %s)", flag->option->value);
}

static void print_flags(struct term *t, const struct command *command, bool global)
{
	const struct flag *flag;
	struct strbuf text;

	strbuf_init(&text, STRBUF_MAX_LINE);
	for (unsigned i = 0; (flag = command_flag(command, i)); i++) {
		char *title;

		if (!!(flag->group & GROUP_GLOBAL) != global)
			continue;
		strbuf_reset(&text);
		flag_title(&text, command, flag);
		title = strbuf_detach(&text, NULL);
		flag_help(&text, flag);
		if (strlen(title) + 2 > TITLE_WIDTH) {
			term_addf(t, "  %s\n", title);
			term_wrap(t, 2, STYLE_NONE, "", TITLE_WIDTH, STYLE_NONE, text.buf);
		} else {
			term_wrap(t, 2, STYLE_NONE, title, TITLE_WIDTH, STYLE_NONE, text.buf);
		}
		mem_free(title);
	}
	strbuf_release(&text);
}

/* Help is prose: wrapped also into a pager or a file. */
static void wrap_prose(struct term *t)
{
	if (!t->width)
		t->width = PROSE_WIDTH;
}

void help_overview(struct term *t, const char *program)
{
	wrap_prose(t);
	term_wrap(t, 0, STYLE_NONE, "", 0, STYLE_NONE, about);
	term_addf(t, "\nusage: %s COMMAND [flags]\n\n", program);
	for (const struct command *const *c = command_table; *c; c++)
		if (!(*c)->hidden)
			term_wrap(t, 2, STYLE_BOLD, (*c)->name, 13, STYLE_NONE, (*c)->summary);
	term_addf(t, "\nBegin with:\n  %s scan\n  %s ask \"what is wrong?\"\n\n", program, program);
	term_addf(t, "`%s help COMMAND` tells more, with examples.\n", program);
	term_wrap(t, 0, STYLE_NONE, "", 0, STYLE_NONE,
		  "Exit codes: 0 done, 1 failed, 2 usage or bad input, 3 problems found (check, plan; --fail-on of scan and diff), 130 interrupted.");
}

void help_command(struct term *t, const char *program, const struct command *command)
{
	struct strbuf usage;

	wrap_prose(t);
	strbuf_init(&usage, STRBUF_MAX_LINE);
	help_usage_line(&usage, program, command);
	term_wrap(t, 0, STYLE_NONE, "usage: ", 0, STYLE_BOLD, usage.buf);
	strbuf_release(&usage);
	term_addf(t, "\n");
	term_wrap(t, 0, STYLE_NONE, "", 0, STYLE_NONE, command->description);
	if (command->examples) {
		term_add(t, STYLE_BOLD, "\nExamples\n");
		for (const struct example *e = command->examples; e->command; e++) {
			term_addf(t, "  # %s\n  %s %s\n", e->what, program, e->command);
		}
	}
	term_add(t, STYLE_BOLD, "\nFlags\n");
	print_flags(t, command, false);
	term_add(t, STYLE_BOLD, "\nFlags of every command\n");
	print_flags(t, command, true);
}

/* Text in a roff page: a backslash, and a dot or quote at the start of a line, would be commands. */
static void roff_text(struct strbuf *out, const char *s)
{
	bool start = true;

	for (; *s; s++) {
		if (start && (*s == '.' || *s == '\''))
			strbuf_addstr(out, "\\&");
		if (*s == '\\')
			strbuf_addstr(out, "\\e");
		else if (*s == '-')
			strbuf_addstr(out, "\\-");
		else if (*s == '\n' && s[1] == '\n')
			strbuf_addstr(out, "\n.PP");
		else
			strbuf_addch(out, *s);
		start = *s == '\n';
	}
	strbuf_addch(out, '\n');
}

static void roff_command(struct strbuf *out, const struct command *command)
{
	const struct flag *flag;
	struct strbuf text;

	strbuf_init(&text, STRBUF_MAX_LINE);
	help_usage_line(&text, "auto-devops", command);
	strbuf_addstr(out, ".SS ");
	roff_text(out, text.buf);
	roff_text(out, command->description);
	for (unsigned i = 0; (flag = command_flag(command, i)); i++) {
		if (flag->group)
			continue; /* told once, below */
		strbuf_reset(&text);
		flag_title(&text, command, flag);
		strbuf_addstr(out, ".TP\n.B ");
		roff_text(out, text.buf + strspn(text.buf, " "));
		strbuf_reset(&text);
		flag_help(&text, flag);
		roff_text(out, text.buf);
	}
	if (command->examples)
		strbuf_addstr(out, ".PP\nExamples:\n");
	for (const struct example *e = command->examples; e && e->command; e++) {
		strbuf_addstr(out, ".TP\n.B auto\\-devops ");
		roff_text(out, e->command);
		roff_text(out, e->what);
	}
	strbuf_release(&text);
}

static void roff_group(struct strbuf *out, const char *title, unsigned group)
{
	const struct command every = {.groups = group};
	const struct flag *flag;
	struct strbuf text;

	strbuf_init(&text, STRBUF_MAX_LINE);
	strbuf_addf(out, ".SS %s\n", title);
	for (unsigned i = 0; (flag = command_flag(&every, i)); i++) {
		if (!(flag->group & group))
			continue;
		strbuf_reset(&text);
		flag_title(&text, &every, flag);
		strbuf_addstr(out, ".TP\n.B ");
		roff_text(out, text.buf + strspn(text.buf, " "));
		strbuf_reset(&text);
		flag_help(&text, flag);
		roff_text(out, text.buf);
	}
	strbuf_release(&text);
}

static void roff_settings(struct strbuf *out)
{
	char env[OPTION_ENV_MAX];

	strbuf_addstr(out, ".SH CONFIGURATION\n");
	roff_text(out, "Settings come from flags, else the environment, else the YAML file ~/.config/auto-devops/config.yaml, else their "
		       "defaults; `auto-devops config show` tells which. In the file, \"log.level\" is the key \"level\" in the section \"log\".");
	for (int i = 0; i < OPTION_COUNT; i++) {
		strbuf_addstr(out, ".TP\n.B ");
		roff_text(out, option_table[i].name);
		roff_text(out, option_table[i].help);
		strbuf_addf(out, "Variable %s", option_env(&option_table[i], env));
		if (*option_table[i].value)
			strbuf_addf(out, "; default %s", option_table[i].value);
		strbuf_addstr(out, ".\n");
	}
}

void help_manual(struct strbuf *out)
{
	strbuf_addstr(out, ".TH AUTO\\-DEVOPS 1 \"\" \"auto\\-devops " AUTO_DEVOPS_VERSION "\"\n.SH NAME\n"
			   "auto\\-devops \\- finds out what is wrong with a Kubernetes cluster\n.SH SYNOPSIS\n"
			   ".B auto\\-devops\nCOMMAND [flags]\n.br\n.B kubectl jamie\nCOMMAND [flags]\n.SH DESCRIPTION\n");
	roff_text(out, about);
	strbuf_addstr(out, ".SH COMMANDS\n");
	for (const struct command *const *c = command_table; *c; c++)
		if (!(*c)->hidden)
			roff_command(out, *c);
	strbuf_addstr(out, ".SH COMMON FLAGS\n");
	roff_group(out, "Where to read from", GROUP_CLUSTER);
	roff_group(out, "Which namespaces", GROUP_SCOPE);
	roff_group(out, "How findings are made", GROUP_CHECKS);
	roff_group(out, "Every command", GROUP_GLOBAL);
	roff_settings(out);
	strbuf_addstr(out, ".SH EXIT STATUS\n.TP\n.B 0\ndone\n.TP\n.B 1\nfailed\n.TP\n.B 2\nwrong usage, or malformed input\n.TP\n.B 3\n"
			   "problems found (check, plan; \\-\\-fail\\-on of scan and diff)\n.TP\n.B 130\ninterrupted\n.SH SEE ALSO\n.BR kubectl (1)\n");
}
