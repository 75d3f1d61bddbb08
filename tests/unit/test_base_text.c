/* err, clock, crypto, utf8: pure functions on text. */
#include "unit.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/utf8.h"

#include <errno.h>

static void err_says_what_failed(void **state)
{
	struct err err;

	assert_int_equal(err_set(&err, ERR_UNAVAILABLE, "no answer from %s", "x"), ERR_UNAVAILABLE);
	assert_true(err.retryable);
	assert_int_equal(err_wrap(&err, "list %s", "pods"), ERR_UNAVAILABLE);
	assert_string_equal(err.message, "list pods: no answer from x");
	assert_int_equal(err_set_errno(&err, ENOENT, "open %s", "f"), ERR_NOT_FOUND);
	assert_string_equal(err.message, "open f: No such file or directory");
	assert_int_equal(err_set_errno(&err, EACCES, "open"), ERR_IO);
	assert_int_equal(err_set(NULL, ERR_INPUT, "x"), ERR_INPUT);
	assert_int_equal(err_exit_code(&(struct err){.code = ERR_USAGE}), 2);
	assert_int_equal(err_exit_code(&(struct err){.code = ERR_CANCELLED}), 130);
	assert_int_equal(err_exit_code(&(struct err){.code = ERR_TLS}), 1);
}

static void err_cuts_visibly(void **state)
{
	struct err err;

	err_set(&err, ERR_INPUT, "%0*d", 1000, 1);
	assert_int_equal(strlen(err.message), ERR_MESSAGE_MAX - 1);
	assert_string_equal(err.message + ERR_MESSAGE_MAX - 4, "...");
	err_set(&err, ERR_INPUT, "%0*d", ERR_MESSAGE_MAX - 1, 1);
	assert_int_equal(err.message[ERR_MESSAGE_MAX - 2], '1');
	err_wrap(&err, "x");
	assert_string_equal(err.message + ERR_MESSAGE_MAX - 4, "...");
}

static void parses_times(void **state)
{
	static const struct {
		const char *text;
		usec_t t;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-23T15:04:05Z", 1795446245 * USEC_PER_SEC},
		{"2026-11-23T15:04:05.123456Z", 1795446245 * USEC_PER_SEC + 123456},
		{"2026-11-23T15:04:05.123456789Z", 1795446245 * USEC_PER_SEC + 123456},
		{"2026-11-23T17:34:05+02:30", 1795446245 * USEC_PER_SEC},
		{"2024-02-29T00:00:00Z", 1709164800 * USEC_PER_SEC},
		{"0001-01-01T00:00:00Z", -62135596800 * USEC_PER_SEC},
		{"1969-12-31T23:59:59Z", -USEC_PER_SEC},
	};
	static const char *const bad[] = {"",
					  "2026-11-23",
					  "2026-13-01T00:00:00Z",
					  "2023-02-29T00:00:00Z",
					  "2026-11-23T24:00:00Z",
					  "2026-11-23T15:04:05",
					  "2026-11-23T15:04:05.Z",
					  "2026-11-23T15:04:05Zx",
					  "2026-11-23T15:04:05+0200",
					  "x026-11-23T15:04:05Z"};
	char text[CLOCK_TEXT_MAX];
	usec_t t;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(clock_parse_rfc3339(good[i].text, strlen(good[i].text), &t));
		assert_int_equal(t, good[i].t);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(clock_parse_rfc3339(bad[i], strlen(bad[i]), &t));
	/* There and back, over leap years and across 1970. */
	for (usec_t day = -400 * 365; day < 400 * 365; day += 13) {
		clock_format_rfc3339(day * USEC_PER_DAY + 12345 * USEC_PER_SEC, text);
		assert_true(clock_parse_rfc3339(text, strlen(text), &t));
		assert_int_equal(t, day * USEC_PER_DAY + 12345 * USEC_PER_SEC);
	}
	assert_string_equal(clock_format_rfc3339(1795446245 * USEC_PER_SEC + 5, text), "2026-11-23T15:04:05.000005Z");
}

