/* Are the disks large and fast enough, and of the right kind? */
#include "platform/fitness_internal.h"

#define GB 1e9
#define FREE_NEEDED 0.10    /* kubelet evicts pods below this (nodefs.available<10%) */
#define FREE_WANTED 0.15    /* and below this it removes images (imagefs.available<15%) */
#define SYNC_WANTED 10000   /* microseconds: etcd's documentation asks for a 99th percentile of 10 ms */
#define SYNC_HARMFUL 100000 /* etcd's heartbeat interval: beyond it leaders are lost */

struct disks {
	double nvme, ssd, hdd, virtual; /* GB of each kind; virtual: what lies beneath is not told */
	bool known;
};

static void count_disks(const struct value *facts, struct disks *d)
{
	const struct value *list = value_get(facts, "disks");

	/* No disk at all is one that was not seen: something was started from. */
	*d = (struct disks){.known = list && list->type == VALUE_LIST && list->len > 0};
	for (value_each(disk, list)) {
		const char *transport = value_get_str(disk, "transport");
		const struct value *rotational = value_get(disk, "rotational");
		double size;

		if (value_get_bool(disk, "removable", false) || str_eq(transport, "usb") || !fit_number(disk, "size_bytes", &size))
			continue;
		if (str_eq(transport, "virtual") || !rotational)
			d->virtual += size / GB;
		else if (str_eq(transport, "nvme"))
			d->nvme += size / GB;
		else
			*(value_bool(rotational, true) ? &d->hdd : &d->ssd) += size / GB;
	}
}

static const char *disks_text(struct fitness *f, const struct disks *d)
{
	const struct {
		double gb;
		const char *kind;
	} parts[] = {{d->nvme, "NVMe"}, {d->ssd, "SSD"}, {d->hdd, "HDD"}, {d->virtual, "virtual disk"}};
	const char *text = "";

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i].gb > 0)
			text = fit_printf(f, "%s%s%s %s", text, *text ? " + " : "", fit_gb(f, parts[i].gb), parts[i].kind);
	return *text ? text : "no disk";
}

static const char *need_text(struct fitness *f, const struct need *need)
{
	const char *text = need->nvme_gb > 0 ? fit_printf(f, "%s NVMe", fit_gb(f, need->nvme_gb)) : "";

	if (need->more_gb > 0)
		text = fit_printf(f, "%s%s%s %s", text, *text ? " + " : "", fit_gb(f, need->more_gb), need->more_ssd ? "NVMe/SSD" : "of any kind");
	return text;
}

/* NVMe first; what is asked for besides may lie on what NVMe has left over. Virtual disks may be anything: they make a shortage unknown. */
static enum fit judge_sizes(const struct disks *d, const struct need *need)
{
	double left = d->nvme > need->nvme_gb ? d->nvme - need->nvme_gb : 0;
	double more = left + d->ssd + (need->more_ssd ? 0 : d->hdd);
	enum fit fast = fit_size(d->nvme, need->nvme_gb), rest = fit_size(more, need->more_gb);
	enum fit verdict = fast == FIT_FAIL || rest == FIT_FAIL ? FIT_FAIL : fast == FIT_WARN || rest == FIT_WARN ? FIT_WARN : FIT_PASS;

	if (verdict == FIT_FAIL && d->virtual > 0 && fit_size(d->nvme + more + d->virtual - left, need->nvme_gb + need->more_gb) != FIT_FAIL)
		return FIT_UNKNOWN;
	return verdict;
}

static void judge_capacity(struct fitness *f, const struct disks *d, const char *family, const struct need *required, const struct need *recommended)
{
	struct fit_line *line;

	if (required->nvme_gb <= 0 && required->more_gb <= 0)
		return;
	line = fit_add(f, *family ? fit_printf(f, "%s/disk-size", family) : "disk/size", "the disks are large enough, and of the right kind");
	fit_source(f, line, required, "Storage");
	line->required = need_text(f, required);
	if (recommended->nvme_gb + recommended->more_gb > required->nvme_gb + required->more_gb)
		line->recommended = need_text(f, recommended);
	if (!d->known) {
		line->remedy = "List the disks (lsblk -d -o NAME,SIZE,ROTA,TRAN), and write them into the fact file.";
		return;
	}
	line->measured = disks_text(f, d);
	line->verdict = judge_sizes(d, required);
	if (line->verdict == FIT_UNKNOWN) {
		line->why = "a virtual disk does not tell what it lies on";
		line->remedy = "Ask whoever runs the host, and see how fast it is: check --measure-disk FOLDER";
	} else if (line->verdict == FIT_WARN) {
		line->why = "a little less than asked for";
		line->remedy = "It will be full a little sooner.";
	} else if (line->verdict == FIT_FAIL) {
		line->remedy = d->nvme + d->ssd + d->hdd + d->virtual >= required->nvme_gb + required->more_gb
				       ? "The space is there, on disks of another kind: models, vectors and etcd want NVMe."
				       : "Build in larger disks, or take a smaller profile.";
	}
}

