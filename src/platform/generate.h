/* generate: the files of an environment, made from the specification's data (data/platform) and what only the team knows (the site).
 *
 * Deterministic: the same program, environment and site give the same bytes. Outside text (the site) only ever fills places of parsed templates.
 * No secret stands in any file: ExternalSecrets name where it comes from.
 * Ownership: everything lives in ctx's arena. Thread rule: one thread per ctx. */
#ifndef PLATFORM_GENERATE_H
#define PLATFORM_GENERATE_H

#include "format/value.h"
#include "platform/tree.h"

enum { ENV_DEV = 1, ENV_PRODUCTION = 2, ENV_KAMAJI = 4, ENV_ALL = 7 };

#define GENERATE_MAX_TENANTS 2000

struct generate_options {
	const char *env;       /* "dev", "production", "kamaji" */
	const char *site_name; /* for messages */
	const char *site_text; /* YAML that replaces parts of data/platform/site.yaml; NULL = none */
	size_t site_len;
	int tenants;         /* made up by number; 0 = those that the site names */
	int host_cpu;        /* 0 = the site's */
	int host_memory_gib; /* 0 = the site's */
};

extern const char *const generate_environments[]; /* ends with NULL */

/* ERR_USAGE for an unknown environment, ERR_INPUT for what is wrong in the site. *ret_note: what a person should know of the tree, NULL for nothing. */
int generate_tree(struct ctx *ctx, const struct generate_options *options, struct file_tree *ret, const char **ret_note, struct err *err);

#endif
