/* The command line, what is printed on a terminal, and which object is meant. */
#include "unit.h"

#include "cli/cli.h"
#include "cli/target.h"

#include <unistd.h>

static const struct command test_command = {
	.name = "test",
	.arguments = "WORD",
	.groups = GROUP_CLUSTER | GROUP_SCOPE,
	.flags = (const enum flag_id[]){FLAG_ALL, FLAG_FAIL_ON, FLAG_COUNT},
	.formats = "text|json",
	.max_args = 2,
};

static struct cli cli;
static struct err err;

static int parse(const char *line)
{
	static char copy[512];
	static char *argv[32];
	int argc = 0;

	ctx_release(&cli.ctx);
	options_release(&cli.options);
	memset(&cli, 0, sizeof(cli));
	memset(&err, 0, sizeof(err));
	ctx_init(&cli.ctx);
	options_init(&cli.options);
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *p = copy, *word; (word = strsep(&p, " "));)
		argv[argc++] = word;
	return cli_parse(&cli, &test_command, argv, argc, &err);
}

static void flags_stand_anywhere(void **state)
{
	assert_int_equal(parse("-n shop test web --fail-on=error -Ao json --as-group=a --as-group b --kubeconfig k -- -x"), 0);
	assert_string_equal(cli.flags[FLAG_NAMESPACE], "shop");
	assert_string_equal(cli.flags[FLAG_FAIL_ON], "error");
	assert_true(cli_has(&cli, FLAG_ALL_NAMESPACES));
	assert_string_equal(cli_format(&cli), "json");
	assert_int_equal(cli.as_groups.count, 2);
	assert_string_equal(cli.as_groups.items[1], "b");
	assert_string_equal(options_str(&cli.options, OPTION_KUBECONFIG), "k");
	assert_int_equal(cli.arg_count, 2);
	assert_string_equal(cli.args[0], "web");
	assert_string_equal(cli.args[1], "-x");
	assert_int_equal(parse("test -ojson"), 0);
	assert_string_equal(cli_format(&cli), "json");
	assert_int_equal(parse("test -o=json"), 0);
	assert_string_equal(cli_format(&cli), "json");
	assert_int_equal(parse("test - --color never"), 0);
	assert_string_equal(cli_format(&cli), "text");
	assert_string_equal(cli.args[0], "-");
	assert_string_equal(options_str(&cli.options, OPTION_COLOUR), "never");
}

static void refuse(const char *line, const char *says)
{
	assert_int_equal(parse(line), ERR_USAGE);
	assert_string_equal(err.message, says);
}

static void mistakes_are_explained(void **state)
{
	refuse("test --namespaces x", "unknown flag --namespaces; did you mean --namespace?");
	refuse("test -Z", "unknown flag -Z; `help test` lists those it takes");
	refuse("test -o yaml", "--output: \"yaml\" is none of text|json");
	refuse("test --fail-on", "--fail-on needs a value (info|warning|error|critical)");
	refuse("test --all=yes", "--all takes no value");
	refuse("test a b c", "test: unexpected \"c\"");
	refuse("test -n=", "--namespace: the value is empty");
	refuse("test --parallel 0", "--parallel: \"0\" is not a number from 1 to 32");
	refuse("test --now x", "unknown flag --now; `help test` lists those it takes"); /* not of this command's groups */
}

static void commands_are_found_behind_flags(void **state)
{
	char *a[] = {(char *)"-n", (char *)"shop", (char *)"-v", (char *)"--context=x", (char *)"--kubeconfig", (char *)"k", (char *)"scan"};
	char *b[] = {(char *)"-h"}, *c[] = {(char *)"--", (char *)"scan"};

	assert_int_equal(cli_find_command(a, 7), 6);
	assert_int_equal(cli_find_command(b, 1), -1);
	assert_int_equal(cli_find_command(c, 2), -1);
	assert_int_equal(cli_find_command(a, 0), -1);
}

static void the_tables_are_sound(void **state)
{
	for (int i = 0; i < FLAG_COUNT; i++) {
		const struct flag *flag = flag_by_id((enum flag_id)i);

		assert_int_equal(flag->id, i);
		assert_non_null(flag->name);
		if (flag->type == FLAG_SETTING)
			assert_ptr_equal(flag->option, &option_table[i - FLAG_OPTION_KUBECONFIG]);
	}
}

static void text_is_wrapped_and_harmless(void **state)
{
	struct term t;

	term_init(&t, -1);
	t.width = 40;
	term_wrap(&t, 2, STYLE_NONE, "label", 8, STYLE_BOLD, "one two three four five six seven eight\n\x1b[2Jnine");
	assert_string_equal(t.buf.buf, "  label   one two three four five six\n"
				       "          seven eight\n"
				       "          \\x1b[2Jnine\n");
	strbuf_reset(&t.buf);
	t.width = 0;
	t.colour = true;
	term_wrap(&t, 0, STYLE_NONE, "", 0, STYLE_BOLD, "a b\nc");
	assert_string_equal(t.buf.buf, "\x1b[1ma b\nc\x1b[0m\n");
	strbuf_reset(&t.buf);
	t.colour = false;
	t.width = 40;
	term_wrap(&t, 0, STYLE_NONE, "", 0, STYLE_NONE, "a-name-that-is-longer-than-the-whole-line-is-kept in one piece");
	assert_string_equal(t.buf.buf, "a-name-that-is-longer-than-the-whole-line-is-kept\nin one piece\n");
	term_release(&t);
}

