/* Facts of a machine: from a tree of files like /proc and /sys, from programs' output, and from a fact file. */
#include "unit.h"

#include "base/file.h"
#include "platform/machine_internal.h"
#include "platform/release.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A machine in a temporary folder. */
static struct ctx ctx;
static char root[64];
static struct value facts;

static int begin(void **state)
{
	ctx_init(&ctx);
	snprintf(root, sizeof(root), "/tmp/auto-devops-machine-XXXXXX");
	assert_non_null(mkdtemp(root));
	return 0;
}

static int end(void **state)
{
	static const char *const remove[] = {"rm", "-rf", root, NULL};
	pid_t pid = fork();

	if (pid == 0) {
		execvp("rm", (char *const *)remove);
		_exit(1);
	}
	ctx_release(&ctx);
	return 0;
}

static const char *at(const char *path)
{
	return arena_printf(&ctx.arena, "%s%s", root, path);
}

static void put(const char *path, const char *text)
{
	assert_int_equal(dir_make(path_dirname(&ctx.arena, at(path)), 0755, NULL), 0);
	assert_int_equal(file_write_atomic(at(path), text, strlen(text), 0644, NULL), 0);
}

static void link_to(const char *path, const char *target)
{
	assert_int_equal(dir_make(path_dirname(&ctx.arena, at(path)), 0755, NULL), 0);
	assert_int_equal(symlink(target, at(path)), 0);
}

static void collect(void)
{
	static const uint16_t ports[] = {80, 443, 8080};
	const struct machine_options o = {.root = root, .ports = ports, .port_count = ARRAY_LEN(ports)};

	assert_int_equal(machine_collect(&ctx, &o, &facts, NULL), 0);
}

static const char *fact(const char *path)
{
	return value_str(value_at(&facts, path), "(none)");
}

static int64_t number(const char *path)
{
	return value_int(value_at(&facts, path), -1);
}

static void an_empty_machine_is_unknown(void **state)
{
	collect();
	assert_string_equal(value_get_str(&facts, "format"), MACHINE_FORMAT);
	assert_null(value_at(&facts, "cpu.cores"));
	assert_null(value_at(&facts, "memory.total_bytes"));
	assert_null(value_get(&facts, "disks"));
	assert_null(value_get(&facts, "gpus"));
	assert_null(value_get(&facts, "interfaces"));
	assert_null(value_get(&facts, "ports"));
	assert_null(value_get(&facts, "tools"));
	assert_null(value_get(&facts, "dns"));
	assert_null(value_get(&facts, "kernel"));
}

static void processor(void **state)
{
	put("/proc/cpuinfo", "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) CPU @ 2.10GHz\ncpu MHz\t\t: 2095.076\nphysical id\t: 0\ncore id\t\t: 0\n"
			     "flags\t\t: fpu avx avx2 hypervisor nothing\n\nprocessor\t: 1\nphysical id\t: 0\ncore id\t\t: 0\n\n"
			     "processor\t: 2\nphysical id\t: 1\ncore id\t\t: 0\n\nprocessor\t: 3\nphysical id\t: 1\ncore id\t\t: 0\n");
	put("/proc/self/cgroup", "0::/system.slice/x.service\n");
	put("/sys/fs/cgroup/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/system.slice/cpu.max", "150000 100000\n");
	put("/sys/fs/cgroup/system.slice/x.service/cpu.max", "400000 100000\n");
	put("/sys/fs/cgroup/system.slice/x.service/memory.max", "1073741824\n");
	put("/proc/meminfo", "MemTotal:       131072 kB\nMemFree: 1 kB\nSwapTotal:             0 kB\n");
	put("/sys/devices/system/edac/mc/mc0/ce_count", "0\n");
	collect();
	assert_int_equal(number("cpu.cores"), 4);
	assert_int_equal(number("cpu.physical_cores"), 2);
	assert_int_equal(number("cpu.base_mhz"), 2100);
	assert_int_equal(number("cpu.current_mhz"), 2095);
	assert_int_equal(value_len(value_at(&facts, "cpu.flags")), 3);
	assert_float_equal(value_double(value_at(&facts, "cpu.cgroup_limit"), 0), 1.5, 0.001);
	assert_int_equal(number("memory.total_bytes"), 131072 * 1024);
	assert_int_equal(number("memory.cgroup_limit_bytes"), 1 << 30);
	assert_int_equal(number("memory.swap_bytes"), 0);
	assert_true(value_bool(value_at(&facts, "memory.ecc"), false));
	/* The kernel's list wins over counting. */
	put("/sys/devices/system/cpu/online", "0-1,4,6-7\n");
	put("/sys/devices/system/cpu/cpu0/cpufreq/base_frequency", "2400000\n");
	collect();
	assert_int_equal(number("cpu.cores"), 5);
	assert_int_equal(number("cpu.base_mhz"), 2400);
}

