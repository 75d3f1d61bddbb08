/* Masking: any text comes back; masking twice is masking once; and a secret put into the text is gone afterwards. */
#include "mask/mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

static void check_twice(const struct masker *m, struct arena *a, const char *text, size_t len)
{
	struct masked_text once = mask_text(m, a, text, len);
	struct masked_text twice = mask_text(m, a, once.text, once.len);

	if (once.len != twice.len || (once.len && memcmp(once.text, twice.text, once.len))) {
		fputs("once:  ", stderr);
		fwrite(once.text, 1, once.len, stderr);
		fputs("\ntwice: ", stderr);
		fwrite(twice.text, 1, twice.len, stderr);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(strbuf_release) struct strbuf text;
	struct masked_text masked;
	struct masker m;
	struct arena a;

	arena_init(&a);
	masker_init_fixed(&m);
	check_twice(&m, &a, (const char *)data, size);
	strbuf_init(&text, SIZE_MAX / 2);
	strbuf_add(&text, data, size);
	strbuf_addf(&text, "\ntoken: %s\n", secret);
	masked = mask_text(&m, &a, text.buf, text.len);
	/* The fuzzer may have put it into the middle of a word, where it is none. */
	if (!memmem(data, size, secret, sizeof(secret) - 1) && memmem(masked.text, masked.len, secret, sizeof(secret) - 1))
		abort();
	arena_release(&a);
	return 0;
}
