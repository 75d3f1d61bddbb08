/* embedded: the files of data/platform that the program carries (made by tools/embed.py at build time).
 * Thread rule: immutable, any thread. */
#ifndef PLATFORM_EMBEDDED_H
#define PLATFORM_EMBEDDED_H

#include "base/ctx.h"
#include "format/value.h"

struct embedded_file {
	const char *name; /* path below data/platform, without ".yaml" */
	size_t len;
	const char *text;
};

extern const struct embedded_file embedded_files[]; /* by name; ends with a NULL name */

const struct embedded_file *embedded_find(const char *name);
/* The file as a value; ERR_INTERNAL when it is not there or no YAML. */
int embedded_value(struct value_builder *b, const char *name, struct value *ret, struct err *err);
/* The same, in ctx's arena. */
int embedded_read(struct ctx *ctx, const char *name, struct value *ret, struct err *err);

#endif