static void spans_read_well(void **state)
{
	static const struct {
		usec_t span;
		const char *text;
	} spans[] = {{-5, "0 s"},
		     {0, "0 s"},
		     {45 * USEC_PER_SEC, "45 s"},
		     {12 * USEC_PER_MINUTE + 1, "12 min"},
		     {3 * USEC_PER_HOUR + 20 * USEC_PER_MINUTE, "3 h 20 min"},
		     {5 * USEC_PER_HOUR, "5 h"},
		     {30 * USEC_PER_HOUR, "30 h"},
		     {5 * USEC_PER_DAY + USEC_PER_HOUR, "5 days"}};
	static const char *const bad[] = {"", "5", "m", "5x", "-5m", "0x5m", "infh", "5m ", "nans"};
	char text[CLOCK_TEXT_MAX];
	usec_t t;

	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		assert_string_equal(clock_format_span(spans[i].span, text), spans[i].text);
	assert_true(clock_parse_span("1h30m", &t) && t == 90 * USEC_PER_MINUTE);
	assert_true(clock_parse_span("300ms", &t) && t == 300 * USEC_PER_MSEC);
	assert_true(clock_parse_span("1.5h", &t) && t == 90 * USEC_PER_MINUTE);
	assert_true(clock_parse_span("3d", &t) && t == 3 * USEC_PER_DAY);
	assert_true(clock_parse_span("0", &t) && t == 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(clock_parse_span(bad[i], &t));
}

static void sha256_known_answers(void **state)
{
	/* FIPS 180-4 examples, and the lengths around the padding's edges against themselves shifted. */
	char hex[SHA256_HEX_LEN + 1], million[1000];

	crypto_sha256_hex("", 0, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	crypto_sha256_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	crypto_sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
	assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', sizeof(million));
	crypto_sha256_hex(million, sizeof(million), hex);
	assert_string_equal(hex, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
}

static void base64_there_and_back(void **state)
{
	static const char *const bad[] = {"A", "A===", "AA=A", "AAAA=", "AA=", "A*AA", "AAA==", "=AAA"};
	struct strbuf in, out;
	struct err err;

	strbuf_init(&in, 100000);
	strbuf_init(&out, 100000);
	for (size_t n = 0; n < 70; n++) {
		char data[70];

		for (size_t i = 0; i < n; i++)
			data[i] = (char)(i * 37 + n);
		strbuf_reset(&in);
		strbuf_reset(&out);
		crypto_base64_encode(data, n, &in);
		assert_int_equal(crypto_base64_decode(in.buf, in.len, &out, &err), 0);
		assert_int_equal(out.len, n);
		assert_memory_equal(out.buf, data, n);
	}
	strbuf_reset(&out);
	assert_int_equal(crypto_base64_decode("aGVs\nbG8_-w", 11, &out, &err), 0);
	assert_string_equal(out.buf, "hello?\xfb");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(crypto_base64_decode(bad[i], strlen(bad[i]), &out, &err), ERR_INPUT);
	strbuf_release(&in);
	strbuf_release(&out);
}

static void utf8_knows_its_bytes(void **state)
{
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "abcdefgh\xfe"};

	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("plain", 5));
	assert_true(utf8_valid("Gr\xc3\xbc\xc3\x9f Gott \xf0\x9f\x91\x8d", 16));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
}

static void nothing_acts_on_the_terminal(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain", "plain"},
		{"\x1b[31mred", "\\x1b[31mred"},
		{"a\nb\tc", "a\\nb\\tc"},
		{"\xc2\x9b"
		 "31m",
		 "\\x9b31m"}, /* CSI as one character */
		{"x\xe2\x80\xae"
		 "cba",
		 "x\\u{202e}cba"}, /* right-to-left override */
		{"bad\xff"
		 "byte",
		 "bad\xef\xbf\xbd"
		 "byte"},
		{"\x7f", "\\x7f"},
		{"f\xc3\xbcr", "f\xc3\xbcr"},
		{"\xe2\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
	};
	struct strbuf out;

	strbuf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		strbuf_reset(&out);
		utf8_add_printable(&out, cases[i].in, strlen(cases[i].in), false);
		assert_string_equal(out.buf, cases[i].out);
	}
	strbuf_reset(&out);
	utf8_add_printable(&out, "a\nb\tc\r\0d", 8, true);
	assert_string_equal(out.buf, "a\nb\tc\\x0d\\x00d");
	strbuf_release(&out);
}

static void utf8_measures(void **state)
{
	struct strbuf out;

	assert_int_equal(utf8_width("abc", 3), 3);
	assert_int_equal(utf8_width("\xe6\x97\xa5\xe6\x9c\xac", 6), 4); /* two wide characters */
	assert_int_equal(utf8_width("e\xcc\x81", 3), 1);                /* combining accent */
	assert_int_equal(utf8_cut("a\xc3\xbc"
				  "b",
				  4, 2),
			 1);
	assert_int_equal(utf8_cut("a\xc3\xbc"
				  "b",
				  4, 3),
			 3);
	assert_int_equal(utf8_cut("ab", 2, 5), 2);
	assert_int_equal(utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
	strbuf_init(&out, 100);
	utf8_fold(&out,
		  "Stra\xc3\x9f"
		  "E \xc3\x84",
		  10);
	assert_string_equal(out.buf, "strasse \xc3\xa4");
	strbuf_release(&out);
}

RUN_TESTS(cmocka_unit_test(err_says_what_failed), cmocka_unit_test(err_cuts_visibly), cmocka_unit_test(parses_times),
	  cmocka_unit_test(spans_read_well), cmocka_unit_test(sha256_known_answers), cmocka_unit_test(base64_there_and_back),
	  cmocka_unit_test(utf8_knows_its_bytes), cmocka_unit_test(nothing_acts_on_the_terminal), cmocka_unit_test(utf8_measures))
