/* Masking: any text comes back, and a secret put into the text is gone afterwards. */
#include "mask/mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(strbuf_release) struct strbuf text;
	struct masked_text masked;
	struct masker m;
	struct arena a;

	arena_init(&a);
	masker_init_fixed(&m);
	mask_text(&m, &a, (const char *)data, size);
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
