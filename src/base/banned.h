/* Functions that are never called here: each has a bounded, thread-safe or shell-free
 * replacement. Included by base/base.h, thus by every file; a call fails to compile. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __GNUC__
#undef sprintf
#undef alloca
#undef system
#pragma GCC poison strcpy strcat strtok atoi atol atof gets popen localtime gmtime alloca vsprintf
#pragma GCC poison sprintf system
#endif

#endif
