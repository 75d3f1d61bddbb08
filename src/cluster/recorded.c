/* --from FILE|DIR|-: finds the files of a recording and reads each. */
#include "cluster/inventory_internal.h"
#include "cluster/recording.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)64 << 10)

static ssize_t read_fd(struct source *s, void *buf, size_t len, struct err *err)
{
	const int *fd = s->arg;
	ssize_t n;

	do
		n = read(*fd, buf, len);
	while (n < 0 && errno == EINTR && !ctx_interrupted);
	return n < 0 ? err_set_errno(err, errno, "cannot read %s", s->name) : n;
}

/* Read again from the beginning: only after an error, and only where that can be done. */
static unsigned line_of_fd(struct source *s, uint64_t offset)
{
	_cleanup_(mem_freep) char *buf = mem_alloc(PIECE);
	const int *fd = s->arg;
	uint64_t at = 0;
	unsigned line = 1;

	while (at < offset) {
		ssize_t n = pread(*fd, buf, (size_t)MIN(offset - at, (uint64_t)PIECE), (off_t)at);

		if (n <= 0)
			return 0;
		for (ssize_t i = 0; i < n; i++)
			line += buf[i] == '\n';
		at += (uint64_t)n;
	}
	return line;
}

static int read_open_file(struct recording *r, const char *name, int fd, struct err *err)
{
	struct source s = {.name = name, .read = read_fd, .line_of = line_of_fd, .arg = &fd};

	return recording_read_file(r, &s, err);
}

/* --- folders -------------------------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
	char **items;
	uint32_t len, cap;
};

static void names_release(struct names *names)
{
	for (uint32_t i = 0; i < names->len; i++)
		mem_free(names->items[i]);
	mem_free(names->items);
}

/* A folder's entries in order of their names, so that the same folder always gives the same inventory. Hidden ones are left out. */
static int list_folder(int fd, const char *path, struct names *ret, struct err *err)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;

	if (!d) {
		int code = err_set_errno(err, errno, "cannot read the folder %s", path);

		close(fd);
		return code;
	}
	while ((e = readdir(d)) && ret->len <= RECORDING_FILES_MAX)
		if (e->d_name[0] != '.')
			*heap_push(ret) = mem_strdup(e->d_name);
	closedir(d);
	if (ret->len > RECORDING_FILES_MAX)
		return err_set(err, ERR_LIMIT, "%s: more than %d files (RECORDING_FILES_MAX)", path, RECORDING_FILES_MAX);
	if (ret->len)
		qsort(ret->items, ret->len, sizeof(*ret->items), compare_names);
	return 0;
}

static int read_folder(struct recording *r, int fd, const char *path, unsigned depth, struct err *err);

/* One entry: opened without following a link out of (or round in) the folder, and without waiting for a pipe. */
static int read_entry(struct recording *r, int parent, const char *path, const char *name, unsigned depth, struct err *err)
{
	int fd = openat(parent, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int code;

	if (fd < 0 && errno == ELOOP) {
		r->links++;
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		code = err_set_errno(err, errno, "cannot open it");
		fd_closep(&fd);
		return recording_tolerate(r, path, err);
	}
	if (S_ISDIR(st.st_mode))
		return read_folder(r, fd, path, depth + 1, err);
	code = S_ISREG(st.st_mode) ? read_open_file(r, path, fd, err) : 0;
	fd_closep(&fd);
	return code;
}

/* Takes fd over. */
static int read_folder(struct recording *r, int fd, const char *path, unsigned depth, struct err *err)
{
	_cleanup_(names_release) struct names names = {0};
	_cleanup_(fd_closep) int here = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	int code = list_folder(fd, path, &names, err);

	if (code == 0 && here < 0)
		code = err_set_errno(err, errno, "cannot read the folder %s", path);
	if (code == 0 && depth > RECORDING_DEPTH_MAX)
		code = err_set(err, ERR_LIMIT, "%s: folders deeper than %d (RECORDING_DEPTH_MAX)", path, RECORDING_DEPTH_MAX);
	for (uint32_t i = 0; i < names.len && code == 0; i++) {
		_cleanup_(strbuf_release) struct strbuf full;

		strbuf_init(&full, STRBUF_MAX_LINE);
		strbuf_addf(&full, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", names.items[i]);
		code = ctx_check(r->ctx, err);
		if (code == 0)
			code = read_entry(r, here, full.buf, names.items[i], depth, err);
	}
	return code;
}

/* --- the whole ------------------------------------------------------------------------------------------------------------------ */

static int read_path(struct recording *r, const char *from, struct err *err)
{
	_cleanup_(fd_closep) int fd = -1;
	struct stat st;

	if (str_eq(from, "-"))
		return read_open_file(r, "standard input", STDIN_FILENO, err);
	fd = open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_set_errno(err, errno, "cannot open %s", from);
		err->code = ERR_INPUT;
		return ERR_INPUT;
	}
	if (S_ISDIR(st.st_mode)) {
		int folder = fd;

		fd = -1;
		r->many = true;
		return read_folder(r, folder, from, 0, err);
	}
	return read_open_file(r, from, fd, err);
}

/* A file is called by its name alone: the folders above it may say more than a snapshot of it should repeat. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : str_eq(path, "-") ? "standard input" : path;
}

int recorded_open(struct ctx *ctx, const struct cluster_options *options, struct cluster *c, struct err *err)
{
	struct err own = {0};
	struct recording r;
	int code;

	err = err ? err : &own;
	recording_init(&r, ctx, c->inv, options->from);
	code = read_path(&r, options->from, err);
	if (code == 0)
		code = recording_finish(&r, err);
	if (code == 0) {
		if (options->now)
			inventory_set_now(c->inv, options->now);
		inventory_seal(c->inv);
		cluster_set_names(c, r.snapshot.is_snapshot ? r.snapshot.cluster : base_name(options->from), options->from,
				  options->ns ? options->ns : r.snapshot.ns);
	}
	recording_release(&r);
	return code;
}
