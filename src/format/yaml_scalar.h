/* What a plain YAML scalar means, for the reader and the writer. Internal to format/. Thread rule: pure. */
#ifndef FORMAT_YAML_SCALAR_H
#define FORMAT_YAML_SCALAR_H

#include "format/value.h"

/* The value of a plain scalar as kubectl resolves it: null, true, false, integers (decimal, 0x, 0o, 0b, a leading 0 is octal, "_" between
 * digits), floating point. False: it is a string. */
bool yaml_resolve(const char *s, size_t len, struct value *ret);
/* A string that other YAML readers take for something else: "yes", "on", "1:30", a date, ... */
bool yaml_is_ambiguous(const char *s, size_t len);

#endif
