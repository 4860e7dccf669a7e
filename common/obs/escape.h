/* Foreign text made safe to stand between quotes in a line of a log: it can neither end the line
 * nor the quote, nor move a terminal's cursor. Pure: any thread. */
#ifndef PRIMAFLOW_OBS_ESCAPE_H
#define PRIMAFLOW_OBS_ESCAPE_H

#include <stddef.h>

enum { ESCAPE_MAX = 8 }; /* bytes of one character, escaped, and NUL */

/* The next character of *text, escaped for JSON (logfmt reads the same), into `out`; moves *text
 * on. Quotes, backslashes, controls (C0, DEL, C1), line and paragraph separators and marks that
 * change the direction of writing are escaped; a byte that is not UTF-8 becomes U+FFFD. Returns the
 * size in `out`, 0 at the end. */
size_t escape_next(const char **text, char out[static ESCAPE_MAX]);

#endif
