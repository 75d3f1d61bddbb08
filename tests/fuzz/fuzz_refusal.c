/* Refusals of the API server and addresses: any text is read or is not, and what was read lies within it. */
#include "base/ip.h"
#include "cluster/rbac.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_addresses(struct arena *a, const char *text, size_t size)
{
	const char *space = memchr(text, ' ', size);
	unsigned char bytes[16];
	if (!space)
		return;
	const char *address = arena_strndup(a, text, (size_t)(space - text));
	if (ip_in_block(address, arena_strndup(a, space + 1, size - (size_t)(space + 1 - text))) && !ip_parse(address, strlen(address), bytes))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *p = text, *next, *ns, *name;
	struct rbac_request q;
	struct arena a;

	arena_init(&a);
	while (rbac_parse_refusal(&a, p, size - (size_t)(p - text), &q, &next)) {
		if (next <= p || next > text + size || !q.user || !q.verb || !q.verb[0])
			abort();
		if (rbac_account(&a, q.user, &ns, &name) && (!*ns || !*name))
			abort();
		p = next;
	}
	check_addresses(&a, text, size);
	arena_release(&a);
	return 0;
}
