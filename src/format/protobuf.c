/* A table-driven decoder: one loop over tags, a cursor in the ascending field table, values built on tree.h's stack. */
#include "format/protobuf.h"
#include "base/crypto.h"
#include "format/json.h"
#include "format/protobuf_wire.h"
#include "format/tree.h"

#include <inttypes.h>

/* A time outside of years 1 to 9999 is no time. */
#define SECONDS_MIN ((int64_t)-62135596800)
#define SECONDS_MAX ((int64_t)253402300799)
/* How many parts of lists and maps one message may scatter. */
#define JOINS_MAX 100

struct decoder {
	struct tree tree;
	const uint8_t *start;
	struct err *err;
};

/* One message being decoded: its members lie on the stack from mark on, those of inlined messages among them. */
struct level {
	size_t mark;
	unsigned depth;
	bool repeats;   /* a key may be there twice */
	unsigned joins; /* of lists and maps that came in several parts */
};

/* A decoded value may be absent: Go writes empty strings and zero times that its JSON leaves out. */
enum { PRESENT = 0, ABSENT = 1 };

static int message(struct decoder *d, const uint8_t *p, const uint8_t *end, const struct message *m, struct level *l);

static int malformed(struct decoder *d, const uint8_t *at, const char *what)
{
	return err_set(d->err, ERR_INPUT, "malformed protobuf at byte %zu: %s", (size_t)(at - d->start), what);
}

static int nested(struct decoder *d, const uint8_t *p, const uint8_t *end, const struct message *m, unsigned depth, struct value *ret)
{
	struct level l = {.mark = d->tree.len, .depth = depth + 1};
	int r;

	if (l.depth > d->tree.b->max_depth)
		return err_set(d->err, ERR_LIMIT, "protobuf nested deeper than %u levels", d->tree.b->max_depth);
	r = message(d, p, end, m, &l);
	return r < 0 ? r : tree_close_map(&d->tree, l.mark, l.repeats, ret, d->err);
}

static int time_value(struct decoder *d, const uint8_t *p, const uint8_t *end, struct value *ret)
{
	uint64_t parts[2] = {0, 0}, tag; /* seconds, nanoseconds */

	if (p == end)
		return ABSENT;
	while (p < end) {
		if (!wire_varint(&p, end, &tag))
			return malformed(d, p, "a cut time");
		if (tag == 8 || tag == 16) {
			if (!wire_varint(&p, end, &parts[tag / 8 - 1]))
				return malformed(d, p, "a cut time");
		} else if (!wire_skip(&p, end, tag & 7)) {
			return malformed(d, p, "a cut time");
		}
	}
	/* Whoever may write a Lease or an Event may write any number here: that must not make the others unreadable. */
	if ((int64_t)parts[0] < SECONDS_MIN || (int64_t)parts[0] > SECONDS_MAX || parts[1] >= 1000000000)
		return ABSENT;
	*ret = value_of_time((int64_t)parts[0] * USEC_PER_SEC + (int64_t)parts[1] / 1000);
	return PRESENT;
}

static int int_or_string(struct decoder *d, const uint8_t *p, const uint8_t *end, struct value *ret)
{
	uint64_t type = 0, number = 0, tag;
	const uint8_t *text = NULL;
	size_t len = 0;

	while (p < end) {
		if (!wire_varint(&p, end, &tag))
			return malformed(d, p, "a cut IntOrString");
		if (tag == (1 << 3 | WIRE_VARINT) || tag == (2 << 3 | WIRE_VARINT)) {
			if (!wire_varint(&p, end, tag == 8 ? &type : &number))
				return malformed(d, p, "a cut IntOrString");
		} else if (tag == (3 << 3 | WIRE_BYTES)) {
			if (!wire_length(&p, end, &len))
				return malformed(d, p, "a cut IntOrString");
			text = p;
			p += len;
		} else if (!wire_skip(&p, end, tag & 7)) {
			return malformed(d, p, "a cut IntOrString");
		}
	}
	*ret = type ? tree_string(&d->tree, (const char *)text, len, false) : value_of_int((int64_t)number);
	return PRESENT;
}

