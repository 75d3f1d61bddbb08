/* Facts of the processor and of memory, with the limits that a control group sets on this process. */
#include "platform/machine_internal.h"

#include <sched.h>
#include <sys/utsname.h>

#define CGROUP_DEPTH 32 /* folders up from this process's own group */

/* Flags that matter to what runs here: vector units for inference, virtual machines. */
static const char *const flags_kept[] = {"aes", "asimd", "avx",        "avx2", "avx512f", "avx512_vnni", "amx_int8", "amx_tile", "f16c",
					 "fma", "fp",    "hypervisor", "neon", "sse4_2",  "sve",         "svm",      "vmx"};

static void cpu_flags(struct machine *m, struct value *cpu, const char *text)
{
	struct name_list kept = {0};
	size_t len;
	const char *flags = machine_field(text, "flags", &len);

	if (!flags)
		flags = machine_field(text, "Features", &len); /* ARM */
	if (!flags)
		return;
	for (size_t i = 0; i < ARRAY_LEN(flags_kept); i++) {
		size_t n = strlen(flags_kept[i]);

		for (const char *p = flags, *end = flags + len; p < end;) {
			size_t word = strcspn(p, " \n");

			if (word == n && strncmp(p, flags_kept[i], n) == 0) {
				*arena_push(&m->ctx->arena, &kept) = flags_kept[i];
				break;
			}
			p += word + 1;
		}
	}
	fact_texts(m, cpu, "flags", &kept);
}

/* One pass over /proc/cpuinfo: how many processors, and how many different (package, core). */
static void cpu_cores(struct machine *m, struct value *cpu, const char *text)
{
	struct {
		uint64_t *items;
		uint32_t len, cap;
	} cores = {0};
	int64_t processors = 0;
	unsigned long package = 0;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *colon = memchr(line, ':', strcspn(line, "\n"));

		if (!colon)
			continue;
		if (strncmp(line, "processor", 9) == 0) {
			processors++;
		} else if (strncmp(line, "physical id", 11) == 0) {
			package = strtoul(colon + 1, NULL, 10);
		} else if (strncmp(line, "core id", 7) == 0) {
			uint64_t core = (uint64_t)package << 32 | (strtoul(colon + 1, NULL, 10) & 0xffffffff);
			uint32_t i = 0;

			while (i < cores.len && cores.items[i] != core)
				i++;
			if (i == cores.len && cores.len < 4096)
				*arena_push(&m->ctx->arena, &cores) = core;
		}
	}
	if (processors && !value_get(cpu, "cores"))
		fact_int(m, cpu, "cores", processors);
	if (cores.len)
		fact_int(m, cpu, "physical_cores", cores.len);
}

/* In MHz: what the maker promises always (base), what one core reaches (max), what it ran at when looked at (current). */
static void cpu_clock(struct machine *m, struct value *cpu, const char *text)
{
	static const char *const files[][2] = {{"base_mhz", "base_frequency"}, {"max_mhz", "cpuinfo_max_freq"}};
	size_t len;
	const char *model = value_get_str(cpu, "model"), *at = strchr(model, '@'), *now = machine_field(text, "cpu MHz", &len);
	int64_t khz;

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (machine_number(m, machine_path(m, "/sys/devices/system/cpu/cpu0/cpufreq/%s", files[i][1]), &khz) && khz > 0)
			fact_int(m, cpu, files[i][0], khz / 1000);
	/* "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz" */
	if (!value_get(cpu, "base_mhz") && at && strstr(at, "GHz")) {
		double ghz = strtod(at + 1, NULL);

		if (ghz > 0.1 && ghz < 20)
			fact_int(m, cpu, "base_mhz", (int64_t)(ghz * 1000 + 0.5));
	}
	if (now) {
		double mhz = strtod(now, NULL);

		if (mhz > 1 && mhz < 20000)
			fact_int(m, cpu, "current_mhz", (int64_t)(mhz + 0.5));
	}
}

/* This process's group of version 2, from its own folder up to the root: the smallest limit counts. */
static const char *cgroup_own(struct machine *m)
{
	char *text = machine_file(m, machine_path(m, "/proc/self/cgroup"), NULL);
	char *line = text ? strstr(text, "0::/") : NULL;

	if (!line || (line != text && line[-1] != '\n'))
		return "/";
	line += 3;
	line[strcspn(line, "\n")] = 0;
	return strstr(line, "..") ? "/" : line;
}

