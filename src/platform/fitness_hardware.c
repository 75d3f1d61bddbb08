/* Is the hardware enough: processor, memory and the network's card. */
#include "platform/fitness_internal.h"

#include <math.h>

#define GB 1e9
#define GIB 1073741824.0

/* "cpu/cores" of the machine itself, "jamie/cpu-cores" of what a role asks. */
static const char *id_of(struct fitness *f, const char *family, const char *part, const char *what)
{
	return *family ? fit_printf(f, "%s/%s-%s", family, part, what) : fit_printf(f, "%s/%s", part, what);
}

/* What can be used: a control group's limit and a processor set count for less than what the machine has. */
static bool cores_of(const struct value *cpu, double *ret_all, double *ret_usable)
{
	double n;

	if (!fit_number(cpu, "cores", ret_all))
		return false;
	*ret_usable = *ret_all;
	if (fit_number(cpu, "usable", &n))
		*ret_usable = MIN(*ret_usable, n);
	if (fit_number(cpu, "cgroup_limit", &n))
		*ret_usable = MIN(*ret_usable, n);
	return true;
}

static void judge_cores(struct fitness *f, const struct value *cpu, const char *family, const struct need *required, const struct need *recommended)
{
	struct fit_line *line = fit_add(f, id_of(f, family, "cpu", "cores"), "there are enough processor cores");
	double all, usable, physical;

	fit_source(f, line, required, "CPU");
	if (required->cores > 0)
		line->required = fit_cores(f, required->cores);
	if (recommended->cores > required->cores)
		line->recommended = fit_cores(f, recommended->cores);
	if (!cores_of(cpu, &all, &usable)) {
		line->remedy = "See how many processors the machine has, and write cpu.cores into its fact file.";
		return;
	}
	line->measured = fit_cores(f, all);
	if (usable < all)
		line->measured = fit_printf(f, "%g of %s: the rest is kept from it", round(usable * 100) / 100, fit_cores(f, all));
	else if (fit_number(cpu, "physical_cores", &physical) && physical < all)
		line->measured = fit_printf(f, "%s (%g physical)", line->measured, physical);
	line->verdict = usable >= required->cores ? FIT_PASS : FIT_FAIL;
	if (line->verdict == FIT_FAIL)
		line->remedy = usable < all && all >= required->cores
				       ? "Raise the limit of the container, virtual machine or control group that this runs in."
				       : "Take a machine with more cores, or a smaller profile.";
}

static bool has_flag(const struct value *cpu, const char *name)
{
	return value_list_has(value_get(cpu, "flags"), name);
}

/* The clock that counts is the one that is promised always. Many machines only tell what one core may reach, or runs at now. */
static void judge_clock(struct fitness *f, const struct value *cpu, const struct need *required, const struct need *recommended)
{
	struct fit_line *line;
	double need = required->clock_ghz * 1000, base = 0, max = 0, now = 0;

	if (need <= 0)
		return;
	line = fit_add(f, "cpu/clock", "the processor is fast enough");
	fit_source(f, line, required, "CPU");
	line->required = fit_printf(f, "%g GHz", required->clock_ghz);
	if (recommended->clock_ghz > required->clock_ghz)
		line->recommended = fit_printf(f, "%g GHz", recommended->clock_ghz);
	fit_number(cpu, "base_mhz", &base);
	fit_number(cpu, "max_mhz", &max);
	fit_number(cpu, "current_mhz", &now);
	if (base > 0) {
		line->measured =
			max > base ? fit_printf(f, "%.2g GHz, at most %.2g GHz", base / 1000, max / 1000) : fit_printf(f, "%.2g GHz", base / 1000);
		line->verdict = base >= need ? FIT_PASS : max >= need ? FIT_WARN : FIT_FAIL;
		if (line->verdict == FIT_WARN)
			line->why = "only single cores and for a while";
	} else if (max > 0) {
		line->measured = fit_printf(f, "at most %.2g GHz", max / 1000);
		line->verdict = max >= need ? FIT_WARN : FIT_FAIL;
		if (line->verdict == FIT_WARN)
			line->why = "what it runs at always is not told";
	} else if (now > 0) {
		/* In a virtual machine it is the processor's nominal clock that stands there; elsewhere it may be boosted, or saving power. */
		line->measured = fit_printf(f, "%.2g GHz now", now / 1000);
		line->verdict = !has_flag(cpu, "hypervisor") ? FIT_UNKNOWN : now >= need ? FIT_PASS : FIT_FAIL;
		if (line->verdict == FIT_UNKNOWN)
			line->why = "that is of the moment; what it runs at always is not told";
	}
	if (line->verdict != FIT_PASS)
		line->remedy = "Look up the base clock of the processor's model.";
}

