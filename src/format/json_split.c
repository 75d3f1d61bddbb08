/* Splits lists without parsing them: only strings and brackets are looked at, 64 bytes at a time inside of values. What an item or the
 * envelope holds is the parser's business. */
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include "format/json.h"

enum state {
	OUTSIDE, /* between documents */
	MEMBER,  /* inside a document's object, where a key, a comma or the end belongs */
	KEY,     /* inside a top-level key */
	COLON,   /* after a key */
	VALUE,   /* before a top-level value */
	ITEMS,   /* inside "items", between items */
	NESTED,  /* inside an object or list */
	STRING,  /* inside a string that is a value */
	SCALAR,  /* inside a number or word */
};

/* Bytes that may follow a number or word. */
#define SCALAR_ENDS ",]} \t\r\n"
#define BLOCK 64

struct json_splitter {
	struct json_split_handler handler;
	size_t max_item;
	enum state state;
	bool in_item, in_string, escaped, need_comma;
	bool saw_items, key_is_items, is_object;
	uint32_t depth;
	size_t offset; /* of the piece being fed */
	size_t item_offset;
	unsigned mark_len; /* bytes of a byte order mark that were there */
	char key[8];
	unsigned key_len;
	struct strbuf envelope; /* the document without its items */
	struct strbuf part;     /* the beginning of an item that did not arrive at once */
	int failed;
};

struct json_splitter *json_splitter_new(const struct json_split_handler *handler, size_t max_item)
{
	struct json_splitter *s = mem_alloc(sizeof(*s));

	s->handler = *handler;
	s->max_item = max_item;
	strbuf_init(&s->envelope, max_item);
	strbuf_init(&s->part, max_item);
	return s;
}

void json_splitter_free(struct json_splitter *s)
{
	if (!s)
		return;
	strbuf_release(&s->envelope);
	strbuf_release(&s->part);
	mem_free(s);
}

struct masks {
	uint64_t quote, backslash, open, close;
};

/* Which of 64 bytes are what. '[' and ']' become '{' and '}' by the bit 0x20. */
static struct masks block_masks(const char *p)
{
	struct masks m = {0};

#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}'),
		      bit = _mm_set1_epi8(0x20);

	for (unsigned i = 0; i < BLOCK; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i)), w = _mm_or_si128(v, bit);

		m.quote |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, quote)) << i;
		m.backslash |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, backslash)) << i;
		m.open |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(w, open)) << i;
		m.close |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(w, close)) << i;
	}
#else
	for (unsigned i = 0; i < BLOCK; i++) {
		m.quote |= (uint64_t)(p[i] == '"') << i;
		m.backslash |= (uint64_t)(p[i] == '\\') << i;
		m.open |= (uint64_t)((p[i] | 0x20) == '{') << i;
		m.close |= (uint64_t)((p[i] | 0x20) == '}') << i;
	}
#endif
	return m;
}

/* Bytes that a backslash before them makes plain. Backslashes are rare, so they are taken one by one. */
static uint64_t escaped_bytes(uint64_t backslash, bool *carry)
{
	uint64_t escaped = *carry ? 1 : 0;

	backslash &= ~escaped;
	*carry = false;
	while (backslash) {
		unsigned i = (unsigned)__builtin_ctzll(backslash);

		if (i == BLOCK - 1) {
			*carry = true;
			break;
		}
		escaped |= (uint64_t)1 << (i + 1);
		backslash &= ~((uint64_t)3 << i);
	}
	return escaped;
}

/* Bit i = whether an odd number of bits is set up to i. */
static uint64_t prefix_xor(uint64_t m)
{
	for (unsigned shift = 1; shift < 64; shift *= 2)
		m ^= m << shift;
	return m;
}

