/* One order's whole life, gathered from the topics, Redis and Prima, and what to do next.
 *
 * Invariants: no personal data: of an event only its kind, version, size and total; of a dead letter its code, never its message (Prima's
 * words may name people); of Redis never the request. A source that cannot be asked leaves a complaint, and the rest is told all the same.
 * Owned by the caller: why_release. One thread. */
#ifndef PRIMAFLOW_CLI_WHY_H
#define PRIMAFLOW_CLI_WHY_H

#include "base/errors.h"
#include "cli.h"
#include "codec/codec.h"

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
    char content[9];    /* the first hex digits of F; "" unknown */
    char text[700];     /* for people */
};

/* The key's state in Redis (scripts/common.lua). */
struct why_state {
    bool is_asked;
    char state; /* c s p r k d x, or '\0': Redis knows nothing of it */
    char code[48], delivery[160], content[9];
    int64_t version, at_ms, unanswered, lease_left_ms, ttl_left_ms, deferred;
};

struct why_prima {
    bool is_asked;
    enum { WHY_PRIMA_UNKNOWN, WHY_PRIMA_FOUND, WHY_PRIMA_ABSENT } answer;
    char status[48]; /* "Despatched", ... */
};

struct why_order {
    struct why_id id;
    struct why_event *events; /* by time */
    size_t event_count;
    struct why_state redis;
    struct why_prima prima;
};

void why_release(struct why_order *order);

/* why_ids.c: "01/orders/shopify/uk/5001", "01/shopify/uk/5001", "5001" or "2015001" → who it may be. CLI_DONE, or an exit code after words.
 */
__attribute__((warn_unused_result)) int why_ids(const struct cli *cli, const char *text, struct why_id ids[static WHY_ORDERS_MAX],
                                                size_t *ret_count);

/* why_topics.c: appends the events of these orders. `all_partitions` false: only the partition that the one order's key belongs to. */
__attribute__((warn_unused_result)) int why_topics(const struct cli *cli, struct codec *codec, struct why_order orders[], size_t count,
                                                   int64_t since_ms, bool all_partitions);

/* why_state.c: fills order->redis / order->prima, or warns why not. False: could not be asked. */
bool why_redis(const struct cli *cli, struct why_order orders[], size_t count);
bool why_prima(const struct cli *cli, struct why_order *order);

/* why_next.c: what is to be done, in words, most urgent first. Pure. */
size_t why_next(const struct why_order *order, char ret_next[static WHY_NEXT_MAX][700]);

/* why_print.c */
void why_print_text(const struct why_order *order);
void why_print_json(const struct why_order *order);
const char *why_state_words(const struct why_state *state);

#endif
