/* A key's record in Redis, read for people: by the same reader as every script's
 * (scripts/record.lua), so that its layout is known in one place. Nothing is written, and the
 * request is never given away. Blocking. One thread. */
#ifndef PRIMAFLOW_KEY_VIEW_H
#define PRIMAFLOW_KEY_VIEW_H

#include "idempotency/keys.h"
#include "redis/once.h"

struct key_view {
    bool is_asked; /* false: all zero, nobody read it */
    char state;    /* of scripts/record.lua; '?': unreadable, '\0': Redis knows nothing of it */
    char code[48]; /* why, of a final state */
    char delivery[160]; /* that it happens for */
    char content[9];    /* the first hex digits of F; "" none yet */
    char senders[160];  /* slots of the workers whose sends are unanswered and may still be under
                            way, ", " between */
    int64_t version, at_ms, unanswered, lease_left_ms, ttl_left_ms;
    int64_t deferred; /* deliveries of the key that wait in retry topics */
};

/* 0 with *ret_view; -EIO with the message: Redis broke off (close and open again), or refuses. */
__attribute__((warn_unused_result)) int key_view_read(struct redis_once *redis, const char *prefix,
                                                      const char *natural,
                                                      struct key_view *ret_view,
                                                      char ret_message[static 300]);

/* A person's word: Prima's document of this key holds the version with this content. VERDICT_FINISHED;
 * VERDICT_LOST: nobody posted the key; VERDICT_SUSPECT: Redis is being rebuilt; VERDICT_UNREADABLE;
 * VERDICT_DEFECT with the message: as for -EIO above. */
struct key_version {
    const uint8_t *identity, *goods, *money; /* as keys.h has them */
    const char *delivery;                    /* that brought it */
    int64_t version;
};
enum verdict key_amend(struct redis_once *redis, const char *prefix, const char *flow,
                       const char *natural, const struct key_version *version,
                       char ret_message[static 300]);

#endif
