#include "mask/mask_internal.h"

#include "base/crypto.h"

#include <errno.h>
#include <sys/random.h>

int masker_init(struct masker *m, struct err *err)
{
	/* 32 bytes come whole or not at all. */
	ssize_t n = getrandom(m->key, sizeof(m->key), 0);

	return n == (ssize_t)sizeof(m->key) ? 0 : err_set_errno(err, errno, "no random bytes for masking");
}

void masker_init_fixed(struct masker *m)
{
	*m = (struct masker){{0}};
}

void mask_add(const struct masker *m, struct strbuf *out, const char *kind, const char *s, size_t len)
{
	_cleanup_(strbuf_release) struct strbuf keyed;
	char hex[SHA256_HEX_LEN + 1];

	/* The key in front and behind: with only eight digits shown, more is not needed for a keyed hash. */
	strbuf_init(&keyed, SIZE_MAX / 2);
	strbuf_add(&keyed, m->key, sizeof(m->key));
	strbuf_add(&keyed, s, len);
	strbuf_add(&keyed, m->key, sizeof(m->key));
	crypto_sha256_hex(keyed.buf, keyed.len, hex);
	strbuf_addf(out, MASK_OPEN "%s:%.8s" MASK_CLOSE, kind, hex);
}

struct masked_text mask_named(const struct masker *m, struct arena *a, const char *name, size_t name_len, const char *s, size_t len)
{
	enum mask_name class = mask_classify_name(name, name_len);
	_cleanup_(strbuf_release) struct strbuf out;

	strbuf_init(&out, STRBUF_MAX_LINE);
	if (!mask_value_is_secret(class, s, len))
		return mask_text(m, a, s, len);
	mask_add(m, &out, class == MASK_NAME_STRONG ? "secret" : "key", s, len);
	return (struct masked_text){arena_strndup(a, out.buf, out.len), out.len};
}
