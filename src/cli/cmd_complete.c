/* __complete: what could stand at the end of a command line; asked by the scripts of cmd_completion.c. One candidate per line, with a tab and
 * a few words about it; ":files" asks the shell for file names, ":nospace" says that more must follow. kubectl, which runs this as
 * kubectl_complete-jamie, wants both as the bits of one last line (github.com/spf13/cobra: ShellCompDirective). Never fails: nothing
 * to offer is an empty answer. */
#include "cli/cli.h"
#include "base/file.h"
#include "checks/check.h"
#include "format/yaml.h"

#define KUBECONFIG_MAX ((size_t)8 << 20)

struct request {
	struct cli *cli;
	const char **words; /* before the one being completed */
	int count;
	const char *prefix; /* the one being completed */
	const char *before; /* put before each candidate: "--output=" */
	const struct command *command;
	bool files, no_space; /* told to the shell at the end */
};

static void offer(struct request *q, const char *word, const char *what)
{
	if (strncmp(word, q->prefix, strlen(q->prefix)) == 0) {
		term_addf(&q->cli->out, "%s%s%s", q->before, word, what ? "\t" : "");
		term_safe(&q->cli->out, STYLE_NONE, what ? what : "");
		term_addf(&q->cli->out, "\n");
	}
}

static void offer_choices(struct request *q, const char *choices)
{
	while (*choices) {
		size_t n = strcspn(choices, "|");

		offer(q, arena_strndup(&q->cli->ctx.arena, choices, n), NULL);
		choices += n + (choices[n] == '|');
	}
}

/* Custom kinds that the checks know: the cluster may have them. */
static const char *const custom_kinds[] = {
#define KNOWN(group, kind, message, keep, passed) kind,
#include "cluster/known_kinds.def"
#undef KNOWN
};

