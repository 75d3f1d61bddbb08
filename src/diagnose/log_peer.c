/* Who a line of a log says was called: a host, an address, what a URL names. */
#include "diagnose/log_scan.h"

#include <ctype.h>
#include <strings.h>

#define PEER_LINE_MAX 2048

static bool host_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

static bool begins(const char *s, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncasecmp(s, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* A token is taken for an address when it has a port, when one of these words stands before it, or when one of the others follows it. */
static bool introduced(const char *line, const char *token, const char *end)
{
	static const char *const before[] = {"lookup ",
					     "host name \"",
					     "enotfound ",
					     "eai_again ",
					     "unknownhostexception: ",
					     "address '",
					     "host: ",
					     "host ",
					     "connect to ",
					     "connecting to ",
					     "server at \"",
					     "://",
					     "@",
					     "reach ",
					     "resolve ",
					     "upstream ",
					     "from ",
					     "resolve '",
					     "resolve \"",
					     "resolve: ",
					     "upstream \"",
					     "host=",
					     "bootstrap.servers=",
					     "host '",
					     "host \"",
					     "to the server "};
	static const char *const words[] = {"a",        "an",       "and", "connect", "server", "timed", "request", "prematurely",
					    "response", "upstream", "any", "at",      "by",     "for",   "from",    "has",
					    "host",     "in",       "is",  "it",      "my",     "no",    "not",     "name",
					    "of",       "or",       "the", "this",    "to",     "was",   "with",    "your"};
	static const char *const after[] = {": name or service not known",
					    ": temporary failure in name resolution",
					    ": nodename nor servname",
					    ": no address associated",
					    ": no such host",
					    ": name does not resolve"};

	/* "host not found", "from the server": a word of the sentence and no name. */
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == (size_t)(end - token) && strncasecmp(token, words[i], strlen(words[i])) == 0)
			return false;
	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		size_t n = strlen(before[i]);

		if ((size_t)(token - line) >= n && strncasecmp(token - n, before[i], n) == 0)
			return true;
	}
	return begins(end, after, ARRAY_LEN(after));
}

/* The DNS server in "lookup x on 10.96.0.10:53" is not who the program wanted to speak to. */
static bool is_dns_server(const char *line, const char *token, const char *end)
{
	return (size_t)(token - line) >= 4 && strncmp(token - 4, " on ", 4) == 0 && end[0] == ':' && strncmp(end, ":53", 3) == 0 &&
	       !isdigit((unsigned char)end[3]);
}

/* The user in "amqp://user:secret@rabbit:5672/": an '@' follows before the authority of the URL ends. */
static bool is_user(const char *line, const char *token, const char *end)
{
	size_t rest = strcspn(end, "@/ \t\"'");

	return (size_t)(token - line) >= 3 && strncmp(token - 3, "://", 3) == 0 && end[rest] == '@';
}

/* What follows a colon after a host: a port, and not the minutes of a time or a line of a source file. */
static bool has_port(const char *start, const char *end)
{
	static const char *const sources[] = {".go", ".py", ".js", ".ts", ".rb", ".java", ".rs", ".c", ".cpp", ".cs", ".php", ".kt", ".mjs"};

	if (end[0] != ':' || !isdigit((unsigned char)end[1]))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		size_t n = strlen(sources[i]);

		if ((size_t)(end - start) > n && strncmp(end - n, sources[i], n) == 0)
			return false;
	}
	/* A time ("15:04:05", "2026-11-25T15:04") is no address. */
	return strspn(start, "0123456789") != (size_t)(end - start) && !(end - start == 13 && start[4] == '-' && start[10] == 'T');
}

const char *log_peer_of(struct graph *g, struct arena *a, const char *ns, const char *line, size_t len, struct object_name *ret_known)
{
	char copy[PEER_LINE_MAX];
	const char *found = "";
	int port;

	ret_known->kind = KIND_COUNT;
	len = MIN(len, sizeof(copy) - 1);
	memcpy(copy, line, len);
	copy[len] = '\0';
	for (const char *p = copy; *p;) {
		const char *start = p;
		bool ported;
		size_t n;

		while (host_char(*p))
			p++;
		if (p == start) {
			p++;
			continue;
		}
		ported = has_port(start, p);
		if (is_user(copy, start, p)) {
			p += strcspn(p, "@");
			continue;
		}
		if (is_dns_server(copy, start, p) || (!ported && !introduced(copy, start, p)))
			continue;
		n = (size_t)(p - start) + (ported ? 1 + strspn(p + 1, "0123456789") : 0);
		if (g && graph_resolve(g, ns, start, n, ret_known, &port))
			return arena_strndup(a, start, n);
		if (!found[0] && strspn(start, "0123456789.") != n)
			found = arena_strndup(a, start, n);
	}
	ret_known->kind = KIND_COUNT;
	return found;
}
