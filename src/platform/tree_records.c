/* checksums and checksums.next: what was written last, and what an interrupted run may have written since. */
#include "platform/tree_internal.h"

/* A line is "HASH  PATH"; before an adopted file's line stands "# instead of HASH". */
#define ADOPTED "# instead of "
#define CHECKSUMS_MAX ((size_t)128 << 20)

struct tree_record *tree_record_of(struct tree_plan *p, const char *path, bool make)
{
	struct tree_record *r = hash_get(&p->records, path, strlen(path));

	if (r || !make)
		return r;
	r = arena_new(p->arena, struct tree_record);
	r->path = arena_strdup(p->arena, path);
	hash_put(&p->records, r->path, strlen(r->path), r);
	*arena_push(p->arena, &p->recorded) = r;
	return r;
}

static bool read_hash(const char *s, char ret[SHA256_HEX_LEN + 1])
{
	for (size_t i = 0; i < SHA256_HEX_LEN; i++) {
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
		ret[i] = s[i];
	}
	ret[SHA256_HEX_LEN] = 0;
	return true;
}

static void record(struct tree_plan *p, const char *path, const char *hash, const char *made, bool is_next)
{
	struct tree_record *r = tree_record_of(p, path, true);
	struct tree_announced *a;

	if (!is_next) {
		memcpy(r->disk, hash, sizeof(r->disk));
		memcpy(r->made, made, sizeof(r->made));
		return;
	}
	a = arena_new(p->arena, struct tree_announced);
	memcpy(a->hash, hash, sizeof(a->hash));
	a->next = r->announced;
	r->announced = a;
}

static int read_file(struct tree_plan *p, const char *name, bool is_next, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text;
	char made[SHA256_HEX_LEN + 1] = "", hash[SHA256_HEX_LEN + 1];
	unsigned number = 0;
	int r;

	strbuf_init(&text, CHECKSUMS_MAX);
	r = tree_read_at(p->fd, name, &text, err);
	if (r == ERR_NOT_FOUND)
		return 0;
	if (r < 0)
		return r;
	for (char *line = text.buf, *end; *line; line = end + 1) {
		number++;
		end = strchr(line, '\n');
		if (!end)
			return err_set(err, ERR_INPUT, "%s/%s:%u: the last line is cut", p->dir, name, number);
		*end = 0;
		if (strncmp(line, ADOPTED, strlen(ADOPTED)) == 0) {
			if (strlen(line) != strlen(ADOPTED) + SHA256_HEX_LEN || !read_hash(line + strlen(ADOPTED), made))
				return err_set(err, ERR_INPUT, "%s/%s:%u: no SHA-256 after \"" ADOPTED "\"", p->dir, name, number);
			continue;
		}
		if (*line == '#' || !*line)
			continue;
		if ((size_t)(end - line) < SHA256_HEX_LEN + 3 || !read_hash(line, hash) || strncmp(line + SHA256_HEX_LEN, "  ", 2) != 0 ||
		    !tree_path_is_safe(line + SHA256_HEX_LEN + 2))
			return err_set(err, ERR_INPUT,
				       "%s/%s:%u: no \"SHA-256  PATH\" line; take the file back from version control, or remove it: then "
				       "every file that differs counts as edited",
				       p->dir, name, number);
		if (p->recorded.len >= TREE_MAX_FILES)
			return err_set(err, ERR_LIMIT, "%s/%s: more than %u files", p->dir, name, TREE_MAX_FILES);
		record(p, line + SHA256_HEX_LEN + 2, hash, made, is_next);
		made[0] = 0;
	}
	return 0;
}

int tree_records_read(struct tree_plan *p, struct err *err)
{
	int r = read_file(p, TREE_CHECKSUMS, false, err);

	return r < 0 ? r : read_file(p, TREE_NEXT, true, err);
}
