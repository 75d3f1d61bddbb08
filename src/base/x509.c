/* OpenSSL first: base/banned.h poisons names that its headers may mention. */
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/x509.h"

#include "base/crypto.h"
#include "base/module.h"
#include "base/utf8.h"

#include <ctype.h>
#include <strings.h>
#include <time.h>

#define DER_MAX ((size_t)64 << 10) /* bytes of one certificate */
#define NAME_TEXT_MAX 512

/* clang-format off */
#define SYMBOLS(X) \
	X(d2i_X509) X(X509_free) X(X509_get0_notBefore) X(X509_get0_notAfter) X(ASN1_TIME_to_tm) X(X509_get_subject_name) \
	X(X509_get_issuer_name) X(X509_NAME_get_text_by_NID) X(X509_NAME_oneline) X(X509_get_ext_d2i) \
	X(OPENSSL_sk_num) X(OPENSSL_sk_value) X(GENERAL_NAME_get0_value) X(GENERAL_NAMES_free) X(ASN1_STRING_get0_data) \
	X(ASN1_STRING_length)
/* clang-format on */

MODULE(SYMBOLS, "libcrypto.so.3", "libssl3", true);

static usec_t time_of(const ASN1_TIME *t)
{
	struct tm tm;

	if (!t || !lib.ASN1_TIME_to_tm(t, &tm))
		return 0;
	return (usec_t)timegm(&tm) * USEC_PER_SEC;
}

/* Outside text: printable, whatever was in it. */
static const char *safe_text(struct arena *a, const char *s, size_t len)
{
	struct strbuf sb;
	const char *text;

	strbuf_init(&sb, 4 * NAME_TEXT_MAX);
	utf8_add_printable(&sb, s, len, false);
	text = arena_strndup(a, sb.buf, sb.len);
	strbuf_release(&sb);
	return text;
}

static const char *name_text(struct arena *a, X509_NAME *name)
{
	char buf[NAME_TEXT_MAX] = "";

	if (!name)
		return "";
	if (lib.X509_NAME_get_text_by_NID(name, NID_commonName, buf, sizeof(buf)) <= 0 && !lib.X509_NAME_oneline(name, buf, sizeof(buf)))
		return "";
	return safe_text(a, buf, strnlen(buf, sizeof(buf)));
}

static const char *ip_text(struct arena *a, const unsigned char *ip, int len)
{
	struct strbuf sb;
	const char *text;

	if (len == 4)
		return arena_printf(a, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
	strbuf_init(&sb, 64);
	for (int i = 0; len == 16 && i < 16; i += 2)
		strbuf_addf(&sb, "%s%x", i ? ":" : "", (unsigned)(ip[i] << 8 | ip[i + 1]));
	text = arena_strndup(a, sb.buf, sb.len);
	strbuf_release(&sb);
	return text;
}

/* One alternative name; NULL when it is neither a DNS name nor an address. */
static const char *general_name(struct arena *a, const GENERAL_NAME *name)
{
	int type;
	const ASN1_STRING *value = lib.GENERAL_NAME_get0_value(name, &type);

	if (!value || (type != GEN_DNS && type != GEN_IPADD))
		return NULL;
	const unsigned char *data = lib.ASN1_STRING_get0_data(value);
	int len = lib.ASN1_STRING_length(value);
	if (!data || len <= 0 || len >= NAME_TEXT_MAX)
		return NULL;
	return type == GEN_DNS ? safe_text(a, (const char *)data, (size_t)len) : ip_text(a, data, len);
}

static const char *const *names_of(struct arena *a, X509 *x)
{
	GENERAL_NAMES *names = lib.X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	const OPENSSL_STACK *stack = (const OPENSSL_STACK *)names;
	int count = names ? MIN(lib.OPENSSL_sk_num(stack), X509_MAX_NAMES) : 0;
	const char **ret = arena_new_array(a, const char *, (size_t)MAX(count, 0) + 1);
	size_t n = 0;

	for (int i = 0; i < count; i++) {
		const char *text = general_name(a, lib.OPENSSL_sk_value(stack, i));
		if (text)
			ret[n++] = text;
	}
	ret[n] = NULL;
	lib.GENERAL_NAMES_free(names);
	return ret;
}

static int read_der(struct arena *a, const char *der, size_t len, struct x509_info *ret, struct err *err)
{
	const unsigned char *p = (const unsigned char *)der;
	X509 *x = lib.d2i_X509(NULL, &p, (long)len);

	if (!x)
		return err_set(err, ERR_INPUT, "its bytes are no X.509 certificate");
	*ret = (struct x509_info){
		.subject = name_text(a, lib.X509_get_subject_name(x)),
		.issuer = name_text(a, lib.X509_get_issuer_name(x)),
		.names = names_of(a, x),
		.not_before = time_of(lib.X509_get0_notBefore(x)),
		.not_after = time_of(lib.X509_get0_notAfter(x)),
	};
	lib.X509_free(x);
	if (!ret->not_after)
		return err_set(err, ERR_INPUT, "its dates cannot be read");
	return 0;
}

int x509_read_pem(struct arena *a, const char *text, size_t len, struct x509_list *ret, struct err *err)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
	struct x509_list list = {0};
	const char *p = text, *stop = text + len;
	int r = 0;

	while (r == 0 && list.len < X509_MAX_CERTIFICATES) {
		const char *from = memmem(p, (size_t)(stop - p), begin, sizeof(begin) - 1);
		if (!from)
			break;
		from += sizeof(begin) - 1; /* the END line begins behind it: the two may not share dashes */
		const char *to = memmem(from, (size_t)(stop - from), end, sizeof(end) - 1);
		if (!to)
			return err_set(err, ERR_INPUT, "certificate %u has no END line", list.len + 1);
		struct strbuf der;
		strbuf_init(&der, DER_MAX);
		r = lib_ready(err);
		if (r == 0)
			r = crypto_base64_decode(from, (size_t)(to - from), &der, err);
		if (r == 0 && (r = strbuf_check(&der, "certificate (DER_MAX)", err)) == 0)
			r = read_der(a, der.buf, der.len, arena_push(a, &list), err);
		strbuf_release(&der);
		if (r == ERR_INPUT)
			err_wrap(err, "certificate %u", MAX(list.len, 1U));
		p = to + sizeof(end) - 1;
	}
	if (r < 0)
		return r;
	if (list.len == 0)
		return err_set(err, ERR_INPUT, "there is no certificate in it");
	*ret = list;
	return 0;
}

bool x509_is_for(const struct x509_info *x, const char *host)
{
	for (const char *const *name = x->names; *name; name++) {
		const char *label_end = strchr(host, '.');
		if (strcasecmp(*name, host) == 0)
			return true;
		if (strncmp(*name, "*.", 2) == 0 && label_end && label_end > host && strcasecmp(*name + 1, label_end) == 0)
			return true;
	}
	return false;
}

const struct x509_info *x509_first_to_expire(const struct x509_list *list)
{
	const struct x509_info *first = &list->items[0];

	for (uint32_t i = 1; i < list->len; i++)
		if (list->items[i].not_after < first->not_after)
			first = &list->items[i];
	return first;
}
