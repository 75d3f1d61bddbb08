/* The shape of a line: bytes that vary from line to line are found 64 at a time by bit arithmetic, the rest is hashed, without a copy.
 *
 * A token is a run of letters, digits and the characters that hold names, numbers, times, addresses and paths together. It varies when a
 * digit is in it, when it alone stands between quotes, or when it is the value of a key (but for a level). The words between stay. */
#include "diagnose/log_line.h"

#include <ctype.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define WORDS (LOG_SHAPE_BYTES / 64)

struct masks {
	unsigned words;
	bool quotes, equals; /* there are any */
	uint64_t token[WORDS], digit[WORDS], quote[WORDS], equal[WORDS];
	uint64_t varies[WORDS];
};

/* ---- Classes of bytes --------------------------------------------------------------------------------------------------------- */

enum { TOKEN = 1, DIGIT = 2, QUOTE = 4, EQUAL = 8 };

static const uint8_t classes[256] = {
	['A' ... 'Z'] = TOKEN, ['a' ... 'z'] = TOKEN,   ['0' ... '9'] = TOKEN | DIGIT,
	['_'] = TOKEN,         ['%'] = TOKEN,           ['+'] = TOKEN,
	['-'] = TOKEN,         ['.'] = TOKEN,           ['/'] = TOKEN,
	[':'] = TOKEN,         ['"'] = QUOTE,           ['\''] = QUOTE,
	['='] = EQUAL,         [0x80 ... 0xff] = TOKEN,
};

static void classify_plain(const char *s, struct masks *m, unsigned w)
{
	for (unsigned i = 0; i < 64; i++) {
		uint64_t c = classes[(unsigned char)s[i]];

		m->token[w] |= (c & TOKEN) << i;
		m->digit[w] |= (c >> 1 & 1) << i;
		m->quote[w] |= (c >> 2 & 1) << i;
		m->equal[w] |= (c >> 3 & 1) << i;
	}
}

#if defined(__x86_64__)
/* Each class is a product of a set of high and a set of low halves of a byte: one bit each, looked up by both halves. */
enum { L46 = 1, L57 = 2, UNDERSCORE = 4, DIGITS = 8, MARKS = 16, QUOTES = 32, COLON = 64, EQUALS = 128 };

__attribute__((target("avx2"))) static inline uint64_t bits(__m256i low, __m256i high, int class)
{
	const __m256i mask = _mm256_set1_epi8((char)class), zero = _mm256_setzero_si256();
	uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(low, mask), zero));
	uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(high, mask), zero));

	return ~((uint64_t)b << 32 | a);
}

__attribute__((target("avx2"))) static inline __m256i lookup(__m256i v)
{
	const __m256i nibble = _mm256_set1_epi8(15);
	const __m256i lows = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(L57 | DIGITS, L46 | L57 | DIGITS, L46 | L57 | DIGITS | QUOTES, L46 | L57 | DIGITS, L46 | L57 | DIGITS,
			      L46 | L57 | DIGITS | MARKS, L46 | L57 | DIGITS, L46 | L57 | DIGITS | QUOTES, L46 | L57 | DIGITS, L46 | L57 | DIGITS,
			      L46 | L57 | COLON, L46 | MARKS, L46, (char)(L46 | MARKS | EQUALS), L46 | MARKS, L46 | UNDERSCORE | MARKS));
	const __m256i highs = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 0, MARKS | QUOTES, (char)(DIGITS | COLON | EQUALS), L46, L57 | UNDERSCORE, L46, L57, 0, 0, 0, 0, 0, 0, 0, 0));

	return _mm256_and_si256(_mm256_shuffle_epi8(lows, _mm256_and_si256(v, nibble)),
				_mm256_shuffle_epi8(highs, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble)));
}

__attribute__((target("avx2"))) static void classify_avx2(const char *s, struct masks *m)
{
	for (unsigned w = 0; w < m->words; w++, s += 64) {
		__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)s), b = _mm256_loadu_si256((const __m256i *)(const void *)(s + 32));
		uint64_t beyond = (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32 | (uint32_t)_mm256_movemask_epi8(a);
		__m256i low = lookup(a), high = lookup(b);

		m->token[w] = bits(low, high, L46 | L57 | UNDERSCORE | DIGITS | MARKS | COLON) | beyond;
		m->digit[w] = bits(low, high, DIGITS);
		m->quote[w] = bits(low, high, QUOTES);
		m->equal[w] = bits(low, high, EQUALS);
	}
}
#endif

