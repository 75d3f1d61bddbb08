/* The wire format by hand: every byte string below is written out as the encoding guide says. */
#include "unit.h"

#include "cluster/schema.h"
#include "format/json.h"
#include "format/protobuf.h"

static struct arena arena;
static struct value_builder builder;
static struct err err;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	value_builder_init(&builder, &arena, NULL);
	memset(&err, 0, sizeof(err));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static const struct message inner_message;
static const struct message inline_message;
static const struct field inner_fields[] = {
	{1, FIELD_STRING, FIELD_OMIT_ZERO, 4, "name", NULL},
	{2, FIELD_MESSAGE, 0, 5, "inner", &inner_message},
};
static const struct message inner_message = {"Inner", inner_fields, NULL, 0, 2, false};
static const struct field inline_fields[] = {{1, FIELD_STRING, 0, 6, "inside", NULL}};
static const struct message inline_message = {"Inline", inline_fields, NULL, 0, 1, false};
static const struct field outer_fields[] = {
	{0, FIELD_INT, 0, 8, "dataSize", NULL},
	{1, FIELD_STRING, FIELD_OMIT_ZERO, 4, "name", NULL},
	{2, FIELD_INT, 0, 5, "count", NULL},
	{3, FIELD_INT, FIELD_OMIT_ZERO, 6, "weight", NULL},
	{4, FIELD_STRING, FIELD_REPEATED, 5, "words", NULL},
	{5, FIELD_INT, FIELD_REPEATED, 7, "numbers", NULL},
	{6, FIELD_STRING_CAPPED, FIELD_MAP | FIELD_SIZED | FIELD_ANNOTATIONS, 4, "data", NULL},
	{7, FIELD_MESSAGE, 0, 5, "inner", &inner_message},
	{8, FIELD_TIME, 0, 4, "time", NULL},
	{9, FIELD_INT_OR_STRING, 0, 4, "port", NULL},
	{10, FIELD_MESSAGE, FIELD_INLINE, 6, "inline", &inline_message},
	{11, FIELD_DURATION, 0, 8, "duration", NULL},
	{12, FIELD_QUANTITY, FIELD_MAP, 6, "limits", NULL},
	{13, FIELD_BYTES, 0, 5, "bytes", NULL},
	{14, FIELD_RAW_JSON, 0, 3, "raw", NULL},
	{15, FIELD_PRESENT, FIELD_MAP, 6, "secret", NULL},
	{16, FIELD_DOUBLE, 0, 6, "double", NULL},
	{17, FIELD_BOOL, 0, 4, "flag", NULL},
	{18, FIELD_BYTES_SIZE, FIELD_MAP, 5, "blobs", NULL},
};
static const struct message outer_message = {"Outer", outer_fields, NULL, 0, ARRAY_LEN(outer_fields), true};

#define PARSE(bytes) protobuf_parse(&builder, bytes, sizeof(bytes) - 1, &outer_message, &v, &err)

/* What the tree looks like as sorted JSON (zeros kept). */
static const char *text(const struct value *v)
{
	static struct strbuf out;
	struct json_writer w;

	if (out.buf)
		strbuf_release(&out);
	strbuf_init(&out, STRBUF_MAX_OUTPUT);
	json_writer_init(&w, &out, 0);
	json_value(&w, v, false);
	return out.buf;
}

static void scalars_are_read_and_unknown_fields_skipped(void **state)
{
	struct value v;

	(void)state;
	/* name, count = 0, weight = 0, unknown 99 of each wire type, flag = true, double = 1.5 */
	assert_int_equal(PARSE("\x0a\x02hi\x10\x00\x18\x00\x98\x06\x01\x99\x06"
			       "12345678"
			       "\x9a\x06\x01x\x9d\x06"
			       "1234"
			       "\x81\x01\x00\x00\x00\x00\x00\x00\xf8\x3f\x88\x01\x01"),
			 0);
	assert_string_equal(text(&v), "{\"name\":\"hi\",\"count\":0,\"double\":1.5,\"flag\":true}");
}

