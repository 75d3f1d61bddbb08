/* Certificates: what is read of them, what is refused, and for which names they are. The texts are the fuzzer's corpus, made with openssl ca. */
#include "unit.h"

#include "base/file.h"
#include "base/x509.h"

static int read_file(struct arena *a, const char *name, struct x509_list *ret, struct err *err)
{
	struct strbuf text;
	char path[512];
	int r;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/x509/%s", SOURCE_ROOT, name);
	strbuf_init(&text, (size_t)1 << 20);
	assert_int_equal(file_read(path, &text, err), 0);
	r = x509_read_pem(a, text.buf, text.len, ret, err);
	strbuf_release(&text);
	return r;
}

static void test_reads(void **state)
{
	struct x509_list list = {0};
	struct arena a;
	struct err err = {0};
	char text[CLOCK_TEXT_MAX];

	arena_init(&a);
	assert_int_equal(read_file(&a, "one.pem", &list, &err), 0);
	assert_int_equal(list.len, 1);
	assert_string_equal(list.items[0].subject, "old-authority");
	assert_string_equal(list.items[0].issuer, "old-authority");
	assert_string_equal(clock_format_rfc3339(list.items[0].not_before, text), "2025-01-01T00:00:00Z");
	assert_string_equal(clock_format_rfc3339(list.items[0].not_after, text), "2026-01-01T00:00:00Z");
	assert_string_equal(list.items[0].names[0], "old-authority.shop.svc");
	assert_string_equal(list.items[0].names[1], "*.example.com");
	assert_string_equal(list.items[0].names[2], "10.0.0.7");
	assert_null(list.items[0].names[3]);
	arena_release(&a);
}

static void test_reads_several_among_other_text(void **state)
{
	struct x509_list list = {0};
	struct arena a;
	struct err err = {0};

	arena_init(&a);
	assert_int_equal(read_file(&a, "two.pem", &list, &err), 0);
	assert_int_equal(list.len, 2);
	assert_string_equal(list.items[1].subject, "good-authority");
	assert_string_equal(x509_first_to_expire(&list)->subject, "near-authority");
	arena_release(&a);
}

static void test_refuses(void **state)
{
	struct x509_list list = {0};
	struct arena a;
	struct err err = {0};

	arena_init(&a);
	assert_int_equal(read_file(&a, "cut.pem", &list, &err), ERR_INPUT);
	assert_non_null(strstr(err.message, "certificate 1 has no END line"));
	assert_int_equal(read_file(&a, "bad.pem", &list, &err), ERR_INPUT);
	assert_non_null(strstr(err.message, "certificate 1"));
	assert_int_equal(x509_read_pem(&a, "hello", 5, &list, &err), ERR_INPUT);
	assert_int_equal(list.len, 0);
	arena_release(&a);
}

static void test_names(void **state)
{
	const char *const names[] = {"shop.example.com", "*.api.example.com", "10.0.0.7", NULL};
	const struct x509_info x = {.subject = "other.example.com", .names = names};

	assert_true(x509_is_for(&x, "Shop.Example.com"));
	assert_true(x509_is_for(&x, "v1.api.example.com"));
	assert_true(x509_is_for(&x, "10.0.0.7"));
	assert_false(x509_is_for(&x, "api.example.com"));
	assert_false(x509_is_for(&x, "a.b.api.example.com"));
	assert_false(x509_is_for(&x, ".api.example.com"));
	assert_false(x509_is_for(&x, "other.example.com"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_reads_several_among_other_text),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
