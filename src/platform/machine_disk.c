/* Facts of disks and file systems. */
#include "platform/machine_internal.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Block devices that are no disks, or are made of disks that are counted themselves. */
static bool is_disk(const char *name)
{
	static const char *const others[] = {"loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "zd", "drbd", "rbd"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strncmp(name, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

/* How a disk is attached, from its name and from where its device lies. */
static const char *transport_of(const char *name, const char *link)
{
	static const char *const ways[][2] = {{"/usb", "usb"},     {"/nvme/", "nvme"}, {"/virtio", "virtual"}, {"/vmbus", "virtual"},
					      {"/xen", "virtual"}, {"/ata", "sata"},   {"/mmc", "mmc"},        {"/host", "scsi"}};

	if (strncmp(name, "nvme", 4) == 0)
		return "nvme";
	if (strncmp(name, "vd", 2) == 0 || strncmp(name, "xvd", 3) == 0)
		return "virtual";
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		if (strstr(link, ways[i][0]))
			return ways[i][1];
	return NULL;
}

static void add_disk(struct machine *m, struct fact_list *list, const char *name)
{
	const char *folder = machine_path(m, "/sys/block/%s", name);
	char link[512];
	ssize_t n = readlink(folder, link, sizeof(link) - 1);
	int64_t sectors, flag;
	struct value *disk;

	/* An empty card reader has a size of 0. */
	if (!machine_number(m, arena_printf(&m->ctx->arena, "%s/size", folder), &sectors) || sectors <= 0 || sectors > INT64_MAX / 512)
		return;
	link[n > 0 ? n : 0] = 0;
	disk = fact_add(m, list);
	fact_str(m, disk, "name", name);
	fact_str(m, disk, "model", machine_line(m, arena_printf(&m->ctx->arena, "%s/device/model", folder)));
	fact_int(m, disk, "size_bytes", sectors * 512);
	if (machine_number(m, arena_printf(&m->ctx->arena, "%s/queue/rotational", folder), &flag))
		fact_bool(m, disk, "rotational", flag != 0);
	if (machine_number(m, arena_printf(&m->ctx->arena, "%s/removable", folder), &flag) && flag)
		fact_bool(m, disk, "removable", true);
	fact_str(m, disk, "transport", transport_of(name, link));
}

/* Where containers, models and volumes come to lie, as far as these folders are there: each file system once. */
static void file_systems(struct machine *m)
{
	const char *const paths[] = {"/", "/var/lib", "/var/lib/docker", "/var/lib/containerd", "/var/lib/kubelet", m->o->home};
	struct fact_list list = {0};
	dev_t seen[ARRAY_LEN(paths)] = {0};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const char *path = paths[i] ? machine_path(m, "%s", paths[i]) : NULL;
		struct statvfs fs;
		struct stat st;
		struct value *v;
		size_t k = 0;

		if (!path || stat(path, &st) < 0 || statvfs(path, &fs) < 0 || !fs.f_blocks)
			continue;
		while (k < count && seen[k] != st.st_dev)
			k++;
		if (k < count)
			continue;
		seen[count++] = st.st_dev;
		v = fact_add(m, &list);
		fact_str(m, v, "path", paths[i]);
		fact_int(m, v, "total_bytes", (int64_t)(fs.f_blocks * fs.f_frsize));
		fact_int(m, v, "free_bytes", (int64_t)(fs.f_bavail * fs.f_frsize));
	}
	if (list.len)
		fact_list(m, m->facts, "file_systems", &list);
}

void machine_disk(struct machine *m)
{
	struct fact_list list = {0};
	struct name_list names;

	if (machine_folder(m, machine_path(m, "/sys/block"), &names)) {
		for (uint32_t i = 0; i < names.len; i++)
			if (is_disk(names.items[i]))
				add_disk(m, &list, names.items[i]);
		fact_list(m, m->facts, "disks", &list);
	}
	file_systems(m);
}
