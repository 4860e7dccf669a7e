/* How the goods of two versions of one refund differ, for the person who has to correct its note.
 *
 * Lists are sets, and add up: what stands in one twice is compared by its sum; their order never
 * differs. Amounts are those of the shop's currency; where those agree, the customer's. No personal
 * data. Bounded as difference.h says. Pure: any thread. */
#ifndef PRIMAFLOW_REFUND_DIFFERENCE_H
#define PRIMAFLOW_REFUND_DIFFERENCE_H

#include "domain/difference/difference.h"
#include "domain/events/refund_event.h"

/* 0; -ENOMEM: the arena is full, and what was found so far is not to be used. */
__attribute__((warn_unused_result)) int refund_differences(const struct refund_event *former,
                                                           const struct refund_event *now,
                                                           struct arena *arena,
                                                           struct difference_list *ret_list);

#endif
