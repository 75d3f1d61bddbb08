#include "cluster/watch_frames.h"

#include "format/protobuf.h"

#define TYPE_MAX 32
#define PREFIX 4

void watch_frames_init(struct watch_frames *f, enum api_format format)
{
	f->format = format;
	f->scanned = 0;
	strbuf_init(&f->pending, WATCH_EVENT_MAX + PREFIX);
}

void watch_frames_release(struct watch_frames *f)
{
	strbuf_release(&f->pending);
}

struct bytes {
	const unsigned char *at, *end;
};

static bool take_varint(struct bytes *b, uint64_t *ret)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64 && b->at < b->end; shift += 7) {
		unsigned char byte = *b->at++;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

/* The length-delimited field `number`; false when there is none or the message is malformed. Both messages read here have no others. */
static bool find_bytes(struct bytes message, unsigned number, struct bytes *ret)
{
	uint64_t key, len;
	while (take_varint(&message, &key)) {
		if ((key & 7) != 2 || !take_varint(&message, &len) || len > (uint64_t)(message.end - message.at))
			return false;
		if (key >> 3 == number) {
			*ret = (struct bytes){message.at, message.at + len};
			return true;
		}
		message.at += len;
	}
	return false;
}

static int protobuf_event(struct watch_frames *f, const char *data, size_t len, struct err *err)
{
	struct bytes whole = {(const unsigned char *)data, (const unsigned char *)data + len}, type, object, raw;
	char name[TYPE_MAX];
	const void *message;
	size_t message_len;
	if (!find_bytes(whole, 1, &type) || (size_t)(type.end - type.at) >= sizeof(name) || !find_bytes(whole, 2, &object) ||
	    !find_bytes(object, 1, &raw))
		return err_set(err, ERR_INPUT, "watch: an event that is no WatchEvent");
	memcpy(name, type.at, (size_t)(type.end - type.at));
	name[type.end - type.at] = '\0';
	int r = protobuf_unwrap(raw.at, (size_t)(raw.end - raw.at), &message, &message_len, err);
	return r < 0 ? err_wrap(err, "watch") : f->event(f->arg, name, message, message_len, err);
}

/* The length of the first whole event in pending[at..], with its prefix or line end; 0 when it is not all there. */
static int next_event(struct watch_frames *f, size_t at, const char **ret, size_t *ret_len, size_t *ret_used, struct err *err)
{
	const char *p = f->pending.buf + at;
	size_t have = f->pending.len - at;
	*ret_used = 0;
	if (f->format == API_PROTOBUF) {
		if (have < PREFIX)
			return 0;
		const unsigned char *n = (const unsigned char *)p;
		size_t len = (size_t)n[0] << 24 | (size_t)n[1] << 16 | (size_t)n[2] << 8 | n[3];
		if (len > WATCH_EVENT_MAX)
			return err_set(err, ERR_LIMIT, "watch: an event of %zu bytes is larger than the limit of %zu", len, WATCH_EVENT_MAX);
		if (have - PREFIX < len)
			return 0;
		*ret = p + PREFIX;
		*ret_len = len;
		*ret_used = len + PREFIX;
		return 0;
	}
	size_t from = MAX(at, f->scanned);
	const char *end = memchr(f->pending.buf + from, '\n', f->pending.len - from);
	if (!end) {
		f->scanned = f->pending.len;
	} else {
		*ret = p;
		*ret_len = (size_t)(end - p);
		*ret_used = *ret_len + 1;
	}
	return 0;
}

int watch_frames_feed(struct watch_frames *f, const char *data, size_t len, struct err *err)
{
	strbuf_add(&f->pending, data, len);
	int r = strbuf_check(&f->pending, "a watch's event", err);
	size_t at = 0, event_len, used;
	const char *event;
	while (r == 0 && (r = next_event(f, at, &event, &event_len, &used, err)) == 0 && used) {
		at += used;
		if (f->format == API_PROTOBUF)
			r = protobuf_event(f, event, event_len, err);
		else if (event_len && event[0] != '\r')
			r = f->event(f->arg, "", event, event_len, err);
	}
	memmove(f->pending.buf, f->pending.buf + at, f->pending.len - at);
	strbuf_truncate(&f->pending, f->pending.len - at);
	f->scanned -= MIN(f->scanned, at);
	return r;
}
