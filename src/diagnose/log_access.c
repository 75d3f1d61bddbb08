/* Requests in access logs: which path, and which status was answered. */
#include "diagnose/log_line.h"

#include <ctype.h>

/* "GET /cart?x=1 HTTP/1.1" -> /cart?x=1 */
static struct log_span path_of_request(const char *s, size_t len)
{
	size_t method = 0, end;

	while (method < len && isupper((unsigned char)s[method]))
		method++;
	if (method < 3 || method > 8 || method + 1 >= len || s[method] != ' ' || (s[method + 1] != '/' && s[method + 1] != 'h'))
		return (struct log_span){0};
	for (end = method + 1; end < len && s[end] != ' '; end++)
		;
	return (struct log_span){s + method + 1, end - method - 1};
}

static int three_digits(const char *s, const char *end)
{
	if (end - s < 3 || s[0] < '1' || s[0] > '5' || !isdigit((unsigned char)s[1]) || !isdigit((unsigned char)s[2]) ||
	    (end - s > 3 && isdigit((unsigned char)s[3])))
		return 0;
	return (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
}

/* The value of key=... when the key stands alone. */
static struct log_span value_of(const char *line, size_t len, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = line, *end = line + len; (p = memmem(p, (size_t)(end - p), key, n)); p += n) {
		struct log_span v = {p + n, 0};

		if (p > line && p[-1] != ' ' && p[-1] != '\t')
			continue;
		if (v.at < end && *v.at == '"') {
			v.at++;
			while (v.at + v.len < end && v.at[v.len] != '"')
				v.len++;
		} else {
			while (v.at + v.len < end && v.at[v.len] != ' ')
				v.len++;
		}
		return v;
	}
	return (struct log_span){0};
}

void log_access_of(const char *line, size_t len, struct log_shape *shape)
{
	const char *end = line + len, *open = line;

	/* The request is the first quoted text that looks like one; the status follows it. */
	for (int quotes = 0; quotes < 8 && (open = memchr(open, '"', (size_t)(end - open))); quotes++) {
		const char *close = memchr(open + 1, '"', (size_t)(end - open - 1));
		struct log_span path;

		if (!close)
			break;
		path = path_of_request(open + 1, (size_t)(close - open - 1));
		if (path.at && close + 1 < end && close[1] == ' ') {
			shape->status = three_digits(close + 2, end);
			if (shape->status) {
				shape->path = path;
				return;
			}
		}
		open = close;
	}
}

void log_access_more(const char *line, size_t len, struct log_shape *shape)
{
	static const char *const statuses[] = {"status=", "status_code=", "code=", "response_code="};
	static const char *const paths[] = {"path=", "uri=", "url=", "request_path="};

	if (shape->json) {
		if (!shape->path.at && shape->request.at)
			shape->path = path_of_request(shape->request.at, shape->request.len);
		return;
	}
	if (shape->status || !memchr(line, '=', len))
		return;
	for (size_t i = 0; i < ARRAY_LEN(statuses) && !shape->status; i++) {
		struct log_span v = value_of(line, len, statuses[i]);

		if (v.len == 3)
			shape->status = three_digits(v.at, v.at + v.len);
	}
	for (size_t i = 0; i < ARRAY_LEN(paths) && !shape->path.at; i++)
		shape->path = value_of(line, len, paths[i]);
}

bool log_path_under(struct log_span path, const char *wanted)
{
	size_t n = strlen(wanted);
	const char *scheme = path.at ? memmem(path.at, path.len, "://", 3) : NULL;

	if (!path.at)
		return false;
	if (scheme) {
		/* A whole URL: what comes after the host. */
		const char *end = path.at + path.len, *slash = memchr(scheme + 3, '/', (size_t)(end - scheme - 3));

		path = slash ? (struct log_span){slash, (size_t)(end - slash)} : (struct log_span){"/", 1};
	}
	while (n > 1 && wanted[n - 1] == '/')
		n--;
	if (path.len < n || memcmp(path.at, wanted, n) != 0)
		return false;
	return path.len == n || n == 1 || str_has("/?#;", path.at[n]);
}
