/* What an order comes to in Prima, read from the very request that is, or would be, posted: the other side of a comparison with the
 * documents that Prima has.
 *
 *     gross = sum of lines (quantity x Price - TrDisc - PromotionValue) + sum of ChargeValue + sum of ExtTaxVal unless VatInclusive
 *     tax   = sum of ExtTaxVal, which lines alone have;  net = gross - tax
 *
 * It is written from Prima's side, not from the order's, so that it is no copy of the arithmetic that made the request. Amounts are minor
 * units of the currency (none named: GBP, as Prima takes it). Pure, but for the reader: one thread. */
#ifndef PRIMAFLOW_PRIMA_ORDER_SUM_H
#define PRIMAFLOW_PRIMA_ORDER_SUM_H

#include "prima/xml.h"

#include <stdint.h>

struct prima_order_sum {
    char currency[4];
    char date[11]; /* OrderDate, YYYY-MM-DD; "" */
    bool hold;
    int32_t line_count;
    int64_t net_minor, tax_minor, gross_minor;
};

/* `price_of_line`: Price is the whole line's. 0; -EBADMSG: no such request, or an amount that is none; -ERANGE: too large. */
__attribute__((warn_unused_result)) int order_sum_read(struct xml_reader *reader, const char *request, size_t size, bool price_of_line,
                                                       struct prima_order_sum *ret_sum);

#endif
