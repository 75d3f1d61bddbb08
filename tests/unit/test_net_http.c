/* http_client against a server in a thread that answers each connection with the next line of a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
	int fd, port;
	const char *const *script; /* one raw answer per connection, NULL-terminated; "" = say nothing */
	unsigned served;
	char last_request[4096];
	pthread_t thread;
};

static void *serve(void *arg)
{
	struct server *s = arg;
	for (size_t i = 0; s->script[i]; i++) {
		int c = accept(s->fd, NULL, NULL);
		if (c < 0)
			break;
		ssize_t n = recv(c, s->last_request, sizeof(s->last_request) - 1, 0);
		s->last_request[n > 0 ? n : 0] = '\0';
		s->served++;
		if (s->script[i][0])
			(void)send(c, s->script[i], strlen(s->script[i]), MSG_NOSIGNAL);
		else
			(void)recv(c, (char[1]){0}, 1, 0); /* until the client gives up */
		close(c);
	}
	return NULL;
}

static void server_start(struct server *s, const char *const *script)
{
	*s = (struct server){.script = script, .fd = socket(AF_INET, SOCK_STREAM, 0)};
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->fd, 8), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
	s->port = ntohs(a.sin_port);
	pthread_create(&s->thread, NULL, serve, s);
}

static void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	close(s->fd);
	pthread_join(s->thread, NULL);
}

struct outcome {
	int rc, status;
	struct err err;
	char body[256];
	char error_body[256];
	unsigned served;
	char request[4096];
	usec_t took;
};

