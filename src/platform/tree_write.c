/* Bringing a folder to what a plan says, so that an end at any moment leaves whole files only and can be gone on from. */
#include "platform/tree_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many files are synced one by one. */
#define SYNC_EACH 256
#define CHECKSUMS_MAX ((size_t)128 << 20)

static bool is_written(const struct tree_change *c)
{
	return c->state == TREE_NEW || c->state == TREE_CHANGED;
}

static int write_whole(int at, const char *name, const char *data, size_t len, bool sync, struct err *err)
{
	_cleanup_(fd_closep) int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);

	if (fd < 0)
		return err_set_errno(err, errno, "cannot write %s", name);
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(err, errno, "cannot write %s", name);
		data += n;
		len -= (size_t)n;
	}
#ifdef SYNC_FILE_RANGE_WRITE
	/* Begun now, it is mostly done when sync_staged waits for it. */
	if (!sync)
		sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
	return sync && fsync(fd) < 0 ? err_set_errno(err, errno, "cannot write %s", name) : 0;
}

/* Replaces one of the folder's own two lists. */
static int replace(const struct tree_plan *p, const char *name, const struct strbuf *text, struct err *err)
{
	const char *beside = TREE_STAGING "/list";
	int r = strbuf_check(text, name, err);

	if (r < 0 || (r = write_whole(p->fd, beside, text->buf, text->len, true, err)) < 0)
		return r;
	return renameat(p->fd, beside, p->fd, name) < 0 ? err_set_errno(err, errno, "cannot write %s/%s", p->dir, name) : 0;
}

static void announce(const struct tree_plan *p, struct strbuf *out)
{
	strbuf_addstr(out, "# What an interrupted run may have written; the next run removes this file.\n");
	for (uint32_t i = 0; i < p->recorded.len; i++)
		for (const struct tree_announced *a = p->recorded.items[i]->announced; a; a = a->next)
			strbuf_addf(out, "%s  %s\n", a->hash, p->recorded.items[i]->path);
	for (uint32_t i = 0; i < p->changes.len; i++)
		if (is_written(&p->changes.items[i]))
			strbuf_addf(out, "%s  %s\n", p->changes.items[i].file->hash, p->changes.items[i].path);
}

static void list(struct tree_plan *p, const char *heading, struct strbuf *out)
{
	strbuf_addf(out, "# %s\n", heading);
	for (uint32_t i = 0; i < p->changes.len; i++) {
		const struct tree_change *c = &p->changes.items[i];
		const struct tree_record *r = tree_record_of(p, c->path, false);
		const char *disk = "", *made = "";

		if (is_written(c) || c->state == TREE_SAME) {
			disk = c->file->hash;
		} else if (c->state == TREE_ADOPTED) {
			disk = c->disk;
			made = c->file->hash;
		} else if ((c->state == TREE_EDITED || c->state == TREE_CONFLICT) && r) {
			disk = r->disk;
			made = r->made;
		}
		if (*made)
			strbuf_addf(out, "# instead of %s\n", made);
		if (*disk)
			strbuf_addf(out, "%s  %s\n", disk, c->path);
	}
}

/* A power cut after the renames must not leave empty files. By now most of them are on the disk, or come with the first one; from some hundreds on
 * one call for the whole file system is faster, although it waits for what others write. */
static int sync_staged(const struct ctx *ctx, const struct tree_plan *p, int staging, uint32_t written, struct err *err)
{
#ifdef SYNC_FILE_RANGE_WRITE
	if (written > SYNC_EACH)
		return syncfs(staging) < 0 ? err_set_errno(err, errno, "cannot write to %s", p->dir) : 0;
#endif
	for (uint32_t i = 0; i < p->changes.len; i++) {
		_cleanup_(fd_closep) int fd = -1;
		char name[16];
		int r = ctx_check(ctx, err);

		if (r < 0)
			return r;
		if (!is_written(&p->changes.items[i]))
			continue;
		snprintf(name, sizeof(name), "%u", i);
		fd = openat(staging, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fsync(fd) < 0)
			return err_set_errno(err, errno, "cannot write to %s", p->dir);
	}
	return 0;
}

/* Writes all that is new beside the folder's files, under numbers. */
static int stage(const struct ctx *ctx, const struct tree_plan *p, int staging, struct err *err)
{
	uint32_t written = 0;

	for (uint32_t i = 0; i < p->changes.len; i++) {
		const struct tree_change *c = &p->changes.items[i];
		char name[16];
		int r;

		if (!is_written(c))
			continue;
		snprintf(name, sizeof(name), "%u", i);
		if ((r = ctx_check(ctx, err)) < 0 || (r = write_whole(staging, name, c->file->data, c->file->len, false, err)) < 0)
			return r;
		written++;
	}
	return sync_staged(ctx, p, staging, written, err);
}

/* The folder of the file before: files come in the order of their paths, many of one folder in a row. */
struct last_folder {
	const char *path; /* of a file in it */
	size_t len;       /* of the folder's part of that, with the slash */
	int fd;
};

