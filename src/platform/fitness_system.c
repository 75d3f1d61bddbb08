/* Is the system fit: which operating system, the kernel's features and limits, clock and name servers. */
#include "platform/fitness_internal.h"
#include "platform/release.h"

#define KERNEL_NEEDED "4.19"  /* kubeadm's system verification of Kubernetes 1.32 and later */
#define KERNEL_WANTED "5.8"   /* what Kubernetes asks for with control groups of version 2 */
#define WATCHES_NEEDED 524288 /* kind's "known issues": what several nodes on one machine need */
#define INSTANCES_NEEDED 512
#define FILES_NEEDED 65536 /* k0s sysinfo */

static bool parse(const char *text, struct release *ret)
{
	return release_parse(text, strlen(text), ret);
}

/* The row for this system: its own, or for a relative of Red Hat's that of Red Hat. */
static const struct system_need *system_of(const struct system_list *list, const char *id, const char *like, bool *ret_relative)
{
	*ret_relative = false;
	for (uint32_t i = 0; i < list->len; i++)
		if (str_eq(list->items[i].id, id))
			return &list->items[i];
	*ret_relative = true;
	for (uint32_t i = 0; i < list->len; i++)
		if (str_eq(list->items[i].id, "rhel") && strstr(like, "rhel"))
			return &list->items[i];
	return NULL;
}

static const char *systems_text(struct fitness *f, const struct system_list *list)
{
	const char *text = "";

	for (uint32_t i = 0; i < list->len; i++)
		if (!list->items[i].as)
			text = fit_printf(f, "%s%s%s %s", text, *text ? ", " : "", list->items[i].title, list->items[i].minimum);
	return text;
}

static bool is_development(const struct fitness_options *o)
{
	return !o->profile || o->profile->environment == SPEC_DEV;
}

static void judge_version(struct fit_line *line, const struct system_need *need, bool relative, const char *version)
{
	struct release have, minimum;

	if (!parse(version, &have)) {
		line->why = "its version is not known";
		line->remedy = "See /etc/os-release.";
	} else if (parse(need->minimum, &minimum) && release_compare(&have, &minimum) < 0) {
		line->verdict = FIT_FAIL;
		line->remedy = "Upgrade the operating system.";
	} else if (relative) {
		line->verdict = FIT_WARN;
		line->why = "the specification does not name it, but its near relative";
		line->remedy = "It should do; what is tested is what the specification names.";
	} else {
		line->verdict = FIT_PASS;
		line->why = need->as ? "the specification does not name it; it is as good as what it names" : "";
	}
}

static void judge_os(struct fitness *f, const struct value *os, const struct fitness_options *o)
{
	struct fit_line *line = fit_add(f, "os/version", "the operating system is supported");
	const char *id = value_get_str(os, "id"), *version = value_get_str(os, "version");
	const struct system_need *need;
	bool relative;

	line->source = o->systems->source ? o->systems->source : "";
	line->required = systems_text(f, o->systems);
	if (!*id) {
		line->remedy = "See /etc/os-release.";
		return;
	}
	line->measured = value_str(value_get(os, "name"), fit_printf(f, "%s %s", id, version));
	need = system_of(o->systems, id, value_get_str(os, "like"), &relative);
	if (!need) {
		line->verdict = FIT_WARN;
		line->why = "the specification does not name it";
		line->remedy = "It may do; take one of those named when something fails that works elsewhere.";
		return;
	}
	judge_version(line, need, relative, version);
	if (need->development_only && !is_development(o) && line->verdict != FIT_FAIL) {
		line->verdict = FIT_FAIL;
		line->why = "it is for development only";
		line->remedy = "Use Linux on a server.";
	}
}

void fitness_apple(struct fitness *f, const struct value *facts)
{
	struct fit_line *line;
	const char *model = value_get_str(value_get(facts, "cpu"), "model");

	if (!str_eq(value_get_str(value_get(facts, "os"), "id"), "macos"))
		return;
	line = fit_add(f, "cpu/apple", "the processor is Apple Silicon of the second generation");
	line->required = "M2";
	if (!*model) {
		line->remedy = "See \"About This Mac\".";
		return;
	}
	line->measured = model;
	if (strncmp(model, "Apple M", 7) == 0 && model[7] >= '1' && model[7] <= '9')
		line->verdict = strtol(model + 7, NULL, 10) >= 2 ? FIT_PASS : FIT_WARN;
	else
		line->verdict = FIT_FAIL;
	if (line->verdict != FIT_PASS)
		line->remedy = "Models run slowly on it: use a Mac with an M2 or later, or Linux with a GPU.";
}

