/* Which products Prima has, asked once each, for as long as somebody tries letters. One thread. */
#ifndef PRIMAFLOW_OPS_TRIAL_PRODUCTS_H
#define PRIMAFLOW_OPS_TRIAL_PRODUCTS_H

#include "base/table.h"
#include "config/config.h"
#include "flow/flow.h"

struct trial_products { /* zeroed; trial_products_release */
    struct table known;
};

/* Fills in those of the facts that are products and unasked. 0; -EIO: Prima did not tell all of them;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int trial_products_find(struct trial_products *products,
                                                            const struct config *config,
                                                            const char *company,
                                                            struct fact facts[], size_t count);
void trial_products_release(struct trial_products *products);

#endif
