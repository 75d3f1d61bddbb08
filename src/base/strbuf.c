#include "base/strbuf.h"

/* Where an empty strbuf points: never written, since cap 0 always grows first. */
static char empty[1];

void strbuf_init(struct strbuf *sb, size_t max)
{
	sb->buf = empty;
	sb->len = sb->cap = 0;
	sb->max = max;
	sb->overflow = false;
}

void strbuf_release(struct strbuf *sb)
{
	if (sb->cap)
		mem_free(sb->buf);
	strbuf_init(sb, sb->max);
}

void strbuf_reset(struct strbuf *sb)
{
	sb->len = 0;
	sb->overflow = false;
	if (sb->cap)
		sb->buf[0] = 0;
}

char *strbuf_grow(struct strbuf *sb, size_t extra, size_t *ret_room)
{
	size_t room = MIN(extra, sb->max - sb->len), need = sb->len + room + 1;

	if (need > sb->cap) {
		size_t cap = MAX(need, MIN(sb->cap + sb->cap / 2, sb->max + 1));

		cap = MAX(cap, 64);
		sb->buf = mem_realloc(sb->cap ? sb->buf : NULL, cap);
		sb->cap = cap;
		sb->buf[sb->len] = 0;
	}
	*ret_room = room;
	return sb->buf + sb->len;
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	size_t room;
	char *to = strbuf_grow(sb, len, &room);

	if (room < len)
		sb->overflow = true;
	if (room)
		memcpy(to, data, room);
	sb->len += room;
	sb->buf[sb->len] = 0;
}

void strbuf_addstr(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_addch(struct strbuf *sb, char c)
{
	if (sb->len + 1 < sb->cap && sb->len < sb->max) {
		sb->buf[sb->len++] = c;
		sb->buf[sb->len] = 0;
	} else {
		strbuf_add(sb, &c, 1);
	}
}

void strbuf_addn(struct strbuf *sb, char c, size_t n)
{
	size_t room;
	char *to = strbuf_grow(sb, n, &room);

	if (room < n)
		sb->overflow = true;
	memset(to, c, room);
	sb->len += room;
	sb->buf[sb->len] = 0;
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	size_t room;
	char *to = strbuf_grow(sb, 128, &room);
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(to, room + 1, fmt, again);
	va_end(again);
	if (n > 0 && (size_t)n > room) {
		to = strbuf_grow(sb, (size_t)n, &room);
		vsnprintf(to, room + 1, fmt, ap);
		if (room < (size_t)n)
			sb->overflow = true;
		n = (int)room;
	}
	if (n > 0)
		sb->len += (size_t)n;
	sb->buf[sb->len] = 0;
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
	if (len < sb->len) {
		sb->len = len;
		sb->buf[len] = 0;
	}
}

int strbuf_check(const struct strbuf *sb, const char *what, struct err *err)
{
	if (!sb->overflow)
		return 0;
	if (sb->max >= (size_t)1 << 20)
		return err_set(err, ERR_LIMIT, "%s is larger than the limit of %zu MiB", what, sb->max >> 20);
	return err_set(err, ERR_LIMIT, "%s is larger than the limit of %zu bytes", what, sb->max);
}

char *strbuf_detach(struct strbuf *sb, size_t *ret_len)
{
	char *p = sb->cap ? sb->buf : mem_alloc(1);

	if (ret_len)
		*ret_len = sb->len;
	strbuf_init(sb, sb->max);
	return p;
}
