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

static const char *text_or_none(const char *text)
{
    return text != NULL ? text : "";
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

static bool take_order(const struct order_result *order, struct letter_result *ret_result)
{
    const struct money_proof *proof = order->proof;
    ret_result->flow = &order_flow;
    ret_result->code = text_or_none(order->code);
    ret_result->narrative = text_or_none(order->narrative);
    ret_result->document = text_or_none(order->document);
    ret_result->version = order->source_version;
    if (proof != NULL &&
        !__builtin_add_overflow(proof->tenders_minor, proof->outstanding_minor, &ret_result->minor))
        (void)snprintf(ret_result->currency, sizeof ret_result->currency, "%.3s", proof->currency);
    return take(order->key, order->outcome, &order->delivery, order->resolves, order->origin,
                ret_result);
}

bool letter_result_read(struct codec *codec, const struct kafka_record *record, struct arena *arena,
                        struct letter_result *ret_result)
{
    struct codec_fault fault = {0};
    struct order_result order;
    struct refund_result refund;
    *ret_result =
        (struct letter_result){.flow = &refund_flow, .code = "", .narrative = "", .document = ""};
    if (record->value == NULL)
        return false;
    if (strcmp(record->topic, order_flow.outputs[0].name) == 0)
        return events_decode(codec, &order_result_record, record->value, record->value_size, arena,
                             &order, &fault) == 0 &&
               take_order(&order, ret_result);
    if (strcmp(record->topic, refund_flow.outputs[0].name) == 0)
        return events_decode(codec, &refund_result_record, record->value, record->value_size, arena,
                             &refund, &fault) == 0 &&
               take(refund.key, refund.outcome, &refund.delivery, refund.resolves, refund.origin,
                    ret_result);
    return false;
}
