/* The flag table and the parsing of a command line. */
#include "cli/cli.h"
#include "base/near.h"

/* Group of a setting's flag, by its section. */
#define OPTION_GROUP(name)                                                                                                                           \
	(__builtin_strncmp(name, "cluster.", 8) == 0                                                  ? GROUP_CLUSTER                                \
	 : __builtin_strncmp(name, "checks.", 7) == 0 || __builtin_strncmp(name, "diagnose.", 9) == 0 ? GROUP_CHECKS                                 \
	 : __builtin_strncmp(name, "output.", 7) == 0 || __builtin_strncmp(name, "log.", 4) == 0      ? GROUP_GLOBAL                                 \
												      : GROUP_NONE)

static struct flag flag_table[FLAG_COUNT] = {
#define FLAG(id, name, letter, type, argument, complete, group, help)                                                                                \
	{FLAG_##id, name, letter, FLAG_##type, argument, COMPLETE_##complete, GROUP_##group, help, NULL},
#include "cli/flags.def"
#undef FLAG
};

/* Settings' flags are filled in on first use: their group depends on their name. */
static void fill_settings(void)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option *o = &option_table[i];
		const char *argument = o->type == OPTION_TYPE_CHOICE ? o->choices : o->argument;
		enum complete complete = o->type == OPTION_TYPE_CHOICE ? COMPLETE_CHOICE
					 : o->id == OPTION_CONTEXT     ? COMPLETE_CONTEXT
					 : str_eq(o->argument, "FILE") ? COMPLETE_FILE
								       : COMPLETE_NONE;

		flag_table[FLAG_OPTION_KUBECONFIG + i] =
			(struct flag){(enum flag_id)(FLAG_OPTION_KUBECONFIG + i),    o->flag, o->letter, FLAG_SETTING, argument, complete,
				      *o->flag ? OPTION_GROUP(o->name) : GROUP_NONE, o->help, o};
	}
}

const struct flag *flag_by_id(enum flag_id id)
{
	if (!flag_table[FLAG_OPTION_KUBECONFIG].name)
		fill_settings();
	return &flag_table[id];
}

const struct flag *command_flag(const struct command *command, unsigned n)
{
	for (const enum flag_id *id = command->flags; id && *id != FLAG_COUNT; id++)
		if (n-- == 0)
			return flag_by_id(*id);
	if (command->formats && n-- == 0)
		return flag_by_id(FLAG_OUTPUT);
	for (int i = 0; i < FLAG_COUNT; i++) {
		const struct flag *flag = flag_by_id((enum flag_id)i);

		if ((flag->group & (command->groups | GROUP_GLOBAL)) && n-- == 0)
			return flag;
	}
	return NULL;
}

/* Other spellings of flags. */
static const char *spelling(const char *name, size_t *len)
{
	static const char *const other[][2] = {{"color", "colour"}, {"no-color", "no-colour"}};

	for (size_t i = 0; i < ARRAY_LEN(other); i++) {
		if (strlen(other[i][0]) == *len && strncmp(other[i][0], name, *len) == 0) {
			*len = strlen(other[i][1]);
			return other[i][1];
		}
	}
	return name;
}

/* The flag that a command takes under this name or letter; of any command when command is NULL. */
static const struct flag *find(const struct command *command, const char *name, size_t len, char letter)
{
	if (name)
		name = spelling(name, &len);
	for (unsigned i = 0;; i++) {
		const struct flag *flag = command ? command_flag(command, i) : i < FLAG_COUNT ? flag_by_id((enum flag_id)i) : NULL;

		if (!flag)
			return NULL;
		if (name ? strlen(flag->name) == len && len && strncmp(flag->name, name, len) == 0 : flag->letter == letter)
			return flag;
	}
}

static bool takes_argument(const struct flag *flag)
{
	return flag->id == FLAG_OUTPUT || (flag->type != FLAG_SWITCH && *flag->argument);
}