static void judge_wsl(struct fitness *f, const struct value *os, const struct fitness_options *o)
{
	int64_t wsl = value_get_int(os, "wsl", 0);
	struct fit_line *line;

	if (!wsl)
		return;
	line = fit_add(f, "os/wsl", "Windows' subsystem for Linux is of version 2, and for development");
	line->required = is_development(o) ? "WSL2" : "Linux itself";
	line->measured = fit_printf(f, "WSL%lld", (long long)wsl);
	line->verdict = wsl >= 2 && is_development(o) ? FIT_PASS : FIT_FAIL;
	if (wsl < 2)
		line->remedy = "It has no Linux kernel. In Windows: wsl --set-version DISTRIBUTION 2";
	else if (line->verdict == FIT_FAIL)
		line->remedy = "Use Linux itself on a server.";
}

/* What is measured inside is the container's view: said, because limits and ports there are not the machine's. */
static void judge_container(struct fitness *f, const struct value *os)
{
	const char *container = value_get_str(os, "container");
	struct fit_line *line;

	if (!*container)
		return;
	line = fit_add(f, "os/container", "this is the machine itself");
	line->required = "no container";
	line->measured = fit_printf(f, "inside a container (%s)", container);
	line->verdict = FIT_WARN;
	line->why = "ports, mounts, programs and limits are the container's, not the machine's";
	line->remedy = "Run the check on the machine to judge the machine.";
}

static void judge_kernel(struct fitness *f, const struct value *kernel)
{
	struct fit_line *line = fit_add(f, "kernel/version", "the kernel is recent enough for Kubernetes");
	const char *version = value_get_str(kernel, "version");
	struct release have, needed, wanted;

	line->required = "Linux " KERNEL_NEEDED;
	line->recommended = "Linux " KERNEL_WANTED;
	if (!parse(version, &have) || !parse(KERNEL_NEEDED, &needed) || !parse(KERNEL_WANTED, &wanted)) {
		line->remedy = "See uname -r.";
		return;
	}
	/* "6.8.0-rc1" is new enough for what 6.8 is. */
	have.early = false;
	line->measured = fit_printf(f, "Linux %s", version);
	line->verdict = release_compare(&have, &needed) < 0 ? FIT_FAIL : release_compare(&have, &wanted) < 0 ? FIT_WARN : FIT_PASS;
	if (line->verdict != FIT_PASS)
		line->remedy = "Upgrade the kernel, or the operating system with it.";
}

static void judge_cgroup(struct fitness *f, const struct value *kernel)
{
	struct fit_line *line = fit_add(f, "kernel/cgroup", "control groups are of version 2");
	int64_t version = value_get_int(kernel, "cgroup", 0);

	line->required = "version 2";
	if (version <= 0) {
		line->remedy = "See stat -fc %T /sys/fs/cgroup: cgroup2fs is version 2.";
		return;
	}
	line->measured = fit_printf(f, "version %lld", (long long)version);
	line->verdict = version >= 2 ? FIT_PASS : FIT_FAIL;
	if (version < 2)
		line->remedy = "Boot with systemd.unified_cgroup_hierarchy=1, or upgrade the system: recent kubelets refuse version 1.";
}

/* Does a text of words, separated by blanks, hold this one? */
static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && strncmp(p, word, len) == 0)
			return true;
		p += n;
	}
	return false;
}

