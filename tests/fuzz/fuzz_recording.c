/* Recordings: any bytes given to --from (kubectl output, YAML, bundles, snapshots, compressed or not) become an inventory or an error;
 * whatever inventory it is, the checks, the ranking of causes and the masking come back from it. */
#include "cluster/recording.h"
#include "diagnose/diagnose.h"
#include "mask/mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	const uint8_t *data;
	size_t left;
};

static ssize_t read_memory(struct source *s, void *buf, size_t len, struct err *err)
{
	struct memory *m = s->arg;
	/* Odd pieces, so that every reader has to put things together. */
	size_t n = MIN(MIN(len, m->left), (size_t)1009);

	if (n)
		memcpy(buf, m->data, n);
	m->data += n;
	m->left -= n;
	return (ssize_t)n;
}

static void look_at(struct inventory *inv)
{
	struct diagnose_options options;
	struct diagnosis diagnosis;
	struct masker masker;
	struct arena a;

	arena_init(&a);
	inventory_seal(inv);
	diagnose_options_init(&options);
	diagnose_inventory(inv, &a, &options, &diagnosis);
	masker_init_fixed(&masker);
	for (uint32_t i = 0; i < diagnosis.findings.len; i++)
		mask_text(&masker, &a, diagnosis.findings.items[i]->message, strlen(diagnosis.findings.items[i]->message));
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory memory = {data, size};
	struct source source = {.name = "fuzz", .read = read_memory, .arg = &memory};
	struct inventory *inv = inventory_new();
	struct recording recording;
	struct ctx ctx;
	struct err err;

	ctx_init(&ctx);
	recording_init(&recording, &ctx, inv, "fuzz");
	if (recording_read_file(&recording, &source, &err) == 0 && recording_finish(&recording, &err) == 0)
		look_at(inv);
	recording_release(&recording);
	inventory_unref(inv);
	ctx_release(&ctx);
	return 0;
}
