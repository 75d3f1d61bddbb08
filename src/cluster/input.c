/* One file of a recording, compressed or packed or neither: told by its first bytes, at every layer anew (a tar in a zstd stream). */
#include "cluster/recording.h"

#include "format/archive.h"

#define LAYERS_MAX 4 /* a snapshot in a gzipped bundle in ...: more is a trick */

/* A source whose beginning was looked at and is handed out again. */
struct peeked {
	struct source source;
	struct source *inner;
	char head[ARCHIVE_DETECT_BYTES];
	size_t len, pos;
};

static ssize_t read_peeked(struct source *s, void *buf, size_t len, struct err *err)
{
	struct peeked *p = s->arg;
	size_t n = MIN(len, p->len - p->pos);

	if (n == 0)
		return p->inner->read(p->inner, buf, len, err);
	memcpy(buf, p->head + p->pos, n);
	p->pos += n;
	return (ssize_t)n;
}

static unsigned line_of_inner(struct source *s, uint64_t offset)
{
	const struct peeked *p = s->arg;

	return p->inner->line_of ? p->inner->line_of(p->inner, offset) : 0;
}

static int peek(struct peeked *p, struct source *inner, struct err *err)
{
	*p = (struct peeked){.source = {.name = inner->name, .read = read_peeked, .line_of = line_of_inner, .arg = p}, .inner = inner};
	while (p->len < sizeof(p->head)) {
		ssize_t n = inner->read(inner, p->head + p->len, sizeof(p->head) - p->len, err);

		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		p->len += (size_t)n;
	}
	return 0;
}

/* The seams between this room's sources and format/'s inputs. */
static ssize_t feed_archive(void *arg, void *buf, size_t len, struct err *err)
{
	struct source *s = arg;

	return s->read(s, buf, len, err);
}

static ssize_t read_zstd(struct source *s, void *buf, size_t len, struct err *err)
{
	return zstd_reader_read(s->arg, buf, len, err);
}

static ssize_t read_member(struct source *s, void *buf, size_t len, struct err *err)
{
	return archive_reader_read(s->arg, buf, len, err);
}

static int read_layer(struct recording *r, struct source *inner, unsigned layer, struct err *err);

static int read_compressed(struct recording *r, struct source *packed, unsigned layer, struct err *err)
{
	const struct archive_input in = {.read = feed_archive, .arg = packed};
	_cleanup_(zstd_reader_freep) struct zstd_reader *z = NULL;
	struct source s = {.name = packed->name, .read = read_zstd};
	int code = zstd_reader_new(&in, NULL, &z, err);

	s.arg = z;
	return code < 0 ? code : read_layer(r, &s, layer + 1, err);
}

static int read_bundle(struct recording *r, struct source *packed, unsigned layer, struct err *err)
{
	const struct archive_input in = {.read = feed_archive, .arg = packed};
	_cleanup_(archive_reader_freep) struct archive_reader *a = NULL;
	bool many = r->many;
	const char *member;
	int code = archive_reader_new(&in, NULL, &a, err);

	while (code == 0 && (code = archive_reader_next(a, &member, err)) == 1) {
		_cleanup_(strbuf_release) struct strbuf name;
		bool single = str_eq(member, "data"); /* a file that is only compressed */
		struct source s = {.read = read_member, .arg = a};

		strbuf_init(&name, STRBUF_MAX_LINE);
		strbuf_addstr(&name, packed->name);
		if (!single)
			strbuf_addf(&name, "/%s", member);
		s.name = name.buf;
		r->many = many || !single;
		code = ctx_check(r->ctx, err);
		if (code == 0)
			code = read_layer(r, &s, layer + 1, err);
	}
	r->many = many;
	if (code == ERR_INPUT && r->objects && !r->snapshot.is_snapshot) {
		/* A bundle that was cut off: what was read before stands, and people are told. */
		inventory_add_note(r->inv, packed->name, err->message, KIND_COUNT, NULL);
		code = 0;
	}
	return code;
}

static int read_layer(struct recording *r, struct source *inner, unsigned layer, struct err *err)
{
	struct peeked p;
	int code = peek(&p, inner, err);
	enum archive_format format = ARCHIVE_PLAIN;

	if (code == 0)
		format = archive_detect(p.head, p.len);
	if (code == 0 && format != ARCHIVE_PLAIN && layer >= LAYERS_MAX)
		code = err_set(err, ERR_LIMIT, "packed more than %d times (LAYERS_MAX)", LAYERS_MAX);
	if (code == 0 && format == ARCHIVE_PLAIN)
		return recording_read(r, &p.source, err);
	if (code == 0 && format == ARCHIVE_OTHER && r->many)
		return 0; /* some other file of the folder */
	if (code == 0 && format == ARCHIVE_OTHER)
		code = err_set(err, ERR_INPUT, "it is packed with %s, which is not read here: unpack it first", archive_format_text(p.head, p.len));
	else if (code == 0)
		code = format == ARCHIVE_ZSTD ? read_compressed(r, &p.source, layer, err) : read_bundle(r, &p.source, layer, err);
	if (code == 0)
		return 0;
	if (strncmp(err->message, inner->name, strlen(inner->name)) != 0)
		code = err_wrap(err, "%s", inner->name);
	return recording_tolerate(r, inner->name, err);
}

int recording_read_file(struct recording *r, struct source *s, struct err *err)
{
	if (++r->files > RECORDING_FILES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d files (RECORDING_FILES_MAX)", RECORDING_FILES_MAX);
	return read_layer(r, s, 0, err);
}
