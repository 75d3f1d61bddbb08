/* Inventory: every object that was read from a cluster, typed by kind, interned and indexed.
 *
 * A live cluster, a recorded snapshot and a test case all become this one type; nothing after it can tell them apart.
 * Life: inventory_new, inventory_add* (any order), inventory_seal; from then on it is immutable and may be shared by
 * threads (inventory_ref/unref). Strings and trees live in it. Values of Secrets are never in it.
 * Absent is not empty: ask inventory_sees(kind) before concluding that something does not exist. */
#ifndef CLUSTER_INVENTORY_H
#define CLUSTER_INVENTORY_H

#include "base/hash.h"
#include "format/value.h"

enum kind_id {
#define KIND(id, group, version, kind, plural, shorts, namespaced, message) KIND_##id,
#include "cluster/kinds.def"
#undef KIND
	KIND_CUSTOM, /* any other kind; see object->kind for which */
	KIND_COUNT,
};

struct kind {
	enum kind_id id;
	const char *group, *version, *name, *plural, *shorts;
	bool namespaced;
	const char *message; /* schema message, NULL = metadata only (Secret) or schemaless (custom) */
};

extern const struct kind kind_table[KIND_CUSTOM];
/* By kind, plural, singular or short name, any case, with optional ".group" ("deploy", "Deployments", "deployments.apps"); NULL. */
const struct kind *kind_by_name(const char *name);
const struct kind *kind_by_gvk(const char *api_version, const char *kind);

struct object {
	const struct kind *kind;
	const char *ns;   /* interned; "" when cluster-scoped */
	const char *name; /* interned */
	const char *uid;  /* interned; "" when unknown (hand-written cases) */
	const char *resource_version;
	usec_t created, deleted;                                             /* deleted = metadata.deletionTimestamp, 0 when not being deleted */
	struct value root;                                                   /* the whole object, projected by its schema */
	const struct value *metadata, *labels, *annotations, *spec, *status; /* NULL when absent */
	const struct value *controller;                                      /* the owner reference that names the controller; NULL */
	struct object *owner;                                                /* the controller owner when it is in the inventory, else NULL */
	struct object **children;                                            /* objects whose controller owner this is */
	uint32_t child_count;
	uint32_t index; /* position in the list of its kind */
};

struct object_list {
	struct object **items;
	uint32_t len, cap;
};

/* Events kept, of Warnings and of others each: 50 MB at most. What comes beyond is counted, and a note says so. */
#define INVENTORY_EVENTS_MAX 200000u

/* An Event, core/v1 or events.k8s.io/v1, reduced to what both have. */
struct event {
	const char *type, *reason, *message, *source;                             /* source: reporting component */
	const char *ns, *name;                                                    /* the Event's own name */
	const char *about_kind, *about_ns, *about_name, *about_uid, *about_field; /* involvedObject; fieldPath e.g. spec.containers{c} */
	const struct object *about;                                               /* NULL when it is gone */
	usec_t first, last;
	int64_t count; /* at least 1 */
};

struct event_list {
	const struct event **items;
	uint32_t len, cap;
};

/* The tail of one container's log. */
struct container_log {
	const struct object *pod;
	const char *container;
	bool previous;    /* of the terminated instance before the running one */
	const char *text; /* masked when it comes from a snapshot; lines end with \n */
	size_t len;
	bool truncated;    /* the beginning is missing */
	const char *error; /* why it could not be read, or NULL */
};

/* Something that could not be read; people must be told. */
struct note {
	const char *what;  /* "secrets", "events in namespace shop" */
	const char *why;   /* "forbidden: user x cannot list ..." */
	enum kind_id kind; /* KIND_COUNT when it is not about a kind */
	const char *ns;    /* "" = all namespaces */
};

struct inventory;

struct inventory *inventory_new(void);
struct inventory *inventory_ref(struct inventory *inv);
void inventory_unref(struct inventory *inv);
void inventory_unrefp(struct inventory **inv);
/* Where readers build the trees they add. Valid until inventory_seal. */
struct value_builder *inventory_builder(struct inventory *inv);
/* The same, but for kinds whose trees are not kept as they are (Event, Secret, custom ones; kind NULL = custom) a builder whose memory
 * is reused by a later inventory_add: what is read in bulk should be built with this one, and added before the next is built. */
struct value_builder *inventory_builder_for(struct inventory *inv, const struct kind *kind);

/* Adds one object; root must be built with inventory_builder. apiVersion and kind choose the kind unless `kind` is given.
 * Objects without a name, and Secret values, are dropped (the keys of Secret data stay, with null values). A second object of the same
 * kind, namespace and name replaces the first. An Event becomes a struct event. ERR_INPUT when it is no Kubernetes object. */