/* Digits of a fraction without trailing zeros: "1.5", "0.000001" as Go's time.Duration prints it. */
static int add_fraction(char *buf, size_t size, uint64_t v, uint64_t unit)
{
	int n = snprintf(buf, size, "%" PRIu64, v / unit);

	if (v % unit) {
		uint64_t rest = v % unit;

		buf[n++] = '.';
		for (uint64_t digit = unit / 10; rest; digit /= 10) {
			buf[n++] = (char)('0' + rest / digit);
			rest %= digit;
		}
	}
	return n;
}

static struct value duration_value(struct tree *t, int64_t ns)
{
	uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	const char *unit = "s";
	uint64_t scale = 1000000000;
	char buf[64];
	int n = 0;

	if (ns < 0)
		buf[n++] = '-';
	if (v && v < 1000)
		unit = "ns", scale = 1;
	else if (v && v < 1000000)
		unit = "\xc2\xb5s", scale = 1000;
	else if (v && v < 1000000000)
		unit = "ms", scale = 1000000;
	if (v >= 3600 * (uint64_t)1000000000)
		n += snprintf(buf + n, sizeof(buf) - (size_t)n, "%" PRIu64 "h", v / 1000000000 / 3600);
	if (v >= 60 * (uint64_t)1000000000)
		n += snprintf(buf + n, sizeof(buf) - (size_t)n, "%" PRIu64 "m", v / 1000000000 / 60 % 60);
	n += add_fraction(buf + n, sizeof(buf) - (size_t)n, v % ((uint64_t)60 * 1000000000), scale);
	n += snprintf(buf + n, sizeof(buf) - (size_t)n, "%s", unit);
	return tree_string(t, buf, (size_t)n, false);
}

static int wrapped_duration(struct decoder *d, const uint8_t *p, const uint8_t *end, struct value *ret)
{
	uint64_t ns = 0, tag;

	while (p < end) {
		if (!wire_varint(&p, end, &tag) || !(tag == 8 ? wire_varint(&p, end, &ns) : wire_skip(&p, end, tag & 7)))
			return malformed(d, p, "a cut duration");
	}
	*ret = duration_value(&d->tree, (int64_t)ns);
	return PRESENT;
}

static int base64_value(struct decoder *d, const uint8_t *p, size_t len, struct value *ret)
{
	_cleanup_(strbuf_release) struct strbuf text;
	int r;

	strbuf_init(&text, STRBUF_MAX_OUTPUT);
	crypto_base64_encode(p, len, &text);
	r = strbuf_check(&text, "base64 of a bytes field", d->err);
	if (r == 0)
		*ret = tree_string(&d->tree, text.buf, text.len, true);
	return r;
}

/* The messages that only wrap one {1: bytes}: Quantity, and JSON inside of protobuf. */
static int wrapped_bytes(struct decoder *d, const struct field *f, const uint8_t *p, const uint8_t *end, struct value *ret)
{
	const uint8_t *inner = p;
	size_t len = 0;

	if (!wire_find_bytes(p, end, 1, &inner, &len))
		return malformed(d, p, f->name);
	if (f->type == FIELD_QUANTITY) {
		*ret = len ? tree_string(&d->tree, (const char *)inner, len, f->flags & FIELD_UNIQUE) : value_of_str("0");
		return PRESENT;
	}
	if (len == 0)
		return ABSENT;
	return json_parse(d->tree.b, (const char *)inner, len, f->message, ret, d->err);
}