/* "max" and what cannot be read are no limit. With a period, "200000 100000" is 2. */
static void limit_of(const char *text, bool period, double *limit)
{
	char *end;
	double n = text ? strtod(text, &end) : 0, per = 1;

	if (!text || end == text || n <= 0)
		return;
	if (period) {
		per = strtod(end, NULL);
		if (per <= 0)
			return;
	}
	if (*limit == 0 || n / per < *limit)
		*limit = n / per;
}

static double cgroup_limit(struct machine *m, const char *file, bool period)
{
	char *path = arena_strdup(&m->ctx->arena, cgroup_own(m));
	double limit = 0;

	for (int depth = 0; depth < CGROUP_DEPTH; depth++) {
		char *slash;

		limit_of(machine_line(m, machine_path(m, "/sys/fs/cgroup%s/%s", str_eq(path, "/") ? "" : path, file)), period, &limit);
		slash = strrchr(path, '/');
		if (!slash || str_eq(path, "/"))
			break;
		slash[slash == path] = 0;
	}
	return limit;
}

static double cgroup_cpus(struct machine *m)
{
	double limit = cgroup_limit(m, "cpu.max", true);
	int64_t quota, period;

	/* Version 1; -1 is no limit. */
	if (!limit && machine_number(m, machine_path(m, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), &quota) && quota > 0 &&
	    machine_number(m, machine_path(m, "/sys/fs/cgroup/cpu/cpu.cfs_period_us"), &period) && period > 0)
		limit = (double)quota / (double)period;
	return limit;
}

void machine_cpu(struct machine *m)
{
	char *text = machine_file(m, machine_path(m, "/proc/cpuinfo"), NULL);
	char *online = machine_line(m, machine_path(m, "/sys/devices/system/cpu/online"));
	struct value cpu = {.type = VALUE_MAP};
	int64_t cores = online ? machine_cpu_count(online) : 0;
	double limit = cgroup_cpus(m);
	struct utsname uts;
	size_t len;
	const char *model;
	cpu_set_t set;

	if (cores > 0)
		fact_int(m, &cpu, "cores", cores);
	if (text) {
		model = machine_field(text, "model name", &len);
		if (!model)
			model = machine_field(text, "Model", &len);
		if (model)
			fact_text(m, &cpu, "model", model, len);
		cpu_cores(m, &cpu, text);
		cpu_clock(m, &cpu, text);
		cpu_flags(m, &cpu, text);
	}
	if (!*m->o->root && sched_getaffinity(0, sizeof(set), &set) == 0)
		fact_int(m, &cpu, "usable", CPU_COUNT(&set));
	if (limit > 0)
		fact_double(m, &cpu, "cgroup_limit", limit);
	if (!*m->o->root && uname(&uts) == 0)
		fact_str(m, &cpu, "architecture", uts.machine);
	fact_map(m, m->facts, "cpu", cpu);
}

static void memory_field(struct machine *m, struct value *memory, const char *text, const char *field, const char *key)
{
	size_t len;
	const char *s = machine_field(text, field, &len);
	long long kib;

	if (!s)
		return;
	kib = strtoll(s, NULL, 10);
	if (kib >= 0 && kib < (long long)1 << 50)
		fact_int(m, memory, key, kib * 1024);
}

/* A memory controller below edac/ means that its driver found ECC memory at work. None means nothing: drivers are often not loaded. */
static void memory_ecc(struct machine *m, struct value *memory)
{
	struct name_list names;

	if (!machine_folder(m, machine_path(m, "/sys/devices/system/edac/mc"), &names))
		return;
	for (uint32_t i = 0; i < names.len; i++) {
		if (strncmp(names.items[i], "mc", 2) == 0 && names.items[i][2] >= '0' && names.items[i][2] <= '9') {
			fact_bool(m, memory, "ecc", true);
			return;
		}
	}
}

void machine_memory(struct machine *m)
{
	char *text = machine_file(m, machine_path(m, "/proc/meminfo"), NULL);
	struct value memory = {.type = VALUE_MAP};
	double limit = cgroup_limit(m, "memory.max", false);
	int64_t v1;

	/* Version 1 writes "no limit" as a number near 2^63. */
	if (!limit && machine_number(m, machine_path(m, "/sys/fs/cgroup/memory/memory.limit_in_bytes"), &v1) && v1 > 0 && v1 < (int64_t)1 << 60)
		limit = (double)v1;
	if (text) {
		memory_field(m, &memory, text, "MemTotal", "total_bytes");
		memory_field(m, &memory, text, "MemAvailable", "available_bytes");
		memory_field(m, &memory, text, "SwapTotal", "swap_bytes");
	}
	if (limit > 0)
		fact_int(m, &memory, "cgroup_limit_bytes", (int64_t)limit);
	memory_ecc(m, &memory);
	fact_map(m, m->facts, "memory", memory);
}
