/* The ledger's word of an order that ended without a document, for refunds that come for it: nothing
 * can be credited, and they need not wait; see order_write.h. */
#include "order_write.h"

#include "domain/events/ledger_credit.h"
#include "domain/events/order_event.h"
#include "order_key.h"

int order_write_unposted(struct codec *codec, const struct flow_settlement *s, const void *event_,
                         struct arena *arena, struct buf *out)
{
    const struct order_event *event = event_;
    struct order_key_parts parts = {0};
    const int r = order_key_split(s->key->natural, arena, &parts);
    if (r < 0)
        return r;
    const struct ledger_credit unposted = {.key = "",
                                           .order = s->key->kafka,
                                           .company = parts.company,
                                           .channel = parts.channel,
                                           .store = parts.store,
                                           .order_id = parts.order_id,
                                           .refund_id = "",
                                           .state = CREDIT_UNPOSTED,
                                           .outcome = outcome_name(s->outcome),
                                           .currency = "",
                                           .at = s->published_ms,
                                           .event_time = event->event_time};
    return codec_encode(codec, &ledger_credit_record, &unposted, out);
}
