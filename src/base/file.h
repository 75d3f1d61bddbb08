/* Files: read whole with a limit, replace atomically, cache and configuration folders.
 *
 * Thread rule: any thread. Paths are used as given; "~/" is not expanded (path_expand_home does). */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "arena.h"
#include "strbuf.h"

/* Appends the file's (or, for "-", standard input's) bytes; ERR_LIMIT past out->max naming the path. */
int file_read(const char *path, struct strbuf *out, struct err *err);
/* The same of an open file, which stays open; path is for messages. */
int file_read_fd(int fd, const char *path, struct strbuf *out, struct err *err);
/* Writes to a temporary file beside path, fsyncs, renames; on failure path is as before. */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *err);
/* mkdir -p. */
int dir_make(const char *path, mode_t mode, struct err *err);
/* $XDG_CACHE_HOME/auto-devops or ~/.cache/auto-devops; NULL when there is no home. */
const char *path_cache_dir(struct arena *a);
const char *path_config_dir(struct arena *a);
const char *path_expand_home(struct arena *a, const char *path);
const char *path_join(struct arena *a, const char *dir, const char *name);
const char *path_dirname(struct arena *a, const char *path);

#endif