int cli_find_command(char **argv, int argc)
{
	for (int i = 0; i < argc; i++) {
		const struct flag *flag = NULL;
		const char *word = argv[i];

		if (word[0] != '-' || !word[1])
			return i;
		if (str_eq(word, "--"))
			return -1;
		if (word[1] == '-' && !strchr(word, '='))
			flag = find(NULL, word + 2, strlen(word + 2), 0);
		else if (word[1] != '-' && !word[2])
			flag = find(NULL, NULL, 0, word[1]);
		if (flag && takes_argument(flag))
			i++;
	}
	return -1;
}

static int unknown_flag(const struct command *command, const char *word, size_t len, struct err *err)
{
	char name[NEAR_MAX + 1];
	struct near near;

	snprintf(name, sizeof(name), "%.*s", (int)MIN(len, NEAR_MAX), word);
	near_init(&near, name + 2);
	for (unsigned i = 0; command_flag(command, i); i++)
		near_try(&near, command_flag(command, i)->name);
	if (len > 2 && name[1] == '-' && near.best)
		return err_set(err, ERR_USAGE, "unknown flag %s; did you mean --%s?", name, near.best);
	return err_set(err, ERR_USAGE, "unknown flag %s; `help %s` lists those it takes", name, command->name);
}

static bool is_choice(const char *choices, const char *text)
{
	size_t len = strlen(text);

	for (;; choices++) {
		size_t n = strcspn(choices, "|");

		if (n == len && strncmp(choices, text, n) == 0)
			return true;
		choices += n;
		if (!*choices)
			return false;
	}
}

static int unknown_choice(struct cli *cli, const char *where, const char *choices, const char *text, struct err *err)
{
	struct near near;

	near_init(&near, text);
	for (const char *p = choices; *p; p += strcspn(p, "|"), p += *p == '|')
		near_try(&near, arena_strndup(&cli->ctx.arena, p, strcspn(p, "|")));
	if (near.best)
		return err_set(err, ERR_USAGE, "%s: unknown \"%s\"; did you mean \"%s\"?", where, text, near.best);
	if (!strchr(choices, '|'))
		return err_set(err, ERR_USAGE, "%s: \"%s\" is not %s", where, text, choices);
	return err_set(err, ERR_USAGE, "%s: \"%s\" is none of %s", where, text, choices);
}

static int set_flag(struct cli *cli, const struct flag *flag, const char *text, struct err *err)
{
	const char *where = arena_printf(&cli->ctx.arena, "--%s", flag->name);
	const char *choices = flag->id == FLAG_OUTPUT ? cli->command->formats : flag->argument;
	usec_t t;

	if (flag->type == FLAG_CHOICE && !is_choice(choices, text))
		return unknown_choice(cli, where, choices, text, err);
	if (flag->type == FLAG_TIME && !clock_parse_rfc3339(text, strlen(text), &t))
		return err_set(err, ERR_USAGE, "%s: \"%s\" is no time like 2026-11-23T15:04:05Z", where, text);
	if (flag->type == FLAG_WHEN && !clock_parse_span(text, &t) && !clock_parse_rfc3339(text, strlen(text), &t))
		return err_set(err, ERR_USAGE, "%s: \"%s\" is neither a span like 30m, 2h or 3d nor a time like 2026-11-23T15:04:05Z", where, text);
	if (flag->type == FLAG_TEXT && !*text)
		return err_set(err, ERR_USAGE, "%s: the value is empty", where);
	if (flag->type == FLAG_LIST) {
		struct cli_list *list = flag->id == FLAG_IGNORE ? &cli->ignored : flag->id == FLAG_ACCEPT ? &cli->accepted : &cli->as_groups;

		if (list->count == CLI_LIST_MAX)
			return err_set(err, ERR_USAGE, "%s: given more than %d times", where, CLI_LIST_MAX);
		list->items[list->count++] = text;
	}
	cli->flags[flag->id] = text;
	return flag->type == FLAG_SETTING ? options_set(&cli->options, flag->option->id, text, ORIGIN_FLAG, where, err) : 0;
}

