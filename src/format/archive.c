/* What a file is, by its first bytes. */
#include "format/archive.h"

static const struct {
	size_t offset;
	const char *bytes;
	size_t len;
	enum archive_format format;
	const char *text;
} magics[] = {
	{0, "\x28\xb5\x2f\xfd", 4, ARCHIVE_ZSTD, "zstd"},
	{0, "\x1f\x8b", 2, ARCHIVE_GZIP, "gzip"},
	{257, "ustar", 5, ARCHIVE_TAR, "tar"},
	{0, "PK\x03\x04", 4, ARCHIVE_OTHER, "zip"},
	{0,
	 "\xfd"
	 "7zXZ\0",
	 6, ARCHIVE_OTHER, "xz"},
	{0, "BZh", 3, ARCHIVE_OTHER, "bzip2"},
	{0, "7z\xbc\xaf\x27\x1c", 6, ARCHIVE_OTHER, "7z"},
	{0, "\x04\x22\x4d\x18", 4, ARCHIVE_OTHER, "lz4"},
};

static int find(const unsigned char *head, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(magics); i++)
		if (len >= magics[i].offset + magics[i].len && memcmp(head + magics[i].offset, magics[i].bytes, magics[i].len) == 0)
			return (int)i;
	/* Frames that readers skip may stand before the first one. */
	return len >= 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0 ? 0 : -1;
}

enum archive_format archive_detect(const void *head, size_t len)
{
	int i = find(head, len);

	/* "ustar" may stand there in a text; a tar header has its fields padded with zero bytes before it. */
	if (i >= 0 && magics[i].format == ARCHIVE_TAR && !memchr(head, '\0', magics[i].offset))
		return ARCHIVE_PLAIN;
	return i < 0 ? ARCHIVE_PLAIN : magics[i].format;
}

const char *archive_format_text(const void *head, size_t len)
{
	int i = find(head, len);

	return i < 0 ? "" : magics[i].text;
}
