/* Finding and parsing the files that the program carries. */
#include "platform/embedded.h"
#include "format/yaml.h"

const struct embedded_file *embedded_find(const char *name)
{
	for (const struct embedded_file *f = embedded_files; f->name; f++)
		if (str_eq(f->name, name))
			return f;
	return NULL;
}

int embedded_value(struct value_builder *b, const char *name, struct value *ret, struct err *err)
{
	const struct embedded_file *f = embedded_find(name);

	if (!f)
		return err_set(err, ERR_INTERNAL, "there is no data named %s", name);
	return yaml_parse(b, name, f->text, f->len, ret, err) < 0 ? err_wrap(err, "the program's own data") : 0;
}

int embedded_read(struct ctx *ctx, const char *name, struct value *ret, struct err *err)
{
	struct value_builder b;

	value_builder_init(&b, &ctx->arena, NULL);
	return embedded_value(&b, name, ret, err);
}
