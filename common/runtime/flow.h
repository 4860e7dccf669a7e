/* What a worker is: a descriptor of topics, events and pure functions. How records travel, retry, settle and commit is the runtime's
 * business; a flow knows neither Kafka nor Redis nor HTTP.
 *
 * Rules for the functions
 *   - Pure: they read their arguments and allocate in the arena they are given; the same arguments give the same result, byte for byte.
 *   - They may be called again for the same event (after a crash, a retry, a reload): only `decide` depends on the mappings, and its
 * request and summary are stored before anything is sent, so that what was decided stays decided. Loop thread only. */
#ifndef PRIMAFLOW_FLOW_H
#define PRIMAFLOW_FLOW_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/errors.h"
#include "codec/codec.h"
#include "config/config.h"
#include "prima/client.h"
#include "prima/request.h"

enum outcome { /* of a result; the rest are dead letters, by code. Names: outcome_name */
               OUTCOME_POSTED,
               OUTCOME_POSTED_ON_HOLD,
               OUTCOME_DUPLICATE,
               OUTCOME_SUPERSEDED,
               OUTCOME_CANCELLED_BEFORE_POSTING,
               OUTCOME_IGNORED_TEST,
               OUTCOME_IGNORED_BEFORE_CUTOVER,
               OUTCOME_COUNT
};
const char *outcome_name(enum outcome outcome); /* "posted", ... as in results */

/* Who a record is. Texts live in the record's arena. */
struct flow_key {
    const char *natural;      /* K: company/type/channel/store/id */
    const char *kafka;        /* the topic key: company/channel/store/id */
    const char *company;      /* for comwsomhandler */
    const char *order_number; /* Prima's number of the document, from K alone */
    int64_t version;          /* the source's version of the content; higher is newer; 0: unknown */
    bool cancels;             /* the event takes K back: it is never sent, see runtime/life.h */
};

/* A fact about the world that a decision needs; the runtime finds it out (cache, Redis, Prima) and calls decide again. */
enum fact_kind {
    FACT_PRODUCT,  /* does Prima have this SKU? */
    FACT_CUSTOMER, /* which account is this customer's? Created when there is none */
};
enum fact_state {
    FACT_UNASKED,
    FACT_KNOWN,     /* product exists / account found or created */
    FACT_ABSENT,    /* product: neither the catalogue nor Prima, asked now, has it */
    FACT_AMBIGUOUS, /* customer: more than one account matches */
    FACT_UNCERTAIN, /* customer: whether an account was created could not be found out */
};
struct fact {
    enum fact_kind kind;
    enum fact_state state;
    struct prima_sku sku;           /* FACT_PRODUCT */
    const char *channel_customer;   /* FACT_CUSTOMER: channel/customer-id, "" for a guest */
    const char *email;              /* FACT_CUSTOMER: normalised, "" when there is none */
    struct prima_customer customer; /* FACT_CUSTOMER: to create it with */
    const char *account;            /* FACT_CUSTOMER, FACT_KNOWN */
};
/* What the runtime knows of a fact without asking anybody: `look` fills in state and account, or leaves it FACT_UNASKED. What most orders
 * name is known, and then they are decided once. */
struct flow_known {
    void (*look)(void *user, struct fact *fact);
    void *user;
};
enum { FLOW_FACTS_MAX = 512 }; /* lines of an order that may need a product read, and a customer */

struct flow_plan {
    enum { FLOW_NEEDS_FACTS, FLOW_SENDS, FLOW_SETTLES, FLOW_DEAD_LETTERS, FLOW_WAITS } verdict;
    /* FLOW_NEEDS_FACTS: in the arena; the runtime fills in the states and passes the same array back */
    struct fact *facts;
    size_t fact_count;
    /* FLOW_SENDS: the exact request (prima/request.h) and the flow's own compact summary of it (proof, flags), opaque to the runtime, <= 1
     * KiB */
    const char *request, *summary;
    size_t request_size, summary_size;
    enum outcome outcome; /* FLOW_SENDS: posted or posted on hold; FLOW_SETTLES: ignored ones */
    /* every flag raised, for metrics; the first is the result's code */
    enum pf_error codes[8];
    size_t code_count;
    /* FLOW_WAITS: not now (payment not captured, a mapping missing, where policy says wait): to the retry topic, and decided again with the
     * mappings of then, up to retry.max_age, when it becomes a dead letter of codes[0]. Later events of the key may pass: a cancellation
     * settles it, a newer version that is posted makes it superseded, and one that waits as well is posted instead of it (waiting.h).
     * codes[0] says what for. */
    const char *detail; /* FLOW_DEAD_LETTERS, FLOW_SETTLES, FLOW_WAITS: a sentence without personal data, or NULL */
};

