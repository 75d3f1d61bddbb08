/* template: a tree of data with places in it, filled from other data; never text pasted into text.
 *
 * A template is YAML. In its strings, ${name.path} stands for a value: alone in its string it keeps the value's type (a number, a list, a map),
 * inside a longer one it becomes text. "$${" is a plain "${". Directions are keys:
 *   $if: path      (or "!path") the map or item is left out when the value is missing, false, 0 or empty
 *   $for: x in path   the item is made once for each of the list's items; ${x} is the item, ${x_index} counts from 0
 *   $value: ...    what the item is, when it is no map
 *   $yaml: ..., $json: ...   a text that holds what is below as a document
 *   $merge: path   the value's members, where this key stands
 * Because places are filled after parsing, no value can become syntax.
 * Limits: TEMPLATE_MAX_NODES. Thread rule: pure, any thread. */
#ifndef PLATFORM_TEMPLATE_H
#define PLATFORM_TEMPLATE_H

#include "format/value.h"

#define TEMPLATE_MAX_NODES ((size_t)32 << 20) /* of all that one builder fills */

#define TEMPLATE_MAX_NESTED ((size_t)4 << 20)

/* Names that places can use: the innermost is looked up first. */
struct scope {
	const struct scope *outer;
	const char *name;
	const struct value *v;
};

/* "tenant.network.cidr"; NULL when there is no such thing. */
const struct value *scope_find(const struct scope *scope, const char *path, size_t len);
/* *ret is VALUE_NULL with *ret_left_out when a $if leaves the whole out. ERR_INTERNAL naming the place that nothing fills. */
int template_fill(struct value_builder *b, const struct value *template, const struct scope *scope, struct value *ret, bool *ret_left_out,
		  struct err *err);
/* A value as it stands inside a text; false for lists and maps. */
bool template_text(const struct value *v, struct strbuf *out);

#endif
