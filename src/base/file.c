#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP ((size_t)64 << 10)

int file_read_fd(int fd, const char *path, struct strbuf *out, struct err *err)
{
	for (;;) {
		size_t room;
		char *to = strbuf_grow(out, READ_STEP, &room), extra;
		/* At the limit one more byte is asked for, to tell "exactly full" from "too big". */
		ssize_t n = read(fd, room ? to : &extra, room ? room : 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(err, errno, "cannot read %s", path);
		if (n == 0)
			return 0;
		if (!room) {
			out->overflow = true;
			return strbuf_check(out, path, err);
		}
		out->len += (size_t)n;
		out->buf[out->len] = 0;
	}
}

int file_read(const char *path, struct strbuf *out, struct err *err)
{
	_cleanup_(fd_closep) int fd = -1;
	struct stat st;
	size_t room;

	if (str_eq(path, "-"))
		return file_read_fd(STDIN_FILENO, "standard input", out, err);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_set_errno(err, errno, "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return err_set_errno(err, errno, "cannot read %s", path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is a folder, not a file", path);
	if (S_ISREG(st.st_mode) && st.st_size > 0 && (size_t)st.st_size <= out->max - out->len)
		strbuf_grow(out, (size_t)st.st_size, &room);
	return file_read_fd(fd, path, out, err);
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Something like /dev/stdout or a pipe cannot be replaced by rename: it is written in place. */
static int write_special(const char *path, const void *data, size_t len, struct err *err)
{
	_cleanup_(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	int r = fd < 0 ? -errno : write_all(fd, data, len);

	return r < 0 ? err_set_errno(err, -r, "cannot write %s", path) : 0;
}

static int write_beside(int fd, const char *temporary, const char *path, const void *data, size_t len, mode_t mode)
{
	int r = write_all(fd, data, len);

	if (r < 0)
		return r;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0)
		return -errno;
	return 0;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
	_cleanup_(fd_closep) int fd = -1;
	_cleanup_(mem_freep) char *real = NULL;
	_cleanup_(mem_freep) char *temporary = NULL;
	struct stat st;
	size_t size;
	int r;

	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return err_set(err, ERR_IO, "cannot write %s: it is a folder", path);
		if (!S_ISREG(st.st_mode))
			return write_special(path, data, len, err);
		real = realpath(path, NULL); /* through a symbolic link, the file behind it is replaced */
	}
	if (real)
		path = real;
	size = strlen(path) + sizeof(".XXXXXX");
	temporary = mem_alloc(size);
	snprintf(temporary, size, "%s.XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return err_set_errno(err, errno, "cannot write %s", path);
	r = write_beside(fd, temporary, path, data, len, mode);
	if (r < 0) {
		unlink(temporary);
		return err_set_errno(err, -r, "cannot write %s", path);
	}
	return 0;
}

int dir_make(const char *path, mode_t mode, struct err *err)
{
	_cleanup_(mem_freep) char *copy = mem_strdup(path);
	struct stat st;

	for (char *p = copy + 1; *copy && *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return err_set_errno(err, errno, "cannot make folder %s", copy);
		*p = '/';
	}
	if (mkdir(copy, mode) == 0)
		return 0;
	if (errno == EEXIST && stat(copy, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return err_set_errno(err, errno == EEXIST ? ENOTDIR : errno, "cannot make folder %s", path);
}

static const char *home_dir(void)
{
	const char *home = getenv("HOME");

	return home && *home ? home : NULL;
}

static const char *xdg_dir(struct arena *a, const char *variable, const char *below_home)
{
	const char *dir = getenv(variable), *home = home_dir();

	/* The XDG specification: a relative path is to be ignored. */
	if (dir && *dir == '/')
		return path_join(a, dir, "auto-devops");
	return home ? arena_printf(a, "%s/%s/auto-devops", home, below_home) : NULL;
}

const char *path_cache_dir(struct arena *a)
{
	return xdg_dir(a, "XDG_CACHE_HOME", ".cache");
}

const char *path_config_dir(struct arena *a)
{
	return xdg_dir(a, "XDG_CONFIG_HOME", ".config");
}

const char *path_expand_home(struct arena *a, const char *path)
{
	const char *home = home_dir();

	if (path[0] != '~' || (path[1] && path[1] != '/') || !home)
		return path;
	return arena_printf(a, "%s%s", home, path + 1);
}

const char *path_join(struct arena *a, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	if (*name == '/' || n == 0)
		return arena_strdup(a, name);
	return arena_printf(a, "%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

const char *path_dirname(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/" : arena_strndup(a, path, (size_t)(slash - path));
}
