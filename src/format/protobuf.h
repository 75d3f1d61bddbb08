/* Protobuf: the wire format, table-driven by schema.h, and Kubernetes' envelope around it.
 *
 * Sources: protobuf.dev/programming-guides/encoding; k8s.io/apimachinery pkg/runtime/serializer/protobuf: four bytes
 * "k8s\0", then runtime.Unknown {1: TypeMeta {1: apiVersion, 2: kind}, 2: raw}; a List message is {1: ListMeta, 2: items}.
 * Thread rule: pure; a stream belongs to one thread. */
#ifndef FORMAT_PROTOBUF_H
#define FORMAT_PROTOBUF_H

#include "format/schema.h"
#include "format/value.h"

/* Decodes one message. Unknown fields are skipped; truncated or malformed bytes are ERR_INPUT with the offset. */
int protobuf_parse(struct value_builder *b, const void *data, size_t len, const struct message *schema, struct value *ret, struct err *err);

/* A Kubernetes List response decoded while it arrives: each item is handed over as soon as its last byte is here; memory
 * held is that of the largest item. */
struct protobuf_list;
struct protobuf_list_handler {
	int (*item)(void *arg, const void *data, size_t len, struct err *err); /* one encoded item */
	void *arg;
};
struct protobuf_list *protobuf_list_new(const struct protobuf_list_handler *handler, size_t max_item);
void protobuf_list_free(struct protobuf_list *l);
int protobuf_list_feed(struct protobuf_list *l, const void *data, size_t len, struct err *err);
/* Ends the input. ret_* point into l: the list's resourceVersion and continue token ("" when none). */
int protobuf_list_finish(struct protobuf_list *l, const char **ret_resource_version, const char **ret_continue, struct err *err);
#define PROTOBUF_ITEM_MAX ((size_t)64 << 20)

/* Strips "k8s\0" + Unknown from a single-object answer: ret_raw points into data. */
int protobuf_unwrap(const void *data, size_t len, const void **ret_raw, size_t *ret_len, struct err *err);

#endif
