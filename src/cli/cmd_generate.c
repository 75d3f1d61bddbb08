/* generate: the files of an environment, into a folder that a team keeps under version control. */
#include "base/file.h"
#include "cli/cli.h"
#include "format/json.h"
#include "format/linediff.h"
#include "platform/generate.h"

#define SITE_MAX ((size_t)1 << 20)
/* So many paths of one kind are shown without --all. */
#define SHOWN 12

struct counts {
	unsigned of[TREE_ORPHAN + 1], kept;
};

static int make(struct cli *cli, struct strbuf *site, struct file_tree *tree, const char **ret_note, struct err *err)
{
	struct generate_options o = {.env = cli->args[0], .site_name = cli->flags[FLAG_SITE]};
	int r;

	if ((r = cli_number(cli, FLAG_TENANTS, GENERATE_MAX_TENANTS, &o.tenants, err)) < 0 ||
	    (r = cli_number(cli, FLAG_HOST_CPU, 4096, &o.host_cpu, err)) < 0 ||
	    (r = cli_number(cli, FLAG_HOST_MEMORY, 1 << 20, &o.host_memory_gib, err)) < 0)
		return r;
	if (o.tenants && !str_eq(o.env, "kamaji"))
		return err_set(err, ERR_USAGE, "--tenants goes with kamaji: %s has none", o.env);
	if (o.site_name) {
		if ((r = file_read(o.site_name, site, err)) < 0)
			return r;
		o.site_text = site->buf;
		o.site_len = site->len;
	}
	return generate_tree(&cli->ctx, &o, tree, ret_note, err);
}

/* The paths that the arguments after the environment name; all when there are none. */
static bool is_meant(const struct cli *cli, const char *path)
{
	for (int i = 1; i < cli->arg_count; i++) {
		size_t n = strlen(cli->args[i]);

		if (str_eq(path, cli->args[i]) || (strncmp(path, cli->args[i], n) == 0 && n && (cli->args[i][n - 1] == '/' || path[n] == '/')))
			return true;
	}
	return cli->arg_count == 1;
}

static int check_meant(const struct cli *cli, const struct tree_plan *p, struct err *err)
{
	for (int i = 1; i < cli->arg_count; i++) {
		const char *const one[] = {cli->args[0], cli->args[i]};
		const struct cli only = {.args = (const char **)one, .arg_count = 2};
		bool found = false;

		for (uint32_t k = 0; k < p->changes.len && !found; k++)
			found = is_meant(&only, p->changes.items[k].path);
		if (!found)
			return err_set(err, ERR_USAGE, "%s is no generated file or folder of %s", cli->args[i], cli->args[0]);
	}
	return 0;
}

/* Why a file is shown in a difference, in its header: which side has changed since it was written last. */
static const char *sides(enum tree_state state)
{
	switch (state) {
	case TREE_NEW:
		return "not there yet";
	case TREE_CHANGED:
		return "generated otherwise now";
	case TREE_EDITED:
		return "edited; what is generated has not changed";
	case TREE_CONFLICT:
		return "edited, and generated otherwise now";
	case TREE_FOREIGN:
		return "not written by generate";
	case TREE_ADOPTED:
		return "adopted";
	case TREE_REMOVED:
		return "no longer generated";
	case TREE_ORPHAN:
		return "edited, no longer generated";
	case TREE_SAME:
		break;
	}
	return "";
}

static int show_diff(struct cli *cli, const struct tree_plan *p, struct err *err)
{
	bool any = false;

	for (uint32_t i = 0; i < p->changes.len; i++) {
		const struct tree_change *c = &p->changes.items[i];
		_cleanup_(strbuf_release) struct strbuf diff;
		const char *there = NULL;
		size_t len = 0;
		int r;

		strbuf_init(&diff, STRBUF_MAX_OUTPUT);
		if (c->state == TREE_SAME || !is_meant(cli, c->path))
			continue;
		if ((r = tree_plan_read(p, c->path, &there, &len, err)) < 0)
			return r;
		any |= c->state != TREE_ADOPTED;
		term_addf(&cli->out, "# %s: ", c->path);
		term_add(&cli->out, tree_state_kept(c->state) ? STYLE_YELLOW : STYLE_NONE, sides(c->state));
		term_addf(&cli->out, "\n");
		linediff_unified(&diff, there ? arena_printf(&cli->ctx.arena, "a/%s", c->path) : "/dev/null", there ? there : "", len,
				 c->file ? arena_printf(&cli->ctx.arena, "b/%s", c->path) : "/dev/null", c->file ? c->file->data : "",
				 c->file ? c->file->len : 0);
		if ((r = strbuf_check(&diff, "the difference", err)) < 0)
			return r;
		/* Lines of people's files: made visible, line by line. */
		for (char *line = diff.buf, *end; *line; line = end + 1) {
			end = line + strcspn(line, "\n");
			*end = 0;
			term_safe(&cli->out, *line == '+' ? STYLE_GREEN : *line == '-' ? STYLE_RED : *line == '@' ? STYLE_CYAN : STYLE_NONE, line);
			term_addf(&cli->out, "\n");
		}
	}
	return any ? 3 : 0;
}

