/* The bare loop: what an order costs in wire bytes alone. It moves the bytes that the orders worker
 * moves (sampled from a run of that worker), through the same libraries with the same settings, and
 * decides nothing: no Avro, no rules, no lanes, no key order, no recovery.
 *
 *     consume -> claimsent -> POST -> strstr -> finish -> result and ledger entry produced,
 * offsets with them, in one transaction
 *
 * Everything runs on one thread's libuv loop, except what blocks by nature: transactions, in
 * libuv's pool, as the worker has them. An error of any kind ends the program with a message: a
 * benchmark that hides one measures something else. */
#ifndef PRIMAFLOW_BENCH_BARE_H
#define PRIMAFLOW_BENCH_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct bytes {
    char *data;
    size_t size;
};

/* ---- samples: what the worker sent for one order ---- */

enum { SLOTS_MAX = 16, SLOT_SIZE_MIN = 6 };

/* Runs of '@' in a body are where an order's number stands. */
struct sample {
    struct bytes body;    /* HTTP */
    struct bytes request; /* what `claimsent` stores */
    struct bytes summary; /* what `claimsent` and `finish` store */
    struct bytes result, ledger;
    struct bytes slots[SLOTS_MAX]; /* into body */
    size_t slot_count;
};

/* Reads all of them; the caller keeps them to the end. */
struct sample *samples_read(const char *path, size_t *ret_count);
/* Writes `number` into a copy of the body. */
void sample_fill(const struct sample *sample, uint64_t number, char *body);

/* ---- one order under way ---- */

struct bare;
struct order {
    struct bare *bare;
    const struct sample *sample;
    void *message; /* rd_kafka_message_t, ours until its transaction is done */
    const char *key;
    size_t key_size;
    int32_t partition;
    int64_t offset;
    uint64_t number;
    char token[16], identity[33], goods[16], money[8];
    struct order *next;
};

struct bare {
    uv_loop_t loop;
    struct kafka *kafka;
    struct redis_link *redis;
    struct http *http;
    struct sample *samples;
    size_t sample_count;
    uint64_t first_number, orders_max;
    uint64_t taken, finished, committed;
    uint64_t warm,
        warm_cpu_us; /* the first orders are not measured: how many, and what they took */
    size_t in_flight, in_flight_max, buffered_max;
};

__attribute__((noreturn, format(printf, 1, 2))) void bare_die(const char *format, ...);
void bare_pump(struct bare *b);                    /* takes orders while there is room */
void bare_committed(struct bare *b, size_t count); /* ends the loop with the last order */

/* Each begins a step; the next one follows by itself, and at the end order_finished. */
void redis_claim_sent(struct redis_link *r, struct order *o);
void redis_finish(struct redis_link *r, struct order *o);
void http_post(struct http *h, struct order *o);
void order_sent(struct order *o);
void order_posted(struct order *o);
void order_finished(struct order *o);

struct redis_link *redis_link_new(struct bare *b, const char *host, int port, const char *prefix);
void redis_link_free(struct redis_link *r);
struct http *http_new(struct bare *b, const char *url, size_t connections);
void http_free(struct http *h);

/* ---- Kafka ---- */

struct kafka_names {
    const char *bootstrap, *topic, *group, *instance, *results, *ledger;
};
struct kafka *bare_kafka_new(struct bare *b, const struct kafka_names *names);
void bare_kafka_free(struct kafka *k);
/* The next order, or false. */
bool bare_kafka_take(struct kafka *k, struct order *ret_order);
/* Hands an order over to the next transaction. */
void bare_kafka_publish(struct kafka *k, struct order *o);

#endif
