/* Where the reads are it is known when Prima's own figure has a reservation; where the orders are it is
 * written. Between the two goes a confirmation, on stock.confirmed.
 *
 * Who has the reads confirms a reservation when
 *   - stock_claim_is_over (domain/stock/stock_level.h) says so, and it is of some units, and
 *   - its record is older than RESERVATION_OLD_MS (updated_at), for its order is not forgotten before;
 * once, as long as it remembers that it did: a second one changes nothing. So after a restart it
 * confirms those again that are old, over, and still there, which are few.
 * It ends nothing itself: the tombstone comes from the maker, and not for a record that was amended
 * meanwhile. Loop thread only. */
#ifndef PRIMAFLOW_RESERVATION_CONFIRM_H
#define PRIMAFLOW_RESERVATION_CONFIRM_H

#include "codec/codec.h"
#include "domain/events/stock_reservation.h"

/* Whether a reservation that is over is to be confirmed at `now_ms` (wall). */
bool reservation_wants_confirmation(const struct stock_reservation *reservation, int64_t now_ms);

/* The message: its key, which chooses the partition, in the arena; its value is appended. -ENOMEM;
 * -EINVAL: a text is missing. */
__attribute__((warn_unused_result)) int reservation_confirm(
    struct codec *codec, const struct stock_reservation *reservation, int64_t now_ms,
    struct arena *arena, const char **ret_key, struct buf *value);

#endif
