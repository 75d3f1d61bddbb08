/* Facts of the network: interfaces, ports that somebody listens on, name servers. */
#include "platform/machine_internal.h"

#include <unistd.h>

#define LISTENERS_MAX 65536

static const char *interface_kind(struct machine *m, const char *folder)
{
	if (access(arena_printf(&m->ctx->arena, "%s/wireless", folder), F_OK) == 0 ||
	    access(arena_printf(&m->ctx->arena, "%s/phy80211", folder), F_OK) == 0)
		return "wifi";
	return access(arena_printf(&m->ctx->arena, "%s/device", folder), F_OK) == 0 ? "ethernet" : "virtual";
}

static void add_interface(struct machine *m, struct fact_list *list, const char *name)
{
	const char *folder = machine_path(m, "/sys/class/net/%s", name);
	const char *state = machine_line(m, arena_printf(&m->ctx->arena, "%s/operstate", folder));
	struct value *v;
	int64_t speed;

	if (str_eq(name, "lo") || !state)
		return;
	v = fact_add(m, list);
	fact_str(m, v, "name", name);
	fact_str(m, v, "kind", interface_kind(m, folder));
	/* A driver that cannot tell says "unknown". */
	if (!str_eq(state, "unknown"))
		fact_bool(m, v, "up", str_eq(state, "up"));
	/* -1 where the driver does not know, and an error where there is no cable. */
	if (machine_number(m, arena_printf(&m->ctx->arena, "%s/speed", folder), &speed) && speed > 0)
		fact_int(m, v, "speed_mbps", speed);
}

static void name_servers(struct machine *m)
{
	char *text = machine_file(m, machine_path(m, "/etc/resolv.conf"), NULL);
	struct fact_list servers = {0};
	struct value dns = {.type = VALUE_MAP};

	if (!text)
		return;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *p = line + strspn(line, " \t");
		struct value one = {.type = VALUE_MAP};

		if (strncmp(p, "nameserver", 10) != 0 || !str_has(" \t", p[10]) || servers.len >= 16)
			continue;
		p += 10 + strspn(p + 10, " \t");
		fact_text(m, &one, "s", p, strcspn(p, " \t\r\n"));
		if (value_len(&one))
			*arena_push(&m->ctx->arena, &servers) = *value_get(&one, "s");
	}
	fact_list(m, &dns, "servers", &servers);
	fact_map(m, m->facts, "dns", dns);
}

void machine_network(struct machine *m)
{
	struct fact_list list = {0};
	struct name_list names;

	if (machine_folder(m, machine_path(m, "/sys/class/net"), &names)) {
		for (uint32_t i = 0; i < names.len; i++)
			add_interface(m, &list, names.items[i]);
		fact_list(m, m->facts, "interfaces", &list);
	}
	name_servers(m);
}

/* "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 23456 1 ...": state 0A is LISTEN. */
void machine_listeners(struct arena *a, const char *text, struct listener_list *ret)
{
	for (const char *line = text; *line && ret->len < LISTENERS_MAX; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *end = line + strcspn(line, "\n"), *fields[10], *colon, *p = line;
		char *after;
		unsigned long port;
		unsigned n = 0;

		while (n < ARRAY_LEN(fields) && p < end) {
			p += strspn(p, " ");
			if (p >= end)
				break;
			fields[n++] = p;
			p += strcspn(p, " \n");
		}
		if (n < ARRAY_LEN(fields) || strncmp(fields[3], "0A ", 3) != 0)
			continue;
		colon = memchr(fields[1], ':', strcspn(fields[1], " \n"));
		if (!colon)
			continue;
		port = strtoul(colon + 1, &after, 16);
		if (after != colon + 1 + 4 || *after != ' ' || !port)
			continue;
		*arena_push(a, ret) = (struct listener){.port = (uint16_t)port, .inode = strtoull(fields[9], NULL, 10)};
	}
}

static const struct listener *find_port(const struct listener_list *list, uint16_t port)
{
	for (uint32_t i = 0; i < list->len; i++)
		if (list->items[i].port == port)
			return &list->items[i];
	return NULL;
}

/* Who holds each of these ports: processes' open files are links like "socket:[23456]". Those of other users can be seen by root only. */
struct holder {
	uint16_t port;
	uint64_t inode;
	int64_t pid; /* 0 = not found */
};

static void look_at_process(struct machine *m, const char *pid, struct holder *holders, size_t count)
{
	struct name_list fds;
	const char *folder = machine_path(m, "/proc/%s/fd", pid);
	char link[64];

	if (!machine_folder(m, folder, &fds))
		return;
	for (uint32_t i = 0; i < fds.len; i++) {
		ssize_t n = readlink(arena_printf(&m->ctx->arena, "%s/%s", folder, fds.items[i]), link, sizeof(link) - 1);
		uint64_t inode;

		if (n <= 0)
			continue;
		link[n] = 0;
		if (strncmp(link, "socket:[", 8) != 0)
			continue;
		inode = strtoull(link + 8, NULL, 10);
		for (size_t k = 0; k < count; k++)
			if (holders[k].inode == inode && !holders[k].pid)
				holders[k].pid = strtoll(pid, NULL, 10);
	}
}

static void find_holders(struct machine *m, struct holder *holders, size_t count)
{
	struct name_list pids;

	if (!count || !machine_folder(m, machine_path(m, "/proc"), &pids))
		return;
	for (uint32_t i = 0; i < pids.len && ctx_check(m->ctx, NULL) == 0; i++)
		if (pids.items[i][0] >= '1' && pids.items[i][0] <= '9')
			look_at_process(m, pids.items[i], holders, count);
}

static void add_port(struct machine *m, struct value *ports, const struct holder *h, uint16_t port)
{
	struct value v = {.type = VALUE_MAP};

	fact_str(m, &v, "state", h ? "held" : "free");
	if (h && h->pid) {
		fact_str(m, &v, "by", machine_line(m, machine_path(m, "/proc/%lld/comm", (long long)h->pid)));
		fact_int(m, &v, "pid", h->pid);
	}
	fact_map(m, ports, arena_printf(&m->ctx->arena, "%u", port), v);
}

void machine_ports(struct machine *m)
{
	struct listener_list listeners = {0};
	struct value ports = {.type = VALUE_MAP};
	struct holder holders[MACHINE_PORTS_MAX];
	char *tcp = machine_file(m, machine_path(m, "/proc/net/tcp"), NULL), *tcp6 = machine_file(m, machine_path(m, "/proc/net/tcp6"), NULL);
	size_t count = 0;

	if (!tcp)
		return;
	machine_listeners(&m->ctx->arena, tcp, &listeners);
	if (tcp6)
		machine_listeners(&m->ctx->arena, tcp6, &listeners);
	for (size_t i = 0; i < m->o->port_count && count < ARRAY_LEN(holders); i++) {
		const struct listener *l = find_port(&listeners, m->o->ports[i]);

		if (l)
			holders[count++] = (struct holder){.port = l->port, .inode = l->inode};
	}
	find_holders(m, holders, count);
	for (size_t i = 0; i < m->o->port_count; i++) {
		const struct holder *h = NULL;

		for (size_t k = 0; k < count && !h; k++)
			if (holders[k].port == m->o->ports[i])
				h = &holders[k];
		add_port(m, &ports, h, m->o->ports[i]);
	}
	fact_map(m, m->facts, "ports", ports);
}
