/* ip: IPv4 and IPv6 addresses as text, and the blocks (CIDR) they lie in. No names, no zones, no sockets.
 * Thread rule: pure, any thread. */
#ifndef BASE_IP_H
#define BASE_IP_H

#include "base.h"

/* 4 or 16, the bytes filled in network order; 0 when it is no address. IPv4 as four decimal numbers without leading zeros; IPv6 as RFC 4291. */
int ip_parse(const char *text, size_t len, unsigned char ret_bytes[16]);
/* Is the address in the block ("10.0.0.0/8", "fd00::/8")? False when either is malformed or of another family. */
bool ip_in_block(const char *address, const char *cidr);

#endif