int inventory_add(struct inventory *inv, const struct kind *kind, const struct value *root, struct err *err);
/* A tree that several inventories hold, on the heap: the last one that goes frees it. */
struct shared_tree {
	uint32_t refs;
	struct value *root; /* value_pack */
};
/* As inventory_add would keep it (reduced, no Secret value in it; an Event as it came), with one reference. NULL: it is no object with a name. */
struct shared_tree *shared_tree_new(const struct kind *kind, const struct value *root, size_t *ret_size);
struct shared_tree *shared_tree_ref(struct shared_tree *t);
void shared_tree_unref(struct shared_tree *t);
/* Adds the object of a shared tree, to which the inventory then has a reference. */
void inventory_add_shared(struct inventory *inv, const struct kind *kind, struct shared_tree *tree);
/* Marks that a kind was listed (whole, or one namespace): makes inventory_sees true. Readers of files call it for kinds present. */
void inventory_mark_seen(struct inventory *inv, const struct kind *kind, const char *ns);
void inventory_add_note(struct inventory *inv, const char *what, const char *why, enum kind_id kind, const char *ns);
void inventory_add_log(struct inventory *inv, const char *ns, const char *pod, const char *container, bool previous, const char *text, size_t len,
		       bool truncated, const char *error);
void inventory_set_now(struct inventory *inv, usec_t now);
void inventory_set_server_version(struct inventory *inv, const char *git_version);
/* Builds every index. After it, only inventory_add_log may change the inventory (by one thread, before others read logs). */
void inventory_seal(struct inventory *inv);

usec_t inventory_now(const struct inventory *inv);                 /* when it was read: the "now" of every check. Never clock_now(). */
const char *inventory_server_version(const struct inventory *inv); /* "v1.37.2" or "" */
/* Was this kind readable, at least in ns (NULL = everywhere)? */
bool inventory_sees(const struct inventory *inv, enum kind_id kind, const char *ns);
const struct note *inventory_notes(const struct inventory *inv, size_t *ret_count);

/* All of a kind, ordered by namespace, then name. Custom kinds: every custom object. */
const struct object_list *inventory_list(const struct inventory *inv, enum kind_id kind);
/* In a list of inventory_list of one built-in kind: the first that does not come before that namespace and name ("" = its first); may be len. */
uint32_t object_list_from(const struct object_list *list, const char *ns, const char *name);
/* One custom kind alone, by apiVersion group and kind name; empty when there is none. O(1). */
const struct object_list *inventory_list_custom(const struct inventory *inv, const char *group, const char *kind);
/* As inventory_sees, of a custom kind. A kind that the server does not have is not seen. */
bool inventory_sees_custom(const struct inventory *inv, const char *group, const char *kind, const char *ns);
/* NULL when there is none. */
struct object *inventory_find(const struct inventory *inv, enum kind_id kind, const char *ns, const char *name);
struct object *inventory_find_uid(const struct inventory *inv, const char *uid);
/* By apiVersion group and kind name, custom kinds too. */
struct object *inventory_find_custom(const struct inventory *inv, const char *group, const char *kind, const char *ns, const char *name);
const struct object_list *inventory_pods_on(const struct inventory *inv, const char *node);
/* Objects of kind in ns whose labels match a LabelSelector value ({matchLabels, matchExpressions}) or, with plain, a map of labels.
 * A NULL or empty selector matches nothing when plain (Service semantics), everything otherwise. ns NULL = all namespaces. Result in arena. */
struct object_list inventory_select(const struct inventory *inv, struct arena *a, enum kind_id kind, const char *ns, const struct value *selector,
				    bool plain);
bool selector_matches(const struct value *selector, const struct value *labels, bool plain);
/* "app=web,tier!=db,env in (a,b),!legacy,n>5", as kubectl -l takes it, into a LabelSelector value. ERR_USAGE says what is wrong, and where. */
int selector_parse(struct value_builder *b, const char *text, struct value *ret, struct err *err);
/* "app=web,tier in (a,b)" for people. */
char *selector_text(struct arena *a, const struct value *selector, bool plain);
/* Events about an object, newest first. */
const struct event_list *inventory_events_of(const struct inventory *inv, const struct object *o);
const struct event_list *inventory_events(const struct inventory *inv); /* all, newest first */
/* NULL when that log was not read. */
const struct container_log *inventory_log(const struct inventory *inv, const struct object *pod, const char *container, bool previous);
size_t inventory_logs(const struct inventory *inv, const struct container_log *const **ret);
/* Totals for progress and bounds. */
size_t inventory_object_count(const struct inventory *inv);
size_t inventory_memory(const struct inventory *inv);

/* "Pod shop/checkout-7d9f" , "Node worker-1". */
char *object_text(struct arena *a, const struct object *o);
/* "pod/checkout-7d9f -n shop" the way kubectl names it: for hints. */
char *object_ref_text(struct arena *a, const struct object *o);
/* The topmost controller owner (the Deployment of a Pod, not the custom object above it); o itself when it has none. */
const struct object *object_top_owner(const struct object *o);
/* By path, "" / 0 when absent. */
const char *object_str(const struct object *o, const char *path);
int64_t object_int(const struct object *o, const char *path, int64_t otherwise);

#endif
