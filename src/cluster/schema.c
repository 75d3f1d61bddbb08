/* Finds a schema by its message's name. */
#include "cluster/schema.h"

static int compare_name(const void *key, const void *element)
{
	const struct message *const *m = element;
	return strcmp(key, (*m)->name);
}

const struct message *schema_find(const char *message_name)
{
	if (!message_name)
		return NULL;
	const struct message *const *found = bsearch(message_name, schema_roots, schema_root_count, sizeof(*schema_roots), compare_name);
	return found ? *found : NULL;
}
