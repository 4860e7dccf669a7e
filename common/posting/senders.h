/* Whose sends of a key are unanswered, and can a byte of theirs still leave?
 *
 * No byte can leave any more of a sender that is over: its process is known not to run
 * (base/process.h), it has started over in place since (its slot has a newer epoch and the same
 * process), or its slot has a newer epoch and `slot.exclusive` says that the platform never runs
 * two processes of one identity. What had left is applied within prima.max_apply_delay or never, so
 * that an absence which is asked after that is final. Everything else may be asleep, and wake. Loop
 * thread only; reads /proc. */
#ifndef PRIMAFLOW_SENDERS_H
#define PRIMAFLOW_SENDERS_H

#include "base/arena.h"
#include "idempotency/keys.h"

struct senders {
    const char
        *over;     /* for keys_absent: those that are over; in the arena, "" when there are none */
    bool any_open; /* one may still send */
    bool any_unknown;     /* of one nobody knows who it was: no proof will ever come */
    const char *open_one; /* slot of the first that may still send, in the arena; "": none */
};

/* lines: as claim and renew tell them (scripts/common.lua, senders). `self`: this process;
 * is_exclusive: slot.exclusive; fleet_is_over: whoever sent before Redis was lost is over
 * (stream/fleet.h). A full arena leaves senders open, which is safe. */
struct senders senders_read(const char *lines, const struct keyspace *self, bool is_exclusive,
                            bool fleet_is_over, struct arena *arena);

#endif
