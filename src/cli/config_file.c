/* The configuration file: YAML, sections of keys, each a setting of base/options.def. */
#include "cli/cli.h"
#include "base/file.h"
#include "format/yaml.h"

#include <unistd.h>

#define CONFIG_MAX ((size_t)256 << 10)

/* The line on which a block mapping gives `section`, or with key, `key` under it; 0 when it is written in another style. The parsed tree
 * keeps no lines; this is only for messages. */
static unsigned line_of(const char *text, const char *section, const char *key)
{
	size_t section_len = strlen(section), key_len = key ? strlen(key) : 0;
	bool inside = false;
	unsigned line = 1;

	for (; *text; line++) {
		size_t indent = strspn(text, " "), n = strcspn(text, "\n");
		const char *word = text + indent;

		if (indent == 0 && *word != '#' && *word != '\n') {
			inside = strncmp(word, section, section_len) == 0 && word[section_len] == ':';
			if (inside && !key)
				return line;
		} else if (inside && key && strncmp(word, key, key_len) == 0 && word[key_len] == ':') {
			return line;
		}
		text += n + (text[n] == '\n');
	}
	return 0;
}

/* "config.yaml:3" */
static const char *where(struct arena *a, const char *path, const char *text, const char *section, const char *key)
{
	unsigned line = line_of(text, section, key);

	return line ? arena_printf(a, "%s:%u", path, line) : path;
}

static const char *scalar_text(struct arena *a, const struct value *v)
{
	switch ((enum value_type)v->type) {
	case VALUE_STRING:
		return v->s;
	case VALUE_BOOL:
		return v->b ? "true" : "false";
	case VALUE_INT:
		return arena_printf(a, "%lld", (long long)v->i);
	case VALUE_DOUBLE:
		return arena_printf(a, "%g", v->d);
	case VALUE_NULL:
		return "";
	default:
		return NULL;
	}
}

static int read_section(struct cli *cli, const char *path, const char *text, const struct member *section, struct err *err)
{
	struct arena *a = &cli->ctx.arena;

	if (section->v.type == VALUE_NULL)
		return 0;
	/* A scalar at the top: perhaps a key without its section; options_set_name says which one. */
	if (section->v.type != VALUE_MAP) {
		int r = options_set_name(&cli->options, section->key, "", ORIGIN_FILE, where(a, path, text, section->key, NULL), err);

		return r < 0 ? r
			     : err_set(err, ERR_USAGE, "%s: \"%s\" must stand in its section", where(a, path, text, section->key, NULL),
				       section->key);
	}
	for (member_each(m, &section->v)) {
		const char *at = where(a, path, text, section->key, m->key), *value = scalar_text(a, &m->v);
		const char *name = arena_printf(a, "%s.%s", section->key, m->key);
		int r;

		if (!value)
			return err_set(err, ERR_USAGE, "%s: %s must be a single value", at, name);
		r = options_set_name(&cli->options, name, value, ORIGIN_FILE, at, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int cli_read_config_file(struct cli *cli, const char *path, struct err *err)
{
	struct value_builder b;
	struct strbuf text;
	struct value root;
	int r;

	strbuf_init(&text, CONFIG_MAX);
	r = file_read(path, &text, err);
	if (r == 0) {
		value_builder_init(&b, &cli->ctx.arena, NULL);
		r = yaml_parse(&b, path, text.buf, text.len, &root, err);
	}
	if (r == 0 && root.type != VALUE_MAP && root.type != VALUE_NULL)
		r = err_set(err, ERR_USAGE, "%s: must be sections of settings, like \"output:\\n  colour: never\"", path);
	for (uint32_t i = 0; r == 0 && root.type == VALUE_MAP && i < root.len; i++)
		r = read_section(cli, path, text.buf, &root.members[i], err);
	strbuf_release(&text);
	if (r == 0)
		cli->config_path = path;
	return r;
}

int cli_read_config(struct cli *cli, struct err *err)
{
	const char *path = cli->flags[FLAG_CONFIG], *variable = getenv("AUTO_DEVOPS_CONFIG"), *dir;

	if (!path && variable && *variable)
		path = variable;
	if (path)
		return cli_read_config_file(cli, path, err);
	dir = path_config_dir(&cli->ctx.arena);
	if (!dir)
		return 0;
	path = path_join(&cli->ctx.arena, dir, "config.yaml");
	return access(path, F_OK) == 0 ? cli_read_config_file(cli, path, err) : 0;
}
