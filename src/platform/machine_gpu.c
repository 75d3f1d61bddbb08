/* Facts of graphics processors: from nvidia-smi where it answers, else from the driver's files and the PCI bus. */
#include "platform/machine_internal.h"
#include "base/process.h"

#define MIB ((int64_t)1 << 20)
#define SMI_OUTPUT_MAX ((size_t)64 << 10)
#define INTEGRATED_BELOW (3 * 1024 * MIB) /* an AMD processor with less memory of its own borrows the machine's */

/* The next field of a line of comma separated values, without blanks. */
static const char *next_field(const char **p, const char *end, size_t *ret_len)
{
	const char *s = *p, *stop;

	while (s < end && *s == ' ')
		s++;
	stop = memchr(s, ',', (size_t)(end - s));
	if (!stop)
		stop = end;
	*p = stop < end ? stop + 1 : end;
	while (stop > s && (stop[-1] == ' ' || stop[-1] == '\r'))
		stop--;
	*ret_len = (size_t)(stop - s);
	return s;
}

void machine_nvidia_smi(struct machine *m, const char *text, struct fact_list *list)
{
	for (const char *line = text; *line && list->len < MACHINE_ITEMS_MAX;) {
		const char *p = line, *end = line + strcspn(line, "\n"), *name, *memory, *driver;
		size_t name_len, memory_len, driver_len;
		struct value *gpu;
		char *after;
		long long mib;

		name = next_field(&p, end, &name_len);
		memory = next_field(&p, end, &memory_len);
		driver = next_field(&p, end, &driver_len);
		mib = strtoll(memory, &after, 10);
		/* "No devices were found" is no GPU: a line without a second field that is a number, or "[N/A]" where memory is shared. */
		if (name_len && memory_len && driver_len) {
			gpu = fact_add(m, list);
			fact_str(m, gpu, "vendor", "nvidia");
			fact_text(m, gpu, "name", name, name_len);
			if (after == memory + memory_len && mib > 0 && mib < (long long)1 << 32)
				fact_int(m, gpu, "vram_bytes", mib * MIB);
			fact_text(m, gpu, "driver", driver, driver_len);
		}
		line = end + (*end == '\n');
	}
}

static void from_smi(struct machine *m, struct fact_list *list)
{
	static const char *const argv[] = {"nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits", NULL};
	const struct process p = {.argv = argv, .timeout = MACHINE_TOOL_TIMEOUT};
	_cleanup_(strbuf_release) struct strbuf out;
	_cleanup_(strbuf_release) struct strbuf errors;
	int status;

	strbuf_init(&out, SMI_OUTPUT_MAX);
	strbuf_init(&errors, SMI_OUTPUT_MAX);
	if (m->o->run_tools && process_run(m->ctx, &p, &out, &errors, &status, NULL) == 0 && status == 0)
		machine_nvidia_smi(m, out.buf, list);
}

static const char *vendor_text(const char *id)
{
	static const char *const vendors[][2] = {{"0x10de", "nvidia"}, {"0x1002", "amd"},    {"0x8086", "intel"}, {"0x1414", "microsoft"},
						 {"0x1a03", "aspeed"}, {"0x1af4", "virtio"}, {"0x1234", "qemu"},  {"0x15ad", "vmware"},
						 {"0x102b", "matrox"}, {"0x1013", "cirrus"}, {"0x1b36", "qxl"}};

	for (size_t i = 0; i < ARRAY_LEN(vendors); i++)
		if (str_eq(vendors[i][0], id))
			return vendors[i][1];
	return NULL;
}

/* The driver's own words of the GPU in this slot: /proc/driver/nvidia/gpus/0000:01:00.0/information. */
static void nvidia_details(struct machine *m, struct value *gpu, const char *slot)
{
	char *text = machine_file(m, machine_path(m, "/proc/driver/nvidia/gpus/%s/information", slot), NULL);
	char *driver = machine_line(m, machine_path(m, "/proc/driver/nvidia/version")), *at;
	size_t len;
	const char *s = text ? machine_field(text, "Model", &len) : NULL;

	if (s)
		fact_text(m, gpu, "name", s, len);
	/* "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 ..." */
	at = driver ? strstr(driver, "Kernel Module") : NULL;
	if (at) {
		at += strlen("Kernel Module");
		at += strcspn(at, "0123456789\n");
		fact_text(m, gpu, "driver", at, strcspn(at, " \n"));
	}
}

static void from_pci(struct machine *m, const char *slot, bool with_nvidia, struct fact_list *list)
{
	const char *folder = machine_path(m, "/sys/bus/pci/devices/%s", slot);
	char *class = machine_line(m, arena_printf(&m->ctx->arena, "%s/class", folder));
	char *id = machine_line(m, arena_printf(&m->ctx->arena, "%s/vendor", folder));
	const char *vendor;
	struct value *gpu;
	int64_t bytes;

	/* 0300 VGA, 0302 3D controller, 0380 other display, 1200 processing accelerator (AMD Instinct) */
	if (!class || !id || (strncmp(class, "0x03", 4) != 0 && !(strncmp(class, "0x1200", 6) == 0 && str_eq(id, "0x1002"))))
		return;
	vendor = vendor_text(id);
	if (vendor && str_eq(vendor, "nvidia") && !with_nvidia)
		return;
	gpu = fact_add(m, list);
	fact_str(m, gpu, "vendor", vendor ? vendor : id);
	fact_str(m, gpu, "pci", slot);
	if (vendor && str_eq(vendor, "nvidia")) {
		nvidia_details(m, gpu, slot);
	} else if (vendor && str_eq(vendor, "amd") && machine_number(m, arena_printf(&m->ctx->arena, "%s/mem_info_vram_total", folder), &bytes) &&
		   bytes > 0) {
		fact_int(m, gpu, "vram_bytes", bytes);
		fact_bool(m, gpu, "integrated", bytes < INTEGRATED_BELOW);
	} else if (vendor && str_eq(vendor, "intel")) {
		/* Bus 0, device 2 is where Intel's processors have theirs. */
		fact_bool(m, gpu, "integrated", strstr(slot, ":00:02.") != NULL);
	}
}

void machine_gpu(struct machine *m)
{
	struct fact_list list = {0};
	struct name_list slots;
	bool bus = machine_folder(m, machine_path(m, "/sys/bus/pci/devices"), &slots), smi;

	from_smi(m, &list);
	smi = list.len > 0;
	for (uint32_t i = 0; bus && i < slots.len; i++)
		from_pci(m, slots.items[i], !smi, &list);
	/* Without a bus to look at, "none" would be a guess. */
	if (bus || list.len)
		fact_list(m, m->facts, "gpus", &list);
}
