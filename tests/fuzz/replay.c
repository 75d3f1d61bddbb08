/* Replay: runs every file of a corpus folder through a fuzzer's entry point, without libFuzzer.
 *
 * usage: replay_NAME FOLDER...
 * Each file is given whole, then cut short at a spread of lengths and with single bytes changed, always in a block of
 * exactly its size, so that ASan sees a read past the end. The changes are the same on every run.
 * Exit: 0 when everything came back; 1 when a folder cannot be read or is empty. A crash is a crash. */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (16u << 20)
#define CUTS 24
#define CHANGES 48
/* Larger inputs are given whole only: changing each of them would take longer than it tells. */
#define CHANGED_MAX (64u << 10)

static void run(const uint8_t *data, size_t size)
{
	/* calloc, not mem_alloc: no spare byte behind the end. */
	uint8_t *copy = calloc(1, size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_changed(uint8_t *data, size_t size)
{
	static const uint8_t replacements[] = {0, 0xff, '"', '{', '\n', ':', 0x80, '-'};
	uint32_t seed = 1;

	for (size_t i = 1; i <= CUTS; i++)
		run(data, size * i / (CUTS + 1));
	for (size_t i = 0; i < CHANGES && size; i++) {
		seed = seed * 1664525u + 1013904223u;
		size_t at = seed % size;
		uint8_t old = data[at];

		data[at] = replacements[i % ARRAY_LEN(replacements)];
		run(data, size);
		data[at] = old;
	}
}

static int run_file(const char *path)
{
	_cleanup_(file_closep) FILE *f = fopen(path, "rb");
	_cleanup_(mem_freep) uint8_t *data = NULL;
	size_t size;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	data = mem_alloc(INPUT_MAX);
	size = fread(data, 1, INPUT_MAX, f);
	run(data, size);
	if (size <= CHANGED_MAX)
		run_changed(data, size);
	return 0;
}

static int run_folder(const char *folder, size_t *count)
{
	struct dirent *entry;
	int failed = 0;
	DIR *d = opendir(folder);

	if (!d) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		return 1;
	}
	while ((entry = readdir(d))) {
		char path[4096];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		failed |= run_file(path);
		(*count)++;
	}
	closedir(d);
	return failed;
}

int main(int argc, char **argv)
{
	size_t count = 0;
	int failed = 0;

	run(NULL, 0);
	for (int i = 1; i < argc; i++)
		failed |= run_folder(argv[i], &count);
	printf("%zu inputs\n", count);
	if (count == 0)
		fprintf(stderr, "no input was found\n");
	return failed || count == 0;
}
