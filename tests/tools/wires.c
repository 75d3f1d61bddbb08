/* Shows that both wires give one tree: wires MESSAGE JSON-FILE PROTOBUF-FILE
 *
 * The files hold one object, or a whole List answer of items of MESSAGE (then JSON is read through the splitter and protobuf through the
 * list decoder). Exit 0 when the canonical JSON of both trees is the same; otherwise 1, and both are written to MESSAGE.json.out and
 * MESSAGE.pb.out in the current folder, one object a line. */
#include "base/file.h"
#include "cluster/schema.h"
#include "format/json.h"
#include "format/protobuf.h"

struct side {
	const struct message *schema;
	struct strbuf out;
};

static void add(struct side *s, const struct value *v)
{
	struct json_writer w;

	json_writer_init(&w, &s->out, 0);
	json_value(&w, v, true);
	strbuf_addch(&s->out, '\n');
}

static int json_item(void *arg, const char *text, size_t len, struct err *err)
{
	struct side *s = arg;
	struct value_builder b;
	struct arena a;
	struct value v;
	int r;

	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	r = json_parse(&b, text, len, s->schema, &v, err);
	if (r == 0) {
		/* A protobuf item does not say what it is. */
		value_map_set(&b, &v, "apiVersion", value_of_str(""));
		value_map_set(&b, &v, "kind", value_of_str(""));
		add(s, &v);
	}
	arena_release(&a);
	return r;
}

static int protobuf_item(void *arg, const void *data, size_t len, struct err *err)
{
	struct side *s = arg;
	struct value_builder b;
	struct arena a;
	struct value v;
	int r;

	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	r = protobuf_parse(&b, data, len, s->schema, &v, err);
	if (r == 0)
		add(s, &v);
	arena_release(&a);
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
		strbuf_reset(&s->out);
		r = protobuf_unwrap(data->buf, data->len, &raw, &len, err);
		if (r == 0)
			r = protobuf_item(s, raw, len, err);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct side sides[2] = {{0}};
	struct strbuf in;
	struct err err = {0};
	char path[256];
	bool same;

	if (argc != 4 || !schema_find(argv[1])) {
		fprintf(stderr, "usage: wires MESSAGE JSON-FILE PROTOBUF-FILE\n");
		return 2;
	}
	strbuf_init(&in, STRBUF_MAX_OUTPUT);
	for (int i = 0; i < 2; i++) {
		sides[i].schema = schema_find(argv[1]);
		strbuf_init(&sides[i].out, (size_t)1 << 30);
		strbuf_reset(&in);
		if (file_read(argv[2 + i], &in, &err) != 0 || (i == 0 ? read_json : read_protobuf)(&sides[i], &in, &err) != 0) {
			fprintf(stderr, "wires: %s: %s\n", argv[2 + i], err.message);
			return 1;
		}
	}
	same = sides[0].out.len == sides[1].out.len && memcmp(sides[0].out.buf, sides[1].out.buf, sides[0].out.len) == 0;
	for (int i = 0; i < 2 && !same; i++) {
		snprintf(path, sizeof(path), "%s.%s.out", argv[1], i ? "pb" : "json");
		if (file_write_atomic(path, sides[i].out.buf, sides[i].out.len, 0644, &err) != 0)
			fprintf(stderr, "wires: %s\n", err.message);
	}
	printf("%s: %s (%zu bytes of canonical JSON)\n", argv[1], same ? "the same" : "DIFFERENT", sides[0].out.len);
	return same ? 0 : 1;
}
