/* A folder's checksums, and the site: any text is read or an error, no record leads out of the folder, and a site makes no file outside either. */
#include "base/file.h"
#include "platform/generate.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const char *dir, const uint8_t *data, size_t size)
{
	struct ctx ctx;
	struct file_tree tree;
	struct tree_plan plan;
	struct err err;

	ctx_init(&ctx);
	file_tree_init(&tree, &ctx.arena);
	if (file_write_atomic(path_join(&ctx.arena, dir, TREE_CHECKSUMS), data, size, 0600, &err) < 0 ||
	    file_tree_add(&tree, "a.yaml", "a", 1, &err) < 0)
		abort();
	if (file_tree_compare(&tree, dir, &plan, &err) == 0) {
		for (uint32_t i = 0; i < plan.changes.len; i++)
			if (plan.changes.items[i].path[0] == '/' || strstr(plan.changes.items[i].path, ".."))
				abort();
		tree_plan_release(&plan);
	} else if (!err.message[0]) {
		abort();
	}
	file_tree_release(&tree);
	ctx_release(&ctx);
}

static void generate(const uint8_t *data, size_t size)
{
	char *text = mem_alloc(size + 1);
	struct generate_options own = {.env = "kamaji", .site_name = "site.yaml", .site_len = size};
	struct ctx ctx;
	struct file_tree tree;
	const char *note;
	struct err err;

	memcpy(text, data, size);
	own.site_text = text; /* ended by a NUL, as a file that was read */
	ctx_init(&ctx);
	file_tree_init(&tree, &ctx.arena);
	if (generate_tree(&ctx, &own, &tree, &note, &err) < 0 && (!err.message[0] || err.code == ERR_INTERNAL))
		abort();
	file_tree_release(&tree);
	ctx_release(&ctx);
	mem_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[32];

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "/tmp/fuzz-tree.XXXXXX");
		if (!mkdtemp(dir))
			abort();
	}
	compare(dir, data, size);
	generate(data, size);
	return 0;
}
