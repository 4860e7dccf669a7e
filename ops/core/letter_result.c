/* Results of every flow, in brief; see letter_result.h. */
#include "core/letter_result.h"

#include "core/events.h"
#include "domain/events/order_result.h"
#include "domain/events/refund_result.h"
#include "order_flow.h"
#include "refund_flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void place_write(const struct result_delivery *d, char text[static DELIVERY_MAX])
{
    text[0] = '\0';
    if (d != NULL)
        (void)snprintf(text, DELIVERY_MAX, "%.*s/%" PRId32 "/%" PRId64, ENTRY_TOPIC_MAX - 1,
                       d->topic, d->partition, d->offset);
}

static bool take(const char *natural, int outcome, const struct result_delivery *delivery,
                 const struct result_delivery *resolves, const struct result_delivery *origin,
                 struct letter_result *ret_result)
{
    ret_result->natural = natural;
    ret_result->outcome = (enum outcome)outcome;
    place_write(delivery, ret_result->delivery);
    place_write(resolves, ret_result->resolves);
    place_write(origin, ret_result->origin);
    return true;
}

bool letter_result_read(struct codec *codec, const struct kafka_record *record, struct arena *arena,
                        struct letter_result *ret_result)
{
    struct codec_fault fault = {0};
    struct order_result order;
    struct refund_result refund;
    if (record->value == NULL)
        return false;
    if (strcmp(record->topic, order_flow.outputs[0].name) == 0)
        return events_decode(codec, &order_result_record, record->value, record->value_size, arena,
                             &order, &fault) == 0 &&
               take(order.key, order.outcome, &order.delivery, order.resolves, order.origin,
                    ret_result);
    if (strcmp(record->topic, refund_flow.outputs[0].name) == 0)
        return events_decode(codec, &refund_result_record, record->value, record->value_size, arena,
                             &refund, &fault) == 0 &&
               take(refund.key, refund.outcome, &refund.delivery, refund.resolves, refund.origin,
                    ret_result);
    return false;
}
