/* Filter: which of a diagnosis' causes somebody wants to see. It changes neither causes nor verdict: those stay what they are for the cluster.
 * Ownership: results in the arena given, pointing to the same causes. Thread rule: pure; one thread per arena. */
#ifndef DIAGNOSE_FILTER_H
#define DIAGNOSE_FILTER_H

#include "diagnose/diagnose.h"

/* All that is given must hold. */
struct cause_filter {
	const char *const *kinds;     /* kind names, any case, ends with NULL: the cause touches one of them; NULL = any */
	usec_t began, changed;        /* began since then; something it touches was changed since then; 0 = whenever */
	const struct value *selector; /* a LabelSelector that something it touches matches; NULL = any */
};

/* What cannot be told (a cause without a time) passes: a filter must not hide it. */
bool cause_passes(const struct cause_filter *filter, const struct inventory *inv, struct arena *a, const struct cause *cause);
struct cause_list causes_filter(const struct cause_filter *filter, const struct inventory *inv, struct arena *a, const struct cause_list *causes);

#endif
