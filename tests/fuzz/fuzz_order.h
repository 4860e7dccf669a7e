/* Orders decided under a fuzzer's eyes. Facts are answered as of a Prima that has every product and
 * knows everybody. */
#ifndef PRIMAFLOW_FUZZ_ORDER_H
#define PRIMAFLOW_FUZZ_ORDER_H

#include "base/arena.h"
#include "fuzz_target.h"

#include <stdbool.h>
#include "domain/mappings/order_rules.h"

/* Decides, and checks what holds of every order whatever it says: a verdict with its reason; a
 * request that XML can read; and what is posted as right (not on hold) leaves outstanding in Prima,
 * by Prima's own sum, exactly what the event states. */
void fuzz_order_decide(const struct order_event *event, const struct order_rules *rules,
                       struct arena *arena);

/* The same with an order of shopify/uk that is right to the penny, if the rules have that
 * channel. */
void fuzz_order_decide_plain(const struct order_rules *rules);

#endif
