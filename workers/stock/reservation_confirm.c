/* Confirmations; see reservation_confirm.h. */
#include "reservation_confirm.h"

#include "domain/events/stock_confirmation.h"
#include "domain/keys/key_parts.h"
#include "reservation_maker.h"

#include <errno.h>

bool reservation_wants_confirmation(const struct stock_reservation *r, int64_t now_ms)
{
    return (r->units > 0 || r->allocated_units > 0) && r->updated_at < now_ms - RESERVATION_OLD_MS;
}

int reservation_confirm(struct codec *codec, const struct stock_reservation *r, int64_t now_ms,
                        struct arena *arena, const char **ret_key, struct buf *value)
{
    const struct stock_confirmation confirmation = {.sku = r->sku,
                                                    .depot = r->depot,
                                                    .version = r->version,
                                                    .updated_at = r->updated_at,
                                                    .confirmed_at = now_ms};
    const char *key = key_of_topic(arena, r->company, r->channel, r->store, r->order_id);
    const int result = key == NULL
                           ? -ENOMEM
                           : codec_encode(codec, &stock_confirmation_record, &confirmation, value);
    if (result == 0)
        *ret_key = key;
    return result;
}
