/* YAML: reading (libyaml behind yaml.c) into values, and writing.
 *
 * Limits: size, nesting (VALUE_MAX_DEPTH), aliases (YAML_MAX_ALIASES). Plain scalars are resolved as kubectl
 * does (YAML 1.1 booleans only true/false; null, ~; decimal, 0x, 0o integers; floats). A merge key "<<" is applied.
 * Errors are ERR_INPUT with "NAME:LINE:COLUMN: ...". Thread rule: pure, any thread. */
#ifndef FORMAT_YAML_H
#define FORMAT_YAML_H

#include "format/value.h"

#define YAML_MAX_ALIASES 100
#define YAML_MAX_DOCUMENTS 1000000

/* Every document of a stream, in order: doc(arg, value, first_line). Non-zero return stops. Empty documents are skipped. */
int yaml_parse_all(struct value_builder *b, const char *name, const char *text, size_t len,
		   int (*doc)(void *arg, struct value *v, unsigned line, struct err *err), void *arg, struct err *err);
/* The first document; an empty input gives VALUE_NULL. */
int yaml_parse(struct value_builder *b, const char *name, const char *text, size_t len, struct value *ret, struct err *err);
/* For messages: the line, from 1, on which the first document gives what lies at a path ("ignore[2].until", as value_at takes it); 0 when it
 * is not there as written (behind an alias, a merge key). */
unsigned yaml_line_of(const char *text, size_t len, const char *path);
/* Block style; strings that would read back as something else are quoted. */
void yaml_write(struct strbuf *out, const struct value *v);

#endif