static void empty_strings_are_absent_and_empty_messages_present(void **state)
{
	struct value v;

	(void)state;
	assert_int_equal(PARSE("\x0a\x00\x22\x00\x22\x01y\x3a\x00\x42\x00"), 0);
	assert_string_equal(text(&v), "{\"words\":[\"\",\"y\"],\"inner\":{}}");
}

static void negative_and_packed_numbers(void **state)
{
	struct value v;

	(void)state;
	assert_int_equal(PARSE("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x28\x05\x2a\x03\x01\x96\x01"), 0);
	assert_string_equal(text(&v), "{\"count\":-1,\"numbers\":[5,1,150]}");
}

static void scattered_lists_are_joined_and_the_last_scalar_wins(void **state)
{
	struct value v;

	(void)state;
	assert_int_equal(PARSE("\x22\x01"
			       "a\x10\x01\x22\x01"
			       "b\x10\x02\x22\x01"
			       "c"),
			 0);
	assert_string_equal(text(&v), "{\"count\":2,\"words\":[\"a\",\"b\",\"c\"]}");
}

static void lists_are_not_scattered_for_ever(void **state)
{
	char wire[5 * 200];
	struct value v;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		memcpy(wire + 5 * i, "\x22\x01x\x10\x01", 5);
	assert_int_equal(protobuf_parse(&builder, wire, 5 * 100, &outer_message, &v, &err), 0);
	assert_int_equal(value_len(value_get(&v, "words")), 100);
	assert_int_equal(protobuf_parse(&builder, wire, sizeof(wire), &outer_message, &v, &err), ERR_LIMIT);
}

static void maps_know_their_size_and_lose_the_last_applied_copy(void **state)
{
	static const char key[] = "kubectl.kubernetes.io/last-applied-configuration";
	struct value v;
	char wire[256];
	size_t n;

	(void)state;
	n = (size_t)snprintf(wire, sizeof(wire),
			     "\x32\x05\x0a\x01"
			     "a\x12\x32%c\x0a%c%s\x12\x01x",
			     (int)(sizeof(key) - 1 + 5), (int)(sizeof(key) - 1), key);
	/* The first entry is {a: (claims 50 bytes)}: cut */
	assert_int_equal(protobuf_parse(&builder, wire, n, &outer_message, &v, &err), ERR_INPUT);
	assert_int_equal(PARSE("\x32\x09\x0a\x01"
			       "a\x12\x04"
			       "four\x32\x03\x0a\x01"
			       "b\x32\x06\x0a\x01"
			       "a\x12\x01z"),
			 0);
	assert_int_equal(value_get_int(&v, "dataSize", 0), 8);
	assert_string_equal(value_str(value_at(&v, "data.a"), ""), "z");
	assert_string_equal(value_str(value_at(&v, "data.b"), "?"), "");
	assert_int_equal(value_len(value_get(&v, "data")), 2);
	n = (size_t)snprintf(wire, sizeof(wire), "\x32%c\x0a%c%s\x12\x01x", (int)(sizeof(key) - 1 + 5), (int)(sizeof(key) - 1), key);
	assert_int_equal(protobuf_parse(&builder, wire, n, &outer_message, &v, &err), 0);
	assert_int_equal(value_len(value_get(&v, "data")), 0);
}

static void long_values_are_cut_at_a_character(void **state)
{
	static char wire[6000];
	struct value v;
	size_t n = 0, len = 5001;

	(void)state;
	/* field 6: entry of 3 + 3 + 5001 bytes; the value is 'x' and then two-byte characters */
	n += (size_t)snprintf(wire, sizeof(wire), "\x32%c%c\x0a\x01k\x12%c%c", (int)((len + 6) & 0x7f) | 0x80, (int)((len + 6) >> 7),
			      (int)(len & 0x7f) | 0x80, (int)(len >> 7));
	wire[n] = 'x';
	for (size_t i = 1; i < len; i += 2)
		memcpy(wire + n + i, "\xc3\xa9", 2);
	n += len;
	assert_int_equal(protobuf_parse(&builder, wire, n, &outer_message, &v, &err), 0);
	const struct value *k = value_at(&v, "data.k");
	assert_int_equal(k->len, 4095);
	assert_true(k->flags & VALUE_CUT);
	assert_int_equal(value_get_int(&v, "dataSize", 0), 5002);
}

