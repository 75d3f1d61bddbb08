/* Reaching files of a folder part by part, so that no symbolic link leads out of it. */
#include "platform/tree_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_safe_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool tree_path_is_safe(const char *path)
{
	size_t part = 0;

	if (strlen(path) > TREE_MAX_PATH)
		return false;
	for (const char *p = path;; p++) {
		if (*p == '/' || !*p) {
			if (part == 0 || (part == 1 && p[-1] == '.') || (part == 2 && p[-1] == '.' && p[-2] == '.'))
				return false;
			part = 0;
			if (!*p)
				return true;
		} else if (is_safe_char(*p)) {
			part++;
		} else {
			return false;
		}
	}
}

static int open_folder(int at, const char *name, const char *path, bool make, struct err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags);

	if (fd < 0 && errno == ENOENT && make) {
		if (mkdirat(at, name, 0777) < 0 && errno != EEXIST)
			return err_set_errno(err, errno, "cannot make the folder of %s", path);
		fd = openat(at, name, flags);
	}
	if (fd < 0 && errno == ENOTDIR)
		return err_set(err, ERR_INPUT, "%s: \"%s\" is a symbolic link or no folder; files are neither read nor written through it", path,
			       name);
	return fd < 0 ? err_set_errno(err, errno, "cannot open the folder of %s", path) : fd;
}

int tree_open_parent(int fd, const char *path, bool make, int *ret_fd, const char **ret_name, struct err *err)
{
	_cleanup_(fd_closep) int at = dup(fd);
	const char *slash;

	if (at < 0)
		return err_set_errno(err, errno, "cannot open the folder of %s", path);
	while ((slash = strchr(path, '/'))) {
		char name[TREE_MAX_PATH + 1];
		int next;

		snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
		next = open_folder(at, name, path, make, err);
		if (next < 0)
			return next;
		fd_closep(&at);
		at = next;
		path = slash + 1;
	}
	*ret_fd = at;
	*ret_name = path;
	at = -1;
	return 0;
}

int tree_read_at(int fd, const char *path, struct strbuf *out, struct err *err)
{
	_cleanup_(fd_closep) int parent = -1;
	_cleanup_(fd_closep) int file = -1;
	const char *name;
	struct stat st;
	int r = tree_open_parent(fd, path, false, &parent, &name, err);

	if (r < 0)
		return r;
	file = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file < 0 && errno == ELOOP)
		return err_set(err, ERR_INPUT, "%s is a symbolic link: it is neither read nor written through", path);
	if (file < 0)
		return err_set_errno(err, errno, "cannot open %s", path);
	if (fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is no regular file", path);
	return file_read_fd(file, path, out, err);
}
