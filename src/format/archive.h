/* archive: compressed files and bundles of files, as streams: zstd (snapshots), and tar with gzip or zstd around it (support bundles).
 *
 * Everything is pulled: a reader asks its input for bytes and is asked for bytes itself, so that memory does not depend on sizes. Nothing is
 * ever extracted to the file system. Both libraries are loaded on first use.
 * Limits: decompressed bytes altogether, and how many there may be for each byte that was read (a few kilobytes can stand for gigabytes).
 * Ownership: the caller keeps the input alive until the reader is freed. Thread rule: one thread at a time per reader or writer. */
#ifndef FORMAT_ARCHIVE_H
#define FORMAT_ARCHIVE_H

#include "base/err.h"

enum archive_format {
	ARCHIVE_PLAIN, /* none of these */
	ARCHIVE_ZSTD,
	ARCHIVE_GZIP,
	ARCHIVE_TAR,
	ARCHIVE_OTHER, /* zip, bzip2, xz, 7z, ...: archive_format_text names it; not read */
};

/* By the first bytes; ARCHIVE_DETECT_BYTES of them are enough. What is inside of ZSTD or GZIP is seen only after decompression. */
#define ARCHIVE_DETECT_BYTES 512
enum archive_format archive_detect(const void *head, size_t len);
/* "zip", "xz", ...; "" when the bytes begin no archive. */
const char *archive_format_text(const void *head, size_t len);

/* Where bytes come from: how many were put into buf (0 = the end) or a negative error code. */
struct archive_input {
	ssize_t (*read)(void *arg, void *buf, size_t len, struct err *err);
	void *arg;
};

struct archive_limits {
	uint64_t max_bytes; /* decompressed, altogether; 0 = ARCHIVE_MAX_BYTES */
	unsigned max_ratio; /* decompressed for each byte read; 0 = ARCHIVE_MAX_RATIO */
	unsigned max_files; /* 0 = ARCHIVE_MAX_FILES */
};
#define ARCHIVE_MAX_BYTES ((uint64_t)64 << 30)
#define ARCHIVE_MAX_RATIO 1000u
#define ARCHIVE_RATIO_FREE ((uint64_t)64 << 20) /* so much may be decompressed at any ratio */
#define ARCHIVE_MAX_FILES 200000u

/* --- one compressed stream --- */

struct zstd_reader;
int zstd_reader_new(const struct archive_input *in, const struct archive_limits *limits, struct zstd_reader **ret, struct err *err);
void zstd_reader_free(struct zstd_reader *r);
void zstd_reader_freep(struct zstd_reader **r);
/* How many decompressed bytes were put into buf, 0 = the end; ERR_INPUT when the data is damaged or cut, ERR_LIMIT past a limit. */
ssize_t zstd_reader_read(struct zstd_reader *r, void *buf, size_t len, struct err *err);

/* Compressed bytes go to write as they come; with a checksum. */
struct zstd_writer;
int zstd_writer_new(int (*write)(void *arg, const void *data, size_t len, struct err *err), void *arg, struct zstd_writer **ret, struct err *err);
void zstd_writer_free(struct zstd_writer *w);
void zstd_writer_freep(struct zstd_writer **w);
int zstd_writer_add(struct zstd_writer *w, const void *data, size_t len, struct err *err);
/* Ends the stream. Without it a reader says that the data is cut. */
int zstd_writer_finish(struct zstd_writer *w, struct err *err);

/* --- a bundle of files: tar, tar.gz, tar.zst; a single file that is only gzipped is a bundle of one --- */

struct archive_reader;
int archive_reader_new(const struct archive_input *in, const struct archive_limits *limits, struct archive_reader **ret, struct err *err);
void archive_reader_free(struct archive_reader *r);
void archive_reader_freep(struct archive_reader **r);
/* Goes on to the next regular file: 1, 0 at the end, or an error. The name is relative, printable, without "." and ".." parts, and valid
 * until the next call. Links, devices and folders are passed over. */
int archive_reader_next(struct archive_reader *r, const char **ret_name, struct err *err);
/* Bytes of the current file: as zstd_reader_read. */
ssize_t archive_reader_read(struct archive_reader *r, void *buf, size_t len, struct err *err);

#endif
