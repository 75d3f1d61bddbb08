/* generation: what the generators share while one tree is made. Internal to platform/.
 * A generator is one line of generators.def: a template with its path, or a function generate_NAME. */
#ifndef PLATFORM_GENERATION_H
#define PLATFORM_GENERATION_H

#include "platform/embedded.h"
#include "platform/generate.h"
#include "platform/template.h"

struct generation {
	struct ctx *ctx;
	struct value_builder b;
	struct file_tree *tree;
	const struct generate_options *options;
	const char *env;
	unsigned env_bit;
	struct value data;               /* generate.yaml */
	struct value site;               /* with the team's own values */
	struct value ports;              /* the specification's, by name: {port, source} */
	struct hash templates;           /* parsed: struct value by name */
	const char *note;                /* for the person; NULL = none */
	const struct scope *scope;       /* everything that templates can name */
	char inputs[SHA256_HEX_LEN + 1]; /* of what all files but a tenant's own are made from */
};

/* Names for templates; the value is copied shallowly. */
void generation_name(struct generation *g, const char *name, struct value v);
/* Fills a template (one object or a list of them) and appends what it makes to docs. */
int generation_fill(struct generation *g, const char *template, const struct scope *scope, struct value *docs, struct err *err);
/* Fills one and adds the file; none when everything is left out. */
int generation_add(struct generation *g, const char *template, const char *path, const struct scope *scope, struct err *err);
/* A file of values that are ready. */
int generation_add_values(struct generation *g, const char *path, const struct value *docs, struct err *err);
/* Is the row for this environment? Rows without `environments` are for all. */
bool generation_has(const struct generation *g, const struct value *row);
/* Rows of a list in generate.yaml for this environment. */
struct value generation_rows(struct generation *g, const char *list);
/* Appends to a list that began empty here. */
void list_add(struct generation *g, struct value *list, struct value v);
/* The same, unless an equal item is there. */
void list_add_once(struct generation *g, struct value *list, const struct value *v);
struct value text_of(struct generation *g, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* site.c */
int site_read(struct generation *g, struct err *err);
/* spec.c: the specification's rows by id: nodes, allocations (of each environment), storage, ports, and this environment's classes. */
int spec_read(struct generation *g, struct value *ret, struct err *err);
/* names.c: what the specification's numbers come to in this environment. */
int names_make(struct generation *g, struct err *err);
/* A share of an allocation as quantities: {cpu, memory, storage, gpu, pods, source}. */
struct value generation_budget(struct generation *g, const struct value *allocation, double share, int64_t gpus);
/* components.c, network.c, observability.c, tenants.c: more names */
int names_components(struct generation *g, const struct value *spec, struct err *err);
int names_network(struct generation *g, struct err *err);
int names_observability(struct generation *g, struct err *err);
int names_tenants(struct generation *g, const struct value *spec, struct err *err);

/* applications.c: appends one agent's account, rights, Deployment and Service. */
int generation_agent(struct generation *g, const struct value *row, const struct scope *outer, struct value *docs, struct err *err);

#define TEMPLATE(name, path, environments, what)
#define CODE(name, where, environments, what) int generate_##name(struct generation *g, struct err *err);
#include "platform/generators.def"
#undef TEMPLATE
#undef CODE

#endif
