/* How fast a recorded List answer is decoded, and what memory its trees take: decode MESSAGE FILE [COPIES] [ROUNDS]
 *
 * FILE is a list as the API server sends it, JSON or protobuf; its items are repeated COPIES times to make a big list of it, which is fed in
 * pieces of 64 KiB as a connection would, ROUNDS times. The best round counts. */
#include "base/file.h"
#include "cluster/schema.h"
#include "format/json.h"
#include "format/protobuf.h"

#define PIECE ((size_t)64 << 10)

struct run {
	const struct message *schema;
	struct value_builder b;
	struct json_parser *parser;
	struct strbuf *list; /* being put together, or NULL */
	size_t items;
};

static int json_item(void *arg, const char *text, size_t len, struct err *err)
{
	struct run *r = arg;
	struct value v;

	r->items++;
	if (!r->list)
		return json_parser_parse(r->parser, &r->b, text, len, r->schema, &v, err);
	strbuf_addch(r->list, r->list->buf[r->list->len - 1] == '[' ? ' ' : ',');
	strbuf_add(r->list, text, len);
	return 0;
}

static void add_varint(struct strbuf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		strbuf_addch(out, (char)(v | 0x80));
	strbuf_addch(out, (char)v);
}

static int protobuf_item(void *arg, const void *data, size_t len, struct err *err)
{
	struct run *r = arg;
	struct value v;

	r->items++;
	if (!r->list)
		return protobuf_parse(&r->b, data, len, r->schema, &v, err);
	strbuf_addch(r->list, 2 << 3 | 2);
	add_varint(r->list, len);
	strbuf_add(r->list, data, len);
	return 0;
}

static int feed(struct run *r, const struct strbuf *in, bool is_json, struct err *err)
{
	struct json_split_handler json = {.item = json_item, .arg = r};
	struct protobuf_list_handler protobuf = {.item = protobuf_item, .arg = r};
	struct json_splitter *s = json_splitter_new(&json, JSON_ITEM_MAX);
	struct protobuf_list *l = protobuf_list_new(&protobuf, PROTOBUF_ITEM_MAX);
	const char *version, *more;
	int e = 0;

	for (size_t at = 0; at < in->len && e == 0; at += PIECE) {
		size_t n = MIN(PIECE, in->len - at);

		e = is_json ? json_splitter_feed(s, in->buf + at, n, err) : protobuf_list_feed(l, in->buf + at, n, err);
	}
	if (e == 0)
		e = is_json ? json_splitter_finish(s, err) : protobuf_list_finish(l, &version, &more, err);
	json_splitter_free(s);
	protobuf_list_free(l);
	return e;
}

/* The same items many times, as one list. */
static int repeat(struct run *r, const struct strbuf *in, bool is_json, long copies, struct strbuf *out, struct err *err)
{
	struct strbuf items;
	int e = 0;

	strbuf_init(&items, (size_t)4 << 30);
	if (is_json)
		strbuf_addstr(&items, "{\"kind\":\"List\",\"items\":[");
	r->list = &items;
	for (long i = 0; i < copies && e == 0; i++)
		e = feed(r, in, is_json, err);
	r->list = NULL;
	strbuf_init(out, (size_t)4 << 30);
	if (is_json) {
		strbuf_addstr(&items, "]}");
	} else {
		strbuf_add(out, "k8s\0\x0a\x06\x12\x04List\x12", 13);
		add_varint(out, items.len);
	}
	strbuf_add(out, items.buf, items.len);
	strbuf_release(&items);
	return e;
}

int main(int argc, char **argv)
{
	long copies = argc > 3 ? strtol(argv[3], NULL, 10) : 1, rounds = argc > 4 ? strtol(argv[4], NULL, 10) : 5;
	struct run r = {.schema = argc > 2 ? schema_find(argv[1]) : NULL};
	usec_t best = INT64_MAX;
	struct strbuf in, list;
	struct err err = {0};
	size_t memory = 0;
	bool is_json;

	if (!r.schema) {
		fprintf(stderr, "usage: decode MESSAGE FILE [COPIES] [ROUNDS]\n");
		return 2;
	}
	strbuf_init(&in, (size_t)1 << 30);
	if (file_read(argv[2], &in, &err) < 0)
		goto failed;
	is_json = in.len && in.buf[0] == '{';
	if (repeat(&r, &in, is_json, copies, &list, &err) < 0)
		goto failed;
	r.parser = json_parser_new();
	for (long i = 0; i < rounds; i++) {
		struct arena arena;
		struct intern strings;
		usec_t start = clock_monotonic();

		arena_init(&arena);
		intern_init(&strings);
		value_builder_init(&r.b, &arena, &strings);
		r.items = 0;
		if (feed(&r, &list, is_json, &err) < 0)
			goto failed;
		best = MIN(best, clock_monotonic() - start);
		memory = arena.total + strings.arena.total + ((size_t)strings.mask + 1) * 16;
		arena_release(&arena);
		intern_release(&strings);
	}
	json_parser_free(r.parser);
	printf("%s: %zu items, %.1f MB in %.1f ms: %.0f MB/s; trees and strings %.1f MB, %zu bytes an item\n", is_json ? "json" : "protobuf", r.items,
	       (double)list.len / 1e6, (double)best / 1e3, (double)list.len / (double)best, (double)memory / 1e6, r.items ? memory / r.items : 0);
	return 0;
failed:
	fprintf(stderr, "decode: %s\n", err.message);
	return 1;
}
