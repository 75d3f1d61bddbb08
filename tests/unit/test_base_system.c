/* ctx, pool, file: what touches the system. */
#include "unit.h"

#include "base/ctx.h"
#include "base/file.h"
#include "base/pool.h"

#include <sys/stat.h>
#include <unistd.h>

static void ctx_ends_in_time(void **state)
{
	struct ctx parent, child;
	volatile sig_atomic_t cancel = 0;
	struct err err;
	usec_t start = clock_monotonic();

	ctx_init(&parent);
	assert_ptr_equal(parent.cancel, &ctx_interrupted);
	parent.cancel = &cancel;
	assert_int_equal(ctx_remaining(&parent), INT64_MAX);
	ctx_init_child(&child, &parent, 30 * USEC_PER_MSEC);
	assert_int_equal(ctx_check(&child, &err), 0);
	assert_int_equal(ctx_sleep(&child, USEC_PER_HOUR, &err), ERR_TIMEOUT);
	assert_in_range(clock_monotonic() - start, 30 * USEC_PER_MSEC, 10 * USEC_PER_SEC);
	assert_int_equal(ctx_remaining(&child), 0);
	cancel = 1;
	assert_int_equal(ctx_sleep(&parent, USEC_PER_HOUR, &err), ERR_CANCELLED);
	ctx_release(&child);
	/* A child cannot outlive its parent's deadline. */
	parent.deadline = clock_monotonic() + USEC_PER_SEC;
	ctx_init_child(&child, &parent, USEC_PER_HOUR);
	assert_int_equal(child.deadline, parent.deadline);
	ctx_release(&child);
	ctx_release(&parent);
}

static void signals_set_the_flag(void **state)
{
	struct err err;
	struct ctx ctx;

	ctx_catch_signals();
	ctx_init(&ctx);
	raise(SIGTERM);
	assert_int_equal(ctx_check(&ctx, &err), ERR_CANCELLED);
	ctx_interrupted = 0;
	assert_int_equal(ctx_check(&ctx, &err), 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	ctx_release(&ctx);
}

static void mark(void *arg, size_t i)
{
	__atomic_fetch_add(&((int *)arg)[i], 1, __ATOMIC_RELAXED);
}

static void pool_does_each_once(void **state)
{
	static int done[1000];

	pool_run(8, ARRAY_LEN(done), mark, done);
	pool_run(1, 10, mark, done);
	pool_run(0, 5, mark, done);
	pool_run(8, 0, mark, done);
	for (size_t i = 0; i < ARRAY_LEN(done); i++)
		assert_int_equal(done[i], i < 5 ? 3 : i < 10 ? 2 : 1);
}

static void files_are_replaced_whole(void **state)
{
	char dir[] = "/tmp/auto-devops-test.XXXXXX", path[64], link_path[64];
	struct strbuf sb;
	struct stat st;
	struct err err;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a/b/file", dir);
	assert_int_equal(file_write_atomic(path, "x", 1, 0600, &err), ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, path));
	snprintf(path, sizeof(path), "%s/a/b", dir);
	assert_int_equal(dir_make(path, 0700, &err), 0);
	assert_int_equal(dir_make(path, 0700, &err), 0);
	assert_int_equal(file_write_atomic(path, "x", 1, 0600, &err), ERR_IO);
	strbuf_init(&sb, 5);
	assert_int_equal(file_read(path, &sb, &err), ERR_INPUT);
	snprintf(path, sizeof(path), "%s/a/b/file", dir);
	assert_int_equal(file_write_atomic(path, "12345", 5, 0600, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_read(path, &sb, &err), 0);
	assert_string_equal(sb.buf, "12345");
	snprintf(link_path, sizeof(link_path), "%s/link", dir);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(file_write_atomic(link_path, "123456", 6, 0644, &err), 0);
	assert_int_equal(lstat(link_path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	strbuf_reset(&sb);
	assert_int_equal(file_read(path, &sb, &err), ERR_LIMIT);
	assert_non_null(strstr(err.message, path));
	assert_int_equal(dir_make(path, 0700, &err), ERR_IO);
	strbuf_release(&sb);
	assert_int_equal(file_write_atomic("/dev/full", "x", 1, 0600, &err), ERR_IO);
	unlink(path);
	unlink(link_path);
	snprintf(path, sizeof(path), "%s/a/b", dir);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/a", dir);
	rmdir(path);
	assert_int_equal(rmdir(dir), 0); /* nothing temporary was left */
}

static void paths(void **state)
{
	struct arena a;

	arena_init(&a);
	setenv("HOME", "/home/x", 1);
	unsetenv("XDG_CACHE_HOME");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_string_equal(path_cache_dir(&a), "/home/x/.cache/auto-devops");
	assert_string_equal(path_config_dir(&a), "/home/x/.config/auto-devops");
	setenv("XDG_CONFIG_HOME", "/etc/xdg", 1);
	assert_string_equal(path_config_dir(&a), "/etc/xdg/auto-devops");
	assert_string_equal(path_expand_home(&a, "~/f"), "/home/x/f");
	assert_string_equal(path_expand_home(&a, "~x/f"), "~x/f");
	assert_string_equal(path_join(&a, "/d/", "f"), "/d/f");
	assert_string_equal(path_join(&a, "d", "/f"), "/f");
	assert_string_equal(path_dirname(&a, "/f"), "/");
	assert_string_equal(path_dirname(&a, "f"), ".");
	assert_string_equal(path_dirname(&a, "/d/e/f"), "/d/e");
	unsetenv("HOME");
	assert_null(path_cache_dir(&a));
	arena_release(&a);
}

RUN_TESTS(cmocka_unit_test(ctx_ends_in_time), cmocka_unit_test(signals_set_the_flag), cmocka_unit_test(pool_does_each_once),
	  cmocka_unit_test(files_are_replaced_whole), cmocka_unit_test(paths))