static void special_types(void **state)
{
	struct value v;
	char buf[CLOCK_TEXT_MAX];

	(void)state;
	assert_int_equal(PARSE("\x42\x0a\x08\xff\xcf\xc9\xc9\x06\x10\xc0\x84="
			       "\x4a\x02\x10\x50"
			       "\x52\x04\x0a\x02in"
			       "\x5a\x07\x08\x80\xb0\x9d\xc2\xdf\x01"
			       "\x62\x09\x0a\x03"
			       "cpu\x12\x02\x0a\x00"
			       "\x6a\x03"
			       "abc"
			       "\x72\x0a\x0a\x08{\"a\":[]}"
			       "\x7a\x06\x0a\x01k\x12\x01s"
			       "\x92\x01\x07\x0a\x01k\x12\x02zz"),
			 0);
	assert_string_equal(clock_format_rfc3339(value_get_time(&v, "time"), buf), "2025-12-05T05:05:03.001000Z");
	assert_int_equal(value_get_int(&v, "port", 0), 80);
	assert_string_equal(value_get_str(&v, "inside"), "in");
	assert_string_equal(value_get_str(&v, "duration"), "1m0s");
	assert_string_equal(value_str(value_at(&v, "limits.cpu"), ""), "0");
	assert_string_equal(value_get_str(&v, "bytes"), "YWJj");
	assert_int_equal(value_at(&v, "raw.a")->type, VALUE_LIST);
	assert_int_equal(value_at(&v, "secret.k")->type, VALUE_NULL);
	assert_int_equal(value_int(value_at(&v, "blobs.k"), 0), 2);
	assert_int_equal(PARSE("\x4a\x07\x08\x01\x1a\x03web"), 0);
	assert_string_equal(value_get_str(&v, "port"), "web");
}