/* What matters for inference on the processor itself; more than a hint it is not. */
static void judge_vectors(struct fitness *f, const struct value *cpu)
{
	static const char *const enough[] = {"avx2", "asimd", "neon"};
	const struct value *flags = value_get(cpu, "flags");
	struct fit_line *line = fit_add(f, "cpu/vectors", "the processor has vector units for inference");

	line->required = "AVX2 or NEON";
	if (!flags) {
		line->remedy = "Look for avx2 in the flags of /proc/cpuinfo.";
		return;
	}
	line->verdict = FIT_WARN;
	line->measured = "none of them";
	for (size_t i = 0; i < ARRAY_LEN(enough); i++) {
		if (has_flag(cpu, enough[i])) {
			line->measured = enough[i];
			line->verdict = FIT_PASS;
			return;
		}
	}
	line->remedy = "Models run on this processor very slowly: use a GPU, or give the virtual machine the host's processor model.";
}

static void judge_memory(struct fitness *f, const struct value *memory, const char *family, const struct need *required,
			 const struct need *recommended)
{
	struct fit_line *line = fit_add(f, id_of(f, family, "memory", "size"), "there is enough memory");
	double total, limit, usable;

	fit_source(f, line, required, *family ? "Memory" : "RAM");
	if (required->memory_gb > 0)
		line->required = fit_gb(f, required->memory_gb);
	if (recommended->memory_gb > required->memory_gb)
		line->recommended = fit_gb(f, recommended->memory_gb);
	if (!fit_number(memory, "total_bytes", &total)) {
		line->remedy = "See how much memory the machine has, and write memory.total_bytes into its fact file.";
		return;
	}
	usable = total;
	line->measured = fit_printf(f, "%s (%.1f GiB)", fit_gb(f, total / GB), total / GIB);
	if (fit_number(memory, "cgroup_limit_bytes", &limit) && limit < total) {
		usable = limit;
		line->measured = fit_printf(f, "%s of %s: a control group's limit", fit_gb(f, limit / GB), fit_gb(f, total / GB));
	}
	line->verdict = fit_size(usable / GB, required->memory_gb);
	if (line->verdict == FIT_WARN)
		line->why = "a part of what is built in is reserved";
	if (line->verdict != FIT_PASS)
		line->remedy = usable < total && fit_size(total / GB, required->memory_gb) == FIT_PASS
				       ? "Raise the memory limit of the container, virtual machine or control group that this runs in."
				       : "Build in more memory, or take a smaller profile.";
}

static void judge_ecc(struct fitness *f, const struct value *memory, const struct need *required)
{
	const struct value *ecc = value_get(memory, "ecc");
	struct fit_line *line;

	if (!required->ecc)
		return;
	line = fit_add(f, "memory/ecc", "the memory corrects its errors");
	fit_source(f, line, required, "RAM");
	line->required = "ECC";
	if (ecc && ecc->type == VALUE_BOOL) {
		line->measured = ecc->b ? "ECC" : "no ECC";
		line->verdict = ecc->b ? FIT_PASS : FIT_FAIL;
	}
	if (line->verdict == FIT_UNKNOWN) {
		line->why = "the kernel tells of ECC memory only when its EDAC driver has found some";
		line->remedy = "As root: dmidecode --type memory; \"Error Correction Type\" says it.";
	} else if (line->verdict == FIT_FAIL) {
		line->remedy = "Use a machine with ECC memory for production.";
	}
}

