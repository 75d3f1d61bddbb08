/* Compressed streams and bundles: whole, cut, damaged, hostile. The archives are made here, byte by byte. */
#include "unit.h"

#include "base/strbuf.h"
#include "format/archive.h"

static struct err err;

struct bytes {
	struct strbuf data;
	size_t at, piece;
};

static ssize_t take(void *arg, void *buf, size_t len, struct err *e)
{
	struct bytes *b = arg;
	size_t n = MIN(MIN(len, b->piece), b->data.len - b->at);

	(void)e;
	memcpy(buf, b->data.buf + b->at, n);
	b->at += n;
	return (ssize_t)n;
}

static int put(void *arg, const void *data, size_t len, struct err *e)
{
	strbuf_add(arg, data, len);
	return strbuf_check(arg, "test", e);
}

static void bytes_init(struct bytes *b)
{
	memset(b, 0, sizeof(*b));
	strbuf_init(&b->data, STRBUF_MAX_OUTPUT);
	b->piece = SIZE_MAX;
}

/* n lines of text, compressed. */
static void compress_lines(struct bytes *b, unsigned n)
{
	struct zstd_writer *w;
	char line[64];

	bytes_init(b);
	assert_int_equal(zstd_writer_new(put, &b->data, &w, &err), 0);
	for (unsigned i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "line %u of many\n", i);
		assert_int_equal(zstd_writer_add(w, line, strlen(line), &err), 0);
	}
	assert_int_equal(zstd_writer_finish(w, &err), 0);
	zstd_writer_free(w);
}

/* All of it, or the error. */
static int decompress(struct bytes *b, const struct archive_limits *limits, struct strbuf *out)
{
	struct archive_input in = {take, b};
	struct zstd_reader *r;
	char buf[1000];
	ssize_t n;

	strbuf_init(out, STRBUF_MAX_OUTPUT);
	b->at = 0;
	memset(&err, 0, sizeof(err));
	assert_int_equal(zstd_reader_new(&in, limits, &r, &err), 0);
	while ((n = zstd_reader_read(r, buf, sizeof(buf), &err)) > 0)
		strbuf_add(out, buf, (size_t)n);
	zstd_reader_free(r);
	return (int)n;
}

static void what_is_written_reads_back(void **state)
{
	struct bytes b;
	struct strbuf out;

	(void)state;
	compress_lines(&b, 20000);
	assert_int_equal(archive_detect(b.data.buf, b.data.len), ARCHIVE_ZSTD);
	assert_true(b.data.len < 200000);
	for (b.piece = 1; b.piece < 200000; b.piece = b.piece * 7 + 1) {
		assert_int_equal(decompress(&b, NULL, &out), 0);
		assert_non_null(strstr(out.buf, "line 19999 of many\n"));
		assert_int_equal(out.len, 10 * 15 + 90 * 16 + 900 * 17 + 9000 * 18 + 10000 * 19);
		strbuf_release(&out);
	}
	strbuf_release(&b.data);
}

static void two_frames_are_one_stream(void **state)
{
	struct bytes a, b;
	struct strbuf out;

	(void)state;
	compress_lines(&a, 2);
	compress_lines(&b, 1);
	strbuf_add(&a.data, b.data.buf, b.data.len);
	assert_int_equal(decompress(&a, NULL, &out), 0);
	assert_string_equal(out.buf, "line 0 of many\nline 1 of many\nline 0 of many\n");
	strbuf_release(&out);
	strbuf_release(&a.data);
	strbuf_release(&b.data);
}

static void every_cut_and_every_flipped_byte_is_noticed(void **state)
{
	struct bytes b;
	struct strbuf out;

	(void)state;
	compress_lines(&b, 100);
	size_t whole = b.data.len;

	for (b.data.len = 0; b.data.len < whole; b.data.len++) {
		assert_int_equal(decompress(&b, NULL, &out), ERR_INPUT);
		strbuf_release(&out);
	}
	for (size_t i = 0; i < whole; i++) {
		/* Bits of the frame header that say nothing about the content may change without effect. */
		b.data.buf[i] ^= 0x10;
		int r = decompress(&b, NULL, &out);
		assert_true(r < 0 || (out.len == 10 * 15 + 90 * 16 && strstr(out.buf, "line 99 of many\n")));
		strbuf_release(&out);
		b.data.buf[i] ^= 0x10;
	}
	strbuf_release(&b.data);
}

