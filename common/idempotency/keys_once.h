/* The scripts that start-up calls, blocking: slots, the marker, the lock of a rebuild, and the keys
 * as they come back. Each -EIO: the connection broke, or Redis refused. One thread at a time. */
#ifndef PRIMAFLOW_KEYS_ONCE_H
#define PRIMAFLOW_KEYS_ONCE_H

#include "idempotency/keys.h"
#include "redis/once.h"

/* Takes ks->slot for `token`; dead: a holder that is known to be over, or "". ret_slot->holder
 * lives until the next call. */
__attribute__((warn_unused_result)) int keys_slot_take(struct redis_once *redis,
                                                       const struct keyspace *ks, const char *token,
                                                       int64_t lease_ms, const char *dead,
                                                       struct keys_slot *ret_slot);
/* 0 also when another process has it: the next command of the loop hears of that. */
__attribute__((warn_unused_result)) int keys_slot_keep(struct redis_once *redis,
                                                       const struct keyspace *ks, const char *token,
                                                       int64_t lease_ms);

/* The marker becomes another one ("" for none). -EAGAIN: it is not what was seen, or this is not
 * the Redis in which we took our slot. */
__attribute__((warn_unused_result)) int keys_mark(struct redis_once *redis,
                                                  const struct keyspace *ks, const char *seen,
                                                  const char *marker);

/* One slot of the fleet rebuilds. Taken or renewed; a slot has one process at a time, so that its
 * name is who we are, and our own former self's lock is ours. -EBUSY. */
__attribute__((warn_unused_result)) int keys_lock(struct redis_once *redis,
                                                  const struct keyspace *ks, int64_t lease_ms);
__attribute__((warn_unused_result)) int keys_unlock(struct redis_once *redis,
                                                    const struct keyspace *ks, int64_t lease_ms);

/* Keys that come back, many for a round trip. Zeroed but for the first two. */
struct keys_batch {
    struct redis_once *redis;
    const struct keyspace *ks;
    const struct redis_script *script;
    size_t given;        /* not yet answered */
    int64_t stale_fence; /* the highest of keys that refused ours; 0: none did */
};
struct keys_restored {
    const char *state; /* scripts/restore.lua */
    const char *natural;
    const uint8_t *identity;
    const char *delivery, *code;
    int64_t version, at_ms;
    const uint8_t *goods, *money; /* NULL: not known */
};
__attribute__((warn_unused_result)) int keys_batch_restore(struct keys_batch *batch,
                                                           const struct keys_restored *key);
__attribute__((warn_unused_result)) int keys_batch_defer(struct keys_batch *batch,
                                                         const char *natural, const char *delivery,
                                                         int64_t life_ms);
/* The position of a ledger partition: by a table that has not read so far nobody decides about
 * credit. Whatever stood there. */
__attribute__((warn_unused_result)) int keys_credit_position(struct keys_batch *batch,
                                                             int32_t partition, int64_t offset);
/* Waits for all that were given; before anything else is run on the connection. */
__attribute__((warn_unused_result)) int keys_batch_end(struct keys_batch *batch);

#endif
