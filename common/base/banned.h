/* Functions that have no safe use here: naming one is a compile error. Included into every file by
 * the build. The standard headers come first, so that their own declarations are not touched. */
#ifndef PRIMAFLOW_BANNED_H
#define PRIMAFLOW_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef sprintf /* glibc makes macros of them for clang at -O2 */
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atoll atof      \
    localtime gmtime asctime ctime

#endif
