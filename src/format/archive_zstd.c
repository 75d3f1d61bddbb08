/* zstd streams. The library is loaded on first use (base/module.h). */
#include <zstd.h>

#include "base/module.h"
#include "format/archive.h"

#define LEVEL 3
#define INPUT_BUFFER ((size_t)64 << 10)

/* clang-format off */
#define SYMBOLS(X) \
	X(ZSTD_createDCtx) X(ZSTD_freeDCtx) X(ZSTD_decompressStream) X(ZSTD_createCCtx) X(ZSTD_freeCCtx) \
	X(ZSTD_CCtx_setParameter) X(ZSTD_compressStream2) X(ZSTD_isError) X(ZSTD_getErrorName)
/* clang-format on */

MODULE(SYMBOLS, "libzstd.so.1", "libzstd1", true);

/* --- reading --- */

struct zstd_reader {
	struct archive_input input;
	uint64_t max_bytes;
	unsigned max_ratio;
	ZSTD_DCtx *context;
	ZSTD_inBuffer in;
	uint64_t bytes_in, bytes_out;
	bool at_end;       /* of the input */
	bool within_frame; /* a frame has begun and not ended */
	bool any;          /* a frame has ended */
	char buffer[INPUT_BUFFER];
};

int zstd_reader_new(const struct archive_input *in, const struct archive_limits *limits, struct zstd_reader **ret, struct err *err)
{
	struct zstd_reader *r;

	if (lib_ready(err) < 0)
		return lib_result;
	r = mem_alloc(sizeof(*r));
	r->input = *in;
	r->max_bytes = limits && limits->max_bytes ? limits->max_bytes : ARCHIVE_MAX_BYTES;
	r->max_ratio = limits && limits->max_ratio ? limits->max_ratio : ARCHIVE_MAX_RATIO;
	r->in.src = r->buffer;
	r->context = lib.ZSTD_createDCtx();
	if (!r->context) {
		mem_free(r);
		return err_set(err, ERR_LIMIT, "no memory to decompress zstd");
	}
	*ret = r;
	return 0;
}

void zstd_reader_free(struct zstd_reader *r)
{
	if (!r)
		return;
	lib.ZSTD_freeDCtx(r->context);
	mem_free(r);
}

void zstd_reader_freep(struct zstd_reader **r)
{
	zstd_reader_free(*r);
}

static int refill(struct zstd_reader *r, struct err *err)
{
	ssize_t n = r->input.read(r->input.arg, r->buffer, sizeof(r->buffer), err);

	if (n < 0)
		return (int)n;
	r->in.pos = 0;
	r->in.size = (size_t)n;
	r->bytes_in += (uint64_t)n;
	r->at_end = n == 0;
	return 0;
}

static int check_limits(const struct zstd_reader *r, struct err *err)
{
	if (r->bytes_out > r->max_bytes)
		return err_set(err, ERR_LIMIT, "more than %llu decompressed bytes", (unsigned long long)r->max_bytes);
	if (r->bytes_out > ARCHIVE_RATIO_FREE && r->bytes_out / r->max_ratio > r->bytes_in)
		return err_set(err, ERR_LIMIT, "compressed more than %u to 1: this is no snapshot but a decompression bomb", r->max_ratio);
	return 0;
}

ssize_t zstd_reader_read(struct zstd_reader *r, void *buf, size_t len, struct err *err)
{
	ZSTD_outBuffer out = {.dst = buf, .size = len};

	while (out.pos == 0 && len > 0) {
		size_t result;
		int e;

		if (r->in.pos == r->in.size && !r->at_end) {
			e = refill(r, err);
			if (e < 0)
				return e;
		}
		if (r->at_end && !r->within_frame)
			return r->any ? 0 : err_set(err, ERR_INPUT, "no zstd data");
		result = lib.ZSTD_decompressStream(r->context, &out, &r->in);
		if (lib.ZSTD_isError(result))
			return err_set(err, ERR_INPUT, "damaged zstd data near byte %llu: %s", (unsigned long long)r->bytes_in,
				       lib.ZSTD_getErrorName(result));
		r->within_frame = result != 0;
		r->any |= result == 0;
		if (out.pos == 0 && r->at_end && r->within_frame)
			return err_set(err, ERR_INPUT, "the zstd data is cut after %llu bytes", (unsigned long long)r->bytes_in);
	}
	r->bytes_out += out.pos;
	if (check_limits(r, err) < 0)
		return ERR_LIMIT;
	return (ssize_t)out.pos;
}

/* --- writing --- */

struct zstd_writer {
	int (*write)(void *arg, const void *data, size_t len, struct err *err);
	void *arg;
	ZSTD_CCtx *context;
	char buffer[INPUT_BUFFER];
};

int zstd_writer_new(int (*write)(void *arg, const void *data, size_t len, struct err *err), void *arg, struct zstd_writer **ret, struct err *err)
{
	struct zstd_writer *w;

	if (lib_ready(err) < 0)
		return lib_result;
	w = mem_alloc(sizeof(*w));
	w->write = write;
	w->arg = arg;
	w->context = lib.ZSTD_createCCtx();
	if (!w->context) {
		mem_free(w);
		return err_set(err, ERR_LIMIT, "no memory to compress zstd");
	}
	lib.ZSTD_CCtx_setParameter(w->context, ZSTD_c_compressionLevel, LEVEL);
	lib.ZSTD_CCtx_setParameter(w->context, ZSTD_c_checksumFlag, 1);
	*ret = w;
	return 0;
}

void zstd_writer_free(struct zstd_writer *w)
{
	if (!w)
		return;
	lib.ZSTD_freeCCtx(w->context);
	mem_free(w);
}

void zstd_writer_freep(struct zstd_writer **w)
{
	zstd_writer_free(*w);
}

static int compress(struct zstd_writer *w, const void *data, size_t len, ZSTD_EndDirective end, struct err *err)
{
	ZSTD_inBuffer in = {.src = data, .size = len};
	size_t left;

	do {
		ZSTD_outBuffer out = {.dst = w->buffer, .size = sizeof(w->buffer)};
		int r;

		left = lib.ZSTD_compressStream2(w->context, &out, &in, end);
		if (lib.ZSTD_isError(left))
			return err_set(err, ERR_INTERNAL, "zstd: %s", lib.ZSTD_getErrorName(left));
		r = out.pos ? w->write(w->arg, w->buffer, out.pos, err) : 0;
		if (r < 0)
			return r;
	} while (end == ZSTD_e_end ? left != 0 : in.pos < in.size);
	return 0;
}

int zstd_writer_add(struct zstd_writer *w, const void *data, size_t len, struct err *err)
{
	return compress(w, data, len, ZSTD_e_continue, err);
}

int zstd_writer_finish(struct zstd_writer *w, struct err *err)
{
	return compress(w, NULL, 0, ZSTD_e_end, err);
}
