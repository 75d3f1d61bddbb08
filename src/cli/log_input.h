/* log_input: the text of log files, standard input included, unpacked where it is packed, handed over in pieces.
 * Ownership: nothing is kept. Thread rule: the main thread only. */
#ifndef CLI_LOG_INPUT_H
#define CLI_LOG_INPUT_H

#include "base/ctx.h"
#include "base/strbuf.h"

struct log_sink {
	/* A log begins: "app.log", "bundle.tar.gz/var/log/app.log". */
	void (*begin)(void *arg, const char *name);
	int (*text)(void *arg, const char *data, size_t len, struct err *err);
	void *arg;
};

#define LOG_INPUT_LAYERS 4 /* a gzipped file in a bundle in ...: more is a trick */

/* path "-" is standard input. gzip, zstd, and tar with either around it are told by their first bytes. ERR_INPUT for other archives,
 * ERR_CANCELLED when ctx is. */
int log_input_read(const struct ctx *ctx, const char *path, const struct log_sink *sink, struct err *err);

#endif