/* Without this, a compiler that may not use the instruction calls a function of its runtime for each block. */
static unsigned count_bits(uint64_t m)
{
	m -= (m >> 1) & 0x5555555555555555;
	m = (m & 0x3333333333333333) + ((m >> 2) & 0x3333333333333333);
	m = (m + (m >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return (unsigned)((m * 0x0101010101010101) >> 56);
}

/* A block inside of a nested value: the offset just after the bracket that ends it, or 0. */
static unsigned nested_block(struct json_splitter *s, const char *p)
{
	struct masks m = block_masks(p);
	uint64_t inside;

	if (m.backslash | s->escaped)
		m.quote &= ~escaped_bytes(m.backslash, &s->escaped);
	inside = prefix_xor(m.quote) ^ (s->in_string ? ~(uint64_t)0 : 0);
	m.open &= ~inside;
	m.close &= ~inside;
	s->in_string = inside >> (BLOCK - 1);
	if (count_bits(m.close) < s->depth) {
		s->depth += count_bits(m.open) - count_bits(m.close);
		return 0;
	}
	for (uint64_t both = m.open | m.close; both; both &= both - 1) {
		uint64_t lowest = both & -both;

		if (m.open & lowest) {
			s->depth++;
		} else if (--s->depth == 0) {
			s->in_string = s->escaped = false;
			return (unsigned)__builtin_ctzll(lowest) + 1;
		}
	}
	return 0;
}

/* One byte inside of a nested value or a string; true when it ends it. */
static bool value_byte(struct json_splitter *s, char c)
{
	if (s->in_string) {
		if (s->escaped)
			s->escaped = false;
		else if (c == '\\')
			s->escaped = true;
		else if (c == '"')
			s->in_string = false;
		return s->state == STRING && !s->in_string;
	}
	if (c == '"')
		s->in_string = true;
	else if ((c | 0x20) == '{')
		s->depth++;
	else if ((c | 0x20) == '}')
		return --s->depth == 0;
	return false;
}

/* Passes over a value from p on. Returns where it ends, with *ret_done set, or end. */
static const char *pass_value(struct json_splitter *s, const char *p, const char *end, bool *ret_done)
{
	*ret_done = false;
	if (s->state == SCALAR) {
		while (p < end && !str_has(SCALAR_ENDS, *p))
			p++;
		*ret_done = p < end;
		return p;
	}
	while (s->state == NESTED && end - p >= BLOCK) {
		unsigned n = nested_block(s, p);

		if (n) {
			*ret_done = true;
			return p + n;
		}
		p += BLOCK;
	}
	while (p < end && !*ret_done)
		*ret_done = value_byte(s, *p++);
	return p;
}

static int unexpected(struct json_splitter *s, const char *base, const char *p, const char *expected, struct err *err)
{
	size_t at = s->offset + (size_t)(p - base);
	unsigned char c = (unsigned char)*p;

	if (c >= 0x20 && c < 0x7f)
		return err_set(err, ERR_INPUT, "not JSON: '%c' at byte %zu where %s belongs", c, at, expected);
	return err_set(err, ERR_INPUT, "not JSON: byte 0x%02x at byte %zu where %s belongs", c, at, expected);
}

/* Begins a value at its first byte c. */
static void begin_value(struct json_splitter *s, char c)
{
	s->depth = 0;
	s->in_string = s->escaped = false;
	if (c == '{' || c == '[') {
		s->state = NESTED;
	} else if (c == '"') {
		/* The opening quote itself is passed like any other byte: value_byte turns in_string on. */
		s->state = STRING;
	} else {
		s->state = SCALAR;
	}
}

static int end_document(struct json_splitter *s, struct err *err)
{
	int r = strbuf_check(&s->envelope, "JSON document", err);

	s->state = OUTSIDE;
	if (r == 0 && !s->saw_items)
		r = s->handler.item(s->handler.arg, s->envelope.buf, s->envelope.len, err);
	else if (r == 0 && s->handler.envelope)
		r = s->handler.envelope(s->handler.arg, s->envelope.buf, s->envelope.len, err);
	strbuf_reset(&s->envelope);
	return r;
}

/* A value has ended: [start, p) is what of it lies in this piece. */
static int end_value(struct json_splitter *s, const char *start, const char *p, struct err *err)
{
	int r;

	if (!s->in_item) {
		strbuf_add(&s->envelope, start, (size_t)(p - start));
		s->state = MEMBER;
		s->need_comma = true;
		return s->is_object ? 0 : end_document(s, err);
	}
	s->in_item = false;
	s->state = ITEMS;
	s->need_comma = true;
	if (s->part.len == 0) {
		if ((size_t)(p - start) > s->max_item)
			return err_set(err, ERR_LIMIT, "an item of %zu bytes: the limit is %zu", (size_t)(p - start), s->max_item);
		return s->handler.item(s->handler.arg, start, (size_t)(p - start), err);
	}
	strbuf_add(&s->part, start, (size_t)(p - start));
	r = strbuf_check(&s->part, "JSON item", err);
	if (r == 0)
		r = s->handler.item(s->handler.arg, s->part.buf, s->part.len, err);
	strbuf_reset(&s->part);
	return r;
}

/* The bytes of a value from *p on. */
static int feed_value(struct json_splitter *s, const char **p, const char *end, struct err *err)
{
	struct strbuf *kept = s->in_item ? &s->part : &s->envelope;
	const char *start = *p;
	bool done;

	*p = pass_value(s, start, end, &done);
	if (done)
		return end_value(s, start, *p, err);
	strbuf_add(kept, start, (size_t)(*p - start));
	return strbuf_check(kept, s->in_item ? "JSON item" : "JSON document", err);
}

static void key_byte(struct json_splitter *s, char c)
{
	if (s->escaped) {
		s->escaped = false;
	} else if (c == '\\') {
		s->escaped = true;
	} else if (c == '"') {
		s->key_is_items = s->key_len == 5 && memcmp(s->key, "items", 5) == 0;
		s->state = COLON;
		return;
	}
	if (s->key_len < sizeof(s->key))
		s->key[s->key_len++] = c;
}

/* A byte between the values of a document's object. */
static int member_byte(struct json_splitter *s, char c)
{
	if (s->state == KEY) {
		key_byte(s, c);
	} else if (s->state == COLON) {
		if (c != ':')
			return -1;
		s->state = VALUE;
	} else if (c == ',' && s->need_comma) {
		s->need_comma = false;
	} else if (c == '"' && !s->need_comma) {
		s->state = KEY;
		s->key_len = 0;
		s->escaped = false;
	} else if (c != '}') {
		return -1;
	}
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The byte at *p outside of all values. */
static int feed_between(struct json_splitter *s, const char *base, const char **p, struct err *err)
{
	char c = **p;

	if (is_space(c) && s->state != KEY) {
		++*p;
		return 0;
	}
	if (s->state == OUTSIDE) {
		if (!str_has("{[\"-0123456789tfn", c))
			return unexpected(s, base, *p, "a document", err);
		s->saw_items = s->need_comma = s->in_item = false;
		s->is_object = c == '{';
		s->item_offset = s->offset + (size_t)(*p - base);
		if (!s->is_object) {
			begin_value(s, c);
			return 0;
		}
		s->state = MEMBER;
	} else if (s->state == ITEMS) {
		if (c == ']') {
			strbuf_addstr(&s->envelope, "[]");
			s->state = MEMBER;
			s->need_comma = true;
		} else if (c == ',' && s->need_comma) {
			s->need_comma = false;
		} else if (s->need_comma || c == ',' || c == '}') {
			return unexpected(s, base, *p, "an item", err);
		} else {
			s->in_item = true;
			s->item_offset = s->offset + (size_t)(*p - base);
			begin_value(s, c);
			return 0;
		}
		++*p;
		return 0;
	} else if (s->state == VALUE) {
		if (str_has(",:]}", c))
			return unexpected(s, base, *p, "a value", err);
		s->saw_items |= s->key_is_items && (c == '[' || c == 'n');
		if (s->key_is_items && c == '[') {
			s->state = ITEMS;
			s->need_comma = false;
			++*p;
		} else {
			begin_value(s, c);
		}
		return 0;
	} else if (member_byte(s, c) < 0) {
		return unexpected(s, base, *p, s->state == COLON ? "':'" : "a member", err);
	}
	strbuf_addch(&s->envelope, c);
	++*p;
	return c == '}' && s->state == MEMBER ? end_document(s, err) : strbuf_check(&s->envelope, "JSON document", err);
}

int json_splitter_feed(struct json_splitter *s, const char *data, size_t len, struct err *err)
{
	/* A byte order mark, as some editors write; it may come in pieces. */
	static const char mark[] = "\xef\xbb\xbf";
	const char *p = data, *end = data + len;

	while (p < end && s->mark_len < 3 && s->mark_len == s->offset + (size_t)(p - data) && *p == mark[s->mark_len]) {
		s->mark_len++;
		p++;
	}
	if (p < end && s->failed == 0 && s->mark_len % 3 != 0)
		s->failed = unexpected(s, data, p, "a document", err);
	while (p < end && s->failed == 0)
		s->failed = s->state >= NESTED ? feed_value(s, &p, end, err) : feed_between(s, data, &p, err);
	s->offset += len;
	return s->failed;
}

bool json_splitter_skip(struct json_splitter *s, size_t len)
{
	if (s->state != OUTSIDE || s->failed)
		return false;
	s->offset += len;
	return true;
}

const char *json_splitter_envelope(const struct json_splitter *s, size_t *ret_len)
{
	*ret_len = s->envelope.len;
	return s->envelope.buf;
}

size_t json_splitter_item_offset(const struct json_splitter *s)
{
	return s->item_offset;
}

int json_splitter_finish(struct json_splitter *s, struct err *err)
{
	static const char *const where[] = {
		[MEMBER] = "an object",        [KEY] = "a name",     [COLON] = "a name",    [VALUE] = "an object",
		[ITEMS] = "the list of items", [NESTED] = "a value", [STRING] = "a string", [SCALAR] = "a value",
	};

	if (s->failed)
		return err_set(err, s->failed, "the input could not be read to its end");
	if (s->state == SCALAR && !s->is_object && !s->in_item)
		return end_document(s, err);
	if (s->state == OUTSIDE)
		return 0;
	return err_set(err, ERR_INPUT, "the input ends at byte %zu in the middle of %s", s->offset, s->in_item ? "an item" : where[s->state]);
}
