/* kubeconfig: any text is a configuration or an error, never a crash; no file it names is opened, nothing it names is run. */
#include "cluster/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct err err;

	arena_init(&a);
	kubeconfig_check_text(&a, "fuzz", (const char *)data, size, &err);
	arena_release(&a);
	return 0;
}
