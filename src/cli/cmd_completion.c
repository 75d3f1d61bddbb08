/* completion: the scripts are thin; what completes is asked from `__complete`, which reads the same tables as everything else. */
#include "cli/cli.h"

static const char *const words[] = {"bash", "zsh", "fish", NULL};

static const char bash[] = "# bash completion for auto-devops. Use: source <(auto-devops completion bash)\n"
			   "_auto_devops()\n"
			   "{\n"
			   "\tlocal line last said='' IFS=$'\\n'\n"
			   "\tCOMPREPLY=()\n"
			   "\t# Words split at \"=\" or \":\" are put together again by taking the line itself.\n"
			   "\tlocal -a words\n"
			   "\tIFS=$' \\t\\n' read -r -a words <<<\"${COMP_LINE:0:COMP_POINT}\"\n"
			   "\t[[ ${COMP_LINE:0:COMP_POINT} == *' ' ]] && words+=('')\n"
			   "\t# What stands before a \"=\" is not completed again.\n"
			   "\tlast=${words[${#words[@]} - 1]}\n"
			   "\t[[ $last == --*=* && $COMP_WORDBREAKS == *=* ]] && said=${last%%=*}=\n"
			   "\twhile IFS= read -r line; do\n"
			   "\t\tif [[ $line == :files ]]; then\n"
			   "\t\t\tcompopt -o default 2>/dev/null\n"
			   "\t\telif [[ $line == :nospace ]]; then\n"
			   "\t\t\tcompopt -o nospace 2>/dev/null\n"
			   "\t\telse\n"
			   "\t\t\tline=${line#\"$said\"}\n"
			   "\t\t\tCOMPREPLY+=(\"${line%%$'\\t'*}\")\n"
			   "\t\tfi\n"
			   "\tdone < <(auto-devops __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
			   "\treturn 0\n"
			   "}\n"
			   "complete -F _auto_devops auto-devops\n";

static const char zsh[] = "#compdef auto-devops\n"
			  "# zsh completion for auto-devops. Use: source <(auto-devops completion zsh), or save it as _auto-devops in $fpath.\n"
			  "_auto_devops()\n"
			  "{\n"
			  "\tlocal line files=0\n"
			  "\tlocal -a plain open texts\n"
			  "\tlocal -i nospace=0\n"
			  "\tfor line in \"${(@f)$(auto-devops __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
			  "\t\tcase $line in\n"
			  "\t\t:files) files=1 ;;\n"
			  "\t\t:nospace) nospace=1 ;;\n"
			  "\t\t?*)\n"
			  "\t\t\tplain+=(\"${line%%$'\\t'*}\")\n"
			  "\t\t\ttexts+=(\"${line/$'\\t'/  -- }\")\n"
			  "\t\t\t;;\n"
			  "\t\tesac\n"
			  "\tdone\n"
			  "\tif ((nospace)); then\n"
			  "\t\tcompadd -S '' -l -d texts -a plain\n"
			  "\telse\n"
			  "\t\tcompadd -l -d texts -a plain\n"
			  "\tfi\n"
			  "\t((files)) && _files\n"
			  "\treturn 0\n"
			  "}\n"
			  "if [[ $funcstack[1] == _auto_devops ]]; then\n"
			  "\t_auto_devops \"$@\"\n"
			  "else\n"
			  "\tcompdef _auto_devops auto-devops\n"
			  "fi\n";

static const char fish[] = "# fish completion for auto-devops. Use: auto-devops completion fish | source\n"
			   "function __auto_devops_complete\n"
			   "\tset -l words (commandline -opc) (commandline -ct)\n"
			   "\tset -e words[1]\n"
			   "\tfor line in (auto-devops __complete -- $words 2>/dev/null)\n"
			   "\t\tswitch $line\n"
			   "\t\tcase ':files'\n"
			   "\t\t\t__fish_complete_path (commandline -ct)\n"
			   "\t\tcase ':nospace'\n"
			   "\t\tcase '*'\n"
			   "\t\t\techo $line\n"
			   "\t\tend\n"
			   "\tend\n"
			   "end\n"
			   "complete -c auto-devops -f -a '(__auto_devops_complete)'\n";

static int run_completion(struct cli *cli, struct err *err)
{
	const char *shell = cli->args[0];

	if (str_eq(shell, "bash"))
		term_addf(&cli->out, "%s", bash);
	else if (str_eq(shell, "zsh"))
		term_addf(&cli->out, "%s", zsh);
	else if (str_eq(shell, "fish"))
		term_addf(&cli->out, "%s", fish);
	else
		return cli_unknown(err, "shell", shell, words);
	return 0;
}

const struct command command_completion = {
	.name = "completion",
	.arguments = "bash|zsh|fish",
	.summary = "Print a script that completes commands in your shell",
	.description =
		"Prints a shell script; with it, Tab completes commands, flags and their values, kinds, names of checks and settings, and the contexts of "
		"your kubeconfig.\n\nFor `kubectl jamie`, make two links to auto-devops on your PATH: kubectl-jamie and kubectl_complete-jamie.",
	.examples = (const struct example[]){{"completion bash > ~/.local/share/bash-completion/completions/auto-devops", "for bash, for good"},
					     {"completion fish | source", "for this fish session"},
					     {NULL, NULL}},
	.complete = COMPLETE_WORD,
	.words = words,
	.min_args = 1,
	.max_args = 1,
	.without_config = true,
	.run = run_completion,
};
