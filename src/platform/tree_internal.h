/* Parts of tree: the folder's records (checksums), and files reached without following a symbolic link. Internal to platform/tree*.c. */
#ifndef PLATFORM_TREE_INTERNAL_H
#define PLATFORM_TREE_INTERNAL_H

#include "platform/tree.h"

#define TREE_NEXT "checksums.next"
#define TREE_STAGING ".generate-new"

/* What is known of a path that was written before. */
struct tree_record {
	const char *path;
	char disk[SHA256_HEX_LEN + 1]; /* its bytes in the folder; "" = only announced */
	char made[SHA256_HEX_LEN + 1]; /* adopted: what had been made instead; else "" */
	struct tree_announced *announced;
};

/* Bytes that an interrupted run may have moved to the path. */
struct tree_announced {
	char hash[SHA256_HEX_LEN + 1];
	struct tree_announced *next;
};

bool tree_path_is_safe(const char *path);
/* The folder of a path below fd, without following links: *ret_fd to be closed, *ret_name the last part. With make, folders are made.
 * ERR_NOT_FOUND when a folder is missing. */
int tree_open_parent(int fd, const char *path, bool make, int *ret_fd, const char **ret_name, struct err *err);
/* Reads a regular file; ERR_NOT_FOUND when it is not there, ERR_INPUT when it is a link or a folder. */
int tree_read_at(int fd, const char *path, struct strbuf *out, struct err *err);

int tree_records_read(struct tree_plan *p, struct err *err);
struct tree_record *tree_record_of(struct tree_plan *p, const char *path, bool make);

#endif
