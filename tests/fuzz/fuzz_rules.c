/* Rules files: any text is rules or an error with its place, never a crash; whatever rules it is, findings are matched within the limits. */
#include "base/regex.h"
#include "checks/rules.h"
#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const objects[] = {
	"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop\"}}",
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\",\"namespace\":\"shop\",\"labels\":{\"app\":\"web\"},"
	"\"annotations\":{\"auto-devops.io/ignore\":\"pod/failed, ,service/\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"nginx\"}]},"
	"\"status\":{\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":\"The node was low on resource: memory.\"}}",
	"{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"},\"spec\":{\"selector\":{\"app\":\"nobody\"}}}",
};

static struct inventory *sample(void)
{
	struct inventory *inv = inventory_new();

	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		struct value v;
		struct err err;

		if (json_parse(inventory_builder(inv), objects[i], strlen(objects[i]), NULL, &v, &err) == 0)
			inventory_add(inv, NULL, &v, &err);
	}
	inventory_set_now(inv, 1790000000 * USEC_PER_SEC);
	inventory_seal(inv);
	return inv;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct inventory *inv;
	struct check_options options;
	struct check_run run;
	struct rules *rules = rules_new();
	struct arena a;
	struct err err;

	inv = inv ? inv : sample();
	arena_init(&a);
	if (rules_parse(rules, "fuzz", (const char *)data, size, check_table, check_count, &err) == 0) {
		check_options_init(&options);
		rules_set_options(rules, &options);
		check_run_all(&run, inv, &a, &options);
		rules_expired(rules, &a, inventory_now(inv), 0);
	}
	arena_release(&a);
	rules_free(rules);
	return 0;
}