static void judge_free(struct fitness *f, const struct value *facts)
{
	const struct value *list = value_get(facts, "file_systems");
	struct fit_line *line = fit_add(f, "disk/free", "no file system is nearly full");
	double least = 2;

	line->required = "10 % free";
	line->recommended = "15 % free";
	for (value_each(fs, list)) {
		double total, available = value_double(value_get(fs, "free_bytes"), -1);

		if (!fit_number(fs, "total_bytes", &total) || available < 0 || available / total >= least)
			continue;
		least = available / total;
		line->measured = fit_printf(f, "%s of %s free (%.0f %%) in %s", fit_gb(f, available / GB), fit_gb(f, total / GB), least * 100,
					    value_get_str(fs, "path"));
	}
	if (least > 1) {
		line->remedy = "See what is free: df -h";
		return;
	}
	line->verdict = least < FREE_NEEDED ? FIT_FAIL : least < FREE_WANTED ? FIT_WARN : FIT_PASS;
	if (line->verdict == FIT_FAIL)
		line->why = "kubelet evicts pods there";
	else if (line->verdict == FIT_WARN)
		line->why = "kubelet begins to remove images there";
	if (line->verdict != FIT_PASS)
		line->remedy = "Make room (docker system prune, old models), or enlarge it.";
}

#define MEASURE_REMEDY "Measure it: check --measure-disk FOLDER writes a file of 64 MiB there for about 5 s, and removes it."

static void judge_sync(struct fitness *f, const struct value *measured)
{
	struct fit_line *line = fit_add(f, "disk/sync", "the disk makes writes durable quickly");
	double p99;

	line->required = "99 % within 10 ms";
	if (!measured) {
		line->measured = "not asked";
		line->not_asked = true;
		line->remedy = MEASURE_REMEDY;
		return;
	}
	if (!fit_number(measured, "sync_p99_us", &p99)) {
		line->measured = fit_printf(f, "not measured: %s", value_str(value_get(measured, "error"), "it took no time at all"));
		line->remedy = "Measure in a folder on the disk that etcd and the databases will use.";
		return;
	}
	line->measured = fit_printf(f, "99 %% within %.1f ms in %s", p99 / 1000, value_get_str(measured, "path"));
	line->verdict = p99 <= SYNC_WANTED ? FIT_PASS : p99 <= SYNC_HARMFUL ? FIT_WARN : FIT_FAIL;
	if (line->verdict != FIT_PASS) {
		line->why = "etcd waits for this with every change, and loses its leader when it takes too long";
		line->remedy = "Put etcd and databases on a local NVMe disk of their own.";
	}
}

static void judge_speed(struct fitness *f, const struct value *facts, const char *family, const struct need *required)
{
	const struct value *measured = value_get(facts, "disk_measurement");
	struct fit_line *line;
	double iops;

	if (!*family)
		judge_sync(f, measured);
	if (required->iops <= 0)
		return;
	line = fit_add(f, *family ? fit_printf(f, "%s/disk-iops", family) : "disk/iops", "the disk does enough random writes a second");
	fit_source(f, line, required, "IOPS");
	line->required = fit_printf(f, "%.0f a second", required->iops);
	line->remedy = MEASURE_REMEDY;
	if (!measured) {
		line->measured = "not asked";
		line->not_asked = true;
	} else if (!fit_number(measured, "write_iops", &iops)) {
		line->measured = fit_printf(f, "not measured: %s",
					    value_str(value_get(measured, "error"), "this file system does not write past the page cache"));
	} else {
		line->measured = fit_printf(f, "%.0f a second in %s", iops, value_get_str(measured, "path"));
		line->verdict = iops >= required->iops ? FIT_PASS : FIT_FAIL;
		line->remedy = iops >= required->iops ? "" : "Use a local NVMe disk, or storage with so many operations assured.";
	}
}

void fitness_disks(struct fitness *f, const struct value *facts, const char *family, const struct need *required, const struct need *recommended)
{
	struct disks d;

	count_disks(facts, &d);
	judge_capacity(f, &d, family, required, recommended);
	if (!*family)
		judge_free(f, facts);
	judge_speed(f, facts, family, required);
}
