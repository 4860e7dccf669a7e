/* A company's open orders in Redis: which there are, when each is asked for next, what was published of
 * it last, and how far the topics were read that tell of them. Only whoever holds the company's lease
 * reads or writes any of it: a former holder is refused by each call.
 *
 * What is here can be made again from Kafka: a place is written after what was read before it. Calls
 * that give are sent together and answered by open_orders_settle; each may be made twice. Six keys a
 * company. Blocking; one thread. */
#ifndef PRIMAFLOW_OPEN_ORDERS_H
#define PRIMAFLOW_OPEN_ORDERS_H

#include "redis/once.h"

enum { OPEN_ORDERS_DUE_MAX = REDIS_ITEMS_MAX - 2, OPEN_ORDERS_GIVEN_MAX = 200 };

struct open_orders {
    struct redis_once *redis;
    const char *prefix, *company, *lease; /* redis.prefix; whose; the lease's name */
    int64_t token;                        /* under which it is held */
    size_t given, added; /* added: orders that were not known, since it was set up */
};

/* 0; -ECANCELED: the lease is not held any more; -EIO: Redis. */
#define OPEN_ORDERS_CALL __attribute__((warn_unused_result)) int

/* For a new connection, before anything else. */
OPEN_ORDERS_CALL open_orders_begin(struct open_orders *set);

/* What is given; at OPEN_ORDERS_GIVEN_MAX it settles by itself. Texts are the caller's until then. */
OPEN_ORDERS_CALL open_orders_add(struct open_orders *set, const char *key, const char *facts,
                                 int64_t due_ms);
/* Puts a letter before the facts, once; of an order that is not open nothing. */
OPEN_ORDERS_CALL open_orders_mark(struct open_orders *set, const char *key, const char *letter);
OPEN_ORDERS_CALL open_orders_wait(struct open_orders *set, const char *key, int64_t due_ms);
struct open_orders_told {
    const char *key;
    int64_t version;
    const void *record; /* as published */
    size_t record_size;
    const char *facts; /* where there are none yet */
    int64_t due_ms;    /* 0: it is over ... */
    int64_t forget_ms; /* ... which is remembered until then */
};
/* What was published; older than what is there: nothing. */
OPEN_ORDERS_CALL open_orders_tell(struct open_orders *set, const struct open_orders_told *told);
OPEN_ORDERS_CALL open_orders_place(struct open_orders *set, const char *topic, int32_t partition,
                                   int64_t offset);
OPEN_ORDERS_CALL open_orders_settle(struct open_orders *set);

/* What is asked. Replies live until the next call. */
struct open_orders_due {
    int64_t now_ms; /* Redis' clock */
    const char *keys[OPEN_ORDERS_DUE_MAX];
    size_t count;
};
OPEN_ORDERS_CALL open_orders_due(struct open_orders *set, size_t max,
                                 struct open_orders_due *ret_due);
/* facts "": it is not open; last_size 0: nothing was published. `last` is "version record". */
struct open_orders_one {
    const char *facts, *last;
    size_t last_size;
};
OPEN_ORDERS_CALL open_orders_look(struct open_orders *set, const char *key,
                                  struct open_orders_one *ret_one);
/* -1: it was not read yet. */
OPEN_ORDERS_CALL open_orders_where(struct open_orders *set, const char *topic, int32_t partition,
                                   int64_t *ret_offset);
struct open_orders_sums {
    int64_t now_ms, open, closed;
    int64_t first_due_ms; /* -1: there are none */
};
OPEN_ORDERS_CALL open_orders_count(struct open_orders *set, struct open_orders_sums *ret_sums);

#endif
