/* A set of files, and what has to be done so that a folder holds it without losing what people wrote there. */
#include "platform/tree_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void file_tree_init(struct file_tree *t, struct arena *arena)
{
	*t = (struct file_tree){.arena = arena};
	hash_init(&t->by_path);
}

void file_tree_release(struct file_tree *t)
{
	hash_release(&t->by_path);
}

int file_tree_add(struct file_tree *t, const char *path, const void *data, size_t len, struct err *err)
{
	struct tree_file *f;

	if (!tree_path_is_safe(path))
		return err_set(err, ERR_INPUT, "\"%.200s\" cannot be the path of a generated file", path);
	if (str_ends(path, ".user.yaml") || str_eq(path, TREE_CHECKSUMS) || str_eq(path, TREE_NEXT))
		return err_set(err, ERR_INTERNAL, "%s is not to be generated", path);
	if (hash_get(&t->by_path, path, strlen(path)))
		return err_set(err, ERR_INTERNAL, "%s is generated twice", path);
	if (t->files.len >= TREE_MAX_FILES)
		return err_set(err, ERR_LIMIT, "more than %u generated files", TREE_MAX_FILES);
	f = arena_new(t->arena, struct tree_file);
	f->path = arena_strdup(t->arena, path);
	f->data = arena_strndup(t->arena, data, len);
	f->len = len;
	crypto_sha256_hex(data, len, f->hash);
	hash_put(&t->by_path, f->path, strlen(f->path), f);
	*arena_push(t->arena, &t->files) = f;
	return 0;
}

const char *tree_state_text(enum tree_state state)
{
	static const char *const texts[] = {"new", "same", "changed", "edited", "conflict", "foreign", "adopted", "removed", "orphan"};

	return texts[state];
}

bool tree_state_kept(enum tree_state state)
{
	return state == TREE_EDITED || state == TREE_CONFLICT || state == TREE_FOREIGN;
}

static bool is_ours(const struct tree_record *r, const char *disk)
{
	if (!r->made[0] && str_eq(r->disk, disk))
		return true;
	for (const struct tree_announced *a = r->announced; a; a = a->next)
		if (str_eq(a->hash, disk))
			return true;
	return false;
}

static enum tree_state state_of(const struct tree_record *r, const char *disk, const struct tree_file *f)
{
	if (!*disk)
		return TREE_NEW;
	if (str_eq(disk, f->hash))
		return TREE_SAME;
	if (!r)
		return TREE_FOREIGN;
	if (is_ours(r, disk))
		return TREE_CHANGED;
	if (r->made[0] && str_eq(r->disk, disk))
		return str_eq(r->made, f->hash) ? TREE_ADOPTED : TREE_CONFLICT;
	return str_eq(r->made[0] ? r->made : r->disk, f->hash) ? TREE_EDITED : TREE_CONFLICT;
}

/* The hash of what lies at a path; "" when nothing does. */
static int hash_of(const struct tree_plan *p, const char *path, struct strbuf *buf, char ret[SHA256_HEX_LEN + 1], struct err *err)
{
	int r;

	ret[0] = 0;
	strbuf_truncate(buf, 0);
	r = tree_read_at(p->fd, path, buf, err);
	if (r == ERR_NOT_FOUND)
		return 0;
	if (r < 0)
		return r;
	crypto_sha256_hex(buf->buf, buf->len, ret);
	return 0;
}

static int open_dir(struct tree_plan *p, struct err *err)
{
	p->fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->fd < 0 && errno == ENOENT)
		return 0;
	if (p->fd < 0)
		return err_set_errno(err, errno, "cannot open the folder %s", p->dir);
	if (flock(p->fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, ERR_CONFLICT, "another run works on %s; wait until it has ended", p->dir);
	return tree_records_read(p, err);
}

static int compare_made(struct file_tree *t, struct tree_plan *p, struct strbuf *buf, struct err *err)
{
	for (uint32_t i = 0; i < t->files.len; i++) {
		const struct tree_file *f = t->files.items[i];
		struct tree_change c = {.path = f->path, .file = f};
		int r = p->fd < 0 ? 0 : hash_of(p, f->path, buf, c.disk, err);

		if (r < 0)
			return err_wrap(err, "in %s", p->dir);
		c.state = state_of(tree_record_of(p, f->path, false), c.disk, f);
		*arena_push(p->arena, &p->changes) = c;
	}
	return 0;
}

/* What was written before and is not made any more. */
static int compare_recorded(const struct file_tree *t, struct tree_plan *p, struct strbuf *buf, struct err *err)
{
	for (uint32_t i = 0; i < p->recorded.len; i++) {
		const struct tree_record *record = p->recorded.items[i];
		struct tree_change c = {.path = record->path};
		int r;

		if (hash_get(&t->by_path, record->path, strlen(record->path)))
			continue;
		r = hash_of(p, record->path, buf, c.disk, err);
		if (r < 0)
			return err_wrap(err, "in %s", p->dir);
		if (!c.disk[0])
			continue;
		c.state = is_ours(record, c.disk) ? TREE_REMOVED : TREE_ORPHAN;
		*arena_push(p->arena, &p->changes) = c;
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tree_change *)a)->path, ((const struct tree_change *)b)->path);
}

int file_tree_compare(struct file_tree *t, const char *dir, struct tree_plan *ret, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf buf;
	int r;

	*ret = (struct tree_plan){.arena = t->arena, .tree = t, .dir = dir, .fd = -1};
	hash_init(&ret->records);
	strbuf_init(&buf, TREE_MAX_FILE);
	r = open_dir(ret, err);
	if (r == 0)
		r = compare_made(t, ret, &buf, err);
	if (r == 0 && ret->fd >= 0)
		r = compare_recorded(t, ret, &buf, err);
	if (r < 0) {
		tree_plan_release(ret);
		return r;
	}
	if (ret->changes.len)
		qsort(ret->changes.items, ret->changes.len, sizeof(*ret->changes.items), by_path);
	return 0;
}

void tree_plan_release(struct tree_plan *p)
{
	hash_release(&p->records);
	fd_closep(&p->fd);
}

bool tree_change_adopt(struct tree_change *c)
{
	if (!tree_state_kept(c->state))
		return false;
	c->state = TREE_ADOPTED;
	return true;
}

int tree_plan_read(const struct tree_plan *p, const char *path, const char **ret_data, size_t *ret_len, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf buf;
	int r;

	strbuf_init(&buf, TREE_MAX_FILE);
	r = p->fd < 0 ? ERR_NOT_FOUND : tree_read_at(p->fd, path, &buf, err);
	if (r < 0 && r != ERR_NOT_FOUND)
		return r;
	*ret_len = buf.len;
	*ret_data = r < 0 ? NULL : arena_strndup(p->arena, buf.buf, buf.len);
	return 0;
}
