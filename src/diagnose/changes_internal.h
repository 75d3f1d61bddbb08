/* What the files about changes share. Not for other rooms. */
#ifndef DIAGNOSE_CHANGES_INTERNAL_H
#define DIAGNOSE_CHANGES_INTERNAL_H

#include "diagnose/changes.h"

/* Adds one without from, to and by, which the caller may set. */
struct change *change_add(struct arena *a, struct change_list *list, enum change_type type, const struct object *o, const char *what,
			  const char *text, usec_t when);
/* The differences between the two last revisions of a Deployment, StatefulSet or DaemonSet (changes_revision.c). */
void changes_of_revisions(const struct inventory *inv, struct arena *a, const struct object *o, struct change_list *list);
/* Releases of Helm and syncs of Argo CD that brought o (changes_release.c). */
void changes_of_releases(const struct inventory *inv, struct arena *a, const struct object *o, struct change_list *list);
/* Every release and sync in a namespace; NULL = the cluster. */
void changes_of_all_releases(const struct inventory *inv, struct arena *a, const char *ns, struct change_list *list);

#endif
