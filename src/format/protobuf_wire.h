/* The wire format's atoms, for protobuf.c and protobuf_list.c. Internal to format/. */
#ifndef FORMAT_PROTOBUF_WIRE_H
#define FORMAT_PROTOBUF_WIRE_H

#include "base/err.h"

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_GROUP = 3, WIRE_GROUP_END = 4, WIRE_FIXED32 = 5 };

/* Reads a varint at *p; false when it is cut or longer than 64 bits. */
static inline bool wire_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
	const uint8_t *q = *p;
	uint64_t v = 0;

	if (q < end && *q < 0x80) {
		*ret = *q;
		*p = q + 1;
		return true;
	}
	for (unsigned shift = 0; q < end && shift < 64; shift += 7) {
		uint8_t byte = *q++;

		if (shift == 63 && byte > 1)
			return false;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = v;
			*p = q;
			return true;
		}
	}
	return false;
}

/* Reads a length and checks that so many bytes follow. */
static inline bool wire_length(const uint8_t **p, const uint8_t *end, size_t *ret)
{
	uint64_t len;

	if (!wire_varint(p, end, &len) || len > (uint64_t)(end - *p))
		return false;
	*ret = (size_t)len;
	return true;
}

/* Passes over one field's value; false when it is cut or of a type that is not used any more. */
static inline bool wire_skip(const uint8_t **p, const uint8_t *end, unsigned wire)
{
	uint64_t ignored;
	size_t len;

	switch (wire) {
	case WIRE_VARINT:
		return wire_varint(p, end, &ignored);
	case WIRE_FIXED64:
		len = 8;
		break;
	case WIRE_FIXED32:
		len = 4;
		break;
	case WIRE_BYTES:
		if (!wire_length(p, end, &len))
			return false;
		break;
	default:
		return false;
	}
	if ((size_t)(end - *p) < len)
		return false;
	*p += len;
	return true;
}

/* Finds a length-delimited field of a small message (the last one wins); false when the bytes are no message. ret_len stays when absent. */
static inline bool wire_find_bytes(const uint8_t *p, const uint8_t *end, unsigned number, const uint8_t **ret, size_t *ret_len)
{
	while (p < end) {
		uint64_t tag;

		if (!wire_varint(&p, end, &tag))
			return false;
		if (tag >> 3 == number && (tag & 7) == WIRE_BYTES) {
			if (!wire_length(&p, end, ret_len))
				return false;
			*ret = p;
			p += *ret_len;
		} else if (!wire_skip(&p, end, tag & 7)) {
			return false;
		}
	}
	return true;
}

#endif
