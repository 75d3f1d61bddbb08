/* What the API server writes when RBAC refuses a request, found in any text: log lines, events, conditions. */
#include "cluster/rbac.h"

#define FIELD_MAX 512 /* of a user, resource or path: longer ones are no Kubernetes names */

/* Text between p and end; what is read moves p. */
struct reader {
	struct arena *a;
	const char *p, *end;
};

static bool skip(struct reader *r, const char *words)
{
	size_t n = strlen(words);
	if ((size_t)(r->end - r->p) < n || memcmp(r->p, words, n) != 0)
		return false;
	r->p += n;
	return true;
}

/* "x", \"x\" and \\\"x\\\": a quote may be escaped as often as one log was quoted in another. */
static bool quote(struct reader *r)
{
	const char *p = r->p;
	while (p < r->end && *p == '\\')
		p++;
	if (p >= r->end || *p != '"')
		return false;
	r->p = p + 1;
	return true;
}

static bool quoted(struct reader *r, const char **ret)
{
	if (!quote(r))
		return false;
	const char *start = r->p;
	while (r->p < r->end && *r->p != '"' && *r->p != '\\' && (unsigned char)*r->p >= ' ' && r->p - start < FIELD_MAX)
		r->p++;
	size_t n = (size_t)(r->p - start);
	if (!quote(r))
		return false;
	*ret = arena_strndup(r->a, start, n);
	return true;
}

static bool word(struct reader *r, const char **ret)
{
	const char *start = r->p;
	while (r->p < r->end && *r->p >= 'a' && *r->p <= 'z' && r->p - start < FIELD_MAX)
		r->p++;
	*ret = arena_strndup(r->a, start, (size_t)(r->p - start));
	return r->p > start && skip(r, " ");
}

/* `pods "web-1" is forbidden`: the name stands before. */
static const char *name_before(struct arena *a, const char *text, const char *at)
{
	static const char is[] = " is ";
	size_t n = sizeof(is) - 1;
	if ((size_t)(at - text) < n + 2 || memcmp(at - n, is, n) != 0 || at[-(ptrdiff_t)n - 1] != '"')
		return "";
	const char *end = at - n - 1, *start;
	while (end > text && end[-1] == '\\')
		end--;
	for (start = end; start > text && end - start < FIELD_MAX && start[-1] != '"'; start--)
		if ((unsigned char)start[-1] <= ' ')
			return "";
	return start > text ? arena_strndup(a, start, (size_t)(end - start)) : "";
}

static bool parse_at(struct reader *r, struct rbac_request *q)
{
	*q = (struct rbac_request){.group = "", .resource = "", .name = "", .ns = ""};
	if (!quoted(r, &q->user) || !skip(r, " cannot ") || !word(r, &q->verb))
		return false;
	if (skip(r, "path "))
		return quoted(r, &q->path);
	if (!skip(r, "resource ") || !quoted(r, &q->resource) || !*q->resource)
		return false;
	if (skip(r, " in API group ") && !quoted(r, &q->group))
		return false;
	if (skip(r, " in the namespace "))
		return quoted(r, &q->ns);
	return skip(r, " at the cluster scope");
}

bool rbac_parse_refusal(struct arena *a, const char *text, size_t len, struct rbac_request *ret, const char **ret_end)
{
	static const char start[] = "forbidden: User ";
	const char *end = text + len, *p = text;
	while ((p = memmem(p, (size_t)(end - p), start, sizeof(start) - 1))) {
		struct reader r = {a, p + sizeof(start) - 1, end};
		struct rbac_request q;
		if (parse_at(&r, &q)) {
			if (!q.path)
				q.name = name_before(a, text, p);
			*ret = q;
			if (ret_end)
				*ret_end = r.p;
			return true;
		}
		p += sizeof(start) - 1;
	}
	return false;
}

bool rbac_account(struct arena *a, const char *user, const char **ret_ns, const char **ret_name)
{
	static const char prefix[] = "system:serviceaccount:";
	if (strncmp(user, prefix, sizeof(prefix) - 1) != 0)
		return false;
	const char *ns = user + sizeof(prefix) - 1, *colon = strchr(ns, ':');
	if (!colon || colon == ns || !colon[1])
		return false;
	*ret_ns = arena_strndup(a, ns, (size_t)(colon - ns));
	*ret_name = arena_strdup(a, colon + 1);
	return true;
}
