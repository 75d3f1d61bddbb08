#include "base/ip.h"

static int parse_v4(const char *p, const char *end, unsigned char bytes[4])
{
	for (int i = 0; i < 4; i++) {
		const char *start = p;
		unsigned n = 0;
		if (i && (p == end || *p++ != '.'))
			return 0;
		for (start = p; p < end && *p >= '0' && *p <= '9' && p - start < 3; p++)
			n = n * 10 + (unsigned)(*p - '0');
		if (p == start || n > 255 || (p - start > 1 && *start == '0'))
			return 0;
		bytes[i] = (unsigned char)n;
	}
	return p == end ? 4 : 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One group of up to four hexadecimal digits; false when there is none. */
static bool group(const char **p, const char *end, unsigned char bytes[2])
{
	unsigned n = 0;
	const char *start = *p;
	for (; *p < end && *p - start < 4 && hex_digit(**p) >= 0; ++*p)
		n = n << 4 | (unsigned)hex_digit(**p);
	bytes[0] = (unsigned char)(n >> 8);
	bytes[1] = (unsigned char)n;
	return *p > start;
}

static int parse_v6(const char *p, const char *end, unsigned char bytes[16])
{
	unsigned char found[16];
	int n = 0, gap = -1;
	if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
		gap = 0;
		p += 2;
	}
	while (p < end && n < 16) {
		const char *start = p;
		if (memchr(p, '.', (size_t)(end - p)) && !memchr(p, ':', (size_t)(end - p))) {
			if (n > 12 || !parse_v4(p, end, found + n))
				return 0;
			n += 4;
			p = end;
			break;
		}
		if (!group(&p, end, found + n))
			return 0;
		n += 2;
		if (p == end)
			break;
		if (*p++ != ':' || p == end)
			return 0;
		if (*p == ':') {
			if (gap >= 0)
				return 0;
			gap = n;
			p++;
		}
		if (p == start)
			return 0;
	}
	if (p != end || (gap < 0 ? n != 16 : n > 14))
		return 0;
	if (gap < 0)
		gap = n;
	memset(bytes, 0, 16);
	memcpy(bytes, found, (size_t)gap);
	memcpy(bytes + 16 - (n - gap), found + gap, (size_t)(n - gap));
	return 16;
}

int ip_parse(const char *text, size_t len, unsigned char ret_bytes[16])
{
	unsigned char bytes[16] = {0};
	int size = memchr(text, ':', len) ? parse_v6(text, text + len, bytes) : parse_v4(text, text + len, bytes);
	if (size)
		memcpy(ret_bytes, bytes, (size_t)size);
	return size;
}

bool ip_in_block(const char *address, const char *cidr)
{
	unsigned char a[16], b[16];
	const char *slash = strchr(cidr, '/');
	int size = slash ? ip_parse(cidr, (size_t)(slash - cidr), b) : 0, bits = 0;
	if (!size || ip_parse(address, strlen(address), a) != size || !slash[1])
		return false;
	for (const char *p = slash + 1; *p; p++) {
		if (*p < '0' || *p > '9' || (bits = bits * 10 + (*p - '0')) > size * 8)
			return false;
	}
	if (memcmp(a, b, (size_t)bits / 8) != 0)
		return false;
	unsigned mask = bits % 8 ? 0xFFu << (8 - bits % 8) & 0xFFu : 0;
	return !mask || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0;
}
