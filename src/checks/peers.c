/* Peers: what other scanners look for, by their names for it, and which of our checks see the same. */
#include "checks/peers.h"

const struct peer peer_table[] = {
#define PEER(scanner, name, meaning, left_out) {scanner, name, meaning, left_out},
#include "checks/peers.def"
#undef PEER
};
const size_t peer_count = ARRAY_LEN(peer_table);

struct word {
	const char *s;
	size_t len;
};

/* The next name of a text; *scanner is set when a new scanner's names begin. */
static bool next_name(const char **p, struct word *scanner, struct word *ret)
{
	const char *s = *p;
	bool first = !scanner->s || *s == ';';
	if (!*s)
		return false;
	s += strspn(s, ";, ");
	if (first) {
		*scanner = (struct word){s, strcspn(s, " ")};
		s += scanner->len + strspn(s + scanner->len, " ");
	}
	*ret = (struct word){s, strcspn(s, ",;")};
	*p = s + ret->len;
	return true;
}

static bool word_is(struct word w, const char *s)
{
	return strlen(s) == w.len && memcmp(s, w.s, w.len) == 0;
}

bool peers_name(const char *peers, const struct peer *p)
{
	struct word scanner = {0}, name;
	while (peers && next_name(&peers, &scanner, &name))
		if (word_is(scanner, p->scanner) && word_is(name, p->name))
			return true;
	return false;
}

const char *peers_unknown(struct arena *a, const char *peers)
{
	struct word scanner = {0}, name;
	while (peers && next_name(&peers, &scanner, &name)) {
		bool known = false;
		for (size_t i = 0; i < peer_count && !known; i++)
			known = word_is(scanner, peer_table[i].scanner) && word_is(name, peer_table[i].name);
		if (!known)
			return arena_printf(a, "%.*s %.*s", (int)scanner.len, scanner.s, (int)name.len, name.s);
	}
	return NULL;
}
