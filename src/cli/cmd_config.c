/* config: which settings there are, what they are now, and where each came from. */
#include "cli/cli.h"
#include "format/json.h"

#include <unistd.h>

static const char *const words[] = {"show", "check", "explain", NULL};
static const char *const origin_texts[] = {"default", "file", "environment", "flag"};

static void show_text(struct cli *cli)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_value *v = &cli->options.values[i];
		const char *text = *v->text ? v->text : "\"\"";
		size_t width = strlen(option_table[i].name) + strlen(text) + 2;

		term_addf(&cli->out, "%s: ", option_table[i].name);
		term_safe(&cli->out, v->origin == ORIGIN_DEFAULT ? STYLE_NONE : STYLE_BOLD, text);
		term_addf(&cli->out, "%*s", width < 44 ? (int)(44 - width) : 1, "");
		term_safe(&cli->out, STYLE_DIM, v->where);
		term_addf(&cli->out, "\n");
	}
}

static void show_json(struct cli *cli)
{
	struct json_writer w;

	json_writer_init(&w, &cli->out.buf, 2);
	json_object_begin(&w);
	json_key(&w, "settings");
	json_array_begin(&w);
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_value *v = &cli->options.values[i];

		json_object_begin(&w);
		json_key(&w, "name");
		json_string(&w, option_table[i].name);
		json_key(&w, "value");
		json_string(&w, v->text);
		json_key(&w, "origin");
		json_string(&w, origin_texts[v->origin]);
		json_key(&w, "where");
		json_string(&w, v->where);
		json_object_end(&w);
	}
	json_array_end(&w);
	json_object_end(&w);
	term_addf(&cli->out, "\n");
}

/* cli_main lets a wrong file or variable pass for this command's sake: read them again and say what is wrong. */
static int reread(struct cli *cli, struct err *err)
{
	int r = options_set_environment(&cli->options, environ, err);

	return r < 0 ? r : cli_read_config(cli, err);
}

static int check(struct cli *cli, struct err *err)
{
	int r = cli->arg_count > 1 ? cli_read_config_file(cli, cli->args[1], err) : reread(cli, err);

	if (r < 0)
		return r;
	if (cli->config_path) {
		term_safe(&cli->out, STYLE_NONE, cli->config_path);
		term_addf(&cli->out, ": no errors\n");
	} else {
		term_addf(&cli->out, "there is no configuration file; every setting has its default or comes from the environment\n");
	}
	return 0;
}

static int explain(struct cli *cli, struct err *err)
{
	const struct option *option;
	char env[OPTION_ENV_MAX];
	struct term *t = &cli->out;

	if (cli->arg_count < 2)
		return err_set(err, ERR_USAGE, "config explain needs the name of a setting; `config show` lists them");
	option = option_by_name(cli->args[1]);
	if (!option)
		return options_set_name(&cli->options, cli->args[1], "", ORIGIN_FLAG, "config explain", err);
	term_add(t, STYLE_BOLD, option->name);
	term_addf(t, "\n");
	term_wrap(t, 2, STYLE_NONE, "", 0, STYLE_NONE, option->help);
	term_wrap(t, 2, STYLE_DIM, "value", 10, STYLE_NONE, option_range_text(option, &cli->ctx.arena));
	term_wrap(t, 2, STYLE_DIM, "default", 10, STYLE_NONE, *option->value ? option->value : "empty");
	term_wrap(t, 2, STYLE_DIM, "variable", 10, STYLE_NONE, option_env(option, env));
	if (*option->flag)
		term_wrap(t, 2, STYLE_DIM, "flag", 10, STYLE_NONE, arena_printf(&cli->ctx.arena, "--%s %s", option->flag, option->argument));
	term_wrap(t, 2, STYLE_DIM, "file", 10, STYLE_NONE,
		  arena_printf(&cli->ctx.arena, "%.*s:\n  %s: %s", (int)strcspn(option->name, "."), option->name, strchr(option->name, '.') + 1,
			       *option->value ? option->value : "..."));
	term_wrap(t, 2, STYLE_DIM, "now", 10, STYLE_NONE,
		  arena_printf(&cli->ctx.arena, "%s (%s)", *cli->options.values[option->id].text ? cli->options.values[option->id].text : "empty",
			       cli->options.values[option->id].where));
	return 0;
}

static int run_config(struct cli *cli, struct err *err)
{
	const char *word = cli->arg_count ? cli->args[0] : "show";
	int r;

	if (str_eq(word, "check"))
		return check(cli, err);
	if (str_eq(word, "explain"))
		return explain(cli, err);
	if (!str_eq(word, "show"))
		return cli_unknown(err, "config command", word, words);
	if (cli->arg_count > 1)
		return err_set(err, ERR_USAGE, "config show: unexpected \"%s\"", cli->args[1]);
	/* Values out of a wrong file are not shown as if all were well. */
	if ((r = reread(cli, err)) < 0)
		return r;
	if (str_eq(cli_format(cli), "json"))
		show_json(cli);
	else
		show_text(cli);
	return 0;
}

const struct command command_config = {
	.name = "config",
	.arguments = "[show | check [FILE] | explain NAME]",
	.summary = "Show, check and explain the settings",
	.description =
		"Settings come from flags, else the environment, else the configuration file, else their defaults. `show` prints each with where it "
		"came from, `check` looks for unknown settings and bad values in the configuration file (or in FILE), `explain` tells what a "
		"setting does and how to set it.",
	.examples = (const struct example[]){{"config show", "every setting, and where it came from"},
					     {"config check my.yaml", "is this file right?"},
					     {"config explain cluster.request-timeout", "what a setting does"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_CHECKS,
	.formats = "text|json",
	.complete = COMPLETE_WORD,
	.words = words,
	.max_args = 2,
	.without_config = true,
	.run = run_config,
};
