/* One order's whole life, gathered from the topics, Redis and Prima, and what to do next.
 *
 * Invariants: no personal data: of an event only its kind, version, size, total and what differs
 * (domain/difference); of a dead letter its code, never its message (Prima's words may name people);
 * of Redis never the request. A
 * source that cannot be asked says why (why_not), and the rest is told all the same. Owned by the
 * caller: why_story_release. One thread. */
#ifndef PRIMAFLOW_OPS_WHY_H
#define PRIMAFLOW_OPS_WHY_H

#include "base/errors.h"
#include "core/context.h"
#include "domain/difference/difference.h"
#include "idempotency/key_view.h"

enum { WHY_KEY_MAX = 256, WHY_ORDERS_MAX = 32, WHY_NEXT_MAX = 4 };

/* Who it may be: an id can mean orders of several channels. */
struct why_id {
    char natural[WHY_KEY_MAX], kafka[WHY_KEY_MAX], company[64],
        order_number[WHY_KEY_MAX]; /* number and company "": channel not configured */
};

enum why_kind { WHY_INPUT, WHY_WAITS, WHY_REPLAYED, WHY_RESULT, WHY_DEAD, WHY_LEDGER };

struct why_event {
    int64_t at_ms;
    char topic[80];
    int32_t partition;
    int64_t offset;
    enum why_kind kind;
    enum pf_error code; /* of a result's first flag or a dead letter, or what it waits for */
    char outcome[32];   /* of a result */
    char delivery[160]; /* what entered where: topic/partition/offset */
    char resolves[160]; /* of a result: the delivery whose dead letter it brought to its end; "" */
    char content[9];    /* the first hex digits of F; "" unknown */
    char text[700];     /* for people */

    /* Of an event: what it changed in the version before it. Of a dead letter of an order that Prima
     * has: what differs from the version that was posted. */
    const struct differences *changes; /* NULL: not compared, or no memory was left to tell it */
    bool is_compared;
    bool is_former_gone;               /* the posted version is in no topic any more */
    const struct order_event *version; /* while topics are read: what was decoded; else NULL */
};

struct why_prima {
    bool is_asked;
    enum { WHY_PRIMA_UNKNOWN, WHY_PRIMA_FOUND, WHY_PRIMA_ABSENT } answer;
    char status[48];   /* "Despatched", ... */
    char why_not[600]; /* it could not be asked; "" */
};

struct why_order {
    struct why_id id;
    struct why_event *events; /* by time */
    size_t event_count;
    struct arena *memory; /* of the events' changes; NULL: none */
    struct key_view redis;
    struct why_prima prima;
};

struct why_options {
    int64_t since_ms;    /* wall: how far back the topics are read */
    bool all_partitions; /* for producers that do not spread keys as Java's clients do (slower) */
};

struct why_story {
    struct why_order orders[WHY_ORDERS_MAX];
    size_t count;
    bool is_known;           /* something is known of one of them */
    bool is_incomplete;      /* something could not be asked */
    char redis_why_not[400]; /* "" */
};

/* All that is known of an order: its id, Prima's number, or a key. *ret_story is zero before; it is
 * filled as far as it went whatever is returned. OPS_USAGE: no id and no key. */
__attribute__((warn_unused_result)) enum ops_kind ops_why(struct ops *ops, const char *id,
                                                          const struct why_options *options,
                                                          struct why_story *ret_story,
                                                          struct ops_error *ret_error);
void why_story_release(struct why_story *story);
bool why_is_known(const struct why_order *order); /* to the topics or to Redis */

/* why_next.c: what is to be done, in words, most urgent first. Pure. */
size_t why_next(const struct why_order *order, char ret_next[static WHY_NEXT_MAX][700]);

/* ---- the parts ---- */

void why_release(struct why_order *order);

/* why_ids.c: "01/orders/shopify/uk/5001", "01/shopify/uk/5001", "5001" or "2015001" → who it may
 * be. */
__attribute__((warn_unused_result)) enum ops_kind why_ids(struct ops *ops, const char *text,
                                                          struct why_id ids[static WHY_ORDERS_MAX],
                                                          size_t *ret_count,
                                                          struct ops_error *ret_error);

/* why_topics.c: appends the events of these orders. `all_partitions` false: only the partition that
 * the one order's key belongs to. */
__attribute__((warn_unused_result)) enum ops_kind why_topics(struct ops *ops,
                                                             struct why_order orders[],
                                                             size_t count, int64_t since_ms,
                                                             bool all_partitions,
                                                             struct ops_error *ret_error);

/* why_ledger.c: the text of a message of the ledger, which is one of the order's. */
void why_ledger_read(struct codec *codec, const struct kafka_record *record, struct arena *arena,
                     struct why_event *event);

/* why_versions.c: fills in what changed, of events in their order. */
void why_versions_compare(const struct codec *codec, struct why_order *order);

/* why_state.c: fills order->redis / order->prima, or says why not. False: could not be asked. */
bool why_redis(struct ops *ops, struct why_order orders[], size_t count, char ret_why_not[400]);
bool why_prima(const struct ops *ops, struct why_order *order);

#endif
