/* An inventory from text for tests: one object a line, as JSON with ' in place of ". Every kind counts as listed. */
#ifndef TESTS_UNIT_INVENTORY_TEXT_H
#define TESTS_UNIT_INVENTORY_TEXT_H

#include "unit.h"

#include "cluster/inventory.h"
#include "format/json.h"

static inline struct inventory *inventory_of_text(const char *text)
{
	struct inventory *inv = inventory_new();
	char *copy = strdup(text), *rest = copy;
	struct err err;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	for (char *line; (line = strsep(&rest, "\n"));) {
		struct value v;

		if (!*line)
			continue;
		if (json_parse(inventory_builder(inv), line, strlen(line), NULL, &v, &err) < 0 || inventory_add(inv, NULL, &v, &err) < 0)
			fail_msg("%s: %s", err.message, line);
	}
	for (size_t k = 0; k < KIND_CUSTOM; k++)
		inventory_mark_seen(inv, &kind_table[k], NULL);
	free(copy);
	inventory_seal(inv);
	return inv;
}

#endif
