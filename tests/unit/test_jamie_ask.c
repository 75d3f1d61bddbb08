/* Every question of tests/cases/ask/, asked of the recorded cluster beside them (tests/cases/ask/README.md says how to read them).
 * One test per file; all questions of a file are asked before it fails, so that one run shows everything that is wrong. */
#include "unit.h"

#include "base/file.h"
#include "cluster/cluster.h"
#include "jamie/jamie.h"

#include <malloc.h>

#define FOLDER SOURCE_ROOT "/tests/cases/ask/"

struct asker {
	struct cluster *cluster;
	struct ctx ctx;
	struct jamie *jamie;
	const char *file;
	unsigned line, asked, wrong;
};

static void open_asker(struct asker *a)
{
	struct cluster_options options = {.from = str_eq(a->file, "platform.txt") ? FOLDER "platform" : FOLDER "cluster"};
	struct err err = {0};

	ctx_init(&a->ctx);
	if (cluster_open(&a->ctx, &options, &a->cluster, &err) < 0)
		fail_msg("%s", err.message);
}

static void new_session(struct asker *a)
{
	struct jamie_options options;

	jamie_freep(&a->jamie);
	jamie_options_init(&options);
	a->jamie = jamie_new(a->cluster, &options);
}

static void complain(struct asker *a, const char *question, const struct answer *answer, const char *what)
{
	a->wrong++;
	print_message("%s:%u: %s\n  %s\n  got %s (%s)", a->file, a->line, question, what, answer->intent, answer_kind_text(answer->kind));
	for (uint32_t i = 0; i < answer->entity_count; i++)
		print_message(" | %s %s", answer->entities[i].type, answer->entities[i].value);
	print_message("\n  %s\n\n", answer->text);
}

static bool has_entity(const struct answer *answer, const char *value)
{
	for (uint32_t i = 0; i < answer->entity_count; i++)
		if (str_eq(answer->entities[i].value, value))
			return true;
	return false;
}

/* Cuts the next " | "-separated part off *rest. */
static char *next_part(char **rest)
{
	char *part = *rest, *bar = part ? strstr(part, " | ") : NULL;

	if (!part)
		return NULL;
	if (bar)
		*bar = '\0';
	*rest = bar ? bar + 3 : NULL;
	return part;
}

/* "why | Deployment shop/web", "logs (cannot-see)". */
static void check_understanding(struct asker *a, const char *question, const struct answer *answer, char *expected)
{
	char *intent = next_part(&expected), *part, *kind = strchr(intent, '('), wanted[64] = "answer";

	if (kind) {
		snprintf(wanted, sizeof(wanted), "%.*s", (int)strcspn(kind + 1, ")"), kind + 1);
		*kind = '\0';
	}
	while (*intent && intent[strlen(intent) - 1] == ' ')
		intent[strlen(intent) - 1] = '\0';
	if (!str_eq(answer->intent, intent))
		complain(a, question, answer, arena_printf(&a->ctx.arena, "wanted intent \"%s\"", intent));
	if (!str_eq(answer_kind_text(answer->kind), wanted))
		complain(a, question, answer, arena_printf(&a->ctx.arena, "wanted kind \"%s\"", wanted));
	while ((part = next_part(&expected)))
		if (!has_entity(answer, part))
			complain(a, question, answer, arena_printf(&a->ctx.arena, "did not recognise \"%s\"", part));
}

static bool speaks_of_jamie(const char *intent)
{
	return str_eq(intent, "help") || str_eq(intent, "thanks") || str_eq(intent, "visibility") || str_eq(intent, "meaning") ||
	       str_eq(intent, "greet");
}

static void check_text(struct asker *a, const char *question, const struct answer *answer, char *expected)
{
	char *part;

	while ((part = next_part(&expected))) {
		bool absent = *part == '!';

		if ((strcasestr(answer->text, part + absent) != NULL) == absent)
			complain(a, question, answer,
				 arena_printf(&a->ctx.arena, absent ? "should not say \"%s\"" : "does not say \"%s\"", part + absent));
	}
	if (answer->kind == ANSWER_FOUND && !answer->evidence_count && !speaks_of_jamie(answer->intent) && !strstr(answer->text, " no "))
		complain(a, question, answer, "without evidence");
	for (uint32_t i = 0; i < answer->evidence_count; i++)
		if (!strstr(answer->text, arena_printf(&a->ctx.arena, "[%u]", answer->evidence[i].id)))
			complain(a, question, answer, "has evidence that no sentence refers to");
}

static void ask_group(struct asker *a, char *lines[3])
{
	bool goes_on = strncmp(lines[0], "+ ", 2) == 0;
	const char *question = lines[0] + (goes_on ? 2 : 0);
	struct answer answer;
	struct err err = {0};

	if (!goes_on)
		new_session(a);
	a->asked++;
	if (jamie_ask(a->jamie, &a->ctx, question, &answer, &err) < 0)
		fail_msg("%s:%u: %s: %s", a->file, a->line, question, err.message);
	check_understanding(a, question, &answer, lines[1]);
	check_text(a, question, &answer, lines[2]);
}

