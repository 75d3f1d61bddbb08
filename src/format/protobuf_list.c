/* A List answer as it arrives: a state machine over the envelope, which hands each item over without copying it when it lies whole in
 * the piece that was fed. */
#include "format/protobuf.h"
#include "format/protobuf_wire.h"

#include <inttypes.h>

/* A TypeMeta or ListMeta: a few names and a continue token. */
#define META_MAX ((size_t)64 << 10)

enum state {
	MAGIC,   /* "k8s\0" */
	TAG,     /* a field's tag follows */
	LENGTH,  /* of a length-delimited field */
	VARINT,  /* to be skipped */
	FIXED,   /* `want` bytes to be skipped */
	PAYLOAD, /* `want` bytes of a field that is read */
};

/* Which message the tags belong to. */
enum where { ENVELOPE, LIST };

struct protobuf_list {
	struct protobuf_list_handler handler;
	size_t max_item;
	enum state state;
	enum where where;
	unsigned number; /* of the field at hand */
	uint64_t varint; /* being collected */
	unsigned shift;
	uint64_t want;      /* bytes of the field still to come */
	uint64_t list_left; /* bytes of Unknown.raw still to come */
	bool seen_list;
	uint8_t *part; /* the beginning of a field that did not arrive at once */
	size_t part_len, part_cap;
	char *resource_version, *token;
	int failed; /* the error that ended it */
};

struct protobuf_list *protobuf_list_new(const struct protobuf_list_handler *handler, size_t max_item)
{
	struct protobuf_list *l = mem_alloc(sizeof(*l));

	l->handler = *handler;
	l->max_item = max_item;
	l->want = 4;
	return l;
}

void protobuf_list_free(struct protobuf_list *l)
{
	if (!l)
		return;
	mem_free(l->part);
	mem_free(l->resource_version);
	mem_free(l->token);
	mem_free(l);
}

static int malformed(const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "malformed Kubernetes protobuf list: %s", what);
}

static char *copy_bytes(const uint8_t *data, size_t len)
{
	char *s = mem_alloc(len + 1);

	if (len)
		memcpy(s, data, len);
	return s;
}

/* ListMeta {2: resourceVersion, 3: continue}. */
static int list_meta(struct protobuf_list *l, const uint8_t *data, size_t len, struct err *err)
{
	const uint8_t *version = data, *token = data, *end = data + len;
	size_t version_len = 0, token_len = 0;

	if (!wire_find_bytes(data, end, 2, &version, &version_len) || !wire_find_bytes(data, end, 3, &token, &token_len))
		return malformed("metadata", err);
	mem_free(l->resource_version);
	mem_free(l->token);
	l->resource_version = copy_bytes(version, version_len);
	l->token = copy_bytes(token, token_len);
	return 0;
}

/* TypeMeta {1: apiVersion, 2: kind}: anything but a ...List here is an answer to something else. */
static int type_meta(const uint8_t *data, size_t len, struct err *err)
{
	const uint8_t *kind = data;
	size_t kind_len = 0;

	if (!wire_find_bytes(data, data + len, 2, &kind, &kind_len))
		return malformed("type", err);
	if (kind_len < 4 || memcmp(kind + kind_len - 4, "List", 4) != 0)
		return err_set(err, ERR_INPUT, "the answer is a %.*s, not a list", (int)MIN(kind_len, (size_t)60), (const char *)kind);
	return 0;
}

/* A whole field of interest. */
static int field(struct protobuf_list *l, const uint8_t *data, size_t len, struct err *err)
{
	if (l->where == ENVELOPE)
		return type_meta(data, len, err);
	return l->number == 1 ? list_meta(l, data, len, err) : l->handler.item(l->handler.arg, data, len, err);
}

static bool is_wanted(const struct protobuf_list *l)
{
	return l->where == ENVELOPE ? l->number == 1 : l->number == 1 || l->number == 2;
}

/* After a field: the next tag, or the end of the inner message. */
static void next_field(struct protobuf_list *l)
{
	l->state = TAG;
	l->varint = 0;
	l->shift = 0;
	if (l->where == LIST && l->list_left == 0)
		l->where = ENVELOPE;
}

static int got_tag(struct protobuf_list *l, struct err *err)
{
	unsigned wire = l->varint & 7;

	if (l->varint >> 3 == 0 || l->varint >> 3 > 0x1fffffff)
		return malformed("a bad field number", err);
	l->number = (unsigned)(l->varint >> 3);
	if (wire == WIRE_BYTES) {
		l->state = LENGTH;
	} else if (wire == WIRE_VARINT) {
		l->state = VARINT;
	} else if (wire == WIRE_FIXED64 || wire == WIRE_FIXED32) {
		l->state = FIXED;
		l->want = wire == WIRE_FIXED64 ? 8 : 4;
	} else {
		return malformed("a group", err);
	}
	return 0;
}