static void control_groups_of_version_1(void **state)
{
	put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put("/proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n");
	put("/proc/sys/fs/file-max", "1\n");
	collect();
	assert_float_equal(value_double(value_at(&facts, "cpu.cgroup_limit"), 0), 2.5, 0.001);
	assert_null(value_at(&facts, "memory.cgroup_limit_bytes"));
	assert_int_equal(number("kernel.cgroup"), 1);
	assert_int_equal(number("os.wsl"), 1);
	/* Settings are there, those of inotify are not. */
	assert_int_equal(value_at(&facts, "kernel.inotify")->type, VALUE_BOOL);
}

static void system_of_a_machine(void **state)
{
	put("/etc/os-release", "PRETTY_NAME=\"Rocky Linux 9.5 (Blue Onyx)\"\nID=\"rocky\"\nID_LIKE='rhel centos'\nVERSION_ID=\"9.5\"\n");
	put("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n");
	put("/run/.containerenv", "");
	put("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
	put("/proc/sys/fs/inotify/max_user_watches", "8192\n");
	put("/etc/resolv.conf", "# nameserver 1.1.1.1\nsearch x\nnameserver 10.0.0.2\nnameserver\tfd00::1 # two\nnameservers no\n");
	collect();
	assert_string_equal(fact("os.id"), "rocky");
	assert_string_equal(fact("os.like"), "rhel centos");
	assert_string_equal(fact("os.version"), "9.5");
	assert_string_equal(fact("os.container"), "podman");
	assert_int_equal(number("os.wsl"), 2);
	assert_int_equal(number("kernel.cgroup"), 2);
	assert_int_equal(number("kernel.inotify.max_user_watches"), 8192);
	assert_null(value_at(&facts, "kernel.inotify.max_user_instances"));
	assert_int_equal(value_len(value_at(&facts, "dns.servers")), 2);
	assert_string_equal(fact("dns.servers[1]"), "fd00::1");
}

static void disks_and_cards(void **state)
{
	put("/sys/devices/pci0/0000:00:17.0/ata1/host0/sda/size", "7814037168\n");
	put("/sys/devices/pci0/0000:00:17.0/ata1/host0/sda/queue/rotational", "1\n");
	link_to("/sys/block/sda", "../devices/pci0/0000:00:17.0/ata1/host0/sda");
	put("/sys/block/nvme0n1/size", "1953525168\n");
	put("/sys/block/nvme0n1/queue/rotational", "0\n");
	put("/sys/block/nvme0n1/device/model", "Samsung SSD 990 PRO   \n");
	put("/sys/block/loop0/size", "100\n");
	put("/sys/block/sr0/size", "0\n");
	put("/sys/class/net/lo/operstate", "unknown\n");
	put("/sys/class/net/eth0/operstate", "up\n");
	put("/sys/class/net/eth0/speed", "25000\n");
	put("/sys/class/net/eth0/device/vendor", "x\n");
	put("/sys/class/net/wlan0/operstate", "down\n");
	put("/sys/class/net/wlan0/speed", "-1\n");
	put("/sys/class/net/wlan0/wireless/x", "\n");
	put("/sys/bus/pci/devices/0000:00:02.0/class", "0x030000\n");
	put("/sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n");
	put("/sys/bus/pci/devices/0000:00:03.0/class", "0x020000\n");
	put("/sys/bus/pci/devices/0000:00:03.0/vendor", "0x10de\n");
	put("/sys/bus/pci/devices/0000:01:00.0/class", "0x030200\n");
	put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
	put("/proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA A100-SXM4-40GB\nIRQ:   \t\t 45\n");
	put("/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n");
	collect();
	assert_int_equal(value_len(value_get(&facts, "disks")), 2);
	assert_string_equal(fact("disks[0].name"), "nvme0n1");
	assert_string_equal(fact("disks[0].model"), "Samsung SSD 990 PRO");
	assert_string_equal(fact("disks[0].transport"), "nvme");
	assert_string_equal(fact("disks[1].transport"), "sata");
	assert_int_equal(number("disks[1].size_bytes"), 7814037168 * 512);
	assert_true(value_bool(value_at(&facts, "disks[1].rotational"), false));
	assert_int_equal(value_len(value_get(&facts, "interfaces")), 2);
	assert_int_equal(number("interfaces[0].speed_mbps"), 25000);
	assert_string_equal(fact("interfaces[0].kind"), "ethernet");
	assert_string_equal(fact("interfaces[1].kind"), "wifi");
	assert_int_equal(number("interfaces[1].speed_mbps"), -1);
	assert_int_equal(value_len(value_get(&facts, "gpus")), 2);
	assert_true(value_bool(value_at(&facts, "gpus[0].integrated"), false));
	assert_string_equal(fact("gpus[1].name"), "NVIDIA A100-SXM4-40GB");
	assert_string_equal(fact("gpus[1].driver"), "550.54.14");
}

static void ports_and_who_holds_them(void **state)
{
	put("/proc/net/tcp", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
			     "   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n"
			     "   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0\n");
	put("/proc/net/tcp6",
	    "  sl  local_address\n   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 "
	    "00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0\n");
	put("/proc/812/comm", "nginx\n");
	link_to("/proc/812/fd/6", "socket:[4711]");
	link_to("/proc/812/fd/7", "/dev/null");
	collect();
	assert_string_equal(fact("ports['80'].state"), "held");
	assert_string_equal(fact("ports['80'].by"), "nginx");
	assert_int_equal(number("ports['80'].pid"), 812);
	assert_string_equal(fact("ports['443'].state"), "held");
	assert_string_equal(fact("ports['443'].by"), "(none)");
	/* A connection is no listener. */
	assert_string_equal(fact("ports['8080'].state"), "free");
}

static void assert_version(const char *text, const char *marker, const char *version)
{
	size_t len;
	const char *found = release_find(text, strlen(text), marker, &len);

	if (!version) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(arena_strndup(&ctx.arena, found, len), version);
}

static void versions_in_what_programs_print(void **state)
{
	assert_version("{\"clientVersion\": {\"minor\": \"32\", \"gitVersion\": \"v1.32.0\", \"goVersion\": \"go1.23.3\"}}", "\"gitVersion\"",
		       "1.32.0");
	assert_version("kind v0.23.0 go1.22.4 linux/amd64", "kind", "0.23.0");
	assert_version("Docker version 26.1.3, build b72abbb", "version", "26.1.3");
	assert_version("podman version 4.3.1\n", "version", "4.3.1");
	assert_version("v3.113.0\n", NULL, "3.113.0");
	assert_version("go version go1.24rc1 linux/amd64", "go version go", "1.24rc1");
	assert_version("Warning: could not connect to 127.0.0.1:11434\nWarning: client version is 0.5.7\n", "version is", "0.5.7");
	assert_version("Python 3.11.2", "Python", "3.11.2");
	assert_version("db version v7.0.5\nBuild Info: {\n", "db version", "7.0.5");
	assert_version("argocd: v2.10.0+2175939\n", "argocd:", "2.10.0+2175939");
	assert_version("v3.14.0+g3fc9f4b", NULL, "3.14.0+g3fc9f4b");
	assert_version("edge-24.5.1", NULL, "24.5.1");
	assert_version("stable-2.14.10\n", NULL, "2.14.10");
	assert_version("listening on 127.0.0.1:11434", NULL, NULL);
	assert_version("sha256x86_64 1 2 3.", NULL, NULL);
	assert_version("a version of 99999999999.1", NULL, NULL);
	assert_version("1.2.3.4.5", NULL, NULL);
	assert_version("no marker 1.2", "version", NULL);
	assert_version("", NULL, NULL);
}

static int compare(const char *a, const char *b)
{
	struct release x, y;

	assert_true(release_parse(a, strlen(a), &x));
	assert_true(release_parse(b, strlen(b), &y));
	assert_int_equal(release_compare(&x, &y), -release_compare(&y, &x));
	return release_compare(&x, &y);
}

static void versions_are_compared_by_number(void **state)
{
	struct release r;

	assert_true(compare("1.10", "1.9") > 0);
	assert_int_equal(compare("v1.32", "1.32.0"), 0);
	assert_int_equal(compare("1.32.0+k3s1", "1.32.0-eks-12ab"), 0);
	assert_true(compare("1.32.0-rc.1", "1.32.0") < 0);
	assert_true(compare("1.32.0-alpha.3", "1.31.9") > 0);
	assert_true(compare("3.13.0a2", "3.13") < 0);
	assert_true(compare("24rc1", "24") < 0);
	assert_true(compare("13", "13.0.1") < 0);
	assert_false(release_parse("", 0, &r));
	assert_false(release_parse("v", 1, &r));
	assert_false(release_parse("latest", 6, &r));
	assert_false(release_parse("9999999999", 10, &r));
}

static void output_without_a_version_is_kept(void **state)
{
	const struct machine_options o = {.root = ""};
	struct value tool = {.type = VALUE_MAP};
	struct machine m = {.ctx = &ctx, .o = &o, .facts = &tool};
	static const char noise[] = "\n  panic: \x1b[31mno\nmore", late[] = "Client Version: v1.29.0\n";

	value_builder_init(&m.b, &ctx.arena, NULL);
	machine_tool_output(&m, &tool, "version", noise, strlen(noise), "", 0);
	assert_null(value_get(&tool, "version"));
	assert_string_equal(value_get_str(&tool, "said"), "panic: \\x1b[31mno");
	/* Words change: a version without the marker will do. And some print to standard error. */
	machine_tool_output(&m, &tool, "\"gitVersion\"", "", 0, late, strlen(late));
	assert_string_equal(value_get_str(&tool, "version"), "1.29.0");
}

static void gpus_of_nvidia_smi(void **state)
{
	const struct machine_options o = {.root = ""};
	struct machine m = {.ctx = &ctx, .o = &o};
	struct fact_list list = {0};

	value_builder_init(&m.b, &ctx.arena, NULL);
	machine_nvidia_smi(&m, "NVIDIA GeForce RTX 4090, 24564, 550.54.14\nNVIDIA GB10, [N/A], 580.95.05\n\nNo devices were found\n", &list);
	assert_int_equal(list.len, 2);
	assert_string_equal(value_get_str(&list.items[0], "name"), "NVIDIA GeForce RTX 4090");
	assert_int_equal(value_get_int(&list.items[0], "vram_bytes", 0), 24564ll << 20);
	assert_null(value_get(&list.items[1], "vram_bytes"));
	assert_string_equal(value_get_str(&list.items[1], "driver"), "580.95.05");
}

static void cpu_lists(void **state)
{
	assert_int_equal(machine_cpu_count("0\n"), 1);
	assert_int_equal(machine_cpu_count("0-127"), 128);
	assert_int_equal(machine_cpu_count("0-1,4,6-7\n"), 5);
	assert_int_equal(machine_cpu_count(""), 0);
	assert_int_equal(machine_cpu_count("3-1"), 0);
	assert_int_equal(machine_cpu_count("0-99999999999"), 0);
	assert_int_equal(machine_cpu_count("0-3;4"), 0);
}

static int parse(const char *text)
{
	struct err err;
	int r = machine_parse(&ctx, "facts.yaml", text, strlen(text), &facts, &err);

	if (r < 0)
		assert_non_null(strstr(err.message, "facts.yaml"));
	return r;
}

static void a_fact_file_is_yaml_or_json(void **state)
{
	assert_int_equal(parse("format: auto-devops/facts/v1\ncpu: {cores: 8}\nports: {443: {state: free}}\n"), 0);
	assert_int_equal(number("cpu.cores"), 8);
	assert_string_equal(fact("ports['443'].state"), "free");
	assert_int_equal(parse(" {\"format\": \"auto-devops/facts/v1\", \"cpu\": {\"cores\": 4}}"), 0);
	assert_int_equal(number("cpu.cores"), 4);
	assert_int_equal(parse(""), ERR_INPUT);
	assert_int_equal(parse("just words"), ERR_INPUT);
	assert_int_equal(parse("{\"format\": "), ERR_INPUT);
	assert_int_equal(parse("format: auto-devops/facts/v9\n"), ERR_INPUT);
	assert_int_equal(parse("apiVersion: v1\nkind: Pod\n"), ERR_INPUT);
}

static void what_is_saved_reads_back(void **state)
{
	static const char *const names[] = {"/facts.yaml", "/facts.json"};
	struct value again;

	put("/proc/meminfo", "MemTotal:       131072 kB\n");
	put("/sys/block/nvme0n1/size", "1953525168\n");
	put("/sys/block/nvme0n1/device/model", "odd: \"name\" \xff\n");
	collect();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(machine_write(&facts, at(names[i]), NULL), 0);
		assert_int_equal(machine_read(&ctx, at(names[i]), &again, NULL), 0);
		assert_true(value_equal(&facts, &again));
	}
}

#define ON_A_MACHINE(f) cmocka_unit_test_setup_teardown(f, begin, end)

RUN_TESTS(ON_A_MACHINE(an_empty_machine_is_unknown), ON_A_MACHINE(processor), ON_A_MACHINE(control_groups_of_version_1),
	  ON_A_MACHINE(system_of_a_machine), ON_A_MACHINE(disks_and_cards), ON_A_MACHINE(ports_and_who_holds_them),
	  ON_A_MACHINE(versions_in_what_programs_print), ON_A_MACHINE(versions_are_compared_by_number),
	  ON_A_MACHINE(output_without_a_version_is_kept), ON_A_MACHINE(gpus_of_nvidia_smi), ON_A_MACHINE(cpu_lists),
	  ON_A_MACHINE(a_fact_file_is_yaml_or_json), ON_A_MACHINE(what_is_saved_reads_back))