static void ask_file(void **state)
{
	struct asker *a = *state;
	_cleanup_(strbuf_release) struct strbuf text;
	char *lines[3], *p;
	unsigned count = 0, number = 0;
	struct err err;

	strbuf_init(&text, (size_t)1 << 20);
	a->asked = a->wrong = 0;
	if (file_read(arena_printf(&a->ctx.arena, FOLDER "%s", a->file), &text, &err) < 0)
		fail_msg("%s", err.message);
	for (p = text.buf; *p;) {
		char *line = p;

		number++;
		p += strcspn(p, "\n");
		if (*p)
			*p++ = '\0';
		if (!*line && !count)
			continue;
		if (!count)
			a->line = number;
		lines[count++] = line;
		if (count == 3) {
			ask_group(a, lines);
			count = 0;
		}
	}
	print_message("%s: %u questions, %u complaints\n", a->file, a->asked, a->wrong);
	assert_int_equal(count, 0);
	assert_int_not_equal(a->asked, 0);
	assert_int_equal(a->wrong, 0);
}

/* What is no question is refused with a reason; what is strange is answered somehow. */
static void strange_questions(void **state)
{
	static const struct {
		const char *question;
		int code;
	} refused[] = {{"", ERR_INPUT}, {" ?! ", ERR_INPUT}, {"why \xff", ERR_INPUT}};
	static const char *const answered[] = {"a/b/c/d",
					       "deployment/",
					       "in in in",
					       "container",
					       "since",
					       "10:99",
					       "%s%n",
					       "last 99999999999999999999 minutes",
					       "\xf0\x9f\x99\x82 why is \xf0\x9f\x99\x82"};
	struct asker *a = *state;
	char longer[JAMIE_MAX_QUESTION + 2];
	struct answer answer;
	struct err err;

	new_session(a);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_int_equal(jamie_ask(a->jamie, &a->ctx, refused[i].question, &answer, &err), refused[i].code);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(jamie_ask(a->jamie, &a->ctx, longer, &answer, &err), ERR_LIMIT);
	for (size_t i = 0; i < ARRAY_LEN(answered); i++) {
		assert_int_equal(jamie_ask(a->jamie, &a->ctx, answered[i], &answer, &err), 0);
		assert_true(answer.text[0] != '\0');
	}
}

/* The same question has the same answer, in a new session and in the same one. */
static void the_same_again(void **state)
{
	struct asker *a = *state;
	struct answer first, again;
	struct err err;

	new_session(a);
	assert_int_equal(jamie_ask(a->jamie, &a->ctx, "what is wrong?", &first, &err), 0);
	assert_int_equal(jamie_ask(a->jamie, &a->ctx, "what is wrong?", &again, &err), 0);
	assert_string_equal(first.text, again.text);
	new_session(a);
	assert_int_equal(jamie_ask(a->jamie, &a->ctx, "what is wrong?", &again, &err), 0);
	assert_string_equal(first.text, again.text);
}

static size_t held_after(struct asker *a, unsigned rounds)
{
	static const char *const questions[] = {"is checkout healthy in shop-staging?", "is cart ok in prod?"};

	for (unsigned i = 0; i < rounds; i++) {
		struct answer answer;
		struct err err;
		struct ctx ctx;

		ctx_init(&ctx);
		assert_int_equal(jamie_ask(a->jamie, &ctx, questions[i % 2], &answer, &err), 0);
		assert_int_equal(answer.kind, ANSWER_FOUND);
		ctx_release(&ctx);
	}
	return mallinfo2().uordblks;
}

/* Each of these questions makes the cluster be diagnosed anew, for another object. */
static void a_long_conversation_holds_one_diagnosis(void **state)
{
	struct asker *a = *state;
	size_t few, many;

	new_session(a);
	few = held_after(a, 4);
	many = held_after(a, 40);
	assert_true(many <= few + few / 20);
}

int main(void)
{
	static const char *const files[] = {"health.txt", "lists.txt", "facts.txt", "frame.txt", "followups.txt", "wordings.txt", "platform.txt"};
	struct asker askers[ARRAY_LEN(files)];
	struct CMUnitTest tests[ARRAY_LEN(files) + 3];
	int r;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		askers[i] = (struct asker){.file = files[i]};
		open_asker(&askers[i]);
		tests[i] = (struct CMUnitTest){.name = files[i], .test_func = ask_file, .initial_state = &askers[i]};
	}
	tests[ARRAY_LEN(files)] = (struct CMUnitTest){.name = "strange questions", .test_func = strange_questions, .initial_state = &askers[0]};
	tests[ARRAY_LEN(files) + 1] = (struct CMUnitTest){.name = "the same again", .test_func = the_same_again, .initial_state = &askers[0]};
	tests[ARRAY_LEN(files) + 2] =
		(struct CMUnitTest){.name = "a long conversation", .test_func = a_long_conversation_holds_one_diagnosis, .initial_state = &askers[0]};
	r = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		jamie_free(askers[i].jamie);
		cluster_free(askers[i].cluster);
		ctx_release(&askers[i].ctx);
	}
	return r;
}
