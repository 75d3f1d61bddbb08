/* Is there a graphics processor for the models, with enough memory of its own? */
#include "platform/fitness_internal.h"

#define GB 1e9
#define GIB 1073741824.0
#define DRIVER_OLDEST "525" /* NVIDIA's first driver branch for CUDA 12, which today's builds of Ollama and vLLM want */

struct gpus {
	bool known;
	int64_t fit;   /* with all the memory asked for */
	int64_t quiet; /* that do not tell how much they have */
	int64_t some;  /* of their own memory, however much */
	const struct value *best;
	double best_gb;
	bool apple;
};

/* A card is sold by its GiB: "16 GB" of a maker is 16 GiB less what the card keeps for itself. */
static double vram_gb(const struct value *gpu)
{
	double bytes;

	return fit_number(gpu, "vram_bytes", &bytes) ? bytes / GIB : 0;
}

/* Servers' own little chips draw a console; they compute nothing. */
static bool computes(const struct value *gpu)
{
	const char *vendor = value_get_str(gpu, "vendor");

	return (str_eq(vendor, "nvidia") || str_eq(vendor, "amd") || str_eq(vendor, "intel")) && !value_get_bool(gpu, "integrated", false);
}

static void count_gpus(const struct value *facts, double need_gb, struct gpus *g)
{
	const struct value *list = value_get(facts, "gpus");

	*g = (struct gpus){.known = list && list->type == VALUE_LIST};
	for (value_each(gpu, list)) {
		double gb = vram_gb(gpu);

		g->apple |= str_eq(value_get_str(gpu, "vendor"), "apple");
		if (!computes(gpu))
			continue;
		g->some++;
		if (gb <= 0)
			g->quiet++;
		else if (fit_size(gb, need_gb) != FIT_FAIL)
			g->fit++;
		if (!g->best || gb > g->best_gb) {
			g->best = gpu;
			g->best_gb = gb;
		}
	}
}

static const char *gpu_name(struct fitness *f, const struct value *gpu)
{
	const char *name = value_get_str(gpu, "name"), *vendor = value_get_str(gpu, "vendor");
	double gb = vram_gb(gpu);

	if (!*name)
		name = str_eq(vendor, "nvidia") ? "NVIDIA GPU" : fit_printf(f, "%s GPU", vendor);
	return gb > 0 ? fit_printf(f, "%s with %.0f GB", name, gb) : fit_printf(f, "%s, memory unknown", name);
}

/* What there is: the best card and how many, or what stands in for one. */
static const char *gpus_text(struct fitness *f, const struct value *facts, const struct gpus *g)
{
	const struct value *list = value_get(facts, "gpus");

	if (g->best)
		return g->some > 1 ? fit_printf(f, "%lld GPUs, the largest %s", (long long)g->some, gpu_name(f, g->best)) : gpu_name(f, g->best);
	if (g->apple)
		return "Apple GPU, which shares the machine's memory";
	return value_len(list)
		       ? fit_printf(f, "only %s",
				    value_str(value_get(value_item(list, 0), "name"),
					      fit_printf(f, "an integrated or display chip (%s)", value_get_str(value_item(list, 0), "vendor"))))
		       : "none";
}

static const char *gpu_need(struct fitness *f, const struct need *need)
{
	const char *gb = need->gpus > 1 ? fit_printf(f, "%lld with %.0f GB of video memory each", (long long)need->gpus, need->vram_gb)
					: fit_printf(f, "%.0f GB of video memory", need->vram_gb);

	if (need->vram_gb <= 0)
		return need->gpu_text;
	return *need->gpu_text ? fit_printf(f, "%s (%s)", gb, need->gpu_text) : gb;
}

static void judge_memory(struct fit_line *line, const struct gpus *g, const struct need *required)
{
	int64_t wanted = MAX(required->gpus, 1);

	if (g->fit >= wanted) {
		line->verdict = FIT_PASS;
	} else if (g->fit + g->quiet >= wanted) {
		line->why = "its driver does not tell how much memory it has";
		line->remedy = "Install the vendor's driver, so that nvidia-smi answers.";
	} else if (g->apple && wanted == 1) {
		/* Ollama uses it through Metal; CUDA, vLLM and TensorRT-LLM do not run there. */
		line->verdict = FIT_WARN;
		line->why = "enough for Ollama; vLLM and TensorRT-LLM need an NVIDIA GPU";
		line->remedy = "Keep to models that fit beside everything else in memory.";
	} else if (required->gpu_optional) {
		line->verdict = FIT_PASS;
		line->why = "optional: models run on the processor, slower";
	} else {
		line->verdict = FIT_FAIL;
		line->remedy =
			g->some ? "Use a GPU with more memory, more GPUs, or smaller models." : "Build in a GPU, or take a profile without one.";
	}
}

static void judge_driver(struct fitness *f, const struct gpus *g)
{
	struct fit_line *line;
	const char *driver;
	long major;

	if (!g->best || !str_eq(value_get_str(g->best, "vendor"), "nvidia"))
		return;
	line = fit_add(f, "gpu/driver", "the GPU's driver is there, and new enough");
	line->required = "NVIDIA driver " DRIVER_OLDEST;
	driver = value_get_str(g->best, "driver");
	major = strtol(driver, NULL, 10);
	if (!*driver || major <= 0) {
		line->measured = "none found";
		line->verdict = FIT_FAIL;
		line->why = "the card is on the bus, and neither nvidia-smi nor /proc/driver/nvidia knows it";
		line->remedy = "Install NVIDIA's driver (in a cluster the GPU operator can do it).";
		return;
	}
	line->measured = driver;
	line->verdict = major >= strtol(DRIVER_OLDEST, NULL, 10) ? FIT_PASS : FIT_WARN;
	if (line->verdict == FIT_WARN)
		line->remedy = "Update NVIDIA's driver: CUDA 12 needs branch " DRIVER_OLDEST " or later.";
}

void fitness_gpus(struct fitness *f, const struct value *facts, const char *family, const struct need *required, const struct need *recommended)
{
	struct fit_line *line;
	struct gpus g;

	count_gpus(facts, required->vram_gb, &g);
	if (required->vram_gb > 0 || required->gpus > 0 || (required->gpu_text && *required->gpu_text)) {
		line = fit_add(f, *family ? fit_printf(f, "%s/gpu-memory", family) : "gpu/memory", "there is a GPU with enough memory");
		fit_source(f, line, required, "GPU");
		line->required = fit_printf(f, "%s%s", gpu_need(f, required), required->gpu_optional ? ", optional" : "");
		if (recommended->vram_gb > required->vram_gb || recommended->gpus > required->gpus)
			line->recommended = gpu_need(f, recommended);
		if (g.known) {
			line->measured = gpus_text(f, facts, &g);
			judge_memory(line, &g, required);
		} else {
			line->remedy = "See what lspci and nvidia-smi say, and write it into the fact file under gpus.";
		}
	}
	if (!*family)
		judge_driver(f, &g);
}