static int got_length(struct protobuf_list *l, struct err *err)
{
	size_t max = l->where == LIST && l->number == 2 ? l->max_item : META_MAX;
	int r;

	l->want = l->varint;
	if (l->where == LIST && l->want > l->list_left)
		return malformed("a field is longer than the list", err);
	if (l->where == ENVELOPE && l->number == 2) {
		if (l->seen_list)
			return malformed("two lists", err);
		l->seen_list = true;
		l->list_left = l->want;
		l->where = LIST;
		next_field(l);
		return 0;
	}
	l->state = is_wanted(l) ? PAYLOAD : FIXED;
	if (l->state == PAYLOAD && l->want > max)
		return err_set(err, ERR_LIMIT, "an item of %" PRIu64 " bytes: the limit is %zu", l->want, max);
	if (l->want > 0)
		return 0;
	r = l->state == PAYLOAD ? field(l, (const uint8_t *)"", 0, err) : 0;
	next_field(l);
	return r;
}

/* One byte of a tag, a length or a skipped number. */
static int varint_byte(struct protobuf_list *l, uint8_t byte, struct err *err)
{
	if (l->shift == 63 && byte > 1)
		return malformed("a number that is too long", err);
	l->varint |= (uint64_t)(byte & 0x7f) << l->shift;
	l->shift += 7;
	if (byte >= 0x80)
		return 0;
	enum state was = l->state;
	int r = was == TAG ? got_tag(l, err) : was == LENGTH ? got_length(l, err) : 0;

	if (was == VARINT)
		next_field(l);
	l->varint = 0;
	l->shift = 0;
	return r;
}

static void keep_part(struct protobuf_list *l, const uint8_t *data, size_t len)
{
	if (l->part_len + len > l->part_cap) {
		/* Grown with what arrives, not with what the length claims. */
		l->part_cap = MAX(l->part_len + len, MIN(l->part_cap * 2, l->max_item));
		l->part = mem_realloc(l->part, l->part_cap);
	}
	if (len)
		memcpy(l->part + l->part_len, data, len);
	l->part_len += len;
}

/* used bytes of a field that is read. */
static int payload(struct protobuf_list *l, const uint8_t *data, size_t used, struct err *err)
{
	int r;

	if (l->part_len == 0 && used == l->want)
		return field(l, data, used, err);
	keep_part(l, data, used);
	if (used < l->want)
		return 0;
	r = field(l, l->part, l->part_len, err);
	l->part_len = 0;
	return r;
}

/* used bytes of the state at hand; no more than it wants. */
static int step(struct protobuf_list *l, const uint8_t *data, size_t used, struct err *err)
{
	int r = 0;

	switch (l->state) {
	case TAG:
	case LENGTH:
	case VARINT:
		return varint_byte(l, *data, err);
	case MAGIC:
		if (memcmp(data, &"k8s\0"[4 - l->want], used) != 0)
			return err_set(err, ERR_INPUT, "the answer is not Kubernetes protobuf: it does not begin with \"k8s\"");
		break;
	case PAYLOAD:
		r = payload(l, data, used, err);
		break;
	case FIXED:
		break;
	}
	l->want -= used;
	if (r == 0 && l->want == 0)
		next_field(l);
	return r;
}

static bool is_varint(enum state s)
{
	return s == TAG || s == LENGTH || s == VARINT;
}

int protobuf_list_feed(struct protobuf_list *l, const void *data, size_t len, struct err *err)
{
	const uint8_t *p = data, *end = p + len;

	while (p < end && l->failed == 0) {
		size_t used = is_varint(l->state) ? 1 : (size_t)MIN((uint64_t)(end - p), l->want);

		if (l->where == LIST) {
			if (used > l->list_left)
				l->failed = malformed("a field goes beyond the list", err);
			l->list_left -= used;
		}
		if (l->failed == 0)
			l->failed = step(l, p, used, err);
		p += used;
	}
	return l->failed;
}

int protobuf_list_finish(struct protobuf_list *l, const char **ret_resource_version, const char **ret_continue, struct err *err)
{
	if (l->failed)
		return err_set(err, l->failed, "the list could not be read to its end");
	if (l->state != TAG || l->shift != 0 || l->where != ENVELOPE || !l->seen_list)
		return err_set(err, ERR_INPUT, "the list ends in the middle: the connection was cut");
	*ret_resource_version = l->resource_version ? l->resource_version : "";
	*ret_continue = l->token ? l->token : "";
	return 0;
}