static void write_errors_are_noticed(void **state)
{
	struct term t;
	int ends[2];

	term_init(&t, -1);
	term_addf(&t, "x");
	assert_int_equal(term_flush(&t, &err), ERR_IO);
	term_release(&t);
	/* A reader that went away is no error, but the end of output. */
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	term_init(&t, ends[1]);
	term_addf(&t, "x");
	assert_int_equal(term_flush(&t, &err), 0);
	assert_int_not_equal(t.error, 0);
	term_release(&t);
	close(ends[1]);
}

static void add(struct inventory *inv, const char *kind, const char *api_version, const char *ns, const char *name)
{
	struct value_builder *b = inventory_builder(inv);
	struct value root = {0}, metadata = {0};

	value_map_set(b, &metadata, "name", value_of_str(name));
	if (*ns)
		value_map_set(b, &metadata, "namespace", value_of_str(ns));
	value_map_set(b, &root, "apiVersion", value_of_str(api_version));
	value_map_set(b, &root, "kind", value_of_str(kind));
	value_map_set(b, &root, "metadata", metadata);
	assert_int_equal(inventory_add(inv, NULL, &root, &err), 0);
	inventory_mark_seen(inv, kind_by_gvk(api_version, kind), NULL);
}

static const char *find(struct inventory *inv, struct arena *a, const char *first, const char *second, const char *ns)
{
	const char *words[] = {first, second};
	struct target target;

	if (target_find(inv, a, words, second ? 2 : 1, ns, NULL, &target, &err) < 0)
		return err.message;
	return object_text(a, target.object);
}

static void people_name_objects_in_many_ways(void **state)
{
	struct inventory *inv = inventory_new();
	struct arena a;

	arena_init(&a);
	add(inv, "Namespace", "v1", "", "shop");
	add(inv, "Pod", "v1", "shop", "web-1");
	add(inv, "Service", "v1", "shop", "web");
	add(inv, "Deployment", "apps/v1", "shop", "web");
	add(inv, "Pod", "v1", "a", "twin");
	add(inv, "Pod", "v1", "b", "twin");
	inventory_seal(inv);
	assert_string_equal(find(inv, &a, "pod/web-1", NULL, NULL), "Pod shop/web-1");
	assert_string_equal(find(inv, &a, "po", "web-1", NULL), "Pod shop/web-1");
	assert_string_equal(find(inv, &a, "web", NULL, NULL), "Deployment shop/web");
	assert_string_equal(find(inv, &a, "svc/web", NULL, NULL), "Service shop/web");
	assert_string_equal(find(inv, &a, "shop/web-1", NULL, NULL), "Pod shop/web-1");
	assert_string_equal(find(inv, &a, "twin", NULL, "b"), "Pod b/twin");
	assert_string_equal(find(inv, &a, "pod/twin", NULL, NULL), "\"twin\" is in several namespaces; say which with -n: Pod a/twin, Pod b/twin");
	assert_string_equal(find(inv, &a, "pod/wbe-1", NULL, NULL), "there is no Pod \"wbe-1\"; did you mean Pod shop/web-1?");
	assert_string_equal(find(inv, &a, "pod/web-1", NULL, "b"), "there is no Pod \"web-1\" in namespace b");
	assert_string_equal(find(inv, &a, "pood/web-1", NULL, NULL), "unknown kind \"pood\"; did you mean \"Pod\"?");
	assert_string_equal(find(inv, &a, "pod/", NULL, NULL), "\"pod/\" names a kind but no object of it");
	assert_string_equal(find(inv, &a, "pod", NULL, NULL), "\"pod\" names a kind but no object of it");
	assert_string_equal(find(inv, &a, "wbe", NULL, NULL), "there is no object \"wbe\"; did you mean Deployment shop/web?");
	assert_non_null(strstr(find(inv, &a, "ingress/x", NULL, NULL), "could not be read"));
	arena_release(&a);
	inventory_unref(inv);
}

RUN_TESTS(cmocka_unit_test(flags_stand_anywhere), cmocka_unit_test(mistakes_are_explained), cmocka_unit_test(commands_are_found_behind_flags),
	  cmocka_unit_test(the_tables_are_sound), cmocka_unit_test(text_is_wrapped_and_harmless), cmocka_unit_test(write_errors_are_noticed),
	  cmocka_unit_test(people_name_objects_in_many_ways))
