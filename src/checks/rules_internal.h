/* What rules.c and rules_read.c share. Not for others. */
#ifndef CHECKS_RULES_INTERNAL_H
#define CHECKS_RULES_INTERNAL_H

#include "base/regex.h"
#include "checks/rules.h"

struct words {
	const char **items;
	uint32_t len, cap;
};

/* What is silenced: a finding for which every part that is given holds. */
struct exclusion {
	struct words checks;     /* as rule_word_names takes them */
	struct words kinds;      /* names of kinds, "Certificate", "Certificate.cert-manager.io" */
	struct words namespaces; /* globs; of a Namespace its own name */
	struct words names;      /* globs */
	struct regex *name, *message;
	const struct value *labels; /* a LabelSelector */
	struct silence silence;
};

struct threshold_value {
	bool given;
	int64_t value;
};

enum threshold_id {
#define THRESHOLD(field, name, type, value, min, max, help) THRESHOLD_ID_##field,
#include "checks/thresholds.def"
#undef THRESHOLD
	THRESHOLD_ID_COUNT,
};

struct rules {
	struct arena arena;
	struct {
		struct exclusion **items;
		uint32_t len, cap;
	} exclusions;
	struct words registries; /* globs over the whole image name; a plain text means all that begins with it and a "/" */
	struct threshold_value thresholds[THRESHOLD_ID_COUNT];
	int target_minor; /* 0 = not given */
};

/* Does a word name this check: "all", "advice", "pod/crash-loop", "pod/" or "pod"? */
bool rule_word_names(const char *word, size_t len, const struct check *c);

#endif