/* One length-delimited value of field f. */
static int bytes_value(struct decoder *d, const struct field *f, const uint8_t *p, size_t len, unsigned depth, struct value *ret)
{
	switch ((enum field_type)f->type) {
	case FIELD_STRING:
	case FIELD_STRING_CAPPED:
	case FIELD_STRING_SIZE:
	case FIELD_PRESENT:
		if (len > UINT32_MAX)
			return err_set(d->err, ERR_LIMIT, "a string of %zu bytes", len);
		*ret = tree_field_text(&d->tree, f, (const char *)p, len);
		return PRESENT;
	case FIELD_BYTES:
		return base64_value(d, p, len, ret);
	case FIELD_BYTES_SIZE:
		*ret = value_of_int((int64_t)len);
		return PRESENT;
	case FIELD_MESSAGE:
		return nested(d, p, p + len, f->message, depth, ret);
	case FIELD_TIME:
		return time_value(d, p, p + len, ret);
	case FIELD_INT_OR_STRING:
		return int_or_string(d, p, p + len, ret);
	case FIELD_DURATION:
		return wrapped_duration(d, p, p + len, ret);
	case FIELD_QUANTITY:
	case FIELD_RAW_JSON:
		return wrapped_bytes(d, f, p, p + len, ret);
	case FIELD_INT:
	case FIELD_BOOL:
	case FIELD_DOUBLE:
		break;
	}
	return malformed(d, p, "a scalar written as bytes");
}

static bool scalar_value(const struct field *f, unsigned wire, const uint8_t **p, const uint8_t *end, struct value *ret)
{
	uint64_t v;

	if (f->type == FIELD_DOUBLE && wire == WIRE_FIXED64 && end - *p >= 8) {
		*ret = (struct value){.type = VALUE_DOUBLE};
		memcpy(&ret->d, *p, 8); /* little-endian on every machine this runs on */
		*p += 8;
		return true;
	}
	if ((f->type != FIELD_INT && f->type != FIELD_BOOL) || wire != WIRE_VARINT || !wire_varint(p, end, &v))
		return false;
	*ret = f->type == FIELD_INT ? value_of_int((int64_t)v) : value_of_bool(v != 0);
	return true;
}

/* One value at *p, whatever its wire type. */
static int one_value(struct decoder *d, const struct field *f, unsigned wire, const uint8_t **p, const uint8_t *end, unsigned depth,
		     struct value *ret)
{
	const uint8_t *at = *p;
	size_t len;
	int r;

	if (wire != WIRE_BYTES)
		return scalar_value(f, wire, p, end, ret) ? PRESENT : malformed(d, at, f->name);
	if (!wire_length(p, end, &len))
		return malformed(d, at, f->name);
	r = bytes_value(d, f, *p, len, depth, ret);
	*p += len;
	return r;
}

/* A map entry {1: key, 2: value} of len bytes; pushed on the stack. Adds the bytes of key and value to *size. */
static int map_entry(struct decoder *d, const struct field *f, const uint8_t *p, const uint8_t *end, unsigned depth, int64_t *size)
{
	const uint8_t *key_at = p, *value_start = NULL;
	size_t key_len = 0, value_len = 0;
	struct value v = value_of_str("");
	const char *key;
	uint64_t tag;
	int r;

	while (p < end) {
		if (!wire_varint(&p, end, &tag))
			return malformed(d, p, f->name);
		if (tag == (1 << 3 | WIRE_BYTES)) {
			if (!wire_length(&p, end, &key_len))
				return malformed(d, p, f->name);
			key_at = p;
			p += key_len;
		} else if (tag >> 3 == 2) {
			value_start = p;
			if ((tag & 7) == WIRE_BYTES && !wire_length(&value_start, end, &value_len))
				return malformed(d, p, f->name);
			r = one_value(d, f, tag & 7, &p, end, depth, &v);
			if (r < 0)
				return r;
		} else if (!wire_skip(&p, end, tag & 7)) {
			return malformed(d, p, f->name);
		}
	}
	if (!value_start && f->type == FIELD_PRESENT)
		v = (struct value){.type = VALUE_NULL};
	r = tree_push_annotation(&d->tree, f, (const char *)key_at, key_len, (const char *)value_start, value_start ? value_len : 0, d->err);
	if (r <= 0)
		return r;
	*size += (int64_t)(key_len + value_len);
	r = tree_key(&d->tree, (const char *)key_at, key_len, &key, d->err);
	return r < 0 ? r : tree_push(&d->tree, key, key_len, v, d->err);
}

