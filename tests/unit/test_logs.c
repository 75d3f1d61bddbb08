/* Logs: times, levels, shapes, requests, stack traces, the signatures, mining and counting. */
#include "unit.h"

#include "checks/check.h"
#include "diagnose/log_mine.h"
#include "diagnose/log_query.h"
#include "diagnose/log_scan.h"

#define NOW ((usec_t)1795600000 * USEC_PER_SEC) /* 2026-11-25T09:46:40Z */

static usec_t time_of(const char *text)
{
	usec_t t = 0;

	assert_true(clock_parse_rfc3339(text, strlen(text), &t));
	return t;
}

/* A line with the padding that the readers of lines ask for. */
static const char *padded(const char *line)
{
	static char buf[4096 + LOG_PADDING];

	memset(buf, 'x', sizeof(buf));
	memcpy(buf, line, strlen(line));
	return buf;
}

static void times_in_all_forms(void **state)
{
	static const struct {
		const char *line, *time;
	} cases[] = {
		{"2026-11-25T09:00:00Z x", "2026-11-25T09:00:00Z"},
		{"2026-11-25T09:00:00.123456789Z x", "2026-11-25T09:00:00.123456Z"},
		{"2026-11-25T09:00:00+02:00 x", "2026-11-25T07:00:00Z"},
		{"2026-11-25 09:00:00,250 INFO x", "2026-11-25T09:00:00.25Z"},
		{"2026-11-25 09:00:00.250 +0100 x", "2026-11-25T08:00:00.25Z"},
		{"2026/11/25 09:00:00 [error] 7#7: x", "2026-11-25T09:00:00Z"},
		{"[2026-11-25T09:00:00.5Z] \"GET / HTTP/1.1\" 200", "2026-11-25T09:00:00.5Z"},
		{"10.0.0.1 - - [25/Nov/2026:09:00:00 +0100] \"GET / HTTP/1.1\" 200 1", "2026-11-25T08:00:00Z"},
		{"[Wed Nov 25 09:00:00.5 2026] [core:error] x", "2026-11-25T09:00:00.5Z"},
		{"E1125 09:00:00.000001       1 a.go:1] x", "2026-11-25T09:00:00.000001Z"},
		{"Nov  5 09:00:00 host app: x", "2026-11-05T09:00:00Z"},
		{"Dec 25 09:00:00 host app: x", "2025-12-25T09:00:00Z"},
		{"time=\"2026-11-25T09:00:00Z\" level=info msg=x", "2026-11-25T09:00:00Z"},
		{"level=info ts=1795600000.5 msg=x", "2026-11-25T09:46:40.5Z"},
		{"1795600000123 x", "2026-11-25T09:46:40.123Z"},
		{"09:00:00.5 [main] INFO x", "2026-11-25T09:00:00.5Z"},
		{"no time here at all", NULL},
		{"2026-13-25T09:00:00Z x", NULL},
		{"", NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct log_clock c = {.now = NOW};
		size_t prefix;
		usec_t t = log_time_of(&c, padded(cases[i].line), strlen(cases[i].line), &prefix);

		if (t != (cases[i].time ? time_of(cases[i].time) : 0))
			fail_msg("%s: %lld", cases[i].line, (long long)t);
		assert_true(prefix <= strlen(cases[i].line));
	}
}

static struct log_shape shape_of(const char *line)
{
	struct log_clock c = {.now = NOW};
	struct log_shape s;
	size_t prefix = 0;

	if (line[0] != '{')
		log_time_of(&c, padded(line), strlen(line), &prefix);
	log_shape_of(padded(line), strlen(line), prefix, &s);
	return s;
}

static void levels_in_all_forms(void **state)
{
	static const struct {
		const char *line;
		enum line_level level;
	} cases[] = {
		{"2026-11-25T09:00:00Z ERROR x", LINE_ERROR},
		{"2026-11-25 09:00:00 [warn] x", LINE_WARNING},
		{"level=info msg=\"an error of 5 %\"", LINE_INFO},
		{"{\"level\":\"error\",\"msg\":\"x\"}", LINE_ERROR},
		{"{\"level\":50,\"msg\":\"x\"}", LINE_ERROR},
		{"{\"severity\":\"WARNING\",\"message\":\"x\"}", LINE_WARNING},
		{"E1125 09:00:00.000001       1 a.go:1] x", LINE_ERROR},
		{"I1125 09:00:00.000001       1 a.go:1] error count 0", LINE_INFO},
		{"panic: boom", LINE_FATAL},
		{"KeyError: 'X'", LINE_ERROR},
		{"java.lang.IllegalStateException: x", LINE_ERROR},
		{"error: x", LINE_ERROR},
		{"there was no error here", LINE_UNKNOWN},
		{"ERROR_COUNT=0 TERROR x", LINE_UNKNOWN},
		{"1.2.3.4 - - [25/Nov/2026:09:00:00 +0000] \"GET / HTTP/1.1\" 503 1", LINE_ERROR},
		{"1.2.3.4 - - [25/Nov/2026:09:00:00 +0000] \"GET / HTTP/1.1\" 404 1", LINE_UNKNOWN},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct log_shape s = shape_of(cases[i].line);

		if (line_level_of(padded(cases[i].line), strlen(cases[i].line), &s) != cases[i].level)
			fail_msg("%s", cases[i].line);
	}
}

static void shapes_leave_out_what_varies(void **state)
{
	static const char *const same[][2] = {
		{"2026-11-25T09:00:00Z order 17 of user \"bob\" took 3ms", "2026-11-25T09:00:01.5Z order 1234567 of user \"alice\" took 12.5ms"},
		{"peer 10.0.0.1:5432 is 6f1c2a90-1111-4222-8333-abcdefabcdef", "peer 192.168.100.2:80 is beef2a90-beef-4222-8333-000000000001"},
		{"GET /a/17 deadbeef01", "GET /a/18/19 c0ffee02"},
		{"level=info user=bob msg=\"it works\"", "level=info user=alexandria msg=\"it works\""},
		{"{\"level\":\"info\",\"msg\":\"got 3 of 4\",\"user\":\"bob\"}",
		 "{\"level\":\"info\",\"msg\":\"got 30 of 4000\",\"user\":\"alice\"}"},
	};
	static const char *const other[][2] = {
		{"connection refused", "connection reset"},
		{"level=info msg=\"it works\"", "level=error msg=\"it works\""},
		{"level=info msg=\"it works\"", "level=info msg=\"it fails\""},
		{"{\"level\":\"info\",\"msg\":\"a b\"}", "{\"level\":\"warn\",\"msg\":\"a b\"}"},
		{"{\"level\":\"info\",\"msg\":\"a\"}", "{\"level\":\"info\",\"msg\":\"b\"}"},
		{"a \"GET / HTTP/1.1\" 200 1", "a \"GET / HTTP/1.1\" 500 1"},
		{"E1125 09:00:00.000001 1 a.go:1] x", "I1125 09:00:00.000001 1 a.go:1] x"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (shape_of(same[i][0]).hash != shape_of(same[i][1]).hash)
			fail_msg("%s", same[i][0]);
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		if (shape_of(other[i][0]).hash == shape_of(other[i][1]).hash)
			fail_msg("%s", other[i][0]);
}

/* A token that crosses the 64 bytes at which lines are looked at varies as a whole, wherever it stands. */
static void shapes_do_not_depend_on_position(void **state)
{
	char line[300];
	uint64_t hash = 0;

	(void)state;
	for (int n = 1; n < 150; n++) {
		snprintf(line, sizeof(line), "start %0*d end", n, 7);
		if (n == 1)
			hash = shape_of(line).hash;
		assert_true(shape_of(line).hash == hash);
	}
	for (int n = 1; n < 150; n++) {
		char word[160];

		memset(word, 'a', sizeof(word));
		snprintf(line, sizeof(line), "start %.*s7 end", n, word);
		assert_true(shape_of(line).hash == hash);
		snprintf(line, sizeof(line), "start '%.*s' end", n, word);
		assert_true(shape_of(line).hash == shape_of("start 'x' end").hash);
	}
}

static void templates_for_people(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{"order 17 took 3ms: 10.0.0.1", "order <number> took <number>ms: <ip>"},
		{"id 6f1c2a90-1111-4222-8333-abcdefabcdef at /var/lib/7", "id <uuid> at <path>"},
		{"dial orders-db:5432: refused", "dial <address>: refused"},
		{"no numbers here", "no numbers here"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf sb;

		strbuf_init(&sb, STRBUF_MAX_LINE);
		log_template_text(&sb, cases[i].line, strlen(cases[i].line), 300);
		assert_string_equal(sb.buf, cases[i].text);
	}
}

static const struct log_mining *mine(struct log_miner **m, const char *text, const struct log_mining_options *options)
{
	struct log_mining_options o = options ? *options : (struct log_mining_options){0};

	o.now = NOW;
	*m = log_miner_new(&o);
	log_miner_feed(*m, text, strlen(text));
	return log_miner_finish(*m);
}

static void traces_are_one_entry(void **state)
{
	static const struct {
		const char *text, *example, *cause;
		unsigned entries, first_line;
	} cases[] = {
		{"INFO a\njava.lang.X: boom\n\tat a.b(C.java:1)\nCaused by: java.net.ConnectException: Connection refused\n\t... 12 more\nINFO b\n",
		 "java.lang.X: boom", "Caused by: java.net.ConnectException: Connection refused", 3, 2},
		{"INFO a\nTraceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    x()\nKeyError: 'DB'\nINFO b\n",
		 "KeyError: 'DB'", "", 3, 2},
		{"panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/a.go:1 +0x1d\ncreated by x in goroutine 7\n\t/b.go:2\nexit status 2\n",
		 "panic: boom", "", 1, 1},
		{"TypeError: x is not a function\n    at f (/app/a.js:1:1)\n    at node:internal/x:1:1\nINFO b\n", "TypeError: x is not a function",
		 "", 2, 1},
		{"Unhandled exception. System.Exception: x\n ---> System.IO.IOException: no\n   at A.B() in /a.cs:line 1\n   --- End of inner\n",
		 "Unhandled exception. System.Exception: x", "---> System.IO.IOException: no", 1, 1},
		{"PHP Fatal error:  Uncaught E\nStack trace:\n#0 /a.php(3): f()\n#1 {main}\n  thrown in /a.php on line 3\n",
		 "PHP Fatal error:  Uncaught E", "", 1, 1},
		{"a.rb:1:in `f': no (RuntimeError)\n\tfrom a.rb:3:in `<main>'\n", "a.rb:1:in `f': no (RuntimeError)", "", 1, 1},
		{"thread 'main' panicked at src/main.rs:4:5:\nstack backtrace:\n   0: rust_begin_unwind\n",
		 "thread 'main' panicked at src/main.rs:4:5:", "", 1, 1},
		{"2026-11-25T09:00:00.1Z panic: boom\n2026-11-25T09:00:00.1Z \n2026-11-25T09:00:00.1Z goroutine 1 [running]:\n2026-11-25T09:00:00.1Z main.main()\n"
		 "2026-11-25T09:00:00.1Z \t/a.go:1\n",
		 "2026-11-25T09:00:00.1Z panic: boom", "", 1, 1},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct log_miner *m;
		const struct log_mining *g = mine(&m, cases[i].text, NULL);
		const struct log_template *found = NULL;

		for (uint32_t k = 0; k < g->template_count; k++)
			if (log_template_is_error(g->templates[k]))
				found = g->templates[k];
		if (!found || g->entries != cases[i].entries || found->first_line != cases[i].first_line ||
		    found->example_len != strlen(cases[i].example) || memcmp(found->example, cases[i].example, found->example_len) != 0 ||
		    found->cause_len != strlen(cases[i].cause) || memcmp(found->cause, cases[i].cause, found->cause_len) != 0)
			fail_msg("%s: %llu entries, \"%.*s\"", cases[i].text, (unsigned long long)g->entries, found ? found->example_len : 0,
				 found ? found->example : "");
		log_miner_free(m);
	}
}

/* No signature stands behind others that take all its lines, and each says something about the line. */
static void every_signature_can_match(void **state)
{
	(void)state;
	assert_true(log_signature_count() >= 140);
	for (int i = 0; i < (int)log_signature_count(); i++) {
		const char *p = log_signature_patterns(i);
		unsigned own = 0, all = 0;

		while (*p) {
			char line[256];
			size_t n = 0;

			for (; *p && *p != '|'; p++)
				n += (size_t)snprintf(line + n, sizeof(line) - n, *p == '*' ? " qq " : "%c", *p);
			p += *p == '|';
			line[n] = '\0';
			all++;
			own += log_patterns_match(line, n) == i;
			if (log_patterns_match(line, n) < 0 || log_patterns_match(line, n) > i)
				fail_msg("%s: %s", log_signature_check(i)->id, line);
		}
		if (!own)
			fail_msg("signature %d (%s) has %u patterns, none of its own: %s", i, log_signature_check(i)->id, all,
				 log_signature_patterns(i));
		assert_true(strlen(log_signature_sentence(i)) > 10);
	}
}

static void signatures_and_peers(void **state)
{
	static const struct {
		const char *line, *check, *peer;
	} cases[] = {
		{"dial tcp: lookup redis on 10.96.0.10:53: server misbehaving", "log/name-lookup-failed", "redis"},
		{"redis: Name or service not known", "log/name-lookup-failed", "redis"},
		{"Get \"http://orders:8080/x\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
		 "log/timeout", "orders:8080"},
		{"The connection to the server api.shop:6443 was refused - did you specify the right host or port?", "log/connection-refused",
		 "api.shop:6443"},
		{"dial tcp: lookup orders on 10.96.0.10:53: no such host", "log/name-lookup-failed", "orders"},
		{"nginx: [emerg] host not found in upstream \"api\" in /etc/nginx/nginx.conf:3", "log/name-lookup-failed", "api"},
		{"java.net.UnknownHostException: orders-db", "log/name-lookup-failed", "orders-db"},
		{"[Producer clientId=p-1] Connection to node -1 (kafka-0.kafka:9092) could not be established. Broker may not be available.",
		 "log/connection-refused", "kafka-0.kafka:9092"},
		{"AMQPConnectionError: amqp://user:secret@rabbit:5672/ connection refused", "log/connection-refused", "rabbit:5672"},
		{"cannot connect: jdbc:postgresql://orders-db:5432/orders: Connection refused", "log/connection-refused", "orders-db:5432"},
		{"MongoServerSelectionError: connect ECONNREFUSED mongo-0.mongo:27017", "log/connection-refused", "mongo-0.mongo:27017"},
		{"pq: password authentication failed for user \"shop\"", "log/authentication-failed", ""},
		{"NOAUTH Authentication required.", "log/authentication-failed", ""},
		{"org.apache.kafka.common.errors.SaslAuthenticationException: x", "log/authentication-failed", ""},
		{"botocore.exceptions.NoCredentialsError: Unable to locate credentials", "log/cloud-access-denied", ""},
		{"x509: certificate has expired or is not yet valid: current time is after", "log/certificate-rejected", ""},
		{"Get \"https://api:8443/\": x509: certificate signed by unknown authority", "log/certificate-rejected", "api:8443"},
		{"http: server gave HTTP response to HTTPS client", "log/certificate-rejected", ""},
		{"jwt: token used before issued", "log/clock-skew", ""},
		{"./run.sh: line 3: DB_HOST: unbound variable", "log/missing-setting", ""},
		{"exec /app: exec format error", "log/wrong-architecture", ""},
		{"Segmentation fault (core dumped)", "log/program-crashed", ""},
		{"FATAL: sorry, too many clients already", "log/pool-exhausted", ""},
		{"HikariPool-1 - Connection is not available, request timed out after 30000ms.", "log/pool-exhausted", ""},
		{"HTTP 429 Too Many Requests", "log/rate-limited", ""},
		{"ERROR: deadlock detected", "log/lock-conflict", ""},
		{"UNKNOWN_TOPIC_OR_PARTITION", "log/queue-missing", ""},
		{"RecordTooLargeException: x", "log/message-too-large", ""},
		{"leader election lost", "log/leader-lost", ""},
		{"accept4: too many open files", "log/too-many-open-files", ""},
		{"java.lang.OutOfMemoryError: Java heap space", "log/out-of-memory", ""},
		{"Your license has expired", "log/licence-invalid", ""},
		{"database files are incompatible with server", "log/version-mismatch", ""},
		{"upstream connect error or disconnect/reset before headers", "log/upstream-failing", ""},
		{"touch: /data/x: Read-only file system", "log/permission-denied", ""},
		{"ERROR: permission denied for table orders", "log/privilege-missing", ""},
		{"error: unknown flag: --verbos", "log/bad-configuration", ""},
		{"exec: \"foo\": executable file not found in $PATH", "log/missing-file", ""},
		{"listening on :8080", NULL, ""},
		{"GET /cart 200 3ms", NULL, ""},
		{"connected to orders-db:5432", NULL, ""},
		{"pool has 3 free connections", NULL, ""},
		{"leader elected: node-1", NULL, ""},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct log_match m;
		bool found = log_match_text(NULL, &a, "shop", cases[i].line, strlen(cases[i].line), &m);

		if (found != (cases[i].check != NULL) || (found && (!str_eq(m.check->id, cases[i].check) || !str_eq(m.peer_text, cases[i].peer))))
			fail_msg("%s: %s \"%s\"", cases[i].line, found ? m.check->id : "none", found ? m.peer_text : "");
	}
	arena_release(&a);
}

static void what_is_new(void **state)
{
	struct log_miner *m;
	const struct log_mining *g;
	struct strbuf sb;
	unsigned new = 0, gone = 0;
	double factor;

	(void)state;
	strbuf_init(&sb, STRBUF_MAX_OUTPUT);
	for (int i = 0; i < 600; i++)
		strbuf_addf(&sb, "2026-11-25T09:%02d:%02dZ INFO %s %d\n", i / 60, i % 60,
			    i < 300 && i % 2         ? "old thing"
			    : i % 10 == 0 || i > 300 ? "warm thing"
						     : "steady",
			    i);
	for (int i = 0; i < 600; i++)
		strbuf_addf(&sb, "2026-11-25T09:%02d:%02dZ %s\n", 10 + i / 60, i % 60,
			    i % 100 == 0 ? "ERROR cannot reach orders-db:5432: connection refused" : "INFO warm thing 1");
	g = mine(&m, sb.buf, NULL);
	assert_int_equal(g->change_line, 601);
	assert_int_equal(g->change, time_of("2026-11-25T09:10:00Z"));
	for (uint32_t i = 0; i < g->template_count; i++) {
		enum log_turn turn = log_template_turn(g, g->templates[i], &factor);

		new += turn == TURN_NEW;
		gone += turn == TURN_GONE;
		if (turn == TURN_NEW)
			assert_string_equal(log_signature_check(g->templates[i]->signature)->id, "log/connection-refused");
	}
	assert_int_equal(new, 1);
	assert_int_equal(gone, 2);
	assert_int_equal(g->timed, 1200);
	assert_int_equal(g->errors, 6);
	log_miner_free(m);
	strbuf_release(&sb);
}

/* Any number of shapes: the memory stays, what is frequent stays, and every entry is counted somewhere. */
static void many_shapes_are_merged(void **state)
{
	const struct log_mining_options o = {.now = NOW};
	struct log_miner *m = log_miner_new(&o);
	const struct log_mining *g;
	uint64_t sum, errors = 0;
	char line[128];

	(void)state;
	for (int i = 0; i < 50000; i++) {
		char word[8] = "aaaaaa";

		for (int k = 0, n = i; k < 6; k++, n /= 26)
			word[k] = (char)('a' + n % 26);
		snprintf(line, sizeof(line), "INFO word %s alone\n%s", word, i % 100 ? "INFO frequent thing\n" : "ERROR it is broken\n");
		log_miner_feed(m, line, strlen(line));
	}
	g = log_miner_finish(m);
	sum = g->other;
	for (uint32_t i = 0; i < g->template_count; i++) {
		sum += g->templates[i]->count;
		errors += log_template_is_error(g->templates[i]) ? g->templates[i]->count : 0;
	}
	assert_int_equal(sum, g->entries);
	assert_int_equal(g->entries, 100000);
	assert_int_equal(g->templates[0]->count, 49500);
	assert_int_equal(errors, 500);
	assert_true(g->template_count <= LOG_TEMPLATES);
	assert_true(g->memory <= LOG_MINE_MEMORY);
	assert_int_equal(g->merged_up_to, 1);
	log_miner_free(m);
}

static const struct log_counting *count(struct log_counter **c, const char *text, struct log_query q)
{
	q.now = NOW;
	*c = log_counter_new(&q);
	log_counter_feed(*c, text, strlen(text));
	return log_counter_finish(*c);
}

static void counts_are_exact(void **state)
{
	static const char text[] = "1.1.1.1 - - [25/Nov/2026:09:00:00 +0000] \"GET /checkout HTTP/1.1\" 200 12\n"
				   "1.1.1.1 - - [25/Nov/2026:09:00:30 +0000] \"POST /checkout/pay?x=1 HTTP/1.1\" 503 12\n"
				   "1.1.1.1 - - [25/Nov/2026:09:01:00 +0000] \"GET /checkout-old HTTP/1.1\" 500 12\n"
				   "[2026-11-25T09:01:30Z] \"GET /checkout?a HTTP/1.1\" 504 UF 0 91 - \"-\" \"10.0.0.1:80\"\n"
				   "{\"time\":\"2026-11-25T09:02:00Z\",\"status\":502,\"path\":\"/checkout\",\"msg\":\"x\"}\n"
				   "{\"start_time\":\"2026-11-25T09:02:10Z\",\"response_code\":\"500\",\"request\":\"GET /checkout HTTP/1.1\"}\n"
				   "time=2026-11-25T09:03:00Z level=error status=500 path=/checkout msg=\"no\"\n"
				   "2026-11-25T09:03:01Z ERROR not a request of /checkout 500\n";
	struct log_query q = {.path = "/checkout", .by = LOG_BY_MINUTE};
	const struct log_counting *g;
	struct log_counter *c;

	(void)state;
	assert_true(log_query_status("5xx", &q));
	g = count(&c, text, q);
	assert_int_equal(g->lines, 8);
	assert_int_equal(g->matched, 5);
	assert_int_equal(g->first_line, 2);
	assert_int_equal(g->last_line, 7);
	assert_int_equal(g->match_first, time_of("2026-11-25T09:00:30Z"));
	assert_int_equal(g->first, time_of("2026-11-25T09:00:00Z"));
	assert_int_equal(g->group_count, 4);
	assert_string_equal(g->groups[2]->label, "2026-11-25T09:02:00Z");
	assert_int_equal(g->groups[2]->count, 2);
	log_counter_free(c);
	q.since = time_of("2026-11-25T09:01:00Z");
	q.until = time_of("2026-11-25T09:02:05Z");
	q.by = LOG_BY_STATUS;
	g = count(&c, text, q);
	assert_int_equal(g->matched, 2);
	assert_string_equal(g->groups[0]->label, "502");
	log_counter_free(c);
	g = count(&c, text, (struct log_query){.text = "checkout", .level = LINE_ERROR});
	assert_int_equal(g->matched, 7);
	log_counter_free(c);
	assert_true(log_query_status("404", &q) && q.status_low == 404 && q.status_high == 404);
	assert_true(log_query_status("500-503", &q) && q.status_high == 503);
	assert_false(log_query_status("6xx", &q) || log_query_status("x", &q) || log_query_status("5x", &q) || log_query_status("500-", &q));
}

static void long_lines_are_cut(void **state)
{
	const struct log_mining_options o = {.now = NOW};
	struct log_miner *m = log_miner_new(&o);
	static char block[70000];
	const struct log_mining *g;

	(void)state;
	memset(block, 'y', sizeof(block));
	for (int i = 0; i < 10; i++)
		log_miner_feed(m, block, sizeof(block));
	log_miner_feed(m, "\nERROR short\n", 13);
	g = log_miner_finish(m);
	assert_int_equal(g->lines, 2);
	assert_int_equal(g->template_count, 2);
	assert_int_equal(g->errors, 1);
	log_miner_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_in_all_forms),
		cmocka_unit_test(levels_in_all_forms),
		cmocka_unit_test(shapes_leave_out_what_varies),
		cmocka_unit_test(shapes_do_not_depend_on_position),
		cmocka_unit_test(templates_for_people),
		cmocka_unit_test(traces_are_one_entry),
		cmocka_unit_test(every_signature_can_match),
		cmocka_unit_test(signatures_and_peers),
		cmocka_unit_test(what_is_new),
		cmocka_unit_test(many_shapes_are_merged),
		cmocka_unit_test(counts_are_exact),
		cmocka_unit_test(long_lines_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