/* The masks of the first len bytes; bits behind are 0. */
static void classify(const char *s, size_t len, struct masks *m)
{
	uint64_t quotes = 0, equals = 0;

	m->words = (unsigned)((len + 63) / 64);
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2")) {
		classify_avx2(s, m);
	} else
#endif
	{
		for (unsigned w = 0; w < m->words; w++) {
			m->token[w] = m->digit[w] = m->quote[w] = m->equal[w] = 0;
			classify_plain(s + 64 * (size_t)w, m, w);
		}
	}
	if (len % 64) {
		uint64_t within = ((uint64_t)1 << len % 64) - 1;
		unsigned last = m->words - 1;

		m->token[last] &= within;
		m->digit[last] &= within;
		m->quote[last] &= within;
		m->equal[last] &= within;
	}
	for (unsigned w = 0; w < m->words; w++) {
		quotes |= m->quote[w];
		equals |= m->equal[w];
	}
	m->quotes = quotes != 0;
	m->equals = equals != 0;
}

/* ---- What varies --------------------------------------------------------------------------------------------------------------- */

/* From each seed (a subset of the token bits) to the end of its run: an addition's carry runs along it. */
static inline uint64_t fill_up(uint64_t token, uint64_t seeds, unsigned char *carry)
{
	uint64_t sum;
	bool over = __builtin_add_overflow(token, seeds, &sum);

	over |= __builtin_add_overflow(sum, (uint64_t)*carry, &sum);
	*carry = over;
	return token & (~sum | seeds);
}

/* From each seed to the beginning of its run. */
static inline uint64_t fill_down(uint64_t token, uint64_t seeds)
{
	for (unsigned by = 1; by < 64; by <<= 1) {
		seeds |= token & (seeds >> by);
		token &= token >> by;
	}
	return seeds;
}

/* Runs that hold a seed, whole, are added to what varies. */
static void add_runs(struct masks *m, const uint64_t *seeds)
{
	unsigned char carry = 0;
	uint64_t next = 0;

	for (unsigned w = 0; w < m->words; w++)
		m->varies[w] |= fill_up(m->token[w], seeds[w], &carry);
	for (unsigned w = m->words; w-- > 0;) {
		m->varies[w] |= fill_down(m->token[w], m->varies[w] | (next << 63 & m->token[w]));
		next = m->varies[w] & 1;
	}
}

/* A token that alone stands between quotes varies; with a blank between them it is a sentence. */
static void add_quoted(struct masks *m)
{
	uint64_t up[WORDS], next_token = 0, next_quote = 0, next_fill = 0;
	uint64_t before_token = 0, before_quote = 0;
	unsigned char carry = 0;

	for (unsigned w = 0; w < m->words; w++) {
		uint64_t starts = m->token[w] & ~(m->token[w] << 1 | before_token) & (m->quote[w] << 1 | before_quote);

		up[w] = fill_up(m->token[w], starts, &carry);
		before_token = m->token[w] >> 63;
		before_quote = m->quote[w] >> 63;
	}
	for (unsigned w = m->words; w-- > 0;) {
		uint64_t ends = m->token[w] & ~(m->token[w] >> 1 | next_token << 63) & (m->quote[w] >> 1 | next_quote << 63);
		uint64_t down = fill_down(m->token[w], ends | (next_fill << 63 & m->token[w]));

		m->varies[w] |= up[w] & down;
		next_token = m->token[w] & 1;
		next_quote = m->quote[w] & 1;
		next_fill = down & 1;
	}
}

/* level=, lvl=, severity=: what these say belongs to the shape. */
static bool is_level_key(const char *s, size_t equal)
{
	return (equal >= 3 && s[equal - 1] == 'l' && (s[equal - 2] == 'e' || s[equal - 2] == 'v')) ||
	       (equal >= 8 && s[equal - 1] == 'y' && s[equal - 2] == 't');
}

static void add_values(const char *s, struct masks *m)
{
	unsigned char carry = 0;
	uint64_t before = 0;

	for (unsigned w = 0; w < m->words; w++) {
		uint64_t equal = m->equal[w];

		for (uint64_t rest = equal; rest; rest &= rest - 1) {
			unsigned i = (unsigned)__builtin_ctzll(rest);

			if (is_level_key(s, 64 * (size_t)w + i))
				equal &= ~((uint64_t)1 << i);
		}
		m->varies[w] |= fill_up(m->token[w], (equal << 1 | before) & m->token[w], &carry);
		before = equal >> 63;
	}
}

static void find_varying(const char *s, struct masks *m, bool json)
{
	for (unsigned w = 0; w < m->words; w++)
		m->varies[w] = 0;
	add_runs(m, m->digit);
	if (m->quotes && !json)
		add_quoted(m);
	if (m->equals)
		add_values(s, m);
}

