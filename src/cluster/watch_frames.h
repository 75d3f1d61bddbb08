/* watch_frames: the body of a watch, cut into its events.
 *
 * JSON: one metav1.WatchEvent a line. Protobuf: 4 bytes of length (big endian), then a WatchEvent {1: type, 2: RawExtension
 * {1: raw}} whose raw is "k8s\0" + Unknown (k8s.io/apimachinery pkg/runtime/serializer/protobuf, streaming).
 * Limits: one event at most WATCH_EVENT_MAX. Thread rule: one thread at a time. */
#ifndef CLUSTER_WATCH_FRAMES_H
#define CLUSTER_WATCH_FRAMES_H

#include "cluster/api_client.h"

#define WATCH_EVENT_MAX ((size_t)64 << 20)

struct watch_frames {
	enum api_format format;
	struct strbuf pending;
	size_t scanned; /* bytes of pending known to hold no line end: a big event is not searched again for each piece of it */
	/* One event: its type ("ADDED", "BOOKMARK", "ERROR" ...) and its object, encoded: a protobuf message without envelope, or, for
	 * JSON, the whole event (type is then ""). Non-zero stops. */
	int (*event)(void *arg, const char *type, const char *data, size_t len, struct err *err);
	void *arg;
};

void watch_frames_init(struct watch_frames *f, enum api_format format);
void watch_frames_release(struct watch_frames *f);
int watch_frames_feed(struct watch_frames *f, const char *data, size_t len, struct err *err);

#endif
