/* markup: outside text inside HTML, XML and SVG. The one place where it is escaped: what comes out is text, never markup, in an element and in
 * a quoted attribute alike; control characters are visible, bytes that are no UTF-8 are U+FFFD.
 * Thread rule: pure, any thread. */
#ifndef FORMAT_MARKUP_H
#define FORMAT_MARKUP_H

#include "base/strbuf.h"

/* NULL adds nothing. */
void markup_text(struct strbuf *out, const char *s);
/* ` name="value"`; NULL adds nothing. */
void markup_attribute(struct strbuf *out, const char *name, const char *value);
/* <tag class="class">text</tag>; class NULL = none. Tag and class are ours. */
void markup_element(struct strbuf *out, const char *tag, const char *class, const char *text);

#endif
