/* api_list: the pages of one kind's list, each object handed over as soon as its last byte is here.
 *
 * Memory held is that of the largest object. Built-in kinds are asked for as protobuf, others as JSON; what the server sends
 * decides. What to do when a page fails is the caller's business (live_list.c, watch.c): `continue_token` is where it stands.
 * Ownership: api_list_release frees what is marked heap. Thread rule: one thread per list. */
#ifndef CLUSTER_API_LIST_H
#define CLUSTER_API_LIST_H

#include "cluster/api_client.h"
#include "format/json.h"

struct api_list {
	struct api_client *client;
	const struct kind *kind;
	const char *ns;               /* NULL = all namespaces */
	const struct message *schema; /* NULL = schemaless JSON */
	bool metadata_only;           /* ask for PartialObjectMetadata; schema is SCHEMA_PARTIAL_METADATA then */
	bool json;                    /* ask for JSON even so */
	int (*item)(void *arg, enum api_format format, const char *data, size_t len, struct err *err);
	void *arg;

	char *continue_token;       /* heap; NULL = the first page, or (after api_list_page) no further one */
	char *resource_version;     /* heap; of the last whole page */
	bool broke_off;             /* the last page failed after it had begun: items of it may have been handed over */
	struct json_parser *parser; /* kept between pages */
	struct api_page *page;      /* the one that is arriving */
};

/* Asks for at most CLUSTER_PAGE objects, and in later pages for more: a list that is known to be long is worth fewer round trips. */
#define API_LIST_LATER_PAGE (4 * CLUSTER_PAGE)
int api_list_page(struct api_list *l, struct ctx *ctx, struct err *err);
void api_list_set_continue(struct api_list *l, const char *token); /* NULL or "" = from the beginning */
void api_list_release(struct api_list *l);

/* Builds the tree of an item. */
int api_list_parse(struct api_list *l, struct value_builder *b, enum api_format format, const char *data, size_t len, struct value *ret,
		   struct err *err);
/* The Accept header for this kind and form. */
const char *api_list_accept(const struct api_list *l);

#endif
