#include <utf8proc.h>

#include "base/utf8.h"

/* Length of the character at s (1 to 4), its code point in *ret; 0 when the bytes are no character. */
static size_t decode(const unsigned char *s, size_t len, uint32_t *ret)
{
	uint32_t c = s[0], lowest;
	size_t n;

	if (c < 0x80) {
		*ret = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		n = 2;
		c &= 0x1f;
		lowest = 0x80;
	} else if (c >= 0xe0 && c <= 0xef) {
		n = 3;
		c &= 0x0f;
		lowest = 0x800;
	} else if (c >= 0xf0 && c <= 0xf4) {
		n = 4;
		c &= 0x07;
		lowest = 0x10000;
	} else {
		return 0;
	}
	if (len < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	if (c < lowest || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

/* Bytes of plain ASCII at the start of s, eight at a time. */
static size_t ascii_run(const unsigned char *s, size_t len)
{
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t eight;

		memcpy(&eight, s + i, 8);
		if (eight & 0x8080808080808080u)
			break;
	}
	while (i < len && s[i] < 0x80)
		i++;
	return i;
}

bool utf8_valid(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c;

	for (size_t i = 0, n; i < len; i += n) {
		n = ascii_run(p + i, len - i);
		if (!n)
			n = decode(p + i, len - i, &c);
		if (!n)
			return false;
	}
	return true;
}

/* Would this character act on the terminal or reorder or hide text, rather than show? Joiners shape letters and stay. */
static bool is_invisible(uint32_t c)
{
	utf8proc_category_t category;

	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return true;
	if (c < 0xa0 || c == 0x200c || c == 0x200d)
		return false;
	category = utf8proc_category((utf8proc_int32_t)c);
	return category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

void utf8_add_printable(struct strbuf *out, const char *s, size_t len, bool keep_newlines)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t plain = 0; /* start of what has not been copied yet */

	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;

		n = decode(p + i, len - i, &c);
		if (n && (!is_invisible(c) || (keep_newlines && (c == '\n' || c == '\t'))))
			continue;
		strbuf_add(out, s + plain, i - plain);
		if (!n) {
			strbuf_addstr(out, "\xef\xbf\xbd");
			n = 1;
		} else if (c == '\n') {
			strbuf_addstr(out, "\\n");
		} else if (c == '\t') {
			strbuf_addstr(out, "\\t");
		} else if (c < 0x100) {
			strbuf_addf(out, "\\x%02x", c);
		} else {
			strbuf_addf(out, "\\u{%x}", c);
		}
		plain = i + n;
	}
	strbuf_add(out, s + plain, len - plain);
}

size_t utf8_width(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t width = 0;

	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;
		int w;

		n = ascii_run(p + i, len - i);
		if (n) {
			width += n;
			continue;
		}
		n = decode(p + i, len - i, &c);
		w = n ? utf8proc_charwidth((utf8proc_int32_t)c) : 1;
		width += w > 0 ? (size_t)w : 0;
		n = n ? n : 1;
	}
	return width;
}

size_t utf8_cut(const char *s, size_t len, size_t max)
{
	size_t n = MIN(len, max);

	if (n == len)
		return n;
	/* At most three bytes back to a character's first; more means it is no UTF-8, cut anywhere. */
	for (size_t back = 0; back < 4 && back <= n; back++)
		if (((unsigned char)s[n - back] & 0xc0) != 0x80)
			return n - back;
	return n;
}

void utf8_fold(struct strbuf *out, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	for (size_t i = 0, n; i < len; i += n) {
		utf8proc_int32_t folded[8];
		utf8proc_ssize_t count;
		uint32_t c;

		n = decode(p + i, len - i, &c);
		if (n == 1 || !n) {
			strbuf_addch(out, (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]));
			n = 1;
			continue;
		}
		count = utf8proc_decompose_char((utf8proc_int32_t)c, folded, ARRAY_LEN(folded), UTF8PROC_CASEFOLD, NULL);
		for (utf8proc_ssize_t k = 0; k < count && k < (utf8proc_ssize_t)ARRAY_LEN(folded); k++) {
			unsigned char bytes[4];
			utf8proc_ssize_t m = utf8proc_encode_char(folded[k], bytes);

			strbuf_add(out, bytes, m > 0 ? (size_t)m : 0);
		}
	}
}
