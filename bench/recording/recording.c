/* What reading a recording costs, and what the questions of the checks cost in it: recording FILE [ROUNDS]
 *
 * Prints the seconds to read it (best round), what the inventory takes, and the milliseconds to select the pods of every Service. With
 * --mask FILE: how fast that text is masked. */
#include "base/file.h"
#include "cluster/cluster.h"
#include "mask/mask.h"

/* Of this process: other work on the machine shall not count. */
static usec_t cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (usec_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

static int mask(const char *path)
{
	_cleanup_(strbuf_release) struct strbuf text;
	struct masked_text masked;
	struct masker m;
	struct arena a;
	struct err err;
	usec_t took;

	strbuf_init(&text, (size_t)1 << 30);
	if (file_read(path, &text, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	arena_init(&a);
	masker_init_fixed(&m);
	took = cpu_time();
	masked = mask_text(&m, &a, text.buf, text.len);
	took = cpu_time() - took;
	printf("mask: %zu -> %zu bytes, %.0f MB/s\n", text.len, masked.len, (double)text.len / (double)(took ? took : 1));
	arena_release(&a);
	return 0;
}

static size_t select_all(struct inventory *inv, struct arena *a)
{
	const struct object_list *services = inventory_list(inv, KIND_SERVICE);
	size_t found = 0;

	for (uint32_t i = 0; i < services->len; i++)
		found += inventory_select(inv, a, KIND_POD, services->items[i]->ns, value_get(services->items[i]->spec, "selector"), true).len;
	return found;
}

int main(int argc, char **argv)
{
	struct cluster_options options = {.from = argc > 1 ? argv[1] : "-"};
	int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 3;
	usec_t best = INT64_MAX;

	if (argc > 2 && str_eq(argv[1], "--mask"))
		return mask(argv[2]);
	for (int i = 0; i < rounds; i++) {
		_cleanup_(cluster_freep) struct cluster *c = NULL;
		struct inventory *inv;
		struct ctx ctx;
		struct err err;
		usec_t start = cpu_time(), select_start;
		size_t found;

		ctx_init(&ctx);
		if (cluster_open(&ctx, &options, &c, &err) < 0) {
			fprintf(stderr, "%s\n", err.message);
			return 1;
		}
		best = MIN(best, cpu_time() - start);
		inv = cluster_inventory(c);
		select_start = cpu_time();
		found = select_all(inv, &ctx.arena);
		if (i == rounds - 1)
			printf("recording: %zu objects (%u pods), %u events: read in %.3f CPU s, %.1f MB; %u services select %zu pods in %.1f ms\n",
			       inventory_object_count(inv), inventory_list(inv, KIND_POD)->len, inventory_events(inv)->len, (double)best / 1e6,
			       (double)inventory_memory(inv) / 1e6, inventory_list(inv, KIND_SERVICE)->len, found,
			       (double)(cpu_time() - select_start) / 1e3);
		ctx_release(&ctx);
	}
	return 0;
}