static void count(const struct tree_plan *p, struct counts *ret)
{
	*ret = (struct counts){0};
	for (uint32_t i = 0; i < p->changes.len; i++) {
		ret->of[p->changes.items[i].state]++;
		ret->kept += tree_state_kept(p->changes.items[i].state);
	}
}

static void print_paths(struct cli *cli, const struct tree_plan *p, enum tree_state state, enum style style, const char *what)
{
	const unsigned max = cli_has(cli, FLAG_ALL_FILES) ? UINT32_MAX : SHOWN;
	unsigned n = 0;

	for (uint32_t i = 0; i < p->changes.len; i++) {
		if (p->changes.items[i].state != state)
			continue;
		if (n == 0) {
			term_add(&cli->out, style, what);
			term_addf(&cli->out, "\n");
		}
		if (n++ < max)
			term_addf(&cli->out, "  %s\n", p->changes.items[i].path);
	}
	if (n > max)
		term_addf(&cli->out, "  ... and %u more (--all)\n", n - max);
}

static void print_text(struct cli *cli, const struct tree_plan *p, const struct counts *n, const char *note)
{
	print_paths(cli, p, TREE_NEW, STYLE_GREEN, "New:");
	print_paths(cli, p, TREE_CHANGED, STYLE_BOLD, "Changed:");
	print_paths(cli, p, TREE_REMOVED, STYLE_BOLD, "Removed, no longer generated:");
	print_paths(cli, p, TREE_EDITED, STYLE_YELLOW, "Kept, edited by hand:");
	print_paths(cli, p, TREE_CONFLICT, STYLE_YELLOW, "Kept, edited by hand although generated otherwise now:");
	print_paths(cli, p, TREE_FOREIGN, STYLE_YELLOW, "Kept, not written by generate:");
	print_paths(cli, p, TREE_ORPHAN, STYLE_YELLOW, "Kept, edited by hand and no longer generated (yours from now on):");
	term_addf(&cli->out, "%s: %u new, %u changed, %u removed, %u the same, %u adopted, %u kept as they are\n", p->dir, n->of[TREE_NEW],
		  n->of[TREE_CHANGED], n->of[TREE_REMOVED], n->of[TREE_SAME], n->of[TREE_ADOPTED], n->kept + n->of[TREE_ORPHAN]);
	if (note)
		term_wrap(&cli->out, 0, STYLE_YELLOW, "Note: ", 6, STYLE_NONE, note);
	if (n->kept)
		term_addf(&cli->out, "`generate %s --to %s --diff` shows what differs; --adopt takes the edited files as they are.\n", cli->args[0],
			  p->dir);
}

static void print_json(struct cli *cli, const struct tree_plan *p, const struct counts *n, const char *note)
{
	struct json_writer w;

	json_writer_init(&w, &cli->out.buf, 2);
	json_object_begin(&w);
	json_member_text(&w, "format", "auto-devops/generate/v1");
	json_member_text(&w, "environment", cli->args[0]);
	json_member_text(&w, "folder", p->dir);
	json_member_text(&w, "note", note);
	json_key(&w, "counts");
	json_object_begin(&w);
	for (int s = TREE_NEW; s <= TREE_ORPHAN; s++)
		json_member_int(&w, tree_state_text((enum tree_state)s), n->of[s]);
	json_object_end(&w);
	json_key(&w, "files");
	json_array_begin(&w);
	for (uint32_t i = 0; i < p->changes.len; i++) {
		const struct tree_change *c = &p->changes.items[i];

		json_object_begin(&w);
		json_member_text(&w, "path", c->path);
		json_member_text(&w, "state", tree_state_text(c->state));
		json_member_text(&w, "sha256", c->file ? c->file->hash : NULL);
		json_object_end(&w);
	}
	json_array_end(&w);
	json_object_end(&w);
	strbuf_addch(&cli->out.buf, '\n');
}

