/* Archives: whatever the bytes, both readers come to an end within their limits, and every name is one that is safe to print. */
#include "base/utf8.h"
#include "format/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t left, piece;
};

static ssize_t take(void *arg, void *buf, size_t len, struct err *err)
{
	struct input *in = arg;
	size_t n = MIN(MIN(len, in->piece), in->left);

	(void)err;
	memcpy(buf, in->data, n);
	in->data += n;
	in->left -= n;
	return (ssize_t)n;
}

static const struct archive_limits limits = {.max_bytes = 1 << 20, .max_files = 100};

/* How many bytes came out, or the error. */
static ssize_t decompress(const uint8_t *data, size_t size, size_t piece)
{
	struct input in = {data, size, piece};
	struct archive_input source = {take, &in};
	struct zstd_reader *r;
	ssize_t n, total = 0;
	char buf[4096];
	struct err err;

	if (zstd_reader_new(&source, &limits, &r, &err) < 0)
		abort();
	while ((n = zstd_reader_read(r, buf, sizeof(buf), &err)) > 0)
		total += n;
	zstd_reader_free(r);
	return n < 0 ? n : total;
}

static void check_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || !utf8_valid(name, len) || name[0] == '/' || strcmp(name, "..") == 0 || strstr(name, "/../") || strchr(name, '\n') ||
	    strchr(name, 27))
		abort();
}

static void read_bundle(const uint8_t *data, size_t size)
{
	struct input in = {data, size, SIZE_MAX};
	struct archive_input source = {take, &in};
	struct archive_reader *r;
	const char *name;
	char buf[4096];
	struct err err;

	if (archive_reader_new(&source, &limits, &r, &err) < 0)
		return;
	while (archive_reader_next(r, &name, &err) > 0) {
		check_name(name);
		while (archive_reader_read(r, buf, sizeof(buf), &err) > 0)
			continue;
	}
	archive_reader_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ssize_t whole;

	archive_detect(data, size);
	whole = decompress(data, size, SIZE_MAX);
	/* Damage may be seen at another place when it comes in pieces, but it is seen. */
	if (size < 2000 && whole >= 0 && decompress(data, size, 1) != whole)
		abort();
	read_bundle(data, size);
	return 0;
}