static void judge_controllers(struct fitness *f, const struct value *kernel)
{
	static const char *const needed[] = {"cpu", "cpuset", "memory", "pids"};
	const char *have = value_get_str(kernel, "cgroup_controllers"), *missing = "";
	struct fit_line *line;

	/* Those of version 1 are mounted one by one; that version fails anyway. */
	if (value_get_int(kernel, "cgroup", 0) == 1)
		return;
	line = fit_add(f, "kernel/controllers", "control groups can limit what kubelet limits");
	line->required = "cpu, cpuset, memory, pids";
	if (!*have) {
		line->remedy = "See /sys/fs/cgroup/cgroup.controllers.";
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!has_word(have, needed[i]))
			missing = fit_printf(f, "%s%s%s", missing, *missing ? ", " : "", needed[i]);
	line->measured = *missing ? fit_printf(f, "all but %s", missing) : "all";
	line->verdict = *missing ? FIT_FAIL : FIT_PASS;
	if (*missing)
		line->remedy = "Turn them on: cgroup_enable=memory on the kernel's command line for memory, or whoever delegates the group.";
}

static void judge_overlay(struct fitness *f, const struct value *kernel)
{
	struct fit_line *line = fit_add(f, "kernel/overlay", "the kernel has the overlay file system");

	line->required = "overlay";
	line->remedy = "Its module may only not be loaded yet: sudo modprobe overlay";
	if (!value_get_bool(kernel, "overlay", false))
		return;
	line->measured = "overlay";
	line->verdict = FIT_PASS;
}

/* Only a machine that is a node itself passes on its pods' packets. */
static void judge_forwarding(struct fitness *f, const struct value *kernel, const struct fitness_options *o)
{
	const struct value *on = value_get(kernel, "ip_forward");
	struct fit_line *line;

	if (is_development(o))
		return;
	line = fit_add(f, "kernel/ip-forward", "packets of pods are passed on");
	line->required = "on";
	line->remedy = "sudo sysctl net.ipv4.ip_forward=1, and the same in /etc/sysctl.d/.";
	if (!on || on->type != VALUE_BOOL)
		return;
	line->measured = on->b ? "on" : "off";
	line->verdict = on->b ? FIT_PASS : FIT_WARN;
	if (!on->b)
		line->why = "kubeadm refuses to begin without";
}