static void durations_are_written_as_go_does(void **state)
{
	static const struct {
		const char *wire;
		size_t len;
		const char *expected;
	} cases[] = {
		{"\x5a\x00", 2, "0s"},
		{"\x5a\x02\x08\x05", 4, "5ns"},
		{"\x5a\x06\x08\x80\xf2\x8b\xa8\x09", 8, "2.5s"},
		{"\x5a\x0b\x08\x80\xec\x94\xa3\xfc\xff\xff\xff\xff\x01", 13, "-1s"},
		{"\x5a\x07\x08\x80\x96\x9c\xcc\xe6\x01", 9, "1m1.9s"},
		{"\x5a\x08\x08\xe8\x87\x81\x96\x8f\xa4\x15", 10, "26h0m0.000001s"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct value v;

		assert_int_equal(protobuf_parse(&builder, cases[i].wire, cases[i].len, &outer_message, &v, &err), 0);
		assert_string_equal(value_get_str(&v, "duration"), cases[i].expected);
	}
}

static void malformed_input_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{"\x0a", 1},                                          /* no length */
		{"\x0a\x05hi", 4},                                    /* cut string */
		{"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10},     /* a length of 2^63 */
		{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11}, /* an endless varint */
		{"\x00\x00", 2},                                      /* field number 0 */
		{"\x9b\x06", 2},                                      /* a group */
		{"\x0b", 1},
		{"\x08\x01", 2},                                          /* a string field written as a number */
		{"\x12\x01x", 3},                                         /* a number field written as bytes */
		{"\x42\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11}, /* a time beyond all years */
		{"\x32\x02\x0a\x05", 4},                                  /* a map entry cut */
		{"\x72\x04\x0a\x02{]", 6},                                /* bad JSON inside */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct value v;

		memset(&err, 0, sizeof(err));
		assert_int_equal(protobuf_parse(&builder, cases[i].bytes, cases[i].len, &outer_message, &v, &err), ERR_INPUT);
		assert_true(err.message[0]);
	}
}

/* Anyone may write such a time into a Lease: it is as if it were not there. */
static void a_time_beyond_all_years_is_absent(void **state)
{
	struct value v;

	(void)state;
	assert_int_equal(protobuf_parse(&builder, "\x18\x50\x42\x07\x08\xff\xff\xff\xff\xff\x7f", 11, &outer_message, &v, &err), 0);
	assert_null(value_get(&v, "time"));
}

static void depth_and_nodes_are_bounded(void **state)
{
	char wire[512];
	size_t n = 0;
	struct value v;

	(void)state;
	/* inner in inner in inner ... built from the inside out */
	for (int i = 0; i < 70; i++) {
		memmove(wire + 3, wire, n);
		wire[0] = i == 69 ? 0x3a : 0x12;
		wire[1] = (char)(n & 0x7f) | (char)0x80;
		wire[2] = (char)(n >> 7);
		n += 3;
	}
	assert_int_equal(protobuf_parse(&builder, wire, n, &outer_message, &v, &err), ERR_LIMIT);
	builder.max_nodes = 3;
	assert_int_equal(PARSE("\x22\x00\x22\x00\x22\x00\x22\x00"), ERR_LIMIT);
}

/* --- lists --- */

struct got {
	char items[64];
	unsigned count;
	const char *fed;
	size_t fed_len;
	unsigned copied;
};

static int take(void *arg, const void *data, size_t len, struct err *e)
{
	struct got *g = arg;

	(void)e;
	if (g->fed && !((const char *)data >= g->fed && (const char *)data < g->fed + g->fed_len))
		g->copied++;
	snprintf(g->items + strlen(g->items), sizeof(g->items) - strlen(g->items), "%.*s,", (int)len, (const char *)data);
	g->count++;
	return 0;
}

/* k8s\0, TypeMeta {v1, PodList}, raw { ListMeta {2: "77", 3: "next"}, items "abc", "", "defg", unknown 9 }, contentType "" */
#define LIST                                                                                                                                         \
	"k8s\0\x0a\x0d\x0a\x02v1\x12\x07PodList\x12\x1d\x0a\x0a\x12\x02"                                                                             \
	"77\x1a\x04next\x12\x03"                                                                                                                     \
	"abc\x12\x00\x12\x04"                                                                                                                        \
	"defg\x4a\x00\x22\x00"

static void a_list_fed_in_any_pieces_gives_its_items(void **state)
{
	static const char list[] = LIST;

	(void)state;
	for (size_t piece = 1; piece <= sizeof(list) - 1; piece++) {
		struct got g = {.count = 0};
		struct protobuf_list_handler h = {take, &g};
		struct protobuf_list *l = protobuf_list_new(&h, 1000);
		const char *version = NULL, *token = NULL;

		for (size_t at = 0; at < sizeof(list) - 1; at += piece)
			assert_int_equal(protobuf_list_feed(l, list + at, MIN(piece, sizeof(list) - 1 - at), &err), 0);
		assert_int_equal(protobuf_list_finish(l, &version, &token, &err), 0);
		assert_string_equal(g.items, "abc,,defg,");
		assert_string_equal(version, "77");
		assert_string_equal(token, "next");
		protobuf_list_free(l);
	}
}

static void an_item_that_is_whole_is_not_copied(void **state)
{
	static const char list[] = LIST;
	struct got g = {.fed = list, .fed_len = sizeof(list)};
	struct protobuf_list_handler h = {take, &g};
	struct protobuf_list *l = protobuf_list_new(&h, 1000);

	(void)state;
	assert_int_equal(protobuf_list_feed(l, list, sizeof(list) - 1, &err), 0);
	assert_int_equal(g.count, 3);
	assert_int_equal(g.copied, 1); /* the empty one */
	protobuf_list_free(l);
}

static void every_cut_of_a_list_is_noticed(void **state)
{
	static const char list[] = LIST;
	const char *version, *token;

	(void)state;
	/* The last two bytes are a whole field of the envelope: without it the message is complete. */
	for (size_t len = 0; len < sizeof(list) - 3; len++) {
		struct got g = {.count = 0};
		struct protobuf_list_handler h = {take, &g};
		struct protobuf_list *l = protobuf_list_new(&h, 1000);

		protobuf_list_feed(l, list, len, &err);
		assert_int_equal(protobuf_list_finish(l, &version, &token, &err), ERR_INPUT);
		protobuf_list_free(l);
	}
}

static void lists_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int code;
		const char *part;
	} cases[] = {
		{"<html>", 6, ERR_INPUT, "not Kubernetes protobuf"},
		{"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Status", 18, ERR_INPUT, "a Status, not a list"},
		{"k8s\0\x12\x07\x12\xff\xff\xff\x07"
		 "abc",
		 13, ERR_INPUT, "longer than the list"},
		{"k8s\0\x12\xff\xff\xff\xff\x0f\x12\xff\xff\xff\x07"
		 "abc",
		 18, ERR_LIMIT, "the limit is 1000"},
		{"k8s\0\x12\x00\x12\x00", 8, ERR_INPUT, "two lists"},
		{"k8s\0\x13", 5, ERR_INPUT, "group"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct got g = {.count = 0};
		struct protobuf_list_handler h = {take, &g};
		struct protobuf_list *l = protobuf_list_new(&h, 1000);

		assert_int_equal(protobuf_list_feed(l, cases[i].bytes, cases[i].len, &err), cases[i].code);
		assert_non_null(strstr(err.message, cases[i].part));
		assert_int_equal(protobuf_list_feed(l, "x", 1, &err), cases[i].code);
		protobuf_list_free(l);
	}
}

