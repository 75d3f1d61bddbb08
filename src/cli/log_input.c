#include "cli/log_input.h"

#include "format/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)256 << 10)

/* Bytes whose beginning was looked at and is handed out again. */
struct peeked {
	struct archive_input inner;
	char head[ARCHIVE_DETECT_BYTES];
	size_t len, pos;
};

struct reading {
	const struct ctx *ctx;
	const struct log_sink *sink;
	char *piece;
};

static ssize_t read_peeked(void *arg, void *buf, size_t len, struct err *err)
{
	struct peeked *p = arg;
	size_t n = MIN(len, p->len - p->pos);

	if (n == 0)
		return p->inner.read(p->inner.arg, buf, len, err);
	memcpy(buf, p->head + p->pos, n);
	p->pos += n;
	return (ssize_t)n;
}

static int peek(struct peeked *p, const struct archive_input *inner, struct err *err)
{
	*p = (struct peeked){.inner = *inner};
	while (p->len < sizeof(p->head)) {
		ssize_t n = inner->read(inner->arg, p->head + p->len, sizeof(p->head) - p->len, err);

		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		p->len += (size_t)n;
	}
	return 0;
}

static ssize_t read_fd(void *arg, void *buf, size_t len, struct err *err)
{
	const int *fd = arg;
	ssize_t n;

	do
		n = read(*fd, buf, len);
	while (n < 0 && errno == EINTR && !ctx_interrupted);
	if (n < 0 && errno == EINTR)
		return err_set(err, ERR_CANCELLED, "interrupted");
	return n < 0 ? err_set_errno(err, errno, "cannot read it") : n;
}

static ssize_t read_zstd(void *arg, void *buf, size_t len, struct err *err)
{
	return zstd_reader_read(arg, buf, len, err);
}

static ssize_t read_member(void *arg, void *buf, size_t len, struct err *err)
{
	return archive_reader_read(arg, buf, len, err);
}

static int read_layer(struct reading *r, const struct archive_input *in, const char *name, unsigned layer, struct err *err);

static int read_text(struct reading *r, const struct archive_input *in, const char *name, struct err *err)
{
	ssize_t n;
	int code;

	r->sink->begin(r->sink->arg, name);
	while ((n = in->read(in->arg, r->piece, PIECE, err)) > 0)
		if ((code = r->sink->text(r->sink->arg, r->piece, (size_t)n, err)) != 0 || (code = ctx_check(r->ctx, err)) < 0)
			return code;
	return (int)n;
}

static int read_compressed(struct reading *r, const struct archive_input *in, const char *name, unsigned layer, struct err *err)
{
	_cleanup_(zstd_reader_freep) struct zstd_reader *z = NULL;
	int code = zstd_reader_new(in, NULL, &z, err);

	return code < 0 ? code : read_layer(r, &(struct archive_input){.read = read_zstd, .arg = z}, name, layer + 1, err);
}

static int read_bundle(struct reading *r, const struct archive_input *in, const char *name, unsigned layer, struct err *err)
{
	_cleanup_(archive_reader_freep) struct archive_reader *a = NULL;
	const char *member;
	int code = archive_reader_new(in, NULL, &a, err);

	while (code == 0 && (code = archive_reader_next(a, &member, err)) == 1) {
		_cleanup_(strbuf_release) struct strbuf full;

		strbuf_init(&full, STRBUF_MAX_LINE);
		strbuf_addstr(&full, name);
		/* A file that is only compressed is called so. */
		if (!str_eq(member, "data"))
			strbuf_addf(&full, "/%s", member);
		code = read_layer(r, &(struct archive_input){.read = read_member, .arg = a}, full.buf, layer + 1, err);
	}
	return code;
}

static int read_layer(struct reading *r, const struct archive_input *in, const char *name, unsigned layer, struct err *err)
{
	struct peeked p;
	const struct archive_input again = {.read = read_peeked, .arg = &p};
	int code = peek(&p, in, err);
	enum archive_format format;

	if (code < 0)
		return code;
	format = archive_detect(p.head, p.len);
	if (format == ARCHIVE_PLAIN)
		return read_text(r, &again, name, err);
	if (layer >= LOG_INPUT_LAYERS)
		return err_set(err, ERR_LIMIT, "packed more than %d times (LOG_INPUT_LAYERS)", LOG_INPUT_LAYERS);
	if (format == ARCHIVE_OTHER)
		return err_set(err, ERR_INPUT, "it is packed with %s, which is not read here: unpack it first", archive_format_text(p.head, p.len));
	return format == ARCHIVE_ZSTD ? read_compressed(r, &again, name, layer, err) : read_bundle(r, &again, name, layer, err);
}

int log_input_read(const struct ctx *ctx, const char *path, const struct log_sink *sink, struct err *err)
{
	_cleanup_(mem_freep) char *piece = mem_alloc(PIECE);
	struct reading r = {.ctx = ctx, .sink = sink, .piece = piece};
	bool is_stdin = str_eq(path, "-");
	_cleanup_(fd_closep) int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int code;

	if (fd < 0 || fstat(fd, &st) < 0) {
		err_set_errno(err, errno, "cannot open %s", path);
		return err->code = ERR_INPUT;
	}
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is a folder: name the files in it", path);
	code = read_layer(&r, &(struct archive_input){.read = read_fd, .arg = &fd}, is_stdin ? "standard input" : path, 0, err);
	return code < 0 && code != ERR_CANCELLED ? err_wrap(err, "%s", is_stdin ? "standard input" : path) : code;
}
