/* snapshot: records the cluster into one file. */
#include "cli/session.h"

#include <sys/stat.h>

#define SNAPSHOT_LOGS 500 /* containers whose logs are recorded, at most */

static int run_snapshot(struct cli *cli, struct err *err)
{
	_cleanup_(session_release) struct session s = {0};
	struct diagnose_options o;
	struct diagnosis d;
	const char *path = cli->flags[FLAG_FILE];
	struct stat st;
	size_t logs, notes, room;
	const struct container_log *const *list;
	char size[32];
	int r;

	/* Before reading a big cluster for nothing. */
	if (!path)
		return err_set(err, ERR_USAGE, "snapshot needs a file to write: -o FILE");
	if (!cli_has(cli, FLAG_FORCE) && stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "%s exists already; --force replaces it", path);
	if ((r = session_open(&s, cli, true, err)) < 0)
		return r;
	/* The diagnosis fetches the logs of whatever is unhealthy. */
	session_diagnose_options(&s, &o);
	if (!cli->options.values[OPTION_MAX_LOGS].origin)
		o.max_logs = SNAPSHOT_LOGS;
	if ((r = diagnose_cluster(s.cluster, &cli->ctx, &o, &d, err)) < 0)
		return r;
	/* So that nothing can fail once the file is there. */
	strbuf_grow(&cli->out.buf, strlen(path) * 8 + 1024, &room);
	if ((r = snapshot_write(s.cluster, &cli->ctx, path, err)) < 0)
		return r;
	logs = inventory_logs(s.inv, &list);
	inventory_notes(s.inv, &notes);
	term_safe(&cli->out, STYLE_BOLD, path);
	term_addf(&cli->out, ": %zu objects, %zu logs%s%s\n", inventory_object_count(s.inv), logs, stat(path, &st) == 0 ? ", " : "",
		  stat(path, &st) == 0 ? quantity_format((double)st.st_size, true, size) : "");
	if (notes)
		term_addf(&cli->out, "%zu thing%s could not be read; the recording says which.\n", notes, notes == 1 ? "" : "s");
	term_addf(&cli->out, "Secret values are not in it, and what looks like a credential is masked. Try: %s scan --from ", cli->program);
	term_safe(&cli->out, STYLE_NONE, path);
	term_addf(&cli->out, "\n");
	return 0;
}

const struct command command_snapshot = {
	.name = "snapshot",
	.arguments = "",
	.summary = "Record the cluster into one file, to look at it elsewhere",
	.description =
		"Reads everything that may be read, with the logs of unhealthy containers (with --logs also those of running workloads: the last minutes, "
		"of one or two pods of 200 workloads at most), and writes it into one compressed file; every command reads it with --from, and scan --logs "
		"looks at the running ones again. Values of Secrets are never in it, and what looks like a credential in environment variables, ConfigMaps, events and "
		"logs is masked before it is written, whatever the input was. A file that is there is not "
		"replaced without --force, and then only when the new one is complete.",
	.examples = (const struct example[]){{"snapshot -o incident.snapshot", "record the cluster that kubectl would use"},
					     {"snapshot --logs -o incident.snapshot", "with what running programs log"},
					     {"scan --from incident.snapshot", "look at it later"},
					     {"snapshot --from dump.json -o masked.snapshot", "make a kubectl dump safe to pass on"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_SCOPE,
	.flags = (const enum flag_id[]){FLAG_FILE, FLAG_FORCE, FLAG_OPTION_MAX_LOGS, FLAG_OPTION_SCAN_LOGS, FLAG_COUNT},
	.run = run_snapshot,
};