/* In shadow mode: what would have been posted, by its own request, and whether Prima has the number already. */
struct flow_shadow {
    bool in_prima, creates_customer, hold;
    char request_digest[65], currency[4], date[11]; /* SHA-256 in hex; ISO 4217; OrderDate YYYY-MM-DD or "" */
    int32_t line_count;
    int64_t net_minor, tax_minor, gross_minor;
};

/* What is known when a record settles with a result. */
struct flow_settlement {
    enum outcome outcome;
    const struct flow_key *key;
    const uint8_t *identity; /* 33 bytes */
    const char *summary;     /* of the posted request; NULL when nothing was decided */
    size_t summary_size;
    const char *publisher; /* delivery that published `posted`, for duplicates; or NULL */
    const char *delivery;  /* topic/partition/offset at which this record entered */
    const char *source_topic;
    int32_t source_partition;
    int64_t source_offset;
    int64_t received_ms, posted_ms, published_ms; /* wall; 0: not posted */
    int64_t attempts;
    enum pf_error code; /* for outcomes that carry one without a summary */
    const char *detail;
    bool is_shadow;                   /* nothing was posted, whatever the outcome says */
    const struct flow_shadow *shadow; /* NULL: not a shadow, or nothing was planned */
};

struct flow {
    const char *name;          /* "orders": also its class in the fleet's limit on Prima */
    const char *usage;         /* for --help */
    int limit_weight;          /* share of the limit among the classes that ask */
    const char *reads;         /* "orders.raw" */
    const char *results;       /* "orders.results" */
    const char *ledger;        /* "orders.ledger", or NULL */
    const char *result_record; /* Avro record names, for registration */
    const char *ledger_record;
    const struct bound_record *event;
    enum prima_type writes; /* PRIMA_NEW_ORDER */

    /* The rules: mappings and policies, read and checked whole. A reload that fails leaves the old ones. */
    int (*rules_load)(const struct config *config, void **ret_rules, struct config_message *ret_message);
    void (*rules_free)(void *rules);

    /* event → K. PF_OK, or a code (event_invalid, company_unmapped) with *ret_detail in the arena. */
    enum pf_error (*key)(const void *event, const void *rules, struct arena *arena, struct flow_key *ret_key, const char **ret_detail);

    /* event + rules + facts (NULL, 0 at first), and `known` (or NULL) for those that are missing → plan. -ENOMEM: the arena is full, the
     * record is dead-lettered as avro_too_large. */
    int (*decide)(const void *event, const struct flow_key *key, const void *rules, struct fact *facts, size_t fact_count,
                  const struct flow_known *known, struct arena *arena, struct flow_plan *ret_plan);

    /* Asks whether Prima has the document of this key. */
    int (*status_request)(const struct flow_key *key, struct buf *out);

    /* Outcome of a request, out of its summary: posted or posted on hold, and its flags. */
    enum outcome (*summary_outcome)(const char *summary, size_t size, enum pf_error ret_codes[static 8], size_t *ret_code_count);

    /* The framed Avro value of the result; of the ledger entry (key and value) of a posted event. */
    int (*write_result)(struct codec *codec, const struct flow_settlement *settlement, const void *event, struct arena *arena,
                        struct buf *out);
    int (*write_ledger)(struct codec *codec, const struct flow_settlement *settlement, const void *event, const void *rules,
                        struct arena *arena, struct buf *out);
};

/* Runs a worker until SIGTERM; the exit code. */
int worker_main(const struct flow *flow, int argc, char **argv);

#endif
