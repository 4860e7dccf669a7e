/* Orders or refunds that could not be imported, set aside in a file: one a line, each as it came with
 * a member "primaflow" that says why, so that the file can be corrected and imported in its turn (the
 * importer passes over that member). What is none of them is a line with the reasons alone.
 *
 * Invariants
 *   - The file has its name only once it is whole and on disk: before anything is sent, and also
 *     when nothing was set aside, so that an older list is never taken for this run's.
 *   - They hold people's data: the file is for its owner alone (0600). */
#ifndef PRIMAFLOW_IMPORT_BAD_H
#define PRIMAFLOW_IMPORT_BAD_H

#include "import_source.h"

#include <stdio.h>

struct import_bad;

/* NULL with errno: `path` cannot be written. `source` is the file's name for the reasons; both
 * texts must outlive it. */
struct import_bad *import_bad_new(const char *path, const char *source);
struct import_refused import_bad_sink(struct import_bad *bad); /* for import_file */
/* Gives the file its name, with what was set aside. 0, or a negative errno of the first failure. */
__attribute__((warn_unused_result)) int import_bad_keep(struct import_bad *bad);
void import_bad_free(struct import_bad *bad); /* removes what was not kept; NULL: nothing */

#endif
