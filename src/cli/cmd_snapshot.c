/* snapshot: records the cluster into one file. */
#include "cli/session.h"
#include "base/utf8.h"

#include <sys/stat.h>

#define SNAPSHOT_LOGS 500 /* containers whose logs are recorded, at most */

/* NAME-2026-11-23T150405Z.snapshot, from the cluster's name with only harmless letters. */
static const char *default_path(struct session *s)
{
	char now[CLOCK_TEXT_MAX], *name = arena_strdup(&s->cli->ctx.arena, cluster_name(s->cluster));
	char *to = now;

	for (char *p = name; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '.'))
			*p = '-';
	clock_format_rfc3339(inventory_now(s->inv) / USEC_PER_SEC * USEC_PER_SEC, now);
	for (const char *p = now; *p; p++)
		if (*p != ':')
			*to++ = *p;
	*to = 0;
	return arena_printf(&s->cli->ctx.arena, "%s-%s.snapshot", *name ? name : "cluster", now);
}

static int run_snapshot(struct cli *cli, struct err *err)
{
	_cleanup_(session_release) struct session s = {0};
	struct diagnose_options o;
	struct diagnosis d;
	const char *path = cli->flags[FLAG_FILE];
	struct stat st;
	size_t logs, notes;
	const struct container_log *const *list;
	char size[32];
	int r;

	/* Before reading a big cluster for nothing. */
	if (path && !cli_has(cli, FLAG_FORCE) && stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "%s exists already; --force replaces it", path);
	if ((r = session_open(&s, cli, true, err)) < 0)
		return r;
	/* The diagnosis fetches the logs of whatever is unhealthy. */
	session_diagnose_options(&s, &o);
	if (!cli->options.values[OPTION_MAX_LOGS].origin)
		o.max_logs = SNAPSHOT_LOGS;
	if ((r = diagnose_cluster(s.cluster, &cli->ctx, &o, &d, err)) < 0)
		return r;
	path = path ? path : default_path(&s);
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
	.summary = "Record the cluster into one file, to look at it later or elsewhere",
	.description =
		"Reads everything that may be read, with the logs of unhealthy containers, and writes it into one compressed file; every command reads it "
		"with --from. Values of Secrets are never in it, and what looks like a credential in environment variables, ConfigMaps, events and "
		"logs is masked before it is written, whatever the input was.",
	.examples = (const struct example[]){{"snapshot -o incident.snapshot", "record the cluster that kubectl would use"},
					     {"scan --from incident.snapshot", "look at it later"},
					     {"snapshot --from dump.json -o masked.snapshot", "make a kubectl dump safe to pass on"},
					     {NULL, NULL}},
	.groups = GROUP_CLUSTER | GROUP_SCOPE,
	.flags = (const enum flag_id[]){FLAG_FILE, FLAG_FORCE, FLAG_OPTION_MAX_LOGS, FLAG_COUNT},
	.run = run_snapshot,
};
