/* fitness: is a machine, or a cluster, fit for what a profile asks of it? Facts and needs in, one line for each thing looked at out.
 *
 * A pure function: no clock, no files, no network. What the facts do not tell is FIT_UNKNOWN, never a pass.
 * Ownership: lines live in the arena given. Thread rule: pure, any thread. */
#ifndef PLATFORM_FITNESS_H
#define PLATFORM_FITNESS_H

#include "cluster/inventory.h"
#include "platform/profile.h"

enum fit { FIT_PASS, FIT_WARN, FIT_FAIL, FIT_UNKNOWN };
const char *fit_text(enum fit fit); /* "pass", ... */

struct fit_line {
	const char *id;          /* stable: "cpu/cores", "tool/kubectl" */
	const char *category;    /* the part before the slash, for people: "processor" */
	const char *title;       /* what must be so: "enough processor cores" */
	const char *measured;    /* "16 cores", "not found", "not asked" */
	const char *required;    /* "12 cores"; "" = nothing in particular */
	const char *recommended; /* "" = no more than that */
	const char *why;         /* what the verdict rests on, where that is not plain; "" */
	const char *source;      /* where the specification asks for it: "Hardware Requirements > ... > CPU"; "" = it does not, experience does */
	const char *remedy;      /* what to do, of a warning, a failure or an unknown; "" */
	enum fit verdict;
	bool not_asked; /* unknown because nobody asked for it to be looked at: no weight under --strict */
	bool ignored;   /* --ignore: shown, without weight */
};

struct fitness {
	struct arena *arena;
	struct fit_line *items;
	uint32_t len, cap;
};

struct fitness_options {
	const struct profile *profile; /* NULL = none */
	const struct role *role;       /* NULL = none */
	const struct software_list *tools, *packages;
	const struct port_list *ports;
	const struct system_list *systems;
	bool packages_asked;
};

void fitness_machine(struct fitness *f, const struct value *facts, const struct fitness_options *options);
void fitness_cluster(struct fitness *f, const struct inventory *inv, const struct cluster_need *need);
/* Marks the line with this id, or all of a family ("port/"); false when there is none. */
bool fitness_ignore(struct fitness *f, const char *id);

struct fitness_counts {
	uint32_t pass, warn, fail, unknown, not_asked, ignored; /* of those not ignored, and those */
};
struct fitness_counts fitness_count(const struct fitness *f);

#endif
