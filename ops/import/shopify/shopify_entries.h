/* What an entry of an order's refunds[] is: the one rule by which both tell edits from refunds, the
 * importer of orders (an edit is in the order already) and the importer of refunds. README.md has
 * its reasons.
 *
 * By the entry alone, so that it is the same wherever the entry stands. One thread. */
#ifndef PRIMAFLOW_SHOPIFY_ENTRIES_H
#define PRIMAFLOW_SHOPIFY_ENTRIES_H

#include "import_reader.h"

enum shopify_entry {
    SHOPIFY_REFUND,
    SHOPIFY_EDIT, /* no money moved with it, and nothing came back beside units */
    /* units taken back before anything left, with their money: an edit and its payout in one */
    SHOPIFY_TAKEN_BACK,
    /* money alone, for no units and no reason: after an edit it pays back what was then paid too
     * much; else it is a refund */
    SHOPIFY_PAYOUT
};

enum shopify_entry shopify_entry_of(struct import_reader *r, const struct import_at *entry);

/* Every item is taken back before anything left, and nothing was returned. Says nothing of what is
 * wrong: whoever reads the entry does. */
bool shopify_only_cancels(const struct import_at *entry);

/* By an item's restock_type: "return", or the old "legacy_restock": goods came back, so they had
 * left. */
bool shopify_came_back(const char *restock);

/* The refunded duties, which are documented as a list and as an object with a list. */
struct import_at shopify_duties_list(const struct import_at *list);

#endif
