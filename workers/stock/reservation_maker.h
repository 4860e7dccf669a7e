/* The maker of reservations for the orders of one partition: from records of orders.raw,
 * orders.results and orders.ledger to records of stock.reservations, and of stock.orders, by which it
 * remembers.
 *
 * What each record does
 *   - orders.raw: what the event wants, by the mappings of today. A version that was seen, or an older
 *     one, changes nothing; nor does one that cannot be used, which is told (reservation_gaps.h).
 *   - orders.results: whether the document was posted on hold. Other results tell stock nothing that
 *     the event or the ledger does not.
 *   - stock.confirmed: that Prima's own figure has a reservation (reservation_confirm.h).
 *   - orders.ledger: the order's entry is its document in Prima; the record of an order that a person
 *     discarded ends it. Records of refunds say nothing of stock: what comes back is booked in Prima.
 *
 * When an order's reservations end
 *   - Cancelled, amended, moved: what is not wanted any more is written with 0 units, so that running
 *     totals are given back, and ended by a tombstone, at once.
 *   - Discarded: 0 units, with what the channel took, for its figure stays lowered.
 *   - Allocated: not by time, however long ago it was. Whether a read has the units is known where the
 *     reads are; there a reservation that a read has counts nowhere any more, and until then it
 *     counts, be it for a year.
 *   - Parked, dead-lettered, waiting: no record says anything, and it stays.
 * The order itself stays remembered, for a late older version, a duplicate or an amendment must find
 * what was known, and running totals must not count it twice. It is forgotten, and its records ended
 * by tombstones, all together, when each of its reservations is confirmed or of no units, and nothing
 * of it has changed for RESERVATION_OLD_MS. That time gives no units back, it only keeps what is over
 * for so long. A version that comes later still is taken for a new order: netted in full, too little
 * rather than too much, until its result or a person ends it. News of the ledger and results of
 * orders that nobody remembers, and that are older, are passed over: a first start that reads a year
 * of the ledger does not remember a year of orders.
 *
 * Only here are reservations written and ended: a tombstone from elsewhere, where their reads are,
 * might meet the record of an amendment on its way, and end that.
 *
 * All is made at once, and the outbox has it until it is committed; made again after a crash, it is
 * the same, for times are those of the records. Embedded; reservation_maker_release. Loop thread
 * only. */
#ifndef PRIMAFLOW_RESERVATION_MAKER_H
#define PRIMAFLOW_RESERVATION_MAKER_H

#include "reservation_gaps.h"
#include "reservation_keep.h"
#include "reservation_outbox.h"
#include "reservation_pack.h"

/* Twice what orders.raw keeps, and a week. */
#define RESERVATION_OLD_MS (INT64_C(35) * 24 * 3600 * 1000)

enum reservation_source {
    RESERVATION_OF_ORDERS,
    RESERVATION_OF_RESULTS,
    RESERVATION_OF_LEDGER,
    RESERVATION_OF_CONFIRMED,
    RESERVATION_SOURCES
};

struct reservation_maker { /* the first three are the owner's */
    struct codec *codec;
    const struct order_rules *rules;
    struct log_limit *limit;
    struct reservation_keep keep;
    struct reservation_outbox outbox;
};

/* Takes a record into account. 0; -EAGAIN: its schema is not known yet (codec_decode), and nothing
 * has happened. */
__attribute__((warn_unused_result)) int reservation_hear(struct reservation_maker *maker,
                                                         enum reservation_source source,
                                                         const struct kafka_record *record);

/* A record of stock.orders, as it was committed. 0; -EAGAIN; -EBADMSG: it is none, and is left out. */
__attribute__((warn_unused_result)) int reservation_remember(struct reservation_maker *maker,
                                                             const struct kafka_record *record);

/* The event of an order that has gaps, read again (its record in orders.raw): what can be reserved
 * now is. As of reservation_hear. */
__attribute__((warn_unused_result)) int reservation_mend(struct reservation_maker *maker,
                                                         const struct kafka_record *record);

/* Forgets orders that are over and older than RESERVATION_OLD_MS at `now_ms` (wall): looks at some of
 * them from *at on, 0 at first, and again after all. Without memory it ends there, for this time. */
enum { RESERVATION_LOOKS = 256 };
void reservation_forget(struct reservation_maker *maker, int64_t now_ms, size_t *at);

void reservation_maker_release(
    struct reservation_maker *maker); /* nothing of it is in a transaction */

/* Every struct that is read or written here, for codec_check at start; NULL at the end. */
extern const struct bound_record *const reservation_records[];

#endif
