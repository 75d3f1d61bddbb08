/* Schema: which fields of a Kubernetes message are read, and how they look on both wires.
 *
 * One table (cluster/schema_tables.c, generated from the published generated.proto files by tools/gen-schema.py) drives the
 * protobuf decoder and the projection of JSON and YAML, so that all give the same tree: fields that are not in the table
 * are skipped; nulls, and zeros of fields that Go omits when zero (FIELD_OMIT_ZERO), are left out; messages that Go
 * inlines (FIELD_INLINE) put their members into the parent's map.
 * Thread rule: constant data. */
#ifndef FORMAT_SCHEMA_H
#define FORMAT_SCHEMA_H

#include "format/value.h"

enum field_type {
	FIELD_STRING,
	FIELD_INT, /* varint, signed */
	FIELD_BOOL,
	FIELD_DOUBLE,
	FIELD_BYTES,         /* the tree holds base64 text, as JSON does */
	FIELD_BYTES_SIZE,    /* only the size is kept, as VALUE_INT (of the decoded bytes) */
	FIELD_STRING_SIZE,   /* only the length is kept, as VALUE_INT */
	FIELD_STRING_CAPPED, /* at most FIELD_CAP bytes are kept; a cut string has VALUE_CUT set */
	FIELD_PRESENT,       /* only that it is there, as VALUE_NULL: Secret data */
	FIELD_TIME,          /* Time and MicroTime: RFC 3339 in JSON, {1: seconds, 2: nanos} on the wire; VALUE_TIME */
	FIELD_QUANTITY,      /* string (or number) in JSON, {1: string} on the wire; VALUE_STRING */
	FIELD_INT_OR_STRING, /* {1: type, 2: int, 3: string} on the wire; VALUE_INT or VALUE_STRING */
	FIELD_DURATION,      /* metav1.Duration: {1: nanoseconds} on the wire, Go duration text in JSON; VALUE_STRING */
	FIELD_RAW_JSON,      /* RawExtension, JSON, FieldsV1: {1: bytes of JSON} on the wire; by `message`, or whole when NULL */
	FIELD_MESSAGE,
};

enum {
	FIELD_REPEATED = 1,    /* a list */
	FIELD_MAP = 2,         /* map<string, type> */
	FIELD_UNIQUE = 4,      /* values seldom repeat (names, uids, messages): not interned */
	FIELD_INLINE = 8,      /* FIELD_MESSAGE whose members belong to the parent; has no name of its own in JSON */
	FIELD_OMIT_ZERO = 16,  /* "" / 0 / false means absent: Go's protobuf writes it all the same, its JSON does not */
	FIELD_SIZED = 32,      /* a map of strings: the parent also gets "<name>Size", the bytes of all its keys and values */
	FIELD_ANNOTATIONS = 64 /* a map whose entry that repeats the whole object (last-applied-configuration) is cut or left out */
};

#define FIELD_CAP 4096

struct message;

struct field {
	uint16_t number; /* protobuf field number; 0 = only in JSON (apiVersion, kind, dataSize) */
	uint8_t type;    /* enum field_type */
	uint8_t flags;
	uint16_t name_len;
	const char *name;              /* JSON name */
	const struct message *message; /* FIELD_MESSAGE, FIELD_RAW_JSON */
};

struct message {
	const char *name;           /* "k8s.io.api.core.v1.Pod" */
	const struct field *fields; /* ascending by number */
	/* Where a JSON name is: open addressing by schema_name_hash, SCHEMA_NO_FIELD = free. NULL: searched one by one. */
	const uint8_t *slots;
	uint16_t slot_mask;
	uint8_t field_count;
	bool has_inline;
};

#define SCHEMA_NO_FIELD 0xff

/* So many fields are compared before one is looked up: most objects leave a few out. */
#define SCHEMA_LOOK_AHEAD 5

/* The same function as in tools/gen-schema.py. */
static inline unsigned schema_name_hash(const char *name, size_t len)
{
	const unsigned char *n = (const unsigned char *)name;
	return len ? (unsigned)len * 5 + n[0] + n[len / 2] * 3u + n[len - 1] * 7u : 0;
}

/* The field with this JSON name, looked for in inlined messages too; NULL. */
const struct field *schema_field(const struct message *m, const char *name, size_t len);

/* The same, for one name after another: what is written by a table's order has one of the next fields of the table next. */
static inline const struct field *schema_field_after(const struct message *m, const struct field *before, const char *name, size_t len)
{
	const struct field *f = before ? before + 1 : m->fields, *end = m->fields + m->field_count;

	if (f < m->fields || f > end)
		return schema_field(m, name, len); /* before was a member of an inlined message */
	for (end = end - f > SCHEMA_LOOK_AHEAD ? f + SCHEMA_LOOK_AHEAD : end; f < end; f++)
		if (f->name_len == len && !(f->flags & FIELD_INLINE) && bytes_eq(f->name, name, len))
			return f;
	return schema_field(m, name, len);
}

/* apiVersion and kind: JSON repeats them in whole objects inside an object (volumeClaimTemplates), protobuf does not. */
static inline bool schema_only_at_top(const struct field *f)
{
	return !f->number && f->type == FIELD_STRING;
}

/* How many bytes of its value an annotation keeps in a FIELD_ANNOTATIONS map: SIZE_MAX = as any other. Of last-applied-configuration, which
 * repeats the object, a Secret's values too, that is what says with which API version it was applied, when that is a prerelease one: such versions go
 * away. Else 0: it is left out. */
size_t schema_annotation_kept(const char *key, size_t key_len, const char *value, size_t len);

/* What a message keeps of an already parsed tree (YAML, hand-written cases), copied into b's arena with the same rules as the parsers of
 * JSON and protobuf. ERR_INPUT when a field has an impossible type ("spec.replicas: a string where a number belongs"). */
int schema_project(struct value_builder *b, const struct value *v, const struct message *m, struct value *ret, struct err *err);

#endif
