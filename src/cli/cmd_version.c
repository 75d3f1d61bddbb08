#include "cli/cli.h"
#include "format/json.h"

static int run_version(struct cli *cli, struct err *err)
{
	struct json_writer w;

	if (str_eq(cli_format(cli), "text")) {
		term_addf(&cli->out, "auto-devops %s\n", AUTO_DEVOPS_VERSION);
		return 0;
	}
	json_writer_init(&w, &cli->out.buf, 2);
	json_object_begin(&w);
	json_key(&w, "version");
	json_string(&w, AUTO_DEVOPS_VERSION);
	json_key(&w, "compiler");
#ifdef __clang__
	json_string(&w, "clang " __clang_version__);
#else
	json_string(&w, "gcc " __VERSION__);
#endif
	json_object_end(&w);
	term_addf(&cli->out, "\n");
	return 0;
}

const struct command command_version = {
	.name = "version",
	.arguments = "",
	.summary = "Show the version",
	.description = "Shows the version of this program. It asks no cluster.",
	.examples = (const struct example[]){{"version -o json", "for a script"}, {NULL, NULL}},
	.formats = "text|json",
	.without_config = true,
	.run = run_version,
};