static void a_single_object_is_unwrapped(void **state)
{
	const void *raw;
	size_t len;

	(void)state;
	assert_int_equal(protobuf_unwrap("k8s\0\x0a\x00\x12\x02hi", 10, &raw, &len, &err), 0);
	assert_int_equal(len, 2);
	assert_memory_equal(raw, "hi", 2);
	assert_int_equal(protobuf_unwrap("k8s\0\x12\x05hi", 8, &raw, &len, &err), ERR_INPUT);
	assert_int_equal(protobuf_unwrap("{}", 2, &raw, &len, &err), ERR_INPUT);
}

static void every_kind_has_its_schema(void **state)
{
	(void)state;
	assert_null(schema_find(NULL));
	assert_null(schema_find("k8s.io.api.core.v1.Nothing"));
#define KIND(id, group, version, kind, plural, shorts, namespaced, message) assert_true(!(message) || schema_find(message));
#include "cluster/kinds.def"
#undef KIND
	/* Ascending numbers and found names, in every message. */
	for (size_t i = 0; i < schema_root_count; i++) {
		const struct message *m = schema_roots[i];

		for (unsigned f = 0; f < m->field_count; f++) {
			assert_true(f == 0 || m->fields[f].number == 0 || m->fields[f].number > m->fields[f - 1].number);
			if (!(m->fields[f].flags & FIELD_INLINE))
				assert_ptr_equal(schema_field(m, m->fields[f].name, m->fields[f].name_len), &m->fields[f]);
		}
	}
	/* Inlined messages are looked into. */
	const struct message *volume = schema_field(schema_field(schema_find("k8s.io.api.core.v1.Pod"), "spec", 4)->message, "volumes", 7)->message;
	assert_non_null(schema_field(volume, "emptyDir", 8));
	assert_null(schema_field(volume, "volumeSource", 12));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
RUN_TESTS(T(scalars_are_read_and_unknown_fields_skipped), T(empty_strings_are_absent_and_empty_messages_present), T(negative_and_packed_numbers),
	  T(scattered_lists_are_joined_and_the_last_scalar_wins), T(lists_are_not_scattered_for_ever),
	  T(maps_know_their_size_and_lose_the_last_applied_copy), T(long_values_are_cut_at_a_character), T(special_types),
	  T(durations_are_written_as_go_does), T(malformed_input_is_refused), T(a_time_beyond_all_years_is_absent), T(depth_and_nodes_are_bounded),
	  T(a_list_fed_in_any_pieces_gives_its_items), T(an_item_that_is_whole_is_not_copied), T(every_cut_of_a_list_is_noticed),
	  T(lists_that_are_none_are_refused), T(a_single_object_is_unwrapped), T(every_kind_has_its_schema))
