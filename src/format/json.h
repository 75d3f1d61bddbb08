/* JSON: reading (simdjson behind json_parse.cc), splitting of huge lists, and writing.
 *
 * Thread rule: a parser or writer belongs to one thread. */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include "format/schema.h"
#include "format/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Parses one document of len bytes. With schema, only its fields are kept (and typed as it says); without, everything
 * is kept. Errors are ERR_INPUT with the byte offset where known, or ERR_LIMIT (depth, nodes). */
int json_parse(struct value_builder *b, const char *text, size_t len, const struct message *schema, struct value *ret, struct err *err);

/* A reusable parser: keeps simdjson's buffers between documents (one per thread). */
struct json_parser;
struct json_parser *json_parser_new(void);
void json_parser_free(struct json_parser *p);
void json_parser_freep(struct json_parser **p);
int json_parser_parse(struct json_parser *p, struct value_builder *b, const char *text, size_t len, const struct message *schema, struct value *ret,
		      struct err *err);

/* The same with the schema chosen by what the document says it is: choose(arg, apiVersion, kind), "" where absent; NULL keeps everything. */
int json_parser_parse_object(struct json_parser *p, struct value_builder *b, const char *text, size_t len,
			     const struct message *(*choose)(void *arg, const char *api_version, const char *kind), void *arg, struct value *ret,
			     struct err *err);

/* Where and why text is no JSON: the byte offset, and *ret_what says it in a few words. len when it is JSON after all. */
#define JSON_TOO_DEEP "nested too deeply"
size_t json_locate_error(const char *text, size_t len, const char **ret_what);

/* Splits a stream {"kind":"PodList","metadata":{...},"items":[{...},{...}]} into its items as bytes arrive, so that a
 * list of any size needs the memory of its largest item. Everything outside "items" is collected (without items) into the
 * envelope. Feed in pieces of any size. A document with no top-level "items" array is one item, given at the end. Several concatenated documents
 * (JSON lines or blank-separated) are allowed. */
struct json_splitter;
struct json_split_handler {
	/* One item's text, valid during the call. Non-zero return stops and is returned by feed/finish. */
	int (*item)(void *arg, const char *text, size_t len, struct err *err);
	/* The document without its items, as JSON text: apiVersion, kind, metadata. May be NULL. */
	int (*envelope)(void *arg, const char *text, size_t len, struct err *err);
	void *arg;
};
struct json_splitter *json_splitter_new(const struct json_split_handler *handler, size_t max_item);
void json_splitter_free(struct json_splitter *s);
int json_splitter_feed(struct json_splitter *s, const char *data, size_t len, struct err *err);
/* Passes over len bytes that the caller has read itself, whole documents; false, and nothing is passed, in the middle of one. */
bool json_splitter_skip(struct json_splitter *s, size_t len);
/* For a handler: what of the envelope arrived before this item (kind and apiVersion stand in front where programs write typed lists) ... */
const char *json_splitter_envelope(const struct json_splitter *s, size_t *ret_len);
/* ... and where in the whole input this item or document begins. */
size_t json_splitter_item_offset(const struct json_splitter *s);
/* Ends the input: ERR_INPUT "ends in the middle of ..." when a document is not complete. */
int json_splitter_finish(struct json_splitter *s, struct err *err);
#define JSON_ITEM_MAX ((size_t)64 << 20)

/* Writer: commas, quoting, escaping (invalid UTF-8 becomes U+FFFD) and optional indentation are its business. */
struct json_writer {
	struct strbuf *out;
	int indent; /* 0 = compact, else spaces per level */
	unsigned depth;
	bool need_comma, after_key;
};
void json_writer_init(struct json_writer *w, struct strbuf *out, int indent);
void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_string(struct json_writer *w, const char *s); /* NULL writes null */
void json_string_n(struct json_writer *w, const char *s, size_t len);
void json_int(struct json_writer *w, int64_t i);
void json_double(struct json_writer *w, double d);
void json_bool(struct json_writer *w, bool b);
void json_null(struct json_writer *w);
void json_time(struct json_writer *w, usec_t t); /* RFC 3339, or null for 0 */
/* A member of the open object. */
void json_member_text(struct json_writer *w, const char *key, const char *s); /* NULL and "" write null */
void json_member_int(struct json_writer *w, const char *key, int64_t i);
void json_member_time(struct json_writer *w, const char *key, usec_t t);
/* A whole tree; keys sorted when canonical, and then zero, false, null and empty members are left out at every depth. */
void json_value(struct json_writer *w, const struct value *v, bool canonical);

#ifdef __cplusplus
}
#endif

#endif
