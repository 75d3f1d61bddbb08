/* What was probably meant: the existing name, or the workload, that comes nearest to one that leads nowhere.
 *
 * Asked only for objects that are in trouble already: it looks at all of a kind in one namespace. Thread rule: as check_run. */
#ifndef CHECKS_NEAREST_H
#define CHECKS_NEAREST_H

#include "checks/check.h"

/* The name of an object of kind in ns ("" = cluster-scoped) that is near this one; NULL when none is. */
const char *nearest_name(struct check_run *run, enum kind_id kind, const char *ns, const char *name);
/* " (did you mean X?)" or "". */
const char *nearest_hint(struct check_run *run, const char *near);

/* The workload or bare pod of ns whose pods' labels differ from what a selector wants in the fewest values, and one such label. */
struct nearest {
	const struct object *workload; /* NULL = nothing is near */
	const struct member *want;     /* the label that the selector wants */
	const char *has;               /* what the workload's pods have instead; NULL = that label is not there at all */
	uint32_t differences;
};
/* plain: a map of labels, as a Service's selector; else a LabelSelector, of which matchLabels count. name: whoever selects; of equals the
 * workload named like it wins. */
struct nearest nearest_workload(struct check_run *run, const char *ns, const char *name, const struct value *selector, bool plain);
/* "; the pods of Deployment shop/web have app=web" or "; ... lack the label tier"; "" when nothing is near. With one label apart by a
 * slip: " (did you mean app=checkout?)" besides. */
const char *nearest_words(struct check_run *run, const struct nearest *near);

#endif
