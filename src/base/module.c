#include "module.h"

#include <dlfcn.h>

int module_load(const char *file, const char *package, const struct module_symbol *symbols, size_t count, struct err *err)
{
	void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		const char *why = dlerror();
		return err_set(err, ERR_UNSUPPORTED, "cannot load %s%s%s (%s)", file, package ? "; install the package " : "", package ? package : "",
			       why ? why : "no reason given");
	}
	/* Two passes, so that a library that lacks one symbol leaves no half-filled table behind. */
	for (size_t i = 0; i < count; i++)
		if (!dlsym(handle, symbols[i].name)) {
			dlclose(handle);
			return err_set(err, ERR_UNSUPPORTED, "%s has no %s: it is too old", file, symbols[i].name);
		}
	for (size_t i = 0; i < count; i++)
		*symbols[i].ret = dlsym(handle, symbols[i].name);
	return 0;
}
