/* Trees of generated files: what lies in the folder afterwards, whatever was there before, and whenever it was interrupted. */
#include "unit.h"

#include "base/file.h"
#include "format/linediff.h"
#include "platform/tree.h"

#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static int set_up(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/tree-test.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static int tear_down(void **state)
{
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *at(const char *name)
{
	static char paths[4][160];
	static unsigned n;

	n = (n + 1) % 4;
	snprintf(paths[n], sizeof(paths[n]), "%s/%s", dir, name);
	return paths[n];
}

static void put(const char *name, const char *text)
{
	struct err err;

	assert_int_equal(file_write_atomic(at(name), text, strlen(text), 0644, &err), 0);
}

static void assert_file(const char *name, const char *text)
{
	struct strbuf sb;
	struct err err;

	strbuf_init(&sb, STRBUF_MAX_LINE);
	assert_int_equal(file_read(at(name), &sb, &err), 0);
	assert_string_equal(sb.buf, text);
	strbuf_release(&sb);
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

struct pair {
	const char *path, *text;
};

/* Writes pairs as one tree; the states go to `states` as "path=state ". */
static int generate(const struct pair *pairs, bool adopt, char *states, size_t size, struct err *err)
{
	struct ctx ctx;
	struct file_tree t;
	struct tree_plan p;
	int r;

	ctx_init(&ctx);
	file_tree_init(&t, &ctx.arena);
	for (; pairs->path; pairs++)
		assert_int_equal(file_tree_add(&t, pairs->path, pairs->text, strlen(pairs->text), err), 0);
	r = file_tree_compare(&t, dir, &p, err);
	if (states)
		*states = 0;
	for (uint32_t i = 0; r == 0 && i < p.changes.len; i++) {
		struct tree_change *c = &p.changes.items[i];
		size_t n = states ? strlen(states) : 0;

		if (states)
			snprintf(states + n, size - n, "%s=%s ", c->path, tree_state_text(c->state));
		if (adopt)
			tree_change_adopt(c);
	}
	if (r == 0) {
		r = tree_plan_write(&ctx, &p, "made by a test", err);
		tree_plan_release(&p);
	}
	file_tree_release(&t);
	ctx_release(&ctx);
	return r;
}

static void assert_states(const struct pair *pairs, bool adopt, const char *expected)
{
	char states[512];
	struct err err;

	assert_int_equal(generate(pairs, adopt, states, sizeof(states), &err), 0);
	assert_string_equal(states, expected);
}

static const struct pair one[] = {{"a.yaml", "a: 1\n"}, {"sub/b.yaml", "b: 1\n"}, {NULL, NULL}};
static const struct pair two[] = {{"a.yaml", "a: 2\n"}, {"sub/b.yaml", "b: 1\n"}, {NULL, NULL}};
static const struct pair only_a[] = {{"a.yaml", "a: 2\n"}, {NULL, NULL}};

static void files_are_written_and_left_alone(void **state)
{
	struct stat before, after;

	assert_states(one, false, "a.yaml=new sub/b.yaml=new ");
	assert_file("sub/b.yaml", "b: 1\n");
	assert_int_equal(stat(at("sub/b.yaml"), &before), 0);
	assert_states(one, false, "a.yaml=same sub/b.yaml=same ");
	assert_int_equal(stat(at("sub/b.yaml"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_states(two, false, "a.yaml=changed sub/b.yaml=same ");
	assert_file("a.yaml", "a: 2\n");
	assert_states(only_a, false, "a.yaml=same sub/b.yaml=removed ");
	assert_false(exists("sub"));
	assert_false(exists(".generate-new"));
	assert_false(exists("checksums.next"));
}

static void what_a_person_edited_is_kept(void **state)
{
	assert_states(one, false, "a.yaml=new sub/b.yaml=new ");
	put("a.yaml", "a: mine\n");
	put("sub/b.yaml", "b: mine\n");
	put("sub/c.user.yaml", "c: mine\n");
	assert_states(two, false, "a.yaml=conflict sub/b.yaml=edited ");
	assert_states(two, false, "a.yaml=conflict sub/b.yaml=edited ");
	assert_file("a.yaml", "a: mine\n");
	assert_file("sub/b.yaml", "b: mine\n");
	assert_states(two, true, "a.yaml=conflict sub/b.yaml=edited ");
	assert_states(two, false, "a.yaml=adopted sub/b.yaml=adopted ");
	/* What is made changes after the adoption: that is not passed over in silence. */
	assert_states(one, false, "a.yaml=conflict sub/b.yaml=adopted ");
	assert_file("a.yaml", "a: mine\n");
	assert_states(only_a, false, "a.yaml=adopted sub/b.yaml=orphan ");
	assert_file("sub/b.yaml", "b: mine\n");
	assert_file("sub/c.user.yaml", "c: mine\n");
	/* Back to what is made: nothing is edited any more. */
	put("a.yaml", "a: 2\n");
	assert_states(only_a, false, "a.yaml=same ");
	assert_states(one, false, "a.yaml=changed sub/b.yaml=foreign ");
}

static void files_of_others_are_kept(void **state)
{
	put("a.yaml", "somebody else's\n");
	assert_states(one, false, "a.yaml=foreign sub/b.yaml=new ");
	assert_file("a.yaml", "somebody else's\n");
}

static void links_are_not_followed(void **state)
{
	struct err err;
	char outside[80];

	snprintf(outside, sizeof(outside), "%s-outside", dir);
	assert_int_equal(mkdir(outside, 0755), 0);
	assert_int_equal(symlink(outside, at("sub")), 0);
	assert_true(generate(one, false, NULL, 0, &err) < 0);
	assert_int_equal(err.code, ERR_INPUT);
	assert_non_null(strstr(err.message, "link"));
	assert_int_equal(rmdir(outside), 0); /* empty still */
	assert_int_equal(unlink(at("sub")), 0);
	assert_int_equal(symlink("/etc/passwd", at("a.yaml")), 0);
	assert_true(generate(one, false, NULL, 0, &err) < 0);
	assert_int_equal(err.code, ERR_INPUT);
}

static void paths_that_leave_are_refused(void **state)
{
	static const char *const paths[] = {"../a", "/etc/a", "a/../b", "a//b", "", "a/", ".", "a/.", "a\nb", "a b", "tenant;rm"};
	struct arena arena;
	struct file_tree t;
	struct err err;

	arena_init(&arena);
	file_tree_init(&t, &arena);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_int_equal(file_tree_add(&t, paths[i], "x", 1, &err), ERR_INPUT);
	assert_int_equal(file_tree_add(&t, "values.user.yaml", "x", 1, &err), ERR_INTERNAL);
	assert_int_equal(file_tree_add(&t, "a", "x", 1, &err), 0);
	assert_int_equal(file_tree_add(&t, "a", "x", 1, &err), ERR_INTERNAL);
	file_tree_release(&t);
	arena_release(&arena);
}

static void a_damaged_list_is_told(void **state)
{
	struct err err;

	put("checksums", "not a hash\n");
	assert_int_equal(generate(one, false, NULL, 0, &err), ERR_INPUT);
	assert_non_null(strstr(err.message, "checksums:1"));
	assert_false(exists("a.yaml"));
}

#define MANY 400
static struct pair many[2][MANY + 1];

static void fill_many(void)
{
	static char paths[MANY][32], texts[2][MANY][4096];

	for (int v = 0; v < 2; v++) {
		for (int i = 0; i < MANY; i++) {
			snprintf(paths[i], sizeof(paths[i]), "d%d/f%d.yaml", i % 7, i);
			memset(texts[v][i], v ? 'n' : 'o', sizeof(texts[v][i]) - 1);
			many[v][i] = (struct pair){paths[i], texts[v][i]};
		}
	}
}

/* Killed at any moment, each file is the old one or the new one, and the next run, made otherwise or not, goes on without taking any of them for
 * a person's. */
static void an_interruption_leaves_whole_files(void **state)
{
	struct err err;

	fill_many();
	assert_int_equal(generate(many[0], false, NULL, 0, &err), 0);
	for (unsigned round = 0; round < 40; round++) {
		pid_t child = fork();
		int status;
		char states[MANY * 40];

		assert_true(child >= 0);
		if (child == 0)
			_exit(generate(many[(round + 1) % 2], false, NULL, 0, &err) < 0);
		usleep((round * 37 % 40) * 500);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		for (int i = 0; i < MANY; i++) {
			struct strbuf sb;

			strbuf_init(&sb, STRBUF_MAX_LINE);
			assert_int_equal(file_read(at(many[0][i].path), &sb, &err), 0);
			assert_true(str_eq(sb.buf, many[0][i].text) || str_eq(sb.buf, many[1][i].text));
			strbuf_release(&sb);
		}
		if (round % 3 == 0)
			continue; /* interrupted several times in a row */
		assert_int_equal(generate(many[round % 2], false, states, sizeof(states), &err), 0);
		assert_null(strstr(states, "edited"));
		assert_null(strstr(states, "conflict"));
		assert_null(strstr(states, "foreign"));
		assert_false(exists(".generate-new"));
		assert_false(exists("checksums.next"));
	}
}

static void differences_are_shown_by_lines(void **state)
{
	static const struct {
		const char *from, *to, *diff;
	} cases[] = {
		{"a\n", "a\n", ""},
		{"", "a\n", "--- x\n+++ y\n@@ -0,0 +1 @@\n+a\n"},
		{"a\nb\nc\n", "a\nB\nc\n", "--- x\n+++ y\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
		{"a", "a\n", "--- x\n+++ y\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n11\n",
		 "--- x\n+++ y\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -7,4 +8,4 @@\n 7\n 8\n 9\n-10\n+11\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf sb;

		strbuf_init(&sb, STRBUF_MAX_LINE);
		linediff_unified(&sb, "x", cases[i].from, strlen(cases[i].from), "y", cases[i].to, strlen(cases[i].to));
		assert_string_equal(sb.buf, cases[i].diff);
		strbuf_release(&sb);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
RUN_TESTS(TEST(files_are_written_and_left_alone), TEST(what_a_person_edited_is_kept), TEST(files_of_others_are_kept), TEST(links_are_not_followed),
	  TEST(paths_that_leave_are_refused), TEST(a_damaged_list_is_told), TEST(an_interruption_leaves_whole_files),
	  TEST(differences_are_shown_by_lines))
