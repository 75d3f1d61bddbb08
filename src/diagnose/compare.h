/* Compare: two diagnoses of one cluster, an earlier and a later: what broke, what recovered, what stays, and what was changed between them.
 *
 * Causes are matched by what they are, not by how they are worded: the check, the top owner of the object, and the subject. What only one of
 * the two could see is never called broken or recovered: it is kept apart. Objects are matched by kind, namespace and name; what changes by
 * itself (versions, heartbeats, counters, statuses that controllers keep) is no change, and pods of a workload are counted, not listed.
 * Values of ConfigMaps, Secrets and environment variables are never quoted, only which key changed.
 * Ownership: everything lives in the arena given and points into the two inventories. Thread rule: pure; one thread per arena. */
#ifndef DIAGNOSE_COMPARE_H
#define DIAGNOSE_COMPARE_H

#include "diagnose/diagnose.h"

/* "pod/crash-loop Deployment shop/web ConfigMap shop/settings": the same trouble has the same text at any time, whatever its pods are called. */
const char *cause_identity(const struct inventory *inv, struct arena *a, const struct cause *c);

struct cause_pair {
	const struct cause *before, *after; /* NULL where it is not */
};

struct cause_pairs {
	struct cause_pair *items;
	uint32_t len, cap;
};

enum object_change { OBJECT_ADDED, OBJECT_REMOVED, OBJECT_CHANGED };
const char *object_change_text(enum object_change c); /* "added", "removed", "changed" */

struct field_change {
	const char *what;      /* "image of container api", "spec.replicas", "key log.level" */
	const char *from, *to; /* "" when it was not there, or is not quoted */
};

struct object_comparison {
	enum object_change change;
	const struct object *object; /* as it is now; as it was when it was removed */
	struct field_change *items;
	uint32_t len, cap;
	uint32_t more; /* fields past COMPARE_FIELDS_MAX */
	bool involved; /* in a cause that broke */
};
#define COMPARE_FIELDS_MAX 50

/* The pods of one workload: how many there are, how many of them are others than before. */
struct pod_turnover {
	struct object_name owner;
	uint32_t before, after, gone, fresh;
};

struct comparison {
	const struct diagnosis *before, *after;
	bool other_cluster; /* the two are certainly not of one cluster */
	/* Ranked: by the later diagnosis, `recovered` by the earlier one. Active causes, lesser ones (severity info) last. */
	struct cause_pairs broke, recovered, stays;
	struct cause_pairs untold; /* what only one of the two could see */
	struct {
		struct object_comparison *items; /* those involved in what broke first; then by kind, namespace and name */
		uint32_t len, cap;
	} objects;
	struct {
		struct pod_turnover *items; /* only where a pod came or went */
		uint32_t len, cap;
	} pods;
	struct {
		const char **items; /* plurals of the kinds that only one of the two has: not compared */
		uint32_t len, cap;
	} uncompared;
};

/* ns: only objects of this namespace; NULL = all. */
void compare_diagnoses(const struct diagnosis *before, const struct diagnosis *after, struct arena *a, const char *ns, struct comparison *ret);
/* compare_objects.c: fills objects, pods and uncompared; after the causes. */
void compare_inventories(struct comparison *c, struct arena *a, const char *ns);

#endif
