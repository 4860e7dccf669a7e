/* Orders that could not be imported, set aside in a file: one a line, each the order as it came
 * with a member "primaflow" that says why, so that the file can be corrected and imported in its
 * turn (the importer passes over that member). What is no order is a line with the reasons alone.
 *
 * Invariants
 *   - The file has its name only once it is whole and on disk: before anything is sent, and also
 *     when nothing was set aside, so that an older list is never taken for this run's.
 *   - Orders hold people's data: the file is for its owner alone (0600). */
#ifndef PRIMAFLOW_SHOPIFY_BAD_H
#define PRIMAFLOW_SHOPIFY_BAD_H

#include "shopify_import.h"

struct shopify_bad;

/* NULL with errno: `path` cannot be written. `source` is the file's name for the reasons; both
 * texts must outlive it. */
struct shopify_bad *shopify_bad_new(const char *path, const char *source);
struct shopify_refused shopify_bad_sink(struct shopify_bad *bad); /* for shopify_import_orders */
/* Gives the file its name, with what was set aside. 0, or a negative errno of the first failure. */
__attribute__((warn_unused_result)) int shopify_bad_keep(struct shopify_bad *bad);
void shopify_bad_free(struct shopify_bad *bad); /* removes what was not kept; NULL: nothing */

#endif
