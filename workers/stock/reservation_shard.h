/* The orders of one partition number in this process: that partition of orders.raw, orders.results
 * and orders.ledger, which have as many and are keyed alike, and that of stock.orders, by which it is
 * restored; beside them that of stock.confirmed, whose absence holds nothing up.
 *
 * Invariants
 *   - Nothing is heard until all of its input partitions are here and stock.orders was read to its
 *     end: with one of them elsewhere there might be two makers of the same orders.
 *   - One of them gone, all that is remembered is void, with what was made and not taken into a
 *     transaction; records that wait here are heard anew when all are back.
 *   - What its records made goes in one piece, with whichever of its partitions is collected first:
 *     a record's offset is never committed before what it made, and what was made of a record that is
 *     read again is nothing new.
 * Loop thread only, but for what the pool reads. */
#ifndef PRIMAFLOW_RESERVATION_SHARD_H
#define PRIMAFLOW_RESERVATION_SHARD_H

#include "reservation_input.h"
#include "reservation_maker.h"
#include "reservation_process.h"
#include "stock_follow.h"
#include "stock_half.h"

/* Messages that wait: beyond, nothing is read. A record makes two a product, and one. */
enum { RESERVATION_OUTBOX_MAX = 20000 };

struct reservation_shard {
    struct reservation_process *process;
    int32_t partition;
    struct stock_part *parts[RESERVATION_SOURCES]; /* NULL: not here */
    struct reservation_input inputs[RESERVATION_SOURCES];
    struct reservation_maker maker;
    struct stock_followed *followed; /* stock.orders; NULL: not all parts are here */
    bool is_restored;
    int64_t restored;            /* records read */
    struct kafka_record waiting; /* of stock.orders: its schema is not known; key NULL: none */
    size_t looked_at;            /* of reservation_forget */
    struct {                     /* events of orders with gaps, to be read again */
        int64_t *offsets;        /* rising */
        size_t count, at;
    } mending;
};

/* The shard of a part that comes; it is the part's until reservation_shard_leave. */
struct reservation_shard *reservation_shard_join(struct stock_part *part,
                                                 enum reservation_source source);
void reservation_shard_leave(struct reservation_shard *shard, enum reservation_source source);

/* Hears what waits, as far as it can be. */
void reservation_shard_hear(struct reservation_shard *shard);
bool reservation_shard_is_ready(const struct reservation_shard *shard);

#endif
