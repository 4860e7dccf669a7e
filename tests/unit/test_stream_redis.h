/* Redis without Redis, for what start-up and an incident ask of it: a table of keys behind
 * redis/once.h and idempotency/keys_once.h, which notes what was done in `trace`
 * (test_stream_kafka.h). What the scripts themselves do is test_idempotency_*'s. */
#ifndef PRIMAFLOW_TEST_STREAM_REDIS_H
#define PRIMAFLOW_TEST_STREAM_REDIS_H

#include "idempotency/keys_once.h"
#include "redis/once.h"

enum { KEYS_MAX = 32 };

struct fake_redis {
    struct {
        char name[300], value[200]; /* of a hash: "name field" */
    } keys[KEYS_MAX];
    size_t key_count;
    struct redis_server server;
    const char *failing; /* the next call of these fails, a word each: "text lock mark open" */
    bool lock_is_busy;
    int64_t answered, stale_fence;
    struct keys_slot slots[8]; /* what keys_slot_take finds, one after the other */
    size_t slot_count, slot_at;
    char dead[8][200]; /* what it was told of a holder */
    bool is_held, is_ready;
    const struct redis_scripts *scripts; /* of the connection that was made last */
    /* Each time somebody sleeps, with what the others do meanwhile; NULL: nothing. */
    void (*meanwhile)(void);
};
extern struct fake_redis redis;
#define REDIS ((struct redis_once *)(uintptr_t)1)

void redis_begin(void);
const char *redis_get(const char *name); /* "": none */
void redis_set(const char *name, const char *value);

#endif