static int move(const struct tree_plan *p, int staging, uint32_t i, struct last_folder *folder, struct err *err)
{
	const char *path = p->changes.items[i].path, *slash = strrchr(path, '/'), *last;
	const size_t len = slash ? (size_t)(slash + 1 - path) : 0;
	char name[16];
	int r;

	if (folder->fd < 0 || folder->len != len || memcmp(folder->path, path, len) != 0) {
		fd_closep(&folder->fd);
		if ((r = tree_open_parent(p->fd, path, true, &folder->fd, &last, err)) < 0)
			return r;
		folder->path = path;
		folder->len = len;
	}
	snprintf(name, sizeof(name), "%u", i);
	return renameat(staging, name, folder->fd, path + len) < 0 ? err_set_errno(err, errno, "cannot write %s/%s", p->dir, path) : 0;
}

/* Removes a file, and the folders that are empty then. */
static int discard(const struct tree_plan *p, const char *path, struct err *err)
{
	char *rest = arena_strdup(p->arena, path);

	for (int flags = 0;; flags = AT_REMOVEDIR) {
		_cleanup_(fd_closep) int parent = -1;
		const char *last;
		char *slash = strrchr(rest, '/');
		int r = tree_open_parent(p->fd, rest, false, &parent, &last, err);

		if (r < 0)
			return r;
		if (unlinkat(parent, last, flags) < 0)
			return flags || errno == ENOENT ? 0 : err_set_errno(err, errno, "cannot remove %s/%s", p->dir, path);
		if (!slash)
			return 0;
		*slash = 0;
	}
}

static int carry_out(const struct ctx *ctx, const struct tree_plan *p, int staging, struct err *err)
{
	struct last_folder folder = {.fd = -1};
	int r = 0;

	for (uint32_t i = 0; i < p->changes.len && r == 0; i++) {
		const struct tree_change *c = &p->changes.items[i];

		r = ctx_check(ctx, err);
		if (r == 0 && is_written(c))
			r = move(p, staging, i, &folder, err);
		else if (r == 0 && c->state == TREE_REMOVED)
			r = discard(p, c->path, err);
	}
	fd_closep(&folder.fd);
	return r;
}

/* The folder of files to come, empty: what an earlier run left in it is in no record yet, or has been announced and is made again. */
static int open_staging(struct tree_plan *p, struct err *err)
{
	int fd;

	if (mkdirat(p->fd, TREE_STAGING, 0777) < 0 && errno != EEXIST)
		return err_set_errno(err, errno, "cannot write to %s", p->dir);
	fd = openat(p->fd, TREE_STAGING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set_errno(err, errno, "cannot open %s/" TREE_STAGING, p->dir) : fd;
}

/* With what an interrupted run left in it. */
static void remove_staging(const struct tree_plan *p, int *staging)
{
	DIR *d = fdopendir(*staging);
	const struct dirent *e;

	if (!d)
		return;
	rewinddir(d);
	while ((e = readdir(d)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			unlinkat(*staging, e->d_name, 0);
	closedir(d);
	*staging = -1;
	unlinkat(p->fd, TREE_STAGING, AT_REMOVEDIR);
}

static int open_new(struct tree_plan *p, struct err *err)
{
	int r;

	if (p->fd >= 0)
		return 0;
	r = dir_make(p->dir, 0777, err);
	if (r < 0)
		return r;
	p->fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return p->fd < 0 ? err_set_errno(err, errno, "cannot open the folder %s", p->dir) : 0;
}

static bool has_work(const struct tree_plan *p)
{
	for (uint32_t i = 0; i < p->changes.len; i++)
		if (is_written(&p->changes.items[i]) || p->changes.items[i].state == TREE_REMOVED)
			return true;
	return false;
}

static bool is_text_there(const struct tree_plan *p, const struct strbuf *text)
{
	const char *there;
	size_t len;

	return tree_plan_read(p, TREE_CHECKSUMS, &there, &len, NULL) == 0 && there && len == text->len && memcmp(there, text->buf, len) == 0;
}

int tree_plan_write(const struct ctx *ctx, struct tree_plan *p, const char *heading, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf next;
	_cleanup_(strbuf_release) struct strbuf last;
	_cleanup_(fd_closep) int staging = -1;
	int r;

	strbuf_init(&next, CHECKSUMS_MAX);
	strbuf_init(&last, CHECKSUMS_MAX);
	if ((r = open_new(p, err)) < 0)
		return r;
	list(p, heading, &last);
	if (!has_work(p) && is_text_there(p, &last) && faccessat(p->fd, TREE_STAGING, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    faccessat(p->fd, TREE_NEXT, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	staging = open_staging(p, err);
	if (staging < 0)
		return staging;
	announce(p, &next);
	if ((r = stage(ctx, p, staging, err)) < 0 || (r = replace(p, TREE_NEXT, &next, err)) < 0 || (r = carry_out(ctx, p, staging, err)) < 0 ||
	    (r = replace(p, TREE_CHECKSUMS, &last, err)) < 0)
		return r;
	unlinkat(p->fd, TREE_NEXT, 0);
	remove_staging(p, &staging);
	return fsync(p->fd) < 0 && errno != EINVAL ? err_set_errno(err, errno, "cannot write %s", p->dir) : 0;
}
