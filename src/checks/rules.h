/* Rules: what a team has decided about findings, in a file (docs/rules.md) or in an annotation of an object: thresholds, registries that images
 * may come from, and findings that are known and wanted silent.
 *
 * A silenced finding stays in the list of findings, with who silenced it: it is still the true reason of what it explains, but it is no
 * cause by itself (diagnose/cause.c).
 * Ownership: rules_new / rules_free; all but the compiled expressions lies in the rules' arena. Thread rule: one thread at a time. */
#ifndef CHECKS_RULES_H
#define CHECKS_RULES_H

#include "checks/check.h"

#define RULES_FILE_MAX ((size_t)1 << 20)
#define RULES_EXCLUSIONS_MAX 1000
#define RULES_IGNORE_ANNOTATION "auto-devops.io/ignore"

/* Why a finding is silent. */
struct silence {
	const char *by;     /* "rules.yaml:12", "annotation of Namespace shop" */
	const char *reason; /* "" when none is given */
	usec_t until;       /* 0 = for good */
};

struct rules;

struct rules *rules_new(void);
void rules_free(struct rules *r);
void rules_freep(struct rules **r);
/* Reads a rules file. name is for messages. catalogue: the checks there are. ERR_USAGE or ERR_INPUT with NAME:LINE. */
int rules_parse(struct rules *r, const char *name, const char *text, size_t len, const struct check *const *catalogue, size_t count, struct err *err);
int rules_read(struct rules *r, const char *path, const struct check *const *catalogue, size_t count, struct err *err);
/* Sets the thresholds and the other fields of options that the file gives. */
void rules_set_options(const struct rules *r, struct check_options *o);
/* "rules.yaml:12 (until 2026-12-01)" of each exclusion whose date is over; NULL past the last. */
const char *rules_expired(const struct rules *r, struct arena *a, usec_t now, unsigned n);

/* Silences the run's findings from the first-th on: by options->rules (may be NULL) and by annotations. */
void rules_silence(struct check_run *run, uint32_t first);

/* May an image of this name come from where it does? True when the file names no registries. */
bool rules_allow_image(const struct rules *r, const char *image);

#endif
