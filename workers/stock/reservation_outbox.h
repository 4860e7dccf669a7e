/* Messages of one partition's orders that wait for a transaction, in the order in which they were
 * made: reservations, their tombstones, what is remembered of orders.
 *
 * Invariants
 *   - A transaction takes all that wait, or nothing: of what is remembered of an order the newest is
 *     written last, whichever record made it.
 *   - What was taken stays as it is until the transaction's end is told; after an abort it waits
 *     again, before what came meanwhile.
 * A message owns its bytes. Embedded, zeroed; reservation_outbox_release. Loop thread only. */
#ifndef PRIMAFLOW_RESERVATION_OUTBOX_H
#define PRIMAFLOW_RESERVATION_OUTBOX_H

#include "stream/engine.h"

struct outbox_message;
struct reservation_outbox {
    struct outbox_message **messages;
    size_t count, room;
    size_t taken; /* the first ones are in a transaction */
    bool is_void; /* ... and do not wait again, whatever becomes of that */
};

/* Copies everything. `place_size`: that many first bytes of the key choose the partition. value NULL:
 * a tombstone. `topic` is a constant. -ENOMEM. */
__attribute__((warn_unused_result)) int reservation_outbox_add(struct reservation_outbox *outbox,
                                                               const char *topic, const char *key,
                                                               size_t key_size, size_t place_size,
                                                               const void *value, size_t size);
/* Forgets the last ones, back to so many. */
void reservation_outbox_truncate(struct reservation_outbox *outbox, size_t count);

void reservation_outbox_take(struct reservation_outbox *outbox, struct batch *batch);
void reservation_outbox_end(struct reservation_outbox *outbox, bool committed);

void reservation_outbox_release(struct reservation_outbox *outbox); /* none is taken */

#endif
