/* arena, strbuf, hash, intern: the containers. */
#include "unit.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/strbuf.h"

#include <sys/wait.h>
#include <unistd.h>

static void arena_keeps_what_it_gave(void **state)
{
	struct arena a;
	char *texts[5000];

	arena_init(&a);
	for (int i = 0; i < 5000; i++) {
		uint64_t *p = arena_alloc(&a, 8);

		assert_int_equal((uintptr_t)p % 8, 0);
		*p = UINT64_MAX;
		texts[i] = arena_printf(&a, "text %d", i);
		if (i % 1000 == 0)
			memset(arena_alloc(&a, 100000), 'x', 100000);
	}
	for (int i = 0; i < 5000; i++) {
		char want[32];

		snprintf(want, sizeof(want), "text %d", i);
		assert_string_equal(texts[i], want);
	}
	assert_true(a.total < 500000 + 2 * 5000 * 24 + (1 << 20));
	arena_release(&a);
	assert_int_equal(a.total, 0);
}

static void arena_starts_small(void **state)
{
	struct arena a;

	arena_init(&a);
	arena_strdup(&a, "x");
	assert_int_equal(a.total, 4096);
	arena_release(&a);
}

static void arena_formats_longer_than_a_block(void **state)
{
	struct arena a;
	char *s;

	arena_init(&a);
	s = arena_printf(&a, "%0*d|", 9000, 7);
	assert_int_equal(strlen(s), 9001);
	assert_int_equal(s[9000], '|');
	arena_release(&a);
}

static void arena_grows_by_huge_pages(void **state)
{
	struct arena a;
	unsigned char *first[64];

	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		first[i] = memset(arena_alloc(&a, 200000), (int)i, 200000);
		assert_int_equal((uintptr_t)first[i] % 8, 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		assert_true(first[i][0] == i && first[i][199999] == i);
	assert_true(a.total < 64 * 200000 + 3 * MEM_HUGE_PAGE);
	arena_release(&a);
}

static void arena_reset_keeps_a_block(void **state)
{
	struct arena a;

	arena_init(&a);
	arena_reset(&a);
	assert_int_equal(a.total, 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2000; i++)
			assert_int_equal(strlen(arena_printf(&a, "%0*d", 40, i)), 40);
		arena_reset(&a);
		assert_true(a.total > 0 && a.total <= 1 << 20);
	}
	/* What was huge once is given back. */
	arena_alloc(&a, 5 << 20);
	arena_reset(&a);
	assert_true(a.total <= 1 << 20);
	arena_release(&a);
}

static void bytes_differ_wherever_they_do(void **state)
{
	char a[200], b[200];

	for (size_t n = 0; n <= sizeof(a); n++) {
		memset(a, 'x', sizeof(a));
		memset(b, 'x', sizeof(b));
		if (n < sizeof(a))
			b[n] = 'y';
		assert_true(bytes_eq(a, b, n));
		for (size_t i = 0; i < n; i++) {
			b[i] ^= 1;
			assert_false(bytes_eq(a, b, n));
			b[i] ^= 1;
		}
	}
}

