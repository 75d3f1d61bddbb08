/* options: every setting of the program, from one table (options.def), and where each value came from.
 *
 * A value comes from the command line, else the environment (AUTO_DEVOPS_SECTION_KEY), else the configuration file, else the default.
 * Every text is checked against the table when it is set; reading a value cannot fail. This room parses no file: cli/ reads the
 * configuration with format/yaml.h and hands over names and texts.
 * Ownership: options_init / options_release; texts are copied. Thread rule: set by one thread at the start, then read by any. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "arena.h"
#include "clock.h"

enum option_id {
#define OPTION(id, name, type, value, min, max, choices, flag, letter, argument, help) OPTION_##id,
#include "options.def"
#undef OPTION
	OPTION_COUNT,
};

enum option_type { OPTION_TYPE_STRING, OPTION_TYPE_INT, OPTION_TYPE_BOOL, OPTION_TYPE_SPAN, OPTION_TYPE_CHOICE };

struct option {
	enum option_id id;
	enum option_type type;
	const char *name, *value; /* value: the default */
	int64_t min, max;
	const char *choices, *flag;
	char letter;
	const char *argument, *help;
};

extern const struct option option_table[OPTION_COUNT];

/* A later one wins over an earlier one. */
enum option_origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_FLAG };

struct option_value {
	const char *text;  /* as given */
	const char *where; /* "/home/x/config.yaml:3", "AUTO_DEVOPS_LOG_LEVEL", "--log-level", "default" */
	enum option_origin origin;
	union {
		int64_t number; /* INT; BOOL as 0 or 1; CHOICE as position */
		usec_t span;
	};
};

struct options {
	struct arena arena;
	struct option_value values[OPTION_COUNT];
};

void options_init(struct options *o); /* the defaults */
void options_release(struct options *o);

const struct option *option_by_name(const char *name); /* NULL = none */
/* Writes "AUTO_DEVOPS_SECTION_KEY". */
#define OPTION_ENV_MAX 64
char *option_env(const struct option *option, char buf[OPTION_ENV_MAX]);
/* "a number from 1 to 32", "auto, always or never": what a value must be. */
char *option_range_text(const struct option *option, struct arena *a);

/* Checks text and keeps it, unless a stronger origin has set the option already. ERR_USAGE says where, what and what is allowed. */
int options_set(struct options *o, enum option_id id, const char *text, enum option_origin origin, const char *where, struct err *err);
/* By name, with "did you mean" for an unknown one. */
int options_set_name(struct options *o, const char *name, const char *text, enum option_origin origin, const char *where, struct err *err);
/* Takes the options' variables out of an environment. Variables of no option are left alone: a Kubernetes Service called "auto-devops"
 * makes AUTO_DEVOPS_PORT and the like in every pod beside it. An empty variable counts as unset. */
int options_set_environment(struct options *o, char *const *environment, struct err *err);

const char *options_str(const struct options *o, enum option_id id);
int64_t options_int(const struct options *o, enum option_id id);
bool options_bool(const struct options *o, enum option_id id);
usec_t options_span(const struct options *o, enum option_id id);

#endif