/* Runs one request against a script and gathers everything there is to look at. */
static struct outcome ask(const char *const *script, struct http_request q, volatile sig_atomic_t *cancel)
{
	struct server s;
	server_start(&s, script);
	struct outcome o = {0};
	struct http_client_options options = {0};
	_cleanup_(http_client_freep) struct http_client *c = NULL;
	assert_int_equal(http_client_new(&options, &c, &o.err), 0);
	struct ctx ctx;
	ctx_init(&ctx);
	if (cancel)
		ctx.cancel = cancel;
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", s.port);
	_cleanup_(strbuf_release) struct strbuf body;
	strbuf_init(&body, 65536);
	q.url = url;
	q.on_body = http_collect;
	q.arg = &body;
	if (!q.max_body)
		q.max_body = 65536;
	struct http_response r = {0};
	usec_t start = clock_monotonic();
	o.rc = http_do(c, &ctx, &q, &r, &o.err);
	o.took = clock_monotonic() - start;
	o.status = r.status;
	snprintf(o.body, sizeof(o.body), "%s", body.buf);
	if (o.rc == 0)
		snprintf(o.error_body, sizeof(o.error_body), "%s", r.error_body.buf);
	http_response_release(&r);
	ctx_release(&ctx);
	server_stop(&s);
	o.served = s.served;
	memcpy(o.request, s.last_request, sizeof(o.request));
	return o;
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define BUSY "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"

static void test_plain(void **state)
{
	const char *script[] = {OK, NULL};
	const char *headers[] = {"Accept: text/plain", NULL};
	struct outcome o = ask(script, (struct http_request){.headers = headers}, NULL);
	assert_int_equal(o.rc, 0);
	assert_int_equal(o.status, 200);
	assert_string_equal(o.body, "hello");
	assert_non_null(strstr(o.request, "GET /x HTTP/1.1"));
	assert_non_null(strstr(o.request, "Accept: text/plain"));
	assert_non_null(strstr(o.request, "User-Agent: auto-devops/"));
}

static void test_retries_until_it_works(void **state)
{
	const char *script[] = {BUSY, "HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n", OK, NULL};
	struct outcome o = ask(script, (struct http_request){0}, NULL);
	assert_int_equal(o.status, 200);
	assert_int_equal(o.served, 3);
	assert_string_equal(o.body, "hello");
}

static void test_retries_end(void **state)
{
	const char *script[] = {BUSY, BUSY, BUSY, BUSY, BUSY, NULL};
	struct outcome o = ask(script, (struct http_request){0}, NULL);
	assert_int_equal(o.rc, 0);
	assert_int_equal(o.status, 503);
	assert_int_equal(o.served, HTTP_ATTEMPTS);
	assert_string_equal(o.error_body, "busy");
}

static void test_post_is_not_repeated(void **state)
{
	const char *script[] = {BUSY, OK, NULL};
	struct outcome o = ask(script, (struct http_request){.method = "POST", .body = "{}", .body_len = 2}, NULL);
	assert_int_equal(o.status, 503);
	assert_int_equal(o.served, 1);
}

static void test_retry_after_is_waited_for(void **state)
{
	const char *script[] = {"HTTP/1.1 429 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", OK, NULL};
	struct outcome o = ask(script, (struct http_request){0}, NULL);
	assert_int_equal(o.status, 200);
	assert_true(o.took >= 900 * USEC_PER_MSEC);
	const char *long_wait[] = {"HTTP/1.1 429 x\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n", OK, NULL};
	o = ask(long_wait, (struct http_request){0}, NULL);
	assert_int_equal(o.status, 429); /* reported, not waited for */
}

static void test_cut_body_is_an_error(void **state)
{
	const char *script[] = {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", NULL};
	struct outcome o = ask(script, (struct http_request){0}, NULL);
	assert_int_equal(o.rc, ERR_UNAVAILABLE);
	assert_true(o.err.retryable);
	assert_int_equal(o.served, 1); /* bytes were handed over: the caller must decide */
	assert_non_null(strstr(o.err.message, "closed before the answer was complete"));
}

static void test_closed_without_answer_is_retried(void **state)
{
	const char *script[] = {"HTTP/1.1 200 OK\r\nContent-Le", OK, NULL};
	struct outcome o = ask(script, (struct http_request){0}, NULL);
	assert_int_equal(o.status, 200);
	assert_string_equal(o.body, "hello");
}

static void test_body_limit(void **state)
{
	const char *script[] = {OK, NULL};
	struct outcome o = ask(script, (struct http_request){.max_body = 4}, NULL);
	assert_int_equal(o.rc, ERR_LIMIT);
	assert_non_null(strstr(o.err.message, "limit of 4 bytes"));
}

static void test_header_limit(void **state)
{
	static char big[HTTP_MAX_HEADERS + 65536];
	size_t n = (size_t)snprintf(big, sizeof(big), "HTTP/1.1 200 OK\r\n");
	while (n < HTTP_MAX_HEADERS + 1000)
		n += (size_t)snprintf(big + n, sizeof(big) - n, "X-Padding: %01000d\r\n", 1);
	snprintf(big + n, sizeof(big) - n, "Content-Length: 0\r\n\r\n");
	const char *script[] = {big, NULL};
	struct outcome o = ask(script, (struct http_request){0}, NULL);
	assert_int_equal(o.rc, ERR_LIMIT);
}

static void test_not_http(void **state)
{
	const char *script[] = {"SSH-2.0-OpenSSH_9.2\r\n", NULL};
	struct outcome o = ask(script, (struct http_request){0}, NULL);
	assert_int_equal(o.rc, ERR_INPUT);
	assert_non_null(strstr(o.err.message, "not HTTP"));
}

static void test_redirect_is_not_followed(void **state)
{
	const char *script[] = {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", NULL};
	struct outcome o = ask(script, (struct http_request){0}, NULL);
	assert_int_equal(o.rc, 0);
	assert_int_equal(o.status, 302);
}

static void test_silent_server_times_out(void **state)
{
	const char *script[] = {"", NULL};
	struct outcome o = ask(script, (struct http_request){.idle_timeout = 300 * USEC_PER_MSEC}, NULL);
	assert_int_equal(o.rc, ERR_TIMEOUT);
	assert_in_range(o.took, 300 * USEC_PER_MSEC, 600 * USEC_PER_MSEC);
}

static void *cancel_soon(void *arg)
{
	usleep(200000);
	__atomic_store_n((volatile sig_atomic_t *)arg, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void test_cancel_is_prompt(void **state)
{
	const char *script[] = {"", NULL};
	static volatile sig_atomic_t cancel;
	pthread_t thread;
	pthread_create(&thread, NULL, cancel_soon, (void *)(uintptr_t)&cancel);
	struct outcome o = ask(script, (struct http_request){0}, &cancel);
	pthread_join(thread, NULL);
	assert_int_equal(o.rc, ERR_CANCELLED);
	assert_in_range(o.took, 0, 450 * USEC_PER_MSEC);
}

static void test_nobody_listens(void **state)
{
	struct server s;
	const char *script[] = {NULL};
	server_start(&s, script);
	server_stop(&s); /* the port is free again */
	struct http_client_options options = {0};
	_cleanup_(http_client_freep) struct http_client *c = NULL;
	struct err err = {0};
	assert_int_equal(http_client_new(&options, &c, &err), 0);
	struct ctx ctx;
	ctx_init(&ctx);
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", s.port);
	struct http_response r;
	assert_int_equal(http_do(c, &ctx, &(struct http_request){.url = url, .max_body = 1}, &r, &err), ERR_UNAVAILABLE);
	assert_non_null(strstr(err.message, "after 4 attempts"));
	assert_non_null(strstr(err.message, url));
	ctx_release(&ctx);
}

static void test_escape(void **state)
{
	_cleanup_(strbuf_release) struct strbuf sb;
	strbuf_init(&sb, 1000);
	http_url_escape(&sb, "a b/c~\xc3\xa9", false);
	assert_string_equal(sb.buf, "a%20b%2Fc~%C3%A9");
	strbuf_reset(&sb);
	http_url_escape(&sb, "a/b", true);
	assert_string_equal(sb.buf, "a/b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_retries_until_it_works),
		cmocka_unit_test(test_retries_end),
		cmocka_unit_test(test_post_is_not_repeated),
		cmocka_unit_test(test_retry_after_is_waited_for),
		cmocka_unit_test(test_cut_body_is_an_error),
		cmocka_unit_test(test_closed_without_answer_is_retried),
		cmocka_unit_test(test_body_limit),
		cmocka_unit_test(test_header_limit),
		cmocka_unit_test(test_not_http),
		cmocka_unit_test(test_redirect_is_not_followed),
		cmocka_unit_test(test_silent_server_times_out),
		cmocka_unit_test(test_cancel_is_prompt),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_escape),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
