/* Facts of the operating system: which, in what container or virtual machine, the kernel's features and limits, the clock. */
#include "platform/machine_internal.h"

#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/timex.h>
#endif

/* A value of os-release: NAME="Debian GNU/Linux" */
static void release_field(struct machine *m, struct value *os, const char *text, const char *field, const char *key)
{
	size_t len;
	const char *s = machine_field(text, field, &len);

	if (!s)
		return;
	if (len >= 2 && (*s == '"' || *s == '\'') && s[len - 1] == *s) {
		s++;
		len -= 2;
	}
	fact_text(m, os, key, s, len);
}

/* Microsoft's kernels say what they are; version 1 is no Linux kernel but calls itself 4.4. */
static void detect_wsl(struct machine *m, struct value *os, const char *kernel)
{
	if (!strcasestr(kernel, "microsoft"))
		return;
	fact_int(m, os, "wsl", strcasestr(kernel, "wsl2") || strstr(kernel, "microsoft-standard") ? 2 : 1);
}

static const char *container_of(struct machine *m)
{
	static const char *const words[][2] = {
		{"kubepods", "kubernetes"}, {"docker", "docker"}, {"libpod", "podman"}, {"lxc", "lxc"}, {"containerd", "containerd"}};
	const char *text;

	if (!*m->o->root && getenv("KUBERNETES_SERVICE_HOST"))
		return "kubernetes";
	if (access(machine_path(m, "/.dockerenv"), F_OK) == 0)
		return "docker";
	if (access(machine_path(m, "/run/.containerenv"), F_OK) == 0)
		return "podman";
	/* systemd and container managers that follow its interface write their name there. */
	text = machine_line(m, machine_path(m, "/run/systemd/container"));
	if (text && *text)
		return text;
	text = machine_file(m, machine_path(m, "/proc/1/cgroup"), NULL);
	for (size_t i = 0; text && i < ARRAY_LEN(words); i++)
		if (strstr(text, words[i][0]))
			return words[i][1];
	return NULL;
}

void machine_os(struct machine *m)
{
	static const char *const fields[][2] = {{"ID", "id"}, {"ID_LIKE", "like"}, {"VERSION_ID", "version"}, {"PRETTY_NAME", "name"}};
	char *text = machine_file(m, machine_path(m, "/etc/os-release"), NULL);
	char *kernel = machine_line(m, machine_path(m, "/proc/sys/kernel/osrelease"));
	struct value os = {.type = VALUE_MAP};
	const char *container = container_of(m);

	if (!text)
		text = machine_file(m, machine_path(m, "/usr/lib/os-release"), NULL);
	if (kernel)
		fact_str(m, &os, "family", "linux");
	for (size_t i = 0; text && i < ARRAY_LEN(fields); i++)
		release_field(m, &os, text, fields[i][0], fields[i][1]);
	if (kernel)
		detect_wsl(m, &os, kernel);
	if (container)
		fact_str(m, &os, "container", container);
	fact_str(m, &os, "vendor", machine_line(m, machine_path(m, "/sys/class/dmi/id/sys_vendor")));
	fact_str(m, &os, "product", machine_line(m, machine_path(m, "/sys/class/dmi/id/product_name")));
	fact_map(m, m->facts, "os", os);
}

/* Version 2 alone mounts its tree there; in the hybrid of old systemd it is below unified/ and does not count. */
static void cgroups(struct machine *m, struct value *kernel)
{
	char *controllers = machine_line(m, machine_path(m, "/sys/fs/cgroup/cgroup.controllers"));

	if (controllers) {
		fact_int(m, kernel, "cgroup", 2);
		fact_str(m, kernel, "cgroup_controllers", controllers);
	} else if (access(machine_path(m, "/sys/fs/cgroup/memory"), F_OK) == 0 || access(machine_path(m, "/sys/fs/cgroup/cpu"), F_OK) == 0) {
		fact_int(m, kernel, "cgroup", 1);
	}
}

static void inotify_limits(struct machine *m, struct value *kernel)
{
	static const char *const limits[] = {"max_user_watches", "max_user_instances"};
	struct value inotify = {.type = VALUE_MAP};
	int64_t n;

	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (machine_number(m, machine_path(m, "/proc/sys/fs/inotify/%s", limits[i]), &n))
			fact_int(m, &inotify, limits[i], n);
	/* Other settings of the file system are there, these are not: the kernel was built without. */
	if (!value_len(&inotify) && access(machine_path(m, "/proc/sys/fs/file-max"), F_OK) == 0)
		value_map_set(&m->b, kernel, "inotify", value_of_bool(false));
	fact_map(m, kernel, "inotify", inotify);
}

static void file_system_types(struct machine *m, struct value *kernel)
{
	char *text = machine_file(m, machine_path(m, "/proc/filesystems"), NULL);

	/* Not listed is not "no": the module may only not be loaded yet. */
	if (text && strstr(text, "\toverlay\n"))
		fact_bool(m, kernel, "overlay", true);
}

void machine_kernel(struct machine *m)
{
	struct value kernel = {.type = VALUE_MAP};
	struct name_list names;
	struct rlimit limit;
	int64_t n;

	fact_str(m, &kernel, "version", machine_line(m, machine_path(m, "/proc/sys/kernel/osrelease")));
	cgroups(m, &kernel);
	if (machine_folder(m, machine_path(m, "/proc/self/ns"), &names))
		fact_texts(m, &kernel, "namespaces", &names);
	inotify_limits(m, &kernel);
	file_system_types(m, &kernel);
	if (machine_number(m, machine_path(m, "/proc/sys/net/ipv4/ip_forward"), &n))
		fact_bool(m, &kernel, "ip_forward", n != 0);
	if (!*m->o->root && getrlimit(RLIMIT_NOFILE, &limit) == 0)
		fact_int(m, &kernel, "open_files_max", limit.rlim_max == RLIM_INFINITY ? INT64_MAX : (int64_t)limit.rlim_max);
	fact_map(m, m->facts, "kernel", kernel);
}

void machine_clock(struct machine *m)
{
#ifdef __linux__
	struct timex now = {.modes = 0};
	struct value clock = {.type = VALUE_MAP};
	int state = *m->o->root ? -1 : adjtimex(&now);

	if (state < 0)
		return;
	fact_bool(m, &clock, "synchronised", state != TIME_ERROR && !(now.status & STA_UNSYNC));
	fact_int(m, &clock, "error_us", now.maxerror);
	fact_map(m, m->facts, "clock", clock);
#endif
}