/* One word that begins with "-": every letter of "-Av", or "--name", with its value in the word or in the next one. */
static int parse_flag(struct cli *cli, char **argv, int argc, int *i, struct err *err)
{
	const char *word = argv[*i], *value = NULL;
	const struct flag *flag;

	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");

		flag = find(cli->command, word + 2, len, 0);
		if (!flag)
			return unknown_flag(cli->command, word, len + 2, err);
		if (word[2 + len])
			value = word + 3 + len;
	} else {
		for (;;) {
			flag = find(cli->command, NULL, 0, *++word);
			if (!flag)
				return unknown_flag(cli->command, argv[*i], strlen(argv[*i]), err);
			if (takes_argument(flag) || !word[1])
				break;
			set_flag(cli, flag, "", err);
		}
		if (word[1])
			value = word + 1 + (word[1] == '='); /* kubectl takes both -ojson and -o=json */
	}
	if (!takes_argument(flag)) {
		if (value && !str_eq(value, "true"))
			return err_set(err, ERR_USAGE, "--%s takes no value", flag->name);
		return set_flag(cli, flag, flag->type == FLAG_SETTING ? "true" : "", err);
	}
	if (!value && *i + 1 >= argc)
		return err_set(err, ERR_USAGE, "--%s needs a value (%s)", flag->name,
			       flag->id == FLAG_OUTPUT ? cli->command->formats : flag->argument);
	return set_flag(cli, flag, value ? value : argv[++*i], err);
}

int cli_parse(struct cli *cli, const struct command *command, char **argv, int argc, struct err *err)
{
	int at = cli_find_command(argv, argc);

	cli->command = command;
	cli->args = arena_new_array(&cli->ctx.arena, const char *, argc + 1);
	for (int i = 0; i < argc; i++) {
		int r;

		if (i == at)
			continue; /* the command's own name */
		if (str_eq(argv[i], "--")) {
			while (++i < argc)
				cli->args[cli->arg_count++] = argv[i];
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			cli->args[cli->arg_count++] = argv[i];
			continue;
		}
		r = parse_flag(cli, argv, argc, &i, err);
		if (r < 0)
			return r;
	}
	if (cli_has(cli, FLAG_HELP))
		return 0;
	if (cli->arg_count < command->min_args)
		return err_set(err, ERR_USAGE, "%s needs %s", command->name, command->arguments);
	if (command->max_args >= 0 && cli->arg_count > command->max_args)
		return err_set(err, ERR_USAGE, "%s: unexpected \"%s\"", command->name, cli->args[command->max_args]);
	return 0;
}

const char *cli_format(const struct cli *cli)
{
	const char *formats = cli->command->formats;

	if (cli_has(cli, FLAG_OUTPUT))
		return cli->flags[FLAG_OUTPUT];
	return arena_strndup(&((struct cli *)cli)->ctx.arena, formats, strcspn(formats, "|"));
}

int cli_unknown(struct err *err, const char *what, const char *word, const char *const *names)
{
	struct near near;

	near_init(&near, word);
	for (; *names; names++)
		near_try(&near, *names);
	if (near.best)
		return err_set(err, ERR_USAGE, "unknown %s \"%s\"; did you mean \"%s\"?", what, word, near.best);
	return err_set(err, ERR_USAGE, "unknown %s \"%s\"", what, word);
}

int cli_number(const struct cli *cli, enum flag_id flag, int max, int *ret, struct err *err)
{
	const char *text = cli->flags[flag];
	char *end;
	long n;

	if (!text)
		return 0;
	n = strtol(text, &end, 10);
	if (!*text || *end || n < 1 || n > max)
		return err_set(err, ERR_USAGE, "--%s: \"%.40s\" is no number from 1 to %d", flag_by_id(flag)->name, text, max);
	*ret = (int)n;
	return 0;
}
