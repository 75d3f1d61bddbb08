/* Lines out of a stream: pieces of any size go in, whole lines come out, each padded so that it can be read 64 bytes at a time. */
#include "diagnose/log_line.h"

#define BUFFER_BYTES ((size_t)128 << 10)
_Static_assert(BUFFER_BYTES > 2 * LOG_LINE_BYTES, "a cut line fits twice");

struct log_splitter {
	log_line_fn *fn;
	void *arg;
	uint64_t number;
	size_t len;
	bool skipping; /* the rest of a line that was too long */
	char buffer[BUFFER_BYTES + LOG_PADDING];
};

struct log_splitter *log_splitter_new(log_line_fn *fn, void *arg)
{
	struct log_splitter *s = mem_alloc(sizeof(*s));

	s->fn = fn;
	s->arg = arg;
	return s;
}

void log_splitter_free(struct log_splitter *s)
{
	mem_free(s);
}

static void emit(struct log_splitter *s, const char *line, size_t len)
{
	if (len > LOG_LINE_BYTES)
		len = LOG_LINE_BYTES;
	else if (len && line[len - 1] == '\r')
		len--;
	s->fn(s->arg, line, len, ++s->number);
}

/* Every whole line of the buffer; what is left moves to its beginning. */
static void drain(struct log_splitter *s)
{
	const char *p = s->buffer, *end = s->buffer + s->len;

	for (const char *nl; (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1) {
		if (!s->skipping)
			emit(s, p, (size_t)(nl - p));
		s->skipping = false;
	}
	s->len = (size_t)(end - p);
	if (s->skipping) {
		s->len = 0;
	} else if (s->len > LOG_LINE_BYTES) {
		emit(s, p, s->len);
		s->skipping = true;
		s->len = 0;
	}
	memmove(s->buffer, p, s->len);
}

void log_splitter_feed(struct log_splitter *s, const char *data, size_t len)
{
	while (len) {
		size_t n = MIN(len, BUFFER_BYTES - s->len);

		memcpy(s->buffer + s->len, data, n);
		s->len += n;
		data += n;
		len -= n;
		drain(s);
	}
}

void log_splitter_finish(struct log_splitter *s)
{
	if (s->len && !s->skipping)
		emit(s, s->buffer, s->len);
	s->len = 0;
	s->skipping = false;
}

size_t log_splitter_memory(void)
{
	return sizeof(struct log_splitter);
}