static int write_plan(struct cli *cli, struct tree_plan *p, const char *note, struct err *err)
{
	const char *heading = arena_printf(&cli->ctx.arena, "auto-devops %s generate %s: what was written last, for sha256sum -c",
					   AUTO_DEVOPS_VERSION, cli->args[0]);
	struct counts n;
	int r;

	for (uint32_t i = 0; cli_has(cli, FLAG_ADOPT) && i < p->changes.len; i++)
		if (is_meant(cli, p->changes.items[i].path))
			tree_change_adopt(&p->changes.items[i]);
	if ((r = tree_plan_write(&cli->ctx, p, heading, err)) < 0)
		return r;
	count(p, &n);
	if (str_eq(cli_format(cli), "json"))
		print_json(cli, p, &n, note);
	else
		print_text(cli, p, &n, note);
	return n.kept ? 3 : 0;
}

static int run_generate(struct cli *cli, struct err *err)
{
	_cleanup_(file_tree_release) struct file_tree tree;
	_cleanup_(strbuf_release) struct strbuf site;
	struct tree_plan plan;
	const char *note = NULL;
	int r;

	file_tree_init(&tree, &cli->ctx.arena);
	strbuf_init(&site, SITE_MAX);
	if (!cli_has(cli, FLAG_TO))
		return err_set(err, ERR_USAGE, "into which folder? Say --to DIR");
	if (cli_has(cli, FLAG_DIFF) && cli_has(cli, FLAG_ADOPT))
		return err_set(err, ERR_USAGE, "--diff only looks, --adopt records: take one of them");
	if (cli->arg_count > 1 && !cli_has(cli, FLAG_DIFF) && !cli_has(cli, FLAG_ADOPT))
		return err_set(err, ERR_USAGE, "files are named for --diff and --adopt only; without them everything is written");
	if ((r = make(cli, &site, &tree, &note, err)) < 0 || (r = file_tree_compare(&tree, cli->flags[FLAG_TO], &plan, err)) < 0)
		return r;
	r = check_meant(cli, &plan, err);
	if (r == 0)
		r = cli_has(cli, FLAG_DIFF) ? show_diff(cli, &plan, err) : write_plan(cli, &plan, note, err);
	tree_plan_release(&plan);
	return r;
}

static const char *const words[] = {"dev", "production", "kamaji", NULL};

const struct command command_generate = {
	.name = "generate",
	.arguments = "dev|production|kamaji [FILE...]",
	.summary = "Write an environment as files that Argo CD can sync",
	.description =
		"Writes the manifests, values and rules of an environment of the platform into a folder to be kept under version control: the kind cluster of a "
		"laptop (dev), a cluster with three control planes (production), or a Kamaji management cluster with its tenants (kamaji). The numbers are those "
		"of the platform's specification; what only the team knows (domain, addresses, repository, secret store) comes from --site, a YAML file that "
		"replaces parts of data/platform/site.yaml. The same input gives the same bytes. No secret stands in any file.\n\n"
		"What a person edited since is never overwritten, nor is a file of that name that generate did not write: it is kept, told, and the exit code "
		"is 3. --diff shows what would change and which side changed it; --adopt takes the edited files (all, or those named) as they are from now on. "
		"Better than editing: a file named like *.user.yaml beside it, which generate never touches. An interrupted run leaves whole files, and the next "
		"one goes on.\n\n"
		"Exit codes: 0 written (or no difference), 3 files were kept (or there is a difference), 2 wrong use or site, 1 failed.",
	.examples = (const struct example[]){{"generate dev --to platform --host-cpu 16 --host-memory 64", "a laptop with 16 CPU and 64 GiB"},
					     {"generate production --to platform --site site.yaml", "with the team's own names and addresses"},
					     {"generate kamaji --to platform --tenants 20", "a management cluster and twenty tenants"},
					     {"generate production --to platform --diff", "what would change"},
					     {"generate production --to platform --adopt policies/quotas.yaml", "keep my edit"},
					     {NULL, NULL}},
	.flags = (const enum flag_id[]){FLAG_TO, FLAG_SITE, FLAG_TENANTS, FLAG_HOST_CPU, FLAG_HOST_MEMORY, FLAG_DIFF, FLAG_ADOPT, FLAG_ALL_FILES,
					FLAG_COUNT},
	.formats = "text|json",
	.complete = COMPLETE_WORD,
	.words = words,
	.min_args = 1,
	.max_args = -1,
	.run = run_generate,
};
