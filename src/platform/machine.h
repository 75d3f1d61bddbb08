/* machine: what a machine is, as one tree of values ("facts"): collected here and now, or read from a file that `check --save` wrote.
 *
 * Nothing is judged here (fitness.h does). A fact that could not be found out is not in the tree: absent means unknown, never "no".
 * docs/platform.md has the keys. Collecting runs programs (each without a shell, with a time-out) to learn their versions, and asks
 * services only as the options say; it changes nothing, except that `measure_disk` writes one temporary file and removes it.
 * Ownership: trees live in ctx's arena. Thread rule: one thread; collecting uses a pool of its own. */
#ifndef PLATFORM_MACHINE_H
#define PLATFORM_MACHINE_H

#include "base/ctx.h"
#include "format/value.h"

#define MACHINE_FORMAT "auto-devops/facts/v1"
#define MACHINE_FACTS_MAX ((size_t)1 << 20)        /* bytes of a fact file */
#define MACHINE_TOOL_TIMEOUT (5 * USEC_PER_SEC)    /* of one program that is asked for its version */
#define MACHINE_SERVICE_TIMEOUT (3 * USEC_PER_SEC) /* of one service */
#define MACHINE_PORTS_MAX 256                      /* looked at */

/* A service that may be asked. `url` comes from the settings; NULL: its usual place on this machine, and only when somebody listens there. */
struct machine_service {
	const char *name;
	const char *url;
};

struct machine_options {
	const char *root;      /* where /proc, /sys and /etc lie; "" = the machine's own (tests have others) */
	const uint16_t *ports; /* those to look at */
	size_t port_count;
	const struct machine_service *services;
	size_t service_count;
	bool online;              /* also ask GitHub and, with a token, Slack */
	const char *slack_token;  /* NULL = none; it goes to slack.com and nowhere else, and not into the facts */
	bool python;              /* list Python packages */
	bool run_tools;           /* run programs at all */
	const char *measure_disk; /* a folder: write there for a moment to measure; NULL = do not */
	const char *home;         /* NULL = none */
};

/* Never fails: what cannot be told is left out. Only a cancelled ctx is an error. */
int machine_collect(struct ctx *ctx, const struct machine_options *options, struct value *ret, struct err *err);

/* Is this one of the programs that are asked for their version (tools.def)? */
bool machine_asks_tool(const char *name);

/* A fact file's text, JSON or YAML. ERR_INPUT says what is wrong with it, and where. */
int machine_parse(struct ctx *ctx, const char *name, const char *text, size_t len, struct value *ret, struct err *err);
/* The file ("-": standard input). */
int machine_read(struct ctx *ctx, const char *path, struct value *ret, struct err *err);
/* As JSON or as YAML. */
void machine_text(const struct value *facts, bool json, struct strbuf *out);
/* As JSON when the name ends in ".json", else as YAML. */
int machine_write(const struct value *facts, const char *path, struct err *err);

#endif
