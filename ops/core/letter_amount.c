/* The money in a dead letter; see letter_amount.h. */
#include "core/letter_amount.h"

#include "base/currency.h"
#include "core/events.h"
#include "domain/events/order_event.h"
#include "domain/events/refund_event.h"
#include "order_flow.h"
#include "refund_flow.h"

#include <stdio.h>

static struct letter_amount amount_of(const char *currency, int64_t minor)
{
    struct letter_amount amount = {.minor = minor};
    if (currency_find(currency) != NULL)
        (void)snprintf(amount.currency, sizeof amount.currency, "%.3s", currency);
    return amount;
}

struct letter_amount letter_amount_read(struct codec *codec, const struct flow *flow,
                                        const struct kafka_record *record, struct arena *arena)
{
    struct codec_fault fault = {0};
    struct order_event order;
    struct refund_event refund;
    if (record->value != NULL && flow == &order_flow &&
        events_decode(codec, &order_event_record, record->value, record->value_size, arena, &order,
                      &fault) == 0)
        return amount_of(order.currency, order.totals.total.shop_minor);
    if (record->value != NULL && flow == &refund_flow &&
        events_decode(codec, &refund_event_record, record->value, record->value_size, arena,
                      &refund, &fault) == 0)
        return amount_of(refund.currency, refund.succeeded.shop_minor);
    return (struct letter_amount){.minor = 0};
}
