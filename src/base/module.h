/* module: a shared library that most runs do not need, loaded on first use and kept until the process ends.
 *
 * Why: the dynamic linker's work for a heavy library (libcurl and the thirty it needs: 5 ms and 3 MB) is then paid only by
 * the runs that use it. The caller keeps a table of function pointers and calls through it.
 * Thread rule: module_load is called under pthread_once or a lock of the caller's. */
#ifndef BASE_MODULE_H
#define BASE_MODULE_H

#include "err.h"

struct module_symbol {
	const char *name;
	void **ret;
};

/* Opens the library `file` ("libcurl.so.4", searched as the dynamic linker does) and fills every symbol's ret.
 * ERR_UNSUPPORTED naming the library and, with `package`, what to install; then nothing was filled. */
int module_load(const char *file, const char *package, const struct module_symbol *symbols, size_t count, struct err *err);

#endif
