/* The scripts of this folder as calls, their answers typed; what they mean is said in scripts/. */
#ifndef PRIMAFLOW_SCHEDULE_CALLS_H
#define PRIMAFLOW_SCHEDULE_CALLS_H

#include "redis/once.h"

/* For redis_new: this folder's alone. Any thread. */
const struct redis_scripts *schedule_scripts(void);
const struct redis_script *schedule_script_open_orders(void); /* open_orders.h */

enum lease_word {
    LEASE_TAKEN,
    LEASE_BUSY,
    LEASE_RENEWED,
    LEASE_NOTED,
    LEASE_LOST,
    LEASE_RELEASED,
    LEASE_REFUSED /* Redis' own words: it has no memory, or the script a defect */
};
struct lease_answer {
    enum lease_word word;
    int64_t token, now_ms, left_ms;
    const char *holder, *note, *error; /* live as long as the reply; "" where there is none */
};
enum lease_op { LEASE_OP_TAKE, LEASE_OP_RENEW, LEASE_OP_NOTE, LEASE_OP_RELEASE };
struct lease_call {
    enum lease_op op;
    const char *prefix /* redis.prefix */, *name, *holder;
    int64_t lease_ms, token;
    const char *dead; /* TAKE: a holder that is known to be over, or "" */
    const char *note; /* NOTE */
};
void schedule_call_lease(struct redis *redis, const struct lease_call *call, redis_done done,
                         void *user);
struct lease_answer schedule_read_lease(const struct redis_reply *reply);

struct load_call {
    const char *prefix, *class_name;
    int weight, rate, burst;
};
struct load_answer {
    bool goes;
    int64_t wait_us; /* goes: until then; else after that it is asked again */
    int64_t now_ms;  /* goes: Redis' clock when it was asked */
};
/* Blocking; -EIO. */
__attribute__((warn_unused_result)) int schedule_call_load(struct redis_once *redis,
                                                           const struct load_call *call,
                                                           struct load_answer *ret_answer);
/* Prima said Retry-After: the whole fleet waits. */
__attribute__((warn_unused_result)) int schedule_call_hold(struct redis_once *redis,
                                                           const char *prefix, int64_t ms);
/* Redis' clock. */
__attribute__((warn_unused_result)) int schedule_call_clock(struct redis_once *redis,
                                                            int64_t *ret_now_ms);

#endif
