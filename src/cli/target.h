/* target: which object a person means: "pod/web-1", "deploy web", "shop/web", "web".
 * Ownership: results point into the inventory and the arena. Thread rule: pure. */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include "cluster/inventory.h"

#define TARGET_OTHERS 20

struct target {
	const struct object *object;
	struct object_list others; /* things of the same name in the same namespace, of kinds that people mean less often */
};

/* Do these words name a kind that is none of kinds.def? Then custom kinds must be read to find it. */
bool target_is_custom(struct arena *a, const char *const *words, int count);

/* "pods" -> "Pod"; of a custom kind that was read, its own name. ERR_USAGE with "did you mean". */
int target_kind(const struct inventory *inv, const char *word, const char **ret, struct err *err);

/* words: "KIND/NAME", "KIND NAME", "NAME" or "NAMESPACE/NAME". ns: where to look, NULL = everywhere; prefer: among equals, this namespace first (may be NULL).
 * ERR_NOT_FOUND with a near name; ERR_USAGE listing the choices when several namespaces have it, or when the kind cannot be seen. */
int target_find(const struct inventory *inv, struct arena *a, const char *const *words, int count, const char *ns, const char *prefer,
		struct target *ret, struct err *err);

#endif
