/* What of an order the mappings do not know: for `primaflow mappings check`, by the very functions
 * that decide about orders, and without asking Prima anything. Pure functions: any thread, except
 * for dates (loop thread, or a program of one thread). */
#ifndef PRIMAFLOW_ORDER_UNMAPPED_H
#define PRIMAFLOW_ORDER_UNMAPPED_H

#include "base/arena.h"
#include "base/errors.h"
#include "domain/events/order_event.h"
#include "domain/mappings/order_rules.h"

enum unmapped_kind {
    UNMAPPED_STORE,
    UNMAPPED_LOCATION,
    UNMAPPED_PAYMENT,
    UNMAPPED_TERMS,
    UNMAPPED_CARRIAGE,
    UNMAPPED_CHARGE,
    UNMAPPED_TAX_RATE,
    UNMAPPED_SKU,
    UNMAPPED_GIFT_CARD,
    UNMAPPED_CUSTOMER,
    UNMAPPED_KIND_COUNT
};

struct unmapped_info {
    const char *name;       /* "location" */
    const char *file;       /* of the mappings, where a row is missing */
    const char *one, *many; /* after a number: "location has no depot" */
    enum pf_error code;     /* that such an order raises */
};
const struct unmapped_info *unmapped_info(enum unmapped_kind kind);

/* Called for each thing, as often as it is met; `value` lives until the call returns. No personal
 * data. */
typedef void (*unmapped_seen)(void *user, enum unmapped_kind kind, const char *value);

enum unmapped_order {
    UNMAPPED_JUDGED,
    /* a test, a cancellation, from before the cut-over: nothing of it needs a mapping */
    UNMAPPED_NEVER_POSTED,
    /* the event contradicts itself, with *ret_detail a sentence; what was seen of it before
     * stands */
    UNMAPPED_INVALID,
};

/* An enum unmapped_order; -ENOMEM. */
__attribute__((warn_unused_result)) int order_unmapped(const struct order_event *event,
                                                       const struct order_rules *rules,
                                                       struct arena *arena, unmapped_seen seen,
                                                       void *user, const char **ret_detail);

#endif
