/* How fast a disk answers: a short measurement with a file of its own, made only when somebody asked for it.
 *
 * Two things are measured, each for MEASURE_SPAN at most: how long fdatasync takes after a small write (what etcd and databases wait for),
 * and how many random 4 KiB writes past the page cache a second holds, with MEASURE_DEPTH waiting at a time. */
#include "platform/machine_internal.h"
#include "base/file.h"
#include "base/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MEASURE_SPAN (2 * USEC_PER_SEC)
#define MEASURE_SYNCS 1000             /* at most */
#define MEASURE_SYNC_BYTES 2300        /* as etcd's documentation has fio do it: a record of its log */
#define MEASURE_FILE ((off_t)64 << 20) /* bytes */
#define MEASURE_FREE 4                 /* the file may take a fourth of what is free, at most */
#define MEASURE_BLOCK 4096
#define MEASURE_WRITES 1000000 /* of each thread, at most */
#define MEASURE_DEPTH 16       /* writes that wait at a time */

static int by_time(const void *a, const void *b)
{
	const usec_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Small appends, each made durable. Returns how many were measured. */
static size_t measure_syncs(struct machine *m, int fd, usec_t *times)
{
	char record[MEASURE_SYNC_BYTES];
	usec_t begun = clock_monotonic();
	size_t count = 0;

	memset(record, 'x', sizeof(record));
	while (count < MEASURE_SYNCS && clock_monotonic() - begun < MEASURE_SPAN && ctx_check(m->ctx, NULL) == 0) {
		usec_t t = clock_monotonic();

		if (pwrite(fd, record, sizeof(record), (off_t)(count * sizeof(record))) != sizeof(record) || fdatasync(fd) < 0)
			break;
		times[count++] = clock_monotonic() - t;
	}
	if (count)
		qsort(times, count, sizeof(*times), by_time);
	return count;
}

struct writing {
	const struct ctx *ctx;
	int fd; /* past the page cache */
	size_t writes[MEASURE_DEPTH];
};

/* Writes over blocks here and there, past the page cache; one of MEASURE_DEPTH that do so at a time. */
static void write_blocks(void *arg, size_t thread)
{
	struct writing *w = arg;
	uint64_t place = 88172645463325252ull + thread * 7919;
	usec_t until = clock_monotonic() + MEASURE_SPAN;
	void *block = NULL;

	if (posix_memalign(&block, MEASURE_BLOCK, MEASURE_BLOCK) != 0)
		return;
	memset(block, 'y', MEASURE_BLOCK);
	while (w->writes[thread] < MEASURE_WRITES && clock_monotonic() < until && ctx_check(w->ctx, NULL) == 0) {
		/* xorshift: where is of no matter, only that it is everywhere and the same in each run. */
		place ^= place << 13;
		place ^= place >> 7;
		place ^= place << 17;
		if (pwrite(w->fd, block, MEASURE_BLOCK, (off_t)(place % (uint64_t)(MEASURE_FILE / MEASURE_BLOCK)) * MEASURE_BLOCK) != MEASURE_BLOCK)
			break;
		w->writes[thread]++;
	}
	free(block);
}

/* 0: this file system cannot do without the page cache. */
static double measure_writes(struct machine *m, int direct)
{
	struct writing w = {.ctx = m->ctx, .fd = direct};
	usec_t begun = clock_monotonic();
	size_t count = 0;

	if (direct < 0)
		return 0;
	pool_run(MEASURE_DEPTH, MEASURE_DEPTH, write_blocks, &w);
	for (size_t i = 0; i < MEASURE_DEPTH; i++)
		count += w.writes[i];
	return (double)count * USEC_PER_SEC / (double)MAX(clock_monotonic() - begun, 1);
}

/* Fills the file, so that writing over it afterwards allocates nothing. */
static bool fill_file(struct machine *m, int fd)
{
	static const char zeros[256 << 10];

	for (off_t at = 0; at < MEASURE_FILE; at += (off_t)sizeof(zeros))
		if (ctx_check(m->ctx, NULL) < 0 || pwrite(fd, zeros, sizeof(zeros), at) != (ssize_t)sizeof(zeros))
			return false;
	return fdatasync(fd) == 0;
}

static void measure(struct machine *m, struct value *result, int fd, int direct)
{
	usec_t *times = arena_new_array(&m->ctx->arena, usec_t, MEASURE_SYNCS);
	size_t count = measure_syncs(m, fd, times);
	double writes;

	if (count) {
		fact_int(m, result, "syncs", (int64_t)count);
		fact_int(m, result, "sync_p50_us", times[count / 2]);
		fact_int(m, result, "sync_p99_us", times[count - 1 - count / 100]);
	}
	if (!fill_file(m, fd)) {
		fact_str(m, result, "error", "the test file could not be written whole");
		return;
	}
	writes = measure_writes(m, direct);
	if (writes > 0)
		fact_int(m, result, "write_iops", (int64_t)writes);
}

void machine_disk_measure(struct machine *m)
{
	struct value result = {.type = VALUE_MAP};
	char *path;
	struct statvfs fs;
	_cleanup_(fd_closep) int fd = -1;
	_cleanup_(fd_closep) int direct = -1;

	if (!m->o->measure_disk)
		return;
	path = arena_strdup(&m->ctx->arena, path_join(&m->ctx->arena, m->o->measure_disk, ".auto-devops-measure-XXXXXX"));
	fact_str(m, &result, "path", m->o->measure_disk);
	if (statvfs(m->o->measure_disk, &fs) < 0) {
		fact_str(m, &result, "error", strerror(errno));
	} else if ((uint64_t)fs.f_bavail * fs.f_frsize / MEASURE_FREE < (uint64_t)MEASURE_FILE) {
		fact_str(m, &result, "error", "too little is free there to measure");
	} else if ((fd = mkostemp(path, O_CLOEXEC)) < 0) {
		fact_str(m, &result, "error", strerror(errno));
	} else {
		direct = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
		unlink(path); /* now: whenever this program is killed, nothing is left */
		measure(m, &result, fd, direct);
	}
	fact_map(m, m->facts, "disk_measurement", result);
}
