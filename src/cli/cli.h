/* cli: the commands. One file per command, one line in commands.def, one `const struct command` that says everything about it, so that
 * parsing, help, completion and the manual page all come from the same tables.
 *
 * A command's run returns its exit code, or a negative error whose message is printed once, by cli_main. It writes to cli->out only;
 * standard error is for errors, warnings and progress.
 * Ownership: texts in struct cli live in argv, in the options or in ctx.arena. Thread rule: the main thread only. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/ctx.h"
#include "base/options.h"
#include "cli/term.h"

enum flag_id {
#define FLAG(id, name, letter, type, argument, complete, group, help) FLAG_##id,
#include "cli/flags.def"
#undef FLAG
#define OPTION(id, name, type, value, min, max, choices, flag, letter, argument, help) FLAG_OPTION_##id,
#include "base/options.def"
#undef OPTION
	FLAG_COUNT,
};

enum flag_type { FLAG_SWITCH, FLAG_TEXT, FLAG_LIST, FLAG_CHOICE, FLAG_TIME, FLAG_WHEN, FLAG_SETTING };

/* What may stand in a place, for shell completion. */
enum complete {
	COMPLETE_NONE,
	COMPLETE_FILE,
	COMPLETE_CHOICE, /* the flag's choices */
	COMPLETE_CONTEXT,
	COMPLETE_CLUSTER,
	COMPLETE_USER,
	COMPLETE_OBJECT, /* KIND/ */
	COMPLETE_CHECK,
	COMPLETE_KIND,
	COMPLETE_COMMAND,
	COMPLETE_SETTING,
	COMPLETE_WORD, /* the command's words */
};

/* Which commands take a flag: those whose groups have its bit, or that list it. */
enum {
	GROUP_NONE = 0,
	GROUP_GLOBAL = 1,  /* every command */
	GROUP_CLUSTER = 2, /* where to read from */
	GROUP_SCOPE = 4,   /* which namespaces */
	GROUP_CHECKS = 8,  /* how findings are made */
};

struct flag {
	enum flag_id id;
	const char *name;
	char letter; /* 0 = none */
	enum flag_type type;
	const char *argument; /* "FILE"; a CHOICE's choices "a|b"; "" for a switch */
	enum complete complete;
	unsigned group;
	const char *help;
	const struct option *option; /* FLAG_SETTING */
};

const struct flag *flag_by_id(enum flag_id id);

struct cli;

struct example {
	const char *command; /* without the program's name */
	const char *what;
};

struct command {
	const char *name;
	const char *arguments;          /* "KIND/NAME", "" */
	const char *summary;            /* one line, no full stop */
	const char *description;        /* paragraphs */
	const struct example *examples; /* ends with an all-NULL one */
	unsigned groups;
	const enum flag_id *flags; /* ends with FLAG_COUNT; NULL = none */
	const char *formats;       /* choices of -o, the first is the default; NULL = no -o */
	enum complete complete;    /* of its arguments */
	const char *const *words;  /* COMPLETE_WORD: ends with NULL */
	int min_args, max_args;    /* max -1: any number */
	bool hidden;
	bool without_config; /* works although the configuration file is wrong */
	int (*run)(struct cli *cli, struct err *err);
};

extern const struct command *const command_table[]; /* in the order of commands.def, ends with NULL */
const struct command *command_by_name(const char *name);
/* The n-th flag that a command takes, own ones first; NULL past the last. */
const struct flag *command_flag(const struct command *command, unsigned n);

#define CLI_LIST_MAX 64

/* What a flag that may be given several times was given. */
struct cli_list {
	const char *items[CLI_LIST_MAX + 1]; /* ends with NULL */
	unsigned count;
};

struct cli {
	struct ctx ctx;
	struct options options;
	const char *program;     /* "auto-devops", or "kubectl jamie" when run as a plugin */
	const char *config_path; /* the configuration file that was read; NULL = none */
	const struct command *command;
	const char *flags[FLAG_COUNT]; /* text given; "" for a switch; NULL = not given */
	struct cli_list as_groups, ignored, accepted;
	const char **args; /* what is left, ends with NULL */
	int arg_count;
	struct term out;
};

int cli_main(int argc, char **argv);

/* Takes the flags out of argv (which begins after the program's name, and may hold the command's name) into cli. ERR_USAGE. */
int cli_parse(struct cli *cli, const struct command *command, char **argv, int argc, struct err *err);
/* Position in argv of the first word that is no flag; -1 when there is none. */
int cli_find_command(char **argv, int argc);
static inline bool cli_has(const struct cli *cli, enum flag_id id)
{
	return cli->flags[id] != NULL;
}
/* A flag's text as a number from 1 to max; *ret stays as it is when the flag is not given. ERR_USAGE. */
int cli_number(const struct cli *cli, enum flag_id flag, int max, int *ret, struct err *err);
/* The -o format; the command's default when not given. */
const char *cli_format(const struct cli *cli);
/* `word` is not known: sets ERR_USAGE with "did you mean" among names (ends with NULL). */
int cli_unknown(struct err *err, const char *what, const char *word, const char *const *names);

/* Reads the configuration file into cli->options: --config, $AUTO_DEVOPS_CONFIG, or config.yaml in the user's configuration folder, which
 * need not exist. ERR_USAGE with FILE:LINE for what is wrong in it. */
int cli_read_config(struct cli *cli, struct err *err);
int cli_read_config_file(struct cli *cli, const char *path, struct err *err);

/* help.c: what `help`, `--help` and the manual page print. */
void help_overview(struct term *t, const char *program);
void help_command(struct term *t, const char *program, const struct command *command);
void help_usage_line(struct strbuf *out, const char *program, const struct command *command);
void help_manual(struct strbuf *out); /* roff */

#endif