static void judge_namespaces(struct fitness *f, const struct value *kernel)
{
	static const char *const needed[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
	const struct value *list = value_get(kernel, "namespaces");
	struct fit_line *line = fit_add(f, "kernel/namespaces", "the kernel has the namespaces that containers need");
	const char *missing = "";

	line->required = "cgroup, ipc, mnt, net, pid, user, uts";
	if (!value_len(list)) {
		line->remedy = "See ls /proc/self/ns.";
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!value_list_has(list, needed[i]))
			missing = fit_printf(f, "%s%s%s", missing, *missing ? ", " : "", needed[i]);
	line->measured = *missing ? fit_printf(f, "all but %s", missing) : "all";
	line->verdict = *missing ? FIT_FAIL : FIT_PASS;
	if (*missing)
		line->remedy = "Use a kernel that is built with them (CONFIG_NAMESPACES and its like).";
}

/* A cluster of several nodes on one machine runs out of these, and its pods fail with "too many open files". */
static void judge_inotify(struct fitness *f, const struct value *kernel, const char *key, const char *id, int64_t needed)
{
	const struct value *inotify = value_get(kernel, "inotify");
	struct fit_line *line = fit_add(f, id, fit_printf(f, "%s suffices for a cluster on one machine", key));
	int64_t have = value_get_int(inotify, key, -1);

	line->required = fit_printf(f, "%lld", (long long)needed);
	if (inotify && inotify->type == VALUE_BOOL && !inotify->b) {
		line->measured = "the kernel has no inotify";
		line->verdict = FIT_FAIL;
		line->remedy = "Use a kernel built with CONFIG_INOTIFY_USER: kubelet cannot watch files without it.";
		return;
	}
	if (have < 0) {
		line->remedy = fit_printf(f, "See sysctl fs.inotify.%s.", key);
		return;
	}
	line->measured = fit_printf(f, "%lld", (long long)have);
	line->verdict = have >= needed ? FIT_PASS : FIT_WARN;
	if (have < needed) {
		line->why = "pods of a cluster of several nodes may fail with \"too many open files\"";
		line->remedy = fit_printf(f, "sudo sysctl fs.inotify.%s=%lld, and the same in /etc/sysctl.d/.", key, (long long)needed);
	}
}

static void judge_files(struct fitness *f, const struct value *kernel)
{
	struct fit_line *line = fit_add(f, "kernel/open-files", "enough files may be open");
	double have;

	line->required = fit_printf(f, "%d", FILES_NEEDED);
	if (!fit_number(kernel, "open_files_max", &have)) {
		line->remedy = "See ulimit -Hn.";
		return;
	}
	line->measured = have > 1e15 ? "no limit" : fit_printf(f, "%.0f", have);
	line->verdict = have >= FILES_NEEDED ? FIT_PASS : FIT_WARN;
	if (have < FILES_NEEDED)
		line->remedy = "Raise the hard limit (nofile in /etc/security/limits.d/, LimitNOFILE= of the service).";
}

/* Kubelet does not start with swap unless told how to treat it. */
static void judge_swap(struct fitness *f, const struct value *memory, const struct fitness_options *o)
{
	const struct value *swap = value_get(memory, "swap_bytes");
	struct fit_line *line;

	/* kind's nodes are told; only a machine that is a node itself is meant. */
	if (is_development(o))
		return;
	line = fit_add(f, "kernel/swap", "nothing is swapped out");
	line->required = "no swap";
	if (!swap) {
		line->remedy = "See swapon --show.";
		return;
	}
	line->measured = value_int(swap, 0) > 0 ? fit_printf(f, "%s of swap", fit_gb(f, (double)value_int(swap, 0) / 1e9)) : "no swap";
	line->verdict = value_int(swap, 0) > 0 ? FIT_WARN : FIT_PASS;
	if (line->verdict == FIT_WARN) {
		line->why = "kubelet does not start with swap on unless failSwapOn is false";
		line->remedy = "sudo swapoff -a, and take it out of /etc/fstab.";
	}
}

static void judge_clock(struct fitness *f, const struct value *clock)
{
	const struct value *synchronised = value_get(clock, "synchronised");
	struct fit_line *line = fit_add(f, "clock/synchronised", "the clock is kept right");

	line->required = "synchronised";
	if (!synchronised || synchronised->type != VALUE_BOOL) {
		line->remedy = "See timedatectl, or on macOS: sntp time.apple.com";
		return;
	}
	line->measured = synchronised->b ? "synchronised" : "not synchronised";
	line->verdict = synchronised->b ? FIT_PASS : FIT_WARN;
	if (!synchronised->b) {
		line->why = "certificates, tokens and logs go by it; a virtual machine's host may keep it right unseen";
		line->remedy = "Run chrony or systemd-timesyncd.";
	}
}

static void judge_dns(struct fitness *f, const struct value *dns)
{
	const struct value *servers = value_get(dns, "servers");
	struct fit_line *line = fit_add(f, "dns/servers", "there is a name server");

	line->required = "one";
	line->recommended = "two";
	if (!servers || servers->type != VALUE_LIST) {
		line->remedy = "See /etc/resolv.conf.";
		return;
	}
	line->measured = value_len(servers) ? fit_printf(f, "%zu: %s", value_len(servers), value_str(value_item(servers, 0), "?")) : "none";
	line->verdict = value_len(servers) ? FIT_PASS : FIT_FAIL;
	if (!value_len(servers))
		line->remedy = "Put a nameserver into /etc/resolv.conf, or let the network's manager do it.";
}

void fitness_system(struct fitness *f, const struct value *facts, const struct fitness_options *o)
{
	const struct value *os = value_get(facts, "os"), *kernel = value_get(facts, "kernel");
	bool apple = str_eq(value_get_str(os, "family"), "darwin");

	judge_os(f, os, o);
	judge_wsl(f, os, o);
	judge_container(f, os);
	/* On macOS containers run in a virtual machine, whose kernel is not looked at. */
	if (!apple) {
		judge_kernel(f, kernel);
		judge_cgroup(f, kernel);
		judge_controllers(f, kernel);
		judge_namespaces(f, kernel);
		judge_inotify(f, kernel, "max_user_watches", "kernel/inotify-watches", WATCHES_NEEDED);
		judge_inotify(f, kernel, "max_user_instances", "kernel/inotify-instances", INSTANCES_NEEDED);
		judge_files(f, kernel);
		judge_overlay(f, kernel);
		judge_forwarding(f, kernel, o);
		judge_swap(f, value_get(facts, "memory"), o);
	}
	judge_clock(f, value_get(facts, "clock"));
	judge_dns(f, value_get(facts, "dns"));
}
