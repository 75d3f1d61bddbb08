#include "format/markup.h"

#include "base/utf8.h"

static void add_escaped(struct strbuf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (s[i]) {
		case '&':
			strbuf_addstr(out, "&amp;");
			break;
		case '<':
			strbuf_addstr(out, "&lt;");
			break;
		case '>':
			strbuf_addstr(out, "&gt;");
			break;
		case '"':
			strbuf_addstr(out, "&quot;");
			break;
		case '\'':
			strbuf_addstr(out, "&#39;");
			break;
		default:
			/* U+FFFE and U+FFFF may be in no XML document. */
			if ((unsigned char)s[i] == 0xef && len - i >= 3 && (unsigned char)s[i + 1] == 0xbf && (unsigned char)s[i + 2] >= 0xbe) {
				strbuf_addstr(out, "\xef\xbf\xbd");
				i += 2;
				break;
			}
			strbuf_addch(out, s[i]);
		}
	}
}

void markup_text(struct strbuf *out, const char *s)
{
	struct strbuf safe;

	if (!s || !*s)
		return;
	strbuf_init(&safe, out->max);
	utf8_add_printable(&safe, s, strlen(s), true);
	add_escaped(out, safe.buf, safe.len);
	out->overflow |= safe.overflow;
	strbuf_release(&safe);
}

void markup_attribute(struct strbuf *out, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_addf(out, " %s=\"", name);
	markup_text(out, value);
	strbuf_addch(out, '"');
}

void markup_element(struct strbuf *out, const char *tag, const char *class, const char *text)
{
	strbuf_addf(out, "<%s", tag);
	markup_attribute(out, "class", class);
	strbuf_addch(out, '>');
	markup_text(out, text);
	strbuf_addf(out, "</%s>", tag);
}
