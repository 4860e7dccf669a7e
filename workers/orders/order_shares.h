/* A line's price shared out, exactly: the arithmetic of bundles (order_bundle.h). Pure functions:
 * any thread. */
#ifndef PRIMAFLOW_ORDER_SHARES_H
#define PRIMAFLOW_ORDER_SHARES_H

#include "order_sale.h"

/* Gives each of `count` parts its share of the line's price, discount and taxes, instead of what it
 * has. What remains after the discount and the discount go by weight, so that neither exceeds the
 * amount; each tax goes by what remains, for that is what it is on. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int sale_share_out(struct sale *sale,
                                                       const struct sale_line *line,
                                                       const int64_t weights[], size_t count,
                                                       struct arena *arena,
                                                       struct sale_line parts[]);

/* The taxes that a line's tax consists of, also where it was never shared out. In the arena; NULL:
 * no memory. */
const struct sale_tax *sale_taxes(const struct sale *sale, const struct sale_line *line,
                                  struct arena *arena, size_t *ret_count);

#endif
