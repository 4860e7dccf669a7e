/* One read of Prima's stock, from the first request to the committed snapshot, in a thread of its
 * own: nothing of it can hold up the loop, which keeps the lease.
 *
 * In this order, and why: the company's transactional id is taken (whoever had it is fenced, before
 * anything is read); the topic is looked at (Prima is not asked for what nobody would take); a permit
 * of the fleet's limit; Redis' clock, as the time at which the read began; the request. One request
 * a depot, one after the other: more would be a load on Prima that nobody bounds. Rows go into the
 * spool; when all replies were whole and are believed, the snapshot is published.
 *
 * What the reading is given outlives it, and is not touched meanwhile. */
#ifndef PRIMAFLOW_STOCK_READING_H
#define PRIMAFLOW_STOCK_READING_H

#include "stock_publish.h"
#include "schedule/lease.h"

struct stock_source { /* what is read */
    const char *company;
    enum stock_scope scope;
    const char *from, *to;     /* of a range; "" else */
    const char *const *depots; /* asked one by one; none: all together, in one request */
    size_t depot_count;
    const struct prima_sku *skus; /* of chosen ones */
    size_t sku_count;
};

struct stock_reading {
    const struct config *config;
    struct codec *codec;
    const struct stock_source *source;
    struct stock_last last;
    struct stock_limits limits;
    const struct lease *lease;
    int64_t token;
    atomic_int stop; /* 1: end it; set when the lease is lost, too */
    /* The company's, kept from reading to reading. */
    struct kafka_writer *writer; /* NULL: none */
    int64_t writer_token;        /* under which it was made */
    struct bad_rows told;        /* bad rows of the last complete read of this source */

    /* The result. */
    enum reading_end end;
    char words[KAFKA_TEXT_MAX]; /* more of why, in a library's words; "" */
    struct stock_tally tally;
    struct bad_rows bad;
    int64_t began_ms, took_ms,
        prima_ms; /* prima_ms: of its replies, first byte out to last byte in */
};

void stock_reading_run(struct stock_reading *reading);

#endif
