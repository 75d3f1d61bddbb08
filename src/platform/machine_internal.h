/* machine_internal: what the collectors of facts share. Internal to platform/. Ownership and threads as in machine.h. */
#ifndef PLATFORM_MACHINE_INTERNAL_H
#define PLATFORM_MACHINE_INTERNAL_H

#include "platform/machine.h"

#define MACHINE_TEXT_MAX 256               /* bytes of one text that is kept */
#define MACHINE_FILE_MAX ((size_t)1 << 20) /* of a file below /proc or /sys */
#define MACHINE_ITEMS_MAX 65536u           /* names of one folder */

struct machine {
	struct ctx *ctx;
	const struct machine_options *o;
	struct value_builder b;
	struct value *facts; /* a map */
};

/* A path of the machine, below the root given. */
const char *machine_path(struct machine *m, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A small file's text, or NULL when it is not there or cannot be read. */
char *machine_file(struct machine *m, const char *path, size_t *ret_len);
/* Its first line without blanks at the ends; NULL as above. */
char *machine_line(struct machine *m, const char *path);
/* The number it begins with; false when there is none. */
bool machine_number(struct machine *m, const char *path, int64_t *ret);
/* The names in a folder, sorted, without those that begin with "."; false when it cannot be read. */
struct name_list {
	const char **items;
	uint32_t len, cap;
};
bool machine_folder(struct machine *m, const char *path, struct name_list *ret);

/* Facts. Texts are copied, cut at MACHINE_TEXT_MAX and made printable; an empty one is not set. */
void fact_text(struct machine *m, struct value *map, const char *key, const char *s, size_t len);
void fact_str(struct machine *m, struct value *map, const char *key, const char *s);
void fact_int(struct machine *m, struct value *map, const char *key, int64_t i);
void fact_bool(struct machine *m, struct value *map, const char *key, bool b);
void fact_double(struct machine *m, struct value *map, const char *key, double d);
/* Sets the map under key, when it has members. */
void fact_map(struct machine *m, struct value *map, const char *key, struct value child);
/* A list of maps, made from an array in the arena. */
struct fact_list {
	struct value *items;
	uint32_t len, cap;
};
struct value *fact_add(struct machine *m, struct fact_list *list);
void fact_list(struct machine *m, struct value *map, const char *key, const struct fact_list *list);
/* A list of texts. */
void fact_texts(struct machine *m, struct value *map, const char *key, const struct name_list *list);

/* "0-3,8" -> 5; 0 when it is no such list. */
int64_t machine_cpu_count(const char *list);
/* The value behind "key<blanks>:<blanks>" or "key=" of the line that begins with it, in text; NULL when there is none. */
const char *machine_field(const char *text, const char *key, size_t *ret_len);

/* The collectors, one file each. */
void machine_cpu(struct machine *m);
void machine_memory(struct machine *m);
void machine_disk(struct machine *m);
void machine_disk_measure(struct machine *m);
void machine_gpu(struct machine *m);
void machine_network(struct machine *m);
void machine_ports(struct machine *m);
void machine_os(struct machine *m);
void machine_kernel(struct machine *m);
void machine_clock(struct machine *m);
void machine_tools(struct machine *m);
void machine_python(struct machine *m);
void machine_services(struct machine *m);

/* nvidia-smi's answer to --query-gpu=name,memory.total,driver_version --format=csv,noheader,nounits: one GPU a line. */
void machine_nvidia_smi(struct machine *m, const char *text, struct fact_list *list);
/* Lines of /proc/net/tcp: adds the listening ports with their sockets' inodes. */
struct listener {
	uint16_t port;
	uint64_t inode;
};
struct listener_list {
	struct listener *items;
	uint32_t len, cap;
};
void machine_listeners(struct arena *a, const char *text, struct listener_list *ret);
/* What a tool's output says: sets version, or said. */
void machine_tool_output(struct machine *m, struct value *tool, const char *marker, const char *out, size_t out_len, const char *errors,
			 size_t errors_len);

#endif