static void bombs_are_stopped(void **state)
{
	struct bytes b;
	struct strbuf out;
	struct zstd_writer *w;
	static char zeros[1 << 20];

	(void)state;
	bytes_init(&b);
	assert_int_equal(zstd_writer_new(put, &b.data, &w, &err), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(zstd_writer_add(w, zeros, sizeof(zeros), &err), 0);
	assert_int_equal(zstd_writer_finish(w, &err), 0);
	zstd_writer_free(w);
	b.piece = 500;
	assert_int_equal(decompress(&b, NULL, &out), ERR_LIMIT);
	assert_non_null(strstr(err.message, "bomb"));
	strbuf_release(&out);
	assert_int_equal(decompress(&b, &(struct archive_limits){.max_bytes = 1000000}, &out), ERR_LIMIT);
	strbuf_release(&out);
	strbuf_release(&b.data);
}

/* --- tar --- */

static void tar_header(struct bytes *b, const char *name, char type, size_t size)
{
	char h[512] = {0};
	unsigned sum = 8 * ' ';

	snprintf(h, 100, "%s", name);
	snprintf(h + 100, 24, "%07o", 0644);
	memcpy(h + 108, "0000000", 8);
	memcpy(h + 116, "0000000", 8);
	snprintf(h + 124, 12, "%011o", (unsigned)size & 0xffffff);
	memcpy(h + 136, "00000000000", 12);
	h[156] = type;
	if (type == '2')
		snprintf(h + 157, 100, "/etc/passwd");
	memcpy(h + 257,
	       "ustar\0"
	       "00",
	       8);
	for (int i = 0; i < 512; i++)
		sum += (i >= 148 && i < 156) ? 0 : (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	h[155] = ' ';
	strbuf_add(&b->data, h, 512);
}

static void tar_file(struct bytes *b, const char *name, const char *text)
{
	size_t len = strlen(text);

	tar_header(b, name, '0', len);
	strbuf_addstr(&b->data, text);
	strbuf_addn(&b->data, 0, (512 - len % 512) % 512);
}

/* "name=content;" of every file. */
static int list(struct bytes *b, const struct archive_limits *limits, struct strbuf *out)
{
	struct archive_input in = {take, b};
	struct archive_reader *r = NULL;
	const char *name;
	char buf[100];
	ssize_t n = 0;
	int e;

	strbuf_init(out, STRBUF_MAX_OUTPUT);
	b->at = 0;
	memset(&err, 0, sizeof(err));
	e = archive_reader_new(&in, limits, &r, &err);
	while (e == 0 && (e = archive_reader_next(r, &name, &err)) > 0) {
		strbuf_addf(out, "%s=", name);
		while ((n = archive_reader_read(r, buf, sizeof(buf), &err)) > 0)
			strbuf_add(out, buf, (size_t)n);
		strbuf_addch(out, ';');
		e = (int)n;
	}
	archive_reader_free(r);
	return e;
}

static void bundles_give_their_files_with_safe_names(void **state)
{
	struct bytes b;
	struct strbuf out;

	(void)state;
	bytes_init(&b);
	tar_file(&b, "a/b.json", "{}");
	tar_header(&b, "a/folder/", '5', 0);
	tar_header(&b, "link", '2', 0);
	tar_file(&b, "../../etc/x\x1b[2J", "one");
	tar_file(&b, "/abs//./c", "two");
	tar_file(&b, "..", "three");
	strbuf_addn(&b.data, 0, 1024);
	assert_int_equal(archive_detect(b.data.buf, b.data.len), ARCHIVE_TAR);
	for (b.piece = 1; b.piece < 10000; b.piece = b.piece * 5 + 3) {
		assert_int_equal(list(&b, NULL, &out), 0);
		assert_string_equal(out.buf, "a/b.json={};etc/x\\x1b[2J=one;abs/c=two;unnamed=three;");
		strbuf_release(&out);
	}
	assert_int_equal(list(&b, &(struct archive_limits){.max_files = 3}, &out), ERR_LIMIT);
	strbuf_release(&out);
	assert_int_equal(list(&b, &(struct archive_limits){.max_bytes = 4}, &out), ERR_LIMIT);
	strbuf_release(&out);
	/* A cut in the middle of a file. */
	b.data.len = 512 + 512 + 512 + 512 + 512 + 1;
	assert_int_equal(list(&b, NULL, &out), ERR_INPUT);
	strbuf_release(&out);
	strbuf_release(&b.data);
}

static void a_compressed_bundle_is_a_bundle(void **state)
{
	struct bytes plain, packed;
	struct zstd_writer *w;
	struct strbuf out;

	(void)state;
	bytes_init(&plain);
	bytes_init(&packed);
	tar_file(&plain, "x/y", "content");
	strbuf_addn(&plain.data, 0, 1024);
	assert_int_equal(zstd_writer_new(put, &packed.data, &w, &err), 0);
	assert_int_equal(zstd_writer_add(w, plain.data.buf, plain.data.len, &err), 0);
	assert_int_equal(zstd_writer_finish(w, &err), 0);
	zstd_writer_free(w);
	assert_int_equal(list(&packed, NULL, &out), 0);
	assert_string_equal(out.buf, "x/y=content;");
	strbuf_release(&out);
	strbuf_release(&plain.data);
	strbuf_release(&packed.data);
}

static void a_gzipped_file_is_a_bundle_of_one(void **state)
{
	/* gzip of "hi" as one stored block */
	static const char gz[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x02\0\xfd\xffhi\xac\x2a\x93\xd8\x02\0\0\0";
	struct bytes b;
	struct strbuf out;

	(void)state;
	bytes_init(&b);
	strbuf_add(&b.data, gz, sizeof(gz) - 1);
	assert_int_equal(archive_detect(gz, sizeof(gz) - 1), ARCHIVE_GZIP);
	assert_int_equal(list(&b, NULL, &out), 0);
	assert_string_equal(out.buf, "data=hi;");
	strbuf_release(&out);
	b.data.len -= 12;
	assert_int_equal(list(&b, NULL, &out), ERR_INPUT);
	strbuf_release(&out);
	strbuf_release(&b.data);
}

static void other_formats_are_told(void **state)
{
	(void)state;
	assert_int_equal(archive_detect("PK\x03\x04....", 8), ARCHIVE_OTHER);
	assert_string_equal(archive_format_text("PK\x03\x04....", 8), "zip");
	assert_int_equal(archive_detect("{\"a\":1}", 7), ARCHIVE_PLAIN);
	assert_int_equal(archive_detect("", 0), ARCHIVE_PLAIN);
	assert_string_equal(archive_format_text("abc", 3), "");
}

static ssize_t refuse(void *arg, void *buf, size_t len, struct err *e)
{
	(void)arg;
	(void)buf;
	(void)len;
	return err_set(e, ERR_IO, "the disk is on fire");
}

static void an_error_of_the_input_is_passed_on(void **state)
{
	struct archive_input in = {refuse, NULL};
	struct archive_reader *a = NULL;
	struct zstd_reader *z;
	char buf[10];

	(void)state;
	memset(&err, 0, sizeof(err));
	assert_int_equal(zstd_reader_new(&in, NULL, &z, &err), 0);
	assert_int_equal(zstd_reader_read(z, buf, sizeof(buf), &err), ERR_IO);
	zstd_reader_free(z);
	memset(&err, 0, sizeof(err));
	assert_int_equal(archive_reader_new(&in, NULL, &a, &err), ERR_IO);
	assert_string_equal(err.message, "the disk is on fire");
}

RUN_TESTS(cmocka_unit_test(what_is_written_reads_back), cmocka_unit_test(two_frames_are_one_stream),
	  cmocka_unit_test(every_cut_and_every_flipped_byte_is_noticed), cmocka_unit_test(bombs_are_stopped),
	  cmocka_unit_test(bundles_give_their_files_with_safe_names), cmocka_unit_test(a_compressed_bundle_is_a_bundle),
	  cmocka_unit_test(a_gzipped_file_is_a_bundle_of_one), cmocka_unit_test(other_formats_are_told),
	  cmocka_unit_test(an_error_of_the_input_is_passed_on))
