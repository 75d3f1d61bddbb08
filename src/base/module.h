/* module: a shared library that most runs do not need, loaded on first use and kept until the process ends.
 *
 * Why: the dynamic linker's work for a heavy library (libcurl and the thirty it needs: 5 ms and 3 MB) is then paid only by
 * the runs that use it. The caller keeps a table of function pointers and calls through it.
 * Thread rule: module_load is called under pthread_once or a lock of the caller's; lib_ready from any thread. */
#ifndef BASE_MODULE_H
#define BASE_MODULE_H

#include "err.h"

#include <pthread.h>

struct module_symbol {
	const char *name;
	void **ret;
};

/* Opens the library `file` ("libcurl.so.4", searched as the dynamic linker does) and fills every symbol's ret.
 * ERR_UNSUPPORTED naming the library and, with `package`, what to install; then nothing was filled. */
int module_load(const char *file, const char *package, const struct module_symbol *symbols, size_t count, struct err *err);

/* The table `lib` of the functions that a file calls of a library, which it lists as #define FUNCTIONS(X) X(this) X(that). */
#define MODULE_POINTER(f) __typeof__(&f) f;
#define MODULE_ENTRY(f) {#f, (void **)(void *)&lib.f},
#define MODULE_TABLE(FUNCTIONS)                                                                                                                      \
	static struct {                                                                                                                              \
		FUNCTIONS(MODULE_POINTER)                                                                                                            \
	} lib;                                                                                                                                       \
	static const struct module_symbol lib_symbols[] = {FUNCTIONS(MODULE_ENTRY)}

/* That table, and lib_ready(err), which loads the library at its first call and fails as module_load does at each. `works` is evaluated once, when it
 * is loaded: does it? */
#define MODULE(FUNCTIONS, file, package, works)                                                                                                      \
	MODULE_TABLE(FUNCTIONS);                                                                                                                     \
	static struct err lib_error;                                                                                                                 \
	static int lib_result;                                                                                                                       \
                                                                                                                                                     \
	static void lib_load(void)                                                                                                                   \
	{                                                                                                                                            \
		lib_result = module_load(file, package, lib_symbols, ARRAY_LEN(lib_symbols), &lib_error);                                            \
		if (lib_result == 0 && !(works))                                                                                                     \
			lib_result = err_set(&lib_error, ERR_INTERNAL, "%s does not start", file);                                                   \
	}                                                                                                                                            \
                                                                                                                                                     \
	static int lib_ready(struct err *err)                                                                                                        \
	{                                                                                                                                            \
		static pthread_once_t once = PTHREAD_ONCE_INIT;                                                                                      \
                                                                                                                                                     \
		pthread_once(&once, lib_load);                                                                                                       \
		if (lib_result < 0 && err)                                                                                                           \
			*err = lib_error;                                                                                                            \
		return lib_result;                                                                                                                   \
	}                                                                                                                                            \
	struct module_symbol /* takes the semicolon */

#endif
