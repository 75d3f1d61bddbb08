/* The inside of mask/: finders return how many bytes from where they look are the secret. */
#ifndef MASK_MASK_INTERNAL_H
#define MASK_MASK_INTERNAL_H

#include "mask/mask.h"

#define MASK_OPEN "\xc2\xabmasked:" /* « */
#define MASK_CLOSE "\xc2\xbb"

/* Characters by what they can be part of. */
enum { CHAR_WORD = 1, CHAR_DIGIT = 2, CHAR_UPPER = 4, CHAR_LOWER = 8, CHAR_B64URL = 16, CHAR_B64 = 32, CHAR_NAME = 64, CHAR_SPACE = 128 };
extern const uint8_t mask_chars[256];
static inline bool char_is(char c, int what)
{
	return (mask_chars[(unsigned char)c] & what) != 0;
}

/* tokens.c: a token of a known shape at p (a word begins there; before: the byte before it or 0). Its length, 0 = none. */
size_t mask_token_at(const char *p, const char *end, char before, const char **ret_kind);
/* Whether a token may begin with this byte. */
extern const bool mask_token_first[256];

/* names.c: whether this short flag of the program named in line (what stands before it) takes a password, in the same word (joined) or the next. */
bool mask_flag_takes_secret(const char *line, size_t line_len, const char *flag, size_t flag_len, bool joined);

/* values.c */
/* Not worth masking whatever its name: empty, true, a reference, masked before. */
bool mask_value_is_harmless(const char *s, size_t len);
/* Long and mixed enough to be a key made by a machine. */
bool mask_value_is_random(const char *s, size_t len);
/* A path of a file whose parts are ordinary words. */
bool mask_value_is_path(const char *s, size_t len);
/* Small letters, digits, '-', '.', '/': what names of objects and words of sentences are made of. */
bool mask_value_is_plain(const char *s, size_t len, bool allow_digits);
/* Whether the value of a name of this class is to be masked as a whole. */
bool mask_value_is_secret(enum mask_name name, const char *s, size_t len);

/* Appends «masked:kind:hash of s». */
void mask_add(const struct masker *m, struct strbuf *out, const char *kind, const char *s, size_t len);

#endif