static void arena_push_grows(void **state)
{
	struct arena a;
	struct {
		int *items;
		uint32_t len, cap;
	} v = {0};

	arena_init(&a);
	for (int i = 0; i < 1000; i++)
		*arena_push(&a, &v) = i;
	assert_int_equal(v.len, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(v.items[i], i);
	arena_release(&a);
}

static void strbuf_stops_at_its_maximum(void **state)
{
	struct strbuf sb;
	struct err err;

	strbuf_init(&sb, 10);
	strbuf_addstr(&sb, "12345678");
	assert_int_equal(strbuf_check(&sb, "text", &err), 0);
	strbuf_addf(&sb, "%s", "90");
	assert_int_equal(strbuf_check(&sb, "text", &err), 0);
	strbuf_addch(&sb, 'x');
	assert_string_equal(sb.buf, "1234567890");
	assert_int_equal(strbuf_check(&sb, "text", &err), ERR_LIMIT);
	assert_non_null(strstr(err.message, "10"));
	strbuf_reset(&sb);
	assert_int_equal(strbuf_check(&sb, "text", &err), 0);
	strbuf_release(&sb);
	assert_string_equal(sb.buf, "");
}

static void strbuf_formats_long_texts(void **state)
{
	struct strbuf sb;
	size_t len;
	char *s;

	strbuf_init(&sb, STRBUF_MAX_LINE);
	strbuf_addf(&sb, "%0*d", 1000, 1);
	strbuf_addn(&sb, '.', 3);
	assert_int_equal(sb.len, 1003);
	strbuf_truncate(&sb, 2);
	strbuf_truncate(&sb, 5);
	s = strbuf_detach(&sb, &len);
	assert_string_equal(s, "00");
	assert_int_equal(len, 2);
	assert_string_equal(sb.buf, "");
	mem_free(s);
}

static void hash_finds_every_key(void **state)
{
	static char keys[3000][16];
	struct hash h;

	hash_init(&h);
	assert_null(hash_get(&h, "x", 1));
	for (size_t i = 0; i < 3000; i++) {
		snprintf(keys[i], sizeof(keys[i]), "key-%zu", i);
		assert_null(hash_put(&h, keys[i], strlen(keys[i]), &keys[i]));
	}
	assert_int_equal(h.count, 3000);
	for (size_t i = 0; i < 3000; i++)
		assert_ptr_equal(hash_get(&h, keys[i], strlen(keys[i])), &keys[i]);
	assert_ptr_equal(hash_put(&h, "key-7", 5, keys), &keys[7]);
	assert_ptr_equal(hash_get(&h, "key-7", 5), keys);
	assert_null(hash_get(&h, "key-", 4));
	hash_release(&h);
}

static void hash_takes_pointers(void **state)
{
	static int things[500];
	struct hash h;

	hash_init(&h);
	for (int i = 0; i < 500; i++)
		assert_null(hash_put_ptr(&h, &things[i], &things[499 - i]));
	for (int i = 0; i < 500; i++)
		assert_ptr_equal(hash_get_ptr(&h, &things[i]), &things[499 - i]);
	assert_null(hash_get_ptr(&h, &h));
	hash_release(&h);
}

static void hash_bytes_spreads(void **state)
{
	unsigned char data[64] = {0};
	uint32_t seen[64];

	/* Every length and every flipped bit changes the result. */
	for (size_t len = 0; len < 64; len++) {
		seen[len] = hash_bytes(data, len);
		for (size_t i = 0; i < len; i++)
			assert_int_not_equal(seen[len], seen[i]);
	}
	for (size_t bit = 0; bit < 64 * 8; bit++) {
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_not_equal(hash_bytes(data, bit / 8 + 1), seen[bit / 8 + 1 < 64 ? bit / 8 + 1 : 0]);
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}

static void intern_gives_one_pointer_per_string(void **state)
{
	struct intern t;
	const char *first[2000];

	intern_init(&t);
	assert_null(intern_find(&t, "a", 1));
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < 2000; i++) {
			char text[64];
			int n = snprintf(text, sizeof(text), "%*d", i % 40, i);
			const char *s = intern_add(&t, text, (size_t)n);

			if (pass == 0)
				first[i] = s;
			assert_ptr_equal(s, first[i]);
			assert_string_equal(s, text);
			assert_int_equal(intern_len(s), n);
		}
	}
	assert_ptr_equal(intern_add(&t, "", 0), intern_str(&t, ""));
	assert_int_equal(intern_len(intern_add(&t, "a\0b", 3)), 3);
	assert_ptr_not_equal(intern_str(&t, "a"), intern_find(&t, "a\0b", 3));
	intern_release(&t);
}

static void out_of_memory_ends_with_1(void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fclose(stderr);
		close(2);
		mem_realloc_array(NULL, SIZE_MAX / 2, 3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

RUN_TESTS(cmocka_unit_test(arena_keeps_what_it_gave), cmocka_unit_test(arena_starts_small), cmocka_unit_test(arena_formats_longer_than_a_block),
	  cmocka_unit_test(arena_push_grows), cmocka_unit_test(arena_grows_by_huge_pages), cmocka_unit_test(arena_reset_keeps_a_block),
	  cmocka_unit_test(bytes_differ_wherever_they_do), cmocka_unit_test(strbuf_stops_at_its_maximum), cmocka_unit_test(strbuf_formats_long_texts),
	  cmocka_unit_test(hash_finds_every_key), cmocka_unit_test(hash_takes_pointers), cmocka_unit_test(hash_bytes_spreads),
	  cmocka_unit_test(intern_gives_one_pointer_per_string), cmocka_unit_test(out_of_memory_ends_with_1))
