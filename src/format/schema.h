/* Schema: which fields of a Kubernetes message are read, and how they look on both wires.
 *
 * One table (generated from the published generated.proto files, see tools/) drives the protobuf decoder and the
 * projection of JSON, so that both give the same tree: fields that are not in the table are skipped by both.
 * Thread rule: constant data. */
#ifndef FORMAT_SCHEMA_H
#define FORMAT_SCHEMA_H

#include <stdint.h>

enum field_type {
	FIELD_STRING,
	FIELD_INT,           /* varint, signed */
	FIELD_BOOL,
	FIELD_DOUBLE,
	FIELD_BYTES,         /* base64 in JSON; the tree holds the raw bytes */
	FIELD_BYTES_SIZE,    /* only the size is kept, as VALUE_INT (of the decoded bytes) */
	FIELD_STRING_SIZE,   /* only the length is kept, as VALUE_INT */
	FIELD_TIME,          /* Time and MicroTime: RFC 3339 in JSON, {1: seconds, 2: nanos} on the wire; VALUE_TIME */
	FIELD_QUANTITY,      /* string in JSON, {1: string} on the wire; VALUE_STRING */
	FIELD_INT_OR_STRING, /* {1: type, 2: int, 3: string} on the wire; VALUE_INT or VALUE_STRING */
	FIELD_DURATION,      /* metav1.Duration: {1: nanoseconds} on the wire, Go duration text in JSON; VALUE_STRING */
	FIELD_MANAGED,       /* managedFields entry: manager, operation, time, subresource; see cluster/decode.h for f:data keys */
	FIELD_RAW_JSON,      /* RawExtension / JSON / FieldsV1: {1: bytes of JSON} on the wire; parsed, schemaless */
	FIELD_MESSAGE,
};

enum {
	FIELD_REPEATED = 1, /* a list */
	FIELD_MAP = 2,      /* map<string, type> */
	FIELD_UNIQUE = 4,   /* values seldom repeat (names, uids, messages): not interned */
};

struct message;

struct field {
	uint16_t number; /* protobuf field number */
	uint8_t type;    /* enum field_type */
	uint8_t flags;
	const char *name; /* JSON name */
	const struct message *message; /* FIELD_MESSAGE */
};

struct message {
	const char *name; /* "k8s.io.api.core.v1.Pod" */
	const struct field *fields; /* ascending by number */
	uint16_t field_count;
};

#endif
