/* The inside of an inventory, for the files of this room that build and query it.
 *
 * Keys of the indexes are not copies: an object's identity is the first three pointers of struct object (kind, ns, name: all
 * interned or static), an event's is its ns and name pointers. Looking up by text therefore asks the string table first:
 * a name it never saw cannot be in any index. */
#ifndef CLUSTER_INVENTORY_INTERNAL_H
#define CLUSTER_INVENTORY_INTERNAL_H

#include "cluster/inventory.h"

#include <stddef.h>

/* The identity of an object as bytes: kind, ns and name of struct object lie side by side. */
#define OBJECT_KEY_LEN (3 * sizeof(void *))
_Static_assert(offsetof(struct object, name) == 2 * sizeof(void *), "kind, ns, name are the key");
#define EVENT_KEY_LEN (2 * sizeof(void *))
_Static_assert(offsetof(struct event, name) == offsetof(struct event, ns) + sizeof(void *), "ns, name are the key");

/* What an event is about: kind, namespace and name, side by side. */

struct object_key {
	const struct kind *kind;
	const char *ns, *name;
};

struct seen_namespaces {
	const char **items; /* interned; on the heap */
	uint32_t len, cap;
};

struct custom_kind {
	const char *group, *name; /* interned: the key */
	struct kind kind;
	const struct known_kind *known; /* which fields of it are kept; NULL = all */
	struct object_list list;        /* a part of lists[KIND_CUSTOM]; after seal */
	bool seen_all;
	struct seen_namespaces seen_ns;
};

struct log_node {
	struct container_log log;
	const char *ns, *pod_name;
	struct log_node *next; /* of the same pod */
};

/* Pods by (namespace, label, value): groups in a hash table of positions, each a slice of one array of pods. */
struct label_group {
	const char *ns, *key, *value; /* interned */
	uint32_t start, len;
};

struct label_index {
	struct label_group *groups;
	uint32_t group_count, group_cap;
	uint32_t *slots; /* group + 1, 0 = free */
	uint32_t mask;
	struct object **pods;
	size_t pod_count;
};

struct inventory {
	uint32_t refs;
	bool sealed;
	struct arena arena;
	struct intern strings;
	struct value_builder builder;
	/* For trees that are not kept as they are (events, Secrets); emptied now and then. */
	struct arena scratch;
	struct value_builder scratch_builder;

	struct {
		struct shared_tree **items; /* on the heap */
		uint32_t len, cap;
	} shared;

	usec_t now, latest;
	const char *server_version;
	struct object_list lists[KIND_COUNT]; /* items on the heap */
	size_t object_count;
	struct hash by_name; /* OBJECT_KEY_LEN bytes -> object */
	struct hash by_uid;
	struct hash custom_kinds; /* group, name pointers -> struct custom_kind */
	bool seen_all[KIND_COUNT];
	struct seen_namespaces seen_ns[KIND_COUNT];
	struct {
		struct note *items;
		uint32_t len, cap;
	} notes;

	struct event_list events;     /* items on the heap */
	uint32_t event_counts[2];     /* others, warnings */
	uint64_t events_left_out;     /* INVENTORY_EVENTS_MAX */
	struct hash events_by_name;   /* an event's own ns and name -> struct event, while building */
	struct hash events_by_object; /* object pointer -> event_list */

	struct hash pods_on; /* interned node name -> object_list */
	struct label_index labels;

	struct {
		struct log_node **items; /* on the heap; what inventory_logs returns */
		uint32_t len, cap;
	} logs;
	struct hash logs_by_pod; /* object pointer -> struct log_node */
};

/* Growable arrays on the heap, for what may be long and must not leave its smaller copies in the arena. */
void *inventory_grow(void *items, uint32_t len, uint32_t *cap, size_t item_size);
#define heap_push(v) ((void)((v)->items = inventory_grow((v)->items, (v)->len, &(v)->cap, sizeof(*(v)->items))), &(v)->items[(v)->len++])

/* The object of this name, made when it is new, with root as its tree. metadata: of root. */
struct object *inventory_put(struct inventory *inv, const struct kind *kind, const struct value *root, const struct value *metadata);
/* An Event's tree, which is not kept. */
void inventory_put_event(struct inventory *inv, const struct value *root);
/* One of Kubernetes' own names: letters, digits, "-" and ".". */
bool kind_name_is_possible(const char *s);
/* Could an API server have a kind of these names? group and plural may be empty, plural NULL. What files claim beyond that is no kind: its
 * names would be repaired when they are written, and not be found again. */
bool custom_kind_is_possible(const char *group, const char *version, const char *name, const char *plural);
/* The kind of a custom object, made when it is met first. plural NULL = not known. */
const struct kind *inventory_custom_kind(struct inventory *inv, const char *group, const char *version, const char *name, const char *plural,
					 bool namespaced);
struct custom_kind *inventory_custom_of(const struct inventory *inv, const struct kind *kind);
/* custom_keep.c: the kinds of known_kinds.def. */
struct known_kind {
	const char *group, *name;
	const char *message; /* its schema, for protobuf; NULL = JSON without schema */
	const char *keep;    /* paths of what is kept of an object, besides its metadata; "" = all */
	const char *passed;  /* a list whose items with result "pass" or "skip" are forgotten; NULL */
};
extern const struct known_kind known_kinds[];
extern const size_t known_kind_count;
const struct known_kind *known_kind_find(const char *group, const char *name);
/* What is kept of a member of the object's root, copied into inv. */
struct value known_kind_keep(struct inventory *inv, const struct known_kind *known, const char *member, const struct value *v);
bool known_kind_keeps(const struct known_kind *known, const char *member);
/* events.c: fills an event from a core/v1 or events.k8s.io tree; all strings interned. */
void event_from_value(struct inventory *inv, const struct value *root, struct event *e);
/* Newest first, and links each to its object. */
void events_seal(struct inventory *inv);
/* labels.c */
void label_index_build(struct inventory *inv);
void label_index_release(struct label_index *ix);
/* The pods of ns that carry this label (a string); NULL when there is none. */
const struct label_group *label_index_find(const struct inventory *inv, const char *ns, const struct member *label);
/* The part of a kind's list that lies in ns. */
void inventory_namespace_range(const struct inventory *inv, enum kind_id kind, const char *ns, uint32_t *ret_from, uint32_t *ret_to);
/* By interned or static pointers. */
struct object *inventory_find_key(const struct inventory *inv, const struct kind *kind, const char *ns, const char *name);
struct log_node *inventory_find_log(const struct inventory *inv, const struct object *pod, const char *container, bool previous);
void inventory_link_log(struct inventory *inv, struct log_node *n);

#endif