/* Says whether the same field follows at *p, and passes over its tag. */
static bool same_tag_follows(const uint8_t **p, const uint8_t *end, uint64_t tag)
{
	const uint8_t *q = *p;
	uint64_t next;

	if (q == end || !wire_varint(&q, end, &next) || next != tag)
		return false;
	*p = q;
	return true;
}

static int map_run(struct decoder *d, const struct message *m, const struct field *f, uint64_t tag, const uint8_t **p, const uint8_t *end,
		   unsigned depth, struct value *ret)
{
	size_t mark = d->tree.len, len;
	int64_t size = 0;
	int r;

	do {
		if ((tag & 7) != WIRE_BYTES || !wire_length(p, end, &len))
			return malformed(d, *p, f->name);
		r = map_entry(d, f, *p, *p + len, depth, &size);
		if (r < 0)
			return r;
		*p += len;
	} while (same_tag_follows(p, end, tag));
	r = tree_close_map(&d->tree, mark, true, ret, d->err);
	if (r == 0 && (f->flags & FIELD_SIZED))
		r = tree_push_size(&d->tree, m, f, size, d->err);
	return r;
}

/* Packed scalars: one length-delimited run of values. */
static int packed_run(struct decoder *d, const struct field *f, const uint8_t **p, const uint8_t *end)
{
	unsigned wire = f->type == FIELD_DOUBLE ? WIRE_FIXED64 : WIRE_VARINT;
	const uint8_t *stop;
	struct value v;
	size_t len;
	int r;

	if (!wire_length(p, end, &len))
		return malformed(d, *p, f->name);
	for (stop = *p + len; *p < stop;) {
		if (!scalar_value(f, wire, p, stop, &v))
			return malformed(d, *p, f->name);
		r = tree_push(&d->tree, NULL, 0, v, d->err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int list_run(struct decoder *d, const struct field *f, uint64_t tag, const uint8_t **p, const uint8_t *end, unsigned depth, struct value *ret)
{
	bool is_number = f->type == FIELD_INT || f->type == FIELD_BOOL || f->type == FIELD_DOUBLE;
	size_t mark = d->tree.len;
	struct value v;
	int r;

	do {
		if (is_number && (tag & 7) == WIRE_BYTES) {
			r = packed_run(d, f, p, end);
		} else {
			v = (struct value){.type = VALUE_NULL};
			r = one_value(d, f, tag & 7, p, end, depth, &v);
			if (r >= 0)
				r = tree_push(&d->tree, NULL, 0, v, d->err);
		}
		if (r < 0)
			return r;
	} while (same_tag_follows(p, end, tag));
	return tree_close_list(&d->tree, mark, ret, d->err);
}

/* A list or map whose field was interrupted by others and goes on: allowed by the format, written by nobody. The earlier part is put
 * before; a bound on how often keeps hostile input from making it quadratic. */
static int join_earlier(struct decoder *d, struct level *l, const struct field *f, struct value *v)
{
	struct tree *t = &d->tree;
	size_t mark = l->mark;
	size_t at = t->len;
	int r = 0;

	while (at > mark && t->stack[at - 1].key != f->name)
		at--;
	if (at == mark || t->stack[at - 1].v.type != v->type)
		return 0;
	if (++l->joins > JOINS_MAX)
		return err_set(d->err, ERR_LIMIT, "%s: a list or map in more than %d parts", f->name, JOINS_MAX);
	struct value earlier = t->stack[at - 1].v, later = *v;
	size_t joined = t->len;

	for (uint32_t i = 0; i < earlier.len + later.len && r == 0; i++) {
		const struct value *from = i < earlier.len ? &earlier : &later;
		uint32_t k = i < earlier.len ? i : i - earlier.len;

		if (v->type == VALUE_LIST)
			r = tree_push(t, NULL, 0, from->items[k], d->err);
		else
			r = tree_push(t, from->members[k].key, from->members[k].v.key_len, from->members[k].v, d->err);
	}
	if (r < 0)
		return r;
	return v->type == VALUE_LIST ? tree_close_list(t, joined, v, d->err) : tree_close_map(t, joined, true, v, d->err);
}

/* The value of a known field at *p, put on the stack. */
static int known_field(struct decoder *d, const struct message *m, const struct field *f, uint64_t tag, const uint8_t **p, const uint8_t *end,
		       struct level *l)
{
	struct value v;
	size_t len;
	int r;

	if (f->flags & (FIELD_MAP | FIELD_REPEATED)) {
		r = f->flags & FIELD_MAP ? map_run(d, m, f, tag, p, end, l->depth, &v) : list_run(d, f, tag, p, end, l->depth, &v);
		if (r == 0 && l->repeats)
			r = join_earlier(d, l, f, &v);
	} else if (f->flags & FIELD_INLINE) {
		if ((tag & 7) != WIRE_BYTES || !wire_length(p, end, &len))
			return malformed(d, *p, f->name);
		r = message(d, *p, *p + len, f->message, l);
		*p += len;
		return r;
	} else {
		r = one_value(d, f, tag & 7, p, end, l->depth, &v);
	}
	if (r < 0)
		return r;
	if (r == ABSENT || ((f->flags & FIELD_OMIT_ZERO) && tree_is_zero(&v)))
		return 0;
	return tree_push(&d->tree, f->name, f->name_len, v, d->err);
}

static int message(struct decoder *d, const uint8_t *p, const uint8_t *end, const struct message *m, struct level *l)
{
	const struct field *f = m->fields, *last = m->fields + m->field_count;
	uint64_t tag, number, before = 0;
	int r;

	while (p < end) {
		const uint8_t *at = p;

		if (!wire_varint(&p, end, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
			return malformed(d, at, m->name);
		number = tag >> 3;
		if (number <= before) {
			f = m->fields;
			l->repeats = true;
		}
		before = number;
		while (f < last && f->number < number)
			f++;
		if (f == last || f->number != number) {
			if (!wire_skip(&p, end, tag & 7))
				return malformed(d, at, m->name);
			continue;
		}
		r = known_field(d, m, f, tag, &p, end, l);
		if (r < 0)
			return r;
	}
	return 0;
}

int protobuf_parse(struct value_builder *b, const void *data, size_t len, const struct message *schema, struct value *ret, struct err *err)
{
	const uint8_t *start = data;
	struct decoder d = {.start = start, .err = err};
	struct value v;
	int r;

	tree_init(&d.tree, b);
	r = nested(&d, start, start + len, schema, 0, &v);
	tree_release(&d.tree);
	if (r == 0)
		*ret = v;
	return r;
}

int protobuf_unwrap(const void *data, size_t len, const void **ret_raw, size_t *ret_len, struct err *err)
{
	const uint8_t *start = data, *raw = start + len;
	size_t raw_len = 0;

	if (len < 4 || memcmp(start, "k8s\0", 4) != 0)
		return err_set(err, ERR_INPUT, "the answer is not Kubernetes protobuf: it does not begin with \"k8s\"");
	if (!wire_find_bytes(start + 4, start + len, 2, &raw, &raw_len))
		return err_set(err, ERR_INPUT, "malformed Kubernetes protobuf: the envelope is cut");
	*ret_raw = raw;
	*ret_len = raw_len;
	return 0;
}
