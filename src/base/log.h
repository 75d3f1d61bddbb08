/* Diagnostics on standard error. Libraries and rooms below cli/ never print: they return errors and notes.
 * Only log_debug may be called anywhere (shown with -v or AUTO_DEVOPS_LOG_LEVEL=debug).
 * Thread rule: any thread; one line per call, written at once. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
extern enum log_level log_max_level; /* LOG_WARNING at first */

void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_debug(...) (log_max_level >= LOG_DEBUG ? log_write(LOG_DEBUG, __VA_ARGS__) : (void)0)

#endif
