/* Which items of a list in two versions of an order are the same one: lists are sets. Pure: any
 * thread. */
#ifndef PRIMAFLOW_ORDER_MATCH_H
#define PRIMAFLOW_ORDER_MATCH_H

#include "domain/difference/order_words.h"

struct order_match {
    const void *former, *now; /* NULL: it is not in this version */
};

/* Pairs by the keys of `words`, and what is left over: in the order of `now`, then what only
 * `former` has. The result lies in the arena. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int order_match(const struct record_words *words,
                                                    const struct bound_array *former,
                                                    const struct bound_array *now,
                                                    struct arena *arena,
                                                    struct order_match **ret_matches,
                                                    size_t *ret_count);

#endif
