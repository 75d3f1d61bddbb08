/* fitness_internal: what the judges share. Internal to platform/. Thread rule: pure. */
#ifndef PLATFORM_FITNESS_INTERNAL_H
#define PLATFORM_FITNESS_INTERNAL_H

#include "platform/fitness.h"

/* Adds a line, unknown and with empty texts until filled. id's family names its category. */
struct fit_line *fit_add(struct fitness *f, const char *id, const char *title);
#define fit_printf(f, ...) arena_printf((f)->arena, __VA_ARGS__)

/* The row of the specification that a need comes from. */
void fit_source(struct fitness *f, struct fit_line *line, const struct need *required, const char *row);

/* "64 GB", "1.5 TB"; "0 GB" for 0. */
const char *fit_gb(struct fitness *f, double gb);
/* "16 cores", "1 core", "3.5 cores" */
const char *fit_cores(struct fitness *f, double cores);

/* A size that is asked for and one that is there, both in GB. Sizes of memory and disks are nominal: what is at most FIT_NOMINAL below counts as
 * nearly there, a warning. 0 needed asks for nothing. */
#define FIT_NOMINAL 0.07
enum fit fit_size(double have, double need);
/* A number of the facts that makes sense: above 0. */
bool fit_number(const struct value *map, const char *key, double *ret);

void fitness_hardware(struct fitness *f, const struct value *facts, const char *family, const struct need *required, const struct need *recommended);
void fitness_disks(struct fitness *f, const struct value *facts, const char *family, const struct need *required, const struct need *recommended);
void fitness_gpus(struct fitness *f, const struct value *facts, const char *family, const struct need *required, const struct need *recommended);
/* The processor of a Mac. */
void fitness_apple(struct fitness *f, const struct value *facts);
void fitness_system(struct fitness *f, const struct value *facts, const struct fitness_options *o);
void fitness_tools(struct fitness *f, const struct value *facts, const struct fitness_options *o);
void fitness_ports(struct fitness *f, const struct value *facts, const struct fitness_options *o);
void fitness_services(struct fitness *f, const struct value *facts);

#endif