static const char *lower(struct request *q, const char *name, const char *after)
{
	char *text = arena_printf(&q->cli->ctx.arena, "%s%s", name, after);

	for (char *p = text; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	return text;
}

static void offer_custom_kinds(struct request *q, const char *after)
{
	for (size_t i = 0; i < ARRAY_LEN(custom_kinds); i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again = again || str_eq(custom_kinds[k], custom_kinds[i]);
		if (!again)
			offer(q, lower(q, custom_kinds[i], after), custom_kinds[i]);
	}
}

static void offer_kinds(struct request *q)
{
	if (strchr(q->prefix, '/'))
		return; /* names would need the cluster */
	for (size_t i = 0; i < ARRAY_LEN(kind_table); i++)
		offer(q, lower(q, kind_table[i].name, "/"), kind_table[i].name);
	offer_custom_kinds(q, "/");
	q->no_space = true;
}

/* The names in one section of a kubeconfig file; one that cannot be read offers nothing. */
static void offer_kubeconfig_file(struct request *q, const char *path, const char *section)
{
	struct value_builder b;
	struct strbuf text;
	struct value root;

	strbuf_init(&text, KUBECONFIG_MAX);
	value_builder_init(&b, &q->cli->ctx.arena, NULL);
	if (file_read(path, &text, NULL) == 0 && yaml_parse(&b, path, text.buf, text.len, &root, NULL) == 0)
		for (value_each(entry, value_get(&root, section)))
			offer(q, value_get_str(entry, "name"), NULL);
	strbuf_release(&text);
}

static void offer_kubeconfig(struct request *q, const char *section)
{
	struct arena *a = &q->cli->ctx.arena;
	const char *list = getenv("KUBECONFIG"), *given = NULL;

	for (int i = 0; i + 1 < q->count; i++)
		if (str_eq(q->words[i], "--kubeconfig"))
			given = q->words[i + 1];
	if (given || !list || !*list) {
		offer_kubeconfig_file(q, path_expand_home(a, given ? given : "~/.kube/config"), section);
		return;
	}
	while (*list) {
		size_t n = strcspn(list, ":");

		if (n)
			offer_kubeconfig_file(q, arena_strndup(a, list, n), section);
		list += n + (list[n] == ':');
	}
}

static void offer_commands(struct request *q)
{
	for (const struct command *const *c = command_table; *c; c++)
		if (!(*c)->hidden)
			offer(q, (*c)->name, (*c)->summary);
}

static void offer_what(struct request *q, enum complete what, const char *choices)
{
	switch (what) {
	case COMPLETE_NONE:
		return;
	case COMPLETE_FILE:
		q->files = true;
		return;
	case COMPLETE_CHOICE:
		offer_choices(q, choices);
		return;
	case COMPLETE_CONTEXT:
	case COMPLETE_CLUSTER:
	case COMPLETE_USER:
		offer_kubeconfig(q, what == COMPLETE_CONTEXT ? "contexts" : what == COMPLETE_CLUSTER ? "clusters" : "users");
		return;
	case COMPLETE_OBJECT:
		offer_kinds(q);
		return;
	case COMPLETE_KIND:
		for (int k = 0; k < KIND_CUSTOM; k++)
			offer(q, kind_table[k].plural, NULL);
		offer_custom_kinds(q, "");
		return;
	case COMPLETE_CHECK:
		for (size_t i = 0; i < check_count; i++)
			offer(q, check_table[i]->id, check_table[i]->title);
		return;
	case COMPLETE_COMMAND:
		offer_commands(q);
		return;
	case COMPLETE_SETTING:
		for (int i = 0; i < OPTION_COUNT; i++)
			offer(q, option_table[i].name, option_table[i].help);
		return;
	case COMPLETE_WORD:
		for (const char *const *w = q->command->words; *w; w++)
			offer(q, *w, NULL);
		return;
	}
}

/* The flag of the command (or of any) that is written like this word, when it takes a value. */
static const struct flag *flag_of_word(const struct request *q, const char *word, size_t len)
{
	for (unsigned i = 0; q->command; i++) {
		const struct flag *flag = command_flag(q->command, i);

		if (!flag)
			return NULL;
		if (flag->type == FLAG_SWITCH || (!*flag->argument && flag->id != FLAG_OUTPUT))
			continue;
		if (word[1] == '-' ? strlen(flag->name) == len - 2 && strncmp(flag->name, word + 2, len - 2) == 0
				   : len == 2 && flag->letter == word[1])
			return flag;
	}
	return NULL;
}

static void offer_value(struct request *q, const struct flag *flag)
{
	offer_what(q, flag->complete, flag->id == FLAG_OUTPUT ? q->command->formats : flag->argument);
}

static void offer_flags(struct request *q)
{
	for (unsigned i = 0; command_flag(q->command, i); i++) {
		const struct flag *flag = command_flag(q->command, i);

		offer(q, arena_printf(&q->cli->ctx.arena, "--%s", flag->name), flag->help);
	}
}

/* The first word of `config` and `checks` is a command of theirs; the second depends on it. */
static void offer_argument(struct request *q)
{
	const char *before = q->count ? q->words[q->count - 1] : "";

	if (str_eq(before, "explain"))
		offer_what(q, str_eq(q->command->name, "checks") ? COMPLETE_CHECK : COMPLETE_SETTING, NULL);
	else if (str_eq(before, "check") && str_eq(q->command->name, "config"))
		offer_what(q, COMPLETE_FILE, NULL);
	else if (q->command->complete != COMPLETE_WORD || str_eq(before, q->command->name))
		offer_what(q, q->command->complete, NULL);
}

enum { COBRA_NO_SPACE = 2, COBRA_NO_FILES = 4 };

static void tell_shell(struct request *q)
{
	if (str_eq(q->cli->program, "kubectl jamie"))
		term_addf(&q->cli->out, ":%d\n", (q->no_space ? COBRA_NO_SPACE : 0) | (q->files ? 0 : COBRA_NO_FILES));
	else
		term_addf(&q->cli->out, "%s%s", q->files ? ":files\n" : "", q->no_space ? ":nospace\n" : "");
}

/* What the word before or the word itself says. */
static void complete(struct request *q)
{
	const char *equals = strchr(q->prefix, '='), *before = q->count ? q->words[q->count - 1] : "";
	const struct flag *flag = *before == '-' ? flag_of_word(q, before, strlen(before)) : NULL;

	if (flag) {
		offer_value(q, flag);
	} else if (q->prefix[0] == '-' && q->prefix[1] == '-' && equals) {
		flag = flag_of_word(q, q->prefix, (size_t)(equals - q->prefix));
		q->before = arena_strndup(&q->cli->ctx.arena, q->prefix, (size_t)(equals + 1 - q->prefix));
		q->prefix = equals + 1;
		if (flag)
			offer_value(q, flag);
	} else if (q->prefix[0] == '-') {
		offer_flags(q);
	} else {
		offer_argument(q);
	}
}

static int run_complete(struct cli *cli, struct err *err)
{
	struct request q = {.cli = cli, .words = cli->args, .count = MAX(cli->arg_count - 1, 0), .prefix = "", .before = ""};
	int at = cli_find_command((char **)cli->args, q.count);

	if (cli->arg_count)
		q.prefix = cli->args[q.count];
	q.command = at < 0 ? NULL : command_by_name(q.words[at]);
	if (q.command)
		complete(&q);
	else if (at < 0)
		offer_commands(&q);
	tell_shell(&q);
	return 0;
}

const struct command command_complete = {
	.name = "__complete",
	.arguments = "-- WORD...",
	.summary = "What could stand here",
	.description = "Asked by the completion scripts.",
	.complete = COMPLETE_NONE,
	.max_args = -1,
	.hidden = true,
	.without_config = true,
	.run = run_complete,
};
