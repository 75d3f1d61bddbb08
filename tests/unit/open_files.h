/* Opening files as a cluster in unit tests: what must be read, and what must be refused. */
#ifndef TESTS_OPEN_FILES_H
#define TESTS_OPEN_FILES_H

#include "unit.h"

#include "cluster/cluster.h"

static struct cluster *open_ok(const char *from)
{
	struct cluster_options options = {.from = from};
	struct cluster *c = NULL;
	struct ctx ctx;
	struct err err = {0};

	ctx_init(&ctx);
	if (cluster_open(&ctx, &options, &c, &err) < 0)
		fail_msg("%s: %s", from, err.message);
	ctx_release(&ctx);
	return c;
}

__attribute__((unused)) static void open_fails(const char *from, const char *message)
{
	struct cluster_options options = {.from = from};
	struct cluster *c = NULL;
	struct ctx ctx;
	struct err err = {0};

	ctx_init(&ctx);
	assert_int_equal(cluster_open(&ctx, &options, &c, &err), ERR_INPUT);
	if (!strstr(err.message, message))
		fail_msg("\"%s\" is not in \"%s\"", message, err.message);
	ctx_release(&ctx);
}

#endif
