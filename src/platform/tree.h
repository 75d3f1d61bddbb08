/* tree: a set of files that the program makes, and how it meets a folder in which people work too.
 *
 * Invariants: paths are relative, of [A-Za-z0-9._-] parts, none of them "." or ".."; no path is given twice; `*.user.yaml` is never made, read
 * or written. In the folder, a file that a person edited is never overwritten nor removed: what was written last is known by its SHA-256 in the
 * folder's file `checksums` (which `sha256sum -c` reads). No symbolic link below the folder is followed.
 * Interruption: everything is written beside the folder's files first (`.generate-new/`), `checksums.next` then says what is coming, each file is
 * moved to its place by rename, and `checksums` is replaced last. Whatever moment ends it, each file is the old one or the new one, and the next
 * run knows both as its own and goes on.
 * Ownership: everything lives in the arena of file_tree_init. Thread rule: one thread; two processes on one folder exclude each other. */
#ifndef PLATFORM_TREE_H
#define PLATFORM_TREE_H

#include "base/crypto.h"
#include "base/ctx.h"
#include "base/file.h"
#include "base/hash.h"

#define TREE_MAX_FILES 200000u
#define TREE_MAX_PATH 240
#define TREE_MAX_FILE ((size_t)64 << 20) /* a file of the folder; bigger ones are not read */
#define TREE_CHECKSUMS "checksums"

struct tree_file {
	const char *path, *data;
	size_t len;
	char hash[SHA256_HEX_LEN + 1];
};

struct file_tree {
	struct arena *arena;
	struct hash by_path;
	struct {
		struct tree_file **items;
		uint32_t len, cap;
	} files; /* by path, once file_tree_compare has sorted them */
};

void file_tree_init(struct file_tree *t, struct arena *arena);
void file_tree_release(struct file_tree *t);
/* Copies the bytes. ERR_INPUT for a path that could leave the folder, ERR_INTERNAL for one given twice or that belongs to a person. */
int file_tree_add(struct file_tree *t, const char *path, const void *data, size_t len, struct err *err);

/* How a path of the folder stands to what was made. */
enum tree_state {
	TREE_NEW,      /* not there: is written */
	TREE_SAME,     /* is there, byte for byte */
	TREE_CHANGED,  /* as it was written last, and made otherwise now: is written */
	TREE_EDITED,   /* a person changed it since, what is made has not changed: kept */
	TREE_CONFLICT, /* both changed: kept */
	TREE_FOREIGN,  /* there, and not written by this program: kept */
	TREE_ADOPTED,  /* edited, and taken as it is by --adopt: kept */
	TREE_REMOVED,  /* as it was written last, and no longer made: is removed */
	TREE_ORPHAN,   /* edited, and no longer made: kept, and forgotten */
};
const char *tree_state_text(enum tree_state state);
/* Is the person's file kept although something else is made? */
bool tree_state_kept(enum tree_state state);

struct tree_change {
	const char *path;
	enum tree_state state;
	const struct tree_file *file;  /* what is made; NULL for REMOVED and ORPHAN */
	char disk[SHA256_HEX_LEN + 1]; /* what lies there; "" = nothing */
};

struct tree_plan {
	struct arena *arena;
	const struct file_tree *tree;
	const char *dir;
	int fd; /* of the folder; -1 when it is not there yet */
	struct hash records;
	struct {
		struct tree_record **items;
		uint32_t len, cap;
	} recorded;
	struct {
		struct tree_change *items;
		uint32_t len, cap;
	} changes; /* by path */
};

/* Looks at the folder; writes nothing. ERR_INPUT for symbolic links in the way, ERR_CONFLICT while another run writes there. */
int file_tree_compare(struct file_tree *t, const char *dir, struct tree_plan *ret, struct err *err);
void tree_plan_release(struct tree_plan *p);
/* Does what the states say. `heading` is the first line of checksums, without "# ". ERR_CANCELLED between two files leaves what the next run goes
 * on from. */
int tree_plan_write(const struct ctx *ctx, struct tree_plan *p, const char *heading, struct err *err);
/* Marks a kept file as adopted: tree_plan_write then records it. False when there is nothing to adopt. */
bool tree_change_adopt(struct tree_change *c);
/* The bytes that lie in the folder, in the plan's arena; NULL when there are none. */
int tree_plan_read(const struct tree_plan *p, const char *path, const char **ret_data, size_t *ret_len, struct err *err);

#endif
