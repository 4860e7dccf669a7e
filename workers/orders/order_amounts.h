/* What an order comes to in Prima, read from the very request that is, or would be, posted: the
 * other side of a comparison with the documents that Prima has.
 *
 *     gross = sum of lines (quantity x Price - TrDisc - PromotionValue) + sum of ChargeValue
 *             + sum of ExtTaxVal unless VatInclusive
 *     tax   = sum of ExtTaxVal, which lines alone have
 *     net   = gross - tax
 *
 * It is written from Prima's side, not from the order's, so that it is no copy of the arithmetic
 * that made the request. Amounts are minor units of the currency (none named: GBP, as Prima takes
 * it). Pure. */
#ifndef PRIMAFLOW_ORDER_AMOUNTS_H
#define PRIMAFLOW_ORDER_AMOUNTS_H

#include "flow/flow.h"

/* flow.h: amounts. -EBADMSG: no such request, or an amount that is none; -ERANGE: too large;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int order_amounts(const char *request, size_t size,
                                                      const void *rules,
                                                      struct flow_amounts *ret_amounts);

#endif
