/* A bounded thread pool for straight-line blocking work.
 *
 * pool_run calls fn(arg, i) for i in 0..count-1 on up to `threads` threads with 256 KiB stacks and returns when
 * all have finished. The first caller thread takes part. Thread rule: fn must be safe to run beside itself;
 * each call gets its own i. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base.h"

void pool_run(unsigned threads, size_t count, void (*fn)(void *arg, size_t i), void *arg);

#endif