/* The first position from `at` on whose bit is `set`, or end. */
static inline size_t next_bit(const uint64_t *mask, bool set, size_t at, size_t end)
{
	while (at < end) {
		uint64_t word = (set ? mask[at / 64] : ~mask[at / 64]) >> at % 64;

		if (word)
			return MIN(end, at + (size_t)__builtin_ctzll(word));
		at = (at / 64 + 1) * 64;
	}
	return end;
}

/* ---- Hash ----------------------------------------------------------------------------------------------------------------------- */

static inline uint64_t mix(uint64_t h, uint64_t word)
{
	unsigned __int128 product = (unsigned __int128)(h ^ word ^ UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t mix_bytes(uint64_t h, const char *s, size_t len)
{
	uint64_t word;

	for (; len >= 8; s += 8, len -= 8) {
		memcpy(&word, s, 8);
		h = mix(h, word);
	}
	if (len) {
		memcpy(&word, s, 8); /* padded */
		h = mix(h, (word & (((uint64_t)1 << 8 * len) - 1)) | (uint64_t)len << 56);
	}
	return h;
}

/* Bytes that stay, and, by their number mixed in, that something varies after them. */
static inline uint64_t mix_segment(uint64_t h, const char *s, size_t len)
{
	uint64_t word;

	for (; len >= 8; s += 8, len -= 8) {
		memcpy(&word, s, 8);
		h = mix(h, word);
	}
	memcpy(&word, s, 8); /* padded */
	return mix(h, (word & (((uint64_t)1 << 8 * len) - 1)) | (uint64_t)(len + 1) << 56);
}

/* Only the bits from..to-1 of word w. */
static inline uint64_t within(uint64_t bits, size_t w, size_t from, size_t to)
{
	if (w == from / 64)
		bits &= ~(uint64_t)0 << from % 64;
	if (w == to / 64)
		bits &= ((uint64_t)1 << to % 64) - 1;
	return bits;
}

static uint64_t hash_range(uint64_t h, const char *s, const struct masks *m, size_t from, size_t to)
{
	size_t start = from;
	uint64_t before = 0;

	for (size_t w = from / 64; w * 64 < to; w++) {
		uint64_t varies = within(m->varies[w], w, from, to);

		/* Where what varies begins and ends, in turn. */
		for (uint64_t edges = varies ^ (varies << 1 | before); edges; edges &= edges - 1) {
			unsigned i = (unsigned)__builtin_ctzll(edges);

			if (varies >> i & 1)
				h = mix_segment(h, s + start, w * 64 + i - start);
			else
				start = w * 64 + i;
		}
		before = varies >> 63;
	}
	/* The last token may vary to the end: then an edge lies there that was not seen. */
	if (to > from && (m->varies[(to - 1) / 64] >> (to - 1) % 64 & 1))
		return h;
	return mix_segment(h, s + start, to - start);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------------------- */

enum key { KEY_OTHER, KEY_MESSAGE, KEY_ERROR, KEY_LEVEL, KEY_TIME, KEY_STATUS, KEY_PATH, KEY_REQUEST, KEY_PEER };

/* By the length of their names: most keys of a line are passed over at the first look. */
#define KEY_NAME_MAX 16

static enum key key_of(struct log_span k)
{
	static const struct {
		const char *name;
		enum key key;
	} keys[KEY_NAME_MAX + 1][7] = {
		[1] = {{"s", KEY_LEVEL}},
		[2] = {{"@m", KEY_MESSAGE}, {"@x", KEY_ERROR}, {"@l", KEY_LEVEL}, {"ts", KEY_TIME}, {"@t", KEY_TIME}},
		[3] = {{"msg", KEY_MESSAGE},
		       {"log", KEY_MESSAGE},
		       {"@mt", KEY_MESSAGE},
		       {"err", KEY_ERROR},
		       {"lvl", KEY_LEVEL},
		       {"uri", KEY_PATH},
		       {"url", KEY_PATH}},
		[4] = {{"time", KEY_TIME}, {"code", KEY_STATUS}, {"path", KEY_PATH}, {"host", KEY_PEER}, {"addr", KEY_PEER}},
		[5] = {{"event", KEY_MESSAGE}, {"error", KEY_ERROR}, {"level", KEY_LEVEL}, {"$date", KEY_TIME}},
		[6] = {{"@level", KEY_LEVEL}, {"status", KEY_STATUS}},
		[7] = {{"message", KEY_MESSAGE}, {"asctime", KEY_TIME}, {"request", KEY_REQUEST}},
		[8] = {{"@message", KEY_MESSAGE}, {"severity", KEY_LEVEL}, {"loglevel", KEY_LEVEL}, {"datetime", KEY_TIME}, {"StartUTC", KEY_TIME}},
		[9] = {{"exception", KEY_ERROR}, {"levelname", KEY_LEVEL}, {"log.level", KEY_LEVEL}, {"timestamp", KEY_TIME}},
		[10] = {{"@timestamp", KEY_TIME}, {"start_time", KEY_TIME}, {"statusCode", KEY_STATUS}, {"httpStatus", KEY_STATUS}},
		[11] = {{"status_code", KEY_STATUS}, {"http_status", KEY_STATUS}, {"request_uri", KEY_PATH}, {"RequestPath", KEY_PATH}},
		[12] = {{"request_path", KEY_PATH}},
		[13] = {{"response_code", KEY_STATUS}, {"upstream_host", KEY_PEER}},
		[16] = {{"DownstreamStatus", KEY_STATUS}},
	};

	if (k.len > KEY_NAME_MAX)
		return KEY_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(keys[0]) && keys[k.len][i].name; i++)
		if (memcmp(keys[k.len][i].name, k.at, k.len) == 0)
			return keys[k.len][i].key;
	return KEY_OTHER;
}

struct json_line {
	const char *s;
	size_t len;
	const struct masks *m;
	struct log_shape *shape;
	uint64_t keys; /* hash of all of them, in their order */
};

/* The quote that ends a string begun before `at`: not one that a backslash stands before. */
static size_t string_end(const struct json_line *j, size_t at)
{
	for (;; at++) {
		size_t slashes = 0;

		at = next_bit(j->m->quote, true, at, j->len);
		if (at >= j->len)
			return j->len;
		if (j->s[at] != '"')
			continue;
		while (slashes < at && j->s[at - 1 - slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			return at;
	}
}

static int status_of(struct log_span v)
{
	if (v.len != 3 || v.at[0] < '1' || v.at[0] > '5' || !isdigit((unsigned char)v.at[1]) || !isdigit((unsigned char)v.at[2]))
		return 0;
	return (v.at[0] - '0') * 100 + (v.at[1] - '0') * 10 + (v.at[2] - '0');
}

static void take_value(struct json_line *j, enum key key, struct log_span v)
{
	struct log_shape *s = j->shape;
	struct log_span *to = NULL;

	switch (key) {
	case KEY_MESSAGE:
		to = &s->message;
		break;
	case KEY_ERROR:
		to = &s->error;
		break;
	case KEY_LEVEL:
		to = &s->level;
		break;
	case KEY_TIME:
		to = &s->time;
		break;
	case KEY_PATH:
		to = &s->path;
		break;
	case KEY_REQUEST:
		to = &s->request;
		break;
	case KEY_PEER:
		to = &s->peer;
		break;
	case KEY_STATUS:
		if (!s->status)
			s->status = status_of(v);
		return;
	case KEY_OTHER:
		return;
	}
	/* The first counts: what is nested comes later where programs write it. */
	if (!to->at)
		*to = v;
}

static size_t skip_blank(const struct json_line *j, size_t at)
{
	while (at < j->len && (j->s[at] == ' ' || j->s[at] == '\t'))
		at++;
	return at;
}

static void scan_json(struct json_line *j, size_t at)
{
	while (at < j->len) {
		size_t open = next_bit(j->m->quote, true, at, j->len), close, end;
		struct log_span name;
		enum key key;

		if (open >= j->len)
			return;
		if (j->s[open] != '"') {
			at = open + 1;
			continue;
		}
		close = string_end(j, open + 1);
		at = skip_blank(j, close + 1);
		if (at >= j->len || j->s[at] != ':')
			continue;
		name = (struct log_span){j->s + open + 1, close - open - 1};
		key = key_of(name);
		j->keys = mix_bytes(j->keys, name.at, name.len);
		at = skip_blank(j, at + 1);
		if (at < j->len && j->s[at] == '"') {
			end = string_end(j, at + 1);
			take_value(j, key, (struct log_span){j->s + at + 1, end - at - 1});
			at = end + 1;
		} else if (key != KEY_OTHER && at < j->len && j->s[at] != '{' && j->s[at] != '[') {
			for (end = at; end < j->len && j->s[end] != ',' && j->s[end] != '}' && j->s[end] != ']' && j->s[end] != ' '; end++)
				;
			take_value(j, key, (struct log_span){j->s + at, end - at});
			at = end;
		}
	}
}

static uint64_t hash_span(uint64_t h, const char *line, const struct masks *m, struct log_span s)
{
	return s.at ? hash_range(h, line, m, (size_t)(s.at - line), (size_t)(s.at - line) + s.len) : h;
}

static void shape_json(const char *line, size_t len, size_t at, struct masks *m, struct log_shape *ret)
{
	struct json_line j = {.s = line, .len = len, .m = m, .shape = ret};

	scan_json(&j, at);
	ret->hash = mix(ret->hash, (uint64_t)(ret->status / 100));
	if (ret->level.at)
		ret->hash = mix_bytes(ret->hash, ret->level.at, ret->level.len);
	/* "request failed" alone says less than the error beside it. */
	if (!ret->message.at || ret->message.len == 0) {
		ret->message = ret->error;
		ret->error = (struct log_span){0};
	}
	ret->hash = ret->message.at ? hash_span(hash_span(ret->hash, line, m, ret->message), line, m, ret->error) : mix(ret->hash, j.keys);
}

/* ---- The whole -------------------------------------------------------------------------------------------------------------------- */

void log_shape_of(const char *line, size_t len, size_t prefix, struct log_shape *ret)
{
	size_t whole = len, at = prefix;
	struct masks m;

	len = MIN(len, LOG_SHAPE_BYTES);
	prefix = MIN(prefix, len);
	*ret = (struct log_shape){.hash = 1};
	while (at < len && line[at] == ' ')
		at++;
	ret->json = at < len && line[at] == '{';
	classify(line, len, &m);
	find_varying(line, &m, ret->json);
	if (ret->json) {
		shape_json(line, len, at, &m, ret);
		if (ret->message.at || ret->level.at || ret->time.at || ret->status)
			return;
		ret->json = false;
	}
	ret->message = (struct log_span){line + prefix, whole - prefix};
	if (m.quotes)
		log_access_of(line, len, ret);
	/* klog's letter would be lost with the number behind it. */
	if (prefix < len && str_has("IWEF", line[prefix]))
		ret->hash = mix(ret->hash, (uint64_t)line[prefix]);
	ret->hash = hash_range(mix(ret->hash, (uint64_t)(ret->status / 100)), line, &m, prefix, len);
}

/* What stands for a token that varies. *ret_tail: bytes at its end that stay: a colon, a unit. */
static const char *placeholder(const char *s, size_t len, size_t *ret_tail)
{
	unsigned digits = 0, hex = 0, dots = 0, dashes = 0, colons = 0, letters = 0;
	size_t unit = 0;

	*ret_tail = len > 1 && (s[len - 1] == ':' || s[len - 1] == '.' || s[len - 1] == '%');
	len -= *ret_tail;
	for (size_t i = 0; i < len; i++) {
		digits += isdigit((unsigned char)s[i]) != 0;
		hex += isxdigit((unsigned char)s[i]) != 0;
		letters += isalpha((unsigned char)s[i]) != 0;
		dots += s[i] == '.';
		dashes += s[i] == '-';
		colons += s[i] == ':';
		unit = isalpha((unsigned char)s[i]) ? unit + 1 : 0;
	}
	if (memchr(s, '/', len))
		return "<path>";
	if (len == 36 && dashes == 4 && hex == 32)
		return "<uuid>";
	if (dots == 3 && digits + dots + colons == len)
		return "<ip>";
	if (digits >= 6 && (dashes >= 2 || colons >= 2) && letters <= 2)
		return "<time>";
	if (letters == unit && unit <= 3 && digits && digits + dots + dashes + colons + letters == len) {
		*ret_tail += unit;
		return "<number>";
	}
	if (hex == len && len >= 6)
		return "<hex>";
	return colons == 1 && isdigit((unsigned char)s[len - 1]) ? "<address>" : "<name>";
}

void log_template_text(struct strbuf *out, const char *text, size_t len, size_t max)
{
	char padded[LOG_SHAPE_BYTES + LOG_PADDING];
	size_t stop = out->len + max;
	struct masks m;

	len = MIN(len, LOG_SHAPE_BYTES);
	if (len)
		memcpy(padded, text, len);
	memset(padded + len, 0, LOG_PADDING);
	classify(padded, len, &m);
	find_varying(padded, &m, false);
	for (size_t from = 0; from < len && out->len < stop;) {
		size_t varies = next_bit(m.varies, true, from, len), end = next_bit(m.varies, false, varies, len);

		strbuf_add(out, padded + from, varies - from);
		if (varies < len) {
			size_t tail;

			strbuf_addstr(out, placeholder(padded + varies, end - varies, &tail));
			strbuf_add(out, padded + end - tail, tail);
		}
		from = end;
	}
	strbuf_truncate(out, MIN(out->len, stop));
}
