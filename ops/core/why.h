/* One order's or refund's whole life, gathered from the topics, Redis and Prima, and what to do next;
 * with an order its refunds and what remains creditable of it, with a refund its order.
 *
 * Invariants: no personal data: of an event only its kind, version, size, total and what differs
 * (domain/difference); of a dead letter its code, never its message (Prima's words may name people);
 * of Redis never the request. A
 * source that cannot be asked says why (why_not), and the rest is told all the same. Owned by the
 * caller: why_story_release. One thread. */
#ifndef PRIMAFLOW_OPS_WHY_H
#define PRIMAFLOW_OPS_WHY_H

#include "base/errors.h"
#include "core/refund_book.h"
#include "domain/events/ledger_credit.h"
#include "domain/difference/difference.h"
#include "idempotency/key_view.h"

enum { WHY_KEY_MAX = 256, WHY_ORDERS_MAX = 64, WHY_NEXT_MAX = 6, WHY_OPEN_MAX = 8 };

/* Who it may be: an id can mean orders and refunds of several channels. */
struct why_id {
    bool is_refund;
    /* kafka: of a refund its order's topic key, "" as long as it is not known */
    char natural[WHY_KEY_MAX], kafka[WHY_KEY_MAX], company[64],
        number[WHY_KEY_MAX]; /* Prima's; it and company "": channel not configured */
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

/* One refund of an order. Texts live in its why_credit. */
struct why_refund {
    const char *natural, *refund_id;
    bool is_told; /* by its topics; else only the ledger or Redis know of it */
    struct refund_standing standing;
    bool is_before_despatch;            /* it takes back units that never left */
    const char *document;               /* of its note; NULL: none is known */
    const struct ledger_credit *record; /* the ledger's; NULL: it has none */
    int64_t reserved;                   /* number of its reservation in Redis; 0: none */
    const char *currency;               /* NULL: its amount is not known */
    int64_t minor;                      /* credited, else kept for it, else gone back */
};

/* What remains creditable of an order, and of whom the rest is. */
struct why_credit {
    bool is_read; /* the ledger was */
    bool has_entry;
    const char *outcome;                /* it ended without a document, so; NULL: not so */
    const char *currency;               /* NULL: what remains is not known */
    int64_t remains_minor, kept_minor;  /* kept: of what remains, for refunds that are under way */
    bool is_all_kept;                   /* nobody else is credited until a person has told */
    const char *all_kept_for;           /* K of who keeps it, or NULL */
    bool is_reserved_asked, is_blocked; /* Redis; blocked: the order is being amended */
    struct why_refund *refunds;
    size_t refund_count;
    struct arena *memory;
    char why_not[400]; /* something could not be asked; "" */
};

/* What an order takes of one product at one depot. Texts live in its why_stock. */
struct why_stock_row {
    const char *sku, *depot; /* stock key; "": one of several */
    int64_t since_ms, units;
    int64_t allocated_units, allocated_ms; /* that Prima took off its own figure, and when */
};

/* What the stock worker remembers of an order. */
struct why_stock {
    bool is_read; /* stock.orders was; false without a reason: there is no such topic */
    bool is_remembered;
    struct why_stock_row *rows;
    size_t count, gaps;
    struct arena *memory;
    char why_not[400]; /* it could not be asked; "" */
};

struct why_order {
    struct why_id id;
    struct why_event *events; /* by time */
    size_t event_count;
    bool is_elsewhere;    /* its events need not be in its key's partition: all were read */
    struct arena *memory; /* of the events' changes; NULL: none */
    struct key_view redis;
    struct why_prima prima;
    struct why_credit credit; /* of an order; of a refund that of its order */
    struct why_stock stock;   /* of an order */
    struct why_order *order;  /* of a refund; NULL: not known which */
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

/* All that is known of an order or a refund: its id, Prima's number, or a key. *ret_story is zero before; it is
 * filled as far as it went whatever is returned. OPS_USAGE: no id and no key. */
__attribute__((warn_unused_result)) enum ops_kind ops_why(struct ops *ops, const char *id,
                                                          const struct why_options *options,
                                                          struct why_story *ret_story,
                                                          struct ops_error *ret_error);
void why_story_release(struct why_story *story);
bool why_is_known(const struct why_order *order); /* to the topics or to Redis */
bool why_is_posted(const struct why_order *order);

/* why_next.c: what is to be done, in words, most urgent first. Pure. */
size_t why_next(const struct why_order *order, char ret_next[static WHY_NEXT_MAX][700]);

/* why_open.c: exceptions that are open though Prima has it: the channel differs. Each code once. */
bool why_is_open(const struct why_order *order, const struct why_event *dead);
size_t why_open(const struct why_order *order, enum pf_error ret_codes[static WHY_OPEN_MAX]);

/* why_next_refund.c: of an open exception of an order and one of its refunds, which Prima still
 * needs, in words. False: the two have nothing to do with each other. Pure. */
bool why_which(enum pf_error open, const struct why_refund *refund, char ret_text[static 500]);
/* The refund itself among its order's; NULL: it is in none of them. */
const struct why_refund *why_refund_self(const struct why_order *refund);

/* ---- the parts ---- */

void why_release(struct why_order *order);

/* why_ids.c: "01/orders/shopify/uk/5001", "01/shopify/uk/5001", "5001" or "2015001" → which order it
 * may be. */
__attribute__((warn_unused_result)) enum ops_kind why_ids(struct ops *ops, const char *text,
                                                          struct why_id ids[static WHY_ORDERS_MAX],
                                                          size_t *ret_count,
                                                          struct ops_error *ret_error);

/* ... "01/refunds/shopify/uk/901", "901" or "201R901" → which refund; appends to the ids. None of a
 * key that is no refund's. */
__attribute__((warn_unused_result)) enum ops_kind why_refund_ids(
    struct ops *ops, const char *text, struct why_id ids[static WHY_ORDERS_MAX], size_t *count,
    struct ops_error *ret_error);

/* why_events.c */
struct why_event *why_event_add(struct why_order *order, enum why_kind kind,
                                const struct kafka_record *record); /* NULL: no memory */
/* Of what any flow puts into dead letters and retry topics. */
void why_event_dead(struct why_event *event, const struct kafka_record *record);
void why_event_waits(struct why_event *event, const struct kafka_record *record);
enum why_kind why_kind_of(const struct flow *flow, const char *topic);
void why_events_sort(struct why_order *order);

/* why_topics.c: appends the events of these orders. `all_partitions` false: only the partition that
 * the one order's key belongs to. */
__attribute__((warn_unused_result)) enum ops_kind why_topics(struct ops *ops,
                                                             struct why_order orders[],
                                                             size_t count, int64_t since_ms,
                                                             bool all_partitions,
                                                             struct ops_error *ret_error);

/* why_refund_topics.c: the same of refunds, whose ids learn from it which order they are of. */
__attribute__((warn_unused_result)) enum ops_kind why_refund_topics(struct ops *ops,
                                                                    struct why_order refunds[],
                                                                    size_t count, int64_t since_ms,
                                                                    bool all_partitions,
                                                                    struct ops_error *ret_error);
/* why_credit.c: an order's refunds, by their topics, the ledger, and Redis. is_posted false: the
 * latter two are not asked when the topics have no refund of it. */
__attribute__((warn_unused_result)) enum ops_kind why_credit_gather(
    struct ops *ops, const char *order, bool is_posted, const struct why_options *options,
    struct why_credit *ret_credit, struct ops_error *ret_error);
void why_credit_release(struct why_credit *credit);

/* why_stock.c */
__attribute__((warn_unused_result)) enum ops_kind why_stock_gather(
    struct ops *ops, const char *order, const struct why_options *options,
    struct why_stock *ret_stock, struct ops_error *ret_error);
void why_stock_release(struct why_stock *stock); /* it is empty then */

/* why_ledger.c: the text of a message of the ledger, which is one of the order's. */
void why_ledger_read(struct codec *codec, const struct kafka_record *record, struct arena *arena,
                     struct why_event *event);

/* why_versions.c: fills in what changed, of events in their order. */
void why_versions_compare(const struct codec *codec, struct why_order *order);

/* why_state.c: fills order->redis / order->prima, or says why not. False: could not be asked. */
bool why_redis(struct ops *ops, struct why_order orders[], size_t count, char ret_why_not[400]);
bool why_prima(struct ops *ops, struct why_order *order);

#endif
