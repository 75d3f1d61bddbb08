/* UTF-8: validation, repair, width on a terminal. utf8proc is included by utf8.c alone.
 * Thread rule: pure, any thread. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "strbuf.h"

bool utf8_valid(const char *s, size_t len);
/* Appends s with invalid bytes as U+FFFD and control characters (but tab and newline, when keep_newlines)
 * as visible escapes "\x1b": safe to print on a terminal. */
void utf8_add_printable(struct strbuf *out, const char *s, size_t len, bool keep_newlines);
/* Columns on a terminal (wide characters 2, combining 0). */
size_t utf8_width(const char *s, size_t len);
/* Largest n <= max that does not cut a character. */
size_t utf8_cut(const char *s, size_t len, size_t max);
/* Lower case for matching: Unicode case folding, appended. */
void utf8_fold(struct strbuf *out, const char *s, size_t len);

#endif
