/* Bundles: what a channel sells as one line and Prima keeps as several products.
 *
 * Two ways lead here. A line whose SKU is in bundles.yaml is taken apart into the components that
 * the file names. Or the channel itself sends the parts, as lines that name the bundle's line as
 * their parent: then those are the goods, the parent is left out, and its price, if it has one,
 * goes to its parts in proportion to their own prices (by units when they have none). A part may be
 * a bundle of the file again.
 *
 * Invariants
 *   - Amount, discount and each tax of a bundle are what its parts' sum to, to the minor unit:
 *     split by largest remainder, the amount and the discount by weight, tax by what it is on. No
 *     part's price becomes negative, none exceeds its discount, whatever the weights are.
 *   - The order's proof is made before, of the channel's own lines: bundles change nothing about
 *     it.
 *   - Parts keep the channel's line (`event`, `number`): LineReference in Prima, line_id in the
 *     ledger.
 *
 * What of a bundle may be credited: the ledger has one line for each part, with the channel's line
 * id, its own amount and taxes, and in `bundle_quantity` how many bundles its units belong to
 * (LedgerEntry.avsc). A refund that names the channel's line finds all of them: for q of Q bundles
 * each part gives quantity x q / Q units, and the refund's money is split over the parts by what
 * remains creditable of each, by largest remainder. Then no part is ever credited beyond itself,
 * and the last refund takes exactly what is left. A refund that names a parent that the channel
 * sent finds its parts by `bundle_line_id` in the same way. Pure functions: any thread. */
#ifndef PRIMAFLOW_ORDER_BUNDLE_H
#define PRIMAFLOW_ORDER_BUNDLE_H

#include "domain/goods/line_parents.h"
#include "order_sale.h"

/* One line that was taken apart, as the summary remembers it (order_summary.h). */
struct sale_bundle {
    uint32_t line; /* its number in the event */
    uint16_t
        mark; /* of the components, so that a later mapping is told from the one that was used */
    uint32_t request_lines; /* how many lines of the request it became */
    /* a bit for each component that was posted as the miscellaneous item, the first the lowest */
    uint64_t misc;
};

/* Parents that the channel sent. 0; -ENOMEM; -EINVAL: parts within parts without end, too deep, or
 * too many, with *ret_detail a sentence. */
__attribute__((warn_unused_result)) int sale_fold_parents(struct sale *sale, struct arena *arena,
                                                          const char **ret_detail);

/* Lines whose SKU is in bundles.yaml. `only`: NULL, all of them; else just those lines, rising, and
 * just where today's mapping is the one that was used. Products are copied into the arena. 0;
 * -ENOMEM; too many units are an overflow of the sale. */
__attribute__((warn_unused_result)) int sale_explode(struct sale *sale,
                                                     const struct order_rules *rules,
                                                     const struct channel_rules *channel,
                                                     const struct sale_bundle *only,
                                                     size_t only_count, struct arena *arena);

uint16_t bundle_mark(const struct bundle_rule *bundle);

#endif
