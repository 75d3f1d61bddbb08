/* Bundles, through libarchive, which is loaded on first use: it brings XML and Unicode libraries that nothing else here needs. */
#include <archive.h>
#include <archive_entry.h>

#include "base/module.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "format/archive.h"

#define INPUT_BUFFER ((size_t)64 << 10)
#define NAME_MAX_BYTES ((size_t)4096)

/* clang-format off */
#define SYMBOLS(X) \
	X(archive_read_new) X(archive_read_free) X(archive_read_support_filter_gzip) \
	X(archive_read_support_filter_zstd) X(archive_read_support_format_tar) X(archive_read_support_format_gnutar) \
	X(archive_read_support_format_raw) X(archive_read_support_format_empty) X(archive_read_open) \
	X(archive_read_next_header) X(archive_read_data) X(archive_error_string) X(archive_set_error) \
	X(archive_entry_pathname) X(archive_entry_filetype) X(archive_filter_bytes) X(archive_format)
/* clang-format on */

MODULE(SYMBOLS, "libarchive.so.13", "libarchive13", true);

struct archive_reader {
	struct archive_input input;
	struct archive_limits limits;
	struct archive *archive;
	struct strbuf name;
	uint64_t bytes_in, bytes_out;
	unsigned files;
	struct err input_error; /* of the input, while libarchive is in between */
	char buffer[INPUT_BUFFER];
};

static int check_limits(const struct archive_reader *r, uint64_t out, struct err *err)
{
	if (out > r->limits.max_bytes)
		return err_set(err, ERR_LIMIT, "more than %llu decompressed bytes in an archive", (unsigned long long)r->limits.max_bytes);
	if (out > ARCHIVE_RATIO_FREE && out / r->limits.max_ratio > r->bytes_in)
		return err_set(err, ERR_LIMIT, "compressed more than %u to 1: a decompression bomb", r->limits.max_ratio);
	return 0;
}

/* Also looks at what was decompressed to pass over files that nobody read. */
static ssize_t on_read(struct archive *a, void *arg, const void **ret)
{
	struct archive_reader *r = arg;
	int64_t decompressed = r->archive ? lib.archive_filter_bytes(r->archive, 0) : 0;
	ssize_t n = check_limits(r, decompressed > 0 ? (uint64_t)decompressed : 0, &r->input_error);

	if (n == 0)
		n = r->input.read(r->input.arg, r->buffer, sizeof(r->buffer), &r->input_error);
	*ret = r->buffer;
	if (n < 0) {
		if (r->input_error.code == ERR_OK)
			err_set(&r->input_error, (enum err_code)n, "cannot read");
		lib.archive_set_error(a, -1, "%s", r->input_error.message);
		return -1;
	}
	r->bytes_in += (uint64_t)n;
	return n;
}

static int failed(struct archive_reader *r, struct err *err)
{
	const char *why = lib.archive_error_string(r->archive);

	if (r->input_error.code != ERR_OK) {
		if (err)
			*err = r->input_error;
		return r->input_error.code;
	}
	return err_set(err, ERR_INPUT, "damaged archive near byte %llu: %s", (unsigned long long)r->bytes_in, why ? why : "unknown error");
}

int archive_reader_new(const struct archive_input *in, const struct archive_limits *limits, struct archive_reader **ret, struct err *err)
{
	struct archive_reader *r;
	int e;

	if (lib_ready(err) < 0)
		return lib_result;
	r = mem_alloc(sizeof(*r));
	strbuf_init(&r->name, NAME_MAX_BYTES);
	r->input = *in;
	r->limits.max_bytes = limits && limits->max_bytes ? limits->max_bytes : ARCHIVE_MAX_BYTES;
	r->limits.max_ratio = limits && limits->max_ratio ? limits->max_ratio : ARCHIVE_MAX_RATIO;
	r->limits.max_files = limits && limits->max_files ? limits->max_files : ARCHIVE_MAX_FILES;
	r->archive = lib.archive_read_new();
	if (!r->archive) {
		archive_reader_free(r);
		return err_set(err, ERR_LIMIT, "no memory to read an archive");
	}
	lib.archive_read_support_filter_gzip(r->archive);
	lib.archive_read_support_filter_zstd(r->archive);
	lib.archive_read_support_format_tar(r->archive);
	lib.archive_read_support_format_gnutar(r->archive);
	lib.archive_read_support_format_raw(r->archive);
	lib.archive_read_support_format_empty(r->archive);
	if (lib.archive_read_open(r->archive, r, NULL, on_read, NULL) != ARCHIVE_OK) {
		e = failed(r, err);
		archive_reader_free(r);
		return e;
	}
	*ret = r;
	return 0;
}

void archive_reader_free(struct archive_reader *r)
{
	if (!r)
		return;
	if (r->archive)
		lib.archive_read_free(r->archive);
	strbuf_release(&r->name);
	mem_free(r);
}

void archive_reader_freep(struct archive_reader **r)
{
	archive_reader_free(*r);
}

/* "./a/../b//c" -> "a/b/c", with what does not print made visible. */
static void clean_name(struct strbuf *out, const char *path)
{
	strbuf_reset(out);
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n && !(n == 1 && path[0] == '.') && !(n == 2 && path[0] == '.' && path[1] == '.')) {
			if (out->len)
				strbuf_addch(out, '/');
			utf8_add_printable(out, path, n, false);
		}
		path += n + (path[n] == '/');
	}
	if (!out->len)
		strbuf_addstr(out, "unnamed");
}

int archive_reader_next(struct archive_reader *r, const char **ret_name, struct err *err)
{
	struct archive_entry *entry;
	const char *path;

	for (;;) {
		int result = lib.archive_read_next_header(r->archive, &entry);

		if (result == ARCHIVE_EOF)
			return 0;
		if (result < ARCHIVE_WARN || r->input_error.code != ERR_OK)
			return failed(r, err);
		/* Folders and links count too: there is no end to them either. */
		if (++r->files > r->limits.max_files)
			return err_set(err, ERR_LIMIT, "more than %u files in an archive", r->limits.max_files);
		if (lib.archive_format(r->archive) == ARCHIVE_FORMAT_RAW) {
			*ret_name = "data";
			return 1;
		}
		if (lib.archive_entry_filetype(entry) != AE_IFREG)
			continue;
		path = lib.archive_entry_pathname(entry);
		clean_name(&r->name, path ? path : "");
		*ret_name = r->name.buf;
		return 1;
	}
}

ssize_t archive_reader_read(struct archive_reader *r, void *buf, size_t len, struct err *err)
{
	la_ssize_t n = lib.archive_read_data(r->archive, buf, len);

	if (n < 0)
		return failed(r, err);
	r->bytes_out += (uint64_t)n;
	return check_limits(r, r->bytes_out, err) < 0 ? ERR_LIMIT : (ssize_t)n;
}
