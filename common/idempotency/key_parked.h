/* A person's word about a parked key: looked at, adopted, released or discarded, by one script
 * (scripts/parked.lua) that is safe to run twice. From the command line, which has no slot.
 * Blocking. One thread.
 *
 * A parked key is nobody's work, so that no lease is in the way; what a worker has is BUSY and
 * stays its.
 *   adopt     Prima's document is ours: posted, and the next delivery of its content publishes it
 *   release   key_parked_take, then commit what goes with it, then key_parked_free: nobody sends it
 *       in between. Who dies there leaves a claim that runs out; nothing was sent by it
 *   discard   nothing of it is sent any more */
#ifndef PRIMAFLOW_KEY_PARKED_H
#define PRIMAFLOW_KEY_PARKED_H

#include "idempotency/keys.h"
#include "redis/once.h"

struct parked_key { /* texts are the caller's */
    const char *prefix, *flow, *natural;
    const char *order;       /* of what takes credit: its order's topic key; NULL: it takes none */
    int64_t ttl_ms, wait_ms; /* idempotency.ttl, prima.unproven_wait */
    int64_t lease_ms; /* of key_parked_take: what goes with it is committed by then, or never */
    uint8_t token[TOKEN_SIZE];
    /* the dead letter's own content, where it says so; identity NULL: it does not */
    const uint8_t *identity, *goods, *money;
    const char *delivery;
    int64_t version;
    struct redis_bytes summary; /* by today's rules, used where Redis has none of what was sent */
};

struct parked_view { /* of KNOWN */
    char state;      /* of scripts/record.lua; '\0': Redis has nothing of it */
    char code[48];
    char delivery
        [160];      /* that it is for; of a posted one that publishes it, "" when nobody does yet */
    bool is_proven; /* found, it is ours */
    int64_t wait_ms;                                           /* until it may be released */
    enum { PARKED_UNKNOWN, PARKED_OWN, PARKED_OTHER } content; /* what was sent */
    bool has_summary;
};

enum parked_word { PARKED_LOOK, PARKED_ADOPT, PARKED_TAKE, PARKED_FREE, PARKED_DISCARD };

/* KNOWN (look, with *ret_view), FINISHED (adopt), CLAIMED (take), RELEASED (free), DISCARDED.
 * Else POSTED (ret_view->delivery); BUSY and WAIT (ret_view->wait_ms); CANCELLED; LOST: it is
 * not parked; UNPROVEN: a summary is needed; SUSPECT: Redis is being rebuilt; UNREADABLE; DEFECT
 * with the message. */
enum verdict key_parked(struct redis_once *redis, enum parked_word word,
                        const struct parked_key *key, struct parked_view *ret_view,
                        char ret_message[static 300]);

#endif