/* The fastest cable that is plugged in; a wireless card only where that will do. */
static void judge_nic(struct fitness *f, const struct value *facts, const struct need *required, const struct need *recommended)
{
	const struct value *interfaces = value_get(facts, "interfaces");
	struct fit_line *line;
	double best = 0, speed, enough = required->nic_gbps * 1000;
	unsigned fast = 0;
	const char *name = "", *wifi = NULL, *silent = NULL;

	if (required->nic_gbps <= 0)
		return;
	line = fit_add(f, "network/speed", "the network card is fast enough");
	fit_source(f, line, required, "Network");
	line->required = fit_printf(f, "%g Gbit/s%s", required->nic_gbps, required->wifi ? " or Wi-Fi" : required->redundant ? ", twice" : "");
	if (recommended->nic_gbps > required->nic_gbps)
		line->recommended = fit_printf(f, "%g Gbit/s", recommended->nic_gbps);
	for (value_each(i, interfaces)) {
		const char *kind = value_get_str(i, "kind");

		if (!value_get_bool(i, "up", true) || str_eq(kind, "virtual"))
			continue;
		if (str_eq(kind, "wifi"))
			wifi = value_get_str(i, "name");
		else if (!fit_number(i, "speed_mbps", &speed))
			silent = value_get_str(i, "name");
		else {
			fast += speed >= enough;
			name = speed > best ? value_get_str(i, "name") : name;
			best = MAX(best, speed);
		}
	}
	if (best >= enough || (best > 0 && !wifi && !silent)) {
		line->measured = fit_printf(f, "%g Gbit/s on %s%s", best / 1000, name, fast > 1 ? fit_printf(f, " and %u more", fast - 1) : "");
		line->verdict = best < enough ? FIT_FAIL : required->redundant && fast < 2 ? FIT_WARN : FIT_PASS;
	} else if (wifi && required->wifi) {
		line->measured = fit_printf(f, "Wi-Fi on %s", wifi);
		line->verdict = FIT_PASS;
	} else if (silent) {
		line->measured = fit_printf(f, "%s does not tell its speed", silent);
	} else if (wifi) {
		line->measured = fit_printf(f, "only Wi-Fi on %s", wifi);
		line->verdict = FIT_FAIL;
	} else if (value_len(interfaces)) {
		line->measured = "no network card with a link";
	}
	if (line->verdict == FIT_WARN)
		line->remedy = "Plug in a second card: there is no way around the first when it fails.";
	else if (line->verdict == FIT_FAIL)
		line->remedy = "Use a faster card, cable and switch.";
	else if (line->verdict == FIT_UNKNOWN)
		line->remedy = "A virtual card or a driver without a speed cannot tell: ask whoever runs the host.";
}

void fitness_hardware(struct fitness *f, const struct value *facts, const char *family, const struct need *required, const struct need *recommended)
{
	const struct value *cpu = value_get(facts, "cpu"), *memory = value_get(facts, "memory");

	judge_cores(f, cpu, family, required, recommended);
	if (!*family) {
		judge_clock(f, cpu, required, recommended);
		judge_vectors(f, cpu);
		fitness_apple(f, facts);
	}
	judge_memory(f, memory, family, required, recommended);
	if (!*family)
		judge_ecc(f, memory, required);
	fitness_disks(f, facts, family, required, recommended);
	fitness_gpus(f, facts, family, required, recommended);
	if (!*family)
		judge_nic(f, facts, required, recommended);
}
