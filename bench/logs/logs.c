/* Logs: makes a log of any size, and measures how fast it is mined: `bench_logs generate KIND BYTES`, `mine FILE`, `count FILE STATUS|TEXT`,
 * `patterns`. Figures are bytes per second of processor time. */
#include "diagnose/log_mine.h"
#include "diagnose/log_query.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define PIECE ((size_t)256 << 10)

static uint64_t state = 88172645463325252u;

static unsigned rnd(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % below);
}

static int add_application(char *b, size_t room, const char *t)
{
	static const char *const users[] = {"alice", "bob", "carol", "dave", "erin"};

	switch (rnd(40)) {
	case 0:
		return snprintf(
			b, room,
			"%s ERROR [worker-%u] c.s.OrderService - cannot save order %u: connection to orders-db:5432 refused: connection refused\n", t,
			rnd(8), rnd(1000000));
	case 1:
		return snprintf(b, room, "%s WARN  [worker-%u] c.s.Retry - attempt %u of 5 failed, will retry in %ums\n", t, rnd(8), rnd(5),
				rnd(900));
	case 2:
	case 3:
	case 4:
		return snprintf(b, room, "%s DEBUG [http-%u] c.s.Cache - miss for key user:%08x in region eu-west-1 after %u.%03ums\n", t, rnd(16),
				rnd(1u << 31), rnd(20), rnd(1000));
	default:
		return snprintf(b, room,
				"%s INFO  [http-%u] c.s.Checkout - order %u of user \"%s\" accepted, %u items, total %u.%02u EUR, took %ums\n", t,
				rnd(16), rnd(1000000), users[rnd(5)], 1 + rnd(9), rnd(500), rnd(100), rnd(80));
	}
}

static int add_access(char *b, size_t room, const char *t)
{
	static const char *const paths[] = {"/", "/cart", "/checkout", "/api/v1/orders/17", "/static/app.js"};

	return snprintf(b, room, "10.0.%u.%u - - [%s] \"GET %s HTTP/1.1\" %s %u \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\" 0.%03u\n", rnd(255),
			rnd(255), t, paths[rnd(5)], rnd(50) ? "200" : "503", rnd(90000), rnd(1000));
}

static int add_json(char *b, size_t room, const char *t)
{
	if (!rnd(50))
		return snprintf(
			b, room,
			"{\"level\":\"error\",\"ts\":\"%s\",\"msg\":\"payment failed\",\"error\":\"dial tcp 10.96.0.%u:6379: i/o timeout\",\"order\":%u}\n",
			t, rnd(255), rnd(1000000));
	return snprintf(
		b, room,
		"{\"level\":\"info\",\"ts\":\"%s\",\"caller\":\"http/server.go:%u\",\"msg\":\"request served\",\"method\":\"GET\",\"path\":\"/cart\",\"status\":200,\"ms\":%u}\n",
		t, rnd(400), rnd(80));
}

static void generate(const char *kind, uint64_t bytes)
{
	static char buf[PIECE + 4096];
	usec_t now = 1795000000 * USEC_PER_SEC;
	size_t len = 0;

	for (uint64_t n = 0; n < bytes;) {
		char t[CLOCK_TEXT_MAX], c[64];
		int k;

		clock_format_rfc3339(now + 1, t);
		now += 200 + rnd(2000);
		if (kind[0] == 'a' && kind[1] == 'c') {
			snprintf(c, sizeof(c), "25/Nov/2026:%.8s +0000", t + 11);
			k = add_access(buf + len, sizeof(buf) - len, c);
		} else {
			k = kind[0] == 'j' ? add_json(buf + len, sizeof(buf) - len, t) : add_application(buf + len, sizeof(buf) - len, t);
		}
		len += (size_t)k;
		n += (uint64_t)k;
		if (len > PIECE || n >= bytes) {
			if (write(STDOUT_FILENO, buf, len) != (ssize_t)len)
				return;
			len = 0;
		}
	}
}

/* Processor time of this process: the machine may be busy with other things. */
static usec_t spent_cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * USEC_PER_SEC + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static long peak_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static int mine(const char *path)
{
	const struct log_mining_options o = {0};
	struct log_miner *m = log_miner_new(&o);
	_cleanup_(mem_freep) char *buf = mem_alloc(PIECE);
	_cleanup_(fd_closep) int fd = open(path, O_RDONLY);
	usec_t begin = spent_cpu(), spent;
	const struct log_mining *g;
	ssize_t n;

	while ((n = read(fd, buf, PIECE)) > 0)
		log_miner_feed(m, buf, (size_t)n);
	g = log_miner_finish(m);
	spent = MAX(spent_cpu() - begin, (usec_t)1);
	printf("mine   %6.0f MB/s  %llu lines, %u shapes, %llu errors, %ld KiB peak\n", (double)g->bytes / (double)spent,
	       (unsigned long long)g->lines, g->template_count, (unsigned long long)g->errors, peak_kib());
	log_miner_free(m);
	return 0;
}

static int count(const char *path, const char *what)
{
	struct log_query q = {0};
	_cleanup_(log_counter_freep) struct log_counter *c = NULL;
	_cleanup_(mem_freep) char *buf = mem_alloc(PIECE);
	_cleanup_(fd_closep) int fd = open(path, O_RDONLY);
	usec_t begin = spent_cpu();
	const struct log_counting *g;
	ssize_t n;

	if (!log_query_status(what, &q))
		q.text = what;
	c = log_counter_new(&q);
	while ((n = read(fd, buf, PIECE)) > 0)
		log_counter_feed(c, buf, (size_t)n);
	g = log_counter_finish(c);
	printf("count  %6.0f MB/s  %llu of %llu lines, %ld KiB peak\n", (double)g->bytes / (double)MAX(spent_cpu() - begin, (usec_t)1),
	       (unsigned long long)g->matched, (unsigned long long)g->lines, peak_kib());
	return 0;
}

static int patterns(void)
{
	static const char line[] = "2026-11-25T10:00:00Z INFO order 17 of user alice accepted, 3 items, total 17.20 EUR, took 12ms, next attempt";
	usec_t begin = spent_cpu(), built;
	int found = log_patterns_match(line, 1);

	built = spent_cpu() - begin;
	begin = spent_cpu();
	for (int i = 0; i < 1000000; i++)
		found += log_patterns_match(line, sizeof(line) - 1);
	printf("patterns: built in %lld us, %.0f MB/s, %zu KiB (%d)\n", (long long)built, 1e6 * sizeof(line) / (double)(spent_cpu() - begin),
	       log_patterns_memory() >> 10, found);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && str_eq(argv[1], "generate"))
		return generate(argv[2], strtoull(argv[3], NULL, 10)), 0;
	if (argc == 3 && str_eq(argv[1], "mine"))
		return mine(argv[2]);
	if (argc == 4 && str_eq(argv[1], "count"))
		return count(argv[2], argv[3]);
	if (argc == 2 && str_eq(argv[1], "patterns"))
		return patterns();
	fprintf(stderr, "usage: bench_logs generate application|access|json BYTES | mine FILE | count FILE STATUS|TEXT | patterns\n");
	return 2;
}
