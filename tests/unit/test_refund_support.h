/* Refunds for tests: the ledger entry of a plain order, refunds of it to alter, decisions, and the
 * note read back from its request. What cannot be made fails the test. */
#ifndef PRIMAFLOW_TEST_REFUND_SUPPORT_H
#define PRIMAFLOW_TEST_REFUND_SUPPORT_H

#include "test_order_support.h"

#include "refund_decide.h"

#define SHOP(minor)                                                                                \
    {                                                                                              \
        .shop_minor = (minor)                                                                      \
    }

/* The order of shopify/uk that support_order makes, as the ledger has it: 2 x SKU00001 for 24.00
 * (4.00 tax), TSHIRT-RED-M for 25.00 after 5.00 off (4.17), carriage 3.50 (0.58): 52.50, of that
 * 8.75 tax, by card. Version 7 of 2026-11-18. */
struct ledger_entry *refund_entry(struct arena *arena);

/* A refund of it: the shirt, 25.00 with 4.17 tax, back by card on 2026-11-20. */
struct refund_event *refund_event(struct arena *arena);

/* With room for `count`; every one zero. */
void refund_lines(struct refund_event *event, struct arena *arena, size_t count);
/* One transaction that succeeded, of so much; 0: none. */
void refund_paid(struct refund_event *event, struct arena *arena, int64_t minor);

struct refund_known refund_known_of(const struct ledger_entry *entry);

/* The decision. */
struct refund_plan refund_plan_of(const struct refund_event *event, const struct order_rules *rules,
                                  const struct refund_known *known, struct arena *arena);

/* The note's own balance, as Prima adds it up: lines + charges (+ tax) - payments. */
int64_t refund_difference(const struct refund_plan *plan, struct arena *arena);

xmlDoc *refund_request(const struct refund_plan *plan);

#endif
