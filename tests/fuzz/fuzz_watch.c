/* The body of a watch: any bytes, in any pieces, are events or an error; the same ones however they are cut. */
#include "cluster/watch_frames.h"
#include "base/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint32_t events, digest;
};

static int on_event(void *arg, const char *type, const char *data, size_t len, struct err *err)
{
	struct seen *s = arg;
	s->events++;
	s->digest = hash_mix(hash_mix(s->digest, hash_bytes(type, strlen(type))), hash_bytes(data, len));
	return 0;
}

static int feed(enum api_format format, const uint8_t *data, size_t size, size_t piece, struct seen *ret)
{
	struct watch_frames f = {.event = on_event, .arg = ret};
	struct err err = {0};
	int r = 0;
	watch_frames_init(&f, format);
	for (size_t at = 0; at < size && r == 0; at += piece)
		r = watch_frames_feed(&f, (const char *)data + at, MIN(piece, size - at), &err);
	watch_frames_release(&f);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	enum api_format format = data[0] & 1 ? API_PROTOBUF : API_JSON;
	struct seen whole = {0}, pieces = {0};
	int a = feed(format, data + 1, size - 1, size, &whole), b = feed(format, data + 1, size - 1, 1 + (data[0] >> 1), &pieces);
	if (a != b || whole.events != pieces.events || whole.digest != pieces.digest)
		abort();
	return 0;
}
