/* Shows that both wires give one tree: wires MESSAGE JSON-FILE PROTOBUF-FILE
 *
 * The files hold one object, or a whole List answer of items of MESSAGE (JSON is read through the splitter, protobuf through the list
 * decoder). Exit 0 when the trees are equal, zeros and all, but for apiVersion and kind, which a protobuf item does not have; otherwise 1 with
 * the paths of the first differences. */
#include "base/file.h"
#include "cluster/schema.h"
#include "format/json.h"
#include "format/protobuf.h"

#define SHOWN_MAX 10

struct side {
	const struct message *schema;
	struct arena arena;
	struct value_builder b;
	struct {
		struct value *items;
		uint32_t len, cap;
	} objects;
};

static int json_item(void *arg, const char *text, size_t len, struct err *err)
{
	struct side *s = arg;
	struct value v;
	int r = json_parse(&s->b, text, len, s->schema, &v, err);

	if (r == 0)
		*arena_push(&s->arena, &s->objects) = v;
	return r;
}

static int protobuf_item(void *arg, const void *data, size_t len, struct err *err)
{
	struct side *s = arg;
	struct value v;
	int r = protobuf_parse(&s->b, data, len, s->schema, &v, err);

	if (r == 0)
		*arena_push(&s->arena, &s->objects) = v;
	return r;
}

static int read_json(struct side *s, const struct strbuf *text, struct err *err)
{
	struct json_split_handler handler = {.item = json_item, .arg = s};
	struct json_splitter *split = json_splitter_new(&handler, JSON_ITEM_MAX);
	int r = json_splitter_feed(split, text->buf, text->len, err);

	if (r == 0)
		r = json_splitter_finish(split, err);
	json_splitter_free(split);
	return r;
}

static int read_protobuf(struct side *s, const struct strbuf *data, struct err *err)
{
	struct protobuf_list_handler handler = {.item = protobuf_item, .arg = s};
	struct protobuf_list *list = protobuf_list_new(&handler, PROTOBUF_ITEM_MAX);
	const char *version, *token;
	const void *raw;
	size_t len;
	int r = protobuf_list_feed(list, data->buf, data->len, err);

	if (r == 0)
		r = protobuf_list_finish(list, &version, &token, err);
	protobuf_list_free(list);
	if (r != 0 && strstr(err->message, "not a list")) {
		r = protobuf_unwrap(data->buf, data->len, &raw, &len, err);
		if (r == 0)
			r = protobuf_item(s, raw, len, err);
	}
	return r;
}

/* Prints where two trees differ; returns how often. */
static unsigned compare(struct arena *a, const char *path, const struct value *json, const struct value *protobuf)
{
	unsigned n = 0;

	if (!json || !protobuf) {
		printf("  %s: only in %s\n", path, json ? "JSON" : "protobuf");
		return 1;
	}
	if (json->type == VALUE_MAP && protobuf->type == VALUE_MAP) {
		for (member_each(m, json))
			n += compare(a, arena_printf(a, "%s.%s", path, m->key), &m->v, value_get_n(protobuf, m->key, m->v.key_len));
		for (member_each(m, protobuf))
			if (!value_get_n(json, m->key, m->v.key_len))
				n += compare(a, arena_printf(a, "%s.%s", path, m->key), NULL, &m->v);
		return n;
	}
	if (json->type == VALUE_LIST && protobuf->type == VALUE_LIST && json->len == protobuf->len) {
		for (uint32_t i = 0; i < json->len; i++)
			n += compare(a, arena_printf(a, "%s[%u]", path, i), &json->items[i], &protobuf->items[i]);
		return n;
	}
	if (value_equal(json, protobuf))
		return 0;
	printf("  %s: differs\n", path);
	return 1;
}

/* What only a JSON object has. */
static struct value without_type(struct value_builder *b, const struct value *v)
{
	struct value rest = {.type = VALUE_MAP};

	for (member_each(m, v))
		if (!str_eq(m->key, "apiVersion") && !str_eq(m->key, "kind"))
			value_map_set(b, &rest, m->key, m->v);
	return rest;
}

int main(int argc, char **argv)
{
	struct side sides[2] = {{0}};
	unsigned different = 0;
	struct strbuf in;
	struct err err = {0};

	if (argc != 4 || !schema_find(argv[1])) {
		fprintf(stderr, "usage: wires MESSAGE JSON-FILE PROTOBUF-FILE\n");
		return 2;
	}
	strbuf_init(&in, STRBUF_MAX_OUTPUT);
	for (int i = 0; i < 2; i++) {
		sides[i].schema = schema_find(argv[1]);
		arena_init(&sides[i].arena);
		value_builder_init(&sides[i].b, &sides[i].arena, NULL);
		strbuf_reset(&in);
		if (file_read(argv[2 + i], &in, &err) != 0 || (i == 0 ? read_json : read_protobuf)(&sides[i], &in, &err) != 0) {
			fprintf(stderr, "wires: %s: %s\n", argv[2 + i], err.message);
			return 1;
		}
	}
	if (sides[0].objects.len != sides[1].objects.len) {
		printf("%s: DIFFERENT: %u objects in JSON, %u in protobuf\n", argv[1], sides[0].objects.len, sides[1].objects.len);
		return 1;
	}
	for (uint32_t i = 0; i < sides[0].objects.len && different < SHOWN_MAX; i++) {
		struct value json = without_type(&sides[0].b, &sides[0].objects.items[i]);

		if (!value_equal(&json, &sides[1].objects.items[i]))
			different +=
				compare(&sides[0].arena, value_str(value_at(&json, "metadata.name"), "object"), &json, &sides[1].objects.items[i]);
	}
	printf("%s: %s (%u objects)\n", argv[1], different ? "DIFFERENT" : "the same", sides[0].objects.len);
	return different ? 1 : 0;
}
