/* One turn of asking Prima how a company's open orders are: what topics tell of new ones, the orders
 * that are due, one transaction of what changed. In a thread of its own, as a reading of stock; what it
 * needs stays open from turn to turn.
 *
 * In this order, and why
 *   - The company's transactional id is taken under the lease: nothing of a former holder's is
 *     committed from then on.
 *   - orders.status is read to its end: what was published is what Redis has of each order then, however
 *     the former holder ended, and whether or not Redis lost everything. Nothing is asked before.
 *   - orders.results and orders.ledger tell of open orders, orders.raw.dlq of those that their channel
 *     has cancelled. A place is kept after what was read before it: an order may be heard of twice, and
 *     is never forgotten.
 *   - Those that are longest due are asked for. What changed is committed, and only then known to Redis;
 *     whatever goes wrong between the two is made good by reading orders.status again.
 *
 * What a turn is given outlives it, and is not touched meanwhile. */
#ifndef PRIMAFLOW_STATUS_TURN_H
#define PRIMAFLOW_STATUS_TURN_H

#include <uv.h>

#include "codec/codec.h"
#include "kafka/writer.h"
#include "prima/client.h"
#include "schedule/lease.h"
#include "schedule/open_orders.h"
#include "status_facts.h"
#include "status_follow.h"

enum status_end {
#define STATUS_END(ID, id, meaning) STATUS_##ID,
#include "status_ends.def"
#undef STATUS_END
    STATUS_ENDS
};
const char *status_end_name(enum status_end end);
const char *status_end_meaning(enum status_end end);

/* How an order's asking ended. */
enum status_poll {
    POLL_OK,
    POLL_ABSENT, /* no such order */
    POLL_ERROR,  /* Prima's own word */
    POLL_NOT_SENT,
    POLL_DENIED,
    POLL_BUSY,
    POLL_CUT,
    POLL_INVALID, /* a parcel cannot be read */
    STATUS_POLLS
};
const char *status_poll_name(enum status_poll poll); /* "ok", "absent", ... */

enum status_topic { FROM_RESULTS, FROM_LEDGER, FROM_LETTERS, STATUS_TOPICS };

struct status_asked { /* an order of the batch */
    struct arena *arena;
    struct polled_order order;
    struct order_status *last; /* NULL: nothing was published */
    struct status_change change;
    enum status_poll poll;
    bool is_answered;
    const char *why; /* POLL_INVALID; a constant */
    struct status_turn *turn;
};

struct status_turn {
    const struct config *config;
    const struct order_rules *rules;
    struct status_words words;
    int64_t from_ms; /* orders that were posted before are not asked for */
    struct codec *codec;
    const char *company, *lease_name;
    char letters[160]; /* orders.raw.dlq */
    const struct lease *lease;
    int64_t token;
    atomic_int stop; /* 1: end it */

    /* Kept from turn to turn. */
    bool is_open, is_caught_up;
    int64_t open_token; /* under which it was opened */
    uv_loop_t loop;
    uv_timer_t look;
    struct redis_once *redis;
    struct open_orders set;
    struct kafka_writer *writer;
    struct prima_client *prima;
    struct status_follow published, topics[STATUS_TOPICS];

    /* The result. */
    enum status_end end;
    char words_of_end[KAFKA_TEXT_MAX]; /* more of why; "" */
    struct status_asked batch[OPEN_ORDERS_DUE_MAX];
    size_t batch_count; /* asked and, where that was news, published */
    bool is_published;  /* what the batch changed was committed */
    bool has_more;      /* something is due, or to be read, now */
    bool is_redis_lost; /* in an answer */
    int64_t found;      /* orders that were not known */
    int64_t now_ms, took_ms;
    struct open_orders_sums sums;
};

void status_turn_init(struct status_turn *turn);
void status_turn_run(struct status_turn *turn);
/* Forgets the batch, once its result was taken. */
void status_turn_forget(struct status_turn *turn);
/* Closes what is open; after the last turn, or when the lease was lost. Blocks briefly. */
void status_turn_close(struct status_turn *turn);

/* Its parts, each in a file of its own; *_END: COMPLETE to go on. */
bool status_goes_on(void *turn);
enum status_end status_why_not(const struct status_turn *turn);
enum status_end status_end_of(const struct status_turn *turn, int error); /* of open_orders' */
struct status_rules status_rules_of(const struct status_turn *turn);
enum status_end status_catch_up(struct status_turn *turn); /* status_intake.c */
enum status_end status_take_in(struct status_turn *turn);
void status_close_topics(struct status_turn *turn);
enum status_end status_ask(struct status_turn *turn);     /* status_ask.c: fills the batch */
enum status_end status_publish(struct status_turn *turn); /* status_publish.c */

#endif
