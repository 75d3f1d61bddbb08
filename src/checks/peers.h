/* Peers: what other scanners look for, by their names for it, and which of our checks see the same.
 *
 * A check says it in `.peers`: scanners separated by "; ", names by ", ": "k8sgpt Pod; Popeye 204, 207". Thread rule: any thread. */
#ifndef CHECKS_PEERS_H
#define CHECKS_PEERS_H

#include "base/arena.h"

struct peer {
	const char *scanner, *name; /* "Popeye", "204" */
	const char *meaning;        /* a few words */
	const char *left_out;       /* why no check of ours does it; NULL when one does */
};

/* In the order in which people read them (peers.def). */
extern const struct peer peer_table[];
extern const size_t peer_count;

/* Does the text of a `.peers` name this one? peers may be NULL. */
bool peers_name(const char *peers, const struct peer *p);
/* The first name in the text that the table does not have ("Popeye 999"), or NULL. */
const char *peers_unknown(struct arena *a, const char *peers);

#endif
