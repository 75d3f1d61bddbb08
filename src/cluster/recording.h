/* recording: reading files into an inventory, whatever they are: kubectl output, dumps, support bundles, our own snapshots.
 *
 * One recording collects from one or many streams of bytes. In a single file an error ends the reading; among many, the file that
 * cannot be read becomes a note. What a stream holds is told from its bytes, not from its name; only bundles whose files do not
 * say their kind are told by their layout (layout.c). Every buffer and every count has a limit below.
 * Ownership: the caller owns the inventory; recording_release drops the rest. Thread rule: one thread. */
#ifndef CLUSTER_RECORDING_H
#define CLUSTER_RECORDING_H

#include "cluster/cluster_internal.h"
#include "format/json.h"

#define RECORDING_FILES_MAX 200000                /* files of a folder or an archive */
#define RECORDING_DEPTH_MAX 32                    /* folders in folders */
#define RECORDING_YAML_MAX ((size_t)64 << 20)     /* bytes of one YAML file; JSON is read in pieces and has no limit as a whole */
#define RECORDING_BYTES_MAX ((uint64_t)64 << 30)  /* bytes read altogether, after decompression */
#define RECORDING_WAITING_MAX ((size_t)256 << 20) /* bytes of items whose list says behind them what they are */
#define RECORDING_NAME_MAX 256                    /* bytes of an apiVersion or kind that are looked at, with their NUL */
#define RECORDING_NOTES_MAX 50                    /* notes about single files; more are counted in one */

/* Bytes from somewhere. read returns how many (0 = end) or a negative error code. */
struct source {
	const char *name; /* for messages and for the layout: the path inside the folder or archive */
	ssize_t (*read)(struct source *s, void *buf, size_t len, struct err *err);
	/* The line on which the byte at this offset stands, from 1; 0 = cannot tell. May be NULL. */
	unsigned (*line_of)(struct source *s, uint64_t offset);
	void *arg;
};

struct recording {
	struct ctx *ctx;
	struct inventory *inv;
	const char *from; /* as the user gave it */
	struct json_parser *parser;
	bool many; /* one file of many: errors become notes */
	uint64_t bytes;
	uint64_t error_offset; /* where the object begins that could not be read; UINT64_MAX = unknown */
	size_t files, objects, broken, links;
	/* What the last object was: its apiVersion and kind, and what follows from them. Objects of one kind mostly follow each other. */
	struct recorded_type {
		char api_version[RECORDING_NAME_MAX], name[RECORDING_NAME_MAX];
		const struct kind *kind; /* NULL: not in the table */
		const struct message *schema;
	} last_type;
	bool present[KIND_COUNT]; /* an object or a list of this kind was there */
	struct snapshot_state {
		bool is_snapshot, ended;
		char *cluster, *ns; /* on the heap */
		uint64_t logs;
	} snapshot;
};

void recording_init(struct recording *r, struct ctx *ctx, struct inventory *inv, const char *from);
void recording_release(struct recording *r);

/* input.c: reads one file, unpacking what is packed. */
int recording_read_file(struct recording *r, struct source *s, struct err *err);
/* Reads one stream of text to its end. */
int recording_read(struct recording *r, struct source *s, struct err *err);
/* One object, or one record of a snapshot, as JSON. kind: what it is when it does not say; may be NULL. */
int recording_add_json(struct recording *r, const char *text, size_t len, const struct kind *kind, struct err *err);
/* Marks what was seen, and refuses a recording in which there was nothing. Call before inventory_seal. */
int recording_finish(struct recording *r, struct err *err);
/* Turns an error about one file of many into a note; returns 0 then, else the error. */
int recording_tolerate(struct recording *r, const char *file, struct err *err);

/* layout.c: the kind that files at this path hold in a known bundle, and the namespace ("" = not one); NULL when unknown. */
const struct kind *layout_kind(const char *path, char ret_ns[256]);
/* Whether the file at this path is one that the layout gives a meaning (a log, an error list, a version), and then reads it:
 * 1 = done, 0 = not special. */
int layout_read(struct recording *r, struct source *s, struct err *err);

/* The top-level "apiVersion" and "kind" of a JSON object, without parsing it: pointers into text, or NULL. Stops at the end of what
 * is there, so that the beginning of a document will do. */
struct json_type {
	const char *api_version, *kind;
	size_t api_version_len, kind_len;
};
struct json_type json_peek_type(const char *text, size_t len);

/* snapshot_read.c: a record that only our snapshots have (apiVersion auto-devops/v1). */
#define SNAPSHOT_API "auto-devops/v1"
#define SNAPSHOT_VERSION 1
int snapshot_record(struct recording *r, const struct value *record, struct err *err);
/* snapshot_write.c: the whole file as bytes; file->max limits it. */
int snapshot_encode(struct cluster *c, const struct ctx *ctx, struct strbuf *file, struct err *err);

#endif
